//! Query: a range of one item collection, of a table or an index.

use std::ops::Bound;

use crate::api::{ApiError, Query};
use crate::capacity::Place;
use crate::expression::{Absent, ExpressionKind, KeyRange, UsesPlaceholders, check_placeholders};
use crate::item::{Item, ScalarRef};
use crate::time::Time;

use super::answer::Served;
use super::page::PageRequest;
use super::storage::{Key, PositionRange, Storage, positions};
use super::{Engine, Tables};

impl Engine {
    /// Query.
    pub(super) fn query(&self, now: Time, tables: &Tables, request: &Query) -> Served {
        if request.limit == Some(0) {
            return Err(ApiError::validation(
                "1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater \
                 than or equal to 1",
            )
            .into());
        }
        let placeholders = &request.placeholders;
        let key_condition = self.expressions.key_condition(&request.key_condition_expression)?;
        let filter = request.filter_expression.as_deref();
        let filter = filter.map(|text| self.expressions.condition(ExpressionKind::Filter, text)).transpose()?;
        let projection = request.projection_expression.as_deref();
        let projection = projection.map(|text| self.expressions.projection(text)).transpose()?;
        let expressions: [&dyn UsesPlaceholders; 3] = [
            &key_condition,
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
        let range = key_condition.resolve(placeholders, page.schema())?;
        if let Some(filter) = &page.filter {
            filter.check_avoids_key(placeholders, page.schema())?;
        }
        let start = request.exclusive_start_key.as_ref().map(|start| start_key(&page, start, &range)).transpose()?;
        page.check_capacity(now)?;

        let ascending = request.scan_index_forward;
        let partition = range.partition.map(ScalarRef::from);
        let places = places(&range, start, ascending);
        let hash = page.storage().layout().hash(&partition);
        let number = Storage::shard_of(hash);
        let mut gathered = page.gather();
        // A local index has the table's partition key, so entry and item are in shards of the same number. The table is
        // locked first, as writes do it.
        let items = page.fetches()?.then(|| table.items.read(number));
        let view = page.view(now, hash);
        let shard = page.storage().read(number);
        let (_, is_stale) = shard.visit_collection_in(view, (hash, &partition), &places, ascending, &mut |entry| {
            page.visit(&mut gathered, entry, items.as_deref(), view)
        });
        drop(shard);
        gathered.is_stale = is_stale;
        page.answer(now, gathered, Place::of_hash(hash))
    }
}

/// The places to look at: those of the range, behind the start.
fn places(range: &KeyRange, start: Option<Key<'_>>, ascending: bool) -> PositionRange {
    let mut places = positions(&range.sort_leading, range.sort.bounds());
    match start {
        Some(start) if ascending => places.0 = Bound::Excluded(start.position),
        Some(start) => places.1 = Bound::Excluded(start.position),
        None => {}
    }
    places
}

/// The start of the page, which has to lie within what is asked for.
fn start_key<'r>(page: &PageRequest<'r>, start: &'r Item, range: &KeyRange) -> Result<Key<'r>, ApiError> {
    let key = page.start_key(start)?;
    let in_partition = key.partition == range.partition.map(ScalarRef::from);
    if !in_partition {
        return Err(ApiError::validation(
            "The provided starting key is outside query boundaries based on provided conditions",
        ));
    }
    match &key.position.sort {
        Some(sort) if !range.contains_sort_key(sort.as_slice()) => {
            Err(ApiError::validation("The provided starting key does not match the range key predicate"))
        }
        _ => Ok(key),
    }
}
