"""Stage three of a call: among equal welfare most volume, then fair shares, then least flow (AUCTION section 2).

On the optimal face, written with the chosen prices: orders better than the price are full, worse ones empty, an arc
that would lose money carries nothing, a limit that is worth something is tight. What is left to choose are at most two
price levels a node and the flows. Pure.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from market.trading.auction.levels import Levels
from market.trading.auction.model import BUY, Ints, Market, Options, Reals
from market.trading.auction.prices import Prices
from market.trading.auction.solver import INFINITY, ClearingHalted, Program, Unsolved
from market.trading.auction.welfare import LITRES, Network, Optimum

SLACKS = (1e-7, 1e-5, 1e-3)
LOSING = -1e-5
"""Ticks a cubic metre: an arc with less reduced gain than this carries nothing."""
WORTH = 1e-5
AT_PRICE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Marginal:
    """The levels at the price: their node, sign in the balance (+1 sells, −1 buys) and volume (m3)."""

    node: Ints
    sign: Reals
    volume: Reals


def settle(market: Market, found: Optimum, prices: Prices, options: Options) -> Reals:
    """Cubic metres entering each arc of the market. Errors: ClearingHalted."""
    last: Unsolved | None = None
    for slack in SLACKS:
        try:
            return _settle(market, found, prices, options, slack)
        except Unsolved as error:
            last = error
    raise ClearingHalted(f"the ties could not be settled: {last}")


def weight(market: Market, arc: int) -> int:
    """What a cubic metre on an arc weighs where nothing else decides."""
    digest = hashlib.sha256(f"{market.seed}/arc{arc}".encode()).digest()
    return 1000 + int.from_bytes(digest, "big") % 1000


class _Face:
    """The optimal face as a program: marginal fills (columns 0 … M−1), then flows; rows: balances, limits, extras."""

    def __init__(
        self, market: Market, found: Optimum, prices: Prices, options: Options, slack: float
    ) -> None:
        net, exact = found.net, prices.exact
        self.marginal, fixed = _marginal(found.levels, exact)
        self.count, self.slack = len(self.marginal.node), slack
        gain = net.share * exact[net.target] - exact[net.source]
        own = net.rows >= net.nodes
        cost = np.zeros(len(net.open))
        np.add.at(cost, net.columns[own], net.values[own] * prices.multipliers[net.rows[own] - net.nodes])
        bound = np.where(gain - cost < LOSING, 0.0, net.bound)
        tight = prices.multipliers > WORTH
        self.total = self.count + len(net.open)
        groups = np.arange(self.count)
        self.base_rows = net.nodes + len(net.room)
        # Extras: total volume bought, then a share row a marginal level (fill − t·volume), t is the last column.
        volume_row = np.full(self.count, self.base_rows)
        buys = (self.marginal.sign < 0).astype(np.float64)
        share_rows = self.base_rows + 1 + groups
        self.program = Program(
            cost=np.zeros(self.total + 1),
            lower=np.zeros(self.total + 1),
            upper=np.concatenate((self.marginal.volume, bound, [1.0])),
            row_lower=np.concatenate(
                (
                    -fixed - slack,
                    np.where(tight, net.room - slack, -INFINITY),
                    [-INFINITY],
                    np.full(self.count, -INFINITY),
                )
            ),
            row_upper=np.concatenate(
                (-fixed + slack, net.room + slack, [INFINITY], np.full(self.count, INFINITY))
            ),
            triples=(
                np.concatenate((self.marginal.node, net.rows, volume_row, share_rows, share_rows)),
                np.concatenate(
                    (groups, net.columns + self.count, groups, groups, np.full(self.count, self.total))
                ),
                np.concatenate(
                    (self.marginal.sign, net.values, buys, np.ones(self.count), -self.marginal.volume)
                ),
            ),
            options=options,
        )
        self.buys = buys


def _marginal(levels: Levels, exact: Reals) -> tuple[Marginal, Reals]:
    """The levels at their node's price, and each node's balance of the orders that are better than it (m3)."""
    price = exact[levels.group >> 1]
    sign = np.where((levels.group & 1) == BUY, -1.0, 1.0)
    better = sign * (levels.limit - price) < -AT_PRICE
    level = np.abs(levels.limit - price) <= AT_PRICE
    fixed = np.zeros(len(exact))
    np.add.at(fixed, levels.group[better] >> 1, sign[better] * levels.volume[better] / LITRES)
    chosen = np.flatnonzero(level)
    return Marginal(levels.group[chosen] >> 1, sign[chosen], levels.volume[chosen] / LITRES), fixed


def _settle(market: Market, found: Optimum, prices: Prices, options: Options, slack: float) -> Reals:
    face = _Face(market, found, prices, options, slack)
    program, count = face.program, face.count
    costs = np.zeros(face.total + 1)
    if count:
        costs[:count] = -face.buys
        program.costs(costs)
        program.row(face.base_rows, -program.solve().value - slack, INFINITY)
        fills = _fair(face, costs)
        for group in range(count):
            volume = face.marginal.volume[group]
            program.bounds(group, max(0.0, fills[group] - slack), min(volume, fills[group] + slack))
            program.row(face.base_rows + 1 + group, -INFINITY, INFINITY)
        program.row(face.base_rows, -INFINITY, INFINITY)
    costs[:] = 0.0
    net: Network = found.net
    costs[count : face.total] = [weight(market, int(arc)) for arc in net.open]
    program.costs(costs)
    flows = np.zeros(len(market.arcs))
    flows[net.open] = np.maximum(0.0, program.solve().x[count : face.total])
    return flows


def _fair(face: _Face, costs: Reals) -> Reals:
    """Fills whose smallest share is as great as can be, then the next, and so on (leximin)."""
    program, count, volume = face.program, face.count, face.marginal.volume
    costs[:] = 0.0
    costs[face.total] = -1.0
    program.costs(costs)
    free = np.ones(count, bool)
    fills = np.zeros(count)
    for group in range(count):
        program.row(face.base_rows + 1 + group, 0.0, INFINITY)
    while free.any():
        solved = program.solve()
        share = solved.x[face.total]
        duals = np.abs(solved.dual[face.base_rows + 1 :])
        stuck = free & (duals * volume > 1e-9) if share < 1.0 - 1e-12 else free.copy()
        if not stuck.any():
            stuck = free & (duals >= duals[free].max()) if duals[free].max() > 0 else free.copy()
        for group in np.flatnonzero(stuck).tolist():
            fills[group] = share * volume[group]
            # Frozen: its share no longer counts towards the smallest.
            program.coefficient(face.base_rows + 1 + group, face.total, 0.0)
            program.row(face.base_rows + 1 + group, fills[group] - face.slack, fills[group] + face.slack)
        free &= ~stuck
    return fills
