"""Public storage: what is needed for domestic and ecological use, and its assignment before anything is resold.

Source: 水权交易管理暂行办法 (2016) art. 19 (from memory): what government bought back serves domestic and ecological
use first, and the rest goes by competition; Water Law art. 21 (the order of needs).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger import journal
from ledger.errors import InsufficientBalance
from ledger.units import format_litres
from market.core import audit, books, clock, inbox, outbox
from market.core.chart import HEADROOM, AccountCode, TransferCode, water_asset
from market.core.db import raw
from market.core.errors import NotFound
from market.county.current import pack_in_force
from market.registry import caps, excess, reference, rules
from market.registry.county import sector_rules
from market.registry.models import WaterAccount
from market.registry.reference import AccountView
from market.trading import buy_backs, errors
from market.trading.buy_back_errors import NotANeed
from market.trading.fills import source_for
from market.trading.gates import HOLD_RULE
from market.trading.spots import spot
from market.trading.storage_models import StorageAssignment, StorageNeed


@dataclass(frozen=True, slots=True)
class Stock:
    """A storage account in litres: free now, the need stated (None: none yet), assigned; what may be resold.

    Nothing may be resold before a need was stated, if it is nil.
    """

    free_litres: int
    need_litres: int | None
    assigned_litres: int

    @property
    def kept_litres(self) -> int:
        """What must still be kept for the need."""
        return max(0, (self.need_litres or 0) - self.assigned_litres)

    @property
    def resalable_litres(self) -> int:
        """What exceeds the need."""
        return 0 if self.need_litres is None else max(0, self.free_litres - self.kept_litres)


def state_need(
    session: Session, *, actor: audit.Actor, water_account_id: int, litres: int, reason: str
) -> StorageNeed:
    """The bureau states what a storage account must keep for domestic and ecological use. Errors: NotFound,
    NotPublicStorage.
    """
    locked(session, water_account_id)
    need = StorageNeed(
        water_account_id=water_account_id,
        need_litres=litres,
        reason=reason,
        stated_by=actor.user_id,
        stated_at=clock.now(),
    )
    session.add(need)
    session.flush()  # the trail names it by its id
    tell(session, actor, "storage_need", "stated", need.id, {"litres": litres, "reason": reason})
    return need


def locked(session: Session, water_account_id: int) -> AccountView:
    """A storage account, its row locked: what is needed, assigned and resold is decided one after another.

    Errors: NotFound, NotPublicStorage.
    """
    session.get(WaterAccount, water_account_id, with_for_update={"key_share": True}, populate_existing=True)
    return buy_backs.storage_account(session, reference.zones(raw(session)), water_account_id)


def stock(session: Session, view: AccountView) -> Stock:
    """What a storage account holds now, and for what."""
    free = reference.available(raw(session), [view.account_id])[view.account_id]
    need = session.scalar(
        select(StorageNeed.need_litres)
        .where(StorageNeed.water_account_id == view.id)
        .order_by(StorageNeed.id.desc())
        .limit(1)
    )
    assigned = session.scalar(
        select(func.coalesce(func.sum(StorageAssignment.source_litres), 0)).where(
            StorageAssignment.water_account_id == view.id
        )
    )
    return Stock(free, need, int(assigned or 0))


def assign(
    session: Session,
    *,
    actor: audit.Actor,
    water_account_id: int,
    to_water_account_id: int,
    litres: int,
    reason: str,
) -> StorageAssignment:
    """Gives stored litres, without a price, to an account of domestic or ecological use, by a route that may lose some.

    The caps are charged and freed as by a trade between the two places. It is no deal: a deal has a price.
    Errors: NotFound, NotPublicStorage, NotANeed, NoRoute, VolumeOutOfRange, InsufficientWater, LimitExceeded.
    """
    view = locked(session, water_account_id)
    connection = raw(session)
    tree, pack = reference.zones(connection), pack_in_force(connection)
    to = reference.accounts(connection, tree, sector_rules(connection), ids=[to_water_account_id]).get(
        to_water_account_id
    )
    if to is None or to.id == view.id:
        raise NotFound("there is no such water account", pointer="/to_water_account_id")
    _check_need(view, to)
    here, there = spot(view, tree), spot(to, tree)
    route = pack.route(here.canal_code, there.canal_code, here.sector)
    if route is None:
        raise errors.NoRoute(f"no route leads from {here.canal_code} to {there.canal_code}")
    delivered = litres * route.k // 1000
    if delivered == 0:
        raise errors.VolumeOutOfRange("the route would deliver less than a litre", pointer="/volume")
    made = StorageAssignment(
        water_account_id=view.id,
        to_water_account_id=to.id,
        source_litres=source_for(delivered, route.k),
        delivered_litres=delivered,
        reason=reason,
        assigned_by=actor.user_id,
        assigned_at=clock.now(),
    )
    session.add(made)
    session.flush()  # its transfers name it by its id
    freed = _move(raw(session), view, to, made)
    if freed:
        inbox.put(raw(session), kind="rematch", actor=actor)
    tell(session, actor, "storage_assignment", "made", made.id, {"litres": delivered, "to": to.id})
    return made


def _check_need(view: AccountView, to: AccountView) -> None:
    barrier = rules.may_be_assigned(to.facts)
    if barrier is not None:
        raise NotANeed(
            barrier.detail,
            pointer="/to_water_account_id",
            rule=barrier.rule,
            legal_source=barrier.legal_source,
        )
    if (to.place.source, to.place.water_year) != (view.place.source, view.place.water_year):
        raise errors.ProductMismatch(
            "the account holds another source or water year", pointer="/to_water_account_id"
        )


def _move(
    connection: psycopg.Connection[Any], view: AccountView, to: AccountView, made: StorageAssignment
) -> bool:
    """Moves the litres, what the way costs and the limits' headroom in one batch; whether a limit was freed."""
    limits = reference.limits(connection, water_year=view.place.water_year)
    crossed = caps.crossings(view.place, to.place, limits)
    measured = {
        caps.Measure.SOURCE: made.source_litres,
        caps.Measure.DELIVERED: made.delivered_litres,
    }
    asset = water_asset(view.place.source, view.place.water_year)
    clearing = books.system_account(connection, asset, AccountCode.WATER_CLEARING)
    loss = books.system_account(connection, asset, AccountCode.WATER_LOSS)
    use = books.system_account(connection, HEADROOM, AccountCode.LIMIT_USE)
    legs = [
        (view.account_id, clearing, made.source_litres),
        (clearing, to.account_id, made.delivered_litres),
        (clearing, loss, made.source_litres - made.delivered_litres),
        *((limit.account_id, use, measured[measure]) for limit, measure in crossed.charges),
        *((use, limit.account_id, measured[measure]) for limit, measure in crossed.frees),
    ]
    freed = [limit.account_id for limit, _ in crossed.frees]
    journal.lock(connection, {each for leg in legs for each in leg[:2]} | excess.beside(connection, freed))
    batch = journal.Batch()
    for debit, credit, amount in legs:
        if amount:
            batch.transfer(
                debit=debit, credit=credit, amount=amount, code=TransferCode.STORAGE_MOVE, reference=made.id
            )
    try:
        batch.execute(connection)
    except InsufficientBalance as error:
        raise _refusal(error, view, (limit for limit, _ in crossed.charges)) from error
    excess.absorb(connection, freed)
    return bool(freed)


def _refusal(
    error: InsufficientBalance, view: AccountView, charged: Iterable[caps.LimitNode]
) -> errors.InsufficientWater | errors.LimitExceeded:
    needed, available = format_litres(error.needed), format_litres(error.available)
    if error.account_id == view.account_id:
        detail = "the storage does not hold that much free water"
        return errors.InsufficientWater(
            detail, pointer="/volume", limit=needed, available=available, legal_source=HOLD_RULE
        )
    limit = next(each for each in charged if each.account_id == error.account_id)
    return errors.LimitExceeded(
        f"{limit.code} has no room for it",
        pointer="/volume",
        rule=f"{limit.kind}_exceeded",
        legal_source=limit.legal_source,
        limit=needed,
        available=available,
    )


def tell(
    session: Session, actor: audit.Actor, subject: str, action: str, number: int, detail: dict[str, Any]
) -> None:
    """Tells subscribers and the trail of a step of storage or its resale."""
    connection = raw(session)
    outbox.publish(connection, topic=f"trading.{subject}.{action}", subject=(subject, number), payload=detail)
    audit.record(
        connection, actor=actor, action=f"{subject}.{action}", subject=(subject, number), detail=detail
    )
