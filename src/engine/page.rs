//! What Query and Scan share: which source they read, one page of it, and what they return of it.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::api::{
    ApiError, CapacityUnits, Consistency, IndexName, KeySchema, Output, Page, Placeholders, ReadWrite, Select,
};
use crate::capacity::{Access, Place, Refusal, Throughput};
use crate::expression::{Condition, ProjectionExpression};
use crate::item::{Item, PackedItem};
use crate::time::Time;

use super::answer::Served;
use super::bill::{Bill, Payer, throttled};
use super::get::access_of;
use super::limits::PAGE_MAX_BYTES;
use super::storage::{Key, Shard, Storage, View};
use super::table::{Source, Table};

/// A Query or Scan, apart from where it looks.
pub struct PageRequest<'r> {
    pub table: &'r Table,
    pub source: Source<'r>,
    pub filter: Option<Arc<Condition>>,
    pub projection: Option<Arc<ProjectionExpression>>,
    pub placeholders: &'r Placeholders,
    pub select: Option<Select>,
    pub limit: Option<u32>,
    pub consistent_read: bool,
}

/// The entries of one page, gathered until a limit stops it.
pub struct Gathered {
    pub entries: Vec<PackedItem>,
    /// The items that were fetched from the table for entries of a local index, in the same order; empty where none were.
    fetched: Vec<Option<PackedItem>>,
    bytes: u64,
    fetched_bytes: u64,
    most: usize,
    /// Whether a limit stopped it, so that there may be more.
    stopped: bool,
    /// Whether an older image than the newest was read.
    pub is_stale: bool,
}

impl<'r> PageRequest<'r> {
    /// The table or the index a request names.
    pub fn source(table: &'r Table, index_name: Option<&IndexName>) -> Result<Source<'r>, ApiError> {
        match index_name {
            None => Ok(Source::Table),
            Some(name) => table
                .source(name)
                .ok_or_else(|| ApiError::validation(format!("The table does not have the specified index: {name}"))),
        }
    }

    /// The entries that are read.
    pub const fn storage(&self) -> &'r Storage {
        match self.source {
            Source::Table => &self.table.items,
            Source::Local(_, index) | Source::Global(_, index) => &index.entries,
        }
    }

