"""Files of certificates as a bureau has them: so many rows, with valid identity numbers, streamed to disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from openpyxl import Workbook

from market.core.sheets.reading import sheet_title
from market.demo import people
from market.registry.sheets import CERTIFICATES

CANALS = ("K1", "K2")


def rows(count: int) -> Iterator[list[str]]:
    """Certificates of so many households of the small county, 10.32 mu and 4 180 m3 each."""
    for number in range(1, count + 1):
        yield [
            f"OLD-SW-2014-{number:06d}", "household", f"农户 {number}", people.identity_number(number),
            "irrigation_certificate", "surface", "agriculture", "T1", CANALS[number % 2], "4180.000", "10.32", "1",
            "2014-01-01", "2043-12-31", "二轮承包地",
        ]  # fmt: skip


def write(path: Path, lines: Iterator[list[str]]) -> Path:
    """Writes the rows as a workbook."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(sheet_title(CERTIFICATES))
    sheet.append([column.title for column in CERTIFICATES.columns])
    for line in lines:
        sheet.append(line)
    book.save(path)
    return path
