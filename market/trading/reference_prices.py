"""Reference prices: the first one by the county's rule or the bureau, then what was traded, else carried on.

The rule in words, and where it comes from: docs/decisions/0018-sessions-and-bands.md. Prices are 1/10 000 yuan per m3
at the seller's place: what the seller gets for a cubic metre that it gives up.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger.units import format_price_e4
from market.core import audit, clock, outbox
from market.core.db import bump_reference, raw
from market.core.errors import NotFound
from market.county.current import pack_in_force
from market.trading import products
from market.trading.models import Product
from market.trading.session_models import BUREAU, CARRIED, TARIFF, TRADED, ReferencePrice

RULE = "service rule of the exchange: the volume-weighted price of the last day with trades"

# The row in force is the last of the latest day.
_LATEST_SQL = """
SELECT DISTINCT ON (product_id) product_id, price_e4, basis, from_day FROM reference_prices
WHERE product_id = ANY (%s::bigint[]) AND from_day <= %s ORDER BY product_id, from_day DESC, id DESC
"""
_DUE_SQL = """
SELECT p.id FROM products p
WHERE p.tenure = 'allocation' AND p.phase <> 'closed' AND p.closes_at > %(now)s
  AND NOT EXISTS (SELECT FROM reference_prices r WHERE r.product_id = p.id AND r.from_day = %(today)s)
  AND (p.source = ANY (%(priced)s::text[])
       OR EXISTS (SELECT FROM reference_prices r WHERE r.product_id = p.id))
ORDER BY p.id
"""
# The last legal day with trades of the book or calls between two days. Left out: what was given for nothing, what one
# owner sold to itself (also by what is known now), what a review rejected or was reversed, deals struck elsewhere.
_TRADED_SQL = """
SELECT (x.at AT TIME ZONE 'Asia/Shanghai')::date AS day, sum(x.value)::numeric, sum(x.litres)::bigint
FROM (
SELECT t.traded_at AS at, t.value_tick_litres::numeric AS value, t.source_litres AS litres
FROM trades t
JOIN instructions i ON i.id = t.instruction_id
JOIN participants b ON b.id = t.buyer_id JOIN participants s ON s.id = t.seller_id
WHERE t.product_id = %(product)s AND t.traded_at >= %(since)s AND t.traded_at < %(until)s AND t.amount_fen > 0
  AND coalesce(b.owner_group_id, b.id) <> coalesce(s.owner_group_id, s.id)
  AND i.status IN ('awaiting_review', 'settled')
  AND NOT EXISTS (SELECT FROM deals d WHERE d.trade_id = t.id)
UNION ALL
SELECT c.cleared_at, f.litres::numeric * f.price_e4, f.litres
FROM calls c JOIN call_fills f ON f.call_id = c.id AND f.side = 'sell' AND f.amount_fen > 0
WHERE c.product_id = %(product)s AND c.cleared_at >= %(since)s AND c.cleared_at < %(until)s
  AND c.status IN ('held', 'settled')
) AS x
GROUP BY 1 ORDER BY 1 DESC LIMIT 1
"""


def latest(connection: psycopg.Connection[Any], product_ids: list[int]) -> dict[int, int]:
    """The reference prices in force today; products that have none are missing."""
    rows = connection.execute(_LATEST_SQL, (product_ids, clock.today())).fetchall()
    return {row[0]: row[1] for row in rows}


def due(session: Session) -> list[int]:
    """The products that have no reference price of today, and could have one."""
    connection = raw(session)
    priced = [each.source for each in pack_in_force(connection).first_prices]
    found = connection.execute(_DUE_SQL, {"now": clock.now(), "today": clock.today(), "priced": priced})
    return [row[0] for row in found.fetchall()]


def settle(session: Session, *, actor: audit.Actor, product_id: int) -> ReferencePrice | None:
    """Writes a product's reference price of today by the rule; None where it has one by now, or cannot have any."""
    connection = raw(session)
    product = session.get_one(Product, product_id)
    today = clock.today()
    rows = connection.execute(_LATEST_SQL, ([product_id], today)).fetchall()
    before = rows[0] if rows else None
    if before is not None and before[3] == today:
        return None
    found = _first(connection, product) if before is None else _next(connection, product_id, before)
    if found is None:
        return None
    found.from_day, found.set_at = today, clock.now()
    try:
        with session.begin_nested():
            session.add(found)
    except IntegrityError:  # another worker was quicker
        return None
    _tell(connection, actor, found)
    return found


