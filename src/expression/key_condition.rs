//! Key conditions of Query: one value for each attribute of the partition key, a range of the sort key.

use compact_str::CompactString;

use crate::api::{ApiError, KeyAttribute, KeySchema, Placeholders};
use crate::item::{KeyTuple, KeyValue, PARTITION_KEY_MAX_BYTES, SORT_KEY_MAX_BYTES};

use super::condition::{Step, parse_steps};
use super::error::Checked;
use super::operand::{Operand, Source, defined};
use super::path::{DocumentPath, Name};
use super::predicate::{Comparator, Predicate};
use super::sort_range::SortRange;
use super::{ExpressionKind, UsedPlaceholders, UsesPlaceholders};

/// A parsed key condition expression. Which of its attributes is which key shows only against a schema.
#[derive(Debug)]
pub struct KeyCondition {
    predicates: Vec<Predicate>,
    tests: Vec<KeyTest>,
    used: UsedPlaceholders,
}

/// The items a key condition asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRange {
    /// The partition key's values.
    pub partition: KeyTuple<KeyValue>,
    /// The values of the first attributes of the sort key, where the range is of a later one.
    pub sort_leading: Vec<KeyValue>,
    /// The range of the attribute after them, in most keys the only one.
    pub sort: SortRange,
}

impl KeyRange {
    /// Whether the sort key with these values, in the order of its attributes, is in the range.
    pub fn contains_sort_key(&self, values: &[KeyValue]) -> bool {
        values.strip_prefix(&*self.sort_leading).is_some_and(|rest| match rest.first() {
            Some(next) => self.sort.contains(next),
            None => self.sort == SortRange::All,
        })
    }
}

/// What is asked of one key attribute.
#[derive(Debug)]
struct KeyTest {
    name: Name,
    test: Test,
}

/// The values are placeholders.
#[derive(Debug)]
enum Test {
    Compare(Comparator, CompactString),
    Between(CompactString, CompactString),
    BeginsWith(CompactString),
}

impl KeyCondition {
    /// Parses a key condition.
    pub fn parse(text: &str) -> Result<KeyCondition, ApiError> {
        let (steps, used) = parse_steps(text).map_err(|error| error.of(ExpressionKind::KeyCondition))?;
        let mut predicates = Vec::new();
        for step in steps {
            match step {
                Step::Test(predicate) => predicates.push(predicate),
                Step::SkipIfFalse(_) => {}
                Step::SkipIfTrue(_) => return Err(invalid_operator("OR")),
                Step::Not => return Err(invalid_operator("NOT")),
            }
        }
        let tests = predicates.iter().map(key_test).collect::<Result<_, _>>()?;
        Ok(KeyCondition { predicates, tests, used })
    }

    /// What the condition asks for, against the key of the table or index: one value for each attribute of the partition key,
    /// then attributes of the sort key from left to right, of which the last one given may have a range.
    ///
    /// # Errors
    /// In the service's words, as far as they are known. Those for several attributes in one key are as
    /// [moto](https://github.com/getmoto/moto) has them.
    pub fn resolve(&self, placeholders: &Placeholders, schema: &KeySchema) -> Result<KeyRange, ApiError> {
        self.check_operands(placeholders)?;
        let named = self.tests.iter().map(|test| Ok((test.name.resolve(placeholders)?, &test.test)));
        let named: Vec<(&str, &Test)> = named.collect::<Checked<_>>().map_err(of_key_condition)?;
        if (1..named.len()).any(|at| named[..at].iter().any(|(name, _)| *name == named[at].0)) {
            return Err(ApiError::validation("KeyConditionExpressions must only contain one condition per key"));
        }
        if named.len() > 2 && schema.attributes().count() <= 2 {
            return Err(ApiError::validation("Conditions can be of length 1 or 2 only"));
        }
        let find = |key: &KeyAttribute| named.iter().find(|(name, _)| *name == &*key.name).map(|(_, test)| *test);
        let mut bytes_left = PARTITION_KEY_MAX_BYTES;
        let mut partition_value = |key: &KeyAttribute| match find(key).ok_or_else(|| missed(key))? {
            Test::Compare(Comparator::Equal, value) => {
                within(key_value(value, placeholders, key)?, &mut bytes_left, hash_key_too_large)
            }
            _ => Err(unsupported()),
        };
        let partition = KeyTuple::try_of(schema.partition_attributes().iter().map(&mut partition_value))?;
        let partition = partition.ok_or_else(unsupported)?;
        let sort_conditions = named.len().saturating_sub(schema.partition_attributes().len());
        let (sort_leading, sort) = sort_range(schema.sort_attributes(), sort_conditions, find, placeholders)?;
        Ok(KeyRange { partition, sort_leading, sort })
    }
}

