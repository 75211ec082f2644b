"""Messages: decisions and what the bureau did that concerns the reader, and the reader's complaints about them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.web import asking, forms
from market.web.asking import Problem
from market.web.holder.addresses import public
from market.web.pages import page

blp = Blueprint("my_messages", __name__, template_folder="../templates")


@blp.get("/my/messages")
def overview() -> Response:
    """Notices, interventions, objections, complaints and who looked at one's data; the newest first."""
    return page(
        "holder/messages.html", notices=list(reversed(asking.pages("/v1/notices", most=400))),
        interventions=asking.pages("/v1/interventions/mine", most=100), complaints=_complaints(),
        objections=asking.pages("/v1/objections", most=100), looks=asking.pages("/v1/me/data-access", most=100),
    )  # fmt: skip


def _complaints() -> list[Any]:
    return list(reversed(asking.pages("/v1/complaints", most=200)))


@blp.get("/my/messages/notices/<ntc:notice_id>")
def notice(notice_id: int) -> Response:
    """A notice. By being read here it is served."""
    found = asking.get(f"/v1/notices/{public('ntc', notice_id)}")
    return page(
        "holder/notice.html", notice=found,
        complaints=[each for each in _complaints() if each["notice_id"] == found["id"]],
    )  # fmt: skip


@blp.get("/my/messages/complain")
def ask() -> Response:
    """The form of a complaint about the decision of a notice."""
    return _form(None)


def _form(problem: Problem | None) -> Response:
    typed = forms.typed() or dict(request.args)
    return page(
        "holder/complain.html", problem=problem, typed=typed, notices=asking.pages("/v1/notices", most=400),
    )  # fmt: skip


@blp.post("/my/messages/complain")
def complain() -> Response:
    """Complains; somebody else at the bureau decides, within days that the law gives."""
    values = forms.typed()
    made: dict[str, Any] = {}

    def do() -> str:
        made.update(
            asking.send(
                "/v1/complaints", {"notice_id": values.get("notice") or None, "text": values.get("text", "")}
            )
        )
        return f"/my/messages/complaints/{made['id']}"

    return forms.act(
        do, show=_form, done=gettext("Your complaint is filed. Somebody else than who decided looks at it.")
    )


@blp.get("/my/messages/complaints/<cpl:complaint_id>")
def complaint(complaint_id: int) -> Response:
    """One complaint and its answer."""
    return _complaint(complaint_id, None)


def _complaint(complaint_id: int, problem: Problem | None) -> Response:
    found = asking.get(f"/v1/complaints/{public('cpl', complaint_id)}")
    return page("holder/complaint.html", complaint=found, problem=problem)


@blp.post("/my/messages/complaints/<cpl:complaint_id>/withdraw")
def withdraw(complaint_id: int) -> Response:
    """Takes a complaint back."""
    where = public("cpl", complaint_id)

    def do() -> str:
        asking.send(f"/v1/complaints/{where}/withdraw")
        return f"/my/messages/complaints/{where}"

    return forms.act(
        do,
        show=lambda problem: _complaint(complaint_id, problem),
        done=gettext("The complaint is taken back."),
    )
