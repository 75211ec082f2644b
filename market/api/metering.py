"""Meters and readings over HTTP."""

from __future__ import annotations

from typing import Any

from market.api.http import actor, blueprint, page, paging, session
from market.api.schemas import metering as shapes
from market.api.whose import narrowed
from market.core.db import raw
from market.metering import queries, readings
from market.metering.models import Reading

blp = blueprint("meters", "Meters and what they showed")


@blp.route("/meters", methods=["GET"])
@blp.arguments(shapes.MetersQuery, location="query")
@blp.response(200, shapes.MeterPage)
def list_meters(query: dict[str, Any]) -> dict[str, Any]:
    """Meters with their last counter, by id; a participant sees its own."""
    where = paging("mtr")
    rows = queries.meters(
        raw(session()),
        participant_id=narrowed(None),
        water_account_id=query.get("water_account_id"),
        after=where.after,
        limit=where.limit + 1,
    )
    return page([_meter_out(each) for each in rows], where.limit)


@blp.route("/meters", methods=["POST"])
@blp.arguments(shapes.MeterIn)
@blp.response(201, shapes.MeterOut)
def register_meter(body: dict[str, Any]) -> dict[str, Any]:
    """Register a meter for a water account."""
    meter = readings.register_meter(
        session(),
        actor=actor().audit,
        water_account_id=body["water_account_id"],
        serial=body["serial"],
        start_litres=body["start"],
        installed_at=body["installed_at"],
    )
    return _meter_out(queries.meter(raw(session()), meter_id=meter.id))


@blp.route("/meters/<mtr:meter_id>", methods=["GET"])
@blp.response(200, shapes.MeterOut)
def get_meter(meter_id: int) -> dict[str, Any]:
    """One meter with its last counter."""
    return _meter_out(queries.meter(raw(session()), meter_id=meter_id))


@blp.route("/meters/<mtr:meter_id>/readings", methods=["GET"])
@blp.response(200, shapes.ReadingPage)
def list_readings(meter_id: int) -> dict[str, Any]:
    """Readings of a meter, oldest first."""
    where = paging("rdg")
    meter = queries.meter(raw(session()), meter_id=meter_id)
    rows = queries.readings(session(), meter_id=meter.id, after=where.after, limit=where.limit + 1)
    return page([_reading_out(each) for each in rows], where.limit)


@blp.route("/meters/<mtr:meter_id>/readings", methods=["POST"])
@blp.arguments(shapes.ReadingIn)
@blp.response(201, shapes.ReadingOut)
def record_reading(body: dict[str, Any], meter_id: int) -> dict[str, Any]:
    """Record what a counter shows: the use leaves the water account, its fee falls due."""
    reading = readings.record(
        session(),
        actor=actor().audit,
        meter_id=meter_id,
        read_at=body["read_at"],
        counter_litres=body["counter"],
    )
    return _reading_out(reading)


def _meter_out(each: queries.MeterView) -> dict[str, Any]:
    return {
        "id": each.id,
        "water_account_id": each.water_account_id,
        "serial": each.serial,
        "start": each.start_litres,
        "counter": each.counter_litres,
        "installed_at": each.installed_at,
        "read_at": each.read_at,
    }


def _reading_out(each: Reading) -> dict[str, Any]:
    return {
        "id": each.id,
        "meter_id": each.meter_id,
        "read_at": each.read_at,
        "counter": each.counter_litres,
        "use": each.use_litres,
        "posted": each.posted_litres,
        "over_use": each.over_use_litres,
        "price": each.price_e4,
        "fee": each.fee_fen,
        "recorded_at": each.recorded_at,
    }
