//! ExpressionAttributeNames.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use compact_str::CompactString;

/// `#name` and the attribute it stands for: sorted by name, each name once, so that expressions with many of them find each in
/// logarithmic time and equal requests are equal.
///
/// ```
/// use dynamometer::api::AttributeNames;
///
/// let names = AttributeNames::from([("#s".into(), "status".into()), ("#n".into(), "name".into())]);
/// assert_eq!(names.get("#n").map(|name| name.as_str()), Some("name"));
/// assert_eq!(names[0].0, "#n");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct AttributeNames(Arc<[(CompactString, CompactString)]>);

impl AttributeNames {
    /// The attribute `#name` stands for.
    pub fn get(&self, placeholder: &str) -> Option<&CompactString> {
        let at = self.0.binary_search_by(|(known, _)| known.as_str().cmp(placeholder)).ok()?;
        Some(&self.0[at].1)
    }
}

impl fmt::Debug for AttributeNames {
    /// As the list it is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Deref for AttributeNames {
    type Target = [(CompactString, CompactString)];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl From<Vec<(CompactString, CompactString)>> for AttributeNames {
    /// Of equal names the last one stays.
    fn from(mut names: Vec<(CompactString, CompactString)>) -> Self {
        if names.is_empty() {
            // The one empty list there is: no allocation.
            return AttributeNames::default();
        }
        if !names.is_sorted_by(|left, right| left.0 < right.0) {
            names.reverse();
            names.sort_by(|left, right| left.0.cmp(&right.0));
            names.dedup_by(|later, earlier| later.0 == earlier.0);
        }
        AttributeNames(names.into())
    }
}

impl<const N: usize> From<[(CompactString, CompactString); N]> for AttributeNames {
    fn from(names: [(CompactString, CompactString); N]) -> Self {
        Vec::from(names).into()
    }
}

impl FromIterator<(CompactString, CompactString)> for AttributeNames {
    fn from_iter<I: IntoIterator<Item = (CompactString, CompactString)>>(names: I) -> Self {
        names.into_iter().collect::<Vec<_>>().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_the_last_of_equal_ones_stays() {
        let of = |names: &[(&str, &str)]| -> AttributeNames {
            names.iter().map(|(name, attribute)| ((*name).into(), (*attribute).into())).collect()
        };
        let names = of(&[("#b", "1"), ("#a", "2"), ("#c", "3"), ("#b", "4")]);
        assert_eq!(names, of(&[("#a", "2"), ("#b", "4"), ("#c", "3")]));
        assert_eq!(names.get("#b").map(CompactString::as_str), Some("4"));
        assert_eq!((names.get("#d"), names.get("")), (None, None));
        assert!(of(&[]).is_empty());
    }
}
