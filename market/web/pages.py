"""What every page for people shares: its language, its headers, the one stylesheet, and the way to paper."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Response, make_response, render_template, request

from ledger.units import format_decimal, format_litres
from market.api.errors import wants_chinese
from market.api.http import answer_with
from market.core import clock
from market.web import printing
from market.web.words import LANGUAGES, TAGS, speaker

STYLESHEET = Path(__file__).parent / "static" / "karez.css"
PAGE = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'",
    ),
)
"""What a page tells a browser: our own style and images, no script, nothing from elsewhere."""


@lru_cache(maxsize=1)
def style() -> str:
    """The text of the one stylesheet."""
    return STYLESHEET.read_text(encoding="utf-8")


def language() -> str:
    """The language that the reader asks for in the address, else prefers."""
    asked = request.args.get("lang", "")
    return asked if asked in LANGUAGES else ("zh" if wants_chinese() else "en")


def page(template: str, **values: Any) -> Response:
    """A page in the reader's language."""
    answer_with(PAGE)
    spoken = language()
    other = next(each for each in LANGUAGES if each != spoken)
    return make_response(
        render_template(
            template, t=speaker(spoken), language=spoken, tag=TAGS[spoken], other=other, other_tag=TAGS[other],
            today=clock.today(), volume=format_litres, land=_land, **values,
        )
    )  # fmt: skip


def pdf(shown: Response, name: str) -> Response:
    """A page as a PDF file. Errors: PdfNotInstalled."""
    answer = Response(printing.pdf(shown.get_data(as_text=True), style()), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return answer


def _land(land_mu_e2: int) -> str:
    return format_decimal(land_mu_e2, scale=2)
