"""Participants entered many at once by the bureau, without a sign-in; those that are admitted get a money account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import tuple_row

from ledger import journal
from ledger.arrays import Bigints
from market.core import audit, books, clock
from market.core.chart import CNY, DEBITS_MUST_NOT_EXCEED_CREDITS, AccountCode
from market.participants import admission

APPLIED, ADMITTED = "applied", "admitted"


class NewParticipant(NamedTuple):
    """A participant to enter; the identifier was checked and is in its compact form. `status`: APPLIED, ADMITTED."""

    kind: str
    name: str
    identifier_kind: str
    identifier: str
    digest: bytes
    status: str = ADMITTED
    contact: str = ""


class Entered(NamedTuple):
    """A participant that was entered."""

    id: int
    digest: bytes
    kind: str
    status: str


_INSERT_SQL = """
INSERT INTO participants (kind, name, identifier_kind, identifier_masked, identifier_hash, contact, status, applied_at,
                          decided_at, decided_by, decision_reason)
SELECT n.kind, n.name, n.standard, n.masked, n.digest, n.contact, n.status, %(now)s::timestamptz,
       CASE WHEN n.status = 'admitted' THEN %(now)s::timestamptz END,
       CASE WHEN n.status = 'admitted' THEN %(user)s::bigint END,
       CASE WHEN n.status = 'admitted' THEN %(reason)s::text END
  FROM unnest(%(kinds)s::text[], %(names)s::text[], %(standards)s::text[], %(masked)s::text[], %(digests)s::bytea[],
              %(contacts)s::text[], %(statuses)s::text[]) WITH ORDINALITY
       AS n (kind, name, standard, masked, digest, contact, status, position)
 ORDER BY n.position
RETURNING id, identifier_hash, kind, status
"""


def enter(
    connection: psycopg.Connection[Any],
    *,
    actor: audit.Actor,
    wanted: Sequence[NewParticipant],
    reason: str,
) -> list[Entered]:
    """Enters participants, in set statements; `reason` is why the admitted ones are. The caller tells of them.

    Errors: psycopg's UniqueViolation where an identifier is known.
    """
    if not wanted:
        return []
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(
            _INSERT_SQL,
            {
                "now": clock.now(),
                "user": actor.user_id,
                "reason": reason,
                "kinds": [each.kind for each in wanted],
                "names": [each.name for each in wanted],
                "standards": [each.identifier_kind for each in wanted],
                "masked": [admission.masked(each.identifier) for each in wanted],
                "digests": [each.digest for each in wanted],
                "contacts": [each.contact for each in wanted],
                "statuses": [each.status for each in wanted],
            },
        ).fetchall()
    made = [Entered(row[0], bytes(row[1]), row[2], row[3]) for row in rows]
    _open_money_accounts(connection, [each.id for each in made if each.status == ADMITTED])
    return made


def _open_money_accounts(connection: psycopg.Connection[Any], participant_ids: Sequence[int]) -> None:
    money = journal.NewAccount(
        books.asset_id(connection, CNY), AccountCode.HOLDER_MONEY, DEBITS_MUST_NOT_EXCEED_CREDITS
    )
    opened = journal.open_accounts(connection, [money] * len(participant_ids))
    connection.execute(
        "INSERT INTO money_accounts (participant_id, account_id)"
        " SELECT n.* FROM unnest(%s::bigint[], %s::bigint[]) AS n",
        (Bigints(participant_ids), Bigints(opened)),
    )
