"""Where events are sent: endpoints made, changed, tested, switched off; what was sent there, and sending it anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.web import asking, forms
from market.web.asking import Problem
from market.web.holder.addresses import public
from market.web.pages import page

blp = Blueprint("account_webhooks", __name__, template_folder="../templates")

DELIVERIES = ("pending", "failed", "delivered")
_ENDPOINT = "/account/webhooks/<whe:webhook_endpoint_id>"
_DELIVERY = f"{_ENDPOINT}/deliveries/<whd:webhook_delivery_id>"


@blp.get("/account/webhooks")
def listing() -> Response:
    """The reader's endpoints, and the form for another."""
    return _listing()


def _listing(problem: Problem | None = None) -> Response:
    return page(
        "account/webhooks.html", problem=problem, typed=forms.typed(), types=asking.get("/v1/event-types")["data"],
        endpoints=list(reversed(asking.pages("/v1/webhook-endpoints", most=100))),
    )  # fmt: skip


@blp.post("/account/webhooks")
def make() -> Response:
    """Makes an endpoint; the secret that signs what is sent there is shown this once."""
    return _with_secret("/v1/webhook-endpoints", _body(), _listing)


@blp.get(_ENDPOINT)
def endpoint(webhook_endpoint_id: int) -> Response:
    """An endpoint whole: where it sends, whether it does, what it sent."""
    return _endpoint(public("whe", webhook_endpoint_id))


def _endpoint(number: str, problem: Problem | None = None, secret: str = "") -> Response:
    picked = request.args.get("status", "")
    where = f"/v1/webhook-endpoints/{number}"
    found = asking.get(where)
    deliveries = asking.get(
        f"{where}/deliveries", status=picked if picked in DELIVERIES else None, limit=50,
        newest_first=True, starting_after=request.args.get("starting_after"),
    )  # fmt: skip
    return page(
        "account/webhook.html", it=found, problem=problem, secret=secret, deliveries=deliveries, picked=picked,
        states=DELIVERIES, types=asking.get("/v1/event-types")["data"],
        typed=forms.typed() or {**found, "types": "\n".join(found["types"] or ())},
    )  # fmt: skip


@blp.post(f"{_ENDPOINT}/amend")
def amend(webhook_endpoint_id: int) -> Response:
    """Another address, other types, another description."""
    done = gettext("The endpoint is changed.")
    return _act(webhook_endpoint_id, "amend", _body(), done)


@blp.post(f"{_ENDPOINT}/rotate")
def rotate(webhook_endpoint_id: int) -> Response:
    """A new secret, shown this once; the one before signs beside it for a day."""
    number = public("whe", webhook_endpoint_id)
    return _with_secret(
        f"/v1/webhook-endpoints/{number}/rotate-secret", {}, lambda problem: _endpoint(number, problem)
    )


@blp.post(f"{_ENDPOINT}/disable")
def disable(webhook_endpoint_id: int) -> Response:
    """Nothing is sent there from now on."""
    return _act(
        webhook_endpoint_id, "disable", forms.body(("reason",)), gettext("Nothing is sent there now.")
    )


@blp.post(f"{_ENDPOINT}/enable")
def enable(webhook_endpoint_id: int) -> Response:
    """Events are sent there again."""
    return _act(webhook_endpoint_id, "enable", {}, gettext("Events are sent there again."))


@blp.post(f"{_ENDPOINT}/test")
def test(webhook_endpoint_id: int) -> Response:
    """Sends a test event; its page says what came of it."""
    number = public("whe", webhook_endpoint_id)

    def do() -> str:
        made = asking.send(f"/v1/webhook-endpoints/{number}/test")
        return f"/account/webhooks/{number}/deliveries/{made['id']}"

    done = gettext("A test event is on its way. Read this page again to see what was answered.")
    return forms.act(do, show=lambda problem: _endpoint(number, problem), done=done)


@blp.get(_DELIVERY)
def delivery(webhook_endpoint_id: int, webhook_delivery_id: int) -> Response:
    """One delivery with every try."""
    return _delivery(public("whe", webhook_endpoint_id), public("whd", webhook_delivery_id))


def _delivery(number: str, sent: str, problem: Problem | None = None) -> Response:
    where = f"/v1/webhook-endpoints/{number}"
    return page(
        "account/webhook_delivery.html", it=asking.get(where), problem=problem,
        sent=asking.get(f"{where}/deliveries/{sent}"),
    )  # fmt: skip


@blp.post(f"{_DELIVERY}/resend")
def resend(webhook_endpoint_id: int, webhook_delivery_id: int) -> Response:
    """Sends an event anew, under its same id."""
    number, sent = public("whe", webhook_endpoint_id), public("whd", webhook_delivery_id)

    def do() -> str:
        asking.send(f"/v1/webhook-endpoints/{number}/deliveries/{sent}/resend")
        return f"/account/webhooks/{number}/deliveries/{sent}"

    done = gettext("The event is sent anew.")
    return forms.act(do, show=lambda problem: _delivery(number, sent, problem), done=done)


def _body() -> dict[str, Any]:
    """An endpoint as the form says it; without any types it is told of all, also of those that come later."""
    values = forms.typed()
    return {
        "url": values.get("url", ""), "description": values.get("description", ""),
        "types": values.get("types", "").replace(",", " ").split() or None,
    }  # fmt: skip


def _act(endpoint_id: int, act: str, body: dict[str, Any], done: str) -> Response:
    number = public("whe", endpoint_id)

    def do() -> str:
        asking.send(f"/v1/webhook-endpoints/{number}/{act}", body)
        return f"/account/webhooks/{number}"

    return forms.act(do, show=lambda problem: _endpoint(number, problem), done=done)


def _with_secret(path: str, body: dict[str, Any], show: Callable[[Problem], Response]) -> Response:
    try:
        made = asking.send(path, body)
    except Problem as problem:
        if problem.status in (401, 403, 404) or problem.status >= 500:
            raise
        answer = show(problem)
        answer.status_code = problem.status
        return answer
    return _endpoint(made["id"], secret=made["secret"])
