//! Shapes of the service model, and a body checked against them: first the JSON types of everything in it, then the model's
//! constraints, collected in one message.

use std::fmt::Write as _;

use crate::api::table_of_arn;

use super::fault::{Decoded, Fault};
use super::json::Json;
use super::value;

/// The most constraints one message lists.
const REPORTED_MAX: usize = 10;
/// The longest name of a table or an index (facts §8).
const NAME_MAX_CHARS: usize = 255;
/// The most bytes of a value that a message repeats.
const SHOWN_MAX_BYTES: usize = 1024;

/// What a member may hold.
#[derive(Debug)]
pub enum Shape {
    /// Any string.
    Text,
    /// A string of so many characters.
    Sized {
        min: usize,
        max: usize,
    },
    /// The name of an index.
    IndexName,
    /// A table's name or ARN. One that is wrong is reported alone (facts, appendix A).
    Table {
        min: usize,
    },
    /// One of these strings, in the order the service lists them.
    Enum(&'static [&'static str]),
    /// A 32-bit integer within these limits.
    Integer {
        min: i64,
        max: i64,
    },
    /// A 64-bit integer of at least this.
    Long {
        min: i64,
    },
    Boolean,
    /// A list with at least this many elements.
    List {
        element: &'static Shape,
        min: usize,
        max: usize,
    },
    Map(&'static Shape),
    Structure {
        /// The name of the service's class, for messages.
        name: &'static str,
        members: &'static [Member],
    },
    AttributeValue,
}

/// A member of a structure.
#[derive(Debug)]
pub struct Member {
    pub name: &'static str,
    pub shape: &'static Shape,
    pub is_required: bool,
}

impl Member {
    /// A member that must be there.
    pub const fn required(name: &'static str, shape: &'static Shape) -> Self {
        Member { name, shape, is_required: true }
    }

    /// A member that may be left out.
    pub const fn optional(name: &'static str, shape: &'static Shape) -> Self {
        Member { name, shape, is_required: false }
    }
}

impl Shape {
    /// Checks a whole body.
    pub fn check(&self, body: &Json<'_>) -> Decoded<()> {
        if *body == Json::Null {
            return Err(Fault::Malformed);
        }
        self.check_types(body)?;
        let mut found = Violations::default();
        self.collect(body, &mut String::new(), &mut found);
        found.into_result()
    }

    /// Whether everything is of the JSON type the model says. `null` stands for an absent member.
    fn check_types(&self, json: &Json<'_>) -> Decoded<()> {
        match (self, json) {
            (_, Json::Null) => Ok(()),
            (Shape::AttributeValue, _) => value::check_types(json),
            (Shape::Structure { members, .. }, Json::Object(given)) => given.iter().try_for_each(|(name, value)| {
                let member = members.iter().find(|member| member.name == name);
                member.map_or(Ok(()), |member| member.shape.check_types(value))
            }),
            (Shape::Structure { name, .. }, Json::Array(_)) => Err(unrecognized(&java_class(name))),
            (Shape::Map(element), Json::Object(given)) => {
                given.iter().try_for_each(|(_, value)| element.check_types(value))
            }
            (Shape::Map(element), Json::Array(_)) => {
                Err(unrecognized(&format!("java.util.Map<java.lang.String, {}>", element.java_type())))
            }
            (Shape::List { element, .. }, Json::Array(given)) => {
                given.iter().try_for_each(|value| element.check_types(value))
            }
            (Shape::List { .. }, Json::Object(_)) => Err(unexpected_start()),
            (Shape::Structure { .. } | Shape::Map(_) | Shape::List { .. }, _) => {
                Err(Fault::serialization("Unexpected field type"))
            }
            (Shape::Boolean, _) => check_scalar(json, "Boolean"),
            (Shape::Integer { .. }, _) => check_scalar(json, "Integer"),
            (Shape::Long { .. }, _) => check_scalar(json, "Long"),
            (Shape::Text | Shape::Sized { .. } | Shape::IndexName | Shape::Table { .. } | Shape::Enum(_), _) => {
                check_scalar(json, "String")
            }
        }
    }

