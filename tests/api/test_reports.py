"""Saving reports over HTTP: from a frozen baseline to money, with everything that is refused on the way."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from market import jobs, prove
from market.contracts import baselines, distributing, reporting, verifying
from market.contracts.report_errors import DistributionOrder
from market.core import audit, clock, db, ids
from market.core.errors import Refusal
from tests.api.contracting import drafted, funded, month, seats, signed, terms
from tests.api.county import County, open_county
from tests.api.reporting import (
    ALL,
    DAY,
    agreed_contract,
    base_body,
    billed_point,
    quarter,
    read,
    spans,
    verified,
)
from tests.api.saving import admitted, point_body
from tests.api.test_firms import refused

_seeds = itertools.count(1)


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county with those who take a seat in contracts, and money."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        found.mine.update(seats(found))
        found.mine["other-judge"] = admitted(found, "other-judge", kind="verifier", role="verifier")
        for name in ("valves", "school"):
            funded(found, found.mine[name], "900000.00")
        yield found


@pytest.fixture
def point(county: County) -> str:
    """A point of the school's with its bills, and the readings of half a year: 700 m3 a month."""
    made = billed_point(county, county.mine, next(_seeds))
    for months in range(1, 7):
        read(county, made, months, str(700 * months))
    return made


def _drafted(county: County, contract: str, number: int = 0) -> dict[str, Any]:
    return county.post("valves", f"/saving-contracts/{contract}/reports", quarter(number))


def _distributed(county: County, report: str) -> dict[str, Any]:
    """After the time for objections, by the clock."""
    with (
        clock.moved_to(clock.now() + dt.timedelta(days=40)),
        db.transaction(county.settings.url()) as session,
    ):
        distributing.distribute_report(session, actor=audit.Actor(), report_id=ids.parse("srp", report))
    return county.get("school", f"/saving-reports/{report}")


def test_a_quarter_goes_from_meters_to_money(county: County, point: str) -> None:
    contract = agreed_contract(county, county.mine, point)
    draft = _drafted(county, contract)
    assert (draft["tier"], draft["use"], draft["status"], draft["clock"]) == (
        "A", "2100.000", "drafted", "saving_submission",
    )  # fmt: skip
    assert 850_000 < int(draft["saving"].replace(".", "")) < 950_000
    low, high = float(draft["low_95"]), float(draft["high_95"])
    assert low < float(draft["saving"]) < high
    assert draft["credited_money"] == draft["saving"] and 0 < float(draft["credited_water"]) < float(
        draft["saving"]
    )
    told = county.get("judge", f"/saving-reports/{draft['id']}/derivation")
    assert any(draft["use"] in line for line in told["zh"]) and told["plot_en"]["data"]
    done = verified(county, draft)
    assert (done["status"], done["verified_by"]) == ("verified", county.mine["judge"])
    early = refused(county, "school", f"/saving-reports/{draft['id']}/distribute", {})
    assert early["code"] == "objection_open"
    paid = _distributed(county, draft["id"])
    given = paid["distribution"]
    fen = {each["participant_id"]: round(float(each["amount"]) * 100) for each in given["shares"]}
    benefit = round(float(given["benefit"]) * 100)
    assert sum(fen.values()) == benefit
    litres = round(float(draft["saving"]) * 1000)
    assert abs(benefit - litres * 32_000 / 100_000) <= 0.5
    assert abs(fen[county.mine["valves"]] - benefit * 0.9) <= 1
    dues = county.get("school", f"/contract-dues?contract_id={contract}")["data"]
    assert {each["payee_id"]: round(float(each["amount"]) * 100) for each in dues} == {
        who: amount for who, amount in fen.items() if who != county.mine["school"]
    }
    for each in dues:
        county.post("school", f"/contract-dues/{each['id']}/pay")
    assert prove.run(county.settings.url())["violations"] == 0


def test_a_baseline_that_both_agreed_to_never_changes(county: County, point: str) -> None:
    contract = agreed_contract(county, county.mine, point)
    path = f"/saving-contracts/{contract}/baselines"
    answer = refused(county, "valves", path, base_body())
    assert answer["code"] == "baseline_state"
    [frozen] = county.get("lender", path)["data"]
    assert (frozen["status"], len(frozen["consents"]), frozen["tier"]) == ("agreed", 2, "A")
    again = refused(
        county, "school", f"/contract-baselines/{frozen['id']}/consent", {"sha256": frozen["sha256"]}
    )
    assert again["code"] == "baseline_state"
    with (
        clock.moved_to(dt.datetime.combine(month(5, 2), dt.time(12), dt.UTC)),
        db.transaction(county.settings.url()) as session,
    ):
        row = baselines.agreed(session, ids.parse("sct", contract))
        assert row is not None
        baselines.check_old(row)  # after five years both may agree on another


