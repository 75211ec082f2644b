"""Reading a sheet that somebody sent: every limit is checked before a parser sees a byte of it."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple

import openpyxl
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from market.core.sheets.columns import FORMULA, Problem, Register, Wrong, value_of
from market.core.sheets.errors import (
    MergedCells,
    MixedEncodings,
    NotASheet,
    PackedTooTightly,
    SheetTooLarge,
    TooManyRows,
    UnknownEncoding,
    WrongHeader,
    WrongSheet,
)

if not openpyxl.DEFUSEDXML:
    raise ImportError("workbooks are read with defusedxml only")

MOST_COLUMNS = 64
MOST_PARTS = 500
_CHUNK = 1 << 20
_SMALL = 1 << 20  # a part below this may be packed as tightly as it likes
_ROW = re.compile(rb'<(?:\w+:)?row\b(?:[^>]*?\br="(\d{1,9})")?')
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\b")


class Limits(NamedTuple):
    """The most of everything: bytes of the file and unpacked, how tightly packed, rows, and reported problems."""

    file_bytes: int = 16 << 20
    unpacked_bytes: int = 192 << 20
    ratio: int = 150
    rows: int = 20_000
    problems: int = 500


UPLOAD = Limits()
"""What comes over HTTP."""


@dataclass(slots=True)
class Row:
    """One row: its number as people see it, and either its values by column name or what is wrong."""

    number: int
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read(source: bytes | Path, register: Register, limits: Limits = UPLOAD) -> Iterator[Row]:
    """The rows of a workbook or a CSV file, one by one; empty rows are passed over.

    Errors: those of `market.core.sheets.errors` but RowsWrong.
    """
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size > limits.file_bytes:
        raise SheetTooLarge(f"at most {limits.file_bytes >> 20} MiB", limit=f"{limits.file_bytes} bytes")
    opened: IO[bytes] = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
    with opened:
        head = opened.read(4)
        opened.seek(0)
        cells = _workbook(opened, register, limits) if head[:2] == b"PK" else _csv(opened, limits)
        yield from _rows(cells, register, limits)


def _rows(cells: Iterator[Sequence[Any]], register: Register, limits: Limits) -> Iterator[Row]:
    header = next(cells, ())
    places = _header(register, header)
    seen: dict[tuple[Any, ...], int] = {}
    number = 1
    for line in cells:
        number += 1
        if number > limits.rows + 1:
            raise TooManyRows(f"at most {limits.rows} rows at once", limit=str(limits.rows))
        if all(cell is None or cell == "" for cell in line):
            continue
        row = Row(number)
        for column, place in places:
            try:
                row.values[column.name] = value_of(column, line[place] if place < len(line) else None)
            except Wrong as wrong:
                letter = get_column_letter(place + 1)
                row.problems.append(Problem(number, letter, wrong.code, wrong.en, wrong.zh))
        if not row.problems:
            key = tuple(row.values[name] for name in register.key)
            first = seen.setdefault(key, number)
            if first != number:
                row.problems.append(
                    Problem(number, "", "duplicated_row", f"the same as row {first}", f"与第 {first} 行重复")
                )
        yield row


def _header(register: Register, header: Sequence[Any]) -> list[tuple[Any, int]]:
    """Which column stands where."""
    names = [str(cell).strip() if cell is not None and cell is not FORMULA else "" for cell in header]
    found: list[tuple[Any, int]] = []
    passed_over: set[int] = set()
    for column in register.columns:
        known = {column.name, column.zh, column.en, column.title}
        places = [place for place, name in enumerate(names) if name in known]
        if len(places) > 1:
            raise WrongHeader(f"the column {column.title} stands there twice")
        if column.shown_only:
            passed_over.update(places)
        elif places:
            found.append((column, places[0]))
        elif column.required:
            raise WrongHeader(f"the column {column.title} is missing")
    unknown = set(range(len(names))) - {place for _, place in found} - passed_over
    strange = next((names[place] for place in sorted(unknown) if names[place]), None)
    if strange is not None:
        raise WrongHeader(f"there is no column {strange[:50]}")
    absent = [column for column in register.entered if column not in [each for each, _ in found]]
    return found + [(column, MOST_COLUMNS) for column in absent]


def _workbook(opened: IO[bytes], register: Register, limits: Limits) -> Iterator[Sequence[Any]]:
    try:
        with zipfile.ZipFile(opened) as packed:
            _check_packing(packed, limits)
        opened.seek(0)
        book = openpyxl.load_workbook(opened, read_only=True, keep_links=False)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise NotASheet("the workbook cannot be read") from error
    except SyntaxError as error:  # of XML; what defusedxml forbids is a ValueError
        raise NotASheet("the workbook's XML is broken") from error
    try:
        title = sheet_title(register)
        if title not in book.sheetnames:
            names = ", ".join(name[:31] for name in book.sheetnames[:5])
            raise WrongSheet(f"there is no sheet {title} among {names}")
        sheet: Any = book[title]
        _scan(opened, str(getattr(sheet, "_worksheet_path", "")), limits)
        for line in sheet.iter_rows(max_col=MOST_COLUMNS):
            yield [FORMULA if cell.data_type == "f" else cell.value for cell in line]
    except (zipfile.BadZipFile, SyntaxError, KeyError, ValueError, OSError, EOFError) as error:
        raise NotASheet("the workbook's sheet is broken") from error
    finally:
        book.close()


def _check_packing(packed: zipfile.ZipFile, limits: Limits) -> None:
    """Declared sizes are upper bounds: the unpacker stops there and then misses the checksum."""
    parts = packed.infolist()
    if len(parts) > MOST_PARTS:
        raise NotASheet(f"a workbook of more than {MOST_PARTS} parts")
    total = sum(part.file_size for part in parts)
    if any(
        part.file_size > max(_SMALL, limits.ratio * part.compress_size) for part in parts
    ):  # before the sum: it says what is wrong
        raise PackedTooTightly(f"more than {limits.ratio} to 1", limit=f"{limits.ratio}:1")
    if total > limits.unpacked_bytes:
        raise SheetTooLarge(
            f"unpacked at most {limits.unpacked_bytes >> 20} MiB", limit=f"{limits.unpacked_bytes} bytes"
        )
    if any(part.flag_bits & 1 for part in parts):
        raise NotASheet("the workbook is encrypted")


def _scan(opened: IO[bytes], path: str, limits: Limits) -> None:
    """Counts rows and looks for merged cells in the sheet's text, much faster than a parser would."""
    with zipfile.ZipFile(opened) as packed, packed.open(path.lstrip("/")) as part:
        rows, tail = 0, b""
        while chunk := part.read(_CHUNK):
            text = tail + chunk
            end = max(text.rfind(b"<"), 0)
            for found in _ROW.finditer(text, 0, end):
                rows += 1
                if max(rows, int(found[1] or 0)) > limits.rows + 1:
                    raise TooManyRows(f"at most {limits.rows} rows at once", limit=str(limits.rows))
            if _MERGED.search(text, 0, end):
                raise MergedCells("unmerge all cells: every row stands for itself")
            tail = text[end:]


