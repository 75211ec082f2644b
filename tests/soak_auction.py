"""The long test of the call auction: `python -m tests.soak_auction --markets 6000 --tampered 5000 --json`.

Every market is cleared, checked, and as good as with one variable an order; solved four ways, to the same bytes; and
records are tampered with and hashed again, which the check or a replay must refuse.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from itertools import count
from typing import Any

import click
import numpy as np
from rich.progress import track

from market.trading import verify
from market.trading.auction import ClearingHalted, clear, record, welfare
from market.trading.auction.model import Options
from market.trading.auction.replay import replay
from tests.unit.trading import auction_tampering as tampering
from tests.unit.trading.auction_markets import best_welfare, brute_welfare, random_market
from tests.unit.trading.test_auction import WAYS

RELATIVE = 1e-9
LEAST = 1.0
"""A tick-litre (1e-5 fen): below it two values are the same nothing."""


@click.command()
@click.option("--markets", default=6_000, show_default=True, help="Markets to clear.")
@click.option("--tampered", default=5_000, show_default=True, help="Records to tamper with.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(markets: int, tampered: int, as_json: bool) -> None:
    """Runs it; exits 1 where a bar is missed."""
    found: dict[str, Any] = {"markets": markets, **_markets(markets, as_json), **_tampered(tampered, as_json)}
    good = not found["failures"] and found["same_bytes"] >= 0.999 and not found["not_refused"]
    click.echo(
        json.dumps(found) if as_json else "\n".join(f"{name}: {value}" for name, value in found.items())
    )
    raise SystemExit(0 if good else 1)


def _markets(markets: int, quiet: bool) -> dict[str, Any]:
    failures: Counter[str] = Counter()
    worst, same, differing = 0.0, 0, []
    for number in track(range(markets), "markets", disable=quiet):
        market = random_market(number)
        try:
            cleared = [clear(market, way) for way in WAYS]
        except ClearingHalted as error:
            failures[f"halted: {error}"] += 1
            continue
        data = record(market, cleared[0])
        failures.update(each.partition(":")[0] for each in verify.verify(data))
        results = [json.loads(record(market, each))["result"] for each in cleared]
        if results.count(results[0]) == len(WAYS):
            same += 1
        else:
            differing.append(number)
        playing = np.ones(len(market.orders), bool)
        playing[[each.order for each in cleared[0].dropped]] = False
        ours = welfare.maximise(market, playing, frozenset(cleared[0].closed), Options()).value * 1_000
        best = best_welfare(market, playing.tolist(), set(cleared[0].closed))
        gap = abs(ours - best) / max(abs(best), LEAST / RELATIVE)
        worst = max(worst, gap)
        failures["welfare"] += gap > RELATIVE
        if len(market.nodes) == 1:
            failures["brute force"] += cleared[0].litres.welfare != brute_welfare(market, playing.tolist())
    return {
        "failures": dict(+failures), "worst_gap": worst, "same_bytes": same / max(markets, 1),
        "differing": differing,
    }  # fmt: skip


def _tampered(wanted: int, quiet: bool) -> dict[str, Any]:
    chance = random.Random(7)
    by_kind: Counter[str] = Counter()
    not_refused: list[str] = []
    kinds = [(kind, False) for kind in tampering.SEEN_BY_VERIFY]
    kinds += [(kind, True) for kind in tampering.SEEN_BY_REPLAY_ONLY]
    numbers = count()
    done = 0
    for _ in track(range(wanted), "tampered", disable=quiet):
        while True:
            kind, by_replay = kinds[done % len(kinds)]
            number = next(numbers)
            market = random_market(number, "one_zone" if "reference" in kind.__name__ else None)
            data = tampering.tampered(record(market, clear(market)), kind, chance)
            if data is not None:
                break
        done += 1
        by_kind[kind.__name__] += 1
        refused = not replay(data).same if by_replay else bool(verify.verify(data))
        if not refused:
            not_refused.append(f"{kind.__name__} {number}")
    return {"tampered": done, "kinds": dict(by_kind), "not_refused": not_refused}


if __name__ == "__main__":
    main()
