"""Traded water on its way over HTTP: dispatched, confirmed in parts, made good or refunded exactly."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from ledger.units import parse_fen, parse_litres
from market import prove
from market.core import db, ids
from market.participants.models import UserRole
from tests.api.county import YEAR, County, open_county, trust_body
from tests.api.smallholders import buy, household, order_body, trustee_of

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        found.logins["id of keeper"] = trustee_of(found, "keeper")
        found.user("second", "supervisor")
        yield found
        found.exchange.take_up()
        report = prove.run(found.settings.url())
        assert report["violations"] == 0, [each for each in report["invariants"] if each["violations"]]


def refusal(county: County, who: str, path: str, **body: Any) -> dict[str, Any]:
    answer = county.client.post(f"/v1{path}", json=body, headers=county.headers(who))
    assert answer.status_code >= 400, answer.text
    found: dict[str, Any] = answer.json
    return found


def sold(county: County, seller: str, account: str, source: str, price: str, who: str, volume: str) -> str:
    """The instruction of a trade that was settled, after its review where it needs one."""
    county.post(seller, "/orders", order_body(county, account, "sell", source, price))
    bought = buy(county, volume, price if who == "centre" else "0.8", who)
    trade = county.get(who, f"/trades/{bought['fills'][0]['trade_id']}")
    if trade["status"] == "awaiting_review":
        [review] = [
            each["id"]
            for each in county.get("reviewer", "/reviews?status=awaiting_review")["data"]
            if each["instruction_id"] == trade["instruction_id"]
        ]
        county.post("reviewer", f"/reviews/{review}/approve", {"reason": "checked"})
    found: str = trade["instruction_id"]
    return found


def dispatched(county: County, instruction: str) -> str:
    made = county.post("registrar", "/deliveries", {"instruction_id": instruction})
    county.post(
        "registrar", f"/deliveries/{made['id']}/dispatch", {"keeper_id": county.logins["id of keeper"]}
    )
    found: str = made["id"]
    return found


def balances(county: County, who: str, account: str) -> tuple[int, int]:
    """(litres on a water account, fen on the money account)."""
    money = county.get(who, "/money-accounts")["data"][0]["balance"]
    return parse_litres(county.get(who, f"/water-accounts/{account}")["balance"]), parse_fen(money)


@pytest.fixture
def seller(county: County) -> tuple[str, str]:
    """(name, water account) of a new household with 1 000 m3."""
    name = f"seller-{next(_numbers)}"
    return name, household(county, name, "1000")[1]


def test_water_is_confirmed_at_the_gate_in_parts_until_all_is_there(
    county: County, seller: tuple[str, str]
) -> None:
    instruction = sold(county, *seller, "10", "0.2", "centre", "10")
    delivery = dispatched(county, instruction)
    again = refusal(county, "registrar", "/deliveries", instruction_id=instruction)
    assert again["code"] == "delivery_state"
    ordered = county.get("centre", f"/deliveries/{delivery}")
    assert sum(parse_litres(each["volume"]) for each in ordered["profile"]) == 10_000
    assert ordered["ends_on"] == f"{YEAR}-12-31"
    path = f"/deliveries/{delivery}"
    trustee_of(county, other := f"other-{next(_numbers)}")
    assert refusal(county, other, f"{path}/confirm", volume="1")["code"] == "not_found"
    county.post("keeper", f"{path}/confirm", {"volume": "4.5", "note": "first gate"})
    over = refusal(county, "keeper", f"{path}/confirm", volume="5.501")
    assert (over["code"], over["available"]) == ("more_than_ordered", "5.500")
    done = county.post("keeper", f"{path}/confirm", {"volume": "5.5"})
    assert (done["status"], done["confirmed"], len(done["receipts"])) == ("delivered", "10.000", 2)
    assert delivery in [each["id"] for each in county.get("keeper", "/deliveries")["data"]]


def test_a_short_delivery_is_made_good_by_a_further_one(county: County, seller: tuple[str, str]) -> None:
    delivery = dispatched(county, sold(county, *seller, "10", "0.2", "centre", "10"))
    county.post("keeper", f"/deliveries/{delivery}/confirm", {"volume": "7"})
    county.post("keeper", f"/deliveries/{delivery}/close-short", {"reason": "the canal broke"})
    further = county.post("registrar", f"/deliveries/{delivery}/make-good", {"ends_on": f"{YEAR}-12-20"})
    assert (further["volume"], further["makes_good_id"], further["status"]) == ("3.000", delivery, "ordered")
    made_good = county.get("registrar", f"/deliveries/{delivery}")
    assert made_good["status"] == "made_good"
    of_trade = f"/deliveries?instruction_id={made_good['instruction_id']}"
    whole = county.get(seller[0], f"{of_trade}&whole=true")["data"]
    alone = [county.get("registrar", f"/deliveries/{each['id']}") for each in (made_good, further)]
    assert whole == alone
    brief = county.get(seller[0], of_trade)["data"]
    assert [each["id"] for each in brief] == [delivery, further["id"]]
    assert not any("profile" in each for each in brief)


def test_a_short_delivery_is_refunded_on_four_eyes(county: County, seller: tuple[str, str]) -> None:
    """100 m3 leave, 93 arrive on paper, 60 at the gate: 33 go back, 35.483 of them at the source."""
    factory = next(
        each["id"] for each in county.get("factory", "/water-accounts")["data"] if each["source"] == "surface"
    )
    delivery = dispatched(county, sold(county, *seller, "100", "0.7", "factory", "93"))
    path = f"/deliveries/{delivery}"
    county.post("keeper", f"{path}/confirm", {"volume": "60"})
    county.post("keeper", f"{path}/close-short", {"reason": "a leak"})
    before = balances(county, seller[0], seller[1]), balances(county, "factory", factory)
    proposed = county.post("registrar", f"{path}/propose-refund", {"reason": "no more water this year"})
    [refund] = proposed["refunds"]
    assert (refund["missing"], refund["source_volume"]) == ("33.000", "35.483")
    both = county.user("both", "registrar")
    with db.transaction(county.settings.url()) as session:
        session.add(UserRole(user_id=both, role="supervisor"))
    assert refusal(county, "registrar", f"{path}/approve-refund")["code"] == "not_allowed"
    done = county.post("second", f"{path}/approve-refund")
    assert done["status"] == "refunded"
    after = balances(county, seller[0], seller[1]), balances(county, "factory", factory)
    fen = parse_fen(refund["amount"])
    assert fen == 2_484  # 33/93 of 70.00 yuan is 24.8387; the seller pays no fee in this zone
    assert (after[0][0] - before[0][0], after[0][1] - before[0][1]) == (35_483, -fen)
    assert (after[1][0] - before[1][0], after[1][1] - before[1][1]) == (-33_000, fen)


def test_who_proposed_a_refund_does_not_approve_it(county: County, seller: tuple[str, str]) -> None:
    delivery = dispatched(county, sold(county, *seller, "5", "0.2", "centre", "5"))
    path = f"/deliveries/{delivery}"
    county.post("keeper", f"{path}/close-short", {"reason": "nothing came"})
    user = county.user("one", "registrar")
    with db.transaction(county.settings.url()) as session:
        session.add(UserRole(user_id=user, role="supervisor"))
    county.post("one", f"{path}/propose-refund", {"reason": "nothing came"})
    assert refusal(county, "one", f"{path}/approve-refund")["code"] == "four_eyes"
    again = refusal(county, "registrar", f"{path}/propose-refund", reason="x")
    assert again["code"] == "delivery_state"
    county.post("second", f"{path}/decline-refund")
    county.post("registrar", f"{path}/propose-refund", {"reason": "once more"})


def test_water_that_the_seller_s_money_no_longer_covers_is_not_refunded(
    county: County, seller: tuple[str, str]
) -> None:
    delivery = dispatched(county, sold(county, *seller, "5", "0.2", "centre", "5"))
    county.post("treasurer", "/payouts", {
        "money_account_id": county.get(seller[0], "/money-accounts")["data"][0]["id"], "amount": "1.00",
        "bank_reference": f"P-{seller[0]}", "value_date": f"{YEAR}-11-25",
    })  # fmt: skip
    path = f"/deliveries/{delivery}"
    county.post("keeper", f"{path}/close-short", {"reason": "nothing came"})
    county.post("registrar", f"{path}/propose-refund", {"reason": "nothing came"})
    assert refusal(county, "second", f"{path}/approve-refund")["code"] == "cannot_return"
    assert county.get("registrar", path)["status"] == "short"


def test_a_refund_to_a_pool_returns_to_those_whose_water_it_was(county: County) -> None:
    trustee = f"trustee-{next(_numbers)}"
    trust = county.post(trustee, "/trusts", trust_body(trustee_of(county, trustee)))
    members = {}
    for name, volume in ((f"m-{next(_numbers)}", "30"), (f"n-{next(_numbers)}", "10")):
        account = household(county, name, "1000")[1]
        body = {"water_account_id": account, "volume": volume}
        members[name] = county.post(name, f"/trusts/{trust['id']}/members", body)["id"]
        county.post(trustee, f"/trust-members/{members[name]}/accept")
    delivery = dispatched(
        county, sold(county, trustee, trust["water_account_id"], "20", "0.5", "centre", "20")
    )
    late = f"late-{next(_numbers)}"
    body = {"water_account_id": household(county, late, "1000")[1], "volume": "20"}
    members[late] = county.post(late, f"/trusts/{trust['id']}/members", body)["id"]
    county.post(trustee, f"/trust-members/{members[late]}/accept")
    path = f"/deliveries/{delivery}"
    county.post("keeper", f"{path}/confirm", {"volume": "12"})
    county.post("keeper", f"{path}/close-short", {"reason": "a leak"})
    county.post("registrar", f"{path}/propose-refund", {"reason": "a leak"})
    county.post("second", f"{path}/approve-refund")
    parts = [county.get(name, f"/trust-members/{member}") for name, member in members.items()]
    assert [each["volume"] for each in parts] == ["21.000", "7.000", "20.000"]  # 15 + 6, 5 + 2, 20
    assert [each["sold"] for each in parts] == ["9.000", "3.000", "0.000"]
    # 10.00 yuan, 0.20 to the trustee, 9.80 as 7.35 and 2.45; two fifths of each go back
    assert [each["proceeds"] for each in parts] == ["4.41", "1.47", "0.00"]


def test_a_canal_that_is_closed_leads_nothing(county: County, seller: tuple[str, str]) -> None:
    instruction = sold(county, *seller, "1", "0.2", "centre", "1")
    body = {"instruction_id": instruction, "starts_on": f"{YEAR + 1}-01-01"}
    assert refusal(county, "registrar", "/deliveries", **body)["code"] == "canal_closed"
    assert ids.parse("ins", instruction) > 0
