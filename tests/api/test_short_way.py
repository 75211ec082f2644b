"""The short way of plain orders answers as the long way does, and a key is one key on both."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from market.api import limits, ownership
from market.api.http import KarezFlask
from market.core import ids
from market.core.errors import Unavailable
from market.trading.commands import Answer, Command
from tests.api.county import County, product
from tests.api.furnished import open_furnished


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county with my things and a neighbour's; my token is known to the process."""
    with open_furnished(database_url, tmp_path_factory.mktemp("county")) as found:
        found.get("mine", "/me")
        yield found


@pytest.fixture
def went_long(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the requests that the framework saw."""
    seen: list[str] = []
    real = KarezFlask.request_context

    def watched(self: KarezFlask, environ: dict[str, Any]) -> Any:
        seen.append(environ["PATH_INFO"])
        return real(self, environ)

    monkeypatch.setattr(KarezFlask, "request_context", watched)
    return seen


def _body(county: County, **other: Any) -> dict[str, Any]:
    return {
        "product_id": product(county), "water_account_id": county.mine["water_account"], "side": "sell", "volume": "1",
        "price": "8",
    } | other  # fmt: skip


def _both(county: County, ask: Callable[[], Any]) -> tuple[Any, Any]:
    """The answers of the short and the long way to the same request, asked twice."""
    short = ask()
    before, county.app.short_way = county.app.short_way, None
    try:
        return short, ask()
    finally:
        county.app.short_way = before


_OWN = ("id", "instance", "request_id", "trade_id")


def _said(value: Any) -> Any:
    """A body without what differs from one request to the next."""
    if isinstance(value, list):
        return [_said(each) for each in value]
    if isinstance(value, dict):
        return {name: "" if name in _OWN else _said(each) for name, each in value.items()}
    return value


def _same(short: Any, long: Any) -> None:
    assert short.status == long.status
    assert sorted(short.headers.keys()) == sorted(long.headers.keys())
    changing = ("X-Request-ID", "Content-Length")
    assert {n: v for n, v in short.headers.items() if n not in changing} == {
        n: v for n, v in long.headers.items() if n not in changing
    }
    assert _said(short.json) == _said(long.json)
    assert int(short.headers["Content-Length"]) == len(short.data)


def test_a_placed_order_is_answered_alike_and_past_the_framework(
    county: County, went_long: list[str]
) -> None:
    body = _body(county)
    short, long = _both(
        county, lambda: county.client.post("/v1/orders", json=body, headers=county.headers("mine"))
    )
    assert short.status_code == 201
    _same(short, long)
    assert went_long.count("/v1/orders") == 1


def test_a_filled_order_is_answered_alike(county: County, went_long: list[str]) -> None:
    account = county.get("centre", "/water-accounts")["data"][0]["id"]

    def trade() -> Any:
        county.post("mine", "/orders", _body(county, price="0.2"))
        wanted = _body(county, side="buy", water_account_id=account, price="0.2")
        return county.client.post("/v1/orders", json=wanted, headers=county.headers("centre"))

    short, long = _both(county, trade)
    assert len(short.json["fills"]) == 1
    _same(short, long)
    assert went_long.count("/v1/orders") == 2


def test_a_cancel_is_answered_alike(county: County, went_long: list[str]) -> None:
    def cancel() -> Any:
        placed = county.post("mine", "/orders", _body(county))
        went_long.clear()
        return county.client.post(f"/v1/orders/{placed['id']}/cancel", headers=county.headers("mine"))

    short, long = _both(county, cancel)
    assert (short.status_code, short.json["status"]) == (200, "cancelled")
    _same(short, long)
    assert len(went_long) == 1


def test_an_order_of_one_s_own_that_is_not_known_here_is_looked_up(
    county: County, went_long: list[str]
) -> None:
    placed = county.post("mine", "/orders", _body(county))
    ownership._known_orders.clear()
    answer = county.client.post(f"/v1/orders/{placed['id']}/cancel", headers=county.headers("mine"))
    assert answer.json["status"] == "cancelled"
    assert len(went_long) == 1 + went_long.count("/v1/products")


def test_an_api_key_takes_the_short_way_too(county: County, went_long: list[str]) -> None:
    made = county.post("mine", "/api-keys", {"label": "short", "scopes": ["trade"]})
    read_only = county.post("mine", "/api-keys", {"label": "short", "scopes": ["read"]})
    body = _body(county)
    went_long.clear()
    statuses = [
        county.client.post(
            "/v1/orders", json=body,
            headers={"Authorization": f"Bearer {key['secret']}", "Idempotency-Key": f"short-{number}"},
        ).status_code
        for number, key in enumerate((made, read_only))
    ]  # fmt: skip
    assert statuses == [201, 403]
    assert len(went_long) == 1


@pytest.mark.parametrize("first_long", [False, True])
def test_a_key_is_one_key_on_both_ways(county: County, first_long: bool) -> None:
    body, headers = _body(county), county.headers("mine")
    short_way = county.app.short_way
    answers = []
    try:
        for long in (first_long, not first_long):
            county.app.short_way = None if long else short_way
            answers.append(county.client.post("/v1/orders", json=body, headers=headers))
    finally:
        county.app.short_way = short_way
    assert answers[0].json == answers[1].json
    assert [answer.headers.get("Idempotent-Replayed") for answer in answers] == [None, "true"]
    other = county.client.post("/v1/orders", json=_body(county, volume="2"), headers=headers)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")


def _headers(county: County, name: str, **more: str) -> dict[str, str]:
    return county.headers(name) | {key.replace("_", "-"): value for key, value in more.items()}


REFUSED: dict[str, tuple[int, Callable[[County], dict[str, Any]]]] = {
    "a rule": (422, lambda c: {"json": _body(c, volume="999999")}),
    "a shape": (422, lambda c: {"json": _body(c, volume=1)}),
    "no JSON": (400, lambda c: {"data": b'{"side":', "content_type": "application/json"}),
    "a name twice": (400, lambda c: {"data": b'{"side":"buy","side":"buy"}', "content_type": "application/json"}),
    "another kind of body": (415, lambda c: {"data": json.dumps(_body(c)), "content_type": "text/plain"}),
    "a foreign account": (404, lambda c: {"json": _body(c, water_account_id=c.theirs["water_account"])}),
    "no key": (400, lambda c: {"json": _body(c), "headers": _headers(c, "mine", Idempotency_Key="")}),
    "no sign-in": (401, lambda c: {"json": _body(c), "headers": _headers(c, "mine", Authorization="")}),
    "a forged token": (401, lambda c: {"json": _body(c), "headers": _headers(c, "mine", Authorization="Bearer x.y")}),
    "no mandate": (404, lambda c: {"json": _body(c), "headers": _headers(
        c, "mine", X_Acting_For=c.theirs["participant"])}),
    "the bureau": (403, lambda c: {"json": _body(c), "headers": c.headers("registrar")}),
    "a bank": (403, lambda c: {"json": _body(c), "headers": c.headers("lender")}),
    "too large": (413, lambda c: {"data": b" " * 1_100_000, "content_type": "application/json"}),
}  # fmt: skip


@pytest.mark.parametrize("why", REFUSED)
def test_what_is_refused_is_explained_as_on_the_long_way(county: County, why: str) -> None:
    status, request = REFUSED[why]

    def ask() -> Any:
        return county.client.post("/v1/orders", **({"headers": county.headers("mine")} | request(county)))

    county.client.get("/v1/me", headers=county.headers("lender"))
    short, long = _both(county, ask)
    assert short.status_code == status
    _same(short, long)


def test_a_cancel_of_what_is_not_there_is_refused_alike(county: County) -> None:
    placed = county.post("mine", "/orders", _body(county))["id"]
    county.post("mine", f"/orders/{placed}/cancel")
    for order, status in ((placed, 409), (county.theirs["order"], 404), (ids.public("ord", 999_999), 404)):
        short, long = _both(
            county,
            lambda order=order: county.client.post(
                f"/v1/orders/{order}/cancel", headers=county.headers("mine")
            ),
        )
        assert short.status_code == status
        _same(short, long)


def test_a_refusal_and_a_failure_of_the_engine_are_submitted_once(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    real = county.exchange.submit

    def counted(commands: list[Command]) -> list[Answer]:
        asked.append(len(commands))
        if len(asked) > 1:
            raise Unavailable("the exchange engine did not answer in time")
        return real(commands)

    monkeypatch.setattr(county.exchange, "submit", counted)
    refused = county.client.post(
        "/v1/orders", json=_body(county, volume="999999"), headers=county.headers("mine")
    )
    assert (refused.status_code, refused.json["code"], asked) == (422, "insufficient_water", [1])
    lost = county.client.post("/v1/orders", json=_body(county), headers=county.headers("mine"))
    assert (lost.status_code, lost.headers["Retry-After"], asked) == (503, "1", [1, 1])


def test_a_request_is_counted_once_whichever_way_it_goes(county: County) -> None:
    def ask(body: dict[str, Any]) -> Any:
        return county.client.post("/v1/orders", json=body, headers=county.headers("mine"))

    good, by_rule, by_shape = _body(county), _body(county, volume="999999"), _body(county, volume=1)
    try:
        limits.register(county.app, 1_000)
        left = [int(ask(body).headers["RateLimit-Remaining"]) for body in (good, by_rule, by_shape)]
        limits.register(county.app, 1)
        answers = [ask(good) for _ in range(3)]
    finally:
        county.app.extensions.pop(limits._NAME)
    assert left == [999, 998, 997]
    assert [each.status_code for each in answers] == [201, 429, 429]
    assert 0 < int(answers[1].headers["Retry-After"]) <= 60
