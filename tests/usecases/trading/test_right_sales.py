"""A right that is sold: held for, decided on, paid and re-registered in one step; what it lets goes on with it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from market.core import clock, db
from market.core.errors import Refusal
from market.registry import changes, endings, entitlements, leases, pledges
from market.registry.lease_terms import Terms
from market.registry.models import Entitlement
from market.supervision import halting
from tests.model.world import ALLOCATED, MONEY, RIGHT, YEAR, World
from tests.usecases.trading.letting import (
    Talk,
    admit_bank,
    deposit,
    money,
    refused,
    right_of,
    rights,
    turn,
    water,
)

LOT = 1_000
PRICE = 20_000  # 2.00 yuan for each m3 a year


def _sale(world: World, seller: str = "a", buyer: str = "d", m3: int = 100, price: int = PRICE) -> Talk:
    return Talk(world, seller, buyer, litres=m3 * LOT, price_e4=price)


def _registrar(world: World, step: object, **values: object) -> Any:
    with db.transaction(world.url) as session:
        return step(session, actor=world.names.actor, **values)  # type: ignore[operator]


def test_the_price_is_held_from_the_buyers_signature_on_and_freed_by_a_refusal(world: World) -> None:
    talk = _sale(world)
    talk.step("accept", "buy", number=1)
    talk.sign("sell")
    assert money(world, "d") == MONEY
    talk.sign("buy")
    assert (talk.view().negotiation.status, money(world, "d")) == ("published", 0)
    talk.publication_over()
    assert (talk.view().negotiation.status, money(world, "d")) == ("under_review", 0)
    talk.decide(approve=False)
    assert (talk.view().negotiation.status, money(world, "d")) == ("refused", MONEY)
    assert [each[2] for each in rights(world, "a")] == ["confirmed"]


def test_a_buyer_that_signed_first_and_whose_seller_does_not_has_its_money_again(world: World) -> None:
    talk = _sale(world)
    talk.step("accept", "buy", number=1)
    talk.sign("buy")
    assert money(world, "d") == 0
    talk.step("withdraw", "sell", reason="sold elsewhere")
    assert money(world, "d") == MONEY


def test_nobody_signs_for_a_price_that_it_does_not_have(world: World) -> None:
    talk = _sale(world, price=PRICE + 1)
    talk.step("accept", "buy", number=1)
    digest = talk.view().negotiation.contract_sha256.hex()
    assert refused(talk.step, "sign", "buy", sha256=digest) == "insufficient_money"


def test_who_is_halted_neither_offers_nor_takes_a_right(world: World) -> None:
    """What was signed by both before the order goes on: it is before the public or the registry."""
    signed, talk = _sale(world, "b").signed(), _sale(world)
    order = _registrar(
        world, halting.order, scope="participant", participant_id=world.names.participant["a"], orders="stay",
        reason="tests", legal_source="tests",
    ).id  # fmt: skip
    assert refused(_sale, world) == "halted"
    assert refused(talk.step, "accept", "buy", number=1) == "halted"
    assert signed.view().negotiation.status == "published"
    _registrar(world, halting.lift, halt_id=order, reason="tests")
    talk.step("accept", "buy", number=1)
    _registrar(world, halting.order, scope="market", orders="stay", reason="tests", legal_source="tests")
    assert refused(talk.sign, "sell") == "halted"


def test_a_whole_right_goes_to_the_buyer_with_a_new_certificate_and_its_water_stays(world: World) -> None:
    talk = _sale(world, m3=400, price=5_000).concluded()
    sale = talk.view().sale
    assert (sale.litres, sale.amount_fen, sale.fee_fen, sale.rest_entitlement_id) == (RIGHT, 20_000, 60, None)
    [(number, _, old)] = rights(world, "a")
    _, (new, litres, state) = rights(world, "d")
    assert (old, litres, state) == ("replaced", RIGHT, "confirmed")
    assert new != number
    assert (money(world, "a"), money(world, "d")) == (MONEY + 19_940, 0)
    assert water(world, "a", YEAR) == (ALLOCATED, ALLOCATED)
    assert water(world, "d", YEAR) == (ALLOCATED, ALLOCATED)


def test_nothing_is_paid_for_what_the_register_refuses(world: World) -> None:
    """The right was suspended between the signatures and the decision: the price stays held until that is decided."""
    talk = _sale(world).signed()
    talk.publication_over()
    right = right_of(world, "a")
    _registrar(world, entitlements.suspend, entitlement_id=right, reason="t")
    assert refused(talk.decide, approve=True) == "entitlement_state"
    assert (money(world, "a"), money(world, "d")) == (MONEY, 0)
    assert talk.view().negotiation.status == "under_review"
    talk.decide(approve=False)
    assert money(world, "d") == MONEY


def test_a_pledged_right_is_not_sold_nor_more_let_than_is_free_of_the_pledge(world: World) -> None:
    bank = admit_bank(world)
    _pledged(world, bank, m3=300)
    assert refused(_sale, world) == "right_pledged"
    assert (
        refused(Talk, world, "a", "d", litres=101 * LOT, price_e4=1, terms=Terms(1))
        == "more_than_may_be_leased"
    )


def test_what_is_let_is_not_pledged(world: World) -> None:
    Talk(world, "a", "d", litres=300 * LOT, price_e4=1, terms=Terms(1)).concluded()
    with pytest.raises(Refusal) as refusal:
        _pledged(world, admit_bank(world), m3=101)
    assert (refusal.value.code, refusal.value.available) == ("more_than_the_right", "100.000")


def test_the_lease_goes_on_with_the_right_and_the_rent_goes_to_whoever_has_it(world: World) -> None:
    """民法典 art. 725 by analogy."""
    lease = Talk(world, "a", "f", litres=40 * LOT, price_e4=3_000, terms=Terms(2)).concluded()
    turn(world)
    world.decide(0, approve=True)
    before = money(world, "f")
    sale = _sale(world, m3=400, price=5_000).concluded()
    found, turns = lease.lease()
    assert (found.entitlement_id, found.lessor_id) == (
        sale.view().sale.new_entitlement_id, world.names.participant["d"],
    )  # fmt: skip
    assert [each.status for each in turns] == ["traded"]
    assert money(world, "f") == before


def test_who_buys_a_right_lets_what_is_announced_from_then_on(world: World) -> None:
    """Half of the year was announced to the seller and stayed with it: the buyer's lease has a share of the rest."""
    bought = _sale(world, buyer="b", m3=100).concluded().view().sale.new_entitlement_id
    lease = Talk(world, "b", "f", litres=100 * LOT, price_e4=1, terms=Terms(2, turn_month=12), right=bought)
    lease.concluded()
    assert lease.lease()[1] == []
    kept = Talk(world, "a", "f", litres=300 * LOT, price_e4=1, terms=Terms(2, turn_month=12)).concluded()
    assert [each.held_litres for each in kept.lease()[1]] == [150 * LOT]


