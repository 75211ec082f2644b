"""A lease of three years, and the sale of a part of a right, worked by hand.

**The lease.** Farmer a on canal C1 has a right to 400 m3 a year and lets 40 m3 of it to the factory f in the park, for
three water years at 0.30 yuan a m3, pro rata in short years, delivered from 1 April on. Of 1 000 litres to the park 900
arrive; the exchange takes 3 per mille of the rent from the lessor, rounded down to the fen.

    year  announced to a (l)        due (l)                            arrive (l)  rent (fen)            fee
    2026  200 000 (half)            40 000 x 200 000 / 400 000 = 20 000    18 000  20 000 x 0.30 =  600    1
    2027  133 333 (a third, less)   40 000 x 133 333 / 400 000 = 13 333.3
                                    so 13 333; the fraction is a's          11 999  13 333 x 0.30 = 399.99  1
                                                                            (11 999.7)       so 400
    2028  240 000 before the turn   40 000 x 240 000 / 400 000 = 24 000    21 600  24 000 x 0.30 =  720    2
          160 000 after it          nothing: it is after the turn

An announcement of 333 333 millionths to the two rights of C1, 800 000 litres together, is 266 666 litres, 133 333 each.
At the end of each year the factory, which has no right of its own, keeps nothing of what it has not used. Paid in all:
600 + 400 + 720 = 1 720 fen; received 1 720 - 4 = 1 716.

**The sale.** Farmer d on canal C2, of whose right to 400 m3 half is announced (200 000 l), sells 100 m3 a year of it to
farmer c for 2.00 yuan a m3 of yearly volume: 100 x 2.00 = 200.00 yuan, of which the fee is 0.60. Out of the old right
come one of c's to 100 m3, which counts as having received 200 000 x 100 / 400 = 50 000 l, and one of d's to 300 m3,
with 150 000. The water stays on d's account. Of the other half, once announced, c's new right has 50 000 l and d's
150 000.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from market import installation, prove
from market.core import clock, db
from market.county import loader, shipped
from market.registry import limits
from market.registry.lease_terms import LESSEE_FIRST, PRO_RATA, Claim, Terms, dues
from market.registry.models import Limit
from tests.model.world import ALLOCATED, CAP_C2, MONEY, YEAR, World, furnish
from tests.usecases.trading.letting import (
    Talk,
    announce,
    close_year,
    money,
    own_water,
    rights,
    turn,
    water,
)


@pytest.fixture
def world(fresh_database_url: str) -> Iterator[World]:
    """The small county, whose pack goes on for three years; all that is left behind is proved."""
    made = World(fresh_database_url, furnish(fresh_database_url))
    with db.transaction(made.url) as session:
        assert installation.install(session, pack=loader.load(_with_one_more_year()), actor=made.names.actor)
    try:
        yield made
        report = prove.run(made.url)
        assert report["violations"] == 0, [each for each in report["invariants"] if each["violations"]]
    finally:
        made.close()


def _with_one_more_year() -> str:
    """The shipped pack's next version, with one more water year and its surface water."""
    text, known, more = shipped.text_of(), str(YEAR + 1), str(YEAR + 2)
    version = loader.load(text).version
    for start in (f"  - {{year: {known}, ", f"  - {{code: surface-{known}, "):
        (line,) = (each for each in text.splitlines(keepends=True) if each.startswith(start))
        text = text.replace(line, line + line.replace(known, more))
    return text.replace(f'"{version}"', f'"{version}.1"', 1)


def _on(year: int, month: int, day: int) -> dt.datetime:
    return dt.datetime(year, month, day, 9, tzinfo=clock.LEGAL_ZONE)


def _turned(world: World) -> list[tuple[int, int, str]]:
    """The turns of the county's one lease: year, litres due, state."""
    rows = world.looking.execute(
        "SELECT water_year, due_litres, status FROM lease_turns ORDER BY water_year"
    ).fetchall()
    return [tuple(row) for row in rows]


def _reviewed(world: World) -> None:
    """The bureau lets the year's delivery to another sector pass, as it must any trade of that way."""
    world.decide(0, approve=True)


