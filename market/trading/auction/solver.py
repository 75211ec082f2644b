"""Linear programs for HiGHS, as arrays. Pure.

One thread, no parallelism, tolerances of 10^-9, one random seed: the same machine gives the same vertex.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from market.trading.auction.model import Ints, Options, Reals

INFINITY = highspy.kHighsInf
TOLERANCE = 1e-9
_OPTIMAL = highspy.HighsModelStatus.kOptimal
_AGAIN: tuple[tuple[str, int | str], ...] = (
    ("simplex_strategy", 1),
    ("presolve", "off"),
    ("presolve", "on"),
    ("solver", "simplex"),
)
"""What is changed, one after the other, when a program is not solved: afresh, then by other ways."""


class ClearingHalted(Exception):
    """The solver did not answer a question of the call: nothing may be published."""


class Unsolved(Exception):
    """One program was not solved to optimality; a stage may try again with more slack."""


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """An optimal vertex: variables `x`, multipliers of the rows `dual` (of a minimum), reduced costs, the value."""

    x: Reals
    dual: Reals
    reduced: Reals
    value: float


class _Quiet(highspy.Highs):
    """HiGHS without the callbacks that its Python class turns on: that would print a banner to standard output."""

    def __init__(self) -> None:
        super(highspy.Highs, self).__init__()


class Program:
    """min cost·x with lower ≤ x ≤ upper and row_lower ≤ A x ≤ row_upper; A as (row, column, value) triples.

    It can be changed and solved again; HiGHS then goes on from the last vertex.
    """

    def __init__(
        self,
        *,
        cost: Reals,
        lower: Reals,
        upper: Reals,
        row_lower: Reals,
        row_upper: Reals,
        triples: tuple[Ints, Ints, Reals],
        options: Options,
    ) -> None:
        rows, columns, values = triples
        order = np.argsort(columns, kind="stable")
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(cost), len(row_lower)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, lower, upper
        lp.row_lower_, lp.row_upper_ = row_lower, row_upper
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.num_col_, lp.a_matrix_.num_row_ = len(cost), len(row_lower)
        lp.a_matrix_.start_ = np.searchsorted(columns[order], np.arange(len(cost) + 1)).astype(np.int32)
        lp.a_matrix_.index_ = rows[order].astype(np.int32)
        lp.a_matrix_.value_ = values[order].astype(np.float64)
        self.columns = len(cost)
        # HiGHS 1.16's interior point crashed the process when it went on from a vertex after changes
        self.fresh = options.solver == "ipm"
        self._highs = _Quiet()
        configure(self._highs, options)
        self._highs.passModel(lp)

    def solve(self) -> Solution:
        """Errors: Unsolved."""
        if not self.columns:
            return Solution(np.zeros(0), np.zeros(self._highs.getNumRow()), np.zeros(0), 0.0)
        if self.fresh:
            self._highs.clearSolver()
        self._highs.run()
        for name, value in _AGAIN:
            if self._highs.getModelStatus() == _OPTIMAL:
                break
            self._highs.clearSolver()  # not from the last vertex, and another way
            self._highs.setOptionValue(name, value)
            self._highs.run()
        if self._highs.getModelStatus() != _OPTIMAL:
            raise Unsolved(self._highs.modelStatusToString(self._highs.getModelStatus()))
        found = self._highs.getSolution()
        return Solution(
            x=np.array(found.col_value, np.float64),
            dual=np.array(found.row_dual, np.float64),
            reduced=np.array(found.col_dual, np.float64),
            value=self._highs.getObjectiveValue(),
        )

    def cost(self, column: int, value: float) -> None:
        """Changes one variable's cost."""
        self._highs.changeColCost(column, value)

    def costs(self, values: Reals) -> None:
        """Changes every variable's cost."""
        self._highs.changeColsCost(self.columns, np.arange(self.columns, dtype=np.int32), values)

    def bounds(self, column: int, lower: float, upper: float) -> None:
        """Changes one variable's bounds."""
        self._highs.changeColBounds(column, lower, upper)

    def row(self, number: int, lower: float, upper: float) -> None:
        """Changes one row's bounds."""
        self._highs.changeRowBounds(number, lower, upper)


def configure(highs: highspy.Highs, options: Options) -> None:
    """Sets what is the same for every program of a call."""
    highs.setOptionValue("output_flag", False)
    for name, value in settings(options).items():
        highs.setOptionValue(name, value)
    highs.setOptionValue("primal_feasibility_tolerance", TOLERANCE)
    highs.setOptionValue("dual_feasibility_tolerance", TOLERANCE)


def settings(options: Options) -> dict[str, int | str]:
    """The options of HiGHS that the record names; both tolerances are 10^-9."""
    return {
        "parallel": "off",
        "presolve": options.presolve,
        "random_seed": options.random_seed,
        "simplex_strategy": options.strategy,
        "solver": options.solver,
        "threads": 1,
    }


def version() -> str:
    """HiGHS's version."""
    return str(_Quiet().version())
