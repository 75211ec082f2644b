"""The directory of service firms over HTTP, and the credit record."""

from __future__ import annotations

from typing import Any

from market.api.appeals import title
from market.api.desks import check_free, decided, official
from market.api.http import actor, blueprint, etag, expected_version, own_only, page, paging, session
from market.api.schemas import firms as shapes
from market.contracts import firm_queries, firms
from market.contracts.errors import NotAServiceFirm
from market.contracts.firm_models import FirmQualification
from market.core import clock
from market.participants import appeals, credit
from market.participants.credit_models import CreditEntry
from market.supervision.cases import handling
from market.supervision.desks import people
from market.supervision.desks.models import FIRM, QUALIFICATION

blp = blueprint("firms", "Service firms for saving water, as the county lists them")
registrations = blueprint("firm_registrations", "How a firm comes into the directory")
credits = blueprint("credit", "The credit record of participants")

_PLAIN = (
    "id", "participant_id", "about", "contact", "works_in", "staff", "founded_on", "status", "submitted_at",
    "decided_at", "decision_reason", "version",
)  # fmt: skip


@blp.route("/firms", methods=["GET"])
@blp.arguments(shapes.FirmsQuery, location="query")
@blp.response(200, shapes.FirmPage)
def list_firms(query: dict[str, Any]) -> dict[str, Any]:
    """Listed firms by id; search by name, kind of project, confirmed papers."""
    where = paging("frm")
    rows = firm_queries.firms(session(), **query, status="listed", after=where.after, limit=where.limit + 1)
    return page([_out(each, public=True) for each in rows], where.limit)


@blp.route("/firms/<frm:firm_id>", methods=["GET"])
@blp.response(200, shapes.FirmOut)
def get(firm_id: int) -> dict[str, Any]:
    """One listed firm."""
    return _out(firm_queries.firm(session(), firm_id=firm_id, listed=True), public=True)


@registrations.route("/firm-registrations", methods=["GET"])
@registrations.arguments(shapes.RegistrationsQuery, location="query")
@registrations.response(200, shapes.RegistrationPage)
def list_registrations(query: dict[str, Any]) -> dict[str, Any]:
    """One's own registration (the bureau: all), by id."""
    where = paging("frm")
    rows = firm_queries.firms(
        session(), **query, participant_id=own_only(), after=where.after, limit=where.limit + 1
    )
    return page([_out(each) for each in rows], where.limit)


@registrations.route("/firm-registrations", methods=["POST"])
@registrations.arguments(shapes.FirmIn)
@registrations.response(201, shapes.RegistrationOut)
def register(body: dict[str, Any]) -> dict[str, Any]:
    """Enter the directory; the bureau decides."""
    participant = own_only()
    if participant is None:
        raise NotAServiceFirm("a firm registers itself")
    made = firms.register(session(), actor=actor().audit, participant_id=participant, **body)
    return _one(made.id)


@registrations.route("/firm-registrations/<frm:firm_id>", methods=["GET"])
@registrations.response(200, shapes.RegistrationOut)
def get_registration(firm_id: int) -> dict[str, Any]:
    """A firm's registration with every paper."""
    return _one(firm_id)


@registrations.route("/firm-registrations/<frm:firm_id>/amend", methods=["POST"])
@registrations.arguments(shapes.FirmChangeIn)
@registrations.response(200, shapes.RegistrationOut)
def amend(body: dict[str, Any], firm_id: int) -> dict[str, Any]:
    """Change what the firm says of itself (If-Match)."""
    version = expected_version()
    assert version is not None
    firms.amend(session(), actor=actor().audit, firm_id=firm_id, version=version, **body)
    return _one(firm_id)


def _decided(act: str, firm_id: int, reason: str) -> dict[str, Any]:
    firms.decide(session(), actor=actor().audit, firm_id=firm_id, act=act, reason=reason)
    return _one(firm_id)


@registrations.route("/firm-registrations/<frm:firm_id>/list", methods=["POST"])
@registrations.arguments(shapes.FirmDecisionIn)
@registrations.response(200, shapes.RegistrationOut)
def enlist(body: dict[str, Any], firm_id: int) -> dict[str, Any]:
    """List the firm: the public sees it, and it may answer calls."""
    decided(FIRM, firm_id, approved=True, reason=body["reason"])
    return _one(firm_id)


@registrations.route("/firm-registrations/<frm:firm_id>/refuse", methods=["POST"])
@registrations.arguments(shapes.FirmDecisionIn)
@registrations.response(200, shapes.RegistrationOut)
def refuse(body: dict[str, Any], firm_id: int) -> dict[str, Any]:
    """Refuse to list a firm."""
    decided(FIRM, firm_id, approved=False, reason=body["reason"])
    return _one(firm_id)


@registrations.route("/firm-registrations/<frm:firm_id>/suspend", methods=["POST"])
@registrations.arguments(shapes.FirmDecisionIn)
@registrations.response(200, shapes.RegistrationOut)
def suspend(body: dict[str, Any], firm_id: int) -> dict[str, Any]:
    """Take a firm out of the directory until it is listed again; its contracts go on."""
    return _decided("suspend", firm_id, body["reason"])


@registrations.route("/firm-registrations/<frm:firm_id>/leave", methods=["POST"])
@registrations.arguments(shapes.FirmDecisionIn)
@registrations.response(200, shapes.RegistrationOut)
def leave(body: dict[str, Any], firm_id: int) -> dict[str, Any]:
    """Leave the directory; contracts go on."""
    return _decided("leave", firm_id, body["reason"])


