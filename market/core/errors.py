"""The ground of all refusals: one subclass a rule, in the feature that owns the rule.

A refusal names its rule, its limit, what was available and its legal source, so that a regulator can explain it.
`api/errors.py` is the only place that knows what HTTP makes of them.
"""

from __future__ import annotations

from typing import Any, ClassVar


class Refusal(Exception):
    """A request that a rule forbids. Nothing has changed when it is raised out of a transaction.

    `code` is stable for programs, `status` is what the API answers, titles are what people read.
    `limit` and `available` are wire strings with the unit the rule speaks in.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 422
    title_en: ClassVar[str] = "Refused"
    title_zh: ClassVar[str] = "请求被拒绝"
    legal: ClassVar[str | None] = None

    def __init__(
        self,
        detail: str = "",
        *,
        pointer: str | None = None,
        rule: str | None = None,
        limit: str | None = None,
        available: str | None = None,
        legal_source: str | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(detail or self.title_en)
        self.detail = detail or self.title_en
        self.pointer = pointer
        self.rule = rule or self.code
        self.limit = limit
        self.available = available
        self.legal_source = legal_source or self.legal
        self.extra = extra or {}


class NotFound(Refusal):
    """There is no such thing, or it is not the asker's: the two are answered alike."""

    code = "not_found"
    status = 404
    title_en = "Not found"
    title_zh = "未找到"


class UnknownId(NotFound):
    """An id that this installation never gave out for this type."""

    def __init__(self, *, prefix: str, pointer: str | None = None) -> None:
        super().__init__(f"there is no such id of type {prefix}", pointer=pointer)


class InvalidInput(Refusal):
    """A value of the wrong type, shape, sign, precision or size."""

    code = "invalid_input"
    title_en = "Invalid input"
    title_zh = "输入无效"


class Conflict(Refusal):
    """The thing is no longer in the state that this step needs."""

    code = "conflict"
    status = 409
    title_en = "Not possible in the present state"
    title_zh = "当前状态不允许此操作"


class NotAllowed(Refusal):
    """The actor's role does not include this."""

    code = "not_allowed"
    status = 403
    title_en = "Not allowed for this role"
    title_zh = "该角色无权进行此操作"


class NotAuthenticated(Refusal):
    """No credentials, or none that are valid now."""

    code = "not_authenticated"
    status = 401
    title_en = "Sign in first"
    title_zh = "请先登录"


class KeyReused(Refusal):
    """The idempotency key was used with another body or on another route."""

    code = "idempotency_key_reused"
    title_en = "Idempotency key used before with another body"
    title_zh = "幂等键已用于不同的请求内容"


class KeyInFlight(Conflict):
    """Another request with the same idempotency key is being worked on now."""

    code = "idempotency_key_in_flight"
    title_en = "A request with this idempotency key is in flight"
    title_zh = "相同幂等键的请求正在处理中"


class Unavailable(Refusal):
    """A part that this request needs does not answer; the outcome is unknown and the same key may be sent again."""

    code = "unavailable"
    status = 503
    title_en = "Not available just now; send the same request again"
    title_zh = "暂时不可用，请用相同的幂等键重试"
