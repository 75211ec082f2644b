"""The desk of the bureau in a browser of tests: pages are read, acts are looked over and done."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

HTML = {"Accept": "text/html"}


def read(browser: FlaskClient, address: str) -> TestResponse:
    """A page in English."""
    mark = "&" if "?" in address else "?"
    return browser.get(f"{address}{mark}lang=en", headers=HTML)


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page, or of a part of it."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))


def do(browser: FlaskClient, address: str, **signs: str) -> TestResponse:
    """Reads the page of an act and sends its form with what it holds."""
    shown = read(browser, address)
    assert shown.status_code == 200, shown.text
    form = shown.text.split('<form method="post"')[-1]
    where = address.partition("?")[0]
    return browser.post(where, data=hidden(form) | signs, headers=HTML)


def acted(browser: FlaskClient, address: str, *, asks: dict[str, Any] | None = None, **signs: str) -> str:
    """Does an act whose particulars are `asks`; where it leads."""
    answer = do(browser, f"{address}?{urlencode(asks)}" if asks else address, **signs)
    assert answer.status_code == 303, re.sub(r"<[^>]+>|\s+", " ", answer.text.split('role="alert"')[-1])[:600]
    return answer.location
