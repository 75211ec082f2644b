"""What the market asks of a county's pack, and what the pack answers."""

from __future__ import annotations

import pytest

from ledger.units import format_fen, parse_litres
from market.county.loader import load
from market.county.pack import Pack
from tests.unit.county.small import SMALL, spoilt
from tests.unit.county.water_fees import water_fee_fen

PACK = load(SMALL)

FLOWS = [
    # from sector, to sector, from canal, to canal -> the rule that allows it, or None
    ("agriculture", "industry", "K1", "K3", "flow:agriculture:industry"),
    ("agriculture", "industry", "K1", "K1", "flow:agriculture:industry"),
    ("agriculture", "agriculture", "K1", "K2", "flow:agriculture:agriculture"),
    ("agriculture", "agriculture", "G1", "K2", "flow:agriculture:agriculture"),
    ("agriculture", "agriculture", "K1", "K3", None),  # within the district only
    ("industry", "industry", "G1", "G2", "flow:industry:industry"),
    ("industry", "industry", "K1", "K2", None),  # within the canal only
    ("industry", "agriculture", "K1", "K1", None),  # not listed
    ("domestic", "domestic", "K1", "K1", None),
    ("agriculture", "domestic", "K1", "K1", None),
]

ROUTES = [
    # from, to, sector -> the route and its k; None: no water goes
    ("K1", "K2", "agriculture", ("K1", "K2", 970)),
    ("K2", "K1", "agriculture", ("K2", "K1", 940)),  # the way back has its own loss
    ("G1", "K2", "agriculture", ("K1", "K2", 970)),  # a gate is on its canal
    ("K2", "G2", "agriculture", ("K2", "K1", 940)),
    ("K1", "K1", "agriculture", ("K1", "K1", 1000)),
    ("G1", "G2", "agriculture", ("G1", "G2", 1000)),  # of one canal: nothing is lost
    ("K2", "K3", "agriculture", ("D1", "D2", 900)),  # what is listed for the districts
    ("K1", "K3", "agriculture", ("K1", "D2", 910)),  # the nearest start goes first
    ("K1", "K3", "industry", ("K1", "D2", 910)),
    ("K2", "K3", "industry", ("D1", "K3", 905)),  # then the nearest end; this one is for industry
    ("K3", "K1", "agriculture", None),  # no way is listed back
]


@pytest.mark.parametrize(("start", "end", "from_canal", "to_canal", "rule"), FLOWS)
def test_water_goes_from_sector_to_sector_as_far_as_a_rule_says(
    start: str, end: str, from_canal: str, to_canal: str, rule: str | None
) -> None:
    decision = PACK.flow(start, end, from_canal, to_canal)
    assert decision.allowed == (rule is not None)
    assert decision.rule == (rule or "sector_flow")
    assert decision.legal_source != ""


@pytest.mark.parametrize(("start", "end", "sector", "expected"), ROUTES)
def test_a_route_is_the_nearest_that_is_listed_and_has_a_direction(
    start: str, end: str, sector: str, expected: tuple[str, str, int] | None
) -> None:
    found = PACK.route(start, end, sector)
    assert (found and (found.from_zone, found.to_zone, found.k)) == expected


def test_the_fee_is_that_of_the_most_specific_zone() -> None:
    assert PACK.fee_e6("K1", "T1") == 3_000
    assert PACK.fee_e6("K1", "T2") == 0
    assert PACK.fee_e6("V1") == 3_000
    assert PACK.fee_e6("K1") == 0  # the river has none


def test_the_tariff_is_that_of_the_most_specific_zone() -> None:
    assert _price(PACK, "agriculture", "V1", "K1") == 1_418
    assert _price(PACK, "agriculture", "T2", "K3") == 770
    assert _price(PACK, "industry", "T2", "K3") == 12_000
    assert PACK.tariff("domestic", "T2", "K3") is None
    assert PACK.tariff("agriculture", "K3") is None


def _price(pack: Pack, sector: str, *zones: str) -> int:
    tariff = pack.tariff(sector, *zones)
    assert tariff is not None
    return tariff.price_e4


def test_the_reviews_that_may_be_due_stand_in_their_order() -> None:
    def codes(start: str, end: str, from_canal: str, to_canal: str) -> list[str]:
        return [rule.code for rule in PACK.review_rules(start, end, from_canal, to_canal)]

    assert codes("agriculture", "industry", "K1", "K3") == ["conversion", "across"]
    assert codes("agriculture", "industry", "K1", "K2") == ["conversion"]
    assert codes("agriculture", "agriculture", "G1", "K2") == []
    assert codes("industry", "industry", "K1", "K3") == ["across"]
    [_, across] = PACK.review_rules("agriculture", "industry", "K1", "K3")
    assert (across.from_litres, across.working_days, across.basis.demonstration) == (100_000, 10, True)


