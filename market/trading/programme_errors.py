"""What purchase programmes refuse: one class a rule."""

from __future__ import annotations

from market.core.errors import Conflict, Refusal

SERVICE_RULE = "service rule of the exchange"


class ProgrammeState(Conflict):
    """The step is not possible in the present state of the programme or the subscription."""

    code = "programme_state"
    title_en = "Not possible in the present state of the programme"
    title_zh = "收购计划当前状态不允许此操作"
    legal = SERVICE_RULE


class DeadlinePassed(Conflict):
    """One subscribes, and withdraws, until the deadline."""

    code = "deadline_passed"
    title_en = "The deadline has passed"
    title_zh = "已过截止时间"
    legal = "民法典 arts 476, 481: an offer with a term is accepted within it, and stands until then"


class DeadlineTime(Refusal):
    """A programme ends after now and not after trading of its product."""

    code = "deadline_time"
    title_en = "The deadline must lie ahead, within the product's time"
    title_zh = "截止时间无效"
    legal = SERVICE_RULE


class ProgrammeAmounts(Refusal):
    """Minimum, maximum and subscriptions are of whole lots; the minimum is not above the maximum."""

    code = "programme_amounts"
    title_en = "Not amounts that a programme can have"
    title_zh = "收购水量或价格无效"
    legal = "service rule of the exchange: the county pack's smallest lot"


class ZoneNotEligible(Refusal):
    """The water account lies in none of the programme's zones."""

    code = "zone_not_eligible"
    title_en = "Outside the programme's zones"
    title_zh = "不在收购区域内"
    legal = "terms of the programme"


class SubscribedAlready(Conflict):
    """One subscription an account; it may be withdrawn and made anew."""

    code = "subscribed_already"
    title_en = "This account has subscribed"
    title_zh = "该水量账户已认购"
    legal = SERVICE_RULE


class TooManySellers(Refusal):
    """A programme takes so many sellers at most, as all of them are struck in one batch."""

    code = "too_many_sellers"
    title_en = "The programme has as many sellers as it can"
    title_zh = "参与出售人数已达上限"
    legal = SERVICE_RULE


class NotInTheAnnex(Refusal):
    """An exception names a subscription that the programme has taken."""

    code = "not_in_the_annex"
    title_en = "Not a seller of the annex"
    title_zh = "附件中无此出售人"
    legal = "行政许可法 art. 38: a refusal names its reasons"


class BelowMinimum(Refusal):
    """What is left after the exceptions does not reach the programme's minimum: it is rejected as a whole."""

    code = "below_minimum"
    title_en = "Less than the programme's minimum is left"
    title_zh = "剔除后低于最低收购量"
    legal = "terms of the programme"
