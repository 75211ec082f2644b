"""Which request is which operation of the emulated provider: idempotency, lists, expansion, the script of failures."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from market.payments.sandbox import forms, intents, moves
from market.payments.sandbox.forms import ApiError, known_only, required
from market.payments.sandbox.world import KINDS, Thing, World

DEEPEST_EXPANSION = 4
LIST = ("limit", "starting_after", "created")
ENDPOINT = ("url", "enabled_events", "description", "metadata", "api_version")


class Cut(Exception):
    """The connection is to be closed without an answer."""


class Operation(NamedTuple):
    """One operation: its name in the script of failures, the request, what does it."""

    name: str
    method: str
    path: re.Pattern[str]
    do: Callable[..., Thing]


def _of(name: str, method: str, path: str, do: Callable[..., Thing]) -> Operation:
    return Operation(name, method, re.compile("/v1/" + path.replace("{id}", r"([A-Za-z0-9_]{1,64})")), do)


def _retrieved(kind: str) -> Callable[..., Thing]:
    def retrieve(world: World, form: Thing, number: str) -> Thing:
        known_only(form, ())
        return world.get(kind, number)

    return retrieve


def _listing(kind: str, path: str, *filters: str) -> Callable[..., Thing]:
    def found(world: World, form: Thing) -> Thing:
        known_only(form, (*LIST, *filters))
        wanted = {name: form[name] for name in filters if name in form}
        return _page(world, kind, form, wanted, f"/v1/{path}")

    return found


def _page(world: World, kind: str, form: Thing, wanted: Thing, url: str) -> Thing:
    limit = forms.amount(form.get("limit", "10"), "limit")
    if limit > 100:
        raise ApiError(400, "parameter_invalid_integer", "limit must be at most 100", param="limit")
    rows = []
    for each in _newest_first(world, kind, form):
        if all(str(each.get(name)) == value for name, value in wanted.items()):
            rows.append(each)
            if len(rows) > limit:
                break
    return {"object": "list", "data": rows[:limit], "has_more": len(rows) > limit, "url": url}


def _newest_first(world: World, kind: str, form: Thing) -> Iterator[Thing]:
    order, things = world.order[kind], world.things[kind]
    last = len(order)
    if "starting_after" in form:
        last = world.place[world.get(kind, form["starting_after"])["id"]]
    created = form.get("created", {})
    bounds = created if isinstance(created, dict) else {"gte": created, "lte": created}
    low = max(int(bounds.get("gte", 0)), int(bounds.get("gt", -1)) + 1)
    high = min(int(bounds.get("lte", 2**40)), int(bounds.get("lt", 2**40)) - 1)
    for position in range(last - 1, -1, -1):
        each = things.get(order[position])
        if each is None:
            continue
        if each["created"] < low:
            return
        if each["created"] <= high:
            yield each


def _endpoint(world: World, form: Thing) -> Thing:
    """POST /v1/webhook_endpoints."""
    known_only(form, ENDPOINT)
    made = world.keep(
        "we",
        {
            "api_version": None, "application": None, "description": form.get("description"),
            "enabled_events": forms.listed(required(form, "enabled_events")), "livemode": False,
            "metadata": forms.metadata(form), "status": "enabled", "url": required(form, "url"),
        },
    )  # fmt: skip
    secret = "whsec_" + made["id"].partition("_")[2]
    world.hidden[made["id"]] = {"secret": secret}
    return made | {"secret": secret}  # shown once, as by the provider


def _drop_endpoint(world: World, form: Thing, number: str) -> Thing:
    """DELETE /v1/webhook_endpoints/{id}."""
    world.get("webhook_endpoint", number)
    del world.things["webhook_endpoint"][number]
    return {"id": number, "object": "webhook_endpoint", "deleted": True}


OPERATIONS = (
    _of("payment_intents.create", "POST", "payment_intents", intents.create),
    _of("payment_intents.list", "GET", "payment_intents", _listing("payment_intent", "payment_intents")),
    _of("payment_intents.retrieve", "GET", "payment_intents/{id}", _retrieved("payment_intent")),
    _of("payment_intents.confirm", "POST", "payment_intents/{id}/confirm", intents.confirm),
    _of("payment_intents.capture", "POST", "payment_intents/{id}/capture", intents.capture),
    _of("payment_intents.cancel", "POST", "payment_intents/{id}/cancel", intents.cancel),
    _of("payment_methods.create", "POST", "payment_methods", intents.create_method),
    _of("payment_methods.retrieve", "GET", "payment_methods/{id}", _retrieved("payment_method")),
    _of("charges.list", "GET", "charges", _listing("charge", "charges", "payment_intent")),
    _of("charges.retrieve", "GET", "charges/{id}", _retrieved("charge")),
    _of("refunds.create", "POST", "refunds", moves.refund),
    _of("refunds.list", "GET", "refunds", _listing("refund", "refunds", "payment_intent", "charge")),
    _of("refunds.retrieve", "GET", "refunds/{id}", _retrieved("refund")),
    _of("transfers.create", "POST", "transfers", moves.transfer),
    _of("transfers.list", "GET", "transfers", _listing("transfer", "transfers", "transfer_group", "destination")),
    _of("transfers.retrieve", "GET", "transfers/{id}", _retrieved("transfer")),
    _of("transfers.reverse", "POST", "transfers/{id}/reversals", moves.reverse),
    _of("payouts.create", "POST", "payouts", moves.payout),
    _of("payouts.list", "GET", "payouts", _listing("payout", "payouts", "status", "destination")),
    _of("payouts.retrieve", "GET", "payouts/{id}", _retrieved("payout")),
    _of("payouts.cancel", "POST", "payouts/{id}/cancel", moves.cancel_payout),
    _of("balance.retrieve", "GET", "balance", moves.balance),
    _of("balance_transactions.list", "GET", "balance_transactions",
        _listing("balance_transaction", "balance_transactions", "type", "source")),
    _of("balance_transactions.retrieve", "GET", "balance_transactions/{id}", _retrieved("balance_transaction")),
    _of("events.list", "GET", "events", _listing("event", "events", "type")),
    _of("events.retrieve", "GET", "events/{id}", _retrieved("event")),
    _of("webhook_endpoints.create", "POST", "webhook_endpoints", _endpoint),
    _of("webhook_endpoints.list", "GET", "webhook_endpoints", _listing("webhook_endpoint", "webhook_endpoints")),
    _of("webhook_endpoints.retrieve", "GET", "webhook_endpoints/{id}", _retrieved("webhook_endpoint")),
    _of("webhook_endpoints.delete", "DELETE", "webhook_endpoints/{id}", _drop_endpoint),
)  # fmt: skip


class Api:
    """The emulated API: a request in, an answer's status, headers and body out."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._kept: dict[str, tuple[tuple[str, ...], int, bytes]] = {}

    def answer(
        self, method: str, path: str, text: str, *, authorised: bool, key: str | None
    ) -> tuple[int, dict[str, str], bytes]:
        """Answers one request; `text` is the query or the body. Errors: Cut."""
        with self.world.busy:
            self.world.catch_up()
            asked = (method, path, text)
            kept = self._kept.get(key) if key is not None and method == "POST" else None
            try:
                if not authorised:
                    raise ApiError(401, None, "Send a key that begins with sk_ as bearer.")
                if kept is not None and kept[0] != asked:
                    raise ApiError(
                        400, None, "Keys for idempotent requests can only be used with the same parameters they"
                        " were first used with.", kind="idempotency_error",
                    )  # fmt: skip
                if kept is not None:
                    return kept[1], {"Idempotent-Replayed": "true"}, kept[2]
                return self._perform(method, path, text, key, asked)
            except ApiError as error:
                return error.status, {}, json.dumps(error.body).encode()

    def _perform(
        self, method: str, path: str, text: str, key: str | None, asked: tuple[str, ...]
    ) -> tuple[int, dict[str, str], bytes]:
        operation, arguments = _operation(method, path)
        self.world.asked(key)
        if self.world.spoiled("time_out_before", operation.name):
            raise Cut
        if self.world.spoiled("error_500", operation.name):
            raise ApiError(500, None, "An emulated failure.", kind="api_error")
        form = forms.parsed(text)
        try:
            found = operation.do(self.world, form, *arguments)
            status, body = 200, json.dumps(_expanded(self.world, found, form)).encode()
        except ApiError as error:
            if error.status != 402:  # what was begun is kept under its key, what was never begun is not
                raise
            status, body = error.status, json.dumps(error.body).encode()
        if key is not None and method == "POST":
            self._kept[key] = asked, status, body
        if self.world.spoiled("time_out_after", operation.name):
            raise Cut
        return status, {}, body


def _operation(method: str, path: str) -> tuple[Operation, tuple[str, ...]]:
    for each in OPERATIONS:
        found = each.path.fullmatch(path)
        if found is not None and each.method == method:
            return each, found.groups()
    raise ApiError(404, None, f"Unrecognized request URL ({method}: {path}).")


def _expanded(world: World, found: Thing, form: Thing) -> Thing:
    """The object with the ids of `expand` replaced by what they name; what is kept stays as it is."""
    paths = [each.split(".") for each in forms.listed(form.get("expand"))]
    if any(len(path) > DEEPEST_EXPANSION for path in paths):
        raise ApiError(400, None, "You cannot expand more than 4 levels of a property.", param="expand")
    for path in paths:
        found = _expand(world, found, path)
    return found


def _expand(world: World, value: Any, path: list[str]) -> Any:
    if isinstance(value, str) and value.partition("_")[0] in KINDS:
        value = world.named(value) or value
    if not path or value is None:
        return value
    if isinstance(value, list):
        return [_expand(world, each, path) for each in value]
    if not isinstance(value, dict) or path[0] not in value:
        raise ApiError(400, None, f"This property cannot be expanded ({path[0]}).", param="expand")
    return value | {path[0]: _expand(world, value[path[0]], path[1:])}
