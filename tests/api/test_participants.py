"""Admission, suspension, beneficial owners, mandates and users of the bureau over HTTP."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from market.core import audit, clock, db, ids
from market.participants import access
from tests.api.market import PASSWORD, Market, bearer, identity_number, open_market


@pytest.fixture(scope="module")
def market(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Market:
    return open_market(database_url, Path(tmp_path_factory.mktemp("data")))


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is kept: what the database says counts at the next request."""
    monkeypatch.setattr(access, "FRESH_S", 0.0)


def _mandate(market: Market, holder: dict[str, Any], clerk: str, scope: str = "trade", **more: Any) -> Any:
    now = clock.now()
    body = {
        "clerk_login": clerk,
        "scope": scope,
        "document": "a signed paper, no. 1",
        "valid_from": (now - dt.timedelta(days=1)).isoformat(),
        "valid_to": (now + dt.timedelta(days=30)).isoformat(),
    }
    return market.client.post(
        f"/v1/participants/{holder['id']}/mandates",
        json=body | more,
        headers=market.bureau("registrar", "registrar"),
    )


def test_an_applicant_is_admitted_by_a_registrar_and_then_signs_in(market: Market) -> None:
    applied = market.client.post("/v1/participants", json=market.application("applicant"))
    assert applied.status_code == 201
    assert applied.json["status"] == "applied"
    sign_in = {"login": "applicant", "password": PASSWORD}
    assert market.client.post("/v1/auth/token", json=sign_in).status_code == 401
    url = f"/v1/participants/{applied.json['id']}"
    assert (
        market.client.post(f"{url}/admit", json={}, headers=market.bureau("sup", "supervisor")).status_code
        == 403
    )
    registrar = market.bureau("registrar", "registrar")
    admitted = market.client.post(f"{url}/admit", json={}, headers=registrar)
    assert (admitted.json["status"], admitted.json["version"]) == ("admitted", 2)
    again = market.client.post(f"{url}/admit", json={}, headers=registrar)
    assert (again.status_code, again.json["code"]) == (409, "participant_state")
    headers = bearer(market.sign_in("applicant")["access_token"])
    money = market.client.get("/v1/money-accounts", headers=headers)
    assert [each["participant_id"] for each in money.json["data"]] == [applied.json["id"]]


def test_a_refused_applicant_does_not_sign_in(market: Market) -> None:
    applied = market.client.post("/v1/participants", json=market.application("refused"))
    url = f"/v1/participants/{applied.json['id']}/refuse"
    registrar = market.bureau("registrar", "registrar")
    assert market.client.post(url, json={}, headers=registrar).status_code == 422
    assert (
        market.client.post(url, json={"reason": "no papers"}, headers=registrar).json["status"] == "refused"
    )
    assert (
        market.client.post("/v1/auth/token", json={"login": "refused", "password": PASSWORD}).status_code
        == 401
    )


@pytest.mark.parametrize(
    ("changed", "status", "code", "pointer"),
    [
        ({"identifier": "110105194912310021"}, 422, "wrong_identifier", "/identifier"),
        ({"roles": ["firm"]}, 422, "roles_not_allowed", "/roles"),
        ({"roles": ["registrar"]}, 422, "invalid_input", "/roles/0"),
        ({"password": "short"}, 422, "invalid_input", "/password"),
        ({"password": "aaaaaaaaaaaaaa"}, 422, "weak_password", "/password"),
        ({"login": "x y"}, 422, "invalid_input", "/login"),
        ({"kind": "bureau"}, 422, "invalid_input", "/kind"),
        ({"public_storage": True}, 422, "invalid_input", "/public_storage"),
        ({"name": 5}, 422, "invalid_input", "/name"),
    ],
)
def test_a_bad_application_is_refused_where_it_is_bad(
    market: Market, changed: dict[str, Any], status: int, code: str, pointer: str
) -> None:
    answer = market.client.post("/v1/participants", json=market.application("bad-one") | changed)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert pointer in [each["pointer"] for each in answer.json["errors"]]


def test_an_identifier_and_a_login_are_taken_once(market: Market) -> None:
    body = market.application("taken")
    assert market.client.post("/v1/participants", json=body).status_code == 201
    same_person = market.client.post("/v1/participants", json=body | {"login": "another-login"})
    assert (same_person.status_code, same_person.json["code"]) == (409, "identifier_known")
    same_login = market.client.post("/v1/participants", json=market.application("taken"))
    assert (same_login.status_code, same_login.json["code"]) == (409, "login_taken")


def test_no_identifier_is_kept_or_written_to_the_audit_trail(market: Market) -> None:
    body = market.application("private") | {"identifier": identity_number(987), "name": "Unmistakable Name"}
    shown = market.client.post("/v1/participants", json=body).json
    assert (shown["identifier_masked"], shown["name"]) == (None, "U**")  # nobody is signed in
    with db.connect(market.url()) as connection:
        rows = connection.execute(
            "SELECT p::text FROM participants p UNION ALL SELECT a::text FROM audit a"
        ).fetchall()
        trail = connection.execute("SELECT detail FROM audit").fetchall()
        assert audit.verify(connection) == []
    assert any(masked_of(body["identifier"]) in row[0] for row in rows)
    assert not any(body["identifier"] in row[0] for row in rows)
    assert not any("Unmistakable" in row[0] for row in trail)


