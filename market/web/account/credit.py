"""One's own credit record: every entry with its source, and the appeal against what came out of a finding."""

from __future__ import annotations

from flask import Blueprint, Response
from flask_babel import gettext

from market.core import clock, ids
from market.web import asking, forms
from market.web.asking import Problem
from market.web.pages import page

blp = Blueprint("account_credit", __name__, template_folder="../templates")


@blp.get("/account/credit")
def overview() -> Response:
    """The record, the newest entry first."""
    return _page(None)


def _page(problem: Problem | None) -> Response:
    return page(
        "account/credit.html", entries=list(reversed(asking.pages("/v1/credit-entries", most=400))), problem=problem,
        typed=forms.typed(), now=clock.today().isoformat(),
    )  # fmt: skip


@blp.post("/account/credit/<cre:credit_entry_id>/appeal")
def appeal(credit_entry_id: int) -> Response:
    """Appeals against an entry; the bureau decides, and not who closed the case."""

    def do() -> str:
        path = f"/v1/credit-entries/{ids.public('cre', credit_entry_id)}/appeal"
        asking.send(path, forms.body(("grounds",)))
        return "/account/credit"

    return forms.act(do, show=_page, done=gettext("Your appeal is lodged."))
