"""Measuring points: registered, read, corrected, evidenced by bills, taken out of use; and the nights of districts."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.api.schemas.nights import NightsQuery
from market.core import clock, ids
from market.core.errors import NotFound
from market.web import asking, forms
from market.web.asking import Problem
from market.web.charts import savings
from market.web.firm.projects import me
from market.web.pages import page

blp = Blueprint("firm_points", __name__, template_folder="../templates")
NIGHTS_SHOWN = dt.timedelta(days=60)
_POINT = ("name", "serial", "accuracy_class", "starts_on", "start", "parent_id")
_NIGHT = ("flow", "pressure", "unreduced")


def _where(point_id: int) -> str:
    return f"/firm/points/{ids.public('mpt', point_id)}"


def _path(point_id: int) -> str:
    return f"/v1/measuring-points/{ids.public('mpt', point_id)}"


@blp.get("/firm/points")
def listing() -> Response:
    """The reader's measuring points, and the form of another."""
    return _listing(None)


def _listing(problem: Problem | None) -> Response:
    return page(
        "firm/points.html",
        points=asking.pages("/v1/measuring-points"),
        problem=problem,
        typed=forms.typed(),
    )


@blp.post("/firm/points")
def register() -> Response:
    """Registers a point: the highest of a tree, or one below another."""

    def do() -> str:
        made = asking.send("/v1/measuring-points", {"participant_id": me(), **forms.body(_POINT)})
        return f"/firm/points/{made['id']}"

    return forms.act(do, show=_listing, done=gettext("The measuring point is registered."))


@blp.get("/firm/points/<mpt:point_id>")
def point(point_id: int) -> Response:
    """What a point has measured, and what was billed for it."""
    return _point(point_id, None)


def _point(point_id: int, problem: Problem | None) -> Response:
    path = _path(point_id)
    series = asking.get(f"{path}/series")
    words = {"measured": gettext("Measured"), "billed": gettext("Billed"), "volume": gettext("m³")}
    return page(
        "firm/point.html", point=asking.get(path), series=series, chart_spec=savings.measured(series, words),
        problem=problem, typed=forms.typed(),
    )  # fmt: skip


def _act(point_id: int, tail: str, body: dict[str, Any], done: str) -> Response:
    def do() -> str:
        asking.send(f"{_path(point_id)}{tail}", body)
        return _where(point_id)

    return forms.act(do, show=lambda problem: _point(point_id, problem), done=done)


@blp.post("/firm/points/<mpt:point_id>")
def read(point_id: int) -> Response:
    """Records what a counter showed at the end of a day."""
    return _act(
        point_id, "/readings", forms.body(("read_on", "counter")), gettext("The reading is recorded.")
    )


@blp.post("/firm/points/<mpt:point_id>/retire")
def retire(point_id: int) -> Response:
    """Takes a point out of use at the end of a day."""
    body = forms.body(("retired_on", "reason"))
    return _act(point_id, "/retire", body, gettext("The point is out of use."))


@blp.post("/firm/points/<mpt:point_id>/bills")
def bill(point_id: int) -> Response:
    """Records a utility's bill of some days, with the fingerprint of the paper."""
    body = forms.body(("first_day", "last_day", "volume", "number"))
    if (digest := forms.fingerprint("paper")) is not None:
        body["document_sha256"] = digest
    return _act(point_id, "/bills", body, gettext("The bill is recorded."))


@blp.get("/firm/points/<mpt:point_id>/readings/<mpr:point_reading_id>/correct")
def ask_correction(point_id: int, point_reading_id: int) -> Response:
    """The form that corrects a reading."""
    return _correction(point_id, point_reading_id, None)


def _correction(point_id: int, point_reading_id: int, problem: Problem | None) -> Response:
    number = ids.public("mpr", point_reading_id)
    rows = asking.get(f"{_path(point_id)}/series")["measured"]
    found = next((each for each in rows if each["point_reading_id"] == number), None)
    if found is None:
        raise NotFound("there is no such reading")
    return page(
        "firm/reading.html", point=asking.get(_path(point_id)), reading=found, problem=problem, typed=forms.typed(),
    )  # fmt: skip


@blp.post("/firm/points/<mpt:point_id>/readings/<mpr:point_reading_id>/correct")
def correct(point_id: int, point_reading_id: int) -> Response:
    """Puts what the counter really showed in the place of a reading."""

    def do() -> str:
        path = f"/v1/point-readings/{ids.public('mpr', point_reading_id)}/correct"
        asking.send(path, forms.body(("counter", "reason")))
        return _where(point_id)

    return forms.act(
        do, show=lambda problem: _correction(point_id, point_reading_id, problem),
        done=gettext("The reading is corrected."),
    )  # fmt: skip


@blp.get("/firm/points/<mpt:point_id>/nights")
def nights(point_id: int) -> Response:
    """The nights of a point that count, of the last two months or of the days asked for."""
    return _nights(point_id, None)


def _nights(point_id: int, problem: Problem | None) -> Response:
    today = clock.today()
    span = {"first_day": str(today - NIGHTS_SHOWN), "last_day": str(today)}
    asked = span | {name: request.args[name] for name in span if request.args.get(name)}
    NightsQuery().load(asked)
    return page(
        "firm/nights.html", point=asking.get(_path(point_id)), asked=asked, problem=problem, typed=forms.typed(),
        nights=asking.get(f"{_path(point_id)}/nights", **asked)["data"],
    )  # fmt: skip


@blp.post("/firm/points/<mpt:point_id>/nights")
def record_night(point_id: int) -> Response:
    """Records one night."""

    def do() -> str:
        asking.send(f"{_path(point_id)}/nights", {"nights": [forms.body(("night_on", *_NIGHT))]})
        return f"{_where(point_id)}/nights"

    return forms.act(
        do, show=lambda problem: _nights(point_id, problem), done=gettext("The night is recorded.")
    )


@blp.get("/firm/points/<mpt:point_id>/nights/<mpn:point_night_id>/correct")
def ask_night(point_id: int, point_night_id: int) -> Response:
    """The form that corrects a night."""
    return _night(point_id, point_night_id, None)


def _night(point_id: int, point_night_id: int, problem: Problem | None) -> Response:
    number, found = ids.public("mpn", point_night_id), asking.get(_path(point_id))
    days = {"first_day": found["starts_on"], "last_day": str(clock.today())}
    rows = asking.get(f"{_path(point_id)}/nights", **days)["data"]
    night = next((each for each in rows if each["id"] == number), None)
    if night is None:
        raise NotFound("there is no such night")
    return page("firm/night.html", point=found, night=night, problem=problem, typed=forms.typed())


@blp.post("/firm/points/<mpt:point_id>/nights/<mpn:point_night_id>/correct")
def correct_night(point_id: int, point_night_id: int) -> Response:
    """Puts other figures in the place of a night's."""

    def do() -> str:
        path = f"/v1/point-nights/{ids.public('mpn', point_night_id)}/correct"
        asking.send(path, forms.body((*_NIGHT, "reason")))
        return f"{_where(point_id)}/nights"

    return forms.act(
        do, show=lambda problem: _night(point_id, point_night_id, problem), done=gettext("The night is corrected."),
    )  # fmt: skip
