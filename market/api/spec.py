"""openapi.yaml: the committed output of the code. flask-smorest writes it; this mends what it cannot know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from flask_smorest import Api

from market.api.deprecation import DEPRECATED
from market.api.permissions import EVERYONE, HOLDERS, PUBLIC, ROUTES, Rule
from market.api.schemas.fields import PublicId, property_of_field

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
    " legal source. Titles, details and legal sources are in Chinese where Accept-Language prefers it.",
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
        "rows": {
            "type": "array",
            "description": "Of many rows, those that were refused: where, a stable code, what people read.",
            "items": {"type": "object"},
        },
        "refused": {"type": "integer", "description": "How many rows of a file were refused."},
    },
    "required": ["type", "title", "status", "code", "request_id"],
}

_IDEMPOTENT, _TAG = "Idempotent-Replayed", "ETag"
_HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-ID": {
        "description": "The id of this request, also in logs and in the audit trail.",
        "required": True,
        "schema": {"type": "string"},
    },
    _TAG: {
        "description": "The version of the thing; send it as If-Match with a change.",
        "required": True,
        "schema": {"type": "string", "pattern": r'^"[0-9]{1,12}"$'},
    },
    "Deprecation": {
        "description": "Since when this should not be used any more (RFC 9745): @ and a Unix time.",
        "required": True,
        "schema": {"type": "string", "pattern": "^@[0-9]+$"},
    },
    "Sunset": {
        "description": "When this may be gone (RFC 8594).",
        "required": True,
        "schema": {"type": "string"},
    },
    "Link": {"description": "What takes its place.", "required": True, "schema": {"type": "string"}},
    "Retry-After": {
        "description": "After so many seconds.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
    _IDEMPOTENT: {
        "description": "true: the key was answered before, and this is that answer again.",
        "schema": {"type": "string", "enum": ["true"]},
    },
}

# status -> name of the response in the document, what it means
_PROBLEMS: dict[str, tuple[str, str]] = {
    "400": ("BadRequest", "The body could not be read, or the Idempotency-Key is missing."),
    "401": ("NotAuthenticated", "Sign in first."),
    "403": ("NotAllowed", "Not allowed for this role, scope or mandate."),
    "404": ("NotFound", "There is no such thing, or it is not yours."),
    "409": ("Conflict", "Not possible in the present state, or the key is in flight."),
    "412": ("VersionChanged", "Changed since it was read."),
    "413": ("BodyTooLarge", "The body is larger than 1 MiB."),
    "415": ("UnsupportedMediaType", "The body is not JSON."),
    "422": ("Unprocessable", "Invalid input, or refused by a rule."),
    "428": ("PreconditionRequired", "If-Match is required."),
    "429": ("TooManyRequests", "Too many requests."),
    "503": ("Unavailable", "Not available just now; send the same request again."),
}

_PARAMETERS: dict[str, dict[str, Any]] = {
    "IdempotencyKey": {
        "in": "header", "name": "Idempotency-Key", "required": True,
        "description": "One effect a key: 1 to 255 visible ASCII characters.",
        "schema": {"type": "string", "pattern": r"^[!-~]{1,255}$"},
    },
    "IfMatch": {
        "in": "header", "name": "If-Match", "required": True,
        "description": "The ETag that the thing was read with.",
        "schema": {"type": "string", "pattern": r'^"[0-9]{1,12}"$'},
    },
    "IfMatchOptional": {
        "in": "header", "name": "If-Match", "required": False,
        "description": "The ETag that the thing was read with, to change it only if nobody else has.",
        "schema": {"type": "string", "pattern": r'^"[0-9]{1,12}"$'},
    },
    "ActingFor": {
        "in": "header", "name": "X-Acting-For", "required": False,
        "description": "The participant that one acts for under a recorded mandate, instead of one's own.",
        "schema": {"type": "string", "pattern": r"^par_[0-9A-HJKMNP-TV-Z]{26}$"},
    },
    "Limit": {
        "in": "query", "name": "limit", "required": False, "description": "At most so many rows.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
    },
    "StartingAfter": {
        "in": "query", "name": "starting_after", "required": False,
        "description": "The last id of the page before.",
        "schema": {"type": "string", "pattern": r"^[a-z]{3}_[0-9A-HJKMNP-TV-Z]{26}$"},
    },
}  # fmt: skip

IF_MATCH_ENDPOINTS = frozenset(
    {
        "limits.change_limit", "participants.suspend", "participants.reinstate", "participants.set_owner_group",
        "entitlements.suspend", "entitlements.reinstate", "water_accounts.set_use_plan",
        "life.amend", "life.split", "life.transfer", "life.inherit", "life.ask_renewal", "life.renew",
        "life.refuse_renewal", "life.excuse", "life.cancel", "firm_registrations.amend",
    }
)  # fmt: skip
IF_MATCH_OPTIONAL_ENDPOINTS = frozenset(
    {
        "entitlements.confirm",
        "entitlements.refuse",
        "water_accounts.close",
        "life.accept",
        "life.publish",
        "life.open_hearing",
        "life.close_hearing",
        "life.open_dispute",
        "life.close_dispute",
        "life.uphold_objection",
        "life.dismiss_objection",
        "meters.replace_counter",
        "meters.close_meter",
        "meters.calibrate",
        "meters.assign",
        "turn_sheets.sign",
        "turn_sheets.discard",
    }
)
SUCCESSION_ENDPOINTS = frozenset({"life.split", "life.transfer", "life.inherit"})
"""These answer several rights, each with its own version, under no tag of their own."""
TAGGED_ENDPOINTS = (IF_MATCH_ENDPOINTS - SUCCESSION_ENDPOINTS) | IF_MATCH_OPTIONAL_ENDPOINTS | frozenset(
    {
        "participants.get", "participants.admit", "participants.refuse", "limits.create_limit", "limits.get_limit",
        "entitlements.apply", "entitlements.get_entitlement", "water_accounts.open_water_account",
        "water_accounts.get_water_account", "life.lodge_objection",
        "deliveries.order", "deliveries.get", "deliveries.dispatch", "deliveries.confirm", "deliveries.close_short",
        "deliveries.make_good", "deliveries.propose_refund", "deliveries.approve_refund", "deliveries.decline_refund",
        "pledges.apply", "pledges.get", "pledges.agree", "pledges.register", "pledges.refuse", "pledges.secure",
        "pledges.release", "pledges.consent_to_sale", "pledges.enforce", "pledge_sales.get_sale",
        "pledge_sales.take_back", "trusts.open_trust", "trusts.get", "trusts.recall", "trusts.end",
        "trust_members.offer",
        "trust_members.get_member", "trust_members.accept", "trust_members.refuse", "trust_members.withdraw",
        "trust_members.bring_in", "trust_members.give_notice", "trust_members.take_out",
        "meters.register_meter", "meters.get_meter", "meters.pay_debt",
        "turn_sheets.enter", "turn_sheets.get_turn_sheet",
        "negotiations.open_negotiation", "negotiations.get", "negotiations.offer", "negotiations.accept",
        "negotiations.sign", "negotiations.withdraw",
        "firm_registrations.register", "firm_registrations.get_registration", "firm_registrations.enlist",
        "firm_registrations.refuse", "firm_registrations.suspend", "firm_registrations.leave",
        "projects.publish", "projects.get", "projects.withdraw", "projects.choose",
        "saving_contracts.draft", "saving_contracts.get", "saving_contracts.amend", "saving_contracts.sign",
        "saving_contracts.withdraw", "saving_contracts.enter_phase", "saving_contracts.end",
        "saving_reports.draft", "saving_reports.get", "saving_reports.revise", "saving_reports.propose_adjustment",
        "saving_reports.accept_adjustment", "saving_reports.accept", "saving_reports.certify",
        "saving_reports.give_back", "saving_reports.object_to", "saving_reports.name_verifier",
        "saving_reports.re_verify", "saving_reports.void", "saving_reports.distribute",
        "programmes.publish", "programmes.get", "programmes.approve", "programmes.reject",
    }
)  # fmt: skip

RECKONING_ENDPOINTS = frozenset(
    {"products.candles", "market_data.prices", "market_data.index", "market_data.excluded_trades"}
)
"""These give way to orders."""
STATE_ENDPOINTS = frozenset({"programmes.contract"})
"""Readings of what is only there in some states."""

# What a shape demands beyond its single fields.
_COUNTS = {"BatchOrderIn": {"minProperties": 1, "maxProperties": 1}, "AmendIn": {"minProperties": 1}}
_ORDER = ("openapi", "info", "tags", "paths", "components")
_GENERATED = frozenset({"Error", "PaginationMetadata"})  # of the framework, used nowhere


def prepare(app: Flask, api: Api, prefixes: Iterable[str]) -> None:
    """Teaches the generator our fields and path ids; before any blueprint is registered."""
    plugin: MarshmallowPlugin = api.ma_plugin
    assert plugin.converter is not None
    plugin.converter.add_attribute_function(property_of_field)
    for prefix in prefixes:
        api.register_converter(app.url_map.converters[prefix], _schema_of_id(prefix))
    components = api.spec.components
    components.schema("Problem", _PROBLEM_SCHEMA)
    for status, (name, description) in _PROBLEMS.items():
        headers = {"X-Request-ID": {"$ref": "#/components/headers/X-Request-ID"}}
        if status in ("429", "503"):
            headers["Retry-After"] = {"$ref": "#/components/headers/Retry-After"}
        content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        components.response(name, {"description": description, "headers": headers, "content": content})
    for name, header in _HEADERS.items():
        components.header(name, header)
    for name, parameter in _PARAMETERS.items():
        components.parameters[name] = parameter
    components.security_scheme(
        "bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT or API key"}
    )


def _schema_of_id(prefix: str) -> Callable[[Any], dict[str, Any]]:
    return lambda _converter: {"type": "string", "pattern": PublicId(prefix).pattern}


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
    components = document.components
    for name, counts in _COUNTS.items():
        components.schemas[name].update(counts)
    for name in _GENERATED:
        components.schemas.pop(name, None)
    for name in components.responses.keys() - {name for name, _ in _PROBLEMS.values()}:
        del components.responses[name]
    _in_ecma(document._paths)
    _in_ecma(components.schemas)


def _in_ecma(part: Any) -> None:
    r"""Patterns of JSON Schema are ECMA-262's: the end is $, which Python writes \Z."""
    if isinstance(part, dict):
        pattern = part.get("pattern")
        if isinstance(pattern, str):
            part["pattern"] = pattern.replace(r"\Z", "$")
        for each in part.values():
            _in_ecma(each)
    elif isinstance(part, list):
        for each in part:
            _in_ecma(each)


