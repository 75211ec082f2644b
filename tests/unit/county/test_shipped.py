"""The pack of Yengisar: every figure has its source or says that it is made up, and it answers for its places."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import yaml

from ledger.units import format_fen, parse_litres
from market.county.loader import load
from market.county.shipped import PACKS, text_of
from tests.unit.county.water_fees import water_fee_fen

PACK = load(text_of())
DOCUMENT: dict[str, Any] = yaml.safe_load(text_of())
NO_FIGURES = {"sources", "water_sources", "water_years"}
"""Sections whose rows are no figures: a calendar year is a year."""


def _rows() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every row of every section that holds figures, those within rows too, with its place."""
    for section, rows in DOCUMENT.items():
        if section in NO_FIGURES or isinstance(rows, str):
            continue
        if section == "map":
            yield from ((f"map[{index}]", each["properties"]) for index, each in enumerate(rows["features"]))
            continue
        for index, row in enumerate([rows] if isinstance(rows, dict) else rows):
            yield f"{section}[{index}]", row
            for name, value in row.items():
                for number, part in enumerate(value if isinstance(value, list) else ()):
                    if isinstance(part, dict):
                        # a target of the plan stands in the paragraph of its task
                        yield (
                            f"{section}[{index}].{name}[{number}]",
                            row | part if section == "plan" else part,
                        )


def test_every_figure_has_a_source_that_is_listed_or_is_marked_as_demonstration() -> None:
    listed = {each["code"] for each in DOCUMENT["sources"]}
    without = [
        place
        for place, row in _rows()
        if row.get("demonstration") is not True and str(row.get("source", "")).split(" ")[0] not in listed
    ]
    assert without == []
    assert len(list(_rows())) > 300


def test_what_is_known_from_memory_only_is_marked_as_demonstration() -> None:
    wrong = [
        place
        for place, row in _rows()
        if row.get("status") == "memory" and row.get("demonstration") is not True
    ]
    assert wrong == []


def test_every_source_says_how_it_was_read() -> None:
    assert {each["status"] for each in DOCUMENT["sources"]} <= {"read", "secondary", "memory"}


def test_no_volume_price_or_rate_is_a_number() -> None:
    names = ("volume", "price", "rate", "lot", "above", "multiple", "from_volume")
    wrong = [place for place, row in _rows() for name in names if not isinstance(row.get(name, ""), str)]
    assert wrong == []


def test_no_cap_pretends_to_be_the_county_s_own() -> None:
    """No published split of the prefecture's red line to this county was found."""
    assert PACK.limits != ()
    assert all(each.basis.demonstration for each in PACK.limits)
    assert all(each.basis.demonstration for each in (*PACK.routes, *PACK.fees, *PACK.products))


def test_only_one_pack_is_shipped_and_it_is_named_after_its_file() -> None:
    assert [path.stem for path in PACKS.glob("*.yaml")] == [PACK.name]


def test_townships_and_villages_have_codes_of_the_county() -> None:
    """Statistical division codes: a village's code begins with its township's, a township's with the county's."""
    official = [zone for zone in PACK.zones if zone.tree == "admin" and not zone.demonstration]
    for zone in official:
        assert zone.code.startswith(zone.parent or PACK.county), zone
    assert all(len(zone.code) == {"county": 6, "township": 9, "village": 12}[zone.level] for zone in official)


@pytest.mark.parametrize(
    "codes", [("DEMO-MANAS", "DEMO-CANAL"), ("653123101", "KUSHAN-C1"), ("653123401", "PARK")]
)
def test_every_sector_has_a_price_at_every_place(codes: tuple[str, str]) -> None:
    for sector in PACK.sectors:
        assert PACK.tariff(sector.code, *codes) is not None, sector.code


def _fee(use_m3: str, *zones: str) -> str:
    tariff = PACK.tariff("agriculture", *zones)
    assert tariff is not None
    return format_fen(water_fee_fen(parse_litres(use_m3), tariff))


def test_the_tariff_of_manas_gives_the_published_244_78_yuan() -> None:
    """vectors/households.json (CCTV rural channel, 2014-12-17): 10.32 mu, 3 179 m3 used, 0.077 yuan."""
    assert _fee("3179", "DEMO-MANAS", "DEMO-CANAL") == "244.78"


def test_the_tariff_of_zepu_that_stands_in_gives_the_published_1754_42_yuan() -> None:
    """county.json, tariffs (光明日报 2023-09-09, Zepu county): 50.5 mu, 12 372.5 m3 used, 0.1418 yuan."""
    assert _fee("12372.5", "653123101", "KUSHAN-C1") == "1754.42"


