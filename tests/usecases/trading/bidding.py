"""A public bidding in the small county: what its tests say in short words, and the clock that they move."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select

from market import jobs
from market.core import audit, clock, db
from market.participants.models import MoneyAccount
from market.payments import transfers
from market.trading import awards, bidders, listings
from market.trading import bidding as bids
from market.trading.bidding_models import Bidder, Listing
from market.trading.bidding_rules import Terms
from market.trading.intake import take_up
from tests.model.world import World

_numbers = itertools.count(1)
LOT = 1_000
DAY, HOUR, MINUTE = dt.timedelta(days=1), dt.timedelta(hours=1), dt.timedelta(minutes=1)


def terms(**other: Any) -> Terms:
    """20 m3 from 0.10 yuan in steps of 0.01, deposit 0.30 yuan, no reserve; opens in a day, for an hour."""
    now = clock.now()
    usual: dict[str, Any] = {
        "volume_litres": 20 * LOT, "mode": "open", "start_price_e4": 1_000, "reserve_price_e4": None,
        "reserve_public": False, "increment_e4": 100, "deposit_fen": 30,
        "registration_closes_at": now + DAY + HOUR, "opens_at": now + DAY + HOUR, "closes_at": now + DAY + 2 * HOUR,
        "window_minutes": 5, "extension_minutes": 5, "most_extensions": 2, "confirm_days": 2,
    }  # fmt: skip
    return Terms(**(usual | other))


SEALED = {"mode": "sealed", "window_minutes": 0, "extension_minutes": 0, "most_extensions": 0}


class Bidding:
    """One listing in a world, and who bids for it: names of holders in, rows out."""

    def __init__(self, world: World, seller: str = "a", **other: Any) -> None:
        self.world = world
        self.bidder: dict[str, int] = {}
        self.terms = terms(**other)
        with db.transaction(world.url) as session:
            self.id = listings.publish(
                session, actor=self.actor, water_account_id=world.names.water[seller], terms=self.terms
            ).id

    @property
    def actor(self) -> audit.Actor:
        return self.world.names.actor

    def register(self, *names: str) -> None:
        for name in names:
            with db.transaction(self.world.url) as session:
                self.bidder[name] = bidders.register(
                    session,
                    actor=self.actor,
                    listing_id=self.id,
                    water_account_id=self.world.names.water[name],
                ).id

    def withdraw(self, name: str) -> None:
        with db.transaction(self.world.url) as session:
            bidders.withdraw(session, actor=self.actor, bidder_id=self.bidder[name])

    def bid(self, name: str, price_e4: int) -> None:
        with db.transaction(self.world.url) as session:
            bids.place(session, actor=self.actor, bidder_id=self.bidder[name], price_e4=price_e4)

    def take(self, step: str, name: str) -> None:
        """confirm, accept or decline."""
        with db.transaction(self.world.url) as session:
            getattr(awards, step)(session, actor=self.actor, bidder_id=self.bidder[name])

    def end(self, step: str) -> None:
        """cancel or stop."""
        with db.transaction(self.world.url) as session:
            getattr(listings, step)(session, actor=self.actor, listing_id=self.id, reason="tests")

    def job(self) -> int:
        """What the clock does now, the engine's answer, and what follows of it."""
        done = jobs.run(self.world.url, jobs.named("bidding"))
        take_up(self.world.engine)
        return done + jobs.run(self.world.url, jobs.named("bidding"))

    def row(self) -> Listing:
        with db.transaction(self.world.url) as session:
            return session.get_one(Listing, self.id)

    @property
    def status(self) -> str:
        return self.row().status

    def deposits(self) -> dict[str, str]:
        """What became of each bidder's deposit."""
        with db.transaction(self.world.url) as session:
            return {name: session.get_one(Bidder, number).status for name, number in self.bidder.items()}

    def money(self, name: str) -> int:
        """A holder's free fen."""
        row = self.world.looking.execute(
            "SELECT a.credits_posted - a.debits_posted - a.debits_pending FROM money_accounts m"
            " JOIN accounts a ON a.id = m.account_id WHERE m.participant_id = %s",
            (self.world.names.participant[name],),
        ).fetchone()
        assert row is not None
        return int(row[0])

    def spend(self, name: str, left_fen: int) -> None:
        """Leaves a holder so much free money."""
        with db.transaction(self.world.url) as session:
            account = session.scalars(
                select(MoneyAccount.id).where(
                    MoneyAccount.participant_id == self.world.names.participant[name]
                )
            ).one()
            transfers.record_payout(
                session, actor=self.actor, money_account_id=account, amount_fen=self.money(name) - left_fen,
                bank_reference=f"P-{name}-{next(_numbers)}", value_date=clock.today(), note="tests",
            )  # fmt: skip

    @contextmanager
    def running(self) -> Iterator[None]:
        """Within: the bidding is open."""
        with clock.moved_to(self.terms.opens_at + MINUTE):
            yield

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Within: the bidding is over, and decided."""
        with clock.moved_to(self.row().closes_at + MINUTE):
            self.job()
            yield

    @contextmanager
    def overdue(self) -> Iterator[None]:
        """Within: who had to take the lot has not, and the clock has seen it."""
        due = self.row().due_at
        assert due is not None
        with clock.moved_to(due + MINUTE):
            self.job()
            yield
