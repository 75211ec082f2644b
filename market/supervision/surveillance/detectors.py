"""Runs every detector over one record. Pure."""

from __future__ import annotations

from collections.abc import Callable

from market.supervision.surveillance.closing import marking_the_close
from market.supervision.surveillance.evidence import DETECTORS, Alert, Evidence
from market.supervision.surveillance.insiders import unpublished_announcements
from market.supervision.surveillance.layering import layering
from market.supervision.surveillance.orders import concentration_of_orders
from market.supervision.surveillance.prices import away_from_the_market, zero_prices
from market.supervision.surveillance.record import Record
from market.supervision.surveillance.rights import concentration_of_rights, hoarding, selling_over_plan
from market.supervision.surveillance.thresholds import Thresholds
from market.supervision.surveillance.wash import wash_trades

RUNS: tuple[Callable[[Record], list[Alert]], ...] = (
    wash_trades,
    away_from_the_market,
    layering,
    marking_the_close,
    zero_prices,
    concentration_of_rights,
    concentration_of_orders,
    hoarding,
    selling_over_plan,
    unpublished_announcements,
)
"""Each gives alerts of one detector, `away_from_the_market` of two: related parties and outliers."""


def detect(
    evidence: Evidence,
    thresholds: Thresholds | None = None,
    *,
    progress: Callable[[str], None] = lambda _detector: None,
) -> tuple[Alert, ...]:
    """Every alert of a period: in the order of DETECTORS, then of who and what they name.

    The same evidence gives the same alerts, whatever the order of its parts. n log n of the events. `progress` is told
    the name of what is looked for next.
    """
    record = Record(evidence, thresholds or Thresholds())
    found: list[Alert] = []
    for run in RUNS:
        progress(run.__name__)
        found += run(record)
    return tuple(sorted(found, key=_order))


def _order(one: Alert) -> tuple[object, ...]:
    return DETECTORS.index(one.detector), one.parties, one.trades, one.orders, one.figures
