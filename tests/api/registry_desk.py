"""The small county behind the API: users with API keys, and short words for requests."""

from __future__ import annotations

import itertools
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ledger import journal
from market import installation
from market.app import create_app
from market.core import audit, books, db
from market.core.chart import CNY, DEBITS_MUST_NOT_EXCEED_CREDITS, AccountCode
from market.core.config import Settings
from market.core.ids import public
from market.participants import keys
from market.participants.models import MoneyAccount, Participant, User, UserRole
from tests.usecases.registry.county import MORE_CANALS, small_pack

_numbers = itertools.count(1)


class Desk:
    """An application over the small county, and whoever asks it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._canals = iter(MORE_CANALS)
        with db.transaction(url) as session:
            installation.install(session, pack=small_pack(), actor=audit.Actor())
        settings = Settings(database_url=url, secret_key="a key of the tests, long enough for every use")
        self.app: Flask = create_app(settings, rate_limits=False)
        self.client: FlaskClient = self.app.test_client()
        self.secrets = {role: self.user(role) for role in ("registrar", "treasurer", "auditor", "supervisor")}

    def user(self, role: str, participant_id: int | None = None) -> str:
        """A new user's API key."""
        with db.transaction(self.url) as session:
            user = User(
                login=f"user-{next(_numbers)}", name=role, password_hash="x", participant_id=participant_id
            )
            session.add(user)
            session.flush()
            session.add(UserRole(user_id=user.id, role=role))
            session.flush()
            actor = audit.Actor(user_id=user.id)
            return keys.create(session, actor=actor, label="test", scopes=("read", "trade"))[1]

    def holder(self, *, role: str = "holder") -> str:
        """A new admitted participant with a money account and a user; returns its public id.

        Its requests are made `as_` this id.
        """
        number = next(_numbers)
        with db.transaction(self.url) as session:
            found = Participant(
                kind="household",
                name=f"household {number}",
                identifier_kind="identity_number",
                identifier_hash=number.to_bytes(8),
                identifier_masked="***",
                status="admitted",
            )
            session.add(found)
            connection = db.raw(session)
            account = journal.open_account(
                connection,
                asset_id=books.asset_id(connection, CNY),
                code=AccountCode.HOLDER_MONEY,
                flags=DEBITS_MUST_NOT_EXCEED_CREDITS,
            )
            session.add(MoneyAccount(participant_id=found.id, account_id=account))
        name = public("par", found.id)
        self.secrets[name] = self.user(role, found.id)
        return name

    def ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        as_: str = "registrar",
        key: str | None = "new",
        **headers: str,
    ) -> TestResponse:
        """One request; `key` is its idempotency key ("new": one of its own, None: none)."""
        headers["Authorization"] = f"Bearer {self.secrets[as_]}"
        if method == "POST" and key is not None:
            headers["Idempotency-Key"] = f"test-{next(_numbers)}" if key == "new" else key
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(f"/v1{path}", method=method, json=body, headers=named)

    def get(self, path: str, *, as_: str = "registrar") -> dict[str, Any]:
        """What a path answers, which must be 200."""
        response = self.ask("GET", path, as_=as_)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json
        return found

    def post(self, path: str, body: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        """What a change answers, which must be 200 or 201."""
        response = self.ask("POST", path, body or {}, **options)
        assert response.status_code in (200, 201), response.text
        found: dict[str, Any] = response.json
        return found

    def refusal(self, method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        """The problem document of a request that must be refused."""
        response = self.ask(method, path, body, **options)
        assert response.status_code >= 400, response.text
        assert response.content_type == "application/problem+json"
        found: dict[str, Any] = response.json
        assert found["status"] == response.status_code
        return found

    def right(self, holder: str, volume: str, **other: Any) -> dict[str, Any]:
        """A confirmed irrigation certificate at T1 and K1."""
        applied = self.post("/entitlements", right_body(holder, volume, **other))
        return self.post(f"/entitlements/{applied['id']}/confirm")

    def watered(self, volume: str, *, role: str = "holder") -> tuple[str, dict[str, Any]]:
        """A new holder and its water account with so much on it."""
        holder = self.holder(role=role)
        canal = self.canal()
        self.right(holder, volume, canal=canal)
        self.post("/announcements", announcement(zone=canal))
        [account] = self.get(f"/water-accounts?participant_id={holder}")["data"]
        return holder, account

    def canal(self) -> str:
        """A canal of D1 that no other test uses: a class of its own for announcements."""
        return next(self._canals)

    def money_account(self, holder: str) -> str:
        """The id of a holder's money account."""
        [account] = self.get(f"/money-accounts?participant_id={holder}", as_="treasurer")["data"]
        found: str = account["id"]
        return found


def right_body(holder: str, volume: str, **other: Any) -> dict[str, Any]:
    """An application for an irrigation certificate at T1 and K1."""
    return {
        "participant_id": holder,
        "kind": "irrigation_certificate",
        "source": "surface",
        "sector": "agriculture",
        "township": "T1",
        "canal": "K1",
        "volume": volume,
        "land_mu": "10.32",
        "valid_from": "2026-01-01",
        "valid_to": "2035-12-31",
    } | other


def announcement(**other: Any) -> dict[str, Any]:
    """The whole of all surface rights, or of a class."""
    return {"water_year": 2026, "source": "surface", "share": "1", "reason": "spring"} | other
