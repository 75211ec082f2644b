"""The one table from errors to HTTP: application/problem+json with a stable code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import psycopg
import structlog
from flask import Flask, Response, current_app, g, has_request_context, request
from marshmallow import ValidationError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from ledger.errors import InsufficientBalance, LedgerError
from market.core.errors import Refusal, Unavailable
from market.core.refusals import in_chinese, source_in_chinese, source_in_english

log = structlog.get_logger("api")

PROBLEM = "application/problem+json"
READS_CHINESE = "karez.reads_chinese"
"""The request's language, in its environment: asked for once, or said by a page."""

# code and zh title of what the framework raises by itself
_HTTP: dict[int, tuple[str, str]] = {
    400: ("bad_request", "请求无效"),
    401: ("not_authenticated", "请先登录"),
    403: ("not_allowed", "无权访问"),
    404: ("not_found", "未找到"),
    405: ("method_not_allowed", "不支持该方法"),
    406: ("not_acceptable", "无法提供所需格式"),
    408: ("request_timeout", "请求超时"),
    412: ("version_changed", "读取后已被更改"),
    413: ("body_too_large", "请求内容过大"),
    415: ("unsupported_media_type", "不支持的内容类型"),
    422: ("invalid_input", "输入无效"),
    428: ("precondition_required", "需要先决条件"),
    429: ("too_many_requests", "请求过于频繁"),
    500: ("internal_error", "内部错误"),
    503: ("unavailable", "暂时不可用"),
}
_HEADERS_KEPT = ("Allow", "Retry-After", "WWW-Authenticate")


def wants_chinese() -> bool:
    """Whether the reader prefers zh over en (Accept-Language); a page that fails is in the page's language."""
    known: bool | None = request.environ.get(READS_CHINESE)
    if known is None:
        known = request.accept_languages.best_match(["en", "zh"], default="en") == "zh"
        request.environ[READS_CHINESE] = known
    return known


def spoken(detail: str) -> str:
    """A detail in the reader's language; details are raised, and kept, in English."""
    return in_chinese(detail) if wants_chinese() else detail


def source_spoken(legal_source: str | None) -> str | None:
    """A legal source in the reader's language; as it was written, where none is asked for."""
    if not legal_source or not has_request_context():
        return legal_source
    if wants_chinese():
        return source_in_chinese(legal_source)
    return source_in_english(legal_source) if request.accept_languages else legal_source


def with_title(title_zh: str, detail: str) -> str:
    """A refusal in one Chinese line: its title, and why where there is Chinese for that."""
    why = in_chinese(detail, "")
    return f"{title_zh}：{why}" if why not in ("", title_zh) else title_zh


