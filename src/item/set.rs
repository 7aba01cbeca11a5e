//! Sets in place: what ADD and DELETE of an update do to them.

use super::AttributeValue;

impl AttributeValue {
    /// Whether it is a string, number or binary set.
    pub const fn is_set(&self) -> bool {
        matches!(self, AttributeValue::Ss(_) | AttributeValue::Ns(_) | AttributeValue::Bs(_))
    }

    /// Whether it is a set without elements, which no item may hold.
    pub fn is_empty_set(&self) -> bool {
        match self {
            AttributeValue::Ss(elements) => elements.is_empty(),
            AttributeValue::Ns(elements) => elements.is_empty(),
            AttributeValue::Bs(elements) => elements.is_empty(),
            _ => false,
        }
    }

    /// Adds the elements of another set; `false` where the two are not sets of one type. Linear in both.
    pub fn add_elements(&mut self, added: &AttributeValue) -> bool {
        match (self, added) {
            (AttributeValue::Ss(elements), AttributeValue::Ss(added)) => unite(elements, added),
            (AttributeValue::Ns(elements), AttributeValue::Ns(added)) => unite(elements, added),
            (AttributeValue::Bs(elements), AttributeValue::Bs(added)) => unite(elements, added),
            _ => return false,
        }
        true
    }

    /// Removes the elements of another set; `false` where the two are not sets of one type. Linear in this one, times
    /// the logarithm of the other.
    pub fn remove_elements(&mut self, removed: &AttributeValue) -> bool {
        match (self, removed) {
            (AttributeValue::Ss(elements), AttributeValue::Ss(removed)) => subtract(elements, removed),
            (AttributeValue::Ns(elements), AttributeValue::Ns(removed)) => subtract(elements, removed),
            (AttributeValue::Bs(elements), AttributeValue::Bs(removed)) => subtract(elements, removed),
            _ => return false,
        }
        true
    }
}

fn unite<T: Ord + Clone>(elements: &mut Vec<T>, added: &[T]) {
    elements.extend_from_slice(added);
    // Two sorted runs: the stable sort merges them.
    elements.sort();
    elements.dedup();
}

fn subtract<T: Ord>(elements: &mut Vec<T>, removed: &[T]) {
    elements.retain(|element| removed.binary_search(element).is_err());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Number;

    fn numbers(numbers: &[i32]) -> AttributeValue {
        AttributeValue::number_set(numbers.iter().map(|number| Number::from(*number)).collect())
    }

    #[test]
    fn sets_unite_and_subtract() {
        let mut set = numbers(&[3, 1]);
        assert!(set.add_elements(&numbers(&[2, 3, 9])));
        assert_eq!(set, numbers(&[1, 2, 3, 9]));
        assert!(set.remove_elements(&numbers(&[1, 4, 9])));
        assert_eq!(set, numbers(&[2, 3]));
        assert!(!set.is_empty_set());
        assert!(set.remove_elements(&numbers(&[2, 3])) && set.is_empty_set());
    }

    #[test]
    fn other_types_are_refused_and_left_alone() {
        let mut set = numbers(&[1]);
        assert!(!set.add_elements(&AttributeValue::string_set(vec!["a".into()])));
        assert!(!set.remove_elements(&AttributeValue::from(Number::from(1))));
        assert_eq!(set, numbers(&[1]));
        assert!(!AttributeValue::Null.is_set() && !AttributeValue::L(Vec::new()).is_empty_set());
    }
}
