"""Offering a lot: its owner's own water moves to the account that sells it, and comes back where it is not sold.

A lot creates no water, so that what is offered leaves the owner's allocation at once. The account sells by ordinary
orders, and each sale pays the contract's parties by their basis points (SAVINGS section 6). One lot at a time is on
offer on an account: so every instruction has one lineage.
"""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import journal
from ledger.units import format_litres
from market.contracts import lot_issuing, reporting
from market.contracts.errors import NotAContractParty
from market.contracts.lot_errors import LotAccountBusy, LotInOrders, LotNotCovered, LotState
from market.contracts.lot_models import LotOffer, LotOfferShare, SavingLot
from market.contracts.report_models import SavingReport
from market.core import acts, audit, books, clock, inbox
from market.core.chart import AccountCode, TransferCode, water_asset
from market.core.db import bump_reference, raw
from market.registry import accounts
from market.registry.county import plan_threshold
from market.registry.models import Entitlement, WaterAccount, WaterYear

OFFER = "lot_offer"
ORIGIN = "saving_lot"
_done = partial(acts.done, source="contracts")

# Every instruction out of an account is of the offer that is open on it: an offer closes only when nothing is held.
_TRADES_SQL = """
INSERT INTO lot_trades (instruction_id, offer_id, litres)
SELECT i.id, %(offer)s, i.source_litres FROM instructions i
 WHERE i.seller_id = %(seller)s AND i.seller_water_account_id = %(account)s AND i.status IN ('settled', 'reversed')
   AND NOT EXISTS (SELECT FROM lot_trades t WHERE t.instruction_id = i.id)
 ORDER BY i.id
"""


def offer(
    session: Session, *, actor: audit.Actor, lot_id: int, by: int, litres: int, floor_price_e4: int = 0
) -> LotOffer:
    """The owner puts litres of a lot on offer; no order of it asks less than the floor (1/10 000 yuan per m3).

    Errors: NotFound, NotAContractParty, LotState, LotSpent, LotNotCovered, LotAccountBusy.
    """
    lot = lot_issuing.locked(session, lot_id, "open")
    if by != lot.owner_id:
        raise NotAContractParty("the lot is the right-holder's")
    lot_issuing.require(lot, litres)
    home = _home(session, lot)
    selling = _selling(session, home)
    connection = raw(session)
    found = _open_on(session, selling.id)
    if found is not None and found.lot_id != lot.id:
        raise LotAccountBusy("take the other lot's offer back first")
    _move(session, home, selling, litres, lot.id)
    if found is None:
        found = LotOffer(
            lot_id=lot.id, water_account_id=selling.id, home_account_id=home.id, litres=litres,
            floor_price_e4=floor_price_e4, opened_at=clock.now(),
        )  # fmt: skip
        session.add(found)
        session.flush()
        _share(session, lot, found)
    else:
        found.litres += litres
        found.floor_price_e4 = max(found.floor_price_e4, floor_price_e4)
    lot.offered_litres += litres
    lot.version += 1
    session.flush()
    bump_reference(connection)
    detail = {"lot_id": lot.id, "litres": litres, "floor_price_e4": floor_price_e4}
    _done(session, actor=actor, kind=OFFER, number=found.id, act="opened", detail=detail)
    return found


def _share(session: Session, lot: SavingLot, made: LotOffer) -> None:
    """Who is paid, as the version says that governs the lot's report."""
    terms = reporting.terms_at(session, session.get_one(SavingReport, lot.report_id))
    session.add_all(
        LotOfferShare(offer_id=made.id, rank=rank, participant_id=party.participant, bp=bp)
        for rank, (party, bp) in enumerate(zip(terms.parties, terms.water_bp, strict=True))
        if bp
    )
    session.flush()


