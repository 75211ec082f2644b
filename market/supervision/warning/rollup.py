"""Facts of places added up under the nodes that hold them, and the colour that comes of it. Pure.

A place is a township, a canal, a sector and a source; there are hundreds of them where there are hundreds of thousands
of accounts, so that the database adds those up and this adds up places.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from market.registry import caps
from market.supervision.warning.colours import Rule, Verdict, verdict
from market.supervision.warning.forecast import ONE, Forecast, forecast

CAP, TARGET, USER = "cap", "target", "user"
MU, OUTPUT = "mu", "output"


@dataclass(slots=True)
class Facts:
    """What is known of a place, or of a node: litres, land in 1/100 mu, use by month, and of earlier years by month.

    `read_days` is the use times the day of the year up to which it was read: over the use, the day that a node as a
    whole was read up to.
    """

    used_litres: int = 0
    holdings_litres: int = 0
    land_mu_e2: int = 0
    read_days: int = 0
    months: list[int] = field(default_factory=lambda: [0] * 12)
    past: dict[int, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * 12))

    def add(self, other: Facts) -> None:
        """Adds another's facts to these."""
        self.used_litres += other.used_litres
        self.holdings_litres += other.holdings_litres
        self.land_mu_e2 += other.land_mu_e2
        self.read_days += other.read_days
        self.months = [a + b for a, b in zip(self.months, other.months, strict=True)]
        for year, months in other.past.items():
            self.past[year] = [a + b for a, b in zip(self.past[year], months, strict=True)]


@dataclass(frozen=True, slots=True)
class Node:
    """A cap with its limit and what was allotted under it, or a target with the most for a mu or for an output.

    `at` is what it holds; `participant_id` narrows a target to one user. Of a target `limit_litres` is for one mu, or
    for 10 000 yuan of output, of which `output_e2` hundredths were reported.
    """

    kind: str
    code: str
    at: caps.LimitNode
    limit_litres: int
    legal_source: str
    demonstration: bool
    allotted_litres: int = 0
    held_litres: int = 0
    per: str | None = None
    output_e2: int | None = None
    participant_id: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A node with its numbers and its colour; `base_e2` is what a target counts, None where nothing is known of it."""

    node: Node
    facts: Facts
    forecast: Forecast | None
    base_e2: int | None
    verdict: Verdict

    @property
    def per_base_litres(self) -> int | None:
        """The use so far of a mu, or for 10 000 yuan of output, rounded down; None where that is not known."""
        return self.facts.used_litres * 100 // self.base_e2 if self.base_e2 else None


def lines(
    nodes: Iterable[Node],
    places: Mapping[caps.Place, Facts],
    users: Mapping[tuple[int, str | None], Facts],
    rules: Sequence[Rule],
    *,
    elapsed_e6: int,
    year_days: int,
) -> list[Line]:
    """Every node with its numbers and colour. `users` are the facts of those whose output was reported, by sector."""
    return [
        _line(each, _under(each, places, users), rules, elapsed_e6=elapsed_e6, year_days=year_days)
        for each in nodes
    ]


def _under(
    node: Node, places: Mapping[caps.Place, Facts], users: Mapping[tuple[int, str | None], Facts]
) -> Facts:
    found = Facts()
    if node.participant_id is not None:
        found.add(users.get((node.participant_id, node.at.sector), Facts()))
        return found
    for at, facts in places.items():
        if caps.holds(node.at, at):
            found.add(facts)
    return found


def read_up_to_e6(facts: Facts, elapsed_e6: int, year_days: int) -> int:
    """The share of the year (millionths) that the use of a node was read up to: of each litre, its meter's last day.

    So a meter that was read a month ago is not taken for one that has used nothing since. Without use, today.
    """
    if not facts.used_litres:
        return elapsed_e6
    days_e6 = facts.read_days * ONE // (facts.used_litres * year_days)
    return max(1, min(elapsed_e6, days_e6))


def _line(node: Node, facts: Facts, rules: Sequence[Rule], *, elapsed_e6: int, year_days: int) -> Line:
    coming = forecast(
        used_litres=facts.used_litres, months=facts.months,
        elapsed_e6=read_up_to_e6(facts, elapsed_e6, year_days) if elapsed_e6 < ONE else ONE,
        past=[facts.past[year] for year in sorted(facts.past)],
    )  # fmt: skip
    base = {None: None, MU: facts.land_mu_e2, OUTPUT: node.output_e2}[node.per]
    use = coming.litres if coming is not None else facts.used_litres
    measures: dict[str, tuple[int, int]] = {}
    if node.kind == CAP:
        measures["use"] = (facts.used_litres, node.limit_litres)
        measures["allotted"] = (node.allotted_litres, node.limit_litres)
        if coming is not None:
            measures["forecast"] = (use, node.limit_litres)
    elif base:
        measures["intensity"] = (use * 100, node.limit_litres * base)
    return Line(node, facts, coming, base, verdict(measures, rules))
