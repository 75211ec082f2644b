"""openapi.yaml is the committed output of the code, and says of every operation what a client must know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from market.api import spec
from market.api.permissions import PUBLIC, ROUTES
from market.app import describe

COMMITTED = Path(__file__).resolve().parents[1] / "openapi.yaml"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return describe()


def _operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method != "parameters"
    ]


def test_the_committed_document_is_the_output_of_the_code(document: dict[str, Any]) -> None:
    assert COMMITTED.read_text(encoding="utf-8") == spec.text(document), "run `karez openapi`"


def test_every_declared_route_is_an_operation(document: dict[str, Any]) -> None:
    named = {operation["operationId"] for _, _, operation in _operations(document)}
    assert named == {name.replace(".", "_") for name, rule in ROUTES.items() if not rule.page}


def test_refusals_are_problems_and_never_plain_json(document: dict[str, Any]) -> None:
    for name, response in document["components"]["responses"].items():
        assert list(response["content"]) == ["application/problem+json"], name
    for path, method, operation in _operations(document):
        for status, response in operation["responses"].items():
            if status >= "400":
                assert set(response) == {"$ref"}, (path, method, status)


def test_a_private_operation_asks_for_a_sign_in_and_a_public_one_does_not(document: dict[str, Any]) -> None:
    private = {name.replace(".", "_") for name, rule in ROUTES.items() if rule.roles is not PUBLIC}
    for path, method, operation in _operations(document):
        asks = operation["operationId"] in private
        assert ("security" in operation) is asks, (path, method)
        if asks:
            assert "Roles:" in operation["description"], (path, method)


def test_what_moves_water_or_money_asks_for_a_key(document: dict[str, Any]) -> None:
    keyed = {name.replace(".", "_") for name, rule in ROUTES.items() if rule.idempotent}
    found = {
        operation["operationId"]
        for _, _, operation in _operations(document)
        if {"$ref": "#/components/parameters/IdempotencyKey"} in operation["parameters"]
    }
    assert found == keyed


def test_volumes_and_money_are_strings_with_a_pattern(document: dict[str, Any]) -> None:
    def numbers(part: Any, path: str) -> list[str]:
        if isinstance(part, dict):
            own = [path] if part.get("type") == "number" or part.get("format") in ("float", "double") else []
            return own + [each for name, inner in part.items() for each in numbers(inner, f"{path}/{name}")]
        return [each for inner in part for each in numbers(inner, path)] if isinstance(part, list) else []

    assert [
        each for each in numbers(document, "") if "/ShapeGeometryOut/" not in each
    ] == []  # GeoJSON has numbers
    order = document["components"]["schemas"]["OrderIn"]["properties"]
    assert order["volume"]["type"] == order["price"]["type"] == "string"
    assert order["volume"]["pattern"].startswith("^")


def test_every_operation_says_what_it_does(document: dict[str, Any]) -> None:
    assert [path for path, _, operation in _operations(document) if not operation.get("summary")] == []
    assert yaml.safe_load(COMMITTED.read_text(encoding="utf-8"))["info"]["title"] == "Karez"
