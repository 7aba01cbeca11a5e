//! The JSON Schema of workload files, for editors: it takes what the reader takes.

use dynamometer::workload::file::WorkloadFile;
use serde_json::{Map, Value};

use super::{folder, shipped_names};

fn schema() -> Value {
    serde_json::to_value(schemars::schema_for!(WorkloadFile)).unwrap()
}

fn as_json(toml: &str) -> Value {
    toml::from_str(toml).unwrap()
}

/// Whether a value fits a schema, of the keywords that schemars writes.
struct Validator {
    root: Value,
}

impl Validator {
    fn fits(&self, value: &Value, schema: &Value) -> bool {
        match schema {
            Value::Bool(fits) => *fits,
            Value::Object(keywords) => {
                keywords.iter().all(|(keyword, rule)| self.keyword(value, keyword, rule, keywords))
            }
            other => panic!("{other} is no schema"),
        }
    }

    fn keyword(&self, value: &Value, keyword: &str, rule: &Value, schema: &Map<String, Value>) -> bool {
        let list = || rule.as_array().unwrap();
        match keyword {
            "$ref" => {
                let path = rule.as_str().unwrap().strip_prefix('#').unwrap();
                self.fits(value, self.root.pointer(path).unwrap())
            }
            "type" => match rule {
                Value::Array(types) => types.iter().any(|name| has_type(value, name)),
                name => has_type(value, name),
            },
            "enum" => list().contains(value),
            "const" => rule == value,
            "oneOf" => list().iter().filter(|one| self.fits(value, one)).count() == 1,
            "anyOf" => list().iter().any(|one| self.fits(value, one)),
            "allOf" => list().iter().all(|one| self.fits(value, one)),
            "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
            "items" => value.as_array().is_none_or(|items| items.iter().all(|item| self.fits(item, rule))),
            "required" => {
                let has = |name: &Value| value.get(name.as_str().unwrap()).is_some();
                !value.is_object() || list().iter().all(has)
            }
            "properties" => value.as_object().is_none_or(|members| {
                members.iter().all(|(name, member)| rule.get(name).is_none_or(|rule| self.fits(member, rule)))
            }),
            "additionalProperties" => value.as_object().is_none_or(|members| {
                let is_known = |name: &str| schema.get("properties").is_some_and(|known| known.get(name).is_some());
                members.iter().all(|(name, member)| is_known(name) || self.fits(member, rule))
            }),
            "$schema" | "$defs" | "title" | "description" | "default" | "format" => true,
            other => panic!("{other} is not a keyword this test knows"),
        }
    }
}

fn has_type(value: &Value, name: &Value) -> bool {
    match name.as_str().unwrap() {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("{other} is no type"),
    }
}

#[test]
fn it_takes_every_workload_that_ships() {
    let schema = schema();
    let validator = Validator { root: schema.clone() };
    for name in shipped_names() {
        let text = std::fs::read_to_string(folder().join(format!("{name}.toml"))).unwrap();
        assert!(validator.fits(&as_json(&text), &schema), "{name}");
    }
}

#[test]
fn it_refuses_what_the_reader_refuses() {
    let schema = schema();
    let validator = Validator { root: schema.clone() };
    let text = std::fs::read_to_string(folder().join("notes.toml")).unwrap();
    for (sound, wrong) in [
        ("seed = 1", "sede = 1"),
        ("seed = 1", "seed = \"1\""),
        ("seed = 1", "seed = -1"),
        ("name = \"notes\"\ndescription", "description"),
        ("key = \"zipfian\"                   #", "key = \"zipfain\" #"),
        ("key = \"zipfian\"                   #", "key = \"hotspot\" #"),
        ("key = \"zipfian\"                   #", "key = { zipfian = { exponnent = 1 } } #"),
        ("key = \"zipfian\"                   #", "key = { zipfian = {}, uniform = {} } #"),
        ("read = 5,", "read = -5,"),
        ("read = 5,", "reads = 5,"),
        ("type = \"get\"", "type = \"got\""),
        ("warm_up = true", "warm_up = 1"),
        ("rate = { ramp = { from = 6, to = 60 } }", "rate = { ramp = { from = 6 } }"),
        ("{ uniform = { min = 0, max = 3 } }", "{ uniform = { min = 0, max = 3, step = 1 } }"),
    ] {
        assert_eq!(text.matches(sound).count(), 1, "{sound}");
        assert!(!validator.fits(&as_json(&text.replace(sound, wrong)), &schema), "{wrong}");
    }
}

#[test]
fn keys_of_global_indexes_are_attributes_or_lists_of_them() {
    let schema = schema();
    let validator = Validator { root: schema.clone() };
    let text = |key: &str| {
        format!(
            "name = \"a\"\noperations = []\nphases = []\n[[tables]]\nname = \"tab\"\npartition_key = {{ name = \"a\", type = \"S\" }}\n\
             item = {{ a = \"{{record}}\" }}\nglobal_secondary_indexes = [{{ name = \"one\", {key} }}]\n"
        )
    };
    let fits = |key: &str| validator.fits(&as_json(&text(key)), &schema);
    let (one, two) = ("{ name = \"b\", type = \"S\" }", "{ name = \"c\", type = \"N\" }");
    assert!(fits(&format!("partition_key = {one}")));
    assert!(fits(&format!("partition_key = [{one}, {two}], sort_key = {two}")));
    assert!(fits(&format!("partition_key = {one}, sort_key = [{two}]")));
    assert!(!fits("partition_key = \"b\""));
    assert!(!fits(&format!("partition_key = [{one}, \"c\"]")));
    assert!(!fits("partition_key = [{ name = \"b\" }]"));
}
