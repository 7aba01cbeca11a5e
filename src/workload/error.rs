//! What is wrong with a workload file, and where.

use std::fmt;

use super::file::Span;

/// The text of a workload file, for errors that show the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The path as it was given.
    pub path: String,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// An error about the part of the text at `span`.
    pub fn error(&self, span: &Span, message: impl Into<String>) -> WorkloadError {
        let start = self.text.floor_char_boundary(span.start.min(self.text.len()));
        let before = &self.text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |length| start + length);
        let line_text = self.text[line_start..line_end].trim_end().to_owned();
        let column = self.text[line_start..start].chars().count() + 1;
        let marked_end = self.text.floor_char_boundary(span.end.clamp(start, line_end));
        WorkloadError {
            path: self.path.clone(),
            place: Some(Place {
                line: before.matches('\n').count() + 1,
                column,
                width: self.text[start..marked_end].chars().count().max(1),
                line_text,
            }),
            message: message.into(),
            help: None,
        }
    }

    /// A warning about the part of the text at `span`, in a line of its own.
    pub(super) fn warning(&self, span: &Span, message: impl Into<String>) -> String {
        let WorkloadError { path, place, message, .. } = self.error(span, message);
        match place {
            Some(place) => format!("{path}:{}:{}: {message}", place.line, place.column),
            None => format!("{path}: {message}"),
        }
    }

    /// An error about the file as a whole.
    pub fn error_as_a_whole(&self, message: impl Into<String>) -> WorkloadError {
        WorkloadError { path: self.path.clone(), place: None, message: message.into(), help: None }
    }

    /// What the TOML reader or a field's type found wrong.
    pub(super) fn toml_error(&self, error: &toml::de::Error) -> WorkloadError {
        let message = in_words(error.message().trim());
        let help = suggest_from_message(&message);
        let mut found = match error.span() {
            Some(span) => self.error(&span, message),
            None => self.error_as_a_whole(message),
        };
        found.help = help.or_else(|| found.place.as_ref().and_then(suggest_double_brackets));
        found
    }
}

/// A mistake in a workload file: where it is, what was found, what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadError {
    /// The file.
    pub path: String,
    /// The place in the file, where the mistake has one.
    pub place: Option<Place>,
    /// What was found and what was expected.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// A place in a file. Lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
    /// How many characters are meant.
    pub width: usize,
    /// The line's text.
    pub line_text: String,
}

impl WorkloadError {
    /// The same error with advice.
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same error with the name that was probably meant, if one of `known` is near enough to `found`.
    pub fn with_suggestion<'name>(mut self, found: &str, known: impl IntoIterator<Item = &'name str>) -> Self {
        self.help = nearest(found, known).map(|name| format!("did you mean `{name}`?"));
        self
    }
}

impl fmt::Display for WorkloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(place) = &self.place else {
            write!(f, "{}: {}", self.path, self.message)?;
            return self.help.as_ref().map_or(Ok(()), |help| write!(f, "\n  help: {help}"));
        };
        writeln!(f, "{}:{}:{}: {}", self.path, place.line, place.column, self.message)?;
        let number = place.line.to_string();
        let gutter = " ".repeat(number.len());
        writeln!(f, "{gutter} |")?;
        writeln!(f, "{number} | {}", place.line_text)?;
        write!(f, "{gutter} | {}{}", " ".repeat(place.column - 1), "^".repeat(place.width))?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "\n{gutter} = help: {help}"))
    }
}

impl std::error::Error for WorkloadError {}

/// The name of `known` that `found` was probably meant to be.
pub(super) fn nearest<'name>(found: &str, known: impl IntoIterator<Item = &'name str>) -> Option<&'name str> {
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(found, name), name))
        .filter(|(similarity, _)| *similarity > 0.75)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, name)| name)
}

/// serde names what it found and what it knows in back quotes, the found one first: unknown field `x`, expected `a` or `b`.
fn suggest_from_message(message: &str) -> Option<String> {
    if !message.starts_with("unknown ") {
        return None;
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let found = quoted.next()?;
    nearest(found, quoted).map(|name| format!("did you mean `{name}`?"))
}

/// A list of tables written as one table is the mistake everyone makes once.
fn suggest_double_brackets(place: &Place) -> Option<String> {
    let name = place.line_text.trim().strip_prefix('[')?.split(']').next()?;
    let is_single = !name.starts_with('[') && LISTS.contains(&name.rsplit('.').next()?);
    is_single.then(|| format!("these are a list, each with two brackets: [[{name}]]"))
}

/// The lists of tables in a workload file.
const LISTS: [&str; 6] =
    ["tables", "operations", "phases", "actions", "global_secondary_indexes", "local_secondary_indexes"];

/// serde's message in words for people who do not write Rust.
fn in_words(message: &str) -> String {
    let Some((found, expected)) = ["invalid type: ", "invalid value: "]
        .iter()
        .find_map(|start| message.strip_prefix(start)?.split_once(", expected "))
    else {
        return message.to_owned();
    };
    let found = match found {
        "sequence" => "a list".to_owned(),
        "map" => "a table".to_owned(),
        "newtype variant" | "tuple variant" | "struct variant" | "unit variant" => "another form".to_owned(),
        value => format!("the {}", value.replace('`', "")),
    };
    let expected = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" => "a text in quotes",
        "a sequence" => "a list",
        "a map" => "a table",
        // These name Rust's types.
        other if other.starts_with("struct ") || other.contains("::") => "a table",
        other => other,
    };
    format!("found {found}, expected {expected}")
}
