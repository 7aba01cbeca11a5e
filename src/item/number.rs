//! DynamoDB's numbers: 38 significant decimal digits, magnitude 1E-130 to 9.99…E+125 (facts §8).

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The most significant digits a number may have.
const DIGITS_MAX: u32 = 38;
/// 10^38: every coefficient is below it.
const COEFFICIENT_LIMIT: u128 = 10u128.pow(DIGITS_MAX);
/// The decimal exponent of the first significant digit may not exceed this.
const MAGNITUDE_MAX: i32 = 125;
/// The decimal exponent of the first significant digit may not fall below this.
const MAGNITUDE_MIN: i32 = -130;

/// Why a text or a result is not a number DynamoDB can hold. The texts are DynamoDB's (facts §4.5; conformance tests).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NumberError {
    /// Not a decimal number.
    #[error("The parameter cannot be converted to a numeric value")]
    Syntax,
    /// More than 38 significant digits.
    #[error("Attempting to store more than 38 significant digits in a Number")]
    Precision,
    /// Magnitude above 9.99…E+125.
    #[error("Number overflow. Attempting to store a number with magnitude larger than supported range")]
    Overflow,
    /// Magnitude below 1E-130.
    #[error("Number underflow. Attempting to store a number with magnitude smaller than supported range")]
    Underflow,
}

/// An exact decimal in normal form: `± coefficient × 10^exponent`, the coefficient without trailing zeros.
///
/// Equality, hash and order are those of the value: `1.50` and `1.5` are one number, and there is no negative zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Number {
    // The coefficient in two halves: 24 bytes with 8-byte alignment instead of 32 with 16.
    high: u64,
    low: u64,
    exponent: i16,
    negative: bool,
}

impl Number {
    /// Zero.
    pub const ZERO: Number = Number { high: 0, low: 0, exponent: 0, negative: false };

    /// `self + other`, exact; an error where the result has more than 38 digits or leaves the range.
    pub fn checked_add(self, other: Number) -> Result<Number, NumberError> {
        if self.is_zero() {
            return Ok(other);
        }
        if other.is_zero() {
            return Ok(self);
        }
        let (upper, lower) = if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        let shift = u32::try_from(upper.exponent - lower.exponent).map_err(|_| NumberError::Precision)?;
        // The sum spans from the upper number's first digit to the lower one's last: more than 39 digits cannot be exact.
        if shift + upper.digits() > DIGITS_MAX + 1 {
            return Err(NumberError::Precision);
        }
        let scaled = upper.coefficient().checked_mul(10u128.pow(shift)).ok_or(NumberError::Precision)?;
        let (sum, negative) = if upper.negative == lower.negative {
            (scaled.checked_add(lower.coefficient()).ok_or(NumberError::Precision)?, upper.negative)
        } else if scaled >= lower.coefficient() {
            (scaled - lower.coefficient(), upper.negative)
        } else {
            (lower.coefficient() - scaled, lower.negative)
        };
        Number::normalise(negative, sum, i32::from(lower.exponent))
    }

    /// `self − other`, exact; an error where the result has more than 38 digits or leaves the range.
    pub fn checked_sub(self, other: Number) -> Result<Number, NumberError> {
        self.checked_add(other.negated())
    }

    /// `integer × 10^−decimals`, exact; `decimals` above 100 are taken as 100.
    pub fn from_scaled(integer: u64, decimals: u32) -> Number {
        // At most 20 digits and an exponent from −100: always in range.
        Number::normalise(false, u128::from(integer), -(decimals.min(100) as i32)).unwrap_or(Number::ZERO)
    }

    /// The number with the opposite sign.
    pub fn negated(self) -> Number {
        Number { negative: !self.negative && !self.is_zero(), ..self }
    }

    /// Whether the number is zero.
    pub const fn is_zero(self) -> bool {
        self.high == 0 && self.low == 0
    }

