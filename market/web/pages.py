"""What every page for people shares: its language, its headers, its frame, and the way to paper."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlencode

from flask import Response, make_response, render_template, request
from markupsafe import Markup

from ledger.units import format_decimal
from market.api.http import answer_with, settings
from market.core import clock
from market.web import assets, navigation, printing, sitting
from market.web.catalogues import LANGUAGES, NAMES, RIGHT_TO_LEFT, TAGS
from market.web.places import account_words, constraint_words, detail_of
from market.web.spoken import COOKIE, language, law, litres
from market.web.words import word

PAGE = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("X-Frame-Options", "DENY"),
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
)
"""What a page tells a browser: our own styles, scripts and images; nothing inline, nothing from elsewhere."""
A_YEAR_S = 365 * 24 * 3600


def page(template: str, **values: Any) -> Response:
    """A page in the reader's language."""
    answer_with(PAGE)
    spoken = language()
    desks = navigation.desks()
    desk, link = navigation.where(desks)
    shown = render_template(
        template, t=word, language=spoken, tag=TAGS[spoken], direction="rtl" if spoken in RIGHT_TO_LEFT else "ltr",
        languages=[(each, TAGS[each], NAMES[each], _in(each)) for each in LANGUAGES], today=clock.today(),
        volume=litres, law=law, land_of=_land, asset=assets.address, account_words=account_words,
        constraint_words=constraint_words, detail_of=detail_of, csrf_field=_csrf_field,
        demonstration=settings().demonstration, reader=sitting.reader(), desks=desks, desk=desk, link=link, **values,
    )  # fmt: skip
    answer = make_response(shown)
    if request.args.get("lang") == spoken:
        answer.set_cookie(
            COOKIE, spoken, max_age=A_YEAR_S, samesite="Lax", secure=request.is_secure, httponly=True
        )
    return answer


def _in(other: str) -> str:
    """The address of this page in another language."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return "?" + urlencode([*kept, ("lang", other)])


def _csrf_field() -> Markup:
    """The hidden fields of a form: that it is ours, and the key by which it happens once."""
    return Markup(
        '<input type="hidden" name="_csrf" value="{}"><input type="hidden" name="_key" value="{}">'
    ).format(sitting.csrf(settings()), request.form.get("_key_again") or f"page-{secrets.token_hex(16)}")


def pdf(shown: Response, name: str) -> Response:
    """A page as a PDF file. Errors: PdfNotInstalled."""
    answer = Response(printing.pdf(shown.get_data(as_text=True), assets.style()), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return answer


def _land(land_mu_e2: int) -> str:
    return format_decimal(land_mu_e2, scale=2)
