"""The port over Stripe's HTTP API: requests, with a base URL that may be Stripe's, a mock's or a bank's bridge.

Every call has a time-out and goes through the circuit breaker; what was not answered is unknown, and this adapter
sends nothing twice by itself that changes something: the caller looks first and comes again with the same key.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import requests

from market.payments import gateway, signatures, stripe_words
from market.payments.breaker import Breaker
from market.payments.gateway import Declined, Entry, Event, EventRefused, NotSent, NotThere, OutcomeUnknown
from market.payments.stripe_words import CURRENCY, REFERENCE

API_VERSION = "2026-10-28.endive"
CONNECT_S, READ_S = 3.0, 10.0
PAGE = 100
READ_TRIES = 3
SIGNATURE_HEADER = "Stripe-Signature"
_CHARGE = "latest_charge.balance_transaction"
_BUSY, _UNKNOWN_TO_IT = (429,), (401, 403)
T = TypeVar("T")


class StripeGateway:
    """A provider that speaks Stripe's API.

    `names_methods` and `filters_by_time` are what a full server can and a smaller one may not: to be told which methods
    a payment allows, and to list only what was made since a time.
    """

    def __init__(
        self,
        base_url: str,
        secret_key: str,
        *,
        webhook_secrets: Sequence[str] = (),
        timeouts_s: tuple[float, float] = (CONNECT_S, READ_S),
        breaker: Breaker | None = None,
        names_methods: bool = True,
        filters_by_time: bool = True,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._webhook_secrets = tuple(webhook_secrets)
        self._timeouts_s = timeouts_s
        self._breaker = breaker or Breaker()
        self._names_methods, self._filters_by_time = names_methods, filters_by_time
        self._http = requests.Session()
        self._http.headers["Stripe-Version"] = API_VERSION
        self._http.auth = _bearer(secret_key)  # not a header: a .netrc of this machine would replace it

    def start_payment(self, order: gateway.PaymentOrder) -> gateway.Payment:
        """Opens a payment. A card is confirmed by its payer; the wallets are, so that their code or page is known."""
        form: dict[str, Any] = {
            "amount": order.amount_fen,
            "currency": CURRENCY,
            "capture_method": order.capture,
            "metadata": {REFERENCE: order.reference},
            "expand": [_CHARGE],
        }
        if self._names_methods:
            form["allowed_payment_method_types"] = [order.method]
        if order.method != gateway.CARD:
            form |= {"confirm": True, "payment_method_data": {"type": order.method}}
            if order.return_url is not None:
                form["return_url"] = order.return_url
        if order.method == gateway.WECHAT_PAY:
            form["payment_method_options"] = {"wechat_pay": {"client": "web"}}
        return self._read(stripe_words.payment, self._ask("POST", "/v1/payment_intents", form, order.key))

    def payment(self, number: str) -> gateway.Payment:
        """The payment as it is now."""
        found = self._ask("GET", f"/v1/payment_intents/{number}", {"expand": [_CHARGE]})
        return self._read(stripe_words.payment, found)

    def capture(self, number: str, *, amount_fen: int, key: str) -> gateway.Payment:
        """Takes an authorised amount or a part of it."""
        form = {"amount_to_capture": amount_fen, "expand": [_CHARGE]}
        found = self._ask("POST", f"/v1/payment_intents/{number}/capture", form, key)
        return self._read(stripe_words.payment, found)

    def cancel(self, number: str, *, key: str) -> gateway.Payment:
        """Ends a payment that was not captured."""
        found = self._ask("POST", f"/v1/payment_intents/{number}/cancel", {"expand": [_CHARGE]}, key)
        return self._read(stripe_words.payment, found)

    def refund(self, order: gateway.RefundOrder) -> gateway.Refund:
        """Gives money back to the payer."""
        form = {
            "payment_intent": order.payment_number,
            "amount": order.amount_fen,
            "metadata": {REFERENCE: order.reference},
        }
        return self._read(stripe_words.refund, self._ask("POST", "/v1/refunds", form, order.key))

    def refund_now(self, number: str) -> gateway.Refund:
        """The refund as it is now."""
        return self._read(stripe_words.refund, self._ask("GET", f"/v1/refunds/{number}"))

    def pay_out(self, order: gateway.PayoutOrder) -> gateway.Payout:
        """Pays to a bank (Payout) or to a connected account (Transfer)."""
        form: dict[str, Any] = {
            "amount": order.amount_fen,
            "currency": CURRENCY,
            "destination": order.destination,
            "metadata": {REFERENCE: order.reference},
            "expand": ["balance_transaction"],
        }
        if order.route == gateway.ACCOUNT:
            form["transfer_group"] = order.reference
        path, read = _ROUTES[order.route]
        return self._read(read, self._ask("POST", path, form, order.key))

    def payout_now(self, number: str, *, route: str) -> gateway.Payout:
        """The payout as it is now."""
        path, read = _ROUTES[route]
        return self._read(read, self._ask("GET", f"{path}/{number}", {"expand": ["balance_transaction"]}))

    def find_payments(self, references: Collection[str], *, since: dt.datetime) -> dict[str, gateway.Payment]:
        """Those payments begun since then that bear one of these references."""
        listed = self._list("/v1/payment_intents", {"expand": [f"data.{_CHARGE}"]}, since=since)
        return self._matching(listed, references, stripe_words.payment)

    def find_refunds(self, references: Collection[str], *, payment_number: str) -> dict[str, gateway.Refund]:
        """Those refunds of a payment that bear one of these references."""
        listed = self._list("/v1/refunds", {"payment_intent": payment_number})
        return self._matching(listed, references, stripe_words.refund)

    def find_payouts(
        self, references: Collection[str], *, route: str, since: dt.datetime
    ) -> dict[str, gateway.Payout]:
        """Those payouts begun since then that bear one of these references; a transfer is also grouped under its."""
        path, read = _ROUTES[route]
        form: dict[str, Any] = {"expand": ["data.balance_transaction"]}
        if route == gateway.ACCOUNT and len(references) == 1:
            form["transfer_group"] = next(iter(references))
        return self._matching(self._list(path, form, since=since), references, read)

    def entries(self, *, since: dt.datetime, until: dt.datetime) -> Iterator[Entry]:
        """The lines of our account at the provider."""
        for found in self._list("/v1/balance_transactions", {}, since=since, until=until):
            line = self._read(stripe_words.entry, found)
            if since <= line.at < until:
                yield line

    def event(self, body: bytes, headers: Mapping[str, str], *, now: dt.datetime) -> Event:
        """What an incoming event says, once its signature holds. Errors: EventRefused."""
        wrong = signatures.problem(body, headers.get(SIGNATURE_HEADER, ""), self._webhook_secrets, now)
        if wrong is not None:
            raise EventRefused(wrong)
        try:
            return stripe_words.event(json.loads(body.decode()))
        except ValueError as error:
            raise EventRefused(f"the event cannot be read: {error}") from error

    def _matching(
        self, listed: Iterator[dict[str, Any]], references: Collection[str], read: Callable[[Any], T]
    ) -> dict[str, T]:
        wanted = set(references)
        found: dict[str, T] = {}
        for each in listed:
            reference = stripe_words.reference_of(each)
            if reference in wanted:
                # Lists begin with the newest; the oldest of several is the one that our key was first answered with.
                found[str(reference)] = self._read(read, each)
        return found

    def _list(
        self, path: str, form: dict[str, Any], *, since: dt.datetime | None = None,
        until: dt.datetime | None = None,
    ) -> Iterator[dict[str, Any]]:  # fmt: skip
        """Everything on a list, page by page."""
        asked = form | {"limit": PAGE}
        bounds = {"gte": since, "lt": until} if self._filters_by_time else {}
        created = {name: int(each.timestamp()) for name, each in bounds.items() if each is not None}
        if created:
            asked["created"] = created
        while True:
            page = self._ask("GET", path, asked)
            rows = page.get("data")
            if not isinstance(rows, list):
                raise OutcomeUnknown("a list without its data")
            yield from rows
            if not page.get("has_more") or not rows:
                return
            asked["starting_after"] = rows[-1]["id"]

    def _read(self, read: Callable[[Any], T], found: dict[str, Any]) -> T:
        try:
            return read(found)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise OutcomeUnknown(f"an answer that cannot be read: {error!r}") from error

    def _ask(
        self, method: str, path: str, form: Mapping[str, Any] | None = None, key: str | None = None
    ) -> dict[str, Any]:
        """One call; what only reads is tried again at once, unless it took its whole time.

        Errors: OutcomeUnknown, NotSent, Declined, NotThere.
        """
        for _ in range(READ_TRIES - 1 if method == "GET" else 0):
            try:
                return self._ask_once(method, path, form, key)
            except OutcomeUnknown as error:
                if isinstance(error.__cause__, requests.Timeout):
                    raise
        return self._ask_once(method, path, form, key)

    def _ask_once(
        self, method: str, path: str, form: Mapping[str, Any] | None, key: str | None
    ) -> dict[str, Any]:
        if not self._breaker.lets_through():
            raise NotSent("the provider did not answer lately; it is left alone for a while")
        flat = list(flattened(form or {}))
        try:
            answer = self._http.request(
                method, self._base_url + path,
                params=flat if method == "GET" else None,
                data=flat if method == "POST" else None,
                headers={"Idempotency-Key": key} if key is not None else None,
                timeout=self._timeouts_s, allow_redirects=False,
            )  # fmt: skip
            found = answer.json()
        except (requests.RequestException, ValueError) as error:  # ValueError: no JSON
            self._breaker.failed()
            raise OutcomeUnknown(f"{method} {path}: {type(error).__name__}") from error
        return self._judged(f"{method} {path}", answer.status_code, found)

    def _judged(self, what: str, status: int, found: Any) -> dict[str, Any]:
        """The answer's body, where it is one that says what happened."""
        if status >= 500 or status < 200 or 300 <= status < 400 or not isinstance(found, dict):
            self._breaker.failed()
            raise OutcomeUnknown(f"{what}: {status}")
        self._breaker.succeeded()
        if 200 <= status < 300:
            return found
        wrong = found.get("error")
        said = wrong if isinstance(wrong, dict) else {}
        code = str(said.get("decline_code") or said.get("code") or said.get("type") or status)
        text = f"{what}: {status} {said.get('message', '')}"
        if (
            status == 409 or code == "idempotency_error"
        ):  # another call under this key is under way, or was made
            raise OutcomeUnknown(text)
        if status in _BUSY + _UNKNOWN_TO_IT:
            raise NotSent(text)
        raise NotThere(code, text) if status == 404 else Declined(code, text)


def _bearer(secret_key: str) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {secret_key}"
        return request

    return sign


_ROUTES: dict[str, tuple[str, Callable[[dict[str, Any]], gateway.Payout]]] = {
    gateway.BANK: ("/v1/payouts", stripe_words.bank_payout),
    gateway.ACCOUNT: ("/v1/transfers", stripe_words.transfer),
}


def flattened(form: Mapping[str, Any] | Sequence[Any], inside: str = "") -> Iterator[tuple[str, str]]:
    """A form as pairs in the way of Stripe: a[b]=c, a[0]=d."""
    pairs = form.items() if isinstance(form, Mapping) else enumerate(form)
    for name, value in pairs:
        path = f"{inside}[{name}]" if inside else str(name)
        if isinstance(value, (Mapping, list)):
            yield from flattened(value, path)
        else:
            yield path, str(value).lower() if isinstance(value, bool) else str(value)
