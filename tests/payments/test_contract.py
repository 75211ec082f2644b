"""The contract of the port, the same on every server: the sandbox, localstripe with its faults, and KAREZ_STRIPE_BASE.

Where a server is known for a fault, the test holds that it still has it.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import requests

from market.core import clock
from market.payments import gateway
from market.payments.breaker import Breaker
from market.payments.gateway import (
    Declined,
    NotThere,
    OutcomeUnknown,
    Payment,
    PaymentOrder,
    PayoutOrder,
    RefundOrder,
)
from market.payments.sandbox.server import Sandbox, running
from market.payments.sandbox.world import World
from market.payments.stripe_http import StripeGateway
from tests.payments import localstripe
from tests.payments.referee import Refereed

GOOD, DECLINED_LATER, AUTHENTICATED = "4242424242424242", "4000000000000341", "4000002500003155"
BASE = os.environ.get("KAREZ_STRIPE_BASE")


@dataclass
class Server:
    """A server behind the port, and its payer."""

    name: str
    url: str
    port: StripeGateway
    key: str
    faults: frozenset[str] = field(default=frozenset())

    def has(self, fault: str) -> bool:
        return fault in self.faults

    def post(self, path: str, **form: str) -> requests.Response:
        return requests.post(
            f"{self.url}{path}", data=form, headers={"Authorization": f"Bearer {self.key}"}, timeout=10
        )

    def pays(self, number: str, card: str) -> None:
        """The payer pays with a test card."""
        if self.name == "localstripe":
            made = self.post(
                "/v1/payment_methods",
                **{"type": "card", "card[number]": card, "card[exp_month]": "12", "card[exp_year]": "2031",
                   "card[cvc]": "123"},
            ).json()  # fmt: skip
            self.post(f"/v1/payment_intents/{number}", payment_method=made["id"])
            self.post(f"/v1/payment_intents/{number}/confirm")
            return
        token = {
            GOOD: "pm_card_visa", DECLINED_LATER: "pm_card_chargeDeclined",
            AUTHENTICATED: "pm_card_authenticationRequired",
        }[card]  # fmt: skip
        self.post(f"/v1/payment_intents/{number}/confirm", payment_method=token)

    def authenticates(self, number: str, *, success: bool) -> None:
        """The payer agrees, or not, on the bank's page."""
        if self.name == "localstripe":
            found = requests.get(
                f"{self.url}/v1/payment_intents/{number}", headers={"Authorization": f"Bearer {self.key}"},
                timeout=10,
            ).json()  # fmt: skip
            self.post(
                f"/v1/payment_intents/{number}/_authenticate", client_secret=found["client_secret"],
                success=str(success).lower(),
            )  # fmt: skip
            return
        self.post(f"/emulator/authenticate/{number}", success=str(success).lower())


def _sandbox() -> Iterator[Server]:
    with running(Sandbox(world=World(funds_fen=1_000_000))) as found:
        yield Server("sandbox", found.url, Refereed(found.url, "sk_test_1"), "sk_test_1")


def _localstripe() -> Iterator[Server]:
    with localstripe.running() as url:
        port = StripeGateway(url, "sk_test_1", names_methods=False, filters_by_time=False)
        yield Server("localstripe", url, port, "sk_test_1", localstripe.FAULTS)


def _other() -> Iterator[Server]:
    key = os.environ.get("KAREZ_STRIPE_KEY", "sk_test_1")
    yield Server("other", str(BASE), StripeGateway(str(BASE), key), key)


SERVERS = {"sandbox": _sandbox, "localstripe": _localstripe} | ({"other": _other} if BASE else {})


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    yield from SERVERS[request.param]()


def _order(amount: int = 1_000, **other: str) -> PaymentOrder:
    told = {
        "reference": secrets.token_hex(8),
        "key": secrets.token_hex(8),
        "method": "card",
        "capture": "automatic",
    }
    return PaymentOrder(amount_fen=amount, **{**told, **other})


def _paid(server: Server, amount: int = 1_000, **other: str) -> Payment:
    made = server.port.start_payment(_order(amount, **other))
    server.pays(made.number, GOOD)
    return server.port.payment(made.number)


