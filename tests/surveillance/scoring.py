"""Scores alerts against labels: who had to be named and was, and who was named and should not have been."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from market.supervision.surveillance import Thresholds, detect
from market.supervision.surveillance.evidence import DETECTORS, Alert
from tests.surveillance.building import Expected, Scenario


@dataclass(slots=True)
class Score:
    """Counts by detector: labels that had to be named and were; alerts that were right, or allowed, or neither."""

    expected: Counter[str] = field(default_factory=Counter)
    recalled: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    misses: list[str] = field(default_factory=list)

    def recall(self, *detectors: str) -> float:
        return _share(self.recalled, self.expected, detectors or DETECTORS)

    def precision(self, *detectors: str) -> float:
        return _share(self.right, self.right + self.false, detectors or DETECTORS)

    def table(self, title: str) -> str:
        """Recall and precision of each detector and of all."""
        lines = [f"{title:<28}recall          precision"]
        for name in (*DETECTORS, ""):
            some = (name,) if name else DETECTORS
            expected, recalled, right, false = (
                sum(counts[one] for one in some)
                for counts in (self.expected, self.recalled, self.right, self.false)
            )
            lines.append(
                f"{name or 'overall':<28}{self.recall(*some):.3f} {f'({recalled}/{expected})':<10}"
                f"{self.precision(*some):.3f} ({right}/{right + false})"
            )
        return "\n".join(lines)


def _share(part: Counter[str], whole: Counter[str], detectors: Iterable[str]) -> float:
    total = sum(whole[one] for one in detectors)
    return sum(part[one] for one in detectors) / total if total else 1.0


def touches(label: Expected, alert: Alert) -> bool:
    """Whether an alert speaks of a label's facts: its detector, and one of the trades or orders if any are named."""
    named = not (label.trades or label.orders)
    return label.detector == alert.detector and (
        named or bool(label.trades & set(alert.trades) or label.orders & set(alert.orders))
    )


def score(cases: Iterable[Scenario], thresholds: Thresholds | None = None) -> Score:
    """A label is recalled where an alert on its facts covers its parties. An alert is right where it touches a label
    (expected: counted; tolerated: counted neither way) and names nobody whom that label does not name."""
    found = Score()
    for case in cases:
        alerts = detect(case.evidence, thresholds)
        for label in case.expected:
            found.expected[label.detector] += 1
            if any(touches(label, one) and label.parties <= set(one.parties) for one in alerts):
                found.recalled[label.detector] += 1
            else:
                found.misses.append(f"{case.id}: {label.detector} of {sorted(label.parties)} missed")
        for one in alerts:
            if any(touches(label, one) and set(one.parties) <= label.parties for label in case.expected):
                found.right[one.detector] += 1
            elif not any(
                touches(label, one) and set(one.parties) <= label.parties for label in case.tolerated
            ):
                found.false[one.detector] += 1
                found.misses.append(f"{case.id}: false {one.detector} of {one.parties}: {one.figures}")
    return found
