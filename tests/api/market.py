"""A market behind HTTP for tests: the application on a database of its own, people, and sign-ins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from stdnum.cn import ric, uscc

from market.app import create_app
from market.core import audit, books, db
from market.core.config import Settings
from market.participants import access, users

PASSWORD = "correct horse battery"


def identity_number(number: int) -> str:
    """A made-up identity number of the county, its check digit right."""
    stem = f"65312319800101{number:03d}"
    return stem + ric.calc_check_digit(stem + "0")


def credit_code(number: int) -> str:
    """A made-up unified social credit code, its check digit right."""
    stem = f"91653123MA{number:07d}"
    return stem + uscc.calc_check_digit(stem)


@dataclass
class Market:
    """The application and who was made in it."""

    settings: Settings
    client: FlaskClient
    made: int = 0
    tokens: dict[str, str] = field(default_factory=dict)

    def url(self) -> str:
        return self.settings.url()

    def bureau(self, login: str, *roles: str, totp_secret: str | None = None) -> dict[str, str]:
        """The headers of a user of the bureau with these roles."""
        if login not in self.tokens:
            with db.transaction(self.url()) as session:
                users.create(
                    session,
                    actor=audit.Actor(),
                    login=login,
                    name=login.title(),
                    password=PASSWORD,
                    roles=roles,
                    totp_secret=totp_secret,
                )
            self.tokens[login] = self.sign_in(login)["access_token"]
        return bearer(self.tokens[login])

    def sign_in(self, login: str, password: str = PASSWORD, **more: Any) -> dict[str, Any]:
        answer = self.client.post("/v1/auth/token", json={"login": login, "password": password, **more})
        assert answer.status_code == 200, answer.json
        return dict(answer.json)

    def application(
        self, login: str, kind: str = "household", roles: Sequence[str] = ("holder",)
    ) -> dict[str, Any]:
        """A body for POST /v1/participants that nobody used before."""
        self.made += 1
        person = kind in ("person", "household")
        return {
            "kind": kind,
            "name": f"Applicant {self.made}",
            "identifier": identity_number(self.made) if person else credit_code(self.made),
            "login": login,
            "password": PASSWORD,
            "user_name": "Somebody",
            "roles": list(roles),
        }

    def participant(
        self, login: str, kind: str = "household", roles: Sequence[str] = ("holder",)
    ) -> dict[str, Any]:
        """An admitted participant; its user signs in as `login`."""
        applied = self.client.post("/v1/participants", json=self.application(login, kind, roles))
        assert applied.status_code == 201, applied.json
        admitted = self.client.post(
            f"/v1/participants/{applied.json['id']}/admit",
            json={},
            headers=self.bureau("registrar", "registrar"),
        )
        assert admitted.status_code == 200, admitted.json
        return dict(admitted.json)


def bearer(token: str, **more: str) -> dict[str, str]:
    """The headers that carry a token or key."""
    return {"Authorization": f"Bearer {token}", **{k.replace("_", "-"): v for k, v in more.items()}}


def open_market(database_url: str, data_dir: Path) -> Market:
    """The application on a fresh database whose books are open."""
    settings = Settings(
        data_dir=data_dir, database_url=database_url, secret_key="a secret for tests only " * 2
    )
    with db.transaction(database_url) as session:
        books.open_books(db.raw(session), water=[])
    app = create_app(settings, rate_limits=False)
    access.forget(settings)
    return Market(settings, app.test_client(use_cookies=False))
