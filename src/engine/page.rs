//! What Query and Scan share: which source they read, one page of it, and what they return of it.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::api::{
    ApiError, CapacityUnits, Consistency, IndexName, KeySchema, Output, Page, Placeholders, ReadWrite, Select,
};
use crate::expression::{Condition, ProjectionExpression};
use crate::item::{Item, PackedItem};
use crate::time::Time;

use super::answer::Served;
use super::bill::{Bill, throttled};
use super::limits::PAGE_MAX_BYTES;
use super::storage::{Key, Shard, Storage};
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

    /// An empty page.
    pub fn gather(&self) -> Gathered {
        let most = self.limit.map_or(usize::MAX, |limit| limit as usize);
        Gathered { entries: Vec::new(), fetched: Vec::new(), bytes: 0, fetched_bytes: 0, most, stopped: false }
    }

    /// Takes the next entry, or stops: at the limit, or before 1 MB is passed. `items` is the locked shard of the table where
    /// the items of the entries are fetched; they count towards the megabyte too, so that no page grows without bound.
    pub fn visit(&self, gathered: &mut Gathered, entry: &PackedItem, items: Option<&Shard>) -> ControlFlow<()> {
        let entry_bytes = entry.size_bytes() as u64;
        let fetched = items.map(|items| {
            let key = self.table.items.layout().key_of(entry);
            key.and_then(|key| items.get(&key))
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
        let (throughput, global) = match self.source {
            Source::Table | Source::Local(..) => (&self.table.throughput, None),
            Source::Global(at, _) => {
                let global = &self.table.global_indexes[at];
                global.check_readable(now)?;
                (&global.throughput, Some(at))
            }
        };
        let refusal = |limit| throttled(vec![Bill::new(self.table, ReadWrite::Read).reason(global, limit)]);
        throughput.read.check(now).map_err(refusal)
    }

    /// Pays for a page and answers with it.
    pub fn answer(&self, now: Time, gathered: Gathered) -> Served {
        let consistency = Consistency::from_consistent_read(self.consistent_read);
        let mut bill = Bill::new(self.table, ReadWrite::Read);
        self.charge(&mut bill, CapacityUnits::for_read(gathered.bytes, consistency));
        for fetched in gathered.fetched.iter().flatten() {
            bill.add_base(CapacityUnits::for_read(fetched.size_bytes() as u64, consistency));
        }
        bill.admit(now)?;

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

    fn charge(&self, bill: &mut Bill<'_>, units: CapacityUnits) {
        match self.source {
            Source::Table => bill.add_base(units),
            Source::Local(at, _) => bill.add_local(at, units),
            Source::Global(at, _) => bill.add_global(at, units),
        }
    }

    /// The key attributes of an entry, as LastEvaluatedKey has them.
    fn key_item(&self, entry: &PackedItem) -> Item {
        entry.unpack_only(self.key_names().into_iter().map(|name| &**name))
    }
}
