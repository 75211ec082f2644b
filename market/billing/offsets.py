"""Offset: with a holder's recorded consent, bills are taken out of what its sales brought, right after they settled.

The engine knows nothing of it: a job looks for consents whose holder has a bill and free proceeds. Taken is the least
of what is left of the bills, of what sales brought since the consent and was not taken yet, of what the consent
allows, and of the money that is free now.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger.errors import InsufficientBalance
from ledger.units import format_fen
from market.billing import payments, settling
from market.billing.errors import BillNotCovered, ConsentStands, ConsentState
from market.billing.models import OFFSET, OffsetConsent
from market.core import acts, audit, clock
from market.core.chart import TransferCode
from market.core.db import raw
from market.core.errors import NotFound

CONSENT = "offset_consent"
PROCEEDS = tuple(
    int(code) for code in (
        TransferCode.TRADE_MONEY, TransferCode.CALL_MONEY, TransferCode.RIGHT_MONEY, TransferCode.PLEDGE_PAYMENT
    )
)  # fmt: skip
"""What sales of water and rights bring to a holder's money account."""


def give(session: Session, *, actor: audit.Actor, participant_id: int, cap_fen: int | None) -> OffsetConsent:
    """Records a holder's consent, up to `cap_fen` in all or (none) without a cap. Errors: ConsentStands."""
    assert actor.user_id is not None
    [mark] = raw(session).execute("SELECT coalesce(max(id), 0) FROM transfers").fetchone() or (0,)
    made = OffsetConsent(
        participant_id=participant_id,
        cap_fen=cap_fen,
        mark=mark,
        given_by=actor.user_id,
        given_at=clock.now(),
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        if "uq_offset_consents_standing" not in str(error.orig):
            raise
        raise ConsentStands from error
    acts.done(
        session,
        actor=actor,
        source="billing",
        kind=CONSENT,
        number=made.id,
        act="given",
        detail={"cap_fen": cap_fen},
    )
    return made


def withdraw(session: Session, *, actor: audit.Actor, consent_id: int) -> OffsetConsent:
    """Withdraws a consent; what was taken stays taken. Errors: NotFound, ConsentState."""
    found = session.get(OffsetConsent, consent_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such consent")
    if found.withdrawn_at is not None:
        raise ConsentState
    found.withdrawn_by, found.withdrawn_at = actor.user_id, clock.now()
    session.flush()
    acts.done(
        session, actor=actor, source="billing", kind=CONSENT, number=consent_id, act="withdrawn",
        detail={"taken_fen": found.taken_fen},
    )  # fmt: skip
    return found


def consents(
    session: Session, *, participant_id: int | None = None, after: int | None = None, limit: int = 50
) -> list[OffsetConsent]:
    """Consents by id, of one holder or all."""
    statement = select(OffsetConsent).where(OffsetConsent.id > (after or 0))
    if participant_id is not None:
        statement = statement.where(OffsetConsent.participant_id == participant_id)
    return list(session.scalars(statement.order_by(OffsetConsent.id).limit(limit)))


class Standing(NamedTuple):
    """A consent, and what can be taken under it now: what sales brought and was not taken, and what is free; fen."""

    consent_id: int
    participant_id: int
    allowed_fen: int
    proceeds_fen: int
    free_fen: int

    @property
    def takes(self) -> int:
        """The most that can be taken, fen."""
        return max(0, min(self.allowed_fen, self.proceeds_fen, self.free_fen))


# Transfers of holders' accounts are indexed by account; only those after the consent's mark are looked at.
_STANDING_SQL = f"""
SELECT c.id, c.participant_id, coalesce(c.cap_fen, 9223372036854775807) - c.taken_fen,
       coalesce(s.fen, 0)::bigint - c.taken_fen, a.credits_posted - a.debits_posted - a.debits_pending
  FROM offset_consents c
  JOIN money_accounts m ON m.participant_id = c.participant_id JOIN accounts a ON a.id = m.account_id
 CROSS JOIN LATERAL (
       SELECT sum(t.amount) AS fen FROM transfers t
        WHERE t.credit_account_id = m.account_id AND t.id > c.mark AND t.kind IN (0, 2)
          AND t.code IN {PROCEEDS}) s
 WHERE c.withdrawn_at IS NULL
   AND (%(consent)s::bigint IS NULL OR c.id = %(consent)s)
   AND EXISTS (SELECT FROM water_bill_balances b WHERE b.participant_id = c.participant_id AND NOT b.credit
                AND b.supplier_settled_fen + b.association_settled_fen < b.supplier_fen + b.association_fen)
 ORDER BY c.id
"""


def _standing(connection: psycopg.Connection[Any], consent_id: int | None = None) -> list[Standing]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        return [Standing(*row) for row in cursor.execute(_STANDING_SQL, {"consent": consent_id})]


def due(session: Session) -> list[int]:
    """Consents under which something can be taken now."""
    return [each.consent_id for each in _standing(raw(session)) if each.takes]


def take(session: Session, consent_id: int, *, actor: audit.Actor) -> int:
    """Takes what can be taken under a consent for its holder's bills, the oldest first; returns fen.

    Errors: NotFound, BillNotCovered (the money was spent meanwhile: it is tried again).
    """
    with clock.standing():
        found = session.get(OffsetConsent, consent_id, with_for_update=True, populate_existing=True)
        if found is None:
            raise NotFound("there is no such consent")
        connection = raw(session)
        standing = next(iter(_standing(connection, consent_id)), None)
        left = standing.takes if standing is not None else 0
        parts = []
        for bill in settling.open_bills(connection, [found.participant_id]) if left else []:
            fen = min(left, bill.left)
            if fen:
                parts.append(payments.part(bill, fen, OFFSET, consent_id))
                left -= fen
        if not parts:
            return 0
        try:
            made = settling.settle(connection, parts, recorded_by=actor.user_id)
        except InsufficientBalance as error:
            raise BillNotCovered(available=format_fen(error.available)) from error
        taken = sum(each.fen for each in parts)
        found.taken_fen += taken
        session.flush()
        acts.done_many(
            connection, actor=actor, source="billing",
            told=[(CONSENT, "taken", [(consent_id, {"fen": taken})]),
                  (settling.PAYMENT, "offset", settling.told(parts, made))],
        )  # fmt: skip
    return taken
