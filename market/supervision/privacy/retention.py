"""Erasing what need no longer be kept, by the dated rules of the county pack. What has no rule is kept.

The ledger, trades, commands and the audit trail are not touched: they name participants by their numbers, and once
name and identifier behind a number are gone, it leads to nobody. Source: 个人信息保护法 arts 19 and 47.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any, LiteralString, NamedTuple

import psycopg
from sqlalchemy.orm import Session

from market.core import acts, audit, clock, db
from market.core.db import raw
from market.county.current import pack_in_force
from market.county.pack import years_after
from market.county.parts import RETAINED, RetentionRule

MOST_AT_ONCE = 1_000
ERASED_NAME = "已删除"
PLACE, APPLICATION, CONTACT, PERSON, DOCUMENT = RETAINED

# A body's name and credit code are no personal data; who signed in for it, and how it was reached, are. The login has
# a character that none can be made with, and no password has an empty hash.
_ERASE_PEOPLE_SQL: LiteralString = """
WITH gone AS (
  SELECT id FROM participants
  WHERE status = %(status)s AND erased_at IS NULL AND decided_at < %(before)s
    AND (%(only)s::bigint IS NULL OR id = %(only)s)
  ORDER BY id LIMIT %(most)s::bigint FOR UPDATE
), people AS (
  UPDATE users u SET login = 'erased:' || u.id, name = '', password_hash = '', totp_secret = NULL,
    totp_used_step = NULL, totp_pending = NULL, phone = NULL, status = 'suspended',
    token_generation = u.token_generation + 1
  FROM gone WHERE u.participant_id = gone.id RETURNING u.id
), places AS (
  UPDATE sign_ins s SET address = NULL, program = NULL FROM people WHERE s.user_id = people.id
), codes AS (
  DELETE FROM one_time_codes c USING people WHERE c.user_id = people.id
), recovery AS (
  DELETE FROM recovery_codes r USING people WHERE r.user_id = people.id
), keys AS (
  UPDATE api_keys k SET label = '', revoked_at = coalesce(k.revoked_at, %(now)s) FROM people WHERE k.user_id = people.id
), papers AS (
  UPDATE mandates m SET document = '' FROM gone WHERE m.participant_id = gone.id
)
UPDATE participants p SET contact = '', erased_at = %(now)s, version = p.version + 1,
  name = CASE WHEN p.identifier_kind = 'identity_number' THEN %(name)s ELSE p.name END,
  identifier_masked = CASE WHEN p.identifier_kind = 'identity_number' THEN '' ELSE p.identifier_masked END,
  identifier_hash = CASE WHEN p.identifier_kind = 'identity_number'
    THEN sha256(convert_to(gen_random_uuid()::text, 'UTF8')) ELSE p.identifier_hash END
FROM gone WHERE p.id = gone.id RETURNING p.id
"""
_ERASE_CONTACTS_SQL: LiteralString = """
WITH phones AS (
  UPDATE users u SET phone = NULL FROM participants p
  WHERE p.id = u.participant_id AND u.phone IS NOT NULL AND p.status = 'closed' AND p.decided_at < %(before)s
    AND (%(only)s::bigint IS NULL OR p.id = %(only)s)
)
UPDATE participants SET contact = '', version = version + 1 WHERE id IN (
  SELECT id FROM participants WHERE status = 'closed' AND contact <> '' AND decided_at < %(before)s
    AND (%(only)s::bigint IS NULL OR id = %(only)s) ORDER BY id LIMIT %(most)s::bigint)
RETURNING id
"""
_ERASE_DOCUMENTS_SQL: LiteralString = """
UPDATE entitlement_documents SET name = '', content = NULL, erased_at = %(now)s WHERE id IN (
  SELECT d.id FROM entitlement_documents d JOIN entitlements e ON e.id = d.entitlement_id
  WHERE d.erased_at IS NULL AND e.status IN ('refused', 'withdrawn', 'replaced', 'cancelled', 'expired')
    AND (%(only)s::bigint IS NULL OR e.participant_id = %(only)s)
    AND coalesce((SELECT max(s.at) FROM entitlement_steps s WHERE s.entitlement_id = e.id), e.decided_at, e.applied_at)
        < %(before)s
  ORDER BY d.id LIMIT %(most)s::bigint)
RETURNING id
"""
_ERASE_PLACES_SQL: LiteralString = """
UPDATE sign_ins SET address = NULL, program = NULL WHERE id IN (
  SELECT s.id FROM sign_ins s
  WHERE s.at < %(before)s AND (s.address IS NOT NULL OR s.program IS NOT NULL)
    AND (%(only)s::bigint IS NULL OR s.user_id IN (SELECT id FROM users WHERE participant_id = %(only)s))
  ORDER BY s.at LIMIT %(most)s::bigint)
