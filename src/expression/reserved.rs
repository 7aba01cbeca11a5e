//! The words an expression may not use as attribute names (DG: ReservedWords).

use std::sync::LazyLock;

/// One upper-case word a line, in byte order.
static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("reserved_words.txt").lines().collect());

/// Whether `word` is reserved, in any case.
pub(super) fn is_reserved(word: &str) -> bool {
    let upper = |byte: u8| byte.to_ascii_uppercase();
    WORDS.binary_search_by(|known| known.bytes().cmp(word.bytes().map(upper))).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_holds_573_words_in_order() {
        assert_eq!(WORDS.len(), 573);
        assert!(WORDS.is_sorted_by(|left, right| left < right));
        assert!(WORDS.iter().all(|word| is_reserved(word) && is_reserved(&word.to_lowercase())));
    }

    #[test]
    fn ordinary_names_are_free() {
        assert!(["pk", "sk", "price", "a", "", "zones", "é"].iter().all(|word| !is_reserved(word)));
        assert!(["name", "Status", "SIZE", "zone", "abort"].iter().all(|word| is_reserved(word)));
    }
}
