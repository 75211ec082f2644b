"""Meters, readings, findings and debts in water over HTTP."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any

from flask import Response, jsonify

from market.api.errors import with_title
from market.api.http import actor, blueprint, etag, expected_version, own_only, page, paging, session
from market.api.schemas import metering as shapes
from market.api.schemas import registry, water_accounts
from market.api.water_accounts import account_out
from market.api.whose import narrowed
from market.core import clock
from market.core.db import raw
from market.core.errors import NotFound
from market.metering import corrections, debts, findings, meters, overdue, queries, readings
from market.metering.errors import ReadingHeld, RowsRefused
from market.metering.models import Meter, Reading, UseFinding

blp = blueprint("meters", "Meters and what they showed")
found_blp = blueprint("findings", "What somebody has to look at: over-use, jumps, gaps, calibrations")


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
    body["start_litres"] = body.pop("start")
    body["start_kwh_e2"] = body.pop("start_kwh")
    body["most_litres_a_day"] = body.pop("most_a_day")
    return _one(meters.register_meter(session(), actor=actor().audit, **body))


@blp.route("/meters/overdue", methods=["GET"])
@blp.arguments(shapes.OverdueQuery, location="query")
@blp.response(200, shapes.OverdueMeterPage)
def list_overdue(query: dict[str, Any]) -> dict[str, Any]:
    """Open meters that were not read in time or whose calibration expired, by id; a participant sees its own."""
    where = paging("mtr")
    rows = overdue.meters(
        raw(session()), participant_id=own_only(), **query, after=where.after, limit=where.limit + 1
    )
    return page([_overdue_out(each) for each in rows], where.limit)


def _overdue_out(each: overdue.OverdueMeter) -> dict[str, Any]:
    reasons = [
        {
            "reason": reason.why,
            "due_on": reason.due_on,
            "overdue_days": reason.overdue_days,
            "message_en": reason.en,
            "message_zh": reason.zh,
        }
        for reason in each.reasons(clock.today())
    ]
    return dataclasses.asdict(each) | {"reasons": reasons}


@blp.route("/meters/<mtr:meter_id>", methods=["GET"])
@blp.response(200, shapes.MeterOut)
def get_meter(meter_id: int) -> dict[str, Any]:
    """One meter with its last counter."""
    found = queries.meter(raw(session()), meter_id=meter_id)
    etag(found.version)
    return _meter_out(found)


@blp.route("/meters/<mtr:meter_id>/replace", methods=["POST"])
@blp.arguments(shapes.ReplaceIn)
@blp.response(200, shapes.MeterOut)
def replace_counter(body: dict[str, Any], meter_id: int) -> dict[str, Any]:
    """Put a new counter in the place of the old, after the old one's final reading."""
    at = body["at"]
    _final(meter_id, at, body.pop("final"), body.pop("final_kwh"))
    body["start_litres"] = body.pop("start")
    body["start_kwh_e2"] = body.pop("start_kwh")
    version = expected_version(required=False)
    done = meters.replace(session(), actor=actor().audit, meter_id=meter_id, expected_version=version, **body)
    return _one(done)


@blp.route("/meters/<mtr:meter_id>/close", methods=["POST"])
@blp.arguments(shapes.CloseIn)
@blp.response(200, shapes.MeterOut)
def close_meter(body: dict[str, Any], meter_id: int) -> dict[str, Any]:
    """Close a meter after its last reading."""
    version = expected_version(required=False)
    if body["read_at"] is not None:
        _final(meter_id, body["read_at"], body["final"], body["final_kwh"])
    done = meters.close(
        session(), actor=actor().audit, meter_id=meter_id, reason=body["reason"], expected_version=version
    )
    return _one(done)


@blp.route("/meters/<mtr:meter_id>/calibrate", methods=["POST"])
@blp.arguments(shapes.CalibrationIn)
@blp.response(200, shapes.MeterOut)
def calibrate(body: dict[str, Any], meter_id: int) -> dict[str, Any]:
    """Record a calibration of the counter; readings after it expires are taken, but flagged."""
    version = expected_version(required=False)
    done = meters.calibrate(
        session(), actor=actor().audit, meter_id=meter_id, expected_version=version, **body
    )
    return _one(done)


@blp.route("/meters/<mtr:meter_id>/assign", methods=["POST"])
@blp.arguments(shapes.AssignIn)
@blp.response(200, shapes.MeterOut)
def assign(body: dict[str, Any], meter_id: int) -> dict[str, Any]:
    """Move a meter on to another account of its holder at the same place: that of the next water year."""
    version = expected_version(required=False)
    done = meters.assign(session(), actor=actor().audit, meter_id=meter_id, expected_version=version, **body)
    return _one(done)


