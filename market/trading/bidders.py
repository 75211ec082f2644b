"""Bidders: registered with a deposit, withdrawn before the opening; what they may buy is asked before they bid.

The deposit is earnest money (Civil Code arts 586, 587): it is held on the bidder's own money account, free again unless
its bidder wins and does not pay.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import journal
from ledger.units import format_fen
from market.core import audit, books, clock
from market.core.chart import CNY, AccountCode, TransferCode
from market.core.db import raw
from market.core.errors import NotFound
from market.participants.models import MoneyAccount, Participant
from market.registry import reference
from market.registry.models import WaterAccount
from market.trading import biddable, listings
from market.trading import bidding_errors as errors
from market.trading.bidding_models import Bidder, Listing
from market.trading.errors import InsufficientMoney
from market.trading.gates import HOLD_RULE


def register(session: Session, *, actor: audit.Actor, listing_id: int, water_account_id: int) -> Bidder:
    """Registers the holder of a water account for a listing and holds its deposit.

    Errors: NotFound, ListingState, RegistrationClosed, AlreadyRegistered, OneOwnerOneBidder, InsufficientMoney, and
    those of `biddable.pair`.
    """
    assert actor.user_id is not None
    account = session.get(WaterAccount, water_account_id)
    if account is None:
        raise NotFound("there is no such water account", pointer="/water_account_id")
    listing = listings.locked(session, listing_id, "published", "open")
    now = clock.now()
    if now >= listing.registration_closes_at:
        raise errors.RegistrationClosed(limit=listing.registration_closes_at.isoformat(timespec="seconds"))
    found = biddable.pair(
        raw(session), seller_water_account_id=listing.water_account_id, buyer_water_account_id=account.id,
        volume_litres=listing.volume_litres,
    )  # fmt: skip
    _check_alone(session, listing, account.participant_id, found.buyer.owner_id)
    bidder = Bidder(
        listing_id=listing.id,
        participant_id=account.participant_id,
        water_account_id=account.id,
        deposit_fen=listing.deposit_fen,
        hold_id=0,
        registered_by=actor.user_id,
        registered_at=now,
    )
    session.add(bidder)
    session.flush()  # the hold names the bidder by its id
    _hold_deposit(session, bidder)
    listings.note(session, actor, "bidder", "registered", bidder.id, {"listing_id": listing.id})
    return bidder


def _check_alone(session: Session, listing: Listing, participant_id: int, owner_id: int) -> None:
    """Errors: AlreadyRegistered, OneOwnerOneBidder."""
    others = session.execute(
        select(Participant.id, Participant.owner_group_id)
        .join(Bidder, Bidder.participant_id == Participant.id)
        .where(Bidder.listing_id == listing.id, Bidder.status != "withdrawn")
    ).all()
    if any(participant == participant_id for participant, _ in others):
        raise errors.AlreadyRegistered
    if any((group or participant) == owner_id for participant, group in others):
        raise errors.OneOwnerOneBidder(pointer="/water_account_id")


def money_account(session: Session, participant_id: int) -> int:
    """The ledger account of a participant's money. Errors: NotFound."""
    found = session.scalar(
        select(MoneyAccount.account_id).where(MoneyAccount.participant_id == participant_id)
    )
    if found is None:
        raise NotFound("the participant has no money account")
    return found


def _hold_deposit(session: Session, bidder: Bidder) -> None:
    """Errors: InsufficientMoney."""
    connection = raw(session)
    money = money_account(session, bidder.participant_id)
    clearing = books.system_account(connection, CNY, AccountCode.MONEY_CLEARING)
    journal.lock(connection, [money, clearing])
    free = reference.available(connection, [money])[money]
    if free < bidder.deposit_fen:
        raise InsufficientMoney(
            "the money account does not cover the deposit",
            limit=format_fen(bidder.deposit_fen),
            available=format_fen(free),
            legal_source=HOLD_RULE,
        )
    batch = journal.Batch()
    handle = batch.hold(
        debit=money,
        credit=clearing,
        amount=bidder.deposit_fen,
        code=TransferCode.BID_DEPOSIT,
        reference=bidder.id,
    )
    batch.execute(connection)
    bidder.hold_id = batch.id_of(handle)


def withdraw(session: Session, *, actor: audit.Actor, bidder_id: int) -> Bidder:
    """A bidder withdraws before the opening: its deposit is free. Errors: NotFound, NotRegistered,
    RegistrationClosed.
    """
    bidder, listing = locked(session, bidder_id)
    if clock.now() >= listing.opens_at:
        raise errors.RegistrationClosed(
            "bidding has opened", limit=listing.opens_at.isoformat(timespec="seconds")
        )
    batch = journal.Batch()
    connection = raw(session)
    batch.void(bidder.hold_id, code=TransferCode.BID_DEPOSIT, reference=bidder.id)
    batch.execute(connection)
    bidder.status, bidder.resolved_at = "withdrawn", clock.now()
    listings.note(session, actor, "bidder", "withdrawn", bidder.id, {"listing_id": listing.id})
    return bidder


def locked(session: Session, bidder_id: int, *states: str) -> tuple[Bidder, Listing]:
    """A bidder whose deposit is held and its listing (in one of these states, none: in any), which is locked.

    Errors: NotFound, ListingState, NotRegistered.
    """
    listing_id = session.scalar(select(Bidder.listing_id).where(Bidder.id == bidder_id))
    if listing_id is None:
        raise NotFound("there is no such bidder")
    listing = listings.locked(session, listing_id, *states)
    bidder = session.get_one(Bidder, bidder_id, populate_existing=True)
    if bidder.status != "registered":
        raise errors.NotRegistered(f"the bidder is {bidder.status}", available=bidder.status)
    return bidder, listing
