//! Texts with placeholders: `user-{partition:04}`.

use compact_str::CompactString;
use thiserror::Error;

use super::distribution::key::ycsb_key_hash;
use super::generator::Subject;

/// The widest zero padding.
const WIDTH_MAX: usize = 64;

/// A text whose placeholders are filled from the record an operation is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextTemplate {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(CompactString),
    Number { of: NumberOf, form: Form },
}

/// Which number of the subject a placeholder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberOf {
    /// The record's number.
    Record,
    /// The number of its partition key.
    Partition,
    /// Its number among the records of its partition key.
    Sort,
    /// How often the operation ran before.
    Counter,
}

/// How the number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Decimal digits, zeros in front up to a width.
    Padded(usize),
    /// YCSB's hash of the number.
    Ycsb,
}

/// The placeholders there are.
pub(super) const PLACEHOLDERS: [&str; 4] = ["record", "partition", "sort", "counter"];

/// What is wrong with a text's placeholders.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TextError {
    /// No such placeholder.
    #[error("unknown placeholder `{{{0}}}`; known are {{record}}, {{partition}}, {{sort}} and {{counter}}")]
    Unknown(String),
    /// No such form.
    #[error("unknown form `:{0}` of a placeholder; known are a width with zeros in front, such as `:08`, and `:ycsb`")]
    Form(String),
    /// A brace without its counterpart.
    #[error("a single `{{` or `}}`; write `{{{{` or `}}}}` for a brace in the text")]
    Brace,
}

impl TextTemplate {
    /// Reads a text with placeholders.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let mut parts = Vec::new();
        let mut literal = CompactString::default();
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '{' | '}' if characters.peek() == Some(&character) => {
                    characters.next();
                    literal.push(character);
                }
                '}' => return Err(TextError::Brace),
                '{' => {
                    let mut inside = String::new();
                    loop {
                        match characters.next() {
                            Some('}') => break,
                            Some(inner) if inner != '{' => inside.push(inner),
                            _ => return Err(TextError::Brace),
                        }
                    }
                    if !literal.is_empty() {
                        parts.push(Part::Literal(std::mem::take(&mut literal)));
                    }
                    parts.push(parse_placeholder(&inside)?);
                }
                other => literal.push(other),
            }
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(TextTemplate { parts })
    }

    /// The text itself, where it has no placeholders.
    pub fn constant(&self) -> Option<CompactString> {
        match self.parts.as_slice() {
            [] => Some(CompactString::default()),
            [Part::Literal(text)] => Some(text.clone()),
            _ => None,
        }
    }

    /// Whether the text has this placeholder.
    pub fn uses(&self, wanted: NumberOf) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Number { of, .. } if *of == wanted))
    }

    /// A bound on the text's length in bytes.
    pub fn bytes_max(&self) -> u64 {
        // A number has up to 20 digits.
        let part = |part: &Part| match part {
            Part::Literal(literal) => literal.len(),
            Part::Number { form: Form::Padded(width), .. } => 20.max(*width),
            Part::Number { form: Form::Ycsb, .. } => 20,
        };
        self.parts.iter().map(part).sum::<usize>() as u64
    }

    /// The text for a subject.
    pub fn fill(&self, subject: &Subject<'_>) -> CompactString {
        let mut text = CompactString::default();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Number { of, form: Form::Padded(width) } => push_padded(&mut text, subject.number(*of), *width),
                Part::Number { of, form: Form::Ycsb } => {
                    push_padded(&mut text, ycsb_key_hash(subject.number(*of)), 1);
                }
            }
        }
        text
    }
}

fn parse_placeholder(inside: &str) -> Result<Part, TextError> {
    let (name, form) = inside.split_once(':').map_or((inside, None), |(name, form)| (name, Some(form)));
    let of = match name.trim() {
        "record" => NumberOf::Record,
        "partition" => NumberOf::Partition,
        "sort" => NumberOf::Sort,
        "counter" => NumberOf::Counter,
        unknown => return Err(TextError::Unknown(unknown.to_owned())),
    };
    let form = match form.map(str::trim) {
        None => Form::Padded(1),
        Some("ycsb") => Form::Ycsb,
        Some(width) => {
            let parsed = width.parse().ok().filter(|width| *width <= WIDTH_MAX);
            Form::Padded(parsed.ok_or_else(|| TextError::Form(width.to_owned()))?)
        }
    };
    Ok(Part::Number { of, form })
}

fn push_padded(text: &mut CompactString, number: u64, width: usize) {
    let mut digits = [b'0'; WIDTH_MAX];
    let (mut left, mut at) = (number, WIDTH_MAX);
    while left > 0 {
        at -= 1;
        digits[at] = b'0' + (left % 10) as u8;
        left /= 10;
    }
    let start = at.min(WIDTH_MAX - width.clamp(1, WIDTH_MAX));
    // Digits are UTF-8.
    text.push_str(str::from_utf8(&digits[start..]).unwrap_or_default());
}

/// Reads an amount of memory: a number and a unit (B, KB, MB, GB, TB), each 1,024 of the one before, as AWS counts them;
/// `None` where it is none.
pub(super) fn parse_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let number_end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let number: f64 = text[..number_end].parse().ok()?;
    let unit: u64 = match text[number_end..].trim_start() {
        "B" => 1,
        "KB" | "KiB" => 1 << 10,
        "MB" | "MiB" => 1 << 20,
        "GB" | "GiB" => 1 << 30,
        "TB" | "TiB" => 1 << 40,
        _ => return None,
    };
    Some((number * unit as f64).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::generator::tests::subject;

    #[test]
    fn placeholders_are_filled() {
        let fill = |text: &str| TextTemplate::parse(text).unwrap().fill(&subject(25)).to_string();
        assert_eq!(fill("user-{partition:04}"), "user-0002");
        assert_eq!(fill("{record}/{sort}"), "25/5");
        assert_eq!(fill("{{literal}}"), "{literal}");
        assert_eq!(fill("plain"), "plain");
        assert_eq!(fill("user{record:ycsb}"), format!("user{}", ycsb_key_hash(25)));
    }

    #[test]
    fn numbers_are_padded_as_the_standard_library_does() {
        for number in [0, 1, 9, 10, 12_345, 99_999_999, 100_000_000, u64::MAX] {
            for width in [0, 1, 8, 20, 64] {
                let mut text = CompactString::default();
                push_padded(&mut text, number, width);
                assert_eq!(text, format!("{number:0width$}"));
            }
        }
    }

    #[test]
    fn amounts_of_memory_are_read() {
        for (text, bytes) in [("10 GB", 10_737_418_240), ("1.5KB", 1_536), ("512 MiB", 536_870_912), ("7 B", 7)] {
            assert_eq!(parse_bytes(text), Some(bytes), "{text}");
        }
        for text in ["", "5", "GB", "5 gigabytes", "-1 GB", "1..2 GB", "1e5 GB", "10 GB 5 MB"] {
            assert_eq!(parse_bytes(text), None, "{text}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(TextTemplate::parse("{recrod}"), Err(TextError::Unknown("recrod".into())));
        assert_eq!(TextTemplate::parse("{record:x}"), Err(TextError::Form("x".into())));
        assert_eq!(TextTemplate::parse("{record:999999999}"), Err(TextError::Form("999999999".into())));
        for text in ["{record", "record}", "{rec{ord}"] {
            assert_eq!(TextTemplate::parse(text), Err(TextError::Brace), "{text}");
        }
    }
}
