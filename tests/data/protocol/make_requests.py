#!/usr/bin/env python3
"""Writes requests.jsonl: bodies as botocore's own serializer makes them, and what must become of each.

Run it again when botocore's model or the requests below change. Two kinds of lines come out:
- requests that together have every member of every input the bundled engine knows, to succeed in order;
- changes of one member of one of those ("of", counted from 0; "at", where): "set" to a wrong JSON type ("serialization")
  or an unknown enumeration value ("enum"), or taken away though it is required ("required").
"""
import json
import pathlib

import botocore.loaders
import botocore.model
import botocore.serialize
import botocore.validate

MODEL = botocore.model.ServiceModel(botocore.loaders.Loader().load_service_model("dynamodb", "service-2"), "dynamodb")
SERIALIZER = botocore.serialize.create_serializer("json")

# Members of what the bundled engine has not: streams, replicas, policies.
LEFT_OUT = {
    "ResourcePolicy", "GlobalTableSourceArn", "GlobalTableSettingsReplicationMode", "ReplicaUpdates",
    "MultiRegionConsistency", "GlobalTableWitnessUpdates", "StreamViewType", "KMSMasterKeyId",
}
# Required by the model, asked for by the service in other words.
OTHER_WORDS = {"TableName"}
CONTROL = {"CreateTable", "UpdateTable", "DeleteTable", "DescribeTable", "UpdateTimeToLive", "DescribeTimeToLive"}


def s(text): return {"S": text}
def n(number): return {"N": str(number)}


KEY = {"id": s("a"), "at": n(1)}
TYPES = {
    "s": s("text é \" \\ \n"), "n": n("-1.5E2"), "b": {"B": b"\x00\xff"}, "t": {"BOOL": True}, "z": {"NULL": True},
    "ss": {"SS": ["a", "b"]}, "ns": {"NS": ["1", "2.5"]}, "bs": {"BS": [b"a", b"b"]},
    "l": {"L": [s("x"), {"L": []}, {"M": {}}]}, "m": {"M": {"k": n(1), "deep": {"M": {"x": s("y")}}}},
}
REPORT = {"ReturnConsumedCapacity": "INDEXES"}
METRICS = {**REPORT, "ReturnItemCollectionMetrics": "SIZE"}
THROUGHPUT = {"ReadCapacityUnits": 100, "WriteCapacityUnits": 100}
ALL_OPERATORS = {
    "a": ("EQ", [s("v")]), "b": ("NE", [s("v")]), "c": ("IN", [s("v"), s("w")]), "d": ("LE", [n(1)]),
    "e": ("LT", [n(1)]), "f": ("GE", [n(1)]), "g": ("GT", [n(1)]), "h": ("BETWEEN", [n(1), n(2)]), "i": ("NOT_NULL", None),
    "j": ("NULL", None), "k": ("CONTAINS", [s("v")]), "l": ("NOT_CONTAINS", [s("v")]), "m": ("BEGINS_WITH", [s("v")]),
}
FILTER = {
    name: {"ComparisonOperator": op, **({"AttributeValueList": values} if values else {})}
    for name, (op, values) in ALL_OPERATORS.items()
}