@blp.route("/meters/<mtr:meter_id>/conversions", methods=["POST"])
@blp.arguments(shapes.ConversionIn)
@blp.response(201, shapes.ConversionOut)
def record_conversion(body: dict[str, Any], meter_id: int) -> dict[str, Any]:
    """Record how much water a well's pump lifts with a kWh, from a legal day on."""
    body["litres_per_kwh_e3"] = body.pop("coefficient")
    made = meters.convert(session(), actor=actor().audit, meter_id=meter_id, **body)
    return {
        "meter_id": made.meter_id,
        "coefficient": made.litres_per_kwh_e3,
        "calibrated_on": made.calibrated_on,
        "valid_from": made.valid_from,
        "source": made.source,
        "recorded_at": made.recorded_at,
    }


@blp.route("/meters/<mtr:meter_id>/readings", methods=["GET"])
@blp.response(200, shapes.ReadingPage)
def list_readings(meter_id: int) -> dict[str, Any]:
    """Readings of a meter, oldest first."""
    where = paging("rdg")
    meter = queries.meter(raw(session()), meter_id=meter_id)
    rows = queries.readings(raw(session()), meter_id=meter.id, after=where.after, limit=where.limit + 1)
    return page([_reading_out(each) for each in rows], where.limit)


@blp.route("/meters/<mtr:meter_id>/readings", methods=["POST"])
@blp.arguments(shapes.ReadingIn)
@blp.response(201, shapes.ReadingOut)
@blp.alt_response(202, schema=shapes.FindingOut, success=True)
def record_reading(body: dict[str, Any], meter_id: int) -> dict[str, Any] | Response:
    """Record what a counter shows: the use leaves the water account, its fee falls due.

    202: it shows more than the meter's most a day, and is held as a finding until it is confirmed.
    """
    done = readings.record(
        session(),
        actor=actor().audit,
        meter_id=meter_id,
        read_at=body["read_at"],
        counter_litres=body["counter"],
        kwh_e2=body["kwh"],
        estimated=body["estimated"],
    )
    if isinstance(done, UseFinding):
        held = jsonify(shapes.FindingOut().dump(_findings_out([done])[0]))
        held.status_code = 202
        return held
    return _reading_by_id(done.id)


@blp.route("/readings/bulk", methods=["POST"])
@blp.arguments(shapes.BulkIn)
@blp.response(200, shapes.BulkOut)
def record_readings(body: dict[str, Any]) -> dict[str, Any]:
    """Record many readings: all of them or none, or with `partial` those that are not refused."""
    sent = body["readings"]
    _require_own([each["meter_id"] for each in sent])
    outcomes = readings.record_many(
        session(),
        actor=actor().audit,
        readings=[
            readings.NewReading(
                each["meter_id"], each["read_at"], each["counter"], each["kwh"], each["estimated"]
            )
            for each in sent
        ],
    )
    data = [_outcome(index, each) for index, each in enumerate(outcomes)]
    refused = [each for each in data if each["outcome"] == "refused"]
    if refused and not body["take_good"]:
        raise RowsRefused(
            f"{len(refused)} of {len(data)} readings were refused",
            pointer=f"/readings/{refused[0]['index']}",
            extra={"rows": refused},
        )
    counted = {name: sum(each["outcome"] == name for each in data) for name in ("recorded", "held")}
    return {**counted, "refused": len(refused), "data": data}


@blp.route("/readings/<rdg:reading_id>", methods=["GET"])
@blp.response(200, shapes.ReadingOut)
def get_reading(reading_id: int) -> dict[str, Any]:
    """One reading."""
    return _reading_by_id(reading_id)


@blp.route("/readings/<rdg:reading_id>/correct", methods=["POST"])
@blp.arguments(shapes.CorrectionIn)
@blp.response(201, shapes.ReadingOut)
def correct(body: dict[str, Any], reading_id: int) -> dict[str, Any]:
    """Record what the counter really showed: the old reading's use and fee are reversed, both stay on record."""
    done: Reading = corrections.correct(
        session(),
        actor=actor().audit,
        reading_id=reading_id,
        counter_litres=body["counter"],
        kwh_e2=body["kwh"],
        reason=body["reason"],
    )
    return _reading_by_id(done.id)


@blp.route("/water-accounts/<wac:water_account_id>/pay-debt", methods=["POST"])
@blp.arguments(shapes.DebtPaymentIn)
@blp.response(200, water_accounts.WaterAccountOut)
def pay_debt(body: dict[str, Any], water_account_id: int) -> dict[str, Any]:
    """Pay a debt in water from what the account has available."""
    debts.pay(session(), actor=actor().audit, water_account_id=water_account_id, litres=body["volume"])
    return account_out(water_account_id)


@found_blp.route("/findings", methods=["GET"])
@found_blp.arguments(shapes.FindingsQuery, location="query")
@found_blp.response(200, shapes.FindingPage)
def list_findings(query: dict[str, Any]) -> dict[str, Any]:
    """Findings, by id; a participant sees those of its own accounts."""
    where = paging("fnd")
    rows = queries.findings(
        session(), participant_id=own_only(), after=where.after, limit=where.limit + 1, **query
    )
    return page(_findings_out(rows), where.limit)


