"""Violations planted in what interventions leave behind: each is found by its name."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from market.core import audit, clock, db
from market.payments import transfers
from market.proofs import reversing, stopping
from market.supervision import cancelling, halting, reversals
from market.supervision.cancelling import Filter
from market.trading.commands import Accepted
from market.trading.intake import take_up
from tests.model.world import World

WHY = {"reason": "planted", "legal_source": "planted"}
REVERSAL = "(SELECT max(id) FROM settlement_reversals)"
HALT = (
    "INSERT INTO halts (scope, {column}, orders, reason, legal_source, ordered_by, ordered_at)"
    " SELECT '{scope}', {value}, 'stay', 'planted', 'planted', min(id), (SELECT min(traded_at) FROM trades) FROM users"
)
PLANTS = (
    ("a trade under a halt", HALT.format(scope="participant", column="participant_id",
                                         value="(SELECT min(seller_id) FROM trades)")),
    ("a trade under a halt", HALT.format(scope="zone", column="zone_id",
                                         value="(SELECT id FROM zones WHERE code = 'KUSHAN')")),
    ("a trade under a halt", HALT.format(scope="product", column="product_id",
                                         value="(SELECT min(product_id) FROM trades)")),
    ("a halt stands past its time", "UPDATE halts SET lifted_at = NULL, lifted_by = NULL,"
     " lift_reason = NULL, ordered_at = now() - interval '2 hours', until = now() - interval '1 hour'"),
    ("an order filled after it was cancelled",
     "UPDATE order_cancellations SET ordered_at = (SELECT min(traded_at) FROM trades)",
     "UPDATE order_cancellation_lines SET order_id = (SELECT min(sell_order_id) FROM trades)"),
    ("an order is open though its cancellation is done",
     "ALTER TABLE orders DROP CONSTRAINT ck_orders_sell_holds_its_rest",
     "UPDATE orders SET status = 'open' WHERE reason LIKE 'intervention%'"),
    ("a cancellation is not what it chose", "UPDATE order_cancellations SET orders = orders + 1"),
    ("an order did not get back what it held when it was cancelled",
     "UPDATE order_cancellation_lines SET held = held + 1"),
    ("a reversed trade without its reversal, or the other way round",
     "UPDATE instructions SET status = 'settled' WHERE status = 'reversed'"),
    ("a reversed trade without its reversal, or the other way round",
     "UPDATE settlement_reversals SET status = 'withdrawn', returned_litres = 0, kept_litres = 0, source_litres = 0"),
    ("a reversal that is not of the whole trade", "UPDATE settlement_reversals SET kept_litres = kept_litres - 1"),
    ("a reversal that is not of the whole trade", "UPDATE settlement_reversals SET source_litres = source_litres + 1"),
    ("one person where two are needed",
     "ALTER TABLE settlement_reversals DROP CONSTRAINT ck_settlement_reversals_four_eyes",
     "UPDATE settlement_reversals SET decided_by = proposed_by"),
    ("a settled reversal that nobody can look up", "DELETE FROM intervention_parties"),
    ("a reversal did not move the water that it says",
     "UPDATE transfers SET amount = amount + 1 WHERE id = (SELECT max(id) FROM transfers WHERE code = 130)"),
    ("a reversal did not move the water that it says", "UPDATE transfers SET reference = 9 WHERE code = 130"),
    ("a reversal did not free and charge its limits exactly",
     "UPDATE transfers SET amount = amount + 1 WHERE id = (SELECT max(id) FROM transfers WHERE code = 132)"),
    ("the buyer is not charged the value of what it keeps",
     "UPDATE settlement_reversals SET value_fen = value_fen + 1"),
    ("a reversal did not pay what it says",
     "UPDATE transfers SET amount = amount + 2 WHERE id = (SELECT max(id) FROM transfers WHERE code = 131)"),
    ("what was not paid at once is not owed", "DELETE FROM reversal_claims"),
    ("a taking that the ledger does not have",
     "UPDATE transfers SET debit_account_id = 1 WHERE code = 131"),
    ("a claim was not paid what it says", "UPDATE reversal_claims SET paid_fen = 1"),
)  # fmt: skip


def _trade(world: World) -> int:
    world.place("sold", "d", "sell", 10_000, 3_000)
    done = world.place("bought", "a", "buy", 10_000, 9_000, tif="IOC")
    assert isinstance(done, Accepted) and done.fills
    row = world.looking.execute("SELECT max(id) FROM instructions").fetchone()
    assert row is not None
    return int(row[0])


def _intervene(world: World) -> None:
    """A reversal that leaves a claim, a cancellation and a halt that was lifted."""
    actor, instruction = world.names.actor, _trade(world)
    world.use("a", 205_000)
    with db.transaction(world.url) as session:
        account, free = session.connection().exec_driver_sql(
            "SELECT m.id, a.credits_posted - a.debits_posted FROM money_accounts m"
            " JOIN accounts a ON a.id = m.account_id WHERE m.participant_id = %s", (world.names.participant["d"],)
        ).one()  # fmt: skip
        transfers.record_payout(
            session, actor=actor, money_account_id=account, amount_fen=free - 50, bank_reference="out",
            value_date=clock.today(), note="",
        )  # fmt: skip
        made = reversals.propose(session, actor=actor, instruction_id=instruction, **WHY)
    with db.transaction(world.url) as session:
        other = session.connection().exec_driver_sql("SELECT max(id) FROM users").scalar_one()
        reversals.approve(session, actor=audit.Actor(user_id=other), reversal_id=made.id, reason="agreed")
    take_up(world.engine)
    world.place("open", "b", "sell", 1_000, 9_000)
    with db.transaction(world.url) as session:
        cancelling.order(session, actor=actor, wanted=Filter(side="sell"), most=9, **WHY)
    take_up(world.engine)
    with db.transaction(world.url) as session:
        halt = halting.order(session, actor=actor, scope="market", orders="stay", **WHY)
    with db.transaction(world.url) as session:
        halting.lift(session, actor=actor, halt_id=halt.id, reason="explained")
    take_up(world.engine)


def _found(connection: psycopg.Connection[Any]) -> set[str]:
    checks = (*stopping.CHECKS, *reversing.CHECKS)
    return {
        str(row[0]) for each in checks for row in connection.execute(each.sql.replace("%%", "%")).fetchall()
    }


REFUSED = (
    ("UPDATE settlement_reversals SET decided_by = proposed_by", "ck_settlement_reversals_four_eyes"),
    ("UPDATE reversal_claims SET paid_fen = fen + 1", "ck_reversal_claims_fen"),
    ("UPDATE reversal_takings SET paid_fen = 0", "its rows are immutable"),
    ("DELETE FROM order_cancellation_lines", "its rows are immutable"),
    ("UPDATE halts SET with_owners = true", "ck_halts_with_owners"),
)


def test_what_is_planted_is_found_and_what_cannot_be_is_refused_by_the_database(world: World) -> None:
    _intervene(world)
    with db.connect(world.url) as connection:
        assert _found(connection) == set()
        for reason, *statements in PLANTS:
            connection.execute("SET LOCAL session_replication_role = replica")
            for statement in statements:
                assert connection.execute(statement).rowcount != 0, statement
            assert reason in _found(connection), (reason, statements)
            connection.rollback()
        for statement, constraint in REFUSED:
            with pytest.raises(psycopg.Error, match=constraint):
                connection.execute(statement)
            connection.rollback()
