"""Measuring points over HTTP: registered in trees, read, corrected, evidenced by bills."""

from __future__ import annotations

import datetime as dt
from typing import Any

from market.api.http import actor, blueprint, page, paging, session
from market.api.schemas import points as shapes
from market.api.whose import narrowed, of_body
from market.contracts import points
from market.contracts.point_models import MeasuringPoint, PointBill, PointReading
from market.core.errors import NotFound

blp = blueprint("points", "What saving contracts measure with")


@blp.route("/measuring-points", methods=["GET"])
@blp.arguments(shapes.PointsQuery, location="query")
@blp.response(200, shapes.PointPage)
def list_points(query: dict[str, Any]) -> dict[str, Any]:
    """One's own points (the bureau: all), by id."""
    where = paging("mpt")
    rows = points.listed(
        session(),
        participant_id=narrowed(query.get("participant_id")),
        parent_id=query.get("parent_id"),
        after=where.after,
        limit=where.limit + 1,
    )
    return page([_out(each) for each in rows], where.limit)


@blp.route("/measuring-points", methods=["POST"])
@blp.arguments(shapes.PointIn)
@blp.response(201, shapes.PointOut)
def register(body: dict[str, Any]) -> dict[str, Any]:
    """Register a point: the highest of a tree, or one below another."""
    made = points.register(
        session(),
        actor=actor().audit,
        participant_id=of_body(body["participant_id"]),
        name=body["name"],
        serial=body["serial"],
        class_e4=body["accuracy_class"],
        starts_on=body["starts_on"],
        start_litres=body["start"],
        parent_id=body["parent_id"],
        meter_id=body["meter_id"],
    )
    return _out(made)


@blp.route("/measuring-points/<mpt:point_id>", methods=["GET"])
@blp.response(200, shapes.PointOut)
def get(point_id: int) -> dict[str, Any]:
    """One point."""
    found = session().get(MeasuringPoint, point_id)
    if found is None:
        raise NotFound("there is no such measuring point")
    return _out(found)


@blp.route("/measuring-points/<mpt:point_id>/retire", methods=["POST"])
@blp.arguments(shapes.RetirementIn)
@blp.response(200, shapes.PointOut)
def retire(body: dict[str, Any], point_id: int) -> dict[str, Any]:
    """Take a point out of use at the end of a day."""
    return _out(points.retire(session(), actor=actor().audit, point_id=point_id, **body))


@blp.route("/measuring-points/<mpt:point_id>/readings", methods=["POST"])
@blp.arguments(shapes.PointReadingIn)
@blp.response(201, shapes.PointReadingOut)
def read(body: dict[str, Any], point_id: int) -> dict[str, Any]:
    """Record what the counter showed at the end of a day."""
    made = points.read(
        session(),
        actor=actor().audit,
        point_id=point_id,
        read_on=body["read_on"],
        counter_litres=body["counter"],
        method=body["method"],
        document_sha256=_digest(body),
    )
    return _reading_out(made)


@blp.route("/point-readings/<mpr:point_reading_id>/correct", methods=["POST"])
@blp.arguments(shapes.PointCorrectionIn)
@blp.response(201, shapes.PointReadingOut)
def correct(body: dict[str, Any], point_reading_id: int) -> dict[str, Any]:
    """Put another reading in the place of a wrong one."""
    made = points.correct(
        session(),
        actor=actor().audit,
        reading_id=point_reading_id,
        counter_litres=body["counter"],
        reason=body["reason"],
        document_sha256=_digest(body),
    )
    return _reading_out(made)


@blp.route("/measuring-points/<mpt:point_id>/bills", methods=["POST"])
@blp.arguments(shapes.BillIn)
@blp.response(201, shapes.BillOut)
def bill(body: dict[str, Any], point_id: int) -> dict[str, Any]:
    """Record a utility's bill of some days."""
    digest = _digest(body)
    assert digest is not None
    made = points.bill(
        session(),
        actor=actor().audit,
        point_id=point_id,
        first_day=body["first_day"],
        last_day=body["last_day"],
        litres=body["volume"],
        number=body["number"],
        document_sha256=digest,
    )
    return _bill_out(made)


@blp.route("/measuring-points/<mpt:point_id>/series", methods=["GET"])
@blp.response(200, shapes.SeriesOut)
def series(point_id: int) -> dict[str, Any]:
    """What a point has measured, interval by interval, and what was billed for it."""
    return {
        "measured": [_interval_out(each) for each in points.series(session(), point_id)],
        "billed": [_interval_out(each) for each in points.bills(session(), point_id)],
    }


def _digest(body: dict[str, Any]) -> bytes | None:
    sent: str | None = body["document_sha256"]
    return bytes.fromhex(sent) if sent else None


def _out(each: MeasuringPoint) -> dict[str, Any]:
    names = ("id", "participant_id", "parent_id", "meter_id", "name", "serial", "starts_on", "retired_on")
    return {name: getattr(each, name) for name in names} | {
        "accuracy_class": each.class_e4,
        "start": each.start_litres,
    }


def _reading_out(each: PointReading) -> dict[str, Any]:
    names = ("id", "point_id", "read_on", "method", "corrects_id", "reason", "recorded_at")
    return {name: getattr(each, name) for name in names} | {
        "counter": each.counter_litres,
        "document_sha256": each.document_sha256.hex() if each.document_sha256 else None,
    }


def _bill_out(each: PointBill) -> dict[str, Any]:
    assert each.days.lower is not None and each.days.upper is not None
    return {
        "id": each.id,
        "point_id": each.point_id,
        "first_day": each.days.lower,
        "last_day": each.days.upper - dt.timedelta(days=1),
        "volume": each.litres,
        "number": each.number,
        "document_sha256": each.document_sha256.hex(),
    }


def _interval_out(each: points.Interval) -> dict[str, Any]:
    return {
        "first_day": each.first_day,
        "last_day": each.last_day,
        "volume": each.litres,
        "evidence": each.evidence,
        "point_reading_id": each.reading_id,
        "counter": each.counter_litres,
    }
