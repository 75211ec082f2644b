"""Documents of rights and water-resource assessments of projects over HTTP."""

from __future__ import annotations

from typing import Any

from market.api.http import actor, blueprint, page, paging, session
from market.api.schemas import life as shapes
from market.api.whose import narrowed
from market.participants import unmasking
from market.participants.privacy import Kind
from market.registry import assessments, documents, lists
from market.registry.life_models import EntitlementDocument, WaterAssessment

documents_blp = blueprint("documents", "Documents of a right: PDF, PNG or JPEG, at most 512 KiB each")
assessments_blp = blueprint("assessments", "Water-resource assessments of projects, which permits name")


@documents_blp.route("/entitlements/<ent:entitlement_id>/documents", methods=["GET"])
@documents_blp.response(200, shapes.DocumentList)
def list_documents(entitlement_id: int) -> dict[str, Any]:
    """The documents of a right, without their content."""
    found = documents.of_right(session(), entitlement_id=entitlement_id)
    return {"data": [_document(each) for each in found], "has_more": False}


@documents_blp.route("/entitlements/<ent:entitlement_id>/documents", methods=["POST"])
@documents_blp.arguments(shapes.DocumentIn)
@documents_blp.response(201, shapes.DocumentOut)
def hand_in(body: dict[str, Any], entitlement_id: int) -> dict[str, Any]:
    """Hand in a document of a right, its bytes in base64; its type is checked by its content."""
    done = documents.hand_in(session(), actor=actor().audit, entitlement_id=entitlement_id, **body)
    return _document(done)


@documents_blp.route("/documents/<doc:document_id>", methods=["GET"])
@documents_blp.response(200, shapes.DocumentWithContent)
def get_document(document_id: int) -> dict[str, Any]:
    """A document with its bytes in base64; that the bureau opened it is recorded, and its holder can see it."""
    found = lists.one(session(), EntitlementDocument, document_id)
    who = actor()
    if who.participant_id is None:
        unmasking.note(
            session(), actor=who.audit, roles=who.roles, participant_id=documents.holder_of(session(), found),
            kinds=[Kind.PAPER], purpose="a document was opened",
        )  # fmt: skip
    return _document(found) | {"content": found.content}


def _document(each: EntitlementDocument) -> dict[str, Any]:
    return {
        "id": each.id,
        "entitlement_id": each.entitlement_id,
        "name": each.name,
        "media_type": each.media_type,
        "size_bytes": each.size_bytes,
        "sha256": each.sha256.hex(),
        "handed_in_at": each.handed_in_at,
    }


@assessments_blp.route("/water-assessments", methods=["GET"])
@assessments_blp.arguments(shapes.AssessmentsQuery, location="query")
@assessments_blp.response(200, shapes.AssessmentPage)
def list_assessments(query: dict[str, Any]) -> dict[str, Any]:
    """Water-resource assessments, by id; a participant sees its own."""
    where = paging("asm")
    participant = narrowed(query.get("participant_id"))
    rows = assessments.listed(session(), participant_id=participant, after=where.after, limit=where.limit + 1)
    return page([_assessment(each) for each in rows], where.limit)


@assessments_blp.route("/water-assessments", methods=["POST"])
@assessments_blp.arguments(shapes.AssessmentIn)
@assessments_blp.response(201, shapes.AssessmentOut)
def record(body: dict[str, Any]) -> dict[str, Any]:
    """Record the approved assessment of a participant's project."""
    body["volume_litres"] = body.pop("volume")
    return _assessment(assessments.record(session(), actor=actor().audit, **body))


@assessments_blp.route("/water-assessments/<asm:assessment_id>", methods=["GET"])
@assessments_blp.response(200, shapes.AssessmentOut)
def get_assessment(assessment_id: int) -> dict[str, Any]:
    """One water-resource assessment."""
    return _assessment(lists.one(session(), WaterAssessment, assessment_id))


def _assessment(each: WaterAssessment) -> dict[str, Any]:
    return {
        "id": each.id,
        "participant_id": each.participant_id,
        "number": each.number,
        "authority": each.authority,
        "project": each.project,
        "approved_on": each.approved_on,
        "volume": each.volume_litres,
        "recorded_at": each.recorded_at,
    }
