"""The port to a payment provider: what the domain asks of whoever moves money, in the domain's words alone.

An adapter (`stripe_http`, or one of a bank's bridge) stands behind it. Amounts are whole fen. Every call that changes
something bears our key, which was kept before the call, and our reference, by which what became of it is found again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

CARD, ALIPAY, WECHAT_PAY = METHODS = ("card", "alipay", "wechat_pay")
AT_ONCE, LATER = CAPTURES = ("automatic", "manual")
BANK, ACCOUNT = ROUTES = ("bank", "account")
"""Where a payout goes: to an account at a bank, or to a participant's own account at the provider."""

AWAITING_PAYER, PROCESSING, AUTHORISED, CAPTURED, CANCELLED = PAYMENT_STATES = (
    "awaiting_payer", "processing", "authorised", "captured", "cancelled",
)  # fmt: skip
PENDING, SUCCEEDED, FAILED = REFUND_STATES = ("pending", "succeeded", "failed")
IN_TRANSIT, PAID, PAYOUT_FAILED, RETURNED = PAYOUT_STATES = ("in_transit", "paid", "failed", "returned")
ENTRY_KINDS = ("capture", "refund", "refund_return", "payout", "payout_return", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOrder:
    """A deposit to collect. `capture`: at once, or authorised only and captured by a later call."""

    reference: str
    key: str
    amount_fen: int
    method: str
    capture: str
    return_url: str | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """What the payer has to do: `kind` redirect (open `url`), qr (scan `url`), confirm (pay with `secret`)."""

    kind: str
    url: str | None = None
    secret: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A payment as the provider has it now.

    `captured_fen` is nil until `state` says captured; `fee_fen` is None while the provider has not said what it keeps;
    `source` names it in the provider's account; `lapsed`: cancelled by the provider, because its time was over.
    """

    number: str
    reference: str | None
    state: str
    captured_fen: int = 0
    fee_fen: int | None = None
    source: str | None = None
    action: Action | None = None
    failure_code: str | None = None
    lapsed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOrder:
    """A part or the whole of a captured payment to give back to its payer."""

    reference: str
    key: str
    payment_number: str
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """A refund as the provider has it now."""

    number: str
    reference: str | None
    state: str
    amount_fen: int
    failure_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutOrder:
    """Money to pay out; `destination` is the provider's name of where it goes."""

    reference: str
    key: str
    amount_fen: int
    route: str
    destination: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """A payout as the provider has it now. `return_source` names in the provider's account what came back."""

    number: str
    reference: str | None
    state: str
    amount_fen: int
    fee_fen: int | None = None
    failure_code: str | None = None
    return_source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of our account at the provider; `gross_fen` is signed, `fee_fen` is what was kept beside it."""

    number: str
    kind: str
    source: str | None
    currency: str
    gross_fen: int
    fee_fen: int
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What the provider tells by itself; only that something changed is taken from it, and what changed is fetched.

    `subject` is payment, refund or payout, or None where this house does not follow such things.
    """

    number: str
    kind: str
    at: dt.datetime
    subject: str | None = None
    subject_number: str | None = None
    reference: str | None = None


class GatewayError(Exception):
    """The provider did not do what was asked, or it is not known whether it did."""

    code = "gateway_error"


class OutcomeUnknown(GatewayError):
    """The request may have had its effect: time-out, cut connection, failure of the server, unreadable answer."""

    code = "outcome_unknown"


class NotSent(GatewayError):
    """Nothing was asked or taken: the circuit is open, the provider is busy, or it does not know our credentials."""

    code = "not_sent"


class Declined(GatewayError):
    """The provider refused, so nothing happened; `code` is its word for why."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(text or code)
        self.code = code


class NotThere(Declined):
    """The provider has no such thing."""


class EventRefused(GatewayError):
    """An incoming event that its sender did not sign, or too long ago, or that cannot be read."""

    code = "event_refused"


class Gateway(Protocol):
    """What the domain needs of a provider. Errors of every call: OutcomeUnknown, NotSent, Declined, NotThere."""

    def start_payment(self, order: PaymentOrder) -> Payment:
        """Opens a payment for its payer to pay."""

    def payment(self, number: str) -> Payment:
        """The payment as it is now."""

    def capture(self, number: str, *, amount_fen: int, key: str) -> Payment:
        """Takes an authorised amount or a part of it; the rest is free for the payer again."""

    def cancel(self, number: str, *, key: str) -> Payment:
        """Ends a payment that was not captured."""

    def refund(self, order: RefundOrder) -> Refund:
        """Gives money back to the payer."""

    def refund_now(self, number: str) -> Refund:
        """The refund as it is now."""

    def pay_out(self, order: PayoutOrder) -> Payout:
        """Pays money out."""

    def payout_now(self, number: str, *, route: str) -> Payout:
        """The payout as it is now."""

    def find_payments(self, references: Collection[str], *, since: dt.datetime) -> dict[str, Payment]:
        """Those payments begun since then that bear one of these references, by reference."""

    def find_refunds(self, references: Collection[str], *, payment_number: str) -> dict[str, Refund]:
        """Those refunds of a payment that bear one of these references, by reference."""

    def find_payouts(
        self, references: Collection[str], *, route: str, since: dt.datetime
    ) -> dict[str, Payout]:
        """Those payouts begun since then that bear one of these references, by reference."""

    def entries(self, *, since: dt.datetime, until: dt.datetime) -> Iterator[Entry]:
        """The lines of our account at the provider from `since` on and before `until`."""

    def event(self, body: bytes, headers: Mapping[str, str], *, now: dt.datetime) -> Event:
        """What an incoming event says, once its signature holds. Errors: EventRefused."""
