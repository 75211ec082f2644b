"""The sharing of a period written down once more, as SAVINGS section 5 reads: fractions, no code of the product.

It reads the signed text as JSON, and is slow and plain on purpose: what the product books is held against it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

ONE_BP, ONE_E6 = 10_000, 1_000_000
FEN_A_TICK_LITRE = Fraction(1, 100_000)


@dataclass
class Past:
    """What earlier periods left: fen recovered, of the cap used, carried; litres of baseline and use of the year."""

    recovered: int = 0
    cap_used: int = 0
    carried: int = 0
    carried_year: int = 0
    litres: dict[int, tuple[int, int]] = field(default_factory=dict)


@dataclass
class Result:
    """What is shared now and carried on, each party's share and fee, and a guarantee's shortfall, fen."""

    benefit: int
    carried: int
    shares: dict[int, int]
    fees: dict[int, int]
    shortfall: int
    recovered: int


def largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Whole parts by weight; what is left over goes to the largest remainders, of equal ones to the first."""
    exact = [Fraction(total * each, sum(weights)) for each in weights]
    parts = [math.floor(each) for each in exact]
    order = sorted(range(len(parts)), key=lambda place: (parts[place] - exact[place], place))
    for place in order[: total - sum(parts)]:
        parts[place] += 1
    return parts


