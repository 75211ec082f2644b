"""Entitlements and allocation announcements over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from market.api import rights_wire
from market.api.desks import decided
from market.api.http import actor, blueprint, expected_version, page, paging, session
from market.api.schemas import registry as shapes
from market.api.whose import narrowed, of_body
from market.core.db import raw
from market.registry import allocations, entitlements, lists, reference
from market.registry.models import Announcement, Entitlement
from market.supervision import suspensions
from market.supervision.desks.models import RIGHT

blp = blueprint("entitlements", "Lasting rights and their certificates")
announced = blueprint("announcements", "Shares of a class of rights, credited for a water year")


@blp.route("/entitlements", methods=["GET"])
@blp.arguments(shapes.EntitlementsQuery, location="query")
@blp.response(200, shapes.EntitlementPage)
def list_entitlements(query: dict[str, Any]) -> dict[str, Any]:
    """Entitlements, by id; a participant sees its own."""
    where = paging("ent")
    query["participant_id"] = narrowed(query.get("participant_id"))
    rows = lists.entitlements(session(), **query, after=where.after, limit=where.limit + 1)
    return page(rights_wire.many(rows), where.limit)


@blp.route("/entitlements", methods=["POST"])
@blp.arguments(shapes.EntitlementIn)
@blp.response(201, shapes.EntitlementOut)
def apply(body: dict[str, Any]) -> dict[str, Any]:
    """Apply for a lasting right to a yearly volume."""
    body["participant_id"] = of_body(body["participant_id"])
    body["volume_litres"] = body.pop("volume")
    body["land_mu_e2"] = body.pop("land_mu")
    return rights_wire.one(entitlements.apply(session(), actor=actor().audit, **body))


@blp.route("/entitlements/<ent:entitlement_id>", methods=["GET"])
@blp.response(200, shapes.EntitlementOut)
def get_entitlement(entitlement_id: int) -> dict[str, Any]:
    """One entitlement."""
    return rights_wire.one(lists.one(session(), Entitlement, entitlement_id))


@blp.route("/entitlements/<ent:entitlement_id>/confirm", methods=["POST"])
@blp.arguments(shapes.RemarkIn)
@blp.response(200, shapes.EntitlementOut)
def confirm(body: dict[str, Any], entitlement_id: int) -> dict[str, Any]:
    """Confirm an application, published where its kind needs it; the right gets its certificate number."""
    return _decided(entitlement_id, True, body["reason"])


@blp.route("/entitlements/<ent:entitlement_id>/refuse", methods=["POST"])
@blp.arguments(shapes.GroundsIn)
@blp.response(200, shapes.EntitlementOut)
def refuse(body: dict[str, Any], entitlement_id: int) -> dict[str, Any]:
    """Refuse an application, with the reason."""
    return _decided(entitlement_id, False, body["reason"])


@blp.route("/entitlements/<ent:entitlement_id>/suspend", methods=["POST"])
@blp.arguments(shapes.GroundsIn)
@blp.response(200, shapes.EntitlementOut)
def suspend(body: dict[str, Any], entitlement_id: int) -> dict[str, Any]:
    """Suspend a confirmed right; open orders of its accounts are cancelled."""
    return _step(suspensions.suspend, entitlement_id, body, expected_version())


@blp.route("/entitlements/<ent:entitlement_id>/reinstate", methods=["POST"])
@blp.arguments(shapes.RemarkIn)
@blp.response(200, shapes.EntitlementOut)
def reinstate(body: dict[str, Any], entitlement_id: int) -> dict[str, Any]:
    """End the suspension of a right."""
    return _step(entitlements.reinstate, entitlement_id, body, expected_version())


def _decided(entitlement_id: int, approved: bool, reason: str) -> dict[str, Any]:
    version = expected_version(required=False)
    decided(RIGHT, entitlement_id, approved=approved, reason=reason, version=version)
    return rights_wire.one(lists.one(session(), Entitlement, entitlement_id))


def _step(
    step: Callable[..., Entitlement], entitlement_id: int, body: dict[str, Any], version: int | None
) -> dict[str, Any]:
    done = step(
        session(),
        actor=actor().audit,
        entitlement_id=entitlement_id,
        reason=body["reason"],
        expected_version=version,
    )
    return rights_wire.one(done)


@announced.route("/announcements", methods=["GET"])
@announced.arguments(shapes.AnnouncementsQuery, location="query")
@announced.response(200, shapes.AnnouncementPage)
def list_announcements(query: dict[str, Any]) -> dict[str, Any]:
    """Announcements, by id."""
    where = paging("ann")
    rows = lists.announcements(session(), **query, after=where.after, limit=where.limit + 1)
    tree = reference.zones(raw(session()))
    return page([announcement_out(tree, each) for each in rows], where.limit)


@announced.route("/announcements", methods=["POST"])
@announced.arguments(shapes.AnnouncementIn)
@announced.response(201, shapes.AnnouncementOut)
def announce(body: dict[str, Any]) -> dict[str, Any]:
    """Credit a share of every confirmed right of a class, exact to the litre; refused whole where a cap lacks room."""
    body["share_e6"], body["reserve_e6"] = body.pop("share"), body.pop("reserve")
    done = allocations.announce(session(), actor=actor().audit, **body)
    return announcement_out(reference.zones(raw(session())), done)


@announced.route("/announcements/preview", methods=["POST"])
@announced.arguments(shapes.ClassIn)
@announced.response(200, shapes.PreviewOut)
def preview(body: dict[str, Any]) -> dict[str, Any]:
    """What an announcement would credit and take of each cap now; nothing changes."""
    body["share_e6"], body["reserve_e6"] = body.pop("share"), body.pop("reserve")
    plan = allocations.preview(session(), **body)
    return {
        "total": plan.total_litres,
        "reserved": plan.reserved_litres,
        "entitlements": plan.entitlements,
        "possible": all(each.missing_litres <= 0 for each in plan.charges),
        "caps": [
            {
                "limit_id": each.limit.id,
                "code": each.limit.code,
                "needed": each.needed_litres,
                "available": each.available_litres,
                "suffices": each.missing_litres <= 0,
                "legal_source": each.limit.legal_source,
            }
            for each in plan.charges
        ],
        "lines": lines_out(plan),
    }


@announced.route("/announcements/<ann:announcement_id>", methods=["GET"])
@announced.response(200, shapes.AnnouncementOut)
def get_announcement(announcement_id: int) -> dict[str, Any]:
    """One announcement."""
    found = lists.one(session(), Announcement, announcement_id)
    return announcement_out(reference.zones(raw(session())), found)


@announced.route("/announcements/<ann:announcement_id>/lines", methods=["GET"])
@announced.response(200, shapes.AnnouncementLinePage)
def list_lines(announcement_id: int) -> dict[str, Any]:
    """What an announcement credited to each entitlement, by the entitlement's id."""
    found = lists.one(session(), Announcement, announcement_id)
    where = paging("ent")
    rows = lists.announcement_lines(
        session(), announcement_id=found.id, after=where.after, limit=where.limit + 1
    )
    lines = [
        {
            "entitlement_id": each.entitlement_id,
            "water_account_id": each.water_account_id,
            "volume": each.litres,
        }
        for each in rows
    ]
    return page(lines, where.limit)


def lines_out(plan: allocations.Plan) -> list[dict[str, Any]]:
    """The lines that a plan shows."""
    return [
        {
            "entitlement_id": each.entitlement_id,
            "water_account_id": each.water_account_id,
            "volume": each.litres,
        }
        for each in plan.lines
    ]


def announcement_out(tree: reference.Zones, each: Announcement) -> dict[str, Any]:
    """An announcement, as it is shown."""
    return {
        "id": each.id,
        "water_year": each.water_year,
        "source": each.source,
        "sector": each.sector,
        "kind": each.kind,
        "zone": tree.by_id[each.zone_id].code if each.zone_id else None,
        "form": each.form,
        "share": each.share_e6,
        "reserve": each.reserve_e6,
        "reserved": each.reserved_litres,
        "total": each.total_litres,
        "entitlements": each.entitlements,
        "reason": each.reason,
        "announced_at": each.announced_at,
    }
