"""What supervision refuses."""

from __future__ import annotations

from market.core.errors import Conflict, InvalidInput, NotAllowed, Refusal


class OwnInterest(NotAllowed):
    """Who decides may not be a party to what is decided."""

    code = "own_interest"
    title_en = "A reviewer may not decide on an own interest"
    title_zh = "审核人不得处理与本人有利害关系的事项"
    legal = "行政许可法 art. 72"


class ReasonMissing(Refusal):
    """A decision without its reason."""

    code = "reason_missing"
    title_en = "A decision carries its reason"
    title_zh = "决定应当说明理由"
    legal = "行政许可法 art. 38"


class SwitchLifted(Conflict):
    """A kill switch is lifted once."""

    code = "kill_switch_lifted"
    title_en = "The kill switch is lifted already"
    title_zh = "叫停已解除"


class NoSuchYear(InvalidInput):
    """A water year that the county does not know."""

    code = "no_such_water_year"
    title_en = "There is no such water year"
    title_zh = "没有该水年"