def test_sectors_lots_thresholds_and_times_are_answered_exactly() -> None:
    assert {each.code: (each.may_sell, each.may_buy) for each in PACK.sectors} == {
        "agriculture": (True, True),
        "industry": (True, True),
        "domestic": (False, False),
    }
    [product] = PACK.products
    assert (product.lot_litres, product.source, product.tenure) == (1_000, "surface", "allocation")
    assert (PACK.threshold("use_plan").litres, PACK.threshold("use_plan").operator) == (10_000_000, "gte")
    assert (PACK.threshold("audit").litres, PACK.threshold("audit").operator) == (100_000_000, "gt")
    assert (PACK.clock("decision").length, PACK.clock("decision").unit) == (20, "working_days")
    for ask in (PACK.threshold, PACK.clock, PACK.zone, PACK.ancestors):
        with pytest.raises(KeyError):
            ask("nothing")


def test_zones_know_what_is_above_them() -> None:
    assert PACK.ancestors("G1") == ("G1", "K1", "D1", "R")
    assert PACK.ancestors("V1") == ("V1", "T1", "C")
    assert (PACK.district_of("G1"), PACK.district_of("R")) == ("D1", None)
    assert (PACK.canal_of("G1"), PACK.canal_of("K1"), PACK.canal_of("D1")) == ("K1", "K1", None)


@pytest.mark.parametrize("status", ["restricted", "banned", "overdrawn"])
def test_groundwater_never_goes_where_its_zone_or_one_above_is_closed(status: str) -> None:
    """Groundwater regulation arts 33-35, as the pack reads them."""
    pack = load(spoilt("groundwater: restricted", f"groundwater: {status}"))
    assert pack.groundwater_allowed(("T1", "K1"))
    assert not pack.groundwater_allowed(("T2", "K1"))
    closed = load(spoilt("zh: 一灌区, parent: R", f"zh: 一灌区, parent: R, groundwater: {status}"))
    assert not closed.groundwater_allowed(("T1", "G1"))
    assert closed.groundwater_allowed(("T1", "K3"))


def test_a_pack_comes_back_from_its_text_as_it_was() -> None:
    assert Pack.from_json(PACK.to_json()) == PACK


# --- fees ------------------------------------------------------------------------------------------------------------


def _fee(pack: Pack, use_m3: str, *zones: str, quota_m3: str | None = None) -> str:
    tariff = pack.tariff("agriculture", *zones)
    assert tariff is not None
    quota = parse_litres(quota_m3) if quota_m3 is not None else None
    return format_fen(water_fee_fen(parse_litres(use_m3), tariff, quota))


def test_the_household_of_manas_owes_244_78_yuan() -> None:
    """vectors/households.json (CCTV rural channel, 2014-12-17): 3 179 m3 at 0.077 yuan."""
    assert _fee(PACK, "3179", "T2", "K3") == "244.78"


def test_the_household_of_zepu_owes_1754_42_yuan() -> None:
    """county.json, tariffs (光明日报 2023-09-09): 12 372.5 m3 at 0.1418 yuan are 1 754.4205."""
    assert _fee(PACK, "12372.5", "T1", "K1") == "1754.42"


TIERS = [
    # used, of a quota of 1 000 m3; the first half above it costs double, the rest three times (Water Law art. 49)
    ("0", "0.00"),
    ("1000", "141.80"),
    ("1000.001", "141.80"),
    ("1500", "283.60"),  # 1 000 + 2 x 500
    ("2000", "496.30"),  # 1 000 + 2 x 500 + 3 x 500
]


@pytest.mark.parametrize(("used", "fee"), TIERS)
def test_use_above_the_quota_costs_more_by_tiers(used: str, fee: str) -> None:
    assert _fee(PACK, used, "T1", "K1", quota_m3="1000") == fee


def test_without_a_quota_every_litre_costs_the_price() -> None:
    assert _fee(PACK, "2000", "T1", "K1") == "283.60"


def test_a_fee_is_rounded_once_half_to_even() -> None:
    """At 5 fen a cubic metre 100 litres cost half a fen."""
    half = load(spoilt('price: "0.077"', 'price: "0.0500"'))
    tariff = half.tariff("agriculture", "T2")
    assert tariff is not None
    assert [water_fee_fen(litres, tariff) for litres in (99, 100, 101, 300, 500)] == [0, 0, 1, 2, 2]
