"""What the exchange refuses: one class a rule. The engine sends codes; `of` makes them errors again."""

from __future__ import annotations

from market.core.errors import Conflict, KeyReused, NotFound, Refusal, Unavailable
from market.registry.models import LIMIT_KINDS
from market.trading.commands import Refused


class InsufficientWater(Refusal):
    """The water account does not hold that much free water."""

    code = "insufficient_water"
    title_en = "Not enough free water"
    title_zh = "可用水量不足"


class InsufficientMoney(Refusal):
    """The money account does not cover the order at its limit."""

    code = "insufficient_money"
    title_en = "Not enough free money"
    title_zh = "可用资金不足"


class ProductMismatch(Refusal):
    """The water account holds another source or water year than the product trades."""

    code = "product_mismatch"
    title_en = "The water account does not fit the product"
    title_zh = "水量账户与交易品种不符"


class NoBook(Refusal):
    """Leases and rights are negotiated: what only a book has, orders, calls or halts, they have not."""

    code = "no_book"
    title_en = "This product has no order book"
    title_zh = "该交易品种无集中报价"
    legal = "service rule of the exchange: leases and rights are negotiated"


class ProductExpired(Refusal):
    """The product's water year is over."""

    code = "product_expired"
    title_en = "The product has expired"
    title_zh = "交易品种已到期"


class ProductNotOpen(Conflict):
    """The product is halted, closed or not open yet."""

    code = "product_not_open"
    title_en = "Trading is not open"
    title_zh = "当前不可交易"


class VolumeOutOfRange(Refusal):
    """The volume is nil, negative or beyond what the market takes."""

    code = "volume_out_of_range"
    title_en = "Volume out of range"
    title_zh = "水量超出范围"


class PriceOutOfRange(Refusal):
    """The price is nil, negative or beyond what the market takes."""

    code = "price_out_of_range"
    title_en = "Price out of range"
    title_zh = "价格超出范围"


class ValueOutOfRange(Refusal):
    """Volume times price is beyond what the market takes."""

    code = "value_out_of_range"
    title_en = "Value out of range"
    title_zh = "金额超出范围"


class NotWholeLots(Refusal):
    """The volume is not a multiple of the product's smallest lot."""

    code = "not_whole_lots"
    title_en = "Not a whole number of lots"
    title_zh = "水量不是最小交易单位的整数倍"


class MinimumFillAboveVolume(Refusal):
    """The minimum fill is above the volume."""

    code = "minimum_fill_above_volume"
    title_en = "Minimum fill above the volume"
    title_zh = "最低成交量大于委托量"


class PostOnlyContradicted(Refusal):
    """Post-only cannot be joined with an order that must fill at once."""

    code = "post_only_contradicted"
    title_en = "Post-only contradicts the other terms"
    title_zh = "只挂单与其他条件矛盾"


class PostOnlyWouldFill(Refusal):
    """A post-only order would fill at once."""

    code = "post_only_would_fill"
    title_en = "The order would fill at once"
    title_zh = "该单会立即成交"


class ExpiryAndValidity(Refusal):
    """GTD, and only GTD, names an expiry."""

    code = "expiry_and_validity"
    title_en = "Expiry and validity do not fit"
    title_zh = "到期时间与有效期类型不符"


class ExpiryPast(Refusal):
    """The expiry is past."""

    code = "expiry_past"
    title_en = "The expiry is past"
    title_zh = "到期时间已过"


class FokNotFilled(Refusal):
    """A fill-or-kill order could not be filled whole at once."""

    code = "fok_not_filled"
    title_en = "Could not be filled whole"
    title_zh = "无法全部成交"


class MinimumFillNotMet(Refusal):
    """Less than the minimum fill could be filled at once."""

    code = "minimum_fill_not_met"
    title_en = "Minimum fill not met"
    title_zh = "未达到最低成交量"


class AmendBelowFilled(Refusal):
    """An amendment leaves less than a lot beyond what is filled already."""

    code = "amend_below_filled"
    title_en = "Below what is filled"
    title_zh = "低于已成交量"


class OrderNotOpen(Conflict):
    """The order was filled, cancelled or has expired."""

    code = "order_not_open"
    title_en = "The order is not open"
    title_zh = "该单已不在市"


class DuplicateClientOrderId(Conflict):
    """The client order id was used before."""

    code = "duplicate_client_order_id"
    title_en = "Client order id used before"
    title_zh = "客户单号重复"


class NothingToAmend(Refusal):
    """An amendment names neither a volume nor a price."""

    code = "nothing_to_amend"
    title_en = "Name a volume or a price"
    title_zh = "请给出新的水量或价格"


class AccountGate(Refusal):
    """The kind of right, the sector or the state of the water account forbids the order; `rule` names which."""

    code = "account_may_not_trade"
    title_en = "This water account may not do this"
    title_zh = "该水量账户不得进行此交易"


