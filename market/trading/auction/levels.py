"""Orders gathered to price levels, and levels to segments, in arrays. Pure.

A group is one node and side: number 2·node + side. Within a group levels stand best price first: sells rising, buys
falling.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.trading.auction.model import BUY, SELL, Flags, Ints, Orders

_PRICES = 2**32
"""More than any price, so that a group and a price make one sortable number."""


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Price levels of the orders in play: `limit` (ticks), `volume` (litres) and `group` of each.

    `starts` has the first level of every group and the end (2N + 1); `cumulative` the litres before each level, over
    all groups, and the total. `orders` are the numbers of the orders in play, level after level, `first` where each
    level begins among them, and the end.
    """

    limit: Ints
    volume: Ints
    group: Ints
    starts: Ints
    cumulative: Ints
    orders: Ints
    first: Ints

    def group_volume(self) -> Ints:
        """Litres of each group, (2N,)."""
        totals: Ints = np.diff(self.cumulative[self.starts])
        return totals

    def first_worse(self, prices: Ints) -> Ints:
        """For each group the first level whose limit is worse than the node's price (ticks), (2N,)."""
        keys = self.group * _PRICES + _rank(self.limit, self.group & 1)
        groups = np.arange(len(self.starts) - 1, dtype=np.int64)
        wanted = groups * _PRICES + _rank(np.repeat(prices, 2), groups & 1)
        found: Ints = np.searchsorted(keys, wanted, side="right")
        clipped: Ints = np.clip(found, self.starts[:-1], self.starts[1:])
        return clipped

    def eligible(self, prices: Ints) -> Ints:
        """Litres of each group with a limit at or better than the node's price, (2N,)."""
        litres: Ints = self.cumulative[self.first_worse(prices)] - self.cumulative[self.starts[:-1]]
        return litres


def _rank(limit: Ints, side: Ints) -> Ints:
    """Rises from better to worse within a group; inside [0, 2^32) for any price that orders or duals may take."""
    middle = _PRICES // 2
    rank: Ints = np.clip(middle + np.where(side == BUY, -limit, limit), 0, _PRICES - 1)
    return rank


def gather(orders: Orders, nodes: int, playing: Flags) -> Levels:
    """The levels of the orders where `playing` is true, in a market of so many nodes."""
    numbers = np.flatnonzero(playing)
    groups = 2 * orders.node[numbers] + orders.side[numbers]
    keys = groups * _PRICES + _rank(orders.limit[numbers], orders.side[numbers])
    order = np.argsort(keys)
    ordered = keys[order]
    first = np.flatnonzero(np.diff(ordered, prepend=-1))
    numbers = numbers[order]
    volume = np.add.reduceat(orders.volume[numbers], first) if len(first) else np.zeros(0, np.int64)
    group = ordered[first] // _PRICES
    return Levels(
        limit=orders.limit[numbers[first]],
        volume=volume,
        group=group,
        starts=np.searchsorted(group, np.arange(2 * nodes + 1)),
        cumulative=np.concatenate(([0], np.cumsum(volume))),
        orders=numbers,
        first=np.concatenate((first, [len(numbers)])),
    )


def quantiles(levels: Levels, segments: int) -> Ints:
    """First levels of about so many segments of equal volume in every group, and the end of all."""
    starts = [levels.starts[:-1]]
    before = levels.cumulative[levels.starts[:-1]]
    totals = levels.group_volume()
    for part in range(1, segments):
        wanted = before + totals * part // segments
        cut = np.searchsorted(levels.cumulative, wanted, side="left")
        starts.append(np.clip(cut, levels.starts[:-1], levels.starts[1:]))
    return np.unique(np.concatenate([*starts, [len(levels.limit)]]))


def sign(side: Ints) -> Ints:
    """+1 for sells, −1 for buys."""
    return np.where(side == SELL, 1, -1)
