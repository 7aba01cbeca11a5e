//! Parsed expressions, kept by their text.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use parking_lot::RwLock;

use crate::api::ApiError;

use super::{Condition, ExpressionKind, KeyCondition, ProjectionExpression, Update};

/// Threads share nothing as long as there are no more of them than this.
const STRIPES: usize = 8;
/// The most expressions of one kind in a stripe.
const ENTRIES_MAX: usize = 128;
/// The most text of one kind in a stripe; what is parsed from it is some ten times as large.
const TEXT_MAX_BYTES: usize = 64 * 1024;

/// A bounded cache of parsed expressions, shared by threads.
///
/// Each thread has a stripe with its own parses, so that neither a lock nor a reference count is written by two threads
/// at once; the price is one parse per stripe and text. A hit allocates nothing.
#[derive(Debug)]
pub struct ExpressionCache {
    stripes: [Stripe; STRIPES],
}

#[derive(Debug, Default)]
#[repr(align(128))] // Two cache lines, which some processors fetch together.
struct Stripe {
    conditions: Shelf<Condition>,
    filters: Shelf<Condition>,
    key_conditions: Shelf<KeyCondition>,
    projections: Shelf<ProjectionExpression>,
    updates: Shelf<Update>,
}

impl Default for ExpressionCache {
    fn default() -> Self {
        Self::new()
    }
}

impl ExpressionCache {
    /// An empty cache.
    pub fn new() -> Self {
        ExpressionCache { stripes: std::array::from_fn(|_| Stripe::default()) }
    }

    /// The condition or, by `kind`, filter with this text.
    pub fn condition(&self, kind: ExpressionKind, text: &str) -> Result<Arc<Condition>, ApiError> {
        let stripe = self.stripe();
        let shelf = match kind {
            ExpressionKind::Condition => &stripe.conditions,
            ExpressionKind::Filter => &stripe.filters,
            // No request has a condition there; a text would be found under the wrong kind.
            _ => return Condition::parse(kind, text).map(Arc::new),
        };
        shelf.get(text, |text| Condition::parse(kind, text))
    }

    /// The key condition with this text.
    pub fn key_condition(&self, text: &str) -> Result<Arc<KeyCondition>, ApiError> {
        self.stripe().key_conditions.get(text, KeyCondition::parse)
    }

    /// The projection with this text.
    pub fn projection(&self, text: &str) -> Result<Arc<ProjectionExpression>, ApiError> {
        self.stripe().projections.get(text, ProjectionExpression::parse)
    }

    /// The update with this text.
    pub fn update(&self, text: &str) -> Result<Arc<Update>, ApiError> {
        self.stripe().updates.get(text, Update::parse)
    }

    fn stripe(&self) -> &Stripe {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static THREAD: Cell<usize> = Cell::new(THREADS.fetch_add(1, Ordering::Relaxed));
        }
        &self.stripes[THREAD.with(Cell::get) % STRIPES]
    }
}

/// Parses of one kind.
#[derive(Debug)]
struct Shelf<T>(RwLock<Parses<T>>);

#[derive(Debug)]
struct Parses<T> {
    by_text: HashMap<Box<str>, Arc<T>, RandomState>,
    text_bytes: usize,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Shelf(RwLock::new(Parses { by_text: HashMap::with_hasher(RandomState::default()), text_bytes: 0 }))
    }
}

impl<T> Shelf<T> {
    fn get(&self, text: &str, parse: impl Fn(&str) -> Result<T, ApiError>) -> Result<Arc<T>, ApiError> {
        if let Some(parsed) = self.0.read().by_text.get(text) {
            return Ok(Arc::clone(parsed));
        }
        let parsed = Arc::new(parse(text)?);
        self.0.write().keep(text, &parsed);
        Ok(parsed)
    }
}

impl<T> Parses<T> {
    /// A full shelf starts over: a program has few texts, and whoever sends many gains nothing by an order of eviction.
    fn keep(&mut self, text: &str, parsed: &Arc<T>) {
        if self.by_text.len() >= ENTRIES_MAX || self.text_bytes + text.len() > TEXT_MAX_BYTES {
            self.by_text.clear();
            self.text_bytes = 0;
        }
        if self.by_text.insert(text.into(), Arc::clone(parsed)).is_none() {
            self.text_bytes += text.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_is_parsed_once_a_thread() {
        let cache = ExpressionCache::new();
        let first = cache.condition(ExpressionKind::Condition, "a = :b").unwrap();
        assert!(Arc::ptr_eq(&first, &cache.condition(ExpressionKind::Condition, "a = :b").unwrap()));
        assert!(!Arc::ptr_eq(&first, &cache.condition(ExpressionKind::Filter, "a = :b").unwrap()));
        assert!(Arc::ptr_eq(&cache.update("SET a = :b").unwrap(), &cache.update("SET a = :b").unwrap()));
        let elsewhere = || cache.condition(ExpressionKind::Condition, "a = :b").unwrap();
        let other = std::thread::scope(|scope| scope.spawn(elsewhere).join().unwrap());
        assert!(!Arc::ptr_eq(&first, &other));
    }

    #[test]
    fn faults_are_not_kept() {
        let cache = ExpressionCache::new();
        assert!(cache.projection("!!").is_err() && cache.key_condition("a OR b").is_err());
        assert_eq!(cache.stripe().projections.0.read().by_text.len(), 0);
    }

    #[test]
    fn hostile_texts_do_not_grow_it() {
        let cache = ExpressionCache::new();
        for text in 0..10_000 {
            cache.projection(&format!("a{text}")).unwrap();
            let long = format!("b{text:0>3000}");
            cache.update(&format!("REMOVE {long}")).unwrap();
        }
        let stripe = cache.stripe();
        assert!(stripe.projections.0.read().by_text.len() <= ENTRIES_MAX);
        let updates = stripe.updates.0.read();
        let text: usize = updates.by_text.keys().map(|text| text.len()).sum();
        assert!(text <= TEXT_MAX_BYTES && text == updates.text_bytes);
    }
}
