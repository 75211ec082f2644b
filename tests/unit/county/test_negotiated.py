"""The county's rules of negotiated deals: which lane a deal takes, and what a pack may not say."""

from __future__ import annotations

import datetime as dt

import pytest

from market.county import loader, shipped
from market.county.errors import PackError
from market.county.parts import ALLOCATION, ENTITLEMENT, LEASE
from tests.unit.county.small import SMALL

RULES = """
negotiated:
  - {code: near, lane: filing, from_sector: agriculture, to_sector: agriculture, within: district, longest_years: 1, signing_days: 10, demonstration: true}
  - {code: far, lane: publication, from_sector: agriculture, within: county, publication_days: 7, working_days: 20, signing_days: 10, demonstration: true}
  - {code: works, lane: approval, from_sector: industry, to_sector: industry, within: canal, working_days: 20, signing_days: 5, demonstration: true}
"""  # noqa: E501
TENURES = """
  - {code: let, lane: filing, tenure: lease, from_sector: agriculture, within: district, longest_years: 1, signing_days: 10, demonstration: true}
  - {code: sold, lane: publication, tenure: entitlement, from_sector: agriculture, within: district, publication_days: 7, working_days: 20, signing_days: 10, demonstration: true}
"""  # noqa: E501
DAY = dt.date(2026, 3, 1)
FARM, WORKS = "agriculture", "industry"


@pytest.mark.parametrize(
    ("sectors", "canals", "ends_on", "rule"),
    [
        ((FARM, FARM), ("K1", "K2"), dt.date(2027, 2, 28), "near"),
        ((FARM, FARM), ("K1", "K2"), dt.date(2027, 3, 1), "far"),
        ((FARM, FARM), ("K1", "K3"), dt.date(2026, 12, 31), "far"),
        ((FARM, WORKS), ("K1", "K2"), dt.date(2026, 12, 31), "far"),
        ((WORKS, WORKS), ("G1", "G2"), dt.date(2026, 12, 31), "works"),
        ((WORKS, WORKS), ("K1", "K2"), dt.date(2026, 12, 31), None),
        ((WORKS, FARM), ("K1", "K1"), dt.date(2026, 12, 31), None),
    ],
)
def test_the_first_rule_that_fits_decides(
    sectors: tuple[str, str], canals: tuple[str, str], ends_on: dt.date, rule: str | None
) -> None:
    found = loader.load(SMALL + RULES).negotiated_rule(sectors, canals, DAY, ends_on)
    assert (found.code if found else None) == rule


@pytest.mark.parametrize(
    ("tenure", "ends_on", "rule"),
    [
        (ALLOCATION, dt.date(2026, 12, 31), "near"),
        (LEASE, dt.date(2027, 2, 28), "let"),
        (LEASE, dt.date(2027, 3, 1), None),
        (ENTITLEMENT, dt.date(2035, 12, 31), "sold"),
    ],
)
def test_each_tenure_has_rules_of_its_own(tenure: str, ends_on: dt.date, rule: str | None) -> None:
    found = loader.load(SMALL + RULES + TENURES[1:]).negotiated_rule(
        (FARM, FARM), ("K1", "K2"), DAY, ends_on, tenure
    )
    assert (found.code if found else None) == rule


def test_a_right_does_not_pass_by_being_filed() -> None:
    filed = TENURES.replace("lane: publication, tenure: entitlement", "lane: filing, tenure: entitlement")
    with pytest.raises(PackError, match="a right passes by a decision of the registry"):
        loader.load(
            SMALL + RULES + filed[1:].replace("publication_days: 7, working_days: 20, ", "longest_years: 9, ")
        )


def test_the_shipped_county_decides_on_long_leases_and_publishes_rights() -> None:
    pack = loader.load(shipped.text_of())
    assert {rule.code: (rule.tenure, rule.lane) for rule in pack.negotiated if rule.tenure != ALLOCATION} == {
        "in-district-lease": ("lease", "filing"),
        "in-district-long-lease": ("lease", "approval"),
        "farm-to-industry-lease": ("lease", "publication"),
        "in-district-right": ("entitlement", "publication"),
        "permit-right": ("entitlement", "publication"),
    }


def test_a_pack_without_the_section_lets_nothing_be_negotiated() -> None:
    assert loader.load(SMALL).negotiated_rule((FARM, FARM), ("K1", "K1"), DAY, DAY) is None


def test_a_pack_with_it_is_kept_whole() -> None:
    pack = loader.load(SMALL + RULES)
    assert type(pack).from_json(pack.to_json()) == pack


def test_the_shipped_county_only_files_what_irrigation_users_of_a_district_agree_for_a_year() -> None:
    pack = loader.load(shipped.text_of())
    assert {rule.code: rule.lane for rule in pack.negotiated if rule.tenure == ALLOCATION} == {
        "in-district": "filing", "farm-to-industry": "publication", "farm-to-services": "publication",
        "permit-transfer": "approval",
    }  # fmt: skip
    assert all(rule.basis.demonstration for rule in pack.negotiated)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("lane: filing", "lane: handshake", "must be one of"),
        ("longest_years: 1, ", "", "names longest_years"),
        ("publication_days: 7, ", "", "names publication_days"),
        ("lane: approval", "lane: publication", "names publication_days"),
        ("working_days: 20, signing_days: 5", "signing_days: 5", "names working_days"),
        ("longest_years: 1, ", "longest_years: 1, working_days: 3, ", "names working_days"),
        ("code: far", "code: near", "stands twice"),
        ("to_sector: industry", "to_sector: mining", "there is no sector mining"),
        (", demonstration: true", "", "needs a source"),
        ("within: canal", "within: village", "must be one of"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_reason(old: str, new: str, reason: str) -> None:
    assert old in RULES
    with pytest.raises(PackError, match=reason):
        loader.load(SMALL + RULES.replace(old, new, 1))