def test_a_right_whose_lease_waits_for_this_years_delivery_does_not_change_hands(world: World) -> None:
    Talk(world, "a", "f", litres=40 * LOT, price_e4=3_000, terms=Terms(2, turn_month=12)).concluded()
    talk = _sale(world, m3=400, price=5_000).signed()
    talk.publication_over()
    assert refused(talk.decide, approve=True) == "lease_turn_open"
    assert money(world, "d") == 0


def test_of_a_part_the_lease_stays_with_the_seller_where_there_is_room(world: World) -> None:
    lease = Talk(world, "a", "f", litres=40 * LOT, price_e4=3_000, terms=Terms(2, turn_month=12)).concluded()
    sale = _sale(world, m3=100).concluded()
    assert lease.lease()[0].entitlement_id == sale.view().sale.rest_entitlement_id
    assert lease.lease()[0].lessor_id == world.names.participant["a"]


def test_a_right_is_not_split_or_amended_so_far_that_a_lease_has_no_room(world: World) -> None:
    Talk(world, "a", "f", litres=300 * LOT, price_e4=3_000, terms=Terms(2, turn_month=12)).concluded()
    right = right_of(world, "a")
    with db.transaction(world.url) as session:
        assert (
            refused(
                changes.split, session, actor=world.names.actor, entitlement_id=right,
                volumes_litres=[200 * LOT, 200 * LOT], reason="t",
            )
            == "right_is_leased"
        )  # fmt: skip
        found = session.get_one(Entitlement, right)
        assert refused(leases.check_amended, session, found, 299 * LOT) == "right_is_leased"
    made = _registrar(
        world, changes.split, entitlement_id=right, volumes_litres=[100 * LOT, 300 * LOT], reason="t"
    )
    with db.transaction(world.url) as session:
        assert [leases.leased_litres(session, each.id) for each in made] == [0, 300 * LOT]  # type: ignore[attr-defined]


def test_a_lease_ends_with_its_right(world: World) -> None:
    lease = Talk(world, "a", "d", litres=40 * LOT, price_e4=3_000, terms=Terms(2, turn_month=12)).concluded()
    assert water(world, "a", YEAR)[1] == ALLOCATED - 20 * LOT
    _registrar(
        world, endings.cancel, entitlement_id=right_of(world, "a"), grounds="given_up", reason="moved away"
    )
    found, (only,) = lease.lease()
    assert (found.status, only.status) == ("ended", "lapsed")
    assert water(world, "a", YEAR)[1] == ALLOCATED


def test_a_lessee_that_buys_the_right_has_no_lease_any_more(world: World) -> None:
    lease = Talk(world, "a", "d", litres=40 * LOT, price_e4=3_000, terms=Terms(2)).concluded()
    turn(world)
    deposit(world, "d", 100_000)
    _sale(world, m3=400, price=5_000).concluded()
    assert lease.lease()[0].status == "ended"


def test_one_owner_does_not_sell_to_itself_nor_a_farm_right_into_a_factory(world: World) -> None:
    assert refused(_sale, world, "b", "c") == "same_owner"
    assert refused(_sale, world, "a", "f") == "may_not_be_negotiated"
    assert refused(_sale, world, m3=401) == "parts_not_whole"


def _pledged(world: World, bank: int, m3: int) -> None:
    with db.transaction(world.url) as session:
        actor = world.names.actor
        consent = pledges.grant(
            session, actor=actor, entitlement_id=right_of(world, "a"), bank_id=bank,
            valid_to=clock.today() + dt.timedelta(days=9),
        )  # fmt: skip
        pledge = pledges.apply(
            session, actor=actor, consent_id=consent.id, litres=m3 * LOT, secured_fen=1, owed_fen=1, valued_fen=1,
            valuation="t", document="t",
        )  # fmt: skip
        pledges.agree(session, actor=actor, pledge_id=pledge.id)
        pledges.register(session, actor=actor, pledge_id=pledge.id)