/// The range that `count` conditions make, which are not of the partition key: `find` gives the one of an attribute.
fn sort_range<'t>(
    attributes: &[KeyAttribute],
    count: usize,
    find: impl Fn(&KeyAttribute) -> Option<&'t Test>,
    placeholders: &Placeholders,
) -> Result<(Vec<KeyValue>, SortRange), ApiError> {
    let mut leading = Vec::new();
    let Some(last) = count.checked_sub(1) else { return Ok((leading, SortRange::All)) };
    let fault = |fault: ApiError| {
        let given = attributes.iter().filter(|key| find(key).is_some()).count();
        if given == count {
            return fault;
        }
        // There is a condition on an attribute that is none of the key's.
        attributes.iter().find(|key| find(key).is_none()).map_or_else(unsupported, missed)
    };
    let mut bytes_left = SORT_KEY_MAX_BYTES;
    for (at, key) in attributes.iter().enumerate() {
        let Some(test) = find(key) else {
            let later = attributes[at..].iter().find(|key| find(key).is_some());
            return Err(fault(later.map_or_else(unsupported, |later| skipped(key, later))));
        };
        if at == last {
            return Ok((leading, test.range(placeholders, key, bytes_left)?));
        }
        let Test::Compare(Comparator::Equal, value) = test else { return Err(fault(unsupported())) };
        leading.push(within(key_value(value, placeholders, key)?, &mut bytes_left, range_key_too_large)?);
    }
    Err(fault(unsupported()))
}

impl UsesPlaceholders for KeyCondition {
    fn kind(&self) -> ExpressionKind {
        ExpressionKind::KeyCondition
    }

    fn used(&self) -> Option<&UsedPlaceholders> {
        Some(&self.used)
    }

    fn check_operands(&self, placeholders: &Placeholders) -> Result<(), ApiError> {
        let mut predicates = self.predicates.iter();
        predicates.try_for_each(|predicate| predicate.check(placeholders)).map_err(of_key_condition)
    }
}

impl Test {
    fn range(&self, placeholders: &Placeholders, key: &KeyAttribute, bytes: usize) -> Result<SortRange, ApiError> {
        let value = |value: &CompactString| {
            let mut bytes_left = bytes;
            within(key_value(value, placeholders, key)?, &mut bytes_left, range_key_too_large)
        };
        Ok(match self {
            Test::Compare(Comparator::Equal, operand) => SortRange::Equal(value(operand)?),
            Test::Compare(Comparator::Less, operand) => SortRange::Less(value(operand)?),
            Test::Compare(Comparator::LessOrEqual, operand) => SortRange::LessOrEqual(value(operand)?),
            Test::Compare(Comparator::Greater, operand) => SortRange::Greater(value(operand)?),
            Test::Compare(Comparator::GreaterOrEqual, operand) => SortRange::GreaterOrEqual(value(operand)?),
            Test::Compare(Comparator::NotEqual, _) => return Err(unsupported()),
            Test::Between(low, high) => SortRange::Between(value(low)?, value(high)?),
            Test::BeginsWith(prefix) => SortRange::BeginsWith(value(prefix)?),
        })
    }
}

/// The key attribute a condition is about, and what it asks of it.
fn key_test(predicate: &Predicate) -> Result<KeyTest, ApiError> {
    let operator = predicate.operator();
    if predicate.operands().any(|operand| matches!(operand, Operand::Size(_))) {
        return Err(ApiError::validation("KeyConditionExpressions cannot contain nested operations"));
    }
    if predicate.paths().any(|path| !path.rest.is_empty()) {
        return Err(ApiError::validation("KeyConditionExpressions cannot have conditions on nested attributes"));
    }
    if !matches!(predicate, Predicate::Compare { .. } | Predicate::Between { .. } | Predicate::BeginsWith(..))
        || operator == Comparator::NotEqual.symbol()
    {
        return Err(invalid_operator(operator));
    }
    match predicate.paths().count() {
        0 => return Err(invalid_condition("No key attribute specified")),
        1 => {}
        _ => return Err(invalid_condition("Multiple attribute names used in one condition")),
    }
    let (path, test): (&DocumentPath, Test) = match predicate {
        Predicate::Compare { comparator, left: Operand::Plain(left), right: Operand::Plain(right) } => {
            match (left, right) {
                (Source::Path(path), Source::Value(value)) => (path, Test::Compare(*comparator, value.clone())),
                (Source::Value(value), Source::Path(path)) => {
                    (path, Test::Compare(comparator.mirrored(), value.clone()))
                }
                _ => return Err(invalid_operator(operator)),
            }
        }
        Predicate::Between {
            operand: Operand::Plain(Source::Path(path)),
            low: Operand::Plain(Source::Value(low)),
            high: Operand::Plain(Source::Value(high)),
        } => (path, Test::Between(low.clone(), high.clone())),
        Predicate::BeginsWith(Operand::Plain(Source::Path(path)), Operand::Plain(Source::Value(prefix))) => {
            (path, Test::BeginsWith(prefix.clone()))
        }
        _ => {
            let rule = format!("{operator} operator must have the key attribute as its first operand");
            return Err(invalid_condition(&rule));
        }
    };
    Ok(KeyTest { name: path.head.clone(), test })
}

