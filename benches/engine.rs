//! The engine in process, capacity off: a million items of 1 KB with ten attributes in each of four tables.
//!
//! `cargo bench --bench engine [-- NAME...]` prints the rows of README's table whose names contain one of the words; every
//! figure is the median of rounds. Goals on one thread: GetItem 1.5 M/s, PutItem (overwrite) 700 k/s, UpdateItem 400 k/s,
//! Query of ten items 200 k/s, Scan 3 M items/s, conditional PutItem with two global indexes 150 k/s; on two threads 1.8
//! times as much; p99.9 of a GetItem beside a full-speed writer 20 µs; a million items in 1.3 GiB.

mod fixture;

use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use dynamometer::api::{CapacityMode, CapacityUnits, Output, Request};
use dynamometer::capacity::{Access, CapacityModel, Charge, Place, ResourceOptions, Throughput};
use dynamometer::engine::Engine;
use dynamometer::record::Histogram;
use dynamometer::time::Time;

use fixture::{CONDITIONAL, GET, MOVED, MOVING, ORDERS, PUT, QUERY, UPDATE};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ITEMS: u64 = 1_000_000;
/// Requests made and then served at a time: few enough to be still in the cache, as a generator leaves them.
const REQUESTS: usize = 2_000;
const ROUNDS: usize = 9;
/// Times that requests are made and served in a round.
const CHUNKS: u64 = 100;

const SCAN: &str = "Scan, items";
const BESIDE: &str = "GetItem beside a full-speed writer";

fn requests(operation: &str, seed: u64) -> Vec<Request> {
    fixture::requests(operation, seed, ITEMS, REQUESTS)
}

/// Serves fresh requests on this many threads for a round and returns how many are served a second.
///
/// The threads serve at the same time and make their requests while no clock runs: a put must not find its own item, and
/// memory that was allocated by another thread is dearer to free.
fn rate(engine: &Engine, operation: &str, seed: &mut u64, threads: u64) -> f64 {
    *seed += CHUNKS;
    let (base, barrier) = (*seed, Barrier::new(threads as usize));
    let serve = |thread: u64| {
        let mut busy = Duration::ZERO;
        for chunk in 0..CHUNKS {
            let requests = requests(operation, (base + chunk) * 8 + thread);
            barrier.wait();
            let start = Instant::now();
            for request in &requests {
                let outcome = black_box(engine.execute(Time::ZERO, request));
                assert!(outcome.result.is_ok());
            }
            busy += start.elapsed();
        }
        (CHUNKS * REQUESTS as u64) as f64 / busy.as_secs_f64()
    };
    std::thread::scope(|scope| {
        let serve = &serve;
        let threads: Vec<_> = (0..threads).map(|thread| scope.spawn(move || serve(thread))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread that serves")).sum()
    })
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn shown(rate: f64) -> String {
    if rate >= 1e6 { format!("{:.2} M/s", rate / 1e6) } else { format!("{:.0} k/s", rate / 1e3) }
}

/// One and two threads, in turns.
fn row(engine: &Engine, operation: &str, goal: &str) {
    let mut seed = 1;
    let mut rates = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (threads, rates) in [1, 2].into_iter().zip(&mut rates) {
            rates.push(rate(engine, operation, &mut seed, threads));
        }
    }
    let [one, two] = rates.map(median);
    println!("| {operation} | {goal} | {} | {} | {:.2} |", shown(one), shown(two), two / one);
}

/// The whole table, page by page.
fn scan(engine: &Engine) {
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        let mut request = fixture::scan("records");
        let (start, mut items) = (Instant::now(), 0);
        loop {
            let outcome = engine.execute(Time::ZERO, &Request::Scan(request.clone()));
            let Ok(Output::Page(page)) = outcome.result.map(|response| response.output) else { panic!("no page") };
            items += page.count;
            request.exclusive_start_key = page.last_evaluated_key;
            if request.exclusive_start_key.is_none() {
                break;
            }
        }
        assert_eq!(items, ITEMS);
        rates.push(items as f64 / start.elapsed().as_secs_f64());
    }
    println!("| {SCAN} | 3 M/s | {} | | |", shown(median(rates)));
}

