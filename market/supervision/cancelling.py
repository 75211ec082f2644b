"""Many open orders ended by one command: chosen by a filter, counted, shut out of matching at once, ended in parts.

The products' rows are locked while the orders are chosen, as the engine locks them for every batch: whatever it filled
before is in the count, and every batch after the commit finds the reference changed and leaves the chosen orders out of
its books. So from the commit, and the answer to the command, on none of them fills; the engine then ends them, a batch
at a time, and answers others in between.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import msgspec
import psycopg
from psycopg.rows import tuple_row
from sqlalchemy.orm import Session

from market.core import acts, audit, clock, ids, inbox
from market.core.db import bump_reference, raw
from market.registry import classes
from market.supervision import register
from market.supervision.errors import NothingChosen, SelectionChanged, SelectionUnchecked, TooManyChosen
from market.supervision.intervention_models import OrderCancellation

CANCELLATION = "order_cancellation"
TOLD = "supervision.orders.cancelled"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which open orders: all that every named part fits; nothing named is all of them. Prices are 1/10 000 yuan per m3.

    `zone` is a code of either tree, with all below it; `owner_of` a participant, with all of its beneficial owner;
    `kind` that of the participant; `placed_from` and `placed_before` are when they were placed.
    """

    product_id: int | None = None
    zone: str | None = None
    participant_id: int | None = None
    owner_of: int | None = None
    water_account_id: int | None = None
    kind: str | None = None
    side: str | None = None
    price_from_e4: int | None = None
    price_to_e4: int | None = None
    placed_from: dt.datetime | None = None
    placed_before: dt.datetime | None = None
    order_ids: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a filter chooses now. `digest` is the SHA-256 over the orders with their rests and prices, in hex."""

    orders: int
    participants: int
    sell_litres: int
    buy_litres: int
    held_fen: int
    digest: str


# Of a zone there are both trees; an account has a place in each.
_CHOSEN_SQL = """
CREATE TEMPORARY TABLE chosen_orders ON COMMIT DROP AS
SELECT o.id, o.participant_id, o.side, o.rest_litres, o.price_e4, o.held
FROM orders o
JOIN water_accounts w ON w.id = o.water_account_id
JOIN participants p ON p.id = o.participant_id
WHERE o.status = 'open'
  AND (%(product_id)s::bigint IS NULL OR o.product_id = %(product_id)s)
  AND (%(participant_id)s::bigint IS NULL OR o.participant_id = %(participant_id)s)
  AND (%(water_account_id)s::bigint IS NULL OR o.water_account_id = %(water_account_id)s)
  AND (%(owner_of)s::bigint IS NULL OR coalesce(p.owner_group_id, p.id) =
       (SELECT coalesce(g.owner_group_id, g.id) FROM participants g WHERE g.id = %(owner_of)s))
  AND (%(kind)s::text IS NULL OR p.kind = %(kind)s)
  AND (%(zones)s::bigint[] IS NULL OR w.township_zone_id = ANY (%(zones)s) OR w.canal_zone_id = ANY (%(zones)s))
  AND (%(side)s::text IS NULL OR o.side = %(side)s)
  AND (%(price_from_e4)s::bigint IS NULL OR o.price_e4 >= %(price_from_e4)s)
  AND (%(price_to_e4)s::bigint IS NULL OR o.price_e4 <= %(price_to_e4)s)
  AND (%(placed_from)s::timestamptz IS NULL OR o.created_at >= %(placed_from)s)
  AND (%(placed_before)s::timestamptz IS NULL OR o.created_at < %(placed_before)s)
  AND (%(order_ids)s::bigint[] IS NULL OR o.id = ANY (%(order_ids)s))
"""
_SUMS_SQL = """
SELECT count(*), count(DISTINCT participant_id),
       coalesce(sum(rest_litres) FILTER (WHERE side = 'sell'), 0)::bigint,
       coalesce(sum(rest_litres) FILTER (WHERE side = 'buy'), 0)::bigint,
       coalesce(sum(held) FILTER (WHERE side = 'buy'), 0)::bigint,
       encode(sha256(convert_to(coalesce(string_agg(id || ':' || rest_litres || ':' || price_e4, ',' ORDER BY id), ''),
                                'UTF8')), 'hex')
