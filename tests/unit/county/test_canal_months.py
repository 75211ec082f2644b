"""When canals lead water, as a county's pack says."""

from __future__ import annotations

import pytest

from market.county.errors import PackError
from market.county.loader import load
from market.county.shipped import text_of
from tests.unit.county.small import SMALL

LISTED = "\ncanal_months:\n  - {zone: D1, months: [4, 5, 6], demonstration: true}\n"


def test_a_canal_leads_water_by_the_nearest_listing_above_it_and_else_all_the_year() -> None:
    pack = load(SMALL + LISTED)
    assert pack.open_months("K1").months == (4, 5, 6)
    assert load(SMALL).open_months("K1").months == tuple(range(1, 13))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[4, 5, 6]", "[4, 4]"), ("[4, 5, 6]", "[5, 4]"), ("[4, 5, 6]", "[]"), ("[4, 5, 6]", "[13]"),
        ("[4, 5, 6]", "[0]"), ("zone: D1", "zone: NOWHERE"), ("zone: D1", "zone: T1"),
        (", demonstration: true}", "}"),
    ],
)  # fmt: skip
def test_a_wrong_listing_is_refused_with_its_line(old: str, new: str) -> None:
    text = SMALL + LISTED.replace(old, new)
    with pytest.raises(PackError) as refusal:
        load(text)
    assert refusal.value.line >= SMALL.count("\n") + 2


def test_the_irrigation_canals_of_the_county_rest_in_winter_and_its_networks_do_not() -> None:
    pack = load(text_of())
    assert pack.open_months("KUSHAN-C1").months == (3, 4, 5, 6, 7, 8, 9, 10)
    assert pack.open_months("PARK").months == tuple(range(1, 13))
    assert all(each.basis.demonstration for each in pack.canal_months)