@registrations.route("/firm-registrations/<frm:firm_id>/qualifications", methods=["POST"])
@registrations.arguments(shapes.QualificationIn)
@registrations.response(201, shapes.QualificationOut)
def show(body: dict[str, Any], firm_id: int) -> dict[str, Any]:
    """Hand in a paper that shows what the firm can do."""
    digest = body.pop("document_sha256")
    made = firms.show(
        session(), actor=actor().audit, firm_id=firm_id, **body,
        document_sha256=bytes.fromhex(digest) if digest else None,
    )  # fmt: skip
    return _paper_out(made)


def _checked(qualification_id: int, reason: str, *, confirmed: bool) -> dict[str, Any]:
    return _paper_out(
        firms.check(
            session(),
            actor=actor().audit,
            qualification_id=qualification_id,
            confirmed=confirmed,
            reason=reason,
        )
    )


@registrations.route("/firm-qualifications/<fql:firm_qualification_id>/confirm", methods=["POST"])
@registrations.arguments(shapes.FirmDecisionIn)
@registrations.response(200, shapes.QualificationOut)
def confirm_qualification(body: dict[str, Any], firm_qualification_id: int) -> dict[str, Any]:
    """Confirm a paper."""
    check_free(QUALIFICATION, firm_qualification_id)
    return _checked(firm_qualification_id, body["reason"], confirmed=True)


@registrations.route("/firm-qualifications/<fql:firm_qualification_id>/refuse", methods=["POST"])
@registrations.arguments(shapes.FirmDecisionIn)
@registrations.response(200, shapes.QualificationOut)
def refuse_qualification(body: dict[str, Any], firm_qualification_id: int) -> dict[str, Any]:
    """Refuse a paper."""
    check_free(QUALIFICATION, firm_qualification_id)
    return _checked(firm_qualification_id, body["reason"], confirmed=False)


@credits.route("/credit-entries", methods=["GET"])
@credits.arguments(shapes.CreditQuery, location="query")
@credits.response(200, shapes.CreditEntryPage)
def list_entries(query: dict[str, Any]) -> dict[str, Any]:
    """One's own credit record (the bureau: anybody's), also what has expired or was withdrawn, by id."""
    where, own = paging("cre"), own_only()
    rows = credit.entries(
        session(),
        participant_id=own if own is not None else query.get("participant_id"),
        after=where.after,
        limit=where.limit + 1,
    )
    appealed = appeals.against(session(), (each.id for each in rows))
    numbers = handling.numbers(session(), {each.case_id for each in rows if each.case_id is not None})
    return page(
        [
            _entry_out(each)
            | {
                "finding": each.finding,
                "case_number": numbers.get(each.case_id) if each.case_id else None,
                "appeal_until": each.appeal_until,
                "appeal_id": appealed[each.id].id if each.id in appealed else None,
                "appeal_status": appealed[each.id].status if each.id in appealed else None,
            }
            for each in rows
        ],
        where.limit,
    )


@credits.route("/credit-entries", methods=["POST"])
@credits.arguments(shapes.CreditEntryIn)
@credits.response(201, shapes.CreditEntryOut)
def record(body: dict[str, Any]) -> dict[str, Any]:
    """Enter something for or against a participant, but not one in which oneself has an interest."""
    people.check_interest(session(), official(), [body["participant_id"]])
    return _entry_out(credit.record(session(), actor=actor().audit, **body))


@credits.route("/credit-entries/<cre:credit_entry_id>/withdraw", methods=["POST"])
@credits.arguments(shapes.FirmDecisionIn)
@credits.response(200, shapes.CreditEntryOut)
def withdraw(body: dict[str, Any], credit_entry_id: int) -> dict[str, Any]:
    """Take an entry back; not by who has an interest in the participant, or is named in the entry's case."""
    entry = credit.find_entry(session(), credit_entry_id)
    people.check_interest(session(), official(), [entry.participant_id])
    return _entry_out(
        credit.withdraw(session(), actor=actor().audit, entry_id=credit_entry_id, reason=body["reason"])
    )


def _one(firm_id: int) -> dict[str, Any]:
    found = firm_queries.firm(session(), firm_id=firm_id)
    etag(found.firm.version)
    return _out(found)


def _out(each: firm_queries.View, *, public: bool = False) -> dict[str, Any]:
    papers = [_paper_out(paper) for paper in each.qualifications]
    return {name: getattr(each.firm, name) for name in _PLAIN} | {
        "name": each.name,
        "qualifications": [paper for paper in papers if paper["valid"] or not public],
        "credit_points": each.credit.points,
        "credit_entries": [
            # the reasons of a case are no business of the public
            _entry_out(entry) | ({"reason": " / ".join(title(entry))} if public and entry.finding else {})
            for entry in each.credit.entries
        ],
    }


def _paper_out(each: FirmQualification) -> dict[str, Any]:
    names = ("id", "kind", "name", "number", "issuer", "valid_from", "valid_to", "status", "decision_reason")
    today = clock.today()
    return {name: getattr(each, name) for name in names} | {
        "document_sha256": each.document_sha256.hex() if each.document_sha256 else None,
        "valid": each.status == "confirmed" and each.valid_from <= today <= (each.valid_to or today),
    }


def _entry_out(each: CreditEntry) -> dict[str, Any]:
    names = (
        "id", "participant_id", "kind", "points", "reason", "legal_source", "recorded_at", "expires_on",
        "withdrawn_at", "withdrawal_reason",
    )  # fmt: skip
    return {name: getattr(each, name) for name in names}
