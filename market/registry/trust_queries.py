"""What a trust shows to its trustee, its members and the bureau."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.arrays import Bigints
from ledger.models import FIRST_PARTICIPANT_ACCOUNT
from market.core.chart import TransferCode
from market.core.db import raw
from market.core.errors import NotFound
from market.registry import shareouts
from market.registry.pools import Standing
from market.registry.trust_models import Trust, TrustMember


@dataclass(frozen=True, slots=True)
class TrustView:
    """A trust with its pool: litres of the members, litres free of holds, and its place and kind of water."""

    trust: Trust
    township_zone_id: int
    canal_zone_id: int
    sector: str
    source: str
    water_year: int
    right_kind: str
    members: int
    total_litres: int
    available_litres: int


@dataclass(frozen=True, slots=True)
class MemberView:
    """A membership and its exact part in the pool: litres in and out, sold, used and left; fen earned and due.

    `proceeds_fen` are the participant's from settled trades of the pool, `awaited_fen` from those under review.
    """

    member: TrustMember
    brought_litres: int
    taken_litres: int
    sold_litres: int
    used_litres: int
    litres: int
    fee_due_fen: int
    proceeds_fen: int
    awaited_fen: int


def trusts(
    session: Session,
    *,
    trust_id: int | None = None,
    trustee_id: int | None = None,
    status: str | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[TrustView]:
    """Trusts by id, with their pools."""
    statement = select(Trust).where(Trust.id > (after or 0))
    for column, value in ((Trust.id, trust_id), (Trust.trustee_id, trustee_id), (Trust.status, status)):
        if value is not None:
            statement = statement.where(column == value)
    found = list(session.scalars(statement.order_by(Trust.id).limit(limit)))
    ids = [each.id for each in found]
    pools = shareouts.now(raw(session), ids)
    places = _places(raw(session), ids)
    return [_trust_view(each, places[each.id], pools[each.id]) for each in found]


def over(connection: psycopg.Connection[Any], today: dt.date) -> list[int]:
    """Open trusts whose last day is past."""
    return _ids(connection, "SELECT id FROM trusts WHERE status = 'open' AND ends_on < %s ORDER BY id", today)


_OWING_SQL = """
SELECT t.id FROM trusts t JOIN water_accounts w ON w.id = t.water_account_id JOIN accounts a ON a.id = w.account_id
 WHERE t.status = 'ended'
   AND (a.credits_posted - a.debits_posted - a.debits_pending > 0
        OR EXISTS (SELECT FROM trust_members m WHERE m.trust_id = t.id
                    AND m.status IN ('offered', 'accepted', 'leaving')))
 ORDER BY t.id
"""


def to_give_back(connection: psycopg.Connection[Any]) -> list[int]:
    """Ended trusts in which members or free water are left."""
    return _ids(connection, _OWING_SQL)


_WAITING_SQL = """
SELECT DISTINCT t.id FROM trusts t
  JOIN water_accounts p ON p.id = t.water_account_id
  JOIN trust_members m ON m.trust_id = t.id AND m.status = 'accepted' AND m.standing
  JOIN water_accounts w ON w.id = m.water_account_id AND w.status = 'open'
   AND w.right_kind IS NOT DISTINCT FROM p.right_kind
  JOIN accounts a ON a.id = w.account_id AND a.credits_posted > a.debits_posted + a.debits_pending
 WHERE t.status = 'open' AND t.ends_on >= %s ORDER BY t.id
"""


def to_collect(connection: psycopg.Connection[Any], today: dt.date) -> list[int]:
    """Running trusts with members who entrusted later announcements too and have free water."""
    return _ids(connection, _WAITING_SQL, today)


def _ids(connection: psycopg.Connection[Any], query: LiteralString, *parameters: Any) -> list[int]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        return [row[0] for row in cursor.execute(query, parameters).fetchall()]


def _trust_view(each: Trust, at: tuple[Any, ...], pool: shareouts.Pool) -> TrustView:
    township, canal, sector, source, year, kind, members = at
    return TrustView(
        each, township, canal, sector, source, year, kind, members, pool.total_litres, pool.available_litres
    )


def trust(session: Session, *, trust_id: int) -> TrustView:
    """One trust. Errors: NotFound."""
    found = trusts(session, trust_id=trust_id, limit=1)
    if not found:
        raise NotFound("there is no such trust")
    return found[0]


_PLACES_SQL = """
SELECT r.id, w.township_zone_id, w.canal_zone_id, w.sector, w.source, w.water_year, w.right_kind,
       (SELECT count(*) FROM trust_members m WHERE m.trust_id = r.id AND m.status IN ('accepted', 'leaving'))
  FROM trusts r JOIN water_accounts w ON w.id = r.water_account_id WHERE r.id = ANY(%s)
