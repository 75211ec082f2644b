"""Two-way accounts of borders: what each lets a call move, what the call moves, and where its settlement leaves them.

Each product has an account of its own for every border that the county pack lists. It nets and switches when a call
settles; a call that is held keeps its room until then (docs/decisions/0019-the-call-auction.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy.orm import Session

from ledger.arrays import Bigints
from market.core.db import raw
from market.county.current import pack_in_force
from market.county.pack import Pack
from market.county.parts import TwoWayRule
from market.trading.auction.accounts import TwoWayAccount, after
from market.trading.call_market import Border, Built
from market.trading.call_models import Call
from market.trading.models import Product


@dataclass(frozen=True, slots=True)
class _State:
    balance: int
    out_open: bool
    in_open: bool


_LAST_SQL = """
SELECT DISTINCT ON (b.code) b.code, b.balance_litres, b.out_open, b.in_open
  FROM call_borders b JOIN calls c ON c.id = b.call_id
 WHERE c.product_id = %s AND b.balance_litres IS NOT NULL ORDER BY b.code, c.resolved_at DESC, c.id DESC
"""
_WAITING_SQL = """
SELECT b.code, sum(b.out_litres)::bigint, sum(b.in_litres)::bigint
  FROM call_borders b JOIN calls c ON c.id = b.call_id
 WHERE c.product_id = %s AND c.status IN ('cleared', 'held') AND c.id <> %s GROUP BY 1
"""
_MOVES_SQL = "SELECT code, out_litres, in_litres FROM call_borders WHERE call_id = %s ORDER BY code"
_SETTLED_SQL = """
UPDATE call_borders SET before_litres = %s, balance_litres = %s, out_open = %s, in_open = %s
 WHERE call_id = %s AND code = %s
"""


def borders(
    connection: psycopg.Connection[Any], pack: Pack, *, product_id: int, call_id: int
) -> list[Border]:
    """The borders of a product as they stand for a call; other calls that are held keep their room."""
    states = _states(connection, product_id)
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_WAITING_SQL, (product_id, call_id)).fetchall()
    waiting = {code: (out, back) for code, out, back in rows}
    return [
        Border(_account(rule, states.get(rule.code)), rule.zone, waiting.get(rule.code, (0, 0)))
        for rule in pack.two_way_accounts
    ]


def _states(connection: psycopg.Connection[Any], product_id: int) -> dict[str, _State]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_LAST_SQL, (product_id,)).fetchall()
    return {code: _State(*state) for code, *state in rows}


def _account(rule: TwoWayRule, state: _State | None, out_litres: int = 0) -> TwoWayAccount:
    """The account with room for what is to go out; a range that was cut below the balance counts as full."""
    opening = rule.opening_litres
    state = state or _State(opening, opening < rule.range_litres, opening > 0)
    return TwoWayAccount(
        name=rule.code,
        balance_litres=state.balance,
        range_litres=max(rule.range_litres, state.balance + out_litres),
        out_reopens_at=rule.out_reopens_at,
        in_reopens_at=rule.in_reopens_at,
        out_open=state.out_open,
        in_open=state.in_open,
        legal_source=rule.basis.source,
    )


def write(
    connection: psycopg.Connection[Any],
    call_id: int,
    built: Built,
    crossed: Sequence[int],
    worth: Sequence[int],
) -> None:
    """Writes what a call moves over each border; `crossed` litres and `worth` (10^-9 ticks), out and in in turn."""
    connection.execute(
        "INSERT INTO call_borders (call_id, code, out_litres, in_litres, out_worth_e9, in_worth_e9)"
        " SELECT %s, * FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])",
        (
            call_id, [each.account.name for each in built.borders], Bigints(crossed[0::2]), Bigints(crossed[1::2]),
            Bigints(worth[0::2]), Bigints(worth[1::2]),
        ),
    )  # fmt: skip


def lock(session: Session, call: Call) -> None:
    """Before a call that crosses borders settles: one call of a product moves its accounts at a time."""
    if raw(session).execute(_MOVES_SQL, (call.id,)).fetchone() is not None:
        session.get_one(Product, call.product_id, with_for_update={"key_share": True})


def settle(connection: psycopg.Connection[Any], call: Call) -> None:
    """Nets what a call moved into each account and switches its directions."""
    rules = {each.code: each for each in pack_in_force(connection).two_way_accounts}
    states = _states(connection, call.product_id)
    with connection.cursor(row_factory=tuple_row) as cursor:
        for code, out, back in cursor.execute(_MOVES_SQL, (call.id,)).fetchall():
            if code in rules:
                account = _account(rules[code], states.get(code), out)
                # Its room was kept since the way was open.
                was = replace(
                    account, out_open=account.out_open or out > 0, in_open=account.in_open or back > 0
                )
                now = after(was, out_litres=out, in_litres=back)
                values = (account.balance_litres, now.balance_litres, now.out_open, now.in_open)
                cursor.execute(_SETTLED_SQL, (*values, call.id, code))
