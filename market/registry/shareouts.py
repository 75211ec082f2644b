"""The shares of pools on the books: what each member has now, and the next generation of shares after a change.

Whoever changes shares holds the lock of the pool's ledger account from before it reads until its commit. The engine
locks that account for every trade from the pool, and reads the version of the reference after that lock: a trade is
paid by the shares that are in force when it happens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from ledger.arrays import Bigints
from ledger.models import FIRST_PARTICIPANT_ACCOUNT
from ledger.units import split_exact
from market.core import clock
from market.core.chart import TransferCode
from market.core.db import bump_reference
from market.registry.pools import Standing, standings

TAKEN = (int(TransferCode.INSTRUCTION_HOLD), int(TransferCode.TRADE_WATER))

BROUGHT_IN, TAKEN_OUT, RETURNED = "brought_in", "taken_out", "returned"


@dataclass(frozen=True, slots=True)
class Pool:
    """The shares of one pool now. Litres; `available_litres` is what neither orders nor instructions hold."""

    trust_id: int
    account_id: int
    standings: Mapping[int, Standing]
    available_litres: int

    @property
    def total_litres(self) -> int:
        """What the members have together: all but what waits for a review to leave the pool."""
        return sum(each.litres for each in self.standings.values())


@dataclass(frozen=True, slots=True)
class _Since:
    """A pool's ledger account, its generation in force, and what was taken since its mark."""

    trust_id: int
    account_id: int
    seller_id: int
    fee_account_id: int
    balance: int
    pending: int
    generation_id: int
    mark: int
    waiting: int
    sold: int
    fee_fen: int


# What waits for its review has left the members; should it be refused, it returns to those whose it was.
_SINCE_SQL = f"""
SELECT r.id, w.account_id, r.trustee_id, coalesce(w.fee_account_id, 0), a.credits_posted - a.debits_posted,
       a.debits_pending, coalesce(g.id, 0), coalesce(g.mark, 0), coalesce(i.litres, 0)::bigint,
       coalesce(s.litres, 0)::bigint, coalesce(f.fen, 0)::bigint
  FROM trusts r
  JOIN water_accounts w ON w.id = r.water_account_id
  JOIN accounts a ON a.id = w.account_id
  LEFT JOIN LATERAL (SELECT id, mark FROM trust_generations WHERE trust_id = r.id ORDER BY mark DESC LIMIT 1) g ON true
 CROSS JOIN LATERAL (
       SELECT sum(source_litres) AS litres FROM instructions
        WHERE seller_id = r.trustee_id AND seller_account = w.account_id AND status = 'awaiting_review') i
 CROSS JOIN LATERAL (
       SELECT sum(n.source_litres) AS litres FROM transfers t JOIN instructions n ON n.id = t.reference
        WHERE t.debit_account_id = w.account_id AND t.debit_account_id >= {FIRST_PARTICIPANT_ACCOUNT}
          AND t.id > coalesce(g.mark, 0) AND n.status <> 'rejected'
          AND (t.code = {TAKEN[0]} AND t.kind = 1 OR t.code = {TAKEN[1]} AND n.review_rule IS NULL)) s
 CROSS JOIN LATERAL (
       SELECT sum(CASE WHEN debit_account_id = w.fee_account_id THEN amount ELSE -amount END) AS fen FROM transfers
        WHERE (debit_account_id = w.fee_account_id AND debit_account_id >= {FIRST_PARTICIPANT_ACCOUNT}
               OR credit_account_id = w.fee_account_id AND credit_account_id >= {FIRST_PARTICIPANT_ACCOUNT})
          AND id > coalesce(g.mark, 0)
          AND code = {int(TransferCode.WATER_FEE)}) f
 WHERE r.id = ANY(%s)
"""


