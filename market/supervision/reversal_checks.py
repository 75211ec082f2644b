"""What may not be reversed, and by whom: each reason by name."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy.orm import Session

from market.core import audit
from market.core.db import raw
from market.registry import places
from market.registry.models import WaterAccount
from market.settlement.clearing import Obligation
from market.settlement.models import Instruction
from market.supervision.desks import docket, people
from market.supervision.desks.models import INSTRUCTION
from market.supervision.desks.people import Official
from market.supervision.errors import NotReversible, OpenSales

OWN_BOOKS = {
    "buy_back": "it came into public storage by a buy-back, which keeps its own stock",
    "resale": "it was resold out of public storage, which keeps its own stock",
    "lease": "it is a year of a lease: the lease is ended instead",
}
"""The mechanisms that count what they delivered, and why their trades are put right in another way."""
ORIGINS = {
    "saving_lot": "it was sold of a lot of saved water, whose proceeds were shared: a claw-back takes it back",
    "pledged": "it was sold out of a pledge, and the bank was paid: the sale of a pledge is final",
}
POOL = "it was bought into a pool, whose shares it became"

_MECHANISM_SQL = "SELECT d.kind FROM deals d JOIN trades t ON t.id = d.trade_id WHERE t.instruction_id = %s"
_REFUNDED_SQL = """
SELECT EXISTS (SELECT FROM delivery_refunds f JOIN deliveries d ON d.id = f.delivery_id
               WHERE d.instruction_id = %s AND f.status <> 'declined')
"""
_SALES_SQL = """
SELECT count(*) FROM orders o JOIN instructions i ON i.buyer_water_account_id = o.water_account_id
WHERE i.id = %s AND o.status = 'open' AND o.side = 'sell'
"""


def check(session: Session, actor: audit.Actor, due: Obligation, seller_water_account: int) -> None:
    """Errors: OwnInterest, WaterYearNotOpen, NotReversible."""
    check_own_interest(session, actor, due.id)
    instruction = session.get_one(Instruction, due.id)
    seller = session.get_one(WaterAccount, seller_water_account)
    buyer = session.get_one(WaterAccount, instruction.buyer_water_account_id)
    places.open_year(session, seller.water_year, lock=True)
    if seller.origin in ORIGINS:
        raise NotReversible(ORIGINS[seller.origin], rule=f"not_reversible:{seller.origin}")
    if buyer.origin == "trust":
        raise NotReversible(POOL, rule="not_reversible:pool")
    if seller.status == "closed":
        raise NotReversible("the seller's water account is closed", rule="not_reversible:closed")
    connection = raw(session)
    mechanism = _one(connection, _MECHANISM_SQL, due.id)
    if mechanism in OWN_BOOKS:
        raise NotReversible(OWN_BOOKS[mechanism], rule=f"not_reversible:{mechanism}")
    if _one(connection, _REFUNDED_SQL, due.id):
        raise NotReversible(
            "a short delivery of it is refunded, or that is proposed: the refund is decided first",
            rule="not_reversible:refund",
        )


def check_own_interest(session: Session, actor: audit.Actor, instruction_id: int) -> None:
    """Nobody decides on a trade in which it has an interest, as at the desks: buyer, seller and whoever was paid.

    Errors: OwnInterest.
    """
    parties = docket.parties_of(session, INSTRUCTION, instruction_id)
    people.check_interest(session, Official(actor, frozenset()), parties)


def check_no_open_sales(connection: psycopg.Connection[Any], instruction_id: int) -> None:
    """The buyer's account offers nothing: else what it offers would count as gone. Errors: OpenSales."""
    count = _one(connection, _SALES_SQL, instruction_id)
    if count:
        raise OpenSales(limit="0", available=str(count))


def _one(connection: psycopg.Connection[Any], statement: Any, number: int) -> Any:
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(statement, (number,)).fetchone()
    return row[0] if row is not None else None
