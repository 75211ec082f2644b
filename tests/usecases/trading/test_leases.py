"""A lease: agreed once, delivered once a year, and over by itself."""

from __future__ import annotations

import datetime as dt
import json

import psycopg
import pytest
from sqlalchemy import select

from market import due, jobs
from market.core import clock, db
from market.core.errors import Refusal
from market.registry import certificates, leases, queries, reversals
from market.registry.lease_terms import LESSEE_FIRST, Terms
from market.registry.models import Announcement, Limit
from market.supervision import curtailments
from market.trading import leasing
from market.trading.commands import Refused
from market.trading.intake import take_up
from tests.model.world import ALLOCATED, CAP_C1, MONEY, RIGHT, YEAR, World
from tests.usecases.trading.letting import (
    Talk,
    announce,
    close_year,
    deposit,
    money,
    own_water,
    refused,
    right_of,
    turn,
    water,
)

LOT = 1_000
NEXT = dt.datetime(YEAR + 1, 3, 1, 9, tzinfo=clock.LEGAL_ZONE)


def _let(
    world: World, lessor: str = "a", lessee: str = "d", m3: int = 40, rent: int = 3_000, **terms: int
) -> Talk:
    years = terms.pop("years", 1)
    return Talk(
        world, lessor, lessee, litres=m3 * LOT, price_e4=rent, terms=Terms(years, **terms)
    ).concluded()


def test_neighbours_file_a_lease_of_a_year_and_it_is_delivered_against_the_rent(world: World) -> None:
    """40 m3 of a right to 400, of which half is announced: 20 m3 at 0.30 yuan, of which 970 of 1 000 arrive."""
    talk = _let(world)
    found = talk.view()
    assert (found.negotiation.status, found.negotiation.lane) == ("registered", "filing")
    lease, (held,) = talk.lease()
    assert (lease.litres, lease.status, held.held_litres, held.status) == (
        40 * LOT,
        "in_force",
        20 * LOT,
        "due",
    )
    assert water(world, "a", YEAR) == (ALLOCATED, ALLOCATED - 20 * LOT)
    assert turn(world) == 1
    lease, (held,) = talk.lease()
    assert (held.status, held.held_litres) == ("traded", 0)
    assert water(world, "a", YEAR) == (ALLOCATED - 20 * LOT, ALLOCATED - 20 * LOT)
    assert water(world, "d", YEAR) == (ALLOCATED + 19_400, ALLOCATED + 19_400)
    assert (money(world, "a"), money(world, "d")) == (MONEY + 599, MONEY - 600)
    assert turn(world) == 0


def test_a_lease_of_several_years_waits_for_the_registry_which_may_refuse_it(world: World) -> None:
    talk = Talk(world, "a", "d", litres=LOT, price_e4=3_000, terms=Terms(2)).signed()
    it = talk.view().negotiation
    assert (it.status, it.lane, it.lane_rule) == ("under_review", "approval", "in-district-long-lease")
    assert it.review_due_on is not None
    talk.decide(approve=False)
    it = talk.view().negotiation
    assert (it.status, it.decision_reason) == ("refused", "model")
    assert refused(talk.decide, approve=True) == "negotiation_state"
    assert talk.view().lease_id is None
    assert water(world, "a", YEAR) == (ALLOCATED, ALLOCATED)


def test_a_lease_into_another_sector_is_published_and_each_delivery_reviewed_as_any_trade(
    world: World,
) -> None:
    talk = Talk(world, "a", "f", litres=40 * LOT, price_e4=3_000, terms=Terms(1)).signed()
    assert talk.view().negotiation.status == "published"
    talk.publication_over()
    assert talk.view().negotiation.status == "under_review"
    talk.decide(approve=True)
    assert turn(world) == 1
    assert water(world, "f", YEAR) == (0, 0)
    world.decide(0, approve=True)
    assert water(world, "f", YEAR) == (18 * LOT, 18 * LOT)


