"""Which optimum: the most volume, then the fairest shares, then the least flow, each on the optimal face. Pure.

The face is written with the chosen prices: orders better than the price are full, worse ones empty, arcs of negative
reduced cost dry, limits with a multiplier tight. What is left to decide is how much of the levels at the price is
filled, at most two a node, and the flows.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from market.trading.auction.exact import NANO
from market.trading.auction.levels import Levels
from market.trading.auction.model import Flags, Ints, Market, Options, Reals
from market.trading.auction.prices import OFFSET, reduced_costs, weight
from market.trading.auction.solver import INFINITY, ClearingHalted, Program, Unsolved
from market.trading.auction.welfare import Network, Scale

SLACKS_M3 = (0.0, 1e-7, 1e-5, 1e-3)
"""What a stage's result may be missed by, loosened step by step; in units of the scale, cubic metres for most."""
STUCK = 1e-7
"""A multiplier from which a share cannot be raised; those of one round add up to one."""
WORTHLESS_NANO = 1000
"""A multiplier of so many 10^-9 ticks is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """The optimal face: marginal levels (`group` and litres), what the rest of the orders brings to each node
    (litres, negative where it takes), arcs that may carry water, limits that are tight.
    """

    group: Ints
    volume: Reals
    supply: Reals
    arcs: Ints
    tight: Flags


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """What the stages settled: litres bought at the price, shares of the marginal levels, flows entering each arc
    (litres), the weighted flow.
    """

    face: Face
    bought: float
    shares: Reals
    flows: Reals
    weighted: float


def face_of(levels: Levels, network: Network, scale: Scale, pi_nano: Ints, y_nano: Ints) -> Face:
    """The face that these duals (10^-9 ticks) describe."""
    nodes = len(pi_nano)
    pi, y = pi_nano / NANO, y_nano / NANO
    groups = np.arange(2 * nodes)
    close = 2 * scale.price
    whole = np.round(pi).astype(np.int64)
    at_tick = np.repeat(np.abs(pi - whole) <= close, 2)
    upper = np.where(groups & 1, np.ceil(np.repeat(pi, 2) - close), np.floor(np.repeat(pi, 2) + close))
    better_than = np.where(at_tick, np.repeat(whole, 2) + np.where(groups & 1, 1, -1), upper).astype(np.int64)
    better_end = _ends(levels, better_than, groups)
    at_end = _ends(levels, np.where(at_tick, np.repeat(whole, 2), better_than).astype(np.int64), groups)
    better = levels.cumulative[better_end] - levels.cumulative[levels.starts[:-1]]
    marginal = (levels.cumulative[at_end] - levels.cumulative[better_end]).astype(np.float64)
    group = np.flatnonzero(marginal > 0)
    reduced = reduced_costs(network, pi, y)
    dry = reduced < -np.maximum(20 * scale.price, 1e-12 * np.abs(pi).max(initial=0.0))
    return Face(
        group=group,
        volume=marginal[group],
        supply=(better[0::2] - better[1::2]).astype(np.float64),
        arcs=np.flatnonzero(network.open & ~dry),
        tight=y_nano > WORTHLESS_NANO,
    )


def _ends(levels: Levels, prices: Ints, groups: Ints) -> Ints:
    """For each group the first level worse than its own price."""
    sells = levels.first_worse(prices[0::2])
    buys = levels.first_worse(prices[1::2])
    return np.where(groups & 1, buys, sells)


class _Stages:
    """One program over (shares of the marginal levels, flows, the level t) that the stages tighten in turn.

    Rows: nodes, limits, bought volume, then share − t ≥ 0 for each marginal level.
    """

    def __init__(self, face: Face, network: Network, scale: Scale, options: Options, slack: float) -> None:
        unit = scale.litres
        self.face, self.slack = face, slack
        levels, arcs, nodes, limits = len(face.group), len(face.arcs), len(face.supply), len(network.h)
        self.levels, self.arcs, self.t = levels, arcs, levels + arcs
        place = np.full(len(network.source), -1)
        place[face.arcs] = np.arange(arcs)
        kept = place[network.limit_arc] >= 0
        node_rows, node_columns, node_values = network.flow_triples()
        used = place[node_columns] >= 0
        buys = face.group & 1
        self.volume = face.volume / unit
        signed = np.where(buys, -self.volume, self.volume)
        index = np.arange(levels)
        self.bought_row, self.share_rows = nodes + limits, nodes + limits + 1
        buying = np.flatnonzero(buys)
        parts = [
            (face.group >> 1, index, signed),
            (node_rows[used], levels + place[node_columns[used]], node_values[used]),
            (nodes + network.limit_row[kept], levels + place[network.limit_arc[kept]], network.weight[kept]),
            (np.full(len(buying), self.bought_row), buying, self.volume[buying]),
            (self.share_rows + index, index, np.ones(levels)),
            (self.share_rows + index, np.full(levels, self.t), -np.ones(levels)),
        ]
        self.buy_cost = np.concatenate((np.where(buys, -self.volume, 0.0), np.zeros(arcs + 1)))
        h = self.h = network.h / unit
        self.program = Program(
            cost=self.buy_cost,
            lower=np.zeros(levels + arcs + 1),
            upper=np.concatenate((np.ones(levels), network.room[face.arcs] / unit, [0.0])),
            row_lower=np.concatenate(
                (-face.supply / unit - slack, np.where(face.tight, h - slack, -INFINITY), [-INFINITY],
                 np.full(levels, 0.0))
            ),
            row_upper=np.concatenate((-face.supply / unit + slack, h + slack, [INFINITY], np.full(levels, INFINITY))),
            triples=tuple(np.concatenate(column) for column in zip(*parts, strict=True)),  # type: ignore[arg-type]
            options=options,
        )  # fmt: skip

    def most_volume(self) -> float:
        """Stage 1: the most litres (scaled) bought at the price; holds it from here on."""
        most = -self.program.solve().value
        self.program.row(self.bought_row, most - max(self.slack, 1e-9), INFINITY)
        return most

    def fairest(self) -> Reals:
        """Stage 2: shares raised together, those that are stuck frozen, until all are."""
        shares = np.zeros(self.levels)
        waiting = np.ones(self.levels, np.bool_)
        self.program.bounds(self.t, 0.0, 1.0)
        cost = np.zeros(self.levels + self.arcs + 1)
        cost[self.t] = -1.0
        self.program.costs(cost)
        while waiting.any():
            solution = self.program.solve()
            level = min(max(solution.x[self.t].item(), 0.0), 1.0)
            dual = solution.dual[self.share_rows :][: self.levels]
            stuck = waiting & (dual > STUCK)
            if level >= 1 - 1e-12 or not stuck.any():
                stuck = waiting if level >= 1 - 1e-12 else waiting & (dual == dual[waiting].max())
            for number in np.flatnonzero(stuck).tolist():
                self._freeze(number, level)
            shares[stuck] = level
            waiting &= ~stuck
        return shares

    def _freeze(self, number: int, level: float) -> None:
        """Holds a level's share, as closely as the slack allows, and takes it out of the raising."""
        wide = max(self.slack, 1e-10) / max(self.volume[number].item(), 1.0)
        self.program.bounds(number, max(level - wide, 0.0), min(level + wide, 1.0))
        self.program.row(self.share_rows + number, -INFINITY, INFINITY)

    def least_flow(self, weights: tuple[Reals, Reals]) -> tuple[Reals, float]:
        """Stage 3: the flows (scaled) of the least weighted sum, with all shares as they are; among equal ones those
        of the least sum by the second weights. The sum by the first.
        """
        self.program.bounds(self.t, 0.0, 0.0)
        none = np.zeros(self.levels)
        self.program.costs(np.concatenate((none, weights[0] / 1000, [0.0])))
        least = self.program.solve()
        for column in np.flatnonzero(least.reduced > STUCK).tolist():  # empty in every such flow
            if column >= self.levels and column < self.t:
                self.program.bounds(column, 0.0, 0.0)
        for row in np.flatnonzero(np.abs(least.dual[: self.bought_row]) > STUCK).tolist():
            if row >= len(self.face.supply):
                value = self.h[row - len(self.face.supply)] + self.slack
                self.program.row(row, value - self.slack, value)
        self.program.costs(np.concatenate((none, weights[1] / 1000, [0.0])))
        with suppress(Unsolved):  # else the first weights decide alone
            second = self.program.solve()
            return second.x[self.levels : self.t], least.value
        return least.x[self.levels : self.t], least.value


def settle(market: Market, face: Face, network: Network, scale: Scale, options: Options) -> Settled:
    """The stages in turn. Errors: ClearingHalted when they fail with every slack: ties stay unsettled."""
    drawn = [
        np.array([weight(f"{market.seed}/{name}{a}") for a in face.arcs.tolist()], np.float64)
        for name in ("arc", "arc again ")
    ]
    reason = ""
    for slack in SLACKS_M3:
        stages = _Stages(face, network, scale, options, slack)
        try:
            bought = stages.most_volume()
            shares = stages.fairest()
            flows, weighted = stages.least_flow((drawn[0], drawn[1]))
        except Unsolved as error:
            reason = str(error)
            continue
        every = np.zeros(len(network.source))
        every[face.arcs] = np.maximum(flows, 0.0) * scale.litres
        return Settled(face, bought * scale.litres, shares, every, weighted * scale.litres * 1000)
    raise ClearingHalted(f"the ties: {reason}")


def millilitres(flows: Reals) -> tuple[int, ...]:
    """Flows in litres as whole millilitres."""
    return tuple(np.floor(flows * 1000 + OFFSET).astype(np.int64).tolist())
