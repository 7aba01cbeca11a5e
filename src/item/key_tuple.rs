//! What belongs to the attributes of a key, in their order.

/// One thing for each attribute of a partition key or a sort key, such as its value or its name: most often one, which is kept
/// in place. Global secondary indexes have up to four (facts §8). Made by [`KeyTuple::of`], so that one is always `One`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyTuple<T> {
    /// Of a single attribute.
    One(T),
    /// Of two attributes or more.
    Several(Box<[T]>),
}

impl<T> KeyTuple<T> {
    /// These in their order; `None` where there are none. One takes no allocation.
    pub fn of(all: impl IntoIterator<Item = T>) -> Option<Self> {
        let mut rest = all.into_iter();
        let first = rest.next()?;
        Some(match rest.next() {
            None => KeyTuple::One(first),
            Some(second) => KeyTuple::Several([first, second].into_iter().chain(rest).collect()),
        })
    }

    /// These in their order, up to the first error; `None` where there are none.
    ///
    /// # Errors
    /// Those of the items.
    pub fn try_of<E>(all: impl IntoIterator<Item = Result<T, E>>) -> Result<Option<Self>, E> {
        let mut error = None;
        let tuple = Self::of(all.into_iter().map_while(|one| one.map_err(|fault| error = Some(fault)).ok()));
        error.map_or(Ok(tuple), Err)
    }

    /// All of them.
    #[inline]
    pub const fn as_slice(&self) -> &[T] {
        match self {
            KeyTuple::One(one) => std::slice::from_ref(one),
            KeyTuple::Several(all) => all,
        }
    }

    /// What `make` makes of each.
    #[inline]
    pub fn map<'a, U>(&'a self, mut make: impl FnMut(&'a T) -> U) -> KeyTuple<U> {
        match self {
            KeyTuple::One(one) => KeyTuple::One(make(one)),
            KeyTuple::Several(all) => KeyTuple::Several(all.iter().map(make).collect()),
        }
    }

    /// What `make` makes of each; `None` where it makes nothing of one.
    #[inline]
    pub fn try_map<'a, U>(&'a self, mut make: impl FnMut(&'a T) -> Option<U>) -> Option<KeyTuple<U>> {
        Some(match self {
            KeyTuple::One(one) => KeyTuple::One(make(one)?),
            KeyTuple::Several(all) => KeyTuple::Several(all.iter().map(make).collect::<Option<_>>()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::KeyValue;

    #[test]
    fn one_is_kept_in_place() {
        assert_eq!(KeyTuple::of([7]), Some(KeyTuple::One(7)));
        assert_eq!(KeyTuple::of([7, 8, 9]).as_ref().map(KeyTuple::as_slice), Some(&[7, 8, 9][..]));
        assert_eq!(KeyTuple::<u8>::of([]), None);
        assert_eq!(size_of::<Option<KeyTuple<KeyValue>>>(), size_of::<Option<KeyValue>>());
    }

    #[test]
    fn nothing_for_one_is_nothing_for_all() {
        let half = |n: &u8| n.is_multiple_of(2).then_some(n / 2);
        assert_eq!(KeyTuple::of([2, 4]).and_then(|all| all.try_map(half)), KeyTuple::of([1, 2]));
        assert_eq!(KeyTuple::of([2, 3]).and_then(|all| all.try_map(half)), None);
        assert_eq!(KeyTuple::of([3]).and_then(|all| all.try_map(half)), None);
        assert_eq!(KeyTuple::One(3).map(|n| n + 1), KeyTuple::One(4));
    }
}
