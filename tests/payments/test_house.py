"""Money is credited once when it is captured, held before it goes out, and given back when it did not go."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from market import prove
from market.core import db
from market.payments import gateway_calls, gateway_errors, gateway_payments
from market.payments.errors import PayoutOverAvailable
from market.payments.gateway_models import GatewayCall
from market.payments.sandbox.server import Sandbox, running
from market.payments.sandbox.world import World
from market.payments.stripe_http import StripeGateway
from tests.payments import localstripe
from tests.payments.house import TREASURER, House, open_house
from tests.payments.referee import Refereed


@pytest.fixture(scope="module")
def served(database_url: str) -> Iterator[House]:
    """The money of this module's market, and its emulated provider."""
    with running(Sandbox(world=World(funds_fen=10_000_000, late_s=60))) as sandbox:
        provider = Refereed(sandbox.url, "sk_test_1", webhook_secrets=("a", "b"))
        yield open_house(database_url, provider, world=sandbox.world)


@pytest.fixture
def house(served: House) -> Iterator[House]:
    """The same with a new participant; afterwards every invariant of money holds."""
    served.people = open_house(served.url, served.provider, world=served.world).people
    served.emulated.script.clear()
    yield served
    with db.connect(served.url) as connection:
        assert prove.broken(connection, 1, 2, 4, 6, 12, 15) == []


def _calls(house: House, **where: int) -> list[GatewayCall]:
    with db.transaction(house.url) as session:
        return list(session.query(GatewayCall).filter_by(**where).order_by(GatewayCall.id))


def test_a_deposit_is_credited_once_when_the_provider_says_captured(house: House) -> None:
    made = house.start(1_000)
    assert (house.payment(made).status, house.money()) == ("created", (0, 0))
    house.work()
    waiting = house.payment(made)
    assert (waiting.status, waiting.action_kind) == ("awaiting_payer", "confirm")
    house.pays(made)
    for _ in range(3):
        house.work(seconds=30)
    paid = house.payment(made)
    assert (paid.status, paid.captured_fen, paid.fee_fen, paid.action_kind) == ("captured", 1_000, 6, None)
    assert house.money() == (1_000, 0)


def test_a_payment_that_the_payer_cannot_pay_is_not_credited(house: House) -> None:
    made = house.start(1_000)
    house.work()
    house.pays(made, "pm_card_chargeDeclinedInsufficientFunds")
    house.work(seconds=10)
    assert (house.payment(made).status, house.payment(made).failure_code) == (
        "awaiting_payer",
        "insufficient_funds",
    )
    assert house.money() == (0, 0)


def test_an_authorised_payment_is_captured_in_part(house: House) -> None:
    made = house.deposited(1_000, capture="manual")
    assert (house.payment(made).status, house.money()) == ("authorised", (0, 0))
    with db.transaction(house.url) as session, pytest.raises(gateway_errors.CaptureOverAuthorised):
        gateway_payments.capture(session, actor=TREASURER, payment_id=made, amount_fen=1_001)
    with db.transaction(house.url) as session:
        gateway_payments.capture(session, actor=TREASURER, payment_id=made, amount_fen=400)
    with db.transaction(house.url) as session, pytest.raises(gateway_errors.CallUnderWay):
        gateway_payments.cancel(session, actor=TREASURER, payment_id=made)
    house.work()
    assert (house.payment(made).captured_fen, house.money()) == (400, (400, 0))


def test_a_wallet_cannot_be_authorised_first(house: House) -> None:
    with pytest.raises(gateway_errors.CaptureNotPossible):
        house.start(1_000, method="alipay", capture="manual")


def test_a_cancelled_payment_is_never_captured(house: House) -> None:
    made = house.deposited(1_000, capture="manual")
    with db.transaction(house.url) as session:
        gateway_payments.cancel(session, actor=TREASURER, payment_id=made)
    house.work()
    assert house.payment(made).status == "cancelled"
    with db.transaction(house.url) as session, pytest.raises(gateway_errors.PaymentState):
        gateway_payments.capture(session, actor=TREASURER, payment_id=made)


def test_a_payment_whose_payer_does_not_come_expires(house: House) -> None:
    made = house.start(1_000)
    house.work()
    house.work(seconds=25 * 3600)
    house.work(seconds=25 * 3600)
    assert (house.payment(made).status, house.money()) == ("expired", (0, 0))


