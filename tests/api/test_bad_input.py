"""Bad orders: each gets a problem with a pointer and a code, and no order, trade, transfer or balance changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from market.core import clock, db
from tests.api.county import YEAR, County, product
from tests.api.furnished import open_furnished

UNKNOWN = "_00000000000000000000000000"
TOO_LARGE = 1024 * 1024


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county with my things and a neighbour's."""
    with open_furnished(database_url, tmp_path_factory.mktemp("county")) as found:
        yield found


def _order(county: County, **other: Any) -> dict[str, Any]:
    return {
        "product_id": product(county), "water_account_id": county.mine["water_account"], "side": "sell",
        "volume": "2", "price": "8",
    } | other  # fmt: skip


def _state(county: County) -> list[Any]:
    """What must not change: orders, trades, transfers, and every balance."""
    query = (
        "SELECT (SELECT json_agg(o ORDER BY id) FROM orders o)::text, (SELECT count(*) FROM trades),"
        " (SELECT count(*) FROM transfers), (SELECT json_agg(a ORDER BY id) FROM accounts a)::text"
    )
    with db.connect(county.settings.url()) as connection:
        return connection.execute(query).fetchall()


MALFORMED: list[tuple[str, Any, str]] = [
    ("volume", 2, "must be a decimal in a string"),
    ("volume", 2.5, "must be a decimal in a string"),
    ("volume", True, "must be a decimal in a string"),
    ("volume", None, "not be null"),
    ("volume", "-2", ""),
    ("volume", "0", "above zero"),
    ("volume", "0.000", "above zero"),
    ("volume", "1.0001", ""),
    ("volume", "1e3", ""),
    ("volume", "1,000", ""),
    ("volume", " 2", ""),
    ("volume", "２", ""),
    ("volume", "NaN", ""),
    ("volume", "Infinity", ""),
    ("volume", "9" * 40, ""),
    ("volume", "", ""),
    ("price", 8, "must be a decimal in a string"),
    ("price", "-8", ""),
    ("price", "0", "above zero"),
    ("price", "8.00001", ""),
    ("minimum_fill", "-1", ""),
    ("side", "short", "one of"),
    ("side", 1, "string"),
    ("time_in_force", "DAY", "one of"),
    ("post_only", "yes", "boolean"),
    ("post_only", 1, "boolean"),
    ("expires_at", "tomorrow", "datetime"),
    ("expires_at", "2026-06-01T00:00:00", "datetime"),
    ("client_order_id", "", "visible"),
    ("client_order_id", "x" * 65, "visible"),
    ("client_order_id", "two words", "visible"),
    ("product_id", 1, "must be an id"),
    ("water_account_id", None, "not be null"),
    ("colour", "blue", "Unknown field"),
]


@pytest.mark.parametrize(("field", "value", "says"), MALFORMED)
@pytest.mark.parametrize("in_batch", [False, True], ids=["single", "batch"])
def test_a_malformed_order_is_refused_where_it_is_wrong(
    county: County, field: str, value: Any, says: str, in_batch: bool
) -> None:
    before, order = _state(county), _order(county, **{field: value})
    body = {"commands": [{"place": _order(county)}, {"place": order}]} if in_batch else order
    answer = county.client.post(
        "/v1/orders/batch" if in_batch else "/v1/orders", json=body, headers=county.headers("mine")
    )
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input"), answer.text
    (wrong,) = answer.json["errors"]
    assert wrong["pointer"] == ("/commands/1/place/" if in_batch else "/") + field
    assert says.lower() in wrong["detail"].lower()
    assert _state(county) == before