def test_what_both_sign_names_the_certificate_and_every_term(world: World) -> None:
    talk = Talk(
        world, "a", "d", litres=40 * LOT, price_e4=3_000, terms=Terms(2, LESSEE_FIRST, 4, 20), opens="buy"
    )
    talk.step("accept", "sell", number=1)
    text = json.loads(talk.view().negotiation.contract)
    told = (
        "tenure",
        "volume_m3_a_year",
        "rent_yuan_per_m3",
        "water_years",
        "short_year",
        "turn_month",
        "grace_days",
    )
    assert [text[name] for name in told] == ["lease", "40.000", "0.3000", 2, "lessee_first", 4, 20]
    assert (text["use_until"], text["right_m3_a_year"]) == (f"{YEAR + 1}-12-31", "400.000")
    assert text["certificate"].startswith("YJS-SW-")


def test_the_lessor_cannot_sell_what_is_held_for_the_turn_and_is_told_why(world: World) -> None:
    _let(world)
    with db.transaction(world.url) as session:
        answer = queries.tradable(session, water_account_id=world.names.water["a"])
    balance = next(each for each in answer.constraints if each.name == "balance")
    assert balance.litres == ALLOCATED - 20 * LOT
    assert "leased 20.000" in balance.detail_en
    assert "出租 20.000" in balance.detail_zh
    outcome = world.place("all", "a", "sell", ALLOCATED, 9_000)
    assert isinstance(outcome, Refused) and outcome.code == "insufficient_water"


def test_what_is_let_shows_on_the_certificate(world: World) -> None:
    talk = _let(world, years=2)
    with db.transaction(world.url) as session:
        found = certificates.certificate(session, entitlement_id=right_of(world, "a"))
    assert [each[1:] for each in found.leases] == [(40 * LOT, clock.today(), dt.date(YEAR + 1, 12, 31))]
    assert talk.lease()[0].entitlement_id == right_of(world, "a")


def test_no_right_lets_more_than_it_is(world: World) -> None:
    _let(world, m3=300)
    assert refused(_let, world, "a", "c", m3=101) == "more_than_may_be_leased"
    _let(world, "a", "c", m3=100)
    with db.connect(world.url) as connection, pytest.raises(psycopg.errors.CheckViolation, match="lets more"):
        connection.execute("UPDATE leases SET litres = litres + 1")


def test_the_term_is_within_twenty_years_and_within_the_rights_own(world: World) -> None:
    for years in (6, 21):
        assert refused(_let, world, years=years) == "lease_term"


@pytest.mark.parametrize(
    ("tenure", "named", "terms"),
    [("lease", True, None), ("lease", False, Terms(1)), ("right", True, Terms(1))],
)
def test_a_product_is_what_it_is(world: World, tenure: str, named: bool, terms: Terms | None) -> None:
    from market.trading import negotiated
    from tests.usecases.trading.letting import product

    with pytest.raises(Refusal) as refusal, db.transaction(world.url) as session:
        negotiated.open_negotiation(
            session, actor=world.names.actor, product_id=product(world, tenure), side="sell",
            water_account_id=world.names.water["a"], other_water_account_id=world.names.water["d"],
            proposal=Talk.proposal(LOT, 1, terms), entitlement_id=right_of(world, "a") if named else None,
        )  # fmt: skip
    assert refusal.value.code == "subject_mismatch"


def test_a_right_of_somebody_else_is_not_there(world: World) -> None:
    from market.trading import negotiated
    from tests.usecases.trading.letting import product

    with pytest.raises(Refusal) as refusal, db.transaction(world.url) as session:
        negotiated.open_negotiation(
            session, actor=world.names.actor, product_id=product(world, "lease"), side="sell",
            water_account_id=world.names.water["a"], other_water_account_id=world.names.water["d"],
            proposal=Talk.proposal(LOT, 1, Terms(1)), entitlement_id=right_of(world, "c"),
        )  # fmt: skip
    assert refusal.value.code == "not_found"


def test_leases_have_no_book(world: World) -> None:
    from market.trading import calls, products
    from market.trading.commands import Place
    from tests.usecases.trading.letting import product

    lease = product(world, "lease")
    placed = world.send("a", Place(world.names.water["a"], lease, "sell", LOT, 1_000))
    assert isinstance(placed, Refused) and placed.code == "product_mismatch"
    for step in (products.halt, calls.open_call):
        with db.transaction(world.url) as session:
            assert refused(step, session, actor=world.names.actor, product_id=lease, reason="t") == "no_book"


