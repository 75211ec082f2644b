"""Leakage control over HTTP: worked example 8 of SAVINGS section 9 from a district's nights to money."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from market import prove
from market.contracts import distributing
from market.core import audit, clock, db, ids
from tests.api.contracting import drafted, funded, month, seats, signed, terms
from tests.api.county import County, open_county
from tests.api.reporting import ALL, DAY, OPERATION, base_body, verified
from tests.api.saving import admitted, point_body
from tests.api.test_firms import refused
from tests.unit.contracts.synthetic import DATA

LEAK: dict[str, Any] = DATA["leakage"]
"""The data of `saving_cases.json`: m3 an hour, metres of head, nights in order."""
BASE_DAY = month(0, -2)
"""The first of thirty base nights, before the operation."""
_numbers = itertools.count()


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county with those who take a seat in contracts, and money."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        found.mine.update(seats(found))
        found.mine["other-judge"] = admitted(found, "other-judge", kind="verifier", role="verifier")
        for name in ("valves", "school"):
            funded(found, found.mine[name], "900000.00")
        yield found


def _inlet(county: County, **other: Any) -> str:
    body = point_body(county.mine["school"], starts_on=str(month(0, -4)), start="0", **other)
    found: str = county.post("school", "/measuring-points", body)["id"]
    return found


def _nights(first: dt.date, flows: list[float], pressures: list[float]) -> dict[str, Any]:
    return {
        "nights": [
            {"night_on": str(first + place * DAY), "flow": f"{flow:.2f}", "pressure": f"{pressure:.1f}"}
            for place, (flow, pressure) in enumerate(zip(flows, pressures, strict=True))
        ],
        "document_sha256": "ab" * 32,
    }


def _base_nights() -> dict[str, Any]:
    return _nights(BASE_DAY, LEAK["base_mnf"], LEAK["base_pressure"])


def _report_nights(number: int = 0) -> dict[str, Any]:
    return _nights(month(0, number), LEAK["report_mnf"], LEAK["report_pressure"])


def night_base(**other: Any) -> dict[str, Any]:
    """The base of the worked example: 2 500 connections of 1.7 litres an hour are its 4.25 m3 an hour."""
    return {
        "works_start": str(month(0, -1)), "first_day": str(BASE_DAY), "last_day": str(BASE_DAY + 29 * DAY),
        "connections": 2500, "reference_pressure": f"{LEAK['P_ref']:.1f}",
        "hourly_pressure": [f"{each:.2f}" for each in LEAK["hourly_pressure_ratio"]], "exponent": f"{LEAK['N1']:.2f}",
    } | other  # fmt: skip


@pytest.fixture
def inlet(county: County) -> str:
    """A district's inlet with its base nights and those of the first month of the operation."""
    point = _inlet(county)
    county.post("school", f"/measuring-points/{point}/nights", _base_nights())
    county.post("school", f"/measuring-points/{point}/nights", _report_nights())
    return point


def _signed(county: County, *points: dict[str, str]) -> str:
    body = terms(county.mine, points[0]["point_id"], kind="leakage", period_months=1, boundary=list(points))
    contract = drafted(county, body)
    signed(county, contract, *ALL)
    county.post("valves", f"/saving-contracts/{contract}/phases", OPERATION)
    return contract


def _agreed(county: County, contract: str, **other: Any) -> dict[str, Any]:
    made = county.post("valves", f"/saving-contracts/{contract}/night-baselines", night_base(**other))
    for name in ("school", "valves"):
        made = county.post(name, f"/contract-baselines/{made['id']}/consent", {"sha256": made["sha256"]})
    return made


def _month(number: int = 0) -> dict[str, Any]:
    return {
        "spans": [{"first_day": str(month(0, number)), "last_day": str(month(0, number + 1) - DAY)}],
    }


def _value(lines: list[str], symbol: str) -> float:
    """What a line of a derivation comes to."""
    [line] = [each for each in lines if each.startswith(f"{symbol} (")]
    return float(line.rsplit("= ", 1)[1].split(" ")[0])


