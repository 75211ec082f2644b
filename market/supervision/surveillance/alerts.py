"""Makes alerts: sorted, without repeats, with figures as texts that a person reads. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from ledger.units import format_decimal
from market.supervision.surveillance.evidence import Alert, Trade
from market.supervision.surveillance.words import RULES

Figure = tuple[str, str, str]


def per_cent(per_mille: int) -> str:
    """850 -> "85.0"."""
    return format_decimal(per_mille, scale=1)


def per_mille(part: int, whole: int) -> int:
    """A share in per mille, cut off; a whole of nothing has no share."""
    return part * 1000 // whole if whole else 0


def alert(
    detector: str,
    *,
    parties: Iterable[int],
    figures: Iterable[Figure],
    trades: Iterable[Trade] = (),
    orders: Iterable[int] = (),
    instants: Iterable[dt.datetime] = (),
) -> Alert:
    """An alert; it lasts from the first of its trades and instants to the last."""
    named = {trade.id: trade.at for trade in trades}
    times = sorted({*named.values(), *instants})
    return Alert(
        detector,
        tuple(sorted(set(parties))),
        tuple(sorted(set(orders))),
        tuple(sorted(named)),
        times[0] if times else None,
        times[-1] if times else None,
        RULES[detector],
        tuple(figures),
    )
