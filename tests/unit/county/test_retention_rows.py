"""How long personal data is kept, as a county's pack says it, dated, and how it is refused."""

from __future__ import annotations

import datetime as dt

import pytest

from market.county.errors import PackError
from market.county.loader import load
from market.county.pack import Pack, years_after
from market.county.parts import RETAINED
from market.county.shipped import text_of
from market.supervision.privacy.retention import kept_until
from tests.unit.county.small import SMALL

ROWS = """
retention:
  - {data: contact, from: "2026-01-01", years: 1, demonstration: true}
  - {data: contact, from: "2027-01-01", years: 2, source: law art. 9, status: read}
"""


def test_a_rule_holds_from_its_day_until_the_next_of_its_data() -> None:
    pack = load(SMALL + ROWS)
    assert Pack.from_json(pack.to_json()) == pack
    for day, years in ((dt.date(2026, 12, 31), 1), (dt.date(2027, 1, 1), 2)):
        assert {data: rule.years for data, rule in pack.retention_on(day).items()} == {"contact": years}
    assert pack.retention_on(dt.date(2025, 12, 31)) == {}


def test_the_shipped_county_says_it_of_all() -> None:
    assert set(load(text_of()).retention_on(dt.date(2026, 1, 1))) == set(RETAINED)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('{data: ledger, from: "2026-01-01", years: 1, demonstration: true}', "must be one of"),
        ('{data: contact, from: "2026-01-01", years: 0, demonstration: true}', "from 1"),
        ('{data: contact, from: "2026-01-01", years: 1}', "needs a source"),
        ('{data: contact, from: "2027-01-01", years: 3, demonstration: true}', "stands twice"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line(row: str, said: str) -> None:
    with pytest.raises(PackError, match=said):
        load(SMALL + ROWS + f"  - {row}\n")


@pytest.mark.parametrize("day", [dt.date(2024, 2, 28), dt.date(2024, 2, 29), dt.date(2025, 2, 28)])
@pytest.mark.parametrize("years", [1, 3, 4])
def test_what_is_told_to_be_kept_until_a_day_is_erased_on_it_and_not_before(day: dt.date, years: int) -> None:
    """The job compares with so many years before today, the request tells a day: both mean the same."""
    until = kept_until(day, years)
    assert years_after(until, -years) >= day
    assert years_after(until - dt.timedelta(days=1), -years) < day
