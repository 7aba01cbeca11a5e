//! The inputs of the item operations, as the service model has them (botocore: dynamodb/2012-08-10/service-2.json).
//!
//! Enumerations are in the order of the service's messages, which is not the model's. Where the service counts elements in
//! words of its own (BatchGetItem, BatchWriteItem, Query's Limit, transactions), the list or number is free here.

use crate::api::Operation;

use super::shape::{Member, Shape};

/// A member that may be left out.
pub const fn optional(name: &'static str, shape: &'static Shape) -> Member {
    Member::optional(name, shape)
}

/// A member that must be there.
pub const fn required(name: &'static str, shape: &'static Shape) -> Member {
    Member::required(name, shape)
}

/// A structure of the service.
pub const fn structure(name: &'static str, members: &'static [Member]) -> Shape {
    Shape::Structure { name, members }
}

/// A list of any length.
pub const fn list(element: &'static Shape) -> Shape {
    Shape::List { element, min: 0, max: usize::MAX }
}

static TABLE: Shape = Shape::Table { min: 1 };
pub static INDEX_NAME: Shape = Shape::IndexName;
pub static TEXT: Shape = Shape::Text;
pub static BOOLEAN: Shape = Shape::Boolean;
static VALUE: Shape = Shape::AttributeValue;
static VALUES: Shape = list(&VALUE);
static ATTRIBUTES: Shape = Shape::Map(&VALUE);
static NAMES: Shape = Shape::Map(&TEXT);
static ATTRIBUTE_NAMES: Shape = Shape::List { element: &Shape::Sized { min: 0, max: 65_535 }, min: 1, max: usize::MAX };

static CONSUMED: Shape = Shape::Enum(&["INDEXES", "TOTAL", "NONE"]);
static COLLECTIONS: Shape = Shape::Enum(&["SIZE", "NONE"]);
static RETURN_VALUES: Shape = Shape::Enum(&["ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"]);
static ON_FAILURE: Shape = Shape::Enum(&["ALL_OLD", "NONE"]);
static CONDITIONAL: Shape = Shape::Enum(&["OR", "AND"]);
static SELECT: Shape = Shape::Enum(&["SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"]);
static COMPARISON: Shape = Shape::Enum(&[
    "IN",
    "NULL",
    "BETWEEN",
    "LT",
    "NOT_CONTAINS",
    "EQ",
    "GT",
    "NOT_NULL",
    "NE",
    "LE",
    "BEGINS_WITH",
    "GE",
    "CONTAINS",
]);

static EXPECTED: Shape = Shape::Map(&structure(
    "ExpectedAttributeValue",
    &[
        optional("Value", &VALUE),
        optional("Exists", &BOOLEAN),
        optional("ComparisonOperator", &COMPARISON),
        optional("AttributeValueList", &VALUES),
    ],
));
static CONDITIONS: Shape = Shape::Map(&structure(
    "Condition",
    &[required("ComparisonOperator", &COMPARISON), optional("AttributeValueList", &VALUES)],
));
static UPDATES: Shape = Shape::Map(&structure(
    "AttributeValueUpdate",
    &[optional("Value", &VALUE), optional("Action", &Shape::Enum(&["ADD", "DELETE", "PUT"]))],
));

static GET_ITEM: Shape = structure(
    "GetItemInput",
    &[
        optional("ReturnConsumedCapacity", &CONSUMED),
        required("TableName", &TABLE),
        required("Key", &ATTRIBUTES),
        optional("AttributesToGet", &ATTRIBUTE_NAMES),
        optional("ConsistentRead", &BOOLEAN),
        optional("ProjectionExpression", &TEXT),
        optional("ExpressionAttributeNames", &NAMES),
    ],
);

static PUT_ITEM: Shape = structure(
    "PutItemInput",
    &[
        optional("ReturnConsumedCapacity", &CONSUMED),
        required("TableName", &TABLE),
        required("Item", &ATTRIBUTES),
        optional("Expected", &EXPECTED),
        optional("ReturnValues", &RETURN_VALUES),
        optional("ReturnItemCollectionMetrics", &COLLECTIONS),
        optional("ConditionalOperator", &CONDITIONAL),
        optional("ConditionExpression", &TEXT),
        optional("ExpressionAttributeNames", &NAMES),
        optional("ExpressionAttributeValues", &ATTRIBUTES),
        optional("ReturnValuesOnConditionCheckFailure", &ON_FAILURE),
    ],
);

