"""Listings of one lot for public bidding: published, cancelled, stopped, and what they hold.

A listing states place, volume, term and price; nothing of it changes once it is published (after the neighbouring
exchange on the Kushan, Shule arts 4, 7: a demonstration here). It holds its litres on the seller's own account until
the deal is struck or the listing ends, so that nobody sells them twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import journal
from ledger.units import format_litres, format_price_e4
from market.core import audit, books, clock, outbox
from market.core.chart import CNY, AccountCode, TransferCode, water_asset
from market.core.db import raw
from market.core.errors import NotFound
from market.county.current import pack_in_force
from market.participants.models import MoneyAccount
from market.registry import reference
from market.registry.models import WaterAccount
from market.trading import biddable
from market.trading import bidding_errors as errors
from market.trading import bidding_rules as rules
from market.trading.bidding_models import HOLDING, Bidder, Listing
from market.trading.errors import (
    AccountGate,
    BelowAgreedPrice,
    InsufficientWater,
    ProductExpired,
    ProductMismatch,
)
from market.trading.gates import HOLD_RULE, TRUST_RULE
from market.trading.models import Product

LISTING_CLOCK = "listing"
OWN_CLOCK = (20, "shule art. 3 (demonstration)")
"""How many days a listing runs at most where the county pack in force names no clock for it."""


def publish(session: Session, *, actor: audit.Actor, water_account_id: int, terms: rules.Terms) -> Listing:
    """Lists one lot of a water account and holds its litres.

    Errors: NotFound, ListingTerm, ProductMismatch, ProductExpired, AccountGate, BelowAgreedPrice, InsufficientWater.
    """
    assert actor.user_id is not None
    connection = raw(session)
    account = session.get(WaterAccount, water_account_id)
    if account is None:
        raise NotFound("there is no such water account", pointer="/water_account_id")
    product = _product(session, account)
    _check_terms(session, terms, product)
    view = biddable.view(connection, account.id)
    gate = biddable.sell_gate(view)
    if gate is not None:
        raise AccountGate(gate[1], pointer="/water_account_id", rule=gate[0], legal_source=gate[2])
    _check_agreed_price(view, terms)
    listing = Listing(
        seller_id=account.participant_id,
        water_account_id=account.id,
        product_id=product.id,
        first_closes_at=terms.closes_at,
        hold_id=0,
        held_litres=terms.volume_litres,
        listed_by=actor.user_id,
        listed_at=clock.now(),
        **{name: getattr(terms, name) for name in rules.Terms.__slots__},
    )
    session.add(listing)
    session.flush()  # the hold names the listing by its id
    ledger, clearing = _water(session, listing)
    journal.lock(connection, [ledger, clearing])
    if not hold(session, listing):
        free = reference.available(connection, [ledger])[ledger]
        raise InsufficientWater(
            "the water account does not hold that much free water",
            pointer="/volume",
            limit=format_litres(terms.volume_litres),
            available=format_litres(max(0, free)),
            legal_source=HOLD_RULE,
        )
    tell(session, actor, listing, "published", {"volume_litres": listing.volume_litres, "mode": listing.mode})
    return listing


def _product(session: Session, account: WaterAccount) -> Product:
    found = session.scalars(
        select(Product).where(
            Product.source == account.source,
            Product.water_year == account.water_year,
            Product.tenure == "allocation",
        )
    ).one_or_none()
    if found is None:
        raise ProductMismatch("nothing is traded of this source and water year", pointer="/water_account_id")
    return found


def _check_terms(session: Session, terms: rules.Terms, product: Product) -> None:
    """Errors: ListingTerm, ProductExpired."""
    try:
        found = pack_in_force(raw(session)).clock(LISTING_CLOCK)
        longest, source = found.length, found.basis.source
    except KeyError:  # a pack of an earlier version
        longest, source = OWN_CLOCK
    broken = rules.volume_in_lots(terms.volume_litres, product.lot_litres) or rules.broken(
        terms, now=clock.now(), longest_days=longest, listing_source=source
    )
    if broken is not None:
        raise errors.of(broken)
    if rules.latest_close(terms) >= product.closes_at:
        raise ProductExpired(
            "the bidding would end after the product",
            pointer="/closes_at",
            limit=product.closes_at.isoformat(timespec="seconds"),
            available=rules.latest_close(terms).isoformat(timespec="seconds"),
            legal_source=rules.SERVICE_RULE,
        )


def _check_agreed_price(view: reference.AccountView, terms: rules.Terms) -> None:
    """What those whose water it is agreed to binds what it may be sold for here too. Errors: BelowAgreedPrice."""
    least = max(terms.start_price_e4, terms.reserve_price_e4 or 0)
    if view.behind is not None and least < view.behind.floor_price_e4:
        raise BelowAgreedPrice(
            "start and reserve price are below the least that the owners of the water agreed to",
            pointer="/reserve_price",
            limit=format_price_e4(view.behind.floor_price_e4),
            available=format_price_e4(least),
            legal_source=TRUST_RULE,
        )


def cancel(session: Session, *, actor: audit.Actor, listing_id: int, reason: str) -> Listing:
    """The seller takes a listing back before the first bid; water and deposits are free. Errors: NotFound,
    ListingState, FirstBidMade.
    """
    listing = locked(session, listing_id, "published", "open")
    if listing.bids:
        raise errors.FirstBidMade(available=str(listing.bids), limit="0")
    return end(session, actor=actor, listing=listing, status="cancelled", reason=reason)


def stop(session: Session, *, actor: audit.Actor, listing_id: int, reason: str) -> Listing:
    """The bureau stops a listing before its deal is struck; water and deposits are free. Errors: NotFound,
    ListingState.
    """
    return end(
        session, actor=actor, listing=locked(session, listing_id, *HOLDING), status="stopped", reason=reason
    )


def stop_all(session: Session, *, actor: audit.Actor, listing_ids: Sequence[int], reason: str) -> None:
    """Stops these listings, those that hold water still, lowest id first."""
    found = session.scalars(
        select(Listing)
        .where(Listing.id.in_(listing_ids), Listing.status.in_(HOLDING))
        .order_by(Listing.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    for listing in found:
        end(session, actor=actor, listing=listing, status="stopped", reason=reason)


def end(session: Session, *, actor: audit.Actor, listing: Listing, status: str, reason: str) -> Listing:
    """Ends a locked listing without a sale: its water and every deposit that is held are free."""
    lock_accounts(session, listing)
    bidders, connection, batch = registered(session, listing), raw(session), journal.Batch()
    release_water(batch, listing)
    release_deposits(batch, bidders)
    if len(batch):
        batch.execute(connection)
    listing.status, listing.reason, listing.resolved_at = status, reason, clock.now()
    listing.awarded_to_id = listing.second_id = listing.due_at = None
    tell(session, actor, listing, status, {"reason": reason, "deposits_freed": len(bidders)})
    return listing


def locked(session: Session, listing_id: int, *states: str) -> Listing:
    """A listing in one of these states (none: in any), locked: one step of a listing at a time.

    Errors: NotFound, ListingState.
    """
    listing = session.scalars(
        select(Listing)
        .where(Listing.id == listing_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if listing is None:
        raise NotFound("there is no such listing")
    if states and listing.status not in states:
        raise errors.ListingState(f"the listing is {listing.status}", available=listing.status)
    return listing


def terms_of(listing: Listing) -> rules.Terms:
    """The terms as they were published."""
    named = {name: getattr(listing, name) for name in rules.Terms.__slots__}
    return rules.Terms(**(named | {"closes_at": listing.first_closes_at}))


def registered(session: Session, listing: Listing) -> list[Bidder]:
    """The bidders whose deposits are held, by id."""
    return list(
        session.scalars(
            select(Bidder)
            .where(Bidder.listing_id == listing.id, Bidder.status == "registered")
            .order_by(Bidder.id)
            .execution_options(populate_existing=True)
        )
    )


# --- what it holds -------------------------------------------------------------------------------------------------


def _water(session: Session, listing: Listing) -> tuple[int, int]:
    """The ledger account of the seller's water, and the clearing account of its asset."""
    account = session.get_one(WaterAccount, listing.water_account_id)
    asset = water_asset(account.source, account.water_year)
    return account.account_id, books.system_account(raw(session), asset, AccountCode.WATER_CLEARING)


