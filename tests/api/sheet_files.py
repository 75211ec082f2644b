"""Sheets sent to and fetched from the desk of the small county."""

from __future__ import annotations

import io
from typing import Any

from openpyxl import Workbook
from werkzeug.test import TestResponse

from market.core import clock
from market.core.sheets.columns import Register
from market.core.sheets.reading import sheet_title
from market.core.sheets.writing import TYPE
from tests.api.registry_desk import Desk

CSV = "text/csv"


def send(
    desk: Desk, path: str, data: bytes, *, as_: str = "registrar", kind: str = CSV, key: str = ""
) -> TestResponse:
    """What an import of a file answers."""
    headers = {
        "Authorization": f"Bearer {desk.secrets[as_]}",
        "Idempotency-Key": key or f"sheet-{clock.now().timestamp()}",
    }
    return desk.client.post(f"/v1/imports/{path}", data=data, content_type=kind, headers=headers)


def download(desk: Desk, path: str, *, as_: str = "registrar") -> bytes:
    """A template or an export."""
    answer = desk.ask("GET", f"/imports/{path}", as_=as_)
    assert (answer.status_code, answer.content_type) == (200, TYPE)
    return answer.data


def book(register: Register, *rows: list[Any]) -> bytes:
    """A workbook of a register's template with these rows."""
    made = Workbook()
    sheet = made.worksheets[0]
    sheet.title = sheet_title(register)
    sheet.append([column.title for column in register.entered])
    for row in rows:
        sheet.append(row)
    opened = io.BytesIO()
    made.save(opened)
    return opened.getvalue()


def problems(answer: TestResponse) -> list[tuple[int, str | None, str]]:
    """(row, column, code) of what is wrong with a file; each problem is told in Chinese and in English."""
    assert all(each["message_zh"] and each["message_en"] for each in answer.json["rows"])
    return [(each["row"], each["column"], each["code"]) for each in answer.json["rows"]]
