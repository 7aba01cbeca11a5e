//! What share of reads a cache answers, from rates alone.
//!
//! Reads and writes of a key come at random (Poisson). A key that was read in vain, or written, is answered with until its time
//! to live is over; it is pushed out once nobody has used it for the *characteristic time* of the cache, which is the same for
//! all keys (Che, Tung & Wang, "Hierarchical web caching systems", IEEE JSAC 2002): the time in which as many bytes are used as
//! there is room for. Items that are too old take room until then ([`Store`](super::Store)), so that this time does not depend
//! on the time to live. Approximated: that every miss is filled at once, and that sizes of items have nothing to do with how
//! often they are asked for.

/// Times beyond this are taken for ever, in seconds: centuries.
const EVER: f64 = 1e10;
/// A gap of so many mean gaps between reads never happens: its chance is below what a double holds.
const GAPS_MAX: f64 = 700.0;
/// Steps of a bisection: to a part in 10^15 of where it begins.
const BISECTIONS: usize = 56;

/// Keys that are used alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Keys {
    /// How many.
    pub count: f64,
    /// Reads of each that the cache may answer, a second.
    pub reads_per_second: f64,
    /// Writes of each through the cache, a second.
    pub writes_per_second: f64,
    /// Bytes of each.
    pub bytes: f64,
}

/// The bytes of the keys that are used at all in so many seconds, on average. `once_bytes_per_second` are of keys that are used
/// once and never again.
pub fn used_bytes(keys: &[Keys], once_bytes_per_second: f64, seconds: f64) -> f64 {
    let used = |keys: &Keys| {
        keys.count * keys.bytes * -libm::expm1(-(keys.reads_per_second + keys.writes_per_second) * seconds)
    };
    keys.iter().map(used).sum::<f64>() + once_bytes_per_second * seconds
}

/// How long a key that is not used stays in a cache of this size, in seconds; infinite where all keys have room.
/// `once_bytes_per_second` are of keys that are used once and never again.
pub fn characteristic_seconds(keys: &[Keys], once_bytes_per_second: f64, size_bytes: f64) -> f64 {
    let used = |seconds: f64| used_bytes(keys, once_bytes_per_second, seconds);
    if used(EVER) <= size_bytes {
        return f64::INFINITY;
    }
    let (mut short, mut long) = (libm::log(1e-12), libm::log(EVER));
    for _ in 0..BISECTIONS {
        let middle = short.midpoint(long);
        if used(libm::exp(middle)) < size_bytes {
            short = middle;
        } else {
            long = middle;
        }
    }
    libm::exp(short.midpoint(long))
}

/// The share of reads of a key that the cache cannot answer, 0 to 1: `reads` and `writes` of it a second, the characteristic
/// time and the time to live in seconds; either may be infinite.
///
/// Without a limit of room it is 1 / (1 + (reads + writes) (e^(writes · ttl) − 1) / writes), and 1 / (1 + reads · ttl) where
/// nothing is written; without a time to live it is e^(−(reads + writes) · characteristic), Che's.
pub fn miss_ratio(reads: f64, writes: f64, characteristic: f64, time_to_live: f64) -> f64 {
    if time_to_live <= characteristic || reads * characteristic > GAPS_MAX {
        if time_to_live > EVER {
            return 0.0;
        }
        let unwritten = libm::exp(-writes * time_to_live);
        return unwritten / (1.0 + reads * held(writes, time_to_live));
    }
    // Reads are as random as any moments: the share of them that misses is that of the time in which the key is not held.
    // From one fill or write to the next, it is held as long as nothing is written (rate `writes`), no time to live is over
    // and no gap between reads reached the characteristic time.
    let seconds = held_in_room(reads, writes, characteristic, time_to_live);
    ((1.0 - writes * seconds) / (1.0 + reads * seconds)).clamp(0.0, 1.0)
}

/// The share of reads that a cache which was empty `seconds` ago cannot answer, as long as nothing is too old or pushed out:
/// those of keys not used since.
pub fn miss_ratio_since_empty(reads: f64, writes: f64, seconds: f64) -> f64 {
    libm::exp(-(reads + writes) * seconds)
}

/// ∫ e^(−rate·t) dt from 0 to `until`.
fn held(rate: f64, until: f64) -> f64 {
    let passed = rate * until;
    if passed < 1e-9 { until * (1.0 - passed / 2.0) } else { -libm::expm1(-passed) / rate }
}

/// ∫ t e^(−rate·t) dt from 0 to `until`.
fn held_first_moment(rate: f64, until: f64) -> f64 {
    let passed = rate * until;
    if passed < 1e-4 {
        return until * until * (0.5 - passed / 3.0);
    }
    (-libm::expm1(-passed) - passed * libm::exp(-passed)) / (rate * rate)
}

