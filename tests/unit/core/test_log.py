"""Logs are JSON lines with the request's id and without secrets."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from market.core import log


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:], root.level = handlers, level


def test_a_line_has_the_request_and_hides_what_is_secret(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info")
    log.bind_request("req-1", route="/v1/orders")
    structlog.get_logger("api").info(
        "request.done", password="p1", headers={"Authorization": "p2", "Accept": "*/*"}
    )
    log.unbind_request()
    line = json.loads(capsys.readouterr().err)
    assert line["event"] == "request.done"
    assert line["request_id"] == "req-1"
    assert line["route"] == "/v1/orders"
    assert line["password"] == line["headers"]["Authorization"] == "***"
    assert line["headers"]["Accept"] == "*/*"


def test_libraries_log_in_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info")
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("library").warning("it %s", "fell", exc_info=True, extra={"api_key": "k", "n": 1})
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["logger"], line["n"], line["api_key"]) == ("it fell", "library", 1, "***")
    assert "ValueError: broken" in line["exception"]
