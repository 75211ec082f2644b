"""The product's book and the naive one on random commands, as many as wanted; both must come to the same.

python -m tests.soak_book --commands 1000000              a million
python -m tests.soak_book --commands 1000000 --seed 7     other ones, the same for the same seed
"""

from __future__ import annotations

import argparse
import json
import sys
import time

from tests.unit.trading.random_market import play_both


def main() -> int:
    """Plays; prints how often each outcome was. 1 where the books differ, with what replays it."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak_book", description="Two books on the same commands."
    )
    parser.add_argument("--commands", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    started = time.monotonic()
    try:
        seen = play_both(chosen.commands, chosen.seed)
    except AssertionError as difference:
        print(difference, file=sys.stderr)
        return 1
    print(
        json.dumps({"commands": chosen.commands, "seconds": round(time.monotonic() - started), "seen": seen})
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
