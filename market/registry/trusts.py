"""Trusts: a trustee opens a pool with its terms, trades it like its own water, and gives the rest back at the end.

The plan's "Shaya" mode (county plan part 4(2)10): many smallholders, one who manages. What belongs to whom is in
`shareouts`; who joins and leaves in `trust_members`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import psycopg
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import journal
from ledger.units import format_litres
from market.core import audit, clock, inbox, outbox
from market.core.chart import TransferCode
from market.core.db import bump_reference, raw
from market.core.errors import NotFound
from market.registry import accounts, places, reference, shareouts
from market.registry.behind import TRUST
from market.registry.county import plan_threshold
from market.registry.models import RIGHT_KINDS, WaterAccount
from market.registry.trust_errors import NoticeNotOver, NotOfThePool, TrustState, TrustTerm, WaterInOrders
from market.registry.trust_models import Trust, TrustMember

LEGAL_SOURCE = "county plan part 4(2)10; 民法典 arts 919-936"


def open_trust(
    session: Session,
    *,
    actor: audit.Actor,
    trustee_id: int,
    township: str,
    canal: str,
    sector: str,
    source: str,
    water_year: int,
    right_kind: str,
    fee_per_mille: int,
    floor_price_e4: int,
    selling: str,
    starts_on: dt.date,
    ends_on: dt.date,
    notice_days: int,
    conditions: str = "",
) -> Trust:
    """Opens a pool of one place and one kind of right; the trustee signs the terms that its members will have.

    Of one place, so that moving water in or out crosses no limit. `fee_per_mille` of the proceeds (after the fee of
    the exchange) is the trustee's; `floor_price_e4` in 1/10 000 yuan per m3; `selling` the trustee or nobody.
    Errors: UnknownZone, NotAPlace, UnknownSector, UnknownSource, WaterYearNotOpen, NotFound, ParticipantNotAdmitted,
    TrustTerm, NotOfThePool, WaterAccountExists.
    """
    connection = raw(session)
    places.check_kind_of_water(connection, sector=sector, source=source)
    township_id, canal_id = places.township_and_canal(reference.zones(connection), township, canal)
    year = places.open_year(session, water_year)
    places.check_admitted(connection, trustee_id)
    if right_kind not in RIGHT_KINDS:
        raise NotOfThePool(f"there is no kind of right {right_kind}", pointer="/right_kind")
    if not max(year.starts_on, clock.today()) <= ends_on <= year.ends_on or starts_on > ends_on:
        raise TrustTerm(f"a trust ends within its water year, by {year.ends_on}", pointer="/ends_on")
    batch = journal.Batch()
    [(account_id, _)] = accounts.open_many(
        connection,
        [accounts.NewWaterAccount(trustee_id, township_id, canal_id, sector, right_kind)],
        source=source,
        water_year=water_year,
        origin=TRUST,
        threshold=plan_threshold(connection),
        batch=batch,
    )
    batch.execute(connection)
    trust = Trust(
        trustee_id=trustee_id,
        water_account_id=account_id,
        fee_per_mille=fee_per_mille,
        floor_price_e4=floor_price_e4,
        selling=selling,
        starts_on=starts_on,
        ends_on=ends_on,
        notice_days=notice_days,
        conditions=conditions,
        signed_by=actor.user_id,
        opened_at=clock.now(),
    )
    session.add(trust)
    connection = raw(session)
    bump_reference(connection)
    detail = {"trustee_id": trustee_id, "water_account_id": account_id, "fee_per_mille": fee_per_mille}
    tell(connection, actor, "opened", trust.id, detail)
    return trust


def end(session: Session, *, actor: audit.Actor, trust_id: int, reason: str) -> Trust:
    """Ends a trust before or at its time: nothing more is sold, and the pool's orders are cancelled.

    Errors: NotFound, TrustState.
    """
    trust, _ = locked(session, trust_id)
    if trust.status != "open":
        raise TrustState(f"the trust is {trust.status}", available=trust.status)
    trust.status, trust.ended_at, trust.end_reason = "ended", clock.now(), reason
    trust.version += 1
    connection = raw(session)
    bump_reference(connection)
    recall_orders(connection, actor, trust, "trust_ended")
    tell(connection, actor, "ended", trust_id, {"reason": reason})
    return trust


def give_back(session: Session, *, actor: audit.Actor, trust_id: int) -> dict[int, int]:
    """Gives every member of an ended trust what is left of its share, exactly; returns litres by member.

    A trust whose term is over has ended. What still waits for a review is given back after that.
    Errors: NotFound, TrustState, WaterInOrders.
    """
    trust, account = locked(session, trust_id)
    if trust.status == "open" and clock.today() <= trust.ends_on:
        raise TrustState(f"the trust runs until {trust.ends_on}", available=trust.status)
    connection = raw(session)
    homes = homes_of(session, trust_id)
    journal.lock(connection, [account.account_id, *homes.values()])
    pool = shareouts.now(connection, [trust_id])[trust_id]
    owed = {member: each.litres for member, each in pool.standings.items() if each.litres}
    if pool.total_litres > pool.available_litres:
        raise WaterInOrders(
            "open orders hold water of the pool: recall them first",
            limit=format_litres(pool.total_litres),
            available=format_litres(pool.available_litres),
        )
    move(connection, pool, {member: -litres for member, litres in owed.items()}, homes, shareouts.TAKEN_OUT)
    for member in session.scalars(select(TrustMember).where(TrustMember.trust_id == trust_id)):
        if member.status in ("accepted", "leaving"):
            member.status, member.leaves_on = "left", member.leaves_on or clock.today()
            member.version += 1
        elif member.status == "offered":
            member.status = "withdrawn"
            member.version += 1
    tell(raw(session), actor, "given_back", trust_id, {"litres": sum(owed.values())})
    return owed


def recall(session: Session, *, actor: audit.Actor, trust_id: int, participant_id: int | None) -> None:
    """Has the engine cancel the pool's open orders, so that a member can take its share out.

    The trustee and the bureau (None) may at any time, a member once it may leave. Errors: NotFound, NoticeNotOver.
    """
    trust, _ = locked(session, trust_id)
    over = trust.status == "ended" or clock.today() > trust.ends_on
    if participant_id not in (None, trust.trustee_id) and not over:
        leaving = select(TrustMember.leaves_on).where(
            TrustMember.trust_id == trust_id,
            TrustMember.participant_id == participant_id,
            TrustMember.leaves_on <= clock.today(),
        )
        if session.scalars(leaving.limit(1)).one_or_none() is None:
            raise NoticeNotOver(
                f"the terms give {trust.notice_days} days' notice", limit=f"{trust.notice_days} days"
            )
    connection = raw(session)
    recall_orders(connection, actor, trust, "trust_recalled")
    tell(connection, actor, "recalled", trust_id, {})


def recall_orders(connection: psycopg.Connection[Any], actor: audit.Actor, trust: Trust, reason: str) -> None:
    """Tells the engine to cancel every open order of a trust's pool."""
    payload = {"water_account_id": trust.water_account_id, "reason": reason}
    inbox.put(connection, kind="cancel_orders", actor=actor, payload=payload)


