"""A small client of the API for the demonstration stories: JSON over HTTP, one idempotency key a step."""

from __future__ import annotations

import secrets
from typing import Any

import requests

from market.core.datadir import OperatorError
from market.demo.people import password_of

TIMEOUT_S = 30.0


class StoryFailed(OperatorError):
    """A step of a story was not answered as it should be."""


class Caller:
    """Someone signed in at a server."""

    def __init__(self, url: str, login: str | None = None) -> None:
        self.url = url.rstrip("/")
        self.http = requests.Session()
        self.http.trust_env = False  # a demonstration talks to the server it was given, through no proxy
        if login is not None:
            answer = self.post("/v1/auth/token", {"login": login, "password": password_of(login)})
            self.http.headers["Authorization"] = f"Bearer {answer['access_token']}"

    def _send(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            response = self.http.request(method, self.url + path, timeout=TIMEOUT_S, **options)
        except requests.RequestException as error:
            raise StoryFailed(f"{self.url} does not answer: {type(error).__name__}") from error
        try:
            body: dict[str, Any] = response.json()
        except ValueError as error:
            raise StoryFailed(f"{method} {path}: {response.status_code}, and not JSON") from error
        if response.status_code >= 400:
            raise StoryFailed(
                f"{method} {path}: {response.status_code} {body.get('code')}: {body.get('detail') or body.get('title')}"
            )
        return body

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """GET, as JSON. Errors: StoryFailed."""
        return self._send("GET", path, params=query)

    def post(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """POST with a key of its own. Errors: StoryFailed."""
        return self._send("POST", path, json=body or {}, headers={"Idempotency-Key": secrets.token_hex(16)})
