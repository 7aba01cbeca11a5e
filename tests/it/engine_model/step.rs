//! The steps of a random sequence: how they are drawn, and what a write makes of an item.

use dynamometer::api::*;
use dynamometer::item::{AttributeValue, Item};
use proptest::prelude::*;

use super::source::{ItemKey, SOURCES, TABLE};
use crate::engine_requests::*;

#[derive(Debug, Clone, Copy)]
pub enum When {
    Always,
    Exists,
    Missing,
}

impl When {
    pub fn expression(self) -> Option<std::sync::Arc<str>> {
        match self {
            When::Always => None,
            When::Exists => Some("attribute_exists(p)".into()),
            When::Missing => Some("attribute_not_exists(p)".into()),
        }
    }

    pub fn holds(self, item: Option<&Item>) -> bool {
        match self {
            When::Always => true,
            When::Exists => item.is_some(),
            When::Missing => item.is_none(),
        }
    }
}

#[derive(Debug, Clone)]
pub enum Write {
    Put { key: ItemKey, g: Option<u8>, h: Option<i64>, e: Option<i64>, text: usize, counted: bool },
    Delete { key: ItemKey },
    Text { key: ItemKey, text: usize },
    Group { key: ItemKey, g: u8 },
    Ungroup { key: ItemKey },
    Height { key: ItemKey, h: i64 },
    Count { key: ItemKey },
    Check { key: ItemKey },
}

#[derive(Debug, Clone)]
pub enum Step {
    Write(Write, When, bool),
    Get(ItemKey, bool),
    Query {
        source: usize,
        value: u8,
        leading: Option<i64>,
        range: Range,
        ascending: bool,
        limit: Option<u32>,
        all: bool,
        filter: bool,
    },
    Scan {
        source: usize,
        limit: Option<u32>,
        total_segments: u32,
        all: bool,
    },
    BatchGet(Vec<ItemKey>, bool),
    BatchWrite(Vec<Write>),
    TransactGet(Vec<ItemKey>),
    TransactWrite(Vec<(Write, When)>, Option<u8>),
}

#[derive(Debug, Clone, Copy)]
pub enum Range {
    All,
    Equal(i64),
    Less(i64),
    AtLeast(i64),
    Between(i64, i64),
}

pub fn key_of(key: ItemKey) -> Item {
    item([("p", s(format!("p{}", key.0))), ("k", n(key.1))])
}

impl Write {
    pub fn key(&self) -> ItemKey {
        match *self {
            Write::Put { key, .. } | Write::Delete { key } | Write::Text { key, .. } | Write::Group { key, .. } => key,
            Write::Ungroup { key } | Write::Height { key, .. } | Write::Count { key } | Write::Check { key } => key,
        }
    }

    /// The item after the write.
    pub fn after(&self, old: Option<&Item>) -> Option<Item> {
        let mut item = old.cloned().unwrap_or_else(|| key_of(self.key()));
        match *self {
            Write::Check { .. } => return old.cloned(),
            Write::Delete { .. } => return None,
            Write::Put { key, g, h, e, text, counted } => {
                item = key_of(key);
                g.map(|g| item.insert("g".into(), s(format!("g{g}"))));
                h.map(|h| item.insert("h".into(), n(h)));
                e.map(|e| item.insert("e".into(), n(e)));
                item.insert("t".into(), s("t".repeat(text)));
                if counted {
                    item.insert("c".into(), n(0));
                }
            }
            Write::Text { text, .. } => drop(item.insert("t".into(), s("t".repeat(text)))),
            Write::Group { g, .. } => drop(item.insert("g".into(), s(format!("g{g}")))),
            Write::Ungroup { .. } => drop((item.remove("g"), item.remove("e"))),
            Write::Height { h, .. } => drop(item.insert("h".into(), n(h))),
            Write::Count { .. } => {
                let count = item.get("c").map_or(0, number);
                item.insert("c".into(), n(count + 1));
            }
        }
        Some(item)
    }

    pub fn update(&self) -> Option<UpdateItem> {
        let (expression, value) = match *self {
            Write::Text { text, .. } => ("SET t = :v", Some(s("t".repeat(text)))),
            Write::Group { g, .. } => ("SET g = :v", Some(s(format!("g{g}")))),
            Write::Ungroup { .. } => ("REMOVE g, e", None),
            Write::Height { h, .. } => ("SET h = :v", Some(n(h))),
            Write::Count { .. } => ("ADD c :v", Some(n(1))),
            _ => return None,
        };
        let placeholders = value.map_or_else(Placeholders::default, |value| values([(":v", value)]));
        Some(update(TABLE, key_of(self.key()), expression, placeholders))
    }

