//! How numbered records lie in partitions and along sort keys.

/// Where a record is: the number of its partition key, and its number among the records that share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The partition's number.
    pub partition: u64,
    /// The record's number in its partition.
    pub sort: u64,
}

/// The rule by which records are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Records numbered in a row share a partition key, this many each; at least 1.
    Contiguous {
        /// Records per partition key.
        items_per_partition: u64,
    },
    /// Records take turns over this many partition keys; at least 1.
    Interleaved {
        /// Partition keys.
        partitions: u64,
    },
}

impl Layout {
    /// One record per partition key.
    pub const ONE_EACH: Layout = Layout::Contiguous { items_per_partition: 1 };

    /// Where the record is.
    pub const fn place(self, record: u64) -> Place {
        match self {
            Layout::Contiguous { items_per_partition } => {
                Place { partition: record / items_per_partition, sort: record % items_per_partition }
            }
            Layout::Interleaved { partitions } => Place { partition: record % partitions, sort: record / partitions },
        }
    }

    /// Whether several records can share a partition key.
    pub const fn shares_partition_keys(self) -> bool {
        !matches!(self, Layout::Contiguous { items_per_partition: 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_has_a_place_of_its_own() {
        for layout in [
            Layout::ONE_EACH,
            Layout::Contiguous { items_per_partition: 7 },
            Layout::Interleaved { partitions: 1 },
            Layout::Interleaved { partitions: 7 },
        ] {
            let places: std::collections::HashSet<_> =
                (0..1000).map(|record| layout.place(record)).map(|place| (place.partition, place.sort)).collect();
            assert_eq!(places.len(), 1000, "{layout:?}");
        }
        assert_eq!(Layout::Contiguous { items_per_partition: 10 }.place(25), Place { partition: 2, sort: 5 });
        assert_eq!(Layout::Interleaved { partitions: 10 }.place(25), Place { partition: 5, sort: 2 });
    }
}
