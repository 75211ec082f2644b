"""What settlement refuses."""

from __future__ import annotations

from market.core.errors import Conflict, NotAllowed, Refusal


class InstructionResolved(Conflict):
    """The instruction is no longer awaiting its review: it was settled, rejected or reversed."""

    code = "instruction_resolved"
    title_en = "Already decided"
    title_zh = "该交收指令已处理"


class DeliveryState(Conflict):
    """The step is not possible in the present state of the delivery or of its trade."""

    code = "delivery_state"
    title_en = "Not possible in the present state of the delivery"
    title_zh = "配水单当前状态不允许此操作"


class CanalClosed(Refusal):
    """The canal is open on no day of the season."""

    code = "canal_closed"
    title_en = "The canal is closed in this season"
    title_zh = "该时段渠道不行水"
    legal = "农田水利条例 art. 28: water is supplied by the plan of the irrigation manager"


class NotTheKeeper(Refusal):
    """The gate is kept by the association that the delivery was dispatched to, else by the registrar."""

    code = "not_the_keeper"
    title_en = "Another keeps this gate"
    title_zh = "该闸口由其他单位管理"
    legal = "农田水利条例 art. 28"


class MoreThanOrdered(Refusal):
    """No more arrives at the gate than was ordered."""

    code = "more_than_ordered"
    title_en = "More than was ordered"
    title_zh = "超过配水单水量"
    legal = "service rule of the exchange: a delivery confirms what was traded"


class CannotReturn(Refusal):
    """The buyer has used the water, a payee has spent the money, or a limit lacks headroom for it to go back."""

    code = "cannot_return"
    title_en = "It cannot be returned"
    title_zh = "无法退回"
    legal = "民法典 arts 577, 582: a breach is remedied by performance, replacement or a lower price"


class FourEyes(NotAllowed):
    """Who proposed a refund does not approve it."""

    code = "four_eyes"
    title_en = "Another has to decide this"
    title_zh = "须由他人复核"
    legal = "service rule of the exchange: four eyes"
