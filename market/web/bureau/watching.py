"""Alerts of surveillance with their evidence, and the cases that come of them, on a timeline."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from market.web import asking
from market.web.bureau import charts, frame
from market.web.bureau.case_acts import DETECTORS
from market.web.words import word

blp = Blueprint("desk_watching", __name__, template_folder="../templates")


@blp.get("/desk/alerts")
def alerts() -> Response:
    """Alerts, the open ones first asked for; the looks that raised them; decisions that are not public."""
    picked = {"status": request.args.get("status", "open"), "detector": request.args.get("detector", "")}
    found = asking.get(
        "/v1/alerts",
        status=picked["status"] or None,
        detector=picked["detector"] or None,
        limit=50,
        starting_after=request.args.get("starting_after"),
    )
    return frame.sheet(
        "bureau/alerts.html",
        found=found,
        picked=picked,
        detectors=DETECTORS,
        names=frame.parties(party for each in found["data"] for party in each["participant_ids"]),
        runs=asking.get("/v1/surveillance-runs", limit=7)["data"],
        decisions=asking.get("/v1/price-decisions", limit=20)["data"],
    )


@blp.get("/desk/alerts/<alr:alert_id>")
def alert(alert_id: int) -> Response:
    """One alert: by which rule, with which figures over which thresholds, against whom, on which orders and trades."""
    found = asking.get(f"/v1/alerts/{frame.public('alr', alert_id)}")
    trades = [asking.get(f"/v1/trades/{each}") for each in found["trade_ids"][:20]]
    orders = [asking.get(f"/v1/orders/{each}") for each in found["order_ids"][:20]]
    named = {
        *found["participant_ids"],
        *(each["seller_id"] for each in trades),
        *(each["buyer_id"] for each in trades),
    }
    named |= {each["participant_id"] for each in orders}
    return frame.sheet(
        "bureau/alert.html",
        it=found,
        trades=trades,
        orders=orders,
        names=frame.parties(named),
        people=frame.colleagues(),
    )


@blp.get("/desk/cases")
def cases() -> Response:
    """Cases, and appeals against the credit record that wait."""
    picked = {"status": request.args.get("status", "open")}
    found = asking.get(
        "/v1/cases",
        status=picked["status"] or None,
        limit=50,
        starting_after=request.args.get("starting_after"),
    )
    appeals = asking.get("/v1/credit-appeals", status="lodged", limit=50)["data"]
    return frame.sheet(
        "bureau/cases.html",
        found=found,
        picked=picked,
        appeals=appeals,
        people=frame.colleagues(),
        names=frame.parties(each["participant_id"] for each in appeals),
    )


@blp.get("/desk/cases/<cas:case_id>")
def case(case_id: int) -> Response:
    """One case whole, with what happened in the market and in it in the order of time."""
    number = frame.public("cas", case_id)
    found = asking.get(f"/v1/cases/{number}")
    line = asking.get(f"/v1/cases/{number}/timeline")
    named = {
        *found["participant_ids"],
        *(each for moment in line["data"] for each in moment["participant_ids"]),
    }
    kinds = {each: word(f"moment_{each}") for each in ("alert", "order", "trade", "step")}
    return frame.sheet(
        "bureau/case.html",
        it=found,
        line=line,
        names=frame.parties(named),
        people=frame.colleagues(),
        said=_said,
        chart=charts.moments(line["data"], kinds),
    )


def _said(moment: Any) -> str:
    """What a moment of the timeline was, in words."""
    prefix = {"alert": "finding", "order": "order_was", "trade": "traded_by", "step": "case_step"}[
        moment["kind"]
    ]
    return word(f"{prefix}_{moment['what']}")
