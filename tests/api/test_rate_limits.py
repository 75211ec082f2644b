"""Rate limits: by user, by address for strangers, strict where guesses could be tried; told in every answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from market.app import create_app
from tests.api.market import Market, bearer, open_market

A_MINUTE = 12


@pytest.fixture
def market(fresh_database_url: str, tmp_path: Path) -> Market:
    """A market that answers twelve requests a minute."""
    found = open_market(fresh_database_url, tmp_path)
    found.bureau("auditor", "auditor")
    found.bureau("registrar", "registrar")
    settings = replace(found.settings, requests_per_minute=A_MINUTE)
    found.client = create_app(settings).test_client(use_cookies=False)
    return found


def test_each_user_has_a_limit_of_its_own_and_is_told(market: Market) -> None:
    auditor, registrar = market.bureau("auditor"), market.bureau("registrar")
    answers = [market.client.get("/v1/me", headers=auditor) for _ in range(A_MINUTE + 1)]
    assert [each.status_code for each in answers] == [200] * A_MINUTE + [429]
    assert [int(each.headers["RateLimit-Remaining"]) for each in answers] == [*range(A_MINUTE - 1, -1, -1), 0]
    assert answers[0].headers["RateLimit-Limit"] == str(A_MINUTE)
    last = answers[-1]
    assert (last.json["code"], last.content_type) == ("too_many_requests", "application/problem+json")
    assert 0 < int(last.headers["Retry-After"]) <= 60
    assert market.client.get("/v1/me", headers=registrar).status_code == 200


def test_made_up_credentials_count_for_the_address_that_sends_them(market: Market) -> None:
    statuses = [
        market.client.get("/v1/me", headers=bearer(f"guess-{number}")).status_code
        for number in range(A_MINUTE + 1)
    ]
    assert statuses == [401] * A_MINUTE + [429]
    assert market.client.get("/v1/products").status_code == 429
    assert market.client.get("/v1/me", headers=market.bureau("auditor")).status_code == 200


def test_sign_ins_are_limited_more_strictly(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("market.api.limits.STRICT_PER_MINUTE", 3)
    market.client = create_app(replace(market.settings, requests_per_minute=1_000)).test_client(
        use_cookies=False
    )
    body = {"login": "nobody", "password": "wrong password"}
    statuses = [market.client.post("/v1/auth/token", json=body).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
