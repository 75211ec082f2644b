"""Participants and their mandates over HTTP."""

from __future__ import annotations

from typing import Any

from flask import g

from market.api.desks import check_free
from market.api.http import (
    actor,
    blueprint,
    etag,
    expected_version,
    own_only,
    page,
    paging,
    session,
    settings,
)
from market.api.limits import strict
from market.api.schemas import participants as shapes
from market.api.schemas.personal import sees_names
from market.core.audit import Actor
from market.participants import admission, mandates
from market.participants.models import Mandate, Participant
from market.supervision.desks.models import ADMISSION

blp = blueprint("participants", "Who takes part in the market, and who may act for whom")


@blp.route("/participants", methods=["POST"])
@strict
@blp.arguments(shapes.ApplicationIn)
@blp.response(201, shapes.ParticipantOut)
def apply(body: dict[str, Any]) -> Participant:
    """Apply to take part. A registrar decides; until then the user cannot sign in."""
    made = admission.apply(
        session(), actor=Actor(request_id=g.request_id), secret=settings().secret("identifier"), **body
    )
    session().refresh(made)
    return made


@blp.route("/participants", methods=["GET"])
@blp.arguments(shapes.ParticipantsQuery, location="query")
@blp.response(200, shapes.ParticipantPage)
def list_participants(query: dict[str, Any]) -> dict[str, Any]:
    """Participants, by id; a participant sees itself."""
    where = paging("par")
    rows = admission.listed(
        session(), only=own_only(), **query, persons=sees_names(), after=where.after, limit=where.limit + 1
    )
    return page(rows, where.limit)


@blp.route("/participants/<par:participant_id>", methods=["GET"])
@blp.response(200, shapes.ParticipantOut)
def get(participant_id: int) -> Participant:
    """One participant."""
    return _tagged(admission.find(session(), participant_id))


@blp.route("/participants/<par:participant_id>/admit", methods=["POST"])
@blp.arguments(shapes.AdmitIn)
@blp.response(200, shapes.ParticipantOut)
def admit(body: dict[str, Any], participant_id: int) -> Participant:
    """Admit an applicant: its money account is opened, and its users may sign in."""
    check_free(ADMISSION, participant_id)
    return _tagged(admission.admit(session(), actor=actor().audit, participant_id=participant_id, **body))


@blp.route("/participants/<par:participant_id>/refuse", methods=["POST"])
@blp.arguments(shapes.WhyIn)
@blp.response(200, shapes.ParticipantOut)
def refuse(body: dict[str, Any], participant_id: int) -> Participant:
    """Refuse an applicant, with the reason."""
    check_free(ADMISSION, participant_id)
    return _tagged(admission.refuse(session(), actor=actor().audit, participant_id=participant_id, **body))


@blp.route("/participants/<par:participant_id>/suspend", methods=["POST"])
@blp.arguments(shapes.WhyIn)
@blp.response(200, shapes.ParticipantOut)
def suspend(body: dict[str, Any], participant_id: int) -> Participant:
    """Suspend a participant (If-Match): nobody signs in for it, and its open orders are cancelled."""
    return _tagged(
        admission.suspend(
            session(),
            actor=actor().audit,
            participant_id=participant_id,
            expected_version=expected_version(),
            **body,
        )
    )


@blp.route("/participants/<par:participant_id>/reinstate", methods=["POST"])
@blp.arguments(shapes.WhyIn)
@blp.response(200, shapes.ParticipantOut)
def reinstate(body: dict[str, Any], participant_id: int) -> Participant:
    """End a suspension (If-Match). Cancelled orders stay cancelled."""
    return _tagged(
        admission.reinstate(
            session(),
            actor=actor().audit,
            participant_id=participant_id,
            expected_version=expected_version(),
            **body,
        )
    )


@blp.route("/participants/<par:participant_id>/owner-group", methods=["POST"])
@blp.arguments(shapes.OwnerGroupIn)
@blp.response(200, shapes.ParticipantOut)
def set_owner_group(body: dict[str, Any], participant_id: int) -> Participant:
    """Record the beneficial owner (If-Match): two participants of one owner do not trade with each other."""
    return _tagged(
        admission.set_owner_group(
            session(),
            actor=actor().audit,
            participant_id=participant_id,
            expected_version=expected_version(),
            **body,
        )
    )


@blp.route("/participants/<par:participant_id>/mandates", methods=["POST"])
@blp.arguments(shapes.MandateIn)
@blp.response(201, shapes.MandateOut)
def record_mandate(body: dict[str, Any], participant_id: int) -> Mandate:
    """Record that a clerk may act for this participant, who named the clerk in writing."""
    return mandates.record(session(), actor=actor().audit, participant_id=participant_id, **body)


@blp.route("/participants/<par:participant_id>/mandates", methods=["GET"])
@blp.response(200, shapes.MandatePage)
def list_mandates(participant_id: int) -> dict[str, Any]:
    """The mandates that this participant has given, oldest first."""
    where = paging("man")
    rows = mandates.of_participant(
        session(), participant_id=participant_id, after=where.after, limit=where.limit + 1
    )
    return page(rows, where.limit)


@blp.route("/mandates/<man:mandate_id>/revoke", methods=["POST"])
@blp.response(200, shapes.MandateOut)
def revoke_mandate(mandate_id: int) -> Mandate:
    """End a mandate now."""
    return mandates.revoke(session(), actor=actor().audit, mandate_id=mandate_id)


def _tagged(participant: Participant) -> Participant:
    etag(participant.version)
    return participant