def masked_of(identifier: str) -> str:
    return identifier[:3] + "*" * 11 + identifier[-4:]


def test_a_suspension_bites_and_tells_the_engine(market: Market) -> None:
    mine = market.participant("suspended")
    url, supervisor = f"/v1/participants/{mine['id']}", market.bureau("sup", "supervisor")
    headers = bearer(market.sign_in("suspended")["access_token"])
    assert market.client.get(url, headers=headers).headers["ETag"] == '"2"'
    why = {"reason": "an inquiry"}
    assert market.client.post(f"{url}/suspend", json=why, headers=supervisor).status_code == 428
    stale = market.client.post(f"{url}/suspend", json=why, headers=supervisor | {"If-Match": '"1"'})
    assert (stale.status_code, stale.json["code"]) == (412, "version_changed")
    done = market.client.post(f"{url}/suspend", json=why, headers=supervisor | {"If-Match": '"2"'})
    assert (done.status_code, done.headers["ETag"]) == (200, '"3"')
    assert market.client.get(url, headers=headers).status_code == 401
    with db.connect(market.url()) as connection:
        told = connection.execute("SELECT payload FROM inbox WHERE kind = 'cancel_orders'").fetchall()
    assert any(
        f'"participant_id":{ids.parse("par", mine["id"])}' in str(row[0]).replace(" ", "") for row in told
    )
    back = market.client.post(f"{url}/reinstate", json=why, headers=supervisor | {"If-Match": '"3"'})
    assert back.json["status"] == "admitted"
    assert market.client.get(url, headers=headers).status_code == 200


def test_another_participant_is_unknown_and_a_list_shows_oneself(market: Market) -> None:
    one, other = market.participant("one"), market.participant("other")
    headers = bearer(market.sign_in("one")["access_token"])
    assert market.client.get(f"/v1/participants/{other['id']}", headers=headers).status_code == 404
    listed = market.client.get("/v1/participants", headers=headers).json
    assert [each["id"] for each in listed["data"]] == [one["id"]]
    pages = market.client.get(
        "/v1/participants?limit=1&status=admitted", headers=market.bureau("aud", "auditor")
    ).json
    assert (len(pages["data"]), pages["has_more"]) == (1, True)


def test_natural_persons_are_found_by_name_only_by_whom_their_names_are_shown(market: Market) -> None:
    def made(login: str, kind: str, name: str) -> dict[str, Any]:
        applied = market.client.post(
            "/v1/participants", json=market.application(login, kind) | {"name": name}
        )
        where = f"/v1/participants/{applied.json['id']}"
        registrar = market.bureau("registrar", "registrar")
        return dict(market.client.post(f"{where}/admit", json={}, headers=registrar).json)

    person = made("aynur", "household", "Aynur 100%_Tursun")
    body = made("tursun-mill", "enterprise", "tursun mill")

    def found(path: str, name: str, login: str, *roles: str) -> set[str]:
        query = {"name": name}
        answer = market.client.get(f"/v1/{path}", query_string=query, headers=market.bureau(login, *roles))
        assert answer.status_code == 200, answer.json
        return {each.get("participant_id", each["id"]) for each in answer.json["data"]}

    for path, who in (("participants", "registrar"), ("money-accounts", "treasurer")):
        assert found(path, "TURSUN", who, who) == {person["id"], body["id"]}
        assert found(path, "100%_", who, who) == {person["id"]}, "no pattern, but what it says"
        assert found(path, "0%T", who, who) == set()
        assert found(path, "tursun", "sup", "supervisor") == {body["id"]}
        assert found(path, "aynur", "sup", "supervisor") == set(), "a masked name cannot be felt for"
    own = bearer(market.sign_in("tursun-mill")["access_token"])
    for path in ("participants", "money-accounts"):
        assert market.client.get(f"/v1/{path}?name=aynur", headers=own).json["data"] == []
        assert market.client.get(f"/v1/{path}?name=", headers=own).status_code == 422


def test_the_beneficial_owner_is_the_end_of_the_chain(market: Market) -> None:
    owner, owned = market.participant("owner", "enterprise"), market.participant("owned", "enterprise")
    third = market.participant("third", "enterprise")
    registrar = market.bureau("registrar", "registrar") | {"If-Match": '"2"'}
    url = f"/v1/participants/{owned['id']}/owner-group"
    found = market.client.post(url, json={"owner_id": owner["id"]}, headers=registrar)
    assert found.json["owner_group_id"] == owner["id"]
    loop = market.client.post(
        f"/v1/participants/{third['id']}/owner-group", json={"owner_id": owned["id"]}, headers=registrar
    )
    assert (loop.status_code, loop.json["code"]) == (422, "owner_loop")


