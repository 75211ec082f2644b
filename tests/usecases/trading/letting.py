"""Leases and sales of rights in the world's county, in short words: talks of them, years that pass, what is where."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from market import jobs
from market.core import audit, clock, db
from market.core.errors import Refusal
from market.participants import admission
from market.participants.models import MoneyAccount
from market.payments import transfers
from market.registry import allocations, lease_queries
from market.registry.lease_terms import Terms
from market.supervision import year_ends
from market.trading import deal_publications, negotiated, negotiation_queries, registrations
from market.trading.intake import take_up
from market.trading.negotiated import Proposal
from tests.api.market import credit_code
from tests.model.world import YEAR, World

TALKING_DAYS = 3


class Talk:
    """A negotiation over a lease or a right of the seller's, step by step."""

    def __init__(
        self, world: World, seller: str, buyer: str, *, litres: int, price_e4: int, terms: Terms | None = None,
        opens: str = "sell", right: int | None = None,
    ) -> None:  # fmt: skip
        self.world, self.who = world, {"sell": seller, "buy": buyer}
        tenure = "lease" if terms is not None else "right"
        accounts = [
            world.names.water[self.who[side]] for side in (opens, "buy" if opens == "sell" else "sell")
        ]
        self.id = self._do(
            negotiated.open_negotiation, opens, product_id=product(world, tenure), side=opens,
            water_account_id=accounts[0], other_water_account_id=accounts[1],
            proposal=self.proposal(litres, price_e4, terms), entitlement_id=right or right_of(world, seller),
        ).id  # fmt: skip

    @staticmethod
    def proposal(litres: int, price_e4: int, terms: Terms | None) -> Proposal:
        """An offer that stands for some days."""
        until = clock.now() + dt.timedelta(days=TALKING_DAYS)
        return Proposal("sell", litres, price_e4, until, "the county court decides", terms=terms)

    def _do(self, step: Any, acting: str, **values: Any) -> Any:
        actor = audit.Actor(
            user_id=self.world.names.clerk, participant_id=self.world.names.participant[self.who[acting]]
        )
        with db.transaction(self.world.url) as session:
            return step(session, actor=actor, **values)

    def step(self, name: str, side: str, **values: Any) -> Any:
        """One step of a side."""
        return self._do(getattr(negotiated, name), side, negotiation_id=self.id, side=side, **values)

    def sign(self, side: str) -> None:
        """A side signs what stands."""
        self.step("sign", side, sha256=self.view().negotiation.contract_sha256.hex())

    def signed(self) -> Talk:
        """The first offer, accepted by the other side and signed by both."""
        first = self.view().offers[0].side
        self.step("accept", "buy" if first == "sell" else "sell", number=1)
        self.sign("buy")
        self.sign("sell")
        return self

    def concluded(self) -> Talk:
        """Signed, published where it must be, and approved where it must be."""
        self.signed()
        if self.view().negotiation.status == "published":
            self.publication_over()
        if self.view().negotiation.status == "under_review":
            self.decide(approve=True)
        return self

    def publication_over(self) -> None:
        """The days for objections pass."""
        until = self.view().negotiation.published_until
        with clock.moved_to(clock.end_of_legal_day(until)), db.transaction(self.world.url) as session:
            deal_publications.end_publication(session, actor=self.world.names.actor, negotiation_id=self.id)

    def decide(self, *, approve: bool) -> None:
        """The registry decides."""
        decide = registrations.approve if approve else registrations.reject
        with db.transaction(self.world.url) as session:
            decide(session, actor=self.world.names.actor, negotiation_id=self.id, reason="model")

    def view(self) -> Any:
        """The negotiation as its parties see it."""
        with db.transaction(self.world.url) as session:
            return negotiation_queries.negotiation(session, negotiation_id=self.id)

    def lease(self) -> tuple[Any, list[Any]]:
        """The lease that came of it, and its turns."""
        with db.transaction(self.world.url) as session:
            return lease_queries.lease(session, lease_id=self.view().lease_id)


def refused(step: Any, *args: Any, **values: Any) -> str:
    """The code with which something is refused."""
    with pytest.raises(Refusal) as refusal:
        step(*args, **values)
    return refusal.value.code


def product(world: World, tenure: str) -> int:
    """The product of a tenure in the world's year."""
    row = world.looking.execute(
        "SELECT id FROM products WHERE code = %s", (f"surface-{YEAR}-{tenure}",)
    ).fetchone()
    assert row is not None
    return int(row[0])


