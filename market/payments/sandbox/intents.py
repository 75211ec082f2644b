"""Emulated payments: PaymentIntents with test cards, wallets, authentication, capture, cancel; their charges."""

from __future__ import annotations

import secrets
from typing import Any

from market.payments.sandbox import forms
from market.payments.sandbox.forms import ApiError, known_only, metadata, required
from market.payments.sandbox.world import Thing, World

FEE_PER_MILLE = 6
METHODS = ("card", "alipay", "wechat_pay")
AUTHORISATION_S = 7 * 24 * 3600
_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action", "requires_capture")

# token or number of a test card -> None (good), "authenticate", or (code, decline code)
CARDS: dict[str, Any] = {
    "pm_card_visa": None,
    "pm_card_mastercard": None,
    "pm_card_chargeDeclined": ("card_declined", "generic_decline"),
    "pm_card_chargeDeclinedInsufficientFunds": ("card_declined", "insufficient_funds"),
    "pm_card_chargeDeclinedExpiredCard": ("expired_card", "expired_card"),
    "pm_card_chargeDeclinedIncorrectCvc": ("incorrect_cvc", "incorrect_cvc"),
    "pm_card_authenticationRequired": "authenticate",
    "pm_card_threeDSecure2Required": "authenticate",
    "4242424242424242": None,
    "4000000000000002": ("card_declined", "generic_decline"),
    "4000000000009995": ("card_declined", "insufficient_funds"),
    "4000000000000069": ("expired_card", "expired_card"),
    "4000000000003220": "authenticate",
    "4000002500003155": "authenticate",
}
CREATE = (
    "amount", "currency", "capture_method", "allowed_payment_method_types", "payment_method", "payment_method_data",
    "payment_method_options", "confirm", "return_url", "metadata", "description",
)  # fmt: skip
CONFIRM = ("payment_method", "payment_method_data", "payment_method_options", "return_url")
CAPTURE = ("amount_to_capture",)
CANCEL = ("cancellation_reason",)
METHOD = ("type", "card", "metadata")


def create(world: World, form: Thing) -> Thing:
    """POST /v1/payment_intents."""
    known_only(form, CREATE)
    if required(form, "currency") != "cny":
        raise ApiError(400, None, "This emulator knows cny only.", param="currency")
    methods = forms.listed(form.get("allowed_payment_method_types")) or ["card"]
    if not set(methods) <= set(METHODS):
        raise ApiError(
            400, "payment_intent_invalid_parameter", f"Not among {METHODS}", param="payment_method_types"
        )
    capture = form.get("capture_method", "automatic")
    if capture not in ("automatic", "automatic_async", "manual"):
        raise ApiError(400, None, "Invalid capture_method", param="capture_method")
    if capture == "manual" and methods != ["card"]:
        raise ApiError(400, "payment_intent_invalid_parameter", "Only cards can be captured manually.")
    made = world.keep("pi", _blank(forms.amount(required(form, "amount")), capture, methods, form))
    made["client_secret"] = f"{made['id']}_secret_{secrets.token_hex(12)}"
    world.tell("payment_intent.created", made)
    if "payment_method" in form or "payment_method_data" in form:
        made["status"] = "requires_confirmation"
        world.hidden[made["id"]] = _chosen(world, made, form)
    if forms.truth(form.get("confirm", "false"), "confirm"):
        confirm(world, {name: value for name, value in form.items() if name in CONFIRM}, made["id"])
    return made


def _blank(amount: int, capture: str, methods: list[str], form: Thing) -> Thing:
    return {
        "amount": amount, "amount_capturable": 0, "amount_received": 0, "application": None,
        "application_fee_amount": None, "canceled_at": None, "cancellation_reason": None,
        "capture_method": capture, "client_secret": None, "confirmation_method": "automatic", "currency": "cny",
        "customer": None, "description": form.get("description"), "last_payment_error": None,
        "latest_charge": None, "livemode": False, "metadata": metadata(form), "next_action": None,
        "on_behalf_of": None, "payment_method": None, "payment_method_types": methods, "processing": None,
        "receipt_email": None, "review": None, "setup_future_usage": None, "shipping": None,
        "statement_descriptor": None, "status": "requires_payment_method", "transfer_group": None,
    }  # fmt: skip