def test_who_pays_at_the_last_moment_is_credited_and_not_cancelled(house: House) -> None:
    made = house.start(1_000)
    house.work()
    with db.transaction(house.url) as session:
        gateway_payments.cancel(session, actor=TREASURER, payment_id=made, ending="expired")
    house.pays(made)
    house.work()
    assert (house.payment(made).status, house.money()) == ("captured", (1_000, 0))
    assert [each.status for each in _calls(house, payment_id=made)] == ["done", "declined"]
    assert (house.payment(made).ending, house.payment(made).failure_code) == (None, None)


def test_an_authorisation_that_the_provider_ends_has_expired(house: House) -> None:
    made = house.deposited(1_000, capture="manual")
    with house.emulated.busy:
        house.emulated.ahead_s += 8 * 24 * 3600
        house.emulated.catch_up()
        house.emulated.ahead_s -= 8 * 24 * 3600
    house.work(seconds=3600)
    assert house.payment(made).status == "expired"


def test_another_amount_than_was_asked_is_not_credited_and_becomes_a_case(house: House) -> None:
    made = house.start(1_000)
    house.work()
    house.emulated.spoil("wrong_amount", "payment_intents", 1)
    house.pays(made)
    house.work(seconds=30)
    assert (house.payment(made).status, house.money()) == ("mismatched", (0, 0))
    assert [(each.kind, each.provider_fen) for each in house.reconcile()] == [("not_in_books", 999)]


def test_a_refund_is_held_first_and_never_more_than_was_captured(house: House) -> None:
    made = house.deposited(1_000)
    refund = house.refund(made, 300)
    assert house.money() == (1_000, 300)
    with pytest.raises(gateway_errors.RefundOverCaptured) as refusal:
        house.refund(made, 701)
    assert refusal.value.available == "7.00"
    house.work()
    assert (house.refunded(refund).status, house.money()) == ("succeeded", (700, 0))
    rest = house.refund(made)
    house.work()
    assert (house.refunded(rest).amount_fen, house.money()) == (700, (0, 0))
    with pytest.raises(gateway_errors.RefundOverCaptured):
        house.refund(made, 1)


def test_what_was_spent_is_not_refunded(house: House) -> None:
    made = house.deposited(1_000)
    house.pay_out(900)
    with pytest.raises(gateway_errors.RefundOverAvailable) as refusal:
        house.refund(made, 200)
    assert refusal.value.available == "1.00"
    house.work()


def test_a_refund_that_fails_later_is_credited_again(house: House) -> None:
    made = house.deposited(1_000)
    house.emulated.spoil("late_failure", "refunds.create", 1)
    refund = house.refund(made, 300)
    house.work()
    assert (house.refunded(refund).status, house.money()) == ("succeeded", (700, 0))
    _late(house, "gateway_refunds", refund)
    assert (house.refunded(refund).status, house.money()) == ("returned", (1_000, 0))
    assert house.payment(made).refunded_fen == 0
    assert house.reconcile() == []


@pytest.mark.parametrize(("route", "to"), [("bank", "ba_1"), ("account", "acct_1")])
def test_a_payout_is_held_posted_when_paid_and_made_good_when_it_fails_later(
    house: House, route: str, to: str
) -> None:
    house.deposited(1_000)
    with pytest.raises(PayoutOverAvailable) as refusal:
        house.pay_out(1_001)
    assert refusal.value.available == "10.00"
    house.emulated.spoil("late_failure", "payouts" if route == "bank" else "transfers", 1)
    made = house.pay_out(400, route=route, to=to)
    assert house.money() == (1_000, 400)
    house.work()
    house.work(seconds=10)
    assert (house.payout(made).status, house.money()) == ("paid", (600, 0))
    _late(house, "gateway_payouts", made)
    assert (house.payout(made).status, house.money()) == ("returned", (1_000, 0))
    assert house.reconcile() == []


def test_a_payout_that_fails_or_is_refused_gives_its_hold_back(house: House) -> None:
    house.deposited(1_000)
    failing, refused = house.pay_out(400, to="ba_fail"), house.pay_out(100, to="nowhere")
    house.work()
    house.work(seconds=10)
    assert (house.payout(failing).status, house.payout(failing).failure_code) == ("failed", "account_closed")
    assert (house.payout(refused).status, house.payout(refused).provider_id) == ("failed", None)
    assert house.money() == (1_000, 0)
    assert house.reconcile() == []


