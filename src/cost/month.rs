//! From the span that was seen to a month.

use std::time::Duration;

use rust_decimal::Decimal;

/// Hours in a month, as AWS's own calculators count (facts §9.6).
pub const HOURS_PER_MONTH: u32 = 730;

const NANOS_PER_HOUR: u64 = 3_600_000_000_000;

/// Scales what a span used to a month of [`HOURS_PER_MONTH`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Month {
    span: Duration,
    span_hours: Decimal,
}

impl Month {
    /// A month that goes on as the span did.
    pub fn of(span: Duration) -> Self {
        let nanos = Decimal::from(span.as_nanos().min(u64::MAX.into()) as u64);
        Month { span, span_hours: nanos / Decimal::from(NANOS_PER_HOUR) }
    }

    /// What was used in a month, where the span used this.
    pub fn scaled(&self, in_span: Decimal) -> Decimal {
        if self.span_hours.is_zero() {
            return Decimal::ZERO;
        }
        // Multiplied first, so that what comes out even stays so.
        (in_span * Decimal::from(HOURS_PER_MONTH) / self.span_hours).round_dp(9).normalize()
    }

    /// How much of each hour of the span there is: 1 but for the last one.
    pub fn hour_lengths(&self) -> Vec<f64> {
        let nanos = self.span.as_nanos();
        let hour = u128::from(NANOS_PER_HOUR);
        let whole = (nanos / hour) as usize;
        let rest = (nanos % hour) as f64 / NANOS_PER_HOUR as f64;
        let rest = (rest > 0.0).then_some(rest);
        std::iter::repeat_n(1.0, whole).chain(rest).collect()
    }
}

/// An exact decimal of a sum, to a billionth. Sums of capacity units are multiples of a half, which both hold exactly.
pub(super) fn decimal(sum: f64) -> Decimal {
    Decimal::from_f64_retain(sum).unwrap_or_default().round_dp(9).normalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_730_hours_of_what_was_seen() {
        let of = |hours: u64| Month::of(Duration::from_secs(hours * 3_600));
        assert_eq!(of(730).scaled(Decimal::from(1_000)), Decimal::from(1_000));
        // 30 days are 720 hours: 720 million become 730 million, and nothing else.
        assert_eq!(of(720).scaled(Decimal::from(720_000_000)), Decimal::from(730_000_000));
        assert_eq!(of(1).scaled(Decimal::ONE), Decimal::from(730));
    }

    #[test]
    fn the_last_hour_may_be_shorter() {
        assert_eq!(Month::of(Duration::from_secs(9_000)).hour_lengths(), [1.0, 1.0, 0.5]);
        assert_eq!(Month::of(Duration::from_secs(900)).hour_lengths(), [0.25]);
        assert_eq!(Month::of(Duration::ZERO).hour_lengths(), [0.0; 0]);
        assert_eq!(Month::of(Duration::ZERO).scaled(Decimal::ONE), Decimal::ZERO);
    }

    #[test]
    fn halves_are_exact() {
        assert_eq!(decimal(12_345_678_901.5), "12345678901.5".parse().unwrap());
        assert_eq!(decimal(f64::NAN), Decimal::ZERO);
    }
}
