"""The numbers that baseline and saving are judged by, with where each comes from. Pure.

A county pack may state other ones. What has no source is a demonstration (`BASES`), and a page that shows such a
number says so.
"""

from __future__ import annotations

from dataclasses import dataclass

DECIDED = "SAVINGS section 2 (decided here)"


@dataclass(frozen=True, slots=True)
class Rules:
    """Shares and ratios are plain numbers (0.2 is 20 per cent)."""

    base_years_least: int = 1
    base_years_most: int = 3
    complete_least: float = 0.9
    rebase_after_years: int = 5
    t_least: float = 2.0
    periods_a_parameter: int = 6
    cv_most: float = 0.20
    nmbe_most: float = 0.02
    df_least: int = 8
    r2_least: float = 0.75
    r2_waived_below_cv: float = 0.10
    unit_years_least: int = 2
    outside_range: float = 0.10
    outside_share_most: float = 0.25
    residual_sds: float = 2.0
    residuals_running: int = 3
    fill_days_most: int = 3
    fill_share_most: float = 0.10
    fill_uncertainty: float = 0.5
    money_level: float = 0.68
    money_half_width_most: float = 0.5
    water_level: float = 0.90
    nights_least: int = 30
    leak_exponent: float = 1.15
    leak_exponent_u: float = 0.15
    night_use_connection: float = 1.7
    night_use_share_u: float = 0.20
    night_use_noise: float = 0.15
    night_use_change_u: float = 0.10


@dataclass(frozen=True, slots=True)
class Basis:
    """Where a number comes from; `demonstration` where nothing was read that states it."""

    source: str
    demonstration: bool


BASES: dict[str, Basis] = {
    "base_years_least": Basis(DECIDED, True),
    "base_years_most": Basis(DECIDED, True),
    "complete_least": Basis("CalTRACK methods, data sufficiency: 90 per cent", True),
    "rebase_after_years": Basis(DECIDED, True),
    "t_least": Basis(DECIDED, True),
    "periods_a_parameter": Basis(DECIDED, True),
    "cv_most": Basis("after ASHRAE guideline 14: 25 per cent, secondary; here stricter", True),
    "nmbe_most": Basis(DECIDED, True),
    "df_least": Basis(DECIDED, True),
    "r2_least": Basis("after ASHRAE guideline 14: 0.75, secondary", True),
    "r2_waived_below_cv": Basis(DECIDED, True),
    "unit_years_least": Basis(DECIDED, True),
    "outside_range": Basis(DECIDED, True),
    "outside_share_most": Basis(DECIDED, True),
    "residual_sds": Basis(DECIDED, True),
    "residuals_running": Basis(DECIDED, True),
    "fill_days_most": Basis(DECIDED, True),
    "fill_share_most": Basis(DECIDED, True),
    "fill_uncertainty": Basis(DECIDED, True),
    "money_level": Basis("after ASHRAE guideline 14: 68 per cent, half the saving; from memory", True),
    "money_half_width_most": Basis("after ASHRAE guideline 14, from memory", True),
    "water_level": Basis(DECIDED, True),
    "nights_least": Basis(DECIDED, True),
    "leak_exponent": Basis("water-loss practice (FAVAD), from memory", True),
    "leak_exponent_u": Basis("water-loss practice, from memory", True),
    "night_use_connection": Basis("water-loss practice (litres an hour of a connection), from memory", True),
    "night_use_share_u": Basis("water-loss practice, from memory", True),
    "night_use_noise": Basis("recovered from the specification's synthetic example", True),
    "night_use_change_u": Basis("water-loss practice, from memory", True),
}
"""The basis of every number of `Rules`, by name."""
