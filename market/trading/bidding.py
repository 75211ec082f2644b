"""Bids, and the close: the listing's row lock puts bids into one order, the server's clock says which are in time.

What a bid must be and who wins is decided by `bidding_rules`. A sealed bid's price goes into no event and no audit
entry before the close.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from ledger import journal
from ledger.units import format_price_e4
from market.core import audit, clock, workdays
from market.core.db import raw
from market.trading import bidders, listings
from market.trading import bidding_errors as errors
from market.trading import bidding_rules as rules
from market.trading.bidding_models import Bid, Bidder, Listing


def place(session: Session, *, actor: audit.Actor, bidder_id: int, price_e4: int) -> Bid:
    """Places a bid (1/10 000 yuan per m3 at the seller's place); it binds its bidder.

    Errors: NotFound, ListingState, NotRegistered, BiddingNotOpen, AlreadyBid, AlreadyLeading, BidTooLow, BidTooHigh.
    """
    assert actor.user_id is not None
    bidder, listing = bidders.locked(session, bidder_id, "published", "open")
    now = clock.now()  # read under the lock: what waited for it past the close came too late
    if not listing.opens_at <= now < listing.closes_at:
        raise errors.BiddingNotOpen(
            f"bids are taken from {listing.opens_at:%Y-%m-%d %H:%M:%S} to {listing.closes_at:%Y-%m-%d %H:%M:%S} UTC",
            limit=listing.closes_at.isoformat(timespec="seconds"),
            available=now.isoformat(timespec="seconds"),
        )
    _check_price(listing, bidder, price_e4)
    bid = Bid(
        listing_id=listing.id, bidder_id=bidder.id, price_e4=price_e4, placed_by=actor.user_id, placed_at=now
    )
    session.add(bid)
    session.flush()  # its id is its place in the order of bids
    bidder.last_bid_id, bidder.last_price_e4 = bid.id, price_e4
    listing.status = "open"
    listing.bids += 1
    detail: dict[str, object] = {"listing_id": listing.id, "bidder_id": bidder.id}
    if listing.mode == rules.OPEN:
        listing.best_price_e4, listing.best_bidder_id = price_e4, bidder.id
        listing.closes_at, listing.extensions = rules.extended(
            listings.terms_of(listing), closes_at=listing.closes_at, extensions=listing.extensions, at=now
        )
        detail |= {"price_e4": price_e4, "extensions": listing.extensions}
    listing.version += 1
    listings.note(session, actor, "bid", "placed", bid.id, detail)
    return bid


def _check_price(listing: Listing, bidder: Bidder, price_e4: int) -> None:
    """Errors: AlreadyBid, AlreadyLeading, BidTooLow, BidTooHigh."""
    terms = listings.terms_of(listing)
    if listing.mode == rules.SEALED and bidder.last_bid_id is not None:
        raise errors.AlreadyBid
    if listing.best_bidder_id == bidder.id:
        raise errors.AlreadyLeading(available=format_price_e4(listing.best_price_e4 or 0))
    least, most = rules.least_bid_e4(terms, listing.best_price_e4), rules.most_bid_e4(terms)
    for kind, wrong, limit in (
        (errors.BidTooLow, price_e4 < least, least),
        (errors.BidTooHigh, price_e4 > most, most),
    ):
        if wrong:
            raise kind(
                f"the bid is {format_price_e4(price_e4)}, the bound {format_price_e4(limit)} yuan per m3",
                pointer="/price",
                limit=format_price_e4(limit),
                available=format_price_e4(price_e4),
            )


def due_to_open(session: Session, now: dt.datetime) -> list[int]:
    """Listings whose opening has come, by id."""
    return _due(session, Listing.status == "published", Listing.opens_at <= now)


def open_one(session: Session, *, actor: audit.Actor, listing_id: int) -> bool:
    """Opens a listing whose hour has come; False where it was opened before. Errors: NotFound."""
    listing = listings.locked(session, listing_id)
    if listing.status != "published" or clock.now() < listing.opens_at:
        return False
    listing.status = "open"
    listings.tell(session, actor, listing, "opened", {"closes_at": listing.closes_at.isoformat()})
    return True


def due_to_close(session: Session, now: dt.datetime) -> list[int]:
    """Listings whose close has come, by id."""
    return _due(session, Listing.status.in_(("published", "open")), Listing.closes_at <= now)


def _due(session: Session, *wanted: ColumnElement[bool]) -> list[int]:
    return list(session.scalars(select(Listing.id).where(*wanted).order_by(Listing.id)))


def close(session: Session, *, actor: audit.Actor, listing_id: int) -> Listing:
    """Decides a listing whose close has come: awarded to the winner until it is due, or unsold with everything free.

    The deposits of winner and second bidder stay; all others are free. Errors: NotFound, ListingState.
    """
    listing = listings.locked(session, listing_id, "published", "open")
    if clock.now() < listing.closes_at:
        raise errors.ListingState(
            f"bidding runs until {listing.closes_at.isoformat()}", available=listing.status
        )
    found = listings.registered(session, listing)
    standings = [
        rules.Standing(each.id, each.last_price_e4, each.last_bid_id)
        for each in found
        if each.last_price_e4 is not None and each.last_bid_id is not None
    ]
    decision = rules.decide(standings, listing.reserve_price_e4)
    if decision.winner is None:
        return listings.end(session, actor=actor, listing=listing, status="unsold", reason=decision.reason)
    keep = {each.bidder_id for each in (decision.winner, decision.second) if each is not None}
    lost = [each for each in found if each.id not in keep]
    listings.lock_accounts(session, listing)
    connection, batch = raw(session), journal.Batch()
    listings.release_deposits(batch, lost)
    if lost:
        batch.execute(connection)
    listing.best_price_e4, listing.best_bidder_id = decision.winner.price_e4, decision.winner.bidder_id
    listing.status, listing.awarded_to_id = "awarded", decision.winner.bidder_id
    listing.second_id = decision.second.bidder_id if decision.second is not None else None
    listing.due_at = due_at(listing)
    detail = {
        "bidder_id": listing.awarded_to_id,
        "price_e4": listing.best_price_e4,
        "deposits_freed": len(lost),
    }
    listings.tell(session, actor, listing, "awarded", detail)
    return listing


def due_at(listing: Listing) -> dt.datetime:
    """The end of the last of the working days that a bidder has from today to take the lot."""
    return clock.end_of_legal_day(workdays.after(clock.today(), listing.confirm_days))