static UPDATE_ITEM: Shape = structure(
    "UpdateItemInput",
    &[
        optional("ReturnConsumedCapacity", &CONSUMED),
        required("TableName", &TABLE),
        required("Key", &ATTRIBUTES),
        optional("AttributeUpdates", &UPDATES),
        optional("Expected", &EXPECTED),
        optional("ReturnValues", &RETURN_VALUES),
        optional("ReturnItemCollectionMetrics", &COLLECTIONS),
        optional("ConditionalOperator", &CONDITIONAL),
        optional("UpdateExpression", &TEXT),
        optional("ConditionExpression", &TEXT),
        optional("ExpressionAttributeNames", &NAMES),
        optional("ExpressionAttributeValues", &ATTRIBUTES),
        optional("ReturnValuesOnConditionCheckFailure", &ON_FAILURE),
    ],
);

static DELETE_ITEM: Shape = structure(
    "DeleteItemInput",
    &[
        optional("ReturnConsumedCapacity", &CONSUMED),
        required("TableName", &TABLE),
        required("Key", &ATTRIBUTES),
        optional("Expected", &EXPECTED),
        optional("ReturnValues", &RETURN_VALUES),
        optional("ReturnItemCollectionMetrics", &COLLECTIONS),
        optional("ConditionalOperator", &CONDITIONAL),
        optional("ConditionExpression", &TEXT),
        optional("ExpressionAttributeNames", &NAMES),
        optional("ExpressionAttributeValues", &ATTRIBUTES),
        optional("ReturnValuesOnConditionCheckFailure", &ON_FAILURE),
    ],
);

static QUERY: Shape = structure(
    "QueryInput",
    &[
        optional("ReturnConsumedCapacity", &CONSUMED),
        required("TableName", &TABLE),
        optional("IndexName", &INDEX_NAME),
        optional("Select", &SELECT),
        optional("AttributesToGet", &ATTRIBUTE_NAMES),
        optional("Limit", &Shape::Integer { min: i64::MIN, max: i64::MAX }),
        optional("ConsistentRead", &BOOLEAN),
        optional("KeyConditions", &CONDITIONS),
        optional("QueryFilter", &CONDITIONS),
        optional("ConditionalOperator", &CONDITIONAL),
        optional("ScanIndexForward", &BOOLEAN),
        optional("ExclusiveStartKey", &ATTRIBUTES),
        optional("ProjectionExpression", &TEXT),
        optional("FilterExpression", &TEXT),
        optional("KeyConditionExpression", &TEXT),
        optional("ExpressionAttributeNames", &NAMES),
        optional("ExpressionAttributeValues", &ATTRIBUTES),
    ],
);

static SCAN: Shape = structure(
    "ScanInput",
    &[
        optional("ReturnConsumedCapacity", &CONSUMED),
        required("TableName", &TABLE),
        optional("IndexName", &INDEX_NAME),
        optional("Select", &SELECT),
        optional("AttributesToGet", &ATTRIBUTE_NAMES),
        optional("Limit", &Shape::Integer { min: 1, max: i64::MAX }),
        optional("ScanFilter", &CONDITIONS),
        optional("ConditionalOperator", &CONDITIONAL),
        optional("ExclusiveStartKey", &ATTRIBUTES),
        optional("TotalSegments", &Shape::Integer { min: 1, max: 1_000_000 }),
        optional("Segment", &Shape::Integer { min: 0, max: 999_999 }),
        optional("ProjectionExpression", &TEXT),
        optional("FilterExpression", &TEXT),
        optional("ExpressionAttributeNames", &NAMES),
        optional("ExpressionAttributeValues", &ATTRIBUTES),
        optional("ConsistentRead", &BOOLEAN),
    ],
);

static KEYS_AND_ATTRIBUTES: Shape = structure(
    "KeysAndAttributes",
    &[
        required("Keys", &KEYS),
        optional("AttributesToGet", &ATTRIBUTE_NAMES),
        optional("ConsistentRead", &BOOLEAN),
        optional("ProjectionExpression", &TEXT),
        optional("ExpressionAttributeNames", &NAMES),
    ],
);
static KEYS: Shape = list(&ATTRIBUTES);

static BATCH_GET_ITEM: Shape = structure(
    "BatchGetItemInput",
    &[optional("ReturnConsumedCapacity", &CONSUMED), required("RequestItems", &Shape::Map(&KEYS_AND_ATTRIBUTES))],
);

