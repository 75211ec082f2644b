"""From the award to the sale: the winner confirms, the deal is struck, and the engine's answer decides what follows.

Who wins and does not pay forfeits its deposit to those whose water it is (Civil Code art. 587), and the second bidder
may take the lot at its own last bid. Where the engine refuses the deal for another reason nobody forfeits.
"""

from __future__ import annotations

import datetime as dt

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import journal
from ledger.units import format_fen, split_exact
from market.core import audit, books, clock
from market.core.chart import CNY, AccountCode, TransferCode
from market.core.db import raw
from market.core.errors import Refusal
from market.registry import reference
from market.registry.rules import Barrier
from market.trading import biddable, bidders, bidding, deals, listings
from market.trading import bidding_errors as errors
from market.trading import bidding_rules as rules
from market.trading.bidding_models import Bid, Bidder, Listing
from market.trading.deal_models import StruckDeal
from market.trading.errors import InsufficientMoney, ProductNotOpen
from market.trading.gates import HOLD_RULE, SERVICE_RULE
from market.trading.models import Product

KIND = "bidding"
HALTED = "halted"


def confirm(session: Session, *, actor: audit.Actor, bidder_id: int) -> Listing:
    """The winner has its deal struck at once. Errors: NotFound, ListingState, NotRegistered, NotYourTurn,
    ProductNotOpen, InsufficientMoney.
    """
    return _take(session, actor, bidder_id, "awarded", "confirmed")


def accept(session: Session, *, actor: audit.Actor, bidder_id: int) -> Listing:
    """The second bidder takes the lot at its own last bid, and is bound as a winner is. Errors: as `confirm`."""
    return _take(session, actor, bidder_id, "offered", "accepted")


def _take(session: Session, actor: audit.Actor, bidder_id: int, state: str, action: str) -> Listing:
    bidder, listing = bidders.locked(session, bidder_id, state)
    if listing.awarded_to_id != bidder.id:
        raise errors.NotYourTurn
    if listing.due_at is not None and clock.now() >= listing.due_at:
        raise errors.NotYourTurn("the time to take the lot is over", limit=listing.due_at.isoformat())
    product = session.get_one(Product, listing.product_id)
    if product.phase == HALTED:
        raise ProductNotOpen(
            f"trading in {product.code} is halted: {product.phase_reason}".rstrip(": "),
            legal_source=SERVICE_RULE,
        )
    barrier = _halt(session, listing, bidder)
    if barrier is not None:
        raise biddable.refused(barrier)
    needed, free = _funds(session, listing, bidder)
    if free < needed:
        raise InsufficientMoney(
            "the money account does not cover the lot beside the deposit",
            limit=format_fen(needed),
            available=format_fen(free),
            legal_source=HOLD_RULE,
        )
    _strike(session, actor, listing, bidder, action)
    return listing


def _halt(session: Session, listing: Listing, bidder: Bidder) -> Barrier | None:
    """By which order of the bureau the seller or the bidder stands still, with the product or without."""
    connection = raw(session)
    sides = (listing.water_account_id, bidder.water_account_id)
    found = (biddable.view(connection, each).facts.halted for each in sides)
    return next((each for each in found if each is not None), None)


def _funds(session: Session, listing: Listing, bidder: Bidder) -> tuple[int, int]:
    """What the lot costs the bidder at its last bid, and its free money (fen). Errors: those of `biddable.pair`."""
    connection = raw(session)
    pair = biddable.pair(
        connection, seller_water_account_id=listing.water_account_id,
        buyer_water_account_id=bidder.water_account_id, volume_litres=listing.volume_litres,
    )  # fmt: skip
    assert bidder.last_price_e4 is not None
    money = bidders.money_account(session, bidder.participant_id)
    free = reference.available(connection, [money])[money]
    return pair.amount_fen(listing.volume_litres, bidder.last_price_e4), free


def _strike(session: Session, actor: audit.Actor, listing: Listing, bidder: Bidder, action: str) -> None:
    """Frees the listing's water and hands the deal to the engine, which finds it free, in one transaction."""
    assert bidder.last_price_e4 is not None and bidder.last_bid_id is not None
    answerable = actor.user_id or session.get_one(Bid, bidder.last_bid_id).placed_by
    listings.lock_accounts(session, listing)
    new = deals.NewDeal(
        reference=listing.id,
        product_id=listing.product_id,
        seller_water_account_id=listing.water_account_id,
        buyer_water_account_id=bidder.water_account_id,
        at="sell",
        volume_litres=listing.volume_litres,
        price_e4=bidder.last_price_e4,
    )
    [deal] = deals.strike(session, actor=actor, kind=KIND, wanted=[new], user_id=answerable)
    connection, batch = raw(session), journal.Batch()
    listings.release_water(batch, listing)
    batch.execute(connection)
    listing.status, listing.due_at, listing.deal_id = "struck", None, deal.id
    listings.tell(session, actor, listing, action, {"bidder_id": bidder.id, "deal_id": deal.id})


def decline(session: Session, *, actor: audit.Actor, bidder_id: int) -> Listing:
    """The bidder whose turn it is does not take the lot: a winner forfeits its deposit, a second bidder nothing.

    Errors: NotFound, ListingState, NotRegistered, NotYourTurn.
    """
    bidder, listing = bidders.locked(session, bidder_id, "awarded", "offered")
    if listing.awarded_to_id != bidder.id:
        raise errors.NotYourTurn
    return _pass_on(session, actor, listing, bidder, "declined")


