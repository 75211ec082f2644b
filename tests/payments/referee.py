"""The official package as referee: whether a request's form and an answer have the shapes that it is generated with."""

from __future__ import annotations

import builtins
import re
import sys
import types
import typing
from collections.abc import Iterator
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin

import stripe
from stripe import params
from stripe._list_object import ListObject
from stripe._stripe_object import StripeObject, UntypedStripeObject
from typing_extensions import is_typeddict

from market.payments.stripe_http import StripeGateway

NOT_IN_FORMS = {
    "api_key", "stripe_version", "stripe_account", "stripe_context", "max_network_retries", "idempotency_key",
    "content_type", "headers",
}  # fmt: skip
"""What the package's own calls take beside what is sent."""

# (request, shape of its form, shape of its answer, whether that is a list of such)
OPERATIONS: tuple[tuple[str, Any, Any, bool], ...] = (
    ("POST /v1/payment_intents", params.PaymentIntentCreateParams, stripe.PaymentIntent, False),
    ("GET /v1/payment_intents", params.PaymentIntentListParams, stripe.PaymentIntent, True),
    ("GET /v1/payment_intents/ID", params.PaymentIntentRetrieveParams, stripe.PaymentIntent, False),
    ("POST /v1/payment_intents/ID/confirm", params.PaymentIntentConfirmParams, stripe.PaymentIntent, False),
    ("POST /v1/payment_intents/ID/capture", params.PaymentIntentCaptureParams, stripe.PaymentIntent, False),
    ("POST /v1/payment_intents/ID/cancel", params.PaymentIntentCancelParams, stripe.PaymentIntent, False),
    ("POST /v1/payment_methods", params.PaymentMethodCreateParams, stripe.PaymentMethod, False),
    ("GET /v1/payment_methods/ID", params.PaymentMethodRetrieveParams, stripe.PaymentMethod, False),
    ("GET /v1/charges", params.ChargeListParams, stripe.Charge, True),
    ("GET /v1/charges/ID", params.ChargeRetrieveParams, stripe.Charge, False),
    ("POST /v1/refunds", params.RefundCreateParams, stripe.Refund, False),
    ("GET /v1/refunds", params.RefundListParams, stripe.Refund, True),
    ("GET /v1/refunds/ID", params.RefundRetrieveParams, stripe.Refund, False),
    ("POST /v1/transfers", params.TransferCreateParams, stripe.Transfer, False),
    ("GET /v1/transfers", params.TransferListParams, stripe.Transfer, True),
    ("GET /v1/transfers/ID", params.TransferRetrieveParams, stripe.Transfer, False),
    ("POST /v1/transfers/ID/reversals", params.TransferCreateReversalParams, stripe.Reversal, False)
    if hasattr(stripe, "Reversal")
    else (
        "POST /v1/transfers/ID/reversals",
        params.TransferCreateReversalParams,
        stripe.TransferReversal,
        False,
    ),
    ("POST /v1/payouts", params.PayoutCreateParams, stripe.Payout, False),
    ("GET /v1/payouts", params.PayoutListParams, stripe.Payout, True),
    ("GET /v1/payouts/ID", params.PayoutRetrieveParams, stripe.Payout, False),
    ("POST /v1/payouts/ID/cancel", params.PayoutCancelParams, stripe.Payout, False),
    ("GET /v1/balance", params.BalanceRetrieveParams, stripe.Balance, False),
    ("GET /v1/balance_transactions", params.BalanceTransactionListParams, stripe.BalanceTransaction, True),
    (
        "GET /v1/balance_transactions/ID",
        params.BalanceTransactionRetrieveParams,
        stripe.BalanceTransaction,
        False,
    ),
    ("GET /v1/events", params.EventListParams, stripe.Event, True),
    ("GET /v1/events/ID", params.EventRetrieveParams, stripe.Event, False),
    ("POST /v1/webhook_endpoints", params.WebhookEndpointCreateParams, stripe.WebhookEndpoint, False),
    ("GET /v1/webhook_endpoints", params.WebhookEndpointListParams, stripe.WebhookEndpoint, True),
    ("GET /v1/webhook_endpoints/ID", params.WebhookEndpointRetrieveParams, stripe.WebhookEndpoint, False),
)
_ID = re.compile(r"/(?:pi|ch|re|tr|po|txn|evt|we|pm)_[A-Za-z0-9]+")
RESOURCES = {
    "payment_intent": stripe.PaymentIntent, "charge": stripe.Charge, "refund": stripe.Refund,
    "transfer": stripe.Transfer, "payout": stripe.Payout,
}  # fmt: skip


def of(method: str, path: str) -> tuple[Any, Any, bool]:
    """The shapes of form and answer of a request. KeyError where the package knows no such request."""
    asked = f"{method} {_ID.sub('/ID', path)}"
    return {name: (form, answer, many) for name, form, answer, many in OPERATIONS}[asked]


def wrong_in_form(method: str, path: str, form: dict[str, Any]) -> list[str]:
    """What of a form the package would not send."""
    return list(_problems(form, of(method, path)[0], None, "form"))


