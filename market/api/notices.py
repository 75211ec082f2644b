"""Notices and complaints over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from market.api.http import actor, blueprint, own_only, page, paging, session
from market.api.schemas import notices as shapes
from market.core.errors import NotFound
from market.supervision.desks import complaints, notices
from market.supervision.desks.models import Complaint
from market.supervision.desks.notices import Shown

blp = blueprint("notices", "Decisions in writing, and the record of their service")
complained = blueprint("complaints", "Complaints about a decision or a person at the bureau")


@blp.route("/notices", methods=["GET"])
@blp.response(200, shapes.NoticePage)
def list_notices() -> dict[str, Any]:
    """The numbers of the notices to oneself (the bureau: all), by id. What one has not read has no text here."""
    where, own = paging("ntc"), own_only()
    rows = notices.listing(session(), participant_id=own, after=where.after, limit=where.limit + 1)
    return page([_out(each, own, unread=True) for each in rows], where.limit)


@blp.route("/notices/<ntc:notice_id>", methods=["GET"])
@blp.response(200, shapes.NoticeOut)
def get(notice_id: int) -> dict[str, Any]:
    """A notice. By its first reading it is served on the addressee who reads."""
    return _out(read(notice_id), own_only())


@blp.route("/notices/<ntc:notice_id>/services", methods=["POST"])
@blp.arguments(shapes.ServiceIn)
@blp.response(201, shapes.NoticeOut)
def serve(body: dict[str, Any], notice_id: int) -> dict[str, Any]:
    """Record that a notice was served on paper."""
    return _out(notices.serve(session(), actor=actor().audit, notice_id=notice_id, **body), None)


@complained.route("/complaints", methods=["GET"])
@complained.response(200, shapes.ComplaintPage)
def list_complaints() -> dict[str, Any]:
    """One's own complaints (the supervisor and the auditor: all), by id."""
    where = paging("cpl")
    rows = complaints.listing(session(), participant_id=own_only(), after=where.after, limit=where.limit + 1)
    return page(_complaints(rows), where.limit)


@complained.route("/complaints", methods=["POST"])
@complained.arguments(shapes.ComplaintIn)
@complained.response(201, shapes.ComplaintOut)
def file(body: dict[str, Any]) -> dict[str, Any]:
    """Complain about the decision of a notice, or about a person at the bureau; somebody else decides."""
    participant = own_only()
    if participant is None:
        raise NotFound("a participant complains")
    made = complaints.file(session(), actor=actor().audit, participant_id=participant, **body)
    return _complaints([made])[0]


@complained.route("/complaints/<cpl:complaint_id>", methods=["GET"])
@complained.response(200, shapes.ComplaintOut)
def get_complaint(complaint_id: int) -> dict[str, Any]:
    """One complaint, until when it is decided, and its answer."""
    return _complaints([complaints.find(session(), complaint_id)])[0]


@complained.route("/complaints/<cpl:complaint_id>/withdraw", methods=["POST"])
@complained.response(200, shapes.ComplaintOut)
def withdraw(complaint_id: int) -> dict[str, Any]:
    """Take a complaint back."""
    return _complaints([complaints.withdraw(session(), actor=actor().audit, complaint_id=complaint_id)])[0]


def read(notice_id: int) -> Shown:
    """A notice, as the actor reads it. Errors: NotFound."""
    own = own_only()
    if own is None:
        return notices.find(session(), notice_id)
    return notices.read_by(session(), actor=actor().audit, notice_id=notice_id, participant_id=own)


def _out(shown: Shown, own: int | None, *, unread: bool = False) -> dict[str, Any]:
    it = shown.notice
    services = [each for each in shown.services if own in (None, each.participant_id)]
    hidden = unread and own is not None and not services
    names = ("id", "number", "desk", "review_id", "decision", "remedy_days", "issued_at")
    return {name: getattr(it, name) for name in names} | {
        "text_zh": "" if hidden else it.text_zh,
        "text_en": "" if hidden else it.text_en,
        "sha256": it.sha256.hex(),
        "issued_by_id": it.issued_by,
        "addressees": [
            {"participant_id": number, "name": name} for number, name in shown.addressees if own in (None, number)
        ],
        "services": [
            {
                "participant_id": each.participant_id, "how": each.how, "served_on": each.served_on,
                "served_by_id": each.served_by, "received_by": each.received_by, "recorded_at": each.recorded_at,
            }
            for each in services
        ],
    }  # fmt: skip


def _complaints(found: Sequence[Complaint]) -> list[dict[str, Any]]:
    names = (
        "id", "participant_id", "notice_id", "clerk_id", "text", "status", "filed_at", "answer", "answered_at",
    )  # fmt: skip
    running = complaints.clocks(session(), found)
    return [
        {name: getattr(each, name) for name in names}
        | {
            "number": complaints.number(each),
            "due_on": running[each.id].due_on if each.id in running else None,
            "colour": running[each.id].colour if each.id in running else None,
        }
        for each in found
    ]
