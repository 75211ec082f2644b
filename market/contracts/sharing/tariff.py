"""What some water costs: block prices, over-quota multiples, resource tax, sewage; and the benefit of a saving. Pure.

Litres, fen, prices in 1/10 000 yuan per m3 (`_e4`), multiples and shares of a quota in millionths, other shares in
basis points. Progressive surcharge over quota: Water Law art. 49; the resource tax over plan: Resource Tax Law art. 14
and the region's notice, whose multiples are to confirm.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.units import TICK_LITRES_A_FEN, fen_half_even, value_tick_litres
from market.contracts.sharing.exact import check, half_even

ONE_BP, ONE_E6 = 10_000, 1_000_000
TARIFF, FIXED, FLOOR = PRICE_BASES = ("tariff", "fixed", "floor")


@dataclass(frozen=True, slots=True)
class Block:
    """From so many litres of the year on, water costs this."""

    from_litres: int
    price_e4: int


@dataclass(frozen=True, slots=True)
class Over:
    """Use that passes the quota (or plan) by more than `above_e6` of it costs `multiple_e6` of the price."""

    above_e6: int
    multiple_e6: int


@dataclass(frozen=True, slots=True)
class Tariff:
    """A water tariff of one year. None as quota or plan: no surcharge. `sewage_bp`: the agreed part that is sewage."""

    blocks: tuple[Block, ...]
    quota_litres: int | None = None
    over_quota: tuple[Over, ...] = ()
    tax_e4: int = 0
    plan_litres: int | None = None
    over_plan: tuple[Over, ...] = ()
    sewage_e4: int = 0
    sewage_bp: int = 0

    def __post_init__(self) -> None:
        """Errors: BadTerms."""
        starts = [each.from_litres for each in self.blocks]
        check(starts and starts[0] == 0, "the first block begins with the first litre")
        check(starts == sorted(set(starts)), "blocks begin one after the other")
        for tiers in (self.over_quota, self.over_plan):
            above = [each.above_e6 for each in tiers]
            check(above == sorted(set(above)) and min(above, default=0) >= 0, "tiers rise from the quota on")
            check(all(each.multiple_e6 >= 0 for each in tiers), "a multiple is not negative")
        check(0 <= self.sewage_bp <= ONE_BP, "the part that is sewage lies between nil and all")
        prices = (self.tax_e4, self.sewage_e4, *(each.price_e4 for each in self.blocks))
        check(min(prices) >= 0, "a price is not negative")


@dataclass(frozen=True, slots=True)
class Bill:
    """What water costs, each line rounded half-even to the fen as it stands on the bill."""

    water_fen: int
    tax_fen: int
    sewage_fen: int

    @property
    def total_fen(self) -> int:
        """All lines."""
        return self.water_fen + self.tax_fen + self.sewage_fen


def bill(litres: int, tariff: Tariff, *, before_litres: int = 0) -> Bill:
    """The bill of some use, after `before_litres` of the same year: whole-year blocks and quotas go on where they were.

    The bill of a year's parts adds up to that of the year. Errors: BadTerms.
    """
    check(litres >= 0 and before_litres >= 0, "use is not negative")
    after, before = _year(before_litres + litres, tariff), _year(before_litres, tariff)
    return Bill(*(one - other for one, other in zip(after, before, strict=True)))


def _year(litres: int, tariff: Tariff) -> tuple[int, int, int]:
    water = _value_e6(litres, tariff.blocks, tariff.quota_litres, tariff.over_quota)
    tax = _value_e6(litres, (Block(0, tariff.tax_e4),), tariff.plan_litres, tariff.over_plan)
    sewage = litres * tariff.sewage_bp * tariff.sewage_e4
    scale = ONE_E6 * TICK_LITRES_A_FEN
    return half_even(water, scale), half_even(tax, scale), half_even(sewage, ONE_BP * TICK_LITRES_A_FEN)


def _value_e6(litres: int, blocks: tuple[Block, ...], quota: int | None, tiers: tuple[Over, ...]) -> int:
    """Σ over slices of litres × block price × multiple, in millionths of a tick-litre.

    A threshold that is no whole litre is rounded down: use that passes it pays the multiple.
    """
    thresholds: list[tuple[int, int]] = []
    if quota is not None:
        thresholds = [(quota + quota * each.above_e6 // ONE_E6, each.multiple_e6) for each in tiers]
    edges = sorted({each.from_litres for each in blocks} | {at for at, _ in thresholds} | {litres})
    total, start = 0, 0
    for edge in edges:
        end = min(edge, litres)
        if end <= start:
            continue
        price = max((each for each in blocks if each.from_litres <= start), key=lambda each: each.from_litres)
        multiple = next((each for at, each in reversed(thresholds) if at <= start), ONE_E6)
        total += value_tick_litres(end - start, price.price_e4) * multiple
        start = end
    return total


@dataclass(frozen=True, slots=True)
class PriceBasis:
    """How a contract values its saving: by the tariff in force, at a signed price, or the larger of the two."""

    kind: str
    price_e4: int = 0

    def __post_init__(self) -> None:
        """Errors: BadTerms."""
        check(self.kind in PRICE_BASES, f"the price basis {self.kind} is unknown")
        check(self.price_e4 >= 0, "a price is not negative")


@dataclass(frozen=True, slots=True)
class Benefit:
    """B and what it came from, fen; the bills are None where only the signed price counts."""

    benefit_fen: int
    bill_adjusted: Bill | None
    bill_use: Bill | None
    at_price_fen: int | None
    extra_fen: int


def benefit(
    adjusted_litres: int, use_litres: int, basis: PriceBasis, tariff: Tariff | None = None, *,
    extra_fen: int = 0, adjusted_before_litres: int = 0, use_before_litres: int = 0,
) -> Benefit:  # fmt: skip
    """B = bill(W_a) - bill(W_r), or S × price, or the larger, minus agreed extra costs (SAVINGS section 5).

    `..._before_litres`: baseline and use of the same tariff year before this period. May be negative. Errors: BadTerms.
    """
    first = second = at_price = None
    values = []
    if basis.kind in (TARIFF, FLOOR):
        check(tariff is not None, "this price basis needs a tariff")
        assert tariff is not None
        first = bill(adjusted_litres, tariff, before_litres=adjusted_before_litres)
        second = bill(use_litres, tariff, before_litres=use_before_litres)
        values.append(first.total_fen - second.total_fen)
    if basis.kind in (FIXED, FLOOR):
        at_price = fen_half_even(value_tick_litres(adjusted_litres - use_litres, basis.price_e4))
        values.append(at_price)
    return Benefit(max(values) - extra_fen, first, second, at_price, extra_fen)


def mean_price_e4(basis: PriceBasis, tariff: Tariff | None, litres: int, *, before_litres: int = 0) -> int:
    """What a cubic metre of so much water costs on average, 1/10 000 yuan: by the tariff in force where there is one
    (half-even; the first block's price for no water), else the signed price. Errors: BadTerms.
    """
    if basis.kind == FIXED or tariff is None:
        check(basis.kind == FIXED, "this price basis needs a tariff")
        return basis.price_e4
    if litres <= 0:
        return tariff.blocks[0].price_e4
    return half_even(bill(litres, tariff, before_litres=before_litres).total_fen * TICK_LITRES_A_FEN, litres)


def carry(benefit_fen: int, carried_fen: int) -> tuple[int, int]:
    """(shared now, carried on: nil or less): a loss is set off against the contract year's next gain."""
    check(carried_fen <= 0, "only a loss is carried")
    total = benefit_fen + carried_fen
    return max(0, total), min(0, total)
