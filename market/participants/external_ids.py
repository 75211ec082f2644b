"""External ids: a participant's programs name things of this service by their own numbers, and find them again."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.core import audit, clock
from market.core.db import raw
from market.core.errors import NotFound
from market.participants.errors import ExternalIdTaken
from market.participants.external_models import ExternalId


def put(
    session: Session, *, actor: audit.Actor, participant_id: int, kind: str, object_id: int, external_id: str
) -> ExternalId:
    """Names a thing, or names it anew; whose it is, the caller has checked. Twice the same is as once.

    Errors: ExternalIdTaken.
    """
    assert actor.user_id is not None
    values = {
        "participant_id": participant_id, "kind": kind, "object_id": object_id, "external_id": external_id,
        "set_by": actor.user_id, "set_at": clock.now(),
    }  # fmt: skip
    changed = {name: values[name] for name in ("external_id", "set_by", "set_at")}
    statement = (
        insert(ExternalId)
        .values(values)
        .on_conflict_do_update(
            constraint="uq_external_ids_participant_id_kind_object_id",
            set_=changed,
            where=ExternalId.external_id != external_id,
        )
    )
    try:
        with session.begin_nested():
            done = session.scalars(
                statement.returning(ExternalId), execution_options={"populate_existing": True}
            ).one_or_none()
    except IntegrityError as error:
        if "uq_external_ids_participant_id_kind_external_id" not in str(error.orig):
            raise
        raise ExternalIdTaken(pointer="/external_id", available=external_id) from error
    if done is None:  # it was named so before
        return session.scalars(
            select(ExternalId).where(
                ExternalId.participant_id == participant_id,
                ExternalId.kind == kind,
                ExternalId.object_id == object_id,
            )
        ).one()
    detail = {"kind": kind, "object_id": object_id}
    audit.record(
        raw(session), actor=actor, action="external_id.set", subject=("external_id", done.id), detail=detail
    )
    return done


def remove(session: Session, *, actor: audit.Actor, external_id_id: int, external_id: str) -> None:
    """Forgets a name. Errors: NotFound (also where the thing is called otherwise by now)."""
    found = session.get(ExternalId, external_id_id, with_for_update=True)
    if found is None or found.external_id != external_id:
        raise NotFound("there is no such external id")
    session.delete(found)
    detail = {"kind": found.kind, "object_id": found.object_id}
    audit.record(
        raw(session),
        actor=actor,
        action="external_id.removed",
        subject=("external_id", found.id),
        detail=detail,
    )


def listed(
    session: Session, *, participant_id: int | None, kind: str | None, object_id: int | None,
    external_id: str | None, after: int | None, limit: int,
) -> list[ExternalId]:  # fmt: skip
    """Names, by number; of one participant or of all, of one kind, of one thing, or one by its name."""
    statement = select(ExternalId).where(ExternalId.id > (after or 0))
    for column, wanted in (
        (ExternalId.participant_id, participant_id), (ExternalId.kind, kind), (ExternalId.object_id, object_id),
        (ExternalId.external_id, external_id),
    ):  # fmt: skip
        if wanted is not None:
            statement = statement.where(column == wanted)
    return list(session.scalars(statement.order_by(ExternalId.id).limit(limit)))
