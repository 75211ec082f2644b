"""After a trade settles its water flows: ordered over the season, dispatched, confirmed at the gate, made good."""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger.units import format_litres
from market.core import audit, clock, outbox
from market.core.db import raw
from market.core.errors import NotFound
from market.county.current import pack_in_force
from market.participants.models import User, UserRole
from market.registry import reference
from market.registry.models import WaterAccount, WaterYear
from market.settlement.delivery_models import Delivery, DeliveryLine, DeliveryReceipt
from market.settlement.errors import CanalClosed, DeliveryState, MoreThanOrdered, NotTheKeeper
from market.settlement.models import Instruction
from market.settlement.schedule import profile


def order(
    session: Session,
    *,
    actor: audit.Actor,
    instruction_id: int,
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
) -> Delivery:
    """Orders the delivery of a settled trade over a season, by default from today to the end of the water year.

    The profile goes by the days on which the buyer's canal is open. Errors: NotFound, DeliveryState, CanalClosed.
    """
    # Locked, so that nothing is ordered of a trade that is reversed at this moment.
    instruction = session.get(
        Instruction, instruction_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if instruction is None:
        raise NotFound("there is no such instruction", pointer="/instruction_id")
    if instruction.status != "settled":
        raise DeliveryState(f"the trade is {instruction.status}", available=instruction.status)
    delivery = Delivery(
        instruction_id=instruction.id,
        seller_id=instruction.seller_id,
        buyer_id=instruction.buyer_id,
        litres=instruction.delivered_litres,
    )
    return _order(session, actor, delivery, instruction.buyer_water_account_id, starts_on, ends_on)


def order_of_call(
    session: Session, *, actor: audit.Actor, call_id: int, water_account_id: int, litres: int
) -> Delivery:
    """Orders the delivery of what a water account bought in a call that is settled, from today to the year's end.

    Errors: DeliveryState, CanalClosed.
    """
    buyer = session.get_one(WaterAccount, water_account_id).participant_id
    delivery = Delivery(call_id=call_id, water_account_id=water_account_id, buyer_id=buyer, litres=litres)
    return _order(session, actor, delivery, water_account_id, None, None)


def _order(
    session: Session,
    actor: audit.Actor,
    delivery: Delivery,
    water_account_id: int,
    starts_on: dt.date | None,
    ends_on: dt.date | None,
) -> Delivery:
    """Gives a new delivery its season and profile, and writes it."""
    account = session.get_one(WaterAccount, water_account_id)
    year = session.get_one(WaterYear, account.water_year)
    first, last = starts_on or max(clock.today(), year.starts_on), ends_on or year.ends_on
    delivery.canal_zone_id, delivery.ordered_at = account.canal_zone_id, clock.now()
    delivery.starts_on, delivery.ends_on = first, last
    connection = raw(session)
    canal = reference.zones(connection).by_id[account.canal_zone_id].code
    months = pack_in_force(connection).open_months(canal)
    if not year.starts_on <= first <= last <= year.ends_on:
        raise CanalClosed(
            f"the water year runs from {year.starts_on} to {year.ends_on}", pointer="/starts_on"
        )
    try:
        lines = profile(delivery.litres, first, last, months.months)
    except ValueError as error:
        said = f"{canal} is open in the months {', '.join(map(str, months.months))}"
        raise CanalClosed(said, pointer="/starts_on", legal_source=months.basis.source) from error
    try:
        with session.begin_nested():
            session.add(delivery)
    except IntegrityError as error:
        if "uq_deliveries" in str(error.orig):
            raise DeliveryState("the delivery of this trade was ordered before") from error
        raise
    session.add_all(DeliveryLine(delivery_id=delivery.id, from_day=day, litres=part) for day, part in lines)
    of = {"instruction_id": delivery.instruction_id, "call_id": delivery.call_id}
    detail = {name: each for name, each in of.items() if each is not None} | {"litres": delivery.litres}
    _tell(session, actor, "ordered", delivery, detail)
    return delivery


_UNORDERED_SQL = """
SELECT i.id FROM instructions i
  JOIN water_accounts w ON w.id = i.buyer_water_account_id
  JOIN water_years y ON y.year = w.water_year AND y.ends_on >= %s
 WHERE i.status = 'settled' AND NOT EXISTS (SELECT FROM deliveries d WHERE d.instruction_id = i.id)
 ORDER BY i.id
"""


def unordered(connection: psycopg.Connection[Any], today: dt.date) -> list[int]:
    """Settled instructions of running years whose delivery nobody has ordered."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        return [row[0] for row in cursor.execute(_UNORDERED_SQL, (today,)).fetchall()]


def dispatch(session: Session, *, actor: audit.Actor, delivery_id: int, keeper_id: int | None) -> Delivery:
    """Hands an order to the association that keeps the gate (None: the registrar keeps it).

    Errors: NotFound, DeliveryState, NotTheKeeper.
    """
    delivery = locked(session, delivery_id, "ordered")
    if keeper_id is not None:
        found = session.scalars(
            select(UserRole.user_id)
            .join(User, User.id == UserRole.user_id)
            .where(User.participant_id == keeper_id, UserRole.role == "association")
        ).first()
        if found is None:
            raise NotTheKeeper("a gate is kept by an association", pointer="/keeper_id")
    delivery.keeper_id, delivery.status, delivery.dispatched_at = keeper_id, "dispatched", clock.now()
    _tell(session, actor, "dispatched", delivery, {"keeper_id": keeper_id})
    return delivery


def confirm(
    session: Session, *, actor: audit.Actor, delivery_id: int, litres: int, note: str = ""
) -> Delivery:
    """The keeper of the gate confirms litres that arrived; with the last of them the delivery is done.

    Errors: NotFound, DeliveryState, NotTheKeeper, MoreThanOrdered.
    """
    delivery = locked(session, delivery_id, "dispatched")
    _check_keeper(delivery, actor)
    rest = delivery.litres - delivery.confirmed_litres
    if litres > rest:
        raise MoreThanOrdered(
            pointer="/volume", limit=format_litres(delivery.litres), available=format_litres(rest)
        )
    session.add(
        DeliveryReceipt(
            delivery_id=delivery.id,
            litres=litres,
            note=note,
            confirmed_by=actor.user_id,
            confirmed_at=clock.now(),
        )
    )
    delivery.confirmed_litres += litres
    if delivery.confirmed_litres == delivery.litres:
        delivery.status, delivery.closed_at = "delivered", clock.now()
    _tell(session, actor, "confirmed", delivery, {"litres": litres})
    return delivery


def close_short(session: Session, *, actor: audit.Actor, delivery_id: int, reason: str) -> Delivery:
    """The keeper says that no more of it will arrive. Errors: NotFound, DeliveryState, NotTheKeeper."""
    delivery = locked(session, delivery_id, "dispatched")
    _check_keeper(delivery, actor)
    delivery.status, delivery.reason, delivery.closed_at = "short", reason, clock.now()
    missing = delivery.litres - delivery.confirmed_litres
    _tell(session, actor, "short", delivery, {"reason": reason, "missing_litres": missing})
    return delivery


def make_good(
    session: Session,
    *,
    actor: audit.Actor,
    delivery_id: int,
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
) -> Delivery:
    """Orders what a short delivery lacks once more; returns the further delivery.

    Errors: NotFound, DeliveryState, CanalClosed.
    """
    short = locked(session, delivery_id, "short")
    account = short.water_account_id
    if account is None:
        account = session.get_one(Instruction, short.instruction_id).buyer_water_account_id
    delivery = Delivery(
        instruction_id=short.instruction_id,
        call_id=short.call_id,
        water_account_id=short.water_account_id,
        makes_good_id=short.id,
        seller_id=short.seller_id,
        buyer_id=short.buyer_id,
        keeper_id=short.keeper_id,
        litres=short.litres - short.confirmed_litres,
    )
    further = _order(session, actor, delivery, account, starts_on, ends_on)
    short.status = "made_good"
    _tell(session, actor, "made_good", short, {"further_delivery_id": further.id})
    return further


def _check_keeper(delivery: Delivery, actor: audit.Actor) -> None:
    """A participant keeps only the gates that were handed to it; the bureau may confirm at any."""
    if actor.participant_id is not None and actor.participant_id != delivery.keeper_id:
        raise NotTheKeeper


def locked(session: Session, delivery_id: int, *states: str) -> Delivery:
    """A delivery in one of these states, locked, its trade before it as a reversal does.

    Errors: NotFound, DeliveryState.
    """
    trade = select(Delivery.instruction_id).where(Delivery.id == delivery_id).scalar_subquery()
    session.execute(select(Instruction.id).where(Instruction.id == trade).with_for_update(key_share=True))
    found = session.scalars(
        select(Delivery)
        .where(Delivery.id == delivery_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("there is no such delivery")
    if found.status not in states:
        raise DeliveryState(f"the delivery is {found.status}", available=found.status)
    return found


def _tell(
    session: Session, actor: audit.Actor, action: str, delivery: Delivery, detail: dict[str, Any]
) -> None:
    delivery.version += 1
    tell(session, actor, action, delivery.id, detail)


def tell(session: Session, actor: audit.Actor, action: str, delivery_id: int, detail: dict[str, Any]) -> None:
    """One event and one audit entry about a delivery."""
    connection = raw(session)
    subject = ("delivery", delivery_id)
    outbox.publish(connection, topic=f"settlement.delivery.{action}", subject=subject, payload=detail)
    audit.record(connection, actor=actor, action=f"delivery.{action}", subject=subject, detail=detail)
