"""Who decides at a desk: its members and their deputies, and not on an interest of their own.

An interest is the participant whom somebody acts for, one that gave them a mandate, or one that was declared (own,
household, kin, employment), each with whom it belongs to beneficially. Source: 行政许可法 art. 72.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger.arrays import Bigints
from market.core import acts, audit, clock
from market.core.db import raw
from market.core.errors import NotFound
from market.participants import admission, users
from market.participants.models import UserRole
from market.participants.policy import wrong_bureau_roles
from market.supervision.desks import rules
from market.supervision.desks.errors import (
    DeputyOver,
    DeputyRefused,
    InterestKnown,
    InterestOver,
    OtherDesk,
    Recused,
)
from market.supervision.desks.models import COMPLAINT, DeskDeputy, DeskInterest, DeskReview
from market.supervision.errors import OwnInterest

_INTEREST, _DEPUTY = "desk_interest", "desk_deputy"
_done = partial(acts.done, source="supervision")
_TOUCHED_SQL = """
WITH own (id) AS (
  SELECT participant_id FROM users WHERE id = %(user)s AND participant_id IS NOT NULL
  UNION SELECT participant_id FROM mandates
         WHERE clerk_user_id = %(user)s AND revoked_at IS NULL AND valid_to > %(now)s
  UNION SELECT participant_id FROM desk_interests WHERE user_id = %(user)s AND ended_at IS NULL),
groups (id) AS (
  SELECT coalesce(p.owner_group_id, p.id) FROM own JOIN participants p ON p.id = own.id)
SELECT p.id FROM participants p
 WHERE p.id = ANY (%(parties)s::bigint[]) AND coalesce(p.owner_group_id, p.id) IN (SELECT id FROM groups)
 ORDER BY p.id LIMIT 1
"""
# Who decided, proposed or is complained of does not decide on the complaint.
_COMPLAINED_OF_SQL = """
SELECT EXISTS (
  SELECT FROM complaints c
    LEFT JOIN notices n ON n.id = c.notice_id
    LEFT JOIN desk_review_steps s ON s.review_id = n.review_id AND s.step IN ('proposed', 'decided', 'hearing_closed')
   WHERE c.id = %(complaint)s AND %(user)s IN (c.clerk_id, s.by_user, s.for_user))
"""
_OBJECTORS_SQL = """
SELECT o.participant_id FROM desk_reviews r JOIN review_objections o ON o.review_id = r.id
 WHERE r.kind = %(kind)s AND r.reference = %(reference)s AND r.status = 'open'
UNION SELECT participant_id FROM objections WHERE %(kind)s = 'entitlement' AND entitlement_id = %(reference)s
UNION SELECT participant_id FROM negotiation_objections
 WHERE %(kind)s = 'negotiation' AND negotiation_id = %(reference)s
"""
_RECUSED_SQL = """
SELECT EXISTS (
  SELECT FROM desk_reviews r JOIN desk_review_steps s ON s.review_id = r.id AND s.step = 'recused'
   WHERE r.kind = %s AND r.reference = %s AND s.by_user = %s)
"""


@dataclass(frozen=True, slots=True)
class Official:
    """Somebody at the bureau who acts: as the audit trail names them, and their roles."""

    actor: audit.Actor
    roles: frozenset[str]

    @property
    def user_id(self) -> int:
        """The user's number."""
        assert self.actor.user_id is not None
        return self.actor.user_id


class Seat(NamedTuple):
    """At which desk somebody acts, and for which of its members (None: for themselves)."""

    desk: str
    member_id: int | None


def seat(session: Session, who: Official, desk: str) -> Seat:
    """The seat that somebody has at a desk today; who stands in for a member leaves with it. Errors: OtherDesk."""
    if rules.at_desk(desk, who.roles):
        return Seat(desk, None)
    today = clock.today()
    member = session.scalars(
        select(DeskDeputy.member_id)
        .join(UserRole, (UserRole.user_id == DeskDeputy.member_id) & (UserRole.role == rules.ROLE_OF[desk]))
        .where(DeskDeputy.deputy_id == who.user_id, DeskDeputy.desk == desk, DeskDeputy.revoked_at.is_(None))
        .where(DeskDeputy.from_on <= today, DeskDeputy.to_on >= today)
        .order_by(DeskDeputy.id)
        .limit(1)
    ).one_or_none()
    if member is None:
        raise OtherDesk(f"it is decided by a {rules.ROLE_OF[desk]}, or who stands in for one")
    return Seat(desk, member)


def check_free(session: Session, who: Official, review: DeskReview) -> None:
    """Refuses who has an interest in a matter, or has stood aside. Errors: OwnInterest, Recused."""
    check_interest(session, who, [*review.parties, *objectors(session, review.kind, review.reference)])
    connection = raw(session)
    if review.kind == COMPLAINT:
        row = connection.execute(
            _COMPLAINED_OF_SQL, {"complaint": review.reference, "user": who.user_id}
        ).fetchone()
        if row == (True,):
            raise OwnInterest(
                "it complains of what you decided, or of yourself", rule="somebody_else_decides"
            )
    check_not_recused(session, who, review.kind, review.reference)


def objectors(session: Session, kind: str, reference: int) -> list[int]:
    """The participants who object to a matter: they stand against its parties, so it concerns them too."""
    rows = raw(session).execute(_OBJECTORS_SQL, {"kind": kind, "reference": reference}).fetchall()
    return [row[0] for row in rows]


