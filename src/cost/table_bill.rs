//! The lines of one table, paid for in one way.

use rust_decimal::Decimal;
use serde::Serialize;

use crate::api::{ReadWrite, TableClass};
use crate::pricing::{Item, PriceBook, RegionPrices};
use crate::workload::{Billing, StreamReads};

use super::line::{Component, Line, amount};
use super::month::{HOURS_PER_MONTH, Month, decimal};
use super::usage::{AccessUsage, GB, Provision, ResourceUsage, TableUsage};

/// How capacity is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// By the request.
    OnDemand,
    /// Provisioned, always the same.
    Fixed,
    /// Provisioned, with auto scaling.
    Scaled,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Mode; 3] = [Mode::OnDemand, Mode::Fixed, Mode::Scaled];

    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Mode::OnDemand => "on-demand",
            Mode::Fixed => "provisioned, fixed",
            Mode::Scaled => "provisioned, auto scaling",
        }
    }

    /// The capacity in this mode; `None` where it was not worked out. On-demand has none.
    pub(super) fn provision(self, access: &AccessUsage) -> Option<&Provision> {
        match self {
            Mode::OnDemand => None,
            Mode::Fixed => access.fixed.as_ref(),
            Mode::Scaled => access.scaled.as_ref(),
        }
    }
}

/// Why storage is left out.
pub(super) const STORED_UNKNOWN: &str = "how much is stored is not known";

/// What is used but stands on no line of a bill.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LeftOut {
    /// What it is, such as `orders: storage`.
    pub what: String,
    /// Why it is left out.
    pub why: String,
}

/// What one table costs in one mode and class.
#[derive(Debug, Clone)]
pub(super) struct TableBill {
    pub lines: Vec<Line>,
    /// What has no price or is not known, and is left out.
    pub left_out: Vec<LeftOut>,
    pub total: Decimal,
    /// The largest share throttled among its reads and writes.
    pub throttled: f64,
    /// Its capacity in words.
    pub setting: String,
    /// Unit-hours in each hour that reserved capacity can cover: reads, writes.
    pub reservable: [Vec<f64>; 2],
    /// What a savings plan can cover: US dollars in each hour of the span.
    pub plannable: Vec<Decimal>,
}

/// What a table's bill depends on besides the table.
pub(super) struct Terms<'a> {
    pub book: &'a PriceBook,
    pub region: &'a RegionPrices,
    pub month: Month,
    pub lengths: &'a [f64],
    /// Whether what a savings plan can cover is wanted.
    pub plans: bool,
}

struct Making<'a> {
    terms: &'a Terms<'a>,
    table: &'a TableUsage,
    billing: &'a Billing,
    mode: Mode,
    class: TableClass,
    bill: TableBill,
}

/// The bill of a table; `None` where capacity in this mode was not worked out.
pub(super) fn table_bill(
    terms: &Terms<'_>,
    table: &TableUsage,
    billing: &Billing,
    mode: Mode,
    class: TableClass,
) -> Option<TableBill> {
    let accesses = || table.resources.iter().flat_map(|resource| [&resource.read, &resource.write]);
    if mode != Mode::OnDemand && accesses().any(|access| mode.provision(access).is_none()) {
        return None;
    }
    let throttled = accesses().map(|access| match mode.provision(access) {
        Some(provision) => provision.throttled,
        None => access.on_demand_throttled,
    });
    let hours = terms.lengths.len();
    let bill = TableBill {
        lines: Vec::new(),
        left_out: Vec::new(),
        total: Decimal::ZERO,
        throttled: throttled.fold(0.0, f64::max),
        setting: setting(table, mode),
        reservable: [vec![0.0; hours], vec![0.0; hours]],
        plannable: vec![Decimal::ZERO; if terms.plans { hours } else { 0 }],
    };
    let mut making = Making { terms, table, billing, mode, class, bill };
    making.capacity();
    making.storage();
    making.backups();
    making.stream();
    making.replicas();
    let mut bill = making.bill;
    bill.total = bill.lines.iter().map(|line| line.amount).sum();
    Some(bill)
}

