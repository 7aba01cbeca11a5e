//! From tokens to the actions of an update.

use super::error::{Checked, ExpressionError};
use super::parser::Parser;
use super::path::DocumentPath;
use super::predicate::function_name;
use super::token::TokenKind;
use super::update::{Action, Change};
use super::update_value::{SetValue, Sign};

/// How deep functions and parentheses nest. A function counts as an operator and an operator has a limit of 300, so only
/// parentheses that change nothing could nest deeper.
const DEPTH_MAX: usize = 600;

/// The sections of an update, in any order, each at most once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Set,
    Remove,
    Add,
    Delete,
}

impl Section {
    const ALL: [Section; 4] = [Section::Set, Section::Remove, Section::Add, Section::Delete];

    const fn keyword(self) -> &'static str {
        match self {
            Section::Set => "SET",
            Section::Remove => "REMOVE",
            Section::Add => "ADD",
            Section::Delete => "DELETE",
        }
    }
}

/// The actions in the order of the text.
pub(super) fn parse(parser: &mut Parser<'_>) -> Checked<Vec<Action>> {
    let mut actions = Vec::new();
    let mut met = Vec::new();
    while parser.peek().kind != TokenKind::End {
        let section = Section::ALL.into_iter().find(|section| parser.accept_keyword(section.keyword()));
        let section = section.ok_or_else(|| parser.syntax_error())?;
        if met.contains(&section) {
            parser.note(ExpressionError::RepeatedSection(section.keyword()));
        } else {
            met.push(section);
        }
        actions.push(action(parser, section)?);
        while parser.accept(",") {
            actions.push(action(parser, section)?);
        }
    }
    Ok(actions)
}

fn action(parser: &mut Parser<'_>, section: Section) -> Checked<Action> {
    let path = parser.path()?;
    let change = match section {
        Section::Set => {
            parser.expect("=")?;
            Change::Set(Values { closed: None, depth: 0 }.value(parser)?)
        }
        Section::Remove => Change::Remove,
        Section::Add => Change::Add(parser.accept_value().ok_or_else(|| parser.syntax_error())?),
        Section::Delete => Change::Delete(parser.accept_value().ok_or_else(|| parser.syntax_error())?),
    };
    Ok(Action { path, change })
}

/// Reads the right side of one SET action.
struct Values {
    /// The parenthesis closed last: where it opened and closed, by token.
    closed: Option<(usize, usize)>,
    depth: usize,
}

impl Values {
    /// `term + term − term`
    fn value(&mut self, parser: &mut Parser<'_>) -> Checked<SetValue> {
        let first = self.term(parser)?;
        let mut rest = Vec::new();
        loop {
            let sign = if parser.accept("+") {
                Sign::Plus
            } else if parser.accept("-") {
                Sign::Minus
            } else {
                break;
            };
            parser.count_operator()?;
            rest.push((sign, self.term(parser)?));
        }
        Ok(if rest.is_empty() { first } else { SetValue::Sum(Box::new(first), rest) })
    }

    /// A value, a path, a function, or any of it in parentheses.
    fn term(&mut self, parser: &mut Parser<'_>) -> Checked<SetValue> {
        if let Some(value) = parser.accept_value() {
            return Ok(SetValue::Value(value));
        }
        let opened = parser.position();
        let function = parser.accept_call()?;
        if function.is_none() && !parser.accept("(") {
            return parser.path().map(SetValue::Path);
        }
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(ExpressionError::RedundantParentheses);
        }
        let value = match function {
            Some(name) => self.function(parser, name),
            None => self.parenthesised(parser, opened),
        };
        self.depth -= 1;
        value
    }

    fn parenthesised(&mut self, parser: &mut Parser<'_>, opened: usize) -> Checked<SetValue> {
        let value = self.value(parser)?;
        let at = parser.position();
        parser.expect(")")?;
        if self.closed == Some((opened + 1, at - 1)) {
            parser.note(ExpressionError::RedundantParentheses);
        }
        self.closed = Some((opened, at));
        Ok(value)
    }

    /// The operands of a function and what it makes of them.
    fn function(&mut self, parser: &mut Parser<'_>, name: &str) -> Checked<SetValue> {
        let function = match name {
            "if_not_exists" => "if_not_exists",
            "list_append" => "list_append",
            _ if function_name(name).is_some() => return Err(ExpressionError::FunctionInUpdate(name.to_owned())),
            _ => return Err(ExpressionError::UnknownFunction(name.to_owned())),
        };
        let first = self.value(parser)?;
        let second = if parser.accept(",") { Some(self.value(parser)?) } else { None };
        let mut count = 1 + usize::from(second.is_some());
        while parser.accept(",") {
            self.value(parser)?;
            count += 1;
        }
        parser.expect(")")?;
        match second {
            Some(second) if count == 2 && function == "list_append" => Ok(append(first, second)),
            Some(second) if count == 2 => Ok(SetValue::IfNotExists(require_path(function, first)?, Box::new(second))),
            _ => Err(ExpressionError::OperandCount { function, count }),
        }
    }
}

fn append(first: SetValue, second: SetValue) -> SetValue {
    let parts = |value| match value {
        SetValue::ListAppend(parts) => parts,
        other => vec![other],
    };
    let mut all = parts(first);
    all.append(&mut parts(second));
    SetValue::ListAppend(all)
}

fn require_path(function: &'static str, value: SetValue) -> Checked<DocumentPath> {
    match value {
        SetValue::Path(path) => Ok(path),
        _ => Err(ExpressionError::RequiresPath(function)),
    }
}
