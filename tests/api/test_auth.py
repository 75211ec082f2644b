"""Sign-in over HTTP: tokens, rotation, sign-out, cookies, locks, one-time codes, API keys, mandates."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyotp
import pytest

from market.core import clock, db
from market.participants import access
from tests.api.market import PASSWORD, Market, bearer, open_market


@pytest.fixture(scope="module")
def market(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Market:
    return open_market(database_url, Path(tmp_path_factory.mktemp("data")))


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is kept: what the database says counts at the next request."""
    monkeypatch.setattr(access, "FRESH_S", 0.0)


def test_a_token_says_who_one_is(market: Market) -> None:
    mine = market.participant("me-holder")
    found = market.client.get("/v1/me", headers=bearer(market.sign_in("me-holder")["access_token"]))
    assert found.status_code == 200
    assert found.json["participant_id"] == mine["id"]
    assert found.json["roles"] == ["holder"]
    assert found.json["mandate_id"] is None


@pytest.mark.parametrize("login", ["wrong-password", "nobody"])
def test_what_does_not_fit_is_not_told(market: Market, login: str) -> None:
    market.bureau("wrong-password", "auditor")
    answer = market.client.post("/v1/auth/token", json={"login": login, "password": "not this one at all"})
    assert (answer.status_code, answer.json["code"]) == (401, "wrong_credentials")
    assert answer.content_type == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "sent", ["", "Bearer", "Bearer x.y.z", "Basic YTpi", "Bearer kz_0011_secret", "Bearer kz_"]
)
def test_no_valid_credential_is_401(market: Market, sent: str) -> None:
    answer = market.client.get("/v1/me", headers={"Authorization": sent})
    assert (answer.status_code, answer.json["code"]) == (401, "not_authenticated")


def test_an_access_token_ends_after_a_quarter_of_an_hour(market: Market) -> None:
    headers = market.bureau("brief", "auditor")
    with clock.moved_to(clock.now() + dt.timedelta(minutes=14)):
        assert market.client.get("/v1/me", headers=headers).status_code == 200
    with clock.moved_to(clock.now() + dt.timedelta(minutes=16)):
        assert market.client.get("/v1/me", headers=headers).status_code == 401


