"""Interventions over HTTP: halts, cancellations, reversals, suspensions: who orders them and who sees them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from market import jobs, prove
from market.core import clock
from tests.api.county import County, open_county
from tests.api.smallholders import buy, household, order_body

WHY = {"reason": "one hand on both sides", "legal_source": "tests art. 1"}
AGREED = {"reason": "agreed"}


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The county with two households and the bureau; afterwards nothing in the market is wrong."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        for name in ("seller", "other"):
            participant, account = household(found, name, "100")
            found.mine[name], found.mine[f"{name}_account"] = participant, account
        for role in ("supervisor", "reviewer"):
            found.user(role, role)
        yield found
        found.exchange.take_up()
        report = prove.run(found.settings.url())
        assert report["violations"] == 0, [each for each in report["invariants"] if each["violations"]]


def _sell(county: County, who: str, volume: str, price: str) -> dict[str, Any]:
    body = order_body(county, county.mine[f"{who}_account"], "sell", volume, price)
    return county.post(who, "/orders", body)


def _refused(county: County, who: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = county.client.post(f"/v1{path}", json=body, headers=county.headers(who))
    assert answer.status_code >= 400, answer.json
    return answer.json | {"status": answer.status_code}


def test_orders_are_looked_at_and_then_ended_by_one_command(county: County) -> None:
    placed = [_sell(county, "seller", "2", f"{number}") for number in (8, 9)]
    kept = _sell(county, "other", "1", "9")
    wanted = {"filter": {"participant_id": county.mine["seller"], "side": "sell", "price_from": "8"}}
    seen = county.post("supervisor", "/interventions/cancellations/preview", wanted)
    assert (seen["orders"], seen["participants"], seen["sell_volume"]) == (2, 1, "4.000")
    path = "/interventions/cancellations"
    assert _refused(county, "supervisor", path, wanted | WHY)["code"] == "selection_unchecked"
    few = _refused(county, "supervisor", path, wanted | WHY | {"most_orders": 1})
    assert (few["code"], few["limit"], few["available"]) == ("too_many_chosen", "1", "2")
    made = county.post("supervisor", path, wanted | WHY | {"digest": seen["digest"]})
    assert (made["orders"], made["cancelled"], made["left"], made["done_at"]) == (2, 0, 2, None)
    county.exchange.take_up()
    done = county.get("auditor", f"{path}/{made['id']}")
    assert (done["cancelled"], done["left"], done["ended_otherwise"]) == (2, 0, 0) and done["done_at"]
    ended = county.get("seller", f"/orders/{placed[0]['id']}")
    assert (ended["status"], ended["reason"]) == ("cancelled", f"intervention {made['id']}")
    assert county.get("other", f"/orders/{kept['id']}")["status"] == "open"
    (mine,) = county.get("seller", "/interventions/mine")["data"]
    assert (mine["id"], mine["own_orders"], mine["reason"]) == (made["id"], 2, WHY["reason"])
    assert county.get("other", "/interventions/mine")["data"] == []
    (listed,) = county.get("supervisor", "/interventions?kind=cancellation")["data"]
    assert (listed["state"], listed["orders"], listed["orders_ended"]) == ("done", 2, 2)


def test_a_reversal_is_proposed_by_one_and_decided_by_another(county: County) -> None:
    county.exchange.take_up()
    _sell(county, "seller", "10", "0.1")
    bought = buy(county, "10", "0.1")
    trade = county.get("centre", f"/trades/{bought['fills'][0]['trade_id']}")
    body = {"instruction_id": trade["instruction_id"], **WHY}
    made = county.post("supervisor", "/interventions/reversals", body)
    assert (made["status"], made["returned"], made["kept"]) == ("proposed", "10.000", "0.000")
    path = f"/interventions/reversals/{made['id']}"
    assert county.client.get(f"/v1{path}", headers=county.headers("seller")).status_code == 404, "not yet"
    assert _refused(county, "supervisor", f"{path}/approve", AGREED)["status"] == 403
    done = county.post("reviewer", f"{path}/approve", AGREED)
    assert (done["status"], done["returned"], done["value"]) == ("settled", "10.000", "0.00")
    assert sum(float(each["owed"]) for each in done["takings"]) == float(trade["amount"])
    seen = county.get("seller", path)
    assert [each["debtor_id"] for each in seen["takings"]] == [county.mine["seller"]]
    assert county.client.get(f"/v1{path}", headers=county.headers("other")).status_code == 404
    assert county.get("centre", f"/trades/{trade['id']}")["status"] == "reversed"
    line = county.get("seller", f"/water-accounts/{county.mine['seller_account']}/statement")["data"]
    assert any((each["code"], each["subject_id"]) == ("reversed_water", made["id"]) for each in line)
    (listed,) = county.get("reviewer", "/interventions/reversals?status=settled")["data"]
    assert listed == done
    second = county.post("supervisor", "/interventions/reversals", body | {"instruction_id": _trade(county)})
    assert (
        county.post("reviewer", f"/interventions/reversals/{second['id']}/reject", AGREED)["returned"]
        == "0.000"
    )
    assert county.get("seller", "/interventions/mine")["data"][0]["kind"] == "reversal"


def _trade(county: County) -> str:
    _sell(county, "seller", "1", "0.1")
    found: str = county.get("centre", f"/trades/{buy(county, '1', '0.1')['fills'][0]['trade_id']}")[
        "instruction_id"
    ]
    return found


def test_a_suspended_right_is_in_the_register_and_on_its_certificate(county: County) -> None:
    [right] = county.get("other", "/entitlements")["data"]
    version = county.get("other", f"/entitlements/{right['id']}")["version"]
    path = f"/entitlements/{right['id']}"
    county.post("supervisor", f"{path}/suspend", AGREED, If_Match=f'"{version}"')
    county.exchange.take_up()
    order = order_body(county, county.mine["other_account"], "sell", "1", "9")
    assert _refused(county, "other", "/orders", order)["rule"] == "entitlement_suspended"
    [account] = county.get("other", "/water-accounts")["data"]
    assert (account["balance"], account["held"]) == ("100.000", "0.000"), (
        "its water stays, its orders are gone"
    )
    (entry,) = county.get("supervisor", "/interventions?kind=suspension")["data"]
    assert (entry["state"], entry["entitlement_id"]) == ("in_force", right["id"])
    assert county.get("other", "/interventions/mine")["data"][0]["entitlement_id"] == right["id"]
    version = county.get("other", path)["version"]
    county.post("supervisor", f"{path}/reinstate", AGREED, If_Match=f'"{version}"')
    assert county.get("supervisor", "/interventions?kind=suspension")["data"][0]["state"] == "lifted"
    _sell(county, "other", "1", "9")


def test_everybody_sees_a_halt_and_it_is_lifted_by_its_time(county: County) -> None:
    # the last test: the clock stands ahead when the halt is lifted, and nothing may trade before that
    until = clock.now() + dt.timedelta(hours=1)
    body = {"scope": "zone", "zone": "DEMO-CANAL", "orders": "stay", "until": until.isoformat(), **WHY}
    made = county.post("supervisor", "/interventions/halts", body)
    (public,) = county.client.get("/v1/halts?in_force=true").json["data"]
    assert (public["id"], public["zone"], public["lifted_at"]) == (made["id"], "DEMO-CANAL", None)
    order = order_body(county, county.mine["seller_account"], "sell", "1", "9")
    refused = _refused(county, "seller", "/orders", order)
    assert (refused["status"], refused["code"], refused["legal_source"]) == (
        409,
        "halted",
        WHY["legal_source"],
    )
    assert made["id"] in refused["detail"] and WHY["reason"] in refused["detail"]
    assert dt.datetime.fromisoformat(refused["available"]) == until
    assert county.get("other", "/interventions/mine")["data"][0]["halt_id"] == made["id"], (
        "its order stands still"
    )
    url, job = county.settings.url(), jobs.named("interventions")
    assert jobs.run(url, job) == 0
    with clock.standing(until):
        assert jobs.run(url, job) == 1
    assert county.client.get("/v1/halts?in_force=true").json["data"] == []
    own = {"scope": "participant", "participant_id": county.mine["seller"], "orders": "cancel", **WHY}
    halt = county.post("supervisor", "/interventions/halts", own)["id"]
    assert county.client.get("/v1/halts").json["data"][0]["id"] == made["id"], "a participant's is not public"
    assert county.get("supervisor", "/interventions/halts")["data"][0]["id"] == halt
    lifted = county.post("supervisor", f"/interventions/halts/{halt}/lift", AGREED)
    assert (lifted["lift_reason"], lifted["scope"]) == (AGREED["reason"], "participant")
    again = _refused(county, "supervisor", f"/interventions/halts/{halt}/lift", AGREED)
    assert (again["status"], again["code"]) == (409, "halt_lifted")