def _first(connection: psycopg.Connection[Any], product: Product) -> ReferencePrice | None:
    found = pack_in_force(connection).first_price_e4(product.source)
    if found is None or found[0] <= 0:
        return None
    price, rule, tariff = found
    tariff_text = (
        f"tariff of {rule.sector}, {format_price_e4(tariff.price_e4)} yuan per m3 ({tariff.basis.source})"
    )
    return ReferencePrice(
        product_id=product.id, price_e4=price, basis=TARIFF, volume_litres=0,
        reason=f"{tariff_text}, times {rule.multiple_e6} millionths", legal_source=rule.basis.source,
    )  # fmt: skip


def _next(connection: psycopg.Connection[Any], product_id: int, before: tuple[Any, ...]) -> ReferencePrice:
    """What was traded since the day of the last price, or that price carried on."""
    _, price, _, day = before
    since, until = (clock.end_of_legal_day(each - dt.timedelta(days=1)) for each in (day, clock.today()))
    asked = {"product": product_id, "since": since, "until": until}
    traded = connection.execute(_TRADED_SQL, asked).fetchone()
    if traded is None:
        return ReferencePrice(
            product_id=product_id, price_e4=price, basis=CARRIED, volume_litres=0,
            reason=f"no trades since {day}", legal_source=RULE,
        )  # fmt: skip
    return ReferencePrice(
        product_id=product_id, price_e4=max(1, weighted(int(traded[1]), traded[2])), basis=TRADED,
        volume_litres=traded[2], reason=f"trades of {traded[0]}", legal_source=RULE,
    )  # fmt: skip


def weighted(value_tick_litres: int, litres: int) -> int:
    """A volume-weighted price, half to even."""
    whole, rest = divmod(value_tick_litres, litres)
    return whole + (2 * rest > litres or (2 * rest == litres and whole & 1))


def set_by_bureau(
    session: Session, *, actor: audit.Actor, product_id: int, price_e4: int, reason: str, legal_source: str
) -> ReferencePrice:
    """Sets a product's reference price from now on, for a reason. Errors: NotFound, NoBook."""
    product = session.get(Product, product_id)
    if product is None:
        raise NotFound("there is no such product")
    products.check_book(product)
    found = ReferencePrice(
        product_id=product_id, price_e4=price_e4, basis=BUREAU, from_day=clock.today(), volume_litres=0,
        reason=reason, legal_source=legal_source, set_by=actor.user_id, set_at=clock.now(),
    )  # fmt: skip
    session.add(found)
    session.flush()  # the audit entry names it
    _tell(raw(session), actor, found)
    return found


def listing(session: Session, *, product_id: int, before: int | None, limit: int) -> list[ReferencePrice]:
    """A product's reference prices, the newest first."""
    statement = select(ReferencePrice).where(ReferencePrice.product_id == product_id)
    if before is not None:
        statement = statement.where(ReferencePrice.id < before)
    return list(session.scalars(statement.order_by(ReferencePrice.id.desc()).limit(limit)))


def _tell(connection: psycopg.Connection[Any], actor: audit.Actor, found: ReferencePrice) -> None:
    """The engine's bands, whoever listens, and the record."""
    bump_reference(connection)
    detail = {"price_e4": found.price_e4, "basis": found.basis, "reason": found.reason}
    subject = ("reference_price", found.id)
    outbox.publish(connection, topic="trading.reference_price.set", subject=subject, payload=detail)
    audit.record(
        connection, actor=actor, action="reference_price.set", subject=subject,
        detail=detail | {"legal_source": found.legal_source},
    )  # fmt: skip
