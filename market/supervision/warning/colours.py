"""The colour of a node: every measure of it against its limit, by the county's thresholds; the gravest counts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

GREEN = "green"
ORDER = (GREEN, "yellow", "orange", "red")
ONE = 1_000_000


class Rule(Protocol):
    """A threshold of the county pack."""

    @property
    def measure(self) -> str: ...
    @property
    def colour(self) -> str: ...
    @property
    def at_e6(self) -> int: ...
    @property
    def operator(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """The colour, and the measure and share of its limit (millionths) that give it; green: the largest share."""

    colour: str
    measure: str | None
    share_e6: int | None


def reached(rule: Rule, value: int, limit: int) -> bool:
    """Whether a value is at the threshold, exactly: gte includes it, gt does not. Of nothing, anything is over."""
    left, right = value * ONE, rule.at_e6 * limit
    if limit == 0:
        return value > 0
    return left >= right if rule.operator == "gte" else left > right


def share(value: int, limit: int) -> int | None:
    """The value as a share of its limit, in millionths, rounded down; None where the limit is nothing."""
    return value * ONE // limit if limit else None


def verdict(measures: Mapping[str, tuple[int, int]], rules: Iterable[Rule]) -> Verdict:
    """The gravest colour of a node. `measures`: of each what it is and what it may be, in the same unit."""
    best = Verdict(GREEN, None, None)
    for name, (value, limit) in measures.items():
        found = GREEN
        for rule in rules:
            if rule.measure == name and reached(rule, value, limit):
                found = max(found, rule.colour, key=ORDER.index)
        grade, part = ORDER.index(found), share(value, limit)
        if (grade, part or 0) > (ORDER.index(best.colour), best.share_e6 or 0) or best.measure is None:
            best = Verdict(found, name, part)
    return best
