"""Government buy-back: standing offers at a multiple of the water price, with a budget held on the body's money.

The budget is one hold. A take gives its part of it free in the transaction in which it is struck, and the engine,
which comes after, finds the money there; the offer's row is locked meanwhile, so that no two takes have the same fen.
Once the engine has answered, `settle_up` books the part as spent, or holds it again.
Source: 水权交易管理暂行办法 (2016) art. 19 (from memory): government may buy back; the multiples are the county pack's.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import journal
from ledger.errors import InsufficientBalance
from ledger.units import format_decimal, format_fen
from market.core import audit, books, clock, outbox
from market.core.chart import CNY, AccountCode, TransferCode
from market.core.db import raw
from market.core.errors import NotFound
from market.county.current import pack_in_force
from market.county.parts import BuyBackRule
from market.participants.models import MoneyAccount
from market.registry import places, reference, rules
from market.registry.county import sector_rules
from market.registry.models import WaterYear
from market.registry.reference import AccountView, Zones
from market.trading import products
from market.trading.buy_back_errors import (
    BuyBackDates,
    BuyBackNotOpen,
    MultipleOutOfRange,
    NoBuyBackRule,
    NotABuyBackZone,
    NotPublicStorage,
)
from market.trading.buy_back_models import BuyBack
from market.trading.buy_back_rules import part_fen, price_e4
from market.trading.dealing import BUY_BACK
from market.trading.errors import InsufficientMoney, ProductMismatch
from market.trading.gates import HOLD_RULE
from market.trading.models import Product


def publish(
    session: Session,
    *,
    actor: audit.Actor,
    product_id: int,
    water_account_id: int,
    zone: str,
    multiple_e3: int,
    budget_fen: int,
    starts_on: dt.date,
    ends_on: dt.date,
    document: str,
    ceiling_e6: int | None = None,
) -> BuyBack:
    """Publishes a standing offer of public storage in a township or district (`zone`), and holds its budget (fen).

    `multiple_e3`: thousandths of the water price at each seller's place; `ceiling_e6`: the most that one holder
    sells, as a share (millionths) of its allocation. Both days are legal days and belong to it.
    Errors: NoBuyBackRule, NotFound, NoBook, NotPublicStorage, ProductMismatch, MultipleOutOfRange, UnknownZone,
    NotABuyBackZone, BuyBackDates, InsufficientMoney.
    """
    connection = raw(session)
    rule = rule_in_force(session)
    _check_multiple(rule, multiple_e3)
    tree = reference.zones(connection)
    storage = storage_account(session, tree, water_account_id)
    product = session.get(Product, product_id)
    if product is None:
        raise NotFound("there is no such product", pointer="/product_id")
    products.check_book(product)
    if (product.source, product.water_year) != (storage.place.source, storage.place.water_year):
        raise ProductMismatch(
            "the storage holds another source or water year than the product", pointer="/product_id"
        )
    _check_dates(session, product, starts_on, ends_on)
    money = session.scalars(
        select(MoneyAccount).where(MoneyAccount.participant_id == storage.participant_id)
    ).one()
    offer = BuyBack(
        participant_id=storage.participant_id,
        product_id=product_id,
        water_account_id=water_account_id,
        money_account_id=money.id,
        zone_id=_zone(tree, zone),
        multiple_e3=multiple_e3,
        ceiling_e6=ceiling_e6,
        starts_on=starts_on,
        ends_on=ends_on,
        budget_fen=budget_fen,
        held_fen=0,
        under_way_fen=0,
        spent_fen=0,
        freed_fen=budget_fen,  # the body's own, until it is held a moment later
        document=document,
        legal_source=rule.basis.source,
        published_by=actor.user_id,
        published_at=clock.now(),
    )
    session.add(offer)
    session.flush()  # the hold names it by its id
    _hold(session, offer, budget_fen)
    tell(session, actor, offer, "published", {"budget_fen": budget_fen, "multiple_e3": multiple_e3})
    return offer


def rule_in_force(session: Session) -> BuyBackRule:
    """The county's rule. Errors: NoBuyBackRule."""
    rule = pack_in_force(raw(session)).buy_back
    if rule is None:
        raise NoBuyBackRule
    return rule


def storage_account(session: Session, tree: Zones, water_account_id: int) -> AccountView:
    """A water account that is public storage and may take water in. Errors: NotFound, NotPublicStorage."""
    connection = raw(session)
    found = reference.accounts(connection, tree, sector_rules(connection), ids=[water_account_id])
    view = found.get(water_account_id)
    if view is None:
        raise NotFound("there is no such water account", pointer="/water_account_id")
    barrier = rules.may_store(view.facts)
    if barrier is not None:
        raise NotPublicStorage(
            barrier.detail, pointer="/water_account_id", rule=barrier.rule, legal_source=barrier.legal_source
        )
    return view


