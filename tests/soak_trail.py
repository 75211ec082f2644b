"""The long test of the audit trail: tampered copies of exports, each of which must be found; untouched ones pass.

python -m tests.soak_trail --copies 100000            the table: found and missed by what was done to the copy
python -m tests.soak_trail --copies 10000 --seed 7    other ones, the same for the same seed
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping

from tests.unit.supervision.tampering import KINDS, play

FOUND, MISSED = "found", "missed"


def soak(copies: int, seed: int) -> Counter[str]:
    """How often each kind of tampering was found and missed: `edit found`, `edit missed`.

    Errors: AssertionError where an untouched export does not pass.
    """
    found, missed = play(copies, seed)
    counted = Counter({f"{kind} {FOUND}": times for kind, times in found.items()})
    counted.update(f"{kind} {MISSED}" for kind in missed)
    return counted


def missed_of(counted: Mapping[str, int]) -> int:
    """How many tampered copies passed."""
    return sum(times for name, times in counted.items() if name.endswith(MISSED))


def table(counted: Mapping[str, int]) -> str:
    """Found and missed by kind, and together."""
    lines = [f"{'tampered copies':20}{FOUND:>9}{MISSED:>9}"]
    for kind in sorted(each.__name__ for each in KINDS):
        lines.append(f"{kind:20}{_of(counted, kind, FOUND):>9}{_of(counted, kind, MISSED):>9}")
    missed = missed_of(counted)
    lines.append(f"{'together':20}{sum(counted.values()) - missed:>9}{missed:>9}")
    return "\n".join(lines)


def _of(counted: Mapping[str, int], kind: str, how: str) -> int:
    return counted.get(f"{kind} {how}", 0)


def main() -> int:
    """Tampers and checks; 1 where a copy passed."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak_trail", description="Tampered audit exports.")
    parser.add_argument("--copies", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    asked = parser.parse_args()
    started = time.monotonic()
    counted = soak(asked.copies, asked.seed)
    print(table(counted) if not asked.json else json.dumps(counted))
    print(f"{time.monotonic() - started:.0f} s", file=sys.stderr)
    return 1 if missed_of(counted) else 0


if __name__ == "__main__":
    sys.exit(main())
