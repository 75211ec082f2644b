"""Clearing a call: the book as the market of the call, the result verified, and written down row by row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import psycopg
from sqlalchemy.orm import Session

from ledger.arrays import Bigints
from ledger.units import ceil_div
from market.core import clock, workdays
from market.core.db import raw
from market.registry import caps
from market.trading import auction, call_borders, reference_prices, verify
from market.trading.auction import Clearing, canonical
from market.trading.auction.record import Record
from market.trading.book import BUY, Order
from market.trading.call_market import Built, NoCall, Where, build
from market.trading.call_models import Call
from market.trading.errors import NoCallHere
from market.trading.exchange import Exchange
from market.trading.fills import TICK_LITRES_PER_FEN, ReviewNeed
from market.trading.loading import load_orders
from market.trading.models import Product
from market.trading.numbers import Numbers
from market.trading.reference import Reference


@dataclass(frozen=True, slots=True)
class Found:
    """A clearing with the market it is of, its record, and the names of what the verification refuses of it."""

    built: Built
    clearing: Clearing
    record: Record
    refused: Sequence[str]
    fee_e6: dict[int, int]
    review: ReviewNeed | None


def compute(session: Session, call: Call) -> Found:
    """Clears the book of a call's product as it stands. Errors: NoCallHere."""
    connection = raw(session)
    product = session.get_one(Product, call.product_id)
    exchange = Exchange(lambda seller, buyer: reference.terms(seller, buyer), Numbers())
    reference = Reference(connection, exchange)
    load_orders(connection, reference, exchange)
    try:
        built = build(
            call=str(call.id),
            product=product.code,
            committed=call.committed,
            book=[each for each in exchange.books[product.id].orders.values() if each.level is not None],
            pack=reference.pack,
            limits=[each for each in reference.limits if each.water_year == product.water_year],
            available={account: each.free for account, each in exchange.balances.items()},
            place_of=lambda where: _place(reference, product.water_year, where),
            borders=call_borders.borders(connection, reference.pack, product_id=product.id, call_id=call.id),
            reference_e4=reference_prices.latest(connection, [product.id]).get(product.id),
            window=call.window,
        )
        clearing = auction.clear(built.market)
    except (NoCall, auction.BadMarket, auction.ClearingHalted) as error:
        raise NoCallHere(str(error)) from error
    record = auction.record(built.market, clearing)
    fee_e6 = {
        node: reference.pack.fee_e6(where.canal_code, where.township_code)
        for node, where in enumerate(built.places)
    }
    return Found(built, clearing, record, verify.verify(record), fee_e6, _review(reference, built, clearing))


def _place(reference: Reference, water_year: int, where: Where) -> caps.Place:
    zones = {zone.code: zone.id for zone in reference.zones.by_id.values()}
    return caps.place(
        reference.zones.lineage,
        township_zone_id=zones[where.township_code],
        canal_zone_id=zones[where.canal_code],
        sector=where.sector,
        source=where.source,
        water_year=water_year,
    )


def _review(reference: Reference, built: Built, clearing: Clearing) -> ReviewNeed | None:
    """The first of the county's rules that puts what flows before a reviewer; the whole call waits for it."""
    delivered = clearing.litres.delivered
    for arc, litres in zip(built.market.arcs, delivered, strict=True):
        if litres:
            start, end = built.places[arc.source], built.places[arc.target]
            for rule in reference.pack.review_rules(
                start.sector, end.sector, start.canal_code, end.canal_code, clock.today()
            ):
                if litres >= rule.from_litres:
                    return ReviewNeed(rule.code, rule.from_litres, rule.working_days)
    return None


@dataclass(frozen=True, slots=True)
class _Row:
    order: Order
    litres: int
    price_e4: int
    amount_fen: int
    fee_fen: int


_FORGET_SQL = (
    "DELETE FROM call_prices WHERE call_id = %s",
    "DELETE FROM call_flows WHERE call_id = %s",
    "DELETE FROM call_fills WHERE call_id = %s",
    "DELETE FROM call_limits WHERE call_id = %s",
    "DELETE FROM call_borders WHERE call_id = %s",
)


def write(connection: psycopg.Connection[Any], call: Call, found: Found) -> None:
    """Writes what a call found beside its row, in place of an earlier try."""
    for statement in _FORGET_SQL:
        connection.execute(statement, (call.id,))
    rows = list(_fills(found))
    sales = [row for row in rows if row.order.side != BUY]
    buys = [row for row in rows if row.order.side == BUY]
    call.record = canonical(found.record).decode()
    call.record_sha256 = found.record["sha256"]
    call.paid_fen, call.received_fen = (sum(row.amount_fen for row in side) for side in (buys, sales))
    call.sold_litres, call.bought_litres = (sum(row.litres for row in side) for side in (sales, buys))
    call.review_rule = found.review.rule if found.review else None
    call.review_due_on = _due(found.review)
    _write_prices(connection, call.id, found, rows)
    _write_flows(connection, call.id, found)
    _write_fills(connection, call.id, rows)
    _write_limits(connection, call.id, found, buys)


