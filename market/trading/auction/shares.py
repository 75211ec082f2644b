"""Fills in whole litres: best price first, the level where the total runs out shared exactly pro rata. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ledger.units import TICK_LITRES_A_FEN
from market.trading.auction.levels import Levels, sign
from market.trading.auction.model import BUY, Ints, Market

_FITS = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """Litres of every order (also those not in play: none), money in fen."""

    fills: Ints
    paid_fen: int
    received_fen: int


def fills_of(market: Market, levels: Levels, totals: Ints, prices: tuple[int, ...]) -> Filled:
    """Fills and money when each group trades these totals (litres)."""
    orders = market.orders
    given = _of_levels(levels, totals)
    full = np.repeat(given == levels.volume, np.diff(levels.first))
    fills = np.zeros(len(orders), np.int64)
    fills[levels.orders] = np.where(full, orders.volume[levels.orders], 0)
    for level in np.flatnonzero((given > 0) & (given < levels.volume)).tolist():
        numbers = levels.orders[levels.first[level] : levels.first[level + 1]]
        fills[numbers] = pro_rata(
            orders.volume[numbers], int(given[level]), orders.entry[numbers], market.seed
        )
    buys = orders.side == BUY
    price = np.array(prices, np.int64)[orders.node]
    return Filled(fills, _money(fills[buys], price[buys], 1), _money(fills[~buys], price[~buys], -1))


def welfare_of(levels: Levels, totals: Ints) -> int:
    """Limits of buyers less limits of sellers, times their litres, when each group trades these totals."""
    given = _of_levels(levels, totals)
    filled = given > 0
    signed = -sign(levels.group[filled] & 1) * levels.limit[filled]
    return int((_exact(given[filled], int(np.abs(signed).max(initial=0))) * signed).sum())


def _of_levels(levels: Levels, totals: Ints) -> Ints:
    """Litres of each level when the groups' totals go to the best levels first."""
    start = levels.cumulative[levels.starts[levels.group]]
    before = levels.cumulative[:-1] - start
    given: Ints = np.clip(totals[levels.group] - before, 0, levels.volume)
    return given


def _exact(values: Ints, factor: int) -> Any:
    """The array, as Python integers where products and their sum could pass 64 bits."""
    most = int(values.max(initial=0)) * max(len(values), 1)
    return values.astype(object) if most * max(abs(factor), 1) >= _FITS else values


def _money(fills: Ints, prices: Ints, way: int) -> int:
    """The fen that orders pay (way 1, each rounded up) or receive (−1, rounded down)."""
    traded = fills > 0
    top = int(np.abs(prices).max(initial=0))
    values = _exact(fills[traded], top) * prices[traded]
    return way * -int((-way * values // TICK_LITRES_A_FEN).sum())


def pro_rata(volumes: Ints, total: int, entries: Ints, seed: str) -> Ints:
    """floor(q·T/Q) each; the litres left over to the largest remainders, of equal ones to the smallest SHA-256 of
    seed "/" entry number.
    """
    whole = int(volumes.sum())
    wide = int(volumes.max()) * total >= _FITS
    product = (volumes.astype(object) if wide else volumes) * total
    shares = (product // whole).astype(np.int64)
    left = total - int(shares.sum())
    if not left:
        return shares
    remainders = product % whole
    threshold = np.sort(remainders)[-left]
    sure = np.flatnonzero(remainders > threshold)
    shares[sure] += 1
    equal = np.flatnonzero(remainders == threshold)
    if len(equal) > left - len(sure):
        keys = draw_keys(entries[equal].tolist(), seed)
        equal = equal[sorted(range(len(equal)), key=keys.__getitem__)[: left - len(sure)]]
    shares[equal] += 1
    return shares


def draw_keys(entries: Sequence[int], seed: str) -> list[bytes]:
    """SHA-256 of seed "/" entry number for each."""
    begun = hashlib.sha256(f"{seed}/".encode())
    keys = []
    for entry in entries:
        one = begun.copy()
        one.update(b"%d" % entry)
        keys.append(one.digest())
    return keys