def home_of(session: Session, lot: SavingLot) -> WaterAccount | None:
    """The owner's own account of the right's place in the water year of today, if the lot may be sold in it."""
    today = clock.today()
    right = session.get_one(Entitlement, lot.entitlement_id)
    return session.scalars(
        select(WaterAccount)
        .join(WaterYear, WaterYear.year == WaterAccount.water_year)
        .where(
            WaterAccount.participant_id == lot.owner_id,
            WaterAccount.township_zone_id == right.township_zone_id,
            WaterAccount.canal_zone_id == right.canal_zone_id,
            WaterAccount.sector == right.sector,
            WaterAccount.source == right.source,
            WaterAccount.origin == "own",
            WaterAccount.status == "open",
            WaterAccount.water_year >= lot.water_year,
            WaterYear.starts_on <= today,
            WaterYear.ends_on >= today,
        )
    ).one_or_none()


def _home(session: Session, lot: SavingLot) -> WaterAccount:
    found = home_of(session, lot)
    if found is None:
        raise LotNotCovered(
            "the owner has no open water account at the right's place this year", available="0"
        )
    return found


def _selling(session: Session, home: WaterAccount) -> WaterAccount:
    """The account that sells the owner's lots at a place; opened where there is none."""
    found = session.scalars(
        select(WaterAccount).where(
            WaterAccount.participant_id == home.participant_id,
            WaterAccount.origin == ORIGIN,
            WaterAccount.township_zone_id == home.township_zone_id,
            WaterAccount.canal_zone_id == home.canal_zone_id,
            WaterAccount.sector == home.sector,
            WaterAccount.source == home.source,
            WaterAccount.water_year == home.water_year,
        )
    ).one_or_none()
    if found is not None:
        return found
    connection = raw(session)
    batch = journal.Batch()
    [(account_id, _)] = accounts.open_many(
        connection,
        [
            accounts.NewWaterAccount(
                home.participant_id, home.township_zone_id, home.canal_zone_id, home.sector, home.right_kind
            )
        ],
        source=home.source,
        water_year=home.water_year,
        origin=ORIGIN,
        threshold=plan_threshold(connection),
        batch=batch,
    )
    if len(batch):
        batch.execute(connection)
    return session.get_one(WaterAccount, account_id)


