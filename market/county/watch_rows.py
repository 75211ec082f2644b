"""The rows of a county pack that say by which numbers trading is watched, and what a finding costs in points. Pure.

A row holds from its day on, until another of its name does. What a number means is told by
`supervision.surveillance.thresholds`, whose own numbers hold where a pack has no row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from market.county.document import Item
from market.county.parts import Basis, CreditRule, WatchRule

BasisOf = Callable[[Item, dict[str, Item]], Basis]
BASIS = ("source", "status", "demonstration")
PER_MILLE = (1, 1000)
MANY_PER_MILLE = (1, 10_000)
COUNT = (1, 1000)
MINUTES = (1, 1440)
DAYS = (1, 365)
BOUNDS: dict[str, tuple[int, int]] = {
    "own_marks_least": (2, 3), "lent_mark_people": COUNT,
    "wash_within_hours": (1, 8760), "wash_hands_most": (2, 20), "wash_returned_per_mille": PER_MILLE,
    "wash_agreed_minutes": MINUTES, "wash_mutual_per_mille": PER_MILLE, "wash_agreed_per_mille": PER_MILLE,
    "wash_engaged_per_mille": PER_MILLE,
    "market_days": DAYS, "market_trades": COUNT, "market_side_least": COUNT, "market_others_least": COUNT,
    "one_sided_times": COUNT, "related_away_per_mille": MANY_PER_MILLE, "related_spreads": COUNT,
    "outlier_away_per_mille": MANY_PER_MILLE, "outlier_spreads": COUNT, "token_per_mille": PER_MILLE,
    "token_price_e4": (1, 100_000_000), "gift_days_least": DAYS, "gift_days_beside_sales_least": DAYS,
    "layer_shown_minutes": MINUTES, "layer_withdrawn_minutes": MINUTES, "layer_renewed_minutes": MINUTES,
    "layer_filled_per_mille": PER_MILLE, "layer_times": COUNT, "layer_ordinary_times": COUNT,
    "layer_days_least": DAYS, "same_conduct_days": DAYS,
    "close_minutes": MINUTES, "close_market_minutes": MINUTES, "close_moved_per_mille": MANY_PER_MILLE,
    "close_gain_times": COUNT,
    "rights_share_per_mille": PER_MILLE, "rights_holders_least": COUNT,
    "orders_share_per_mille": (501, 1000), "orders_ordinary_times": COUNT, "orders_session_per_mille": PER_MILLE,
    "orders_sessions_least": DAYS,
    "idle_years_least": (1, 20), "idle_per_mille": PER_MILLE, "plan_over_per_mille": MANY_PER_MILLE,
    "insider_times": COUNT, "insider_habit_sessions": COUNT,
}  # fmt: skip
"""Every threshold by its name, whole numbers, and between which bounds: a detector means the same within them."""
FINDINGS = (
    "wash_trade", "related_parties", "layering", "marking_the_close", "price_outlier", "zero_price",
    "concentration_of_rights", "concentration_of_orders", "hoarding", "selling_over_plan", "unpublished_announcement",
    "other",
)  # fmt: skip
"""What a case may be closed for: what a detector looks for, or something else."""
MOST_POINTS = 100
LONGEST_MONTHS = 36


def surveillance(item: Item, basis_of: BasisOf) -> WatchRule:
    """A threshold of surveillance, from when on it holds."""
    found = item.table(("name", "from", "value"), BASIS)
    name = found["name"].one_of(tuple(BOUNDS))
    least, most = BOUNDS[name]
    return WatchRule(name, found["value"].whole(least, most), found["from"].day(), basis_of(item, found))


def credit(item: Item, basis_of: BasisOf) -> CreditRule:
    """How many points a founded finding takes from a credit record, and for how many months."""
    found = item.table(("finding", "from", "points", "months"), BASIS)
    return CreditRule(
        finding=found["finding"].one_of(FINDINGS),
        points=found["points"].whole(1, MOST_POINTS),
        months=found["months"].whole(1, LONGEST_MONTHS),
        from_on=found["from"].day(),
        basis=basis_of(item, found),
    )


def check(
    watched: Sequence[WatchRule], points: Sequence[CreditRule], lines: Mapping[tuple[str, int], Item]
) -> None:
    """One row of a name and day. Errors: PackError with the line."""
    keys = {
        "surveillance": [(each.name, each.from_on) for each in watched],
        "credit": [(each.finding, each.from_on) for each in points],
    }
    for section, names in keys.items():
        for place, key in enumerate(names):
            if key in names[:place]:
                raise lines[section, place].at("from").wrong(f"{key[0]} stands twice from this day on")
