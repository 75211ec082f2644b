"""Who I am: roles, language, how I sign in, my sessions, and the mandates that I gave."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from flask_babel import gettext

from market.api.http import may
from market.api.permissions import ROUTES
from market.web import asking, forms
from market.web.asking import Problem
from market.web.bureau import frame
from market.web.holder.addresses import me, public
from market.web.pages import page
from market.web.signing_in import leave
from market.web.sitting import reader

blp = Blueprint("account", __name__, template_folder="../templates")


@blp.get("/account")
def overview() -> Response:
    """The reader's account at a glance."""
    return _page(None)


def open_to_me(endpoint: str) -> bool:
    """Whether the reader's roles open a route of the API."""
    who = reader()
    return who is not None and may(who, ROUTES[endpoint])


def _page(problem: Problem | None) -> Response:
    who, participant = asking.get("/v1/me"), me()
    name, mandates = frame.colleagues().get(who["user_id"], ""), []
    if participant:
        name = asking.get(f"/v1/participants/{participant}")["name"]
        mandates = asking.pages(f"/v1/participants/{participant}/mandates", most=200)
    return page(
        "account/overview.html", who=who, name=name, mandates=list(reversed(mandates)), problem=problem,
        state=asking.get("/v1/me/sign-in"), sessions=asking.get("/v1/me/sessions")["data"], short=frame.short,
        may_revoke=open_to_me("participants.revoke_mandate"),
    )  # fmt: skip


@blp.post("/account/sessions/<sig:session_id>/end")
def end_session(session_id: int) -> Response:
    """Ends one of the reader's sessions; with this one, the reader is out."""
    where = public("sig", session_id)
    this = any(each["this"] and each["id"] == where for each in asking.get("/v1/me/sessions")["data"])
    made: list[Any] = []

    def do() -> str:
        made.append(asking.send(f"/v1/me/sessions/{where}/end"))
        return "/account"

    answer = forms.act(do, show=_page, done=gettext("The session has ended."))
    return leave("/sign-in") if made and this else answer


@blp.post("/account/sign-out-everywhere")
def sign_out_everywhere() -> Response:
    """Ends all of the reader's sessions but this one."""

    def do() -> str:
        asking.send("/v1/auth/sign-out-everywhere", {"but_this": True})
        return "/account"

    return forms.act(do, show=_page, done=gettext("All other sessions have ended."))


@blp.post("/account/mandates/<man:mandate_id>/revoke")
def revoke(mandate_id: int) -> Response:
    """Takes back a mandate that the reader gave."""
    where = public("man", mandate_id)

    def do() -> str:
        asking.send(f"/v1/mandates/{where}/revoke")
        return "/account"

    return forms.act(do, show=_page, done=gettext("The mandate has ended."))