def _open_on(session: Session, water_account_id: int) -> LotOffer | None:
    return session.scalars(
        select(LotOffer)
        .where(LotOffer.water_account_id == water_account_id, LotOffer.closed_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _move(session: Session, home: WaterAccount, selling: WaterAccount, litres: int, lot_id: int) -> None:
    connection = raw(session)
    clearing = books.system_account(
        connection, water_asset(home.source, home.water_year), AccountCode.WATER_CLEARING
    )
    rows = journal.lock(connection, [home.account_id, selling.account_id, clearing])
    free = _free(rows[home.account_id])
    if litres > free:
        raise LotNotCovered(pointer="/volume", limit=format_litres(litres), available=format_litres(free))
    batch = journal.Batch()
    batch.transfer(
        debit=home.account_id,
        credit=selling.account_id,
        amount=litres,
        code=TransferCode.LOT_MOVE,
        reference=lot_id,
    )
    batch.execute(connection)


def _free(row: tuple[Any, ...]) -> int:
    _, _, held, out, _, into = row
    return int(into - out - held)


def take_back(session: Session, *, actor: audit.Actor, offer_id: int, by: int | None) -> LotOffer:
    """What of an offer is neither sold nor held goes back to its owner (`by`; None: the bureau or the clock).

    With nothing left in orders or reviews the offer closes. Errors: NotFound, NotAContractParty, LotState, LotInOrders.
    """
    known = session.get(LotOffer, offer_id)
    if known is None:
        raise LotState("there is no such offer")
    lot = lot_issuing.locked(session, known.lot_id)
    found = session.get_one(LotOffer, offer_id, with_for_update=True, populate_existing=True)
    if by is not None and by != lot.owner_id:
        raise NotAContractParty("the lot is the right-holder's")
    if found.closed_at is not None:
        raise LotState("the offer is over")
    left = pull(session, actor, lot, found)
    if left:
        raise LotInOrders(f"{format_litres(left)} m3 are held", available=format_litres(left))
    return found


def pull(session: Session, actor: audit.Actor, lot: SavingLot, found: LotOffer) -> int:
    """Moves what is free of an open offer back and closes it where nothing is held; returns the litres that are."""
    home = session.get_one(WaterAccount, found.home_account_id)
    selling = session.get_one(WaterAccount, found.water_account_id)
    connection = raw(session)
    clearing = books.system_account(
        connection, water_asset(home.source, home.water_year), AccountCode.WATER_CLEARING
    )
    row = journal.lock(connection, [home.account_id, selling.account_id, clearing])[selling.account_id]
    held = int(row[2])
    if held:
        return held  # what comes of it decides what the lot has sold
    litres = _free(row)
    if litres:
        _move(session, selling, home, litres, lot.id)
    found.returned_litres += litres
    lot.offered_litres -= litres
    lot.version += 1
    session.flush()
    raw(session).execute(
        _TRADES_SQL, {"offer": found.id, "seller": lot.owner_id, "account": found.water_account_id}
    )
    found.closed_at = clock.now()
    session.flush()
    bump_reference(connection)
    detail = {"lot_id": lot.id, "returned_litres": litres}
    _done(session, actor=actor, kind=OFFER, number=found.id, act="closed", detail=detail)
    return 0


def stop(session: Session, actor: audit.Actor, lot: SavingLot, reason: str) -> None:
    """Has the engine end the orders that sell a lot, after the commit; nothing more of it is offered."""
    for each in open_offers(session, lot.id):
        inbox.put(
            raw(session),
            kind="cancel_orders",
            actor=actor,
            payload={"water_account_id": each.water_account_id, "reason": reason},
        )


def open_offers(session: Session, lot_id: int) -> list[LotOffer]:
    """A lot's offers that are not over."""
    statement = select(LotOffer).where(LotOffer.lot_id == lot_id, LotOffer.closed_at.is_(None))
    return list(session.scalars(statement.order_by(LotOffer.id)))


def over(session: Session, today: dt.date) -> list[int]:
    """Lots whose last day is past and that have not ended."""
    return list(
        session.scalars(
            select(SavingLot.id)
            .where(SavingLot.expires_on < today, SavingLot.status == "open")
            .order_by(SavingLot.id)
        )
    )


def expire(session: Session, *, actor: audit.Actor, lot_id: int) -> None:
    """Ends a lot whose last day is past: its orders end, what is unsold goes back to its owner. Errors: LotInOrders,
    for as long as orders or reviews hold some of it.
    """
    lot = lot_issuing.locked(session, lot_id, "open")
    left = 0
    for each in open_offers(session, lot_id):
        session.refresh(each, with_for_update=True)
        left += pull(session, actor, lot, each)
    if left:
        stop(session, actor, lot, "lot_expired")
        return
    lot.status = "ended"
    lot.version += 1
    session.flush()
    _done(session, actor=actor, kind=lot_issuing.LOT, number=lot.id, act="expired")


def changed(session: Session) -> None:
    """Has the engine look anew at who may sell what."""
    bump_reference(raw(session))


def return_year(session: Session, *, actor: audit.Actor, water_year: int) -> None:
    """Gives what is on offer of a water year that ends back to its owners; a lot that ends with it is over.

    Errors: LotInOrders.
    """
    rows = session.execute(
        select(LotOffer.id, LotOffer.lot_id)
        .join(WaterAccount, WaterAccount.id == LotOffer.water_account_id)
        .where(WaterAccount.water_year == water_year, LotOffer.closed_at.is_(None))
        .order_by(LotOffer.id)
    ).all()
    for offer_id, lot_id in rows:
        lot = lot_issuing.locked(session, lot_id)
        found = session.get_one(LotOffer, offer_id, with_for_update=True, populate_existing=True)
        left = pull(session, actor, lot, found)
        if left:
            raise LotInOrders(f"{format_litres(left)} m3 are held", available=format_litres(left))
