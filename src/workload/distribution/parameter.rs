//! What is wrong with a parameter: its name, its value and what is allowed.

use std::fmt::Display;
use std::ops::RangeInclusive;

/// A parameter of a distribution is outside its allowed range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{parameter} is {value}; allowed is {allowed}")]
pub struct InvalidParameter {
    /// The parameter's name, as the constructor calls it.
    pub parameter: &'static str,
    /// The value given.
    pub value: String,
    /// The values allowed, in words.
    pub allowed: String,
}

impl InvalidParameter {
    pub(super) fn new(parameter: &'static str, value: impl Display, allowed: impl Display) -> Self {
        Self { parameter, value: value.to_string(), allowed: allowed.to_string() }
    }
}

/// The value, if it is within the range. NaN never is.
pub(super) fn within(parameter: &'static str, value: f64, range: RangeInclusive<f64>) -> Result<f64, InvalidParameter> {
    if range.contains(&value) {
        return Ok(value);
    }
    let allowed = format!("{} to {}", range.start(), range.end());
    Err(InvalidParameter::new(parameter, value, allowed))
}

/// The value, if it is finite and above zero.
pub(super) fn positive(parameter: &'static str, value: f64) -> Result<f64, InvalidParameter> {
    if value > 0.0 && value.is_finite() {
        return Ok(value);
    }
    Err(InvalidParameter::new(parameter, value, "a finite number above 0"))
}

/// The value, if it is finite.
pub(super) fn finite(parameter: &'static str, value: f64) -> Result<f64, InvalidParameter> {
    if value.is_finite() {
        return Ok(value);
    }
    Err(InvalidParameter::new(parameter, value, "a finite number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_names_parameter_value_and_range() {
        let error = within("exponent", -1.0, 0.0..=100.0).unwrap_err();
        assert_eq!(error.to_string(), "exponent is -1; allowed is 0 to 100");
    }

    #[test]
    fn nan_and_infinity_are_refused() {
        assert!(within("share", f64::NAN, 0.0..=1.0).is_err());
        assert!(positive("mean", f64::INFINITY).is_err());
        assert!(positive("mean", f64::NAN).is_err());
        assert!(positive("mean", 0.0).is_err());
        assert!(finite("location", f64::NEG_INFINITY).is_err());
        assert_eq!(finite("location", -3.0), Ok(-3.0));
    }
}
