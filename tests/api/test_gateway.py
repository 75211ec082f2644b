"""Deposits, refunds and payouts through a provider over HTTP, and the events that the provider sends."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from market import jobs, prove
from market.core import clock
from market.core.config import Settings
from market.payments import signatures
from market.payments.sandbox import intents
from market.payments.sandbox.server import Sandbox, running
from market.payments.stripe_http import SIGNATURE_HEADER
from tests.api.county import County, open_county

SECRET = "whsec_county"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running(Sandbox()) as found:
        yield found


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[County]:
    """The demonstration county with an emulated provider."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        assert _start(found).json["code"] == "no_gateway"
        found.settings = dataclasses.replace(
            found.settings, gateway_url=sandbox.url, gateway_key="sk_test_1",
            gateway_webhook_secrets=f"whsec_old,{SECRET}",
        )  # fmt: skip
        found.app.config["KAREZ"] = found.settings
        yield found


def _start(county: County, **other: Any) -> TestResponse:
    body = {"amount": "100.00", "method": "wechat_pay"} | other
    return county.client.post("/v1/gateway-payments", json=body, headers=county.headers("centre"))


def _work(county: County) -> None:
    jobs.run(county.settings.url(), jobs.named("gateway"), county.settings)


def _send(county: County, body: bytes, header: str) -> TestResponse:
    return county.client.post(
        "/v1/gateway/webhooks", data=body, headers={SIGNATURE_HEADER: header}, content_type="application/json"
    )


def test_a_deposit_by_wallet_its_refund_and_a_payout(county: County, sandbox: Sandbox) -> None:
    account = county.get("centre", "/money-accounts")["data"][0]
    started = _start(county)
    assert (started.status_code, started.json["status"], started.json["action"]) == (201, "created", None)
    path = f"/gateway-payments/{started.json['id']}"
    _work(county)
    waiting = county.get("centre", path)
    assert (waiting["status"], waiting["action"]["kind"]) == ("awaiting_payer", "qr")
    with sandbox.world.busy:
        intents.authenticate(sandbox.world, waiting["provider_reference"], success=True)
    paid = next(
        each for each in sandbox.world.things["event"].values() if each["type"] == "payment_intent.succeeded"
    )
    body = json.dumps(paid).encode()
    header = signatures.sign(body, SECRET, int(clock.now().timestamp()))
    assert [_send(county, body, header).json["new"] for _ in range(2)] == [True, False]
    assert (
        county.get("centre", path)["status"] == "awaiting_payer"
    )  # an event is a reason to look, and no more
    _work(county)
    captured = county.get("treasurer", path)
    assert (captured["status"], captured["captured"], captured["fee"]) == ("captured", "100.00", "0.60")
    _refunds_and_pays_out(county, path, account)
    assert prove.run(county.settings.url())["violations"] == 0


def _refunds_and_pays_out(county: County, path: str, account: dict[str, Any]) -> None:
    over = county.client.post(
        f"/v1{path}/refunds",
        json={"amount": "100.01", "reason": "tests"},
        headers=county.headers("treasurer"),
    )
    assert (over.status_code, over.json["code"], over.json["available"]) == (
        422,
        "refund_over_captured",
        "100.00",
    )
    refund = county.post("treasurer", f"{path}/refunds", {"amount": "30.00", "reason": "paid too much"})
    assert refund["status"] == "created"
    body = {"money_account_id": account["id"], "amount": "20.00", "route": "bank", "destination": "ba_1"}
    payout = county.post("treasurer", "/gateway-payouts", body)
    held = county.get("centre", f"/money-accounts/{account['id']}")
    assert float(held["held"]) - float(account["held"]) == 50
    _work(county)
    assert [each["status"] for each in county.get("centre", f"{path}/refunds")["data"]] == ["succeeded"]
    assert county.get("centre", f"/gateway-payouts/{payout['id']}")["status"] in ("in_transit", "paid")
    lines = county.get("centre", f"/money-accounts/{account['id']}/statement?limit=200")["data"]
    found = {each["code"]: each["subject_id"][:3] for each in lines if each["code"].startswith("gateway")}
    assert found == {"gateway_deposit": "gpy", "gateway_refund": "grf", "gateway_payout": "gpo"}


def test_an_event_that_the_provider_did_not_sign_is_refused(county: County) -> None:
    now = int(clock.now().timestamp())
    for header in ("", signatures.sign(b"{}", "whsec_other", now), signatures.sign(b"{}", SECRET, now - 301)):
        answer = _send(county, b"{}", header)
        assert (answer.status_code, answer.json["code"]) == (400, "event_not_signed")


def test_what_cannot_be_is_refused_with_its_rule(county: County) -> None:
    assert _start(county, capture="manual").json["code"] == "capture_not_possible"
    assert _start(county, amount="0.00").status_code == 422
    assert _start(county, return_url="javascript:alert(1)").status_code == 422
    made = _start(county, method="card").json["id"]
    early = county.client.post(
        f"/v1/gateway-payments/{made}/capture", json={}, headers=county.headers("treasurer")
    )
    assert (early.status_code, early.json["code"]) == (409, "gateway_payment_state")


def test_settings_keep_the_provider_s_secrets_out_of_what_is_printed() -> None:
    settings = Settings(
        data_dir=Path("var"), gateway_url="https://p", gateway_key="sk_live_1", gateway_webhook_secrets="w"
    )
    assert "sk_live_1" not in repr(settings)
    assert settings.environment()["KAREZ_GATEWAY_WEBHOOK_SECRETS"] == "w"