@found_blp.route("/findings/<fnd:finding_id>", methods=["GET"])
@found_blp.response(200, shapes.FindingOut)
def get_finding(finding_id: int) -> dict[str, Any]:
    """One finding."""
    found = session().get(UseFinding, finding_id)
    if found is None:
        raise NotFound("there is no such finding")
    return _findings_out([found])[0]


@found_blp.route("/findings/<fnd:finding_id>/confirm", methods=["POST"])
@found_blp.arguments(registry.GroundsIn)
@found_blp.response(200, shapes.FindingOut)
def confirm(body: dict[str, Any], finding_id: int) -> dict[str, Any]:
    """Confirm a finding; a reading that was held is recorded now."""
    found, _ = readings.confirm(session(), actor=actor().audit, finding_id=finding_id, reason=body["reason"])
    return _findings_out([found])[0]


@found_blp.route("/findings/<fnd:finding_id>/dismiss", methods=["POST"])
@found_blp.arguments(registry.GroundsIn)
@found_blp.response(200, shapes.FindingOut)
def dismiss(body: dict[str, Any], finding_id: int) -> dict[str, Any]:
    """Dismiss a finding; a reading that was held is not taken."""
    found = findings.dismiss(session(), actor=actor().audit, finding_id=finding_id, reason=body["reason"])
    return _findings_out([found])[0]


def _final(meter_id: int, read_at: dt.datetime, litres: int | None, kwh_e2: int | None) -> None:
    """Records the last reading of a counter, if it is told."""
    if litres is None and kwh_e2 is None:
        return
    done = readings.record(
        session(),
        actor=actor().audit,
        meter_id=meter_id,
        read_at=read_at,
        counter_litres=litres,
        kwh_e2=kwh_e2,
    )
    if isinstance(done, UseFinding):
        raise ReadingHeld(
            "the final reading is above the meter's most a day: record it by itself and have it confirmed",
            pointer="/final",
        )


def _require_own(meter_ids: list[int]) -> None:
    """Refuses as unknown a meter that belongs to another than the actor. Errors: NotFound."""
    owners = queries.owners(raw(session()), meter_ids)
    mine = own_only()
    for index, each in enumerate(meter_ids):
        if each not in owners or (mine is not None and owners[each] != mine):
            raise NotFound("there is no such meter", pointer=f"/readings/{index}/meter_id")


def _one(meter: Meter) -> dict[str, Any]:
    etag(meter.version)
    return _meter_out(queries.meter(raw(session()), meter_id=meter.id))


def _meter_out(each: queries.MeterView) -> dict[str, Any]:
    same = (
        "id", "water_account_id", "serial", "installed_at", "read_at", "kind", "measures", "apportioned", "zone",
        "digits", "calibrated_on", "calibration_expires_on", "read_every_days", "counter_number", "closed_at",
        "version",
    )  # fmt: skip
    return {name: getattr(each, name) for name in same} | {
        "start": each.start_litres,
        "counter": each.counter_litres,
        "start_kwh": each.start_kwh_e2,
        "kwh": each.kwh_e2,
        "most_a_day": each.most_litres_a_day,
    }


def _reading_by_id(reading_id: int) -> dict[str, Any]:
    return _reading_out(queries.reading(raw(session()), reading_id=reading_id))


def _reading_out(each: queries.ReadingView) -> dict[str, Any]:
    same = (
        "id", "meter_id", "water_account_id", "since", "read_at", "method", "calibration_expired", "counts",
        "corrects_id", "reason", "recorded_at",
    )  # fmt: skip
    return {name: getattr(each, name) for name in same} | {
        "counter": each.counter_litres,
        "kwh": each.kwh_e2,
        "coefficient": each.litres_per_kwh_e3,
        "use": each.use_litres,
        "posted": each.posted_litres,
        "over_use": each.over_use_litres,
        "price": each.price_e4,
        "fee": each.fee_fen,
    }


def _outcome(index: int, each: readings.Outcome) -> dict[str, Any]:
    refusal = each.refusal
    name = "refused" if refusal else "held" if each.finding_id else "recorded"
    return {
        "index": index,
        "outcome": name,
        "reading_id": each.reading_id,
        "finding_id": each.finding_id,
        "code": refusal.code if refusal else None,
        "message_en": refusal.detail if refusal else None,
        "message_zh": with_title(refusal.title_zh, refusal.detail) if refusal else None,
    }


def _findings_out(found: Sequence[UseFinding]) -> list[dict[str, Any]]:
    serials = queries.serials(session(), {each.meter_id for each in found if each.meter_id is not None})
    return [_finding_out(each, serials.get(each.meter_id or 0)) for each in found]


def _finding_out(each: UseFinding, serial: str | None) -> dict[str, Any]:
    same = (
        "id", "kind", "status", "water_account_id", "meter_id", "reading_id", "turn_sheet_id", "read_at", "opened_at",
        "decided_at", "decision_reason",
    )  # fmt: skip
    return {name: getattr(each, name) for name in same} | {
        "meter_serial": serial, "volume": each.litres, "limit": each.limit_litres, "counter": each.counter_litres,
        "kwh": each.kwh_e2,
    }  # fmt: skip
