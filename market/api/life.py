"""The life of an entitlement over HTTP: procedure, objections, changes, terms and ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from market.api import rights_wire
from market.api.desks import check_free
from market.api.http import actor, blueprint, etag, expected_version, page, paging, session
from market.api.schemas import life as shapes
from market.api.schemas.registry import EntitlementOut, GroundsIn, RemarkIn
from market.core.db import raw
from market.core.errors import NotAllowed
from market.registry import changes, endings, lists, procedure, publications, reference
from market.registry.life import STEPS
from market.registry.life_models import Objection
from market.registry.models import Entitlement
from market.supervision.desks.models import RENEWAL, RIGHT

blp = blueprint("life", "The life of a right: each step named, dated, reasoned, with its legal source")


@blp.route("/entitlements/<ent:entitlement_id>/steps", methods=["GET"])
@blp.response(200, shapes.EntitlementStepList)
def list_steps(entitlement_id: int) -> dict[str, Any]:
    """Every step of a right, oldest first."""
    data = [
        {
            "step": each.step,
            "name_en": STEPS[each.step].en,
            "name_zh": STEPS[each.step].zh,
            "from_status": each.from_status,
            "to_status": each.to_status,
            "at": each.at,
            "by": each.by_user,
            "reason": each.reason,
            "legal_source": each.legal_source,
        }
        for each in lists.steps(session(), entitlement_id=entitlement_id)
    ]
    return {"data": data, "has_more": False}


@blp.route("/entitlements/<ent:entitlement_id>/lineage", methods=["GET"])
@blp.response(200, shapes.LineageOut)
def lineage(entitlement_id: int) -> dict[str, Any]:
    """What a right came out of, and what became of it."""
    links = lists.lineage(session(), entitlement_id=entitlement_id)
    shown = [
        {"parent_id": each.parent_id, "child_id": each.child_id, "volume": each.litres} for each in links
    ]
    return {"entitlement_id": entitlement_id, "links": shown}


def _advanced(step: str, entitlement_id: int, body: dict[str, Any]) -> dict[str, Any]:
    done = procedure.advance(
        session(), actor=actor().audit, entitlement_id=entitlement_id, step=step, reason=body["reason"],
        expected_version=expected_version(required=False),
    )  # fmt: skip
    return rights_wire.one(done)


@blp.route("/entitlements/<ent:entitlement_id>/accept", methods=["POST"])
@blp.arguments(RemarkIn)
@blp.response(200, EntitlementOut)
def accept(body: dict[str, Any], entitlement_id: int) -> dict[str, Any]:
    """Accept an application for decision; the clock of the decision starts."""
    return _advanced("accept", entitlement_id, body)


@blp.route("/entitlements/<ent:entitlement_id>/publish", methods=["POST"])
@blp.arguments(RemarkIn)
@blp.response(200, EntitlementOut)
def publish(body: dict[str, Any], entitlement_id: int) -> dict[str, Any]:
    """Publish an accepted application for objection; the days for objections start."""
    return _advanced("publish", entitlement_id, body)


@blp.route("/entitlements/<ent:entitlement_id>/withdraw", methods=["POST"])
@blp.arguments(GroundsIn)
@blp.response(200, EntitlementOut)
def withdraw(body: dict[str, Any], entitlement_id: int) -> dict[str, Any]:
    """Take an application back before it is decided; objections to it that are not decided lapse."""
    done = procedure.withdraw(
        session(), actor=actor().audit, entitlement_id=entitlement_id, reason=body["reason"],
        expected_version=expected_version(required=False),
    )  # fmt: skip
    return rights_wire.one(done)


@blp.route("/entitlements/<ent:entitlement_id>/open-hearing", methods=["POST"])
@blp.arguments(GroundsIn)
@blp.response(200, EntitlementOut)
def open_hearing(body: dict[str, Any], entitlement_id: int) -> dict[str, Any]:
    """Open a hearing on an application; its clocks stop."""
    return _advanced("open_hearing", entitlement_id, body)


@blp.route("/entitlements/<ent:entitlement_id>/close-hearing", methods=["POST"])
@blp.arguments(GroundsIn)
@blp.response(200, EntitlementOut)
def close_hearing(body: dict[str, Any], entitlement_id: int) -> dict[str, Any]:
    """Close the hearing; the clocks go on."""
    return _advanced("close_hearing", entitlement_id, body)


@blp.route("/entitlements/<ent:entitlement_id>/open-dispute", methods=["POST"])
@blp.arguments(GroundsIn)
@blp.response(200, EntitlementOut)
def open_dispute(body: dict[str, Any], entitlement_id: int) -> dict[str, Any]:
    """Record a dispute or lawsuit over an application; its clocks stop until it is settled."""
    return _advanced("open_dispute", entitlement_id, body)


@blp.route("/entitlements/<ent:entitlement_id>/close-dispute", methods=["POST"])
@blp.arguments(GroundsIn)
@blp.response(200, EntitlementOut)
def close_dispute(body: dict[str, Any], entitlement_id: int) -> dict[str, Any]:
    """Record that the dispute is settled; the clocks go on."""
    return _advanced("close_dispute", entitlement_id, body)


@blp.route("/published-applications", methods=["GET"])
@blp.response(200, shapes.PublishedPage)
def list_published() -> dict[str, Any]:
    """Applications that are published for objection, by id."""
    where = paging("ent")
    rows = publications.published(session(), after=where.after, limit=where.limit + 1)
    tree = reference.zones(raw(session()))
    return page([_published(tree, each) for each in rows], where.limit)


def _published(tree: reference.Zones, each: publications.Publication) -> dict[str, Any]:
    right = each.right
    return {
        "id": right.id,
        "applicant": each.applicant,
        "kind": right.kind,
        "source": right.source,
        "sector": right.sector,
        "township": tree.by_id[right.township_zone_id].code,
        "canal": tree.by_id[right.canal_zone_id].code,
        "volume": right.volume_litres,
        "valid_from": right.valid_from,
        "valid_to": right.valid_to,
        "published_on": each.published_on,
        "objections_until": each.objections_until,
    }


@blp.route("/published-applications/<ent:entitlement_id>/object", methods=["POST"])
@blp.arguments(shapes.ObjectionIn)
@blp.response(201, shapes.ObjectionOut)
def lodge_objection(body: dict[str, Any], entitlement_id: int) -> dict[str, Any]:
    """Object to a published application of another participant, within the days for it."""
    participant = actor().participant_id
    if participant is None:
        raise NotAllowed("a participant objects; the bureau decides")
    done = procedure.lodge(
        session(), actor=actor().audit, entitlement_id=entitlement_id, participant_id=participant,
        grounds=body["grounds"],
    )  # fmt: skip
    return _objection(done)


@blp.route("/objections", methods=["GET"])
@blp.arguments(shapes.ObjectionsQuery, location="query")
@blp.response(200, shapes.ObjectionPage)
def list_objections(query: dict[str, Any]) -> dict[str, Any]:
    """Objections, by id; a participant sees those that it lodged."""
    where = paging("obj")
    rows = procedure.objections(
        session(), **query, participant_id=actor().participant_id, after=where.after, limit=where.limit + 1
    )
    return page([_objection_out(each) for each in rows], where.limit)


@blp.route("/entitlements/<ent:entitlement_id>/objections", methods=["GET"])
@blp.response(200, shapes.ObjectionPage)
def list_objections_to(entitlement_id: int) -> dict[str, Any]:
    """Objections to one application, by id."""
    where = paging("obj")
    rows = procedure.objections(
        session(), entitlement_id=entitlement_id, after=where.after, limit=where.limit + 1
    )
    return page([_objection_out(each) for each in rows], where.limit)


@blp.route("/objections/<obj:objection_id>/uphold", methods=["POST"])
@blp.arguments(GroundsIn)
@blp.response(200, shapes.ObjectionOut)
def uphold_objection(body: dict[str, Any], objection_id: int) -> dict[str, Any]:
    """Uphold an objection: the application can then only be refused."""
    return _decided(objection_id, body, upheld=True)


@blp.route("/objections/<obj:objection_id>/dismiss", methods=["POST"])
@blp.arguments(GroundsIn)
@blp.response(200, shapes.ObjectionOut)
def dismiss_objection(body: dict[str, Any], objection_id: int) -> dict[str, Any]:
    """Dismiss an objection, with the reason."""
    return _decided(objection_id, body, upheld=False)


def _decided(objection_id: int, body: dict[str, Any], *, upheld: bool) -> dict[str, Any]:
    found = session().get(Objection, objection_id)
    if found is not None:
        check_free(RIGHT, found.entitlement_id)
    done = procedure.decide(
        session(), actor=actor().audit, objection_id=objection_id, upheld=upheld, reason=body["reason"],
        expected_version=expected_version(required=False),
    )  # fmt: skip
    return _objection(done)


def _objection(objection: Objection) -> dict[str, Any]:
    etag(objection.version)
    return _objection_out(objection)


def _objection_out(each: Objection) -> dict[str, Any]:
    return {
        "id": each.id,
        "entitlement_id": each.entitlement_id,
        "participant_id": each.participant_id,
        "grounds": each.grounds,
        "status": each.status,
        "lodged_at": each.lodged_at,
        "decided_at": each.decided_at,
        "decision_reason": each.decision_reason,
        "version": each.version,
    }


@blp.route("/entitlements/<ent:entitlement_id>/amend", methods=["POST"])
@blp.arguments(shapes.EntitlementAmendIn)
@blp.response(200, EntitlementOut)
def amend(body: dict[str, Any], entitlement_id: int) -> dict[str, Any]:
    """Change items of a right in place: land, priority, basis, or a smaller volume."""
    names = {"volume": "volume_litres", "land_mu": "land_mu_e2", "priority": "priority", "basis": "basis"}
    wanted = {inner: body[name] for name, inner in names.items() if name in body}
    return _changed(
        changes.amend,
        entitlement_id,
        changes=wanted,
        reason=body["reason"],
        legal_source=body["legal_source"],
    )


def _changed(step: Callable[..., Entitlement], entitlement_id: int, **named: Any) -> dict[str, Any]:
    version = expected_version()
    done = step(
        session(), actor=actor().audit, entitlement_id=entitlement_id, expected_version=version, **named
    )
    return rights_wire.one(done)


def _succeeded(step: Callable[..., list[Entitlement]], entitlement_id: int, **named: Any) -> dict[str, Any]:
    version = expected_version()
    made = step(
        session(), actor=actor().audit, entitlement_id=entitlement_id, expected_version=version, **named
    )
    return {"data": rights_wire.many(made), "has_more": False}


@blp.route("/entitlements/<ent:entitlement_id>/split", methods=["POST"])
@blp.arguments(shapes.EntitlementSplitIn)
@blp.response(201, shapes.SuccessorsOut)
def split(body: dict[str, Any], entitlement_id: int) -> dict[str, Any]:
    """Split a right into parts, exact to the litre; what was announced this year is not announced again."""
    return _succeeded(changes.split, entitlement_id, volumes_litres=body["volumes"], reason=body["reason"])


@blp.route("/entitlements/merge", methods=["POST"])
@blp.arguments(shapes.EntitlementMergeIn)
@blp.response(201, shapes.SuccessorsOut)
def merge(body: dict[str, Any]) -> dict[str, Any]:
    """Merge rights of one holder, kind, place and last day into one."""
    made = changes.merge(session(), actor=actor().audit, **body)
    return {"data": rights_wire.many(made), "has_more": False}


@blp.route("/entitlements/<ent:entitlement_id>/transfer", methods=["POST"])
@blp.arguments(shapes.EntitlementTransferIn)
@blp.response(201, shapes.SuccessorsOut)
def transfer(body: dict[str, Any], entitlement_id: int) -> dict[str, Any]:
    """Pass a right, or part of one, to another participant; water announced before stays where it is."""
    body["volume_litres"] = body.pop("volume")
    return _succeeded(changes.transfer, entitlement_id, **body)


@blp.route("/entitlements/<ent:entitlement_id>/inherit", methods=["POST"])
@blp.arguments(shapes.EntitlementInheritIn)
@blp.response(201, shapes.SuccessorsOut)
def inherit(body: dict[str, Any], entitlement_id: int) -> dict[str, Any]:
    """Pass a right to heirs, whose parts are the whole."""
    heirs = [(each["participant_id"], each["volume"]) for each in body.pop("heirs")]
    return _succeeded(changes.inherit, entitlement_id, heirs=heirs, **body)


@blp.route("/entitlements/<ent:entitlement_id>/ask-renewal", methods=["POST"])
@blp.arguments(RemarkIn)
@blp.response(200, EntitlementOut)
def ask_renewal(body: dict[str, Any], entitlement_id: int) -> dict[str, Any]:
    """Ask that a right goes on after its term; of a permit 45 days before it ends at the latest."""
    return _changed(endings.ask_renewal, entitlement_id, reason=body["reason"])


@blp.route("/entitlements/<ent:entitlement_id>/renew", methods=["POST"])
@blp.arguments(shapes.EntitlementRenewIn)
@blp.response(200, EntitlementOut)
def renew(body: dict[str, Any], entitlement_id: int) -> dict[str, Any]:
    """Let a right go on to a new last day."""
    check_free(RENEWAL, entitlement_id)
    return _changed(endings.renew, entitlement_id, **body)


@blp.route("/entitlements/<ent:entitlement_id>/refuse-renewal", methods=["POST"])
@blp.arguments(GroundsIn)
@blp.response(200, EntitlementOut)
def refuse_renewal(body: dict[str, Any], entitlement_id: int) -> dict[str, Any]:
    """Decide that a right ends with its term, with the reason."""
    check_free(RENEWAL, entitlement_id)
    return _changed(endings.refuse_renewal, entitlement_id, reason=body["reason"])


@blp.route("/entitlements/<ent:entitlement_id>/excuse", methods=["POST"])
@blp.arguments(shapes.EntitlementExcuseIn)
@blp.response(200, EntitlementOut)
def excuse(body: dict[str, Any], entitlement_id: int) -> dict[str, Any]:
    """Record a cause, such as force majeure, for which a right need not be used until a day."""
    return _changed(endings.excuse, entitlement_id, **body)


@blp.route("/entitlements/<ent:entitlement_id>/cancel", methods=["POST"])
@blp.arguments(shapes.EntitlementCancelIn)
@blp.response(200, EntitlementOut)
def cancel(body: dict[str, Any], entitlement_id: int) -> dict[str, Any]:
    """Cancel a right: not used for two years, given up, or withdrawn."""
    return _changed(endings.cancel, entitlement_id, **body)


@blp.route("/entitlements/unused", methods=["GET"])
@blp.response(200, shapes.UnusedPage)
def list_unused() -> dict[str, Any]:
    """Permits that were not used for two years, without an excuse: candidates for cancellation."""
    where = paging("ent")
    rows = endings.unused(session(), after=where.after, limit=where.limit + 1)
    data = [
        {
            "id": each.entitlement_id,
            "participant_id": each.participant_id,
            "certificate_number": each.certificate_number,
            "unused_since": each.unused_since,
            "last_used_on": each.last_used_on,
            "reached_on": each.reached_on,
        }
        for each in rows
    ]
    return page(data, where.limit)


@blp.route("/entitlements/expire", methods=["POST"])
@blp.response(200, shapes.ExpiredOut)
def expire() -> dict[str, Any]:
    """Expire the rights whose last day is over."""
    done = endings.expire_due(session(), actor=actor().audit)
    return {"entitlement_ids": done, "has_more": len(done) == endings.MOST_AT_ONCE}
