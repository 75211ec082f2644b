"""The emulated provider: with the official client, test cards, keys, retries of webhooks, scripted failures."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest
import requests
import stripe

from market.core import leash
from market.payments.sandbox import intents, moves, routes
from market.payments.sandbox.server import Sandbox, running
from market.payments.sandbox.world import World
from market.payments.stripe_http import flattened
from tests.payments import referee
from tests.payments.referee import hold, wrong_in_answer, wrong_in_event

KEY = {"Authorization": "Bearer sk_test_1"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running(Sandbox(world=World(funds_fen=100_000, late_s=3_600), retry_s=0.01)) as found:
        yield found


@pytest.fixture(scope="module")
def client(sandbox: Sandbox) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_1", base_addresses={"api": sandbox.url}, max_network_retries=0)


def _ask(sandbox: Sandbox, method: str, path: str, form: dict[str, Any] | None = None, **headers: str) -> Any:
    sent = list(flattened(form or {}))
    answer = requests.request(
        method, sandbox.url + path, headers=KEY | headers, timeout=5, params=sent if method == "GET" else None,
        data=sent if method == "POST" else None,
    )  # fmt: skip
    found = answer.json()
    if answer.status_code == 200 and not path.startswith("/emulator"):
        hold(wrong_in_answer(method, path, found))
    return answer


def test_the_official_client_pays_captures_refunds_and_pays_out(client: stripe.StripeClient) -> None:
    made = client.v1.payment_intents.create(
        {"amount": 900, "currency": "cny", "capture_method": "manual", "metadata": {"order": "1"}}
    )
    held = client.v1.payment_intents.confirm(made.id, {"payment_method": "pm_card_visa"})
    assert (held.status, held.amount_capturable) == ("requires_capture", 900)
    taken = client.v1.payment_intents.capture(made.id, {"amount_to_capture": 600})
    assert (taken.status, taken.amount_received) == ("succeeded", 600)
    refund = client.v1.refunds.create({"payment_intent": made.id, "amount": 100})
    assert refund.status == "succeeded"
    transfer = client.v1.transfers.create({"amount": 50, "currency": "cny", "destination": "acct_1"})
    assert client.v1.transfers.reversals.create(transfer.id).transfer == transfer.id
    payout = client.v1.payouts.create({"amount": 50, "currency": "cny"})
    assert client.v1.payouts.retrieve(payout.id).status == "paid"
    lines = client.v1.balance_transactions.list({"limit": 2})
    assert (len(lines.data), lines.has_more) == (2, True)
    assert len(list(lines.auto_paging_iter())) == 5
    assert client.v1.balance.retrieve().available[0].amount == 100_000 + 600 - 4 - 100 - 50
    kinds = [each.type for each in client.v1.events.list({"limit": 100}).data]
    assert {"payment_intent.succeeded", "refund.created", "transfer.reversed", "payout.paid"} <= set(kinds)


def test_the_official_client_hears_of_what_is_refused(client: stripe.StripeClient) -> None:
    made = client.v1.payment_intents.create({"amount": 900, "currency": "cny"})
    with pytest.raises(stripe.CardError) as declined:
        client.v1.payment_intents.confirm(
            made.id, {"payment_method": "pm_card_chargeDeclinedInsufficientFunds"}
        )
    assert declined.value.code == "card_declined"
    for call in (
        lambda: client.v1.payment_intents.capture(made.id),
        lambda: client.v1.payment_intents.create({"amount": 1, "currency": "eur"}),
        lambda: client.v1.payouts.create({"amount": 99_999_999, "currency": "cny"}),
        lambda: client.v1.payment_intents.retrieve("pi_0"),
    ):
        with pytest.raises(stripe.InvalidRequestError):
            call()
    with pytest.raises(stripe.AuthenticationError):
        stripe.StripeClient(
            "pk_1", base_addresses={"api": client._requestor.base_addresses["api"]}
        ).v1.balance.retrieve()


@pytest.mark.parametrize("card", [each for each in intents.CARDS if each.isdigit()])
def test_test_cards_do_what_their_numbers_say(sandbox: Sandbox, card: str) -> None:
    told = {"type": "card", "card": {"number": card, "exp_month": 12, "exp_year": 2031, "cvc": "123"}}
    method = _ask(sandbox, "POST", "/v1/payment_methods", told).json()
    asked = {"amount": 10, "currency": "cny", "payment_method": method["id"], "confirm": True}
    answer = _ask(sandbox, "POST", "/v1/payment_intents", asked)
    due = intents.CARDS[card]
    if due is None:
        assert answer.json()["status"] == "succeeded"
    elif due == "authenticate":
        made = answer.json()
        assert made["status"] == "requires_action"
        page = requests.get(made["next_action"]["redirect_to_url"]["url"], timeout=5)
        assert "emulator" in page.text
        _ask(sandbox, "POST", f"/emulator/authenticate/{made['id']}", {"success": True})
        assert _ask(sandbox, "GET", f"/v1/payment_intents/{made['id']}").json()["status"] == "succeeded"
    else:
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], error["decline_code"]) == (402, *due)


def test_a_key_has_one_effect_and_one_form(sandbox: Sandbox) -> None:
    form = {"amount": 10, "currency": "cny"}
    key = {"Idempotency-Key": "one"}
    first, again = (_ask(sandbox, "POST", "/v1/payment_intents", form, **key) for _ in range(2))
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    other = _ask(sandbox, "POST", "/v1/payment_intents", form | {"amount": 11}, **key)
    assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")


@pytest.mark.parametrize("path", ["payment_intents", "refunds", "transfers", "payouts", "charges", "events",
                                  "balance_transactions", "webhook_endpoints"])  # fmt: skip
def test_every_list_and_every_object_on_it_has_the_shape_of_the_package(sandbox: Sandbox, path: str) -> None:
    form = {"url": "http://127.0.0.1:9/", "enabled_events": ["none.such"]}
    _ask(sandbox, "POST", "/v1/webhook_endpoints", form)
    found = _ask(sandbox, "GET", f"/v1/{path}", {"limit": 100}).json()["data"]
    assert found, path
    for each in found[:5]:
        assert _ask(sandbox, "GET", f"/v1/{path}/{each['id']}").json()["id"] == each["id"]
    if path == "events":
        for each in found:
            hold(wrong_in_event(each))


def test_what_it_takes_is_what_the_package_sends() -> None:
    for names, request in (
        (intents.CREATE, "POST /v1/payment_intents"), (intents.CONFIRM, "POST /v1/payment_intents/ID/confirm"),
        (intents.CAPTURE, "POST /v1/payment_intents/ID/capture"),
        (intents.CANCEL, "POST /v1/payment_intents/ID/cancel"), (intents.METHOD, "POST /v1/payment_methods"),
        (moves.REFUND, "POST /v1/refunds"), (moves.TRANSFER, "POST /v1/transfers"), (moves.PAYOUT, "POST /v1/payouts"),
        (moves.REVERSAL, "POST /v1/transfers/ID/reversals"), (routes.ENDPOINT, "POST /v1/webhook_endpoints"),
        (routes.LIST, "GET /v1/payment_intents"),
    ):  # fmt: skip
        shape = {name: form for name, form, _, _ in referee.OPERATIONS}[request]
        assert set(names) <= shape.__annotations__.keys(), request
    wrong = referee.wrong_in_form("POST", "/v1/refunds", {"amount": "1", "moon": 1})
    assert wrong == ["form.amount: '1' is no int", "form.moon: not known"]
    bare = {"id": "re_1", "object": "refund", "created": 1, "amount": 1}
    assert referee.wrong_in_answer("GET", "/v1/refunds/re_1", bare) == ["answer.currency: missing"]


def test_what_is_unknown_is_refused(sandbox: Sandbox) -> None:
    made = _ask(sandbox, "POST", "/v1/payment_intents", {"amount": 10, "currency": "cny", "moon": "1"})
    assert (made.status_code, made.json()["error"]["code"]) == (400, "parameter_unknown")
    assert _ask(sandbox, "GET", "/v1/moons").status_code == 404
    assert requests.get(sandbox.url, timeout=5).json()["what"].startswith("karez sandbox: an emulator")


def test_scripted_failures_happen_as_often_as_they_were_asked_for(sandbox: Sandbox) -> None:
    form, key = {"amount": 10, "currency": "cny"}, {"Idempotency-Key": "scripted"}
    before = len(sandbox.world.things["payment_intent"])
    for fault in ("time_out_before", "time_out_after"):
        _ask(
            sandbox, "POST", "/emulator/script", {"fault": fault, "on": "payment_intents.create", "times": 1}
        )
        with pytest.raises(requests.ConnectionError):
            _ask(sandbox, "POST", "/v1/payment_intents", form, **key)
    assert len(sandbox.world.things["payment_intent"]) == before + 1
    assert _ask(sandbox, "POST", "/v1/payment_intents", form, **key).status_code == 200
    _ask(sandbox, "POST", "/emulator/script", {"fault": "error_500", "on": "payouts", "times": 1})
    assert _ask(sandbox, "GET", "/v1/payouts").status_code == 500
    assert _ask(sandbox, "GET", "/v1/payouts").status_code == 200
    assert _ask(sandbox, "POST", "/emulator/script", {"fault": "no such"}).status_code == 400


def test_an_authorisation_ends_when_its_week_is_over(sandbox: Sandbox) -> None:
    asked = {
        "amount": 10,
        "currency": "cny",
        "capture_method": "manual",
        "payment_method": "pm_card_visa",
        "confirm": True,
    }
    made = _ask(sandbox, "POST", "/v1/payment_intents", asked).json()
    _ask(sandbox, "POST", "/emulator/clock", {"ahead": 7 * 24 * 3_600})
    found = _ask(sandbox, "GET", f"/v1/payment_intents/{made['id']}").json()
    assert (found["status"], found["cancellation_reason"]) == ("canceled", "automatic")


def test_karez_sandbox_says_what_it_is_and_ends_at_ctrl_c() -> None:
    command = [sys.executable, "-m", "market.cli", "sandbox", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=leash.tied()) as child:
        assert child.stdout is not None
        assert "emulator" in child.stdout.readline()
        found = re.search(r"http://\S+:\d+", child.stdout.readline())
        assert found is not None
        assert requests.get(found[0], timeout=5).headers["Karez-Emulator"] == "true"
        child.send_signal(signal.SIGINT)
        assert child.wait(10) == 0


class _Ears(BaseHTTPRequestHandler):
    heard: ClassVar[list[tuple[str, bytes]]] = []
    refusing = 2
    enough = threading.Event()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append((self.headers["Stripe-Signature"], body))
        refused = len(self.heard) <= self.refusing
        self.send_response(500 if refused else 200)
        self.end_headers()
        if len(self.heard) == 4:
            self.enough.set()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def test_webhooks_are_signed_tried_again_and_delivered_twice_if_asked(sandbox: Sandbox) -> None:
    with HTTPServer(("127.0.0.1", 0), _Ears) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            form = {"url": f"http://127.0.0.1:{server.server_port}/", "enabled_events": ["payout.created"]}
            secret = _ask(sandbox, "POST", "/v1/webhook_endpoints", form).json()["secret"]
            _ask(
                sandbox, "POST", "/emulator/script", {"fault": "double_delivery", "on": "payout", "times": 1}
            )
            _ask(sandbox, "POST", "/v1/payouts", {"amount": 1, "currency": "cny"})
            assert _Ears.enough.wait(10)
        finally:
            server.shutdown()
            thread.join()
    assert len({json.loads(body)["id"] for _, body in _Ears.heard}) == 1
    for header, body in _Ears.heard:
        assert stripe.Webhook.construct_event(body, header, secret, tolerance=10**9).type == "payout.created"
