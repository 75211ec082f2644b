"""Events as bytes of text/event-stream, and what the feed remembers of them: the last trades, the latest states.

A trade is told once and has an id; depth and phase are states, of which only the latest is worth telling. Whoever
names the last trade it has seen is told those after it, as far as they are remembered, and the states as they are.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from ledger.units import format_fen, format_litres, format_price_e4
from market.api.tape import tape_view
from market.core import ids

REMEMBERED = 4_000
"""How many trades are kept for those who come back or read slowly."""
LARGEST_WRITE = 64 * 1024
START = "start"
"""The id of the moment before the first trade."""
HEARTBEAT = b": still here\n\n"

_WRITERS: dict[str, Callable[[Any], str]] = {
    "id": lambda value: ids.public("trd", value), "product_id": lambda value: ids.public("prd", value),
    "traded_at": dt.datetime.isoformat, "source_volume": format_litres, "delivered_volume": format_litres,
    "price": format_price_e4, "seller_price": format_price_e4, "buyer_price": format_price_e4, "amount": format_fen,
}  # fmt: skip


class Wanted(NamedTuple):
    """What a watcher wants: the events of one product (its number) or of all, of these kinds."""

    product: int | None
    kinds: frozenset[str]

    def has(self, kind: str, product: int) -> bool:
        """Whether an event is wanted."""
        return kind in self.kinds and self.product in (None, product)


def event(kind: str, data: Mapping[str, Any], *, id: str | None = None) -> bytes:
    """One event; JSON has no line breaks, so its data are one line."""
    name = f"id: {id}\n" if id is not None else ""
    return f"{name}event: {kind}\ndata: ".encode() + msgspec.json.encode(data) + b"\n\n"


def trade_id(number: int | None) -> str:
    """The id of a trade as an event's, START for none."""
    return ids.public("trd", number) if number else START


def trade(row: tuple[Any, ...]) -> bytes:
    """A row of TAPE_COLUMNS as an event; its data are those of the tape."""
    data = {key: _WRITERS[key](value) if key in _WRITERS else value for key, value in tape_view(row).items()}
    return event("trade", data, id=data["id"])


def gap(after: int | None, before: int | None, *, product: int | None = None) -> bytes:
    """That trades between the two (None: not known) are not told, of a product or of all; the tape has them."""
    data = {"after": None if after is None else trade_id(after), "before": trade_id(before)}
    return event("gap", data | {"product_id": None if product is None else ids.public("prd", product)})


def depth(product: int, sides: Mapping[str, Sequence[tuple[int, int, int]]]) -> bytes:
    """The best levels of a product, (price, litres, orders) by side, as an event."""
    levels = {
        name: [
            {"price": format_price_e4(price), "volume": format_litres(litres), "orders": orders}
            for price, litres, orders in sides.get(side, ())
        ]
        for name, side in (("bids", "buy"), ("asks", "sell"))
    }
    return event("depth", {"product_id": ids.public("prd", product), **levels})


def phase(product: int, name: str, reason: str) -> bytes:
    """The phase of a product as an event."""
    return event("phase", {"product_id": ids.public("prd", product), "phase": name, "reason": reason})


def halts(product: int, rows: Sequence[tuple[Any, ...]]) -> bytes:
    """What the bureau has standing still of a product, rows of HALTS_SQL, as an event; empty: nothing any more."""
    data = [
        {
            "id": ids.public("hlt", number), "scope": scope, "zone": zone, "orders": orders,
            "until": until.isoformat() if until is not None else None, "reason": reason, "legal_source": source,
        }
        for number, scope, _, zone, orders, until, reason, source in rows
    ]  # fmt: skip
    return event("halt", {"product_id": ids.public("prd", product), "halts": data})


class _Told(NamedTuple):
    number: int
    product: int
    data: bytes


class Memory:
    """The last trades in order, each at a position that counts up for ever, and the latest state of each thing."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._trades: deque[_Told] = deque(maxlen=most)
        self._forgotten = 0
        self._states: dict[tuple[str, int], tuple[int, bytes]] = {}
        self._version = 0
        self._made: dict[tuple[Wanted, int, int], tuple[bytes, int, int]] = {}

    @property
    def end(self) -> int:
        """The position after the last trade."""
        return self._forgotten + len(self._trades)

    @property
    def begin(self) -> int:
        """The position of the first trade that is remembered."""
        return self._forgotten

    @property
    def newest(self) -> int | None:
        """The number of the last trade."""
        return self._trades[-1].number if self._trades else None

    @property
    def oldest(self) -> int | None:
        """The number of the first trade that is remembered."""
        return self._trades[0].number if self._trades else None

    def add_trades(self, trades: Iterable[tuple[int, int, bytes]]) -> None:
        """Remembers trades, (number, product, event) in order; as many of the oldest are forgotten."""
        for each in trades:
            if len(self._trades) == self._trades.maxlen:
                self._forgotten += 1
            self._trades.append(_Told(*each))
        self._made.clear()

    def forget_before(self) -> None:
        """Says that there were trades before the first that is remembered."""
        self._forgotten += 1

    def set_state(self, kind: str, product: int, data: bytes) -> None:
        """Replaces what was said of a thing, if it differs."""
        before = self._states.get((kind, product))
        if before is None or before[1] != data:
            self._version += 1
            self._states[kind, product] = self._version, data
            self._made.clear()

    def drop_state(self, kind: str, product: int) -> None:
        """Forgets what was said of a thing, which is so no more."""
        if self._states.pop((kind, product), None) is not None:
            self._made.clear()

    def after(self, number: int) -> int | None:
        """The position after the trade `number`; None if it, or one that followed it, may be forgotten."""
        if self._forgotten and (self.oldest is None or number < self.oldest):
            return None
        return self._forgotten + sum(each.number <= number for each in self._trades)

    def since(self, wanted: Wanted, position: int, version: int) -> tuple[bytes, int, int]:
        """What there is for a watcher who has seen so much, and what it has seen then; at most about LARGEST_WRITE.

        Watchers who want and have seen the same are given the same bytes, made once.
        """
        key = (wanted, position, version)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = self._make(*key)
        return found

    def _make(self, wanted: Wanted, position: int, version: int) -> tuple[bytes, int, int]:
        parts: list[bytes] = []
        size, at = 0, position
        if "trade" not in wanted.kinds:
            at = self.end
        while at < self.end and size < LARGEST_WRITE:
            told = self._trades[at - self._forgotten]
            if wanted.has("trade", told.product):
                parts.append(told.data)
                size += len(told.data)
            at += 1
        for (kind, product), (changed, data) in self._states.items():
            if changed > version and wanted.has(kind, product):
                parts.append(data)
        return b"".join(parts), at, self._version
