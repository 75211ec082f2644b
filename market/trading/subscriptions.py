"""Subscriptions to purchase programmes: one's own, or those of many members by whoever may act for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.units import format_litres
from market.core import audit, clock
from market.core.db import raw
from market.core.errors import NotFound, Refusal
from market.county.current import pack_in_force
from market.county.pack import Pack
from market.trading import errors, holding, programmes, standing
from market.trading.errors import InsufficientWater
from market.trading.models import Product
from market.trading.programme_errors import (
    DeadlinePassed,
    ProgrammeAmounts,
    ProgrammeState,
    SubscribedAlready,
    TooManySellers,
    ZoneNotEligible,
)
from market.trading.programme_models import ACTIVE, Programme, Subscription


class Wish(NamedTuple):
    """Litres, at the seller's place, that a water account would sell to a programme."""

    water_account_id: int
    litres: int


@dataclass
class _Desk:
    """What a list of wishes is checked against, row by row; `left` and `taken` change with every row that is taken."""

    pack: Pack
    programme: Programme
    product: Product
    may_act_for: Mapping[int, int | None]
    accounts: dict[int, standing.Standing]
    taken: set[int]
    sellers: int
    left: dict[int, int]


def subscribe(
    session: Session,
    *,
    actor: audit.Actor,
    programme_id: int,
    wishes: Sequence[Wish],
    may_act_for: Mapping[int, int | None],
) -> list[Subscription | Refusal]:
    """Subscribes each wish by itself; answers each with its subscription, or why it is refused. Water is held at once.

    `may_act_for`: the participants whose water the actor may subscribe, with the mandate (None: its own).
    Errors of the whole: NotFound, ProgrammeState, DeadlinePassed. Of a row: NotFound, SubscribedAlready,
    ProgrammeAmounts, ZoneNotEligible, TooManySellers, InsufficientWater, and what the exchange refuses this seller.
    """
    programme = _open(session, programme_id)
    desk = _desk(session, programme, wishes, may_act_for)
    found: list[Subscription | Refusal] = []
    for wish in wishes:
        try:
            found.append(_line(desk, actor, wish))
        except Refusal as refusal:
            found.append(refusal)
    made = [each for each in found if isinstance(each, Subscription)]
    session.add_all(made)
    session.flush()  # what they hold names them by their ids
    water = (desk.product.source, desk.product.water_year)
    holding.hold(
        session,
        [
            holding.Wanted(
                (programmes.WATER, line.id), desk.accounts[line.water_account_id].ledger_account, line.litres, water
            )
            for line in made
        ],
    )  # fmt: skip
    if made:
        lines = {str(line.id): line.litres for line in made}
        programmes.tell(session, actor, programme, "subscribed", {"lines": lines})
    return found


def withdraw(session: Session, *, actor: audit.Actor, subscription_id: int) -> Subscription:
    """A seller takes its subscription back before the deadline; its water is free again.

    Errors: NotFound, ProgrammeState, DeadlinePassed.
    """
    known = session.get(Subscription, subscription_id)
    if known is None:
        raise NotFound("there is no such subscription")
    programme = _open(session, known.programme_id)
    line = session.get_one(Subscription, subscription_id, with_for_update=True, populate_existing=True)
    if line.status != "subscribed":
        raise ProgrammeState(f"the subscription is {line.status}", available=line.status)
    line.status = "withdrawn"
    holding.free(session, [(programmes.WATER, line.id)])
    programmes.tell(session, actor, programme, "withdrawn", {"line": line.id})
    return line


def _open(session: Session, programme_id: int) -> Programme:
    programme = programmes.locked(session, programme_id, "open")
    if clock.now() >= programme.deadline:
        raise DeadlinePassed(limit=programme.deadline.isoformat())
    return programme


def _desk(
    session: Session, programme: Programme, wishes: Sequence[Wish], may_act_for: Mapping[int, int | None]
) -> _Desk:
    """Everything that the rows are checked against, in a handful of queries whatever their number."""
    connection = raw(session)
    pack = pack_in_force(connection)
    accounts = standing.load(
        connection, pack, {programme.buyer_water_account_id, *(wish.water_account_id for wish in wishes)}
    )
    own = [each.ledger_account for each in accounts.values() if each.participant_id in may_act_for]
    active = select(Subscription).where(
        Subscription.programme_id == programme.id, Subscription.status.in_(ACTIVE)
    )
    taken = session.scalars(
        active.with_only_columns(Subscription.water_account_id).where(
            Subscription.water_account_id.in_([wish.water_account_id for wish in wishes])
        )
    )
    return _Desk(
        pack=pack,
        programme=programme,
        product=session.get_one(Product, programme.product_id),
        may_act_for=may_act_for,
        accounts=accounts,
        taken=set(taken),
        sellers=session.scalar(active.with_only_columns(func.count())) or 0,
        left=holding.available(session, own) if own else {},
    )


def _line(desk: _Desk, actor: audit.Actor, wish: Wish) -> Subscription:
    """One row as a subscription. Errors: those of a row."""
    assert actor.user_id is not None
    seller = desk.accounts.get(wish.water_account_id)
    if seller is None or seller.participant_id not in desk.may_act_for:
        raise NotFound("there is no such water account", pointer="/water_account_id")
    if wish.water_account_id in desk.taken:
        raise SubscribedAlready(pointer="/water_account_id")
    lot = desk.product.lot_litres
    if wish.litres <= 0 or wish.litres % lot:
        raise ProgrammeAmounts(
            f"a subscription is of whole lots of {format_litres(lot)} m3", pointer="/volume",
            limit=format_litres(lot),
        )  # fmt: skip
    zones: list[str] = msgspec.json.decode(desk.programme.zones)
    line = {*desk.pack.ancestors(seller.township_code), *desk.pack.ancestors(seller.canal_code)}
    if zones and not line & set(zones):
        raise ZoneNotEligible(f"it takes water of {', '.join(zones)}", pointer="/water_account_id")
    buyer = desk.accounts[desk.programme.buyer_water_account_id]
    refusal = standing.refuse(desk.pack, desk.product, seller, buyer)
    if refusal is not None:
        raise errors.of(refusal)
    if desk.sellers >= programmes.MOST_SELLERS:
        raise TooManySellers(limit=str(programmes.MOST_SELLERS), available="0")
    left = desk.left[seller.ledger_account]
    if wish.litres > left:
        raise InsufficientWater(
            "the water account does not hold that much free water", pointer="/volume",
            limit=format_litres(wish.litres), available=format_litres(left), legal_source=holding.HOLD_RULE,
        )  # fmt: skip
    desk.left[seller.ledger_account] -= wish.litres
    desk.taken.add(wish.water_account_id)
    desk.sellers += 1
    return Subscription(
        programme_id=desk.programme.id,
        seller_id=seller.participant_id,
        water_account_id=seller.id,
        litres=wish.litres,
        status="subscribed",
        subscribed_by=actor.user_id,
        mandate_id=desk.may_act_for[seller.participant_id],
        subscribed_at=clock.now(),
    )