FROM chosen_orders
"""
LOCK_PRODUCTS_SQL = """
SELECT id FROM products WHERE tenure = 'allocation' AND (%(product)s::bigint IS NULL OR id = %(product)s)
ORDER BY id FOR NO KEY UPDATE
"""
_LINES_SQL = """
INSERT INTO order_cancellation_lines (cancellation_id, order_id, participant_id, held)
SELECT %s, id, participant_id, held FROM chosen_orders ORDER BY id
"""


def _choose(connection: psycopg.Connection[Any], wanted: Filter) -> Chosen:
    parameters = asdict(wanted) | {"zones": classes.zones_of(connection, wanted.zone)}
    parameters["order_ids"] = list(wanted.order_ids) if wanted.order_ids is not None else None
    connection.execute("DROP TABLE IF EXISTS chosen_orders")
    connection.execute(_CHOSEN_SQL, parameters)
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(_SUMS_SQL).fetchone()
    assert row is not None  # an aggregate always has its row
    return Chosen(*row)


def lock_products(connection: psycopg.Connection[Any], product_id: int | None) -> None:
    """Waits for the engine's batch on these products and keeps the next out until the commit: what is decided here is
    in force from then on, and every batch after it knows it.
    """
    connection.execute(LOCK_PRODUCTS_SQL, {"product": product_id})


def preview(session: Session, *, wanted: Filter) -> Chosen:
    """What the filter chooses now; nothing is kept and nobody is told. Errors: UnknownZone."""
    return _choose(raw(session), wanted)


def order(
    session: Session, *, actor: audit.Actor, wanted: Filter, reason: str, legal_source: str,
    digest: str | None = None, most: int | None = None,
) -> OrderCancellation:  # fmt: skip
    """Ends what the filter chooses: exactly what a preview showed (`digest`), or at most so many orders (`most`).

    From the commit on none of them fills. Errors: ReasonMissing, UnknownZone, SelectionUnchecked, NothingChosen,
    SelectionChanged, TooManyChosen.
    """
    register.check_reasons(reason, legal_source)
    if (digest is None) == (most is None):
        raise SelectionUnchecked(pointer="/digest")
    connection = raw(session)
    lock_products(connection, wanted.product_id)
    chosen = _choose(connection, wanted)
    if not chosen.orders:
        raise NothingChosen
    if digest is not None and digest != chosen.digest:
        raise SelectionChanged(
            f"the filter now chooses {chosen.orders} orders, or others than were shown",
            pointer="/digest",
            limit=digest,
            available=chosen.digest,
        )
    if most is not None and chosen.orders > most:
        raise TooManyChosen(pointer="/most", limit=str(most), available=str(chosen.orders))
    return _write(session, actor, wanted, chosen, reason, legal_source)


def chosen_for_halt(
    session: Session, *, actor: audit.Actor, wanted: Filter, reason: str, legal_source: str
) -> OrderCancellation | None:
    """Ends whatever a halt is about, however much that is; None where nothing is open. The products are locked."""
    chosen = _choose(raw(session), wanted)
    return _write(session, actor, wanted, chosen, reason, legal_source) if chosen.orders else None


def _write(
    session: Session, actor: audit.Actor, wanted: Filter, chosen: Chosen, reason: str, legal_source: str
) -> OrderCancellation:
    at = clock.now()  # after the locks: every batch before has an earlier one
    number = register.enter(
        session, actor=actor, kind="cancellation", subject_id=None, reason=reason, legal_source=legal_source, at=at
    )  # fmt: skip
    connection = raw(session)
    item = inbox.put(
        connection,
        kind="cancel_orders",
        actor=actor,
        payload={"cancellation_id": number, "reason": f"intervention {ids.public('itv', number)}"},
    )
    said = {name: value for name, value in asdict(wanted).items() if value is not None}
    made = OrderCancellation(
        id=number, filter=msgspec.json.encode(said).decode(), orders=chosen.orders, participants=chosen.participants,
        sell_litres=chosen.sell_litres, buy_litres=chosen.buy_litres, held_fen=chosen.held_fen,
        digest=bytes.fromhex(chosen.digest), inbox_id=item, ordered_at=at,
    )  # fmt: skip
    session.add(made)
    session.flush()  # the lines name it
    connection.execute(_LINES_SQL, (number,))
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute("SELECT DISTINCT participant_id FROM chosen_orders").fetchall()
    register.concern(connection, number, TOLD, (row[0] for row in rows))
    bump_reference(connection)
    detail = {"filter": said, "orders": chosen.orders, "digest": chosen.digest, "reason": reason,
              "legal_source": legal_source}  # fmt: skip
    acts.done(
        session,
        actor=actor,
        source="supervision",
        kind=CANCELLATION,
        number=number,
        act="ordered",
        detail=msgspec.to_builtins(detail),
    )
    return made


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a cancellation is: orders that it ended, that ended otherwise meanwhile, and that are open still."""

    cancelled: int
    ended_otherwise: int
    left: int
    done_at: dt.datetime | None


_PROGRESS_SQL = """
SELECT c.id, coalesce((i.outcome::jsonb ->> 'cancelled')::bigint, 0),
       CASE WHEN i.done_at IS NULL THEN
         (SELECT count(*) FROM order_cancellation_lines l JOIN orders o ON o.id = l.order_id
           WHERE l.cancellation_id = c.id AND o.status = 'open') ELSE 0 END,
       c.orders, i.done_at
FROM order_cancellations c JOIN inbox i ON i.id = c.inbox_id WHERE c.id = ANY (%s::bigint[])
"""


def progress(session: Session, numbers: Sequence[int]) -> dict[int, Progress]:
    """How far each of these cancellations is."""
    with raw(session).cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_PROGRESS_SQL, (list(numbers),)).fetchall()
    return {
        number: Progress(ended, orders - ended - left, left, done_at)
        for number, ended, left, orders, done_at in rows
    }


def of_scope(
    *, product_id: int | None, zone: str | None, participant_id: int | None, with_owners: bool
) -> Filter:
    """The orders that a halt is about."""
    found = Filter(product_id=product_id, zone=zone)
    if participant_id is None:
        return found
    return (
        replace(found, owner_of=participant_id)
        if with_owners
        else replace(found, participant_id=participant_id)
    )
