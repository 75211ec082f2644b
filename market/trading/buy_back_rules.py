"""The arithmetic of the buy-back: its price, what a take costs, and a budget that does not suffice. Pure.

Litres, fen and prices (1/10 000 yuan per m3) are integers; a multiple is in thousandths.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.units import MAX_PRICE_E4, TICK_LITRES_A_FEN, fen_half_even, split_exact, value_tick_litres

ONE_E3 = 1_000


def price_e4(tariff_e4: int, multiple_e3: int) -> int:
    """The water price times the multiple, rounded once to 1/10 000 yuan, halves to even; at least one such part.

    Source: Changji 2018 (two to ten times the price in force); the rounding is a service rule.
    """
    whole, rest = divmod(tariff_e4 * multiple_e3, ONE_E3)
    up = 2 * rest > ONE_E3 or (2 * rest == ONE_E3 and whole % 2 == 1)
    return min(max(whole + up, 1), MAX_PRICE_E4)


def part_fen(litres: int, price: int) -> int:
    """What so many litres cost, as the engine will pay them: rounded once to the fen, halves to even."""
    return fen_half_even(value_tick_litres(litres, price))


def most_litres(fen: int, price: int, lot_litres: int) -> int:
    """The most water in whole lots that so many fen pay."""
    lots = (2 * fen + 1) * TICK_LITRES_A_FEN // (2 * price * lot_litres)
    while lots and part_fen(lots * lot_litres, price) > fen:  # half a fen went up, to the even neighbour
        lots -= 1
    return lots * lot_litres


def share_out(fen: int, asked: Sequence[tuple[int, int]], lot_litres: int) -> list[int]:
    """What everybody gets of a budget that does not pay for all: (litres asked for, price) -> litres, in whole lots.

    In proportion to what was asked for, by the largest remainder to the lot (`split_exact`), as many lots in all as
    the budget pays; nobody gets more than was asked for. All of it where the budget pays for all. Service rule: the
    law and the county's plan say nothing of a short budget, and first come first served would be no rule within one
    list.
    """
    wanted = [litres // lot_litres for litres, _ in asked]
    least, most = 0, sum(wanted)
    while (
        least < most
    ):  # the cost grows with the lots but for a fen here and there; the loop below mends that
        middle = (least + most + 1) // 2
        if _cost(split_exact(middle, wanted), asked, lot_litres) <= fen:
            least = middle
        else:
            most = middle - 1
    lots = split_exact(least, wanted)
    while _cost(lots, asked, lot_litres) > fen:
        least -= 1
        lots = split_exact(least, wanted)
    return [each * lot_litres for each in lots]


def _cost(lots: Sequence[int], asked: Sequence[tuple[int, int]], lot_litres: int) -> int:
    pairs = zip(lots, asked, strict=True)
    return sum(part_fen(each * lot_litres, price) for each, (_, price) in pairs)


def clear(offered: int, bids: Sequence[tuple[int, int]]) -> tuple[int | None, list[int]]:
    """A resale's outcome: lots offered and bids (lots, price) -> the price that all winners pay, lots of each.

    Highest price first; at the margin in proportion to the lots asked for, by the largest remainder; all pay the
    lowest price that won a lot (None where none did). Service rule: the measures of 2016, art. 19, ask for
    competition and leave its form to the county.
    """
    awards = [0] * len(bids)
    left, paid = offered, None
    for price in sorted({price for _, price in bids}, reverse=True):
        level = [index for index, (_, bid) in enumerate(bids) if bid == price]
        wanted = [bids[index][0] for index in level]
        given = split_exact(min(left, sum(wanted)), wanted)
        if not any(given):
            break
        for index, lots in zip(level, given, strict=True):
            awards[index] = lots
        left, paid = left - sum(given), price
    return paid, awards
