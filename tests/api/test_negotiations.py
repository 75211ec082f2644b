"""Negotiated deals over HTTP: two parties, one contract, and nobody else looks on."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from market import prove
from market.core import clock
from market.jobs import named, run
from tests.api.county import County, mandate, open_county
from tests.api.offers import negotiation_body, signed
from tests.api.smallholders import household

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The county; afterwards nothing in the market is wrong."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        yield found
        found.exchange.take_up()
        report = prove.run(found.settings.url())
        assert report["violations"] == 0, [each for each in report["invariants"] if each["violations"]]


@pytest.fixture
def seller(county: County) -> tuple[str, str, str]:
    """A household with water: its user, participant and account."""
    name = f"neighbour-{next(_numbers)}"
    return (name, *household(county, name, "100"))


def _account(county: County, who: str) -> str:
    found: str = county.get(who, "/water-accounts")["data"][0]["id"]
    return found


def _asked(county: County, who: str, path: str, body: Any = None) -> tuple[int, str]:
    answer = (
        county.client.get(f"/v1{path}", headers=county.headers(who))
        if body is None
        else county.client.post(f"/v1{path}", json=body, headers=county.headers(who))
    )
    return answer.status_code, (answer.json or {}).get("code", "")


def test_neighbours_agree_sign_and_file(county: County, seller: tuple[str, str, str]) -> None:
    name, _, account = seller
    body = negotiation_body(county, account, _account(county, "centre"), price="0.2")
    opened = county.post(name, "/negotiations", body)
    path = f"/negotiations/{opened['id']}"
    assert (opened["status"], opened["lane"], opened["deal"]) == ("open", None, None)
    counter = {
        "volume": "3",
        "price": "0.15",
        "expires_at": body["expires_at"],
        "message": "less, and cheaper",
    }
    assert county.post("centre", f"{path}/offers", counter)["offers"][1]["side"] == "buy"
    assert _asked(county, name, f"{path}/contract") == (404, "not_found")
    accepted = county.post(name, f"{path}/accept", {"number": 2})
    contract = county.get("centre", f"{path}/contract")
    assert hashlib.sha256(contract["text"].encode()).hexdigest() == contract["sha256"]
    assert accepted["contract_sha256"] == contract["sha256"]
    for who in ("centre", name):
        made = county.post(who, f"{path}/sign", {"sha256": contract["sha256"]})
    assert (made["lane"], made["status"], made["legal_source"]) == (
        "filing", "struck", "interim2016 arts 20-22",
    )  # fmt: skip
    assert made["reported_at"] <= made["struck_at"]
    county.exchange.take_up()
    deal = county.get(name, path)["deal"]
    assert (deal["status"], deal["instruction_status"], deal["refusal"]) == ("traded", "settled", None)
    trade = county.get(name, f"/trades/{deal['trade_id']}")
    assert (trade["source_volume"], trade["price"], trade["amount"]) == ("3.000", "0.1500", "0.45")
    filed = county.get("registrar", "/negotiations?lane=filing&limit=200")["data"]
    assert made["id"] in [each["id"] for each in filed]


def test_nobody_else_sees_a_negotiation(county: County, seller: tuple[str, str, str]) -> None:
    name, _, account = seller
    opened = county.post(name, "/negotiations", negotiation_body(county, account, _account(county, "centre")))
    path = f"/negotiations/{opened['id']}"
    for at in (path, f"{path}/contract", f"{path}/objections"):
        assert _asked(county, "factory", at) == (404, "not_found")
    assert _asked(county, "factory", f"{path}/accept", {"number": 1}) == (404, "not_found")
    assert opened["id"] not in [each["id"] for each in county.get("factory", "/negotiations")["data"]]
    assert county.get("reviewer", path)["id"] == opened["id"]
    assert _asked(county, "reviewer", f"{path}/accept", {"number": 1}) == (403, "not_allowed")
    body = negotiation_body(county, _account(county, "factory"), account)
    assert _asked(county, name, "/negotiations", body) == (404, "not_found")


def test_a_clerk_signs_under_its_mandate_and_the_signature_says_so(
    county: County, seller: tuple[str, str, str]
) -> None:
    name, participant, account = seller
    opened = county.post(name, "/negotiations", negotiation_body(county, account, _account(county, "centre")))
    path = f"/negotiations/{opened['id']}"
    digest = county.post("centre", f"{path}/accept", {"number": 1})["contract_sha256"]
    clerk = f"clerk-of-{name}"
    household(county, clerk, "1")
    power = mandate(county, {"participant": participant}, clerk)
    made = county.post(clerk, f"{path}/sign", {"sha256": digest}, X_Acting_For=participant)
    (signature,) = made["signatures"]
    assert (signature["side"], signature["participant_id"], signature["mandate_id"]) == (
        "sell", participant, power,
    )  # fmt: skip


def test_a_deal_with_the_factory_is_published_objected_to_and_reviewed(
    county: County, seller: tuple[str, str, str]
) -> None:
    name, _, account = seller
    body = negotiation_body(county, account, _account(county, "factory"), volume="10")
    opened = county.post(name, "/negotiations", body)
    path = f"/negotiations/{opened['id']}"
    assert signed(county, name, "factory", opened["id"])["status"] == "published"
    assert county.get(name, f"/water-accounts/{account}")["held"] == "10.000"
    shown = county.get("centre", "/published-negotiations?limit=200")["data"]
    (mine,) = [each for each in shown if each["id"] == opened["id"]]
    assert (mine["volume"], mine["buyer_sector"]) == ("10.000", "industry")
    assert name not in str(mine)
    county.post("centre", f"/published-negotiations/{opened['id']}/object", {"grounds": "we need it here"})
    assert _asked(county, name, f"/published-negotiations/{opened['id']}/object", {"grounds": "x"}) == (
        422, "own_deal",
    )  # fmt: skip
    (objection,) = county.get("reviewer", f"{path}/objections")["data"]
    assert objection["grounds"] == "we need it here"
    until = clock.today().fromisoformat(mine["published_until"])
    with clock.moved_to(clock.end_of_legal_day(until)):
        assert run(county.settings.url(), named("negotiations")) >= 1
    county.exchange.take_up()
    deal = county.get("reviewer", path)["deal"]
    assert deal["instruction_status"] == "awaiting_review"
    (behind,) = county.get("reviewer", f"/negotiations?instruction_id={deal['instruction_id']}")["data"]
    assert behind["id"] == opened["id"]
    review = next(
        each
        for each in county.get("reviewer", "/reviews?status=awaiting_review")["data"]
        if each["instruction_id"] == deal["instruction_id"]
    )
    county.post("reviewer", f"/reviews/{review['id']}/approve", {"reason": "the objection was heard"})
    assert county.get(name, path)["deal"]["instruction_status"] == "settled"
    assert county.get(name, f"/water-accounts/{account}")["balance"] == "90.000"