/// The value behind a placeholder, fit for the key attribute but perhaps too long.
fn key_value(value: &str, placeholders: &Placeholders, key: &KeyAttribute) -> Result<KeyValue, ApiError> {
    let value = defined(value, placeholders).map_err(of_key_condition)?;
    if value.attribute_type() != key.scalar_type.into() {
        return Err(mismatch());
    }
    let value = KeyValue::from_value(value).ok_or_else(mismatch)?;
    let empty = match &value {
        KeyValue::S(text) if text.is_empty() => "string",
        KeyValue::B(bytes) if bytes.is_empty() => "binary",
        _ => return Ok(value),
    };
    Err(ApiError::validation(format!(
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty {empty} value. Key: {}",
        key.name
    )))
}

/// Takes a value's size off what its key may still have.
fn within(value: KeyValue, bytes_left: &mut usize, too_large: fn() -> ApiError) -> Result<KeyValue, ApiError> {
    *bytes_left = bytes_left.checked_sub(value.size_bytes()).ok_or_else(too_large)?;
    Ok(value)
}

fn hash_key_too_large() -> ApiError {
    // The missing space is the service's.
    ApiError::validation(format!(
        "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of{PARTITION_KEY_MAX_BYTES} bytes"
    ))
}

fn range_key_too_large() -> ApiError {
    ApiError::validation(format!(
        "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of {SORT_KEY_MAX_BYTES} bytes"
    ))
}

fn of_key_condition(error: super::error::ExpressionError) -> ApiError {
    error.of(ExpressionKind::KeyCondition)
}

fn mismatch() -> ApiError {
    ApiError::validation(
        "One or more parameter values were invalid: Condition parameter type does not match schema type",
    )
}

fn missed(key: &KeyAttribute) -> ApiError {
    ApiError::validation(format!("Query condition missed key schema element: {}", key.name))
}

fn skipped(key: &KeyAttribute, later: &KeyAttribute) -> ApiError {
    ApiError::validation(format!(
        "RANGE key attributes {} must have equality conditions specified in the query because a condition is present on key attribute {}",
        key.name, later.name
    ))
}

fn unsupported() -> ApiError {
    ApiError::validation("Query key condition not supported")
}

fn invalid_operator(operator: &str) -> ApiError {
    ApiError::validation(format!("Invalid operator used in KeyConditionExpression: {operator}"))
}