def test_a_base_period_of_broken_years_is_refused_unless_both_sign_why(county: County, point: str) -> None:
    contract = drafted(county, terms(county.mine, point))
    signed(county, contract, *ALL)
    path = f"/saving-contracts/{contract}/baselines"
    short = base_body() | {"spans": spans(month(-2, 3), 21)}
    assert refused(county, "valves", path, short)["code"] == "baseline_input"
    short["departures"] = [{"what": "base_not_whole_years", "reason": "the school was closed in spring"}]
    assert county.post("valves", path, short)["tier"] in ("A", "B", "C")


def test_one_interval_of_a_meter_backs_one_claim_below_and_above_it_too(county: County, point: str) -> None:
    contract = agreed_contract(county, county.mine, point)
    _drafted(county, contract)
    twice = refused(county, "valves", f"/saving-contracts/{contract}/reports", quarter())
    assert twice["code"] == "interval_claimed"
    other = agreed_contract(county, county.mine, point)
    answer = refused(county, "valves", f"/saving-contracts/{other}/reports", quarter())
    assert (answer["code"], "节水量认定" in answer["title"] or "claim" in answer["title"]) == (
        "interval_claimed",
        True,
    )
    below = point_body(
        county.mine["school"], parent_id=point, starts_on=str(month() - dt.timedelta(days=1)), start="0"
    )
    inner = county.post("school", "/measuring-points", below)["id"]
    for number in range(36):
        bill = {
            "first_day": str(month(-3, number)), "last_day": str(month(-3, number + 1) - DAY), "volume": "400",
            "number": f"I{number}", "document_sha256": "cd" * 32,
        }  # fmt: skip
        county.post("school", f"/measuring-points/{inner}/bills", bill)
    for months in range(1, 7):
        read(county, inner, months, str(200 * months))
    nested = agreed_contract(county, county.mine, inner)
    answer = refused(county, "valves", f"/saving-contracts/{nested}/reports", quarter())
    assert answer["code"] == "interval_claimed"
    skipped = refused(county, "valves", f"/saving-contracts/{nested}/reports", quarter(1))
    assert (skipped["code"], skipped["limit"]) == ("period_skipped", str(month()))
    for name in ("school", "valves"):
        given = {"starts_on": str(month()), "reason": "another contract has it"}
        county.post(name, f"/saving-contracts/{nested}/give-up", given)
    second = county.post("valves", f"/saving-contracts/{nested}/reports", quarter(1))
    assert second["use"] == "600.000"  # the second quarter is nobody's yet


def test_nobody_verifies_an_own_project_nor_out_of_turn(county: County, point: str) -> None:
    contract = agreed_contract(county, county.mine, point)
    draft = _drafted(county, contract)
    path, body = f"/saving-reports/{draft['id']}", {"sha256": draft["sha256"]}
    assert refused(county, "judge", f"{path}/certify", body)["code"] == "report_state"
    county.post("school", f"{path}/accept", body)
    assert refused(county, "school", f"{path}/accept", body)["code"] == "accepted_before"
    assert refused(county, "lender", f"{path}/accept", body)["code"] == "not_allowed"
    county.post("valves", f"{path}/accept", body)
    assert refused(county, "other-judge", f"{path}/certify", body)["code"] == "not_found"
    assert refused(county, "valves", f"{path}/certify", body)["code"] == "not_allowed"
    other = {"sha256": "0" * 64}
    assert refused(county, "judge", f"{path}/certify", other)["code"] == "other_derivation"
    county.post("judge", f"{path}/certify", body)


def test_nothing_is_distributed_before_it_was_verified_nor_while_it_is_disputed(
    county: County, point: str
) -> None:
    contract = agreed_contract(county, county.mine, point)
    draft = _drafted(county, contract)
    path = f"/saving-reports/{draft['id']}"
    assert refused(county, "valves", f"{path}/distribute", {})["code"] == "not_verified"
    verified(county, draft)
    objected = county.post("lender", f"{path}/object", {"reason": "the meter was covered"})
    assert (objected["status"], objected["clock"]) == ("disputed", "saving_reverification")
    assert refused(county, "valves", f"{path}/distribute", {})["code"] == "not_verified"
    same = refused(county, "supervisor", f"{path}/name-verifier", {"verifier_id": county.mine["judge"]})
    assert same["code"] == "not_the_verifier"
    county.post("supervisor", f"{path}/name-verifier", {"verifier_id": county.mine["other-judge"]})
    decision = {"sha256": draft["sha256"], "finding": "it was not"}
    assert refused(county, "judge", f"{path}/re-verify", decision)["code"] == "not_the_verifier"
    decided = county.post("other-judge", f"{path}/re-verify", decision)
    assert (decided["status"], decided["disputes"][0]["finding"], decided["verified_by"]) == (
        "verified", "it was not", county.mine["other-judge"],
    )  # fmt: skip
    assert _distributed(county, draft["id"])["status"] == "distributed"
    assert refused(county, "lender", f"{path}/object", {"reason": "still"})["code"] == "report_state"


