"""What is read of public biddings: listings without names for everyone, bidders for themselves and the bureau."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from market.core.errors import NotFound
from market.registry.models import WaterAccount
from market.trading import bidding_rules as rules
from market.trading.bidding_models import Bid, Bidder, Listing
from market.trading.deal_models import StruckDeal

BEFORE_CLOSE = ("published", "open")


class Lot(NamedTuple):
    """A listing and the water account that it is sold from."""

    listing: Listing
    account: WaterAccount


class Bidding(NamedTuple):
    """A bidder and the listing it bids for."""

    bidder: Bidder
    listing: Listing


def lots(
    session: Session,
    *,
    after: int | None,
    limit: int,
    status: str | None = None,
    product_id: int | None = None,
) -> list[Lot]:
    """Listings by id."""
    statement = select(Listing, WaterAccount).join(WaterAccount, WaterAccount.id == Listing.water_account_id)
    if status is not None:
        statement = statement.where(Listing.status == status)
    if product_id is not None:
        statement = statement.where(Listing.product_id == product_id)
    if after is not None:
        statement = statement.where(Listing.id > after)
    return [Lot(*row) for row in session.execute(statement.order_by(Listing.id).limit(limit))]


def lot(session: Session, *, listing_id: int) -> Lot:
    """One listing. Errors: NotFound."""
    row = session.execute(
        select(Listing, WaterAccount)
        .join(WaterAccount, WaterAccount.id == Listing.water_account_id)
        .where(Listing.id == listing_id)
    ).one_or_none()
    if row is None:
        raise NotFound("there is no such listing")
    return Lot(*row)


def is_secret(listing: Listing) -> bool:
    """Whether nobody but a bidder itself may see what was bid: sealed, and not decided yet."""
    return listing.mode == rules.SEALED and listing.status in BEFORE_CLOSE


def number_of_bidders(session: Session, *, listing_id: int) -> int:
    """How many registered and did not withdraw."""
    found = session.scalar(
        select(func.count()).where(Bidder.listing_id == listing_id, Bidder.status != "withdrawn")
    )
    return int(found or 0)


def trade_of(session: Session, listing: Listing) -> int | None:
    """The trade that a sold listing became."""
    if listing.deal_id is None:
        return None
    return session.scalar(select(StruckDeal.trade_id).where(StruckDeal.id == listing.deal_id))


def bids(session: Session, *, listing: Listing, after: int | None, limit: int) -> list[Bid]:
    """The bids of a listing, oldest first; none while they are secret."""
    if is_secret(listing) or (listing.status in ("cancelled", "stopped") and listing.mode == rules.SEALED):
        return []
    statement = select(Bid).where(Bid.listing_id == listing.id)
    if after is not None:
        statement = statement.where(Bid.id > after)
    return list(session.scalars(statement.order_by(Bid.id).limit(limit)))


def bids_of(session: Session, *, bidder_id: int, after: int | None, limit: int) -> list[Bid]:
    """What one bidder bid, oldest first."""
    statement = select(Bid).where(Bid.bidder_id == bidder_id)
    if after is not None:
        statement = statement.where(Bid.id > after)
    return list(session.scalars(statement.order_by(Bid.id).limit(limit)))


def bidders(
    session: Session, *, participant_id: int | None, listing_id: int | None, after: int | None, limit: int
) -> list[Bidding]:
    """Bidders by id; of one participant, of one listing, or all."""
    statement = select(Bidder, Listing).join(Listing, Listing.id == Bidder.listing_id)
    if participant_id is not None:
        statement = statement.where(Bidder.participant_id == participant_id)
    if listing_id is not None:
        statement = statement.where(Bidder.listing_id == listing_id)
    if after is not None:
        statement = statement.where(Bidder.id > after)
    return [Bidding(*row) for row in session.execute(statement.order_by(Bidder.id).limit(limit))]


def bidder(session: Session, *, bidder_id: int) -> Bidding:
    """One bidder. Errors: NotFound."""
    row = session.execute(
        select(Bidder, Listing).join(Listing, Listing.id == Bidder.listing_id).where(Bidder.id == bidder_id)
    ).one_or_none()
    if row is None:
        raise NotFound("there is no such bidder")
    return Bidding(*row)
