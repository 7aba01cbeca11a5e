//! What the parsers of all five kinds share: a cursor over tokens, document paths, limits, the placeholders met.

use compact_str::CompactString;

use super::error::{Checked, ExpressionError, note};
use super::path::{DocumentPath, Element, Name};
use super::placeholders::UsedPlaceholders;
use super::reserved::is_reserved;
use super::token::{Token, TokenKind, tokenize};

/// The most operators and functions in an expression (facts §8).
const OPERATORS_MAX: usize = 300;
/// List indexes are below this.
const INDEX_LIMIT: usize = i32::MAX as usize;
/// Words that are operators wherever they stand.
const OPERATOR_WORDS: [&str; 5] = ["AND", "OR", "NOT", "IN", "BETWEEN"];

/// A cursor over the tokens of one expression.
#[derive(Debug)]
pub(super) struct Parser<'text> {
    text: &'text str,
    tokens: Vec<Token<'text>>,
    at: usize,
    operators: usize,
    noted: Option<ExpressionError>,
    used: UsedPlaceholders,
}

/// A place to return to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bookmark {
    at: usize,
    operators: usize,
}

impl<'text> Parser<'text> {
    pub(super) fn new(text: &'text str) -> Checked<Self> {
        let tokens = tokenize(text)?;
        Ok(Parser { text, tokens, at: 0, operators: 0, noted: None, used: UsedPlaceholders::default() })
    }

    /// Ends the parse: everything must have been read, and nothing noted.
    pub(super) fn finish(mut self) -> Checked<UsedPlaceholders> {
        if self.peek().kind != TokenKind::End {
            return Err(self.syntax_error());
        }
        self.used.settle();
        self.noted.map_or(Ok(self.used), Err)
    }

    /// The next token. After the last one comes the end, for ever.
    pub(super) fn peek(&self) -> Token<'text> {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> Token<'text> {
        // Every text has at least the end as a token.
        self.tokens[(self.at + ahead).min(self.tokens.len() - 1)]
    }

    /// Takes the next token.
    pub(super) fn advance(&mut self) -> Token<'text> {
        let token = self.peek();
        self.at += 1;
        token
    }

    /// How many tokens were taken.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn bookmark(&self) -> Bookmark {
        Bookmark { at: self.at, operators: self.operators }
    }

    /// Returns to a place. Placeholders and faults noted since stay noted: reading on meets them again.
    pub(super) fn return_to(&mut self, bookmark: Bookmark) {
        self.at = bookmark.at;
        self.operators = bookmark.operators;
    }

    pub(super) fn accept(&mut self, symbol: &str) -> bool {
        let accepted = self.peek().is_symbol(symbol);
        self.at += usize::from(accepted);
        accepted
    }

    pub(super) fn expect(&mut self, symbol: &str) -> Checked<()> {
        if self.accept(symbol) { Ok(()) } else { Err(self.syntax_error()) }
    }

    pub(super) fn accept_keyword(&mut self, keyword: &str) -> bool {
        let accepted = self.peek().is_keyword(keyword);
        self.at += usize::from(accepted);
        accepted
    }

    /// The function whose call comes next, if one does; takes its name and the parenthesis.
    pub(super) fn accept_call(&mut self) -> Checked<Option<&'text str>> {
        let name = self.peek();
        if name.kind != TokenKind::Word || is_operator(name) || !self.peek_at(1).is_symbol("(") {
            return Ok(None);
        }
        self.at += 2;
        self.count_operator()?;
        Ok(Some(name.text))
    }

    /// Counts an operator or a function against the limit.
    pub(super) fn count_operator(&mut self) -> Checked<()> {
        self.operators += 1;
        if self.operators > OPERATORS_MAX {
            return Err(ExpressionError::TooManyOperators(self.operators));
        }
        Ok(())
    }

    /// Keeps a fault for the end: a syntax error further on comes first.
    pub(super) fn note(&mut self, error: ExpressionError) {
        note(&mut self.noted, error);
    }

    /// The next token does not belong here. `near` shows it between its neighbours.
    pub(super) fn syntax_error(&self) -> ExpressionError {
        let token = self.peek();
        let from = if self.at == 0 { token.start } else { self.tokens[self.at.min(self.tokens.len()) - 1].start };
        let (shown, to) = match token.kind {
            TokenKind::End => ("<EOF>", self.text.len()),
            _ if self.peek_at(1).kind == TokenKind::End => (token.text, token.end()),
            _ => (token.text, self.peek_at(1).end()),
        };
        ExpressionError::Syntax { token: shown.to_owned(), near: self.text[from..to].to_owned() }
    }

    /// `:value`, if it comes next.
    pub(super) fn accept_value(&mut self) -> Option<CompactString> {
        let token = self.peek();
        if token.kind != TokenKind::Value {
            return None;
        }
        self.used.add_value(token.text, self.at);
        self.at += 1;
        Some(token.text.into())
    }

    /// `a.b[3].#c`
    pub(super) fn path(&mut self) -> Checked<DocumentPath> {
        let head = self.name()?;
        let mut rest = Vec::new();
        loop {
            if self.accept(".") {
                rest.push(Element::Attribute(self.name()?));
            } else if self.accept("[") {
                rest.push(Element::Index(self.index()?));
                self.expect("]")?;
            } else {
                return Ok(DocumentPath { head, rest: rest.into() });
            }
        }
    }

    fn name(&mut self) -> Checked<Name> {
        let token = self.peek();
        let name = match token.kind {
            TokenKind::Word if !is_operator(token) => {
                if is_reserved(token.text) {
                    self.note(ExpressionError::ReservedWord(token.text.to_owned()));
                }
                Name::Literal(token.text.into())
            }
            TokenKind::Name => {
                self.used.add_name(token.text, self.at);
                Name::Placeholder(token.text.into())
            }
            _ => return Err(self.syntax_error()),
        };
        self.at += 1;
        Ok(name)
    }

    fn index(&mut self) -> Checked<usize> {
        let token = self.peek();
        if token.kind != TokenKind::Number {
            return Err(self.syntax_error());
        }
        self.at += 1;
        let index = token.text.parse().ok().filter(|index| *index < INDEX_LIMIT);
        index.ok_or_else(|| ExpressionError::ListIndex(token.text.to_owned()))
    }
}

fn is_operator(token: Token<'_>) -> bool {
    OPERATOR_WORDS.iter().any(|word| token.is_keyword(word))
}
