"""The transfers of a reversal: water, money and headroom in one batch; what is left owed; the end of deliveries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import journal
from ledger.arrays import Bigints
from ledger.units import format_fen, format_litres
from market.core import acts, audit, books, clock
from market.core.chart import CNY, AccountCode, TransferCode
from market.core.db import raw
from market.core.errors import NotFound
from market.registry import excess, shareouts
from market.settlement import deliveries, refunds
from market.settlement.clearing import Books, Obligation
from market.settlement.delivery_models import Delivery
from market.settlement.models import Instruction
from market.settlement.reversal_models import ReversalClaim, ReversalTaking, SettlementReversal
from market.settlement.reversing import Undoing, covered
from market.supervision.errors import FeesNotCovered, ReversalOverLimit

CLAIM = "reversal_claim"
_FREE_SQL = "SELECT credits_posted - debits_posted - debits_pending FROM accounts WHERE id = %s"
_FLOWED_SQL = """
SELECT coalesce(sum(confirmed_litres), 0)::bigint FROM deliveries WHERE instruction_id = %s
"""
_OWNERS_SQL = "SELECT account_id, participant_id FROM money_accounts WHERE account_id = ANY (%s::bigint[])"


def free_litres(connection: psycopg.Connection[Any], account: int) -> int:
    """What nothing binds on a ledger account."""
    return _number(connection, _FREE_SQL, account)


def flowed(connection: psycopg.Connection[Any], instruction_id: int) -> int:
    """The litres of an instruction that have come through the buyer's gate."""
    return _number(connection, _FLOWED_SQL, instruction_id)


def _number(connection: psycopg.Connection[Any], statement: Any, number: int) -> int:
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(statement, (number,)).fetchone()
    assert row is not None
    return int(row[0])


