//! From tokens to the steps of a condition.

use super::condition::Step;
use super::error::{Checked, ExpressionError};
use super::operand::Operand;
use super::parser::Parser;
use super::path::DocumentPath;
use super::predicate::{Comparator, Predicate, function_name};
use super::token::TokenKind;

/// The most operands of IN (facts §8).
const CHOICES_MAX: usize = 100;

/// An operator that waits for its right side, or an open parenthesis.
enum Pending {
    /// The token that opened it.
    Group {
        opened: usize,
    },
    Not,
    /// The step that skips the right side.
    And {
        skip: usize,
    },
    /// The step that skips the right side.
    Or {
        skip: usize,
    },
}

impl Pending {
    /// NOT binds tighter than AND, AND tighter than OR.
    fn binding(&self) -> u8 {
        match self {
            Pending::Group { .. } => 0,
            Pending::Or { .. } => 1,
            Pending::And { .. } => 2,
            Pending::Not => 3,
        }
    }
}

const OR_BINDING: u8 = 1;
const AND_BINDING: u8 = 2;

/// The steps of the condition. Operators wait on a list of their own rather than on the stack: no depth is too deep.
pub(super) fn parse(parser: &mut Parser<'_>) -> Checked<Vec<Step>> {
    let mut steps = Vec::new();
    let mut pending = Vec::new();
    // The parenthesis closed last: where it opened and closed, by token.
    let mut closed = None;
    'terms: loop {
        if parser.accept_keyword("NOT") {
            parser.count_operator()?;
            pending.push(Pending::Not);
            continue;
        }
        match parser.parenthesised_operand() {
            Some(left) => steps.push(Step::Test(parser.comparison(left)?)),
            None if parser.accept("(") => {
                pending.push(Pending::Group { opened: parser.position() - 1 });
                continue;
            }
            None => steps.push(Step::Test(parser.predicate()?)),
        }
        loop {
            if parser.accept_keyword("AND") {
                parser.count_operator()?;
                settle(&mut pending, &mut steps, AND_BINDING);
                pending.push(Pending::And { skip: steps.len() });
                steps.push(Step::SkipIfFalse(usize::MAX));
                continue 'terms;
            }
            if parser.accept_keyword("OR") {
                parser.count_operator()?;
                settle(&mut pending, &mut steps, OR_BINDING);
                pending.push(Pending::Or { skip: steps.len() });
                steps.push(Step::SkipIfTrue(usize::MAX));
                continue 'terms;
            }
            settle(&mut pending, &mut steps, OR_BINDING);
            match pending.pop() {
                Some(Pending::Group { opened }) if parser.accept(")") => {
                    let at = parser.position() - 1;
                    if closed == Some((opened + 1, at - 1)) {
                        parser.note(ExpressionError::RedundantParentheses);
                    }
                    closed = Some((opened, at));
                }
                None if parser.peek().kind == TokenKind::End => return Ok(steps),
                _ => return Err(parser.syntax_error()),
            }
        }
    }
}

/// Gives their right side to the waiting operators that bind at least as tight as `binding`.
fn settle(pending: &mut Vec<Pending>, steps: &mut Vec<Step>, binding: u8) {
    while let Some(operator) = pending.pop_if(|operator| operator.binding() >= binding) {
        let next = steps.len();
        match operator {
            Pending::Not => steps.push(Step::Not),
            Pending::And { skip } => steps[skip] = Step::SkipIfFalse(next),
            Pending::Or { skip } => steps[skip] = Step::SkipIfTrue(next),
            Pending::Group { .. } => {}
        }
    }
}

impl Parser<'_> {
    fn predicate(&mut self) -> Checked<Predicate> {
        let left = match self.accept_call()? {
            Some("size") => self.size_call("size")?,
            Some(name) => {
                let name = function_name(name).ok_or_else(|| ExpressionError::UnknownFunction(name.to_owned()))?;
                let predicate = self.function(name)?;
                if self.comparison_follows() {
                    return Err(ExpressionError::MisusedFunction(name));
                }
                return Ok(predicate);
            }
            None => self.operand()?,
        };
        if matches!(left, Operand::Size(_)) && !self.comparison_follows() {
            return Err(ExpressionError::MisusedFunction("size"));
        }
        self.comparison(left)
    }

    fn comparison_follows(&self) -> bool {
        let next = self.peek();
        Comparator::ALL.iter().any(|comparator| next.is_symbol(comparator.symbol()))
            || next.is_keyword("BETWEEN")
            || next.is_keyword("IN")
    }

    /// What follows the left side of a comparison.
    fn comparison(&mut self, left: Operand) -> Checked<Predicate> {
        if self.accept_keyword("BETWEEN") {
            self.count_operator()?;
            let low = self.operand()?;
            if !self.accept_keyword("AND") {
                return Err(self.syntax_error());
            }
            let high = self.operand()?;
            return Ok(Predicate::Between { operand: left, low, high });
        }
        if self.accept_keyword("IN") {
            self.count_operator()?;
            self.expect("(")?;
            let choices = self.operands()?;
            if choices.len() > CHOICES_MAX {
                self.note(ExpressionError::TooManyChoices(choices.len()));
            }
            return Ok(Predicate::In { operand: left, choices: choices.into() });
        }
        let next = self.peek();
        let comparator = Comparator::ALL.into_iter().find(|comparator| next.is_symbol(comparator.symbol()));
        let comparator = comparator.ok_or_else(|| self.syntax_error())?;
        self.advance();
        self.count_operator()?;
        Ok(Predicate::Compare { comparator, left, right: self.operand()? })
    }

    /// Operands up to the closing parenthesis.
    fn operands(&mut self) -> Checked<Vec<Operand>> {
        let mut operands = vec![self.operand()?];
        while self.accept(",") {
            operands.push(self.operand()?);
        }
        self.expect(")")?;
        Ok(operands)
    }

    /// The operands of a function, and the condition it makes of them.
    fn function(&mut self, function: &'static str) -> Checked<Predicate> {
        let mut operands = self.operands()?;
        let count = operands.len();
        let expected = if matches!(function, "attribute_exists" | "attribute_not_exists") { 1 } else { 2 };
        if count != expected {
            return Err(ExpressionError::OperandCount { function, count });
        }
        // There are one or two operands, as the function takes.
        let second = operands.split_off(1).pop();
        let first = operands.pop();
        match (function, first, second) {
            ("begins_with", Some(operand), Some(part)) => Ok(Predicate::BeginsWith(operand, part)),
            ("contains", Some(operand), Some(part)) => Ok(Predicate::Contains(operand, part)),
            ("attribute_type", Some(operand), Some(name)) => {
                if name.path().is_some() {
                    self.note(ExpressionError::OperandType { operator: function, operand: "{}" });
                }
                Ok(Predicate::AttributeType(require_path(function, operand)?, name))
            }
            ("attribute_exists", Some(operand), None) => {
                Ok(Predicate::AttributeExists(require_path(function, operand)?))
            }
            ("attribute_not_exists", Some(operand), None) => {
                Ok(Predicate::AttributeNotExists(require_path(function, operand)?))
            }
            _ => Err(ExpressionError::OperandCount { function, count }),
        }
    }
}

fn require_path(function: &'static str, operand: Operand) -> Checked<DocumentPath> {
    match operand {
        Operand::Plain(super::operand::Source::Path(path)) => Ok(path),
        _ => Err(ExpressionError::RequiresPath(function)),
    }
}
