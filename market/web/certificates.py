"""The certificate to print, for its holder and the bureau; and its verification, for everybody."""

from __future__ import annotations

import io

import segno
from flask import Blueprint, Response, request

from market.api.http import session, settings
from market.api.limits import strict
from market.registry import certificates
from market.registry.certificates import Certificate
from market.web.pages import page, pdf

blp = Blueprint("certificates", __name__, template_folder="templates")


@blp.get("/certificates/<ent:entitlement_id>")
def show(entitlement_id: int) -> Response:
    """A certificate, made to print. Errors: NotFound, also for a right without one."""
    found = certificates.certificate(session(), entitlement_id=entitlement_id)
    return page("certificate.html", found=found, qr=qr_code(_address(found)), address=_address(found))


@blp.get("/certificates/<ent:entitlement_id>/pdf")
def download(entitlement_id: int) -> Response:
    """The same as a PDF. Errors: NotFound, PdfNotInstalled."""
    return pdf(show(entitlement_id), "certificate")


@blp.get("/verify/<string:certificate_code>")
@strict
def verify(certificate_code: str) -> Response:
    """How a certificate stands now, and no more than it shows; its holder's name is masked."""
    found = certificates.verify(session(), code=certificate_code)
    answer = page("verify.html", found=found, standing=found.standing if found is not None else "unknown")
    answer.status_code = 200 if found is not None else 404
    return answer


def _address(found: Certificate) -> str:
    """Where the certificate is verified: at the address that the service is known by, not one that a request names."""
    return f"{(settings().public_url or request.host_url).rstrip('/')}/verify/{found.code}"


def qr_code(address: str) -> str:
    """The code as inline SVG; dark on light whatever the page's colours, so that every reader reads it."""
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        out, kind="svg", border=4, dark="#000", light="#fff", xmldecl=False, omitsize=True, nl=False
    )
    return out.getvalue().decode()
