//! The command line, the rounds and the result line of bench/driver.h and bench/rounds.h, in Rust.
//!
//! Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

pub const CHILDREN: usize = 10;

pub struct Args {
    pub producers: usize,
    pub items: usize,
    pub rounds: usize,
    pub threads: usize,
    pub warm: f64,
    pub workload: String,
}

/// Parses the command line; exits with 2 for an unknown key.
pub fn parse() -> Args {
    let mut words = std::env::args().skip(1);
    let mut args = Args { producers: 1, items: 10000, rounds: 1, threads: 2, warm: 0.3, workload: String::new() };
    args.workload = words.next().expect("usage: DRIVER WORKLOAD [key=value ...]");
    for word in words {
        let (key, value) = word.split_once('=').expect("not key=value");
        match key {
            "p" => args.producers = value.parse().unwrap(),
            "n" => args.items = value.parse().unwrap(),
            "rounds" => args.rounds = value.parse().unwrap(),
            "threads" => args.threads = value.parse().unwrap(),
            "warm" => args.warm = value.parse().unwrap(),
            _ => {
                eprintln!("unknown key: {word}");
                std::process::exit(2);
            }
        }
    }
    args
}

struct Reading {
    wall: Instant,
    cpu: f64,
    switches: i64,
}

fn seconds_of(time: libc::timeval) -> f64 {
    time.tv_sec as f64 + time.tv_usec as f64 * 1e-6
}

fn read_now() -> Reading {
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut usage) };
    Reading {
        wall: Instant::now(),
        cpu: seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime),
        switches: usage.ru_nvcsw as i64 + usage.ru_nivcsw as i64,
    }
}

/// Runs rounds in each of `submitters` threads, first untimed, then timed, and prints the result.
pub fn run_rounds(name: &str, args: &Args, submitters: usize, tasks: usize, round: impl Fn(usize, usize) + Sync) {
    let gate = Barrier::new(submitters + 1);
    let from = std::thread::scope(|scope| {
        for s in 0..submitters {
            let (gate, round) = (&gate, &round);
            scope.spawn(move || {
                let (from, to) = (1 + args.items * s / submitters, 1 + args.items * (s + 1) / submitters);
                let end = Instant::now() + Duration::from_secs_f64(args.warm);
                while Instant::now() < end {
                    round(from, to);
                }
                gate.wait();
                for _ in 0..args.rounds {
                    round(from, to);
                }
            });
        }
        gate.wait();
        read_now()
    });
    let to = read_now();
    let wall = (to.wall - from.wall).as_secs_f64();
    println!(
        "{name} {} items_per_s={:.1} wall_s={wall:.6} cpu_s={:.6} ctxsw={}",
        args.workload,
        (args.items * args.rounds * tasks) as f64 / wall,
        to.cpu - from.cpu,
        to.switches - from.switches
    );
}

/// Panics unless `sum` is `times` times the sum of the numbers from `from` up to `to`, without `to`.
pub fn check_round(from: usize, to: usize, sum: usize, times: usize) {
    assert_eq!(sum, times * ((to - 1) * to / 2 - (from - 1) * from / 2), "wrong sum of results");
}

/// Counts the ends of tasks, for pools that cannot wait for several.
pub struct Countdown {
    left: AtomicUsize,
    over: Mutex<bool>,
    end: Condvar,
}

impl Countdown {
    pub fn new(count: usize) -> Arc<Countdown> {
        Arc::new(Countdown { left: AtomicUsize::new(count), over: Mutex::new(false), end: Condvar::new() })
    }

    /// Returns whether this was the last.
    pub fn arrive(&self) -> bool {
        if self.left.fetch_sub(1, Ordering::AcqRel) > 1 {
            return false;
        }
        *self.over.lock().unwrap() = true;
        self.end.notify_one();
        true
    }

    pub fn wait(&self) {
        let mut over = self.over.lock().unwrap();
        while !*over {
            over = self.end.wait(over).unwrap();
        }
    }
}