def test_farm_water_sells_to_the_park_and_never_back() -> None:
    assert PACK.flow("agriculture", "industry", "KUSHAN-C1", "PARK").allowed
    assert not PACK.flow("industry", "agriculture", "PARK", "KUSHAN-C1").allowed
    there = PACK.route("KUSHAN-C1-G1", "PARK", "agriculture")
    assert there is not None
    assert (there.from_zone, there.k) == ("KUSHAN-ID", 900)
    assert PACK.route("PARK", "KUSHAN-C1", "agriculture") is None


def test_farmers_of_one_district_trade_without_review_and_across_districts_not_at_all() -> None:
    """Interim measures of 2016, arts 20-22, from memory."""
    assert PACK.flow("agriculture", "agriculture", "KUSHAN-C1", "KUSHAN-C2").allowed
    assert not PACK.flow("agriculture", "agriculture", "KUSHAN-C1", "IGIZYAR-C1").allowed
    assert PACK.review_rules("agriculture", "agriculture", "KUSHAN-C1", "KUSHAN-C2") == ()
    assert [each.code for each in PACK.review_rules("agriculture", "industry", "KUSHAN-C1", "PARK")] == [
        "farm-to-industry-large",
        "farm-to-industry",
        "across-districts",
    ]


@pytest.mark.parametrize(
    ("start", "end", "there", "back"),
    [
        ("KUSHAN-C1", "KUSHAN-C2", 970, 970),
        ("KUSHAN-C0", "KUSHAN-C3", 950, 950),
        ("IGIZYAR-C0", "IGIZYAR-C2", 940, 940),
        ("DEMO-CANAL", "PARK", 930, None),
        ("KUSHAN-C3", "IGIZYAR-C1", 850, None),
        ("PARK", "TOWN", 970, None),
    ],
)
def test_routes_lose_what_is_listed_for_each_direction(
    start: str, end: str, there: int, back: int | None
) -> None:
    found = [PACK.route(start, end, "agriculture"), PACK.route(end, start, "agriculture")]
    assert [each.k if each else None for each in found] == [there, back]


def test_domestic_and_ecological_water_is_neither_sold_nor_bought() -> None:
    """Water Law art. 21."""
    closed = {each.code for each in PACK.sectors if not each.may_sell and not each.may_buy}
    assert closed == {"domestic", "ecology"}
    traded = {code for flow in PACK.flows for code in (flow.from_sector, flow.to_sector)}
    assert traded.isdisjoint(closed)


def test_groundwater_never_moves_to_the_restricted_branch() -> None:
    assert not PACK.groundwater_allowed(("653123212", "IGIZYAR-C2"))
    assert PACK.groundwater_allowed(("653123212", "IGIZYAR-C1"))


def test_the_demonstration_of_manas_costs_no_fee_and_the_county_three_per_mille() -> None:
    assert PACK.fee_e6("DEMO-CANAL", "DEMO-MANAS") == 0
    assert PACK.fee_e6("KUSHAN-C1", "653123101") == 3_000


def test_the_plan_s_thresholds_include_their_number_or_not_as_written() -> None:
    """County plan parts 3(1)2, 3(3)1, 3(4)3 and 4(1)4: 以上 includes the number, 超过 does not (Civil Code 1259)."""
    found = {each.name: (each.litres // 1000, each.operator) for each in PACK.thresholds}
    assert found == {
        "use_plan": (10_000, "gte"),
        "water_manager": (100_000, "gt"),
        "water_audit": (100_000, "gt"),
        "leak_check": (200_000, "gte"),
        "smart_management": (200_000, "gte"),
        "school_campus": (200_000, "gt"),
        "key_list": (500_000, "gte"),
        "water_assessment": (10_000, "gte"),  # a demonstration
    }


def test_the_clocks_of_a_permit_are_those_of_the_regulation() -> None:
    """取水许可和水资源费征收管理条例 arts 13, 19, 25, 44 (vectors/tariffs_and_tax.json, permit clocks)."""
    names = (
        "acceptance",
        "decision",
        "renewal_before_expiry",
        "term_usual",
        "term_longest",
        "unused_until_cancelled",
    )
    assert [PACK.clock(f"permit_{name}").length for name in names] == [5, 45, 45, 5, 10, 2]


def test_what_is_published_for_objection_is_the_county_s_choice_and_says_so() -> None:
    """Objection days are silent in every rule that was read (rules of the county, section 9): a demonstration."""
    assert [each.kind for each in PACK.kinds if each.publication] == ["abstraction_permit", "regional"]
    assert not PACK.publication_needed("irrigation_certificate")
    assert PACK.clock("publication_objection").basis.demonstration


def test_the_lot_is_a_cubic_metre_and_makes_every_fill_exact() -> None:
    assert {each.lot_litres for each in PACK.products} == {1_000}


def test_water_years_follow_each_other_without_gap_or_overlap() -> None:
    for before, after in pairwise(PACK.water_years):
        assert before.ends_on + dt.timedelta(days=1) == after.starts_on
