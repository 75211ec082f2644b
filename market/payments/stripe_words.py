"""What answers in Stripe's shapes mean in the words of the port. Values in, values out."""

from __future__ import annotations

import datetime as dt
from typing import Any

from market.payments import gateway
from market.payments.gateway import Action, Entry, Event, Payment, Payout, Refund

REFERENCE = "karez_reference"
"""The name under which our reference stands in an object's metadata."""
CURRENCY = "cny"

_PAYMENT_STATES = {
    "requires_payment_method": gateway.AWAITING_PAYER,
    "requires_confirmation": gateway.AWAITING_PAYER,
    "requires_action": gateway.AWAITING_PAYER,
    "processing": gateway.PROCESSING,
    "requires_capture": gateway.AUTHORISED,
    "succeeded": gateway.CAPTURED,
    "canceled": gateway.CANCELLED,
}
_REFUND_STATES = {
    "pending": gateway.PENDING,
    "requires_action": gateway.PENDING,
    "succeeded": gateway.SUCCEEDED,
    "failed": gateway.FAILED,
    "canceled": gateway.FAILED,
}
_PAYOUT_STATES = {
    "pending": gateway.IN_TRANSIT,
    "in_transit": gateway.IN_TRANSIT,
    "paid": gateway.PAID,
    "failed": gateway.PAYOUT_FAILED,
    "canceled": gateway.PAYOUT_FAILED,
}
_ENTRY_KINDS = {
    "charge": "capture",
    "payment": "capture",
    "refund": "refund",
    "payment_refund": "refund",
    "refund_failure": "refund_return",
    "payment_failure_refund": "refund_return",
    "payout": "payout",
    "transfer": "payout",
    "payout_failure": "payout_return",
    "payout_cancel": "payout_return",
    "transfer_refund": "payout_return",
    "transfer_cancel": "payout_return",
    "transfer_failure": "payout_return",
}
_SUBJECTS = {"payment_intent": "payment", "refund": "refund", "payout": "payout", "transfer": "payout"}


class Unreadable(ValueError):
    """An answer that does not have the shape or the currency that was agreed."""


def moment(seconds: int) -> dt.datetime:
    """A Unix time as an instant."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def reference_of(found: dict[str, Any]) -> str | None:
    """Our reference in an object's metadata, or None."""
    text = (found.get("metadata") or {}).get(REFERENCE)
    return text if isinstance(text, str) else None


def payment(found: dict[str, Any]) -> Payment:
    """A PaymentIntent. Errors: Unreadable."""
    state = _state(found, _PAYMENT_STATES)
    _same_currency(found)
    charge = found.get("latest_charge")
    captured = _captured(found, charge) if state == gateway.CAPTURED else 0
    failure = found.get("last_payment_error") or {}
    return Payment(
        number=found["id"],
        reference=reference_of(found),
        state=state,
        captured_fen=captured,
        fee_fen=_fee(charge) if state == gateway.CAPTURED else None,
        source=_id_of(charge) if state == gateway.CAPTURED else None,
        action=_action(found) if state == gateway.AWAITING_PAYER else None,
        failure_code=failure.get("decline_code") or failure.get("code"),
        lapsed=found.get("cancellation_reason") in ("automatic", "expired"),
    )


def _captured(found: dict[str, Any], charge: Any) -> int:
    """What was received. A server without that figure is asked for its charge, the whole of which was taken."""
    if "amount_received" in found:
        return _fen(found["amount_received"])
    if isinstance(charge, dict):
        return _fen(charge.get("amount_captured", charge["amount"]))
    raise Unreadable("a captured payment that does not say how much")


def _fee(charge: Any) -> int | None:
    """The fee of a charge whose line in the account was sent with it."""
    line = charge.get("balance_transaction") if isinstance(charge, dict) else None
    return _fen(line["fee"]) if isinstance(line, dict) else None


def _action(found: dict[str, Any]) -> Action | None:
    """What the payer has to do."""
    wanted = found.get("next_action") or {}
    detail = wanted.get(wanted.get("type", ""), {})
    if wanted.get("type") == "wechat_pay_display_qr_code":
        return Action("qr", url=detail["data"])
    if isinstance(detail, dict) and isinstance(detail.get("url"), str):
        return Action("redirect", url=detail["url"])
    return Action("confirm", secret=found.get("client_secret"))


