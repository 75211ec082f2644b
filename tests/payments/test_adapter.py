"""The adapter: every call has a time-out and our key, every answer is judged, who is down is left alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from market.payments import gateway_states, stripe_words
from market.payments.breaker import Breaker
from market.payments.gateway import Declined, NotSent, NotThere, OutcomeUnknown, Payment, PaymentOrder
from market.payments.stripe_http import API_VERSION, StripeGateway, flattened

INTENT = {
    "id": "pi_1", "status": "requires_payment_method", "currency": "cny", "metadata": {"karez_reference": "r"},
    "client_secret": "s", "amount_received": 0,
}  # fmt: skip


class Scripted(BaseAdapter):
    """Answers with what it was told, and remembers what it was asked."""

    def __init__(self, *answers: tuple[int, Any] | Exception) -> None:
        super().__init__()
        self.answers = list(answers)
        self.asked: list[tuple[requests.PreparedRequest, Any]] = []

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        self.asked.append((request, options["timeout"]))
        due = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(due, Exception):
            raise due
        answer = requests.Response()
        answer.status_code, body = due
        answer._content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return answer

    def close(self) -> None:
        pass


def _port(*answers: tuple[int, Any] | Exception, **options: Any) -> tuple[StripeGateway, Scripted]:
    port, scripted = StripeGateway("https://provider.test/", "sk_1", **options), Scripted(*answers)
    port._http.mount("https://", scripted)
    return port, scripted


ORDER = PaymentOrder(reference="r", key="k", amount_fen=100, method="card", capture="manual")


def test_every_call_has_a_time_out_our_key_and_the_version() -> None:
    port, scripted = _port((200, INTENT), timeouts_s=(1.5, 2.5))
    port.start_payment(ORDER)
    [(request, timeout)] = scripted.asked
    assert (request.headers["Idempotency-Key"], request.headers["Stripe-Version"]) == ("k", API_VERSION)
    assert (request.headers["Authorization"], timeout) == ("Bearer sk_1", (1.5, 2.5))
    assert (request.url, request.method) == ("https://provider.test/v1/payment_intents", "POST")
    assert "amount=100&currency=cny&capture_method=manual&metadata%5Bkarez_reference%5D=r" in str(
        request.body
    )


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (requests.ConnectTimeout(), OutcomeUnknown),
        (requests.ReadTimeout(), OutcomeUnknown),
        (requests.ConnectionError(), OutcomeUnknown),
        ((500, {}), OutcomeUnknown),
        ((503, b"<html>"), OutcomeUnknown),
        ((200, b"not json"), OutcomeUnknown),
        ((200, []), OutcomeUnknown),
        ((302, {}), OutcomeUnknown),
        ((200, INTENT | {"status": "unheard_of"}), OutcomeUnknown),
        ((200, INTENT | {"currency": "eur"}), OutcomeUnknown),
        ((200, INTENT | {"status": "succeeded", "amount_received": "100"}), OutcomeUnknown),
        ((409, {"error": {"code": "idempotency_key_in_use"}}), OutcomeUnknown),
        ((400, {"error": {"type": "idempotency_error"}}), OutcomeUnknown),
        ((429, {"error": {"code": "rate_limit"}}), NotSent),
        ((401, {"error": {}}), NotSent),
        ((403, {"error": {}}), NotSent),
        ((404, {"error": {"code": "resource_missing"}}), NotThere),
        ((400, {"error": {"code": "amount_too_small"}}), Declined),
        ((402, {"error": {"code": "card_declined", "decline_code": "do_not_honor"}}), Declined),
    ],
)
def test_an_answer_says_that_nothing_happened_or_that_nobody_knows(
    answer: Any, error: type[Exception]
) -> None:
    port, scripted = _port(answer)
    with pytest.raises(error) as told:
        port.start_payment(ORDER)
    assert type(told.value) is error
    assert len(scripted.asked) == 1  # what changes something is sent once


def test_the_reason_of_a_refusal_is_the_provider_s_word() -> None:
    port, _ = _port((402, {"error": {"code": "card_declined", "decline_code": "do_not_honor"}}))
    with pytest.raises(Declined) as told:
        port.start_payment(ORDER)
    assert told.value.code == "do_not_honor"


def test_what_only_reads_is_tried_again_at_once() -> None:
    port, scripted = _port(requests.ConnectionError(), (502, {}), (200, INTENT))
    assert port.payment("pi_1").number == "pi_1"
    assert len(scripted.asked) == 3
    port, scripted = _port(requests.ReadTimeout(), (200, INTENT))
    with pytest.raises(OutcomeUnknown):  # who waits three times keeps other work waiting
        port.payment("pi_1")
    assert len(scripted.asked) == 1


def test_a_provider_that_is_down_is_left_alone_and_then_tried_once() -> None:
    now = [0.0]
    breaker = Breaker(failures=3, rest_s=30, tick=lambda: now[0])
    port, scripted = _port((500, {}), breaker=breaker)
    for _ in range(3):
        with pytest.raises(OutcomeUnknown):
            port.start_payment(ORDER)
    with pytest.raises(NotSent):
        port.start_payment(ORDER)
    assert len(scripted.asked) == 3
    now[0] = 30.0
    with pytest.raises(OutcomeUnknown):  # the one that tries
        port.start_payment(ORDER)
    with pytest.raises(NotSent):
        port.start_payment(ORDER)
    now[0], scripted.answers = 60.0, [(200, INTENT)]
    assert [port.start_payment(ORDER).state for _ in range(3)] == ["awaiting_payer"] * 3


def test_a_refusal_is_an_answer_and_opens_no_circuit() -> None:
    port, scripted = _port((400, {"error": {}}), breaker=Breaker(failures=2))
    for _ in range(5):
        with pytest.raises(Declined):
            port.start_payment(ORDER)
    assert len(scripted.asked) == 5


def test_lists_are_read_to_their_end_and_the_oldest_of_a_reference_counts() -> None:
    def page(number: str, more: bool) -> tuple[int, Any]:
        return 200, {"data": [INTENT | {"id": number}], "has_more": more}

    port, scripted = _port(page("pi_3", True), page("pi_2", True), page("pi_1", False))
    found = port.find_payments({"r"}, since=stripe_words.moment(1_000))
    assert found["r"].number == "pi_1"
    assert [("starting_after" in str(request.url)) for request, _ in scripted.asked] == [False, True, True]
    assert "created%5Bgte%5D=1000" in str(scripted.asked[0][0].url)


def test_a_form_is_flattened_as_the_provider_reads_it() -> None:
    form = {"a": {"b": 1, "c": ["x", {"d": True}]}, "e": "f"}
    assert list(flattened(form)) == [("a[b]", "1"), ("a[c][0]", "x"), ("a[c][1][d]", "true"), ("e", "f")]


def _told(state: str, captured: int = 0, **more: Any) -> Payment:
    return Payment(number="n", reference=None, state=state, captured_fen=captured, **more)


@pytest.mark.parametrize(
    ("kept", "told", "ending", "becomes"),
    [
        ("created", _told("awaiting_payer"), None, "awaiting_payer"),
        ("processing", _told("awaiting_payer"), None, "awaiting_payer"),
        ("awaiting_payer", _told("captured", 100), None, "captured"),
        ("awaiting_payer", _told("captured", 99), None, "mismatched"),
        ("mismatched", _told("captured", 100), None, "captured"),
        ("captured", _told("awaiting_payer"), None, "captured"),  # an older answer that comes later
        ("captured", _told("cancelled"), None, "captured"),
        ("authorised", _told("cancelled"), "cancelled", "cancelled"),
        ("authorised", _told("cancelled"), "expired", "expired"),
        ("authorised", _told("cancelled", lapsed=True), None, "expired"),
        ("authorised", _told("cancelled"), None, "cancelled"),
        ("cancelled", _told("authorised"), None, "cancelled"),
        ("expired", _told("captured", 100), "expired", "captured"),  # the money is there
        ("failed", _told("captured", 100), None, "captured"),
    ],
)
def test_a_payment_becomes_what_the_provider_says_and_never_less(
    kept: str, told: Payment, ending: str | None, becomes: str
) -> None:
    assert gateway_states.of_payment(kept, told, expected_fen=100, ending=ending) == becomes


@pytest.mark.parametrize(
    ("kept", "told", "becomes"),
    [("created", "pending", "pending"), ("pending", "succeeded", "succeeded"), ("created", "failed", "failed"),
     ("succeeded", "failed", "returned"), ("succeeded", "pending", "succeeded"), ("failed", "succeeded", "failed"),
     ("returned", "succeeded", "returned")],
)  # fmt: skip
def test_a_refund_that_fails_late_is_returned(kept: str, told: str, becomes: str) -> None:
    assert gateway_states.of_refund(kept, told) == becomes


@pytest.mark.parametrize(
    ("kept", "told", "becomes"),
    [("created", "in_transit", "in_transit"), ("in_transit", "paid", "paid"), ("in_transit", "failed", "failed"),
     ("created", "returned", "failed"), ("paid", "failed", "returned"), ("paid", "returned", "returned"),
     ("paid", "in_transit", "paid"), ("returned", "paid", "returned"), ("failed", "paid", "failed")],
)  # fmt: skip
def test_a_payout_that_comes_back_has_failed_or_is_returned(kept: str, told: str, becomes: str) -> None:
    assert gateway_states.of_payout(kept, told) == becomes
