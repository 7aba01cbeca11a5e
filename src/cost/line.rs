//! The lines of a bill.

use rust_decimal::Decimal;
use serde::Serialize;

use crate::api::TableClass;
use crate::pricing::{Confidence, Item, Price};

/// What part of a bill a line belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    /// Writes of tables and indexes.
    Writes,
    /// Reads of tables and indexes.
    Reads,
    /// Reserved capacity and savings plans, used or not.
    Commitment,
    /// Data stored.
    Storage,
    /// Point-in-time recovery, backups and restores.
    Backups,
    /// Reads of streams.
    Streams,
    /// Everything in the regions of replicas.
    Replicas,
    /// The nodes of a cache.
    Cache,
}

impl Component {
    /// Every part, in the order in which they are shown.
    pub const ALL: [Component; 8] = [
        Component::Writes,
        Component::Reads,
        Component::Commitment,
        Component::Storage,
        Component::Backups,
        Component::Streams,
        Component::Replicas,
        Component::Cache,
    ];

    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Component::Writes => "writes",
            Component::Reads => "reads",
            Component::Commitment => "commitments",
            Component::Storage => "storage",
            Component::Backups => "backups",
            Component::Streams => "streams",
            Component::Replicas => "replicas",
            Component::Cache => "cache nodes",
        }
    }
}

/// A line of a monthly bill. `amount = quantity / price_per × price`, exactly.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// The part of the bill.
    pub component: Component,
    /// What it is for, such as `orders / by-customer: writes`.
    pub what: String,
    /// What the span itself used, before it was scaled to a month; `None` where it does not depend on the span.
    pub in_span: Option<Decimal>,
    /// How much in a month. Negative where a commitment covers something.
    pub quantity: Decimal,
    /// In which unit.
    pub unit: String,
    /// US dollars for `price_per` units.
    pub price: Decimal,
    /// How many units the price is for.
    pub price_per: u32,
    /// What the price is for, such as `per million WRU`.
    pub price_unit: String,
    /// How sure the price is.
    pub confidence: Confidence,
    /// Where the price is from.
    pub source: String,
    /// US dollars a month.
    pub amount: Decimal,
    /// What a reader must know, or nothing.
    pub note: String,
    /// What the free tier may cover: what has this price, in the region itself.
    #[serde(skip)]
    pub(super) item: Option<(Item, TableClass)>,
}

impl Line {
    /// A line for units that have a published price.
    pub(super) fn priced(
        component: Component,
        what: String,
        (item, class): (Item, TableClass),
        quantity: Decimal,
        price: &Price,
    ) -> Self {
        Line {
            component,
            what,
            in_span: None,
            quantity,
            unit: item.unit().to_owned(),
            price: price.dollars,
            price_per: item.per(),
            price_unit: item.price_unit().to_owned(),
            confidence: price.confidence,
            source: price.source.text.clone(),
            amount: amount(quantity, price.dollars, item.per()),
            note: String::new(),
            item: (component != Component::Replicas).then_some((item, class)),
        }
    }

    pub(super) fn noted(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

/// What a quantity costs.
pub(super) fn amount(quantity: Decimal, price: Decimal, per: u32) -> Decimal {
    (quantity * price / Decimal::from(per.max(1))).normalize()
}