"""


def _places(connection: psycopg.Connection[Any], ids: Iterable[int]) -> dict[int, tuple[Any, ...]]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        return {row[0]: row[1:] for row in cursor.execute(_PLACES_SQL, (Bigints(ids),))}


def members(
    session: Session,
    *,
    trust_id: int | None = None,
    member_id: int | None = None,
    participant_id: int | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[MemberView]:
    """Memberships by id: of one trust, of one participant, or one; each with its exact part."""
    statement = select(TrustMember).where(TrustMember.id > (after or 0))
    for column, value in (
        (TrustMember.trust_id, trust_id),
        (TrustMember.id, member_id),
        (TrustMember.participant_id, participant_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    found = list(session.scalars(statement.order_by(TrustMember.id).limit(limit)))
    connection = raw(session)
    pools = shareouts.now(connection, {each.trust_id for each in found})
    past = _past(connection, [each.id for each in found])
    money = _money(connection, found)
    nothing = Standing(0, 0, 0, 0)
    return [
        _view(
            each,
            pools[each.trust_id].standings.get(each.id, nothing),
            past.get(each.id, (0,) * 6),
            money.get((each.trust_id, each.participant_id), (0, 0)),
        )
        for each in found
    ]


def member(session: Session, *, member_id: int) -> MemberView:
    """One membership. Errors: NotFound."""
    found = members(session, member_id=member_id, limit=1)
    if not found:
        raise NotFound("there is no such membership")
    return found[0]


_PAST_SQL = """
SELECT s.member_id,
       coalesce(sum(s.moved_litres) FILTER (WHERE g.cause = 'brought_in'), 0)::bigint,
       coalesce(-sum(s.moved_litres) FILTER (WHERE g.cause = 'taken_out'), 0)::bigint,
       coalesce(sum(s.moved_litres) FILTER (WHERE g.cause = 'returned'), 0)::bigint,
       sum(s.sold_litres)::bigint, sum(s.used_litres)::bigint, sum(s.fee_fen)::bigint
  FROM trust_shares s JOIN trust_generations g ON g.id = s.generation_id
 WHERE s.member_id = ANY(%s) GROUP BY s.member_id
"""
_MONEY_SQL = f"""
SELECT r.id, m.participant_id,
       coalesce(sum((p ->> 1)::bigint) FILTER (WHERE i.status IN ('settled', 'reversed')), 0)::bigint - coalesce((
         SELECT sum(t.amount) FROM transfers t JOIN instructions n ON n.id = t.reference
          WHERE t.debit_account_id = m.account_id AND t.debit_account_id >= {FIRST_PARTICIPANT_ACCOUNT}
            AND t.code = {int(TransferCode.RETURN_MONEY)}
            AND n.seller_water_account_id = r.water_account_id), 0)::bigint - coalesce((
         SELECT sum(CASE WHEN t.debtor_account = m.account_id THEN t.owed_fen ELSE -t.owed_fen END)
           FROM reversal_takings t JOIN settlement_reversals v ON v.id = t.reversal_id
           JOIN instructions n ON n.id = v.instruction_id
          WHERE m.account_id IN (t.debtor_account, t.creditor_account)
            AND n.seller_water_account_id = r.water_account_id), 0)::bigint,
       coalesce(sum((p ->> 1)::bigint) FILTER (WHERE i.status = 'awaiting_review'), 0)::bigint
  FROM trusts r
  JOIN instructions i ON i.seller_id = r.trustee_id AND i.seller_water_account_id = r.water_account_id
 CROSS JOIN LATERAL jsonb_array_elements(i.payees::jsonb) p
  JOIN money_accounts m ON m.account_id = (p ->> 0)::bigint
 WHERE r.id = ANY(%s) AND m.participant_id = ANY(%s) AND p ->> 2 = 'beneficiary'
 GROUP BY r.id, m.participant_id, m.account_id
"""


def _past(connection: psycopg.Connection[Any], ids: Iterable[int]) -> dict[int, tuple[Any, ...]]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        return {row[0]: row[1:] for row in cursor.execute(_PAST_SQL, (Bigints(ids),))}


def _money(
    connection: psycopg.Connection[Any], found: Sequence[TrustMember]
) -> dict[tuple[int, int], tuple[int, int]]:
    parameters = (Bigints(each.trust_id for each in found), Bigints(each.participant_id for each in found))
    with connection.cursor(row_factory=tuple_row) as cursor:
        return {(row[0], row[1]): (row[2], row[3]) for row in cursor.execute(_MONEY_SQL, parameters)}


def _view(each: TrustMember, now: Standing, past: tuple[Any, ...], money: tuple[int, int]) -> MemberView:
    brought, taken, returned, sold, used, fee = past
    return MemberView(
        member=each,
        brought_litres=brought,
        taken_litres=taken,
        sold_litres=sold + now.sold_litres - returned,
        used_litres=used + now.used_litres,
        litres=now.litres,
        fee_due_fen=fee + now.fee_fen,
        proceeds_fen=money[0],
        awaited_fen=money[1],
    )
