//! Names of the files that pictures go to.

use crate::report::Picture;

use super::name::Names;

/// Longer names are cut; what tells pictures apart then is a number.
const LENGTH_MAX: usize = 100;

/// A name for each picture, such as `capacity-orders-writes.svg`.
pub(super) fn names(pictures: &[Picture], extension: &str) -> Vec<String> {
    let mut names = Names::default();
    pictures.iter().map(|picture| format!("{}.{extension}", names.own(plain(&picture.name())))).collect()
}

/// Letters, digits, `_` and `.` as they are, the rest as hyphens: a name that every file system takes.
fn plain(name: &str) -> String {
    let mut plain = String::new();
    for letter in name.chars().take(LENGTH_MAX) {
        match letter {
            letter if letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.') => {
                plain.push(letter.to_ascii_lowercase())
            }
            _ if !plain.ends_with('-') => plain.push('-'),
            _ => {}
        }
    }
    plain.trim_matches(['-', '.']).to_owned()
}
