"""The rows of a county pack that say by which numbers savings are judged, and how long a step of a report takes. Pure.

A row holds from its day on, until another of its name does. What a row may say is written here; what it means is told
by `contracts.savings.rules` and `contracts.states`, whose own numbers hold where a pack has no row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from market.county.document import Item
from market.county.parts import Basis, SavingRule

BasisOf = Callable[[Item, dict[str, Item]], Basis]
BASIS = ("source", "status", "demonstration")
UNITS = ("working_days", "days", "years")
ONE = 1_000_000
COUNTS = {
    "base_years_least": (1, 10), "base_years_most": (1, 10), "rebase_after_years": (1, 50),
    "periods_a_parameter": (1, 60), "df_least": (1, 365), "unit_years_least": (2, 10), "residuals_running": (2, 60),
    "fill_days_most": (0, 31), "nights_least": (2, 366),
}  # fmt: skip
"""Whole numbers, and between which bounds."""
SHARES = {
    "complete_least": (0, ONE), "t_least": (0, 10 * ONE), "cv_most": (1, ONE), "nmbe_most": (1, ONE),
    "r2_least": (0, ONE), "r2_waived_below_cv": (0, ONE), "outside_range": (0, 10 * ONE),
    "outside_share_most": (1, ONE), "residual_sds": (1, 10 * ONE), "fill_share_most": (0, ONE),
    "fill_uncertainty": (0, 10 * ONE), "money_level": (100_000, 999_000), "money_half_width_most": (1, 10 * ONE),
    "water_level": (500_000, 999_000), "leak_exponent": (100_000, 3 * ONE), "leak_exponent_u": (0, ONE),
    "night_use_connection": (0, 100 * ONE), "night_use_share_u": (0, ONE), "night_use_noise": (0, ONE),
    "night_use_change_u": (0, ONE),
}  # fmt: skip
"""Shares, ratios and litres, in millionths, and between which bounds."""
CLOCKS = (
    "saving_draft", "saving_submission", "saving_verification", "saving_objection", "saving_reverification",
    "saving_distribution", "saving_claw_back",
)  # fmt: skip
NAMES = (*COUNTS, *SHARES, *CLOCKS)


def saving(item: Item, basis_of: BasisOf) -> SavingRule:
    """A rule with its value, or a clock with its length and unit; from when on it holds."""
    found = item.table(("name", "from"), ("value", "length", "unit", *BASIS))
    name = found["name"].one_of(NAMES)
    wanted = {"length", "unit"} if name in CLOCKS else {"value"}
    for key in ("value", "length", "unit"):
        if (key in found) != (key in wanted):
            raise (found.get(key) or item).wrong(f"{name} is said by {' and '.join(sorted(wanted))}")
    return SavingRule(
        name=name,
        from_on=found["from"].day(),
        basis=basis_of(item, found),
        value_e6=_value(name, found["value"]) if "value" in found else 0,
        length=found["length"].whole(1, 1000) if "length" in found else 0,
        unit=found["unit"].one_of(UNITS) if "unit" in found else "",
    )


def _value(name: str, item: Item) -> int:
    value = item.decimal(6, 1000 * ONE)
    if name in COUNTS:
        least, most = COUNTS[name]
        if value % ONE or not least <= value // ONE <= most:
            raise item.wrong(f"must be a whole number from {least} to {most}")
        return value
    low, high = SHARES[name]
    if not low <= value <= high:
        raise item.wrong(f"must be from {low / ONE:g} to {high / ONE:g}")
    return value


def check(rows: Sequence[SavingRule], lines: Mapping[tuple[str, int], Item]) -> None:
    """One row of a name and day, and on every day base years of which the least are not more than the most.

    Errors: PackError with the line.
    """
    by_name: dict[str, list[tuple[SavingRule, Item]]] = defaultdict(list)
    for place, each in enumerate(rows):
        item = lines["savings", place]
        if any(each.from_on == other.from_on for other, _ in by_name[each.name]):
            raise item.at("from").wrong(f"{each.name} stands twice from this day on")
        by_name[each.name].append((each, item))
    least, most = by_name["base_years_least"], by_name["base_years_most"]
    for row, item in (*least, *most):
        low, high = (_last(found, row) for found in (least, most))
        if low is not None and high is not None and low > high:
            raise item.at("value").wrong("the fewest base years are more than the most")


def _last(found: Sequence[tuple[SavingRule, Item]], on: SavingRule) -> int | None:
    before = [(each.from_on, each.value_e6) for each, _ in found if each.from_on <= on.from_on]
    return max(before)[1] if before else None