FULL = [
    ("CreateTable", {
        "TableName": "orders", "BillingMode": "PROVISIONED", "ProvisionedThroughput": THROUGHPUT,
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind}
                                 for name, kind in [("id", "S"), ("at", "N"), ("cost", "N"), ("status", "B")]],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
        "LocalSecondaryIndexes": [{
            "IndexName": "by_cost", "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["s"]},
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "cost", "KeyType": "RANGE"}]}],
        "GlobalSecondaryIndexes": [{
            "IndexName": "by_status", "Projection": {"ProjectionType": "ALL"}, "ProvisionedThroughput": THROUGHPUT,
            "WarmThroughput": {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000},
            "KeySchema": [{"AttributeName": "status", "KeyType": "HASH"}]}],
        "StreamSpecification": {"StreamEnabled": False},
        "SSESpecification": {"Enabled": True, "SSEType": "AES256"}, "Tags": [{"Key": "k", "Value": "v"}],
        "TableClass": "STANDARD", "DeletionProtectionEnabled": False,
        "WarmThroughput": {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000}}),
    ("CreateTable", {
        "TableName": "events", "BillingMode": "PAY_PER_REQUEST",
        "OnDemandThroughput": {"MaxReadRequestUnits": 1000, "MaxWriteRequestUnits": -1},
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "k", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [{
            "IndexName": "by_k", "Projection": {"ProjectionType": "KEYS_ONLY"},
            "OnDemandThroughput": {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 20},
            "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}]}]}),
    ("DescribeTable", {"TableName": "orders"}),
    ("DescribeTable", {"TableName": "arn:aws:dynamodb:us-east-1:000000000000:table/events"}),
    ("ListTables", {"ExclusiveStartTableName": "aaa", "Limit": 1}),
    ("ListTables", {}),
    ("UpdateTimeToLive", {"TableName": "events", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "expires"}}),
    ("DescribeTimeToLive", {"TableName": "events"}),
    ("DescribeTimeToLive", {"TableName": "orders"}),
    ("DescribeLimits", {}),
    ("DescribeEndpoints", {}),
    ("UpdateTable", {
        "TableName": "events", "TableClass": "STANDARD_INFREQUENT_ACCESS", "DeletionProtectionEnabled": True,
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "k", "AttributeType": "S"}],
        "OnDemandThroughput": {"MaxReadRequestUnits": 2000, "MaxWriteRequestUnits": 3000},
        "WarmThroughput": {"ReadUnitsPerSecond": 13000, "WriteUnitsPerSecond": 5000},
        "StreamSpecification": {"StreamEnabled": False}, "SSESpecification": {"Enabled": False},
        "GlobalSecondaryIndexUpdates": [{"Update": {
            "IndexName": "by_k", "OnDemandThroughput": {"MaxReadRequestUnits": 30},
            "WarmThroughput": {"ReadUnitsPerSecond": 13000, "WriteUnitsPerSecond": 5000}}}]}),
    ("UpdateTable", {
        "TableName": "orders", "BillingMode": "PROVISIONED", "ProvisionedThroughput": {**THROUGHPUT, "ReadCapacityUnits": 110},
        "GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": "by_status", "ProvisionedThroughput": {**THROUGHPUT, "WriteCapacityUnits": 120}}}]}),
    ("UpdateTable", {
        "TableName": "orders", "AttributeDefinitions": [{"AttributeName": "city", "AttributeType": "S"}],
        "GlobalSecondaryIndexUpdates": [{"Create": {
            "IndexName": "by_city", "Projection": {"ProjectionType": "ALL"}, "ProvisionedThroughput": THROUGHPUT,
            "WarmThroughput": {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000},
            "KeySchema": [{"AttributeName": "city", "KeyType": "HASH"}]}}]}),
    ("UpdateTable", {"TableName": "orders", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by_city"}}]}),
    ("UpdateTable", {
        "TableName": "events", "AttributeDefinitions": [{"AttributeName": "city", "AttributeType": "S"}],
        "GlobalSecondaryIndexUpdates": [{"Create": {
            "IndexName": "by_city", "Projection": {"ProjectionType": "KEYS_ONLY"}, "OnDemandThroughput": {"MaxReadRequestUnits": 5},
            "KeySchema": [{"AttributeName": "city", "KeyType": "HASH"}]}}]}),

    ("PutItem", {
        "TableName": "orders", "Item": {**KEY, **TYPES, "cost": n(5), "status": {"B": b"open"}}, "ReturnValues": "NONE", **METRICS,
        "ConditionExpression": "attribute_not_exists(#id) OR n = :n", "ExpressionAttributeNames": {"#id": "id"},
        "ExpressionAttributeValues": {":n": n(1)}, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}),
    ("PutItem", {
        "TableName": "orders", "Item": {**KEY, "n": n(1), "cost": n(6)}, "ReturnValues": "ALL_OLD", **METRICS, "ConditionalOperator": "OR",
        "Expected": {"s": {"Value": s("no")}, "gone": {"Exists": False},
                     "n": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [n(-200), n(0)]}}}),
    ("UpdateItem", {
        "TableName": "orders", "Key": KEY, "UpdateExpression": "SET #a = :a, l = :l REMOVE gone ADD n :one, ss :ss DELETE ns :one2",
        "ConditionExpression": "attribute_exists(id)", "ExpressionAttributeNames": {"#a": "a"},
        "ExpressionAttributeValues": {":a": TYPES["m"], ":l": TYPES["l"], ":one": n(1), ":ss": {"SS": ["c"]}, ":one2": {"NS": ["1"]}},
        "ReturnValues": "UPDATED_NEW", **METRICS, "ReturnValuesOnConditionCheckFailure": "NONE"}),
    ("UpdateItem", {
        "TableName": "orders", "Key": KEY, "ReturnValues": "ALL_NEW", **METRICS, "ConditionalOperator": "AND",
        "AttributeUpdates": {"a": {"Value": s("put"), "Action": "PUT"}, "b": {"Value": s("put")}, "gone": {"Action": "DELETE"},
                             "ss": {"Value": {"SS": ["c"]}, "Action": "DELETE"}, "n": {"Value": n(3), "Action": "ADD"},
                             "new": {"Value": {"L": [n(1)]}, "Action": "ADD"}, "l": {"Value": {"L": [n(1)]}, "Action": "ADD"}},
        "Expected": {"n": {"ComparisonOperator": "GE", "Value": n(2)}, "gone": {"ComparisonOperator": "NULL"}}}),
    ("UpdateItem", {"TableName": "orders", "Key": KEY, "ReturnValues": "UPDATED_OLD", "AttributeUpdates": {"b": {"Action": "DELETE"}}}),
    ("GetItem", {
        "TableName": "orders", "Key": KEY, "ConsistentRead": True, "ProjectionExpression": "#n, l[0], m.deep.x",
        "ExpressionAttributeNames": {"#n": "n"}, **REPORT}),
    ("GetItem", {"TableName": "orders", "Key": KEY, "AttributesToGet": ["n", "s"], "ReturnConsumedCapacity": "TOTAL"}),
    ("GetItem", {"TableName": "orders", "Key": {"id": s("missing"), "at": n(0)}, "ReturnConsumedCapacity": "NONE"}),
    ("BatchWriteItem", {
        **METRICS, "RequestItems": {
            "orders": [{"PutRequest": {"Item": {"id": s("a"), "at": n(at), "cost": n(-at), "s": s("x" * at)}}} for at in range(2, 6)]
                      + [{"DeleteRequest": {"Key": {"id": s("b"), "at": n(1)}}}],
            "events": [{"PutRequest": {"Item": {"id": s("e"), "k": s("k"), **TYPES}}}]}}),
    ("Query", {
        "TableName": "orders", "KeyConditionExpression": "id = :id AND #at BETWEEN :low AND :high", "FilterExpression": "attribute_exists(cost)",
        "ProjectionExpression": "#at, cost", "ExpressionAttributeNames": {"#at": "at"},
        "ExpressionAttributeValues": {":id": s("a"), ":low": n(2), ":high": n(9)}, "Select": "SPECIFIC_ATTRIBUTES", "Limit": 2,
        "ConsistentRead": True, "ScanIndexForward": False, "ExclusiveStartKey": {"id": s("a"), "at": n(5)}, **REPORT}),
    ("Query", {
        "TableName": "orders", "IndexName": "by_cost", "Select": "ALL_ATTRIBUTES", "ConditionalOperator": "OR", **REPORT,
        "KeyConditions": {"id": {"ComparisonOperator": "EQ", "AttributeValueList": [s("a")]},
                          "cost": {"ComparisonOperator": "LT", "AttributeValueList": [n(0)]}},
        "QueryFilter": {name: test for name, test in FILTER.items() if name != "at"}}),
    ("Query", {"TableName": "orders", "KeyConditions": {"id": {"ComparisonOperator": "EQ", "AttributeValueList": [s("a")]}}, "AttributesToGet": ["s"]}),
    ("Query", {"TableName": "orders", "Select": "COUNT", "KeyConditionExpression": "id = :id", "ExpressionAttributeValues": {":id": s("a")}}),
    ("Query", {"TableName": "orders", "IndexName": "by_status", "Select": "ALL_PROJECTED_ATTRIBUTES", **REPORT,
               "KeyConditionExpression": "#s = :s", "ExpressionAttributeNames": {"#s": "status"}, "ExpressionAttributeValues": {":s": {"B": b"open"}}}),
    ("Scan", {
        "TableName": "orders", "FilterExpression": "#at > :one", "ProjectionExpression": "#at", "ExpressionAttributeNames": {"#at": "at"},
        "ExpressionAttributeValues": {":one": n(1)}, "Select": "SPECIFIC_ATTRIBUTES", "Limit": 3, "ConsistentRead": True,
        "TotalSegments": 1, "Segment": 0, **REPORT}),
    ("Scan", {"TableName": "orders", "ExclusiveStartKey": {"id": s("a"), "at": n(3)}, "ScanFilter": FILTER, "ConditionalOperator": "AND"}),
    ("Scan", {"TableName": "orders", "IndexName": "by_cost", "AttributesToGet": ["cost"], "ScanFilter": {"cost": FILTER["i"]}}),
    ("BatchGetItem", {**REPORT, "RequestItems": {
        "orders": {"Keys": [KEY, {"id": s("a"), "at": n(2)}], "ConsistentRead": True, "ProjectionExpression": "#s, id", "ExpressionAttributeNames": {"#s": "s"}},
        "events": {"Keys": [{"id": s("e")}], "AttributesToGet": ["k", "m"]}}}),
    ("TransactGetItems", {**REPORT, "TransactItems": [
        {"Get": {"TableName": "orders", "Key": KEY, "ProjectionExpression": "#s", "ExpressionAttributeNames": {"#s": "s"}}},
        {"Get": {"TableName": "events", "Key": {"id": s("none")}}}]}),
    ("TransactWriteItems", {**METRICS, "ClientRequestToken": "token-1", "TransactItems": [
        {"ConditionCheck": {"TableName": "orders", "Key": KEY, "ConditionExpression": "attribute_exists(#i) AND n <> :v", "ExpressionAttributeNames": {"#i": "id"},
                            "ExpressionAttributeValues": {":v": s("v")}, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}},
        {"Put": {"TableName": "orders", "Item": {"id": s("t"), "at": n(1)}, "ConditionExpression": "attribute_not_exists(#i) OR n <> :v",
                 "ExpressionAttributeNames": {"#i": "id"}, "ExpressionAttributeValues": {":v": s("v")}, "ReturnValuesOnConditionCheckFailure": "NONE"}},
        {"Update": {"TableName": "orders", "Key": {"id": s("t"), "at": n(2)}, "UpdateExpression": "SET #x = :v", "ConditionExpression": "attribute_not_exists(#x)",
                    "ExpressionAttributeNames": {"#x": "x"}, "ExpressionAttributeValues": {":v": s("v")}, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}},
        {"Delete": {"TableName": "orders", "Key": {"id": s("t"), "at": n(3)}, "ConditionExpression": "#x <> :v", "ExpressionAttributeNames": {"#x": "x"},
                    "ExpressionAttributeValues": {":v": s("v")}, "ReturnValuesOnConditionCheckFailure": "NONE"}}]}),
    ("DeleteItem", {
        "TableName": "orders", "Key": KEY, "ConditionExpression": "#n > :zero", "ExpressionAttributeNames": {"#n": "n"},
        "ExpressionAttributeValues": {":zero": n(0)}, "ReturnValues": "ALL_OLD", **METRICS, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}),
    ("DeleteItem", {
        "TableName": "orders", "Key": KEY, "Expected": {"s": {"ComparisonOperator": "NULL"}, "n": {"Exists": False}}, "ConditionalOperator": "AND"}),
    ("DeleteTable", {"TableName": "orders"}),
]


