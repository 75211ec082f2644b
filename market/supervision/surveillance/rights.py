"""Rights: how much of a zone one hand has, what is kept unused for years, and what is sold beyond the plan. Pure.

Sums by hand, by right and by party: n log n of the rights.
"""

from __future__ import annotations

from collections import defaultdict

from ledger.units import format_litres
from market.supervision.surveillance.alerts import alert, per_cent, per_mille
from market.supervision.surveillance.evidence import Alert, Right
from market.supervision.surveillance.prices import SALE
from market.supervision.surveillance.record import Record, legal_day

WHOLE_YEAR_E6 = 1_000_000


def _held(right: Right) -> int:
    return right.allocated + right.bought - right.sold


def concentration_of_rights(record: Record) -> list[Alert]:
    """A hand's share of a zone's water of one source in its latest year, without what is held for others by duty."""
    limits, hands = record.limits, record.hands
    latest: dict[tuple[str, str], int] = {}
    for right in record.evidence.rights:
        place = right.zone, right.source
        latest[place] = max(right.year, latest.get(place, right.year))
    total: dict[tuple[str, str], int] = defaultdict(int)
    holders: dict[tuple[str, str], set[int]] = defaultdict(set)
    own: dict[tuple[str, str, int], list[Right]] = defaultdict(list)
    for right in record.evidence.rights:
        place = right.zone, right.source
        if right.year != latest[place]:
            continue
        hand = hands.of(right.party)
        total[place] += _held(right)
        holders[place].add(hand)
        if right.tradable_class and not hands.holds_for_members(right.party):
            own[(*place, hand)].append(right)
    found = []
    for (zone, source, _), rights in own.items():
        litres, whole, among = sum(map(_held, rights)), total[zone, source], len(holders[zone, source])
        share = per_mille(litres, whole)
        if share < limits.rights_share_per_mille or among < limits.rights_holders_least:
            continue
        figures = (
            ("zone", zone, ""),
            ("source", source, ""),
            ("year", str(latest[zone, source]), ""),
            ("share_of_zone", per_cent(share), per_cent(limits.rights_share_per_mille)),
            ("litres_held", format_litres(litres), ""),
            ("litres_of_zone", format_litres(whole), ""),
            ("holders", str(among), str(limits.rights_holders_least)),
        )
        parties = [one.party for one in rights if _held(one) > 0]
        found.append(alert("concentration_of_rights", parties=parties, figures=figures))
    return found


def hoarding(record: Record) -> list[Alert]:
    """Rights of which next to nothing was used or passed on in whole years on end, up to the present."""
    limits = record.limits
    years: dict[int, list[Right]] = defaultdict(list)
    for right in record.evidence.rights:
        years[right.right].append(right)
    found = []
    for number in sorted(years):
        run = _idle_run(record, sorted(years[number], key=lambda one: one.year))
        if len(run) < limits.idle_years_least:
            continue
        turned = sum(one.used + one.sold for one in run)
        had = sum(one.allocated + one.bought for one in run)
        figures = (
            ("right", str(number), ""),
            ("idle_years", str(len(run)), str(limits.idle_years_least)),
            ("first_idle_year", str(run[0].year), ""),
            ("last_idle_year", str(run[-1].year), ""),
            ("used_or_sold_share", per_cent(per_mille(turned, had)), per_cent(limits.idle_per_mille)),
            ("litres_idle", format_litres(had - turned), ""),
        )
        found.append(alert("hoarding", parties=[run[-1].party], figures=figures))
    return found


def _idle_run(record: Record, years: list[Right]) -> list[Right]:
    """The whole idle years on end of one hand that reach to the last whole year; none if the running year is used."""
    run: list[Right] = []
    for one in years:
        whole = one.share_of_year_e6 >= WHOLE_YEAR_E6
        idle = not one.excused and _is_idle(record, one)
        follows = run and one.year == run[-1].year + 1 and record.hands.same(one.party, run[-1].party)
        if not idle:
            run = []
        elif whole:
            run = [*run, one] if follows else [one]
        elif not follows:
            run = []
    return run


def _is_idle(record: Record, one: Right) -> bool:
    had = one.allocated + one.bought
    return had > 0 and (one.used + one.sold) * 1000 <= record.limits.idle_per_mille * had


def selling_over_plan(record: Record) -> list[Alert]:
    """Sales of the latest year by those whose use, over all rights with a plan, is past plan and what was bought."""
    limits = record.limits
    rights = [one for one in record.evidence.rights if one.plan is not None]
    year = max((one.year for one in record.evidence.rights), default=0)
    of_party: dict[int, list[Right]] = defaultdict(list)
    for one in rights:
        if one.year == year:
            of_party[one.party].append(one)
    found = []
    sold_by = defaultdict(list)
    for trade in record.trades:
        if trade.transfer_kind == SALE and legal_day(trade.at).year == year:
            sold_by[trade.seller].append(trade)
    for party, sales in sold_by.items():
        mine = of_party.get(party, [])
        used = sum(one.used for one in mine)
        planned = sum((one.plan or 0) * one.share_of_year_e6 for one in mine) // WHOLE_YEAR_E6
        bought = sum(one.bought for one in mine)
        most = planned * (1000 + limits.plan_over_per_mille) // 1000 + bought
        if not mine or used <= most:
            continue
        figures = (
            ("litres_used", format_litres(used), format_litres(most)),
            ("litres_planned_so_far", format_litres(planned), ""),
            ("litres_planned", format_litres(sum(one.plan or 0 for one in mine)), ""),
            ("litres_bought", format_litres(bought), ""),
            ("litres_sold", format_litres(sum(one.litres for one in sales)), ""),
        )
        orders = [one.sell_order for one in sales if one.sell_order]
        found.append(
            alert("selling_over_plan", parties=[party], trades=sales, orders=orders, figures=figures)
        )
    return found
