"""What a contract is reckoned from: a period's report and a base period, typed month by month; a base of nights."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.core import ids
from market.core.errors import NotFound
from market.web import asking, forms
from market.web.asking import Problem
from market.web.firm.terms import count, figures, lines
from market.web.pages import page

blp = Blueprint("firm_drafting", __name__, template_folder="../templates")
DAY = dt.timedelta(days=1)
BASE_MONTHS = 36
MOST_MONTHS = 400
HOURS = 24
DEPARTURE = ("what", "reason")


def months(starts: dt.date, ends: dt.date) -> Iterator[tuple[dt.date, dt.date]]:
    """The months from a day to another (not in it), each with its first and last day."""
    total = starts.year * 12 + starts.month
    firsts = [starts]
    while (after := dt.date(total // 12, total % 12 + 1, 1)) < ends:
        firsts.append(after)
        total += 1
    for first, after in itertools.pairwise([*firsts, ends]):
        yield first, after - DAY


def _public(contract_id: int) -> str:
    return ids.public("sct", contract_id)


def _path(contract_id: int) -> str:
    return f"/v1/saving-contracts/{_public(contract_id)}"


@blp.get("/firm/contracts/<sct:contract_id>/reports/new")
def new_report(contract_id: int) -> Response:
    """The form of a period's report: its months, and what the drivers came to."""
    return _new_report(contract_id, None)


def _new_report(contract_id: int, problem: Problem | None) -> Response:
    period, baseline = _period(contract_id), _agreed(contract_id)
    return page(
        "firm/report_new.html", contract=asking.get(_path(contract_id)), period=period, baseline=baseline,
        spans=_spans(period, baseline), problem=problem, typed=forms.typed(),
    )  # fmt: skip


def _period(contract_id: int) -> Any:
    """The period whose first day the address names."""
    asked = request.values.get("starts_on", "")
    for each in asking.get(f"{_path(contract_id)}/periods")["data"]:
        if each["starts_on"] == asked:
            return each
    raise NotFound("no period of the contract begins on this day")


def _agreed(contract_id: int) -> Any:
    """The baseline that both sides agreed to, or None."""
    found = asking.get(f"{_path(contract_id)}/baselines")["data"]
    return next((each for each in found if each["status"] == "agreed"), None)


def _spans(period: Any, baseline: Any) -> list[tuple[str, str]]:
    """The days that a report is asked for: a month each, or the whole period where nights are measured."""
    starts, ends = (dt.date.fromisoformat(period[name]) for name in ("starts_on", "ends_on"))
    if (baseline is not None and baseline["nights"]) or request.values.get("whole"):
        return [(str(starts), str(ends - DAY))]
    return [(str(first), str(last)) for first, last in months(starts, ends)]


@blp.post("/firm/contracts/<sct:contract_id>/reports/new")
def draft(contract_id: int) -> Response:
    """Drafts the report; what was used is read from the meters."""

    def do() -> str:
        typed, period, baseline = forms.typed(), _period(contract_id), _agreed(contract_id)
        drivers = range(len(baseline["drivers"]) if baseline else 0)
        spans = [
            {
                "first_day": first, "last_day": last,
                "drivers": [typed.get(f"driver-{row}-{each}", "") for each in drivers],
            }
            for row, (first, last) in enumerate(_spans(period, baseline))
        ]  # fmt: skip
        made = asking.send(f"{_path(contract_id)}/reports", {"spans": spans, **_billed(typed)})
        return f"/firm/reports/{made['id']}"

    return forms.act(
        do, show=lambda problem: _new_report(contract_id, problem), done=gettext("The report is drafted.")
    )


def _billed(typed: forms.Typed) -> dict[str, Any]:
    """What was billed within a district, with the fingerprint of the list; nothing where nothing was typed."""
    digest = forms.fingerprint("bills")
    if not typed.get("billed") and digest is None:
        return {}
    billed = {"volume": typed.get("billed", "")} | ({"document_sha256": digest} if digest else {})
    return {"billed": billed}


@blp.get("/firm/contracts/<sct:contract_id>/baselines/new")
def new_baseline(contract_id: int) -> Response:
    """The form of a base period, or of a base of nights where leakage is controlled."""
    return _new_baseline(contract_id, None)


def _new_baseline(contract_id: int, problem: Problem | None) -> Response:
    contract = asking.get(_path(contract_id))
    starts = dt.date.fromisoformat(contract["terms"]["starts_on"])
    return page(
        "firm/baseline_new.html", contract=contract, problem=problem, typed=forms.typed(), months=BASE_MONTHS,
        first=dt.date(starts.year - BASE_MONTHS // 12, starts.month, 1).isoformat(), works_start=starts.isoformat(),
        points=[each["point_id"] for each in contract["terms"]["boundary"]],
    )  # fmt: skip


@blp.post("/firm/contracts/<sct:contract_id>/baselines/new")
def propose(contract_id: int) -> Response:
    """Proposes a base period; what was used is read from the points."""
    return _proposed(contract_id, "baselines", base_of(forms.typed()))


@blp.post("/firm/contracts/<sct:contract_id>/night-baselines/new")
def propose_nights(contract_id: int) -> Response:
    """Proposes a base of nights."""
    typed = forms.typed()
    body: dict[str, Any] = forms.body(
        (
            "works_start", "first_day", "last_day", "night_use", "reference_pressure", "exponent",
            "pressure_point_id",
        )
    )  # fmt: skip
    body["hourly_pressure"] = figures(typed.get("hourly_pressure", ""))
    if typed.get("connections"):
        body["connections"] = count(typed["connections"])
    return _proposed(contract_id, "night-baselines", body | _billed(typed))


def _proposed(contract_id: int, what: str, body: dict[str, Any]) -> Response:
    def do() -> str:
        asking.send(f"{_path(contract_id)}/{what}", body)
        return f"/firm/contracts/{_public(contract_id)}"

    return forms.act(
        do, show=lambda problem: _new_baseline(contract_id, problem), done=gettext("The baseline is proposed.")
    )  # fmt: skip


def base_of(typed: forms.Typed) -> dict[str, Any]:
    """A base period as it was typed: drivers a line each, and a line of their values for each month."""
    drivers = [
        dict(zip(("code", "name_zh", "name_en", "unit", "effect"), each, strict=False))
        for each in lines(typed, "drivers")
    ]
    values = [figures(each[0]) for each in lines(typed, "values")]
    spans = [
        {"first_day": str(first), "last_day": str(last), "drivers": values[row] if row < len(values) else []}
        for row, (first, last) in enumerate(_base_months(typed))
    ]
    departures = [dict(zip(DEPARTURE, each, strict=False)) for each in lines(typed, "departures")]
    body = {
        "works_start": typed.get("works_start", ""),
        "drivers": drivers,
        "spans": spans,
        "departures": departures,
    }
    return body | ({"unit_driver": typed["unit_driver"]} if typed.get("unit_driver") else {})


def _base_months(typed: forms.Typed) -> list[tuple[dt.date, dt.date]]:
    """The months of a base period; none where its beginning or its length is no such thing."""
    try:
        first = dt.date.fromisoformat(typed.get("first_month", "")).replace(day=1)
    except ValueError:
        return []
    length = typed.get("months", "")
    if not length.isdecimal() or not 1 <= int(length) <= MOST_MONTHS:
        return []
    total = first.year * 12 + first.month - 1 + int(length)
    return list(months(first, dt.date(total // 12, total % 12 + 1, 1)))
