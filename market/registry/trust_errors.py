"""What trusts refuse: one class a rule."""

from __future__ import annotations

from market.core.errors import Conflict, InvalidInput, Refusal


class TrustTerm(InvalidInput):
    """A trust begins before it ends, and ends within the water year of its pool."""

    code = "trust_term"
    title_en = "Not a term of a trust"
    title_zh = "托管期限无效"
    legal = "service rule of the exchange: trusts of water"


class TrustState(Conflict):
    """The step is not possible in the present state of the trust or of the membership."""

    code = "trust_state"
    title_en = "Not possible in the present state of the trust"
    title_zh = "托管当前状态不允许此操作"
    legal = "service rule of the exchange: trusts of water"


class NotOfThePool(Refusal):
    """A pool takes water of its own place, sector, source, water year and kind of right alone."""

    code = "not_of_the_pool"
    title_en = "Not the water of this pool"
    title_zh = "该水量不属于本托管池"
    legal = "service rule of the exchange: a pool holds water of one place and one kind of right"


class AccountEntrusted(Conflict):
    """There is an agreement about the water of this account already."""

    code = "account_entrusted"
    title_en = "The account is entrusted already"
    title_zh = "该水量账户已委托管理"
    legal = "service rule of the exchange: trusts of water"


class TrustFull(Refusal):
    """A pool has at most so many members with water in it: every trade pays each of them."""

    code = "trust_full"
    title_en = "The pool has no room for another member"
    title_zh = "托管池成员已满"
    legal = "service rule of the exchange (demonstration)"


class TooLittleWater(Refusal):
    """The account has less free water than is to be moved or held."""

    code = "insufficient_water"
    title_en = "Not enough free water"
    title_zh = "可用水量不足"
    legal = "service rule of the exchange: one record of allocation, use and holds"


class MoreThanTheShare(Refusal):
    """Nobody takes out more than its own share of the pool."""

    code = "more_than_the_share"
    title_en = "More than the member's share"
    title_zh = "超过成员份额"
    legal = "民法典 art. 927: what is gained in an agency goes to the principal"


class WaterInOrders(Conflict):
    """The share is held by open orders or by trades under review: recall the orders first."""

    code = "water_in_orders"
    title_en = "The pool's water is held by orders"
    title_zh = "托管池水量已被委托单预留"
    legal = "service rule of the exchange: one record of allocation, use and holds"


class NoticeNotOver(Refusal):
    """A member leaves when the notice that the terms give is over."""

    code = "notice_not_over"
    title_en = "The notice is not over"
    title_zh = "通知期未满"
    legal = "民法典 art. 933: who ends an agency does so as agreed"
