"""Surveillance over HTTP: alerts, the looks that raised them, marks of participants, decisions not yet public."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from market.api.http import actor, blueprint, page, paging, session, settings
from market.api.schemas import watching as shapes
from market.core import ids
from market.supervision.surveillance import detector_name, figure_text
from market.supervision.watching import alerts, registers
from market.supervision.watching.models import PartyMark, PriceDecision, SurveillanceRun

blp = blueprint("alerts", "Alerts of surveillance: questions to a person, never findings")
runs_blp = blueprint("surveillance", "When the record was looked at, and what surveillance is told by people")

MARKS_PURPOSE = "party marks"
_NUMBERS = {"right": "ent", "announcement": "pdc"}
"""Figures whose value is the number of a row, and of which type that is."""


@blp.route("/alerts", methods=["GET"])
@blp.arguments(shapes.AlertsQuery, location="query")
@blp.response(200, shapes.SurveillanceAlertPage)
def list_alerts(query: dict[str, Any]) -> dict[str, Any]:
    """Alerts that fit everything asked for, newest first."""
    where = paging("alr")
    rows = alerts.listing(
        session(), standing=query.get("status"), detector=query.get("detector"),
        participant_id=query.get("participant_id"), before=where.after, limit=where.limit + 1,
    )  # fmt: skip
    return page([out(each) for each in rows], where.limit)


@blp.route("/alerts/<alr:alert_id>", methods=["GET"])
@blp.response(200, shapes.SurveillanceAlertWholeOut)
def get(alert_id: int) -> dict[str, Any]:
    """One alert, with every threshold that applied on its day."""
    return _whole(alerts.find(session(), alert_id))


@blp.route("/alerts/<alr:alert_id>/dismiss", methods=["POST"])
@blp.arguments(shapes.DismissIn)
@blp.response(200, shapes.SurveillanceAlertWholeOut)
def dismiss(body: dict[str, Any], alert_id: int) -> dict[str, Any]:
    """Say why an alert is nothing; more of the same conduct is a new one. (`POST /v1/cases` makes a case of it.)"""
    return _whole(alerts.dismiss(session(), actor=actor().audit, alert_id=alert_id, reason=body["reason"]))


@runs_blp.route("/surveillance-runs", methods=["GET"])
@runs_blp.response(200, shapes.SurveillanceRunPage)
def list_runs() -> dict[str, Any]:
    """When the record was looked at, newest first."""
    where = paging("svr")
    statement = select(SurveillanceRun).order_by(SurveillanceRun.id.desc()).limit(where.limit + 1)
    if where.after is not None:
        statement = statement.where(SurveillanceRun.id < where.after)
    names = ("id", "day", "since", "until", "orders", "trades", "found", "raised", "ran_at")
    rows = [
        {name: getattr(each, name) for name in names} | {"participants": each.parties}
        for each in session().scalars(statement)
    ]
    return page(rows, where.limit)


@runs_blp.route("/party-marks", methods=["GET"])
@runs_blp.arguments(shapes.PartyMarksQuery, location="query")
@runs_blp.response(200, shapes.PartyMarkPage)
def list_marks(query: dict[str, Any]) -> dict[str, Any]:
    """Which marks are recorded of participants, by id; never what they say."""
    where = paging("pmk")
    rows = registers.marks(session(), **query, after=where.after, limit=where.limit + 1)
    return page([_mark_out(each) for each in rows], where.limit)


@runs_blp.route("/party-marks", methods=["POST"])
@runs_blp.arguments(shapes.PartyMarkIn)
@runs_blp.response(201, shapes.PartyMarkOut)
def record_mark(body: dict[str, Any]) -> dict[str, Any]:
    """Record a participant's representative, bank account, telephone, address or device; ends the one before."""
    secret = settings().secret(MARKS_PURPOSE)
    return _mark_out(registers.record_mark(session(), actor=actor().audit, secret=secret, **body))


@runs_blp.route("/price-decisions", methods=["GET"])
@runs_blp.response(200, shapes.PriceDecisionPage)
def list_decisions() -> dict[str, Any]:
    """Decisions that move prices, and who knew them, newest first."""
    where = paging("pdc")
    rows = registers.decisions(session(), before=where.after, limit=where.limit + 1)
    return page([_decision_out(each) for each in rows], where.limit)


@runs_blp.route("/price-decisions", methods=["POST"])
@runs_blp.arguments(shapes.PriceDecisionIn)
@runs_blp.response(201, shapes.PriceDecisionOut)
def record_decision(body: dict[str, Any]) -> dict[str, Any]:
    """Record a decision that is not public yet, and the participants that know it."""
    return _decision_out(registers.record_decision(session(), actor=actor().audit, **body))


@runs_blp.route("/price-decisions/<pdc:price_decision_id>/publish", methods=["POST"])
@runs_blp.response(200, shapes.PriceDecisionOut)
def publish_decision(price_decision_id: int) -> dict[str, Any]:
    """Say that a decision is public from now on."""
    return _decision_out(
        registers.publish_decision(session(), actor=actor().audit, decision_id=price_decision_id)
    )


def out(each: alerts.View) -> dict[str, Any]:
    """An alert as it is listed."""
    alert, became = each.alert, each.disposition
    return {
        "id": alert.id, "detector": alert.detector, "title_zh": detector_name(alert.detector, "zh"),
        "title_en": detector_name(alert.detector, "en"), "status": each.standing, "participant_ids": alert.party_ids,
        "order_ids": alert.order_ids, "trade_ids": alert.trade_ids, "first_at": alert.first_at,
        "last_at": alert.last_at, "rule": alert.rule, "figures": [_figure(*figure) for figure in each.figures],
        "continues_id": alert.continues_id, "run_id": each.run.id, "day": each.run.day, "raised_at": alert.raised_at,
        "case_id": became.case_id if became else None, "reason": became.reason if became else None,
        "decided_by": became.decided_by if became else None, "decided_at": became.decided_at if became else None,
    }  # fmt: skip


def _whole(each: alerts.View) -> dict[str, Any]:
    found = json.loads(each.run.thresholds)
    return out(each) | {"thresholds": [{"name": name, **told} for name, told in found.items()]}


def _figure(name: str, value: str, threshold: str) -> dict[str, str]:
    """A figure; numbers of rows become public ids, those below zero are accounts that stand for no right."""
    if name in _NUMBERS:
        number = int(value)
        value = ids.public(_NUMBERS[name], number) if number > 0 else ids.public("wac", -number)
    figure = (name, value, threshold)
    return {
        "name": name, "value": value, "threshold": threshold, "text_zh": figure_text(figure, "zh"),
        "text_en": figure_text(figure, "en"),
    }  # fmt: skip


def _mark_out(each: PartyMark) -> dict[str, Any]:
    names = ("id", "participant_id", "kind", "document", "recorded_at", "ended_at")
    return {name: getattr(each, name) for name in names}


def _decision_out(each: PriceDecision) -> dict[str, Any]:
    names = (
        "id", "subject", "moves", "product_ids", "insider_ids", "decided_at", "published_at", "recorded_at",
    )  # fmt: skip
    return {name: getattr(each, name) for name in names}
