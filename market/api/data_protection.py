"""Personal data over HTTP: looks at what is masked, who looked at one's own, all of one's own, requests to erase."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response

from market.api.http import actor, blueprint, own_only, page, paging, require_own, session, settings
from market.api.limits import strict
from market.api.schemas import data_protection as shapes
from market.core import audit, clock, db
from market.core.db import raw
from market.participants import unmasking
from market.participants.privacy import Kind
from market.participants.privacy_errors import OnlyInPerson
from market.participants.privacy_models import ErasureRequest, Unmasking
from market.supervision.privacy import erasure, own_data

looks = blueprint("unmaskings", "Looks at personal data that are masked, each for a stated purpose")
mine = blueprint("my_data", "What is kept of oneself, and who looked at it")
requests = blueprint("erasure_requests", "Requests to have one's personal data erased")

FILE = "application/octet-stream"
_FILE: dict[str, Any] = {
    "responses": {
        200: {
            "description": "A file: one JSON object, a list a part; or a ZIP with a CSV file a part.",
            "content": {FILE: {"schema": {"type": "string", "format": "binary"}}},
        }
    }
}
_WRITERS = {"json": own_data.as_json, "zip": own_data.as_zip}


@looks.route("/participants/<par:participant_id>/unmask", methods=["POST"])
@looks.arguments(shapes.UnmaskIn)
@looks.response(200, shapes.UnmaskedOut)
def unmask(body: dict[str, Any], participant_id: int) -> dict[str, Any]:
    """See fields of a participant in full, for a purpose; it is recorded, and the person can see who looked."""
    who = actor()
    kinds = [Kind(each) for each in body["fields_"]]
    made, found = unmasking.unmask(
        session(), actor=who.audit, roles=who.roles, participant_id=participant_id, kinds=kinds,
        purpose=body["purpose"], legal_basis=body["legal_basis"],
    )  # fmt: skip
    return {
        "id": made.id,
        "participant_id": participant_id,
        "name": found.name if Kind.NAME in kinds else None,
        "identity": found.identifier_masked if Kind.IDENTITY in kinds else None,
        "contact": found.contact if Kind.CONTACT in kinds else None,
        "at": made.at,
    }


@looks.route("/unmaskings", methods=["GET"])
@looks.arguments(shapes.DataAccessQuery, location="query")
@looks.response(200, shapes.DataAccessPage)
def list_unmaskings(query: dict[str, Any]) -> dict[str, Any]:
    """Who looked at whose personal data, and for what, oldest first."""
    return _looks(query.get("participant_id"))


@mine.route("/me/data-access", methods=["GET"])
@mine.response(200, shapes.DataAccessPage)
def list_data_access() -> dict[str, Any]:
    """Who looked at one's own personal data, and for what, oldest first."""
    own = _in_person()
    return page([], 0) if own is None else _looks(own)  # nobody looks at the data of the bureau's users


def _looks(participant_id: int | None) -> dict[str, Any]:
    where = paging("umk")
    rows = unmasking.listed(
        session(), participant_id=participant_id, after=where.after, limit=where.limit + 1
    )
    return page([_look_out(each) for each in rows], where.limit)


def _look_out(each: Unmasking) -> dict[str, Any]:
    names = ("id", "participant_id", "user_id", "purpose", "legal_basis", "at")
    return {name: getattr(each, name) for name in names} | {
        "roles": each.roles.split(),
        "fields_": each.kinds.split(),
    }


def _in_person() -> int | None:
    """The actor's own participant. Errors: OnlyInPerson."""
    if actor().mandate_id is not None:
        raise OnlyInPerson("a mandate to act is none to see all of the principal's data")
    return own_only()


@mine.route("/me/data", methods=["GET"])
@strict
@mine.doc(**_FILE)
@mine.arguments(shapes.DataQuery, location="query")
def download(query: dict[str, Any]) -> Response:
    """All that is kept of oneself, as a file."""
    who, participant = actor(), _in_person()
    audit.record(raw(session()), actor=who.audit, action="own_data.exported", subject=("user", who.user_id))
    name = f"karez-my-data-{clock.today().isoformat()}.{query['format']}"
    return Response(
        _blocks(settings().url(), query["format"], who.user_id, participant),
        mimetype=FILE,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _blocks(url: str, form: str, user_id: int, participant_id: int | None) -> Iterator[bytes]:
    with db.connect(url) as connection:
        yield from _WRITERS[form](connection, user_id=user_id, participant_id=participant_id)


@requests.route("/erasure-requests", methods=["POST"])
@requests.arguments(shapes.ErasureIn)
@requests.response(201, shapes.ErasureRequestOut)
def ask(body: dict[str, Any]) -> dict[str, Any]:
    """Ask for one's own data to be erased (a registrar: for who asks on paper); who still takes part cannot."""
    _in_person()
    require_own(body["participant_id"], "/participant_id")
    return _request_out(erasure.ask(session(), actor=actor().audit, participant_id=body["participant_id"]))


@requests.route("/erasure-requests", methods=["GET"])
@requests.response(200, shapes.ErasureRequestPage)
def list_requests() -> dict[str, Any]:
    """Requests to erase of oneself (the bureau: of all), oldest first."""
    where = paging("ers")
    rows = erasure.listed(session(), participant_id=own_only(), after=where.after, limit=where.limit + 1)
    return page([_request_out(each) for each in rows], where.limit)


def _request_out(each: ErasureRequest) -> dict[str, Any]:
    names = ("id", "participant_id", "asked_at", "status", "rule", "keep_until", "legal_source")
    found = erasure.read(each)
    return {name: getattr(each, name) for name in names} | {
        "outcome": found.lines,
        "open": list(found.open),
    }