def lock_accounts(session: Session, listing: Listing, *, paying: bool = False) -> None:
    """Locks every ledger account that a step of a listing may touch, the whole set once.

    `paying`: also those of whom a forfeited deposit goes to.
    """
    connection = raw(session)
    money = session.scalars(
        select(MoneyAccount.account_id)
        .join(Bidder, Bidder.participant_id == MoneyAccount.participant_id)
        .where(Bidder.listing_id == listing.id, Bidder.status == "registered")
    ).all()
    wanted = {*_water(session, listing), *money}
    wanted.add(books.system_account(connection, CNY, AccountCode.MONEY_CLEARING))
    if paying:
        wanted.update(account for account, _ in biddable.payees(connection, listing.water_account_id))
    journal.lock(connection, wanted)


_BETWEEN_SQL = """
SELECT DISTINCT unnest(ARRAY[t.debit_account_id, t.credit_account_id])
  FROM (SELECT l.id, l.hold_id FROM listings l WHERE l.held_litres > 0
        UNION ALL
        SELECT l.id, b.hold_id FROM listings l JOIN bidders b ON b.listing_id = l.id
         WHERE l.held_litres > 0 AND b.status = 'registered') x
  JOIN listings l ON l.id = x.id
  JOIN products p ON p.id = l.product_id AND p.water_year = %s
  JOIN transfers t ON t.id = x.hold_id
"""


