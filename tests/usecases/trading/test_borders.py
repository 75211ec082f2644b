"""Borders with a two-way account: crossed in calls only, shut when full, open again on the way back."""

from __future__ import annotations

import msgspec
import pytest

from market.core import db
from market.county import parts
from market.trading import call_queries, call_settling, verify
from market.trading.call_models import CallBorder
from market.trading.commands import Accepted
from tests.model.world import World
from tests.usecases.trading.calling import call_of, held_call
from tests.usecases.trading.ruling import install_rules

LOT = 1_000
RULE = parts.TwoWayRule(
    code="C1-ACCOUNT", zone="KUSHAN-C1", range_litres=100 * LOT, opening_litres=90 * LOT, out_reopens_at=85 * LOT,
    in_reopens_at=15 * LOT, basis=parts.DEMONSTRATION,
)  # fmt: skip


def _border(world: World, call: int) -> CallBorder:
    with db.transaction(world.url) as session:
        (found,) = call_queries.borders(session, call)
        return found


def _out(world: World, lots: int) -> CallBorder:
    """A call in which canal 1 offers water and canal 2 wants more than may leave."""
    orders = [("a", "sell", lots * LOT, 3_000), ("d", "buy", lots * LOT, 4_000)]
    return _border(world, call_of(world, orders, tif="IOC").id)


def _back(world: World, lots: int) -> CallBorder:
    """A call in which so much arrives in canal 1."""
    orders = [("c", "sell", 2 * lots * LOT, 1_000), ("a", "buy", lots * LOT, 9_000)]
    return _border(world, call_of(world, orders, tif="IOC").id)


def test_the_book_leaves_a_border_with_an_account_to_calls(world: World) -> None:
    install_rules(world, two_way_accounts=(RULE,))
    world.place("ask", "a", "sell", LOT, 3_000)
    bid = world.place("bid", "d", "buy", LOT, 4_000)
    assert isinstance(bid, Accepted)
    assert bid.fills == ()
    neighbour = world.place("neighbour", "b", "buy", LOT, 3_000)  # on the ask's own canal
    assert isinstance(neighbour, Accepted)
    assert len(neighbour.fills) == 1
    (rule, detail, _) = world.engine.reference.no_way(
        world.engine.exchange.accounts[world.names.water["a"]],
        world.engine.exchange.accounts[world.names.water["d"]],
    )
    assert rule == "call_only"
    assert "KUSHAN-C1" in detail


def test_an_account_that_is_full_stays_shut_until_enough_has_come_back(world: World) -> None:
    """90 of 100 have left: 10 more may, and out shuts. 95 and 90 are above 85: still shut. At 85 it opens."""
    install_rules(world, two_way_accounts=(RULE,))
    full = _out(world, 30)
    assert (full.out_litres, full.in_litres, full.before_litres, full.balance_litres) == (
        10 * LOT, 0, 90 * LOT, 100 * LOT,
    )  # fmt: skip
    assert (full.out_open, full.in_open) == (False, True)
    assert full.out_worth_e9 > 0  # more would have gone
    with db.transaction(world.url) as session:
        record = call_queries.one(session, full.call_id).record
    assert record is not None
    (out,) = [each for each in verify.parse(record.encode())["limits"] if each["name"] == "C1-ACCOUNT out"]
    assert (out["h"], dict(out["state"])["balance"]) == (10 * LOT, 90 * LOT)
    world.engine.reload()
    shut = [_back(world, 10), _out(world, 5)]
    assert [(each.balance_litres, each.out_litres, each.out_open) for each in shut] == [
        (90 * LOT, 0, False), (90 * LOT, 0, False),
    ]  # fmt: skip
    opened = _back(world, 5)
    assert (opened.balance_litres, opened.out_open) == (85 * LOT, True)


def test_a_call_that_waits_for_a_review_keeps_its_room(world: World) -> None:
    install_rules(world, two_way_accounts=(RULE,))
    first = held_call(world, [("a", "sell", 6 * LOT, 3_000), ("f", "buy", 9 * LOT, 4_000)])
    waiting = _border(world, first)
    assert (waiting.out_litres, waiting.balance_litres) == (6 * LOT, None)
    second = _out(world, 30)
    assert (second.out_litres, second.balance_litres) == (4 * LOT, 94 * LOT)
    with db.transaction(world.url) as session:
        call_settling.settle(
            session, actor=world.names.actor, call_id=first, reason="plan checked", reviewed=True
        )
    after = _border(world, first)
    assert (after.before_litres, after.balance_litres, after.out_open) == (94 * LOT, 100 * LOT, False)


def test_a_range_cut_below_the_balance_counts_as_full(world: World) -> None:
    install_rules(world, two_way_accounts=(RULE,))
    assert _out(world, 2).balance_litres == 92 * LOT
    smaller = msgspec.structs.replace(RULE, range_litres=80 * LOT, opening_litres=0, out_reopens_at=60 * LOT)
    install_rules(world, two_way_accounts=(smaller,))
    assert _out(world, 2).out_litres == 0


@pytest.mark.parametrize("zone", ["653123101", "KUSHAN-C1"])
def test_a_border_may_be_of_either_tree(world: World, zone: str) -> None:
    install_rules(world, two_way_accounts=(msgspec.structs.replace(RULE, zone=zone),))
    assert _out(world, 30).out_litres == 10 * LOT
