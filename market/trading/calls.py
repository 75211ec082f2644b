"""Call auctions as a process: gathering → clearing → cleared → held → settled or rejected.

The clearing runs on a copy of the book while the product is in the phase `uncross`, so that nothing moves; what it
finds is verified without a solver and written down before the engine is asked to hold it. A result that the
verification refuses is never published: the call halts, and the product with it (AUCTION sections 6 and 7).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import Any

import psycopg
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import audit, books, clock, inbox, outbox
from market.core.db import raw
from market.core.errors import NotFound
from market.registry import halts
from market.trading import call_clearing, products
from market.trading.call_models import Call
from market.trading.errors import CallRunning, CallState, NoCallHere, ProductNotOpen
from market.trading.models import Product

MOST_TRIES = 5
RUNNING = ("gathering", "clearing", "cleared")
CALLABLE = ("pre_open", "open", "auction")


def open_call(
    session: Session, *, actor: audit.Actor, product_id: int, reason: str, window: str = "general"
) -> Call:
    """Begins to gather orders for a call: from now on they wait. The seed's number is committed to before any comes.

    Errors: NotFound, NoBook, ProductNotOpen, CallRunning.
    """
    product = session.get(Product, product_id, with_for_update={"key_share": True}, populate_existing=True)
    if product is None:
        raise NotFound("there is no such product")
    products.check_book(product)
    if product.phase not in CALLABLE:
        raise ProductNotOpen(f"trading in {product.code} is {product.phase}", available=product.phase)
    running = select(Call.id).where(Call.product_id == product_id, Call.status.in_(RUNNING))
    if session.scalar(running) is not None:
        raise CallRunning("wait until it is over")
    call = _begin(session, actor, product_id, reason, window)
    _move(raw(session), actor, product_id, "auction", f"call: {reason}")
    return call


def _begin(session: Session, actor: audit.Actor, product_id: int, reason: str, window: str) -> Call:
    """A call whose number is drawn and committed to, so that who knows the book cannot choose the seed."""
    connection = raw(session)
    books.open_books(connection, water=())  # the public fund, where it was not opened before
    number = secrets.token_hex(32)
    call = Call(
        product_id=product_id,
        window=window,
        reason=reason,
        committed=number,
        commitment=hashlib.sha256(number.encode()).hexdigest(),
        opened_by=actor.user_id,
        opened_at=clock.now(),
    )
    session.add(call)
    session.flush()  # the audit entry names it by its id
    tell(
        connection, actor, call, "opened", {"commitment": call.commitment, "window": window, "reason": reason}
    )
    return call


_UNATTENDED_SQL = """
SELECT p.id FROM products p
 WHERE p.phase = 'auction' AND NOT EXISTS (
       SELECT FROM calls c WHERE c.product_id = p.id AND c.status IN ('gathering', 'clearing', 'cleared'))
 ORDER BY p.id
"""
_OVERTAKEN_SQL = """
SELECT c.id FROM calls c JOIN products p ON p.id = c.product_id
 WHERE c.status = 'gathering' AND (p.phase = 'uncross' OR p.phase <> 'auction' AND c.opened_at < %s)
    OR c.status = 'clearing' AND p.phase = 'closed' ORDER BY c.id
"""
_PATIENCE = dt.timedelta(seconds=30)
"""So long the engine may take until the product of a call that the bureau opened gathers orders."""


def unattended(session: Session) -> list[int]:
    """Products that gather orders by their calendar or after an interruption, and have no call yet."""
    return [row[0] for row in raw(session).execute(_UNATTENDED_SQL).fetchall()]


def attend(session: Session, *, actor: audit.Actor, product_id: int) -> Call | None:
    """Gives a product that gathers orders its call, unless it has one by now. Errors: NotFound."""
    product = session.get(Product, product_id, with_for_update={"key_share": True}, populate_existing=True)
    if product is None:
        raise NotFound("there is no such product")
    running = select(Call.id).where(Call.product_id == product_id, Call.status.in_(RUNNING))
    if product.phase != "auction" or session.scalar(running) is not None:
        return None
    return _begin(session, actor, product_id, product.phase_reason or "by the calendar", "general")


def overtaken(session: Session) -> list[int]:
    """Calls whose product has gone on: to be cleared now, or nobody's any more."""
    rows = raw(session).execute(_OVERTAKEN_SQL, (clock.now() - _PATIENCE,)).fetchall()
    return [row[0] for row in rows]