/// The mean time a key is held after a fill or write and before the next write, for a time to live beyond the characteristic
/// time: ∫ e^(−writes·t) G(t) dt, G(t) being the chance that no gap of reads was as long as the characteristic time by then.
///
/// G is 1 up to the characteristic time c, and 1 − q − reads · q · (t − c) up to twice that, with q = e^(−reads·c). Beyond, it
/// falls exponentially, at the rate θ that solves θ = reads · e^((θ − reads) c), so that the whole integral is exact.
fn held_in_room(reads: f64, writes: f64, characteristic: f64, time_to_live: f64) -> f64 {
    let first = held(writes, characteristic);
    let gap = reads * characteristic;
    if gap < 1e-6 {
        return first;
    }
    let missed = libm::exp(-gap);
    let second_until = (time_to_live - characteristic).min(characteristic);
    let second = libm::exp(-writes * characteristic)
        * ((1.0 - missed) * held(writes, second_until) - reads * missed * held_first_moment(writes, second_until));
    let begun = first + second;
    if time_to_live <= 2.0 * characteristic {
        return begun;
    }
    let unused = libm::exp(-(reads + writes) * characteristic);
    let whole = (1.0 - unused) / (writes + reads * unused);
    if time_to_live > EVER {
        return whole;
    }
    let rate = writes + decay(gap) / characteristic;
    begun + (whole - begun).max(0.0) * -libm::expm1(-rate * (time_to_live - 2.0 * characteristic))
}

