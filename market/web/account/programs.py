"""Keys with which programs act in my name: made, replaced, revoked."""

from __future__ import annotations

from flask import Blueprint, Response
from flask_babel import gettext

from market.web import asking, forms
from market.web.asking import Problem
from market.web.bureau.acts import instant
from market.web.holder.addresses import public
from market.web.pages import page

blp = Blueprint("account_keys", __name__, template_folder="../templates")


@blp.get("/account/keys")
def keys() -> Response:
    """The reader's keys, and the form for another."""
    return _page()


def _page(problem: Problem | None = None, secret: str = "") -> Response:
    found = list(reversed(asking.pages("/v1/api-keys", most=200)))
    return page("account/keys.html", problem=problem, typed=forms.typed(), keys=found, secret=secret)


@blp.post("/account/keys")
def make() -> Response:
    """Makes a key; its secret is shown this once."""
    values = forms.typed()
    body = {
        **forms.body(("label", "acts_as")),
        "scopes": ["read", "trade"] if values.get("scope") == "trade" else ["read"],
    }
    if values.get("expires_at"):
        body["expires_at"] = instant(f"{values['expires_at']}T23:59:59")
    return _with_secret("/v1/api-keys", body)


@blp.post("/account/keys/<key:api_key_id>/rotate")
def rotate(api_key_id: int) -> Response:
    """A new key like this one, which goes on for a day."""
    return _with_secret(f"/v1/api-keys/{public('key', api_key_id)}/rotate", {})


def _with_secret(path: str, body: dict[str, object]) -> Response:
    try:
        made = asking.send(path, body)
    except Problem as problem:
        if problem.status in (401, 403, 404) or problem.status >= 500:
            raise
        answer = _page(problem)
        answer.status_code = problem.status
        return answer
    return _page(secret=made["secret"])


@blp.post("/account/keys/<key:api_key_id>/revoke")
def revoke(api_key_id: int) -> Response:
    """Ends a key now."""
    where = public("key", api_key_id)

    def do() -> str:
        asking.send(f"/v1/api-keys/{where}/revoke")
        return "/account/keys"

    return forms.act(do, show=_page, done=gettext("The key has ended."))
