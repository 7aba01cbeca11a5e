//! Bills: against arithmetic done by hand, against other implementations, and as `dyno cost` shows them.

mod bills;
mod choices;
mod command;
mod price_list;
mod property;
mod record;
mod settings;

use std::collections::BTreeMap;
use std::time::Duration;

use dynamometer::api::TableClass;
use dynamometer::cost::{
    AccessUsage, Bill, Choice, Comparison, Extras, Mode, Provision, Question, ResourceUsage, TableUsage, Usage, compare,
};
use dynamometer::pricing::PriceBook;
use dynamometer::workload::Billing;

pub const GB: f64 = 1_073_741_824.0;

/// What is asked, with nothing special about it: N. Virginia, nothing besides capacity, nothing throttled.
pub struct Case {
    pub usage: Usage,
    pub extras: Extras,
    pub region: &'static str,
    pub unconfirmed: bool,
    pub throttled_at_most: f64,
    pub current: BTreeMap<String, Mode>,
}

impl Case {
    /// Tables over so many hours.
    pub fn new(hours: f64, tables: Vec<TableUsage>) -> Self {
        Case {
            usage: Usage {
                span: Duration::from_secs_f64(hours * 3_600.0),
                tables,
                refused: 0.0,
                assumptions: Vec::new(),
            },
            extras: Extras::default(),
            region: "us-east-1",
            unconfirmed: false,
            throttled_at_most: 0.001,
            current: BTreeMap::new(),
        }
    }

    pub fn in_region(mut self, region: &'static str) -> Self {
        self.region = region;
        self
    }

    pub fn billed(mut self, table: &str, billing: Billing) -> Self {
        self.extras.tables.insert(table.to_owned(), billing);
        self
    }

    pub fn book(&self) -> PriceBook {
        PriceBook::builtin(self.unconfirmed)
    }

    pub fn compare(&self) -> Comparison {
        compare(&self.question(&self.book())).unwrap()
    }

    pub fn question<'a>(&'a self, book: &'a PriceBook) -> Question<'a> {
        Question {
            usage: &self.usage,
            extras: &self.extras,
            book,
            region: self.region,
            throttled_at_most: self.throttled_at_most,
            current: &self.current,
        }
    }

    /// The bill of a choice with the tables' own classes.
    pub fn bill(&self, choice: Choice) -> Bill {
        let comparison = self.compare();
        comparison.bill(choice).unwrap_or_else(|| panic!("{choice:?}: {:?}", comparison.not_worked_out)).clone()
    }
}

/// A table without indexes that stores nothing.
pub fn table(name: &str, read: AccessUsage, write: AccessUsage) -> TableUsage {
    TableUsage { name: name.to_owned(), class: TableClass::Standard, resources: vec![resource(None, read, write, 0.0)] }
}

pub fn resource(index: Option<&str>, read: AccessUsage, write: AccessUsage, gb: f64) -> ResourceUsage {
    ResourceUsage { index: index.map(str::to_owned), read, write, stored_bytes: Some(gb * GB), changes: Vec::new() }
}

/// Units in all, as many in each hour.
pub fn units(hours: usize, all: f64) -> AccessUsage {
    AccessUsage { units: vec![all / hours as f64; hours], ..AccessUsage::default() }
}

/// Fixed capacity in each hour, all of it used.
pub fn fixed(unit_hours: Vec<f64>) -> AccessUsage {
    AccessUsage {
        units: unit_hours.iter().map(|units| units * 3_600.0).collect(),
        fixed: Some(Provision { setting: "fixed".to_owned(), unit_hours, throttled: 0.0 }),
        ..AccessUsage::default()
    }
}

/// The same over all 730 hours of a month.
pub fn fixed_month(units: f64) -> AccessUsage {
    fixed(vec![units; 730])
}

/// Asserts an amount that was worked out by hand, exactly.
#[track_caller]
pub fn assert_dollars(found: impl ToString, expected: &str) {
    let found = found.to_string();
    let (found, expected): (f64, f64) = (found.parse().unwrap(), expected.parse().unwrap());
    assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
}