fn invalid_condition(fault: &str) -> ApiError {
    ApiError::validation(format!("Invalid condition in KeyConditionExpression: {fault}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::expression::fixture::{message, placeholders};
    use crate::item::ScalarType;

    fn schema(sort: Option<ScalarType>) -> KeySchema {
        let key = |name: &str, scalar_type| KeyAttribute { name: name.into(), scalar_type };
        KeySchema::new(key("pk", ScalarType::S), sort.map(|kind| key("sk", kind)))
    }

    fn resolve(text: &str, sort: Option<ScalarType>, values: Value) -> Result<KeyRange, ApiError> {
        let placeholders = placeholders(&[("#pk", "pk"), ("#sk", "sk")], values);
        KeyCondition::parse(text)?.resolve(&placeholders, &schema(sort))
    }

    fn values() -> Value {
        json!({
            ":p": {"S": "p"}, ":one": {"N": "1"}, ":nine": {"N": "9"}, ":a": {"S": "a"}, ":b": {"S": "b"},
            ":empty": {"S": ""}, ":set": {"SS": ["a"]}, ":long": {"S": "x".repeat(2049)}
        })
    }

    fn number_range(text: &str) -> SortRange {
        let range = resolve(text, Some(ScalarType::N), values()).unwrap();
        assert_eq!(range.partition, KeyTuple::One(KeyValue::S("p".into())));
        assert_eq!(range.sort_leading, []);
        range.sort
    }

    fn fault(text: &str) -> String {
        message(resolve(text, Some(ScalarType::S), values()))
    }

    fn number(number: i32) -> KeyValue {
        KeyValue::N(number.into())
    }

    #[test]
    fn the_sort_key_takes_every_range() {
        assert_eq!(number_range("pk = :p"), SortRange::All);
        assert_eq!(number_range("pk = :p AND sk = :one"), SortRange::Equal(number(1)));
        assert_eq!(number_range("pk = :p AND sk < :one"), SortRange::Less(number(1)));
        assert_eq!(number_range("pk = :p AND sk <= :one"), SortRange::LessOrEqual(number(1)));
        assert_eq!(number_range("pk = :p AND sk > :one"), SortRange::Greater(number(1)));
        assert_eq!(number_range("pk = :p AND sk >= :one"), SortRange::GreaterOrEqual(number(1)));
        let between = SortRange::Between(number(1), number(9));
        assert_eq!(number_range("pk = :p AND sk BETWEEN :one AND :nine"), between);
        let prefix = resolve("pk = :p AND begins_with(sk, :a)", Some(ScalarType::S), values()).unwrap();
        assert_eq!(prefix.sort, SortRange::BeginsWith(KeyValue::S("a".into())));
    }

    #[test]
    fn order_and_parentheses_do_not_matter() {
        let expected = number_range("pk = :p AND sk < :one");
        for text in ["sk < :one AND pk = :p", "(#pk = :p) AND (#sk < :one)", "(:one > sk AND :p = pk)"] {
            assert_eq!(number_range(text), expected, "{text}");
        }
    }

    #[test]
    fn faults_have_the_services_words() {
        let cases = [
            ("", "Invalid KeyConditionExpression: The expression can not be empty;"),
            ("sk = :a", "Query condition missed key schema element: pk"),
            ("pk = :p AND extra = :a", "Query condition missed key schema element: sk"),
            ("pk > :p", "Query key condition not supported"),
            ("begins_with(pk, :p)", "Query key condition not supported"),
            ("pk = :p OR sk = :a", "Invalid operator used in KeyConditionExpression: OR"),
            ("pk = :p AND NOT sk = :a", "Invalid operator used in KeyConditionExpression: NOT"),
            ("pk = :p AND sk <> :a", "Invalid operator used in KeyConditionExpression: <>"),
            ("pk = :p AND sk IN (:a)", "Invalid operator used in KeyConditionExpression: IN"),
            ("pk = :p AND contains(sk, :a)", "Invalid operator used in KeyConditionExpression: contains"),
            ("attribute_exists(pk)", "Invalid operator used in KeyConditionExpression: attribute_exists"),
            ("pk = :p AND size(sk) = :one", "KeyConditionExpressions cannot contain nested operations"),
            ("pk.a = :p", "KeyConditionExpressions cannot have conditions on nested attributes"),
            ("pk = :p AND pk = :a", "KeyConditionExpressions must only contain one condition per key"),
            ("pk = :p AND sk = :a AND x = :a", "Conditions can be of length 1 or 2 only"),
            ("pk = sk", "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"),
            (":p = :p", "Invalid condition in KeyConditionExpression: No key attribute specified"),
            (
                "pk = :p AND :a BETWEEN sk AND :b",
                "Invalid condition in KeyConditionExpression: BETWEEN operator must have the key attribute as its first operand",
            ),
            (
                "pk = :p AND sk BETWEEN :b AND :a",
                "Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {S:b}, upper bound operand: AttributeValue: {S:a}",
            ),
            (
                "pk = :p AND begins_with(sk, :one)",
                "Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: N",
            ),
            (
                "pk = :one",
                "One or more parameter values were invalid: Condition parameter type does not match schema type",
            ),
            (
                "pk = :set",
                "One or more parameter values were invalid: Condition parameter type does not match schema type",
            ),
            (
                "pk = :empty",
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk",
            ),
            (
                "pk = :long",
                "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes",
            ),
            (
                "pk = :p AND sk = :long",
                "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes",
            ),
            (
                "pk = :x",
                "Invalid KeyConditionExpression: An expression attribute value used in expression is not defined; attribute value: :x",
            ),
            (
                "#x = :p",
                "Invalid KeyConditionExpression: An expression attribute name used in the document path is not defined; attribute name: #x",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(fault(text), expected, "{text}");
        }
        let without_sort = message(resolve("pk = :p AND sk = :a", None, values()));
        assert_eq!(without_sort, "Query key condition not supported");
    }
    /// Partition key of `one` (S) and `two` (N), sort key of `a` (S), `b` (N) and `c` (S).
    fn several(text: &str) -> Result<KeyRange, ApiError> {
        let key = |name: &str, scalar_type| KeyAttribute { name: name.into(), scalar_type };
        let sort = [key("a", ScalarType::S), key("b", ScalarType::N), key("c", ScalarType::S)];
        let schema = KeySchema::of_attributes([key("one", ScalarType::S), key("two", ScalarType::N)], sort).unwrap();
        let values = json!({
            ":s": {"S": "s"}, ":t": {"S": "t"}, ":n": {"N": "1"}, ":m": {"N": "2"}, ":half": {"S": "x".repeat(600)},
            ":most": {"S": "x".repeat(2047)}
        });
        KeyCondition::parse(text)?.resolve(&placeholders(&[], values), &schema)
    }

    #[test]
    fn several_attributes_are_given_from_left_to_right() {
        let text = |text: &str| KeyValue::S(text.into());
        let cases = [
            ("", vec![], SortRange::All),
            (" AND a = :s", vec![], SortRange::Equal(text("s"))),
            (" AND begins_with(a, :s)", vec![], SortRange::BeginsWith(text("s"))),
            (" AND a = :s AND b > :n", vec![text("s")], SortRange::Greater(number(1))),
            (" AND b BETWEEN :n AND :m AND a = :s", vec![text("s")], SortRange::Between(number(1), number(2))),
            (" AND c <= :t AND b = :n AND a = :s", vec![text("s"), number(1)], SortRange::LessOrEqual(text("t"))),
        ];
        for (rest, leading, sort) in cases {
            for partition in ["one = :s AND two = :n", "two = :n AND one = :s"] {
                let range = several(&format!("{partition}{rest}")).unwrap();
                assert_eq!(range.partition.as_slice(), [text("s"), number(1)], "{rest}");
                assert_eq!((&range.sort_leading, &range.sort), (&leading, &sort), "{rest}");
            }
        }
    }

    #[test]
    fn a_range_of_several_attributes_knows_its_sort_keys() {
        let range = several("one = :s AND two = :n AND a = :s AND b > :n").unwrap();
        let key = |a: &str, b: i32| [KeyValue::S(a.into()), number(b), KeyValue::S("any".into())];
        assert!(range.contains_sort_key(&key("s", 2)));
        assert!(!range.contains_sort_key(&key("s", 1)));
        assert!(!range.contains_sort_key(&key("t", 2)));
        assert!(!range.contains_sort_key(&key("s", 2)[..1]));
        assert!(several("one = :s AND two = :n").unwrap().contains_sort_key(&key("s", 2)));
    }

    #[test]
    fn faults_of_several_attributes() {
        let hash_key = "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes";
        let range_key = "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes";
        let cases = [
            ("two = :n", "Query condition missed key schema element: one"),
            ("one = :s AND a = :s", "Query condition missed key schema element: two"),
            ("one = :s AND two > :n", "Query key condition not supported"),
            ("one = :s AND two = :n AND elsewhere = :s", "Query condition missed key schema element: a"),
            ("one = :s AND two = :n AND a = :s AND elsewhere = :s", "Query condition missed key schema element: b"),
            (
                "one = :s AND two = :n AND a = :s AND b = :n AND c = :s AND elsewhere = :s",
                "Query key condition not supported",
            ),
            ("one = :s AND two = :n AND a > :s AND b = :n", "Query key condition not supported"),
            ("one = :s AND two = :n AND begins_with(a, :s) AND b = :n", "Query key condition not supported"),
            (
                "one = :s AND two = :n AND b = :n",
                "RANGE key attributes a must have equality conditions specified in the query because a condition is present on key attribute b",
            ),
            (
                "one = :s AND two = :n AND a = :s AND c = :s",
                "RANGE key attributes b must have equality conditions specified in the query because a condition is present on key attribute c",
            ),
            (
                "one = :s AND two = :n AND a = :s AND a = :t",
                "KeyConditionExpressions must only contain one condition per key",
            ),
            (
                "one = :s AND two = :n AND a = :n",
                "One or more parameter values were invalid: Condition parameter type does not match schema type",
            ),
            ("one = :most AND two = :n", hash_key),
            ("one = :s AND two = :n AND a = :half AND b = :n AND begins_with(c, :half)", range_key),
        ];
        for (text, expected) in cases {
            assert_eq!(message(several(text)), expected, "{text}");
        }
    }
}
