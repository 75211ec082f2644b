"""A small client of the API for the demonstration stories: JSON over HTTP, one idempotency key a step."""

from __future__ import annotations

import csv
import io
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self, TypeVar

import requests

from market.core.datadir import OperatorError
from market.demo.people import password_of

Item = TypeVar("Item")
Made = TypeVar("Made")

TIMEOUT_S = 120.0
PAGE = 200
TRIES = 8
"""How often a request is sent that a rate limit turns away: a window of the limits is a minute."""


class StoryFailed(OperatorError):
    """A step of a story was not answered as it should be. `code`: that of the problem document, if there was one."""

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


class Caller:
    """Someone signed in at a server; at one time used by one thread, others use their `again()`."""

    def __init__(self, url: str, login: str | None = None) -> None:
        self.url = url.rstrip("/")
        self.http = requests.Session()
        self.http.trust_env = False  # a demonstration talks to the server it was given, through no proxy
        if login is not None:
            answer = self.post("/v1/auth/token", {"login": login, "password": password_of(login)})
            self.http.headers["Authorization"] = f"Bearer {answer['access_token']}"

    def again(self, acting_for: str | None = None) -> Self:
        """The same sign-in on a connection of its own, maybe for a participant who gave it a mandate."""
        other = type(self)(self.url)
        other.http.headers.update(self.http.headers)
        if acting_for is not None:
            other.http.headers["X-Acting-For"] = acting_for
        return other

    def _send(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        return self._answer(method, path, **options)[0]

    def _answer(self, method: str, path: str, **options: Any) -> tuple[dict[str, Any], str]:
        """The body and the ETag of an answer."""
        for _ in range(TRIES):
            try:
                response = self.http.request(method, self.url + path, timeout=TIMEOUT_S, **options)
            except requests.RequestException as error:
                raise StoryFailed(f"{self.url}{path} does not answer: {type(error).__name__}") from error
            if response.status_code != requests.codes.too_many_requests:
                break
            time.sleep(int(response.headers.get("Retry-After", "5")))
        try:
            body: dict[str, Any] = response.json()
        except ValueError as error:
            raise StoryFailed(f"{method} {path}: {response.status_code}, and not JSON") from error
        if response.status_code >= 400:
            said = body.get("detail") or body.get("title")
            more = "".join(
                f"; {each.get('pointer')}: {each.get('detail')}" for each in body.get("errors") or ()
            )
            raise StoryFailed(
                f"{method} {path}: {response.status_code} {body.get('code')}: {said}{more}", body.get("code")
            )
        return body, response.headers.get("ETag", "")

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """GET, as JSON. Errors: StoryFailed."""
        return self._send("GET", path, params=query)

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Every row of a list, page by page. Errors: StoryFailed."""
        more = True
        while more:
            answer = self.get(path, limit=PAGE, **query)
            yield from answer["data"]
            more = answer["has_more"]
            if more:
                query["starting_after"] = answer["data"][-1]["id"]

    def post(self, path: str, body: dict[str, Any] | None = None, **headers: str) -> dict[str, Any]:
        """POST with a key of its own. `headers`: others, their hyphens underscores. Errors: StoryFailed."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._send(
            "POST", path, json=body or {}, headers={"Idempotency-Key": secrets.token_hex(16)} | sent
        )

    def change(self, thing: str, step: str, body: dict[str, Any]) -> dict[str, Any]:
        """POST of a step on a thing as it stands now (If-Match). Errors: StoryFailed."""
        _, tag = self._answer("GET", thing)
        return self.post(f"{thing}/{step}", body, If_Match=tag)

    def sheet(self, path: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> dict[str, Any]:
        """POST of a table as CSV. Errors: StoryFailed."""
        text = io.StringIO()
        csv.writer(text).writerows([header, *rows])
        headers = {"Idempotency-Key": secrets.token_hex(16), "Content-Type": "text/csv"}
        return self._send("POST", path, data=text.getvalue().encode(), headers=headers)


def spread(
    caller: Caller, items: Sequence[Item], work: Callable[[Caller, Item], Made], *, hands: int = 4
) -> list[Made]:
    """What `work` makes of each item, in the order of the items, over several connections of one sign-in at once.

    Errors: StoryFailed (the first; the others are not begun).
    """
    parts = [items[place::hands] for place in range(hands)]

    def one(part: Sequence[Item]) -> list[Made]:
        own = caller.again()
        return [work(own, item) for item in part]

    with ThreadPoolExecutor(hands) as pool:
        made = list(pool.map(one, parts))
    return [made[place % hands][place // hands] for place in range(len(items))]
