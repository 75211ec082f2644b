"""Orders read and written at the speed of the engine: the shapes of `schemas.trading` again, for bodies that are plain.

Reading gives what the shape would give, or None for whatever is not plainly right, which the shape then reads: it
alone knows how to explain. Writing gives the bytes of the same answer. tests/api/test_order_wire.py holds the two
ways together.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from ledger.units import UnitError, format_fen, format_litres, format_price_e4, parse_litres, parse_price_e4
from market.api.errors import source_spoken, spoken, wants_chinese
from market.api.schemas.trading import CLIENT_ORDER_ID_PATTERN, MAX_BATCH
from market.core import ids
from market.core.errors import UnknownId
from market.trading import errors
from market.trading.commands import Accepted, Refused

_NOT_PLAIN = (UnitError, UnknownId)


class _Place(msgspec.Struct, forbid_unknown_fields=True):
    product_id: str
    water_account_id: str
    side: Literal["buy", "sell"]
    volume: str
    price: str
    time_in_force: Literal["GTC", "IOC", "FOK"] = "GTC"
    post_only: bool = False
    minimum_fill: str = "0"
    client_order_id: Annotated[str, msgspec.Meta(pattern=CLIENT_ORDER_ID_PATTERN)] | None = None


class _Cancel(msgspec.Struct, forbid_unknown_fields=True):
    order_id: str


class _Member(msgspec.Struct, forbid_unknown_fields=True):
    place: _Place | None = None
    cancel: _Cancel | None = None


class _Batch(msgspec.Struct, forbid_unknown_fields=True):
    commands: Annotated[list[_Member], msgspec.Meta(min_length=1, max_length=MAX_BATCH)]


msgspec.json.Decoder(_Batch)  # two threads that convert a type first at once would end the process


class _Unplain(Exception):
    """The shape must read this."""


def order(value: Any) -> dict[str, Any] | None:
    """What OrderIn would load, or None."""
    try:
        return _wish(msgspec.convert(value, _Place))
    except (msgspec.ValidationError, *_NOT_PLAIN, _Unplain):
        return None


def batch(value: Any) -> dict[str, Any] | None:
    """What BatchIn would load, or None."""
    try:
        return {"commands": [_member(each) for each in msgspec.convert(value, _Batch).commands]}
    except (msgspec.ValidationError, *_NOT_PLAIN, _Unplain):
        return None


def _member(member: _Member) -> dict[str, Any]:
    if member.place is not None and member.cancel is None:
        return {"place": _wish(member.place)}
    if member.cancel is not None and member.place is None:
        return {"cancel": {"order_id": ids.parse("ord", member.cancel.order_id)}}
    raise _Unplain


def _wish(place: _Place) -> dict[str, Any]:
    volume, price = parse_litres(place.volume), parse_price_e4(place.price)
    if not volume or not price:
        raise _Unplain
    return {
        "product_id": ids.parse("prd", place.product_id),
        "water_account_id": ids.parse("wac", place.water_account_id),
        "side": place.side,
        "volume": volume,
        "price": price,
        "time_in_force": place.time_in_force,
        "post_only": place.post_only,
        "minimum_fill": parse_litres(place.minimum_fill),
        "expires_at": None,
        "client_order_id": place.client_order_id,
    }


def result(done: Accepted) -> dict[str, Any]:
    """What OrderResult would dump."""
    return {
        "id": ids.public("ord", done.order),
        "status": done.status,
        "volume": format_litres(done.volume),
        "filled": format_litres(done.volume - done.rest),
        "rest": format_litres(done.rest),
        "price": format_price_e4(done.price),
        "reason": done.reason,
        "fills": [
            {
                "trade_id": ids.public("trd", fill.trade),
                "source_volume": format_litres(fill.source),
                "delivered_volume": format_litres(fill.delivered),
                "price": format_price_e4(fill.price),
                "price_at": fill.maker,
                "amount": format_fen(fill.amount),
                "fee": format_fen(fill.fee),
                "status": fill.status,
            }
            for fill in done.fills
        ],
    }


def refusal(refused: Refused) -> dict[str, Any]:
    """A refusal beside answers that are none (`schemas.trading.RefusalOut`), in the reader's language."""
    error = errors.of(refused)
    return {
        "code": error.code,
        "title": error.title_zh if wants_chinese() else error.title_en,
        "detail": spoken(refused.detail),
        "pointer": refused.pointer,
        "limit": refused.limit,
        "available": refused.available,
        "legal_source": source_spoken(refused.legal_source),
    }
