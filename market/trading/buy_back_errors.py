"""What the buy-back, public storage and its resale refuse: one class a rule."""

from __future__ import annotations

from market.core.errors import Conflict, Refusal
from market.registry.rights import INTERIM_BUY_BACK

SERVICE_RULE = "service rule of the buy-back"


class NotPublicStorage(Refusal):
    """The account is not public storage, or cannot take water in now."""

    code = "not_public_storage"
    title_en = "Not public storage"
    title_zh = "非公共储备水量账户"
    legal = INTERIM_BUY_BACK


class NoBuyBackRule(Refusal):
    """The county's pack has no rule of the buy-back."""

    code = "no_buy_back_rule"
    title_en = "This county has no buy-back"
    title_zh = "本县未设回购规则"
    legal = SERVICE_RULE


class MultipleOutOfRange(Refusal):
    """The multiple of the water price is outside the bounds of the county's pack."""

    code = "multiple_out_of_range"
    title_en = "Multiple out of range"
    title_zh = "回购倍数超出范围"


class NotABuyBackZone(Refusal):
    """An offer is for a township or an irrigation district."""

    code = "not_a_buy_back_zone"
    title_en = "Name a township or a district"
    title_zh = "请指定乡镇或灌区"
    legal = SERVICE_RULE


class BuyBackDates(Refusal):
    """The last day is before the first, past, or after the water year."""

    code = "buy_back_dates"
    title_en = "The days do not fit"
    title_zh = "回购起止日期有误"
    legal = SERVICE_RULE


class BuyBackNotOpen(Conflict):
    """The offer has ended, or has not begun."""

    code = "buy_back_not_open"
    title_en = "The offer is not open"
    title_zh = "回购要约未开放"
    legal = SERVICE_RULE


class OutsideBuyBack(Refusal):
    """The water account lies outside the offer's zone."""

    code = "outside_buy_back"
    title_en = "Outside the offer's zone"
    title_zh = "不在回购区域内"
    legal = SERVICE_RULE


class NoWaterPrice(Refusal):
    """The county's pack has no water price for this sector and place, so nothing can be multiplied."""

    code = "no_water_price"
    title_en = "No water price here"
    title_zh = "该处未公布水价"
    legal = "水法 arts 49, 55"


class BuyBackBudgetShort(Refusal):
    """What is left of the budget does not pay for the take."""

    code = "buy_back_budget_short"
    title_en = "The budget does not suffice"
    title_zh = "回购预算不足"
    legal = SERVICE_RULE


class AboveCeiling(Refusal):
    """One holder sells more to the offer than its terms allow of the holder's allocation."""

    code = "buy_back_ceiling"
    title_en = "Above the ceiling of one holder"
    title_zh = "超出单户回购上限"
    legal = SERVICE_RULE


class NothingToSell(Refusal):
    """Not a single lot may be sold from the account."""

    code = "nothing_to_sell"
    title_en = "Nothing may be sold"
    title_zh = "没有可出售的水量"
    legal = SERVICE_RULE


class RowTwice(Refusal):
    """A list names one account in two rows."""

    code = "duplicated_row"
    title_en = "The same account twice"
    title_zh = "水量账户重复"
    legal = SERVICE_RULE


class NotANeed(Refusal):
    """Stored water is assigned only to domestic and ecological accounts that may receive it."""

    code = "not_a_need"
    title_en = "Not for domestic or ecological use"
    title_zh = "非生活或生态用水账户"
    legal = INTERIM_BUY_BACK


class NotBeyondNeed(Refusal):
    """Only what exceeds the stated need of domestic and ecological use may be resold."""

    code = "not_beyond_need"
    title_en = "Kept for domestic and ecological use"
    title_zh = "应优先保障生活和生态用水"
    legal = INTERIM_BUY_BACK


class FloorBelowPaid(Refusal):
    """A round asks less than was paid on average, and names no reason."""

    code = "floor_below_paid"
    title_en = "Below what was paid"
    title_zh = "低于回购均价"
    legal = SERVICE_RULE


class RoundTimes(Refusal):
    """A round closes in the future, within the water year."""

    code = "round_times"
    title_en = "The closing time does not fit"
    title_zh = "截止时间有误"
    legal = SERVICE_RULE


class RoundNotOpen(Conflict):
    """The round has closed."""

    code = "round_not_open"
    title_en = "The round is closed"
    title_zh = "本轮竞价已截止"
    legal = SERVICE_RULE


class BelowFloor(Refusal):
    """A bid is below the round's least price."""

    code = "below_floor"
    title_en = "Below the least price"
    title_zh = "低于竞价底价"
    legal = SERVICE_RULE


class BidState(Conflict):
    """The bid is not in the state that this step needs, or the account has one already."""

    code = "bid_state"
    title_en = "Not possible for this bid now"
    title_zh = "该报价当前状态不允许此操作"
    legal = SERVICE_RULE


class BidSealed(Refusal):
    """Nobody but its bidder sees a bid before its round has closed, the bureau neither."""

    code = "bid_sealed"
    title_en = "Sealed until the round closes"
    title_zh = "报价在截止前保密"
    legal = SERVICE_RULE