def body(operation, params):
    shape = MODEL.operation_model(operation).input_shape
    report = botocore.validate.ParamValidator().validate(params, shape)
    assert not report.has_errors(), (operation, report.generate_report())
    sent = SERIALIZER.serialize_to_request(params, MODEL.operation_model(operation))
    return json.loads(sent["body"])


def line(operation, body):
    return json.dumps({"operation": operation, "body": body}, separators=(",", ":"))


def visited(shape, value, seen):
    """Notes every member of a structure that a request has."""
    if shape.name == "AttributeValue":
        return
    if shape.type_name == "structure":
        for name, member in value.items():
            seen.add((shape.name, name))
            visited(shape.members[name], member, seen)
    elif shape.type_name == "list":
        for member in value:
            visited(shape.member, member, seen)
    elif shape.type_name == "map":
        for member in value.values():
            visited(shape.value, member, seen)


def all_members(shape, seen, known):
    if shape.name in known or shape.name == "AttributeValue":
        return
    known.add(shape.name)
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            if name not in LEFT_OUT:
                seen.add((shape.name, name))
                all_members(member, seen, known)
    elif shape.type_name == "list":
        all_members(shape.member, seen, known)
    elif shape.type_name == "map":
        all_members(shape.value, seen, known)


WRONG = {
    "string": [23, 1.5, True, False, [], {}], "integer": ["23", True, [], {}], "long": ["23", False, [], {}],
    "boolean": ["true", 1, [], {}], "list": ["x", 1, True, {}], "map": ["x", 1, True, []], "structure": ["x", 1, True, []],
}