def owners(connection: psycopg.Connection[Any], accounts: Iterable[int]) -> dict[int, int]:
    """The participants whose money these ledger accounts hold."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        return dict(cursor.execute(_OWNERS_SQL, (Bigints(set(accounts)),)).fetchall())


def stop_deliveries(session: Session, actor: audit.Actor, instruction_id: int) -> int:
    """Ends what of a trade has not flowed yet; returns the litres that have."""
    found = session.scalars(
        select(Delivery)
        .where(Delivery.instruction_id == instruction_id)
        .order_by(Delivery.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    for each in found:
        if each.status in ("ordered", "dispatched", "short"):
            each.status, each.closed_at, each.reason = "reversed", clock.now(), "the trade was reversed"
            each.version += 1
            deliveries.tell(session, actor, "reversed", each.id, {"litres": each.confirmed_litres})
    return sum(each.confirmed_litres for each in found)


def lock(connection: psycopg.Connection[Any], due: Obligation, system: Books) -> dict[int, int]:
    """Locks every account that a reversal may move; what is free on each."""
    limits = {limit for limit, _ in (*due.charges, *due.frees)}
    wanted = {due.seller_account, due.buyer_account, due.buyer_money_account, system.water_clearing,
              system.water_loss, system.money_clearing, system.limit_use}  # fmt: skip
    wanted |= limits | excess.beside(connection, limits) | {payee.account for payee in due.payees}
    return {each: row[5] - row[3] - row[2] for each, row in journal.lock(connection, wanted).items()}


def execute(
    session: Session, found: SettlementReversal, due: Obligation, system: Books, seller: int, what: Undoing,
    free: Mapping[int, int],
) -> None:  # fmt: skip
    """Moves everything, whole or not at all, and notes what is left owed. The accounts are locked.

    Errors: ReversalOverLimit, FeesNotCovered.
    """
    connection = raw(session)
    batch = journal.Batch()
    arrival = _water(batch, found.id, due, system, what)
    _money(session, batch, found, due, system, what, dict(free))
    for limit, litres in what.frees:
        batch.transfer(debit=system.limit_use, credit=limit, amount=litres, code=TransferCode.REVERSED_LIMIT,
                       reference=found.id)  # fmt: skip
    for limit, litres in what.charges:
        if free[limit] < litres:
            raise _over_limit(connection, limit, litres, free[limit])
        batch.transfer(debit=limit, credit=system.limit_use, amount=litres, code=TransferCode.REVERSED_LIMIT,
                       reference=found.id)  # fmt: skip
    moved = excess.execute(connection, batch, (limit for limit, _ in what.frees))
    if what.returned_litres:
        shareouts.give_back(
            connection, water_account_id=seller, instruction_id=due.id, litres=what.source_litres,
            hold_id=refunds.taken_by(connection, due), mark=moved[arrival], arrived=True,
        )  # fmt: skip
    instruction = session.get_one(Instruction, due.id, populate_existing=True)
    instruction.status, instruction.version = "reversed", instruction.version + 1
    session.flush()


def _water(batch: journal.Batch, number: int, due: Obligation, system: Books, what: Undoing) -> int:
    """Buyer → clearing → seller, and what the way had lost of it; the place of the transfer that arrives."""
    clearing = system.water_clearing
    for debit, credit, litres in (
        (due.buyer_account, clearing, what.returned_litres),
        (system.water_loss, clearing, what.source_litres - what.returned_litres),
        (clearing, due.seller_account, what.source_litres),
    ):
        if litres:
            batch.transfer(debit=debit, credit=credit, amount=litres, code=TransferCode.REVERSED_WATER,
                           reference=number)  # fmt: skip
    return len(batch) - 1


def _money(
    session: Session, batch: journal.Batch, found: SettlementReversal, due: Obligation, system: Books, what: Undoing,
    free: dict[int, int],
) -> None:  # fmt: skip
    """What each side owes the other, paid as far as there is money; the rest is a claim. Errors: FeesNotCovered."""
    buyer = due.buyer_money_account
    owed = [(account, buyer, fen) for account, fen in what.back]
    owed += [(buyer, account, fen) for account, fen in what.onward]
    paid = covered([(debtor, fen) for debtor, _, fen in owed], free)
    people = owners(raw(session), {account for debtor, creditor, _ in owed for account in (debtor, creditor)})
    for rank, ((debtor, creditor, fen), part) in enumerate(zip(owed, paid, strict=True)):
        session.add(
            ReversalTaking(
                reversal_id=found.id, rank=rank, debtor_account=debtor, creditor_account=creditor, owed_fen=fen,
                paid_fen=part,
            )
        )  # fmt: skip
        if part < fen:
            if debtor not in people:  # the exchange's own fees are returned at once
                raise FeesNotCovered(limit=format_fen(fen), available=format_fen(part))
            session.add(
                ReversalClaim(
                    reversal_id=found.id, debtor_id=people[debtor], creditor_id=people[creditor],
                    debtor_account=debtor, creditor_account=creditor, fen=fen - part, arose_at=clock.now(),
                )
            )  # fmt: skip
        if part:
            _pay(batch, debtor, system.money_clearing, creditor, part, TransferCode.REVERSED_MONEY, found.id)


def _pay(
    batch: journal.Batch, debtor: int, clearing: int, creditor: int, fen: int, code: TransferCode, number: int
) -> None:
    batch.transfer(debit=debtor, credit=clearing, amount=fen, code=code, reference=number)
    batch.transfer(debit=clearing, credit=creditor, amount=fen, code=code, reference=number)


_LIMIT_SQL = "SELECT code, legal_source FROM limits WHERE account_id = %s"


def _over_limit(
    connection: psycopg.Connection[Any], account: int, needed: int, free: int
) -> ReversalOverLimit:
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(_LIMIT_SQL, (account,)).fetchone()
    code, source = row if row is not None else ("a limit", None)
    return ReversalOverLimit(
        f"{code} has {format_litres(free)} m3 left, what goes back needs {format_litres(needed)}",
        rule=f"cap:{code}",
        limit=format_litres(needed),
        available=format_litres(free),
        legal_source=source,
    )


# --- claims --------------------------------------------------------------------------------------------------------

_PAYABLE_SQL = """
SELECT c.id FROM reversal_claims c JOIN accounts a ON a.id = c.debtor_account
WHERE c.status = 'open' AND a.credits_posted > a.debits_posted + a.debits_pending ORDER BY c.id
"""


def payable(session: Session) -> list[int]:
    """Open claims whose debtor has money now."""
    with raw(session).cursor(row_factory=tuple_row) as cursor:
        return [row[0] for row in cursor.execute(_PAYABLE_SQL).fetchall()]


def collect(session: Session, claim_id: int, *, actor: audit.Actor) -> ReversalClaim:
    """Sets a claim off against the free money of its debtor, as far as that goes. Errors: NotFound."""
    with clock.standing():
        found = session.get(ReversalClaim, claim_id, with_for_update=True, populate_existing=True)
        if found is None:
            raise NotFound("there is no such claim")
        connection = raw(session)
        clearing = books.system_account(connection, CNY, AccountCode.MONEY_CLEARING)
        rows = journal.lock(connection, {found.debtor_account, found.creditor_account, clearing})
        _, _, pending, posted, _, credited = rows[found.debtor_account]
        part = min(found.fen - found.paid_fen, credited - posted - pending)
        if part <= 0:
            return found
        batch = journal.Batch()
        _pay(
            batch,
            found.debtor_account,
            clearing,
            found.creditor_account,
            part,
            TransferCode.CLAIM_PAID,
            claim_id,
        )
        batch.execute(connection, moment=clock.now())
        found.paid_fen += part
        if found.paid_fen == found.fen:
            found.status, found.paid_at = "paid", clock.now()
        session.flush()
        acts.done(
            session, actor=actor, source="supervision", kind=CLAIM, number=claim_id, act="set_off",
            detail={"fen": part, "left_fen": found.fen - found.paid_fen},
        )  # fmt: skip
    return found


def claims_of(session: Session, numbers: Iterable[int]) -> list[ReversalClaim]:
    """What these reversals left owed."""
    statement = select(ReversalClaim).where(ReversalClaim.reversal_id.in_(list(numbers)))
    return list(session.scalars(statement.order_by(ReversalClaim.id)))