def now(
    connection: psycopg.Connection[Any], trust_ids: Iterable[int], *, arrived: int = 0
) -> dict[int, Pool]:
    """The pools of these trusts with what each member has in them; `arrived` litres are on them and nobody's yet."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        found = [_Since(*row) for row in cursor.execute(_SINCE_SQL, (Bigints(trust_ids),))]
    shares = shares_of(connection, [each.generation_id for each in found])
    return {each.trust_id: _pool(each, shares.get(each.generation_id, {}), arrived) for each in found}


def _pool(since: _Since, shares: Mapping[int, int], arrived: int) -> Pool:
    free = since.balance - since.waiting - arrived
    left = standings(
        list(shares.values()),
        sold=since.sold,
        used=sum(shares.values()) - since.sold - free,
        fee_fen=since.fee_fen,
    )
    return Pool(
        since.trust_id,
        since.account_id,
        dict(zip(shares, left, strict=True)),
        since.balance - since.pending,
    )


def shares_of(
    connection: psycopg.Connection[Any], generation_ids: Sequence[int]
) -> dict[int, dict[int, int]]:
    """The litres of each member with any, of these generations."""
    found: dict[int, dict[int, int]] = {}
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(
            "SELECT generation_id, member_id, litres FROM trust_shares"
            " WHERE generation_id = ANY(%s) AND litres > 0 ORDER BY generation_id, member_id",
            (Bigints(generation_ids),),
        )
        for generation, member, litres in rows:
            found.setdefault(generation, {})[member] = litres
    return found


_NEXT_SQL = """
INSERT INTO trust_generations (trust_id, mark, cause, instruction_id, total_litres, sold_litres, used_litres, fee_fen,
                               made_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id
"""
_SHARES_SQL = """
INSERT INTO trust_shares (generation_id, member_id, litres, moved_litres, sold_litres, used_litres, fee_fen)
SELECT %s, * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
"""
_NOTHING = Standing(0, 0, 0, 0)


def change(
    connection: psycopg.Connection[Any],
    pool: Pool,
    moved: Mapping[int, int],
    *,
    mark: int,
    cause: str,
    instruction_id: int | None = None,
) -> None:
    """Writes the next generation: each member's litres now and what moved for it, from the transfer `mark` on."""
    members = sorted(pool.standings.keys() | moved.keys())
    before = [pool.standings.get(member, _NOTHING) for member in members]
    litres = [each.litres + moved.get(member, 0) for member, each in zip(members, before, strict=True)]
    sold, used = [each.sold_litres for each in before], [each.used_litres for each in before]
    fees = [each.fee_fen for each in before]
    parameters = (
        pool.trust_id, mark, cause, instruction_id, sum(litres), sum(sold), sum(used), sum(fees), clock.now(),
    )  # fmt: skip
    row = connection.execute(_NEXT_SQL, parameters).fetchone()
    assert row is not None
    connection.execute(
        _SHARES_SQL,
        (
            row[0],
            Bigints(members),
            Bigints(litres),
            Bigints(moved.get(member, 0) for member in members),
            Bigints(sold),
            Bigints(used),
            Bigints(fees),
        ),
    )
    bump_reference(connection)


def give_back(
    connection: psycopg.Connection[Any],
    *,
    water_account_id: int,
    instruction_id: int,
    litres: int,
    hold_id: int,
    mark: int,
    arrived: bool = False,
) -> bool:
    """Returns what comes back of an instruction to those whose it was when it was traded; False where this is no pool.

    The caller has locked the pool's ledger account; `hold_id` is the transfer that took the water, `mark` the one that
    gives it back; `arrived`: it is on the account already (a refund), else it only was held (a review refused it).
    """
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(
            "SELECT r.id, g.id FROM trusts r JOIN LATERAL (SELECT id FROM trust_generations WHERE trust_id = r.id"
            " AND mark < %s ORDER BY mark DESC LIMIT 1) g ON true WHERE r.water_account_id = %s",
            (hold_id, water_account_id),
        ).fetchone()
    if row is None:
        return False
    trust_id, generation = row
    then = shares_of(connection, [generation])[generation]
    returned = dict(zip(then, split_exact(litres, list(then.values())), strict=True))
    pool = now(connection, [trust_id], arrived=litres if arrived else 0)[trust_id]
    change(connection, pool, returned, mark=mark, cause=RETURNED, instruction_id=instruction_id)
    return True
