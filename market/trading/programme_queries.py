"""What buyers, sellers and regulators see of purchase programmes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, LiteralString, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.arrays import Bigints
from market.core import clock
from market.core.db import raw
from market.core.errors import NotFound
from market.trading.models import Product
from market.trading.negotiation_queries import struck
from market.trading.programme_models import Programme, Subscription

_TOTALS_SQL: LiteralString = """
SELECT programme_id, count(*),
       sum(CASE status WHEN 'subscribed' THEN litres ELSE allotted_litres END)::bigint,
       coalesce(sum(amount_fen), 0)::bigint
FROM programme_subscriptions
WHERE programme_id = ANY (%s) AND status IN ('subscribed', 'included', 'struck') GROUP BY 1
"""


class View(NamedTuple):
    """A programme with its sellers, the litres that they subscribed (later: that it takes), and their price in fen."""

    programme: Programme
    sellers: int
    litres: int
    fen: int


class Line(NamedTuple):
    """A subscription and what the engine made of its deal (None: nothing yet)."""

    subscription: Subscription
    deal: Any | None


def programmes(
    session: Session,
    *,
    programme_id: int | None = None,
    status: str | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[View]:
    """Programmes by id: they are open to everybody."""
    statement = select(Programme).where(Programme.id > (after or 0))
    if programme_id is not None:
        statement = statement.where(Programme.id == programme_id)
    if status is not None:
        statement = statement.where(Programme.status == status)
    found = session.scalars(statement.order_by(Programme.id).limit(limit)).all()
    rows = raw(session).execute(_TOTALS_SQL, (Bigints(each.id for each in found),)).fetchall()
    totals: Mapping[int, tuple[int, int, int]] = {row[0]: row[1:] for row in rows}
    return [View(each, *totals.get(each.id, (0, 0, 0))) for each in found]


def programme(session: Session, *, programme_id: int) -> View:
    """One programme. Errors: NotFound."""
    found = programmes(session, programme_id=programme_id, limit=1)
    if not found:
        raise NotFound("there is no such programme")
    return found[0]


def lines(
    session: Session,
    *,
    programme_id: int | None = None,
    subscription_id: int | None = None,
    seller_id: int | None = None,
    status: str | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[Line]:
    """Subscriptions by id: of one programme, of one seller, or all."""
    statement = select(Subscription).where(Subscription.id > (after or 0))
    for column, value in (
        (Subscription.programme_id, programme_id),
        (Subscription.id, subscription_id),
        (Subscription.seller_id, seller_id),
        (Subscription.status, status),
    ):
        if value is not None:
            statement = statement.where(column == value)
    found = session.scalars(statement.order_by(Subscription.id).limit(limit)).all()
    made = struck(raw(session), "programme", [each.id for each in found])
    return [Line(each, made.get(each.id)) for each in found]


def due(session: Session) -> list[int]:
    """Open programmes whose deadline is over, by id."""
    return list(
        session.scalars(
            select(Programme.id)
            .where(Programme.status == "open", Programme.deadline <= clock.now())
            .order_by(Programme.id)
        )
    )


def unfinished(session: Session, *, water_year: int) -> list[int]:
    """Programmes of a water year's products that are neither struck nor over, by id."""
    return list(
        session.scalars(
            select(Programme.id)
            .join(Product, Product.id == Programme.product_id)
            .where(Product.water_year == water_year, Programme.status.in_(("open", "under_review")))
            .order_by(Programme.id)
        )
    )
