"""The rows of a county pack that say how long which personal data is kept. Pure.

A row holds from its day on, until another of its data does. What has no row is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from market.county.document import Item
from market.county.parts import RETAINED, Basis, RetentionRule

BasisOf = Callable[[Item, dict[str, Item]], Basis]
BASIS = ("source", "status", "demonstration")
MOST_YEARS = 100


def retention(item: Item, basis_of: BasisOf) -> RetentionRule:
    """Which data, for how many years, from when on the rule holds."""
    found = item.table(("data", "from", "years"), BASIS)
    return RetentionRule(
        data=found["data"].one_of(RETAINED),
        from_on=found["from"].day(),
        years=found["years"].whole(1, MOST_YEARS),
        basis=basis_of(item, found),
    )


def check(rows: Sequence[RetentionRule], lines: Mapping[tuple[str, int], Item]) -> None:
    """One row of a kind of data and day. Errors: PackError with the line."""
    seen = set()
    for place, each in enumerate(rows):
        if (each.data, each.from_on) in seen:
            raise lines["retention", place].at("from").wrong(f"{each.data} stands twice from this day on")
        seen.add((each.data, each.from_on))