/// A table's capacity in words; indexes are told apart only where there are any.
fn setting(table: &TableUsage, mode: Mode) -> String {
    let words = |resource: &ResourceUsage| {
        let read = mode.provision(&resource.read).map(|provision| provision.setting.as_str());
        let write = mode.provision(&resource.write).map(|provision| provision.setting.as_str());
        let both: Vec<&str> = [read, write].into_iter().flatten().filter(|words| !words.is_empty()).collect();
        let index = resource.index.as_ref().map_or(String::new(), |index| format!("{index}: "));
        format!("{index}{}", both.join(", "))
    };
    if mode == Mode::OnDemand {
        String::new()
    } else {
        table.resources.iter().map(words).collect::<Vec<_>>().join("; ")
    }
}

impl Making<'_> {
    fn is_global(&self) -> bool {
        self.billing.replicas.iter().any(|replica| *replica != self.terms.region.region)
    }

    /// What reads or writes of a table or index are billed as: writes of a global table are replicated ones, those of its
    /// indexes are not (facts §7.3).
    fn item(&self, access: ReadWrite, resource: &ResourceUsage) -> Item {
        let replicated = access == ReadWrite::Write && resource.index.is_none() && self.is_global();
        match (self.mode, access) {
            (Mode::OnDemand, ReadWrite::Read) => Item::ReadRequest,
            (Mode::OnDemand, ReadWrite::Write) if replicated => Item::ReplicatedWriteRequest,
            (Mode::OnDemand, ReadWrite::Write) => Item::WriteRequest,
            (_, ReadWrite::Read) => Item::ReadCapacity,
            (_, ReadWrite::Write) if replicated => Item::ReplicatedWriteCapacity,
            (_, ReadWrite::Write) => Item::WriteCapacity,
        }
    }

    /// Units or unit-hours in each hour.
    fn hourly<'u>(&self, access: &'u AccessUsage) -> &'u [f64] {
        match self.mode.provision(access) {
            Some(provision) => &provision.unit_hours,
            None => &access.units,
        }
    }

    fn leave_out(&mut self, what: String, why: &str) {
        self.bill.left_out.push(LeftOut { what, why: why.to_owned() });
    }

    fn capacity(&mut self) {
        let table = self.table;
        for resource in &table.resources {
            let kinds = [
                (ReadWrite::Write, &resource.write, Component::Writes, "writes"),
                (ReadWrite::Read, &resource.read, Component::Reads, "reads"),
            ];
            for (access, usage, component, name) in kinds {
                let item = self.item(access, resource);
                let hourly = self.hourly(usage);
                let what = format!("{}: {name}", resource.label(&table.name));
                let Some(price) = self.add_used(component, what, item, hourly, self.terms.region) else { continue };
                let reservable = matches!(item, Item::ReadCapacity | Item::WriteCapacity);
                if reservable && self.class == TableClass::Standard {
                    let sums = &mut self.bill.reservable[usize::from(access == ReadWrite::Write)];
                    sums.iter_mut().zip(hourly).for_each(|(sum, hour)| *sum += hour);
                }
                for (sum, hour) in self.bill.plannable.iter_mut().zip(hourly) {
                    *sum += amount(decimal(*hour), price, item.per());
                }
            }
        }
    }

    /// Adds a line for what the span used, and says its price.
    fn add_used(
        &mut self,
        component: Component,
        what: String,
        item: Item,
        hourly: &[f64],
        region: &RegionPrices,
    ) -> Option<Decimal> {
        let in_span = decimal(hourly.iter().sum());
        let quantity = self.terms.month.scaled(in_span);
        let line = self.add(component, what, item, quantity, region)?;
        line.in_span = Some(in_span);
        Some(line.price)
    }

    /// Adds a line for a quantity of a month, unless there is nothing of it; where it has no price, that is said.
    fn add(
        &mut self,
        component: Component,
        what: String,
        item: Item,
        quantity: Decimal,
        region: &RegionPrices,
    ) -> Option<&mut Line> {
        if quantity.is_zero() {
            return None;
        }
        let Some(price) = region.price(item, self.class) else {
            let class = match self.class {
                TableClass::StandardInfrequentAccess if item.is_by_class() => " of the class Standard-IA",
                _ => "",
            };
            let why = format!("no price is known for {item}{class} in {}", region.region);
            self.bill.left_out.push(LeftOut { what, why });
            return None;
        };
        self.bill.lines.push(Line::priced(component, what, (item, self.class), quantity, price));
        self.bill.lines.last_mut()
    }

    /// GB that the table and its indexes store, and those of the table without its global indexes.
    fn stored_gb(&self) -> Option<(Decimal, Decimal)> {
        if let Some(gb) = self.billing.storage_gb {
            return Some((decimal(gb), decimal(gb)));
        }
        let gb = |resource: &ResourceUsage| resource.stored_bytes.map(|bytes| bytes / GB);
        let all: Option<Vec<f64>> = self.table.resources.iter().map(gb).collect();
        let own = self.table.resources.iter().find(|resource| resource.index.is_none()).and_then(gb);
        Some((decimal(all?.iter().sum()), decimal(own.unwrap_or(0.0))))
    }

    fn storage(&mut self) {
        let name = &self.table.name;
        match self.stored_gb() {
            Some((all, _)) => {
                self.add(Component::Storage, format!("{name}: storage"), Item::Storage, all, self.terms.region);
            }
            None => self.leave_out(format!("{name}: storage"), STORED_UNKNOWN),
        }
    }

    fn backups(&mut self) {
        let (region, billing, name) = (self.terms.region, self.billing, &self.table.name);
        if billing.point_in_time_recovery {
            let what = format!("{name}: point-in-time recovery");
            match self.stored_gb() {
                Some((_, own)) => {
                    let is_stated = billing.storage_gb.is_some();
                    let line = self.add(Component::Backups, what, Item::PointInTimeRecovery, own, region);
                    if let Some(line) = line.filter(|_| is_stated) {
                        line.note = "on all of storage_gb: an upper bound where global indexes are in it".to_owned();
                    }
                }
                None => self.leave_out(what, STORED_UNKNOWN),
            }
        }
        let kept = decimal(billing.backup_gb);
        self.add(Component::Backups, format!("{name}: on-demand backups"), Item::Backup, kept, region);
        let restored = decimal(billing.restore_gb_per_month);
        self.add(Component::Backups, format!("{name}: restores"), Item::Restore, restored, region);
    }

    fn stream(&mut self) {
        let (region, what) = (self.terms.region, format!("{}: stream reads", self.table.name));
        match self.billing.stream {
            None => {}
            Some(StreamReads::PerHour(reads)) => {
                let quantity = decimal(reads) * Decimal::from(HOURS_PER_MONTH);
                self.add(Component::Streams, what, Item::StreamRead, quantity, region);
            }
            Some(StreamReads::Consumers(consumers)) => {
                let table = self.table.resources.iter().find(|resource| resource.index.is_none());
                let changes = table.map(|table| table.changes.as_slice()).filter(|changes| !changes.is_empty());
                let Some(changes) = changes else {
                    self.leave_out(what, "how many items change is not known");
                    return;
                };
                let reads: Vec<f64> = changes.iter().map(|changes| changes * f64::from(consumers)).collect();
                if self.add_used(Component::Streams, what, Item::StreamRead, &reads, region).is_some()
                    && let Some(line) = self.bill.lines.last_mut()
                {
                    line.note = "an upper bound for changes: one read for each, though a GetRecords call returns up to 1,000; polls of \
                                 idle shards are not in it"
                        .to_owned();
                }
            }
        }
    }

    /// In the region of a replica its writes arrive as replicated ones, those of its indexes as ordinary ones, and everything
    /// is stored again.
    fn replicas(&mut self) {
        let (table, billing) = (self.table, self.billing);
        for replica in &billing.replicas {
            if *replica == self.terms.region.region {
                self.leave_out(
                    format!("{}: replica in {replica}", table.name),
                    "that is the region of the table itself",
                );
                continue;
            }
            let Ok(region) = self.terms.book.region(replica) else {
                self.leave_out(format!("{}: replica in {replica}", table.name), "no prices are known for that region");
                continue;
            };
            for resource in &table.resources {
                let item = self.item(ReadWrite::Write, resource);
                let what = format!("{} in {replica}: writes", resource.label(&table.name));
                self.add_used(Component::Replicas, what, item, self.hourly(&resource.write), region);
            }
            if let Some((all, _)) = self.stored_gb() {
                let what = format!("{} in {replica}: storage", table.name);
                self.add(Component::Replicas, what, Item::Storage, all, region);
            }
        }
    }
}
