"""Before signing, over HTTP: which share of a planned saving will be credited, and what one more meter would gain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from market.core import clock
from tests.api.contracting import funded, month, seats
from tests.api.county import County, mandate, open_county
from tests.api.reporting import agreed_contract, base_body, billed_point, quarter, read, spans
from tests.api.saving import admitted
from tests.api.test_firms import refused

PATH = "/saving-plans/forecast"


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county with a school, its firm and a neighbour."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        found.mine.update(seats(found))
        found.mine["hotel"] = admitted(found, "hotel", kind="enterprise", role="holder")
        for name in ("valves", "school"):
            funded(found, found.mine[name], "900000.00")
        yield found


@pytest.fixture(scope="module")
def point(county: County) -> str:
    """A point of the school's with three years of bills, read for a quarter."""
    made = billed_point(county, county.mine)
    for months in range(1, 4):
        read(county, made, months, str(700 * months))
    return made


def _plan(county: County, point: str, **other: Any) -> dict[str, Any]:
    return base_body() | {
        "participant_id": county.mine["school"], "kind": "public_institution", "boundary": [{"point_id": point}],
        "saving_share": "0.3",
        "ways": [
            {"code": "class_1", "accuracy_class": "0.01"},
            {"code": "sub_meter", "accuracy_class": "0.02", "share": "0.4"},
        ],
    } | other  # fmt: skip


def _ways(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["code"]: each for each in answer["ways"]}


def test_user_and_bureau_see_what_will_be_credited_and_what_a_meter_would_gain(
    county: County, point: str
) -> None:
    answer = county.post("school", PATH, _plan(county, point))
    assert (answer["tier"], answer["chosen"]) == ("A", [])
    ways = _ways(answer)
    as_is, better, sub = (ways[each] for each in ("as_is", "class_1", "sub_meter"))
    assert 3_500 < float(as_is["saving"]) < 3_700  # three tenths of a year's 12 000 m3
    assert (as_is["money_share"], as_is["money_only"], as_is["gain"]) == ("1.0000", False, "0.000")
    assert float(as_is["low_95"]) < float(as_is["saving"]) < float(as_is["high_95"])
    assert 0 < float(as_is["gain"]) + float(better["gain"]) < float(sub["gain"])
    for each in (as_is, better, sub):
        assert float(each["water_share"]) == pytest.approx(
            float(each["water"]) / float(each["saving"]), abs=1e-4
        )
        assert float(each["water"]) == pytest.approx(float(as_is["water"]) + float(each["gain"]), abs=1e-3)
    assert county.post("supervisor", PATH, _plan(county, point)) == answer  # nothing was recorded


def test_the_forecast_comes_true_when_as_much_is_saved(county: County, point: str) -> None:
    """A quarter of 2 100 m3 in place of 3 000 is three tenths: as precise as was said for a year, or less."""
    said = _ways(county.post("school", PATH, _plan(county, point)))["as_is"]
    contract = agreed_contract(county, county.mine, point)
    draft = county.post("valves", f"/saving-contracts/{contract}/reports", quarter())
    assert draft["credited_money"] == draft["saving"] and said["money_share"] == "1.0000"
    assert 0 < float(draft["credited_water"]) / float(draft["saving"]) <= float(said["water_share"])


def test_where_water_cannot_be_credited_it_says_money_only_and_why(county: County, point: str) -> None:
    small = _ways(county.post("school", PATH, _plan(county, point, saving_share="0.002")))["as_is"]
    assert (small["money_only"], small["water_share"], small["money_share"]) == (True, "0.0000", "0.0000")
    [reason] = small["reasons"]
    assert reason["code"] == "lower_bound_not_positive" and "不形成可交易节水指标" in reason["text_zh"]
    one_year = _plan(county, point, spans=spans(month(-1), 12))
    one_year["spans"] = [
        {"first_day": one_year["spans"][0]["first_day"], "last_day": one_year["spans"][-1]["last_day"]}
    ]
    answer = county.post("school", PATH, one_year)
    assert answer["tier"] == "C"
    for each in answer["ways"]:
        assert (each["money_only"], each["gain"], each["low_95"]) == (True, "0.000", None)
        assert {"tier_c", "one_figure"} <= {reason["code"] for reason in each["reasons"]}
    assert float(answer["ways"][0]["saving"]) == pytest.approx(0.3 * float(answer["base_use"]), abs=0.001)


def test_a_firm_looks_with_the_user_s_mandate_and_nobody_else_does(county: County, point: str) -> None:
    plan = _plan(county, point)
    assert refused(county, "valves", PATH, plan)["code"] == "not_found"
    assert refused(county, "hotel", PATH, plan)["code"] == "not_found"
    mandate(county, {"participant": county.mine["school"]}, "valves")
    answer = county.post("valves", PATH, plan, X_Acting_For=county.mine["school"])
    assert answer["tier"] == "A"
    theirs = _plan(county, point, participant_id=county.mine["hotel"])
    assert refused(county, "hotel", PATH, theirs)["code"] == "not_found"  # a point of another


def test_what_makes_no_baseline_makes_no_forecast(county: County, point: str) -> None:
    broken = _plan(county, point, spans=spans(month(-2, 3), 21))
    assert refused(county, "school", PATH, broken)["code"] == "baseline_input"
    broken["departures"] = [{"what": "base_not_whole_years", "reason": "it was closed"}]
    assert county.post("school", PATH, broken)["tier"] in ("A", "B", "C")
    leak = _plan(county, point, kind="leakage")
    assert refused(county, "school", PATH, leak)["code"] == "baseline_input"
    early = _plan(county, point, spans=spans(month(-8), 12), works_start=str(clock.today()))
    assert refused(county, "school", PATH, early)["code"] == "baseline_input"
    all_of_it = refused(county, "school", PATH, _plan(county, point, saving_share="1"))
    assert all_of_it["code"] == "baseline_input"
