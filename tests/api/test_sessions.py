"""Timetables, reference prices and the kill switch over HTTP, and the calendar by the worker with a moved clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from market import jobs, prove
from market.core import clock, db, workdays
from market.county import parts
from market.county.pack import Pack
from tests.api.county import YEAR, County, product
from tests.api.furnished import open_furnished
from tests.api.smallholders import order_body

LAW = {"reason": "one hand on both sides", "legal_source": "tests art. 1"}


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The county with my things and a neighbour's; afterwards nothing in the market is wrong."""
    with open_furnished(database_url, tmp_path_factory.mktemp("county")) as found:
        found.user("supervisor", "supervisor")
        yield found
        found.exchange.take_up()
        report = prove.run(found.settings.url())
        assert report["violations"] == 0, [each for each in report["invariants"] if each["violations"]]


def _rules(county: County, **sections: Any) -> None:
    with db.connect(county.settings.url()) as connection:
        row = connection.execute(
            "SELECT name, version, sha256, content FROM county_packs ORDER BY id DESC LIMIT 1"
        ).fetchone()
        assert row is not None
        pack = msgspec.structs.replace(Pack.from_json(row[3]), **sections)
        connection.execute(
            "INSERT INTO county_packs (name, version, sha256, content) VALUES (%s, %s, %s, %s)",
            (row[0], f"{row[1]}+", bytes(row[2])[::-1], pack.to_json()),
        )
        db.bump_reference(connection)


def _step(at: str, phase: str) -> parts.SessionStep:
    return parts.SessionStep(dt.time.fromisoformat(at), phase)


DAY = parts.SessionRule(
    (1, 2, 3, 4, 5, 6, 7), True,
    (_step("09:00", "pre_open"), _step("09:30", "auction"), _step("10:00", "uncross"), _step("10:10", "open"),
     _step("17:00", "night")),
    parts.DEMONSTRATION,
)  # fmt: skip
BAND = parts.BandRule(
    static_e6=200_000, dynamic_e6=100_000, interruption_minutes=5, interruption_then="open", breaker_e6=0,
    breaker_minutes=0, deals_exempt=False, basis=parts.DEMONSTRATION,
)  # fmt: skip


def _of(county: County) -> dict[str, Any]:
    return county.get("auditor", f"/products/{product(county)}")


def _sessions(county: County) -> dict[str, Any]:
    return county.get("auditor", f"/products/{product(county)}/sessions")


def _work(county: County) -> str:
    """What the worker and the engine do now; the phase after it."""
    jobs.run(county.settings.url(), jobs.named("sessions"))
    county.exchange.take_up()
    found: str = _of(county)["phase"]
    return found


def _next_working_day() -> dt.date:
    return workdays.after(clock.today(), 1)


def _at(day: dt.date, time: str) -> dt.datetime:
    local = dt.datetime.combine(day, dt.time.fromisoformat(time), clock.LEGAL_ZONE)
    return local.astimezone(dt.UTC)


def test_without_a_section_nothing_is_scheduled_and_nothing_changes(county: County) -> None:
    found = _sessions(county)
    assert (found["phase"], found["due"], found["next"], found["stop"]) == ("open", "open", None, None)
    assert [each["phase"] for each in found["changes"]] == ["open"]
    shown = _of(county)
    assert (shown["next_phase"], shown["next_phase_at"], shown["lowest_price"], shown["highest_price"]) == (
        None, None, None, None,
    )  # fmt: skip
    assert jobs.run(county.settings.url(), jobs.named("sessions")) == 0


def test_a_trading_day_by_the_worker(county: County) -> None:
    _rules(county, sessions=(DAY,))
    day = _next_working_day()
    times = ("08:00", "09:31", "10:00", "10:05", "10:15", "10:21", "17:01")
    phases = []
    for time in times:
        with clock.moved_to(_at(day, time)):
            phases.append(_work(county))
            if time == "09:31":
                assert jobs.run(county.settings.url(), jobs.named("sessions")) == 0
    # Nobody clears the call here: after the margin the day goes on without it.
    assert phases == ["pre_open", "auction", "uncross", "uncross", "uncross", "open", "pre_open"]
    with clock.moved_to(_at(day, "09:00")):
        found = _sessions(county)
        assert (found["due"], found["day"], found["working_day"]) == ("pre_open", day.isoformat(), True)
        assert [each["phase"] for each in found["changes"]] == [
            "pre_open", "auction", "uncross", "open", "pre_open",
        ]  # fmt: skip
        following = {"at": _at(day, "09:30").isoformat(), "phase": "auction"}
        assert found["next"] == following
        shown = _of(county)
        assert {"at": shown["next_phase_at"], "phase": shown["next_phase"]} == following


def test_a_halt_stays_and_a_resumption_goes_to_what_is_due(county: County) -> None:
    _rules(county, sessions=(DAY,))
    day = _next_working_day()
    path = f"/products/{product(county)}"
    with clock.moved_to(_at(day, "09:31")):
        county.user("tomorrow", "supervisor")  # a token does not last until tomorrow
        county.post("tomorrow", f"{path}/halt", {"reason": "tests"})
        assert jobs.run(county.settings.url(), jobs.named("sessions")) == (len(_open_products(county)) - 1)
        county.exchange.take_up()
        assert _work(county) == "halted"
        county.post("tomorrow", f"{path}/resume", {"reason": "tests"})
        county.exchange.take_up()
        assert _of(county)["phase"] == "auction"
    _rules(county, sessions=())
    county.post("supervisor", f"{path}/resume", {"reason": "tests"})
    county.exchange.take_up()
    assert _of(county)["phase"] == "open"