def rows_in_chinese(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of a file, whose `message_zh` has of a refusal by rule no more than its title: why is added."""
    return [
        each | {"message_zh": with_title(each["message_zh"], each["message_en"])}
        if each.get("message_zh") in _titles()
        else each
        for each in rows
    ]


@lru_cache(maxsize=1)
def _titles() -> frozenset[str]:
    """The Chinese titles of all refusals."""
    found, left = set(), [Refusal]
    while left:
        kind = left.pop()
        found.add(kind.title_zh)
        left += kind.__subclasses__()
    return frozenset(found)


def problem(
    status: int, code: str, title: str, detail: str = "", *, errors: list[dict[str, str]] | None = None,
    fields: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    """One problem document (RFC 9457)."""
    body: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": title,
        "status": status,
        "code": code,
        "request_id": g.get("request_id", ""),
        "instance": request.path,
    }
    if detail:
        body["detail"] = detail
    if errors:
        body["errors"] = errors
    body.update({name: value for name, value in (fields or {}).items() if value is not None})
    response: Response = current_app.response_class(
        current_app.json.dumps(body), status=status, content_type=PROBLEM
    )
    for name, value in (headers or {}).items():
        response.headers[name] = value
    return response


def of_refusal(error: Refusal) -> Response:
    """A refusal by rule: its rule, limit, what was available, its legal source."""
    title = error.title_zh if wants_chinese() else error.title_en
    detail = title if error.detail == error.title_en else spoken(error.detail)
    headers = {"Retry-After": "1"} if error.status == 503 else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return problem(
        error.status,
        error.code,
        title,
        detail,
        errors=[{"pointer": error.pointer, "detail": detail}] if error.pointer else None,
        fields={
            "rule": error.rule if error.status in (409, 422) else None,
            "limit": error.limit,
            "available": error.available,
            "legal_source": source_spoken(error.legal_source),
            **error.extra,
            **({"rows": rows_in_chinese(error.extra["rows"])} if "rows" in error.extra else {}),
        },
        headers=headers,
    )


def of_validation(error: ValidationError) -> Response:
    """Input of the wrong shape: a pointer and a reason for each place."""
    return _invalid(error.messages)


def _invalid(messages: Any) -> Response:
    code, zh = _HTTP[422]
    places = list(_pointers(messages, ""))
    detail = places[0]["detail"] if places else ""
    return problem(422, code, zh if wants_chinese() else "Invalid input", detail, errors=places)


def _pointers(messages: Any, path: str) -> Iterator[dict[str, str]]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            at_root = not path and key in ("json", "query", "path", "headers", "files")
            step = "" if at_root or key == "_schema" else "/" + str(key).replace("~", "~0").replace("/", "~1")
            yield from _pointers(inner, path + step)
    elif isinstance(messages, (list, tuple)):
        for inner in messages:
            yield from _pointers(inner, path)
    else:
        yield {"pointer": path or "/", "detail": spoken(str(messages))}


def of_http(error: HTTPException) -> Response:
    """What the framework raises; webargs puts the messages of a failed validation into `data`."""
    status = error.code or 500
    data = getattr(error, "data", None)
    if status == 422 and isinstance(data, Mapping) and "messages" in data:
        return _invalid(data["messages"])
    code, zh = _HTTP.get(status, (f"http_{status}", HTTP_STATUS_CODES.get(status, "")))
    title = zh if wants_chinese() else HTTP_STATUS_CODES.get(status, "Error")
    kept = {name: value for name, value in error.get_response().headers.items() if name in _HEADERS_KEPT}
    return problem(status, code, title, spoken(error.description or ""), headers=kept)


def of_ledger(error: LedgerError) -> Response:
    """A rule of the ledger that no use case explained better."""
    fields: dict[str, Any] = {"rule": error.code}
    if isinstance(error, InsufficientBalance):
        fields["legal_source"] = source_spoken("service rule of the exchange: no account is overdrawn")
    title = "余额不足" if wants_chinese() else "The balance does not cover this"
    return problem(422, error.code, title, spoken(str(error)), fields=fields)


def of_bug(error: Exception) -> Response:
    """Anything else is ours to mend: logged whole, told without a detail."""
    log.error("request.failed", path=request.path, error=repr(error), exc_info=error)
    code, zh = _HTTP[500]
    return problem(500, code, zh if wants_chinese() else "Internal error")


def of_database(error: OperationalError | psycopg.OperationalError) -> Response:
    """The database does not answer, or gave this up after every retry: the same key may be sent again."""
    log.error("request.unavailable", path=request.path, error=repr(error))
    return of_refusal(Unavailable("the database does not answer"))


def register(app: Flask) -> None:
    """Hangs the table into an app."""
    app.register_error_handler(OperationalError, of_database)
    app.register_error_handler(psycopg.OperationalError, of_database)
    app.register_error_handler(Refusal, of_refusal)
    app.register_error_handler(ValidationError, of_validation)
    app.register_error_handler(LedgerError, of_ledger)
    app.register_error_handler(HTTPException, of_http)
    app.register_error_handler(Exception, of_bug)
