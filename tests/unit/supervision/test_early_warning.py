"""Forecasts and colours as tables, worked by hand."""

from __future__ import annotations

import datetime as dt

import pytest

from market.county.parts import DEMONSTRATION
from market.county.supervision_rows import WarningRule
from market.registry import caps
from market.supervision.warning.colours import Verdict, reached, share, verdict
from market.supervision.warning.forecast import ONE, Forecast, forecast, until
from market.supervision.warning.rollup import Facts, Line, Node, lines, read_up_to_e6

HALF = ONE // 2
EVEN = [100] * 12
SUMMER = [0, 0, 0, 50, 150, 200, 300, 200, 100, 0, 0, 0]


def rule(measure: str, colour: str, at: str, operator: str = "gte") -> WarningRule:
    """A threshold from the first day on."""
    at_e6 = int(at.replace(".", "").ljust(7, "0")) if "." in at else int(at) * ONE
    return WarningRule(
        measure,
        colour,
        dt.date(2020, 1, 1),
        at_e6,
        operator,
        colour,
        colour,
        True,
        colour != "yellow",
        DEMONSTRATION,
    )


RULES = (
    rule("use", "yellow", "0.9"), rule("use", "orange", "1"), rule("use", "red", "1.2"),
    rule("forecast", "orange", "1", "gt"), rule("intensity", "yellow", "1"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("used", "months", "elapsed", "past", "expected"),
    [
        # the rate goes on: six months of 100 make 1200, and months that are alike leave no doubt
        (600, EVEN[:6], HALF, [], Forecast(1200, 1200, 1200, "linear")),
        # months of 50 and 150 in turn: s = 54.772…, six to come after six seen: 2·s·sqrt(12) = 379.47…
        (600, [50, 150] * 3, HALF, [], Forecast(1200, 822, 1578, "linear")),
        # one whole month: from nothing more to twice the rate
        (100, [100], ONE // 12 + 1, [], Forecast(1200, 100, 2300, "linear")),
        (100, [100], ONE // 12 - 1, [], None),
        (0, [], ONE // 4, [], Forecast(0, 0, 0, "linear")),
        # two years alike had used 400 of 1000 by the end of June: the same share of what is used now
        (480, [], HALF, [SUMMER, SUMMER], Forecast(1200, 1200, 1200, "seasonal")),
        # a year of 40 and one of 50 per cent by then: 900 of 2000 together
        (450, [], HALF, [SUMMER, [500 // 6] * 6 + [500 // 6] * 6], Forecast(1001, 900, 1125, "seasonal")),
        # in February nothing was used in any year: their mean, from the least to the most
        (10, [], ONE // 6, [SUMMER, [2 * each for each in SUMMER]], Forecast(1500, 1000, 2000, "past_mean")),
        (3000, [], ONE // 6, [SUMMER, SUMMER], Forecast(3000, 3000, 3000, "past_mean")),
        # one past year is not enough to know a season
        (600, EVEN[:6], HALF, [SUMMER], Forecast(1200, 1200, 1200, "linear")),
        (600, EVEN[:6], HALF, [SUMMER, [0] * 12], Forecast(1200, 1200, 1200, "linear")),
        # what is over is known
        (777, EVEN, ONE, [SUMMER, SUMMER], Forecast(777, 777, 777, "linear")),
    ],
)  # fmt: skip
def test_a_forecast(
    used: int, months: list[int], elapsed: int, past: list[list[int]], expected: Forecast | None
) -> None:
    found = forecast(used_litres=used, months=months, elapsed_e6=elapsed, past=past)
    if found is None or expected is None:
        assert found is expected
        return
    assert found.method == expected.method
    assert found.litres == pytest.approx(expected.litres, abs=1)
    assert (found.low_litres, found.high_litres) == (
        pytest.approx(expected.low_litres, abs=2), pytest.approx(expected.high_litres, abs=2),
    )  # fmt: skip
    assert max(used, found.low_litres) <= found.litres <= found.high_litres


def test_a_share_of_the_year_goes_evenly_through_its_month() -> None:
    assert [until(SUMMER, ONE * part // 24) for part in (0, 7, 9, 12, 24)] == [0, 24, 125, 400, 1000]
    with pytest.raises(ValueError, match="share of the year"):
        forecast(used_litres=1, months=[], elapsed_e6=ONE + 1)


def test_thresholds_hold_exactly_and_say_whether_they_include_their_number() -> None:
    assert reached(rule("use", "orange", "1"), 1000, 1000) and not reached(
        rule("use", "orange", "1"), 999, 1000
    )
    assert not reached(rule("use", "orange", "1", "gt"), 1000, 1000)
    assert reached(rule("use", "yellow", "0.9"), 899_999_999_999_999_999, 10**18) is False
    assert reached(rule("use", "yellow", "0.9"), 9 * 10**17, 10**18)
    assert reached(rule("use", "red", "1.2"), 1, 0) and not reached(rule("use", "red", "1.2"), 0, 0)
    assert (share(2, 3), share(1, 0)) == (666_666, None)


@pytest.mark.parametrize(
    ("measures", "expected"),
    [
        ({"use": (500, 1000), "forecast": (1000, 1000)}, Verdict("green", "forecast", ONE)),
        ({"use": (500, 1000), "forecast": (1001, 1000)}, Verdict("orange", "forecast", 1_001_000)),
        ({"use": (900, 1000)}, Verdict("yellow", "use", 900_000)),
        ({"use": (1200, 1000), "forecast": (5000, 1000)}, Verdict("red", "use", 1_200_000)),
        ({"allotted": (999, 1000)}, Verdict("green", "allotted", 999_000)),
        ({}, Verdict("green", None, None)),
    ],
)
def test_the_gravest_measure_gives_the_colour(
    measures: dict[str, tuple[int, int]], expected: Verdict
) -> None:
    assert verdict(measures, RULES) == expected


def _at(zones: set[int], sector: str = "agriculture") -> caps.Place:
    return caps.Place(frozenset(zones), sector, "surface", 2026)


def _cap(zone: int | None, limit: int, sector: str | None = None, **more: object) -> Node:
    at = caps.LimitNode(7, 7, "N", "cap", 2026, zone, None, None, sector, limit, "law")
    return Node("cap", "N", at, limit, "law", False, **more)  # type: ignore[arg-type]


def _lines(*nodes: Node) -> list[Line]:
    places = {
        _at({1, 2, 9}): Facts(used_litres=600, holdings_litres=50, land_mu_e2=200, read_days=600 * 73),
        _at({1, 3, 9}): Facts(used_litres=400, holdings_litres=10, land_mu_e2=100, read_days=400 * 73),
        _at({1, 3, 9}, "industry"): Facts(used_litres=90, read_days=90 * 146),
    }
    return lines(
        nodes, places, {(5, "industry"): Facts(used_litres=90)}, RULES, elapsed_e6=HALF, year_days=365
    )


def test_places_add_up_under_every_node_that_holds_them() -> None:
    whole, part, farms = _lines(
        _cap(None, 10_000), _cap(3, 10_000), _cap(1, 1_000, "agriculture", allotted_litres=9)
    )
    assert (whole.facts.used_litres, whole.facts.holdings_litres) == (1090, 60)
    assert (part.facts.used_litres, farms.facts.used_litres) == (490, 1000)
    assert (farms.verdict.colour, farms.verdict.measure) == ("orange", "forecast")


def test_a_node_is_read_up_to_where_its_litres_were_read() -> None:
    """Farms were read up to day 73 of 365, a fifth of the year: their rate goes on from there, not from today."""
    [farms] = _lines(_cap(1, 1_000_000, "agriculture"))
    assert farms.forecast is not None and farms.forecast.litres == 5000
    assert read_up_to_e6(Facts(), HALF, 365) == HALF
    assert read_up_to_e6(Facts(used_litres=1, read_days=365), HALF, 365) == HALF  # never beyond today
    assert read_up_to_e6(Facts(used_litres=5, read_days=0), HALF, 365) == 1


def test_a_target_is_held_against_its_land_or_output_and_says_nothing_where_neither_is_known() -> None:
    at = caps.LimitNode(0, 0, "T", "cap", 2026, 9, None, None, "agriculture", 4, "law")
    mill = caps.LimitNode(0, 0, "T", "cap", 2026, 9, None, None, "industry", 4, "law")
    land, output, user, unknown = _lines(
        Node("target", "T", at, 2_000, "law", True, per="mu"),
        Node("target", "T", mill, 60, "law", True, per="output", output_e2=300),
        Node("user", "T", mill, 29, "law", True, per="output", output_e2=300, participant_id=5),
        Node("target", "T", mill, 60, "law", True, per="output"),
    )
    assert (land.base_e2, land.per_base_litres, land.verdict.share_e6) == (300, 333, 833_333)
    # 90 litres by day 146 of 365, two fifths: 225 by its end, 75 of the 60 that are allowed for each unit
    assert (output.base_e2, output.per_base_litres, output.verdict) == (
        300,
        30,
        Verdict("yellow", "intensity", 1_250_000),
    )
    assert (user.facts.used_litres, user.verdict.colour) == (90, "yellow")
    assert (unknown.base_e2, unknown.per_base_litres, unknown.verdict) == (
        None,
        None,
        Verdict("green", None, None),
    )