    /// The nearest double-precision value.
    pub fn to_f64(self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// Bytes the number counts in an item (facts §1.5): pairs of digits aligned on the decimal point, one byte more, one for a sign.
    pub fn size_bytes(self) -> usize {
        if self.is_zero() {
            return 1;
        }
        let first = self.magnitude();
        let last = i32::from(self.exponent);
        let pairs = first.div_euclid(2) - last.div_euclid(2) + 1;
        (1 + pairs as usize + usize::from(self.negative)).min(21)
    }

    /// Sign, coefficient and exponent of the normal form.
    pub(super) const fn parts(self) -> (bool, u128, i16) {
        (self.negative, self.coefficient(), self.exponent)
    }

    /// The number with these parts, which are those of a normal form.
    pub(super) const fn from_parts(negative: bool, coefficient: u128, exponent: i16) -> Self {
        Number { high: (coefficient >> 64) as u64, low: coefficient as u64, exponent, negative }
    }

    const fn coefficient(self) -> u128 {
        (self.high as u128) << 64 | self.low as u128
    }

    fn digits(self) -> u32 {
        if self.high == 0 {
            return self.low.checked_ilog10().map_or(1, |log| log + 1);
        }
        self.coefficient().ilog10() + 1
    }

    /// The decimal exponent of the first significant digit.
    fn magnitude(self) -> i32 {
        i32::from(self.exponent) + self.digits() as i32 - 1
    }

    fn normalise(negative: bool, mut coefficient: u128, mut exponent: i32) -> Result<Number, NumberError> {
        if coefficient == 0 {
            return Ok(Number::ZERO);
        }
        let magnitude = if let Ok(mut small) = u64::try_from(coefficient) {
            // Nearly every coefficient fits 64 bits, where a division costs a tenth (benches/expression.rs).
            while small.is_multiple_of(10) {
                small /= 10;
                exponent += 1;
            }
            coefficient = u128::from(small);
            exponent + small.ilog10() as i32
        } else {
            while coefficient.is_multiple_of(10) {
                coefficient /= 10;
                exponent += 1;
            }
            exponent + coefficient.ilog10() as i32
        };
        if magnitude > MAGNITUDE_MAX {
            return Err(NumberError::Overflow);
        }
        if magnitude < MAGNITUDE_MIN {
            return Err(NumberError::Underflow);
        }
        if coefficient >= COEFFICIENT_LIMIT {
            return Err(NumberError::Precision);
        }
        // In range: MAGNITUDE_MIN − 37 ≤ exponent ≤ MAGNITUDE_MAX.
        Ok(Number { high: (coefficient >> 64) as u64, low: coefficient as u64, exponent: exponent as i16, negative })
    }
}

impl From<i64> for Number {
    fn from(integer: i64) -> Self {
        // At most 19 digits: always in range.
        Number::normalise(integer < 0, u128::from(integer.unsigned_abs()), 0).unwrap_or(Number::ZERO)
    }
}

impl From<u64> for Number {
    fn from(integer: u64) -> Self {
        // At most 20 digits: always in range.
        Number::normalise(false, u128::from(integer), 0).unwrap_or(Number::ZERO)
    }
}

impl From<i32> for Number {
    fn from(integer: i32) -> Self {
        Number::from(i64::from(integer))
    }
}

impl FromStr for Number {
    type Err = NumberError;

