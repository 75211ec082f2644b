"""What a county's pack says of trading days, price bands and first prices, and how it is refused."""

from __future__ import annotations

import datetime as dt

import pytest

from market.county.errors import PackError
from market.county.loader import load
from market.county.pack import Pack
from market.county.parts import SessionStep
from market.county.shipped import text_of
from tests.unit.county.small import SMALL

LISTED = """
sessions:
  - {days: [1, 2, 3], working_days: true, demonstration: true, steps: [{at: "09:00", phase: pre_open}, {at: "09:30", phase: auction}, {at: "10:00", phase: uncross}, {at: "10:10", phase: open}, {at: "17:00", phase: night}]}
  - {product: surface-2026, demonstration: true, steps: [{at: "10:00", phase: open}, {at: "16:00", phase: night}]}
bands:
  - {static: "0.3", dynamic: "0.1", interruption_minutes: 5, interruption_then: uncross, breaker: "0.2", breaker_minutes: 15, demonstration: true}
  - {product: surface-2026, breaker: "0.5", deals_exempt: true, demonstration: true}
first_prices:
  - {source_of_water: surface, sector: agriculture, multiple: "1.5", demonstration: true}
two_way_accounts:
  - {code: D1-ACCOUNT, zone: D1, range: "100", opening: "40", out_reopens_at: "85", in_reopens_at: "15", demonstration: true}
"""  # noqa: E501


def test_what_is_listed_is_read_and_kept() -> None:
    pack = load(SMALL + LISTED)
    assert Pack.from_json(pack.to_json()) == pack
    general, own = pack.sessions
    assert (general.product, general.days, general.working_days) == (None, (1, 2, 3), True)
    assert general.steps[0] == SessionStep(dt.time(9), "pre_open")
    assert (own.product, own.days, own.working_days) == ("surface-2026", (1, 2, 3, 4, 5, 6, 7), False)
    band = pack.band("any-other")
    assert band is not None
    assert (band.static_e6, band.dynamic_e6, band.interruption_minutes, band.interruption_then) == (
        300_000, 100_000, 5, "uncross",
    )  # fmt: skip
    assert (band.breaker_e6, band.breaker_minutes, band.deals_exempt) == (200_000, 15, False)
    (border,) = pack.two_way_accounts
    assert (border.code, border.zone, border.range_litres, border.opening_litres) == (
        "D1-ACCOUNT",
        "D1",
        100_000,
        40_000,
    )
    assert (border.out_reopens_at, border.in_reopens_at) == (85_000, 15_000)


def test_a_border_lies_between_places_of_which_one_is_inside() -> None:
    pack = load(SMALL + LISTED)
    assert pack.two_way_between(("T1", "G1"), ("T1", "K2")) is None
    found = pack.two_way_between(("T1", "G1"), ("T2", "K3"))
    assert found is not None
    assert found == pack.two_way_between(("T2", "K3"), ("T1", "K1"))


def test_a_products_own_band_takes_the_place_of_that_of_all() -> None:
    band = load(SMALL + LISTED).band("surface-2026")
    assert band is not None
    assert (band.static_e6, band.dynamic_e6, band.breaker_e6, band.breaker_minutes) == (0, 0, 500_000, 0)
    assert (band.deals_exempt, load(SMALL).band("surface-2026")) == (True, None)


@pytest.mark.parametrize(
    ("multiple", "price"), [("1", 1_418), ("1.5", 2_127), ("0.5", 709), ("0.0005", 1), ("1.0005", 1_419)]
)
def test_a_first_price_is_the_tariff_times_a_multiple_half_to_even(multiple: str, price: int) -> None:
    found = load(SMALL + LISTED.replace('multiple: "1.5"', f'multiple: "{multiple}"')).first_price_e4(
        "surface"
    )
    assert found is not None
    assert found[0] == price


def test_a_source_that_is_not_listed_has_no_first_price() -> None:
    assert load(SMALL + LISTED).first_price_e4("groundwater") is None


def test_a_pack_that_says_nothing_has_neither_days_nor_bands() -> None:
    pack = load(SMALL)
    assert (pack.sessions, pack.bands, pack.first_prices, pack.two_way_accounts) == ((), (), (), ())


def test_the_shipped_county_is_open_all_day_and_has_no_band() -> None:
    pack = load(text_of())
    assert (pack.sessions, pack.bands, pack.two_way_accounts) == ((), (), ())
    assert {each.source for each in pack.first_prices} == set(pack.water_sources)
    assert all(each.basis.demonstration for each in pack.first_prices)


def test_the_example_in_the_shipped_county_is_a_good_one() -> None:
    text = text_of()
    example = text[text.index("# sessions:") :].replace("# ", "")
    pack = load(text + example)
    assert [len(each.steps) for each in pack.sessions] == [7]
    assert pack.band("surface-2026") is not None
    assert len(pack.two_way_accounts) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("days: [1, 2, 3]", "days: []"), ("days: [1, 2, 3]", "days: [0]"), ("days: [1, 2, 3]", "days: [2, 1]"),
        ("days: [1, 2, 3]", "days: [8]"), ("product: surface-2026, demo", "product: oil, demo"),
        ("product: surface-2026, demonstration: true, steps", "demonstration: true, steps"),
        ('at: "09:30"', 'at: "9:30"'), ('at: "09:30"', 'at: "24:00"'), ('at: "09:30"', 'at: "09:00"'),
        ("phase: pre_open", "phase: lunch"), ("phase: pre_open", "phase: uncross"),
        ("phase: pre_open", "phase: night"), ("phase: auction", "phase: open"), ("phase: uncross", "phase: open"),
        ('{at: "17:00", phase: night}', '{at: "17:00", phase: open}'),
        ('[{at: "10:00", phase: open}, {at: "16:00", phase: night}]', "[]"),
        ('static: "0.3"', 'static: "0"'), ('static: "0.3"', "static: 0.3"), ('static: "0.3"', 'static: "11"'),
        ("interruption_minutes: 5, ", ""), ('dynamic: "0.1", ', ""),
        ("interruption_then: uncross", "interruption_then: x"),
        ('breaker: "0.2", ', ""), ("breaker_minutes: 15", "breaker_minutes: 0"),
        ('product: surface-2026, breaker: "0.5"', "product: surface-2026"),
        ('product: surface-2026, breaker: "0.5"', 'breaker: "0.5"'), ("deals_exempt: true", "deals_exempt: 1"),
        ('product: surface-2026, breaker: "0.5"', 'product: oil, breaker: "0.5"'),
        ("source_of_water: surface", "source_of_water: rain"), ("sector: agriculture", "sector: mining"),
        ("sector: agriculture", "sector: domestic"), ('multiple: "1.5"', 'multiple: "0"'),
        ('multiple: "1.5", demonstration: true', 'multiple: "1.5"'),
        ("zone: D1, range", "zone: D9, range"), ('opening: "40"', 'opening: "101"'),
        ('out_reopens_at: "85"', 'out_reopens_at: "100"'), ('in_reopens_at: "15"', 'in_reopens_at: "0"'),
        ('in_reopens_at: "15"', 'in_reopens_at: "101"'), ('range: "100"', "range: 100"),
    ],
)  # fmt: skip
def test_a_wrong_listing_is_refused_with_its_line(old: str, new: str) -> None:
    assert old in LISTED
    with pytest.raises(PackError) as refusal:
        load(SMALL + LISTED.replace(old, new, 1))
    assert refusal.value.line >= SMALL.count("\n") + 2
