"""The kill switch over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from market.api.http import actor, blueprint, page, paging, session
from market.api.schemas import sessions as shapes
from market.core.db import raw
from market.core.errors import NotFound
from market.supervision import kill_switches
from market.trading.session_models import KillSwitch

blp = blueprint("kill_switches", "Stopping the orders of one participant, or of everybody")


def _views(rows: Sequence[KillSwitch]) -> list[dict[str, Any]]:
    ended = kill_switches.orders_ended(raw(session()), rows)
    return [
        {
            "id": row.id, "participant_id": row.participant_id, "product_id": row.product_id, "reason": row.reason,
            "legal_source": row.legal_source, "orders_ended": ended.get(row.id), "thrown_at": row.thrown_at,
            "lifted_at": row.lifted_at, "lift_reason": row.lift_reason,
        }
        for row in rows
    ]  # fmt: skip


@blp.route("/kill-switch", methods=["GET"])
@blp.response(200, shapes.KillSwitchPage)
def list_kill_switches() -> dict[str, Any]:
    """Kill switches, on and lifted, newest first."""
    wanted = paging("kil")
    rows = kill_switches.listing(session(), before=wanted.after, limit=wanted.limit + 1)
    return page(_views(rows), wanted.limit)


@blp.route("/kill-switch/<kil:kill_switch_id>", methods=["GET"])
@blp.response(200, shapes.KillSwitchOut)
def get(kill_switch_id: int) -> dict[str, Any]:
    """One kill switch."""
    found = session().get(KillSwitch, kill_switch_id)
    if found is None:
        raise NotFound("there is no such kill switch")
    return _views([found])[0]


@blp.route("/kill-switch", methods=["POST"])
@blp.arguments(shapes.KillSwitchIn)
@blp.response(202, shapes.KillSwitchOut)
def throw(body: dict[str, Any]) -> dict[str, Any]:
    """Refuses new orders at once and has the engine end every open one; deals are refused too."""
    return _views([kill_switches.throw(session(), actor=actor().audit, **body)])[0]


@blp.route("/kill-switch/<kil:kill_switch_id>/lift", methods=["POST"])
@blp.arguments(shapes.LiftIn)
@blp.response(200, shapes.KillSwitchOut)
def lift(body: dict[str, Any], kill_switch_id: int) -> dict[str, Any]:
    """Lets orders in again; those that were ended stay ended."""
    made = kill_switches.lift(session(), actor=actor().audit, kill_switch_id=kill_switch_id, **body)
    return _views([made])[0]
