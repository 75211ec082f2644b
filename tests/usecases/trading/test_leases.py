"""A lease: agreed once, delivered once a year, and over by itself."""

from __future__ import annotations

import datetime as dt

from market.core import clock
from market.registry.lease_terms import Terms
from tests.model.world import ALLOCATED, MONEY, RIGHT, World
from tests.usecases.trading.letting import Talk, money, turn, water

LOT = 1_000


def test_neighbours_file_a_lease_of_a_year_and_it_is_delivered_against_the_rent(world: World) -> None:
    """40 m3 of a right to 400, of which half is announced: 20 m3 at 0.30 yuan, of which 970 of 1 000 arrive."""
    talk = Talk(world, "a", "d", litres=40 * LOT, price_e4=3_000, terms=Terms(1)).signed()
    found = talk.view()
    assert (found.negotiation.status, found.negotiation.lane) == ("registered", "filing")
    lease, (held,) = talk.lease()
    assert (lease.litres, lease.status, held.held_litres, held.status) == (
        40 * LOT,
        "in_force",
        20 * LOT,
        "due",
    )
    assert water(world, "a", 2026) == (ALLOCATED, ALLOCATED - 20 * LOT)
    assert turn(world) == 1
    lease, (held,) = talk.lease()
    assert (held.status, held.held_litres) == ("traded", 0)
    assert water(world, "a", 2026) == (ALLOCATED - 20 * LOT, ALLOCATED - 20 * LOT)
    assert water(world, "d", 2026) == (ALLOCATED + 19_400, ALLOCATED + 19_400)
    assert (money(world, "a"), money(world, "d")) == (MONEY + 599, MONEY - 600)
    assert turn(world) == 0
