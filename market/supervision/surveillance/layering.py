"""Layering: orders of one side, withdrawn unfilled once their owner's order of the other side is filled. Pure.

By hand, product and side, with sums over sorted lists: n log n of the events.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from statistics import median_low

from ledger.units import format_litres
from market.supervision.surveillance.alerts import alert
from market.supervision.surveillance.evidence import Alert, Trade
from market.supervision.surveillance.record import BOOKS, Key, Life, Record, legal_day, opposite

WITHDRAWN_PER_MILLE = 900
"""How much of what was open an amendment takes away to be a withdrawal; a cancellation takes all."""


@dataclass(frozen=True, slots=True)
class _Bait:
    """An order that was shown and withdrawn, and the owner's fills of the other side meanwhile: from first to last."""

    order: int
    party: int
    litres: int
    gone_at: dt.datetime
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class _Episode:
    baits: tuple[_Bait, ...]
    fills: tuple[Trade, ...]
    vanished: int
    filled: int


def layering(record: Record) -> list[Alert]:
    """Where what was shown and gone again is a multiple of what was filled; near episodes of a hand are one alert."""
    orders: dict[Key, list[tuple[int, Life]]] = defaultdict(list)
    for number, life in record.lives.items():
        orders[record.hands.of(life.party), life.product, life.side].append((number, life))
    placed = [one.litres for one in record.events if one.action == "placed"]
    large = record.limits.layer_ordinary_times * median_low(placed) if placed else 0
    found = []
    for (hand, product, side), some in sorted(orders.items(), key=lambda one: one[0][1:]):
        fills = [
            one for one in record.done.get((hand, product, opposite(side)), ()) if one.mechanism in BOOKS
        ]
        runs: list[list[_Episode]] = []
        for episode in _episodes(record, some, fills) if fills else ():
            near = dt.timedelta(days=record.limits.same_conduct_days)
            if runs and episode.fills[0].at - runs[-1][-1].fills[-1].at <= near:
                runs[-1].append(episode)
            else:
                runs.append([episode])
        found += [
            _alert_of(record, side, run, large) for run in runs if _is_large_or_frequent(record, run, large)
        ]
    return found


def _is_large_or_frequent(record: Record, run: list[_Episode], large: int) -> bool:
    days = {legal_day(episode.fills[-1].at) for episode in run}
    return max(one.vanished for one in run) >= large or len(days) >= record.limits.layer_days_least


def _episodes(record: Record, orders: list[tuple[int, Life]], fills: list[Trade]) -> Iterator[_Episode]:
    """Baits whose fills overlap belong together; each such group is judged by what stood and did not come back."""
    limits = record.limits
    placed = sorted((life.placed_at, life.events[0].litres) for _, life in orders)
    total = [0, *accumulate(litres for _, litres in placed)]
    renewed = dt.timedelta(minutes=limits.layer_renewed_minutes)
    for baits in _overlapping(list(_baits(record, orders, [one.at for one in fills]))):
        first, last = baits[0].first, max(one.last for one in baits)
        those = fills[first : last + 1]
        low = bisect_right(placed, those[-1].at, key=lambda one: one[0])
        high = bisect_right(placed, max(one.gone_at for one in baits) + renewed, key=lambda one: one[0])
        vanished = _shown(baits, first, last) - (total[high] - total[low])
        filled = sum(one.litres for one in those)
        if vanished >= limits.layer_times * filled:
            yield _Episode(tuple(baits), tuple(those), vanished, filled)


def _baits(record: Record, orders: list[tuple[int, Life]], filled_at: list[dt.datetime]) -> Iterator[_Bait]:
    limits = record.limits
    shown = dt.timedelta(minutes=limits.layer_shown_minutes)
    soon = dt.timedelta(minutes=limits.layer_withdrawn_minutes)
    for number, life in orders:
        gone = _withdrawal(life, limits.layer_filled_per_mille)
        if gone is None:
            continue
        gone_at, litres = gone
        last = bisect_right(filled_at, gone_at) - 1
        if last < 0 or filled_at[last] < max(life.placed_at, gone_at - soon):
            continue
        if filled_at[last] - life.decided_at(filled_at[last]) > shown:
            continue
        first = bisect_left(filled_at, max(life.placed_at, filled_at[last] - shown))
        yield _Bait(number, life.party, litres, gone_at, first, last)


def _withdrawal(life: Life, filled_per_mille: int) -> tuple[dt.datetime, int] | None:
    """When an order that was hardly filled was taken back, and how much of it."""
    filled = 0
    rest = life.events[0].rest
    for event in life.events[1:]:
        if event.action == "filled":
            filled += rest - event.rest
        lost = rest - event.rest
        most = 1000 if event.action == "cancelled" else WITHDRAWN_PER_MILLE
        if event.action in ("cancelled", "amended") and lost > 0 and lost * 1000 >= most * rest:
            return (event.at, lost) if filled * 1000 <= filled_per_mille * (filled + rest) else None
        rest = event.rest
    return None


def _overlapping(baits: list[_Bait]) -> Iterator[list[_Bait]]:
    run: list[_Bait] = []
    reach = -1
    for bait in sorted(baits, key=lambda one: (one.first, one.last, one.order)):
        if run and bait.first > reach:
            yield run
            run = []
        run.append(bait)
        reach = max(reach, bait.last) if len(run) > 1 else bait.last
    if run:
        yield run


def _shown(baits: list[_Bait], first: int, last: int) -> int:
    """The most that stood at one fill."""
    change = [0] * (last - first + 2)
    for bait in baits:
        change[bait.first - first] += bait.litres
        change[bait.last - first + 1] -= bait.litres
    return max(accumulate(change))


def _alert_of(record: Record, side: str, run: list[_Episode], large: int) -> Alert:
    limits = record.limits
    worst = max(run, key=lambda one: one.vanished)
    baits = [bait for episode in run for bait in episode.baits]
    fills = {trade.id: trade for episode in run for trade in episode.fills}
    wait = max(bait.gone_at - episode.fills[-1].at for episode in run for bait in episode.baits)
    minute = dt.timedelta(minutes=1)
    own = {trade.buyer if side == "sell" else trade.seller for trade in fills.values()}
    return alert(
        "layering",
        parties={bait.party for bait in baits} | own,
        trades=fills.values(),
        orders=[bait.order for bait in baits],
        instants=[bait.gone_at for bait in baits],
        figures=(
            ("shown_side", side, ""),
            (
                "litres_vanished",
                format_litres(worst.vanished),
                format_litres(limits.layer_times * worst.filled),
            ),
            ("litres_filled", format_litres(worst.filled), ""),
            ("minutes_until_withdrawn", str(wait // minute), str(limits.layer_withdrawn_minutes)),
            ("litres_large", format_litres(worst.vanished), format_litres(large)),
            ("days", str(len({legal_day(one.fills[-1].at) for one in run})), str(limits.layer_days_least)),
            ("episodes", str(len(run)), ""),
        ),
    )
