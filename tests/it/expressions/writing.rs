//! How expressions are put down: names now and then behind placeholders, values always, spaces where they do not matter.

use dynamometer::api::{AttributeNames, Placeholders};
use rand::{Rng, RngExt};

use super::value::{Map, Step, Value, to_item};

#[derive(Default)]
pub struct Writing {
    names: Vec<(String, String)>,
    values: Map,
}

impl Writing {
    pub fn path(&mut self, path: &[Step], random: &mut impl Rng) -> String {
        let mut text = String::new();
        for (at, step) in path.iter().enumerate() {
            match step {
                Step::Index(index) => text.push_str(&format!("[{index}]")),
                Step::Name(name) => {
                    if at > 0 {
                        text.push('.');
                    }
                    if random.random_bool(0.3) {
                        let placeholder = format!("#n{}", self.names.len());
                        text.push_str(&placeholder);
                        self.names.push((placeholder, (*name).to_owned()));
                    } else {
                        text.push_str(name);
                    }
                }
            }
        }
        text
    }

    pub fn value(&mut self, value: &Value) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value.clone());
        placeholder
    }

    pub fn placeholders(&self) -> Placeholders {
        let name = |(placeholder, name): &(String, String)| (placeholder.as_str().into(), name.as_str().into());
        // The service takes them in any order.
        let names: AttributeNames = self.names.iter().rev().map(name).collect();
        Placeholders { names, values: to_item(&self.values) }
    }
}
