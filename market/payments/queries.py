"""Money accounts with their balances; recorded deposits and payouts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.arrays import Bigints
from market.core.errors import NotFound
from market.participants.models import MoneyAccount
from market.participants.privacy import BODIES
from market.payments.models import BankTransfer


@dataclass(frozen=True, slots=True)
class MoneyAccountView:
    """A participant's money, in fen: available = balance - held."""

    id: int
    participant_id: int
    account_id: int
    balance_fen: int
    held_fen: int
    available_fen: int


_ACCOUNTS_SQL = """
SELECT m.id, m.participant_id, m.account_id, a.credits_posted - a.debits_posted, a.debits_pending,
       a.credits_posted - a.debits_posted - a.debits_pending
  FROM money_accounts m JOIN accounts a ON a.id = m.account_id
 WHERE (%(id)s::bigint IS NULL OR m.id = %(id)s)
   AND (%(participant)s::bigint IS NULL OR m.participant_id = %(participant)s)
   AND (%(name)s::text IS NULL OR m.participant_id IN (
           SELECT p.id FROM participants p
            WHERE strpos(lower(p.name), lower(%(name)s)) > 0
              AND (%(persons)s OR p.kind = ANY(%(bodies)s))))
   AND (%(ids)s::bigint[] IS NULL OR m.id = ANY(%(ids)s))
   AND m.id > %(after)s
 ORDER BY m.id LIMIT %(limit)s
"""
_ALL = {
    "id": None, "participant": None, "name": None, "persons": False, "bodies": sorted(BODIES), "ids": None,
    "after": 0, "limit": 1,
}  # fmt: skip


def money_accounts(
    connection: psycopg.Connection[Any],
    *,
    participant_id: int | None = None,
    name: str | None = None,
    persons: bool = False,
    ids: Collection[int] | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[MoneyAccountView]:
    """Money accounts by id; of one participant, or all; `ids`: of these alone.

    `name`: of those whose name holds it, natural persons among them only with `persons`.
    """
    return _views(
        connection,
        participant=participant_id,
        name=name,
        persons=persons,
        ids=Bigints(ids) if ids is not None else None,
        after=after or 0,
        limit=limit,
    )


def money_account(connection: psycopg.Connection[Any], *, money_account_id: int) -> MoneyAccountView:
    """One money account. Errors: NotFound."""
    found = _views(connection, id=money_account_id)
    if not found:
        raise NotFound("there is no such money account")
    return found[0]


def _views(connection: psycopg.Connection[Any], **picked: Any) -> list[MoneyAccountView]:
    parameters = {**_ALL, **picked}
    with connection.cursor(row_factory=tuple_row) as cursor:
        return [MoneyAccountView(*row) for row in cursor.execute(_ACCOUNTS_SQL, parameters)]


def bank_transfers(
    session: Session,
    *,
    direction: str,
    participant_id: int | None = None,
    money_account_id: int | None = None,
    after: int | None = None,
    limit: int = 50,
    newest_first: bool = False,
) -> list[BankTransfer]:
    """Recorded deposits (`in`) or payouts (`out`) by id; `after`: what comes next in the order."""
    number = BankTransfer.id
    statement = select(BankTransfer).where(BankTransfer.direction == direction)
    if participant_id is not None:
        own = select(MoneyAccount.id).where(MoneyAccount.participant_id == participant_id)
        statement = statement.where(BankTransfer.money_account_id.in_(own))
    if money_account_id is not None:
        statement = statement.where(BankTransfer.money_account_id == money_account_id)
    if after is not None:
        statement = statement.where(number < after if newest_first else number > after)
    return list(session.scalars(statement.order_by(number.desc() if newest_first else number).limit(limit)))
