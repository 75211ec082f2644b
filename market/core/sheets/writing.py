"""Writing sheets: a template with drop-downs, and what a register holds. Every cell is text."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from market.core.sheets.columns import YES_NO, Kind, Register, shown
from market.core.sheets.reading import sheet_title

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LISTS = "lists"
_TEXT_FORMAT = "@"
_LAST_ROW = 20_001
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What XML cannot hold."""


def template(register: Register) -> bytes:
    """An empty workbook of a register: headers, columns formatted as text, a drop-down for every choice."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = sheet_title(register)
    lists = book.create_sheet(LISTS)
    lists.sheet_state = "hidden"
    for place, column in enumerate(register.entered, 1):
        letter = get_column_letter(place)
        head = sheet.cell(row=1, column=place, value=column.title)
        head.font = Font(bold=column.required)
        sheet.column_dimensions[letter].width = max(14, len(column.title) + 6)
        sheet.column_dimensions[letter].number_format = _TEXT_FORMAT
        choices = YES_NO if column.kind is Kind.YES_NO else column.choices
        if choices:
            for row, each in enumerate(choices, 1):
                lists.cell(row=row, column=place, value=each.shown)
            allowed = DataValidation(
                type="list",
                formula1=f"{LISTS}!${letter}$1:${letter}${len(choices)}",
                allow_blank=not column.required,
                showErrorMessage=True,
            )
            sheet.add_data_validation(allowed)
            allowed.add(f"{letter}2:{letter}{_LAST_ROW}")
    sheet.freeze_panes = "A2"
    return _saved(book)


def export(register: Register, rows: Iterable[Mapping[str, Any]]) -> bytes:
    """A workbook of a register's rows, which an import of the same register reads back."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(sheet_title(register))
    sheet.append([column.title for column in register.columns])
    for row in rows:
        line = []
        for column in register.columns:
            cell = WriteOnlyCell(sheet)
            text = shown(column, row[column.name])
            if text is not None:
                cell.value = _UNWRITABLE.sub("\ufffd", text)
                cell.data_type = "s"  # also where it begins with =: a text, never a formula
            cell.number_format = _TEXT_FORMAT
            line.append(cell)
        sheet.append(line)
    return _saved(book)


def _saved(book: Workbook) -> bytes:
    opened = io.BytesIO()
    book.save(opened)
    return opened.getvalue()
