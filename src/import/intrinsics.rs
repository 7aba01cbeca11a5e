//! CloudFormation's functions, as far as a template alone says what they give: parameters by their defaults.

use std::cell::RefCell;
use std::collections::HashMap;

use serde_json::{Map, Value, json};

/// What stands for a value that only a deployment knows; the member says why.
const UNRESOLVED: &str = "Dyno::Unresolved";
/// Deeper than any template.
const DEPTH_MAX: usize = 100;
/// Longer than any name or number of a template; texts put into texts grow exponentially with their depth.
const TEXT_MAX: usize = 64 * 1024;

/// Why a value is not known, where it is not.
pub(super) fn unresolved(value: &Value) -> Option<&str> {
    value.get(UNRESOLVED).and_then(Value::as_str)
}

fn unknown(why: impl Into<String>) -> Value {
    json!({ UNRESOLVED: why.into() })
}

/// A template, whose functions are worked out.
pub(super) struct Template<'a> {
    root: &'a Value,
    /// What `Ref` of a resource gives: the names of tables by their logical ids.
    names: Map<String, Value>,
    /// Conditions that were evaluated: what others refer to, several times each, is evaluated once.
    conditions: RefCell<HashMap<String, Option<bool>>>,
}

impl<'a> Template<'a> {
    /// A template in which no resource has a name yet.
    pub fn new(root: &'a Value) -> Self {
        Template { root, names: Map::new(), conditions: RefCell::default() }
    }

    /// Says what `Ref` of a resource gives.
    pub fn name(&mut self, logical_id: &str, name: &str) {
        self.names.insert(logical_id.to_owned(), Value::String(name.to_owned()));
    }

    /// A value without functions. `None` for `AWS::NoValue`.
    pub fn resolve(&self, value: &Value) -> Value {
        self.value(value, 0).unwrap_or(Value::Null)
    }

    /// Whether a condition of the template holds; unknown ones do.
    pub fn holds(&self, condition: &str) -> bool {
        self.condition(condition, 0).unwrap_or(true)
    }

    fn value(&self, value: &Value, depth: usize) -> Option<Value> {
        if depth > DEPTH_MAX {
            return Some(unknown("functions are nested too deeply"));
        }
        match value {
            Value::Array(values) => Some(values.iter().filter_map(|value| self.value(value, depth + 1)).collect()),
            Value::Object(members) => {
                if let (Some((name, argument)), 1) = (members.iter().next(), members.len())
                    && (name == "Ref" || name.starts_with("Fn::"))
                {
                    return self.function(name, argument, depth + 1);
                }
                let resolved =
                    members.iter().filter_map(|(name, value)| Some((name.clone(), self.value(value, depth + 1)?)));
                Some(Value::Object(resolved.collect()))
            }
            other => Some(other.clone()),
        }
    }

    fn function(&self, name: &str, argument: &Value, depth: usize) -> Option<Value> {
        let texts = |value: &Value| text_of(&self.value(value, depth)?);
        Some(match (name, argument) {
            ("Ref", Value::String(to)) if to == "AWS::NoValue" => return None,
            ("Ref", Value::String(to)) => self.reference(to),
            ("Fn::Sub", Value::String(pattern)) => self.substitute(pattern, &Map::new(), depth),
            ("Fn::Sub", Value::Array(both)) => match (both.first(), both.get(1)) {
                (Some(Value::String(pattern)), Some(Value::Object(own))) => self.substitute(pattern, own, depth),
                _ => unknown("`Fn::Sub` without a text"),
            },
            ("Fn::Join", Value::Array(both)) => {
                let separator = both.first().and_then(Value::as_str).unwrap_or_default();
                let parts = both.get(1).and_then(|parts| self.value(parts, depth)).unwrap_or_default();
                let parts = parts.as_array().cloned().unwrap_or_default();
                match parts.iter().find_map(unresolved) {
                    Some(why) => unknown(why),
                    None => parts.iter().filter_map(text_of).collect::<Vec<_>>().join(separator).into(),
                }
            }
            ("Fn::If", Value::Array(parts)) if parts.len() == 3 => {
                let condition = parts[0].as_str().unwrap_or_default();
                return match self.condition(condition, depth) {
                    Some(holds) => self.value(&parts[if holds { 1 } else { 2 }], depth),
                    None => Some(unknown(format!("condition `{condition}` depends on what only a deployment knows"))),
                };
            }
            ("Fn::FindInMap", Value::Array(path)) => {
                let path: Option<Vec<String>> = path.iter().take(3).map(texts).collect();
                let Some(path) = path else { return Some(unknown("a key of `Fn::FindInMap` is not known")) };
                let found = path.iter().try_fold(self.root.get("Mappings")?, |map, key| map.get(key));
                found.cloned().unwrap_or_else(|| unknown(format!("`Mappings` has no {}", path.join("."))))
            }
            ("Fn::Select", Value::Array(both)) => {
                let at = both.first().and_then(texts).and_then(|at| at.parse::<usize>().ok());
                let from = both.get(1).and_then(|from| self.value(from, depth));
                let found = at.and_then(|at| from.as_ref()?.as_array()?.get(at).cloned());
                found.unwrap_or_else(|| unknown("`Fn::Select` of nothing"))
            }
            (other, _) => unknown(format!("`{other}` is worked out by a deployment only")),
        })
    }