def _check_multiple(rule: BuyBackRule, multiple_e3: int) -> None:
    if rule.least_e3 <= multiple_e3 <= rule.most_e3:
        return
    bounds = [format_decimal(each, scale=3) for each in (rule.least_e3, rule.most_e3)]
    raise MultipleOutOfRange(
        f"water is bought back at {bounds[0]} to {bounds[1]} times its price",
        pointer="/multiple",
        limit=bounds[multiple_e3 > rule.most_e3],
        available=format_decimal(multiple_e3, scale=3),
        legal_source=rule.basis.source,
    )


def _check_dates(session: Session, product: Product, starts_on: dt.date, ends_on: dt.date) -> None:
    year = session.get_one(WaterYear, product.water_year)
    places.check_open({year.year: year.status}, year.year)
    if not max(starts_on, clock.today()) <= ends_on <= year.ends_on:
        raise BuyBackDates(
            f"an offer ends between its first day or today and the end of the water year, {year.ends_on}",
            pointer="/ends_on",
            limit=year.ends_on.isoformat(),
            available=ends_on.isoformat(),
        )


def _zone(tree: Zones, code: str) -> int:
    found = places.zone(tree, code, pointer="/zone")
    if (found.tree, found.level) not in (("admin", "township"), ("river", "district")):
        raise NotABuyBackZone(f"{code} is a zone of the level {found.level}", pointer="/zone")
    return found.id


