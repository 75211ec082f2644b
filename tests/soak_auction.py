"""The long test of the call auction: random markets by every solver path, and tampered records.

python -m tests.soak_auction --markets 6000 --tampered 5000 --json
python -m tests.soak_auction --first 120000 --markets 6000      other markets

Exits 1 if a market fails a check, is less good than one variable an order, or a tampered record passes; other bytes by
another path are told with their market, and fail when there are more than one in a thousand.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

from rich.console import Console
from rich.progress import track

from market.trading.auction.solver import version
from tests.unit.trading.auction.checks import GAP, PATHS, Outcome, check_market, check_tampering

SAME_BYTES = 0.999


def _market(number: int) -> Outcome:
    """Every second market is cleared by segments, as large ones are."""
    return check_market(number, segments=number % 2 == 1)


def _all(task: Callable[[int], Any], numbers: range, jobs: int, what: str, quiet: bool) -> Iterator[Any]:
    console = Console(stderr=True)
    show = partial(track, description=what, total=len(numbers), console=console, disable=quiet)
    if jobs == 1:
        yield from map(task, show(numbers))
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from show(pool.map(task, numbers, chunksize=20))


def markets(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """What the markets showed."""
    found = list(outcomes)
    other = [{"market": each.number, "paths": list(each.paths)} for each in found if each.paths]
    return {
        "markets": len(found),
        "paths": list(PATHS),
        "failed": [{"market": each.number, "checks": list(each.failed)} for each in found if each.failed],
        "largest_gap": max((each.gap for each in found), default=0.0),
        "gaps_above": [each.number for each in found if each.gap > GAP],
        "same_bytes": round(1 - len(other) / max(len(found), 1), 5),
        "other_bytes": other,
        "with_dropped_orders": sum(1 for each in found if each.dropped),
        "with_closed_arcs": sum(1 for each in found if each.closed),
    }


def tamperings(answers: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """What the tampered records showed."""
    found = list(answers)
    return {
        "tampered": len(found),
        "refused": sum(1 for _, answer in found if answer == "refused"),
        "kinds": dict(sorted(Counter(kind for kind, _ in found).items())),
        "passed": [{"kind": kind, "answer": answer} for kind, answer in found if answer != "refused"],
    }


def main() -> None:
    """Runs what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--markets", type=int, default=6_000)
    parser.add_argument("--tampered", type=int, default=5_000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first market")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--json", action="store_true", help="print one JSON object, and no progress")
    asked = parser.parse_args()
    started = time.monotonic()
    numbers = range(asked.first, asked.first + asked.markets)
    report = {"highs": version()}
    report |= markets(_all(_market, numbers, asked.jobs, "markets", asked.json))
    records = range(asked.first, asked.first + asked.tampered)
    report |= tamperings(_all(check_tampering, records, asked.jobs, "tampered records", asked.json))
    report["seconds"] = round(time.monotonic() - started, 1)
    print(json.dumps(report, ensure_ascii=False, indent=None if asked.json else 2))
    bad = report["failed"] or report["gaps_above"] or report["passed"] or report["same_bytes"] < SAME_BYTES
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
