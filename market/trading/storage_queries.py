"""What is read of public storage: assignments, rounds, and bids, which are sealed to everybody else till the close."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from market.core.errors import NotFound
from market.trading.buy_back_errors import BidSealed
from market.trading.storage_models import ResaleBid, ResaleRound, StorageAssignment


def assignments(
    session: Session, *, water_account_id: int, after: int | None, limit: int
) -> list[StorageAssignment]:
    """What was assigned out of a storage account, by id."""
    statement = select(StorageAssignment).where(StorageAssignment.water_account_id == water_account_id)
    statement = statement.where(StorageAssignment.id > (after or 0))
    return list(session.scalars(statement.order_by(StorageAssignment.id).limit(limit)))


def rounds(session: Session, *, after: int | None, limit: int) -> list[ResaleRound]:
    """Rounds, by id."""
    statement = select(ResaleRound).where(ResaleRound.id > (after or 0)).order_by(ResaleRound.id)
    return list(session.scalars(statement.limit(limit)))


def open_rounds(session: Session, *, limit: int) -> list[ResaleRound]:
    """Rounds in which one can bid, by id."""
    statement = select(ResaleRound).where(ResaleRound.status == "open").order_by(ResaleRound.id)
    return list(session.scalars(statement.limit(limit)))


def one_round(session: Session, *, round_id: int) -> ResaleRound:
    """One round. Errors: NotFound."""
    found = session.get(ResaleRound, round_id)
    if found is None:
        raise NotFound("there is no such round")
    return found


def bids(session: Session, *, participant_id: int | None, after: int | None, limit: int) -> list[ResaleBid]:
    """Bids by id: of one bidder all of its own; of everybody only those of rounds that have closed."""
    statement: Select[Any] = select(ResaleBid).where(ResaleBid.id > (after or 0))
    if participant_id is not None:
        statement = statement.where(ResaleBid.participant_id == participant_id)
    else:
        closed = select(ResaleRound.id).where(ResaleRound.status == "closed")
        statement = statement.where(ResaleBid.round_id.in_(closed))
    return list(session.scalars(statement.order_by(ResaleBid.id).limit(limit)))


def one_bid(session: Session, *, bid_id: int, participant_id: int | None) -> ResaleBid:
    """One bid; the bureau (None) sees it once its round has closed. Errors: NotFound, BidSealed."""
    found = session.get(ResaleBid, bid_id)
    if found is None:
        raise NotFound("there is no such bid")
    if participant_id is None and one_round(session, round_id=found.round_id).status == "open":
        raise BidSealed
    return found
