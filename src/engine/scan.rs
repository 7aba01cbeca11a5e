//! Scan: everything in a table or an index, in the order of the hashes; in parallel by ranges of hashes.

use std::ops::RangeInclusive;

use crate::api::{ApiError, Scan, Segment};
use crate::capacity::Place;
use crate::expression::{Absent, ExpressionKind, UsesPlaceholders, check_placeholders};
use crate::time::Time;

use super::answer::Served;
use super::limits::TOTAL_SEGMENTS_MAX;
use super::page::PageRequest;
use super::storage::Storage;
use super::{Engine, Tables};

impl Engine {
    /// Scan.
    pub(super) fn scan(&self, now: Time, tables: &Tables, request: &Scan) -> Served {
        if request.limit == Some(0) {
            return Err(ApiError::validation(
                "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value \
                 greater than or equal to 1",
            )
            .into());
        }
        let hashes = request.segment.map_or(Ok(0..=u64::MAX), segment_hashes)?;
        let placeholders = &request.placeholders;
        let filter = request.filter_expression.as_deref();
        let filter = filter.map(|text| self.expressions.condition(ExpressionKind::Filter, text)).transpose()?;
        let projection = request.projection_expression.as_deref();
        let projection = projection.map(|text| self.expressions.projection(text)).transpose()?;
        let expressions: [&dyn UsesPlaceholders; 2] = [
            filter.as_ref().map_or(&Absent(ExpressionKind::Filter), |filter| filter),
            projection.as_ref().map_or(&Absent(ExpressionKind::Projection), |projection| projection),
        ];
        check_placeholders(placeholders, &expressions)?;

        let table = tables.get(&request.table_name, now)?;
        let page = PageRequest {
            table,
            source: PageRequest::source(table, request.index_name.as_ref())?,
            filter,
            projection,
            placeholders,
            select: request.select,
            limit: request.limit,
            consistent_read: request.consistent_read,
        };
        page.check()?;
        let start = request.exclusive_start_key.as_ref().map(|start| page.start_key(start)).transpose()?;
        let hashes = match (&start, request.segment) {
            (Some(start), Some(segment)) if !hashes.contains(&start.hash) => {
                let Segment { segment, total_segments } = segment;
                return Err(ApiError::validation(format!(
                    "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with \
                     correct Segment. TotalSegments: {total_segments} Segment: {segment}"
                ))
                .into());
            }
            (Some(start), _) => start.hash..=*hashes.end(),
            (None, _) => hashes,
        };
        page.check_capacity(now)?;

        let fetches = page.fetches()?;
        let mut gathered = page.gather();
        for number in Storage::shards_of(&hashes) {
            // As in a Query, the table's shard is locked before the index's, and has the same number.
            let items = fetches.then(|| table.items.read(number));
            let shard = page.storage().read(number);
            let view = page.view_of_shard(now, number);
            let (flow, is_stale) = shard.visit_hashes_in(view, hashes.clone(), start.as_ref(), &mut |entry| {
                page.visit(&mut gathered, entry, items.as_deref(), view)
            });
            gathered.is_stale |= is_stale;
            if flow.is_break() {
                break;
            }
        }
        page.answer(now, gathered, Place::of_hash(*hashes.start()))
    }
}

/// The hashes of a segment. All segments together are all hashes, each in one of them.
pub fn segment_hashes(segment: Segment) -> Result<RangeInclusive<u64>, ApiError> {
    let Segment { segment, total_segments } = segment;
    if total_segments == 0 || total_segments > TOTAL_SEGMENTS_MAX {
        let rule = if total_segments == 0 { "greater than or equal to 1" } else { "less than or equal to 1000000" };
        return Err(ApiError::validation(format!(
            "1 validation error detected: Value '{total_segments}' at 'totalSegments' failed to satisfy constraint: \
             Member must have value {rule}"
        )));
    }
    if segment >= total_segments {
        return Err(ApiError::validation(format!(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: {segment} is not \
             less than TotalSegments: {total_segments}"
        )));
    }
    // The first hash of segment n is n / total of 2^64, rounded up; the last one is before the first of the next segment.
    let first = |segment: u32| (u128::from(segment) << 64).div_ceil(u128::from(total_segments));
    Ok(first(segment) as u64..=(first(segment + 1) - 1) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_follow_each_other_without_a_gap() {
        for total_segments in [1, 2, 3, 7, 64, 1_000, TOTAL_SEGMENTS_MAX] {
            let mut next = 0u128;
            for segment in 0..total_segments {
                let hashes = segment_hashes(Segment { segment, total_segments }).unwrap();
                assert_eq!(u128::from(*hashes.start()), next);
                next = u128::from(*hashes.end()) + 1;
            }
            assert_eq!(next, 1 << 64);
        }
    }

    #[test]
    fn a_segment_beyond_the_last_is_refused() {
        let error = segment_hashes(Segment { segment: 5, total_segments: 5 }).unwrap_err();
        assert_eq!(
            error.message,
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 5 is not less than \
             TotalSegments: 5"
        );
    }
}
