//! YAML as a tree of JSON, with CloudFormation's short tags spelled out: `!Ref x` is `{"Ref": "x"}`.
//!
//! Made from the events of `saphyr-parser`, the parser that is kept up (serde_yaml is archived): events come one after the other,
//! so that depth is limited here, and tags come with them.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value};

/// Deeper than any template.
const DEPTH_MAX: usize = 100;
/// Nodes that aliases may repeat: templates have none, and a few lines could ask for billions.
const ALIAS_NODES_MAX: usize = 100_000;

/// What is wrong with a text, and where, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct YamlError {
    pub line: usize,
    pub column: usize,
    pub message: String,
}

/// A list or mapping that is being read.
struct Open {
    anchor: usize,
    tag: Option<String>,
    items: Items,
}

enum Items {
    List(Vec<Value>),
    /// The members, and the name of the one whose value comes next.
    Mapping(Map<String, Value>, Option<String>),
}

/// Reads the first document of a text.
pub(super) fn read(text: &str) -> Result<Value, YamlError> {
    let mut open: Vec<Open> = Vec::new();
    let mut anchors: HashMap<usize, Value> = HashMap::new();
    let mut repeated = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| YamlError {
            line: error.marker().line(),
            column: error.marker().col() + 1,
            message: error.info().to_owned(),
        })?;
        let wrong = |message: &str| YamlError {
            line: span.start.line(),
            column: span.start.col() + 1,
            message: message.to_owned(),
        };
        let done = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = match style {
                    ScalarStyle::Plain => plain(&text),
                    _ => Value::String(text.into_owned()),
                };
                Some((anchor, tagged(tag.as_deref().and_then(own_tag), value)))
            }
            Event::SequenceStart(anchor, tag) => {
                open.push(Open { anchor, tag: tag.as_deref().and_then(own_tag), items: Items::List(Vec::new()) });
                None
            }
            Event::MappingStart(anchor, tag) => {
                let items = Items::Mapping(Map::new(), None);
                open.push(Open { anchor, tag: tag.as_deref().and_then(own_tag), items });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(|closed| {
                let value = match closed.items {
                    Items::List(values) => Value::Array(values),
                    Items::Mapping(members, _) => Value::Object(members),
                };
                (closed.anchor, tagged(closed.tag, value))
            }),
            Event::Alias(anchor) => {
                let value = anchors.get(&anchor).cloned().ok_or_else(|| wrong("an alias of nothing"))?;
                repeated += count(&value);
                if repeated > ALIAS_NODES_MAX {
                    return Err(wrong("its aliases repeat too much"));
                }
                Some((0, value))
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                None
            }
        };
        if open.len() > DEPTH_MAX {
            return Err(wrong("it is nested too deeply"));
        }
        let Some((anchor, value)) = done else { continue };
        if anchor > 0 {
            anchors.insert(anchor, value.clone());
        }
        match open.last_mut().map(|open| &mut open.items) {
            None => return Ok(value),
            Some(Items::List(values)) => values.push(value),
            Some(Items::Mapping(members, next @ None)) => {
                let name = match value {
                    Value::String(name) => name,
                    other => other.to_string(),
                };
                if members.contains_key(&name) {
                    return Err(wrong(&format!("`{name}` is there twice")));
                }
                *next = Some(name);
            }
            Some(Items::Mapping(members, next @ Some(_))) => {
                members.insert(next.take().unwrap_or_default(), value);
            }
        }
    }
    Ok(Value::Null)
}

/// A tag that is not one of YAML's own, without its `!`.
fn own_tag(tag: &Tag) -> Option<String> {
    (tag.handle == "!" && !tag.suffix.is_empty()).then(|| tag.suffix.clone())
}

/// CloudFormation's long form of a tag.
fn tagged(tag: Option<String>, value: Value) -> Value {
    let Some(tag) = tag else { return value };
    let (name, value) = match (tag.as_str(), value) {
        ("Ref" | "Condition", value) => (tag, value),
        // `!GetAtt Table.Arn` is a list in the long form.
        ("GetAtt", Value::String(path)) => {
            let parts = path.splitn(2, '.').map(|part| Value::String(part.to_owned())).collect();
            ("Fn::GetAtt".to_owned(), Value::Array(parts))
        }
        (_, value) => (format!("Fn::{tag}"), value),
    };
    Value::Object(Map::from_iter([(name, value)]))
}

/// A scalar without quotes: null, a truth value, a number, or a text.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    // JSON's numbers alone: `0123456789` is an account and `2012-10-17` a date.
    match serde_json::from_str::<Value>(text) {
        Ok(number @ Value::Number(_)) => number,
        _ => Value::String(text.to_owned()),
    }
}

fn count(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(count).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn short_tags_are_spelled_out() {
        let text = "\
A: !Ref Orders
B: !Sub 'table/${Orders}'
C: !GetAtt Orders.StreamArn
D: !Join ['', [a, !Ref B]]
E: !If
  - IsProd
  - {x: 1}
  - !Ref AWS::NoValue
F: plain # comment
G: '0123'
H: 0123
I: 2012-10-17
";
        let expected = json!({
            "A": { "Ref": "Orders" },
            "B": { "Fn::Sub": "table/${Orders}" },
            "C": { "Fn::GetAtt": ["Orders", "StreamArn"] },
            "D": { "Fn::Join": ["", ["a", { "Ref": "B" }]] },
            "E": { "Fn::If": ["IsProd", { "x": 1 }, { "Ref": "AWS::NoValue" }] },
            "F": "plain", "G": "0123", "H": "0123", "I": "2012-10-17",
        });
        assert_eq!(read(text), Ok(expected));
    }

    #[test]
    fn mistakes_have_their_place_and_depth_has_an_end() {
        let error = read("a: 1\nb: [1, 2\nc: 3\n").unwrap_err();
        assert!((2..=4).contains(&error.line), "{error:?}");
        assert_eq!(read("a: 1\na: 2\n").unwrap_err().message, "`a` is there twice");
        for text in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000)] {
            assert!(read(&text).is_err());
        }
        let bomb = (1..30)
            .fold("a0: &a0 [x]\n".to_owned(), |text, n| text + &format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}]\n", n - 1));
        assert!(read(&bomb).is_err());
    }
}
