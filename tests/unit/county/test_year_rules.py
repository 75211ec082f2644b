"""The county's rules of the water year: read with their sources, refused where they are wrong."""

from __future__ import annotations

import pytest

from market.county import loader, shipped
from market.county.errors import PackError
from tests.unit.county.small import SMALL

CARRY = """
carry_overs:
  - {source_of_water: surface, keep: "1.00", evaporation: "0.05", spill_risk: "0.10", demonstration: true}
"""


def test_the_shipped_county_has_victoria_s_rule_as_a_demonstration_and_manas_s_reserve() -> None:
    pack = loader.load(shipped.text_of())
    rule = pack.carry_over("surface")
    assert rule is not None
    assert (rule.keep_e6, rule.evaporation_e6, rule.spillable, rule.spill_risk_e6) == (
        1_000_000,
        50_000,
        True,
        100_000,
    )
    assert rule.basis.demonstration
    assert pack.carry_over("groundwater") is None
    assert pack.reserve is not None
    assert (pack.reserve.most_e6, pack.reserve.basis.status) == (100_000, "read")


def test_a_county_without_them_carries_and_holds_back_nothing() -> None:
    pack = loader.load(SMALL)
    assert (pack.carry_overs, pack.reserve) == ((), None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (CARRY.replace("surface", "dew"), "there is no source of water dew"),
        (CARRY.replace('"1.00"', '"1.01"'), "must be at most"),
        (CARRY.replace(", demonstration: true", ""), "needs a source"),
        (CARRY + CARRY.splitlines()[2] + "\n", "stands twice"),
        ('\nreserve: {most: "0.11", demonstration: true}\n', "must be at most"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(PackError, match=reason):
        loader.load(SMALL + text)
