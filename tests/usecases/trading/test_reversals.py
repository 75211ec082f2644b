"""Reversals of settlements: what went back, what could not, who owes whom, and who may decide (decision 0030)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from market.core import audit, clock, db
from market.core.db import raw
from market.core.errors import Refusal
from market.participants import users
from market.payments import transfers
from market.registry.balance import sheet
from market.settlement import deliveries
from market.settlement.reversal_models import SettlementReversal
from market.supervision import register, reversals, undoing
from market.supervision.desks import people
from market.supervision.privacy import leaving
from market.trading.commands import Accepted, Cancel
from market.trading.intake import take_up
from tests.model.world import ALLOCATED, CAP_C1, CAP_C2, MONEY, YEAR, World

WHY = {"reason": "wash trade", "legal_source": "民法典 arts 155, 157"}
M3 = 1_000


@pytest.fixture
def second(world: World) -> audit.Actor:
    with db.transaction(world.url) as session:
        made = users.create(
            session, actor=world.names.actor, login="second", name="second", password="correct horse battery",
            roles=("supervisor",),
        )  # fmt: skip
        return audit.Actor(user_id=made.id, request_id="second")


def _sell(world: World, seller: str, buyer: str, litres: int, price: int = 3_000) -> int:
    """One sells to another at its own place; the instruction."""
    world.place(f"s-{seller}-{buyer}", seller, "sell", litres, price)
    done = world.place(f"b-{seller}-{buyer}", buyer, "buy", litres, 9_000, tif="IOC")
    assert isinstance(done, Accepted) and done.fills, done
    row = world.looking.execute(
        "SELECT instruction_id FROM trades WHERE id = %s", (done.fills[0].trade,)
    ).fetchone()
    assert row is not None
    return int(row[0])


def _propose(world: World, instruction: int, price: int | None = None) -> int:
    with db.transaction(world.url) as session:
        return reversals.propose(
            session, actor=world.names.actor, instruction_id=instruction, value_price_e4=price, **WHY
        ).id


def _approve(world: World, actor: audit.Actor, reversal: int) -> SettlementReversal:
    with db.transaction(world.url) as session:
        found = reversals.approve(session, actor=actor, reversal_id=reversal, reason="agreed")
    take_up(world.engine)
    return found


def _drop(world: World, actor: audit.Actor, reversal: int) -> SettlementReversal:
    with db.transaction(world.url) as session:
        return reversals.withdraw(session, actor=actor, reversal_id=reversal, reason="no more")


def _free(world: World, who: str) -> tuple[int, int]:
    found: tuple[int, int] = world.picture()["free"][who]
    return found


def _refused(do: Any) -> str:
    with pytest.raises(Refusal) as refused:
        do()
    return refused.value.code


def test_what_is_left_goes_back_and_what_was_used_and_resold_is_compensated(
    world: World, second: audit.Actor
) -> None:
    before = world.picture()
    instruction = _sell(world, "d", "a", 10 * M3)  # 10 000 l give 9 700 l; 3.00 yuan
    world.use("a", 150 * M3)
    _sell(world, "a", "b", 55 * M3)
    assert _free(world, "a")[0] == 4_700
    traded = world.picture()
    reversal = _propose(world, instruction)
    with db.transaction(world.url) as session:
        seen = reversals.expected(session, session.get_one(SettlementReversal, reversal))
        assert seen is not None and (seen.returned_litres, seen.kept_litres) == (4_700, 5_000)
        assert not register.listing(
            session, before=None, limit=9, participant_id=world.names.participant["a"]
        )
    found = _approve(world, second, reversal)
    assert (found.returned_litres, found.kept_litres, found.source_litres, found.value_fen) == (
        4_700, 5_000, 4_845, 155,
    )  # fmt: skip
    after = world.picture()
    assert after["free"]["a"] == (0, traded["free"]["a"][1] + 145)
    assert after["free"]["d"][0] == ALLOCATED - 10_000 + 4_845
    assert traded["free"]["d"][1] - before["free"]["d"][1] == 300, "the fee of it rounds down to nothing"
    assert traded["free"]["d"][1] - after["free"]["d"][1] == 145
    assert after["limits"][CAP_C1] - traded["limits"][CAP_C1] == 4_700
    assert traded["limits"][CAP_C2] - after["limits"][CAP_C2] == 4_845
    with db.transaction(world.url) as session:
        whole = sheet(session, water_year=YEAR, source="surface")
        assert whole.balanced and whole.lost_litres == 300 - 145 and whole.bought_litres == whole.sold_litres
        for who in ("a", "d"):
            (entry,) = register.listing(
                session, before=None, limit=9, participant_id=world.names.participant[who]
            )
            assert (entry.kind, entry.state, entry.reversal_id) == ("reversal", "settled", reversal)
    assert _refused(lambda: _approve(world, second, reversal)) == "reversal_state"
    assert _refused(lambda: _propose(world, instruction)) == "instruction_resolved"


def test_a_payee_without_money_owes_it_and_pays_of_what_comes_in(world: World, second: audit.Actor) -> None:
    instruction = _sell(world, "a", "b", 10 * M3)
    free = _free(world, "a")[1]
    world.place("hold", "a", "buy", 100 * M3, 1)  # 1 fen held
    with db.transaction(world.url) as session:
        account = session.connection().exec_driver_sql(
            "SELECT id FROM money_accounts WHERE participant_id = %s", (world.names.participant["a"],)
        ).scalar_one()  # fmt: skip
        transfers.record_payout(
            session, actor=world.names.actor, money_account_id=account, amount_fen=free - 60,
            bank_reference="out", value_date=clock.today(), note="spent",
        )  # fmt: skip
    buyer = _free(world, "b")
    found = _approve(world, second, _propose(world, instruction))
    assert (found.returned_litres, found.kept_litres, found.value_fen) == (10 * M3, 0, 0)
    with db.transaction(world.url) as session:
        (claim,) = undoing.claims_of(session, [found.id])
        owed = sum(each.owed_fen for each in reversals.takings(session, [found.id]))
        assert owed == 300 and _free(world, "a")[1] == 0 and claim.fen > 0
        assert undoing.payable(session) == []
        for who in ("a", "b"):  # who owes, and who is owed, does not leave
            assert "claims" in leaving.still_open(raw(session), world.names.participant[who])
    assert _free(world, "b") == (buyer[0] - 10 * M3, buyer[1] + 300 - claim.fen)
    world.send("a", Cancel(world.orders["hold"]))
    with db.transaction(world.url) as session:
        assert undoing.payable(session) == [claim.id]
        undoing.collect(session, claim.id, actor=second)
        transfers.record_deposit(
            session, actor=second, money_account_id=account, amount_fen=500, bank_reference="in",
            value_date=clock.today(), note="",
        )  # fmt: skip
    with db.transaction(world.url) as session:
        assert undoing.collect(session, claim.id, actor=second).status == "paid"
        assert "claims" not in leaving.still_open(raw(session), world.names.participant["a"])
        assert undoing.payable(session) == []
    assert _free(world, "b")[1] == buyer[1] + 300
    assert _free(world, "a")[1] == 500 + 1 - claim.fen


def test_water_that_is_gone_is_worth_what_the_bureau_sets(world: World, second: audit.Actor) -> None:
    instruction = _sell(world, "a", "b", 10 * M3, 1_000)  # 1.00 yuan
    world.use("b", ALLOCATED + 10 * M3)
    assert _refused(lambda: _approve(world, second, _propose(world, instruction))) == "nothing_to_reverse"
    with db.transaction(world.url) as session:
        (first,) = reversals.listing(session, before=None, limit=9, status="proposed")
        reversals.withdraw(session, actor=world.names.actor, reversal_id=first.id, reason="no value set")
    seller, buyer = _free(world, "a"), _free(world, "b")
    found = _approve(world, second, _propose(world, instruction, 5_000))
    assert (found.returned_litres, found.kept_litres, found.value_fen) == (0, 10 * M3, 500)
    assert _free(world, "a") == (seller[0], seller[1] + 400)
    assert _free(world, "b") == (buyer[0], buyer[1] - 400)


def test_what_flowed_through_the_gate_does_not_go_back_and_the_rest_is_not_delivered(
    world: World, second: audit.Actor
) -> None:
    instruction = _sell(world, "a", "b", 10 * M3)
    with db.transaction(world.url) as session:
        made = deliveries.order(
            session, actor=second, instruction_id=instruction, starts_on=dt.date(YEAR, 4, 1)
        )
        deliveries.dispatch(session, actor=second, delivery_id=made.id, keeper_id=None)
        deliveries.confirm(session, actor=second, delivery_id=made.id, litres=4 * M3)
    found = _approve(world, second, _propose(world, instruction))
    assert (found.returned_litres, found.kept_litres, found.value_fen) == (6 * M3, 4 * M3, 120)
    row = world.looking.execute("SELECT status, confirmed_litres FROM deliveries").fetchall()
    assert row == [("reversed", 4 * M3)]


def test_who_and_what_is_refused_by_name(world: World, second: audit.Actor) -> None:
    instruction = _sell(world, "d", "a", 10 * M3)
    reversal = _propose(world, instruction)
    assert _refused(lambda: _propose(world, instruction)) == "reversal_pending"
    assert _refused(lambda: _approve(world, world.names.actor, reversal)) == "four_eyes"
    with db.transaction(world.url) as session:
        own = session.connection().exec_driver_sql(
            "SELECT id FROM users WHERE participant_id = %s", (world.names.participant["a"],)
        ).scalar_one()  # fmt: skip
    assert _refused(lambda: _approve(world, audit.Actor(user_id=own), reversal)) == "own_interest"
    assert _refused(lambda: _drop(world, audit.Actor(user_id=own), reversal)) == "own_interest"
    world.place("offer", "a", "sell", M3, 9_000)
    assert _refused(lambda: _approve(world, second, reversal)) == "open_sales"
    world.send("a", Cancel(world.orders["offer"]))
    held = world.picture()["limits"][CAP_C2]
    _sell(world, "b", "d", (held // M3) * M3)  # what is bought into C2 leaves no room for what goes back
    world.use("d", 1)
    assert _refused(lambda: _approve(world, second, reversal)) == "reversal_over_limit"
    with db.transaction(world.url) as session:
        found = reversals.reject(session, actor=second, reversal_id=reversal, reason="no room")
    assert (found.status, found.returned_litres) == ("rejected", 0)
    assert _free(world, "a")[1] < MONEY


def test_an_interest_that_was_declared_keeps_from_deciding(world: World, second: audit.Actor) -> None:
    reversal = _propose(world, _sell(world, "d", "a", 10 * M3))
    assert second.user_id is not None
    with db.transaction(world.url) as session:
        people.declare(
            session, actor=second, user_id=second.user_id, participant_id=world.names.participant["d"],
            relation="kin",
        )  # fmt: skip
    assert _refused(lambda: _approve(world, second, reversal)) == "own_interest"
    assert _refused(lambda: _drop(world, second, reversal)) == "own_interest"


def test_nothing_is_delivered_of_a_trade_while_it_is_reversed(world: World, second: audit.Actor) -> None:
    instruction = _sell(world, "d", "a", 10 * M3)
    reversal = _propose(world, instruction)
    with db.transaction(world.url) as session:
        reversals.approve(session, actor=second, reversal_id=reversal, reason="agreed")
        with db.transaction(world.url) as other:
            other.execute(text("SET LOCAL lock_timeout = '200ms'"))
            with pytest.raises(OperationalError, match="lock timeout"):
                deliveries.order(other, actor=second, instruction_id=instruction)
            other.rollback()
