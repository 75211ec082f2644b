"""The certificate to print, for its holder and the bureau; and its verification, for everybody."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path
from typing import Any

import segno
from flask import Blueprint, Response, make_response, render_template, request

from ledger.units import format_decimal, format_litres
from market.api.errors import wants_chinese
from market.api.http import answer_with, session, settings
from market.api.limits import strict
from market.core import clock
from market.registry import certificates
from market.registry.certificates import Certificate
from market.web import printing
from market.web.words import LANGUAGES, TAGS, speaker

blp = Blueprint("certificates", __name__, template_folder="templates")

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


@blp.get("/certificates/<ent:entitlement_id>")
def show(entitlement_id: int) -> Response:
    """A certificate, made to print. Errors: NotFound, also for a right without one."""
    found = certificates.certificate(session(), entitlement_id=entitlement_id)
    return _page("certificate.html", found=found, qr=_qr(_address(found)), address=_address(found))


@blp.get("/certificates/<ent:entitlement_id>/pdf")
def download(entitlement_id: int) -> Response:
    """The same as a PDF. Errors: NotFound, PdfNotInstalled."""
    page = show(entitlement_id)
    answer = Response(printing.pdf(page.get_data(as_text=True), _style()), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = 'attachment; filename="certificate.pdf"'
    return answer


@blp.get("/verify/<string:certificate_code>")
@strict
def verify(certificate_code: str) -> Response:
    """How a certificate stands now, and no more than it shows; its holder's name is masked."""
    found = certificates.verify(session(), code=certificate_code)
    answer = _page("verify.html", found=found, standing=found.standing if found is not None else "unknown")
    answer.status_code = 200 if found is not None else 404
    return answer


@blp.get("/assets/karez.css")
def stylesheet() -> Response:
    """The one stylesheet of the pages."""
    return Response(_style(), mimetype="text/css")


@lru_cache(maxsize=1)
def _style() -> str:
    return STYLESHEET.read_text(encoding="utf-8")


def _address(found: Certificate) -> str:
    """Where the certificate is verified: at the address that the service is known by, not one that a request names."""
    return f"{(settings().public_url or request.host_url).rstrip('/')}/verify/{found.code}"


def _qr(address: str) -> str:
    """The code as inline SVG; dark on light whatever the page's colours, so that every reader reads it."""
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        out, kind="svg", border=4, dark="#000", light="#fff", xmldecl=False, omitsize=True, nl=False
    )
    return out.getvalue().decode()


def _page(template: str, **values: Any) -> Response:
    answer_with(PAGE)
    asked = request.args.get("lang", "")
    language = asked if asked in LANGUAGES else ("zh" if wants_chinese() else "en")
    other = next(each for each in LANGUAGES if each != language)
    return make_response(
        render_template(
            template, t=speaker(language), language=language, tag=TAGS[language], other=other, other_tag=TAGS[other],
            today=clock.today(), volume=format_litres, land=_land, **values,
        )
    )  # fmt: skip


def _land(land_mu_e2: int) -> str:
    return format_decimal(land_mu_e2, scale=2)
