"""What is read of calls: the published result, and one's own fills."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core.errors import NotFound
from market.trading.call_models import Call, CallBorder, CallFill, CallFlow, CallPrice
from market.trading.models import Product

PUBLISHED = ("held", "settled", "rejected")
_LIMITS_SQL = """
SELECT l.kind, l.code, c.litres, c.worth_e9, l.legal_source FROM call_limits c JOIN limits l ON l.id = c.limit_id
 WHERE c.call_id = %s AND (c.litres <> 0 OR c.worth_e9 > 0) ORDER BY l.id
"""


def one(session: Session, call_id: int) -> Call:
    """A call. Errors: NotFound."""
    found = session.get(Call, call_id)
    if found is None:
        raise NotFound("there is no such call")
    return found


def listed(session: Session, *, product_id: int | None, before: int | None, limit: int) -> list[Call]:
    """Calls, newest first."""
    statement = select(Call).order_by(Call.id.desc()).limit(limit)
    if product_id is not None:
        statement = statement.where(Call.product_id == product_id)
    if before is not None:
        statement = statement.where(Call.id < before)
    return list(session.scalars(statement))


def held(session: Session, *, water_year: int) -> list[int]:
    """The held calls of a water year's products, by id."""
    statement = select(Call.id).join(Product, Product.id == Call.product_id)
    chosen = statement.where(Product.water_year == water_year, Call.status == "held")
    return list(session.scalars(chosen.order_by(Call.id)))


def published(session: Session, call_id: int) -> Call:
    """A call whose result is public: verified, and held by the engine. Errors: NotFound."""
    found = one(session, call_id)
    if found.status not in PUBLISHED:
        raise NotFound("the call has no result yet")
    return found


def prices(session: Session, call_id: int) -> list[CallPrice]:
    """The prices of a call, by place."""
    return list(
        session.scalars(select(CallPrice).where(CallPrice.call_id == call_id).order_by(CallPrice.node))
    )


def flows(session: Session, call_id: int) -> list[CallFlow]:
    """The flows of a call, by arc."""
    return list(session.scalars(select(CallFlow).where(CallFlow.call_id == call_id).order_by(CallFlow.arc)))


def limits(connection: psycopg.Connection[Any], call_id: int) -> list[tuple[str, str, int, int, str]]:
    """(kind, code, litres that crossed, worth in 10^-9 ticks a litre, legal source) of the limits that matter."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(_LIMITS_SQL, (call_id,)).fetchall()


def borders(session: Session, call_id: int) -> list[CallBorder]:
    """What a call moves over borders with two-way accounts, by their codes."""
    statement = select(CallBorder).where(CallBorder.call_id == call_id).order_by(CallBorder.code)
    return list(session.scalars(statement))


def fills(
    session: Session, call_id: int, *, participant: int | None, after: int | None, limit: int
) -> list[CallFill]:
    """The fills of a call, of one participant or of all, by order."""
    statement = select(CallFill).where(CallFill.call_id == call_id).order_by(CallFill.order_id).limit(limit)
    if participant is not None:
        statement = statement.where(CallFill.participant_id == participant)
    if after is not None:
        statement = statement.where(CallFill.order_id > after)
    return list(session.scalars(statement))
