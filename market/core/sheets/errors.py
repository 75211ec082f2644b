"""What is wrong with a whole file: one class a rule. What is wrong with a cell is a `Problem`."""

from __future__ import annotations

from market.core.errors import InvalidInput


class NotASheet(InvalidInput):
    """The file is neither a workbook nor text of comma-separated values."""

    code = "not_a_sheet"
    title_en = "Neither an Excel workbook nor a CSV file"
    title_zh = "不是 Excel 工作簿或 CSV 文件"


class SheetTooLarge(InvalidInput):
    """The file, or what it would unpack to, is larger than the service takes."""

    code = "sheet_too_large"
    status = 413
    title_en = "The file is too large"
    title_zh = "文件过大"


class PackedTooTightly(InvalidInput):
    """A workbook that unpacks to far more than its size: a zip bomb, or made to look like one."""

    code = "packed_too_tightly"
    title_en = "The workbook unpacks to far more than its size"
    title_zh = "工作簿压缩比异常"


class WrongSheet(InvalidInput):
    """The workbook has no sheet of the register's name."""

    code = "wrong_sheet"
    title_en = "The workbook has no sheet of this name"
    title_zh = "工作簿中没有该名称的工作表"


class MergedCells(InvalidInput):
    """Merged cells hide which row a value belongs to."""

    code = "merged_cells"
    title_en = "The sheet has merged cells"
    title_zh = "工作表含有合并单元格"


class TooManyRows(InvalidInput):
    """More rows than are taken at once."""

    code = "too_many_rows"
    title_en = "Too many rows"
    title_zh = "行数过多"


class WrongHeader(InvalidInput):
    """The first row does not name the register's columns, each once."""

    code = "wrong_header"
    title_en = "The first row does not name the register's columns"
    title_zh = "首行列名与登记表不符"


class UnknownEncoding(InvalidInput):
    """Text that is neither UTF-8 nor GB 18030."""

    code = "unknown_encoding"
    title_en = "The text is neither UTF-8 nor GB 18030"
    title_zh = "文本编码不是 UTF-8 或 GB 18030"


class MixedEncodings(InvalidInput):
    """Some lines are UTF-8 and others are not: files were glued together."""

    code = "mixed_encodings"
    title_en = "The lines are not of one encoding"
    title_zh = "文件中混有多种编码"


class RowsWrong(InvalidInput):
    """Some rows were refused, so that none was taken; `rows` says which and why."""

    code = "rows_refused"
    title_en = "Some rows were refused; nothing was changed"
    title_zh = "部分行被拒绝，未做任何更改"
