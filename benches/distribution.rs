//! What a draw costs. Goals: a zipfian key ≤ 60 ns, scrambled ≤ 90 ns, a generator ≤ 10 ns.
//!
//!     cargo bench --no-default-features --bench distribution

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use dynamometer::random::Streams;
use dynamometer::workload::distribution::key::{
    Exponential, HotEnd, Hotspot, KeyDistribution, Latest, Scramble, Uniform, YcsbZipfian, Zipfian, ycsb_key_name,
};
use dynamometer::workload::distribution::size::{
    Continuous, GeneralizedExtremeValue, GeneralizedPareto, LogNormal, Normal, SizeDistribution,
};
use dynamometer::workload::distribution::{InvalidParameter, Weighted, size};

/// Not a power of two, so that scrambling walks: 1.05 times on average, and 1.9 times of a bit more
/// than half a million.
const KEYS: u64 = 1_000_000;

fn random(c: &mut Criterion) {
    let stream = Streams::new(1).stream("bench");
    let mut index = 0;
    let mut group = c.benchmark_group("random");
    group.bench_function("stream at", |b| {
        b.iter(|| {
            index += 1;
            stream.at(index).next_u64()
        });
    });
    let mut random = stream.at(0);
    group.bench_function("unit", |b| b.iter(|| random.unit()));
    group.bench_function("below", |b| b.iter(|| random.below(black_box(KEYS))));
}

fn keys(c: &mut Criterion) -> Result<(), InvalidParameter> {
    let scrambled = || Zipfian::scrambled(0.99, Scramble::new(1));
    let mut group = c.benchmark_group("key");
    let mut bench = |name: &str, keys: &dyn KeyDistribution, population: u64| {
        let mut random = Streams::new(1).stream("bench").at(0);
        group.bench_function(name, |b| b.iter(|| keys.draw(black_box(population), &mut random)));
    };
    bench("uniform", &Uniform, KEYS);
    bench("zipfian 0.5", &Zipfian::new(0.5)?, KEYS);
    bench("zipfian 0.99", &Zipfian::new(0.99)?, KEYS);
    bench("zipfian 1", &Zipfian::new(1.0)?, KEYS);
    bench("zipfian 1.21", &Zipfian::new(1.21)?, KEYS);
    bench("zipfian 2", &Zipfian::new(2.0)?, KEYS);
    bench("zipfian 0.99 of 10^10", &Zipfian::new(0.99)?, 10_000_000_000);
    bench("scrambled 0.99", &scrambled()?, KEYS);
    bench("scrambled 0.99, many walks", &scrambled()?, 550_000);
    bench("scrambled 0.99 of 10^10", &scrambled()?, 10_000_000_000);
    bench("latest 0.99", &Latest::new(0.99)?, KEYS);
    bench("hotspot", &Hotspot::new(0.2, 0.8)?, KEYS);
    bench("exponential", &Exponential::new(95.0, 0.857, HotEnd::Last)?, KEYS);
    bench("ycsb", &YcsbZipfian::new(), KEYS);
    group.bench_function("ycsb key name", |b| b.iter(|| ycsb_key_name(black_box(7))));
    // What calling through the trait object costs.
    let direct = Zipfian::new(0.99)?;
    let mut random = Streams::new(1).stream("bench").at(0);
    group.bench_function("zipfian 0.99, static call", |b| {
        b.iter(|| direct.draw(black_box(KEYS), &mut random));
    });
    // Nothing of a draw can overlap with the one before: what it takes from first to last.
    let mut last = 0;
    group.bench_function("zipfian 0.99, latency", |b| {
        b.iter(|| {
            last = direct.draw(black_box(KEYS) + (last >> 63), &mut random);
            last
        });
    });
    group.bench_function("zipfian set-up", |b| b.iter(|| Zipfian::new(black_box(0.99))));
    group.bench_function("zipfian hottest share of 10^10", |b| {
        b.iter(|| direct.hottest_share(black_box(10_000_000_000)));
    });
    Ok(())
}

fn sizes(c: &mut Criterion) -> Result<(), InvalidParameter> {
    let mut group = c.benchmark_group("size");
    let mut bench = |name: &str, sizes: &dyn SizeDistribution| {
        let mut random = Streams::new(1).stream("bench").at(0);
        group.bench_function(name, |b| b.iter(|| sizes.sample(&mut random)));
    };
    let pareto = GeneralizedPareto::new(15.0, 214.476, 0.348_238)?.within(15, 400_000)?;
    bench("uniform", &size::Uniform::new(1, 100)?);
    bench("normal", &Normal::new(500.0, 100.0)?.within(0, 10_000)?);
    bench("log-normal", &LogNormal::new(224.0, 1.9)?.within(1, 400_000)?);
    bench("exponential", &size::Exponential::new(200.0)?.within(0, 4096)?);
    bench("pareto", &pareto);
    let extreme = GeneralizedExtremeValue::new(30.7984, 8.20449, 0.078_688)?.within(1, 250)?;
    bench("extreme value", &extreme);
    group.bench_function("pareto mean", |b| b.iter(|| pareto.mean()));
    group.bench_function("pareto write units", |b| {
        b.iter(|| pareto.expected(&|size| size.div_ceil(1024) as f64));
    });
    let mix = Weighted::new(&[15.0, 15.0, 15.0, 25.0, 15.0, 15.0])?;
    let mut random = Streams::new(1).stream("bench").at(0);
    group.bench_function("weighted of 6", |b| b.iter(|| mix.choose(&mut random)));
    Ok(())
}

/// The functions of the libm crate against those of the standard library.
fn functions(c: &mut Criterion) {
    let mut group = c.benchmark_group("function");
    let mut random = Streams::new(1).stream("bench").at(0);
    let mut bench = |name: &str, function: fn(f64) -> f64| {
        group.bench_function(name, |b| b.iter(|| black_box(function)(random.open_unit())));
    };
    bench("log, libm", libm::log);
    bench("log, std", f64::ln);
    bench("log1p, libm", libm::log1p);
    bench("log1p, std", f64::ln_1p);
    bench("exp, libm", libm::exp);
    bench("exp, std", f64::exp);
    bench("expm1, libm", libm::expm1);
    bench("expm1, std", f64::exp_m1);
    bench("pow, libm", |x| libm::pow(x, 100.0));
    bench("pow, std", |x| x.powf(100.0));
}

fn all(c: &mut Criterion) {
    random(c);
    functions(c);
    if let Err(error) = keys(c).and_then(|()| sizes(c)) {
        eprintln!("distribution: {error}");
    }
}

criterion_group!(benches, all);
criterion_main!(benches);
