"""Comma-separated values out: text in every cell, none of which a table takes for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

UTF8, GB18030 = "utf-8", "gb18030"
ENCODINGS = (UTF8, GB18030)
TYPES = {UTF8: "text/csv; charset=utf-8", GB18030: "text/csv; charset=gb18030"}
_FORMULA = ("=", "+", "@", "\t", "\r")


def safe(text: str) -> str:
    """A cell that a table shows and does not reckon: an apostrophe stands before what begins a formula.

    A negative number keeps its sign.
    """
    begins = text.startswith(_FORMULA) or (
        text.startswith("-") and not text[1:].replace(".", "", 1).isdigit()
    )
    return f"'{text}" if begins else text


def written(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A header and rows, each line ended as RFC 4180 says."""
    opened = io.StringIO()
    writer = csv.writer(opened, lineterminator="\r\n")
    writer.writerow([safe(each) for each in header])
    writer.writerows([safe(each) for each in row] for row in rows)
    return opened.getvalue()


def encoded(text: str, encoding: str) -> bytes:
    """The bytes of a file: UTF-8 with the mark that spreadsheets look for, or GB 18030, which holds every character."""
    return text.encode("utf-8-sig" if encoding == UTF8 else encoding)
