"""What reports and filings refuse."""

from __future__ import annotations

from market.core.errors import Conflict, InvalidInput, NotFound, Refusal


class NoSuchReport(NotFound):
    """There is no report of this name."""


class NoSuchDuty(NotFound):
    """The county's pack has no duty of this name, or it is not filed by this report."""


class FiledAlready(Conflict):
    """For a duty and a year a report is filed once; from then on it is corrected."""

    code = "filed_already"
    title_en = "This report is filed already; file a correction"
    title_zh = "该报告已报送，请报送更正件"


class CorrectedAlready(Conflict):
    """A filing is corrected once; the next correction is of the newest."""

    code = "corrected_already"
    title_en = "This filing was corrected already"
    title_zh = "该报送件已更正"


class NothingDiffers(Conflict):
    """The figures are those that were filed: there is nothing to explain or to correct."""

    code = "nothing_differs"
    title_en = "The figures are as they were filed"
    title_zh = "数据与报送时一致"


class DifferencesMoved(Conflict):
    """The differences are no longer those that were read."""

    code = "differences_moved"
    title_en = "The differences are others by now; read them again"
    title_zh = "差异已发生变化，请重新查看"


class Unexplained(Refusal):
    """While figures differ from a filing without an explanation, nothing more is filed for its duty."""

    code = "filing_unexplained"
    title_en = "An earlier filing's differences are not explained"
    title_zh = "此前报送件的数据差异尚未说明"
    legal = "取水许可和水资源费征收管理条例 arts 42, 52"


class TooEarly(Refusal):
    """A year is not filed before it has begun."""

    code = "year_not_begun"
    title_en = "The year has not begun"
    title_zh = "该年度尚未开始"


class UnknownTarget(InvalidInput):
    """The plan has no such task, or the task no such target."""

    code = "unknown_target"
    title_en = "The plan has no such target"
    title_zh = "方案中没有该目标"


class FigureShape(InvalidInput):
    """Output, and only output, is of a sector, and may be of one user."""

    code = "figure_shape"
    title_en = "This figure names too much or too little"
    title_zh = "该数据的填报项不符"


class InspectionOver(Conflict):
    """An inspection that was done or cancelled."""

    code = "inspection_over"
    title_en = "The inspection is over"
    title_zh = "该检查已结束"