    fn java_type(&self) -> String {
        match self {
            Shape::Text | Shape::Sized { .. } | Shape::IndexName | Shape::Table { .. } | Shape::Enum(_) => {
                "java.lang.String".to_owned()
            }
            Shape::Integer { .. } => "java.lang.Integer".to_owned(),
            Shape::Long { .. } => "java.lang.Long".to_owned(),
            Shape::Boolean => "java.lang.Boolean".to_owned(),
            Shape::AttributeValue => "com.amazonaws.dynamodb.v20120810.AttributeValue".to_owned(),
            Shape::Structure { name, .. } => format!("com.amazonaws.dynamodb.v20120810.{name}"),
            Shape::List { element, .. } => format!("java.util.List<{}>", element.java_type()),
            Shape::Map(element) => format!("java.util.Map<java.lang.String, {}>", element.java_type()),
        }
    }

    /// Collects what breaks the model's constraints. Types have been checked.
    fn collect(&self, json: &Json<'_>, path: &mut String, found: &mut Violations) {
        match (self, json) {
            (Shape::Structure { members, .. }, _) => {
                for member in *members {
                    let length = push_member(path, member.name);
                    match json.member(member.name) {
                        Some(value) => member.shape.collect(value, path, found),
                        None if member.is_required => found.add("null", path, "Member must not be null"),
                        None => {}
                    }
                    path.truncate(length);
                }
            }
            (Shape::Map(element), _) if element.has_constraints() => {
                for (name, value) in json.members() {
                    let length = path.len();
                    let _ = write!(path, ".{name}.member");
                    element.collect_element(value, path, found);
                    path.truncate(length);
                }
            }
            (Shape::List { element, min, max }, Json::Array(elements)) => {
                found.check_length(elements.len(), *min, *max, "[...]", path);
                if !element.has_constraints() {
                    return;
                }
                for (at, value) in elements.iter().enumerate() {
                    let length = path.len();
                    let _ = write!(path, ".{}.member", at + 1);
                    element.collect_element(value, path, found);
                    path.truncate(length);
                }
            }
            (Shape::Sized { min, max }, Json::Text(text)) => found.check_characters(text, *min, *max, path),
            (Shape::IndexName, Json::Text(text)) => found.check_name(text, 3, path),
            (Shape::Table { min }, Json::Text(text)) if table_of_arn(text).is_none() => {
                let mut own = Violations::default();
                own.check_name(text, *min, path);
                if found.alone.is_none() {
                    found.alone = own.texts.into_iter().next();
                }
            }
            (Shape::Enum(known), Json::Text(text)) if !known.contains(&&**text) => {
                let rule = format!("Member must satisfy enum value set: [{}]", known.join(", "));
                found.add(&quoted(text), path, &rule);
            }
            (Shape::Integer { min, max }, _) => found.check_number(json.integer(), *min, *max, path),
            (Shape::Long { min }, _) => found.check_number(json.integer(), *min, i64::MAX, path),
            _ => {}
        }
    }

    fn collect_element(&self, json: &Json<'_>, path: &mut String, found: &mut Violations) {
        if *json == Json::Null {
            found.add("null", path, "Member must not be null");
        } else {
            self.collect(json, path, found);
        }
    }

    /// Whether there is anything to collect: attribute values, of which there are most, have rules of their own.
    const fn has_constraints(&self) -> bool {
        !matches!(self, Shape::AttributeValue)
    }
}

/// The class a structure is in the service.
fn java_class(name: &str) -> String {
    format!("class com.amazonaws.dynamodb.v20120810.{name}")
}

/// Adds a member to a path, its first letter in lower case; returns the length before.
fn push_member(path: &mut String, name: &str) -> usize {
    let length = path.len();
    if length > 0 {
        path.push('.');
    }
    let start = path.len();
    path.push_str(name);
    if let Some(first) = path.get_mut(start..start + 1) {
        first.make_ascii_lowercase();
    }
    length
}