/// Latencies of reads on one thread while another one writes as fast as it can.
fn beside_a_writer(engine: &Engine) {
    let (stop, mut latencies) = (AtomicBool::new(false), Histogram::new());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for seed in (1..).step_by(2) {
                for request in requests(PUT, seed) {
                    black_box(engine.execute(Time::ZERO, &request));
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                }
            }
        });
        for seed in (2..1_000).step_by(2) {
            for request in requests(GET, seed) {
                let start = Instant::now();
                black_box(engine.execute(Time::ZERO, &request));
                latencies.record(start.elapsed());
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    let at = |percent| format!("{:.1} µs", latencies.percentile(percent).as_secs_f64() * 1e6);
    println!("| {BESIDE} | p99.9 20 µs | p50 {}, p99 {}, p99.9 {} | | |", at(50.0), at(99.0), at(99.9));
}

fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or_default() * 4096
}

/// Nanoseconds an admission takes on one thread: the look-up of a partition, the buckets, the counters.
fn admission() {
    const ADMISSIONS: u64 = 10_000_000;
    // What a loop without an admission takes is not part of it.
    let time = |admit: &dyn Fn(Time, &Place)| {
        let (start, mut hash) = (Instant::now(), 1u64);
        for at in 0..ADMISSIONS {
            hash = hash.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            admit(Time::from_nanos(at * 1_000), &Place::of_hash(hash));
        }
        start.elapsed().as_secs_f64() * 1e9 / ADMISSIONS as f64
    };
    let empty = time(&|now, place| {
        black_box((now, place));
    });
    for partitions in [1, 10, 1_000, 10_000] {
        for (name, capacity) in
            [("provisioned", CapacityMode::provisioned(10_000_000, 10_000_000)), ("on-demand", CapacityMode::ON_DEMAND)]
        {
            let model = CapacityModel {
                least_partitions: partitions,
                partition_write_units_per_second: 10_000_000,
                partition_read_units_per_second: 10_000_000,
                ..CapacityModel::default()
            };
            let table = Throughput::new(&ResourceOptions::of(capacity), model, Time::ZERO);
            let nanos = time(&|now, place| {
                let charge = Charge {
                    throughput: &table,
                    access: Access::Write,
                    place,
                    units: CapacityUnits::whole(1),
                    growth_bytes: 0,
                };
                let _ = black_box(table.admit(now, &charge));
            });
            println!("| admission, {name}, {partitions} partitions | 60 ns | {:.1} ns | | |", nanos - empty);
        }
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    println!("| operation | goal | one thread | two threads | ratio |\n|---|---|---|---|---|");
    if wanted("admission") {
        admission();
    }
    if [GET, PUT, UPDATE, SCAN, BESIDE, "memory"].into_iter().any(wanted) {
        let before = resident_bytes();
        let records = fixture::engine("records", ITEMS);
        let bytes = resident_bytes() - before;
        if wanted("memory") {
            println!("| memory of 1 M items | 1.3 GiB | {:.2} GiB | | |", bytes as f64 / f64::from(1 << 30));
        }
        for (operation, goal) in [(GET, "1.5 M/s"), (PUT, "700 k/s"), (UPDATE, "400 k/s")] {
            if wanted(operation) {
                row(&records, operation, goal);
            }
        }
        if wanted(SCAN) {
            scan(&records);
        }
        if wanted(BESIDE) {
            beside_a_writer(&records);
        }
    }
    for (operation, name, goal) in [(QUERY, "events", "200 k/s"), (CONDITIONAL, ORDERS, "150 k/s"), (MOVING, MOVED, "")]
    {
        if wanted(operation) {
            row(&fixture::engine(name, ITEMS), operation, goal);
        }
    }
}