def test_worked_example_8_goes_from_nights_to_money(county: County, inlet: str) -> None:
    contract = _signed(county, {"point_id": inlet})
    base = _agreed(county, contract)
    assert (base["tier"], base["status"], base["drivers"]) == ("A", "agreed", [])
    assert base["nights"] == {
        "count": 30, "night_use": "4.250", "day_factor": "20.974483", "mean_leakage": "42.831",
        "pressure_point_id": inlet,
    }  # fmt: skip
    draft = county.post("valves", f"/saving-contracts/{contract}/reports", _month())
    # the specification prints tenths of a cubic metre
    assert [f"{float(draft[name]):.1f}" for name in ("adjusted_baseline", "use", "saving", "low_95", "high_95")] == [
        "25232.9", "10158.8", "15074.1", "12865.2", "17283.1",
    ]  # fmt: skip
    assert f"{float(draft['credited_water']):.1f}" == "13695.5"
    assert draft["credited_money"] == draft["saving"] == "15074.133"
    assert (draft["starts_on"], draft["ends_on"]) == (str(month()), str(month(0, 1)))
    missing = (month(0, 1) - month()).days - 30
    assert [each["code"] for each in draft["reasons"]] == (["nights_missing"] if missing else [])
    told = county.get("judge", f"/saving-reports/{draft['id']}/derivation")
    for language, words in (("zh", "压力指数"), ("en", "pressure exponent")):
        lines = told[language]
        assert any(words in line for line in lines)
        assert f"{_value(lines, 'u'):.1f}" == "1019.5" and f"{_value(lines, 'df'):.2f}" == "12.64"
        assert len(told[f"plot_{language}"]["data"][0]["x"]) == 60
    done = verified(county, draft)
    with (
        clock.moved_to(clock.now() + dt.timedelta(days=40)),
        db.transaction(county.settings.url()) as session,
    ):
        distributing.distribute_report(session, actor=audit.Actor(), report_id=ids.parse("srp", done["id"]))
    paid = county.get("school", f"/saving-reports/{done['id']}")["distribution"]
    assert paid["benefit"] == "48237.23"  # 15 074.133 m3 at 3.20 yuan, to the fen
    assert prove.run(county.settings.url())["violations"] == 0


def test_a_baseline_of_nights_is_frozen_and_others_make_none(county: County, inlet: str) -> None:
    contract = _signed(county, {"point_id": inlet})
    path = f"/saving-contracts/{contract}/night-baselines"
    both = refused(county, "valves", path, night_base(night_use="4.25"))
    assert (both["code"], both["errors"][0]["pointer"]) == ("baseline_input", "/night_use")
    late = refused(county, "valves", path, night_base(works_start=str(BASE_DAY)))
    assert late["code"] == "baseline_input"
    monthly = refused(county, "valves", f"/saving-contracts/{contract}/baselines", base_body())
    assert monthly["code"] == "baseline_input"
    _agreed(county, contract)
    assert refused(county, "school", path, night_base())["code"] == "baseline_state"
    school = drafted(county, terms(county.mine, _inlet(county)))
    signed(county, school, *ALL)
    assert refused(county, "valves", f"/saving-contracts/{school}/night-baselines", night_base())["code"] == (
        "baseline_input"
    )


def test_fewer_than_thirty_base_nights_are_money_only(county: County, inlet: str) -> None:
    contract = _signed(county, {"point_id": inlet})
    base = _agreed(county, contract, last_day=str(BASE_DAY + 28 * DAY))
    assert (base["tier"], [each["code"] for each in base["reasons"]]) == (
        "C",
        ["too_few_nights", "one_figure"],
    )
    draft = county.post("valves", f"/saving-contracts/{contract}/reports", _month())
    assert (draft["tier"], draft["credited_water"], draft["low_95"]) == ("C", "0.000", None)
    assert float(draft["credited_money"]) > 14_000


def test_night_use_is_of_the_district_and_one_interval_backs_one_claim(county: County, inlet: str) -> None:
    """Two inlets less one outlet; nights that a meter lacks count for nobody."""
    second, outlet = _inlet(county), _inlet(county)
    half = [each / 2 for each in LEAK["base_mnf"]]
    for point, flows in ((second, half), (outlet, [2.0] * 30)):
        body = _nights(BASE_DAY, flows, LEAK["base_pressure"])
        for each in body["nights"]:
            if point == outlet:
                each["pressure"] = None  # a meter without a gauge
        county.post("school", f"/measuring-points/{point}/nights", body)
    contract = _signed(
        county, {"point_id": inlet}, {"point_id": second}, {"point_id": outlet, "counts": "taken_off"}
    )
    base = county.post("valves", f"/saving-contracts/{contract}/night-baselines", night_base(exponent="1"))
    flows = [1.5 * flow - 2.0 - 4.25 for flow in LEAK["base_mnf"]]
    pressures = [each / LEAK["P_ref"] for each in LEAK["base_pressure"]]
    mean = sum(flow / pressure for flow, pressure in zip(flows, pressures, strict=True)) / 30
    assert float(base["nights"]["mean_leakage"]) == pytest.approx(mean, abs=0.001)
    for name in ("school", "valves"):
        county.post(name, f"/contract-baselines/{base['id']}/consent", {"sha256": base["sha256"]})
    none = refused(county, "valves", f"/saving-contracts/{contract}/reports", _month())
    assert none["code"] == "report_input"  # only one of the meters was read at night
    for point in (second, outlet):
        body = _nights(month(), [9.0] * 20, [36.0] * 20)
        county.post("school", f"/measuring-points/{point}/nights", body)
    with_driver = _month()
    with_driver["spans"][0]["drivers"] = ["3"]
    path = f"/saving-contracts/{contract}/reports"
    assert refused(county, "valves", path, with_driver)["code"] == "report_input"
    draft = county.post("valves", path, _month())
    told = [each for each in draft["reasons"] if each["code"] == "nights_missing"]
    assert f"only 20 nights of the {(month(0, 1) - month()).days}" in told[0]["text_en"]
    other = _signed(county, {"point_id": second})
    _agreed(county, other)
    again = refused(county, "valves", f"/saving-contracts/{other}/reports", _month())
    assert again["code"] == "interval_claimed"