/// A text as a message repeats it.
fn quoted(text: &str) -> String {
    if text.len() <= SHOWN_MAX_BYTES {
        return format!("'{text}'");
    }
    let end = (0..=SHOWN_MAX_BYTES).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("'{}...'", &text[..end])
}

/// Checks a JSON value that should be a string, a number or a boolean of this Java class.
pub fn check_scalar(json: &Json<'_>, class: &str) -> Decoded<()> {
    let token = match (json, class) {
        (Json::Text(_), "String")
        | (Json::Boolean(_), "Boolean")
        | (Json::Integer(_) | Json::Decimal(_), "Integer" | "Long")
        | (Json::Null, _) => {
            return Ok(());
        }
        (Json::Array(_), _) => return Err(unrecognized(&format!("class java.lang.{class}"))),
        (Json::Object(_), _) => return Err(unexpected_start()),
        (Json::Text(_), _) => "STRING_VALUE",
        (Json::Boolean(true), _) => "TRUE_VALUE",
        (Json::Boolean(false), _) => "FALSE_VALUE",
        (Json::Integer(_), _) => "NUMBER_VALUE",
        (Json::Decimal(_), _) => "DECIMAL_VALUE",
    };
    Err(Fault::serialization(format!("{token} cannot be converted to {class}")))
}

/// An object where a list or a scalar should be.
pub fn unexpected_start() -> Fault {
    Fault::serialization("Start of structure or map found where not expected")
}

/// An array where something else should be.
pub fn unrecognized(class: &str) -> Fault {
    Fault::serialization(format!("Unrecognized collection type {class}"))
}

/// The constraints a request breaks.
#[derive(Debug, Default)]
struct Violations {
    texts: Vec<String>,
    /// The one that is reported alone.
    alone: Option<String>,
}

impl Violations {
    fn add(&mut self, value: &str, path: &str, rule: &str) {
        if self.texts.len() < REPORTED_MAX {
            self.texts.push(format!("Value {value} at '{path}' failed to satisfy constraint: {rule}"));
        }
    }

    fn check_length(&mut self, length: usize, min: usize, max: usize, shown: &str, path: &str) {
        let rule = if length < min {
            format!("Member must have length greater than or equal to {min}")
        } else if length > max {
            format!("Member must have length less than or equal to {max}")
        } else {
            return;
        };
        let value = if length == 0 { "'[]'".to_owned() } else { format!("'{shown}'") };
        self.add(&value, path, &rule);
    }

    fn check_characters(&mut self, text: &str, min: usize, max: usize, path: &str) {
        let length = text.chars().count();
        if length < min {
            self.add(&quoted(text), path, &format!("Member must have length greater than or equal to {min}"));
        } else if length > max {
            self.add(&quoted(text), path, &format!("Member must have length less than or equal to {max}"));
        }
    }

    /// The name of a table or an index: its length, then its characters.
    fn check_name(&mut self, text: &str, min: usize, path: &str) {
        self.check_characters(text, min, NAME_MAX_CHARS, path);
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        if !text.is_empty() && !text.bytes().all(fits) {
            self.add(&quoted(text), path, "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+");
        }
    }

    fn check_number(&mut self, number: Option<i64>, min: i64, max: i64, path: &str) {
        let Some(number) = number else { return };
        let rule = if number < min {
            format!("Member must have value greater than or equal to {min}")
        } else if number > max {
            format!("Member must have value less than or equal to {max}")
        } else {
            return;
        };
        self.add(&format!("'{number}'"), path, &rule);
    }

    fn into_result(self) -> Decoded<()> {
        let texts = self.alone.map_or(self.texts, |alone| vec![alone]);
        let (count, ending) = (texts.len(), if texts.len() == 1 { "" } else { "s" });
        if count == 0 {
            return Ok(());
        }
        Err(Fault::validation(format!("{count} validation error{ending} detected: {}", texts.join("; "))))
    }
}
