"""Meters and what they showed: a chart and the same as a table, with what each reading used and costs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, Response
from flask_babel import gettext

from market.core import clock
from market.web import asking, forms, sitting
from market.web.asking import Problem
from market.web.holder.addresses import public
from market.web.holder.charts import use_by_reading
from market.web.holder.my_water import accounts
from market.web.pages import page
from market.web.places import zone_names

blp = Blueprint("my_meters", __name__, template_folder="../templates")

MOST_READINGS = 1_000


@blp.get("/my/meters")
def listed() -> Response:
    """The meters of the reader's accounts, with those that were not read in time."""
    late = {each["id"]: each["reasons"] for each in asking.pages("/v1/meters/overdue")}
    return page(
        "holder/meters.html", meters=asking.pages("/v1/meters"), late=late, zones=zone_names(),
        waters={each["id"]: each for each in accounts()},
    )  # fmt: skip


@blp.get("/my/meters/<mtr:meter_id>")
def one(meter_id: int) -> Response:
    """One meter: its counter, its readings, what is being looked into."""
    return _page(meter_id, None)


def _page(meter_id: int, problem: Problem | None) -> Response:
    public_id = public("mtr", meter_id)
    meter = asking.get(f"/v1/meters/{public_id}")
    readings = asking.pages(f"/v1/meters/{public_id}/readings", most=MOST_READINGS)
    who = sitting.reader()
    return page(
        "holder/meter.html", meter=meter, readings=readings, spec=use_by_reading(readings, gettext("Use, m³")),
        account=asking.get(f"/v1/water-accounts/{meter['water_account_id']}"), zones=zone_names(), problem=problem,
        typed=forms.typed(), may_read=who is not None and "association" in who.roles and not meter["closed_at"],
        findings=asking.pages("/v1/findings", meter_id=public_id), now=clock.now().astimezone(clock.LEGAL_ZONE),
    )  # fmt: skip


@blp.post("/my/meters/<mtr:meter_id>/readings")
def read(meter_id: int) -> Response:
    """Enters what the counter shows, as an association may for its own meters."""
    where = public("mtr", meter_id)
    values = forms.typed()

    def do() -> str:
        body: dict[str, Any] = forms.body(("counter", "kwh"))
        body["read_at"] = _instant(values.get("read_at", ""))
        if values.get("estimated"):
            body["estimated"] = True
        asking.send(f"/v1/meters/{where}/readings", body)
        return f"/my/meters/{where}"

    return forms.act(
        do, show=lambda problem: _page(meter_id, problem), done=gettext("The reading is recorded.")
    )


def _instant(typed: str) -> str:
    """A local time of the county, as a browser's field gives it, as RFC 3339; anything else as it is."""
    try:
        return dt.datetime.fromisoformat(typed).replace(tzinfo=clock.LEGAL_ZONE).isoformat()
    except ValueError:
        return typed
