"""The water year's arithmetic: what is carried, what may spill, who is cut first. Pure; whole litres."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ledger.units import ceil_div, split_exact

WHOLE_E6 = 1_000_000
LAST_PRIORITY = 9
"""The class of water without a right behind it: what was only bought goes first."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What becomes of the litres that an account has left at the end of a year; they sum to what was left."""

    repaid_litres: int
    carried_litres: int
    evaporated_litres: int
    expired_litres: int


def carry(remained_litres: int, owed_litres: int, most_litres: int, *, evaporation_e6: int) -> Carried:
    """What is left pays what is owed; of the rest at most `most_litres` is kept, less the evaporation.

    The deduction is rounded up to the litre, so that nobody carries more than the rule allows. Rule: the county
    pack's; Victoria (100 per cent of the right kept, 5 per cent off) in vectors/markets.json.
    """
    repaid = min(remained_litres, owed_litres)
    kept = min(remained_litres - repaid, max(0, most_litres))
    evaporated = ceil_div(kept * evaporation_e6, WHOLE_E6)
    return Carried(repaid, kept - evaporated, evaporated, remained_litres - repaid - kept)


def most_kept(right_litres: int, keep_e6: int) -> int:
    """The most that may be kept of a yearly right: a share (millionths) of it, whole litres rounded down."""
    return right_litres * keep_e6 // WHOLE_E6


def spillable(carried_litres: int, allocated_litres: int, right_litres: int) -> int:
    """What of carried water, with what the new year has allocated, passes the right: it may not be used yet."""
    return min(carried_litres, max(0, carried_litres + allocated_litres - right_litres))


@dataclass(frozen=True, slots=True)
class Reachable:
    """What may be taken back from an account, in which class of priority, and the caps that hold it (their ids)."""

    account_id: int
    priority: int
    litres: int
    caps: frozenset[int]


@dataclass(frozen=True, slots=True)
class Curtailed:
    """What is taken from each account, and by cap what is missing after that."""

    taken: Mapping[int, int]
    missing: Mapping[int, int]


def curtail(cuts: Sequence[tuple[int, int]], accounts: Iterable[Reachable]) -> Curtailed:
    """Takes back what each cap lacks: the last class of priority first, within a class pro rata to the litre.

    `cuts` are (cap, litres that its use must fall), the narrowest cap first: what is taken under it counts for those
    that hold it as well. Priority 1 is served first and so cut last (取水许可和水资源费征收管理条例 art. 41: the
    authority may cut; the order is the county's published priority).
    """
    pool = sorted(accounts, key=lambda each: each.account_id)
    taken: defaultdict[int, int] = defaultdict(int)
    missing: dict[int, int] = {}
    for cap, needed in cuts:
        under = [each for each in pool if cap in each.caps]
        lacking = needed - sum(taken[each.account_id] for each in under)
        for priority in sorted({each.priority for each in under}, reverse=True):
            members = [each for each in under if each.priority == priority]
            rooms = [each.litres - taken[each.account_id] for each in members]
            share = min(max(0, lacking), sum(rooms))
            for each, litres in zip(members, split_exact(share, rooms), strict=True):
                taken[each.account_id] += litres
            lacking -= share
        missing[cap] = max(0, lacking)
    return Curtailed({account: litres for account, litres in taken.items() if litres}, missing)
