"""What use depends on: crop water need, rain that counts, leached area, cooling degrees (SAVINGS section 2). Pure.

Depths are millimetres, areas mu (1 mu = 2 000/3 m2), volumes litres: a millimetre on a square metre is a litre.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from market.contracts.savings.model import BadInput

M2_A_MU = 2000 / 3


@dataclass(frozen=True, slots=True)
class Crop:
    """A crop's area in a month and its coefficient K_c (FAO Irrigation and Drainage Paper 56, chapter 6)."""

    code: str
    area_mu: float
    kc: float


def effective_rain_fao(rain_mm: float) -> float:
    """Rain of a month that a crop can use: 0.8·P - 25 above 75 mm, else 0.6·P - 10, never below nil.

    FAO Training Manual 3 (Brouwer and Heibloem, 1986), from memory: to confirm.
    """
    _depth(rain_mm)
    return max(0.0, 0.8 * rain_mm - 25 if rain_mm > 75 else 0.6 * rain_mm - 10)


def effective_rain_usda(rain_mm: float) -> float:
    """Rain of a month that a crop can use: P·(125 - 0.2·P)/125 up to 250 mm, then 125 + 0.1·P.

    Soil Conservation Service, as CROPWAT has it, from memory: to confirm.
    """
    _depth(rain_mm)
    return rain_mm * (125 - 0.2 * rain_mm) / 125 if rain_mm <= 250 else 125 + 0.1 * rain_mm


def _depth(mm: float) -> None:
    if not mm >= 0:
        raise BadInput("a depth of water is not negative")


def net_requirement(crops: Iterable[Crop], et0_mm: float, effective_mm: float) -> float:
    """x1 of a month: Σ area·max(K_c·ET_0 - P_e, 0), litres. Errors: BadInput."""
    _depth(et0_mm)
    _depth(effective_mm)
    total = 0.0
    for each in crops:
        if each.area_mu < 0 or each.kc < 0:
            raise BadInput(f"the area and coefficient of {each.code} are not negative")
        total += each.area_mu * M2_A_MU * max(each.kc * et0_mm - effective_mm, 0.0)
    return total


def cooling_degree_days(daily_mean_c: Iterable[float], base_c: float) -> float:
    """Σ max(T - base, 0) over days, K·d. The base temperature is signed with the contract (26 °C: demonstration)."""
    return sum(max(each - base_c, 0.0) for each in daily_mean_c)


def efficiency_saving(net_litres: int, before: float, after: float) -> float:
    """W_net·(1/η_b - 1/η_r), litres: a cross-check of an irrigation saving, which must lie in its interval.

    η is net over gross use, by the first-and-last method (guide of 2015, title only read). Errors: BadInput.
    """
    if not (0 < before <= 1 and 0 < after <= 1):
        raise BadInput("an efficiency lies between 0 and 1")
    return net_litres * (1 / before - 1 / after)