RETURNING id
"""

_KEPT_SINCE_SQL: dict[str, LiteralString] = {
    PLACE: "SELECT max(s.at) FROM sign_ins s JOIN users u ON u.id = s.user_id WHERE u.participant_id = %s"
    " AND (s.address IS NOT NULL OR s.program IS NOT NULL)",
    APPLICATION: "SELECT decided_at FROM participants WHERE id = %s AND status = 'refused' AND erased_at IS NULL",
    CONTACT: "SELECT decided_at FROM participants WHERE id = %s AND status = 'closed' AND contact <> ''",
    PERSON: "SELECT decided_at FROM participants WHERE id = %s AND status = 'closed' AND erased_at IS NULL",
    DOCUMENT: "SELECT max(coalesce((SELECT max(s.at) FROM entitlement_steps s WHERE s.entitlement_id = e.id),"
    " e.decided_at, e.applied_at)) FROM entitlements e JOIN entitlement_documents d ON d.entitlement_id = e.id"
    " WHERE e.participant_id = %s AND d.erased_at IS NULL",
}


class _Way(NamedTuple):
    sql: LiteralString
    subject: str = ""
    act: str = ""
    status: str = ""


_WAYS: Mapping[str, _Way] = {
    PLACE: _Way(_ERASE_PLACES_SQL),
    APPLICATION: _Way(_ERASE_PEOPLE_SQL, "participant", "erased", "refused"),
    CONTACT: _Way(_ERASE_CONTACTS_SQL, "participant", "contact_erased"),
    PERSON: _Way(_ERASE_PEOPLE_SQL, "participant", "erased", "closed"),
    DOCUMENT: _Way(_ERASE_DOCUMENTS_SQL, "document", "erased"),
}


def rules(connection: psycopg.Connection[Any]) -> dict[str, RetentionRule]:
    """The rules in force today, by kind of data; none before a county pack is installed."""
    try:
        return pack_in_force(connection).retention_on(clock.today())
    except LookupError:
        return {}


def kept_until(day: dt.date, years: int) -> dt.date:
    """The day from which on what has been kept since `day` is erased; years from 29 February end on 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return dt.date(day.year + years, 3, 1)


def kept_since(connection: psycopg.Connection[Any], data: str, participant_id: int) -> dt.date | None:
    """The legal day from which on the newest of this kind of data of a participant is kept; None: there is none."""
    row = connection.execute(_KEPT_SINCE_SQL[data], (participant_id,)).fetchone()
    return None if row is None or row[0] is None else row[0].astimezone(clock.LEGAL_ZONE).date()


def run(url: str, *, actor: audit.Actor, data: Collection[str] = RETAINED) -> int:
    """Erases all that is over of these kinds of data, MOST_AT_ONCE of each in a transaction; returns how many rows."""
    done = 0
    while True:
        with db.transaction(url) as session:
            found = erase_due(session, actor=actor, data=data)
        done += found
        if not found:
            return done


def erase_due(session: Session, *, actor: audit.Actor, data: Collection[str] = RETAINED) -> int:
    """Erases what is over of these kinds of data, MOST_AT_ONCE of each at most; returns how many rows that was."""
    found = rules(raw(session))
    today = clock.today()
    return sum(
        erase(session, actor=actor, data=each, years=found[each].years, today=today)
        for each in data
        if each in found
    )


def erase(
    session: Session,
    *,
    actor: audit.Actor,
    data: str,
    years: int,
    today: dt.date,
    only: int | None = None,
) -> int:
    """Erases one kind of data whose years are over, of all or of one participant; returns how many rows."""
    way = _WAYS[data]
    rows = raw(session).execute(
        way.sql,
        {
            "status": way.status, "before": clock.end_of_legal_day(years_after(today, -years)), "only": only,
            "most": MOST_AT_ONCE if only is None else None, "now": clock.now(), "name": ERASED_NAME,
        },
    ).fetchall()  # fmt: skip
    if rows and data == PLACE:  # one entry for all: there is one for each sign-in itself
        audit.record(
            raw(session),
            actor=actor,
            action="sign_in.places_erased",
            detail={"sign_ins": len(rows), "years": years},
        )
    elif rows:
        details = [(row[0], {"data": data, "years": years}) for row in sorted(rows)]
        told = [(way.subject, way.act, details)]
        acts.done_many(raw(session), actor=actor, source="participants", told=told)
        session.expire_all()
    return len(rows)