def _path(rule: str) -> str:
    """A Werkzeug rule as an OpenAPI path."""
    parts = []
    for part in rule.split("/"):
        parts.append("{" + part[1:-1].split(":")[-1] + "}" if part.startswith("<") else part)
    return "/".join(parts)


def _complete(path: str, method: str, operation: dict[str, Any], endpoint: str, rule: Rule) -> None:
    operation["operationId"] = endpoint.replace(".", "_")
    parameters: list[dict[str, Any]] = operation.setdefault("parameters", [])
    responses = operation["responses"]
    for name in list(responses):
        if name == "default" or "$ref" in responses[name] or (name.isdigit() and int(name) >= 400):
            del responses[name]
    wanted, named = _demands(path, method, endpoint, rule)
    if _is_page(responses):
        named += ["Limit", "StartingAfter"]
    if rule.roles is not PUBLIC:
        operation["security"] = [{"bearer": []}]
        roles = "anyone signed in" if rule.roles == EVERYONE else ", ".join(sorted(rule.roles))
        operation["description"] = (operation.get("description", "") + f"\n\nRoles: {roles}.").strip()
    parameters.extend({"$ref": f"#/components/parameters/{name}"} for name in named)
    said = ["X-Request-ID", *([_TAG] if endpoint in TAGGED_ENDPOINTS else []),
            *([_IDEMPOTENT] if rule.idempotent else [])]  # fmt: skip
    if endpoint in DEPRECATED:
        goes = DEPRECATED[endpoint]
        operation["deprecated"] = True
        described = operation.get("description", "")
        operation["description"] = (
            f"{described}\n\nDeprecated since {goes.since}; gone on {goes.sunset}. Use {goes.instead}.".strip()
        )
        said += ["Deprecation", "Sunset", "Link"]
    for answer in responses.values():
        headers = answer.setdefault("headers", {})
        for name in said:
            headers[name] = {"$ref": f"#/components/headers/{name}"}
    for status in sorted(wanted):
        responses[status] = {"$ref": f"#/components/responses/{_PROBLEMS[status][0]}"}


