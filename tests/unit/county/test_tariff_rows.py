"""Water prices of a pack: of which water, from which day, and what is for the end canals."""

from __future__ import annotations

import datetime as dt

import pytest

from market.county.errors import PackError
from market.county.loader import load
from market.county.pack import Pack
from market.county.parts import EndCanal
from tests.unit.county.small import SMALL, spoilt

LAST = '  - {zone: T2, sector: agriculture, price: "0.077", source: law art. 7, status: read}\n'
DATED = LAST + (
    '  - {zone: T2, sector: agriculture, price: "0.1", from: "2030-01-01", demonstration: true}\n'
    '  - {zone: T2, sector: agriculture, price: "0.2", source_of_water: groundwater, demonstration: true,'
    ' end_canal: {price: "0.05", demonstration: true}}\n'
)


def _price(pack: Pack, on: str, water: str | None = None) -> int:
    found = pack.tariff("agriculture", "T2", "K3", water=water, on=dt.date.fromisoformat(on))
    assert found is not None
    return found.price_e4


def test_a_price_holds_from_its_day_until_the_next() -> None:
    pack = load(spoilt(LAST, DATED))
    assert [_price(pack, day) for day in ("2029-12-31", "2030-01-01", "2040-01-01")] == [770, 1_000, 1_000]
    assert _price(pack, "2029-12-31", "surface") == 770
    assert Pack.from_json(pack.to_json()) == pack


def test_water_of_one_source_may_have_a_price_of_its_own() -> None:
    pack = load(spoilt(LAST, DATED))
    assert _price(pack, "2029-12-31", "groundwater") == 2_000
    found = pack.tariff("agriculture", "T2", "K3", water="groundwater")
    assert found is not None and found.end_canal == EndCanal(500)
    assert pack.tariff("agriculture", "T1") == load(SMALL).tariff("agriculture", "T1")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (
            'price: "0.1", end_canal: {price: "0.1001", demonstration: true}',
            "above the price that it is a part of",
        ),
        ('price: "0.1", end_canal: {price: "0.05"}', "a figure needs a source"),
        ('price: "0.1", from: "2030-13-01"', "must be a day"),
        ('price: "0.1", source_of_water: sea', "sea"),
        ('price: "0.1"', "T2 agriculture stands twice"),
    ],
)
def test_what_a_price_cannot_be_is_refused_with_its_line(row: str, problem: str) -> None:
    with pytest.raises(PackError, match=problem):
        load(spoilt(LAST, LAST + f"  - {{zone: T2, sector: agriculture, {row}, demonstration: true}}\n"))
