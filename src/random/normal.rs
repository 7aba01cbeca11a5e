//! The standard normal distribution: its cumulative share and its quantiles, the same on every platform.

use super::Random;

/// A number in (0, 1), on the middles of a grid of 2^-52, so that both tails are alike and finite.
#[inline]
pub fn middle(random: &mut Random) -> f64 {
    ((random.next_u64() >> 12) as f64 + 0.5) * (1.0 / (1u64 << 52) as f64)
}

/// The share of the standard normal distribution below x.
pub fn standard_cumulative(x: f64) -> f64 {
    libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2) / 2.0
}

/// The standard normal quantile of a probability inside (0, 1), to about 16 digits: Wichura,
/// "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37
/// (1988), routine PPND16.
///
/// Inversion rather than a rejection method: one random number a draw, whatever comes out.
#[inline]
pub fn standard_quantile(probability: f64) -> f64 {
    let centred = probability - 0.5;
    if centred.abs() <= 0.425 {
        let r = 0.180_625 - centred * centred;
        return centred * ratio(r, &CENTRE);
    }
    let tail = if centred < 0.0 { probability } else { 1.0 - probability };
    let r = (-libm::log(tail)).sqrt();
    let x = if r <= 5.0 { ratio(r - 1.6, &TAIL) } else { ratio(r - 5.0, &FAR_TAIL) };
    if centred < 0.0 { -x } else { x }
}

/// Numerator and denominator, constant term first.
type Rational = [[f64; 8]; 2];

#[inline]
fn ratio(r: f64, [numerator, denominator]: &Rational) -> f64 {
    let polynomial = |terms: &[f64; 8]| terms.iter().rev().fold(0.0, |sum, term| sum * r + term);
    polynomial(numerator) / polynomial(denominator)
}

/// For probabilities within 0.425 of one half.
const CENTRE: Rational = [
    [
        3.387_132_872_796_366_5,
        133.141_667_891_784_38,
        1_971.590_950_306_551_3,
        13_731.693_765_509_46,
        45_921.953_931_549_87,
        67_265.770_927_008_7,
        33_430.575_583_588_13,
        2_509.080_928_730_122_7,
    ],
    [
        1.0,
        42.313_330_701_600_91,
        687.187_007_492_057_9,
        5_394.196_021_424_751,
        21_213.794_301_586_597,
        39_307.895_800_092_71,
        28_729.085_735_721_943,
        5_226.495_278_852_545,
    ],
];

/// For tails down to e^-25.
const TAIL: Rational = [
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        0.241_780_725_177_450_6,
        0.022_723_844_989_269_184,
        7.745_450_142_783_414e-4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        0.689_767_334_985_1,
        0.148_103_976_427_480_08,
        0.015_198_666_563_616_457,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
];

/// For tails beyond e^-25.
const FAR_TAIL: Rational = [
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        0.296_560_571_828_504_87,
        0.026_532_189_526_576_124,
        0.001_242_660_947_388_078_4,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        0.599_832_206_555_888,
        0.136_929_880_922_735_8,
        0.014_875_361_290_850_615,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_invert_the_cumulative_share() {
        for power in 1..15 {
            for mantissa in [1.0, 2.3, 4.9] {
                let probability = mantissa * 10f64.powi(-power);
                let x = standard_quantile(probability);
                let back = standard_cumulative(x);
                assert!((back / probability - 1.0).abs() < 1e-13, "{probability} {x} {back}");
                assert!((standard_quantile(1.0 - probability) + x).abs() < 1e-2);
            }
        }
        assert_eq!(standard_quantile(0.5), 0.0);
        // Known quantiles: 97.5 % and 99.9 %.
        assert!((standard_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-14);
        assert!((standard_quantile(0.999) - 3.090_232_306_167_813).abs() < 1e-13);
    }
}