    /// Reads `[+-]digits[.digits][(e|E)[+-]digits]`. Linear in the length of the text. Of several faults the syntax comes
    /// first, then the magnitude, then the precision (dynalite, which was checked against the service).
    fn from_str(text: &str) -> Result<Self, NumberError> {
        let (negative, unsigned) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let mantissa_end = unsigned.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(unsigned.len());
        let mut exponent = match &unsigned[mantissa_end..] {
            [] => 0,
            [_, digits @ ..] => parse_exponent(digits)?,
        };
        let mut coefficient = 0u128;
        let mut is_exact = true;
        let mut pending_zeros = 0u32;
        let (mut digits_seen, mut in_fraction) = (false, false);
        for &byte in &unsigned[..mantissa_end] {
            match byte {
                b'0'..=b'9' => {
                    digits_seen = true;
                    exponent -= i64::from(in_fraction);
                    if byte == b'0' {
                        // Zeros count only once a digit follows them: trailing ones are not significant.
                        pending_zeros = pending_zeros.saturating_add(1);
                        continue;
                    }
                    if coefficient == 0 {
                        pending_zeros = 0;
                    }
                    let extended = 10u128
                        .checked_pow(pending_zeros.saturating_add(1))
                        .and_then(|shift| coefficient.checked_mul(shift))
                        .and_then(|scaled| scaled.checked_add(u128::from(byte - b'0')))
                        .filter(|&value| is_exact && value < COEFFICIENT_LIMIT);
                    match extended {
                        Some(value) => coefficient = value,
                        // The digit is left out; the magnitude stays.
                        None => {
                            is_exact = false;
                            exponent += i64::from(pending_zeros) + 1;
                        }
                    }
                    pending_zeros = 0;
                }
                b'.' if !in_fraction => in_fraction = true,
                _ => return Err(NumberError::Syntax),
            }
        }
        if !digits_seen {
            return Err(NumberError::Syntax);
        }
        if coefficient == 0 {
            return Ok(Number::ZERO);
        }
        exponent += i64::from(pending_zeros);
        // Far outside the range either way: what matters is only the sign.
        let number = Number::normalise(negative, coefficient, exponent.clamp(-10_000, 10_000) as i32)?;
        if is_exact { Ok(number) } else { Err(NumberError::Precision) }
    }
}

/// The exponent after `e`, clamped to where every number is out of range.
fn parse_exponent(text: &[u8]) -> Result<i64, NumberError> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(NumberError::Syntax);
    }
    let value = digits
        .iter()
        .fold(0i64, |value, digit| value.saturating_mul(10).saturating_add(i64::from(digit - b'0')))
        .min(i64::from(u32::MAX));
    Ok(if negative { -value } else { value })
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Number| match (number.is_zero(), number.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let by_sign = sign(self).cmp(&sign(other));
        if by_sign != Ordering::Equal || self.is_zero() {
            return by_sign;
        }
        let by_magnitude = self.magnitude().cmp(&other.magnitude()).then_with(|| {
            // Same magnitude: scaled to the smaller exponent both stay below 10^38.
            let scale = |number: &Number, exponent: i16| {
                number.coefficient() * 10u128.pow(u32::from((number.exponent - exponent).unsigned_abs()))
            };
            let exponent = self.exponent.min(other.exponent);
            scale(self, exponent).cmp(&scale(other, exponent))
        });
        if self.negative { by_magnitude.reverse() } else { by_magnitude }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Number {
    /// Plain digits without an exponent, as DynamoDB returns numbers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        let digits = self.coefficient().to_string();
        let exponent = i32::from(self.exponent);
        if exponent >= 0 {
            write!(f, "{digits}{:0<1$}", "", exponent as usize)
        } else {
            let point = digits.len() as i32 + exponent;
            if point > 0 {
                let (whole, fraction) = digits.split_at(point as usize);
                write!(f, "{whole}.{fraction}")
            } else {
                write!(f, "0.{:0<1$}{digits}", "", -point as usize)
            }
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn sizes_are_those_of_the_facts_file() {
        for (text, bytes) in [
            ("0", 1),
            ("1", 2),
            ("12", 2),
            ("123", 3),
            ("100", 2),
            ("120", 3),
            ("1200", 2),
            ("0.1", 2),
            ("1.2", 3),
            ("3.14159", 5),
            ("-1", 3),
            ("1E-130", 2),
        ] {
            assert_eq!(number(text).size_bytes(), bytes, "{text}");
        }
    }

    #[test]
    fn texts_are_normalised() {
        for (text, normal) in [
            ("1.5E2", "150"),
            ("-0", "0"),
            ("007.500", "7.5"),
            ("+3", "3"),
            (".5", "0.5"),
            ("5.", "5"),
            ("-1e-3", "-0.001"),
            ("100000000000000000000000000000000000000000", "100000000000000000000000000000000000000000"),
        ] {
            assert_eq!(number(text).to_string(), normal, "{text}");
        }
    }

    #[test]
    fn bounds_are_dynamodbs() {
        let nines = "9".repeat(38);
        assert!(format!("{nines}E88").parse::<Number>().is_ok());
        assert_eq!(format!("{nines}E89").parse::<Number>(), Err(NumberError::Overflow));
        assert_eq!(format!("{nines}9").parse::<Number>(), Err(NumberError::Precision));
        assert!("1E-130".parse::<Number>().is_ok());
        assert_eq!("1E-131".parse::<Number>(), Err(NumberError::Underflow));
        assert_eq!("1E99999999999999999999".parse::<Number>(), Err(NumberError::Overflow));
        assert_eq!("0E99999999999999999999".parse::<Number>(), Ok(Number::ZERO));
        for text in ["", "-", ".", "e5", "1e", "1e+", "1.2.3", "0x10", "NaN", "Infinity", " 1", "1 "] {
            assert_eq!(text.parse::<Number>(), Err(NumberError::Syntax), "{text:?}");
        }
        assert_eq!(format!("1{}1E-99999", "0".repeat(100_000)).parse::<Number>(), Err(NumberError::Precision));
        // Of several faults: the syntax, then the magnitude, then the precision.
        assert_eq!(format!("1{}1", "0".repeat(100_000)).parse::<Number>(), Err(NumberError::Overflow));
        assert_eq!(format!("{nines}9E200x").parse::<Number>(), Err(NumberError::Syntax));
    }

    #[test]
    fn sums_are_exact_or_refused() {
        assert_eq!(number("0.1").checked_add(number("0.2")), Ok(number("0.3")));
        assert_eq!(number("5").checked_sub(number("5")), Ok(Number::ZERO));
        assert_eq!(number("1E37").checked_add(number("1")), Ok(number("10000000000000000000000000000000000001")));
        assert_eq!(number("1E38").checked_add(number("1")), Err(NumberError::Precision));
        let most = format!("{}E88", "9".repeat(38));
        assert_eq!(number(&most).checked_add(number("1E88")), Err(NumberError::Overflow));
        assert_eq!(number("-7").checked_add(number("2")), Ok(number("-5")));
    }

    proptest! {
        #[test]
        fn integers_agree_with_i128(a in -10i64.pow(17)..10i64.pow(17), b in -10i64.pow(17)..10i64.pow(17)) {
            let (x, y) = (Number::from(a), Number::from(b));
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
            prop_assert_eq!(x.checked_add(y).unwrap(), Number::from(a + b));
            prop_assert_eq!(x.checked_sub(y).unwrap(), Number::from(a - b));
            prop_assert_eq!(x.to_string(), a.to_string());
        }

        #[test]
        fn display_reads_back(coefficient in any::<u64>(), exponent in -100i32..100, negative: bool) {
            let text = format!("{}{coefficient}E{exponent}", if negative { "-" } else { "" });
            let value = number(&text);
            prop_assert_eq!(number(&value.to_string()), value);
        }

        #[test]
        fn order_agrees_with_aligned_integers(a in any::<u32>(), b in any::<u32>(), p in -20i32..20, q in -20i32..20) {
            let left = i128::from(a) * 10i128.pow((p - p.min(q)) as u32 % 29);
            let right = i128::from(b) * 10i128.pow((q - p.min(q)) as u32 % 29);
            prop_assume!((p - q).abs() < 29);
            prop_assert_eq!(number(&format!("{a}E{p}")).cmp(&number(&format!("{b}E{q}"))), left.cmp(&right));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = text.parse::<Number>();
        }
    }
}
