"""A cleared call reaches the book: what it fills is taken out of its orders' holds into holds of the call. Pure.

The clearing was made on a copy of the book; here it is applied whole or not at all. Whatever moved in between (an order
that ended, a limit with less room, money that is short by a fen of rounding) refuses the call, and it is cleared again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from market.trading.book import Order
from market.trading.exchange import Exchange, for_one_call
from market.trading.fills import REST_TOO_SMALL, TICK_LITRES_PER_FEN, Held, buy_hold


class Moved(ValueError):
    """The book is no longer the one that was cleared; the message says what moved."""


@dataclass(frozen=True, slots=True)
class CallFill:
    """Litres of one order, and the fen that a buy pays for them (of a sell 0: it holds water)."""

    order: int
    litres: int
    paid_fen: int


@dataclass(frozen=True, slots=True)
class CallHold:
    """On the tape: what the call holds of an account, for an order or for a limit (`order` 0)."""

    call: int
    order: int
    product: int
    account: int
    amount: int
    water: bool


@dataclass(slots=True)
class ClearedCall:
    """What the engine needs of a cleared call; `charges` are (limit account, litres) that it charges.

    `price` (ticks; 0 where nothing was sold) is what sellers got on average: the last price of the book from then on.
    """

    id: int
    product: int
    fills: Sequence[CallFill]
    charges: Sequence[tuple[int, int]] = field(default=())
    price: int = 0


def apply(exchange: Exchange, call: ClearedCall) -> int:
    """Fills every order of a call; returns how many. Errors: Moved, with whatever was done to be undone."""
    product = exchange.products[call.product]
    if product.phase != "uncross":
        raise Moved(f"trading in {product.code} is {product.phase}")
    if product.halt is not None:
        raise Moved(f"{product.code} is halted")
    orders = exchange.books[call.product].orders
    for fill in call.fills:
        order = orders.get(fill.order)
        if order is None or order.level is None or order.rest < fill.litres:
            raise Moved(f"order {fill.order} has less left than was filled, or stands still")
        _fill(exchange, call, order, fill)
    for account, litres in call.charges:
        if exchange.free(account) < litres:
            raise Moved(f"a limit has {exchange.free(account)} litres left and the call needs {litres}")
        exchange.change(account, -litres)
        exchange.tape.events.append(CallHold(call.id, 0, call.product, account, litres, True))
    if call.price:
        exchange.note_price(call.product, call.price)
    return len(call.fills)


def _fill(exchange: Exchange, call: ClearedCall, order: Order, fill: CallFill) -> None:
    exchange.touch(order)
    buying = order.buying
    account = order.account.money if buying else order.account.ledger
    amount = fill.paid_fen if buying else fill.litres
    if order.held < amount:
        raise Moved(f"order {order.id} holds less than the call takes")
    order.rest -= fill.litres
    if amount:
        exchange.release(order, amount)  # gives it back ...
        exchange.change(account, -amount)  # ... to the call
        exchange.tape.events.append(CallHold(call.id, order.id, call.product, account, amount, not buying))
    if buying:
        order.value += amount * TICK_LITRES_PER_FEN
        order.paid += amount
    _after(exchange, order, account, buying=buying)


def _after(exchange: Exchange, order: Order, account: int, *, buying: bool) -> None:
    """The rest: gone if it is no lot, or was for this call alone; else it holds exactly what it needs."""
    ended = order.rest < order.account.lot or for_one_call(order)
    needed = 0 if ended else buy_hold(order) if buying else order.rest
    short = needed - order.held
    if short > exchange.free(account):
        ended, needed, short = True, 0, -order.held
    if short < 0:
        exchange.release(order, -short)
    elif short > 0:  # two roundings up can need a fen more than one: the hold is made anew
        if order.held:
            exchange.release(order, order.held)
        order.held = needed
        exchange.change(account, -needed)
        exchange.tape.events.append(Held(order, needed))
    if ended:
        reason = None if not order.rest else REST_TOO_SMALL if order.rest < order.account.lot else "call_over"
        exchange.finish(order, "cancelled" if order.rest else "filled", reason)