def overdue(session: Session, now: dt.datetime) -> list[int]:
    """Listings that a bidder had to take by now, by id."""
    return list(
        session.scalars(
            select(Listing.id)
            .where(Listing.status.in_(("awarded", "offered")), Listing.due_at <= now)
            .order_by(Listing.id)
        )
    )


def lapse(session: Session, *, actor: audit.Actor, listing_id: int) -> Listing:
    """The time to take a lot is over: a winner that can pay has its deal struck, one that cannot has failed.

    Where the product, the seller or the bidder is halted then, the bidder has its days once more.
    Errors: NotFound, ListingState.
    """
    listing = listings.locked(session, listing_id, "awarded", "offered")
    if listing.due_at is None or clock.now() < listing.due_at:
        raise errors.ListingState("it is not due", available=listing.status)
    bidder = session.get_one(Bidder, listing.awarded_to_id)
    phase = session.get_one(Product, listing.product_id, populate_existing=True).phase
    if phase == HALTED or _halt(session, listing, bidder) is not None:
        listing.due_at = bidding.due_at(listing)
        listings.tell(session, actor, listing, "postponed", {"due_at": listing.due_at.isoformat()})
        return listing
    if listing.status == "offered":
        return _pass_on(session, actor, listing, bidder, "not_taken_up")
    try:
        needed, free = _funds(session, listing, bidder)
    except Refusal as refusal:  # the rules no longer let the water go there: not the winner's failure
        return listings.end(session, actor=actor, listing=listing, status="unsold", reason=refusal.rule)
    if free < needed:
        return _pass_on(session, actor, listing, bidder, "not_paid_in_time")
    _strike(session, actor, listing, bidder, "struck_when_due")
    return listing


def _pass_on(session: Session, actor: audit.Actor, listing: Listing, bidder: Bidder, reason: str) -> Listing:
    """A bidder does not take the lot: who had won it, or had accepted it, forfeits; the second bidder is next."""
    second = listing.second_id
    bound = listing.status in ("awarded", "struck")
    listings.lock_accounts(session, listing, paying=bound)
    if bound:
        _forfeit(session, listing, bidder)
    if second is None or not (listing.held_litres or listings.hold(session, listing)):
        ended = listings.end(session, actor=actor, listing=listing, status="unsold", reason=reason)
        if bound:
            listings.note(session, actor, "bidder", "forfeited", bidder.id, {"listing_id": listing.id})
        return ended
    listing.status, listing.awarded_to_id, listing.second_id = "offered", second, None
    listing.due_at = bidding.due_at(listing)
    listings.tell(session, actor, listing, "offered", {"bidder_id": second, "reason": reason})
    listings.note(session, actor, "bidder", "forfeited", bidder.id, {"listing_id": listing.id})
    return listing


def _forfeit(session: Session, listing: Listing, bidder: Bidder) -> None:
    """The deposit goes to those whose water it is, by their shares where there are several; to the fen."""
    connection = raw(session)
    clearing = books.system_account(connection, CNY, AccountCode.MONEY_CLEARING)
    payees = biddable.payees(connection, listing.water_account_id)
    batch = journal.Batch()
    batch.post(bidder.hold_id, code=TransferCode.BID_FORFEIT, reference=bidder.id)
    parts = split_exact(bidder.deposit_fen, [weight for _, weight in payees])
    for (account, _), fen in zip(payees, parts, strict=True):
        if fen:
            batch.transfer(
                debit=clearing, credit=account, amount=fen, code=TransferCode.BID_FORFEIT, reference=bidder.id
            )
    batch.execute(connection)
    bidder.status, bidder.resolved_at = "forfeited", clock.now()


def answered(session: Session) -> list[int]:
    """Listings whose deal the engine has answered, by id."""
    return list(
        session.scalars(
            select(Listing.id)
            .join(StruckDeal, StruckDeal.id == Listing.deal_id)
            .where(Listing.status == "struck", StruckDeal.status != "struck")
            .order_by(Listing.id)
        )
    )


def settle(session: Session, *, actor: audit.Actor, listing_id: int) -> Listing:
    """Takes the engine's answer over: sold, or the buyer failed, or nobody's failure and unsold.

    A trade may still await its review as any other; what becomes of it is the instruction's. Errors: NotFound,
    ListingState.
    """
    listing = listings.locked(session, listing_id, "struck")
    deal = session.get_one(StruckDeal, listing.deal_id, populate_existing=True)
    if deal.status == "struck":
        raise errors.ListingState("the engine has not answered yet", available=listing.status)
    bidder = session.get_one(Bidder, listing.awarded_to_id)
    if deal.status == "traded":
        return _sold(session, actor, listing, deal)
    refused = msgspec.json.decode(deal.refusal or "{}")
    code = str(refused.get("code", ""))
    if rules.is_winners_fault(code):
        return _pass_on(session, actor, listing, bidder, code)
    return listings.end(session, actor=actor, listing=listing, status="unsold", reason=code)


def _sold(session: Session, actor: audit.Actor, listing: Listing, deal: StruckDeal) -> Listing:
    """The trade is made: the winner has paid in full, and the second bidder is free too."""
    listings.lock_accounts(session, listing)
    held, connection, batch = listings.registered(session, listing), raw(session), journal.Batch()
    listings.release_deposits(batch, held)
    batch.execute(connection)
    listing.status, listing.second_id, listing.resolved_at = "sold", None, clock.now()
    detail = {"trade_id": deal.trade_id, "price_e4": deal.price_e4, "deposits_freed": len(held)}
    listings.tell(session, actor, listing, "sold", detail)
    return listing