def wrong_in_answer(method: str, path: str, answer: dict[str, Any]) -> list[str]:
    """What of an answer is not as the package expects it."""
    _, shape, many = of(method, path)
    if not many:
        return list(_problems(answer, shape, None, "answer"))
    found = [] if {"object", "data", "has_more", "url"} == set(answer) else ["answer is no list"]
    return found + [each for row in answer["data"] for each in _problems(row, shape, None, "data")]


def wrong_in_event(event: dict[str, Any]) -> list[str]:
    """What of an event, and of the object in it, is not as the package expects it."""
    inner = event["data"]["object"]
    return [
        *_problems(event, stripe.Event, None, "event"),
        *_problems(inner, RESOURCES[inner["object"]], None, event["type"]),
    ]


class Refereed(StripeGateway):
    """The adapter, with every request that it sends and every answer that it gets held to the package's shapes."""

    def _ask(self, method: str, path: str, form: Any = None, key: str | None = None) -> dict[str, Any]:
        hold(wrong_in_form(method, path, dict(form or {})))
        answer = super()._ask(method, path, form, key)
        hold(wrong_in_answer(method, path, answer))
        return answer


def hold(wrong: list[str]) -> None:
    """Fails with what is wrong."""
    if wrong:
        raise AssertionError("\n".join(wrong))


def _problems(value: Any, shape: Any, module: Any, path: str) -> Iterator[str]:
    shape = _resolved(shape, module)
    origin, arguments = get_origin(shape), get_args(shape)
    if shape is Any:
        return
    if origin in (NotRequired, Required):
        yield from _problems(value, arguments[0], module, path)
    elif origin in (Union, types.UnionType):
        tried = [list(_problems(value, each, module, path)) for each in arguments]
        if all(tried):
            yield min(tried, key=lambda each: (len(each), -len(each[0])))[0]
    elif origin is Literal:
        if value not in arguments:
            yield f"{path}: {value!r} is none of {arguments}"
    elif origin in (list, typing.List):  # noqa: UP006
        yield from _of_list(value, arguments[0], module, path)
    elif origin is ListObject:
        if not isinstance(value, dict) or value.get("object") != "list":
            yield f"{path}: no list object"
        else:
            yield from _of_list(value["data"], arguments[0], module, f"{path}.data")
    elif origin in (dict, UntypedStripeObject) or shape is UntypedStripeObject:
        if not isinstance(value, dict):
            yield f"{path}: no mapping"
    elif is_typeddict(shape):
        yield from _of_typed_dict(value, shape, path)
    elif isinstance(shape, type) and issubclass(shape, StripeObject):
        yield from _of_object(value, shape, path)
    elif not _plain(value, shape):
        yield f"{path}: {value!r} is no {getattr(shape, '__name__', shape)}"


def _plain(value: Any, shape: Any) -> bool:
    if shape in (None, type(None)):
        return value is None
    if shape is float:
        return type(value) in (int, float)
    return type(value) is shape


def _of_list(value: Any, inner: Any, module: Any, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: no list"
        return
    for position, each in enumerate(value):
        yield from _problems(each, inner, module, f"{path}[{position}]")


def _of_typed_dict(value: Any, shape: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: no mapping"
        return
    fields = {name: each for name, each in shape.__annotations__.items() if name not in NOT_IN_FORMS}
    module = sys.modules[shape.__module__]
    for name, each in value.items():
        if name not in fields:
            yield f"{path}.{name}: not known"
        else:
            yield from _problems(each, fields[name], module, f"{path}.{name}")
    for name, each in fields.items():
        if name not in value and get_origin(_resolved(each, module)) is not NotRequired:
            yield f"{path}.{name}: missing"


def _of_object(value: Any, shape: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: no object"
        return
    module = sys.modules[shape.__module__]
    fields = {name: each for name, each in shape.__annotations__.items() if name != "OBJECT_NAME"}
    for name, each in value.items():
        if name not in fields:
            yield f"{path}.{name}: not known"
        else:
            yield from _problems(each, fields[name], module, f"{path}.{name}")
    for name, each in fields.items():
        if name not in value and type(None) not in get_args(_resolved(each, module)):
            yield f"{path}.{name}: missing"


def _resolved(shape: Any, module: Any) -> Any:
    if isinstance(shape, typing.ForwardRef):
        shape = shape.__forward_arg__
    if not isinstance(shape, str):
        return shape
    return eval(shape, {}, _Names(module))  # the package's own annotation


class _Names(dict[str, Any]):
    """What a name in an annotation of the package means; it imports most of them for the type checker only."""

    def __init__(self, module: Any) -> None:
        super().__init__(vars(module) if module is not None else {})
        self["UntypedStripeObject"] = UntypedStripeObject

    def __missing__(self, name: str) -> Any:
        for place in (typing, stripe):
            for each in (name, name.removesuffix("Resource")):  # imported under another name, as CardResource
                if hasattr(place, each):
                    return getattr(place, each)
        if name[0].isupper() and name not in vars(builtins):
            return (
                StripeObject  # what it does not export, as resources of its subpackages: no object here fits
            )
        raise KeyError(name)
