"""What a county pack may say of warnings, targets, duties and the plan, and what is refused with its line."""

from __future__ import annotations

import datetime as dt

import pytest

from market.county.errors import PackError
from market.county.loader import load
from tests.unit.county.small import SMALL

ADDED = """
warnings:
  - {measure: use, colour: yellow, from: "2026-01-01", at: "0.9", operator: gte, zh: 临界, en: near,
     demonstration: true}
  - {measure: use, colour: yellow, from: "2026-07-01", at: "0.8", operator: gte, zh: 临界, en: near,
     plan: true, restricts: true, demonstration: true}
intensities:
  - {code: farm, from: "2026-01-01", zone: C, sector: agriculture, per: mu, most: "600", demonstration: true}
duties:
  - {code: use, zh: 用水, en: Use, month: 12, day: 31, reports: [use], demonstration: true}
plan:
  - {code: "1", zh: 任务, en: Task, lead: 水利局, others: [发改委], demonstration: true,
     targets: [{year: 2020, zh: 目标, en: Aim, measure: m, least: "0.5"}]}
"""


def test_of_a_threshold_the_latest_that_has_begun_holds() -> None:
    pack = load(SMALL + ADDED)
    assert pack.warnings_on(dt.date(2025, 12, 31)) == ()
    assert [each.at_e6 for each in pack.warnings_on(dt.date(2026, 6, 30))] == [900_000]
    assert [(each.at_e6, each.restricts) for each in pack.warnings_on(dt.date(2026, 7, 1))] == [
        (800_000, True)
    ]
    assert [each.most_litres for each in pack.intensities_on(dt.date(2026, 1, 1))] == [600_000]
    assert pack.duties[0].due_on(2026) == dt.date(2026, 12, 31)
    assert pack.plan[0].targets[0].least_e6 == 500_000


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("plan: true, restricts: true", "restricts: true", "tighter rules come with a plan"),
        ('from: "2026-07-01"', 'from: "2026-01-01"', "stands twice from this day"),
        ('colour: yellow, from: "2026-01-01"', 'colour: green, from: "2026-01-01"', "must be one of yellow"),
        ("zone: C, sector: agriculture, per", "zone: X, sector: agriculture, per", "no zone X"),
        ("sector: agriculture, per", "sector: mining, per", "no sector mining"),
        ('most: "600"', 'most: "0"', "above zero"),
        ("month: 12, day: 31", "month: 2, day: 29", "no day of every year"),
        ("reports: [use]", "reports: []", "must name reports"),
        ("measure: m, least", "least", "names a measure"),
        ('least: "0.5"', 'least: "0.5", most: "1"', "names a measure and the least or the most"),
    ],
)
def test_what_cannot_be_is_refused_with_its_line(old: str, new: str, reason: str) -> None:
    assert old in ADDED
    with pytest.raises(PackError, match=reason) as caught:
        load(SMALL + ADDED.replace(old, new, 1))
    assert caught.value.line > SMALL.count("\n")
