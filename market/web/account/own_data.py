"""My data: all of it as a file, who looked at it, and asking for it to be erased."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.web import asking, forms
from market.web.account.identity import open_to_me
from market.web.asking import Problem
from market.web.bureau import frame
from market.web.holder.addresses import me
from market.web.pages import page

blp = Blueprint("account_data", __name__, template_folder="../templates")

FORMS = ("json", "zip")


@blp.get("/account/data")
def overview() -> Response:
    """What is kept of the reader, and who saw it."""
    return _page(None)


def _page(problem: Problem | None) -> Response:
    may_ask = bool(me()) and open_to_me("erasure_requests.ask")
    requests = asking.pages("/v1/erasure-requests", most=100) if may_ask else []
    return page(
        "account/data.html", problem=problem, looks=list(reversed(asking.pages("/v1/me/data-access", most=400))),
        requests=list(reversed(requests)), may_ask=may_ask, short=frame.short,
    )  # fmt: skip


@blp.get("/account/data/file")
def download() -> Response:
    """All of the reader's data as a file."""
    asked = request.args.get("format", "")
    return asking.file("/v1/me/data", format=asked if asked in FORMS else FORMS[0])


@blp.post("/account/data/erase")
def erase() -> Response:
    """Asks for the reader's data to be erased."""

    def do() -> str:
        if forms.typed().get("sure") != "yes":
            said = gettext("Say first that you leave the market.")
            raise Problem(422, {"code": "not_sure", "title": said}, {})
        asking.send("/v1/erasure-requests", {"participant_id": me()})
        return "/account/data"

    return forms.act(do, show=_page, done=gettext("The request is filed. Below stands what became of it."))