    pub fn action(&self, when: When) -> TransactWrite {
        let condition_expression = when.expression();
        match self {
            Write::Put { .. } => {
                TransactWrite::Put(PutItem { condition_expression, ..put(TABLE, self.after(None).unwrap()) })
            }
            Write::Delete { key } => {
                TransactWrite::Delete(DeleteItem { condition_expression, ..delete(TABLE, key_of(*key)) })
            }
            Write::Check { key } => TransactWrite::ConditionCheck(ConditionCheck {
                table_name: TABLE.into(),
                key: key_of(*key),
                condition_expression: condition_expression
                    .unwrap_or_else(|| "attribute_type(p, :s) OR k > :z OR k <= :z".into()),
                placeholders: match when {
                    When::Always => values([(":s", s("S")), (":z", n(0))]),
                    _ => Placeholders::default(),
                },
                return_item_on_condition_failure: false,
            }),
            _ => TransactWrite::Update(UpdateItem { condition_expression, ..self.update().unwrap() }),
        }
    }
}

pub fn has_duplicates(keys: &[ItemKey]) -> bool {
    let mut sorted = keys.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| pair[0] == pair[1])
}

pub fn number(value: &AttributeValue) -> i64 {
    match value {
        AttributeValue::N(number) => number.to_f64() as i64,
        other => panic!("{other:?}"),
    }
}

pub fn keys() -> impl Strategy<Value = ItemKey> {
    (0u8..4, 0i64..4)
}

pub fn writes() -> impl Strategy<Value = Write> {
    let text = || prop::sample::select(vec![1usize, 10, 900, 1_010, 3_000, 9_000]);
    let h = || -2i64..3;
    prop_oneof![
        4 => (keys(), prop::option::of(0u8..3), prop::option::of(h()), prop::option::weighted(0.8, 0i64..2), text(), any::<bool>())
            .prop_map(|(key, g, h, e, text, counted)| Write::Put { key, g, h, e, text, counted }),
        1 => keys().prop_map(|key| Write::Delete { key }),
        1 => (keys(), text()).prop_map(|(key, text)| Write::Text { key, text }),
        1 => (keys(), 0u8..3).prop_map(|(key, g)| Write::Group { key, g }),
        1 => keys().prop_map(|key| Write::Ungroup { key }),
        1 => (keys(), h()).prop_map(|(key, h)| Write::Height { key, h }),
        1 => keys().prop_map(|key| Write::Count { key }),
        1 => keys().prop_map(|key| Write::Check { key }),
    ]
}

pub fn whens() -> impl Strategy<Value = When> {
    prop_oneof![3 => Just(When::Always), 1 => Just(When::Exists), 1 => Just(When::Missing)]
}

pub fn steps() -> impl Strategy<Value = Vec<(u64, Step)>> {
    let limit = || prop::option::of(1u32..5);
    let range = prop_oneof![
        Just(Range::All),
        (-2i64..4).prop_map(Range::Equal),
        (-2i64..4).prop_map(Range::Less),
        (-2i64..4).prop_map(Range::AtLeast),
        (-2i64..4, 0i64..3).prop_map(|(low, width)| Range::Between(low, low + width)),
    ];
    let leading = prop::option::of(-2i64..3);
    let query = (0..SOURCES.len(), 0u8..4, leading, range, any::<bool>(), limit(), any::<bool>(), any::<bool>())
        .prop_map(|(source, value, leading, range, ascending, limit, all, filter)| Step::Query {
            source,
            value,
            leading,
            range,
            ascending,
            limit,
            all,
            filter,
        });
    let scan = (0..SOURCES.len(), limit(), 1u32..4, any::<bool>())
        .prop_map(|(source, limit, total_segments, all)| Step::Scan { source, limit, total_segments, all });
    let some_keys = || prop::collection::vec(keys(), 1..5);
    let transaction = (prop::collection::vec((writes(), whens()), 1..4), prop::option::of(0u8..3));
    let step = prop_oneof![
        6 => (writes(), whens(), any::<bool>()).prop_map(|(write, when, old_image)| Step::Write(write, when, old_image)),
        2 => (keys(), any::<bool>()).prop_map(|(key, consistent_read)| Step::Get(key, consistent_read)),
        4 => query,
        2 => scan,
        1 => (some_keys(), any::<bool>()).prop_map(|(keys, consistent_read)| Step::BatchGet(keys, consistent_read)),
        2 => prop::collection::vec(writes(), 1..5).prop_map(Step::BatchWrite),
        1 => some_keys().prop_map(Step::TransactGet),
        2 => transaction.prop_map(|(writes, token)| Step::TransactWrite(writes, token)),
    ];
    prop::collection::vec((0u64..400_000_000, step), 1..80)
}
