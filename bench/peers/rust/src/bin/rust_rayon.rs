//! rayon's ThreadPool as a driver of the benchmark: tasks, fanout, nested (bench/driver.h).
//!
//! The submitter of `tasks` is a thread outside of the pool. `fanout` and `nested` enter the pool and use a scope, as
//! rayon's documentation recommends; tasks that wait for a scope run other tasks.
//!
//! Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
use rayon::ThreadPool;
use weir_bench_peers::{check_round, parse, run_rounds, CHILDREN};

fn tasks(pool: &ThreadPool, from: usize, to: usize) {
    pool.in_place_scope(|scope| {
        for _ in from..to {
            scope.spawn(|_| ());
        }
    });
}

fn fanout(pool: &ThreadPool, from: usize, to: usize) {
    let mut results = vec![0; to - from];
    pool.scope(|scope| {
        for (i, result) in results.iter_mut().enumerate() {
            scope.spawn(move |_| *result = from + i);
        }
    });
    check_round(from, to, results.iter().sum(), 1);
}

fn sum_of_children(number: usize) -> usize {
    let mut results = [0; CHILDREN];
    rayon::scope(|scope| {
        for result in results.iter_mut() {
            scope.spawn(move |_| *result = number);
        }
    });
    results.iter().sum()
}

fn nested(pool: &ThreadPool, from: usize, to: usize) {
    let mut results = vec![0; to - from];
    pool.scope(|scope| {
        for (i, result) in results.iter_mut().enumerate() {
            scope.spawn(move |_| *result = sum_of_children(from + i));
        }
    });
    check_round(from, to, results.iter().sum(), CHILDREN);
}

fn main() {
    let args = parse();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads).build().unwrap();
    match args.workload.as_str() {
        "tasks" => run_rounds("rust_rayon", &args, args.producers, 1, |from, to| tasks(&pool, from, to)),
        "fanout" => run_rounds("rust_rayon", &args, 1, 1, |from, to| fanout(&pool, from, to)),
        "nested" => run_rounds("rust_rayon", &args, 1, 1 + CHILDREN, |from, to| nested(&pool, from, to)),
        _ => std::process::exit(77),
    }
}
