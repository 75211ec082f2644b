"""A market with nothing but money: participants with accounts, and an emulated provider that one may ask directly."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import balances, journal
from market.core import audit, books, clock, db
from market.core.chart import CNY, DEBITS_MUST_NOT_EXCEED_CREDITS, AccountCode
from market.participants.models import MoneyAccount, Participant, User
from market.payments import gateway_payments, gateway_payouts, gateway_work, reconciliation
from market.payments.gateway import Gateway
from market.payments.gateway_models import GatewayPayment, GatewayPayout, GatewayRefund
from market.payments.reconciliation import Found, Report
from market.payments.sandbox import intents
from market.payments.sandbox.forms import ApiError
from market.payments.sandbox.world import Thing, World

TREASURER, SUPERVISOR = audit.Actor(user_id=1), audit.Actor(user_id=2)
WORKER = audit.Actor(request_id="jobs")
_numbers = itertools.count(1)


@dataclass
class House:
    """A market's money, its provider, and the emulated world behind that (None: another server)."""

    url: str
    provider: Gateway
    world: World | None = None
    people: list[tuple[int, int]] = field(default_factory=list)  # (participant, money account)
    seen: list[Found] = field(default_factory=list)

    @property
    def emulated(self) -> World:
        assert self.world is not None
        return self.world

    def start(self, amount_fen: int = 1_000, *, person: int = 0, **order: Any) -> int:
        """A deposit of somebody; its id."""
        order = {"method": "card"} | order
        with db.transaction(self.url) as session:
            return gateway_payments.start(
                session,
                actor=TREASURER,
                participant_id=self.people[person][0],
                amount_fen=amount_fen,
                **order,
            ).id

    def refund(self, payment_id: int, amount_fen: int | None = None) -> int:
        """A refund; its id."""
        with db.transaction(self.url) as session:
            return gateway_payments.refund(
                session, actor=TREASURER, payment_id=payment_id, amount_fen=amount_fen, reason="tests"
            ).id

    def pay_out(self, amount_fen: int, *, person: int = 0, route: str = "bank", to: str = "ba_1") -> int:
        """A payout to somebody; its id."""
        with db.transaction(self.url) as session:
            return gateway_payouts.start(
                session, actor=TREASURER, money_account_id=self.people[person][1], amount_fen=amount_fen,
                route=route, destination=to,
            ).id  # fmt: skip

    def work(self, *, seconds: int = 0, limit: int = 500) -> int:
        """The worker's run, so many seconds later."""
        with clock.moved_to(clock.now() + dt.timedelta(seconds=seconds)):
            return gateway_work.advance(self.url, self.provider, actor=WORKER, limit=limit, budget_s=600)

    def pays(self, payment_id: int, card: str = "pm_card_visa") -> None:
        """The payer pays at the emulated provider, which does not tell us."""
        number = self.payment(payment_id).provider_id
        assert number is not None
        with self.emulated.busy, suppress(ApiError):  # a declined card
            intents.confirm(self.emulated, {"payment_method": card}, number)

    def deposited(self, amount_fen: int = 1_000, **order: Any) -> int:
        """A deposit that was paid and credited; its id."""
        made = self.start(amount_fen, **order)
        self.work()
        self.pays(made)
        self.work(seconds=10)
        assert self.payment(made).status in ("captured", "authorised")
        return made

    def payment(self, payment_id: int) -> GatewayPayment:
        return self._one(GatewayPayment, payment_id)

    def refunded(self, refund_id: int) -> GatewayRefund:
        return self._one(GatewayRefund, refund_id)

    def payout(self, payout_id: int) -> GatewayPayout:
        return self._one(GatewayPayout, payout_id)

    def _one(self, model: Any, number: int) -> Any:
        with db.transaction(self.url) as session:
            return session.get_one(model, number)

    def money(self, person: int = 0) -> tuple[int, int]:
        """What somebody has and what of it is held, fen."""
        with db.transaction(self.url) as session:
            account = session.get_one(MoneyAccount, self.people[person][1]).account_id
            now = balances.now(db.raw(session), [account])[account]
            return now.posted, now.pending

    def clearing_fen(self) -> int:
        """What the books say that the provider holds."""
        with db.transaction(self.url) as session:
            connection = db.raw(session)
            account = books.system_account(connection, CNY, AccountCode.GATEWAY)
            return -balances.now(connection, [account])[account].posted

    def reconcile(self) -> list[Found]:
        """Today and tomorrow against the provider's account, the day after: differences that were not found before."""
        found: list[Found] = []
        with clock.moved_to(clock.now() + dt.timedelta(days=2)):
            for back in (2, 1):
                found += self.compare(clock.today() - dt.timedelta(days=back)).found
        new = [each for each in found if each not in self.seen]
        self.seen += new
        return new

    def compare(self, day: dt.date) -> Report:
        """A day against the provider's account."""
        lines = reconciliation.fetch(self.provider, day)
        with db.transaction(self.url) as session:
            return reconciliation.compare(session, actor=WORKER, day=day, lines=lines)


def open_house(url: str, provider: Gateway, *, world: World | None = None, people: int = 1) -> House:
    """A market's money in a database that the migrations made."""
    house = House(url, provider, world)
    with db.transaction(url) as session:
        books.open_books(db.raw(session), water=[])
        if session.scalars(select(User.id)).first() is None:
            session.add_all(
                User(login=name, name=name, password_hash="x") for name in ("treasurer", "supervisor")
            )
        house.people = [_person(session) for _ in range(people)]
    return house


def _person(session: Session) -> tuple[int, int]:
    number = next(_numbers)
    made = Participant(
        kind="household", name=f"household {number}", identifier_kind="identity_number",
        identifier_hash=f"payments {number}".encode(), identifier_masked="***", status="admitted",
    )  # fmt: skip
    session.add(made)
    session.flush()
    connection = db.raw(session)
    account_id = journal.open_account(
        connection, asset_id=books.asset_id(connection, CNY), code=AccountCode.HOLDER_MONEY,
        flags=DEBITS_MUST_NOT_EXCEED_CREDITS,
    )  # fmt: skip
    account = MoneyAccount(participant_id=made.id, account_id=account_id)
    session.add(account)
    session.flush()
    return made.id, account.id


def event_bodies(world: World, since: int = 0) -> list[bytes]:
    """The events that the emulated provider has written after the first `since`, oldest first."""
    things: dict[str, Thing] = world.things["event"]
    return [json.dumps(things[each]).encode() for each in world.order["event"][since:]]
