"""What parties, regulators and the public see of negotiated deals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString, NamedTuple

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ledger.arrays import Bigints
from market.core import clock
from market.core.db import raw
from market.core.errors import NotFound
from market.registry.lease_models import Lease
from market.trading.deal_models import StruckDeal
from market.trading.models import Product, Trade
from market.trading.negotiation_models import (
    RUNNING,
    Negotiation,
    NegotiationObjection,
    NegotiationOffer,
    NegotiationSignature,
    RightSale,
)

_DEALS_SQL: LiteralString = """
SELECT DISTINCT ON (d.reference) d.reference, d.id AS deal_id, d.status, d.refusal, d.trade_id, t.instruction_id,
       i.status AS instruction_status, i.review_rule, i.review_due_on
FROM deals d LEFT JOIN trades t ON t.id = d.trade_id LEFT JOIN instructions i ON i.id = t.instruction_id
WHERE d.kind = %s AND d.reference = ANY (%s) ORDER BY d.reference, d.id DESC
"""


@dataclass(frozen=True, slots=True)
class View:
    """A negotiation with its offers and signatures, oldest first, and what the engine or the register made of it."""

    negotiation: Negotiation
    offers: Sequence[NegotiationOffer]
    signatures: Sequence[NegotiationSignature]
    deal: Any | None
    lease_id: int | None = None
    sale: RightSale | None = None


class Published(NamedTuple):
    """A published deal as everybody sees it, its parties unnamed."""

    negotiation: Negotiation
    offer: NegotiationOffer
    product: str
    seller_canal: str
    seller_sector: str
    buyer_canal: str
    buyer_sector: str


def struck(connection: psycopg.Connection, kind: str, references: Iterable[int]) -> dict[int, Any]:
    """What the engine made of the deals of these rows: deal, trade, instruction, review."""
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        rows: list[Any] = cursor.execute(_DEALS_SQL, (kind, Bigints(references))).fetchall()
    return {row.reference: row for row in rows}


def negotiations(
    session: Session,
    *,
    party: int | None = None,
    negotiation_id: int | None = None,
    status: str | None = None,
    lane: str | None = None,
    instruction_id: int | None = None,
    tenure: str | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[View]:
    """Negotiations by id: those that a participant is a party to, or all; `instruction_id` finds the one behind it."""
    statement = select(Negotiation).where(Negotiation.id > (after or 0))
    if negotiation_id is not None:
        statement = statement.where(Negotiation.id == negotiation_id)
    if party is not None:
        statement = statement.where(or_(Negotiation.seller_id == party, Negotiation.buyer_id == party))
    if status is not None:
        statement = statement.where(Negotiation.status == status)
    if lane is not None:
        statement = statement.where(Negotiation.lane == lane)
    if tenure is not None:
        statement = statement.where(Negotiation.tenure == tenure)
    if instruction_id is not None:
        behind = (
            select(StruckDeal.reference)
            .join(Trade, Trade.id == StruckDeal.trade_id)
            .where(StruckDeal.kind == "negotiated", Trade.instruction_id == instruction_id)
        )
        statement = statement.where(Negotiation.id.in_(behind))
    found = session.scalars(statement.order_by(Negotiation.id).limit(limit)).all()
    wanted = [each.id for each in found]
    offers: dict[int, list[NegotiationOffer]] = {each: [] for each in wanted}
    for offer in session.scalars(
        select(NegotiationOffer)
        .where(NegotiationOffer.negotiation_id.in_(wanted))
        .order_by(NegotiationOffer.number)
    ):
        offers[offer.negotiation_id].append(offer)
    signatures: dict[int, list[NegotiationSignature]] = {each: [] for each in wanted}
    for signature in session.scalars(
        select(NegotiationSignature)
        .where(NegotiationSignature.negotiation_id.in_(wanted))
        .order_by(NegotiationSignature.signed_at)
    ):
        signatures[signature.negotiation_id].append(signature)
    made = struck(raw(session), "negotiated", wanted)
    let: dict[int, int] = dict(
        session.execute(select(Lease.negotiation_id, Lease.id).where(Lease.negotiation_id.in_(wanted))).all()
    )
    sold = {
        each.negotiation_id: each
        for each in session.scalars(select(RightSale).where(RightSale.negotiation_id.in_(wanted)))
    }
    return [
        View(
            each, offers[each.id], signatures[each.id], made.get(each.id), let.get(each.id), sold.get(each.id)
        )
        for each in found
    ]  # fmt: skip


def negotiation(session: Session, *, negotiation_id: int) -> View:
    """One negotiation. Errors: NotFound."""
    found = negotiations(session, negotiation_id=negotiation_id, limit=1)
    if not found:
        raise NotFound("there is no such negotiation")
    return found[0]


_PLACES_SQL: LiteralString = """
SELECT n.id, zs.code, ws.sector, zb.code, wb.sector FROM negotiations n
JOIN water_accounts ws ON ws.id = n.seller_water_account_id JOIN zones zs ON zs.id = ws.canal_zone_id
JOIN water_accounts wb ON wb.id = n.buyer_water_account_id JOIN zones zb ON zb.id = wb.canal_zone_id
WHERE n.id = ANY (%s)
"""


def published(session: Session, *, after: int | None = None, limit: int = 50) -> list[Published]:
    """Deals to which one may object today, by id."""
    rows = session.execute(
        select(Negotiation, NegotiationOffer, Product.code)
        .join(
            NegotiationOffer,
            (NegotiationOffer.negotiation_id == Negotiation.id)
            & (NegotiationOffer.number == Negotiation.accepted_number),
        )
        .join(Product, Product.id == Negotiation.product_id)
        .where(Negotiation.status == "published", Negotiation.published_until >= clock.today())
        .where(Negotiation.id > (after or 0))
        .order_by(Negotiation.id)
        .limit(limit)
    ).all()
    places = {
        row[0]: row[1:]
        for row in raw(session).execute(_PLACES_SQL, (Bigints(each[0].id for each in rows),)).fetchall()
    }
    return [Published(each, offer, product, *places[each.id]) for each, offer, product in rows]


def objections(session: Session, *, negotiation_id: int) -> list[NegotiationObjection]:
    """What others say against a deal, oldest first."""
    statement = select(NegotiationObjection).where(NegotiationObjection.negotiation_id == negotiation_id)
    return list(session.scalars(statement.order_by(NegotiationObjection.id)))


def out_of_time(session: Session) -> list[int]:
    """Negotiations whose last offer or time for signing is over, by id."""
    return list(
        session.scalars(
            select(Negotiation.id)
            .where(Negotiation.status.in_(("open", "accepted")), Negotiation.expires_at <= clock.now())
            .order_by(Negotiation.id)
        )
    )


def to_strike(session: Session) -> list[int]:
    """Published deals whose days for objections are over, by id."""
    return list(
        session.scalars(
            select(Negotiation.id)
            .where(Negotiation.status == "published", Negotiation.published_until < clock.today())
            .order_by(Negotiation.id)
        )
    )


def unfinished(session: Session, *, water_year: int) -> list[int]:
    """Negotiations of a water year's products that are neither struck, registered nor over, by id."""
    return list(
        session.scalars(
            select(Negotiation.id)
            .join(Product, Product.id == Negotiation.product_id)
            .where(Product.water_year == water_year)
            .where(Negotiation.status.in_(RUNNING))
            .order_by(Negotiation.id)
        )
    )
