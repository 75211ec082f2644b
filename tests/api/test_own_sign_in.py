"""One's own sign-in: codes to a telephone, new passwords, authenticators, sessions that end."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from typing import Any

import pyotp
import pytest

from market.api import later, own_sign_in
from market.app import create_app
from market.core import clock, db
from market.core.config import Settings
from market.participants import access, messages
from tests.api.market import PASSWORD, Market, bearer, open_market

NEW = "another good password"
_later = clock.moved_to


class Carrier:
    """A carrier of messages that keeps what it was given."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def send(self, phone: str, words: str) -> None:
        self.sent.append((phone, words))

    def code(self) -> str:
        """The last code that was sent."""
        found = re.search(r"\b[0-9]{6}\b", self.sent[-1][1])
        assert found is not None
        return found[0]


@pytest.fixture(scope="module")
def market(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Market:
    found = open_market(database_url, tmp_path_factory.mktemp("market"))
    app(found).config[later.AT_ONCE] = True
    return found


@pytest.fixture
def carrier(market: Market, monkeypatch: pytest.MonkeyPatch) -> Carrier:
    """What is sent is kept, and what is ended is ended at once."""
    monkeypatch.setattr(access, "FRESH_S", 0.0)
    found = Carrier()
    app(market).config[own_sign_in.MESSAGES] = found
    return found


def app(market: Market) -> Any:
    return market.client.application


def ask(market: Market, path: str, body: Any = None, **headers: str) -> Any:
    return market.client.post(f"/v1{path}", json=body or {}, headers=headers)


def holder(market: Market, carrier: Carrier, login: str, phone: str) -> dict[str, str]:
    """A holder with a telephone; the headers of its session."""
    market.participant(login)
    headers = bearer(market.sign_in(login)["access_token"])
    given = ask(market, "/me/phone", {"phone": phone, "password": PASSWORD}, **headers)
    assert (given.status_code, carrier.sent[-1][0]) == (202, phone)
    assert ask(market, "/me/phone/confirm", {"code": carrier.code()}, **headers).status_code == 200
    return headers


def after(minutes: float) -> Any:
    return _later(clock.now() + dt.timedelta(minutes=minutes))


def audited(market: Market) -> str:
    with db.connect(market.url()) as connection:
        return " ".join(str(row) for row in connection.execute("SELECT action, detail FROM audit").fetchall())


def test_a_holder_signs_in_with_a_code_once(market: Market, carrier: Carrier) -> None:
    holder(market, carrier, "farmer", "13800000001")
    with after(2):
        asked = ask(market, "/auth/codes", {"login": "farmer"})
        assert (asked.status_code, asked.json) == (202, {"expires_in": 300})
        code = carrier.code()
        assert market.client.post("/v1/auth/token", json={"login": "farmer", "code": code}).status_code == 200
        again = market.client.post("/v1/auth/token", json={"login": "farmer", "code": code})
        assert (again.status_code, again.json["code"]) == (401, "wrong_credentials")
        both = market.client.post(
            "/v1/auth/token", json={"login": "farmer", "code": code, "password": PASSWORD}
        )
        assert both.status_code == 422
    assert code not in audited(market)
    assert "13800000001" not in audited(market)


def test_every_login_is_answered_alike_and_codes_are_few(market: Market, carrier: Carrier) -> None:
    holder(market, carrier, "often", "13800000002")
    market.bureau("clerk", "registrar")
    market.participant("silent")
    carrier.sent.clear()
    with after(2):
        answers = [
            ask(market, "/auth/codes", {"login": who}) for who in ("often", "clerk", "silent", "nobody")
        ]
        assert len({(each.status_code, each.text) for each in answers}) == 1
        assert [phone for phone, _ in carrier.sent] == ["13800000002"]
        ask(market, "/auth/codes", {"login": "often"})
        ask(market, "/auth/password-reset", {"login": "often"})
        assert len(carrier.sent) == 1  # one a minute
    for minute in range(4, 12, 2):
        with after(minute):
            ask(market, "/auth/codes", {"login": "often"})
    assert len(carrier.sent) == 4  # five an hour, the proof of the telephone among them
    with after(64):
        ask(market, "/auth/codes", {"login": "often"})
    assert len(carrier.sent) == 5


@pytest.mark.parametrize(("minutes", "wrong", "good"), [(4, 4, 200), (4, 5, 401), (5.1, 0, 401)])
def test_a_code_is_good_for_five_minutes_and_five_tries(
    market: Market, carrier: Carrier, minutes: float, wrong: int, good: int
) -> None:
    login = f"tries-{wrong}-{good}"
    holder(market, carrier, login, f"1390000{wrong}{good}")
    with after(2):
        ask(market, "/auth/codes", {"login": login})
        code = carrier.code()
        other = f"{(int(code) + 1) % 1_000_000:06d}"
        for _ in range(wrong):
            assert (
                market.client.post("/v1/auth/token", json={"login": login, "code": other}).status_code == 401
            )
        with after(minutes):
            answer = market.client.post("/v1/auth/token", json={"login": login, "code": code})
    assert answer.status_code == good


def test_a_password_is_set_anew_with_a_code_and_every_session_ends(market: Market, carrier: Carrier) -> None:
    headers = holder(market, carrier, "forgot", "13800000003")
    with after(2):
        ask(market, "/auth/password-reset", {"login": "forgot"})
        code = carrier.code()
        body = {"login": "forgot", "code": code, "password": NEW}
        assert ask(market, "/auth/password-reset/confirm", body | {"login": "nobody"}).status_code == 401
        by_code = market.client.post("/v1/auth/token", json={"login": "forgot", "code": code})
        assert by_code.status_code == 401  # it is of another purpose
        assert (
            ask(market, "/auth/password-reset/confirm", body | {"password": "aaaaaaaaaa"}).status_code == 422
        )
        assert ask(market, "/auth/password-reset/confirm", body).status_code == 204
        assert ask(market, "/auth/password-reset/confirm", body).status_code == 401
    assert market.client.get("/v1/me", headers=headers).status_code == 401
    old = market.client.post("/v1/auth/token", json={"login": "forgot", "password": PASSWORD})
    assert old.status_code == 401
    market.sign_in("forgot", NEW)


def test_who_has_no_telephone_gets_a_token_over_the_counter(market: Market, carrier: Carrier) -> None:
    made = market.participant("counter")
    registrar, administrator = market.bureau("desk", "registrar"), market.bureau("chief", "administrator")
    path = f"/participants/{made['id']}/password-reset"
    assert ask(market, path, {"login": "desk", "reason": "t"}, **registrar).status_code == 404
    token = ask(market, path, {"login": "counter", "reason": "identity card"}, **registrar).json["token"]
    user = market.client.get("/v1/me", headers=registrar).json["user_id"]
    for_desk = ask(market, f"/users/{user}/password-reset", {"reason": "t"}, **administrator).json["token"]
    for login, given, due in (("desk", token, 401), ("counter", token, 204), ("desk", for_desk, 204)):
        body = {"login": login, "code": given, "password": NEW}
        for _ in range(6 if due == 401 else 0):  # nobody spends a token that cannot be guessed
            ask(market, "/auth/password-reset/confirm", body)
        assert ask(market, "/auth/password-reset/confirm", body).status_code == due
        if due == 204:
            market.sign_in(login, NEW)
    assert carrier.sent == []
    assert token not in audited(market)


def test_a_password_change_ends_the_other_sessions(market: Market, carrier: Carrier) -> None:
    market.bureau("changing", "auditor")
    one, other = market.sign_in("changing"), market.sign_in("changing")
    headers = bearer(one["access_token"])
    for body, code in (
        ({"password": "not this one", "new": NEW}, "wrong_password"),
        ({"password": PASSWORD, "new": PASSWORD}, "same_password"),
        ({"password": PASSWORD, "new": "aaaaaaaaaa"}, "weak_password"),
    ):
        assert ask(market, "/me/password", body, **headers).json["code"] == code
    changed = ask(market, "/me/password", {"password": PASSWORD, "new": NEW}, **headers)
    assert (changed.status_code, changed.json) == (200, {"ended": 2})  # the one that the market opened too
    assert market.client.get("/v1/me", headers=headers).status_code == 200
    assert market.client.get("/v1/me", headers=bearer(other["access_token"])).status_code == 401
    renewed = ask(market, "/auth/refresh", {"refresh_token": other["refresh_token"]})
    assert renewed.status_code == 401
    market.sign_in("changing", NEW)


def _set_up(market: Market, headers: dict[str, str], **proof: str) -> tuple[pyotp.TOTP, list[str]]:
    begun = ask(market, "/me/totp", {"password": PASSWORD, **proof}, **headers)
    assert begun.status_code == 201, begun.text
    assert begun.json["qr"].startswith("data:image/svg+xml")
    assert begun.json["secret"] in begun.json["uri"]
    codes = pyotp.TOTP(begun.json["secret"])
    assert ask(market, "/me/totp/confirm", {"code": "000000"}, **headers).json["code"] == "wrong_code"
    confirmed = ask(market, "/me/totp/confirm", {"code": codes.at(clock.now())}, **headers)
    assert confirmed.status_code == 200, confirmed.text
    return codes, confirmed.json["recovery_codes"]


def test_an_authenticator_is_set_up_its_codes_work_once_and_recovery_codes_too(
    market: Market, carrier: Carrier
) -> None:
    headers = market.bureau("careful", "supervisor")
    assert ask(market, "/me/totp/confirm", {"code": "000000"}, **headers).json["code"] == "totp_state"
    codes, recovery = _set_up(market, headers)
    assert len(set(recovery)) == 10
    body = {"login": "careful", "password": PASSWORD}
    used = market.client.post("/v1/auth/token", json=body | {"totp": codes.at(clock.now())})
    assert used.status_code == 401  # the code that set it up is used
    with after(2):
        code = codes.at(clock.now())
        market.sign_in("careful", totp=code)
        assert market.client.post("/v1/auth/token", json=body | {"totp": code}).status_code == 401
        market.sign_in("careful", recovery_code=recovery[0].upper())
        again = market.client.post("/v1/auth/token", json=body | {"recovery_code": recovery[0]})
        assert again.status_code == 401
        state = market.client.get("/v1/me/sign-in", headers=headers).json
        assert (state["totp"], state["totp_required"], state["recovery_codes_left"]) == (True, False, 9)
        lost = ask(market, "/me/totp", {"password": PASSWORD}, **headers)  # no second proof
        assert (lost.status_code, lost.json["code"]) == (403, "wrong_password")
        proof = {"password": PASSWORD, "recovery_code": recovery[1]}
        assert ask(market, "/me/totp/give-up", proof, **headers).status_code == 204
        market.sign_in("careful")
    assert codes.secret not in audited(market)


def test_a_role_that_needs_an_authenticator_does_nothing_before_it_has_one(
    market: Market, carrier: Carrier
) -> None:
    strict = create_app(replace(market.settings, totp_roles="bureau"), rate_limits=False)
    strict.config[later.AT_ONCE] = True
    other = Market(market.settings, strict.test_client())
    market.bureau("required", "treasurer")
    market.participant("free")
    assert other.sign_in("free")["must_set_up_totp"] is False
    first = other.sign_in("required")
    assert first["must_set_up_totp"] is True
    headers = bearer(first["access_token"])
    refused = other.client.get("/v1/me", headers=headers)
    assert (refused.status_code, refused.json["code"]) == (403, "totp_required")
    label = {"label": "t", "scopes": ["read"]}
    assert ask(other, "/api-keys", label, **headers).json["code"] == "totp_required"
    assert ask(other, "/me/totp/give-up", {"password": PASSWORD}, **headers).json["code"] == "totp_required"
    codes, _ = _set_up(other, headers)
    renewed = ask(other, "/auth/refresh", {"refresh_token": first["refresh_token"]}).json
    assert renewed["must_set_up_totp"] is False
    headers = bearer(renewed["access_token"])
    assert other.client.get("/v1/me", headers=headers).status_code == 200
    with after(2):
        proof = {"password": PASSWORD, "totp": codes.at(clock.now())}
        assert ask(other, "/me/totp/give-up", proof, **headers).json["code"] == "totp_stays"
    user = other.client.get("/v1/me", headers=headers).json["user_id"]
    chief = market.bureau("chief", "administrator")
    assert ask(market, f"/users/{user}/take-totp-away", {"reason": "lost"}, **chief).status_code == 204
    assert other.client.get("/v1/me", headers=headers).status_code == 401
    assert other.sign_in("required")["must_set_up_totp"] is True


def test_one_sees_ones_sessions_and_ends_them(market: Market, carrier: Carrier) -> None:
    market.bureau("roaming", "auditor")
    market.bureau("stranger", "auditor")
    here, there = market.sign_in("roaming"), market.sign_in("roaming")
    headers = bearer(here["access_token"])
    listed = market.client.get("/v1/me/sessions", headers=headers).json["data"]
    assert [each["this"] for each in listed] == [False, True, False]
    assert listed[0]["program"].startswith("Werkzeug")
    path = f"/me/sessions/{listed[0]['id']}/end"
    assert ask(market, path, **market.bureau("stranger")).status_code == 404
    assert ask(market, path, **headers).status_code == 204
    assert ask(market, path, **headers).json["code"] == "session_ended"
    assert market.client.get("/v1/me", headers=bearer(there["access_token"])).status_code == 401
    third = market.sign_in("roaming")
    ended = ask(market, "/auth/sign-out-everywhere", {"but_this": True}, **headers)
    assert (ended.status_code, ended.json) == (200, {"ended": 2})
    assert market.client.get("/v1/me", headers=bearer(third["access_token"])).status_code == 401
    assert market.client.get("/v1/me", headers=headers).status_code == 200
    assert ask(market, "/auth/sign-out-everywhere", {"but_this": False}, **headers).json == {"ended": 1}
    assert market.client.get("/v1/me", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("role", "idle_minutes", "longest_hours"), [("auditor", 60, 12), ("holder", 7 * 24 * 60, 30 * 24)]
)
def test_an_idle_session_ends_and_a_long_one_too(
    market: Market, role: str, idle_minutes: int, longest_hours: int
) -> None:
    login = f"idle-{role}"
    market.participant(login) if role == "holder" else market.bureau(login, role)
    first = market.sign_in(login)
    assert first["refresh_expires_in"] == idle_minutes * 60
    with after(idle_minutes + 1):
        assert ask(market, "/auth/refresh", {"refresh_token": first["refresh_token"]}).status_code == 401
    pair, began = market.sign_in(login), clock.now()
    step = dt.timedelta(minutes=idle_minutes - 1)
    renewals = 0
    while (at := began + step * (renewals + 1)) < began + dt.timedelta(hours=longest_hours):
        with _later(at):
            answer = ask(market, "/auth/refresh", {"refresh_token": pair["refresh_token"]})
            assert answer.status_code == 200
        pair, renewals = answer.json, renewals + 1
    assert pair["refresh_expires_in"] < idle_minutes * 60
    with _later(began + dt.timedelta(hours=longest_hours, minutes=1)):
        assert ask(market, "/auth/refresh", {"refresh_token": pair["refresh_token"]}).status_code == 401


def test_the_default_carrier_shows_codes_in_a_demonstration_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[dict[str, Any]] = []
    monkeypatch.setattr(messages.log, "info", lambda _event, **more: said.append(more))
    for demonstration in (False, True):
        settings = Settings(demonstration=demonstration)
        messages.LogOnly(settings).send("13812345678", messages.code_words("123456", 5))
    assert said[0] == {"to": "**78", "words": None}
    assert "123456" in said[1]["words"]


@pytest.mark.parametrize(
    "row",
    [
        "purpose = 'sign_in', tries = 5",  # spent, and open
        "phone = '13800000000'",  # a telephone to prove, with another purpose
        "ended_at = now()",  # ended, and nobody knows how
        "expires_at = made_at",
    ],
)
def test_the_database_keeps_codes_as_they_must_be(market: Market, carrier: Carrier, row: str) -> None:
    with db.connect(market.url()) as connection:
        made = connection.execute(
            "INSERT INTO one_time_codes (user_id, purpose, code_hash, made_at, expires_at)"
            " SELECT max(id), 'reset', '', now(), now() + interval '1 minute' FROM users RETURNING id"
        ).fetchone()
        assert made is not None
        with pytest.raises(Exception, match="ck_one_time_codes"):
            connection.execute(f"UPDATE one_time_codes SET {row} WHERE id = %s", made)
        connection.rollback()
