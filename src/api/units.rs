//! Capacity units: exact, in halves, because the smallest read costs one half.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

use crate::item::{READ_BLOCK_BYTES, WRITE_BLOCK_BYTES};

/// Capacity units (RCU or WCU, RRU or WRU), counted exactly in halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct CapacityUnits(u64);

impl CapacityUnits {
    /// No units.
    pub const ZERO: CapacityUnits = CapacityUnits(0);

    /// `units` whole units.
    pub const fn whole(units: u64) -> Self {
        CapacityUnits(units * 2)
    }

    /// `halves` half units.
    pub const fn halves(halves: u64) -> Self {
        CapacityUnits(halves)
    }

    /// How many half units these are.
    pub const fn as_halves(self) -> u64 {
        self.0
    }

    /// The units as a number; exact below 2^52.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 2.0
    }

    /// Whether there are none.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// What reading `bytes` costs: the size rounded up to 4 KB, times the factor of the consistency. Reading nothing costs
    /// as much as one block (facts §1.1, §1.2).
    pub const fn for_read(bytes: u64, consistency: Consistency) -> Self {
        let blocks = bytes.div_ceil(READ_BLOCK_BYTES);
        CapacityUnits(if blocks == 0 { 1 } else { blocks } * consistency.halves_per_block())
    }

    /// What writing `bytes` costs: the size rounded up to 1 KB, at least one unit (facts §1.1, §1.2).
    pub const fn for_write(bytes: u64) -> Self {
        let blocks = bytes.div_ceil(WRITE_BLOCK_BYTES);
        CapacityUnits::whole(if blocks == 0 { 1 } else { blocks })
    }

    /// What writing `bytes` in a transaction costs: twice an ordinary write, for prepare and commit (facts §1.2).
    pub const fn for_transactional_write(bytes: u64) -> Self {
        CapacityUnits(Self::for_write(bytes).0 * 2)
    }
}

impl Add for CapacityUnits {
    type Output = CapacityUnits;

    fn add(self, other: Self) -> Self {
        CapacityUnits(self.0 + other.0)
    }
}

impl AddAssign for CapacityUnits {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for CapacityUnits {
    type Output = CapacityUnits;

    /// The difference, zero where `other` is more.
    fn sub(self, other: Self) -> Self {
        CapacityUnits(self.0.saturating_sub(other.0))
    }
}

impl Sum for CapacityUnits {
    fn sum<I: Iterator<Item = Self>>(units: I) -> Self {
        units.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for CapacityUnits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.as_f64(), f)
    }
}

impl Serialize for CapacityUnits {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(2) {
            serializer.serialize_u64(self.0 / 2)
        } else {
            serializer.serialize_f64(self.as_f64())
        }
    }
}

impl<'de> Deserialize<'de> for CapacityUnits {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let units = f64::deserialize(deserializer)?;
        if units >= 0.0 && (units * 2.0).fract() == 0.0 {
            Ok(CapacityUnits((units * 2.0) as u64))
        } else {
            Err(serde::de::Error::custom(format!("{units} is not a number of capacity units")))
        }
    }
}

/// How consistent a read is, which decides what a block of 4 KB costs (facts §1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Consistency {
    /// Eventually consistent: half a unit a block.
    Eventual,
    /// Strongly consistent: one unit a block.
    Strong,
    /// In a transaction: two units a block.
    Transactional,
}

impl Consistency {
    /// Strong or eventual, as a request's `ConsistentRead` asks.
    pub const fn from_consistent_read(consistent_read: bool) -> Self {
        if consistent_read { Consistency::Strong } else { Consistency::Eventual }
    }

    const fn halves_per_block(self) -> u64 {
        match self {
            Consistency::Eventual => 1,
            Consistency::Strong => 2,
            Consistency::Transactional => 4,
        }
    }
}

/// Which of the two capacities of a table or index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadWrite {
    /// Read capacity.
    Read,
    /// Write capacity.
    Write,
}

impl ReadWrite {
    /// The name of a unit of provisioned capacity.
    pub const fn capacity_unit(self) -> &'static str {
        match self {
            ReadWrite::Read => "RCU",
            ReadWrite::Write => "WCU",
        }
    }
}

/// Read and write units side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Units {
    /// Read units.
    pub read: CapacityUnits,
    /// Write units.
    pub write: CapacityUnits,
}

impl Units {
    /// Read units alone.
    pub const fn read(read: CapacityUnits) -> Self {
        Units { read, write: CapacityUnits::ZERO }
    }

    /// Write units alone.
    pub const fn write(write: CapacityUnits) -> Self {
        Units { read: CapacityUnits::ZERO, write }
    }

    /// Whether both are zero.
    pub const fn is_zero(self) -> bool {
        self.read.is_zero() && self.write.is_zero()
    }

    /// Reads and writes together, as `CapacityUnits` of a response adds them.
    pub fn total(self) -> CapacityUnits {
        self.read + self.write
    }
}

impl AddAssign for Units {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.write += other.write;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KB: u64 = 1024;

    #[test]
    fn the_worked_examples_of_the_facts_file() {
        use Consistency::*;
        let read = |bytes, consistency| CapacityUnits::for_read(bytes, consistency).as_f64();
        // §1.1
        assert_eq!([Strong, Eventual, Transactional].map(|c| read(8 * KB, c)), [2.0, 1.0, 4.0]);
        assert_eq!([5 * KB, 3 * KB, 9 * KB].map(|bytes| read(bytes, Eventual)), [1.0, 0.5, 1.5]);
        // §1.2, missing item, BatchGetItem, Query, Scan
        assert_eq!([Eventual, Strong].map(|c| read(0, c)), [0.5, 1.0]);
        let batch = |c| read(1536, c) + read(6656, c);
        assert_eq!([Strong, Eventual].map(batch), [3.0, 1.5]);
        assert_eq!(read((40.8 * 1024.0) as u64, Strong), 11.0);
        assert_eq!(read(1500 * 64, Strong), 24.0);
        // §1.2, BatchWriteItem and transactions
        let write = |bytes| CapacityUnits::for_write(bytes);
        assert_eq!((write(500) + write(3584)).as_f64(), 5.0);
        let transaction: CapacityUnits = [500; 3].map(CapacityUnits::for_transactional_write).into_iter().sum();
        assert_eq!(transaction.as_f64(), 6.0);
        let gets: f64 = [500; 3].map(|bytes| read(bytes, Transactional)).iter().sum();
        assert_eq!(gets, 6.0);
        assert_eq!(write(0).as_f64(), 1.0);
        // §1.3, eight entries of 2,000 bytes in a GSI
        assert_eq!(read(8 * 2000, Eventual), 2.0);
        // A full 1 MB page, read eventually consistent.
        assert_eq!(read(1024 * KB, Eventual), 128.0);
    }

    #[test]
    fn json_keeps_halves() {
        let units: CapacityUnits = serde_json::from_str("1.5").unwrap();
        assert_eq!(units, CapacityUnits::halves(3));
        assert_eq!(serde_json::to_string(&units).unwrap(), "1.5");
        assert_eq!(serde_json::to_string(&CapacityUnits::whole(2)).unwrap(), "2");
        assert!(serde_json::from_str::<CapacityUnits>("0.3").is_err());
        assert!(serde_json::from_str::<CapacityUnits>("-1").is_err());
    }
}
