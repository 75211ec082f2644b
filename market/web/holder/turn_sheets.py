"""Turn sheets of an association: what passed one of its gates, shared out among the households that it serves."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.core import clock
from market.core.errors import NotFound
from market.metering.models import SHEET_BASES
from market.web import asking, forms
from market.web.asking import Problem
from market.web.bureau.acts import instant
from market.web.holder.addresses import public
from market.web.pages import page

blp = Blueprint("my_turns", __name__, template_folder="../templates")
_BAR = re.compile(r"[\s|｜]+")


@blp.get("/my/turns")
def listed() -> Response:
    """The association's gates, and its sheets, the newest first."""
    return page(
        "holder/turns.html", gates=_gates(), sheets=list(reversed(asking.pages("/v1/turn-sheets", most=400))),
    )  # fmt: skip


def _gates() -> list[Any]:
    """Meters whose water is shared out."""
    found = asking.pages("/v1/meters")
    return [each for each in found if each["apportioned"] and not each["closed_at"]]


@blp.get("/my/turns/new")
def ask() -> Response:
    """The form of a sheet: of a gate, or of one that corrects another; with the households of the last one."""
    return _new(None)


def _new(problem: Problem | None) -> Response:
    meter, corrects = (request.values.get(name, "") for name in ("meter_id", "corrects_id"))
    old = asking.get(f"/v1/turn-sheets/{corrects}") if corrects else None
    gate = next((each for each in _gates() if each["id"] == (old["meter_id"] if old else meter)), None)
    if gate is None:
        raise NotFound("there is no such meter")
    return page(
        "holder/turn_new.html", gate=gate, old=old, bases=SHEET_BASES, problem=problem,
        typed=forms.typed() or _before(gate["id"], old),
        now=clock.now().astimezone(clock.LEGAL_ZONE).strftime("%Y-%m-%dT%H:%M"),
    )  # fmt: skip


def _before(meter: str, old: Any) -> dict[str, str]:
    """What the sheet that is corrected says, or how the gate's last one was shared."""
    if old is None:
        sheets = asking.pages("/v1/turn-sheets", meter_id=meter, most=400)
        if not sheets:
            return {}
        last = asking.get(f"/v1/turn-sheets/{sheets[-1]['id']}")
        return {"basis": last["basis"], "lines": _lines_of(last)}
    return {
        "until": old["until"], "counter": old["counter"], "loss": old["loss"], "basis": old["basis"],
        "lines": _lines_of(old),
    }  # fmt: skip


def _lines_of(sheet: Any) -> str:
    return "\n".join(f"{each['water_account_id']} | {each['weight']}" for each in sheet["lines"])


@blp.post("/my/turns/new")
def enter() -> Response:
    """Enters a sheet; nothing is booked before it is signed."""

    def do() -> str:
        typed = forms.typed()
        body: dict[str, Any] = forms.body(
            ("meter_id", "counter", "loss", "basis", "corrects_id", "reason")
        ) | {"until": instant(typed.get("until", ""))}  # fmt: skip
        body["lines"] = [
            dict(zip(("water_account_id", "weight"), _BAR.split(line.strip()), strict=False))
            for line in typed.get("lines", "").splitlines()
            if line.strip()
        ]
        return f"/my/turns/{asking.send('/v1/turn-sheets', body)['id']}"

    return forms.act(do, show=_new, done=gettext("The sheet is entered. Look it over, then sign it."))


@blp.get("/my/turns/<trn:turn_sheet_id>")
def one(turn_sheet_id: int) -> Response:
    """One sheet: what each household gets of it, and once it is signed, what that came to."""
    return _one(turn_sheet_id, None)


def _one(turn_sheet_id: int, problem: Problem | None) -> Response:
    found = asking.get(f"/v1/turn-sheets/{public('trn', turn_sheet_id)}")
    return page("holder/turn.html", sheet=found, problem=problem)


@blp.post("/my/turns/<trn:turn_sheet_id>/sign")
def sign(turn_sheet_id: int) -> Response:
    """Signs a sheet: every household's share is booked with its fee."""
    return _act(turn_sheet_id, "sign", gettext("The sheet is signed; every share is booked."))


@blp.post("/my/turns/<trn:turn_sheet_id>/discard")
def discard(turn_sheet_id: int) -> Response:
    """Discards a sheet that was not signed."""
    return _act(turn_sheet_id, "discard", gettext("The sheet is discarded."))


def _act(turn_sheet_id: int, act: str, said: str) -> Response:
    where = public("trn", turn_sheet_id)

    def do() -> str:
        asking.send(f"/v1/turn-sheets/{where}/{act}", version=forms.typed().get("version") or None)
        return f"/my/turns/{where}"

    return forms.act(do, show=lambda problem: _one(turn_sheet_id, problem), done=said)
