"""Several products or services: S = Σ_i (q_b,i - q_r,i)·N_r,i, shared water by a signed key (SAVINGS section 2). Pure.

DB11/T 1987-2022 has an annex for one and one for several products; its formulas were not seen. Where only the total is
metered a regression on the outputs is fitted instead (kind "industry").
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, stdev

from market.contracts.savings.limits import t_offsets
from market.contracts.savings.model import (
    PRODUCTS,
    TIER_B,
    BadInput,
    Reason,
    Report,
    Saving,
    Step,
    meter_uncertainty,
)
from market.contracts.savings.rules import Rules
from market.contracts.savings.steps import GBT, number, volume
from market.contracts.savings.unit import finish, one_figure


@dataclass(frozen=True, slots=True)
class Product:
    """A product or service, its unit, and its part of shared water in basis points (the parts add up to 10 000)."""

    code: str
    zh: str
    en: str
    unit: str
    key_bp: int


@dataclass(frozen=True, slots=True)
class ProductYear:
    """A base year, or the same months of one: litres metered for each product, litres shared, units made of each."""

    litres: tuple[int, ...]
    shared_litres: int
    units: tuple[float, ...]


def products_saving(
    products: tuple[Product, ...], base: tuple[ProductYear, ...], reported: tuple[float, ...],
    report: Report, rules: Rules,
) -> Saving:  # fmt: skip
    """Tier B of several products; the base must have been measured by the same meters. Errors: BadInput.

    The years' errors of the products are taken together, e_y = Σ_i q_b,i,y·N_r,i, so that what moves from one product
    to another is not counted twice: u = sd(e)·√(1 + 1/n), t with n - 1. For one product this is the unit method.
    `reported` are the units of the report; its use is that of all products. One base year: Tier C.
    """
    _check(products, base, reported)
    q = [_unit_uses(products, year) for year in base]
    sums = [sum(use * units for use, units in zip(year, reported, strict=True)) for year in q]
    n, model = len(base), fmean(sums)
    steps = []
    for place, (product, units) in enumerate(zip(products, reported, strict=True)):
        each = fmean(year[place] for year in q)
        steps += [
            Step(
                f"q_{product.code}", f"{product.zh}基准单位用水量", f"base use per unit of {product.en}",
                f"mean of {n}", number(each), f"L/{product.unit}", GBT,
            ),
            volume(
                f"w_{product.code}", f"{product.zh}基准用水量", f"base use of {product.en}",
                f"{number(each)} × {number(units)} / 1000", each * units, GBT,
            ),
        ]  # fmt: skip
    sum_of = " + ".join(f"w_{each.code}" for each in products)
    steps.append(volume("W_f", "多产品基准用水量", "base use of all products", sum_of, model, GBT))
    inputs: list[object] = [products, base, reported, report, rules]
    if n < rules.unit_years_least:
        numbers = (("years", str(n)), ("least", str(rules.unit_years_least)))
        return one_figure(model, report, (Reason("too_few_years", numbers),), steps, (), inputs)
    spread = stdev(sums) * math.sqrt(1 + 1 / n)
    formula = f"sd(Σ q·N) × √(1 + 1/{n})"
    steps.append(volume("u_q", "单位用水量的不确定度", "uncertainty of use per unit", formula, spread, GBT))
    return finish(
        report=report, rules=rules, model=model, offsets=t_offsets(spread, n - 1, rules), more=(),
        base_meter=meter_uncertainty(report.meters, report.meter_litres), method=PRODUCTS, tier=TIER_B,
        reasons=(), steps=steps, caveats=(), inputs=inputs,
    )  # fmt: skip


def _check(products: tuple[Product, ...], base: tuple[ProductYear, ...], reported: tuple[float, ...]) -> None:
    if not products or sum(each.key_bp for each in products) != 10_000:
        raise BadInput("the key of shared water must add up to 10 000 basis points")
    if not base or len(reported) != len(products) or min(reported) < 0:
        raise BadInput("a base year, and the units of every product, are needed")
    for year in base:
        if not len(year.litres) == len(year.units) == len(products) or min(year.units) <= 0:
            raise BadInput("a base year needs litres and units of every product")


def _unit_uses(products: tuple[Product, ...], year: ProductYear) -> list[float]:
    """Litres a unit of each product, its part of shared water included."""
    return [
        (litres + year.shared_litres * product.key_bp / 10_000) / units
        for product, litres, units in zip(products, year.litres, year.units, strict=True)
    ]
