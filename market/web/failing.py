"""What a page shows when something is refused, not found or broken; programs get their problem documents as ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import msgspec
import psycopg
import structlog
from flask import Flask, Response, request
from marshmallow import ValidationError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from ledger.errors import LedgerError
from market.api import errors
from market.core.errors import Refusal
from market.web import sitting, spoken
from market.web.asking import Problem
from market.web.forms import onward
from market.web.pages import page
from market.web.sitting import is_page

log = structlog.get_logger("web")

SIGN_IN = "/sign-in"
ENROL = "/account/totp"
"""Where a session goes on that may only set up one-time codes."""
_KEPT = ("Allow", "Retry-After")
_TABLE: tuple[tuple[type[Exception], Callable[[Any], Response]], ...] = (
    (OperationalError, errors.of_database),
    (psycopg.OperationalError, errors.of_database),
    (Refusal, errors.of_refusal),
    (ValidationError, errors.of_validation),
    (LedgerError, errors.of_ledger),
    (HTTPException, errors.of_http),
    (Exception, errors.of_bug),
)


def _shown(status: int, document: Any, headers: Any) -> Response:
    if status == 401:
        where = request.full_path.rstrip("?") if request.method == "GET" else request.path
        return onward(f"{SIGN_IN}?{urlencode({'next': where})}")
    if document.get("code") == "totp_required":
        return onward(ENROL)
    if document.get("code") == "no_mandate" and sitting.ACTING in request.cookies:
        answer = onward("/counter")  # the mandate has ended: back to the counter, as oneself
        answer.delete_cookie(sitting.ACTING)
        return answer
    answer = page("problem.html", problem=document, status=status, wait=headers.get("Retry-After"))
    answer.status_code = status
    for name in _KEPT:
        if name in headers:
            answer.headers[name] = headers[name]
    return answer


def _for_people(made: Callable[[Any], Response]) -> Callable[[Exception], Response]:
    def handler(error: Exception) -> Response:
        if is_page():
            request.environ[errors.READS_CHINESE] = spoken.language() != "en"
        plain = made(error)
        if (
            not is_page()
            or request.accept_mimetypes.best_match(("application/json", "text/html")) != "text/html"
        ):
            return plain
        try:
            return _shown(plain.status_code, msgspec.json.decode(plain.get_data()), plain.headers)
        except Exception as broken:  # a page that cannot even say what failed: the plain answer does
            log.error("page.failed", path=request.path, error=repr(broken), exc_info=broken)
            return plain

    return handler


def _of_problem(problem: Problem) -> Response:
    return _shown(problem.status, problem.document, problem.headers)


def register(app: Flask) -> None:
    """Hangs the pages of failure into an app, over the API's table."""
    for kind, made in _TABLE:
        app.register_error_handler(kind, _for_people(made))
    app.register_error_handler(Problem, _of_problem)
