//! The inputs of the control plane, as the service model has them.
//!
//! TableName is not required here, because the service asks for it in words of its own.

use super::Control;
use crate::api::KeySchema;
use crate::protocol::model::{BOOLEAN, INDEX_NAME, TEXT, list, optional, required, structure};
use crate::protocol::shape::Shape;

static TABLE: Shape = Shape::Table { min: 3 };
static KEY_NAME: Shape = Shape::Sized { min: 1, max: 255 };
static POSITIVE: Shape = Shape::Long { min: 1 };
static LONG: Shape = Shape::Long { min: i64::MIN };
static KEY_TYPE: Shape = Shape::Enum(&["HASH", "RANGE"]);
static SCALAR_TYPE: Shape = Shape::Enum(&["B", "N", "S"]);
static PROJECTION_TYPE: Shape = Shape::Enum(&["ALL", "INCLUDE", "KEYS_ONLY"]);
static BILLING_MODE: Shape = Shape::Enum(&["PROVISIONED", "PAY_PER_REQUEST"]);
static TABLE_CLASS: Shape = Shape::Enum(&["STANDARD", "STANDARD_INFREQUENT_ACCESS"]);
static SSE_TYPE: Shape = Shape::Enum(&["AES256", "KMS"]);
static TAG_KEY: Shape = Shape::Sized { min: 1, max: 128 };
static TAG_VALUE: Shape = Shape::Sized { min: 0, max: 256 };
static STREAM_VIEW: Shape = Shape::Enum(&["NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"]);

static DEFINITIONS: Shape = list(&DEFINITION);
static DEFINITION: Shape =
    structure("AttributeDefinition", &[required("AttributeName", &KEY_NAME), required("AttributeType", &SCALAR_TYPE)]);

static KEY_SCHEMA: Shape = Shape::List { element: &KEY_ELEMENT, min: 1, max: 2 };
static GLOBAL_KEY_SCHEMA: Shape =
    Shape::List { element: &KEY_ELEMENT, min: 1, max: 2 * KeySchema::PART_MAX_ATTRIBUTES };
static KEY_ELEMENT: Shape =
    structure("KeySchemaElement", &[required("AttributeName", &KEY_NAME), required("KeyType", &KEY_TYPE)]);

static PROJECTION: Shape = structure(
    "Projection",
    &[
        optional("ProjectionType", &PROJECTION_TYPE),
        optional("NonKeyAttributes", &Shape::List { element: &KEY_NAME, min: 1, max: 20 }),
    ],
);

static PROVISIONED: Shape = structure(
    "ProvisionedThroughput",
    &[required("ReadCapacityUnits", &POSITIVE), required("WriteCapacityUnits", &POSITIVE)],
);
static ON_DEMAND: Shape =
    structure("OnDemandThroughput", &[optional("MaxReadRequestUnits", &LONG), optional("MaxWriteRequestUnits", &LONG)]);
static WARM: Shape =
    structure("WarmThroughput", &[optional("ReadUnitsPerSecond", &LONG), optional("WriteUnitsPerSecond", &LONG)]);
static STREAM: Shape =
    structure("StreamSpecification", &[required("StreamEnabled", &BOOLEAN), optional("StreamViewType", &STREAM_VIEW)]);

static ENCRYPTION: Shape = structure(
    "SSESpecification",
    &[optional("Enabled", &BOOLEAN), optional("SSEType", &SSE_TYPE), optional("KMSMasterKeyId", &TEXT)],
);
static TAGS: Shape = list(&TAG);
static TAG: Shape = structure("Tag", &[required("Key", &TAG_KEY), required("Value", &TAG_VALUE)]);

static LOCAL_INDEX: Shape = structure(
    "LocalSecondaryIndex",
    &[required("IndexName", &INDEX_NAME), required("KeySchema", &KEY_SCHEMA), required("Projection", &PROJECTION)],
);
static GLOBAL_INDEX: Shape = structure(
    "GlobalSecondaryIndex",
    &[
        required("IndexName", &INDEX_NAME),
        required("KeySchema", &GLOBAL_KEY_SCHEMA),
        required("Projection", &PROJECTION),
        optional("ProvisionedThroughput", &PROVISIONED),
        optional("OnDemandThroughput", &ON_DEMAND),
        optional("WarmThroughput", &WARM),
    ],
);

