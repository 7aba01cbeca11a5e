//! What can be wrong with an expression, in DynamoDB's words (facts, appendix A).

use thiserror::Error;

use crate::api::ApiError;

use super::ExpressionKind;

/// The result of a step in parsing or checking an expression.
pub(super) type Checked<T> = Result<T, ExpressionError>;

/// A fault of an expression or of the values it is used with. The service puts `Invalid FilterExpression: ` and the like
/// in front of the text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum ExpressionError {
    #[error("The expression can not be empty;")]
    Empty,
    #[error("Expression size has exceeded the maximum allowed size; expression size: {0}")]
    TooLong(usize),
    #[error("The expression contains too many operators; operator count: {0}")]
    TooManyOperators(usize),
    #[error("Syntax error; token: \"{token}\", near: \"{near}\"")]
    Syntax { token: String, near: String },
    #[error("List index is not within the allowable range; index: [{0}]")]
    ListIndex(String),
    #[error("The expression has redundant parentheses;")]
    RedundantParentheses,
    #[error("Invalid function name; function: {0}")]
    UnknownFunction(String),
    #[error("The function is not allowed to be used this way in an expression; function: {0}")]
    MisusedFunction(&'static str),
    #[error("The function is not allowed in an update expression; function: {0}")]
    FunctionInUpdate(String),
    #[error("Attribute name is a reserved keyword; reserved keyword: {0}")]
    ReservedWord(String),
    #[error("The \"{0}\" section can only be used once in an update expression;")]
    RepeatedSection(&'static str),
    #[error("An expression attribute name used in the document path is not defined; attribute name: {0}")]
    UndefinedName(String),
    #[error("An expression attribute value used in expression is not defined; attribute value: {0}")]
    UndefinedValue(String),
    #[error(
        "Incorrect number of operands for operator or function; operator or function: {function}, number of operands: {count}"
    )]
    OperandCount { function: &'static str, count: usize },
    #[error("The IN operator is provided with too many operands; number of operands: {0}")]
    TooManyChoices(usize),
    #[error("Operator or function requires a document path; operator or function: {0}")]
    RequiresPath(&'static str),
    #[error(
        "Incorrect operand type for operator or function; operator or function: {operator}, operand type: {operand}"
    )]
    OperandType { operator: &'static str, operand: &'static str },
    #[error(
        "Incorrect operand type for operator or function; operator: {section}, operand type: {operand}, typeSet: ALLOWED_FOR_{section}_OPERAND"
    )]
    SectionOperandType { section: &'static str, operand: &'static str },
    #[error("Invalid attribute type name found; type: {0}, valid types: {{B,NULL,SS,BOOL,L,BS,N,NS,S,M}}")]
    AttributeTypeName(String),
    #[error(
        "The first operand must be distinct from the remaining operands for this operator or function; operator: {operator}, first operand: {path}"
    )]
    SameOperand { operator: &'static str, path: String },
    #[error(
        "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {low}, upper bound operand: AttributeValue: {high}"
    )]
    BetweenTypes { low: String, high: String },
    #[error(
        "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {low}, upper bound operand: AttributeValue: {high}"
    )]
    BetweenOrder { low: String, high: String },
    #[error(
        "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: {one}, path two: {two}"
    )]
    Overlap { one: String, two: String },
    #[error(
        "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: {one}, path two: {two}"
    )]
    Conflict { one: String, two: String },
}

impl ExpressionError {
    /// The error as the service answers with it for an expression of this kind.
    pub(super) fn of(self, kind: ExpressionKind) -> ApiError {
        ApiError::validation(format!("Invalid {}: {self}", kind.parameter()))
    }

    /// Of several faults in one expression the service names the one with the lowest rank.
    pub(super) fn rank(&self) -> u8 {
        match self {
            ExpressionError::RedundantParentheses => 0,
            ExpressionError::UnknownFunction(_) | ExpressionError::FunctionInUpdate(_) => 1,
            ExpressionError::MisusedFunction(_) => 2,
            ExpressionError::ReservedWord(_) => 3,
            ExpressionError::RepeatedSection(_) => 4,
            ExpressionError::UndefinedName(_) | ExpressionError::UndefinedValue(_) => 5,
            ExpressionError::Overlap { .. } | ExpressionError::Conflict { .. } => 6,
            ExpressionError::SameOperand { .. } => 8,
            ExpressionError::BetweenTypes { .. } | ExpressionError::BetweenOrder { .. } => 9,
            _ => 7,
        }
    }
}

/// Keeps the fault the service would name.
pub(super) fn note(noted: &mut Option<ExpressionError>, error: ExpressionError) {
    if noted.as_ref().is_none_or(|known| error.rank() < known.rank()) {
        *noted = Some(error);
    }
}

/// An update whose operands do not fit the item they met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum UpdateError {
    #[error("The provided expression refers to an attribute that does not exist in the item")]
    MissingAttribute,
    #[error("An operand in the update expression has an incorrect data type")]
    OperandType,
    #[error("The document path provided in the update expression is invalid for update")]
    InvalidPath,
    #[error("Item size to update has exceeded the maximum allowed size")]
    TooLarge,
    #[error("Nesting Levels have exceeded supported limits")]
    TooDeep,
}

impl From<UpdateError> for ApiError {
    fn from(error: UpdateError) -> Self {
        ApiError::validation(error.to_string())
    }
}