def check_not_recused(session: Session, who: Official, kind: str, reference: int) -> None:
    """Refuses who has stood aside in a matter that waits. Errors: Recused."""
    if raw(session).execute(_RECUSED_SQL, (kind, reference, who.user_id)).fetchone() == (True,):
        raise Recused


def check_interest(session: Session, who: Official, parties: Sequence[int]) -> None:
    """Refuses who has an interest in one of these participants. Errors: OwnInterest."""
    wanted = {"user": who.user_id, "now": clock.now(), "parties": Bigints(parties)}
    if raw(session).execute(_TOUCHED_SQL, wanted).fetchone() is not None:
        raise OwnInterest("it concerns a participant of your own, or one in which you declared an interest")


def declare(
    session: Session, *, actor: audit.Actor, user_id: int, participant_id: int, relation: str
) -> DeskInterest:
    """Declares an interest in a participant. Errors: NotFound, InterestKnown."""
    admission.find(session, participant_id)
    made = DeskInterest(
        user_id=user_id, participant_id=participant_id, relation=relation, declared_at=clock.now()
    )
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError as error:
        if "uq_desk_interests_open" not in str(error.orig):
            raise
        raise InterestKnown from error
    _done(session, actor=actor, kind=_INTEREST, number=made.id, act="declared", detail={"relation": relation})
    return made


def strike_off(session: Session, *, actor: audit.Actor, interest_id: int) -> DeskInterest:
    """A declared interest is over: another person strikes it off. Errors: NotFound, InterestOver."""
    found = session.get(DeskInterest, interest_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such interest")
    if found.ended_at is not None or found.user_id == actor.user_id:
        raise InterestOver
    found.ended_at, found.ended_by = clock.now(), actor.user_id
    session.flush()
    _done(session, actor=actor, kind=_INTEREST, number=found.id, act="struck_off")
    return found


def interests(
    session: Session, *, user_id: int | None, after: int | None = None, limit: int = 50
) -> list[DeskInterest]:
    """Declared interests by id, also struck-off ones: of one person, or of all."""
    statement = select(DeskInterest).where(DeskInterest.id > (after or 0))
    if user_id is not None:
        statement = statement.where(DeskInterest.user_id == user_id)
    return list(session.scalars(statement.order_by(DeskInterest.id).limit(limit)))


def appoint(
    session: Session, *, actor: audit.Actor, desk: str, member_id: int, deputy_id: int, from_on: dt.date,
    to_on: dt.date, reason: str,
) -> DeskDeputy:  # fmt: skip
    """Has somebody stand in for a member of a desk, for these days, both included.

    The deputy's own offices may be joined with the desk's: an administrator, auditor or treasurer stands in at none.
    Errors: NotFound, DeputyRefused.
    """
    found = {each: users.find(session, each) for each in sorted({member_id, deputy_id})}
    member, deputy = found[member_id], found[deputy_id]
    roles = users.roles_of(session, [member_id, deputy_id])
    role = rules.ROLE_OF[desk]
    if role not in roles[member_id]:
        raise DeputyRefused(f"the member is no {role}", pointer="/member_id")
    joined = wrong_bureau_roles({*roles[deputy_id], role})
    if joined is not None or not set(roles[deputy_id]) & set(rules.ROLE_OF.values()):
        raise DeputyRefused(joined or "the deputy decides at no desk", pointer="/deputy_id")
    if deputy_id in (member_id, actor.user_id):
        raise DeputyRefused("nobody stands in for themselves, or appoints themselves", pointer="/deputy_id")
    if deputy.status != "active" or member.status == "waiting":
        raise DeputyRefused("this person may not sign in", pointer="/deputy_id")
    if to_on < max(from_on, clock.today()):
        raise DeputyRefused("the days are over, or end before they begin", pointer="/to_on")
    assert actor.user_id is not None
    made = DeskDeputy(
        desk=desk, member_id=member_id, deputy_id=deputy_id, from_on=from_on, to_on=to_on, reason=reason,
        appointed_by=actor.user_id, appointed_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    detail = {"desk": desk, "member": member_id, "deputy": deputy_id, "from": str(from_on), "to": str(to_on)}
    _done(session, actor=actor, kind=_DEPUTY, number=made.id, act="appointed", detail=detail)
    return made


def revoke(session: Session, *, actor: audit.Actor, deputy_id: int) -> DeskDeputy:
    """Ends an appointment before its last day. Errors: NotFound, DeputyOver."""
    found = session.get(DeskDeputy, deputy_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such appointment")
    if found.revoked_at is not None:
        raise DeputyOver
    found.revoked_at, found.revoked_by = clock.now(), actor.user_id
    session.flush()
    _done(session, actor=actor, kind=_DEPUTY, number=found.id, act="revoked")
    return found


def deputies(
    session: Session, *, desk: str | None = None, on: dt.date | None = None, after: int | None = None,
    limit: int | None = 50,
) -> list[DeskDeputy]:  # fmt: skip
    """Appointments by id; of one desk, and in force on a day, where these are named."""
    statement = select(DeskDeputy).where(DeskDeputy.id > (after or 0))
    if desk is not None:
        statement = statement.where(DeskDeputy.desk == desk)
    if on is not None:
        statement = statement.where(
            DeskDeputy.from_on <= on, DeskDeputy.to_on >= on, DeskDeputy.revoked_at.is_(None)
        )
    return list(session.scalars(statement.order_by(DeskDeputy.id).limit(limit)))