static CREATE_TABLE: Shape = structure(
    "CreateTableInput",
    &[
        required("AttributeDefinitions", &DEFINITIONS),
        optional("TableName", &TABLE),
        required("KeySchema", &KEY_SCHEMA),
        optional("LocalSecondaryIndexes", &list(&LOCAL_INDEX)),
        optional("GlobalSecondaryIndexes", &list(&GLOBAL_INDEX)),
        optional("BillingMode", &BILLING_MODE),
        optional("ProvisionedThroughput", &PROVISIONED),
        optional("StreamSpecification", &STREAM),
        optional("SSESpecification", &ENCRYPTION),
        optional("TableClass", &TABLE_CLASS),
        optional("DeletionProtectionEnabled", &BOOLEAN),
        optional("WarmThroughput", &WARM),
        optional("OnDemandThroughput", &ON_DEMAND),
        optional("Tags", &TAGS),
    ],
);

static INDEX_UPDATES: Shape = list(&INDEX_UPDATE);
static INDEX_UPDATE: Shape = structure(
    "GlobalSecondaryIndexUpdate",
    &[optional("Update", &UPDATE_INDEX), optional("Create", &GLOBAL_INDEX), optional("Delete", &DELETE_INDEX)],
);
static UPDATE_INDEX: Shape = structure(
    "UpdateGlobalSecondaryIndexAction",
    &[
        required("IndexName", &INDEX_NAME),
        optional("ProvisionedThroughput", &PROVISIONED),
        optional("OnDemandThroughput", &ON_DEMAND),
        optional("WarmThroughput", &WARM),
    ],
);
static DELETE_INDEX: Shape = structure("DeleteGlobalSecondaryIndexAction", &[required("IndexName", &INDEX_NAME)]);

static UPDATE_TABLE: Shape = structure(
    "UpdateTableInput",
    &[
        optional("AttributeDefinitions", &DEFINITIONS),
        optional("TableName", &TABLE),
        optional("BillingMode", &BILLING_MODE),
        optional("ProvisionedThroughput", &PROVISIONED),
        optional("GlobalSecondaryIndexUpdates", &INDEX_UPDATES),
        optional("StreamSpecification", &STREAM),
        optional("SSESpecification", &ENCRYPTION),
        optional("TableClass", &TABLE_CLASS),
        optional("DeletionProtectionEnabled", &BOOLEAN),
        optional("OnDemandThroughput", &ON_DEMAND),
        optional("WarmThroughput", &WARM),
    ],
);

static TABLE_ALONE: Shape = structure("DescribeTableInput", &[optional("TableName", &TABLE)]);

static LIST_TABLES: Shape = structure(
    "ListTablesInput",
    &[optional("ExclusiveStartTableName", &TABLE), optional("Limit", &Shape::Integer { min: 1, max: 100 })],
);

static UPDATE_TIME_TO_LIVE: Shape = structure(
    "UpdateTimeToLiveInput",
    &[optional("TableName", &TABLE), required("TimeToLiveSpecification", &TIME_TO_LIVE)],
);
static TIME_TO_LIVE: Shape =
    structure("TimeToLiveSpecification", &[required("Enabled", &BOOLEAN), required("AttributeName", &KEY_NAME)]);

static NOTHING: Shape = structure("DescribeLimitsInput", &[]);

/// The input of an operation of the control plane.
pub fn input(operation: Control) -> &'static Shape {
    match operation {
        Control::CreateTable => &CREATE_TABLE,
        Control::UpdateTable => &UPDATE_TABLE,
        Control::DeleteTable | Control::DescribeTable | Control::DescribeTimeToLive => &TABLE_ALONE,
        Control::ListTables => &LIST_TABLES,
        Control::UpdateTimeToLive => &UPDATE_TIME_TO_LIVE,
        Control::DescribeLimits | Control::DescribeEndpoints => &NOTHING,
    }
}
