//! Latency histograms with three significant digits, kept in files as base64 of the HdrHistogram V2 deflate form.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Significant decimal digits: a recorded value is off by at most one part in a thousand.
const SIGNIFICANT_DIGITS: u8 = 3;
/// Longer latencies are recorded as this one: an hour.
const LATENCY_MAX_NANOS: u64 = 3_600_000_000_000;

/// Why a text is not a histogram.
#[derive(Debug, Clone, Error)]
#[error("not a base64 HdrHistogram (V2, deflate): {0}")]
pub struct HistogramError(String);

/// A histogram of durations in nanoseconds, 1 ns to one hour.
///
/// Open, it takes 16 KiB for latencies below 2 µs to 270 KiB for an hour; packed, a kilobyte or so. A packed histogram is
/// opened for the length of every question, and for good when a value is added.
#[derive(Clone)]
pub struct Histogram(Form);

#[derive(Clone)]
enum Form {
    Open(hdrhistogram::Histogram<u64>),
    /// The V2 deflate form, checked to be one.
    Packed(Box<[u8]>),
}

impl Histogram {
    /// A histogram without values.
    pub fn new() -> Self {
        let mut histogram = hdrhistogram::Histogram::new(SIGNIFICANT_DIGITS)
            .unwrap_or_else(|_| unreachable!("three significant digits are allowed"));
        histogram.auto(true);
        Histogram(Form::Open(histogram))
    }

    /// Records one duration.
    #[inline]
    pub fn record(&mut self, duration: Duration) {
        self.record_nanos(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Records one duration given in nanoseconds.
    #[inline]
    pub fn record_nanos(&mut self, nanos: u64) {
        // Cannot fail: the histogram resizes itself up to the clamped maximum.
        let _ = self.open().record(nanos.clamp(1, LATENCY_MAX_NANOS));
    }

    /// Adds the values of another histogram.
    pub fn merge(&mut self, other: &Histogram) {
        // Cannot fail: the histogram resizes itself, and both share the digits and the maximum.
        let _ = self.open().add(&*other.opened());
    }

    /// Forgets the values and keeps the memory.
    pub fn clear(&mut self) {
        self.open().reset();
    }

    /// Gives back the memory of an open histogram.
    pub fn pack(&mut self) {
        if let Form::Open(open) = &self.0 {
            self.0 = Form::Packed(to_v2_deflate(open).into_boxed_slice());
        }
    }

    /// Bytes of the packed form; zero while open.
    pub fn packed_bytes(&self) -> usize {
        match &self.0 {
            Form::Open(_) => 0,
            Form::Packed(bytes) => bytes.len(),
        }
    }

    /// How many values were recorded.
    pub fn count(&self) -> u64 {
        self.opened().len()
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.opened().is_empty()
    }

    /// The duration that `percent` of the values do not exceed (0 to 100); zero when empty.
    pub fn percentile(&self, percent: f64) -> Duration {
        self.percentiles([percent])[0]
    }

    /// The durations that these percentages of the values do not exceed, for the price of one question.
    pub fn percentiles<const N: usize>(&self, percents: [f64; N]) -> [Duration; N] {
        let open = self.opened();
        let of = |percent| {
            if open.is_empty() {
                return Duration::ZERO;
            }
            Duration::from_nanos(open.value_at_percentile(percent).min(open.max()))
        };
        percents.map(of)
    }

    /// The smallest value; zero when empty.
    pub fn min(&self) -> Duration {
        let open = self.opened();
        if open.is_empty() { Duration::ZERO } else { Duration::from_nanos(open.min()) }
    }

    /// The largest value; zero when empty.
    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.opened().max())
    }

    /// The mean; zero when empty.
    pub fn mean(&self) -> Duration {
        Duration::from_nanos(self.opened().mean() as u64)
    }

    /// The recorded values with their counts, ascending: `(highest equivalent value, count)`.
    pub fn recorded(&self) -> Vec<(Duration, u64)> {
        let open = self.opened();
        let steps = open.iter_recorded();
        steps.map(|step| (Duration::from_nanos(step.value_iterated_to()), step.count_since_last_iteration())).collect()
    }

    /// The recorded values with their counts, ascending, each as the middle of the values that it is not told apart from.
    pub fn recorded_middles(&self) -> Vec<(Duration, u64)> {
        let open = self.opened();
        let steps = open.iter_recorded();
        let middle = |value| Duration::from_nanos(open.median_equivalent(value));
        steps.map(|step| (middle(step.value_iterated_to()), step.count_since_last_iteration())).collect()
    }

