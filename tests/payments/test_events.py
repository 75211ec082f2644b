"""Incoming events: signed, kept once for ever, in any order, as often as they come (`make soak` has 100 000)."""

from __future__ import annotations

import json

import psycopg
import pytest
import stripe

from market.core import clock, db
from market.payments import signatures
from market.payments.gateway import EventRefused
from market.payments.stripe_http import API_VERSION, SIGNATURE_HEADER, StripeGateway
from tests.payments import flood

PORT = StripeGateway("http://127.0.0.1:9", "sk_test_1", webhook_secrets=("one", "two"))
BODY = json.dumps(
    {"id": "evt_1", "type": "payout.paid", "created": 1_795_660_000,
     "data": {"object": {"object": "payout", "id": "po_1", "metadata": {"karez_reference": "kz_1"}}}}
).encode()  # fmt: skip


def test_a_flood_of_events_has_each_effect_once(database_url: str) -> None:
    report = flood.run(database_url, payments=60, times=9, seed=3)
    assert report.sound(), report
    assert report.sent >= 2_000
    with db.connect(database_url) as connection:
        with pytest.raises(psycopg.errors.RestrictViolation):
            connection.execute("DELETE FROM gateway_events")
        connection.rollback()
        with pytest.raises(psycopg.errors.RestrictViolation):
            connection.execute("UPDATE gateway_movements SET fen = 1")


@pytest.mark.parametrize("secret", ["one", "two"])
def test_either_secret_signs_while_they_are_changed(secret: str) -> None:
    now = clock.now()
    header = signatures.sign(BODY, secret, int(now.timestamp()))
    event = PORT.event(BODY, {SIGNATURE_HEADER: header}, now=now)
    assert (event.number, event.subject, event.subject_number, event.reference) == (
        "evt_1",
        "payout",
        "po_1",
        "kz_1",
    )


def test_a_signature_by_several_secrets_at_once_is_good() -> None:
    now = clock.now()
    at = int(now.timestamp())
    both = signatures.sign(BODY, "gone", at) + "," + signatures.sign(BODY, "two", at).partition(",")[2]
    assert signatures.problem(BODY, both, ("one", "two"), now) is None


@pytest.mark.parametrize(("early", "good"), [(300, True), (301, False), (-300, True), (-301, False)])
def test_a_signature_is_good_for_five_minutes(early: int, good: bool) -> None:
    now = clock.now()
    header = signatures.sign(BODY, "one", int(now.timestamp()) - early)
    assert (signatures.problem(BODY, header, ("one",), now) is None) is good


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=1",
        "v1=00",
        "t=,v1=00",
        "t=x,v1=00",
        "t=1,t=2,v1=00",
        "t=1795660000,v0=00",
        "t=1,v1=\u00e9",
        ",",
    ],
)
def test_a_header_that_signs_nothing_is_refused(header: str) -> None:
    with pytest.raises(EventRefused):
        PORT.event(BODY, {SIGNATURE_HEADER: header}, now=clock.now())


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b"\xff", b'{"id": 1}',
     b'{"id": "e", "type": "t", "created": "x", "data": {"object": {}}}',
     b'{"id": "e\\u0000", "type": "t", "created": 1, "data": {"object": {"object": "payout"}}}',
     b'{"id": "e", "type": "t", "created": 1, "data": {"object": []}}'],
)  # fmt: skip
def test_a_signed_body_that_is_no_event_is_refused(body: bytes) -> None:
    now = clock.now()
    header = signatures.sign(body, "one", int(now.timestamp()))
    with pytest.raises(EventRefused):
        PORT.event(body, {SIGNATURE_HEADER: header}, now=now)


def test_the_official_package_agrees_on_what_is_signed() -> None:
    now = clock.now()
    at = int(now.timestamp())
    found = stripe.Webhook.construct_event(BODY, signatures.sign(BODY, "one", at), "one")
    assert found["id"] == "evt_1"
    theirs = stripe.WebhookSignature._compute_signature(f"{at}.{BODY.decode()}", "one")
    assert signatures.problem(BODY, f"t={at},v1={theirs}", ("one",), now) is None
    for wrong in (signatures.sign(BODY, "other", at), signatures.sign(BODY, "one", at - 301)):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(BODY, wrong, "one")
        assert signatures.problem(BODY, wrong, ("one",), now) is not None


def test_the_version_that_is_asked_for_is_that_of_the_referee() -> None:
    assert stripe.api_version == API_VERSION