def _since() -> dt.datetime:
    return clock.now() - dt.timedelta(minutes=5)


def test_a_payment_waits_for_its_payer_and_is_captured_once_he_has_paid(server: Server) -> None:
    order = _order()
    made = server.port.start_payment(order)
    assert (made.state, made.reference, made.captured_fen) == (gateway.AWAITING_PAYER, order.reference, 0)
    assert made.action is not None
    assert made.action.kind == "confirm"
    assert made.action.secret
    server.pays(made.number, GOOD)
    paid = server.port.payment(made.number)
    assert (paid.state, paid.captured_fen, paid.action) == (gateway.CAPTURED, 1_000, None)
    assert paid.fee_fen is not None
    assert paid.source is not None


def test_an_authorised_payment_is_captured_later_in_part_or_whole(server: Server) -> None:
    held = _paid(server, capture="manual")
    assert (held.state, held.captured_fen, held.source) == (gateway.AUTHORISED, 0, None)
    assert server.port.capture(held.number, amount_fen=1_000, key=secrets.token_hex(8)).captured_fen == 1_000
    part = server.port.capture(
        _paid(server, capture="manual").number, amount_fen=400, key=secrets.token_hex(8)
    )
    assert part.captured_fen == (1_000 if server.has("captures a part as the whole") else 400)


@pytest.mark.parametrize("success", [True, False])
def test_a_payer_authenticates_or_does_not(server: Server, success: bool) -> None:
    made = server.port.start_payment(_order())
    server.pays(made.number, AUTHENTICATED)
    asked = server.port.payment(made.number)
    assert asked.state == gateway.AWAITING_PAYER
    assert asked.action is not None
    server.authenticates(made.number, success=success)
    after = server.port.payment(made.number)
    if success:
        assert (after.state, after.captured_fen) == (gateway.CAPTURED, 1_000)
    else:
        assert (after.state, after.captured_fen) == (gateway.AWAITING_PAYER, 0)
        assert after.failure_code == "payment_intent_authentication_failure"


def test_a_declined_card_leaves_the_payment_waiting_with_the_reason(server: Server) -> None:
    made = server.port.start_payment(_order())
    server.pays(made.number, DECLINED_LATER)
    after = server.port.payment(made.number)
    assert (after.state, after.captured_fen) == (gateway.AWAITING_PAYER, 0)
    assert after.failure_code in ("card_declined", "generic_decline")


def test_a_cancelled_payment_is_not_captured(server: Server) -> None:
    held = _paid(server, capture="manual")
    assert server.port.cancel(held.number, key=secrets.token_hex(8)).state == gateway.CANCELLED
    if server.has("captures after cancel"):
        server.port.capture(held.number, amount_fen=1_000, key=secrets.token_hex(8))
        return
    with pytest.raises(Declined):
        server.port.capture(held.number, amount_fen=1_000, key=secrets.token_hex(8))


def test_a_captured_payment_is_not_cancelled(server: Server) -> None:
    with pytest.raises(Declined):
        server.port.cancel(_paid(server).number, key=secrets.token_hex(8))


def test_refunds_in_part_and_in_full_and_never_more(server: Server) -> None:
    paid = _paid(server)

    def refund(fen: int) -> gateway.Refund:
        told = {"reference": f"r{fen}-{paid.number}", "key": secrets.token_hex(8)}
        return server.port.refund(RefundOrder(payment_number=paid.number, amount_fen=fen, **told))

    made = refund(300)
    assert (made.state, made.amount_fen) == (gateway.SUCCEEDED, 300)
    assert server.port.refund_now(made.number) == made
    assert refund(700).state == gateway.SUCCEEDED
    found = server.port.find_refunds({f"r300-{paid.number}", "other"}, payment_number=paid.number)
    assert found == {f"r300-{paid.number}": made}
    if server.has("refunds too much"):
        assert refund(1).state == gateway.SUCCEEDED
        return
    with pytest.raises(Declined):
        refund(1)