def _due(review: ReviewNeed | None) -> dt.date | None:
    return workdays.after(clock.today(), review.working_days) if review else None


def _fills(found: Found) -> Iterator[_Row]:
    """What each order gets: a buyer pays ceil(litres·price), a seller receives floor(litres·price), less the fee."""
    litres = found.clearing.litres
    nodes = found.built.market.orders.node
    for index in np.flatnonzero(litres.fills).tolist():
        order, filled = found.built.orders[index], int(litres.fills[index])
        node = int(nodes[index])
        price = litres.prices_e4[node]
        if order.side == BUY:
            yield _Row(order, filled, price, ceil_div(filled * price, TICK_LITRES_PER_FEN), 0)
        else:
            amount = filled * price // TICK_LITRES_PER_FEN
            yield _Row(order, filled, price, amount, amount * found.fee_e6[node] // 1_000_000)


def _write_prices(connection: psycopg.Connection[Any], call_id: int, found: Found, rows: list[_Row]) -> None:
    places, litres = found.built.places, found.clearing.litres
    number = {place: node for node, place in enumerate(places)}
    sold, bought = [0] * len(places), [0] * len(places)
    for row in rows:
        key = row.order.account.pool.key
        node = number[Where(key.township_code, key.canal_code, key.sector, key.source)]
        (bought if row.order.side == BUY else sold)[node] += row.litres
    connection.execute(
        "INSERT INTO call_prices (call_id, node, township, canal, sector, price_e4, sold_litres, bought_litres)"
        " SELECT %s, * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[],"
        " %s::bigint[])",
        (
            call_id,
            Bigints(range(len(places))),
            [each.township_code for each in places],
            [each.canal_code for each in places],
            [each.sector for each in places],
            Bigints(litres.prices_e4),
            Bigints(sold),
            Bigints(bought),
        ),
    )


def _write_flows(connection: psycopg.Connection[Any], call_id: int, found: Found) -> None:
    litres, arcs = found.clearing.litres, found.built.market.arcs
    used = [arc for arc, delivered in enumerate(litres.delivered) if delivered]
    connection.execute(
        "INSERT INTO call_flows (call_id, arc, from_node, to_node, kind, k, entering_litres, delivered_litres)"
        " SELECT %s, * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::bigint[],"
        " %s::bigint[])",
        (
            call_id,
            Bigints(used),
            Bigints(arcs[each].source for each in used),
            Bigints(arcs[each].target for each in used),
            [arcs[each].kind for each in used],
            Bigints(arcs[each].k for each in used),
            Bigints(litres.entering[each] for each in used),
            Bigints(litres.delivered[each] for each in used),
        ),
    )


def _write_fills(connection: psycopg.Connection[Any], call_id: int, rows: list[_Row]) -> None:
    payees = [
        [] if row.order.side == BUY or row.amount_fen == row.fee_fen
        else [[row.order.account.money, row.amount_fen - row.fee_fen, "seller"]]
        for row in rows
    ]  # fmt: skip
    connection.execute(
        "INSERT INTO call_fills (call_id, order_id, side, water_account_id, participant_id, litres, price_e4,"
        " amount_fen, fee_fen, payees)"
        " SELECT %s, * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],"
        " %s::bigint[], %s::bigint[], %s::text[])",
        (
            call_id,
            Bigints(row.order.id for row in rows),
            [row.order.side for row in rows],
            Bigints(row.order.account.id for row in rows),
            Bigints(row.order.account.participant for row in rows),
            Bigints(row.litres for row in rows),
            Bigints(row.price_e4 for row in rows),
            Bigints(row.amount_fen for row in rows),
            Bigints(row.fee_fen for row in rows),
            [msgspec.json.encode(each).decode() for each in payees],
        ),
    )


def _write_limits(connection: psycopg.Connection[Any], call_id: int, found: Found, buys: list[_Row]) -> None:
    """What crosses each limit and border, and what the buyers' plans are charged."""
    litres, worth = found.clearing.litres, found.clearing.witness.y
    crossed = [
        sum(c * litres.entering[arc] + d * litres.delivered[arc] for arc, c, d in limit.terms)
        for limit in found.built.market.limits
    ]
    rows: list[tuple[int, int, int, int]] = []
    for number, node in enumerate(found.built.limits):
        rows.append((node.account_id, node.id, crossed[number], worth[number]))
    first = len(found.built.limits)
    call_borders.write(connection, call_id, found.built, crossed[first:], worth[first:])
    plans: dict[int, int] = {}
    for row in buys:
        if row.order.account.plan:
            plans[row.order.account.plan] = plans.get(row.order.account.plan, 0) + row.litres
    rows += [(account, 0, charged, 0) for account, charged in plans.items()]
    columns = list(zip(*rows, strict=True)) if rows else [(), (), (), ()]
    connection.execute(
        "INSERT INTO call_limits (call_id, account_id, limit_id, litres, worth_e9)"
        " SELECT %s, t.account, nullif(t.limit_id, 0), t.litres, t.worth"
        " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[]) AS t (account, limit_id, litres, worth)",
        (call_id, *map(Bigints, columns)),
    )
