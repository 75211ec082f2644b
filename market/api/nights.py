"""Leakage control and periods over HTTP: nights of points, baselines of nights, what merges and what is given up."""

from __future__ import annotations

import datetime as dt
from typing import Any

from market.api.http import actor, blueprint, session
from market.api.reports import baseline_out, billed_of
from market.api.schemas import nights as shapes
from market.api.schemas.reports import BaselineOut
from market.api.whose import party
from market.contracts import night_baselines, nights, periods, report_queries
from market.contracts.night_models import PointNight
from market.core.errors import NotFound

blp = blueprint("nights", "Night flow of districts, for leakage control")
routes = blueprint("contract_periods", "Periods of saving contracts")

_DAY = dt.timedelta(days=1)
_E3, _E4, _E6 = 1000, 10_000, 1_000_000


@blp.route("/measuring-points/<mpt:point_id>/nights", methods=["POST"])
@blp.arguments(shapes.PointNightsIn)
@blp.response(201, shapes.PointNightsOut)
def record(body: dict[str, Any], point_id: int) -> dict[str, Any]:
    """Record nights of a point, all or none."""
    made = nights.record(
        session(),
        actor=actor().audit,
        point_id=point_id,
        measured=[_measured(each["night_on"], each) for each in body["nights"]],
        document_sha256=_digest(body),
    )
    return {"data": [_out(each) for each in made]}


@blp.route("/measuring-points/<mpt:point_id>/nights", methods=["GET"])
@blp.arguments(shapes.NightsQuery, location="query")
@blp.response(200, shapes.PointNightsOut)
def list_nights(query: dict[str, Any], point_id: int) -> dict[str, Any]:
    """The nights of a point that count."""
    found = nights.listed(session(), [point_id], first=query["first_day"], ends=query["last_day"] + _DAY)
    return {"data": [_out(each) for each in found]}


@blp.route("/point-nights/<mpn:point_night_id>/correct", methods=["POST"])
@blp.arguments(shapes.NightCorrectionIn)
@blp.response(201, shapes.PointNightOut)
def correct(body: dict[str, Any], point_night_id: int) -> dict[str, Any]:
    """Put other figures in the place of a wrong night's."""
    known = session().get(PointNight, point_night_id)
    if known is None:
        raise NotFound("there is no such night")
    made = nights.correct(
        session(),
        actor=actor().audit,
        night_id=point_night_id,
        measured=_measured(known.night_on, body),
        reason=body["reason"],
        document_sha256=_digest(body),
    )
    return _out(made)


@blp.route("/saving-contracts/<sct:contract_id>/night-baselines", methods=["POST"])
@blp.arguments(shapes.NightBaselineIn)
@blp.response(201, BaselineOut)
def propose(body: dict[str, Any], contract_id: int) -> dict[str, Any]:
    """Propose a baseline of leakage control; flows and pressures are read from the boundary's points."""
    wanted = night_baselines.WantedNights(
        works_start=body["works_start"],
        starts=body["first_day"],
        ends=body["last_day"] + _DAY,
        reference_pressure=body["reference_pressure"] / _E3,
        hourly_pressure=tuple(each / _E6 for each in body["hourly_pressure"]),
        connections=body["connections"],
        night_use_litres=body["night_use"],
        exponent=None if body["exponent"] is None else body["exponent"] / _E4,
        pressure_point=body["pressure_point_id"],
        billed=billed_of(body["billed"]),
    )
    made = night_baselines.propose(
        session(), actor=actor().audit, contract_id=contract_id, by=party(), wanted=wanted
    )
    return baseline_out(report_queries.baseline(session(), baseline_id=made.id))


@routes.route("/saving-contracts/<sct:contract_id>/periods", methods=["GET"])
@routes.response(200, shapes.ContractPeriodsOut)
def list_periods(contract_id: int) -> dict[str, Any]:
    """The periods of a contract: due, reported, merged into a later one's report, or given up."""
    return _periods_out(contract_id)


@routes.route("/saving-contracts/<sct:contract_id>/give-up", methods=["POST"])
@routes.arguments(shapes.GivingUpIn)
@routes.response(200, shapes.ContractPeriodsOut)
def give_up(body: dict[str, Any], contract_id: int) -> dict[str, Any]:
    """Give up a period as user or firm; with both it is over, and the next may be reported."""
    periods.give_up(session(), actor=actor().audit, contract_id=contract_id, by=party(), **body)
    return _periods_out(contract_id)


def _periods_out(contract_id: int) -> dict[str, Any]:
    return {"data": [_period_out(each) for each in periods.listed(session(), contract_id)]}


def _period_out(each: periods.PeriodView) -> dict[str, Any]:
    return {
        "starts_on": each.starts_on,
        "ends_on": each.ends_on,
        "status": each.status,
        "report_id": each.report_id,
        "waived_by": list(each.waived_by),
    }


def _measured(night_on: dt.date, sent: dict[str, Any]) -> nights.Measured:
    return nights.Measured(night_on, sent["flow"], sent["pressure"], sent["unreduced"])


def _digest(body: dict[str, Any]) -> bytes | None:
    sent: str | None = body["document_sha256"]
    return bytes.fromhex(sent) if sent else None


def _out(each: PointNight) -> dict[str, Any]:
    names = ("id", "point_id", "night_on", "corrects_id", "reason", "recorded_at")
    return {name: getattr(each, name) for name in names} | {
        "flow": each.flow_litres,
        "pressure": each.pressure_e3,
        "unreduced": each.unreduced_e3,
        "document_sha256": each.document_sha256.hex() if each.document_sha256 else None,
    }
