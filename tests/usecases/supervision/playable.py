"""What of a story the engine would do as it was written: the rest is left out, of the evidence too."""

from __future__ import annotations

from dataclasses import replace

from market.supervision.surveillance import Evidence
from market.supervision.surveillance.evidence import SELL, OrderEvent
from tests.surveillance import record
from tests.surveillance.building import SURFACE, Scenario


def playable(case: Scenario) -> Evidence:
    """The evidence of a case without what the engine would match otherwise, with the closes that are left."""
    found = case.evidence
    bad = {one.order for one in found.orders if one.product != SURFACE}
    while more := _wrong(found, bad):
        bad |= more
    trades = [
        one for one in found.trades if one.product == SURFACE and not {one.sell_order, one.buy_order} & bad
    ]
    first = {SURFACE: next(one.reference_e4 for one in found.trades if one.product == SURFACE)}
    ends = [one.at for one in found.closes if one.product == SURFACE]
    closes = record.closes(trades, ends, first, set())
    reference = record.referencer(closes, first, set())
    return replace(
        found,
        orders=tuple(one for one in found.orders if one.order not in bad),
        trades=tuple(replace(one, reference_e4=reference(one)) for one in trades),
        closes=tuple(closes),
    )


def _wrong(found: Evidence, bad: set[int]) -> set[int]:
    """Orders that would meet another than the story's, with those that they meet in the story; empty: all is well."""
    pairs = {
        (one.at, one.sell_order, one.buy_order)
        for one in found.trades
        if one.sell_order and not {one.sell_order, one.buy_order} & bad
    }
    partners = {
        order: {one.sell_order, one.buy_order}
        for one in found.trades
        for order in (one.sell_order, one.buy_order)
    }
    standing: dict[int, OrderEvent] = {}
    for event in found.orders:
        if event.order in bad or (event.action == "filled" and partners[event.order] & bad):
            if event.order not in bad:
                return {event.order}
            continue
        if event.action in ("placed", "amended"):
            for other in standing.values():
                sell, buy = (event, other) if event.side == SELL else (other, event)
                if other.side == event.side or buy.price_e4 < sell.price_e4:
                    continue
                if (event.at, sell.order, buy.order) not in pairs:
                    return partners.get(event.order, {event.order}) | {event.order}
        if event.rest:
            standing[event.order] = event
        else:
            standing.pop(event.order, None)
    return set()
