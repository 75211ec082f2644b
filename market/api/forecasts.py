"""Forecasts over HTTP: what of a planned saving will be credited, before anybody signs."""

from __future__ import annotations

from typing import Any

from market.api.http import blueprint, session
from market.api.reports import reason_out, wanted_of
from market.api.schemas import forecasts as shapes
from market.api.whose import of_body
from market.contracts import forecasting
from market.contracts.savings import Forecast, Metering
from market.contracts.terms import BoundaryPoint

blp = blueprint("forecasts", "What of a planned saving will be credited")

_ONE_BP, _E6_AN_E4 = 10_000, 100
_BOTH = ("user", "firm")
"""A forecast shows what the base period would give if both sides signed its departures."""


@blp.route("/saving-plans/forecast", methods=["POST"])
@blp.arguments(shapes.ForecastIn)
@blp.response(200, shapes.ForecastOut)
def look_ahead(body: dict[str, Any]) -> dict[str, Any]:
    """The share of a planned saving that will be credited in money and in water, and what one more meter would gain.

    For the user of the points, a firm acting for it under its mandate, and the bureau. Nothing is recorded.
    """
    plan = forecasting.Plan(
        of_body(body["participant_id"]),
        body["kind"],
        tuple(
            BoundaryPoint(each["point_id"], 1 if each["counts"] == "added" else -1)
            for each in body["boundary"]
        ),
    )
    ways = tuple(
        Metering(each["code"], each["accuracy_class"] * _E6_AN_E4, each["share"]) for each in body["ways"]
    )
    found, said = forecasting.look_ahead(
        session(), plan=plan, wanted=wanted_of(body, _BOTH), saving_bp=body["saving_share"], ways=ways,
        years_on=body["years_on"],
    )  # fmt: skip
    return {
        "tier": found.tier,
        "chosen": [found.base.drivers[place].code for place in found.chosen],
        "base_use": sum(period.litres for period in found.base.periods),
        "ways": [_way_out(each) for each in said],
    }


def _way_out(each: Forecast) -> dict[str, Any]:
    limits = each.interval
    return {
        "code": each.metering,
        "saving": each.saving_litres,
        "low_95": limits.low95 if limits else None,
        "high_95": limits.high95 if limits else None,
        "money_share": _ONE_BP if each.money_paid else 0,
        "water": each.water_litres,
        "water_share": each.water_bp,
        "gain": each.gain_litres,
        "money_only": each.water_litres == 0,
        "reasons": [reason_out(reason) for reason in each.reasons],
    }
