"""How pages ask: the same addresses as programs, answered in the same process, for the same person.

So a page shows what a program gets and can do what a program may: one set of roles, owners, rules, keys and refusals.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, NoReturn

import msgspec
from flask import Response, current_app, g, request
from werkzeug.test import EnvironBuilder, run_wsgi_app

from market.participants import tokens
from market.web.catalogues import ASKED
from market.web.spoken import language

JSON = "application/json"


class Problem(Exception):
    """What the API answered instead of what was asked for: a problem document (RFC 9457), for a page to show."""

    def __init__(self, status: int, document: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        super().__init__(
            f"{status} {document.get('code')}: {document.get('detail') or document.get('title')}"
        )
        self.status = status
        self.document = document
        self.headers = headers

    @property
    def code(self) -> str:
        """The stable code of the refusal."""
        return str(self.document.get("code", ""))

    def at(self, name: str) -> str:
        """What is wrong with a field of the form, by the last step of the pointers; empty if nothing is."""
        for each in self.document.get("errors", ()):
            if each["pointer"].rsplit("/", 1)[-1] == name:
                return str(each["detail"])
        return ""


def get(path: str, /, **query: Any) -> Any:
    """What GET answers, as plain values. Arguments that are None are left out. Errors: Problem."""
    return _read(_call("GET", path, query=query))


def pages(path: str, /, most: int = 1_000, **query: Any) -> list[Any]:
    """All members of a list, at most `most`, fetched page by page. Errors: Problem."""
    found: list[Any] = []
    while True:
        part = get(path, limit=min(200, most - len(found)), **query)
        found += part["data"]
        if not part.get("has_more") or len(found) >= most or not part["data"]:
            return found
        query["starting_after"] = part["data"][-1]["id"]


def send(
    path: str, body: Mapping[str, Any] | None = None, /, *, method: str = "POST", version: Any = None,
    query: Mapping[str, Any] | None = None,
) -> Any:  # fmt: skip
    """What a change answers. The form's own key makes it happen once, however often the form is sent.

    `version`: what the thing was read at (If-Match). Errors: Problem.
    """
    headers = {} if version is None else {"If-Match": f'"{version}"'}
    key = request.form.get("_key", "")
    if key:
        headers["Idempotency-Key"] = f"{key}{_next_number()}"
    return _read(_call(method, path, body=msgspec.json.encode(body or {}), headers=headers, query=query))


def upload(
    path: str, name: str, filename: str, content: bytes, fields: Mapping[str, str] | None = None
) -> Any:
    """What an upload of a file answers. Errors: Problem."""
    headers = {"Idempotency-Key": request.form["_key"]} if request.form.get("_key") else {}
    data = {**(fields or {}), name: (io.BytesIO(content), filename)}
    return _read(_call("POST", path, headers=headers, form=data))


def send_file(path: str, content: bytes, kind: str, /, **query: Any) -> Any:
    """What sending a file as it is answers. Errors: Problem."""
    headers = {"Idempotency-Key": request.form["_key"]} if request.form.get("_key") else {}
    return _read(_call("POST", path, body=content, headers=headers, query=query, kind=kind))


def file(path: str, /, **query: Any) -> Response:
    """A file that the API gives, handed on as it is. Errors: Problem."""
    status, headers, content = _call("GET", path, query=query)
    if status >= 400:
        _refused(status, headers, content)
    answer = Response(content, status, content_type=headers.get("Content-Type", "application/octet-stream"))
    if "Content-Disposition" in headers:
        answer.headers["Content-Disposition"] = headers["Content-Disposition"]
    return answer


def _next_number() -> str:
    """A form that asks twice has a key for each; the first is the form's own."""
    g.asked = g.get("asked", 0) + 1
    return "" if g.asked == 1 else f"-{g.asked}"


def _call(
    method: str, path: str, *, query: Mapping[str, Any] | None = None, body: bytes | None = None,
    headers: Mapping[str, str] | None = None, form: Mapping[str, Any] | None = None, kind: str = JSON,
) -> tuple[int, Mapping[str, str], bytes]:  # fmt: skip
    asked = {name: _text(value) for name, value in (query or {}).items() if value is not None}
    sent = {"Accept-Language": ASKED[language()], **(headers or {})}
    token = request.cookies.get(tokens.ACCESS_COOKIE)
    if token and g.get("actor") is not None:
        sent["Authorization"] = f"Bearer {token}"
        if "X-Acting-For" in request.headers:
            sent["X-Acting-For"] = request.headers["X-Acting-For"]
    elif "Authorization" in request.headers:
        sent["Authorization"] = request.headers["Authorization"]
    builder = EnvironBuilder(
        path=path, method=method, query_string=asked, headers=list(sent.items()), base_url=request.host_url,
        environ_base={"REMOTE_ADDR": request.remote_addr or ""},
        **({"data": form} if form is not None else {"data": body, "content_type": kind} if body is not None else {}),
    )  # fmt: skip
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    with app.app_context():  # a request of its own: its own session, its own actor
        content, status, found = run_wsgi_app(app, builder.get_environ(), buffered=True)
    return int(status.split()[0]), dict(found), b"".join(content)


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _read(answer: tuple[int, Mapping[str, str], bytes]) -> Any:
    status, headers, content = answer
    if status >= 400:
        _refused(status, headers, content)
    return msgspec.json.decode(content) if content else None


def _refused(status: int, headers: Mapping[str, str], content: bytes) -> NoReturn:
    document = msgspec.json.decode(content) if content else {"code": f"http_{status}", "title": str(status)}
    raise Problem(status, document, headers)
