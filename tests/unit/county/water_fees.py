"""What a year's use costs by a tariff, reckoned another way than the product does: tests compare the two."""

from __future__ import annotations

from itertools import pairwise

from ledger.units import TICK_LITRES_A_FEN
from market.county.parts import ONE_E6, Tariff


def water_fee_fen(use_litres: int, tariff: Tariff, quota_litres: int | None = None) -> int:
    """The water fee in fen for a year's use: marginal tiers above the quota, one half-even rounding at the end.

    Source: Water Law art. 49 (progressive pricing above the quota): the sum over tiers of price x multiple x the use
    that falls into the tier. Without a quota every litre costs the price. Exact: a tier may begin within a litre.
    """
    unit = ONE_E6 * ONE_E6 * TICK_LITRES_A_FEN
    whole, rest = divmod(_value(use_litres * ONE_E6, tariff, quota_litres) * tariff.price_e4, unit)
    return whole + (2 * rest > unit or (2 * rest == unit and whole & 1))


def _value(use: int, tariff: Tariff, quota_litres: int | None) -> int:
    """Use (millionths of a litre), each part times the multiple (millionths) of the tier that it falls into."""
    if quota_litres is None:
        return use * ONE_E6
    starts = [0, *(quota_litres * (ONE_E6 + tier.above_e6) for tier in tariff.tiers)]
    multiples = [ONE_E6, *(tier.multiple_e6 for tier in tariff.tiers)]
    bands = pairwise([*(min(start, use) for start in starts), use])
    return sum((end - start) * multiple for (start, end), multiple in zip(bands, multiples, strict=True))
