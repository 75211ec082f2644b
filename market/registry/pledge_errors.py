"""What pledges refuse: one class a rule."""

from __future__ import annotations

from market.core.errors import Conflict, InvalidInput, Refusal


class PledgeState(Conflict):
    """The step is not possible in the present state of the pledge, the right or the consent."""

    code = "pledge_state"
    title_en = "Not possible in the present state of the pledge"
    title_zh = "质押当前状态不允许此操作"
    legal = "service rule of the exchange: pledges of rights"


class PledgeParty(Refusal):
    """The step is the other party's: the holder consents and agrees, the bank applies, consents and releases."""

    code = "not_your_step"
    title_en = "This step is the other party's"
    title_zh = "该步骤应由另一方办理"
    legal = "民法典 arts 406, 427: a security right rests on the agreement of both"


class NotABank(InvalidInput):
    """A pledge is given to an admitted bank that is not the holder's own."""

    code = "not_a_bank"
    title_en = "Not a bank that may take a pledge"
    title_zh = "不是可以接受质押的银行"
    legal = "service rule of the exchange: pledges of rights"


class NoSearchConsent(Refusal):
    """A bank looks at a right only while the holder's consent is in force."""

    code = "no_search_consent"
    title_en = "The holder's consent is not in force"
    title_zh = "权利人的查询同意未生效或已失效"
    legal = "个人信息保护法 art. 13; county plan part 5(3)"


class MoreThanTheRight(Refusal):
    """The litres of all pledges of a right, with what is let of it, stay within its yearly volume."""

    code = "more_than_the_right"
    title_en = "More than the right has to pledge"
    title_zh = "超过水权可质押水量"
    legal = "取水许可和水资源费征收管理条例 art. 24: the confirmed volume is the most in a year"


class MoreThanIsHeld(Refusal):
    """A consent or an enforcement covers at most the litres that the pledge holds now."""

    code = "more_than_is_pledged"
    title_en = "More than the pledge holds"
    title_zh = "超过质押预留水量"
    legal = "service rule of the exchange: one record of allocation, use and holds"


class MoreThanIsSecured(Refusal):
    """What is declared as owed stays within what the pledge secures."""

    code = "more_than_is_secured"
    title_en = "More than the pledge secures"
    title_zh = "超过担保金额"
    legal = "民法典 art. 389"


class NotAnAgent(Refusal):
    """Who sells at an enforcement is an admitted agent or association: neither the bank nor the holder."""

    code = "not_an_agent"
    title_en = "Not somebody who may sell at an enforcement"
    title_zh = "不得作为处置出售人"
    legal = "民法典 arts 401, 428, 410: no forfeiture to the creditor; sale to an eligible buyer"


class PledgedWaterInOrders(Conflict):
    """Open orders or reviews hold the water that would go back."""

    code = "pledged_water_in_orders"
    title_en = "The water is held by orders"
    title_zh = "水量已被委托单预留"
    legal = "service rule of the exchange: one record of allocation, use and holds"
