"""Appeals against the credit record, and what the public sees of it, over HTTP."""

from __future__ import annotations

from typing import Any

from market.api.desks import official
from market.api.http import actor, blueprint, own_only, page, paging, session
from market.api.schemas import cases as shapes
from market.core import clock
from market.participants import appeals, credit
from market.participants.admission import PERSONS
from market.participants.credit_models import CreditAppeal, CreditEntry
from market.participants.models import Participant
from market.supervision.desks import people
from market.supervision.surveillance import detector_name
from market.supervision.surveillance.words import DETECTORS

blp = blueprint("appeals", "Appeals against entries of the credit record")
extract_blp = blueprint("credit_extract", "What the public sees of the credit record")

OTHER = {
    "commendation": ("表彰", "commendation"), "breach": ("违约", "breach"),
    "false_statement": ("虚假陈述", "false statement"), "late_payment": ("逾期付款", "late payment"),
    "late_report": ("逾期报告", "late report"), "finding": ("其他违规认定", "another finding"),
    "other": ("其他", "other"),
}  # fmt: skip
"""What an entry is called that no detector names, in Chinese and English."""


@blp.route("/credit-entries/<cre:credit_entry_id>/appeal", methods=["POST"])
@blp.arguments(shapes.AppealIn)
@blp.response(201, shapes.CreditAppealOut)
def lodge(body: dict[str, Any], credit_entry_id: int) -> dict[str, Any]:
    """Appeal against an entry of one's own that came out of a finding, within the days of the county's rule."""
    return _out(
        appeals.lodge(session(), actor=actor().audit, entry_id=credit_entry_id, grounds=body["grounds"])
    )


@blp.route("/credit-appeals", methods=["GET"])
@blp.arguments(shapes.CreditAppealsQuery, location="query")
@blp.response(200, shapes.CreditAppealPage)
def list_appeals(query: dict[str, Any]) -> dict[str, Any]:
    """One's own appeals (the bureau: anybody's), by id."""
    where, own = paging("apl"), own_only()
    rows = appeals.appeals(
        session(), participant_id=own if own is not None else query.get("participant_id"), status=query.get("status"),
        after=where.after, limit=where.limit + 1,
    )  # fmt: skip
    return page([_out(each) for each in rows], where.limit)


@blp.route("/credit-appeals/<apl:credit_appeal_id>/grant", methods=["POST"])
@blp.arguments(shapes.AppealDecisionIn)
@blp.response(200, shapes.CreditAppealOut)
def grant(body: dict[str, Any], credit_appeal_id: int) -> dict[str, Any]:
    """Withdraw the entry. Not by who closed the case, or has an interest in the participant."""
    return _decided(credit_appeal_id, body, granted=True)


@blp.route("/credit-appeals/<apl:credit_appeal_id>/reject", methods=["POST"])
@blp.arguments(shapes.AppealDecisionIn)
@blp.response(200, shapes.CreditAppealOut)
def reject(body: dict[str, Any], credit_appeal_id: int) -> dict[str, Any]:
    """Uphold the entry, which the public then sees. Not by who closed the case, or has an interest."""
    return _decided(credit_appeal_id, body, granted=False)


def _decided(appeal_id: int, body: dict[str, Any], *, granted: bool) -> dict[str, Any]:
    who = official()
    made = appeals.decide(session(), actor=who.actor, appeal_id=appeal_id, granted=granted, **body)
    people.check_interest(session(), who, [made.participant_id])
    return _out(made)


@extract_blp.route("/credit-extract", methods=["GET"])
@extract_blp.arguments(shapes.CreditExtractQuery, location="query")
@extract_blp.response(200, shapes.CreditExtractPage)
def extract(query: dict[str, Any]) -> dict[str, Any]:
    """Entries that count today, by id; of a finding once nobody appealed in time, or the appeal was rejected."""
    where = paging("cre")
    rows = credit.public_entries(session(), **query, after=where.after, limit=where.limit + 1)
    return page([_public(*each) for each in rows], where.limit)


def title(entry: CreditEntry) -> tuple[str, str]:
    """What an entry is about, in Chinese and English."""
    if entry.finding in DETECTORS:
        return detector_name(entry.finding, "zh"), detector_name(entry.finding, "en")
    return OTHER[entry.kind]


def _public(entry: CreditEntry, participant: Participant) -> dict[str, Any]:
    title_zh, title_en = title(entry)
    return {
        "id": entry.id, "participant_id": participant.id, "participant_kind": participant.kind,
        "name": None if participant.kind in PERSONS else participant.name, "kind": entry.kind,
        "finding": entry.finding, "title_zh": title_zh, "title_en": title_en, "points": entry.points,
        "recorded_on": entry.recorded_at.astimezone(clock.LEGAL_ZONE).date(), "expires_on": entry.expires_on,
    }  # fmt: skip


def _out(each: CreditAppeal) -> dict[str, Any]:
    names = (
        "id", "entry_id", "participant_id", "grounds", "status", "lodged_at", "decided_at", "decision_reason",
        "decision_source",
    )  # fmt: skip
    return {name: getattr(each, name) for name in names}
