//! The text of an expression as tokens.

use super::error::{Checked, ExpressionError};

/// The longest expression, in bytes (facts §8).
const EXPRESSION_MAX_BYTES: usize = 4096;

/// What sort of token it is; the text tells the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// An attribute name, function or keyword.
    Word,
    /// `#name`
    Name,
    /// `:value`
    Value,
    /// Digits: a list index.
    Number,
    /// An operator or a bracket.
    Symbol,
    /// A character that belongs to no token.
    Unknown,
    /// The end of the text.
    End,
}

/// A token and where it starts, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'text> {
    pub(super) kind: TokenKind,
    pub(super) text: &'text str,
    pub(super) start: usize,
}

impl Token<'_> {
    /// Whether it is this operator or bracket.
    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == TokenKind::Symbol && self.text == symbol
    }

    /// Whether it is this keyword, in any case.
    pub(super) fn is_keyword(&self, keyword: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(keyword)
    }

    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// The tokens of `text`; the last one is the end.
pub(super) fn tokenize(text: &str) -> Checked<Vec<Token<'_>>> {
    if text.len() > EXPRESSION_MAX_BYTES {
        return Err(ExpressionError::TooLong(text.len()));
    }
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(first) = text[start..].chars().next() {
        if matches!(first, ' ' | '\t' | '\r' | '\n') {
            start += 1;
            continue;
        }
        let rest = &text[start..];
        let (kind, length) = measure(first, rest);
        tokens.push(Token { kind, text: &rest[..length], start });
        start += length;
    }
    if tokens.is_empty() {
        return Err(ExpressionError::Empty);
    }
    tokens.push(Token { kind: TokenKind::End, text: "", start: text.len() });
    Ok(tokens)
}

/// The kind and the length in bytes of the token that `rest` begins with.
fn measure(first: char, rest: &str) -> (TokenKind, usize) {
    let run = |skip: usize, part: fn(u8) -> bool| skip + rest.bytes().skip(skip).take_while(|byte| part(*byte)).count();
    let is_name_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    match first {
        // A name that starts with an underscore needs a placeholder.
        'a'..='z' | 'A'..='Z' => (TokenKind::Word, run(0, is_name_part)),
        '0'..='9' => (TokenKind::Number, run(0, |byte| byte.is_ascii_digit())),
        '#' | ':' => match run(1, is_name_part) {
            1 => (TokenKind::Unknown, 1),
            length => (if first == '#' { TokenKind::Name } else { TokenKind::Value }, length),
        },
        '<' | '>' => {
            let double = ["<=", ">=", "<>"].iter().any(|operator| rest.starts_with(operator));
            (TokenKind::Symbol, if double { 2 } else { 1 })
        }
        '=' | '(' | ')' | '[' | ']' | ',' | '.' | '+' | '-' => (TokenKind::Symbol, 1),
        other => (TokenKind::Unknown, other.len_utf8()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        tokenize(text).unwrap().iter().map(|token| token.text).collect()
    }

    #[test]
    fn a_path_and_operators_come_apart() {
        assert_eq!(texts("a.#b[10]<=:v\t<>x"), ["a", ".", "#b", "[", "10", "]", "<=", ":v", "<>", "x", ""]);
        assert_eq!(texts("_id é#"), ["_", "id", "é", "#", ""]);
    }

    #[test]
    fn empty_and_overlong_texts_are_refused() {
        assert_eq!(tokenize(" \n"), Err(ExpressionError::Empty));
        assert_eq!(tokenize(&" ".repeat(4097)), Err(ExpressionError::TooLong(4097)));
        assert!(tokenize(&"a".repeat(4096)).is_ok());
    }
}
