"""What a county's pack says of surveillance and of points, dated, and how it is refused, with the line."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from market.county import watch_rows
from market.county.errors import PackError
from market.county.loader import load
from market.county.pack import Pack
from market.county.shipped import text_of
from market.participants.credit_models import MOST_POINTS
from market.supervision.surveillance import BASES, Thresholds
from market.supervision.surveillance.evidence import DETECTORS
from market.supervision.surveillance.thresholds import UnusableThreshold
from market.supervision.watching import limits
from tests.unit.county.small import SMALL

LISTED = """
surveillance:
  - {name: wash_within_hours, from: "2026-01-01", value: 48, demonstration: true}
  - {name: wash_within_hours, from: "2027-01-01", value: 24, source: law art. 9, status: read}
credit:
  - {finding: hoarding, from: "2026-06-01", points: 7, months: 18, demonstration: true}
  - {finding: hoarding, from: "2028-01-01", points: 9, months: 6, demonstration: true}
"""


def test_a_number_holds_from_its_day_and_the_others_are_those_of_the_code() -> None:
    pack = load(SMALL + LISTED)
    assert Pack.from_json(pack.to_json()) == pack
    for day, hours in ((dt.date(2025, 12, 31), 72), (dt.date(2026, 1, 1), 48), (dt.date(2027, 1, 1), 24)):
        assert limits.thresholds_on(pack, day) == Thresholds(wash_within_hours=hours)
    told = limits.told(pack, dt.date(2027, 1, 1))
    assert told["wash_within_hours"] == {"value": 24, "legal_source": "law art. 9", "demonstration": False}
    assert told["layer_times"]["legal_source"] == BASES["layer_times"].source
    assert told.keys() == BASES.keys()


def test_points_are_those_of_the_day() -> None:
    pack = load(SMALL + LISTED)
    assert pack.credit_on("hoarding", dt.date(2026, 5, 31)) is None
    found = [pack.credit_on("hoarding", dt.date(year, 6, 1)) for year in (2026, 2028)]
    assert [(each.points, each.months) for each in found if each] == [(7, 18), (9, 6)]
    assert pack.credit_on("layering", dt.date(2030, 1, 1)) is None


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('  - {name: wash_hours, from: "2026-01-01", value: 48, demonstration: true}', "must be one of"),
        ('  - {name: wash_within_hours, from: "2026-01-01", value: 48}', "needs a source"),
        ('  - {name: wash_within_hours, from: "2026-01-01", value: "48", demonstration: true}', "whole number"),
        ('  - {name: wash_within_hours, from: "2026-01-01", value: 0, demonstration: true}', "must be from 1"),
        ('  - {name: own_marks_least, from: "2026-01-01", value: 1, demonstration: true}', "must be from 2 to 3"),
        ('  - {name: orders_share_per_mille, from: "2026-01-01", value: 500, demonstration: true}', "from 501"),
        ('  - {name: wash_hands_most, from: soon, value: 3, demonstration: true}', "must be a day"),
        (
            '  - {name: layer_times, from: "2026-01-01", value: 3, demonstration: true}\n'
            '  - {name: layer_times, from: "2026-01-01", value: 4, demonstration: true}',
            "stands twice",
        ),
        ('credit:\n  - {finding: theft, from: "2026-01-01", points: 1, months: 1, demonstration: true}', "one of"),
        ('credit:\n  - {finding: other, from: "2026-01-01", points: 101, months: 1, demonstration: true}', "100"),
        ('credit:\n  - {finding: other, from: "2026-01-01", points: 1, months: 37, demonstration: true}', "36"),
    ],
)  # fmt: skip
def test_a_bad_row_is_refused_with_its_line(row: str, said: str) -> None:
    text = SMALL + ("\n" if row.startswith("credit") else "\nsurveillance:\n") + row + "\n"
    with pytest.raises(PackError, match=said) as caught:
        load(text)
    assert f"line {len(text.rstrip().splitlines())}" in str(caught.value)


def test_every_number_of_the_code_may_be_stated_and_means_the_same_at_its_bounds() -> None:
    assert list(watch_rows.BOUNDS) == [each.name for each in dataclasses.fields(Thresholds)]
    assert set(watch_rows.FINDINGS) == {*DETECTORS, "other"}
    assert watch_rows.MOST_POINTS <= MOST_POINTS
    for name, (least, most) in watch_rows.BOUNDS.items():
        assert least <= getattr(Thresholds(), name) <= most
        for value in (least, most):
            Thresholds(**{name: value})
    with pytest.raises(UnusableThreshold):
        Thresholds(orders_share_per_mille=watch_rows.BOUNDS["orders_share_per_mille"][0] - 1)


def test_the_shipped_county_says_what_the_code_says() -> None:
    pack = load(text_of())
    today = dt.date(pack.water_years[0].year, 12, 31)
    assert limits.thresholds_on(pack, today) == Thresholds()
    stated = pack.surveillance_on(today)
    assert stated.keys() == BASES.keys()
    assert [name for name in stated if stated[name].basis.demonstration != BASES[name].demonstration] == []
    assert {each.finding for each in pack.credit} == set(watch_rows.FINDINGS)
    assert all(each.basis.demonstration for each in pack.credit)
