"""What webhooks refuse: one class a rule."""

from __future__ import annotations

from market.core.errors import Conflict, Refusal

_LEGAL = "service rule of the exchange: "


class TargetRefused(Refusal):
    """The address is none that this service sends to: not https, a port of something else, or a host of a network that
    is not public.
    """

    code = "webhook_target_refused"
    title_en = "This service does not send there"
    title_zh = "不允许向该地址发送通知"
    legal = _LEGAL + "notifications go to public addresses over https only"


class UnknownEventType(Refusal):
    """There is no such type of events, or participants are not told of it."""

    code = "unknown_event_type"
    title_en = "There is no such type of events"
    title_zh = "没有该事件类型"
    legal = _LEGAL + "GET /v1/event-types lists the types"


class TooManyEndpoints(Refusal):
    """A participant has so many endpoints at most."""

    code = "too_many_endpoints"
    title_en = "No more endpoints for one participant"
    title_zh = "通知端点数量已达上限"
    legal = _LEGAL + "a participant has so many endpoints at most"


class EndpointState(Conflict):
    """The endpoint is disabled, or was enabled before."""

    code = "webhook_endpoint_state"
    title_en = "Not possible while the endpoint is in this state"
    title_zh = "通知端点当前状态不允许此操作"


class DeliveryUnderWay(Conflict):
    """The delivery is tried anyway; nothing has to be sent anew."""

    code = "webhook_delivery_under_way"
    title_en = "The delivery is still being tried"
    title_zh = "该通知仍在尝试发送"