static WRITE_REQUESTS: Shape = list(&WRITE_REQUEST);
static WRITE_REQUEST: Shape = structure(
    "WriteRequest",
    &[
        optional("PutRequest", &structure("PutRequest", &[required("Item", &ATTRIBUTES)])),
        optional("DeleteRequest", &structure("DeleteRequest", &[required("Key", &ATTRIBUTES)])),
    ],
);

static BATCH_WRITE_ITEM: Shape = structure(
    "BatchWriteItemInput",
    &[
        optional("ReturnConsumedCapacity", &CONSUMED),
        optional("ReturnItemCollectionMetrics", &COLLECTIONS),
        required("RequestItems", &Shape::Map(&WRITE_REQUESTS)),
    ],
);

static TRANSACT_GET: Shape = structure("TransactGetItem", &[required("Get", &GET)]);
static GET: Shape = structure(
    "Get",
    &[
        required("Key", &ATTRIBUTES),
        required("TableName", &TABLE),
        optional("ProjectionExpression", &TEXT),
        optional("ExpressionAttributeNames", &NAMES),
    ],
);

static TRANSACT_GET_ITEMS: Shape = structure(
    "TransactGetItemsInput",
    &[optional("ReturnConsumedCapacity", &CONSUMED), required("TransactItems", &list(&TRANSACT_GET))],
);

static CONDITION_CHECK: Shape = structure(
    "ConditionCheck",
    &[
        required("Key", &ATTRIBUTES),
        required("TableName", &TABLE),
        required("ConditionExpression", &TEXT),
        optional("ExpressionAttributeNames", &NAMES),
        optional("ExpressionAttributeValues", &ATTRIBUTES),
        optional("ReturnValuesOnConditionCheckFailure", &ON_FAILURE),
    ],
);
static PUT: Shape = structure(
    "Put",
    &[
        required("Item", &ATTRIBUTES),
        required("TableName", &TABLE),
        optional("ConditionExpression", &TEXT),
        optional("ExpressionAttributeNames", &NAMES),
        optional("ExpressionAttributeValues", &ATTRIBUTES),
        optional("ReturnValuesOnConditionCheckFailure", &ON_FAILURE),
    ],
);
static UPDATE: Shape = structure(
    "Update",
    &[
        required("Key", &ATTRIBUTES),
        required("UpdateExpression", &TEXT),
        required("TableName", &TABLE),
        optional("ConditionExpression", &TEXT),
        optional("ExpressionAttributeNames", &NAMES),
        optional("ExpressionAttributeValues", &ATTRIBUTES),
        optional("ReturnValuesOnConditionCheckFailure", &ON_FAILURE),
    ],
);
static DELETE: Shape = structure(
    "Delete",
    &[
        required("Key", &ATTRIBUTES),
        required("TableName", &TABLE),
        optional("ConditionExpression", &TEXT),
        optional("ExpressionAttributeNames", &NAMES),
        optional("ExpressionAttributeValues", &ATTRIBUTES),
        optional("ReturnValuesOnConditionCheckFailure", &ON_FAILURE),
    ],
);
static TRANSACT_WRITE: Shape = structure(
    "TransactWriteItem",
    &[
        optional("ConditionCheck", &CONDITION_CHECK),
        optional("Put", &PUT),
        optional("Delete", &DELETE),
        optional("Update", &UPDATE),
    ],
);

static TRANSACT_WRITE_ITEMS: Shape = structure(
    "TransactWriteItemsInput",
    &[
        optional("ReturnConsumedCapacity", &CONSUMED),
        optional("ReturnItemCollectionMetrics", &COLLECTIONS),
        optional("ClientRequestToken", &Shape::Sized { min: 1, max: 36 }),
        required("TransactItems", &list(&TRANSACT_WRITE)),
    ],
);

/// The input of an item operation.
pub fn input(operation: Operation) -> &'static Shape {
    match operation {
        Operation::GetItem => &GET_ITEM,
        Operation::PutItem => &PUT_ITEM,
        Operation::UpdateItem => &UPDATE_ITEM,
        Operation::DeleteItem => &DELETE_ITEM,
        Operation::Query => &QUERY,
        Operation::Scan => &SCAN,
        Operation::BatchGetItem => &BATCH_GET_ITEM,
        Operation::BatchWriteItem => &BATCH_WRITE_ITEM,
        Operation::TransactGetItems => &TRANSACT_GET_ITEMS,
        Operation::TransactWriteItems => &TRANSACT_WRITE_ITEMS,
    }
}
