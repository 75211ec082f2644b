"""Notices to print, for those whom they are for and the bureau; an addressee's first reading serves them."""

from __future__ import annotations

from flask import Blueprint, Response

from market.api.http import own_only
from market.api.notices import read
from market.web.pages import page, pdf

blp = Blueprint("notice_pages", __name__, template_folder="templates")


@blp.get("/notices/<ntc:notice_id>")
def notice(notice_id: int) -> Response:
    """A notice, as it was hashed, with the record of its service. Errors: NotFound."""
    found, own = read(notice_id), own_only()
    names = dict(found.addressees)
    return page(
        "notice.html", found=found.notice,
        addressees=[name for number, name in found.addressees if own in (None, number)],
        services=[
            (names[each.participant_id], each) for each in found.services if own in (None, each.participant_id)
        ],
    )  # fmt: skip


@blp.get("/notices/<ntc:notice_id>/pdf")
def notice_pdf(notice_id: int) -> Response:
    """The same as a PDF. Errors: NotFound, PdfNotInstalled."""
    return pdf(notice(notice_id), "notice")