def lower(name): return name[0].lower() + name[1:]


def broken(number, operation, shape, value, place, path, member=None):
    """Yields the ways to break one member of request `number`; `place` finds it, `path` is how messages name it.

    Comes with the member of the model that is broken, so that each is broken once.
    """
    def change(**how):
        return (member, json.dumps({"of": number, "at": place, **how}, separators=(",", ":")))

    if place:
        for wrong in WRONG.get(shape.type_name, []):
            yield change(set=wrong, expect="serialization")
        if getattr(shape, "enum", None):
            yield change(set="hi", expect="enum", path=path, values=sorted(shape.enum))
    if shape.name == "AttributeValue":
        return
    if shape.type_name == "structure":
        for name, inner_shape in shape.members.items():
            if name not in value:
                continue
            inner = f"{path}.{lower(name)}" if path else lower(name)
            yield from broken(number, operation, inner_shape, value[name], place + [name], inner, (shape.name, name))
            if name in shape.required_members and not (name in OTHER_WORDS and operation in CONTROL):
                how = {"of": number, "at": place + [name], "expect": "required", "path": inner}
                yield ((shape.name, name), json.dumps(how, separators=(",", ":")))
    elif shape.type_name == "list" and value:
        yield from broken(number, operation, shape.member, value[0], place + [0], f"{path}.1.member", (member, 0))
    elif shape.type_name == "map" and value:
        key = next(iter(value))
        yield from broken(number, operation, shape.value, value[key], place + [key], f"{path}.{key}.member", (member, 0))


def main():
    lines, seen, wanted, known, met = [], set(), set(), set(), set()
    for operation, params in FULL:
        lines.append(line(operation, body(operation, params)))
        visited(MODEL.operation_model(operation).input_shape, params, seen)
        all_members(MODEL.operation_model(operation).input_shape, wanted, known)
    assert wanted <= seen, f"never sent: {sorted(wanted - seen)}"
    for number, (operation, params) in enumerate(FULL):
        found = list(broken(number, operation, MODEL.operation_model(operation).input_shape, params, [], ""))
        lines.extend(change for member, change in found if member not in met)
        met.update(member for member, _ in found)
    out = pathlib.Path(__file__).with_name("requests.jsonl")
    out.write_text("\n".join(lines) + "\n")
    print(f"{len(lines)} requests, {out.stat().st_size} bytes")


main()