def _csv(opened: IO[bytes], limits: Limits) -> Iterator[Sequence[Any]]:
    text = decoded(opened.read())
    if "\x00" in text:
        raise NotASheet("the text has NUL in it")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for line in reader:
            if len(line) > MOST_COLUMNS:
                raise NotASheet(f"more than {MOST_COLUMNS} columns")
            yield [FORMULA if cell.startswith("=") else cell for cell in line]
    except csv.Error as error:
        raise NotASheet(f"line {reader.line_num}: {error}") from error


def decoded(data: bytes) -> str:
    """The text of a file in UTF-8 or GB 18030. Errors: UnknownEncoding, MixedEncodings."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnknownEncoding("UTF-16: save the file as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.isascii() and _surely_utf8(line):
            raise MixedEncodings(f"line {number} is UTF-8 and others are not")
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError as error:
        raise UnknownEncoding(f"byte {error.start} is neither UTF-8 nor GB 18030") from error


def _surely_utf8(line: bytes) -> bool:
    """Whether a line is UTF-8 with a Chinese character in it: text of GB 18030 all but never is."""
    try:
        return any("\u4e00" <= each <= "\u9fff" for each in line.decode())
    except UnicodeDecodeError:
        return False


def sheet_title(register: Register) -> str:
    """The name of a register's sheet in a workbook."""
    return f"{register.zh} {register.en}"[:31]
