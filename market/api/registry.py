"""Limits over HTTP: caps, routes, imports, exports, conversions."""

from __future__ import annotations

from typing import Any

from market.api.http import actor, blueprint, etag, expected_version, page, paging, session
from market.api.schemas import registry as shapes
from market.core.db import raw
from market.registry import limits, lists, reference
from market.registry.models import Limit

blp = blueprint("limits", "Caps and other limits, with what is left of each")


@blp.route("/limits", methods=["GET"])
@blp.arguments(shapes.LimitsQuery, location="query")
@blp.response(200, shapes.LimitPage)
def list_limits(query: dict[str, Any]) -> dict[str, Any]:
    """Limits, by id."""
    tree = reference.zones(raw(session()))
    zone = query.pop("zone", None)
    if zone is not None:
        if zone not in tree.by_code:
            return page([], 1)
        query["zone_id"] = tree.by_code[zone].id
    where = paging("cap")
    rows = lists.limits(session(), **query, after=where.after, limit=where.limit + 1)
    return page(_limits_out(tree, rows), where.limit)


@blp.route("/limits", methods=["POST"])
@blp.arguments(shapes.LimitIn)
@blp.response(201, shapes.LimitOut)
def create_limit(body: dict[str, Any]) -> dict[str, Any]:
    """Set a new limit for a water year. A cap is set before the water under it is announced."""
    body["limit_litres"] = body.pop("volume")
    limit = limits.create(session(), actor=actor().audit, **body)
    return _one(limit)


@blp.route("/limits/<cap:limit_id>", methods=["GET"])
@blp.response(200, shapes.LimitOut)
def get_limit(limit_id: int) -> dict[str, Any]:
    """One limit, with its dated changes."""
    return _one(lists.one(session(), Limit, limit_id))


@blp.route("/limits/<cap:limit_id>/change", methods=["POST"])
@blp.arguments(shapes.LimitChangeIn)
@blp.response(200, shapes.LimitOut)
def change_limit(body: dict[str, Any], limit_id: int) -> dict[str, Any]:
    """Change a limit from now on (If-Match: the version that was read). A cut takes only what is free."""
    limit = limits.change(
        session(),
        actor=actor().audit,
        limit_id=limit_id,
        limit_litres=body["volume"],
        reason=body["reason"],
        legal_source=body["legal_source"],
        expected_version=expected_version(),
    )
    return _one(limit)


def _one(limit: Limit) -> dict[str, Any]:
    tree = reference.zones(raw(session()))
    [out] = _limits_out(tree, [limit])
    out["changes"] = [
        {
            "changed_at": each.changed_at,
            "before": each.old_litres,
            "after": each.new_litres,
            "reason": each.reason,
            "legal_source": each.legal_source,
        }
        for each in lists.limit_changes(session(), limit_id=limit.id)
    ]
    etag(limit.version)
    return out


def _limits_out(tree: reference.Zones, rows: list[Limit]) -> list[dict[str, Any]]:
    free = reference.available(raw(session()), [each.account_id for each in rows])
    return [
        {
            "id": each.id,
            "code": each.code,
            "kind": each.kind,
            "water_year": each.water_year,
            "zone": tree.by_id[each.zone_id].code if each.zone_id else None,
            "to_zone": tree.by_id[each.to_zone_id].code if each.to_zone_id else None,
            "source": each.source,
            "sector": each.sector,
            "volume": each.limit_litres,
            "available": free[each.account_id],
            "legal_source": each.legal_source,
            "demonstration": each.demonstration,
            "version": each.version,
        }
        for each in rows
    ]
