"""Tampering with records, hashed anew each time: what `verify` must refuse, and what only `replay` can see."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np

from market.trading.auction.clearing import work_out
from market.trading.auction.model import MINIMUM_FILL, Clearing, Dropped, Litres, Market, Witness
from market.trading.auction.record import read, read_witness, sealed
from market.trading.auction.replay import from_witness

Record = dict[str, Any]
Kind = Callable[[Record, Random], bool]
"""Changes a record in place; whether there was anything to change."""


def _some(random: Random, numbers: list[int]) -> int | None:
    return random.choice(numbers) if numbers else None


def _filled(record: Record) -> list[int]:
    return [i for i, x in enumerate(record["result"]["fills"]) if x]


def one_litre_more(record: Record, random: Random) -> bool:
    """An order gets a litre more."""
    i = _some(random, _filled(record))
    if i is not None:
        record["result"]["fills"][i] += 1
    return i is not None


def a_neighbour_served(record: Record, random: Random) -> bool:
    """Litres move from one order to another of the same node and side."""
    orders, fills = record["orders"], record["result"]["fills"]
    pairs = [
        (i, j)
        for i in _filled(record)
        for j in range(len(fills))
        if i != j
        and (orders["node"][i], orders["side"][i]) == (orders["node"][j], orders["side"][j])
        and fills[j] < orders["volume"][j]
    ]
    if not pairs:
        return False
    i, j = random.choice(pairs)
    # one litre between two orders at the very same price can be the drawn litre itself; two never are
    litres = min(fills[i], orders["volume"][j] - fills[j])
    if litres < 2:
        return False
    fills[i], fills[j] = fills[i] - litres, fills[j] + litres
    return (orders["limit"][i], orders["volume"][i]) != (
        orders["limit"][j],
        orders["volume"][j],
    ) or litres > 2


def another_price(record: Record, random: Random) -> bool:
    """A node has another price, some ticks off."""
    n = _some(random, list(range(len(record["nodes"]))))
    assert n is not None
    record["result"]["prices"][n] += random.choice([-50, -1, 1, 50])
    return True


def more_water_arrives(record: Record, random: Random) -> bool:
    """An arc delivers a litre more than entered it."""
    a = _some(random, [a for a, d in enumerate(record["result"]["delivered"]) if d])
    if a is not None:
        record["result"]["delivered"][a] += 1
    return a is not None


def more_water_flows(record: Record, random: Random) -> bool:
    """An arc carries an exact lot more, and nobody sold it."""
    a = _some(random, list(range(len(record["arcs"]))))
    if a is not None:
        record["result"]["entering"][a] += 1000
        record["result"]["delivered"][a] += record["arcs"][a]["k"]
        record["result"]["losses"][a] += 1000 - record["arcs"][a]["k"]
    return a is not None


def a_limit_lowered(record: Record, random: Random) -> bool:
    """A limit that water uses had been lower."""
    loads = [
        sum(
            c * record["result"]["entering"][a] + d * record["result"]["delivered"][a]
            for a, c, d in j["terms"]
        )
        for j in record["limits"]
    ]
    j = _some(random, [j for j, load in enumerate(loads) if load > 0])
    if j is not None:
        record["limits"][j]["h"] = loads[j] - 1
    return j is not None


def a_limit_raised(record: Record, random: Random) -> bool:
    """A limit that binds had been higher: the outcome would not have been the best."""
    j = _some(random, [j for j, y in enumerate(record["witness"]["y"]) if y])
    if j is not None:
        record["limits"][j]["h"] += 10_000
    return j is not None


def a_dual_moved(record: Record, random: Random) -> bool:
    """A price of the witness is a whole tick off."""
    n = _some(random, list(range(len(record["nodes"]))))
    assert n is not None
    record["witness"]["pi"][n] += random.choice([-1, 1]) * 10**9
    return True


def a_multiplier_invented(record: Record, random: Random) -> bool:
    """A limit is said to be worth more than it is."""
    j = _some(random, [j for j, limit in enumerate(record["limits"]) if limit["h"] and limit["terms"]])
    if j is not None:
        record["witness"]["y"][j] += 10**12
    return j is not None


def money_kept(record: Record, random: Random) -> bool:
    """The fund gets a fen less than it is owed."""
    record["result"]["fund"] -= 1
    return True


def sellers_paid_less(record: Record, random: Random) -> bool:
    """Sellers receive a fen less, and the fund has it."""
    record["result"]["received"] -= 1
    record["result"]["fund"] += 1
    return True


def a_limit_price_changed(record: Record, random: Random) -> bool:
    """A filled order had asked for another price, worse than the node's."""
    i = _some(random, _filled(record))
    if i is None:
        return False
    price = record["result"]["prices"][record["orders"]["node"][i]]
    record["orders"]["limit"][i] = price - 1 if record["orders"]["side"][i] else price + 1
    return bool(record["orders"]["limit"][i] >= 0)


