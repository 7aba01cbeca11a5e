//! A body as a tree of JSON that borrows its texts: what the shapes are checked against and values are read from.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A JSON value. The parser nests 128 levels at most, so recursion over a tree is bounded.
#[derive(Debug, Clone, PartialEq)]
pub enum Json<'b> {
    Null,
    Boolean(bool),
    /// A number written without a fraction or an exponent.
    Integer(i64),
    /// Any other number.
    Decimal(f64),
    Text(Cow<'b, str>),
    Array(Vec<Json<'b>>),
    /// Members in the order of the text.
    Object(Vec<(Cow<'b, str>, Json<'b>)>),
}

/// Why a body is not a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// It is not JSON.
    Syntax,
    /// It is nested deeper than any document may be.
    Nesting,
}

impl<'b> Json<'b> {
    /// Reads a body. Linear in its length.
    pub fn parse(body: &'b [u8]) -> Result<Self, Unreadable> {
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        let json = Json::deserialize(&mut deserializer).map_err(|error| {
            let too_deep = error.to_string().starts_with("recursion limit exceeded");
            if too_deep { Unreadable::Nesting } else { Unreadable::Syntax }
        })?;
        deserializer.end().map_err(|_| Unreadable::Syntax)?;
        Ok(json)
    }

    /// The member `name` of an object, the last one where it comes twice; `None` where it is `null` or there is none.
    pub fn member(&self, name: &str) -> Option<&Json<'b>> {
        let found = self.members().iter().rev().find(|(known, _)| known == name);
        found.map(|(_, value)| value).filter(|value| **value != Json::Null)
    }

    /// The members of an object; none of anything else.
    pub fn members(&self) -> &[(Cow<'b, str>, Json<'b>)] {
        match self {
            Json::Object(members) => members,
            _ => &[],
        }
    }

    /// The members of an object, each name once: the last of equal ones. Linear in their number.
    pub fn distinct_members(&self) -> Vec<(&str, &Json<'b>)> {
        let members = self.members();
        let mut known = HashSet::with_capacity(members.len());
        let mut kept: Vec<_> = members.iter().rev().filter(|(name, _)| known.insert(&**name)).collect();
        kept.reverse();
        kept.into_iter().map(|(name, value)| (&**name, value)).collect()
    }

    /// The elements of an array; none of anything else.
    pub fn elements(&self) -> &[Json<'b>] {
        match self {
            Json::Array(elements) => elements,
            _ => &[],
        }
    }

    /// The text of a string.
    pub fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The truth of a boolean.
    pub const fn boolean(&self) -> Option<bool> {
        match self {
            Json::Boolean(truth) => Some(*truth),
            _ => None,
        }
    }

    /// A number without its fraction; what does not fit is as large as can be.
    pub const fn integer(&self) -> Option<i64> {
        match self {
            Json::Integer(integer) => Some(*integer),
            Json::Decimal(decimal) => Some(*decimal as i64),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Tree)
    }
}

struct Tree;

impl<'de> Visitor<'de> for Tree {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Json<'de>, E> {
        Ok(Json::Boolean(truth))
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Json<'de>, E> {
        Ok(Json::Integer(integer))
    }

    fn visit_u64<E>(self, integer: u64) -> Result<Json<'de>, E> {
        Ok(Json::Integer(i64::try_from(integer).unwrap_or(i64::MAX)))
    }

    fn visit_f64<E>(self, decimal: f64) -> Result<Json<'de>, E> {
        Ok(Json::Decimal(decimal))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Json<'de>, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = sequence.next_element()? {
            elements.push(element);
        }
        Ok(Json::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key_seed(Name)? {
            members.push((name, map.next_value()?));
        }
        Ok(Json::Object(members))
    }
}

/// A member's name, borrowed where it has no escapes.
struct Name;

impl<'de> serde::de::DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_borrowed_unless_they_have_escapes() {
        let Json::Object(members) = Json::parse(br#"{"a":"b","c\n":"d\u00e9"}"#).unwrap() else { panic!("an object") };
        assert!(matches!(&members[0], (Cow::Borrowed("a"), Json::Text(Cow::Borrowed("b")))));
        assert_eq!(members[1], ("c\n".into(), Json::Text("dé".into())));
    }

    #[test]
    fn hostile_bodies_are_refused() {
        for body in ["", "{", "{} {}", "{\"a\":1", "\"\u{1}\"", "[1,]", "nul"] {
            assert_eq!(Json::parse(body.as_bytes()), Err(Unreadable::Syntax), "{body}");
        }
        assert_eq!(Json::parse(b"\xff"), Err(Unreadable::Syntax));
        assert_eq!(Json::parse(&b"[".repeat(1_000_000)), Err(Unreadable::Nesting));
        assert_eq!(Json::parse(&b"{\"a\":".repeat(1_000_000)), Err(Unreadable::Nesting));
    }

    #[test]
    fn the_last_of_equal_members_counts_and_null_is_absent() {
        let json = Json::parse(br#"{"a":1,"a":2.9,"b":null}"#).unwrap();
        assert_eq!(json.member("a").and_then(Json::integer), Some(2));
        assert_eq!((json.member("b"), json.member("c")), (None, None));
        assert_eq!(json.distinct_members(), [("a", &Json::Decimal(2.9)), ("b", &Json::Null)]);
    }
}
