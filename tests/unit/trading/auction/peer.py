"""The welfare problem with one variable an order, asked of HiGHS directly; and by trying everything in one zone."""

from __future__ import annotations

from itertools import product

import highspy
import numpy as np

from market.trading.auction import BUY, Market
from market.trading.auction.model import Flags


class _Quiet(highspy.Highs):
    """Without the callbacks, and so without the banner on standard output."""

    def __init__(self) -> None:
        super(highspy.Highs, self).__init__()


def most_welfare(market: Market, playing: Flags, closed: tuple[int, ...]) -> float:
    """The most welfare of the real-valued problem, tick-litres; shares no code with ours."""
    rows = len(market.nodes) + len(market.limits)
    model = highspy.HighsLp()
    columns: list[tuple[float, float, dict[int, float]]] = []
    for i in np.flatnonzero(playing).tolist():
        buys = market.orders.side[i] == BUY
        limit, litres = market.orders.limit[i].item(), market.orders.volume[i].item()
        columns.append(
            (
                limit if buys else -limit,
                litres / 1000,
                {market.orders.node[i].item(): -1.0 if buys else 1.0},
            )
        )
    sold = market.orders.volume[playing].sum().item() / 1000
    for number, arc in enumerate(market.arcs):
        entries = {arc.source: -1.0, arc.target: arc.k / 1000}
        for j, bound in enumerate(market.limits):
            for a, c, d in bound.terms:
                if a == number:
                    entries[len(market.nodes) + j] = c + d * arc.k / 1000
        columns.append((0.0, 0.0 if number in closed else sold, entries))
    if not columns:
        return 0.0
    start, index, value = [0], list[int](), list[float]()
    for _, _, entries in columns:
        index += entries
        value += entries.values()
        start.append(len(index))
    model.num_col_, model.num_row_ = len(columns), rows
    model.col_cost_ = np.array([cost for cost, _, _ in columns])
    model.col_lower_, model.col_upper_ = np.zeros(len(columns)), np.array([top for _, top, _ in columns])
    h = [limit.h_litres / 1000 for limit in market.limits]
    model.row_lower_ = np.array([0.0] * len(market.nodes) + [-highspy.kHighsInf] * len(h))
    model.row_upper_ = np.array([0.0] * len(market.nodes) + h)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_ = (
        np.array(start, np.int32),
        np.array(index, np.int32),
    )
    model.a_matrix_.value_ = np.array(value)
    model.sense_ = highspy.ObjSense.kMaximize
    highs = _Quiet()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("primal_feasibility_tolerance", 1e-10)
    highs.setOptionValue("dual_feasibility_tolerance", 1e-10)
    highs.passModel(model)
    highs.run()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return highs.getObjectiveValue() * 1000


def try_everything(market: Market) -> tuple[int, int]:
    """The most welfare (tick-litres) of any whole litres in one zone, and the most litres that have it."""
    orders = market.orders
    best = (0, 0)
    for fills in product(*(range(q + 1) for q in orders.volume.tolist())):
        given = np.array(fills)
        signs = np.where(orders.side == BUY, 1, -1)
        if (signs * given).sum() == 0:
            welfare = (signs * given * orders.limit).sum().item()
            best = max(best, (welfare, given[orders.side == BUY].sum().item()))
    return best