def right_of(world: World, holder: str) -> int:
    """The right of a holder that is in force; the first of several."""
    row = world.looking.execute(
        "SELECT min(id) FROM entitlements WHERE participant_id = %s AND status = 'confirmed'",
        (world.names.participant[holder],),
    ).fetchone()
    assert row is not None
    return int(row[0])


def rights(world: World, holder: str) -> list[tuple[Any, ...]]:
    """Every right that a holder ever had: certificate number, litres, state."""
    return world.looking.execute(
        "SELECT certificate_number, volume_litres, status FROM entitlements WHERE participant_id = %s ORDER BY id",
        (world.names.participant[holder],),
    ).fetchall()


def money(world: World, holder: str) -> int:
    """The free money of a holder, in fen."""
    row = world.looking.execute(
        "SELECT a.credits_posted - a.debits_posted - a.debits_pending FROM money_accounts m"
        " JOIN accounts a ON a.id = m.account_id WHERE m.participant_id = %s",
        (world.names.participant[holder],),
    ).fetchone()
    assert row is not None
    return int(row[0])


def water(world: World, holder: str, year: int) -> tuple[int, int]:
    """What a holder has in a water year: litres in all, and free."""
    row = world.looking.execute(
        "SELECT coalesce(sum(a.credits_posted - a.debits_posted), 0)::bigint,"
        " coalesce(sum(a.credits_posted - a.debits_posted - a.debits_pending), 0)::bigint"
        " FROM water_accounts w JOIN accounts a ON a.id = w.account_id"
        " WHERE w.participant_id = %s AND w.water_year = %s",
        (world.names.participant[holder], year),
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def turn(world: World) -> int:
    """The job of leases, the engine, and the job again, as the clock would have it."""
    done = jobs.run(world.url, jobs.named("leases"))
    take_up(world.engine)
    return done + jobs.run(world.url, jobs.named("leases"))


def announce(world: World, year: int, share_e6: int, canal: str = "KUSHAN-C1") -> None:
    """An announcement to the farms of a canal."""
    with db.transaction(world.url) as session:
        allocations.announce(
            session, actor=world.names.actor, water_year=year, source="surface", share_e6=share_e6,
            sector="agriculture", kind="irrigation_certificate", zone=canal, reason="model",
        )  # fmt: skip
    take_up(world.engine)


def close_year(world: World, year: int) -> None:
    """A water year ends; to be asked when it is over."""
    with db.transaction(world.url) as session:
        year_ends.begin(session, actor=world.names.actor, water_year=year)
    take_up(world.engine)
    with db.transaction(world.url) as session:
        year_ends.close(session, actor=world.names.actor, water_year=year)


def own_water(world: World, holder: str, year: int) -> tuple[int, int]:
    """What a holder has on its own accounts of a water year, nothing that was carried over: in all, and free."""
    row = world.looking.execute(
        "SELECT coalesce(sum(a.credits_posted - a.debits_posted), 0)::bigint,"
        " coalesce(sum(a.credits_posted - a.debits_posted - a.debits_pending), 0)::bigint"
        " FROM water_accounts w JOIN accounts a ON a.id = w.account_id"
        " WHERE w.participant_id = %s AND w.water_year = %s AND w.origin = 'own'",
        (world.names.participant[holder], year),
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def deposit(world: World, holder: str, fen: int) -> None:
    """Money that a holder pays in."""
    with db.transaction(world.url) as session:
        account = session.scalars(
            select(MoneyAccount.id).where(MoneyAccount.participant_id == world.names.participant[holder])
        ).one()
        transfers.record_deposit(
            session, actor=world.names.actor, money_account_id=account, amount_fen=fen,
            bank_reference=f"L-{holder}-{fen}", value_date=clock.today(), note="model",
        )  # fmt: skip


def admit_bank(world: World) -> int:
    """A bank that takes pledges."""
    with db.transaction(world.url) as session:
        made = admission.apply(
            session, actor=world.names.actor, secret=b"model" * 8, kind="bank", name="bank",
            identifier=credit_code(1), contact="", login="model-bank", password="correct horse battery",
            user_name="bank", roles=("bank",),
        )  # fmt: skip
        admission.admit(session, actor=world.names.actor, participant_id=made.id)
        return made.id