def _value(litres: int, blocks: Any, quota: int | None, tiers: Any) -> Fraction:
    """Σ over pieces of one price, fen."""
    steps = (
        []
        if quota is None
        else [(quota + quota * each["above_e6"] // ONE_E6, each["multiple_e6"]) for each in tiers]
    )
    edges = sorted({0, litres, *(each["from_litres"] for each in blocks), *(at for at, _ in steps)})
    total = Fraction(0)
    for low, high in pairwise(edges):
        if high <= litres:
            price = [each["price_e4"] for each in blocks if each["from_litres"] <= low][-1]
            multiple = ([ONE_E6] + [each for at, each in steps if at <= low])[-1]
            total += (high - low) * price * Fraction(multiple, ONE_E6) * FEN_A_TICK_LITRE
    return total


def _year_bill(litres: int, tariff: Any) -> int:
    water = _value(litres, tariff["blocks"], tariff["quota_litres"], tariff["over_quota"])
    flat = [{"from_litres": 0, "price_e4": tariff["tax_e4"]}]
    tax = _value(litres, flat, tariff["plan_litres"], tariff["over_plan"])
    sewage = Fraction(litres * tariff["sewage_bp"] * tariff["sewage_e4"], ONE_BP) * FEN_A_TICK_LITRE
    return round(water) + round(tax) + round(sewage)  # each line half-even to the fen, as on the bill


def worth(terms: Any, use: int, money: int, before: tuple[int, int]) -> int:
    """B of a period, fen, perhaps negative; `before`: litres of baseline and of use in its calendar year so far."""
    found = []
    if terms["price"]["kind"] in ("tariff", "floor"):
        ends = (before[0] + use + money, before[1] + use)
        bills = [
            _year_bill(end, terms["tariff"]) - _year_bill(start, terms["tariff"])
            for end, start in zip(ends, before, strict=True)
        ]
        found.append(bills[0] - bills[1])
    if terms["price"]["kind"] in ("fixed", "floor"):
        found.append(round(money * terms["price"]["price_e4"] * FEN_A_TICK_LITRE))
    return max(found)


def share(terms: Any, starts: tuple[int, int], adjusted: int, use: int, money: int, past: Past) -> Result:
    """A period that begins in (year, month); `past` is brought up to it. Integers of fen and litres."""
    first = [int(each) for each in terms["starts_on"].split("-")]
    year = (starts[0] * 12 + starts[1] - first[0] * 12 - first[1]) // 12 + 1
    before = past.litres.get(starts[0], (0, 0))
    total = worth(terms, use, money, before) + (past.carried if past.carried_year == year else 0)
    benefit, carried = max(0, total), min(0, total)
    who = [each["participant"] for each in terms["parties"]]
    shares, fees, shortfall, recovered = dict.fromkeys(who, 0), dict.fromkeys(who, 0), 0, 0
    if terms["schedule"] is not None:
        recovered = _scheduled(terms["schedule"], benefit, year, (money, adjusted), past, shares, fees)
    promised = terms["guarantee"]
    if promised is not None:
        price = promised["price_e4"] * FEN_A_TICK_LITRE
        if money < promised["litres"] * (1 - Fraction(promised["tolerance_bp"], ONE_BP)):
            missing = (promised["litres"] - money) * price * Fraction(promised["factor_bp"], ONE_BP)
            shortfall = min(round(missing), promised["cap_fen"] - past.cap_used)
        elif terms["schedule"] is None and money > promised["litres"]:
            surplus = round((money - promised["litres"]) * price)
            shares = dict(zip(who, largest_remainder(surplus, promised["surplus_bp"]), strict=True))
    past.recovered += recovered
    past.cap_used += shortfall
    past.carried, past.carried_year = carried, year
    past.litres[starts[0]] = (before[0] + use + money, before[1] + use)
    return Result(benefit, carried, shares, fees, shortfall, recovered)


def _scheduled(
    plan: Any, benefit: int, year: int, saved: tuple[int, int], past: Past, shares: dict[int, int],
    fees: dict[int, int],
) -> int:  # fmt: skip
    """Fees, recovery, row, clip into `shares` and `fees`; what the firm recovered."""
    left = benefit
    for each in plan["fees"]:
        fee = min(left, each["fen"] + round(Fraction(benefit * each["bp"], ONE_BP)))
        fees[int(each["payee"])] += fee
        left -= fee
    names = [int(each) for each in plan["parties"]]
    firm, user = int(plan["firm"]), int(plan["user"])
    place, recovered = names.index(firm), 0
    rest = left
    if plan["recovery"] is not None and plan["recovery"]["recoverable_fen"] > past.recovered:
        wanted, weights = plan["recovery"]["recoverable_fen"] - past.recovered, plan["recovery"]["shares_bp"]
        found, x = largest_remainder(left, weights), left
        if found[place] > wanted:
            x = min(left, math.ceil(Fraction(ONE_BP * wanted, weights[place])))
            found = largest_remainder(
                x - wanted, [0 if each == place else w for each, w in enumerate(weights)]
            )
            found[place] = wanted
        recovered, rest = found[place], left - x
        _add(shares, names, found)
    row = [each for each in plan["rows"] if each["from_year"] <= year][-1]
    for part, weights in _slices(row, rest, *saved):
        _add(shares, names, largest_remainder(part, weights))
    aim = max(shares[firm], plan["floor_fen"])
    aim = aim if plan["ceiling_fen"] is None else min(aim, plan["ceiling_fen"])
    moved = min(aim - shares[firm], shares[user])
    shares[firm] += moved
    shares[user] -= moved
    return min(recovered, shares[firm])


def _slices(row: Any, rest: int, saved: int, adjusted: int) -> list[tuple[int, list[int]]]:
    """What is split by which shares: all by the step that was reached, or slice by slice of the volume."""
    reached = [each for each in row["steps"] if Fraction(each["from_bp"], ONE_BP) * adjusted <= saved]
    if row["threshold"] == "cliff" or saved == 0:
        return [(rest, reached[-1]["shares_bp"])]
    edges = [each["from_bp"] * adjusted for each in reached] + [saved * ONE_BP]
    cut = largest_remainder(rest, [high - low for low, high in pairwise(edges)])
    return [(part, each["shares_bp"]) for part, each in zip(cut, reached, strict=True)]


def _add(shares: dict[int, int], names: Sequence[int], parts: Sequence[int]) -> None:
    for name, part in zip(names, parts, strict=True):
        shares[name] += part