def test_a_clerk_acts_for_a_holder_and_the_record_shows_both(market: Market) -> None:
    holder = market.participant("mandated")
    clerk = market.participant("clerk", "association", ("association",))
    token = market.sign_in("clerk")["access_token"]
    acting = bearer(token, X_Acting_For=holder["id"])
    refused = market.client.get("/v1/me", headers=acting)
    assert (refused.status_code, refused.json["code"]) == (403, "no_mandate")
    made = _mandate(market, holder, "clerk")
    assert made.status_code == 201
    me = market.client.get("/v1/me", headers=acting).json
    assert (me["participant_id"], me["mandate_id"], me["roles"]) == (
        holder["id"],
        made.json["id"],
        ["holder"],
    )
    assert market.client.get(f"/v1/participants/{holder['id']}", headers=acting).status_code == 200
    assert market.client.get(f"/v1/participants/{clerk['id']}", headers=acting).status_code == 404
    assert market.client.get("/v1/me", headers=bearer(token)).json["participant_id"] == clerk["id"]
    for path in ("/v1/api-keys", "/v1/auth/sign-out"):
        body = {"label": "l", "scopes": ["read"]} if path.endswith("keys") else {}
        assert market.client.post(path, json=body, headers=acting).status_code == 403
    ended = market.client.post(f"/v1/mandates/{made.json['id']}/revoke", headers=acting)
    assert ended.status_code == 200
    assert market.client.get("/v1/me", headers=acting).status_code == 403
    with db.connect(market.url()) as connection:
        row = connection.execute(
            "SELECT actor_user_id, participant_id, mandate_id FROM audit WHERE action = 'mandate.revoked'"
        ).fetchone()
    assert row is not None
    assert row[0] == ids.parse("usr", me["user_id"])
    assert row[1:] == (ids.parse("par", holder["id"]), ids.parse("man", made.json["id"]))


def test_a_mandate_to_read_does_not_trade_and_ends_in_time(market: Market) -> None:
    holder = market.participant("reader-holder")
    market.participant("reader", "person", ("agent",))
    made = _mandate(market, holder, "reader", "read")
    acting = bearer(market.sign_in("reader")["access_token"], X_Acting_For=holder["id"])
    assert market.client.get("/v1/me", headers=acting).status_code == 200
    refused = market.client.post(f"/v1/mandates/{made.json['id']}/revoke", headers=acting)
    assert (refused.status_code, refused.json["code"]) == (403, "no_mandate")
    with clock.moved_to(clock.now() + dt.timedelta(days=31)):
        late = bearer(market.sign_in("reader")["access_token"], X_Acting_For=holder["id"])
        assert market.client.get("/v1/me", headers=late).status_code == 403


@pytest.mark.parametrize(
    ("clerk", "more", "status", "code"),
    [
        ("nobody-at-all", {}, 404, "not_found"),
        ("sup", {}, 422, "not_a_clerk"),
        ("giver", {}, 422, "not_a_clerk"),
        ("taker", {"valid_to": "2020-01-01T00:00:00Z"}, 422, "mandate_dates"),
        ("taker", {"scope": "everything"}, 422, "invalid_input"),
    ],
)
def test_a_mandate_that_makes_no_sense_is_refused(
    market: Market, clerk: str, more: dict[str, Any], status: int, code: str
) -> None:
    market.bureau("sup", "supervisor")
    if "givers" not in market.tokens:
        market.tokens["givers"] = market.participant("giver")["id"]
        market.participant("taker", "person", ("agent",))
    answer = _mandate(market, {"id": market.tokens["givers"]}, clerk, **more)
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_the_administrator_looks_after_users_and_nothing_else(market: Market) -> None:
    admin = market.bureau("admin", "administrator")
    body = {"login": "newcomer", "name": "N", "password": PASSWORD, "roles": ["registrar"]}
    made = market.client.post("/v1/users", json=body, headers=admin)
    assert (made.status_code, made.json["totp_secret"]) == (201, None)
    assert market.client.post("/v1/users", json=body, headers=admin).json["code"] == "login_taken"
    together = market.client.post(
        "/v1/users", json=body | {"login": "both", "roles": ["administrator", "reviewer"]}, headers=admin
    )
    assert (together.status_code, together.json["code"]) == (422, "roles_not_allowed")
    theirs = bearer(market.sign_in("newcomer")["access_token"])
    assert (
        market.client.post("/v1/users", json=body | {"login": "third-one"}, headers=theirs).status_code == 403
    )
    url = f"/v1/users/{made.json['id']}"
    changed = market.client.post(f"{url}/roles", json={"roles": ["treasurer"]}, headers=admin)
    assert changed.json["roles"] == ["treasurer"]
    assert market.client.get("/v1/me", headers=theirs).status_code == 401
    assert (
        market.client.post(f"{url}/suspend", json={"reason": "left"}, headers=admin).json["status"]
        == "suspended"
    )
    sign_in = {"login": "newcomer", "password": PASSWORD}
    assert market.client.post("/v1/auth/token", json=sign_in).status_code == 401
    assert (
        market.client.post(f"{url}/reinstate", json={"reason": "back"}, headers=admin).json["status"]
        == "active"
    )
    market.sign_in("newcomer")
    logins = {each["login"] for each in market.client.get("/v1/users", headers=admin).json["data"]}
    assert {"admin", "newcomer"} <= logins