def locked(session: Session, trust_id: int) -> tuple[Trust, WaterAccount]:
    """A trust, locked against other changes of its members, and the account of its pool. Errors: NotFound."""
    found = session.scalars(
        select(Trust)
        .where(Trust.id == trust_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("there is no such trust")
    return found, session.get_one(WaterAccount, found.water_account_id)


def homes_of(session: Session, trust_id: int) -> dict[int, int]:
    """The ledger account that each member's water came from, by member."""
    rows = session.execute(
        select(TrustMember.id, WaterAccount.account_id)
        .join(WaterAccount, WaterAccount.id == TrustMember.water_account_id)
        .where(TrustMember.trust_id == trust_id)
    )
    return {row.id: row.account_id for row in rows}


def move(
    connection: psycopg.Connection[Any],
    pool: shareouts.Pool,
    moved: Mapping[int, int],
    homes: Mapping[int, int],
    cause: str,
) -> None:
    """Moves litres of members into the pool (negative: out of it) and writes the shares from there on.

    The caller has locked the ledger accounts and checked what is available.
    """
    batch = journal.Batch()
    for member, litres in sorted(moved.items()):
        if litres:
            pair = (homes[member], pool.account_id) if litres > 0 else (pool.account_id, homes[member])
            batch.transfer(
                debit=pair[0],
                credit=pair[1],
                amount=abs(litres),
                code=TransferCode.TRUST_MOVE,
                reference=member,
            )
    if not len(batch):
        return
    ids = batch.execute(connection)
    shareouts.change(connection, pool, {m: n for m, n in moved.items() if n}, mark=ids[0], cause=cause)


def tell(
    connection: psycopg.Connection[Any],
    actor: audit.Actor,
    action: str,
    trust_id: int,
    detail: dict[str, Any],
) -> None:
    """One event and one audit entry about a trust."""
    subject = ("trust", trust_id)
    outbox.publish(connection, topic=f"registry.trust.{action}", subject=subject, payload=detail)
    audit.record(connection, actor=actor, action=f"trust.{action}", subject=subject, detail=detail)
