//! Texts, names and numbers as TOML writes them.

/// A string in quotes, whatever is in it.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A string in quotes for a field in which braces are placeholders.
pub(super) fn quoted_literally(text: &str) -> String {
    quoted(&text.replace('{', "{{").replace('}', "}}"))
}

/// A name on the left of `=`: bare where TOML allows it.
pub(super) fn name(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !name.is_empty() && name.chars().all(is_bare) { name.to_owned() } else { quoted(name) }
}

/// A whole number with its thousands apart.
pub(super) fn whole(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('_');
        }
        out.push(digit);
    }
    out
}

/// A number; whole where it is one.
pub(super) fn number(number: f64) -> String {
    if number.fract() == 0.0 && (0.0..1e15).contains(&number) {
        whole(number as u64)
    } else {
        // Six decimals are more than proportions have, and hide what binary fractions add.
        let text = format!("{number:.6}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// A sentence as comment lines of at most 120 characters; further lines of a point, `- …`, are indented.
pub(super) fn comment(text: &str) -> String {
    let indent = if text.starts_with("- ") { "  " } else { "" };
    let mut out = String::new();
    let mut line = String::new();
    // Splitting at any white space keeps line ends of the source out of the file.
    for word in text.split_whitespace().map(printable) {
        if !line.is_empty() && line.chars().count() + word.chars().count() + 3 > 120 {
            out.push_str(&format!("# {line}\n"));
            line.clear();
            line.push_str(indent);
        }
        if !line.trim().is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    if !line.trim().is_empty() {
        out.push_str(&format!("# {line}\n"));
    }
    out
}

/// Control characters are not allowed in comments.
fn printable(word: &str) -> String {
    word.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_toml_reads() {
        for text in ["plain", "with \"quotes\" and \\", "line\nend\t\u{7f}", "{brace}", "é", ""] {
            let file = format!("{} = {}", name(text), quoted(text));
            let table: toml::Table = file.parse().unwrap_or_else(|error| panic!("{file}: {error}"));
            let (key, value) = table.iter().next().unwrap();
            assert_eq!((key.as_str(), value.as_str()), (text, Some(text)));
        }
    }

    #[test]
    fn numbers_have_their_thousands_apart() {
        assert_eq!([whole(0), whole(999), whole(1_000), whole(52_310_400)], ["0", "999", "1_000", "52_310_400"]);
        assert_eq!([number(50.0), number(0.5), number(100.0 / 3.0)], ["50", "0.5", "33.333333"]);
    }
}
