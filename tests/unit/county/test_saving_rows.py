"""What a county's pack says of the rules and clocks of savings, dated, and how it is refused."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from market.contracts import states
from market.contracts.savings.rules import BASES, Rules
from market.county import saving_rows
from market.county.errors import PackError
from market.county.loader import load
from market.county.pack import Pack
from market.county.shipped import text_of
from tests.unit.county.small import SMALL

LISTED = """
savings:
  - {name: cv_most, from: "2026-01-01", value: "0.25", source: law art. 9, status: read}
  - {name: cv_most, from: "2027-07-01", value: "0.15", source: law art. 9, status: read}
  - {name: nights_least, from: "2026-01-01", value: "60", demonstration: true}
  - {name: saving_objection, from: "2026-01-01", length: 15, unit: working_days, source: law art. 10, status: read}
"""


def test_a_rule_holds_from_its_day_until_the_next_of_its_name() -> None:
    pack = load(SMALL + LISTED)
    assert Pack.from_json(pack.to_json()) == pack
    assert pack.savings_on(dt.date(2025, 12, 31)) == {}
    for day, value in (
        (dt.date(2026, 1, 1), 250_000),
        (dt.date(2027, 6, 30), 250_000),
        (dt.date(2027, 7, 1), 150_000),
    ):
        found = pack.savings_on(day)
        assert set(found) == {"cv_most", "nights_least", "saving_objection"}
        assert found["cv_most"].value_e6 == value
    clock = pack.savings_on(dt.date(2030, 1, 1))["saving_objection"]
    assert (clock.length, clock.unit, clock.basis.source) == (15, "working_days", "law art. 10")
    assert load(SMALL).savings == ()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('{name: cv_worst, from: "2026-01-01", value: "0.2", demonstration: true}', "must be one of"),
        ('{name: cv_most, from: "2026-01-01", value: "0.2"}', "needs a source"),
        ('{name: cv_most, from: "2026-01-01", value: "1.2", demonstration: true}', "must be from"),
        ('{name: cv_most, from: "soon", value: "0.2", demonstration: true}', "must be a day"),
        ('{name: cv_most, from: "2026-01-01", length: 3, unit: days, demonstration: true}', "is said by value"),
        ('{name: cv_most, from: "2026-01-01", demonstration: true}', "is said by value"),
        ('{name: df_least, from: "2026-01-01", value: "8.5", demonstration: true}', "must be a whole number"),
        ('{name: df_least, from: "2026-01-01", value: "0", demonstration: true}', "must be a whole number"),
        ('{name: water_level, from: "2026-01-01", value: "1", demonstration: true}', "must be from 0.5 to 0.999"),
        ('{name: saving_draft, from: "2026-01-01", value: "5", demonstration: true}', "is said by length and unit"),
        ('{name: saving_draft, from: "2026-01-01", length: 5, unit: weeks, demonstration: true}', "must be one of"),
        ('{name: saving_draft, from: "2026-01-01", length: 0, unit: days, demonstration: true}', "must be from 1"),
        ('{name: base_years_least, from: "2026-01-01", value: "4", demonstration: true}\n'
         '  - {name: base_years_most, from: "2026-01-01", value: "3", demonstration: true}', "more than the most"),
        ('{name: cv_most, from: "2026-01-01", value: "0.2", demonstration: true}\n'
         '  - {name: cv_most, from: "2026-01-01", value: "0.3", demonstration: true}', "stands twice"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_is_refused_with_its_line(row: str, said: str) -> None:
    with pytest.raises(PackError, match=said) as caught:
        load(f"{SMALL}\nsavings:\n  - {row}\n")
    assert caught.value.line > SMALL.count("\n")


def test_a_pack_can_say_every_number_and_clock_there_is_and_no_other() -> None:
    kinds = {each.name: type(each.default) for each in dataclasses.fields(Rules)}
    assert set(saving_rows.COUNTS) == {name for name, kind in kinds.items() if kind is int}
    assert set(saving_rows.SHARES) == {name for name, kind in kinds.items() if kind is float}
    assert tuple(states.CLOCKS) == saving_rows.CLOCKS
    assert {each.clock for each in states.TABLE} - {""} == set(saving_rows.CLOCKS)


def test_the_shipped_pack_states_today_s_numbers_all_of_them_demonstrations() -> None:
    pack = load(text_of())
    found = pack.savings_on(max(each.from_on for each in pack.savings))
    assert set(found) == set(saving_rows.NAMES)
    for each in dataclasses.fields(Rules):
        assert found[each.name].value_e6 / 1_000_000 == each.default, each.name
    for name, (length, unit) in states.CLOCKS.items():
        assert (found[name].length, found[name].unit) == (length, unit)
    assert all(each.basis.demonstration for each in pack.savings)
    from_memory = {each.name for each in pack.savings if each.basis.status == "memory"}
    assert from_memory == {name for name, basis in BASES.items() if "decided" not in basis.source} - {
        "night_use_noise"
    }