def test_a_refresh_token_works_once_and_its_reuse_ends_all_sessions(market: Market, at_once: None) -> None:
    market.bureau("rotating", "auditor")
    first = market.sign_in("rotating")
    second = market.client.post("/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert second.status_code == 200
    assert market.client.get("/v1/me", headers=bearer(second.json["access_token"])).status_code == 200
    stolen = market.client.post("/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert (stolen.status_code, stolen.json["code"]) == (401, "token_reused")
    assert market.client.get("/v1/me", headers=bearer(second.json["access_token"])).status_code == 401
    again = market.client.post("/v1/auth/refresh", json={"refresh_token": second.json["refresh_token"]})
    assert again.status_code == 401


def test_tokens_of_one_kind_do_not_serve_as_the_other(market: Market) -> None:
    market.bureau("mixing", "auditor")
    pair = market.sign_in("mixing")
    assert market.client.get("/v1/me", headers=bearer(pair["refresh_token"])).status_code == 401
    answer = market.client.post("/v1/auth/refresh", json={"refresh_token": pair["access_token"]})
    assert answer.status_code == 401


def test_sign_out_ends_this_session_and_no_other(market: Market) -> None:
    market.bureau("leaving", "auditor")
    one, other = market.sign_in("leaving"), market.sign_in("leaving")
    answer = market.client.post(
        "/v1/auth/sign-out",
        json={"refresh_token": one["refresh_token"]},
        headers=bearer(one["access_token"]),
    )
    assert answer.status_code == 204
    assert market.client.get("/v1/me", headers=bearer(one["access_token"])).status_code == 401
    assert market.client.get("/v1/me", headers=bearer(other["access_token"])).status_code == 200
    assert (
        market.client.post("/v1/auth/refresh", json={"refresh_token": one["refresh_token"]}).status_code
        == 401
    )


def test_eight_failures_lock_for_a_quarter_of_an_hour(market: Market) -> None:
    market.bureau("guessed", "auditor")
    for _ in range(8):
        answer = market.client.post("/v1/auth/token", json={"login": "guessed", "password": "a wrong guess"})
        assert answer.status_code == 401
    locked = market.client.post("/v1/auth/token", json={"login": "guessed", "password": PASSWORD})
    assert (locked.status_code, locked.json["code"]) == (401, "locked_out")
    with clock.moved_to(clock.now() + dt.timedelta(minutes=16)):
        market.sign_in("guessed")


def test_a_one_time_code_is_needed_and_works_once(market: Market) -> None:
    made = market.client.post(
        "/v1/users",
        json={"login": "coded", "name": "C", "password": PASSWORD, "roles": ["reviewer"], "totp": True},
        headers=market.bureau("admin", "administrator"),
    )
    assert made.status_code == 201
    codes = pyotp.TOTP(made.json["totp_secret"])
    body = {"login": "coded", "password": PASSWORD}
    assert market.client.post("/v1/auth/token", json=body).status_code == 401
    code = codes.at(clock.now())
    market.sign_in("coded", totp=code)
    assert market.client.post("/v1/auth/token", json=body | {"totp": code}).status_code == 401
    with clock.moved_to(clock.now() + dt.timedelta(seconds=90)):
        market.sign_in("coded", totp=codes.at(clock.now()))


def test_the_cookie_mode_asks_for_the_csrf_value(market: Market) -> None:
    market.bureau("paging", "auditor")
    browser = market.client.application.test_client()
    opened = browser.post("/v1/auth/session", json={"login": "paging", "password": PASSWORD})
    assert opened.status_code == 200
    assert "access_token" not in opened.json
    assert all(
        "HttpOnly" in each and "SameSite=Strict" in each for each in opened.headers.getlist("Set-Cookie")
    )
    assert browser.get("/v1/me").status_code == 200
    body = {"label": "page", "scopes": ["read"]}
    refused = browser.post("/v1/api-keys", json=body)
    assert (refused.status_code, refused.json["code"]) == (403, "csrf_failed")
    csrf = {"X-CSRF-TOKEN": opened.json["csrf"]}
    assert browser.post("/v1/api-keys", json=body, headers=csrf).status_code == 201
    assert browser.post("/v1/auth/refresh", json={}).status_code == 403
    renewed = browser.post("/v1/auth/refresh", json={}, headers={"X-CSRF-TOKEN": opened.json["refresh_csrf"]})
    assert renewed.status_code == 200
    assert set(renewed.json) == {
        "csrf", "refresh_csrf", "expires_in", "refresh_expires_in", "must_set_up_totp",
    }  # fmt: skip
    csrf = {"X-CSRF-TOKEN": renewed.json["csrf"]}
    assert browser.post("/v1/auth/sign-out", json={}, headers=csrf).status_code == 204
    assert browser.get("/v1/me").status_code == 401


def test_a_key_is_scoped_rotated_and_revoked(market: Market, at_once: None) -> None:
    market.participant("keyed")
    signed_in = bearer(market.sign_in("keyed")["access_token"])
    made = market.client.post("/v1/api-keys", json={"label": "bot", "scopes": ["read"]}, headers=signed_in)
    assert made.status_code == 201
    key = bearer(made.json["secret"])
    assert market.client.get("/v1/me", headers=key).json["scopes"] == ["read"]
    for method, path in (("POST", "/v1/api-keys"), ("GET", "/v1/api-keys"), ("POST", "/v1/auth/sign-out")):
        assert market.client.open(path, method=method, json={}, headers=key).status_code == 403
    url = f"/v1/api-keys/{made.json['id']}"
    rotated = market.client.post(f"{url}/rotate", headers=signed_in)
    assert rotated.status_code == 201
    assert market.client.get("/v1/me", headers=key).status_code == 200  # a day of grace
    assert market.client.post(f"{url}/rotate", headers=signed_in).status_code == 409
    with clock.moved_to(clock.now() + dt.timedelta(hours=25)):
        assert market.client.get("/v1/me", headers=key).status_code == 401
    new = bearer(rotated.json["secret"])
    assert market.client.get("/v1/me", headers=new).status_code == 200
    url = f"/v1/api-keys/{rotated.json['id']}"
    assert market.client.post(f"{url}/revoke", headers=signed_in).status_code == 200
    assert market.client.get("/v1/me", headers=new).status_code == 401
    listed = market.client.get("/v1/api-keys", headers=signed_in).json["data"]
    assert [each["rotated_from"] for each in listed] == [None, made.json["id"]]
    assert not any("secret" in each for each in listed)


def test_who_asks_is_known_without_a_query_for_two_seconds(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = market.bureau("often", "auditor")
    assert access.FRESH_S == 2.0
    monkeypatch.setattr(access, "FRESH_S", 600.0)
    assert market.client.get("/v1/me", headers=headers).status_code == 200

    def no_query(*_: object) -> None:
        raise AssertionError("a query for a sign-in that is known")

    monkeypatch.setattr(db, "look_up", no_query)
    assert market.client.get("/v1/me", headers=headers).status_code == 200
    access.forget(market.settings)
    with pytest.raises(AssertionError):
        access._user(market.settings, 1)