@pytest.mark.parametrize("field", ["product_id", "water_account_id", "side", "volume", "price"])
def test_a_field_that_lacks_is_named(county: County, field: str) -> None:
    body = _order(county)
    del body[field]
    answer = county.client.post("/v1/orders", json=body, headers=county.headers("mine"))
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, f"/{field}")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "invalid_input"),
        (b"{", 400, "malformed_body"),
        (b"[]", 422, "invalid_input"),
        (b'"order"', 422, "invalid_input"),
        (b'{"side": "buy", "side": "sell"}', 400, "malformed_body"),
        (b'{"volume": NaN}', 400, "malformed_body"),
        (b"\xff\xfe{}", 400, "malformed_body"),
        (b"[" * 100_000, 400, "malformed_body"),
        (b'{"side": "\\u0000"}', 422, "invalid_input"),
        (b'{"note": "' + b"x" * TOO_LARGE + b'"}', 413, "body_too_large"),
    ],
    ids=["empty", "broken", "list", "text", "twice", "nan", "not utf-8", "deep", "nul", "large"],
)
@pytest.mark.parametrize("path", ["/v1/orders", "/v1/orders/batch"])
def test_a_body_that_is_none_is_refused(
    county: County, path: str, body: bytes, status: int, code: str
) -> None:
    before = _state(county)
    answer = county.client.post(
        path, data=body, headers=county.headers("mine") | {"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text[:300]
    assert answer.content_type == "application/problem+json"
    assert answer.json["request_id"]
    assert _state(county) == before


def test_a_body_of_another_kind_and_a_missing_key_are_refused(county: County) -> None:
    other = county.client.post(
        "/v1/orders", data=b"side=buy",
        headers=county.headers("mine") | {"Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    assert (other.status_code, other.json["code"]) == (415, "unsupported_media_type")
    headers = county.headers("mine")
    del headers["Idempotency-Key"]
    answer = county.client.post("/v1/orders", json=_order(county), headers=headers)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (400, "/Idempotency-Key")


@pytest.mark.parametrize("field", ["product_id", "water_account_id"])
def test_an_unknown_id_is_404_with_its_pointer(county: County, field: str) -> None:
    before, body = _state(county), _order(county)
    body[field] = body[field][:3] + UNKNOWN
    answer = county.client.post("/v1/orders", json=body, headers=county.headers("mine"))
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert answer.json["errors"][0]["pointer"] == f"/{field}"
    assert _state(county) == before


def test_anothers_water_account_is_404(county: County) -> None:
    before, body = _state(county), _order(county, water_account_id=county.theirs["water_account"])
    answer = county.client.post("/v1/orders", json=body, headers=county.headers("mine"))
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (404, "/water_account_id")
    assert _state(county) == before


@pytest.mark.parametrize(
    ("other", "status", "code", "pointer"),
    [
        ({"volume": "999999"}, 422, "insufficient_water", "/volume"),
        ({"volume": "0.5"}, 422, "not_whole_lots", "/volume"),
        ({"time_in_force": "FOK"}, 422, "fok_not_filled", "/volume"),
        ({"minimum_fill": "3"}, 422, "minimum_fill_above_volume", "/minimum_fill"),
        ({"time_in_force": "GTD"}, 422, "expiry_and_validity", "/expires_at"),
        ({"expires_at": "2999-01-01T00:00:00Z"}, 422, "expiry_and_validity", "/expires_at"),
        ({"time_in_force": "GTD", "expires_at": "2001-01-01T00:00:00Z"}, 422, "expiry_past", "/expires_at"),
        ({"post_only": True, "time_in_force": "IOC"}, 422, "post_only_contradicted", "/post_only"),
    ],
)
def test_a_refusal_by_rule_names_its_rule_and_source(
    county: County, other: dict[str, Any], status: int, code: str, pointer: str
) -> None:
    before = _state(county)
    answer = county.client.post("/v1/orders", json=_order(county, **other), headers=county.headers("mine"))
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert answer.json["errors"][0]["pointer"] == pointer
    assert answer.json["rule"] == code
    assert answer.json["legal_source"]
    assert _state(county) == before


def test_orders_of_a_year_that_is_over_are_refused(county: County) -> None:
    before, body = _state(county), _order(county)
    key = county.post("mine", "/api-keys", {"label": "later", "scopes": ["read", "trade"]})["secret"]
    headers = county.headers("mine") | {"Authorization": f"Bearer {key}"}
    with clock.moved_to(clock.now().replace(year=YEAR + 1, month=2, day=1)):
        answer = county.client.post("/v1/orders", json=body, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (422, "product_expired"), answer.text
    assert answer.json["errors"][0]["pointer"] == "/product_id"
    assert _state(county) == before
