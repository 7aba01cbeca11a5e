//! AttributesToGet.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Translation, expression};
use crate::protocol::fault::{Decoded, Fault};
use crate::protocol::json::Json;

/// The projection of AttributesToGet, if there is one.
pub fn attributes_to_get(body: &Json<'_>, translation: &mut Translation) -> Decoded<Option<Arc<str>>> {
    let Some(wanted) = body.member("AttributesToGet") else { return Ok(None) };
    let names: Vec<&str> = wanted.elements().iter().filter_map(Json::text).collect();
    let mut known = HashSet::with_capacity(names.len());
    if let Some(name) = names.iter().find(|name| !known.insert(**name)) {
        return Err(Fault::invalid(format!("Duplicate value in attribute name: {name}")));
    }
    let paths: Vec<_> = names.iter().map(|name| translation.name(name)).collect();
    Ok(expression(paths.join(",")))
}
