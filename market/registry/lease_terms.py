"""The terms of a lease of water (水权租赁): when its turn comes, how long it runs, what a short year leaves. Pure.

Litres and legal days. Sources: 民法典 (Civil Code) arts 703-734 on leases, by analogy: water is no thing that is handed
over, but what is agreed on its yearly use is of the same kind.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from market.registry.life import years_after

LONGEST_YEARS = 20
"""民法典 art. 705: what is agreed beyond twenty years is void; here it is refused."""
PRO_RATA, LESSEE_FIRST = SHORT_YEAR_RULES = ("pro_rata", "lessee_first")
"""What the parties may agree for a year in which less than the whole right is announced."""
MOST_GRACE_DAYS = 180


class Terms(NamedTuple):
    """What a lease says beside its yearly litres and its rent.

    `turn_month` (1 to 12): the year's water is delivered from the first day of that month on; `grace_days`: for so long
    what stands in the way of a delivery may be put right, before the year lapses.
    """

    years: int
    short_year: str = PRO_RATA
    turn_month: int = 1
    grace_days: int = 30


class Claim(NamedTuple):
    """What one lease of a right has of a full year (litres), and its rule for a short one."""

    litres: int
    short_year: str


def dues(received_litres: int, right_litres: int, claims: Iterable[Claim]) -> list[int]:
    """What each lease of a right has of a year in which the right received so much, in the order of registration.

    Pro rata: the lease's litres times received over the right's volume, rounded down to the litre: the lessor keeps the
    fraction, since it is the lessor's water that is given. Lessee first: all of it, as far as what is left goes. Nobody
    has more than its litres, all together not more than was received. ValueError where a right received more than it
    is, or leases more.
    """
    wanted = list(claims)
    if not 0 <= received_litres <= right_litres or sum(each.litres for each in wanted) > right_litres:
        raise ValueError("a right neither receives nor leases more than it is")
    left, found = received_litres, []
    for claim in wanted:
        whole = (
            claim.litres
            if claim.short_year == LESSEE_FIRST
            else claim.litres * received_litres // right_litres
        )
        found.append(min(whole, left))
        left -= found[-1]
    return found


def turn_day(year_starts_on: dt.date, turn_month: int) -> dt.date:
    """From which day on a water year's leased water is delivered: the first of the month that is in the year."""
    if turn_month == year_starts_on.month:
        return year_starts_on
    day = year_starts_on.replace(month=turn_month, day=1)
    return day if day > year_starts_on else years_after(day, 1)


def last_day(first_year_ends_on: dt.date, years: int) -> dt.date:
    """The last day of a lease of so many water years, of which the first ends on this day."""
    return years_after(first_year_ends_on, years - 1)


def room(right_litres: int, pledged_litres: int, leased_litres: int) -> int:
    """What of a right's yearly volume is neither pledged nor leased."""
    return max(0, right_litres - pledged_litres - leased_litres)


def places_of(parts_litres: Iterable[int], leases_litres: Iterable[int], first: int = 0) -> list[int] | None:
    """Which part of a right that is divided each lease goes with: the first with room for it, counted from `first`.

    A lease is not divided (民法典 art. 725 by analogy: it goes on as it was). None where one finds no room.
    """
    left = list(parts_litres)
    order = [*range(first, len(left)), *range(first)]
    found = []
    for litres in leases_litres:
        at = next((each for each in order if left[each] >= litres), None)
        if at is None:
            return None
        left[at] -= litres
        found.append(at)
    return found