def _open_products(county: County) -> list[Any]:
    """Those with a book: leases and rights have no phases."""
    return [
        each
        for each in county.get("auditor", "/products")["data"]
        if each["phase"] != "closed" and each["tenure"] == "allocation"
    ]


def test_the_bureau_sets_a_reference_price_and_the_band_follows(county: County) -> None:
    path = f"/products/{product(county)}/reference-prices"
    made = county.post("supervisor", path, {"price": "0.3", **LAW})
    assert (made["price"], made["basis"], made["legal_source"]) == ("0.3000", "bureau", "tests art. 1")
    assert made["from_day"] == clock.today().isoformat()
    assert county.get("auditor", path)["data"][0] == made
    _rules(county, bands=(BAND,))
    shown = _of(county)
    assert (shown["reference_price"], shown["lowest_price"], shown["highest_price"]) == (
        "0.3000", "0.2400", "0.3600",
    )  # fmt: skip
    refused = county.client.post(
        "/v1/orders", json=order_body(county, county.mine["water_account"], "sell", "1", "0.37"),
        headers=county.headers("mine"),
    )  # fmt: skip
    assert refused.status_code == 422
    problem = refused.json
    assert (problem["code"], problem["rule"]) == ("price_outside_band", "price_outside_band")
    assert (problem["limit"], problem["available"]) == ("0.3600", "0.3700")
    assert problem["legal_source"].startswith("demonstration")
    _rules(county, bands=())


@pytest.mark.parametrize(
    "body", [{}, {"price": "0"}, {"price": 0.3}, {"price": "0.3"}, {"price": "0.3", "reason": "why"}]
)
def test_a_reference_price_carries_its_reason_and_source(county: County, body: dict[str, Any]) -> None:
    path = f"/v1/products/{product(county)}/reference-prices"
    answer = county.client.post(path, json=body, headers=county.headers("supervisor"))
    assert answer.status_code == 422


def test_the_kill_switch_ends_orders_and_refuses_new_ones_until_it_is_lifted(county: County) -> None:
    body = order_body(county, county.mine["water_account"], "sell", "1", "9")
    placed = county.post("mine", "/orders", body)
    made = county.post("supervisor", "/kill-switch", {"participant_id": county.mine["participant"], **LAW})
    assert (made["orders_ended"], made["lifted_at"]) == (None, None)
    refused = county.client.post("/v1/orders", json=body, headers=county.headers("mine"))
    assert (refused.status_code, refused.json["code"]) == (409, "kill_switch")
    assert refused.json["legal_source"] == "tests art. 1"
    county.exchange.take_up()
    ended = county.get("mine", f"/orders/{placed['id']}")
    assert (ended["status"], ended["reason"]) == ("cancelled", "kill_switch")
    found = county.get("auditor", f"/kill-switch/{made['id']}")
    assert found["orders_ended"] >= 1
    assert county.get("supervisor", "/kill-switch")["data"][0] == found
    lifted = county.post("supervisor", f"/kill-switch/{made['id']}/lift", {"reason": "explained"})
    assert (lifted["lift_reason"], lifted["lifted_at"] is not None) == ("explained", True)
    again = county.client.post(
        f"/v1/kill-switch/{made['id']}/lift",
        json={"reason": "explained"},
        headers=county.headers("supervisor"),
    )
    assert (again.status_code, again.json["code"]) == (409, "kill_switch_lifted")
    county.post("mine", "/orders", body)


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 422), ({"reason": "tests"}, 422), ({"legal_source": "tests"}, 422),
     ({"reason": "x", "legal_source": "y"}, 422),
     ({**LAW, "participant_id": "par_00000000000000000000000000"}, 404)],
)  # fmt: skip
def test_a_kill_switch_carries_its_reason_and_source(
    county: County, body: dict[str, Any], status: int
) -> None:
    answer = county.client.post("/v1/kill-switch", json=body, headers=county.headers("supervisor"))
    assert answer.status_code == status


def test_a_switch_of_everybody_names_nobody(county: County) -> None:
    made = county.post("supervisor", "/kill-switch", LAW)
    assert (made["participant_id"], made["product_id"]) == (None, None)
    body = order_body(county, county.theirs["water_account"], "sell", "1", "9")
    refused = county.client.post("/v1/orders", json=body, headers=county.headers("theirs"))
    assert refused.json["code"] == "kill_switch"
    county.exchange.take_up()
    county.post("supervisor", f"/kill-switch/{made['id']}/lift", {"reason": "explained"})
    county.post("theirs", "/orders", body)


def test_the_worker_writes_the_first_reference_prices_once(county: County) -> None:
    jobs.run(county.settings.url(), jobs.named("reference-prices"))
    assert jobs.run(county.settings.url(), jobs.named("reference-prices")) == 0
    wells = next(
        p["id"] for p in county.get("auditor", "/products")["data"] if p["code"] == f"groundwater-{YEAR}"
    )
    [first] = county.get("auditor", f"/products/{wells}/reference-prices")["data"]
    assert (first["price"], first["basis"]) == ("0.1418", "tariff")
    assert "tariff of agriculture, 0.1418" in first["reason"]
