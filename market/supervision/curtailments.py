"""Curtailment as a process: halt → end sales that hold what is taken → post it with the cut → resume.

Each step is a transaction and waits for the engine's answers in its inbox; where it stands is in `curtailments`, so
that whoever calls `advance` next goes on from there, whatever was killed in between (DESIGN section 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import psycopg
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger.arrays import Bigints
from ledger.units import format_litres
from market.core import audit, clock, inbox, outbox
from market.core.db import raw
from market.core.errors import NotFound
from market.registry import caps, curtailing, lease_turns, places
from market.registry.errors import CurtailmentRunning, NotACut
from market.registry.models import Limit
from market.registry.season_models import Curtailment, CurtailmentCut
from market.supervision import sales
from market.trading import timetable
from market.trading.models import Order, Product
from market.trading.session_models import PriceStop

HALTING, CANCELLING, RESUMING, DONE = "halting", "cancelling", "resuming", "done"


def preview(session: Session, *, water_year: int, cuts: Sequence[tuple[int, int]]) -> curtailing.Plan:
    """What cutting caps to these figures (limit id, litres) would take from whom now; nothing changes.

    Errors: NotFound, NotACut, WaterYearNotOpen.
    """
    places.open_year(session, water_year)
    _checked(session, water_year, cuts, lock=False)
    connection = raw(session)
    return curtailing.plan(
        connection, water_year=water_year, cuts=cuts, offered=lambda: sales.offered(connection, water_year)
    )


def order(
    session: Session,
    *,
    actor: audit.Actor,
    water_year: int,
    cuts: Sequence[tuple[int, int]],
    reason: str,
    legal_source: str,
) -> Curtailment:
    """Orders a cut of caps (limit id, litres from then on) below present use: halts the year's products first.

    Errors: NotFound, NotACut, WaterYearNotOpen, CurtailmentRunning.
    """
    places.open_year(session, water_year, lock=True)
    limits = _checked(session, water_year, cuts, lock=True)
    stopped = select(PriceStop.product_id).where(PriceStop.ended_at.is_(None))
    products = [
        product.id
        for product in session.scalars(
            select(Product)
            .where(
                Product.water_year == water_year,
                Product.tenure == "allocation",
                Product.phase != "closed",
                # A halt by the breaker ends by the clock: it becomes this one's.
                or_(Product.phase != "halted", Product.id.in_(stopped)),
            )
            .order_by(Product.id)
        )
        if any(limit.source in (None, product.source) for limit in limits.values())
    ]
    connection = raw(session)
    payload = {"reason": reason}
    awaits = [
        inbox.put(connection, kind="halt", actor=actor, product_id=product, payload=payload)
        for product in products
    ]
    found = Curtailment(
        water_year=water_year,
        status=HALTING,
        reason=reason,
        legal_source=legal_source,
        products=_json(products),
        awaits=_json(awaits),
        requested_by=actor.user_id,
        requested_at=clock.now(),
    )
    _insert(session, found)
    session.add_all(
        CurtailmentCut(
            curtailment_id=found.id,
            limit_id=limit_id,
            before_litres=limits[limit_id].limit_litres,
            after_litres=litres,
        )
        for limit_id, litres in cuts
    )
    _tell(raw(session), actor, found, "ordered", {"cuts": [list(cut) for cut in cuts], "reason": reason})
    return found


def running(session: Session) -> list[int]:
    """The curtailments that are not done, oldest first."""
    return list(
        session.scalars(select(Curtailment.id).where(Curtailment.status != DONE).order_by(Curtailment.id))
    )


def advance(session: Session, *, actor: audit.Actor, curtailment_id: int) -> Curtailment:
    """Takes the next step if the engine has answered what this one waits for; else nothing happens.

    Errors: NotFound.
    """
    found = session.scalars(
        select(Curtailment)
        .where(Curtailment.id == curtailment_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("there is no such curtailment")
    connection = raw(session)
    if found.status == DONE or not _answered(connection, found.awaits):
        return found
    if found.status == RESUMING:
        found.status, found.awaits = DONE, "[]"
        found.version += 1
        _tell(raw(session), actor, found, "done", {})
        return found
    places.open_year(session, found.water_year, lock=True)
    beside = sales.lock(connection, found.water_year)
    cuts = [
        (cut.limit_id, cut.after_litres)
        for cut in session.scalars(select(CurtailmentCut).where(CurtailmentCut.curtailment_id == found.id))
    ]
    made = curtailing.plan(
        connection,
        water_year=found.water_year,
        cuts=cuts,
        offered=lambda: sales.offered(connection, found.water_year),
        lock=True,
        beside=beside,
    )
    parts = {each.holder.water_account_id: each.parts for each in made.takings}
    selling = [account for account, each in parts.items() if each.ordered]
    sold = {account: each.reviewed for account, each in parts.items() if each.reviewed}
    if selling:
        _cancel(session, actor, found, selling)
    elif sold:
        sales.give_back(session, actor=actor, found=found, wanted=sold)
        found.version += 1
    else:
        _post(session, actor, found, made)
    return found


def _cancel(session: Session, actor: audit.Actor, found: Curtailment, water_account_ids: list[int]) -> None:
    """Has the engine end the open sales of accounts whose free water does not suffice; ends what else they offer.

    What they hold for the turns of leases is free too; what the cut leaves of it is held again afterwards.
    """
    listed, promised = sales.end_open(
        session, actor=actor, water_account_ids=water_account_ids, reason=f"curtailment: {found.reason}"
    )
    orders = session.scalars(
        select(Order.id)
        .where(Order.water_account_id.in_(water_account_ids), Order.status == "open", Order.side == "sell")
        .order_by(Order.id)
    )
    connection = raw(session)
    payload = {"order_ids": list(orders), "reason": "curtailment"}
    item = inbox.put(connection, kind="cancel_orders", actor=actor, payload=payload)
    found.status, found.awaits = CANCELLING, _json([item])
    found.version += 1
    detail = {"orders": len(payload["order_ids"]), "listings": listed, "deals": promised}
    _tell(raw(session), actor, found, "cancelling", detail)


def _post(session: Session, actor: audit.Actor, found: Curtailment, made: curtailing.Plan) -> None:
    curtailing.post(session, actor=actor, curtailment=found, made=made)
    connection = raw(session)
    lease_turns.hold_all(connection, found.water_year)
    due = timetable.due(connection, msgspec.json.decode(found.products))
    awaits = [
        inbox.put(
            connection, kind="resume", actor=actor, product_id=product,
            payload={"reason": found.reason, "phase": phase},
        )
        for product, phase in sorted(due.items())
    ]  # fmt: skip
    found.status, found.awaits = RESUMING, _json(awaits)
    found.taken_litres, found.posted_at = made.taken_litres, clock.now()
    found.version += 1
    detail: dict[str, Any] = {
        "taken_litres": made.taken_litres,
        "accounts": len(made.takings),
        "excess_litres": sum(made.missing.values()),
    }
    _tell(raw(session), actor, found, "posted", detail)


def _checked(
    session: Session, water_year: int, cuts: Sequence[tuple[int, int]], *, lock: bool
) -> dict[int, Limit]:
    """The limits of a curtailment. Errors: NotFound, NotACut."""
    ids = [limit_id for limit_id, _ in cuts]
    if not cuts or len(set(ids)) < len(ids):
        raise NotACut("name each cap once, and at least one", pointer="/cuts")
    statement = select(Limit).where(Limit.id.in_(ids)).order_by(Limit.id)
    if lock:
        statement = statement.with_for_update(key_share=True)
    found = {each.id: each for each in session.scalars(statement.execution_options(populate_existing=True))}
    for limit_id, litres in cuts:
        limit = found.get(limit_id)
        if limit is None:
            raise NotFound("there is no such limit", pointer="/cuts")
        if limit.kind != caps.CAP or limit.water_year != water_year:
            raise NotACut(f"{limit.code} is not a cap of {water_year}", pointer="/cuts")
        if litres >= limit.limit_litres:
            raise NotACut(
                f"{limit.code} is {format_litres(limit.limit_litres)} m3 already",
                pointer="/cuts",
                limit=format_litres(limit.limit_litres),
                available=format_litres(litres),
            )
    return found


def _insert(session: Session, found: Curtailment) -> None:
    try:
        with session.begin_nested():
            session.add(found)
    except IntegrityError as error:
        if "uq_curtailments_running" in str(error.orig):
            raise CurtailmentRunning("wait until it is done, or advance it") from error
        raise


def _answered(connection: psycopg.Connection[Any], awaits: str) -> bool:
    row = connection.execute(
        "SELECT count(*) FROM inbox WHERE id = ANY(%s::bigint[]) AND done_at IS NULL",
        (Bigints(msgspec.json.decode(awaits)),),
    ).fetchone()
    return row == (0,)


def _json(values: list[int]) -> str:
    return msgspec.json.encode(values).decode()


def _tell(
    connection: psycopg.Connection[Any],
    actor: audit.Actor,
    found: Curtailment,
    action: str,
    detail: dict[str, Any],
) -> None:
    subject = ("curtailment", found.id)
    outbox.publish(connection, topic=f"registry.curtailment.{action}", subject=subject, payload=detail)
    audit.record(connection, actor=actor, action=f"curtailment.{action}", subject=subject, detail=detail)