def test_without_the_rent_a_year_has_its_grace_then_lapses_and_the_lessor_may_terminate(world: World) -> None:
    """The rent is 200 yuan 10, the lessee has 200: after the grace of two days the water is the lessor's again."""
    talk = _let(world, rent=100_050, m3=40, years=2, grace_days=2)
    assert turn(world) == 1
    lease, (first,) = talk.lease()
    assert (first.status, first.refusal) == ("due", "insufficient_money")
    assert first.grace_until == clock.today() + dt.timedelta(days=2)
    assert turn(world) == 0  # once a day
    with db.transaction(world.url) as session:
        assert (
            refused(leases.terminate, session, actor=world.names.actor, lease_id=lease.id, reason="t")
            == "rent_not_overdue"
        )
    with clock.moved_to(clock.now() + dt.timedelta(days=3)):
        assert turn(world) == 1
        assert talk.lease()[1][0].status == "lapsed"
        assert water(world, "a", YEAR) == (ALLOCATED, ALLOCATED)
        with db.transaction(world.url) as session:
            leases.terminate(
                session, actor=world.names.actor, lease_id=lease.id, reason="the rent was not paid"
            )
        assert talk.lease()[0].status == "terminated"
        announce_none = jobs.run(world.url, jobs.named("leases"))
        assert announce_none == 0


def test_who_pays_in_within_the_grace_has_its_water(world: World) -> None:
    talk = _let(world, rent=100_050, m3=40)
    turn(world)
    deposit(world, "d", 10_000)
    with clock.moved_to(clock.now() + dt.timedelta(days=1)):
        assert turn(world) == 1
    assert talk.lease()[1][0].status == "traded"
    assert money(world, "d") == MONEY + 10_000 - 20_010


def test_at_the_end_of_the_year_nothing_is_left_and_the_next_year_begins_with_the_lessor(
    world: World,
) -> None:
    """A year that was not paid for ends; of the next year, announced to the lessor, the lease has its share."""
    talk = _let(world, rent=100_050, m3=40, years=2, grace_days=100)
    turn(world)
    with clock.moved_to(dt.datetime(YEAR + 1, 1, 5, 9, tzinfo=clock.LEGAL_ZONE)):
        close_year(world, YEAR)
        assert [each.status for each in talk.lease()[1]] == ["lapsed"]
        assert water(world, "a", YEAR) == (0, 0)
    deposit(world, "d", 100_000)
    with clock.moved_to(NEXT):
        announce(world, YEAR + 1, 1_000_000)
        assert own_water(world, "a", YEAR + 1) == (RIGHT, RIGHT - 40 * LOT)
        assert turn(world) == 1
        assert own_water(world, "a", YEAR + 1) == (RIGHT - 40 * LOT, RIGHT - 40 * LOT)
        assert own_water(world, "d", YEAR + 1) == (38_800, 38_800)
    with clock.moved_to(dt.datetime(YEAR + 2, 1, 2, 9, tzinfo=clock.LEGAL_ZONE)):
        assert turn(world) == 1
    lease, turns = talk.lease()
    assert (lease.status, [each.status for each in turns]) == ("ended", ["lapsed", "traded"])


def test_the_turn_waits_for_its_month(world: World) -> None:
    talk = _let(world, years=2, turn_month=12)
    assert turn(world) == 0
    with clock.moved_to(dt.datetime(YEAR, 12, 1, 9, tzinfo=clock.LEGAL_ZONE)):
        assert turn(world) == 1
    assert talk.lease()[1][0].status == "traded"


def test_a_wrong_announcement_takes_back_what_is_held_for_the_turn_too(world: World) -> None:
    talk = _let(world)
    with db.transaction(world.url) as session:
        [made] = session.query(Announcement).all()
        found = reversals.preview(session, announcement_id=made.id)
        assert found.owed_litres == 0
        reversals.reverse(
            session, actor=world.names.actor, announcement_id=made.id, reason="wrong", legal_source="t"
        )
    assert water(world, "a", YEAR) == (0, 0)
    assert talk.lease()[1][0].held_litres == 0
    assert turn(world) == 0


