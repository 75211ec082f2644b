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


class SelectionUnchecked(Refusal):
    """Orders of others are ended by the digest of what a preview showed, or up to a number: one of the two."""

    code = "selection_unchecked"
    title_en = "Name the preview's digest or the most orders"
    title_zh = "应当注明预览摘要或者撤单数量上限"
    legal = "service rule of the exchange: many orders are ended by what was looked at"


class NothingChosen(Refusal):
    """No open order fits the filter."""

    code = "nothing_chosen"
    title_en = "No open order fits"
    title_zh = "没有符合条件的委托单"


class SelectionChanged(Conflict):
    """The filter no longer chooses what the preview showed: orders came, were filled, or ended."""

    code = "selection_changed"
    title_en = "The orders have changed since the preview"
    title_zh = "预览之后委托单已有变化"
    legal = "service rule of the exchange: many orders are ended by what was looked at"


class TooManyChosen(Conflict):
    """The filter chooses more orders than were allowed to be ended."""

    code = "too_many_chosen"
    title_en = "More orders than allowed"
    title_zh = "符合条件的委托单超过上限"
    legal = "service rule of the exchange: many orders are ended by what was looked at"


class HaltLifted(Conflict):
    """A halt is lifted once."""

    code = "halt_lifted"
    title_en = "The halt is lifted already"
    title_zh = "暂停交易令已解除"


class HaltScope(Refusal):
    """A halt names one thing: the market, a product, a zone or a participant; only that goes on to owners."""

    code = "halt_scope"
    title_en = "A halt names one thing"
    title_zh = "暂停交易令应当只针对一个对象"


class HaltOver(Refusal):
    """The day until which a halt is to stand is past."""

    code = "halt_over"
    title_en = "The end of the halt is past"
    title_zh = "暂停交易的截止时间已过"


class ReversalPending(Conflict):
    """A trade is reversed once, and one proposal at a time is decided."""

    code = "reversal_pending"
    title_en = "A reversal of it is proposed already"
    title_zh = "该笔交易已有撤销申请"


class ReversalState(Conflict):
    """The reversal is decided."""

    code = "reversal_state"
    title_en = "The reversal is decided already"
    title_zh = "撤销申请已处理"


class NotReversible(Conflict):
    """What was traded has gone into books of their own: another way puts it right; `rule` says which books."""

    code = "not_reversible"
    title_en = "This trade is put right in another way"
    title_zh = "该笔交易应当通过其他方式纠正"
    legal = "service rule of the exchange: reversals (docs/decisions/0030)"


class OpenSales(Conflict):
    """The buyer's account has open sales: what they hold would count as gone. They are ended first."""

    code = "open_sales"
    title_en = "End the open sales of the buyer's account first"
    title_zh = "请先撤销买方账户的卖水单"
    legal = "service rule of the exchange: reversals (docs/decisions/0030)"


class NothingToReverse(Conflict):
    """Nothing of the water can go back, and no other value was set for it: the price paid is its compensation."""

    code = "nothing_to_reverse"
    title_en = "Nothing can go back, and what was paid compensates it"
    title_zh = "已无可返还水量，原价款即为折价补偿"
    legal = "民法典 art. 157"


class ReversalOverLimit(Conflict):
    """What goes back to the seller is counted under its caps again, and one of them has no room for it."""

    code = "reversal_over_limit"
    title_en = "A cap has no room for what goes back"
    title_zh = "返还水量超出总量控制指标"


class FeesNotCovered(Conflict):
    """The exchange's account of fees does not hold the fee that goes back."""

    code = "fees_not_covered"
    title_en = "The fees do not cover what goes back"
    title_zh = "手续费账户余额不足以退回"
    legal = "service rule of the exchange: no account is overdrawn"


class NoSuchYear(InvalidInput):
    """A water year that the county does not know."""

    code = "no_such_water_year"
    title_en = "There is no such water year"
    title_zh = "没有该水年"