def _demands(path: str, method: str, endpoint: str, rule: Rule) -> tuple[set[str], list[str]]:
    """The statuses of its refusals, and the parameters that every such operation has."""
    wanted, named = {"404", "422", "429"}, []
    if endpoint.startswith("health."):
        wanted = {"429"} | ({"503"} if endpoint == "health.readyz" else set())
    if rule.roles is not PUBLIC:
        wanted |= {"401", "403"}
        if rule.roles & HOLDERS and rule.scope != "keys":
            named.append("ActingFor")
    elif path.startswith("/v1/auth/"):
        wanted |= {"401", "403"}
    if method == "post":
        wanted |= {"400", "409", "413", "415"}
    elif (
        "preview" in endpoint  # as what it looks ahead to is refused
        or endpoint.startswith("test_county.")
        or endpoint in STATE_ENDPOINTS
    ):
        wanted |= {"409"}
    if endpoint in RECKONING_ENDPOINTS:
        wanted |= {"503"}
    if rule.idempotent:
        named.append("IdempotencyKey")
        wanted |= {"503"}
    if endpoint in IF_MATCH_ENDPOINTS:
        named.append("IfMatch")
        wanted |= {"412", "428"}
    if endpoint in IF_MATCH_OPTIONAL_ENDPOINTS:
        named.append("IfMatchOptional")
        wanted |= {"412"}
    return wanted, named


def _is_page(responses: Mapping[str, Any]) -> bool:
    schema = responses.get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "") if isinstance(schema, Mapping) else getattr(schema, "__name__", "")
    return str(name).endswith(("Page", "Statement"))


def text(document: Mapping[str, Any]) -> str:
    """An OpenAPI document as YAML."""
    ordered = {name: document[name] for name in sorted(document, key=_ORDER.index)}
    dumped: str = yaml.safe_dump(ordered, sort_keys=False, allow_unicode=True, width=110)
    return "# Written by `karez openapi`; do not edit.\n" + dumped


def write(path: str | Path, document: Mapping[str, Any]) -> None:
    """Writes a document to a file."""
    Path(path).write_text(text(document), encoding="utf-8")