def between(connection: psycopg.Connection[Any], water_year: int) -> set[int]:
    """The ledger accounts between which listings of a year and their bidders' deposits hold: to be locked together."""
    return {row[0] for row in connection.execute(_BETWEEN_SQL, (water_year,)).fetchall()}


def hold(session: Session, listing: Listing) -> bool:
    """Holds the listing's litres, whose accounts are locked; False, with nothing done, where they are not free."""
    connection = raw(session)
    ledger, clearing = _water(session, listing)
    if reference.available(connection, [ledger])[ledger] < listing.volume_litres:
        return False
    batch = journal.Batch()
    handle = batch.hold(
        debit=ledger, credit=clearing, amount=listing.volume_litres, code=TransferCode.LISTING_HOLD,
        reference=listing.id,
    )  # fmt: skip
    batch.execute(connection)
    listing.hold_id, listing.held_litres = batch.id_of(handle), listing.volume_litres
    return True


def release_water(batch: journal.Batch, listing: Listing) -> None:
    """Adds the seller's litres to a batch of what is given back, where they are held.

    No query may come before the listing has its next state: the two are written together.
    """
    if listing.held_litres:
        batch.void(listing.hold_id, code=TransferCode.LISTING_HOLD, reference=listing.id)
        listing.held_litres = 0


def release_deposits(batch: journal.Batch, bidders: Iterable[Bidder]) -> None:
    """Adds these deposits to a batch of what is given back."""
    now = clock.now()
    for bidder in bidders:
        batch.void(bidder.hold_id, code=TransferCode.BID_DEPOSIT, reference=bidder.id)
        bidder.status, bidder.resolved_at = "released", now


def tell(session: Session, actor: audit.Actor, listing: Listing, action: str, detail: dict[str, Any]) -> None:
    """One event and one audit entry about a listing, whose version grows. Last: the audit trail is locked last."""
    listing.version += 1
    note(session, actor, "listing", action, listing.id, detail)


def note(
    session: Session, actor: audit.Actor, kind: str, action: str, subject_id: int, detail: dict[str, Any]
) -> None:
    """One event and one audit entry about a listing, a bidder or a bid."""
    connection = raw(session)
    subject = (kind, subject_id)
    outbox.publish(connection, topic=f"trading.{kind}.{action}", subject=subject, payload=detail)
    audit.record(connection, actor=actor, action=f"{kind}.{action}", subject=subject, detail=detail)