def test_a_lost_answer_is_looked_for_and_nothing_is_made_twice(house: House) -> None:
    made = house.start(1_000)
    house.emulated.spoil("time_out_after", "payment_intents.create", 1)
    house.work()
    [call] = _calls(house, payment_id=made)
    assert (call.status, call.error_code, house.payment(made).provider_id) == (
        "waiting",
        "outcome_unknown",
        None,
    )
    before = len(house.emulated.things["payment_intent"])
    house.work(seconds=10)
    assert house.payment(made).status == "awaiting_payer"
    assert len(house.emulated.things["payment_intent"]) == before


def test_what_never_arrived_is_sent_again_with_its_first_key(house: House) -> None:
    made = house.deposited(1_000)
    payout = house.pay_out(300)
    house.emulated.spoil("time_out_before", "payouts.create", 1)
    house.work()
    assert (house.payout(payout).status, house.money()) == ("created", (1_000, 300))
    house.emulated.spoil("error_500", "payouts.create", 1)
    house.work(seconds=10)
    house.work(seconds=60)
    house.work(seconds=90)
    [call] = _calls(house, payout_id=payout)
    assert (call.tries, call.status, house.payout(payout).status, house.money()) == (
        3,
        "done",
        "paid",
        (700, 0),
    )
    assert made


def test_what_a_worker_took_up_before_it_died_is_taken_up_by_the_next(house: House) -> None:
    house.deposited(1_000)
    payout = house.pay_out(300)
    assert [each.payout_id for each in gateway_calls.claim(house.url, limit=10)] == [payout]
    assert (house.work(), house.payout(payout).status) == (0, "created")  # it is taken
    house.work(seconds=10)
    house.work(seconds=30)
    assert (house.payout(payout).status, house.money()) == ("paid", (700, 0))


def test_what_the_provider_does_not_have_after_a_day_is_given_up(house: House) -> None:
    house.deposited(1_000)
    payout = house.pay_out(300)
    house.emulated.spoil("time_out_before", "payouts.create", 1)
    house.work()
    house.work(seconds=24 * 3600)
    [call] = _calls(house, payout_id=payout)
    assert (call.status, house.payout(payout).status, house.money()) == ("given_up", "failed", (1_000, 0))
    assert house.payout(payout).failure_code == gateway_calls.NEVER_ARRIVED


def test_a_capture_whose_answer_was_lost_has_had_its_effect(house: House) -> None:
    made = house.deposited(1_000, capture="manual")
    with db.transaction(house.url) as session:
        gateway_payments.capture(session, actor=TREASURER, payment_id=made)
    house.emulated.spoil("time_out_after", "payment_intents.capture", 1)
    house.work()
    house.work(seconds=10)
    assert (house.payment(made).status, house.money()) == ("captured", (1_000, 0))


def test_the_guards_hold_where_the_provider_has_none(database_url: str) -> None:
    with localstripe.running() as url:
        provider = StripeGateway(url, "sk_test_1", names_methods=False, filters_by_time=False)
        house = open_house(database_url, provider)
        authorised, captured = house.start(1_000, capture="manual"), house.start(500)
        house.work()
        for each in (authorised, captured):
            path = f"{url}/v1/payment_intents/{house.payment(each).provider_id}"
            for end, form in (("", {"payment_method": "pm_card_visa"}), ("/confirm", {})):
                requests.post(path + end, data=form, auth=("sk_test_1", ""), timeout=10).raise_for_status()
        house.work(seconds=10)
        assert house.money() == (500, 0)
        with db.transaction(house.url) as session:
            gateway_payments.cancel(session, actor=TREASURER, payment_id=authorised)
        house.work()
        with db.transaction(house.url) as session, pytest.raises(gateway_errors.PaymentState):
            gateway_payments.capture(session, actor=TREASURER, payment_id=authorised)
        with pytest.raises(gateway_errors.RefundOverCaptured):
            house.refund(captured, 501)
        house.refund(captured, 500)
        house.work()
        assert house.money() == (0, 0)


def _late(house: House, table: str, number: int) -> None:
    """What the provider had scheduled for later happens, and an event says to look."""
    with house.emulated.busy:
        house.emulated.ahead_s += 600
        house.emulated.catch_up()
        house.emulated.ahead_s -= 600
    look = {"gateway_refunds": "UPDATE gateway_refunds", "gateway_payouts": "UPDATE gateway_payouts"}[table]
    with db.connect(house.url) as connection:
        connection.execute(f"{look} SET look_at = now() WHERE id = %s", (number,))
    house.work()