class TrustEnded(Refusal):
    """The agreement under which the account sells for others is over."""

    code = "trust_ended"
    title_en = "The trust is over"
    title_zh = "托管已终止"


class BelowAgreedPrice(Refusal):
    """The order asks less than those whose water it is have agreed to."""

    code = "below_agreed_price"
    title_en = "Below the agreed price"
    title_zh = "低于约定最低价"


class ValidityNotInPhase(Refusal):
    """A validity that says nothing where orders wait: post-only, or at once while the book is not open."""

    code = "validity_not_in_phase"
    title_en = "Not possible in this phase"
    title_zh = "当前阶段不接受该有效方式"


class CallRunning(Conflict):
    """A product gathers or clears one call at a time."""

    code = "call_running"
    title_en = "A call is under way"
    title_zh = "集合竞价正在进行"


class CallState(Conflict):
    """The call is in another state than this step needs."""

    code = "call_state"
    title_en = "Not possible in this state of the call"
    title_zh = "集合竞价当前状态不允许此操作"


class CallNeedsReview(Refusal):
    """The county's rules put a call that moves water this way before a reviewer."""

    code = "call_needs_review"
    title_en = "The call awaits its review"
    title_zh = "该场竞价须经审查"


class CallReasonMissing(Refusal):
    """A decision on a call gives its reasons."""

    code = "call_reason_missing"
    title_en = "Give the reasons"
    title_zh = "请说明理由"


class NoCallHere(Refusal):
    """The county's rules cannot be put into a call."""

    code = "no_call_here"
    title_en = "No call is possible here"
    title_zh = "无法进行集合竞价"


class PriceOutsideBand(Refusal):
    """A limit is further from the product's reference price than its price band allows."""

    code = "price_outside_band"
    title_en = "Outside the price band"
    title_zh = "价格超出涨跌幅限制"


class KillSwitchOn(Conflict):
    """The bureau has stopped the orders of this participant, or of everybody."""

    code = "kill_switch"
    title_en = "Orders are stopped by the bureau"
    title_zh = "已被紧急叫停交易"


class Halted(Conflict):
    """The bureau has ordered a product, a zone, a participant or the whole market to stand still.

    `available` is from when it is lifted at the latest, if the order says so.
    """

    code = "halted"
    title_en = "Halted by order of the bureau"
    title_zh = "已被主管部门责令暂停交易"


class SameOwner(Refusal):
    """One beneficial owner stands on both sides of a deal."""

    code = "same_owner"
    title_en = "Nobody trades with itself"
    title_zh = "不得自我交易"


class FlowNotAllowed(Refusal):
    """The county's rules let no water move between these sectors and places."""

    code = "flow_not_allowed"
    title_en = "Water may not move this way"
    title_zh = "该流向不允许交易"


class NoRoute(Refusal):
    """No route leads from the seller's canal to the buyer's."""

    code = "no_route"
    title_en = "No route"
    title_zh = "无输水路线"


class CallOnly(Refusal):
    """A two-way account lies between the places: what crosses its border does so in call auctions."""

    code = "call_only"
    title_en = "Water crosses this border in call auctions only"
    title_zh = "跨该边界只能参加集合竞价"


class LimitExceeded(Refusal):
    """A cap, an import, export or conversion limit or a use plan has no room for the whole deal; `rule` names which."""

    code = "limit_exceeded"
    title_en = "A limit has no room for it"
    title_zh = "超出控制指标"


class EngineRefused(Unavailable):
    """The engine could not execute the command; nothing changed."""

    code = "engine_refused"


_UNKNOWN = {"not_found": NotFound, "idempotency_key_reused": KeyReused}
BY_CODE: dict[str, type[Refusal]] = _UNKNOWN | {
    each.code: each
    for each in (
        InsufficientWater, InsufficientMoney, ProductMismatch, ProductExpired, ProductNotOpen, VolumeOutOfRange,
        PriceOutOfRange, ValueOutOfRange, NotWholeLots, MinimumFillAboveVolume, PostOnlyContradicted,
        PostOnlyWouldFill, ExpiryAndValidity, ExpiryPast, FokNotFilled, MinimumFillNotMet, AmendBelowFilled,
        OrderNotOpen, DuplicateClientOrderId, EngineRefused, TrustEnded, BelowAgreedPrice, SameOwner,
        ValidityNotInPhase, FlowNotAllowed, NoRoute, CallOnly, PriceOutsideBand, KillSwitchOn,
        Halted,
    )
} | dict.fromkeys((f"{kind}_exceeded" for kind in (*LIMIT_KINDS, "plan")), LimitExceeded)  # fmt: skip


def of(refused: Refused) -> Refusal:
    """The error that an engine's refusal stands for; a gate of the registry keeps its own name as the rule."""
    kind = BY_CODE.get(refused.code, AccountGate)
    return kind(
        refused.detail,
        pointer=refused.pointer,
        rule=refused.code,
        limit=refused.limit,
        available=refused.available,
        legal_source=refused.legal_source,
    )
