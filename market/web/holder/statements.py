"""Statements of a period: a month, a quarter or a water year; on the page, on paper, as tables."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask import Blueprint, Response, request

from market.core import clock
from market.core.errors import NotFound
from market.web import asking
from market.web.asking import Problem
from market.web.holder.addresses import me
from market.web.holder.my_water import accounts
from market.web.pages import page

blp = Blueprint("my_statements", __name__, template_folder="../templates")

MONTHS = 24
PARTS = ("accounts", "movements", "trades")
MOST = 100_000


def months() -> list[str]:
    """The last months, the newest first, as a statement names them."""
    today = clock.today()
    at = today.year * 12 + today.month - 1
    return [f"{each // 12}-{each % 12 + 1:02d}" for each in range(at, at - MONTHS, -1)]


def quarters() -> list[str]:
    """The last quarters, the newest first."""
    return list(dict.fromkeys(f"{each[:4]}-Q{(int(each[5:]) + 2) // 3}" for each in months()))


@blp.get("/my/statements")
def overview() -> Response:
    """What the reader's accounts had and have over a period; this month where none is chosen."""
    period = request.args.get("period") or months()[0]
    found, problem = None, None
    try:
        found = asking.get(_path("accounts"), period=period)
    except Problem as refused:
        if refused.status not in (404, 409, 422):
            raise
        problem = refused
    years = sorted({each["water_year"] for each in accounts()}, reverse=True)
    return page(
        "holder/statements.html", period=period, found=found, problem=problem, months=months(), quarters=quarters(),
        years=[str(each) for each in years], parts=PARTS, me=me(),
    )  # fmt: skip


def _path(part: str) -> str:
    name = "period-statement" if part == "accounts" else f"period-{part}"
    return f"/v1/participants/{me()}/{name}"


@blp.get("/my/statements/<string:part>.csv")
def table(part: str) -> Response:
    """A part of the statement as comma-separated values, whole. Errors: NotFound, Problem."""
    if part not in PARTS:
        raise NotFound("there is no such part")
    period = request.args.get("period", "")
    rows: list[Any]
    if part == "accounts":
        rows = asking.get(_path(part), period=period)["data"]
    else:
        rows = asking.pages(_path(part), most=MOST, period=period)
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else ["id"])
    writer.writeheader()
    writer.writerows(rows)
    answer = Response("\ufeff" + text.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="statement-{part}-{period}.csv"'
    return answer