def test_a_corrected_reading_opens_a_revision_and_old_consents_lapse(county: County, point: str) -> None:
    contract = agreed_contract(county, county.mine, point)
    wrong = read(county, point, 7, "5000")
    draft = _drafted(county, contract, 0)
    path = f"/saving-reports/{draft['id']}"
    county.post("school", f"{path}/accept", {"sha256": draft["sha256"]})
    june = county.get("school", f"/measuring-points/{point}/series")["measured"][2]
    assert june["volume"] == "700.000"
    again = county.post("valves", f"{path}/revise", {})
    assert (again["revision"], again["accepted_by"], again["sha256"]) == (2, [], draft["sha256"])
    county.post("school", f"/point-readings/{wrong}/correct", {"counter": "4900", "reason": "a digit"})
    assert county.post("school", f"{path}/accept", {"sha256": again["sha256"]})["accepted_by"] == [
        county.mine["school"]
    ]


def test_an_adjustment_counts_with_the_other_side_s_consent_only(county: County, point: str) -> None:
    contract = agreed_contract(county, county.mine, point)
    draft = _drafted(county, contract)
    path = f"/saving-reports/{draft['id']}"
    event = {
        "event": "a new canteen", "first_day": str(month(0, 1)), "last_day": str(month(0, 3) - dt.timedelta(days=1)),
        "volume": "150", "uncertainty": "20", "evidence": "its own meter",
    }  # fmt: skip
    proposed = county.post("valves", f"{path}/adjustments", event)
    [shown] = proposed["adjustments"]
    assert (proposed["saving"], shown["accepted_by"]) == (draft["saving"], None)
    own = refused(county, "valves", f"/report-adjustments/{shown['id']}/accept", {})
    assert own["code"] == "adjustment_state"
    taken = county.post("school", f"/report-adjustments/{shown['id']}/accept")
    assert float(taken["saving"]) - float(draft["saving"]) == pytest.approx(150)
    assert float(taken["high_95"]) - float(taken["low_95"]) > float(draft["high_95"]) - float(draft["low_95"])
    again = refused(county, "school", f"/report-adjustments/{shown['id']}/accept", {})
    assert again["code"] == "adjustment_state"


def test_two_who_accept_one_adjustment_at_once_accept_it_once(county: County, point: str) -> None:
    contract = agreed_contract(county, county.mine, point)
    draft = _drafted(county, contract)
    event = {
        "event": "a new canteen", "first_day": str(month(0, 1)), "last_day": str(month(0, 2)), "volume": "150",
        "uncertainty": "20", "evidence": "its own meter",
    }  # fmt: skip
    shown = county.post("valves", f"/saving-reports/{draft['id']}/adjustments", event)["adjustments"][0]
    number, by = ids.parse("adj", shown["id"]), ids.parse("par", county.mine["school"])
    said: list[str] = []

    def second() -> None:
        with db.transaction(county.settings.url()) as session:
            try:
                reporting.accept_adjustment(session, actor=audit.Actor(), adjustment_id=number, by=by)
                said.append("accepted")
            except Refusal as refusal:
                said.append(refusal.code)

    with db.transaction(county.settings.url()) as session:
        reporting.accept_adjustment(session, actor=audit.Actor(), adjustment_id=number, by=by)
        other = threading.Thread(target=second)
        other.start()
        other.join(0.5)
        assert said == []  # it waits for the report
    other.join()
    assert said == ["adjustment_state"]
    assert county.get("school", f"/saving-reports/{draft['id']}")["revision"] == 2