/// The other solution x of x e^−x = gap e^−gap, besides the gap itself.
fn decay(gap: f64) -> f64 {
    let level = libm::log(gap) - gap;
    // ln x − x rises up to 1 and falls beyond.
    let (mut below, mut above) = if gap > 1.0 { (0.0, 1.0) } else { (1.0 - level + 40.0, 1.0) };
    for _ in 0..BISECTIONS {
        let middle = f64::midpoint(below, above);
        if libm::log(middle) - middle < level {
            below = middle;
        } else {
            above = middle;
        }
    }
    f64::midpoint(below, above)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cache::{Key, Store};
    use crate::random::{Random, Streams};
    use crate::time::Time;

    #[test]
    fn known_ratios_come_out() {
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        // Reads alone, ttl 1 s: of 1 + 2 reads between two fills one misses.
        near(miss_ratio(2.0, 0.0, f64::INFINITY, 1.0), 1.0 / 3.0);
        // 1 / (1 + 3 (e − 1)) = 1 / 6.154845.
        near(miss_ratio(2.0, 1.0, f64::INFINITY, 1.0), 0.162473);
        // Che's, e^−1.5 and e^−3.
        near(miss_ratio(1.0, 0.5, 1.0, f64::INFINITY), 0.223130);
        near(miss_ratio(3.0, 0.0, 1.0, f64::INFINITY), 0.049787);
        near(miss_ratio(3.0, 0.0, f64::INFINITY, f64::INFINITY), 0.0);
        // A gap of 1 s, a time to live of 1.5 s, one read a second. Held: 1 s, and from then on 1 − q − q s with q = 1/e, for
        // half a second: 0.5 (1 − q) − q/8 = 0.270075. One of 2.270075 reads misses.
        near(miss_ratio(1.0, 0.0, 1.0, 1.5), 1.0 / 2.270075);
        near(miss_ratio_since_empty(1.0, 1.0, 0.5), 0.367879);
    }

    #[test]
    fn ratios_are_shares_and_fall_with_room_and_time() {
        let values = [0.0, 1e-9, 1e-3, 0.5, 1.0, 1.0001, 7.0, 1e3, 1e8];
        for reads in values {
            for writes in values {
                let mut by_room = 1.0f64;
                for characteristic in [1e-9, 0.1, 1.0, 10.0, 1e6, f64::INFINITY] {
                    let mut by_time = 1.0f64;
                    for time_to_live in [1e-9, 0.5, 1.0, 1.5, 2.5, 30.0, 1e7, f64::INFINITY] {
                        let miss = miss_ratio(reads, writes, characteristic, time_to_live);
                        let what = format!("{reads} {writes} {characteristic} {time_to_live}: {miss}");
                        assert!((0.0..=1.0).contains(&miss), "{what}");
                        assert!(miss <= by_time + 2e-3, "{what} after {by_time}");
                        by_time = by_time.min(miss);
                    }
                    assert!(by_time <= by_room + 1e-9, "{reads} {writes} {characteristic}: {by_time} {by_room}");
                    by_room = by_time;
                }
            }
        }
    }

    #[test]
    fn the_characteristic_time_is_when_the_room_is_used_up() {
        let keys = [Keys { count: 1000.0, reads_per_second: 1.0, writes_per_second: 1.0, bytes: 100.0 }];
        // 100,000 (1 − e^−2t) = 50,000 at t = ln 2 / 2.
        assert!((characteristic_seconds(&keys, 0.0, 50_000.0) - 0.346574).abs() < 1e-5);
        assert_eq!(characteristic_seconds(&keys, 0.0, 100_000.0), f64::INFINITY);
        // Keys that never come again push the others out.
        assert!((characteristic_seconds(&[], 100.0, 50_000.0) - 500.0).abs() < 1e-6);
    }

    fn gap(random: &mut Random, rate: f64) -> f64 {
        -random.open_unit().ln() / rate
    }

    /// Keys of rates 1/rank^skew, read and written at random through a cache of items of one byte, in virtual time.
    fn played(case: &Case) -> f64 {
        let mut random = Streams::new(11).stream("played").at(0);
        let time_to_live = case.time_to_live.is_finite().then(|| Duration::from_secs_f64(case.time_to_live));
        // That an item is absent takes its key: four bytes.
        let mut store = Store::new(4 * case.room, time_to_live);
        let weights: Vec<f64> = (1..=case.keys).map(|rank| f64::from(rank).powf(-case.skew)).collect();
        let mut sums = weights.clone();
        for at in 1..sums.len() {
            sums[at] += sums[at - 1];
        }
        let total = sums[sums.len() - 1];
        let (mut now, mut warm) = (0.0, None);
        while now < case.seconds {
            now += gap(&mut random, case.rate);
            if now > case.seconds / 3.0 && warm.is_none() {
                warm = Some(store.counts());
            }
            let wanted = random.unit() * total;
            let rank = sums.partition_point(|sum| *sum < wanted) as u32;
            let (at, key) = (Time::from_secs_f64(now), Key::from_slice(&rank.to_le_bytes()));
            if random.unit() < case.writes {
                store.write(at, key, None);
            } else if store.look_up(at, &key).is_none() {
                store.fill(at, key, None);
            }
        }
        let (counts, warm) = (store.counts(), warm.unwrap_or_default());
        (counts.misses - warm.misses) as f64 / (counts.hits + counts.misses - warm.hits - warm.misses) as f64
    }

    fn reckoned(case: &Case) -> f64 {
        let weights: Vec<f64> = (1..=case.keys).map(|rank| f64::from(rank).powf(-case.skew)).collect();
        let total: f64 = weights.iter().sum();
        let of = |weight: &f64| {
            let rate = case.rate * weight / total;
            let (reads, writes) = (rate * (1.0 - case.writes), rate * case.writes);
            Keys { count: 1.0, reads_per_second: reads, writes_per_second: writes, bytes: 4.0 }
        };
        let keys: Vec<Keys> = weights.iter().map(of).collect();
        let characteristic = characteristic_seconds(&keys, 0.0, 4.0 * case.room as f64);
        let misses = keys.iter().map(|keys| {
            let miss = miss_ratio(keys.reads_per_second, keys.writes_per_second, characteristic, case.time_to_live);
            keys.reads_per_second * miss
        });
        misses.sum::<f64>() / (case.rate * (1.0 - case.writes))
    }

    #[derive(Debug)]
    struct Case {
        keys: u32,
        skew: f64,
        writes: f64,
        /// Items there is room for.
        room: u64,
        time_to_live: f64,
        rate: f64,
        seconds: f64,
    }

    /// The request by request cache is the judge of the formula.
    #[test]
    fn the_formula_says_what_the_cache_does() {
        let ever = f64::INFINITY;
        let mut complaints = String::new();
        for skew in [0.0, 0.99] {
            for writes in [0.0, 0.2] {
                for (room, time_to_live) in [
                    (10_000, 5.0),
                    (10_000, 30.0),
                    (1_000, ever),
                    (100, ever),
                    (300, 20.0),
                    (1_000, 5.0),
                    (1_000, 30.0),
                    (20, 3.0),
                ] {
                    let case = Case { keys: 3_000, skew, writes, room, time_to_live, rate: 1_000.0, seconds: 90.0 };
                    let (played, reckoned) = (played(&case), reckoned(&case));
                    if (played - reckoned).abs() > 0.01 {
                        complaints += &format!("{case:?}: played {played:.4}, reckoned {reckoned:.4}\n");
                    }
                }
            }
        }
        assert!(complaints.is_empty(), "{complaints}");
    }
}
