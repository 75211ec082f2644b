"""A purchase programme over HTTP: members by one list, one decision, and to each what is its own."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from market import prove
from market.core import clock
from market.jobs import named, run
from tests.api.county import County, mandate, open_county
from tests.api.offers import programme, subscribed
from tests.api.smallholders import household, trustee_of

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The county; afterwards nothing in the market is wrong."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        yield found
        found.exchange.take_up()
        report = prove.run(found.settings.url())
        assert report["violations"] == 0, [each for each in report["invariants"] if each["violations"]]


def _seller(county: County) -> tuple[str, str, str]:
    name = f"seller-{next(_numbers)}"
    return (name, *household(county, name, "100"))


def _close(county: County) -> None:
    with clock.moved_to(clock.now() + dt.timedelta(days=2)):
        assert run(county.settings.url(), named("programmes")) >= 1


def _asked(county: County, who: str, path: str, body: Any = None) -> tuple[int, str]:
    answer = (
        county.client.get(f"/v1{path}", headers=county.headers(who))
        if body is None
        else county.client.post(f"/v1{path}", json=body, headers=county.headers(who))
    )
    return answer.status_code, (answer.json or {}).get("code", "")


def test_an_association_subscribes_for_its_members_and_one_decision_deals_with_all(county: County) -> None:
    made = programme(county, conditions="metered at the gate")
    path = f"/programmes/{made}"
    association = f"association-{next(_numbers)}"
    trustee_of(county, association)
    members = [_seller(county) for _ in range(3)]
    stranger = _seller(county)
    powers = [mandate(county, {"participant": each[1]}, association) for each in members]
    rows = [{"water_account_id": each[2], "volume": "5"} for each in members]
    rows += [
        {"water_account_id": stranger[2], "volume": "5"},
        {"water_account_id": members[0][2], "volume": "1"},
    ]
    answer = county.post(association, f"{path}/subscriptions", {"subscriptions": rows})["data"]
    assert [each["refusal"]["code"] if each["refusal"] else None for each in answer] == [
        None, None, None, "not_found", "subscribed_already",
    ]  # fmt: skip
    lines = [each["subscription"] for each in answer[:3]]
    assert [(each["seller_id"], each["mandate_id"]) for each in lines] == [
        (member[1], power) for member, power in zip(members, powers, strict=True)
    ]
    assert county.get(members[0][0], f"/water-accounts/{members[0][2]}")["held"] == "5.000"
    assert _asked(county, "reviewer", f"{path}/approve", {"reason": "too early"}) == (409, "programme_state")
    _close(county)
    shown = county.get("reviewer", path)
    assert (shown["status"], shown["sellers"], shown["volume"], shown["amount"]) == (
        "under_review", 3, "15.000", "10.50",
    )  # fmt: skip
    assert shown["review_due_on"] > clock.today().isoformat()
    out = [{"subscription_id": lines[2]["id"], "reason": "the meter is not calibrated"}]
    done = county.post("reviewer", f"{path}/approve", {"reason": "within the plan", "exceptions": out})
    assert (done["status"], done["sellers"], done["amount"]) == ("struck", 2, "7.00")
    county.exchange.take_up()
    last = county.get(members[2][0], f"/subscriptions/{lines[2]['id']}")
    assert (last["status"], last["reason"], last["deal"]) == (
        "struck_off",
        "the meter is not calibrated",
        None,
    )
    first = county.get(members[0][0], f"/subscriptions/{lines[0]['id']}")
    assert first["deal"]["instruction_status"] == "settled"
    assert county.get(members[0][0], f"/trades/{first['deal']['trade_id']}")["amount"] == first["amount"]
    assert county.get(members[2][0], f"/water-accounts/{members[2][2]}")["available"] == "100.000"


def test_a_seller_sees_its_own_line_the_buyer_and_the_bureau_the_whole_annex(county: County) -> None:
    made = programme(county)
    path = f"/programmes/{made}"
    sellers = [_seller(county) for _ in range(2)]
    ids = [subscribed(county, each[0], made, each[2], "4") for each in sellers]
    assert _asked(county, sellers[0][0], f"/subscriptions/{ids[1]}") == (404, "not_found")
    assert _asked(county, sellers[0][0], f"/subscriptions/{ids[1]}/withdraw", {}) == (404, "not_found")
    assert _asked(county, sellers[0][0], f"{path}/contract") == (409, "programme_state")
    assert [each["id"] for each in county.get(sellers[0][0], f"{path}/subscriptions")["data"]] == ids[:1]
    for who in ("factory", "reviewer"):
        assert [each["id"] for each in county.get(who, f"{path}/subscriptions")["data"]] == ids
    _close(county)
    county.post("reviewer", f"{path}/approve", {"reason": "within the plan"})
    county.exchange.take_up()
    whole, own = county.get("factory", f"{path}/contract"), county.get(sellers[0][0], f"{path}/contract")
    assert hashlib.sha256(whole["text"].encode()).hexdigest() == whole["sha256"] == own["sha256"]
    assert hashlib.sha256(whole["annex"].encode()).hexdigest() == whole["annex_sha256"]
    assert json.loads(whole["text"])["annex_sha256"] == whole["annex_sha256"] == own["annex_sha256"]
    assert (own["annex"], [each["id"] for each in own["lines"]]) == (None, ids[:1])
    assert _asked(county, "centre", f"{path}/contract") == (404, "not_found")


def test_a_subscription_is_withdrawn_and_a_rejected_programme_frees_all(county: County) -> None:
    made = programme(county)
    path = f"/programmes/{made}"
    (leaver, _, left), (stayer, _, kept) = _seller(county), _seller(county)
    gone = subscribed(county, leaver, made, left, "4")
    subscribed(county, stayer, made, kept, "4")
    assert county.post(leaver, f"/subscriptions/{gone}/withdraw")["status"] == "withdrawn"
    assert county.get(leaver, f"/water-accounts/{left}")["held"] == "0.000"
    _close(county)
    money = county.get("factory", "/money-accounts")["data"][0]["held"]
    assert county.post("reviewer", f"{path}/reject", {"reason": "the route is full"})["status"] == "rejected"
    assert county.get("factory", "/money-accounts")["data"][0]["held"] != money
    assert county.get(stayer, f"/water-accounts/{kept}")["held"] == "0.000"
    assert _asked(county, "reviewer", f"{path}/approve", {"reason": "after all"}) == (409, "programme_state")


def test_the_same_key_publishes_and_subscribes_once(county: County) -> None:
    made = programme(county)
    name, _, account = _seller(county)
    body = {"subscriptions": [{"water_account_id": account, "volume": "4"}]}
    headers = county.headers(name)
    answers = [
        county.client.post(f"/v1/programmes/{made}/subscriptions", json=body, headers=headers)
        for _ in range(2)
    ]
    assert answers[0].json == answers[1].json
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert county.get("factory", f"/programmes/{made}")["sellers"] == 1
