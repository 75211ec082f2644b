"""All or nothing: the good rows of a file and what is wrong with the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from market.core import progress
from market.core.errors import Refusal
from market.core.sheets.columns import Problem
from market.core.sheets.errors import RowsWrong
from market.core.sheets.reading import Row


@dataclass(slots=True)
class Gathered:
    """The good rows, and the problems of the bad ones (at most so many; `refused` counts every bad row)."""

    most_problems: int = 500
    good: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    bad: set[int] = field(default_factory=set)
    held: int = 0
    """Of the good rows, those that wait for a decision."""

    @property
    def refused(self) -> int:
        """How many rows were refused."""
        return len(self.bad)

    def refuse(self, problem: Problem) -> None:
        """Refuses a row."""
        self.bad.add(problem.row)
        if len(self.problems) < self.most_problems:
            self.problems.append(problem)

    def refuse_by_rule(self, row: Row, column: str, refusal: Refusal) -> None:
        """Refuses a row for what a use case said of it."""
        self.refuse(Problem(row.number, column, refusal.code, refusal.detail, refusal.title_zh))

    def check(self, *, partial: bool) -> None:
        """Refuses the whole file if a row was refused, unless the good ones are wanted. Errors: RowsWrong."""
        if self.bad and not partial:
            raise RowsWrong(
                f"{self.refused} rows were refused, the first is row {min(self.bad)}",
                extra={"refused": self.refused, "rows": listed(self.problems)},
            )


def gather(rows: Iterable[Row], *, most_problems: int = 500) -> Gathered:
    """Sorts the rows of a file."""
    found, number = Gathered(most_problems), 0
    for number, row in enumerate(rows, 1):
        if row.problems:
            for problem in row.problems:
                found.refuse(problem)
        else:
            found.good.append(row)
        if number % progress.EVERY_ROWS == 0:
            progress.tell("reading", number)
    progress.tell("writing", number)
    return found


def listed(problems: Iterable[Problem]) -> list[dict[str, str | int | None]]:
    """Problems on the wire."""
    return [
        {
            "row": each.row,
            "column": each.column or None,
            "code": each.code,
            "message_en": each.en,
            "message_zh": each.zh,
        }
        for each in problems
    ]