    /// The share of values above `limit`, 0 to 1.
    pub fn share_above(&self, limit: Duration) -> f64 {
        let open = self.opened();
        if open.is_empty() {
            return 0.0;
        }
        let nanos = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX).clamp(1, LATENCY_MAX_NANOS);
        (100.0 - open.percentile_below(nanos)) / 100.0
    }

    /// The HdrHistogram V2 deflate form.
    pub fn to_v2_deflate(&self) -> Vec<u8> {
        match &self.0 {
            Form::Open(open) => to_v2_deflate(open),
            Form::Packed(bytes) => bytes.to_vec(),
        }
    }

    /// Reads the HdrHistogram V2 deflate form.
    pub fn from_v2_deflate(bytes: &[u8]) -> Result<Self, HistogramError> {
        unpack(bytes).map_err(|error| HistogramError(error.to_string()))?;
        Ok(Histogram(Form::Packed(bytes.into())))
    }

    fn open(&mut self) -> &mut hdrhistogram::Histogram<u64> {
        if let Form::Packed(bytes) = &self.0 {
            self.0 = Form::Open(unpack_checked(bytes));
        }
        match &mut self.0 {
            Form::Open(open) => open,
            Form::Packed(_) => unreachable!("it was opened above"),
        }
    }

    fn opened(&self) -> Cow<'_, hdrhistogram::Histogram<u64>> {
        match &self.0 {
            Form::Open(open) => Cow::Borrowed(open),
            Form::Packed(bytes) => Cow::Owned(unpack_checked(bytes)),
        }
    }
}

fn to_v2_deflate(histogram: &hdrhistogram::Histogram<u64>) -> Vec<u8> {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new()
        .serialize(histogram, &mut bytes)
        .unwrap_or_else(|_| unreachable!("writing a histogram to memory cannot fail"));
    bytes
}

fn unpack(mut bytes: &[u8]) -> Result<hdrhistogram::Histogram<u64>, hdrhistogram::serialization::DeserializeError> {
    let mut histogram: hdrhistogram::Histogram<u64> = Deserializer::new().deserialize(&mut bytes)?;
    histogram.auto(true);
    Ok(histogram)
}

fn unpack_checked(bytes: &[u8]) -> hdrhistogram::Histogram<u64> {
    unpack(bytes).unwrap_or_else(|_| unreachable!("only what was packed, or was checked when read, is unpacked"))
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        *self.opened() == *other.opened()
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [median, high] = self.percentiles([50.0, 99.0]);
        write!(f, "Histogram({} values, p50 {median:?}, p99 {high:?}, max {:?})", self.count(), self.max())
    }
}

impl Serialize for Histogram {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(self.to_v2_deflate()))
    }
}

impl<'de> Deserialize<'de> for Histogram {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(&text).map_err(serde::de::Error::custom)?;
        Histogram::from_v2_deflate(&bytes).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoded_form_keeps_every_value() {
        let mut histogram = Histogram::new();
        for micros in 1..=10_000 {
            histogram.record(Duration::from_micros(micros));
        }
        let text = serde_json::to_string(&histogram).unwrap();
        let read: Histogram = serde_json::from_str(&text).unwrap();
        assert_eq!(read, histogram);
        let p99 = read.percentile(99.0).as_secs_f64() * 1e6;
        assert!((p99 - 9_900.0).abs() <= 9.9, "{p99}");
    }

    #[test]
    fn a_packed_histogram_answers_and_grows_as_an_open_one() {
        let mut open = Histogram::new();
        (1..1000).for_each(|nanos| open.record_nanos(nanos * nanos));
        let mut packed = open.clone();
        packed.pack();
        assert!(packed.packed_bytes() > 0 && packed.packed_bytes() < 4096, "{}", packed.packed_bytes());
        assert_eq!(packed, open);
        for histogram in [&mut open, &mut packed] {
            histogram.record_nanos(5_000_000_000);
        }
        assert_eq!((packed.max(), packed.count()), (open.max(), 1000));
        assert_eq!(packed, open);
    }

    #[test]
    fn extremes_are_clamped_not_lost() {
        let mut histogram = Histogram::new();
        histogram.record(Duration::ZERO);
        histogram.record(Duration::from_secs(1_000_000));
        assert_eq!(histogram.count(), 2);
        assert!(histogram.max() >= Duration::from_secs(3600));
        assert!(Histogram::from_v2_deflate(b"nonsense").is_err());
    }

    #[test]
    fn percentiles_never_exceed_the_maximum() {
        let mut histogram = Histogram::new();
        histogram.record_nanos(1_000_001);
        assert!(histogram.percentile(99.9) <= histogram.max());
        assert_eq!(histogram.share_above(Duration::from_millis(2)), 0.0);
    }
}