def test_what_was_not_paid_is_not_refunded(server: Server) -> None:
    made = server.port.start_payment(_order())
    with pytest.raises(Declined):
        server.port.refund(RefundOrder(reference="r", key="k", payment_number=made.number, amount_fen=1))


def test_one_key_makes_one_thing_and_it_is_found_by_its_reference(server: Server) -> None:
    order = _order()
    made = server.port.start_payment(order)
    again = server.port.start_payment(order)
    assert (again.number == made.number) is not server.has("ignores keys")
    found = server.port.find_payments({order.reference, "other"}, since=_since())
    assert found.keys() == {order.reference}
    assert found[order.reference].number in (made.number, again.number)


@pytest.mark.parametrize(("method", "kind"), [("alipay", "redirect"), ("wechat_pay", "qr")])
def test_a_wallet_is_paid_on_its_page_or_by_its_code(server: Server, method: str, kind: str) -> None:
    order = _order(method=method, return_url="https://water.example.cn/back")
    if server.has("no wallets"):
        with pytest.raises(Declined):
            server.port.start_payment(order)
        return
    made = server.port.start_payment(order)
    assert made.action is not None
    assert (made.action.kind, bool(made.action.url)) == (kind, True)
    server.authenticates(made.number, success=True)
    assert server.port.payment(made.number).state == gateway.CAPTURED


def test_money_is_paid_out_to_a_bank(server: Server) -> None:
    told = {"reference": secrets.token_hex(8), "key": secrets.token_hex(8)}
    order = PayoutOrder(amount_fen=200, route="bank", destination="ba_1", **told)
    if server.has("payouts in euro only"):
        with pytest.raises(Declined):
            server.port.pay_out(order)
        return
    made = server.port.pay_out(order)
    assert (made.amount_fen, made.state) in [(200, gateway.IN_TRANSIT), (200, gateway.PAID)]
    assert server.port.payout_now(made.number, route="bank").state == gateway.PAID
    found = server.port.find_payouts({order.reference}, route="bank", since=_since())
    assert found[order.reference].number == made.number


def test_money_is_paid_out_to_a_connected_account(server: Server) -> None:
    told = {"reference": secrets.token_hex(8), "key": secrets.token_hex(8)}
    order = PayoutOrder(amount_fen=200, route="account", destination="acct_1", **told)
    if server.has("no transfers"):
        with pytest.raises(OutcomeUnknown):  # its answer is no JSON: who cannot read it does not know
            server.port.pay_out(order)
        return
    made = server.port.pay_out(order)
    assert (made.amount_fen, made.state) == (200, gateway.PAID)
    assert server.port.find_payouts({order.reference}, route="account", since=_since()).keys() == {
        order.reference
    }
    with pytest.raises(NotThere):
        server.port.pay_out(PayoutOrder(reference="x", key=secrets.token_hex(8), amount_fen=1, route="account",
                                        destination="nowhere"))  # fmt: skip


def test_the_account_has_a_line_for_what_was_captured_and_refunded(server: Server) -> None:
    paid = _paid(server, 700)
    made = server.port.refund(
        RefundOrder(reference="l", key=secrets.token_hex(8), payment_number=paid.number, amount_fen=100)
    )
    lines = server.port.entries(since=_since(), until=clock.now() + dt.timedelta(minutes=1))
    found = {(each.kind, each.source): (each.currency, each.gross_fen) for each in lines}
    assert found["capture", paid.source] == ("CNY", 700)
    assert found["refund", made.number] == ("CNY", -100)


def test_what_is_not_there_is_not_there(server: Server) -> None:
    with pytest.raises(NotThere):
        server.port.payment("pi_0000000000000000")


def test_the_faults_are_those_of_a_smaller_server(server: Server) -> None:
    full = StripeGateway(server.url, server.key, breaker=Breaker())
    if server.has("names no methods"):
        with pytest.raises(Declined):
            full.start_payment(_order())
    else:
        assert full.start_payment(_order()).state == gateway.AWAITING_PAYER
    if server.has("no filter by time"):
        with pytest.raises(Declined):
            full.find_payments({"x"}, since=_since())
    else:
        assert full.find_payments({"x"}, since=_since()) == {}
