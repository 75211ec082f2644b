"""What payments through a provider refuse: one class a rule."""

from __future__ import annotations

from market.core.errors import Conflict, NotAllowed, Refusal

_LEGAL = "service rule of the exchange: "


class NoGateway(Conflict):
    """This installation has no payment provider."""

    code = "no_gateway"
    title_en = "No payment provider is set up"
    title_zh = "未配置支付渠道"


class CaptureNotPossible(Refusal):
    """Wallets are charged at once; only a card's amount can be authorised and captured later."""

    code = "capture_not_possible"
    title_en = "This method cannot be authorised first"
    title_zh = "该支付方式不支持预授权"
    legal = _LEGAL + "only cards are authorised first"


class PaymentState(Conflict):
    """The payment is not in the state that this step needs."""

    code = "gateway_payment_state"
    title_en = "Not possible in the payment's present state"
    title_zh = "支付当前状态不允许此操作"


class CallUnderWay(Conflict):
    """Of an earlier step of this payment it is not known yet what became of it."""

    code = "gateway_call_under_way"
    title_en = "An earlier step of this payment is under way"
    title_zh = "该支付的上一步操作尚在处理中"


class CaptureOverAuthorised(Refusal):
    """No more is captured than the payer has authorised."""

    code = "capture_over_authorised"
    title_en = "More than is authorised"
    title_zh = "超过预授权金额"
    legal = _LEGAL + "no more is captured than was authorised"


class RefundOverCaptured(Refusal):
    """No more is given back than was captured and not given back before."""

    code = "refund_over_captured"
    title_en = "More than was captured and not refunded"
    title_zh = "超过可退金额"
    legal = _LEGAL + "no more is refunded than was captured"


class RefundOverAvailable(Refusal):
    """The participant has spent or bound what would be given back."""

    code = "refund_over_available"
    title_en = "The participant no longer has this amount free"
    title_zh = "该主体可用余额不足以退款"
    legal = _LEGAL + "only free money is refunded"


class DifferenceState(Conflict):
    """The difference is not in the state that this step needs."""

    code = "difference_state"
    title_en = "Not possible in the difference's present state"
    title_zh = "差异当前状态不允许此操作"


class ExplainedByOneself(NotAllowed):
    """Who explained a difference does not close it."""

    code = "explained_by_oneself"
    title_en = "Another person closes what you explained"
    title_zh = "说明人与销案人须分离"


class EventNotSigned(Refusal):
    """An incoming event whose signature does not hold, or that cannot be read."""

    code = "event_not_signed"
    status = 400
    title_en = "The event is not signed by the provider"
    title_zh = "事件签名无效"