def test_a_corrected_night_and_an_adjustment_are_reckoned_anew(county: County, inlet: str) -> None:
    contract = _signed(county, {"point_id": inlet})
    _agreed(county, contract)
    draft = county.post("valves", f"/saving-contracts/{contract}/reports", _month())
    query = f"?first_day={month()}&last_day={month()}"
    [night] = county.get("school", f"/measuring-points/{inlet}/nights{query}")["data"]
    right = {"flow": "32.30", "pressure": "36.5", "reason": "a digit"}
    fixed = county.post("school", f"/point-nights/{night['id']}/correct", right)
    assert (fixed["corrects_id"], fixed["night_on"]) == (night["id"], str(month()))
    twice = refused(county, "school", f"/point-nights/{night['id']}/correct", right)
    assert twice["code"] == "night_known"
    again = county.post("valves", f"/saving-reports/{draft['id']}/revise", {})
    # ten m3 an hour more leaked that night, times the day factor
    assert float(again["use"]) - float(draft["use"]) == pytest.approx(209.74483, abs=0.001)
    event = {
        "event": "a burst main that another caused", "first_day": str(month()), "last_day": str(month(0, 1) - DAY),
        "volume": "150", "uncertainty": "20", "evidence": "police report",
    }  # fmt: skip
    shown = county.post("valves", f"/saving-reports/{draft['id']}/adjustments", event)["adjustments"][0]
    taken = county.post("school", f"/report-adjustments/{shown['id']}/accept")
    assert float(taken["saving"]) - float(again["saving"]) == pytest.approx(150)
    told = county.get("school", f"/saving-reports/{draft['id']}/derivation")
    assert any(line.startswith("A_m") for line in told["zh"])


def test_a_night_is_recorded_once_when_it_is_over(county: County, inlet: str) -> None:
    path = f"/measuring-points/{inlet}/nights"
    assert refused(county, "school", path, _base_nights())["code"] == "night_known"
    for day in (clock.today() + DAY, month(0, -4)):
        body = _nights(day, [1.0], [30.0])
        answer = refused(county, "school", path, body)
        assert (answer["code"], answer["errors"][0]["pointer"]) == (
            "point_reading_order",
            "/nights/0/night_on",
        )
    lower = _nights(clock.today(), [1.0], [30.0])
    lower["nights"][0]["unreduced"] = "29"
    assert refused(county, "school", path, lower)["code"] == "point_reading_order"
    county.post(
        "school", f"/measuring-points/{inlet}/retire", {"retired_on": str(clock.today()), "reason": "t"}
    )
    gone = refused(county, "school", path, _nights(clock.today(), [1.0], [30.0]))
    assert gone["code"] == "point_retired"


def test_pressure_that_the_project_lowered_is_not_adjusted_away(county: County, inlet: str) -> None:
    """A reporting night counts with the pressure that would have been without the project."""
    body = _report_nights(1)
    for each in body["nights"]:
        each["pressure"], each["unreduced"] = "30.0", each["pressure"]
    body["nights"] = body["nights"][:28]
    county.post("school", f"/measuring-points/{inlet}/nights", body)
    contract = _signed(county, {"point_id": inlet})
    _agreed(county, contract)
    first, second = (
        county.post("valves", f"/saving-contracts/{contract}/reports", _month(number)) for number in (0, 1)
    )
    share = sum((each / 38.0) ** 1.15 for each in LEAK["report_pressure"][:28])
    whole = sum((each / 38.0) ** 1.15 for each in LEAK["report_pressure"])
    expected = float(first["adjusted_baseline"]) * share / whole
    assert float(second["adjusted_baseline"]) == pytest.approx(expected, rel=1e-6)


def test_a_water_balance_that_disagrees_lowers_to_money_only(county: County, inlet: str) -> None:
    """Inflow less billed use must give a saving within the interval; what was signed once is shown every time."""
    for day, counter in ((BASE_DAY - DAY, "0"), (BASE_DAY + 29 * DAY, "60000"), (month() - DAY, "65000")):
        county.post(
            "school", f"/measuring-points/{inlet}/readings", {"read_on": str(day), "counter": counter}
        )
    after = {"read_on": str(month(0, 1) - DAY), "counter": "115000"}
    county.post("school", f"/measuring-points/{inlet}/readings", after)
    contract = _signed(county, {"point_id": inlet})
    billed = {"volume": "30000", "document_sha256": "cd" * 32}
    _agreed(county, contract, billed=billed)
    path = f"/saving-contracts/{contract}/reports"
    assert refused(county, "valves", path, _month())["code"] == "report_input"
    # (60 000 - 30 000) / 30 before, (50 000 - 34 500) / days after: about half a day's leakage was saved
    draft = county.post("valves", path, _month() | {"billed": billed | {"volume": "34500"}})
    assert draft["tier"] == "A"
    off = county.post(
        "valves", f"/saving-reports/{draft['id']}/revise", {"billed": billed | {"volume": "21000"}}
    )
    assert (off["tier"], off["credited_water"]) == ("C", "0.000")
    assert "balance_disagrees" in {each["code"] for each in off["reasons"]}