def an_order_silenced(record: Record, random: Random) -> bool:
    """An order without a minimum is dropped for its minimum."""
    taken = {number for number, _ in record["dropped"]}
    free = [i for i, m in enumerate(record["orders"]["minimum"]) if not m and i not in taken]
    i = _some(random, free)
    if i is not None:
        record["dropped"].append([i, MINIMUM_FILL])
    return i is not None


def a_loss_hidden(record: Record, random: Random) -> bool:
    """The loss account gets less than was lost."""
    a = _some(random, [a for a, lost in enumerate(record["result"]["losses"]) if lost])
    if a is not None:
        record["result"]["losses"][a] -= 1
    return a is not None


def an_arc_closed(record: Record, random: Random) -> bool:
    """An arc that carries water is said to be closed."""
    a = _some(random, [a for a, enters in enumerate(record["result"]["entering"]) if enters])
    if a is not None:
        record["closed"].append(a)
    return a is not None


def a_better_gap(record: Record, random: Random) -> bool:
    """The gap is said to be smaller."""
    record["gap"] -= 1
    return True


def another_seed(record: Record, random: Random) -> bool:
    """The seed is not the one drawn from book and commitment."""
    record["seed"] = record["seed"][::-1] + "0"
    return record["committed"] is not None


def orders_reordered(record: Record, random: Random) -> bool:
    """An older order is made newer."""
    entries = record["orders"]["entry"]
    if len(entries) < 2:
        return False
    i = random.randrange(len(entries) - 1)
    entries[i], entries[i + 1] = entries[i + 1], entries[i]
    return True


def a_number_as_text(record: Record, random: Random) -> bool:
    """A number stands as a text."""
    record["result"]["paid"] = str(record["result"]["paid"])
    return True


VERIFY_REFUSES: tuple[Kind, ...] = (
    one_litre_more, a_neighbour_served, another_price, more_water_arrives, more_water_flows, a_limit_lowered,
    a_limit_raised, a_dual_moved, a_multiplier_invented, money_kept, sellers_paid_less, a_limit_price_changed,
    an_order_silenced, a_loss_hidden, an_arc_closed, a_better_gap, another_seed, orders_reordered, a_number_as_text,
)  # fmt: skip


def tampered(record: Record, kind: Kind, random: Random) -> Record | None:
    """A copy of the record, tampered with and hashed anew; None where the kind does not apply."""
    found = copy.deepcopy(record)
    return sealed(found) if kind(found, random) else None


# --- whole other records, consistent in themselves -------------------------------------------------------------------

Forgery = Callable[[Record, Random], Record | None]


