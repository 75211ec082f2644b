"""Claw-backs over HTTP: a distributed report is looked at again, and what does not stand is taken back."""

from __future__ import annotations

from typing import Any

from market.api.desks import check_free
from market.api.http import actor, blueprint, session
from market.api.schemas import saving_lots as shapes
from market.api.whose import party
from market.contracts import clawing, lot_queries
from market.contracts.lot_models import ReportClawBack
from market.core.errors import NotFound
from market.supervision.desks.models import CLAW_BACK

blp = blueprint("claw_backs", "Claw-backs of what was shared and is not saved after all")


@blp.route("/saving-reports/<srp:report_id>/claw-backs", methods=["GET"])
@blp.response(200, shapes.ClawBacksOut)
def list_claw_backs(report_id: int) -> dict[str, Any]:
    """A report's claw-backs, in order."""
    return {"data": [_out(each) for each in lot_queries.claw_backs(session(), report_id)]}


@blp.route("/saving-reports/<srp:report_id>/claw-backs", methods=["POST"])
@blp.arguments(shapes.ClawBackIn)
@blp.response(201, shapes.ClawBackOut)
def propose(body: dict[str, Any], report_id: int) -> dict[str, Any]:
    """Ask that a distributed report be verified again; another person must agree."""
    return _out(clawing.propose(session(), actor=actor().audit, report_id=report_id, **body))


@blp.route("/claw-backs/<clb:claw_back_id>", methods=["GET"])
@blp.response(200, shapes.ClawBackOut)
def get(claw_back_id: int) -> dict[str, Any]:
    """One claw-back."""
    return _one(claw_back_id)


@blp.route("/claw-backs/<clb:claw_back_id>/open", methods=["POST"])
@blp.response(200, shapes.ClawBackOut)
def open_one(claw_back_id: int) -> dict[str, Any]:
    """Agree, as another person: the report is reopened and its lot sells no more."""
    check_free(CLAW_BACK, claw_back_id)
    return _out(clawing.open_one(session(), actor=actor().audit, claw_back_id=claw_back_id))


@blp.route("/claw-backs/<clb:claw_back_id>/withdraw", methods=["POST"])
@blp.arguments(shapes.LotReasonIn)
@blp.response(200, shapes.ClawBackOut)
def withdraw(body: dict[str, Any], claw_back_id: int) -> dict[str, Any]:
    """Drop a proposal that nobody has agreed to."""
    return _out(clawing.withdraw(session(), actor=actor().audit, claw_back_id=claw_back_id, **body))


@blp.route("/claw-backs/<clb:claw_back_id>/re-verify", methods=["POST"])
@blp.arguments(shapes.ReVerifiedIn)
@blp.response(200, shapes.ClawBackOut)
def re_verify(body: dict[str, Any], claw_back_id: int) -> dict[str, Any]:
    """Say, as the named verifier, what of the credit stands."""
    found = clawing.re_verify(
        session(), actor=actor().audit, claw_back_id=claw_back_id, by=party(), sha256=body["sha256"],
        finding=body["finding"], money_litres=body["money_volume"], water_litres=body["water_volume"],
    )  # fmt: skip
    return _out(found)


@blp.route("/claw-backs/<clb:claw_back_id>/decide", methods=["POST"])
@blp.arguments(shapes.ClawBackDecisionIn)
@blp.response(200, shapes.ClawBackOut)
def decide(body: dict[str, Any], claw_back_id: int) -> dict[str, Any]:
    """Decide; the second of two persons who say the same carries it out."""
    check_free(CLAW_BACK, claw_back_id)
    return _out(clawing.decide(session(), actor=actor().audit, claw_back_id=claw_back_id, **body))


def _one(claw_back_id: int) -> dict[str, Any]:
    found = session().get(ReportClawBack, claw_back_id)
    if found is None:
        raise NotFound("there is no such claw-back")
    return _out(found)


def _out(row: ReportClawBack) -> dict[str, Any]:
    return {
        "id": row.id, "report_id": row.report_id, "saving_lot_id": row.lot_id, "status": row.status,
        "reason": row.reason, "verifier_id": row.verifier_id, "proposed_at": row.proposed_at, "finding": row.finding,
        "money_volume": row.money_litres, "water_volume": row.water_litres, "decision": row.decision,
        "settled_at": row.settled_at, "cancelled": row.cancelled_litres, "water_owed": row.owed_litres,
        "from_allocation": row.from_allocation_litres, "reckoning": row.text,
        "sha256": None if row.sha256 is None else row.sha256.hex(),
        "takings": [
            {
                "scope": each.scope, "participant_id": each.participant_id, "owed": each.owed_fen, "own": each.own_fen,
                "undistributed": each.undistributed_fen, "deposit": each.deposit_fen,
                "receivable": each.receivable_fen,
            }
            for each in lot_queries.takings(session(), [row.id])
        ],
    }  # fmt: skip