def test_silence_accepts_when_the_clock_has_ended(county: County, point: str) -> None:
    contract = agreed_contract(county, county.mine, point)
    draft = _drafted(county, contract)
    number = ids.parse("srp", draft["id"])
    with db.transaction(county.settings.url()) as session:
        assert not verifying.submit_silent(session, actor=audit.Actor(), report_id=number)
    with (
        clock.moved_to(clock.now() + dt.timedelta(days=30)),
        db.transaction(county.settings.url()) as session,
    ):
        assert verifying.submit_silent(session, actor=audit.Actor(), report_id=number)
    assert county.get("judge", f"/saving-reports/{draft['id']}")["status"] == "submitted"
    back = county.post("judge", f"/saving-reports/{draft['id']}/return", {"reason": "a page is missing"})
    assert (back["status"], back["return_reason"]) == ("returned", "a page is missing")
    assert county.post("school", f"/saving-reports/{draft['id']}/revise", {})["status"] == "drafted"


def test_the_clock_hands_over_and_shares_out_in_the_order_of_periods(county: County, point: str) -> None:
    contract = agreed_contract(county, county.mine, point)
    first, second = (_drafted(county, contract, number) for number in (0, 1))
    url, later = county.settings.url(), clock.now() + dt.timedelta(days=40)
    with clock.moved_to(later):
        jobs.run(url, jobs.named("savings"))
    for report in (second, first):
        body = {"sha256": report["sha256"]}
        assert county.post("judge", f"/saving-reports/{report['id']}/certify", body)["status"] == "verified"
    with clock.moved_to(later):
        jobs.run(url, jobs.named("savings"))
        jobs.run(url, jobs.named("savings"))  # nothing due is nothing done
    made = [county.get("school", f"/saving-reports/{each['id']}")["distribution"] for each in (first, second)]
    assert [each["contract_year"] for each in made] == [1, 1]
    assert prove.run(url)["violations"] == 0


def test_only_whole_periods_of_the_operation_that_are_over_are_reported(county: County, point: str) -> None:
    contract = drafted(county, terms(county.mine, point))
    signed(county, contract, *ALL)
    path = f"/saving-contracts/{contract}/reports"
    assert refused(county, "valves", path, quarter())["code"] == "baseline_state"
    made = county.post("valves", f"/saving-contracts/{contract}/baselines", base_body())
    for name in ("school", "valves"):
        county.post(name, f"/contract-baselines/{made['id']}/consent", {"sha256": made["sha256"]})
    assert refused(county, "valves", path, quarter())["code"] == "only_operation_earns"
    phase = {"phase": "operation", "starts_on": str(month(0, 3)), "document": "p"}
    county.post("valves", f"/saving-contracts/{contract}/phases", phase)
    assert refused(county, "valves", path, quarter())["code"] == "only_operation_earns"
    for wrong in (spans(month(0, 3), 2), spans(month(0, 4), 3), spans(month(1), 3)):
        assert refused(county, "valves", path, {"spans": wrong})["code"] == "report_input"
    assert county.post("valves", path, quarter(1))["starts_on"] == str(month(0, 3))


def test_a_voided_period_earns_nothing_and_later_ones_go_on(county: County, point: str) -> None:
    contract = agreed_contract(county, county.mine, point)
    first = verified(county, _drafted(county, contract))
    second = verified(county, _drafted(county, contract, 1))
    with (
        clock.moved_to(clock.now() + dt.timedelta(days=40)),
        db.transaction(county.settings.url()) as session,
        pytest.raises(DistributionOrder),
    ):
        distributing.distribute_report(session, actor=audit.Actor(), report_id=ids.parse("srp", second["id"]))
    county.post("supervisor", f"/saving-reports/{first['id']}/void", {"reason": "a magnet on the meter"})
    assert _distributed(county, second["id"])["status"] == "distributed"


def test_a_guarantee_that_is_missed_is_owed_by_the_firm(county: County, point: str) -> None:
    """G 1 500 m3 a quarter at 3.20, tolerance 5 per cent, cap 100 000: P = (G - S) x 3.20."""
    guarantee = {
        "volume": "1500", "price": "3.2", "cap": "100000.00", "surplus_shares": ["0.5", "0.5", "0"],
    }  # fmt: skip
    contract = agreed_contract(
        county, county.mine, point, mode="guaranteed", schedule=None, guarantee=guarantee, fee="500.00"
    )
    report = verified(county, _drafted(county, contract))
    _distributed(county, report["id"])
    dues = {
        each["kind"]: each for each in county.get("school", f"/contract-dues?contract_id={contract}")["data"]
    }
    litres = 1_500_000 - round(float(report["saving"]) * 1000)
    assert dues["shortfall"]["payer_id"] == county.mine["valves"]
    assert abs(round(float(dues["shortfall"]["amount"]) * 100) - litres * 32_000 / 100_000) <= 0.5
    assert (dues["fee"]["amount"], dues["fee"]["payee_id"]) == ("500.00", county.mine["valves"])
    assert prove.run(county.settings.url())["violations"] == 0
