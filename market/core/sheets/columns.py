"""A register's columns as data, and what a cell means. Numbers of Excel are floats: volumes are exact as text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from openpyxl.utils import get_column_letter

from ledger.units import UnitError, format_decimal, parse_decimal
from market.core.clock import LEGAL_ZONE


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    DECIMAL = "decimal"
    INTEGER = "integer"
    DATE = "date"
    INSTANT = "instant"
    CHOICE = "choice"
    YES_NO = "yes_no"


class Choice(NamedTuple):
    """One of the values of a column: its code, and what people read."""

    code: str
    zh: str
    en: str

    @property
    def shown(self) -> str:
        """What the drop-down shows."""
        return f"{self.code} {self.zh}"


def choices(names: Mapping[str, str]) -> tuple[Choice, ...]:
    """Choices by their codes and what they are called in Chinese; in English the code says it."""
    return tuple(Choice(code, zh, code.replace("_", " ")) for code, zh in names.items())


YES_NO = (Choice("yes", "是", "yes"), Choice("no", "否", "no"))


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `most` is the longest text, or the largest integer; a decimal is an integer of 10**-scale.

    `shown_only`: exports have it, templates do not, and an import passes over what stands in it. Such columns come
    last in their register.
    """

    name: str
    zh: str
    en: str
    kind: Kind = Kind.TEXT
    required: bool = False
    choices: tuple[Choice, ...] = ()
    most: int = 200
    least: int = 0
    scale: int = 3
    shown_only: bool = False

    @property
    def title(self) -> str:
        """The header of the column."""
        return f"{self.zh} {self.en}"


@dataclass(frozen=True, slots=True)
class Register:
    """A sheet of a register; rows that agree in the columns of `key` are the same row twice."""

    name: str
    zh: str
    en: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def entered(self) -> tuple[Column, ...]:
        """The columns that an import reads."""
        return tuple(column for column in self.columns if not column.shown_only)

    def letter(self, name: str) -> str:
        """The letter of a column in the template; empty where there is no such column."""
        names = [column.name for column in self.columns]
        return get_column_letter(names.index(name) + 1) if name in names else ""


class Problem(NamedTuple):
    """What is wrong with a cell or a row: where, a stable code, and what people read."""

    row: int
    column: str
    code: str
    en: str
    zh: str


class Wrong(Exception):
    """A cell that does not hold what its column does."""

    def __init__(self, code: str, en: str, zh: str) -> None:
        super().__init__(en)
        self.code, self.en, self.zh = code, en, zh


class Formula:
    """A cell with a formula in it."""


FORMULA = Formula()


def value_of(column: Column, cell: Any) -> Any:
    """What a cell means in a column; None where it is empty. Errors: Wrong."""
    if cell is FORMULA:
        raise Wrong("formula", "a formula is no value: paste values only", "不接受公式，请仅粘贴数值")
    if isinstance(cell, str):
        cell = cell.strip()
    if cell is None or cell == "":
        if column.required:
            raise Wrong("missing", f"{column.en} is required", f"必须填写{column.zh}")
        return None
    return _READ[column.kind](column, cell)


def _text(column: Column, cell: Any) -> str:
    if not isinstance(cell, str):
        raise Wrong(
            "number_not_text",
            "format the cell as text: a number of Excel is not exact",
            "请将单元格设为文本格式：Excel 数值不精确",
        )
    if len(cell) > column.most:
        raise Wrong("too_long", f"at most {column.most} characters", f"最多 {column.most} 个字符")
    if "\x00" in cell or any("\ud800" <= each <= "\udfff" for each in cell):
        raise Wrong("unwritable", "a character that cannot be kept", "含有无法保存的字符")
    return cell


def _decimal(column: Column, cell: Any) -> int:
    text = _text(column, cell)
    try:
        return parse_decimal(text, scale=column.scale, limit=10**15)
    except UnitError as error:
        raise Wrong(error.code, str(error), f"须为最多 {column.scale} 位小数的非负数字文本") from error


def _integer(column: Column, cell: Any) -> int:
    if isinstance(cell, str) and cell.isascii() and cell.isdigit() and len(cell) <= 12:
        cell = int(cell)
    if not isinstance(cell, int) or isinstance(cell, bool) or not column.least <= cell <= column.most:
        raise Wrong(
            "not_an_integer",
            f"a whole number from {column.least} to {column.most}",
            f"须为 {column.least} 至 {column.most} 的整数",
        )
    return cell


def _date(column: Column, cell: Any) -> dt.date:
    if isinstance(cell, dt.datetime):
        if cell.time() == dt.time(0):
            return cell.date()
    elif isinstance(cell, dt.date):
        return cell
    elif isinstance(cell, str) and len(cell) == 10:
        try:
            return dt.date.fromisoformat(cell.replace("/", "-"))
        except ValueError:
            pass
    raise Wrong("not_a_date", "a date such as 2026-04-01", "须为日期，例如 2026-04-01")


def _instant(column: Column, cell: Any) -> dt.datetime:
    found: dt.datetime | None = cell if isinstance(cell, dt.datetime) else None
    if isinstance(cell, str) and 16 <= len(cell) <= 40:
        try:
            found = dt.datetime.fromisoformat(cell)
        except ValueError:
            found = None
    if found is None:
        raise Wrong(
            "not_an_instant",
            "a date and a time such as 2026-04-01 08:00 (of Beijing, if no zone is given)",
            "须为日期和时间，例如 2026-04-01 08:00（未注明时区的为北京时间）",
        )
    return found if found.tzinfo is not None else found.replace(tzinfo=LEGAL_ZONE)


def _choice(column: Column, cell: Any) -> str:
    for each in column.choices:
        if cell in (each.code, each.zh, each.en, each.shown):
            return each.code
    codes = ", ".join(each.code for each in column.choices)
    raise Wrong("not_a_choice", f"one of {codes}", "须为下拉列表中的一项")


def _yes_no(column: Column, cell: Any) -> bool:
    if isinstance(cell, bool):
        return cell
    for each in YES_NO:
        if cell in (each.code, each.zh, each.en, each.shown):
            return each.code == "yes"
    raise Wrong("not_yes_or_no", "yes or no", "须为“是”或“否”")


_READ = {
    Kind.TEXT: _text,
    Kind.DECIMAL: _decimal,
    Kind.INTEGER: _integer,
    Kind.DATE: _date,
    Kind.INSTANT: _instant,
    Kind.CHOICE: _choice,
    Kind.YES_NO: _yes_no,
}


def shown(column: Column, value: Any) -> str | None:
    """A value as the text of a cell; what `value_of` reads back."""
    if value is None:
        return None
    if column.kind is Kind.DECIMAL:
        return format_decimal(value, scale=column.scale)
    if column.kind is Kind.CHOICE:
        return next((each.shown for each in column.choices if each.code == value), str(value))
    if column.kind is Kind.YES_NO:
        return YES_NO[0 if value else 1].shown
    if column.kind is Kind.INSTANT:
        return str(value.astimezone(LEGAL_ZONE).isoformat(sep=" "))
    return value.isoformat() if column.kind is Kind.DATE else str(value)