def follow(session: Session, *, actor: audit.Actor, call_id: int) -> Call:
    """Takes a call where its product has gone: to its clearing, or to nothing. Errors: NotFound, CallState."""
    call = locked(session, call_id, "gathering", "clearing")
    product = session.get_one(Product, call.product_id, populate_existing=True)
    call.version += 1
    if product.phase == "uncross":
        call.status = "clearing"
        tell(raw(session), actor, call, "closed", {})
    else:
        call.status, call.reason, call.resolved_at = "void", f"the product is {product.phase}", clock.now()
        tell(raw(session), actor, call, "void", {"reason": call.reason})
    return call


def close_call(session: Session, *, actor: audit.Actor, call_id: int) -> Call:
    """Ends the gathering: nothing is entered or cancelled until the call is cleared. Errors: NotFound, CallState."""
    call = locked(session, call_id, "gathering")
    connection = raw(session)
    call.status = "clearing"
    call.version += 1
    _move(connection, actor, call.product_id, "uncross", "the call is being cleared")
    tell(connection, actor, call, "closed", {})
    return call


def to_clear(session: Session) -> list[int]:
    """The calls whose product stands still for them, oldest first; those of a product that is halted wait."""
    statement = (
        select(Call.id, Product.source, Product.water_year)
        .join(Product, Product.id == Call.product_id)
        .where(Call.status == "clearing", Product.phase == "uncross")
        .order_by(Call.id)
    )
    standing = halts.in_force(raw(session))
    return [
        number
        for number, source, year in session.execute(statement)
        if not any(halt.covers(source, year) for halt in standing)
    ]


def clear(session: Session, *, actor: audit.Actor, call_id: int) -> Call:
    """Clears a call, verifies it, writes it down and hands it to the engine; or halts it.

    Errors: NotFound, CallState.
    """
    call = locked(session, call_id, "clearing")
    connection = raw(session)
    call.tries += 1
    call.version += 1
    call.cleared_at = clock.now()
    if call.tries > MOST_TRIES:
        return _halt(connection, actor, call, f"the book moved {MOST_TRIES} times under the clearing")
    try:
        found = call_clearing.compute(session, call)
    except NoCallHere as refusal:
        return _halt(connection, actor, call, str(refusal))
    if found.refused:
        wrong = "; ".join(found.refused)
        return _halt(connection, actor, call, f"the verification refuses the result: {wrong}")
    call_clearing.write(connection, call, found)
    call.status = "cleared"
    session.flush()
    inbox.put(connection, kind="call", actor=actor, payload={"call_id": call.id})
    tell(connection, actor, call, "cleared", {"record_sha256": call.record_sha256})
    return call


def _halt(connection: psycopg.Connection[Any], actor: audit.Actor, call: Call, why: str) -> Call:
    call.status, call.reason, call.resolved_at = "halted", why, clock.now()
    call.version += 1
    inbox.put(connection, kind="halt", actor=actor, product_id=call.product_id, payload={"reason": why})
    tell(connection, actor, call, "halted", {"reason": why})
    return call


def cancel(session: Session, *, actor: audit.Actor, call_id: int, reason: str) -> Call:
    """Ends a call before anything was held for it; its orders stay in the book. Errors: NotFound, CallState."""
    call = locked(session, call_id, "gathering", "clearing")
    connection = raw(session)
    call.status, call.reason, call.resolved_at = "void", reason, clock.now()
    call.version += 1
    _move(connection, actor, call.product_id, "open", "the call was called off")
    tell(connection, actor, call, "void", {"reason": reason})
    return call


def locked(session: Session, call_id: int, *states: str) -> Call:
    """A call in one of these states, locked. Errors: NotFound, CallState."""
    call = session.scalars(
        select(Call)
        .where(Call.id == call_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if call is None:
        raise NotFound("there is no such call")
    if call.status not in states:
        raise CallState(f"the call is {call.status}", available=call.status)
    return call


def _move(
    connection: psycopg.Connection[Any],
    actor: audit.Actor,
    product_id: int,
    phase: str,
    reason: str,
) -> None:
    payload = {"phase": phase, "reason": reason}
    inbox.put(connection, kind="phase", actor=actor, product_id=product_id, payload=payload)


def tell(
    connection: psycopg.Connection[Any],
    actor: audit.Actor,
    call: Call,
    action: str,
    detail: dict[str, Any],
) -> None:
    """One event and one audit entry about a call."""
    subject = ("call", call.id)
    outbox.publish(connection, topic=f"trading.call.{action}", subject=subject, payload=detail)
    audit.record(connection, actor=actor, action=f"call.{action}", subject=subject, detail=detail)
