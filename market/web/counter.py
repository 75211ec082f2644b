"""A clerk's counter: look up a holder who gave a mandate, act for it on its own pages, print the slip."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.core import ids
from market.web import asking, forms, sitting
from market.web.asking import Problem
from market.web.pages import page
from market.web.places import zone_names

blp = Blueprint("counter", __name__, template_folder="templates")


@blp.get("/counter")
def show() -> Response:
    """For whom the reader may act, by name."""
    return _show(None)


def _show(problem: Problem | None) -> Response:
    name = request.values.get("name", "").strip()
    return page(
        "counter.html", principals=asking.get("/v1/me/mandates", name=name), name=name, problem=problem,
        acting=request.cookies.get(sitting.ACTING, ""),
    )  # fmt: skip


@blp.post("/counter")
def act() -> Response:
    """From now on the holder's own pages are opened for it, under the mandate."""
    chosen = request.form.get("participant_id", "")

    def do() -> str:
        own = asking.get("/v1/me/mandates", name=request.form.get("holder", ""))["data"]
        if all(each["participant_id"] != chosen for each in own):
            raise Problem(
                422, {"code": "no_mandate", "title": gettext("You have no mandate of this holder.")}, {}
            )
        return "/my"

    answer = forms.act(do, show=_show)
    if answer.status_code == 303:
        answer.set_cookie(
            sitting.ACTING, chosen, path="/", secure=request.is_secure, httponly=True, samesite="Lax"
        )
    return answer


@blp.post("/counter/stop")
def stop() -> Response:
    """The reader acts for itself again."""
    answer = forms.onward("/counter")
    answer.delete_cookie(sitting.ACTING, path="/")
    return answer


@blp.get("/my/orders/<ord:order_id>/slip")
def slip(order_id: int) -> Response:
    """An order on paper, for the holder to take along: what, when, who placed it and under which mandate."""
    public = ids.public("ord", order_id)
    order = asking.get(f"/v1/orders/{public}")
    account = asking.get(f"/v1/water-accounts/{order['water_account_id']}")
    holder = asking.get(f"/v1/participants/{order['participant_id']}")
    return page(
        "slip.html", order=order, account=account, holder=holder, zones=zone_names(),
        commands=asking.get(f"/v1/orders/{public}/commands")["data"],
    )  # fmt: skip