def test_three_years_of_a_lease(world: World) -> None:
    terms = Terms(3, PRO_RATA, turn_month=4)
    talk = Talk(world, "a", "f", litres=40_000, price_e4=3_000, terms=terms).concluded()
    lease, _ = talk.lease()
    assert (lease.first_year, lease.last_year, lease.ends_on) == (YEAR, YEAR + 2, dt.date(YEAR + 2, 12, 31))
    assert turn(world) == 1
    _reviewed(world)
    assert _turned(world) == [(YEAR, 20_000, "traded")]
    assert (water(world, "a", YEAR), water(world, "f", YEAR)[0]) == ((180_000, 180_000), 18_000)
    with clock.moved_to(_on(YEAR + 1, 1, 5)):
        close_year(world, YEAR)
        assert water(world, "f", YEAR) == (0, 0)
        assert own_water(world, "f", YEAR + 1) == (0, 0)
    with clock.moved_to(_on(YEAR + 1, 2, 1)):
        announce(world, YEAR + 1, 333_333)
        assert own_water(world, "a", YEAR + 1) == (133_333, 120_000)
        assert turn(world) == 0
    with clock.moved_to(_on(YEAR + 1, 4, 1)):
        assert turn(world) == 1
        _reviewed(world)
        assert own_water(world, "a", YEAR + 1) == (120_000, 120_000)
        assert own_water(world, "f", YEAR + 1) == (11_999, 11_999)
    with clock.moved_to(_on(YEAR + 2, 1, 5)):
        close_year(world, YEAR + 1)
        assert water(world, "f", YEAR + 1) == (0, 0)
    with clock.moved_to(_on(YEAR + 2, 3, 1)):
        announce(world, YEAR + 2, 600_000)
    with clock.moved_to(_on(YEAR + 2, 4, 1)):
        assert turn(world) == 1
        _reviewed(world)
    with clock.moved_to(_on(YEAR + 2, 6, 1)):
        announce(world, YEAR + 2, 400_000)
        assert turn(world) == 0
        assert own_water(world, "a", YEAR + 2) == (376_000, 376_000)
        assert own_water(world, "f", YEAR + 2) == (21_600, 21_600)
    assert _turned(world) == [
        (YEAR, 20_000, "traded"), (YEAR + 1, 13_333, "traded"), (YEAR + 2, 24_000, "traded"),
    ]  # fmt: skip
    assert (money(world, "f"), money(world, "a")) == (MONEY - 1_720, MONEY + 1_716)
    with clock.moved_to(_on(YEAR + 3, 1, 2)):
        assert turn(world) == 1
        assert talk.lease()[0].status == "ended"


def test_the_arithmetic_of_a_short_year_alone() -> None:
    claims = [Claim(40_000, PRO_RATA), Claim(100_000, LESSEE_FIRST), Claim(33_333, PRO_RATA)]
    assert dues(400_000, 400_000, claims) == [40_000, 100_000, 33_333]
    assert dues(133_333, 400_000, claims) == [13_333, 100_000, 11_110]
    assert dues(100_000, 400_000, claims) == [10_000, 90_000, 0]
    assert dues(0, 400_000, claims) == [0, 0, 0]


def test_a_part_of_a_right_is_sold(world: World) -> None:
    talk = Talk(world, "d", "c", litres=100_000, price_e4=20_000).signed()
    assert money(world, "c") == MONEY - 20_000
    talk.publication_over()
    talk.decide(approve=True)
    assert (money(world, "c"), money(world, "d")) == (0, MONEY + 20_000 - 60)
    (old, rest), bought = rights(world, "d"), rights(world, "c")[1]
    assert (old[1:], rest[1:], bought[1:]) == (
        (400_000, "replaced"), (300_000, "confirmed"), (100_000, "confirmed"),
    )  # fmt: skip
    assert len({old[0], rest[0], bought[0]}) == 3
    assert (water(world, "d", YEAR), water(world, "c", YEAR)) == ((ALLOCATED,) * 2, (ALLOCATED,) * 2)
    _raise_cap(world)
    announce(world, YEAR, 500_000, canal="KUSHAN-C2")
    assert water(world, "d", YEAR)[0] == ALLOCATED + 150_000
    assert water(world, "c", YEAR)[0] == ALLOCATED + 200_000 + 50_000


def _raise_cap(world: World) -> None:
    """Room for the rest of the year under the cap of canal 2's township."""
    with db.transaction(world.url) as session:
        cap = session.scalars(select(Limit).where(Limit.code == CAP_C2, Limit.water_year == YEAR)).one()
        limits.change(
            session, actor=world.names.actor, limit_id=cap.id, limit_litres=1_000_000, reason="t", legal_source="t"
        )  # fmt: skip
