"""Works a record out once more. Pure.

First whole litres from the record's witness, without a solver: the same bytes. Then the checks of `verify`. Then the
whole call is solved anew, which sees what no integer check can: whether the right orders were dropped and arcs closed,
whether the prices are those nearest the reference, and whether ties were settled by the rules. Another path of the
solver may find other flows that are exactly as good: that is told as a difference, and refused by nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.trading.auction.clearing import Stage, clear, work_out
from market.trading.auction.levels import gather
from market.trading.auction.litres import settle_litres
from market.trading.auction.model import BadMarket, Clearing, Dropped, Flags, Market, Options, Witness
from market.trading.auction.prices import weight
from market.trading.auction.record import Record, body, canonical, read, read_witness, sealed
from market.trading.auction.solver import ClearingHalted
from market.trading.verify import verify

WITNESS = "whole litres from the witness"
DROPPED = "dropped orders"
CLOSED = "closed arcs of the call"
PRICES = "prices nearest the reference"
INTERVALS = "intervals of the prices"
MULTIPLIERS = "smallest multipliers"
SHARES = "shares of tied orders"
FLOWS = "least flow"
UNSOLVED = "solved anew"
ONLY_REPLAY_SEES = (WITNESS, DROPPED, CLOSED, PRICES, INTERVALS, MULTIPLIERS, SHARES, FLOWS)
"""Kinds of tampering that pass every check of `verify` when the record is hashed anew."""
LEAST_MILLI = 2
NANO = 10**9


@dataclass(frozen=True, slots=True)
class Report:
    """What a replay found: the names of what it refuses (none: a good record), and the parts of the record that came
    out otherwise though equally good.
    """

    refused: tuple[str, ...]
    differs: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether solving anew gave the same bytes."""
        return not self.refused and not self.differs


def replay(record: Record) -> Report:
    """Replays a record. Never raises for a bad one."""
    failed = verify(record)
    if failed:
        return Report(tuple(failed), ())
    try:
        market, options = read(record)
        witness = read_witness(record)
        again = from_witness(record, market, options, witness)
    except (BadMarket, ArithmeticError, IndexError, TypeError, ValueError):
        return Report(("form",), ())
    if canonical(again) != canonical(record):
        return Report((WITNESS,), ())
    try:
        fresh = clear(market, options)
    except ClearingHalted:
        return Report((UNSOLVED,), ())
    found = sealed(body(market, fresh) | {"solver": record["solver"]})
    if found["sha256"] == record["sha256"]:
        return Report((), ())
    refused = _worse(record, found, market, options, fresh)
    return Report(refused, _differences(record, found))


def from_witness(record: Record, market: Market, options: Options, witness: Witness) -> Record:
    """The record as whole litres from the witness give it; no solver is asked."""
    playing = _playing(record, market)
    levels = gather(market.orders, len(market.nodes), playing)
    clearing = Clearing(
        witness=witness,
        litres=settle_litres(market, levels, witness),
        dropped=tuple(Dropped(number, reason) for number, reason in record["dropped"]),
        closed=tuple(record["closed"]),
        options=options,
        solver_version=record["solver"]["version"],
    )
    return sealed(body(market, clearing) | {"solver": record["solver"]})


def _playing(record: Record, market: Market) -> Flags:
    playing = np.ones(len(market.orders), np.bool_)
    playing[[number for number, _ in record["dropped"]]] = False
    return playing


def _worse(
    record: Record, found: Record, market: Market, options: Options, fresh: Clearing
) -> tuple[str, ...]:
    """What the record has otherwise than the rules say, by measures that have one right answer."""
    if record["dropped"] != found["dropped"]:
        return (DROPPED,)
    if record["closed"] != found["closed"]:
        return (CLOSED,)
    refused = []
    if _apart(record["witness"]["pi"], found["witness"]["pi"]) > NANO // 10**6:
        refused.append(PRICES)
    if _interval_apart(record, found) >= LEAST_MILLI:
        refused.append(INTERVALS)
    if _apart(record["witness"]["y"], found["witness"]["y"]) > NANO // 10**6 * max(len(market.limits), 1):
        refused.append(MULTIPLIERS)
    if refused:
        return tuple(refused)
    stage = work_out(market, _playing(found, market), frozenset(fresh.closed), options)
    if not _shares_hold(record, stage):
        return (SHARES,)
    return (FLOWS,) if _more_flow(record, market, stage) else ()


def _apart(one: list[int], other: list[int]) -> int:
    return max((abs(a - b) for a, b in zip(one, other, strict=True)), default=0)


def _interval_apart(record: Record, found: Record) -> int:
    """By how much ends of the recorded intervals differ (10^-3 ticks)."""
    apart = 0
    pairs = zip(record["witness"]["intervals"], found["witness"]["intervals"], strict=True)
    for one, other in pairs:
        for a, b in zip(one, other, strict=True):
            apart = max(apart, LEAST_MILLI if (a is None) != (b is None) else abs((a or 0) - (b or 0)))
    return apart


def _shares_hold(record: Record, stage: Stage) -> bool:
    """Whether the flows give each level at the price its fair share, and the net of each node, within 10 ml an arc
    and a billionth.
    """
    face, network = stage.settled.face, stage.network
    flows = np.array(record["witness"]["flows"], np.float64) / 1000
    net = np.zeros(len(face.supply))
    for ends, litres in ((network.source, -flows), (network.target, flows * network.share)):
        np.add.at(net, ends, litres)
    given = stage.settled.shares * face.volume * np.where(face.group & 1, -1, 1)
    expected = face.supply.copy()
    np.add.at(expected, face.group >> 1, given)
    slack = 0.01 * (len(flows) + 1) + 1e-9 * stage.levels.cumulative[-1].item()
    return bool((np.abs(net + expected) <= slack).all())


def _more_flow(record: Record, market: Market, stage: Stage) -> bool:
    """Whether the recorded flows weigh more than the least that would do."""
    weights = [weight(f"{market.seed}/arc{a}") for a in range(len(market.arcs))]
    recorded = sum(w * flow for w, flow in zip(weights, record["witness"]["flows"], strict=True)) / 1000
    slack = 2 * 0.01 * (len(weights) + 1) * 1000 + 1e-7 * max(stage.settled.weighted, 1.0)
    return bool(recorded > stage.settled.weighted + slack)


def _differences(record: Record, found: Record, prefix: str = "") -> tuple[str, ...]:
    """The names of the parts that differ."""
    names: list[str] = []
    for name in sorted(record):
        if name == "sha256" or record[name] == found[name]:
            continue
        inner = name in ("witness", "result")
        names += _differences(record[name], found[name], f"{name}.") if inner else [prefix + name]
    return tuple(names)


__all__ = ["ONLY_REPLAY_SEES", "Report", "replay"]
