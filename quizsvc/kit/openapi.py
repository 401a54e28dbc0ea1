"""The OpenAPI document, made from the views: nothing in it is written twice."""

import re
from collections.abc import Mapping
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from marshmallow import Schema, fields
from werkzeug.routing import Rule

from quizsvc.kit.errors import Refusal, all_refusals
from quizsvc.kit.http import Operation, View, operation_of

PARAMETER = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
PARAMETER_SCHEMAS: Mapping[str, dict[str, Any]] = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer", "minimum": 0},
    "slug": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,39}$"},
    "default": {"type": "string"},
}


class Error(Schema):
    """What every refusal looks like."""

    errcode = fields.String(required=True)
    errmsg = fields.String(required=True)
    request_id = fields.String(required=True)
    fields_ = fields.Dict(data_key="fields")


def build_openapi(app: Flask, *, version: str, prefix: str, guards: Mapping[str, View | None]) -> dict[str, Any]:
    """The document of every view under `prefix`. `guards`: what stands before each area, None before an open one."""
    spec = APISpec(
        title="quizsvc",
        version=version,
        openapi_version="3.0.3",
        info={"description": "反诈答题活动后台接口。Refusals carry an `errcode`; see `x-errcodes`."},
        plugins=[MarshmallowPlugin(schema_name_resolver=_schema_name)],
    )
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    spec.components.schema("Error", schema=Error())
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.rule.startswith(prefix) and "operation" in app.view_functions[rule.endpoint].__dict__:
            spec.path(
                path=PARAMETER.sub(r"{\g<name>}", rule.rule),
                operations=_operations(app, rule, guard=guards[rule.endpoint.split(".")[0]]),
                parameters=_parameters(rule),
            )
    document: dict[str, Any] = spec.to_dict()
    document["x-errcodes"] = {kind.code: _describe(kind) for kind in all_refusals()}
    return document


def _schema_name(schema: Any) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    slice_name = kind.__module__.split(".")[1]
    return str(kind.__name__) if slice_name == "kit" else f"{slice_name.capitalize()}{kind.__name__}"


def _describe(kind: type[Refusal]) -> dict[str, Any]:
    return {"status": kind.status, "retry": kind.retry, "zh": kind.zh, "en": kind.en}


def _parameters(rule: Rule) -> list[dict[str, Any]]:
    return [
        {
            "name": match["name"],
            "in": "path",
            "required": True,
            "schema": PARAMETER_SCHEMAS[match["kind"] or "default"],
        }
        for match in PARAMETER.finditer(rule.rule)
    ]


def _operations(app: Flask, rule: Rule, *, guard: View | None) -> dict[str, Any]:
    view = app.view_functions[rule.endpoint]
    operation = operation_of(view)
    described: dict[str, Any] = {
        "operationId": rule.endpoint.replace(".", "_"),
        "tags": [rule.endpoint.split(".")[0]],
        "summary": (view.__doc__ or "").strip().split("\n")[0],
        "responses": _responses(operation, operation.refusals | (operation_of(guard).refusals if guard else set())),
    }
    if operation.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": operation.body}},
        }
    if operation.query is not None:
        described["parameters"] = [{"in": "query", "schema": operation.query}]
    if guard is not None:
        described["security"] = [{"bearer": []}]
    methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
    return {method.lower(): described for method in sorted(methods)}


def _responses(operation: Operation, refusals: set[type[Refusal]]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, schema in operation.replies.items():
        responses[str(status)] = {"description": "OK"}
        if schema is not None:
            responses[str(status)]["content"] = {"application/json": {"schema": schema}}
    if operation.media is not None:
        headers = {
            name: {"description": said, "schema": {"type": "string"}} for name, said in operation.headers.items()
        }
        content = {operation.media: {"schema": {"type": "string", "format": "binary"}}}
        responses["200"] = {"description": "A file", "content": content, "headers": headers}
    if operation.cached:
        responses["304"] = {"description": "Not changed since the ETag that was sent"}
    for status in sorted({kind.status for kind in refusals}):
        codes = sorted(kind.code for kind in refusals if kind.status == status)
        responses[str(status)] = {
            "description": " · ".join(codes),
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            "x-errcodes": codes,
        }
    return responses
