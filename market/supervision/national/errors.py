"""What exports and their answers refuse."""

from __future__ import annotations

from market.core.errors import Conflict, InvalidInput


class NothingToExport(Conflict):
    """There is no record of this kind in this year."""

    code = "nothing_to_export"
    title_en = "There is nothing to export"
    title_zh = "没有可报送的记录"


class AnswerTaken(Conflict):
    """The same answer was taken before."""

    code = "answer_taken"
    title_en = "This answer was taken before"
    title_zh = "该回执已导入"


class AnswerShape(InvalidInput):
    """An answer has lines, each record once, and a rejection says why."""

    code = "answer_shape"
    title_en = "The answer cannot be read"
    title_zh = "回执内容无法识别"
