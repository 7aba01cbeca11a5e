#!/usr/bin/env python3
"""Reads replies (JSON lines: operation, status, body) from standard input with botocore's own parser.

Fails where a body has a member that is not in the model, a value of another type, or where an error comes out with
another code than its line says.
"""
import json
import sys

import botocore.loaders
import botocore.model
import botocore.parsers

MODEL = botocore.model.ServiceModel(botocore.loaders.Loader().load_service_model("dynamodb", "service-2"), "dynamodb")
PARSER = botocore.parsers.create_parser("json")
TYPES = {
    "string": str, "integer": int, "long": int, "boolean": bool, "double": (int, float), "float": (int, float), "blob": str,
    "timestamp": (int, float), "list": list, "map": dict, "structure": dict,
}


def check(shape, value, path):
    kind = shape.type_name
    assert isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool)), f"{path}: {value!r} is no {kind}"
    if kind == "structure":
        for name, member in value.items():
            assert name in shape.members, f"{path}: no member {name} in {shape.name}"
            check(shape.members[name], member, f"{path}.{name}")
    elif kind == "list":
        for at, member in enumerate(value):
            check(shape.member, member, f"{path}[{at}]")
    elif kind == "map":
        for name, member in value.items():
            check(shape.value, member, f"{path}.{name}")
    elif kind == "string" and getattr(shape, "enum", None):
        assert value in shape.enum, f"{path}: {value!r} is not in {shape.name}"


def count(parsed):
    """How many values botocore made of a body."""
    if isinstance(parsed, dict):
        return sum(map(count, parsed.values()))
    if isinstance(parsed, list):
        return sum(map(count, parsed))
    return 1


replies = 0
for line in sys.stdin:
    reply = json.loads(line)
    operation = MODEL.operation_model(reply["operation"])
    response = {"status_code": reply["status"], "headers": {}, "body": reply["body"].encode(), "context": {}}
    parsed = PARSER.parse(response, operation.output_shape)
    body = json.loads(reply["body"])
    if reply["status"] == 200:
        check(operation.output_shape, body, reply["operation"])
        parsed.pop("ResponseMetadata")
        assert count(parsed) == count(body), f"{reply['operation']}: {parsed}"
    else:
        code = parsed["Error"]["Code"]
        assert code == reply["code"], f"{reply['operation']}: {code} for {reply['code']}"
        assert parsed["Error"]["Message"], f"{reply['operation']}: {code} without a message"
        shape = MODEL.shape_for_error_code(code)
        if shape is not None:
            check(shape, {name: value for name, value in body.items() if name != "__type"}, code)
    replies += 1
print(replies)