def refund(found: dict[str, Any]) -> Refund:
    """A Refund. Errors: Unreadable."""
    _same_currency(found)
    return Refund(
        number=found["id"],
        reference=reference_of(found),
        state=_state(found, _REFUND_STATES),
        amount_fen=_fen(found["amount"]),
        failure_code=found.get("failure_reason"),
    )


def bank_payout(found: dict[str, Any]) -> Payout:
    """A Payout. Errors: Unreadable."""
    _same_currency(found)
    line = found.get("balance_transaction")
    state = _state(found, _PAYOUT_STATES)
    return Payout(
        number=found["id"],
        reference=reference_of(found),
        state=state,
        amount_fen=_fen(found["amount"]),
        fee_fen=_fen(line["fee"]) if isinstance(line, dict) else None,
        failure_code=found.get("failure_code"),
        return_source=found["id"] if state == gateway.PAYOUT_FAILED else None,
    )


def transfer(found: dict[str, Any]) -> Payout:
    """A Transfer to a connected account, which is paid as soon as it is there. Errors: Unreadable."""
    _same_currency(found)
    back = found["reversals"]["data"] if found["reversed"] else []
    line = found.get("balance_transaction")
    return Payout(
        number=found["id"],
        reference=reference_of(found),
        state=gateway.RETURNED if found["reversed"] else gateway.PAID,
        amount_fen=_fen(found["amount"]),
        fee_fen=_fen(line["fee"]) if isinstance(line, dict) else 0,
        failure_code="reversed" if found["reversed"] else None,
        return_source=back[0]["id"] if back else None,
    )


def entry(found: dict[str, Any]) -> Entry:
    """A balance transaction."""
    return Entry(
        number=found["id"],
        kind=_ENTRY_KINDS.get(found["type"], "other"),
        source=_id_of(found.get("source")),
        currency=found["currency"].upper(),
        gross_fen=_fen(found["amount"]),
        fee_fen=_fen(found["fee"]),
        at=moment(found["created"]),
    )


def event(found: Any) -> Event:
    """An event. Errors: Unreadable."""
    try:
        thing = found["data"]["object"]
        number, kind, at = found["id"], found["type"], moment(_fen(found["created"]))
        name, subject_number = thing["object"], thing.get("id")
        if name == "charge":  # of a charge, what is followed is its payment
            name, subject_number = "payment_intent", thing.get("payment_intent")
        reference = reference_of(thing)
    except (KeyError, TypeError, AttributeError, OverflowError, OSError) as error:
        raise Unreadable("no event") from error
    if not (_is_name(number) and _is_name(kind)):
        raise Unreadable("an event without a name")
    followed = _SUBJECTS.get(name) if isinstance(name, str) and _is_name(subject_number) else None
    return Event(
        number=number, kind=kind, at=at, subject=followed,
        subject_number=subject_number if followed else None,
        reference=reference if _is_name(reference) else None,
    )  # fmt: skip


def _is_name(text: Any) -> bool:
    """Whether this names something: visible ASCII, not too long."""
    return isinstance(text, str) and 0 < len(text) <= 255 and text.isascii() and text.isprintable()


def _state(found: dict[str, Any], states: dict[str, str]) -> str:
    state = states.get(found.get("status", ""))
    if state is None:
        raise Unreadable(f"a state that is not known: {found.get('status')!r}")
    return state


def _same_currency(found: dict[str, Any]) -> None:
    if found.get("currency") != CURRENCY:
        raise Unreadable(f"not in {CURRENCY}: {found.get('currency')!r}")


def _fen(value: Any) -> int:
    """A whole number of the smallest unit; true and 1.0 are none."""
    if type(value) is not int:
        raise Unreadable(f"no whole number: {value!r}")
    return value


def _id_of(thing: Any) -> str | None:
    """The id of what is named or sent whole."""
    if isinstance(thing, dict):
        return str(thing["id"])
    return thing if isinstance(thing, str) else None
