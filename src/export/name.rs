//! Names that differ: of operations and tables as tags of a log, of plots as files.

use std::collections::BTreeSet;

/// Gives each name a form of its own: forms that came before are told apart by a number.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// The form itself, or the first of `form-2`, `form-3` and so on that is free. Case is no difference: some file systems know none.
    pub fn own(&mut self, form: String) -> String {
        let numbered = (2_u64..).map(|number| format!("{form}-{number}"));
        let found = std::iter::once(form.clone()).chain(numbered).find(|name| self.0.insert(name.to_lowercase()));
        found.unwrap_or(form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_forms_are_told_apart() {
        let mut names = Names::default();
        let own = ["get", "Get", "get-2", "put"].map(|form| names.own(form.to_owned()));
        assert_eq!(own, ["get", "Get-2", "get-2-2", "put"]);
    }
}
