"""A limit that binds, and what one more cubic metre there would be worth, in words. Pure."""

from __future__ import annotations

from ledger.units import format_decimal

KINDS = {
    "cap": ("总量控制指标", "cap"),
    "conversion": ("农业转工业限额", "limit on water from agriculture to industry"),
    "export": ("外调限额", "export limit"),
    "import": ("调入限额", "import limit"),
    "route": ("渠道输水能力", "capacity of the route"),
}
_TO_YUAN_E6 = 10**7
"""A multiplier is in 10^-9 ticks of 10^-4 yuan: 10^7 of these are a millionth of a yuan."""


def binding(kind: str, name: str, worth_nano: int) -> tuple[str, str]:
    """The sentence about a limit of one of LIMIT_KINDS that binds, in Chinese and English; its worth in 10^-9 ticks."""
    zh, en = KINDS[kind]
    yuan = _yuan(worth_nano)
    return (
        f"{name}（{zh}）已用满：此处每多一立方米，值 {yuan} 元。",
        f"{name} ({en}) is used up: one more m³ here would be worth {yuan} yuan.",
    )


def _yuan(worth_nano: int) -> str:
    """Yuan with 4 decimals, or 6 where 4 would say nothing."""
    tick = 10**9
    if worth_nano >= tick or not worth_nano:
        return format_decimal((worth_nano + tick // 2) // tick, scale=4)
    return format_decimal(max(worth_nano // _TO_YUAN_E6, 1), scale=6)