def locked(session: Session, buy_back_id: int) -> BuyBack:
    """An offer, locked until the transaction ends: who takes, settles up or closes does so one after another.

    Errors: NotFound.
    """
    found = session.get(BuyBack, buy_back_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such offer")
    return found


def check_open(offer: BuyBack) -> None:
    """Errors: BuyBackNotOpen."""
    if offer.status != "open":
        raise BuyBackNotOpen(f"the offer ended: {offer.ending}")
    if not offer.starts_on <= clock.today() <= offer.ends_on:
        raise BuyBackNotOpen(f"the offer runs from {offer.starts_on} to {offer.ends_on}")


def close(session: Session, *, actor: audit.Actor, buy_back_id: int, reason: str) -> BuyBack:
    """The bureau ends an offer; what is left of the budget is free. What was taken stands. Errors: NotFound,
    BuyBackNotOpen.
    """
    offer = locked(session, buy_back_id)
    if offer.status != "open":
        raise BuyBackNotOpen(f"the offer ended: {offer.ending}")
    settle_up(session, offer)
    _end(session, offer, "closed")
    tell(session, actor, offer, "ended", {"ending": "closed", "reason": reason})
    return offer


_ANSWERED_SQL = """
SELECT t.id, t.part_fen, d.status, coalesce(r.amount_fen, 0)
  FROM buy_back_takes t
  JOIN deals d ON d.kind = 'buy_back' AND d.reference = t.id AND d.status <> 'struck'
  LEFT JOIN trades r ON r.id = d.trade_id
 WHERE t.buy_back_id = %s AND t.status = 'struck' ORDER BY t.id
"""
_RESOLVE_SQL = """
UPDATE buy_back_takes AS t SET status = n.status, resolved_at = %s
  FROM unnest(%s::bigint[], %s::text[]) AS n (id, status) WHERE t.id = n.id
"""


def settle_up(session: Session, offer: BuyBack) -> int:
    """Books what the engine has answered of a locked offer's takes; returns how many.

    What was paid is spent. What was refused goes back into the hold of an offer that is open, as far as the body
    still has that money free (it may have spent it elsewhere meanwhile); else it is freed.
    """
    connection = raw(session)
    rows = connection.execute(_ANSWERED_SQL, (offer.id,)).fetchall()
    if not rows:
        return 0
    connection.execute(_RESOLVE_SQL, (clock.now(), [row[0] for row in rows], [row[2] for row in rows]))
    parts, paid = sum(row[1] for row in rows), sum(row[3] for row in rows)
    back = sum(row[1] for row in rows if row[2] == "refused")
    again = back if offer.status == "open" else 0
    if again:
        account = _money(session, offer)
        free = journal.lock(connection, [account, _clearing(session)])[account]
        again = min(again, free[5] - free[3] - free[2])
    offer.under_way_fen -= parts
    offer.spent_fen += paid
    offer.freed_fen += parts - paid
    if again > 0:
        _hold(session, offer, again)
    session.flush()
    return len(rows)


def _money(session: Session, offer: BuyBack) -> int:
    return session.get_one(MoneyAccount, offer.money_account_id).account_id


def _clearing(session: Session) -> int:
    return books.system_account(raw(session), CNY, AccountCode.MONEY_CLEARING)


def _hold(session: Session, offer: BuyBack, fen: int) -> None:
    """Holds so many more fen of what the body has free: one hold takes the place of the one before."""
    connection = raw(session)
    batch = journal.Batch()
    code = TransferCode.BUY_BACK_BUDGET
    if offer.hold_id is not None:
        batch.void(offer.hold_id, code=code, reference=offer.id)
    handle = batch.hold(
        debit=_money(session, offer),
        credit=_clearing(session),
        amount=offer.held_fen + fen,
        code=code,
        reference=offer.id,
    )
    try:
        batch.execute(connection)
    except InsufficientBalance as error:
        raise InsufficientMoney(
            "the money account does not cover the budget",
            pointer="/budget",
            limit=format_fen(fen),
            available=format_fen(error.available),
            legal_source=HOLD_RULE,
        ) from error
    offer.hold_id, offer.held_fen = batch.id_of(handle), offer.held_fen + fen
    offer.freed_fen -= fen
    offer.version += 1
    session.flush()


def give(session: Session, offer: BuyBack, fen: int) -> None:
    """Takes so many fen (at most what is held) out of a locked offer's hold, for takes that are struck just now."""
    batch = journal.Batch()
    assert offer.hold_id is not None
    batch.void(offer.hold_id, fen, code=TransferCode.BUY_BACK_BUDGET, reference=offer.id)
    batch.execute(raw(session))
    offer.held_fen -= fen
    offer.under_way_fen += fen
    offer.version += 1
    if offer.held_fen == 0:
        offer.hold_id = None
    session.flush()


def _end(session: Session, offer: BuyBack, ending: str) -> None:
    if offer.hold_id is not None:
        batch = journal.Batch()
        resolve = batch.expire if ending == "over" else batch.void
        resolve(offer.hold_id, code=TransferCode.BUY_BACK_BUDGET, reference=offer.id)
        batch.execute(raw(session))
    offer.freed_fen += offer.held_fen
    offer.held_fen, offer.hold_id = 0, None
    offer.status, offer.ending, offer.ended_at = "ended", ending, clock.now()
    offer.version += 1
    session.flush()


def advance(session: Session, *, actor: audit.Actor, buy_back_id: int) -> str | None:
    """Settles an offer up, and ends it where its time is over or its budget used up; returns how it ended, if so.

    Used up: no take is under way, and the rest does not pay a single lot at the lowest water price that an eligible
    sector has in the county. Errors: NotFound.
    """
    offer = locked(session, buy_back_id)
    settle_up(session, offer)
    if offer.status != "open":
        return None
    ending = None
    if clock.today() > offer.ends_on:
        ending = "over"
    elif offer.under_way_fen == 0 and offer.held_fen < _least_fen(session, offer):
        ending = "used_up"
    if ending is not None:
        _end(session, offer, ending)
        tell(session, actor, offer, "ended", {"ending": ending})
    return ending


def _least_fen(session: Session, offer: BuyBack) -> int:
    pack, rule = pack_in_force(raw(session)), rule_in_force(session)
    prices = [each.price_e4 for each in pack.tariffs if each.sector in rule.from_sectors]
    lot = session.get_one(Product, offer.product_id).lot_litres
    return max(1, part_fen(lot, price_e4(min(prices, default=0), offer.multiple_e3)))


_DUE_SQL = """
SELECT b.id FROM buy_backs b
 WHERE (b.status = 'open' AND (b.ends_on < %s OR b.held_fen = 0))
    OR EXISTS (SELECT FROM buy_back_takes t JOIN deals d ON d.kind = 'buy_back' AND d.reference = t.id
                WHERE t.buy_back_id = b.id AND t.status = 'struck' AND d.status <> 'struck')
 ORDER BY b.id
"""


def due(session: Session) -> list[int]:
    """The offers of which the engine has answered a take, and those whose time or budget is over."""
    return [row[0] for row in raw(session).execute(_DUE_SQL, (clock.today(),)).fetchall()]


def tell(session: Session, actor: audit.Actor, offer: BuyBack, action: str, detail: dict[str, Any]) -> None:
    """Tells subscribers and the trail of a step of an offer."""
    connection = raw(session)
    outbox.publish(
        connection, topic=f"trading.{BUY_BACK}.{action}", subject=(BUY_BACK, offer.id), payload=detail
    )
    audit.record(
        connection, actor=actor, action=f"{BUY_BACK}.{action}", subject=(BUY_BACK, offer.id), detail=detail
    )
