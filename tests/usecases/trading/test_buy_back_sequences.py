"""Whatever is taken, refused, answered and closed, in any order: no fen of a budget and no litre is lost or doubled."""

from __future__ import annotations

import random

import pytest

from market.core import db
from market.core.errors import Refusal
from market.trading import buy_backs
from tests.model.world import ALLOCATED, World
from tests.usecases.trading.storing import LOT, MONEY, answer, budget, publish, take

STEPS = 25


def _sum_of_water(world: World) -> int:
    with db.connect(world.url) as connection:
        row = connection.execute(
            "SELECT sum(a.credits_posted - a.debits_posted)::bigint FROM water_accounts w"
            " JOIN accounts a ON a.id = w.account_id"
        ).fetchone()
    assert row is not None
    return int(row[0])


def _step(world: World, dice: random.Random, offers: list[int], number: int) -> None:
    what, offer, holder = dice.random(), dice.choice(offers), dice.choice("ab")
    if what < 0.5:
        take(world, offer, holder, dice.choice([None, LOT, 7 * LOT, ALLOCATED // 2, ALLOCATED + LOT]))
    elif what < 0.65:  # takes away what a take that is under way would sell
        world.place(f"sale-{number}", holder, "sell", dice.choice([LOT, 50 * LOT]), 9_000)
    elif what < 0.85:
        answer(world, offer)
    elif what < 0.95:
        offers.append(publish(world, budget_fen=dice.choice([300, 2_000, MONEY])))
    else:
        with db.transaction(world.url) as session:
            buy_backs.close(session, actor=world.names.actor, buy_back_id=offer, reason="tests")


@pytest.mark.parametrize("seed", range(6))
def test_any_sequence_keeps_every_budget_and_the_water(world: World, storage: int, seed: int) -> None:
    dice, whole = random.Random(seed), _sum_of_water(world)
    offers = [publish(world, budget_fen=2_500)]
    budgets: dict[int, int] = {}
    nameless: list[str] = []
    for number in range(STEPS):
        try:
            _step(world, dice, offers, number)
        except Refusal as refusal:
            nameless += [] if refusal.legal_source else [refusal.code]
        for offer in offers:
            parts = budget(world, offer)
            assert budgets.setdefault(offer, sum(parts)) == sum(parts)
            assert min(parts) >= 0
    for offer in offers:
        answer(world, offer)
        assert budget(world, offer)[1] == 0
    assert (nameless, _sum_of_water(world)) == ([], whole)
