//! Operands of conditions: document paths, values and `size()`.

use compact_str::CompactString;

use crate::api::Placeholders;
use crate::item::{AttributeType, AttributeValue, Number, PackedItem, PackedValue, ScalarRef};

use super::error::{Checked, ExpressionError};
use super::parser::Parser;
use super::path::DocumentPath;

/// Where an operand's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Path(DocumentPath),
    Value(CompactString),
}

/// An operand of a comparison or a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operand {
    Plain(Source),
    Size(Source),
}

/// What an operand is for an item.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found<'a> {
    /// A value of the request.
    Given(&'a AttributeValue),
    /// A value of the item.
    Stored(PackedValue<'a>),
    /// The result of `size()`.
    Size(Number),
}

impl<'a> Found<'a> {
    /// The value, if it is a string, a number or a binary.
    #[inline]
    pub(super) fn scalar(self) -> Option<ScalarRef<'a>> {
        match self {
            Found::Given(value) => value.scalar(),
            Found::Stored(value) => value.scalar(),
            Found::Size(size) => Some(ScalarRef::N(size)),
        }
    }

    /// Its size as `size()` says: bytes of a string or binary, elements of a set, list or map (DG: Functions).
    fn measure(self) -> Option<usize> {
        match self {
            Found::Given(value) => measure(value),
            Found::Stored(value) => match value.scalar() {
                Some(ScalarRef::S(bytes) | ScalarRef::B(bytes)) => Some(bytes.len()),
                Some(ScalarRef::N(_)) => None,
                None => value.count(),
            },
            Found::Size(_) => None,
        }
    }
}

impl Source {
    #[inline]
    fn find<'a>(&'a self, placeholders: &'a Placeholders, item: Option<&'a PackedItem>) -> Checked<Option<Found<'a>>> {
        match self {
            Source::Path(path) => Ok(path.find_stored(placeholders, item)?.map(Found::Stored)),
            Source::Value(value) => Ok(Some(Found::Given(defined(value, placeholders)?))),
        }
    }
}

/// What stands behind `:value`.
#[inline]
pub(super) fn defined<'a>(value: &str, placeholders: &'a Placeholders) -> Checked<&'a AttributeValue> {
    placeholders.values.get(value).ok_or_else(|| ExpressionError::UndefinedValue(value.to_owned()))
}

impl Operand {
    /// The operand's value for this item, if it has one.
    #[inline]
    pub(super) fn evaluate<'a>(
        &'a self,
        placeholders: &'a Placeholders,
        item: Option<&'a PackedItem>,
    ) -> Checked<Option<Found<'a>>> {
        match self {
            Operand::Plain(source) => source.find(placeholders, item),
            Operand::Size(source) => {
                let size = source.find(placeholders, item)?.and_then(Found::measure);
                Ok(size.map(|size| Found::Size(Number::from(size as u64))))
            }
        }
    }

    /// The path, where the operand is one.
    pub(super) fn path(&self) -> Option<&DocumentPath> {
        match self {
            Operand::Plain(Source::Path(path)) => Some(path),
            _ => None,
        }
    }

    /// The value known before any item is.
    pub(super) fn immediate<'a>(&self, placeholders: &'a Placeholders) -> Option<&'a AttributeValue> {
        match self {
            Operand::Plain(Source::Value(value)) => placeholders.values.get(value),
            _ => None,
        }
    }

    /// The type known before any item is.
    pub(super) fn immediate_type(&self, placeholders: &Placeholders) -> Option<AttributeType> {
        match self {
            Operand::Plain(_) => self.immediate(placeholders).map(AttributeValue::attribute_type),
            Operand::Size(_) => Some(AttributeType::N),
        }
    }

    /// Every document path in the operand.
    pub(super) fn any_path(&self) -> Option<&DocumentPath> {
        match self {
            Operand::Plain(Source::Path(path)) | Operand::Size(Source::Path(path)) => Some(path),
            _ => None,
        }
    }

    /// Whether `size()` is asked of a value that has none.
    pub(super) fn check_size(&self, placeholders: &Placeholders) -> Checked<()> {
        match self {
            Operand::Size(Source::Value(value)) => match placeholders.values.get(value) {
                Some(known) if measure(known).is_none() => {
                    Err(ExpressionError::OperandType { operator: "size", operand: known.attribute_type().descriptor() })
                }
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

fn measure(value: &AttributeValue) -> Option<usize> {
    match value {
        AttributeValue::S(text) => Some(text.len()),
        AttributeValue::B(bytes) => Some(bytes.len()),
        AttributeValue::Ss(elements) => Some(elements.len()),
        AttributeValue::Ns(elements) => Some(elements.len()),
        AttributeValue::Bs(elements) => Some(elements.len()),
        AttributeValue::L(elements) => Some(elements.len()),
        AttributeValue::M(map) => Some(map.len()),
        AttributeValue::N(_) | AttributeValue::Bool(_) | AttributeValue::Null => None,
    }
}

impl Parser<'_> {
    /// An operand, perhaps in parentheses.
    pub(super) fn operand(&mut self) -> Checked<Operand> {
        let mut parentheses = 0;
        while self.accept("(") {
            parentheses += 1;
        }
        if parentheses > 1 {
            self.note(ExpressionError::RedundantParentheses);
        }
        let operand = match self.accept_call()? {
            Some(name) => self.size_call(name)?,
            None => Operand::Plain(self.source()?),
        };
        for _ in 0..parentheses {
            self.expect(")")?;
        }
        Ok(operand)
    }

    /// An operand in parentheses, if that is what follows; otherwise nothing is taken.
    pub(super) fn parenthesised_operand(&mut self) -> Option<Operand> {
        let bookmark = self.bookmark();
        // Only the parenthesis and the operand's own tokens are read twice: no text takes quadratic time.
        if self.accept("(") && !self.peek().is_symbol("(") {
            let operand = self.operand();
            if let (Ok(operand), true) = (operand, self.accept(")")) {
                return Some(operand);
            }
        }
        self.return_to(bookmark);
        None
    }

    /// The rest of a function call whose result is an operand: only `size()` has such a result.
    pub(super) fn size_call(&mut self, name: &str) -> Checked<Operand> {
        if name != "size" {
            return Err(super::predicate::function_name(name)
                .map_or_else(|| ExpressionError::UnknownFunction(name.to_owned()), ExpressionError::MisusedFunction));
        }
        if self.accept_call()?.is_some() {
            return Err(ExpressionError::OperandType { operator: "size", operand: "N" });
        }
        let source = self.source()?;
        let mut count = 1;
        while self.accept(",") {
            self.source()?;
            count += 1;
        }
        self.expect(")")?;
        if count > 1 {
            self.note(ExpressionError::OperandCount { function: "size", count });
        }
        Ok(Operand::Size(source))
    }

    fn source(&mut self) -> Checked<Source> {
        match self.accept_value() {
            Some(value) => Ok(Source::Value(value)),
            None => self.path().map(Source::Path),
        }
    }
}
