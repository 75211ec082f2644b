"""Admission: a person or body applies, a registrar decides; suspension, reinstatement, beneficial owners."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

from ledger import journal
from market.core import audit, books, clock, inbox, outbox
from market.core.chart import CNY, DEBITS_MUST_NOT_EXCEED_CREDITS, AccountCode
from market.core.db import bump_reference, raw
from market.core.errors import NotFound
from market.participants import passwords, policy, privacy
from market.participants.errors import (
    IdentifierKnown,
    LoginTaken,
    OwnerLoop,
    ParticipantState,
    RolesNotForKind,
    StaleVersion,
    WrongIdentifier,
)
from market.participants.models import MoneyAccount, Participant, User, UserRole

PERSONS = ("person", "household")


def check_identifier(kind: str, identifier: str) -> tuple[str, str]:
    """(kind of identifier, its compact form): an identity number for persons, else a unified social credit code.

    Errors: WrongIdentifier (GB 11643, GB 32100).
    """
    standard, module = ("identity_number", ric) if kind in PERSONS else ("uscc", uscc)
    try:
        compact: str = module.validate(identifier)
    except ValidationError as error:
        raise WrongIdentifier(f"not a valid {standard.replace('_', ' ')}", pointer="/identifier") from error
    return standard, compact


def digest(secret: bytes, standard: str, compact: str) -> bytes:
    """What is kept of an identifier, to know it again: its keyed hash."""
    return hmac.new(secret, f"{standard}:{compact}".encode(), hashlib.sha256).digest()


def masked(identifier: str) -> str:
    """The identifier with only its ends shown."""
    return identifier[:3] + "*" * (len(identifier) - 7) + identifier[-4:]


def apply(
    session: Session,
    *,
    actor: audit.Actor,
    secret: bytes,
    kind: str,
    name: str,
    identifier: str,
    contact: str,
    login: str,
    password: str,
    user_name: str,
    roles: Sequence[str],
    public_storage: bool = False,
) -> Participant:
    """An application with its first user. The identifier is kept as a keyed hash and a masked form only.

    Errors: WrongIdentifier, IdentifierKnown, LoginTaken, RolesNotForKind.
    """
    problem = policy.wrong_participant_roles(kind, roles)
    if problem:
        raise RolesNotForKind(problem, pointer="/roles")
    standard, compact = check_identifier(kind, identifier)
    participant = Participant(
        kind=kind,
        name=name,
        identifier_kind=standard,
        identifier_hash=digest(secret, standard, compact),
        identifier_masked=masked(compact),
        contact=contact,
        public_storage=public_storage,
        applied_at=clock.now(),
    )
    user = User(login=login, name=user_name, password_hash=passwords.hashed(password), status="waiting")
    try:
        with session.begin_nested():
            session.add(participant)
            session.flush()  # the user names the participant by its id
            user.participant_id = participant.id
            session.add(user)
            session.flush()  # the roles name the user by its id
            session.add_all(UserRole(user_id=user.id, role=role) for role in sorted(set(roles)))
    except IntegrityError as error:
        if "identifier_hash" in str(error.orig):
            raise IdentifierKnown(
                "a participant with this identifier exists", pointer="/identifier"
            ) from error
        if "login" in str(error.orig):
            raise LoginTaken("the login is taken", pointer="/login") from error
        raise
    connection = raw(session)
    outbox.publish(
        connection, topic="participants.participant.applied", subject=("participant", participant.id)
    )
    audit.record(
        connection, actor=actor, action="participant.applied", subject=("participant", participant.id),
        detail={"kind": kind, "roles": sorted(set(roles))},
    )  # fmt: skip
    return participant


def find(
    session: Session, participant_id: int, *, lock: bool = False, version: int | None = None
) -> Participant:
    """The participant. Errors: NotFound, StaleVersion."""
    participant = session.get(
        Participant, participant_id, with_for_update=lock or None, populate_existing=lock
    )
    if participant is None:
        raise NotFound("there is no such participant")
    if version is not None and participant.version != version:
        raise StaleVersion(f"its version is now {participant.version}")
    return participant


def listed(
    session: Session,
    *,
    only: int | None,
    after: int | None,
    limit: int,
    status: str | None = None,
    kind: str | None = None,
    ids: Sequence[int] | None = None,
    name: str | None = None,
    persons: bool = False,
) -> list[Participant]:
    """Participants after the row `after`, by id; `only` narrows to one, `ids` to those named.

    `name`: those whose name holds it, natural persons among them only with `persons`.
    """
    statement = select(Participant).where(Participant.id > (after or 0))
    if only is not None:
        statement = statement.where(Participant.id == only)
    if status is not None:
        statement = statement.where(Participant.status == status)
    if kind is not None:
        statement = statement.where(Participant.kind == kind)
    if ids is not None:
        statement = statement.where(Participant.id.in_(ids))
    if name is not None:
        statement = statement.where(Participant.name.icontains(name, autoescape=True))
        if not persons:
            statement = statement.where(Participant.kind.in_(privacy.BODIES))
    return list(session.scalars(statement.order_by(Participant.id).limit(limit)))


def admit(
    session: Session,
    *,
    actor: audit.Actor,
    participant_id: int,
    reason: str = "",
    public_storage: bool | None = None,
) -> Participant:
    """Admits an applicant: its money account is opened and its users may sign in.

    `public_storage` True: water that it buys is kept for the public (the county's trading centre), None: as it
    applied. Errors: ParticipantState.
    """
    participant = find(session, participant_id, lock=True)
    if participant.status != "applied":
        raise ParticipantState(f"the participant is {participant.status}", available=participant.status)
    _decide(session, participant, actor, "admitted", reason)
    if public_storage is not None:
        participant.public_storage = public_storage
    for user in session.scalars(select(User).where(User.participant_id == participant_id)):
        user.status = "active"
    connection = raw(session)
    account = journal.open_account(
        connection,
        asset_id=books.asset_id(connection, CNY),
        code=AccountCode.HOLDER_MONEY,
        flags=DEBITS_MUST_NOT_EXCEED_CREDITS,
    )
    session.add(MoneyAccount(participant_id=participant_id, account_id=account))
    bump_reference(connection)
    _tell(session, actor, participant, "admitted", reason)
    return participant


def refuse(session: Session, *, actor: audit.Actor, participant_id: int, reason: str) -> Participant:
    """Refuses an applicant, with the reason. Errors: ParticipantState."""
    participant = find(session, participant_id, lock=True)
    if participant.status != "applied":
        raise ParticipantState(f"the participant is {participant.status}", available=participant.status)
    _decide(session, participant, actor, "refused", reason)
    _tell(session, actor, participant, "refused", reason)
    return participant


def suspend(
    session: Session,
    *,
    actor: audit.Actor,
    participant_id: int,
    reason: str,
    expected_version: int | None = None,
) -> Participant:
    """Suspends a participant: no sign-in, and the engine cancels its open orders. Errors: ParticipantState."""
    participant = find(session, participant_id, lock=True, version=expected_version)
    if participant.status != "admitted":
        raise ParticipantState(f"the participant is {participant.status}", available=participant.status)
    _decide(session, participant, actor, "suspended", reason)
    connection = raw(session)
    bump_reference(connection)
    inbox.put(
        connection, kind="cancel_orders", actor=actor,
        payload={"participant_id": participant_id, "reason": "participant_suspended"},
    )  # fmt: skip
    _tell(session, actor, participant, "suspended", reason)
    return participant


def reinstate(
    session: Session,
    *,
    actor: audit.Actor,
    participant_id: int,
    reason: str,
    expected_version: int | None = None,
) -> Participant:
    """Ends a suspension. Errors: ParticipantState."""
    participant = find(session, participant_id, lock=True, version=expected_version)
    if participant.status != "suspended":
        raise ParticipantState(f"the participant is {participant.status}", available=participant.status)
    _decide(session, participant, actor, "admitted", reason)
    bump_reference(raw(session))
    _tell(session, actor, participant, "reinstated", reason)
    return participant


def set_owner_group(
    session: Session,
    *,
    actor: audit.Actor,
    participant_id: int,
    owner_id: int | None,
    expected_version: int | None = None,
) -> Participant:
    """Records who stands at the end of the chain of ownership; None: nobody but itself. Errors: NotFound, OwnerLoop."""
    participant = find(session, participant_id, lock=True, version=expected_version)
    before = participant.owner_group_id
    if owner_id is not None:
        owner = find(session, owner_id)
        if owner.owner_group_id not in (None, owner.id) and owner.id != participant_id:
            raise OwnerLoop("that participant is itself owned by another", pointer="/owner_id")
    participant.owner_group_id = owner_id
    participant.version += 1
    connection = raw(session)
    bump_reference(connection)
    audit.record(
        connection, actor=actor, action="participant.owner_group_set", subject=("participant", participant_id),
        detail={"before": before, "after": owner_id},
    )  # fmt: skip
    return participant


def _decide(session: Session, participant: Participant, actor: audit.Actor, status: str, reason: str) -> None:
    participant.status = status
    participant.version += 1
    participant.decided_at, participant.decided_by = clock.now(), actor.user_id
    participant.decision_reason = reason


def _tell(session: Session, actor: audit.Actor, participant: Participant, what: str, reason: str) -> None:
    connection = raw(session)
    subject = ("participant", participant.id)
    outbox.publish(connection, topic=f"participants.participant.{what}", subject=subject)
    audit.record(
        connection, actor=actor, action=f"participant.{what}", subject=subject, detail={"reason": reason}
    )