def _chosen(world: World, intent: Thing, form: Thing) -> Thing:
    """The method that the payer chose: {"type", "card" (what becomes of it), "return_url"}."""
    kept: Thing = world.hidden.get(intent["id"], {})
    if "payment_method_data" in form:
        kept = {"type": required(form["payment_method_data"], "type"), "card": None}
    elif "payment_method" in form:
        name = form["payment_method"]
        made = world.named(name)
        card = (
            world.hidden[name]["number"] if made is not None and made["object"] == "payment_method" else name
        )
        if card not in CARDS:
            raise ApiError(
                404, "resource_missing", f"No such PaymentMethod: '{name}'", param="payment_method"
            )
        kept = {"type": "card", "card": CARDS[card]}
    if not kept:
        raise ApiError(400, "parameter_missing", "A payment method is needed.", param="payment_method")
    if kept["type"] not in intent["payment_method_types"]:
        raise ApiError(
            400, "payment_intent_incompatible_payment_method", "The method is not allowed for this payment."
        )
    return kept | ({"return_url": form["return_url"]} if "return_url" in form else {})


def confirm(world: World, form: Thing, number: str) -> Thing:
    """POST /v1/payment_intents/{id}/confirm."""
    known_only(form, CONFIRM)
    intent = world.get("payment_intent", number)
    if intent["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
        raise _unexpected(intent, "confirmed")
    chosen = world.hidden[number] = _chosen(world, intent, form)
    intent["last_payment_error"] = None
    if chosen["type"] == "card" and chosen["card"] != "authenticate":
        _attempt(world, intent, chosen["card"])
        return intent
    intent["status"], intent["next_action"] = "requires_action", _next_action(world, intent, chosen)
    world.tell("payment_intent.requires_action", intent)
    return intent


def _next_action(world: World, intent: Thing, chosen: Thing) -> Thing:
    page = f"{world.base_url}/emulator/authenticate/{intent['id']}"
    back = chosen.get("return_url")
    if chosen["type"] == "alipay":
        detail: Thing = {"native_data": None, "native_url": None, "return_url": back, "url": page}
        return {"type": "alipay_handle_redirect", "alipay_handle_redirect": detail}
    if chosen["type"] == "wechat_pay":
        names = ("hosted_instructions_url", "image_data_url", "image_url_png", "image_url_svg")
        detail = {"data": f"weixin://emulator/{intent['id']}"} | dict.fromkeys(names, page)
        return {"type": "wechat_pay_display_qr_code", "wechat_pay_display_qr_code": detail}
    return {"type": "redirect_to_url", "redirect_to_url": {"return_url": back, "url": page}}


def authenticate(world: World, number: str, *, success: bool) -> Thing:
    """What the payer does on the page of bank or wallet."""
    intent = world.get("payment_intent", number)
    if intent["status"] != "requires_action":
        raise _unexpected(intent, "authenticated")
    intent["next_action"] = None
    if success:
        _attempt(world, intent, None)
    else:
        _fail(world, intent, "payment_intent_authentication_failure", None)
    return intent


def _attempt(world: World, intent: Thing, card: Any) -> None:
    if card is not None:
        code, decline_code = card
        _charge(world, intent, "failed", code)
        _fail(world, intent, code, decline_code)
        raise ApiError(
            402, code, "Your card was declined.", kind="card_error", decline_code=decline_code,
            payment_intent=intent,
        )  # fmt: skip
    _charge(world, intent, "succeeded", None)
    if intent["capture_method"] == "manual":
        intent["status"], intent["amount_capturable"] = "requires_capture", intent["amount"]
        world.tell("payment_intent.amount_capturable_updated", intent)
        world.later(AUTHORISATION_S, lambda: _expire(world, intent))
        return
    _take(world, intent, intent["amount"])


def _charge(world: World, intent: Thing, status: str, failure: str | None) -> None:
    made = world.keep(
        "ch",
        {
            "amount": intent["amount"], "amount_captured": 0, "amount_refunded": 0, "application": None,
            "balance_transaction": None,
            "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
            "captured": False, "currency": "cny", "customer": None, "description": None, "disputed": False,
            "failure_code": failure, "failure_message": None, "livemode": False, "metadata": {},
            "paid": status == "succeeded", "payment_intent": intent["id"], "payment_method": None,
            "receipt_email": None, "refunded": False, "status": status,
        },
    )  # fmt: skip
    intent["latest_charge"] = made["id"]


def _fail(world: World, intent: Thing, code: str, decline_code: str | None) -> None:
    intent["status"] = "requires_payment_method"
    intent["last_payment_error"] = {
        "type": "card_error", "code": code, "message": "The payment was declined.",
        **({"decline_code": decline_code} if decline_code else {}),
    }  # fmt: skip
    world.tell("payment_intent.payment_failed", intent)


def _take(world: World, intent: Thing, amount: int) -> None:
    if world.spoiled("wrong_amount", "payment_intents"):
        amount += 1 if amount < intent["amount"] or intent["amount"] == 1 else -1
    charge = world.things["charge"][intent["latest_charge"]]
    line = world.enter("charge", charge["id"], amount, (amount * FEE_PER_MILLE + 500) // 1000)
    charge |= {"captured": True, "amount_captured": amount, "balance_transaction": line["id"]}
    intent |= {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
    world.tell("charge.captured" if intent["capture_method"] == "manual" else "charge.succeeded", charge)
    world.tell("payment_intent.succeeded", intent)


def capture(world: World, form: Thing, number: str) -> Thing:
    """POST /v1/payment_intents/{id}/capture."""
    known_only(form, CAPTURE)
    intent = world.get("payment_intent", number)
    if intent["status"] != "requires_capture":
        raise _unexpected(intent, "captured")
    amount = forms.amount(form.get("amount_to_capture", str(intent["amount"])), "amount_to_capture")
    if amount > intent["amount_capturable"]:
        raise ApiError(400, "amount_too_large", "More than is capturable.", param="amount_to_capture")
    _take(world, intent, amount)
    return intent


def cancel(world: World, form: Thing, number: str) -> Thing:
    """POST /v1/payment_intents/{id}/cancel."""
    known_only(form, CANCEL)
    intent = world.get("payment_intent", number)
    if intent["status"] not in _OPEN:
        raise _unexpected(intent, "canceled")
    _end(world, intent, form.get("cancellation_reason"))
    return intent


def _expire(world: World, intent: Thing) -> None:
    if intent["status"] == "requires_capture":
        _end(world, intent, "automatic")


def _end(world: World, intent: Thing, reason: str | None) -> None:
    intent |= {
        "status": "canceled", "canceled_at": world.now(), "cancellation_reason": reason, "next_action": None,
        "amount_capturable": 0,
    }  # fmt: skip
    world.tell("payment_intent.canceled", intent)


def create_method(world: World, form: Thing) -> Thing:
    """POST /v1/payment_methods: a test card by its number."""
    known_only(form, METHOD)
    if required(form, "type") != "card":
        raise ApiError(400, None, "This emulator makes cards only.", param="type")
    number = str(required(required(form, "card"), "number"))
    if number not in CARDS or not number.isdigit():
        raise ApiError(402, "incorrect_number", "Not a test card of this emulator.", kind="card_error")
    blank = {"address": None, "email": None, "name": None, "phone": None, "tax_id": None}
    made = world.keep(
        "pm", {"type": "card", "billing_details": blank, "livemode": False, "metadata": metadata(form)}
    )
    world.hidden[made["id"]] = {"number": number}
    return made


def _unexpected(intent: Thing, done: str) -> ApiError:
    return ApiError(
        400, "payment_intent_unexpected_state",
        f"This PaymentIntent could not be {done} because it has a status of {intent['status']}.",
        payment_intent=intent,
    )  # fmt: skip
