//! Names of key ranges: as much of the hashes as tells the ranges apart.

use crate::record::PartitionHistory;

/// Fewest and most digits of a hash shown.
const DIGITS: std::ops::RangeInclusive<usize> = 4..=8;

/// Names of neighbouring ranges, in their order: `4000–7fff` from hash to hash, `key 9a3f0000` for a single one, `key 9a3f
/// from 2026-11` inside an item collection, `9a3f–bfff from 2026-11` where it begins inside one and goes on.
pub(super) fn range_names(ranges: &[&PartitionHistory]) -> Vec<String> {
    let starts: Vec<u64> = ranges.iter().map(|range| u64::from_str_radix(&range.start_hash, 16).unwrap_or(0)).collect();
    let ends: Vec<u64> = (0..ranges.len())
        .map(|place| match (ranges.get(place + 1), starts.get(place + 1)) {
            // The next one begins inside a collection, of which the beginning is here.
            (Some(next), Some(start)) if next.start_sort_key.is_some() => *start,
            (_, Some(start)) => start.saturating_sub(1),
            _ => u64::MAX,
        })
        .collect();
    ranges
        .iter()
        .zip(starts.iter().zip(&ends))
        .map(|(range, (start, end))| match &range.start_sort_key {
            Some(sort_key) if start >= end => format!("key {} from {sort_key}", cut(*start, *DIGITS.start())),
            Some(sort_key) => {
                format!("{}–{} from {sort_key}", cut(*start, *DIGITS.start()), cut(*end, *DIGITS.start()))
            }
            None if start >= end => format!("key {}", cut(*start, *DIGITS.end())),
            None => {
                let digits = DIGITS.clone().find(|digits| cut(*start, *digits) != cut(*end, *digits));
                let digits = digits.unwrap_or(*DIGITS.end());
                format!("{}–{}", cut(*start, digits), cut(*end, digits))
            }
        })
        .collect()
}

/// A name cut to its room.
pub(super) fn shortened(name: &str, room: usize) -> String {
    if name.chars().count() <= room {
        name.to_owned()
    } else {
        name.chars().take(room.saturating_sub(1)).chain(['…']).collect()
    }
}

/// The first digits of a hash.
fn cut(hash: u64, digits: usize) -> String {
    format!("{hash:016x}").chars().take(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start_hash: u64, start_sort_key: Option<&str>) -> PartitionHistory {
        PartitionHistory {
            id: 0,
            partitions: 1,
            start_hash: format!("{start_hash:016x}"),
            start_sort_key: start_sort_key.map(str::to_owned),
            from_seconds: 0.0,
            until_seconds: None,
            rows: (0, 1),
            bytes: 0,
            read_ceiling_per_second: 3_000,
            write_ceiling_per_second: 1_000,
            reads: Vec::new(),
            writes: Vec::new(),
        }
    }

    fn names(ranges: &[PartitionHistory]) -> Vec<String> {
        range_names(&ranges.iter().collect::<Vec<_>>())
    }

    #[test]
    fn ranges_are_named_by_as_few_digits_as_tell_them_apart() {
        assert_eq!(names(&[range(0, None), range(1 << 63, None)]), ["0000–7fff", "8000–ffff"]);
        let narrow = [range(0, None), range(0x1234_5600_0000_0000, None), range(0x1234_5700_0000_0000, None)];
        assert_eq!(names(&narrow), ["0000–1234", "1234560–123456f", "1234–ffff"]);
    }

    #[test]
    fn an_isolated_key_and_its_parts_are_named_by_the_key() {
        let hash = 0x9a3f_0000_0000_0000;
        let ranges = [
            range(0, None),
            range(hash, None),
            range(hash, Some("2026-11")),
            range(hash + 1, None),
            range(u64::MAX - 9, Some("x")),
        ];
        let names = names(&ranges);
        assert_eq!(names, ["0000–9a3e", "key 9a3f0000", "key 9a3f from 2026-11", "9a3f–ffff", "ffff–ffff from x"]);
    }
}
