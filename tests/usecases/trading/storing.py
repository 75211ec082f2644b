"""Public storage in the small county: its body, accounts and offers, for tests of the buy-back and the resale."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select

from market.core import clock, db
from market.demo import people
from market.participants import admission
from market.participants.models import MoneyAccount
from market.payments import transfers
from market.registry import accounts
from market.trading import buy_back_takes, buy_backs
from market.trading.buy_back_models import BuyBack, BuyBackTake
from market.trading.intake import take_up
from tests.model.world import C1, YEAR, World

LOT = 1_000
MONEY = 50_000
PRICE = 2_836
"""Twice the farms' 0.1418 yuan."""


def furnish_storage(world: World, sector: str = "ecology", name: str = "store") -> int:
    """A storage body with money and an account on canal 1; returns the water account."""
    actor = world.names.actor
    with db.transaction(world.url) as session:
        made = admission.apply(
            session, actor=actor, secret=b"model" * 8, kind="public_body", name=name,
            identifier=people.credit_code(50 + len(world.names.participant)), contact="", login=f"model-{name}",
            password="correct horse battery", user_name=name, roles=("holder",), public_storage=True,
        )  # fmt: skip
        admission.admit(session, actor=actor, participant_id=made.id)
        money = session.scalars(select(MoneyAccount.id).where(MoneyAccount.participant_id == made.id)).one()
        transfers.record_deposit(
            session, actor=actor, money_account_id=money, amount_fen=MONEY, bank_reference=f"M-{name}",
            value_date=clock.today(), note="model",
        )  # fmt: skip
        account = accounts.open_account(
            session, actor=actor, participant_id=made.id, township=C1[0], canal=C1[1], sector=sector,
            source="surface", water_year=YEAR,
        ).id  # fmt: skip
        world.names.participant[name], world.names.water[name] = made.id, account
    return account


def terms(world: World, **other: Any) -> dict[str, Any]:
    """An offer for the first township at twice the water price, of 100.00 yuan, this month."""
    return {
        "product_id": world.names.product, "water_account_id": world.names.water["store"], "zone": C1[0],
        "multiple_e3": 2_000, "budget_fen": 10_000, "starts_on": clock.today(),
        "ends_on": clock.today() + dt.timedelta(days=10), "document": "notice 1",
    } | other  # fmt: skip


def publish(world: World, **other: Any) -> int:
    """A published offer."""
    with db.transaction(world.url) as session:
        return buy_backs.publish(session, actor=world.names.actor, **terms(world, **other)).id


def take(world: World, offer: int, holder: str, litres: int | None) -> int:
    """A take that is struck; the engine has not seen it."""
    with db.transaction(world.url) as session:
        return buy_back_takes.take(
            session, actor=world.names.actor, buy_back_id=offer, water_account_id=world.names.water[holder],
            litres=litres,
        ).id  # fmt: skip


def answer(world: World, offer: int) -> str | None:
    """What the engine says to everything that is struck, booked by the job."""
    take_up(world.engine)
    with db.transaction(world.url) as session:
        return buy_backs.advance(session, actor=world.names.actor, buy_back_id=offer)


def budget(world: World, offer: int) -> tuple[int, int, int, int]:
    """What of the budget is held, under way, spent, freed; and what is pending on the body's money is the first."""
    with db.transaction(world.url) as session:
        found = session.get_one(BuyBack, offer)
        return found.held_fen, found.under_way_fen, found.spent_fen, found.freed_fen


def taken(world: World, take_id: int) -> BuyBackTake:
    """A take as it stands."""
    with db.transaction(world.url) as session:
        return session.get_one(BuyBackTake, take_id)
