"""What leases of water refuse: one class a rule."""

from __future__ import annotations

from market.core.errors import Conflict, Refusal


class LeaseState(Conflict):
    """The step is not possible in the present state of the lease."""

    code = "lease_state"
    title_en = "Not possible in the present state of the lease"
    title_zh = "租赁当前状态不允许此操作"
    legal = "service rule of the exchange"


class MoreThanMayBeLeased(Refusal):
    """What is leased of a right, and what is pledged, together stay within its yearly volume."""

    code = "more_than_may_be_leased"
    title_en = "More than the right has to lease"
    title_zh = "超过水权可出租水量"
    legal = "取水许可和水资源费征收管理条例 art. 24: the confirmed volume is the most in a year"


class LeaseTerm(Refusal):
    """A lease runs for whole water years, at most twenty, and not beyond the right's own term."""

    code = "lease_term"
    title_en = "Not a term that a lease of this right may have"
    title_zh = "租赁期限不符合规定"
    legal = "民法典 art. 705; 取水许可和水资源费征收管理条例 arts 25, 27: within the term of the right"


class RightIsLeased(Refusal):
    """A right is not made so small, by a split, a sale or an amendment, that it no longer carries its leases."""

    code = "right_is_leased"
    title_en = "What is leased must stay in one right"
    title_zh = "已出租水量须留在同一水权内"
    legal = "民法典 art. 725 (by analogy): a change of the holder does not affect a lease"


class LeaseTurnOpen(Conflict):
    """The year's water of a lease is held or on its way; the right changes hands when that is done."""

    code = "lease_turn_open"
    title_en = "The year's leased water is still to be delivered"
    title_zh = "当年租赁水量尚未交付"
    legal = "民法典 art. 708: the lessor hands over what it has let"


class RentNotOverdue(Refusal):
    """The lessor terminates where a year's rent was not there, not even within the grace."""

    code = "rent_not_overdue"
    title_en = "No year has lapsed for want of the rent"
    title_zh = "不存在逾期未付租金的年度"
    legal = "民法典 art. 722: overdue after a reasonable time, the lessor may terminate"