def test_what_stops_a_delivery_is_named_and_tried_again(world: World) -> None:
    """The lessee's account is suspended: the year waits, and is delivered once it is open again."""
    talk = _let(world, "a", "f", m3=40)
    with db.connect(world.url) as connection:
        connection.execute(
            "UPDATE water_accounts SET status = 'suspended' WHERE id = %s", (world.names.water["f"],)
        )
    turn(world)
    assert talk.lease()[1][0].refusal == "water_account_not_open"
    with db.connect(world.url) as connection:
        connection.execute(
            "UPDATE water_accounts SET status = 'open' WHERE id = %s", (world.names.water["f"],)
        )
    with clock.moved_to(clock.now() + dt.timedelta(days=1)):
        turn(world)
    assert talk.lease()[1][0].status == "traded"


def test_a_deal_that_the_engine_refuses_is_due_again(world: World) -> None:
    """Trading is halted when the deal reaches the engine: the year is due again, its water held."""
    talk = _let(world)
    with db.connect(world.url) as connection:
        connection.execute("UPDATE products SET phase = 'halted' WHERE id = %s", (world.names.product,))
    world.engine.reload()
    turn(world)
    ((_, (held,)), found) = (talk.lease(), water(world, "a", YEAR))
    assert (held.status, held.refusal, held.held_litres) == ("due", "product_not_open", 20 * LOT)
    assert found == (ALLOCATED, ALLOCATED - 20 * LOT)
    with db.connect(world.url) as connection:
        connection.execute("UPDATE products SET phase = 'open' WHERE id = %s", (world.names.product,))
    world.engine.reload()
    with clock.moved_to(clock.now() + dt.timedelta(days=1)):
        turn(world)
    assert talk.lease()[1][0].status == "traded"


def test_a_curtailment_reaches_what_is_held_for_a_turn_and_the_lessee_has_what_is_left(world: World) -> None:
    """All of canal 1 but the 200 m3 that a has let of a full year, 100 m3 of this one, is used; 70 m3 are cut."""
    talk = _let(world, m3=200, years=2, turn_month=12)
    world.use("a", ALLOCATED - 100 * LOT)
    world.use("b", ALLOCATED)
    with db.transaction(world.url) as session:
        limit = session.scalars(select(Limit).where(Limit.code == CAP_C1, Limit.water_year == YEAR)).one()
        after = limit.limit_litres - world.picture()["limits"][CAP_C1] - 70 * LOT
        found = curtailments.order(
            session, actor=world.names.actor, water_year=YEAR, cuts=[(limit.id, after)], reason="drought",
            legal_source="art. 41",
        ).id  # fmt: skip
    status = ""
    while status != "done":
        take_up(world.engine)
        with db.transaction(world.url) as session:
            status = curtailments.advance(session, actor=due.CLOCK, curtailment_id=found).status
    [held] = talk.lease()[1]
    assert (held.due_litres, held.held_litres) == (100 * LOT, 30 * LOT)
    with clock.moved_to(dt.datetime(YEAR, 12, 1, 9, tzinfo=clock.LEGAL_ZONE)):
        assert turn(world) == 1
    assert water(world, "d", YEAR)[0] == ALLOCATED + 29_100


def test_a_year_is_handed_over_once_whoever_asks_and_the_database_says_so_too(world: World) -> None:
    talk = _let(world)
    [held] = talk.lease()[1]
    assert jobs.run(world.url, jobs.named("leases")) == 1  # the engine has not answered yet
    with db.transaction(world.url) as session:
        assert refused(leasing.take_turn, session, actor=due.CLOCK, turn_id=held.id) == "lease_state"
    with (
        db.connect(world.url) as connection,
        pytest.raises(psycopg.errors.UniqueViolation, match="uq_deals_lease"),
    ):
        connection.execute(
            "INSERT INTO deals (kind, reference, product_id, seller_water_account_id, buyer_water_account_id, at,"
            " volume_litres, price_e4, struck_by) SELECT kind, reference, product_id, seller_water_account_id,"
            " buyer_water_account_id, at, volume_litres, price_e4, struck_by FROM deals WHERE kind = 'lease'"
        )
    take_up(world.engine)
    assert jobs.run(world.url, jobs.named("leases")) == 0
    assert [each.status for each in talk.lease()[1]] == ["traded"]
