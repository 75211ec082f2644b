"""Whatever is let, sold, split, announced, ordered and paid in, in any order: money, water and rights stay exact."""

from __future__ import annotations

import datetime as dt
import random
from contextlib import suppress

import pytest

from market import jobs
from market.core import clock, db
from market.core.errors import Refusal
from market.registry import changes, leases
from market.registry.lease_terms import LESSEE_FIRST, PRO_RATA, Terms
from market.trading.intake import take_up
from tests.model.world import YEAR, World
from tests.usecases.trading.letting import Talk, announce, deposit, right_of, turn

STEPS = 22
FARMERS = "abcd"


def _one(world: World, query: str) -> int:
    row = world.looking.execute(query).fetchone()  # type: ignore[call-overload]
    assert row is not None
    return int(row[0])


def _money(world: World) -> int:
    """All money of holders and of the exchange."""
    return _one(
        world, "SELECT sum(credits_posted - debits_posted)::bigint FROM accounts WHERE code IN (11, 13)"
    )


def _water(world: World) -> int:
    """All water of this year that was issued: with holders, lost on the way."""
    return _one(
        world,
        "SELECT sum(a.credits_posted - a.debits_posted)::bigint FROM accounts a JOIN assets x ON x.id = a.asset_id"
        f" WHERE x.code = 'water:surface:{YEAR}' AND a.code IN (1, 4)",
    )


def _rights(world: World) -> int:
    return _one(world, "SELECT sum(volume_litres)::bigint FROM entitlements WHERE status = 'confirmed'")


def _let(world: World, dice: random.Random) -> None:
    lessor, lessee = dice.choice(FARMERS), dice.choice("abcdf")
    terms = Terms(
        dice.choice((1, 1, 2)),
        dice.choice((PRO_RATA, LESSEE_FIRST)),
        dice.choice((1, 12)),
        dice.choice((1, 30)),
    )
    price = dice.choice((1, 3_333, 90_000))
    Talk(
        world, lessor, lessee, litres=dice.randrange(1, 250) * 1_000, price_e4=price, terms=terms
    ).concluded()


def _sell(world: World, dice: random.Random) -> None:
    seller, buyer = dice.sample(FARMERS, 2)
    talk = Talk(
        world, seller, buyer, litres=dice.randrange(1, 120) * 1_000, price_e4=dice.choice((777, 5_000))
    )
    talk.signed()
    talk.publication_over()
    talk.decide(approve=dice.random() < 0.8)


def _split(world: World, dice: random.Random) -> None:
    with db.transaction(world.url) as session:
        right = right_of(world, dice.choice(FARMERS))
        whole = _one(world, f"SELECT volume_litres FROM entitlements WHERE id = {right}")
        part = dice.randrange(1, whole)
        changes.split(
            session,
            actor=world.names.actor,
            entitlement_id=right,
            volumes_litres=[part, whole - part],
            reason="t",
        )


def _terminate(world: World) -> None:
    with db.transaction(world.url) as session:
        for lease in world.looking.execute("SELECT id FROM leases WHERE status = 'in_force'").fetchall():
            with suppress(Refusal):
                leases.terminate(session, actor=world.names.actor, lease_id=lease[0], reason="t")


def _step(world: World, dice: random.Random, number: int) -> None:
    what = dice.random()
    if what < 0.35:
        _let(world, dice)
    elif what < 0.5:
        _sell(world, dice)
    elif what < 0.6:
        _split(world, dice)
    elif what < 0.7:  # takes away what an owner has free, or what a turn under way would take
        holder = dice.choice(FARMERS)
        world.place(f"sale-{number}", holder, "sell", dice.choice((1_000, 150_000)), 9_000)
    elif what < 0.75:
        _terminate(world)
    elif what < 0.85:
        turn(world)
    else:  # the job, and the engine only later: what is free in between is anybody's of its owner
        jobs.run(world.url, jobs.named("leases"))
        world.place(f"quick-{number}", dice.choice(FARMERS), "sell", 150_000, 9_000)
        take_up(world.engine)


@pytest.mark.parametrize("seed", range(5))
def test_any_sequence_keeps_money_water_and_rights(world: World, seed: int) -> None:
    dice, money, water, rights = random.Random(seed), _money(world), _water(world), _rights(world)
    days = 0
    for number in range(STEPS):
        if dice.random() < 0.2:
            days += 1
        if dice.random() < 0.1:
            holder, fen = dice.choice(FARMERS), dice.randrange(1, 9_999)
            deposit(world, holder, fen)
            money += fen
        with clock.moved_to(clock.now() + dt.timedelta(days=days)), suppress(Refusal):
            _step(world, dice, number)
        take_up(world.engine)
        assert (_money(world), _water(world), _rights(world)) == (money, water, rights)
    with suppress(Refusal), clock.moved_to(clock.now() + dt.timedelta(days=days)):
        announce(world, YEAR, 10_000)
    turn(world)
    assert _one(world, "SELECT count(*) FROM leases") > 0