    fn reference(&self, to: &str) -> Value {
        if let Some(parameter) = self.root.get("Parameters").and_then(|parameters| parameters.get(to)) {
            return match parameter.get("Default") {
                Some(default) => default.clone(),
                None => unknown(format!("parameter `{to}` has no default; give it one")),
            };
        }
        if let Some(name) = self.names.get(to) {
            return name.clone();
        }
        if self.root.get("Resources").is_some_and(|resources| resources.get(to).is_some()) {
            // What a target of scaling is called by its policy: the resource itself.
            return json!({ UNRESOLVED: format!("resource `{to}` is named by the deployment"), "Resource": to });
        }
        unknown(format!("`{to}` is known to a deployment only"))
    }

    fn substitute(&self, pattern: &str, own: &Map<String, Value>, depth: usize) -> Value {
        let mut out = String::new();
        let mut rest = pattern;
        let mut worked_out: HashMap<&str, Value> = HashMap::new();
        while let Some(start) = rest.find("${") {
            out.push_str(&rest[..start]);
            let Some(length) = rest[start..].find('}') else { break };
            let name = rest[start + 2..start + length].trim();
            rest = &rest[start + length + 1..];
            if let Some(literal) = name.strip_prefix('!') {
                out.push_str(&format!("${{{literal}}}"));
                continue;
            }
            let value = worked_out.entry(name).or_insert_with(|| match own.get(name) {
                Some(value) => self.value(value, depth + 1).unwrap_or_default(),
                None => self.reference(name),
            });
            match text_of(value) {
                Some(text) if out.len() + text.len() > TEXT_MAX => return unknown("a text of `Fn::Sub` is too long"),
                Some(text) => out.push_str(&text),
                None => return unknown(unresolved(value).unwrap_or("a part of `Fn::Sub` is no text")),
            }
        }
        out.push_str(rest);
        out.into()
    }

    fn condition(&self, name: &str, depth: usize) -> Option<bool> {
        let condition = self.root.get("Conditions")?.get(name)?;
        if let Some(known) = self.conditions.borrow().get(name) {
            return *known;
        }
        // One that refers to itself finds itself unknown.
        self.conditions.borrow_mut().insert(name.to_owned(), None);
        let holds = self.evaluate(condition, depth + 1);
        self.conditions.borrow_mut().insert(name.to_owned(), holds);
        holds
    }

    fn evaluate(&self, condition: &Value, depth: usize) -> Option<bool> {
        if depth > DEPTH_MAX {
            return None;
        }
        let members = condition.as_object().filter(|members| members.len() == 1)?;
        let (name, argument) = members.iter().next()?;
        let parts = argument.as_array().map_or(&[][..], Vec::as_slice);
        let evaluated = || parts.iter().map(|part| self.evaluate(part, depth + 1)).collect::<Option<Vec<bool>>>();
        match name.as_str() {
            "Condition" => self.condition(argument.as_str()?, depth),
            "Fn::Equals" => {
                let sides: Option<Vec<String>> =
                    parts.iter().map(|part| text_of(&self.value(part, depth + 1)?)).collect();
                let sides = sides.filter(|sides| sides.len() == 2)?;
                Some(sides[0] == sides[1])
            }
            "Fn::Not" => evaluated()?.first().map(|holds| !holds),
            "Fn::And" => Some(evaluated()?.into_iter().all(|holds| holds)),
            "Fn::Or" => Some(evaluated()?.into_iter().any(|holds| holds)),
            _ => None,
        }
    }
}

/// The resource that a value refers to, where it is a resource.
pub(super) fn resource_of(value: &Value) -> Option<&str> {
    value.get("Resource").filter(|_| value.get(UNRESOLVED).is_some()).and_then(Value::as_str)
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}
