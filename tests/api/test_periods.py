"""Periods that are too uncertain alone merge into the next one's report; none is left out in silence."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from market import jobs, prove
from market.contracts import distributing
from market.core import audit, clock, db, ids
from tests.api.contracting import funded, month, seats, signed, terms
from tests.api.county import County, open_county
from tests.api.reporting import ALL, DAY, agreed_contract, billed_point, quarter, read, spans, verified
from tests.api.saving import admitted
from tests.api.test_firms import refused

_seeds = itertools.count(40)
WEAK, STRONG = 970, 700
"""m3 a month against a base of about 1 000: a quarter of the first is no precise saving, one of the second is."""


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county with those who take a seat in contracts, and money."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        found.mine.update(seats(found))
        found.mine["other-judge"] = admitted(found, "other-judge", kind="verifier", role="verifier")
        for name in ("valves", "school"):
            funded(found, found.mine[name], "900000.00")
        yield found


def _point(county: County, *uses: int) -> str:
    """Three years of bills, then quarters of so many m3 a month, the last quarters of the strong use."""
    made = billed_point(county, county.mine, next(_seeds))
    counter = 0
    for months, use in enumerate([*(use for use in uses for _ in range(3))], 1):
        counter += use
        read(county, made, months, str(counter))
    return made


def _draft(county: County, contract: str, number: int) -> dict[str, Any]:
    return county.post("valves", f"/saving-contracts/{contract}/reports", quarter(number))


def _distribute(county: County, report: str) -> None:
    with (
        clock.moved_to(clock.now() + dt.timedelta(days=40)),
        db.transaction(county.settings.url()) as session,
    ):
        distributing.distribute_report(session, actor=audit.Actor(), report_id=ids.parse("srp", report))


def _give_up(
    county: County, contract: str, name: str, number: int, reason: str = "too small"
) -> dict[str, Any]:
    body = {"starts_on": str(month(0, 3 * number)), "reason": reason}
    return county.post(name, f"/saving-contracts/{contract}/give-up", body)


def _periods(county: County, contract: str) -> list[tuple[str, Any]]:
    found = county.get("school", f"/saving-contracts/{contract}/periods")["data"]
    return [(each["status"], each["report_id"]) for each in found]


def test_a_period_too_uncertain_alone_is_paid_with_the_next_one_once(county: County) -> None:
    contract = agreed_contract(county, county.mine, _point(county, WEAK, STRONG, STRONG))
    weak = _draft(county, contract, 0)
    assert (weak["merges"], weak["credited_money"], weak["credited_water"]) == (True, "0.000", "0.000")
    assert [each["code"] for each in weak["reasons"]] == ["precision_too_low"]
    weak = verified(county, weak)
    early = refused(county, "school", f"/saving-reports/{weak['id']}/distribute", {})
    assert early["code"] == "merges_with_next"
    with clock.moved_to(clock.now() + dt.timedelta(days=40)):
        jobs.run(county.settings.url(), jobs.named("savings"))
    assert (
        county.get("school", f"/saving-reports/{weak['id']}")["status"] == "verified"
    )  # not paid by the clock either
    both = _draft(county, contract, 1)
    assert (both["starts_on"], both["ends_on"], both["merges"]) == (str(month()), str(month(0, 6)), False)
    assert both["use"] == f"{3 * (WEAK + STRONG)}.000"
    shown = county.get("school", f"/saving-reports/{weak['id']}")
    assert (shown["status"], shown["merged_into_id"], shown["clock"]) == ("merged", both["id"], None)
    late = refused(county, "judge", f"/saving-reports/{weak['id']}/return", {"reason": "no"})
    assert late["code"] == "report_state"
    assert _periods(county, contract)[:3] == [("merged", both["id"]), ("reported", both["id"]), ("due", None)]
    both = verified(county, both)
    _distribute(county, both["id"])
    paid = county.get("school", f"/saving-reports/{both['id']}")["distribution"]
    litres = round(float(both["credited_money"]) * 1000)
    assert abs(round(float(paid["benefit"]) * 100) - litres * 32_000 / 100_000) <= 0.5
    third = verified(county, _draft(county, contract, 2))
    _distribute(county, third["id"])
    made = county.get("school", f"/saving-reports?contract_id={contract}")["data"]
    assert sorted(each["status"] for each in made) == ["distributed", "distributed", "merged"]
    assert prove.run(county.settings.url())["violations"] == 0


def test_what_merges_once_may_merge_again_and_adjustments_come_along(county: County) -> None:
    contract = agreed_contract(county, county.mine, _point(county, WEAK, WEAK + 20, STRONG))
    first = _draft(county, contract, 0)
    event = {
        "event": "a new canteen", "first_day": str(month(0, 1)), "last_day": str(month(0, 3) - DAY), "volume": "15",
        "uncertainty": "2", "evidence": "its own meter",
    }  # fmt: skip
    shown = county.post("valves", f"/saving-reports/{first['id']}/adjustments", event)["adjustments"][0]
    county.post("school", f"/report-adjustments/{shown['id']}/accept")
    loose = county.post("valves", f"/saving-reports/{first['id']}/adjustments", event | {"volume": "700"})
    second = _draft(county, contract, 1)
    assert (second["merges"], second["starts_on"]) == (True, str(month()))
    third = _draft(county, contract, 2)
    assert (third["merges"], third["starts_on"], third["ends_on"]) == (False, str(month()), str(month(0, 9)))
    states = {
        name: county.get("school", f"/saving-reports/{each['id']}")
        for name, each in (("first", first), ("second", second))
    }
    assert (
        states["first"]["merged_into_id"] == second["id"]
        and states["second"]["merged_into_id"] == third["id"]
    )
    told = county.get("judge", f"/saving-reports/{third['id']}/derivation")["en"]
    [added] = [line for line in told if line.startswith("A_m (")]
    assert "= 15.000 m³" in added
    other = refused(county, "school", f"/report-adjustments/{loose['adjustments'][1]['id']}/accept", {})
    assert other["code"] == "report_state"  # what was not accepted before is proposed anew
    again = county.post("valves", f"/saving-reports/{third['id']}/revise", {})
    assert (again["sha256"], again["revision"]) == (third["sha256"], 2)
    assert prove.run(county.settings.url())["violations"] == 0


def test_a_skipped_period_is_reported_with_the_next_or_given_up_by_both(county: County) -> None:
    contract = agreed_contract(county, county.mine, _point(county, STRONG, STRONG, STRONG))
    path = f"/saving-contracts/{contract}/reports"
    skipped = refused(county, "valves", path, quarter(1))
    assert (skipped["code"], skipped["limit"]) == ("period_skipped", str(month()))
    both = county.post("valves", path, {"spans": spans(month(), 6)})
    assert (both["starts_on"], both["ends_on"]) == (str(month()), str(month(0, 6)))
    assert _periods(county, contract)[:2] == [("merged", both["id"]), ("reported", both["id"])]
    other = agreed_contract(county, county.mine, _point(county, STRONG, STRONG))
    path = f"/saving-contracts/{other}/reports"
    _give_up(county, other, "valves", 0)
    assert (
        refused(county, "valves", path, quarter(1))["code"] == "period_skipped"
    )  # one side alone gives up nothing
    body = {"starts_on": str(month()), "reason": "again"}
    assert refused(county, "valves", f"/saving-contracts/{other}/give-up", body)["code"] == "accepted_before"
    outsider = refused(county, "lender", f"/saving-contracts/{other}/give-up", body)
    assert outsider["code"] == "not_allowed"
    given = _give_up(county, other, "school", 0)["data"][0]
    assert (given["status"], sorted(given["waived_by"])) == (
        "given_up", sorted((county.mine["school"], county.mine["valves"])),
    )  # fmt: skip
    assert refused(county, "valves", path, quarter(0))["code"] == "period_given_up"
    assert refused(county, "valves", path, {"spans": spans(month(), 6)})["code"] == "period_given_up"
    assert county.post("valves", path, quarter(1))["starts_on"] == str(month(0, 3))
    assert prove.run(county.settings.url())["violations"] == 0


def test_a_report_that_merges_is_given_up_and_one_that_counts_is_not(county: County) -> None:
    contract = agreed_contract(county, county.mine, _point(county, WEAK, STRONG))
    weak = _draft(county, contract, 0)
    for name in ("valves", "school"):
        _give_up(county, contract, name, 0)
    shown = county.get("school", f"/saving-reports/{weak['id']}")
    assert (shown["status"], shown["clock"]) == ("given_up", None)
    assert _periods(county, contract)[0] == ("given_up", weak["id"])
    second = _draft(county, contract, 1)
    assert second["starts_on"] == str(month(0, 3))
    body = {"starts_on": str(month(0, 3)), "reason": "no"}
    answer = refused(county, "valves", f"/saving-contracts/{contract}/give-up", body)
    assert answer["code"] == "report_state"
    future = refused(
        county, "valves", f"/saving-contracts/{contract}/give-up", body | {"starts_on": str(month(1))}
    )
    assert future["code"] == "report_input"
    second = verified(county, second)
    _distribute(county, second["id"])  # what was given up stands in nobody's way
    assert prove.run(county.settings.url())["violations"] == 0


def test_a_disputed_period_waits_and_another_version_keeps_periods_apart(county: County) -> None:
    point = _point(county, WEAK, STRONG)
    contract = agreed_contract(county, county.mine, point)
    weak = verified(county, _draft(county, contract, 0))
    county.post("lender", f"/saving-reports/{weak['id']}/object", {"reason": "the meter was covered"})
    path = f"/saving-contracts/{contract}/reports"
    waits = refused(county, "valves", path, quarter(1))
    assert (waits["code"], waits["available"]) == ("merge_waits", str(month()))
    county.post(
        "supervisor",
        f"/saving-reports/{weak['id']}/name-verifier",
        {"verifier_id": county.mine["other-judge"]},
    )
    decision = {"sha256": weak["sha256"], "finding": "it was not"}
    county.post("other-judge", f"/saving-reports/{weak['id']}/re-verify", decision)
    assert county.post("valves", path, quarter(1))["starts_on"] == str(month())


def test_periods_of_two_versions_make_no_report_together(county: County) -> None:
    contract = agreed_contract(county, county.mine, _point(county, WEAK, STRONG, STRONG))
    amended = terms(
        county.mine, county.get("school", f"/saving-contracts/{contract}")["terms"]["boundary"][0]["point_id"]
    )
    amended["price"] = {"basis": "fixed", "price": "3.5"}
    _draft(county, contract, 0)
    with clock.moved_to(dt.datetime.combine(month(0, 2), dt.time(12), dt.UTC)):
        county.post(
            "valves",
            f"/saving-contracts/{contract}/amend",
            {"terms": amended, "effective_on": str(month(0, 3))},
        )
        signed(county, contract, *ALL)
    apart = refused(county, "valves", f"/saving-contracts/{contract}/reports", quarter(1))
    assert apart["code"] == "merge_terms"
    for name in ("valves", "school"):
        _give_up(county, contract, name, 0)
    assert _draft(county, contract, 1)["starts_on"] == str(month(0, 3))


def test_what_is_signed_a_period_is_for_each_of_those_that_merged(county: County) -> None:
    """A guarantee of 600 m3 a quarter and a fee of 500 yuan: for two quarters 1 200 m3 and 1 000 yuan."""
    guarantee = {
        "volume": "600", "price": "3.2", "cap": "100000.00", "surplus_shares": ["0.5", "0.5", "0"],
    }  # fmt: skip
    contract = agreed_contract(
        county, county.mine, _point(county, WEAK, STRONG), mode="guaranteed", schedule=None, guarantee=guarantee,
        fee="500.00",
    )  # fmt: skip
    assert _draft(county, contract, 0)["merges"]
    both = verified(county, _draft(county, contract, 1))
    _distribute(county, both["id"])
    dues = {
        each["kind"]: each["amount"]
        for each in county.get("school", f"/contract-dues?contract_id={contract}")["data"]
    }
    missing = 1_200_000 - round(float(both["saving"]) * 1000)
    assert 0 < missing < 400_000
    assert abs(round(float(dues["shortfall"]) * 100) - missing * 32_000 / 100_000) <= 0.5
    assert dues["fee"] == "1000.00"
    assert prove.run(county.settings.url())["violations"] == 0


def test_reports_that_merge_again_are_given_up_whole_and_claimed_once(county: County) -> None:
    contract = agreed_contract(county, county.mine, _point(county, WEAK, WEAK + 20, STRONG))
    _give_up(county, contract, "valves", 0)  # before it was reported, by one side alone
    _draft(county, contract, 0)
    both = _draft(county, contract, 1)
    lines = {each["kind"]: each for each in county.get("school", "/saving-portfolio")["data"]}
    claimed = float(lines["public_institution"]["claimed"])
    part = {"starts_on": str(month(0, 3)), "reason": "t"}
    whole = refused(county, "school", f"/saving-contracts/{contract}/give-up", part)
    assert (whole["code"], whole["limit"]) == ("report_input", str(month()))
    for name in ("school", "valves"):
        given = _give_up(county, contract, name, 0)
    assert [each["status"] for each in given["data"][:2]] == ["given_up", "given_up"]
    lines = {each["kind"]: each for each in county.get("school", "/saving-portfolio")["data"]}
    assert float(lines["public_institution"]["claimed"]) == pytest.approx(claimed - float(both["saving"]))
    assert _draft(county, contract, 2)["starts_on"] == str(month(0, 6))
    assert prove.run(county.settings.url())["violations"] == 0
