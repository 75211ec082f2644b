"""Events and webhooks over HTTP, from what a participant does to what its receiver gets."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest

from market import jobs
from market.core import clock
from market.webhooks import delivering, topics, trying
from tests.api.county import County, open_county, product
from tests.api.receiving import Got, Receiver, receiving, signed_by


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county, which may send into its own network."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        refused = found.client.post(
            "/v1/webhook-endpoints", json={"url": "https://127.0.0.1/hooks"}, headers=found.headers("farmer")
        )
        assert (refused.status_code, refused.json["code"]) == (422, "webhook_target_refused")
        found.settings = dataclasses.replace(found.settings, webhook_private=True)
        found.app.config["KAREZ"] = found.settings
        yield found
        delivering.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def _endpoint(county: County, name: str, receiver: Receiver, **more: Any) -> dict[str, Any]:
    return county.post(name, "/webhook-endpoints", {"url": receiver.url} | more)


def _work(county: County) -> None:
    """Whatever is due, until nothing is."""
    url = county.settings.url()
    jobs.run(url, jobs.named("webhooks"), county.settings)
    lanes = delivering.sender(url, county.settings)
    lanes.wait()
    while lanes.fill():
        lanes.wait()


def _disable(county: County, name: str, endpoint: dict[str, Any]) -> None:
    county.post(name, f"/webhook-endpoints/{endpoint['id']}/disable", {"reason": "the test is over"})


def _of(receiver: Receiver, type: str) -> list[Got]:
    return [each for each in receiver.got if json.loads(each.body)["type"] == type]


def test_a_trade_reaches_the_programs_of_both_sides_and_of_nobody_else(
    county: County, receiver: Receiver
) -> None:
    sides = {name: _endpoint(county, name, receiver) for name in ("farmer", "factory", "centre")}
    accounts = {name: county.get(name, "/water-accounts")["data"][0]["id"] for name in ("farmer", "factory")}
    for name, side, volume, price in (("farmer", "sell", "200", "0.40"), ("factory", "buy", "90", "0.50")):
        body = {
            "product_id": product(county), "water_account_id": accounts[name], "side": side, "volume": volume,
            "price": price,
        }  # fmt: skip
        order = county.post(name, "/orders", body)
    _work(county)
    made, filled = _of(receiver, topics.TRADE_MADE), _of(receiver, topics.ORDER_FILLED)
    trade = county.get("factory", "/trades")["data"][0]["id"]
    assert [json.loads(each.body)["data"] for each in made] == [{"trade_id": trade}] * 2
    assert [json.loads(each.body)["data"] for each in filled] == [{"order_id": order["id"]}]
    assert len({each.id for each in made}) == 1
    secrets = [sides[name]["secret"] for name in ("farmer", "factory")]
    assert sorted([signed_by(each, secret) for secret in secrets] for each in made) == [
        [False, True],
        [True, False],
    ]
    assert not any(signed_by(each, sides["centre"]["secret"]) for each in made + filled)
    event = county.get("farmer", f"/events/{made[0].id}")
    assert {"type": event["type"], "timestamp": event["timestamp"], "data": event["data"]} == json.loads(
        made[0].body
    )
    path = f"/v1/events/{made[0].id}"
    assert county.client.get(path, headers=county.headers("centre")).status_code == 404
    listed = county.get("factory", f"/events?type={topics.TRADE_MADE}")["data"]
    assert [each["id"] for each in listed] == [made[0].id]
    assert county.get("centre", f"/events?type={topics.TRADE_MADE}")["data"] == []
    for name, endpoint in sides.items():
        _disable(county, name, endpoint)


def test_it_is_tried_again_with_growing_gaps_under_one_id_and_then_given_up(
    county: County, receiver: Receiver
) -> None:
    endpoint = _endpoint(county, "farmer", receiver, types=["supervision.notice.issued"])
    receiver.answers, receiver.said = (lambda _: 503), b"\x00" + "再试".encode() * 1_000
    path = f"/webhook-endpoints/{endpoint['id']}"
    delivery = county.post("farmer", f"{path}/test")
    path += f"/deliveries/{delivery['id']}"
    at, gaps = clock.now(), []
    began = at
    for number in range(1, trying.TRIES + 1):
        with clock.moved_to(at):
            _work(county)
            _work(county)  # before its time nothing is sent
        found = county.get("farmer", path)
        assert found["attempts"] == len(receiver.got) == number
        if found["next_try_at"] is not None:
            tried = dt.datetime.fromisoformat(found["tries"][-1]["started_at"])
            due = dt.datetime.fromisoformat(found["next_try_at"])
            gaps.append((due - tried).total_seconds())
            at = due + dt.timedelta(milliseconds=1)
    assert (found["status"], found["attempts"], found["next_try_at"]) == ("failed", trying.TRIES, None)
    assert all(due <= gap <= due * 1.1 for due, gap in zip(trying.GAPS_S, gaps, strict=True))
    assert dt.timedelta(hours=23) < at - began < dt.timedelta(hours=26)
    assert {each["status_code"] for each in found["tries"]} == {503}
    assert all(len(each["answer"]) <= 1_000 and each["answer"].startswith("再试") for each in found["tries"])
    assert len({(each.id, each.body) for each in receiver.got}) == 1
