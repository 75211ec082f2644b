"""openapi.yaml: the committed output of the code. flask-smorest writes it; this mends what it cannot know."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from flask_smorest import Api

from market.api.permissions import EVERYONE, PUBLIC, ROUTES, Rule
from market.api.schemas.fields import property_of_field

ENDPOINTS = frozenset({"api-docs.openapi_json"})
PROBLEM = "application/problem+json"
CONFIG: dict[str, Any] = {
    "API_TITLE": "Karez",
    "API_VERSION": "v1",
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": "/",
    "OPENAPI_JSON_PATH": "openapi.json",
    "API_SPEC_OPTIONS": {
        "info": {
            "description": "A county's water-rights exchange and contract-saving market. Volumes are decimal strings in"
            " m3, money in yuan, prices in yuan per m3; JSON numbers are refused for them. Ids are typed and opaque."
        }
    },
}

_PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457. `code` is stable; a refusal by rule names its rule, limit, what was available and its"
    " legal source.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "request_id": {"type": "string"},
        "rule": {"type": "string"},
        "limit": {"type": "string"},
        "available": {"type": "string"},
        "legal_source": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
                "required": ["pointer", "detail"],
            },
        },
    },
    "required": ["type", "title", "status", "code", "request_id"],
}

_STATUSES = {
    "400": "The request could not be read, or lacks its Idempotency-Key.",
    "401": "Sign in first.",
    "403": "Not allowed for this role.",
    "404": "There is no such thing, or it is not yours.",
    "409": "Not possible in the present state, or the key is in flight.",
    "412": "Changed since it was read.",
    "413": "The body is larger than 1 MiB.",
    "415": "The body is not JSON.",
    "422": "Invalid input, or refused by a rule.",
    "428": "If-Match is required.",
    "429": "Too many requests.",
    "503": "Not available just now; send the same request again.",
}

IF_MATCH_ENDPOINTS = frozenset(
    {
        "limits.change_limit", "participants.suspend", "participants.reinstate", "participants.set_owner_group",
        "entitlements.suspend", "entitlements.reinstate", "water_accounts.set_use_plan",
    }
)  # fmt: skip


def prepare(api: Api, prefixes: Mapping[str, str]) -> None:
    """Teaches the generator our fields and path ids; before any blueprint is registered."""
    plugin: MarshmallowPlugin = api.ma_plugin
    assert plugin.converter is not None
    plugin.converter.add_attribute_function(property_of_field)
    spec = api.spec
    spec.components.schema("Problem", _PROBLEM_SCHEMA)
    spec.components.security_scheme(
        "bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT or API key"}
    )


def finish(app: Flask, api: Api) -> None:
    """Completes the document: errors, headers, security, paging; after the last blueprint."""
    document = api.spec
    by_operation = {}
    for rule in app.url_map.iter_rules():
        declared = ROUTES.get(rule.endpoint)
        if declared is None:
            continue
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            by_operation[_path(rule.rule), method.lower()] = (rule.endpoint, declared)
    for path, operations in document._paths.items():
        for method, operation in operations.items():
            found = by_operation.get((path, method))
            if found is not None:
                _complete(path, method, operation, *found)


def _path(rule: str) -> str:
    """A Werkzeug rule as an OpenAPI path."""
    parts = []
    for part in rule.split("/"):
        parts.append("{" + part[1:-1].split(":")[-1] + "}" if part.startswith("<") else part)
    return "/".join(parts)


def _complete(path: str, method: str, operation: dict[str, Any], endpoint: str, rule: Rule) -> None:
    operation["operationId"] = endpoint.replace(".", "_")
    parameters = operation.setdefault("parameters", [])
    responses = operation["responses"]
    for name in list(responses):
        if name == "default" or "$ref" in responses[name] or (name.isdigit() and int(name) >= 400):
            del responses[name]
    wanted = {"404", "422", "429", "400"}
    if rule.roles is not PUBLIC:
        operation["security"] = [{"bearer": []}]
        wanted |= {"401", "403"}
        roles = "anyone signed in" if rule.roles == EVERYONE else ", ".join(sorted(rule.roles))
        operation["description"] = (operation.get("description", "") + f"\n\nRoles: {roles}.").strip()
    if method == "post":
        wanted |= {"409", "413", "415"}
    if rule.idempotent:
        parameters.append(
            _header(
                "Idempotency-Key", "One effect a key: 1 to 255 visible ASCII characters.", r"^[!-~]{1,255}$"
            )
        )
        wanted |= {"503"}
    if endpoint in IF_MATCH_ENDPOINTS:
        parameters.append(_header("If-Match", "The ETag that the thing was read with.", r'^"[0-9]{1,12}"$'))
        wanted |= {"412", "428"}
    if _is_page(responses):
        parameters.extend(_PAGING)
    if path in ("/v1/auth/token", "/v1/auth/session", "/v1/auth/refresh"):
        wanted |= {"401", "403"}
    for status in sorted(wanted):
        responses[status] = {
            "description": _STATUSES[status],
            "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }


def _header(name: str, description: str, pattern: str) -> dict[str, Any]:
    return {
        "in": "header", "name": name, "required": True, "description": description,
        "schema": {"type": "string", "pattern": pattern},
    }  # fmt: skip


_PAGING: list[dict[str, Any]] = [
    {"in": "query", "name": "limit", "required": False, "description": "At most so many rows.",
     "schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}},
    {"in": "query", "name": "starting_after", "required": False, "description": "The last id of the page before.",
     "schema": {"type": "string"}},
]  # fmt: skip


def _is_page(responses: Mapping[str, Any]) -> bool:
    schema = responses.get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "") if isinstance(schema, Mapping) else getattr(schema, "__name__", "")
    return str(name).endswith(("Page", "Tape", "Statement"))


def text(document: Mapping[str, Any]) -> str:
    """An OpenAPI document as YAML."""
    dumped: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)
    return "# Written by `karez openapi`; do not edit.\n" + dumped


def write(path: str | Path, document: Mapping[str, Any]) -> None:
    """Writes a document to a file."""
    Path(path).write_text(text(document), encoding="utf-8")
