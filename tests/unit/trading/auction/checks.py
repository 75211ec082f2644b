"""What one random market, and one tampered record, must show; the tests and the soak share it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from market.trading.auction import Clearing, ClearingHalted, Market, Options, canonical, clear, record
from market.trading.auction import welfare as stage
from market.trading.auction.clearing import work_out
from market.trading.auction.record import body
from market.trading.auction.replay import replay
from market.trading.verify import verify
from tests.unit.trading.auction.markets import random_market
from tests.unit.trading.auction.peer import most_welfare
from tests.unit.trading.auction.tampering import ONLY_REPLAY_REFUSES, VERIFY_REFUSES, tampered

PATHS = {
    "simplex": Options(),
    "dual simplex without presolve": Options(presolve="off"),
    "interior point": Options(solver="ipm"),
    "primal simplex, other seed": Options(strategy=4, random_seed=7),
}
"""Ways through HiGHS that must end in the same bytes."""
GAP = 1e-9
A_FEN = 1e5
"""In tick-litres: what is worth less is measured against it."""


@dataclass(frozen=True)
class Outcome:
    """A market cleared: its failed checks, the relative gap to one variable an order, the paths that differ."""

    number: int
    failed: tuple[str, ...]
    gap: float
    paths: tuple[str, ...]
    dropped: int
    closed: int


def check_market(number: int, *, all_paths: bool = True, segments: bool = False) -> Outcome:
    """Clears a random market by every path. With `segments` levels are gathered however few orders there are."""
    market = random_market(number)
    old = stage.ONE_A_LEVEL, stage.SEGMENTS
    if segments:
        stage.ONE_A_LEVEL, stage.SEGMENTS = 0, 2
    try:
        try:
            clearing = clear(market)
        except ClearingHalted as error:
            return Outcome(number, (f"halted: {error}",), 0.0, (), 0, 0)
        failed = tuple(verify(record(market, clearing)))
        gap = relative_gap(market, clearing)
        bytes_ = result_bytes(market, clearing)
        others = list(PATHS)[1:] if all_paths else []
        paths = tuple(name for name in others if bytes_ != _bytes_by(market, PATHS[name]))
    finally:
        stage.ONE_A_LEVEL, stage.SEGMENTS = old
    return Outcome(number, failed, gap, paths, len(clearing.dropped), len(clearing.closed))


def _bytes_by(market: Market, options: Options) -> bytes:
    try:
        return result_bytes(market, clear(market, options))
    except ClearingHalted as error:
        return str(error).encode()


def result_bytes(market: Market, clearing: Clearing) -> bytes:
    """The canonical bytes of a record but for what was asked of the solver."""
    return canonical(body(market, clearing) | {"solver": None})


def relative_gap(market: Market, clearing: Clearing) -> float:
    """How far our welfare stage is from one variable an order, as a part of it; whole litres included in neither."""
    playing = np.ones(len(market.orders), np.bool_)
    playing[[each.order for each in clearing.dropped]] = False
    ours = work_out(market, playing, frozenset(clearing.closed), Options()).optimum.value
    theirs = most_welfare(market, playing, clearing.closed)
    return abs(ours - theirs) / max(abs(theirs), A_FEN)


def good_record(number: int) -> dict[str, Any]:
    """The record of a random market."""
    market = random_market(number)
    return record(market, clear(market))


def check_tampering(number: int) -> tuple[str, str]:
    """One tampering of its number: its kind, and "refused", "not applicable" or what went wrong."""
    random = Random(number)
    kinds = len(VERIFY_REFUSES) + len(ONLY_REPLAY_REFUSES)
    which = number % kinds
    for market in range(number, number + 500 * kinds, kinds):  # the next market that the kind applies to
        if which < len(VERIFY_REFUSES):
            kind = VERIFY_REFUSES[which]
            found = tampered(good_record(market), kind, random)
            if found is not None:
                return kind.__name__, "refused" if verify(found) else f"passes in market {market}"
        else:
            forgery = ONLY_REPLAY_REFUSES[which - len(VERIFY_REFUSES)]
            answer = _forged(forgery, market, random)
            if answer is not None:
                return forgery.__name__, answer
    return str(which), "not applicable"


def _forged(forgery: Any, number: int, random: Random) -> str | None:
    original = good_record(number)
    found = forgery(original, random)
    if found is None or (canonical(found["witness"]) == canonical(original["witness"]) and (
        found["result"] == original["result"] and found["dropped"] == original["dropped"]
        and found["closed"] == original["closed"]
    )):  # fmt: skip
        return None
    report = replay(found)
    return "refused" if report.refused else f"passes in market {number}: differs in {report.differs}"
