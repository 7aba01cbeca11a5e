//! How well draws fit the probabilities claimed for them: Pearson's chi-square test.

/// Seeded tests are either always right or always wrong, so a true claim may be refused once in ten
/// thousand; a wrong one gives p-values many powers of ten below this.
const P_MIN: f64 = 1e-4;

/// Fails unless counts of this size are to be expected from draws with these probabilities.
#[track_caller]
pub(crate) fn assert_fits(counts: &[u64], probabilities: &[f64]) {
    let p = p_value(counts, probabilities);
    assert!(p > P_MIN, "p = {p:e}: {:?} …", &counts[..counts.len().min(20)]);
}

/// A line that holds draws still: the first few to see, and a hash of all.
pub(crate) fn golden(name: &str, draws: &[u64]) -> String {
    let bytes: Vec<u8> = draws.iter().flat_map(|draw| draw.to_le_bytes()).collect();
    let hash = xxhash_rust::xxh3::xxh3_64(&bytes);
    format!("{name}: {:?} {hash:016x}\n", &draws[..5])
}

/// The probability of a fit at least as bad as this one if the probabilities are true.
pub(crate) fn p_value(counts: &[u64], probabilities: &[f64]) -> f64 {
    assert_eq!(counts.len(), probabilities.len());
    let mass: f64 = probabilities.iter().sum();
    assert!((mass - 1.0).abs() < 1e-9, "probabilities sum to {mass}");
    let total: u64 = counts.iter().sum();
    let bins = merged(counts, probabilities, total as f64);
    let statistic: f64 = bins
        .iter()
        .map(|&(count, expected)| {
            if expected > 0.0 {
                (count - expected) * (count - expected) / expected
            } else if count > 0.0 {
                f64::INFINITY
            } else {
                0.0
            }
        })
        .sum();
    let freedom = bins.len() as f64 - 1.0;
    if freedom < 1.0 { 1.0 } else { upper_gamma(freedom / 2.0, statistic / 2.0) }
}

/// Neighbouring bins put together until at least ten draws are expected of each; a bin of no
/// probability at all stays alone so that a draw in it is seen.
fn merged(counts: &[u64], probabilities: &[f64], total: f64) -> Vec<(f64, f64)> {
    let mut bins: Vec<(f64, f64)> = Vec::new();
    let mut open = (0.0, 0.0);
    for (&count, &probability) in counts.iter().zip(probabilities) {
        if probability == 0.0 {
            if count > 0 {
                bins.push((count as f64, 0.0));
            }
            continue;
        }
        open.0 += count as f64;
        open.1 += probability * total;
        if open.1 >= 10.0 {
            bins.push(open);
            open = (0.0, 0.0);
        }
    }
    match bins.last_mut() {
        Some(last) if open.1 > 0.0 => {
            last.0 += open.0;
            last.1 += open.1;
        }
        _ => bins.push(open),
    }
    bins
}

/// The regularized upper incomplete gamma function Q(a, x), as in Numerical Recipes 6.2: a series
/// below x = a + 1, Lentz's continued fraction above.
fn upper_gamma(a: f64, x: f64) -> f64 {
    if x.is_infinite() {
        return 0.0;
    }
    if x <= 0.0 {
        return 1.0;
    }
    let front = libm::exp(a * libm::log(x) - x - libm::lgamma(a));
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        while term > sum * 1e-15 {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        return 1.0 - front * sum;
    }
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1e300, 1.0 / b);
    let mut fraction = d;
    for i in 1..10_000 {
        let i = f64::from(i);
        let an = -i * (i - a);
        b += 2.0;
        d = 1.0 / (an * d + b);
        c = b + an / c;
        fraction *= c * d;
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    front * fraction
}

#[test]
fn the_p_value_agrees_with_tables() {
    // Critical values of chi-square (NIST Engineering Statistics Handbook 1.3.6.7.4).
    for (freedom, critical, p) in
        [(1.0, 3.841, 0.05), (10.0, 18.307, 0.05), (10.0, 29.588, 0.001), (100.0, 149.449, 0.001)]
    {
        assert!((upper_gamma(freedom / 2.0, critical / 2.0) / p - 1.0).abs() < 2e-3);
    }
    assert!((upper_gamma(1.0, 2.0) - (-2.0f64).exp()).abs() < 1e-15);
    assert!((1.0 - upper_gamma(0.5, 1e-4) - 0.011_283).abs() < 1e-6);
}

#[test]
fn a_wrong_claim_is_refused() {
    let fair = [0.25; 4];
    assert!(p_value(&[2500, 2520, 2490, 2490], &fair) > 0.5);
    assert!(p_value(&[2300, 2500, 2600, 2600], &fair) < 1e-4);
    assert_eq!(p_value(&[5000, 5000, 0, 1], &[0.5, 0.5, 0.0, 0.0]), 0.0);
}