def another_price_that_would_do(record: Record, random: Random) -> Record | None:
    """A price within its interval, but further from the reference; everything else follows from it."""
    market, options = read(record)
    witness = read_witness(record)
    wide = [
        (n, lower, upper)
        for n, (lower, upper) in enumerate(witness.intervals)
        if lower is not None and upper is not None and upper - lower > 5_000
    ]
    if not wide:
        return None
    n, lower, upper = random.choice(wide)
    ticks = [t for t in range(lower // 1000 + 2, upper // 1000 - 1) if t * 10**9 != witness.pi[n]]
    if not ticks:
        return None
    pi = list(witness.pi)
    pi[n] = random.choice(ticks) * 10**9
    return from_witness(record, market, options, replace(witness, pi=tuple(pi)))


def an_interval_widened(record: Record, random: Random) -> Record | None:
    """The interval of a price is told wider than it was."""
    found = copy.deepcopy(record)
    intervals = [each for each in found["witness"]["intervals"] if each[0] is not None]
    if not intervals:
        return None
    random.choice(intervals)[0] -= 1_000
    return sealed(found)


def a_multiplier_raised(record: Record, random: Random) -> Record | None:
    """A limit is said to be worth a hundredth of a tick more."""
    market, options = read(record)
    witness = read_witness(record)
    used = [j for j, worth in enumerate(witness.y) if worth]
    if not used:
        return None
    y = list(witness.y)
    y[random.choice(used)] += 10**7
    return from_witness(record, market, options, replace(witness, y=tuple(y)))


def a_flow_lowered(record: Record, random: Random) -> Record | None:
    """An arc carries a litre less than it could."""
    market, options = read(record)
    witness = read_witness(record)
    used = [a for a, flow in enumerate(witness.flows) if flow > 2_000]
    if not used:
        return None
    flows = list(witness.flows)
    flows[random.choice(used)] -= 1_500
    return from_witness(record, market, options, replace(witness, flows=tuple(flows)))


def another_rounding(record: Record, random: Random) -> Record | None:
    """Whole litres worked out from other flows than the witness's."""
    lowered = a_flow_lowered(record, random)
    if lowered is None or lowered["result"] == record["result"]:
        return None
    return sealed(lowered | {"witness": record["witness"]})


def _cleared(record: Record, market: Market, dropped: list[Dropped], closed: tuple[int, ...]) -> Record:
    options = read(record)[1]
    playing = np.ones(len(market.orders), np.bool_)
    playing[[each.order for each in dropped]] = False
    stage = work_out(market, playing, frozenset(closed), options)
    empty = Litres((), (), (), np.zeros(0, np.int64), 0, 0, 0)
    witness: Witness = stage.witness()
    clearing = Clearing(witness, empty, tuple(dropped), closed, options, record["solver"]["version"])
    names = {
        "dropped": [[each.order, each.reason] for each in clearing.dropped],
        "closed": list(clearing.closed),
    }
    return from_witness(record | names, market, options, witness)


def an_order_passed_over(record: Record, random: Random) -> Record | None:
    """An order with a minimum is dropped although it would have been met, and the call cleared without it."""
    market, _ = read(record)
    taken = {number for number, _ in record["dropped"]}
    i = _some(random, [i for i, m in enumerate(record["orders"]["minimum"]) if m and i not in taken])
    if i is None:
        return None
    dropped = [Dropped(number, reason) for number, reason in record["dropped"]]
    return _cleared(record, market, [*dropped, Dropped(i, MINIMUM_FILL)], tuple(record["closed"]))


def a_way_shut(record: Record, random: Random) -> Record | None:
    """An arc is closed without a circle, and the call cleared without it."""
    market, _ = read(record)
    a = _some(random, [a for a in range(len(record["arcs"])) if a not in record["closed"]])
    if a is None:
        return None
    dropped = [Dropped(number, reason) for number, reason in record["dropped"]]
    return _cleared(record, market, dropped, (*record["closed"], a))


def a_detour(record: Record, random: Random) -> Record | None:
    """Water takes two arcs without loss where one would do."""
    market, options = read(record)
    witness = read_witness(record)
    ways = {(arc.source, arc.target): a for a, arc in enumerate(market.arcs) if arc.k == 1000}
    for (u, v), direct in ways.items():
        for w in range(len(market.nodes)):
            there, on = ways.get((u, w)), ways.get((w, v))
            if witness.flows[direct] < 2_000 or there is None or on is None:
                continue
            flows = list(witness.flows)
            moved, flows[direct] = flows[direct], 0
            flows[there], flows[on] = flows[there] + moved, flows[on] + moved
            return from_witness(record, market, options, replace(witness, flows=tuple(flows)))
    return None


ONLY_REPLAY_REFUSES: tuple[Forgery, ...] = (
    another_price_that_would_do, an_interval_widened, a_multiplier_raised, a_flow_lowered, another_rounding,
    an_order_passed_over, a_way_shut, a_detour,
)  # fmt: skip

__all__ = ["ONLY_REPLAY_REFUSES", "VERIFY_REFUSES", "tampered"]
