"""The pack's rule of the buy-back: between which multiples, from whom, into what, to whom."""

from __future__ import annotations

import pytest

from market.county.errors import PackError
from market.county.loader import load
from market.county.shipped import text_of
from tests.unit.county.small import SMALL

RULE = (
    '\nbuy_back: {least_multiple: "2", most_multiple: "10", from_sectors: [agriculture], storage_sectors: [domestic],'
    " resale_sectors: [industry], within: district, demonstration: true}\n"
)


def test_the_shipped_county_buys_back_at_two_to_ten_times_the_price_and_says_whose_rule_that_is() -> None:
    rule = load(text_of()).buy_back
    assert rule is not None
    assert (rule.least_e3, rule.most_e3) == (2_000, 10_000)
    assert (rule.basis.source.split()[0], rule.basis.demonstration) == ("changji2018", True)


def test_farms_of_the_district_sell_into_storage_and_industry_buys_out_of_it() -> None:
    pack = load(SMALL + RULE)
    assert pack.stores("domestic") and not pack.stores("industry")
    assert pack.into_storage("agriculture", "K1", "K2").allowed
    assert not pack.into_storage("agriculture", "K1", "K3").allowed
    assert not pack.into_storage("industry", "K1", "K1").allowed
    assert pack.out_of_storage("industry").allowed and not pack.out_of_storage("agriculture").allowed


def test_a_pack_without_the_rule_stores_nothing() -> None:
    pack = load(SMALL)
    assert not pack.stores("domestic")
    assert not pack.into_storage("agriculture", "K1", "K1").allowed
    assert not pack.out_of_storage("industry").allowed


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('most_multiple: "10"', 'most_multiple: "1"', "at least the least multiple"),
        ("storage_sectors: [domestic]", "storage_sectors: [fishing]", "sectors of this pack"),
        ("storage_sectors: [domestic]", "storage_sectors: [agriculture]", "must not be sectors that sell"),
        ("resale_sectors: [industry]", "resale_sectors: []", "sectors of this pack"),
        (", demonstration: true", "", "needs a source"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_reason(old: str, new: str, reason: str) -> None:
    assert old in RULE
    with pytest.raises(PackError, match=reason):
        load(SMALL + RULE.replace(old, new))