    /// The key they are read by.
    pub const fn schema(&self) -> &'r KeySchema {
        match self.source {
            Source::Table => self.table.key(),
            Source::Local(_, index) | Source::Global(_, index) => &index.key,
        }
    }

    /// Refuses what the source cannot give.
    pub fn check(&self) -> Result<(), ApiError> {
        self.check_select()?;
        let Source::Global(_, index) = self.source else { return Ok(()) };
        if self.consistent_read {
            return Err(ApiError::validation("Consistent reads are not supported on global secondary indexes"));
        }
        let name = &index.name;
        if self.select == Some(Select::AllAttributes) && !index.projects_all() {
            return Err(ApiError::validation(format!(
                "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global \
                 secondary index {name} because its projection type is not ALL"
            )));
        }
        if let Some(missing) = self.unprojected()?.first() {
            return Err(ApiError::validation(format!(
                "One or more parameter values were invalid: Global secondary index {name} does not project [{missing}]"
            )));
        }
        Ok(())
    }

    fn check_select(&self) -> Result<(), ApiError> {
        let of_table = matches!(self.source, Source::Table);
        let error = match (self.select, self.projection.is_some()) {
            (Some(Select::AllProjectedAttributes), _) if of_table => {
                "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"
            }
            (Some(Select::AllAttributes), true) => {
                "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES"
            }
            (Some(Select::AllProjectedAttributes), true) => {
                "Cannot specify the ProjectionExpression when choosing to get ALL_PROJECTED_ATTRIBUTES"
            }
            (Some(Select::Count), true) => {
                "Cannot specify the ProjectionExpression when choosing to get only the Count"
            }
            (Some(Select::SpecificAttributes), false) => {
                "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
            }
            _ => return Ok(()),
        };
        Err(ApiError::validation(error))
    }

    /// The attributes the projection names and the index does not hold.
    fn unprojected(&self) -> Result<Vec<String>, ApiError> {
        let (Some(projection), Source::Local(_, index) | Source::Global(_, index)) = (&self.projection, self.source)
        else {
            return Ok(Vec::new());
        };
        let names = projection.top_level_names(self.placeholders)?;
        Ok(names.iter().filter(|name| !index.projects(name)).map(ToString::to_string).collect())
    }

    /// Whether the items of the table are read besides the entries of a local index (facts §1.4).
    pub fn fetches(&self) -> Result<bool, ApiError> {
        match self.source {
            Source::Local(_, index) if !index.projects_all() => {
                Ok(self.select == Some(Select::AllAttributes) || !self.unprojected()?.is_empty())
            }
            _ => Ok(false),
        }
    }

    /// The place an ExclusiveStartKey names: the key attributes of the source and of the table, and nothing else.
    pub fn start_key(&self, attributes: &'r Item) -> Result<Key<'r>, ApiError> {
        let expected = self.key_names();
        let typed = self.schema().attributes().chain(self.table.key().attributes()).all(|attribute| {
            let value = attributes.get(&attribute.name);
            value.is_some_and(|value| value.attribute_type() == attribute.scalar_type.into())
        });
        let exact = typed && attributes.len() == expected.len();
        let key = if exact { self.storage().layout().key_of_attributes(attributes) } else { None };
        key.ok_or_else(|| {
            ApiError::validation(
                "The provided starting key is invalid: The provided key element does not match the schema",
            )
        })
    }

    fn key_names(&self) -> Vec<&'r Arc<str>> {
        let mut names: Vec<&Arc<str>> = Vec::with_capacity(4);
        for attribute in self.schema().attributes().chain(self.table.key().attributes()) {
            if !names.contains(&&attribute.name) {
                names.push(&attribute.name);
            }
        }
        names
    }

    /// What is seen of the entries with a hash at a time.
    pub fn view(&self, now: Time, hash: u64) -> View {
        match self.source {
            Source::Table | Source::Local(..) => self.table.view(now, hash, self.consistent_read),
            Source::Global(at, _) => self.table.global_indexes[at].view(now),
        }
    }

    /// What a Scan sees of a shard at a time: one replica of each partition.
    pub fn view_of_shard(&self, now: Time, number: usize) -> View {
        let hash = Storage::first_hash_of(number);
        self.view(now, self.table.partition_of(now, self.source, hash).0)
    }

    /// Counts a page that was read.
    fn count(&self, is_stale: bool) {
        match self.source {
            Source::Table | Source::Local(..) => self.table.count_eventual(self.consistent_read, is_stale),
            Source::Global(at, _) => self.table.global_indexes[at].count_eventual(is_stale),
        }
    }

    /// An empty page.
    pub fn gather(&self) -> Gathered {
        let most = self.limit.map_or(usize::MAX, |limit| limit as usize);
        Gathered {
            entries: Vec::new(),
            fetched: Vec::new(),
            bytes: 0,
            fetched_bytes: 0,
            most,
            stopped: false,
            is_stale: false,
        }
    }

    /// Takes the next entry, or stops: at the limit, or before 1 MB is passed. `items` is the locked shard of the table where
    /// the items of the entries are fetched; they count towards the megabyte too, so that no page grows without bound.
    pub fn visit(
        &self,
        gathered: &mut Gathered,
        entry: &PackedItem,
        items: Option<&Shard>,
        view: View,
    ) -> ControlFlow<()> {
        let entry_bytes = entry.size_bytes() as u64;
        let fetched = items.map(|items| {
            let key = self.table.items.layout().key_of(entry);
            key.and_then(|key| items.get_in(view, &key).0)
        });
        let fetched_bytes = fetched.flatten().map_or(0, |item| item.size_bytes() as u64);
        let bytes = gathered.bytes + entry_bytes + gathered.fetched_bytes + fetched_bytes;
        if !gathered.entries.is_empty() && bytes > PAGE_MAX_BYTES {
            gathered.stopped = true;
            return ControlFlow::Break(());
        }
        gathered.bytes += entry_bytes;
        gathered.fetched_bytes += fetched_bytes;
        gathered.entries.push(entry.clone());
        gathered.fetched.extend(fetched.map(|fetched| fetched.cloned()));
        // A page that ends at its limit says so, even if there is nothing behind it (facts §10.6).
        gathered.stopped = gathered.entries.len() >= gathered.most;
        if gathered.stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Refuses before reading what would be refused once it is read, and an index that is not read yet.
    pub fn check_capacity(&self, now: Time) -> Result<(), ApiError> {
        if let Source::Global(at, _) = self.source {
            self.table.global_indexes[at].check_readable(now)?;
        }
        let refused = |refusal: Refusal| {
            let bill = Bill::new(self.table, Access::EventualRead);
            throttled(vec![(bill.reason(self.payer(), refusal.limit), refusal)])
        };
        self.throughput().check(now, ReadWrite::Read).map_err(refused)
    }

    /// Pays for a page and answers with it.
    pub fn answer(&self, now: Time, gathered: Gathered, start: Place) -> Served {
        let consistency = Consistency::from_consistent_read(self.consistent_read);
        let mut bill = Bill::new(self.table, access_of(consistency));
        let units = CapacityUnits::for_read(gathered.bytes, consistency);
        self.charge(&mut bill, now, units, &gathered.entries, start);
        let layout = self.table.items.layout();
        for fetched in gathered.fetched.iter().flatten() {
            if let Some(key) = layout.key_of(fetched) {
                bill.add_base(&key, CapacityUnits::for_read(fetched.size_bytes() as u64, consistency));
            }
        }
        bill.admit(now)?;
        self.count(gathered.is_stale);

        let mut page = Page { scanned_count: gathered.entries.len() as u64, ..Page::default() };
        if gathered.stopped {
            page.last_evaluated_key = gathered.entries.last().map(|last| self.key_item(last));
        }
        let fetches = !gathered.fetched.is_empty();
        let mut fetched = gathered.fetched.into_iter();
        for entry in gathered.entries {
            // The table is locked while its local index is read, so the item is there.
            let item = fetched.next().flatten().filter(|_| fetches).unwrap_or(entry);
            let passes = match &self.filter {
                Some(filter) => filter.evaluate(self.placeholders, Some(&item))?,
                None => true,
            };
            if !passes {
                continue;
            }
            page.count += 1;
            match (&self.projection, self.select) {
                (_, Some(Select::Count)) => {}
                (Some(projection), _) => page.items.push(projection.project(self.placeholders, &item)?),
                (None, _) => page.items.push(item),
            }
        }
        Ok((Output::Page(page), vec![bill.into_consumed()]).into())
    }

    /// Charges a page to the partitions its entries lie in, by their bytes. `start` is where it was looked first.
    fn charge(&self, bill: &mut Bill<'_>, now: Time, units: CapacityUnits, entries: &[PackedItem], start: Place) {
        let throughput = self.throughput();
        let place = |entry: &PackedItem| {
            let key = self.storage().layout().key_of(entry);
            key.map_or(Place::of_hash(0), |key| Place { hash: key.hash, sort: key.position.sort })
        };
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            return bill.add(self.payer(), start, units);
        };
        if !throughput.is_limited() {
            return bill.add(self.payer(), Place::of_hash(0), units);
        }
        let first = place(first);
        if throughput.is_one_partition(now, &first, &place(last)) {
            return bill.add(self.payer(), first, units);
        }
        // A page that goes on in other partitions; entries come in the order of hashes and sort keys, or backwards.
        let mut parts: Vec<(Place, u64)> = vec![(first, 0)];
        for entry in entries {
            let place = place(entry);
            match parts.last_mut() {
                Some((of, bytes)) if throughput.is_one_partition(now, of, &place) => {
                    *bytes += entry.size_bytes() as u64
                }
                _ => parts.push((place, entry.size_bytes() as u64)),
            }
        }
        let whole: u64 = parts.iter().map(|(_, bytes)| bytes).sum();
        let mut left = units;
        for (place, bytes) in parts.iter().skip(1) {
            let share = u128::from(units.as_halves()) * u128::from(*bytes) / u128::from(whole.max(1));
            let share = CapacityUnits::halves(share as u64);
            left = left - share;
            bill.add(self.payer(), place.clone(), share);
        }
        bill.add(self.payer(), parts.swap_remove(0).0, left);
    }

    /// Who pays for what is read.
    const fn payer(&self) -> Payer {
        match self.source {
            Source::Table => Payer::Table,
            Source::Local(at, _) => Payer::Local(at),
            Source::Global(at, _) => Payer::Global(at),
        }
    }

    fn throughput(&self) -> &'r Throughput {
        match self.source {
            Source::Table | Source::Local(..) => &self.table.throughput,
            Source::Global(at, _) => &self.table.global_indexes[at].throughput,
        }
    }

    /// The key attributes of an entry, as LastEvaluatedKey has them.
    fn key_item(&self, entry: &PackedItem) -> Item {
        entry.unpack_only(self.key_names().into_iter().map(|name| &**name))
    }
}
