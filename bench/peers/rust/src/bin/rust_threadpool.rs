//! The crate threadpool as a driver of the benchmark: tasks, fanout, nested (bench/driver.h).
//!
//! Results go through a channel. A task that waited for another one could block all threads, so the last of the nested
//! tasks ends their parent instead.
//!
//! Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{channel, Sender};
use std::sync::{Arc, Mutex};
use threadpool::ThreadPool;
use weir_bench_peers::{check_round, parse, run_rounds, Countdown, CHILDREN};

fn tasks(pool: &ThreadPool, from: usize, to: usize) {
    let all = Countdown::new(to - from);
    for _ in from..to {
        let all = all.clone();
        pool.execute(move || {
            all.arrive();
        });
    }
    all.wait();
}

fn fanout(pool: &ThreadPool, from: usize, to: usize) {
    let (results, received) = channel();
    for i in from..to {
        let results = results.clone();
        pool.execute(move || results.send(i).unwrap());
    }
    drop(results);
    check_round(from, to, received.iter().sum(), 1);
}

fn submit_children(pool: &ThreadPool, number: usize, parent: Sender<usize>) {
    let children = Arc::new((Countdown::new(CHILDREN), AtomicUsize::new(0)));
    for _ in 0..CHILDREN {
        let (children, parent) = (children.clone(), parent.clone());
        pool.execute(move || {
            children.1.fetch_add(number, Ordering::Relaxed);
            if children.0.arrive() {
                parent.send(children.1.load(Ordering::Relaxed)).unwrap();
            }
        });
    }
}

fn nested(pool: &ThreadPool, from: usize, to: usize) {
    let (results, received) = channel();
    for i in from..to {
        let (inner, results) = (pool.clone(), results.clone());
        pool.execute(move || submit_children(&inner, i, results));
    }
    drop(results);
    check_round(from, to, received.iter().sum(), CHILDREN);
}

fn main() {
    let args = parse();
    let pool = Mutex::new(ThreadPool::new(args.threads)); // the handle is not Sync
    let mine = || pool.lock().unwrap().clone();
    match args.workload.as_str() {
        "tasks" => run_rounds("rust_threadpool", &args, args.producers, 1, |from, to| tasks(&mine(), from, to)),
        "fanout" => run_rounds("rust_threadpool", &args, 1, 1, |from, to| fanout(&mine(), from, to)),
        "nested" => run_rounds("rust_threadpool", &args, 1, 1 + CHILDREN, |from, to| nested(&mine(), from, to)),
        _ => std::process::exit(77),
    }
}
