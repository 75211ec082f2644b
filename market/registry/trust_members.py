"""Who entrusts water to a pool, brings it in, gives notice and takes its share out; both sides sign."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger import journal
from ledger.units import format_litres
from market.core import audit, clock
from market.core.db import raw
from market.core.errors import NotFound
from market.registry import places, reference, shareouts, trusts
from market.registry.behind import SUSPENDED
from market.registry.county import sector_rules
from market.registry.models import WaterAccount
from market.registry.trust_errors import (
    AccountEntrusted,
    MoreThanTheShare,
    NoticeNotOver,
    NotOfThePool,
    TooLittleWater,
    TrustFull,
    TrustState,
    WaterInOrders,
)
from market.registry.trust_models import Trust, TrustMember

MOST_MEMBERS = 500  # demonstration: every trade of a pool pays each of them
SAME = ("township_zone_id", "canal_zone_id", "sector", "source", "water_year", "right_kind")


def offer(
    session: Session, *, actor: audit.Actor, trust_id: int, water_account_id: int, litres: int, standing: bool
) -> TrustMember:
    """A holder signs the terms of a trust and offers `litres` of an account; `standing`: later announcements too.

    Nothing moves until the trustee accepts. Errors: NotFound, TrustState, NotOfThePool, AccountEntrusted,
    ParticipantNotAdmitted.
    """
    trust, pool = _open(session, trust_id)
    account = session.get(WaterAccount, water_account_id)
    if account is None:
        raise NotFound("there is no such water account", pointer="/water_account_id")
    differs = [name for name in SAME if getattr(account, name) != getattr(pool, name)]
    if differs or account.origin not in ("own", "carried_over") or account.status != "open":
        said = ", ".join(differs) or f"an account of the origin {account.origin} that is {account.status}"
        raise NotOfThePool(f"the pool takes other water: {said}", pointer="/water_account_id")
    places.check_admitted(raw(session), account.participant_id)
    member = TrustMember(
        trust_id=trust.id,
        participant_id=account.participant_id,
        water_account_id=account.id,
        offer_litres=litres,
        standing=standing,
        signed_by=actor.user_id,
        signed_at=clock.now(),
    )
    try:
        with session.begin_nested():
            session.add(member)
    except IntegrityError as error:
        if "uq_trust_members_account" in str(error.orig):
            raise AccountEntrusted(pointer="/water_account_id") from error
        raise
    _tell(session, actor, "offered", member, {"litres": litres, "standing": standing})
    return member


def accept(session: Session, *, actor: audit.Actor, member_id: int, reason: str = "") -> TrustMember:
    """The trustee signs, and what was offered moves into the pool. Errors: as `bring_in`."""
    member, trust, pool = _member(session, member_id, "offered")
    _decide(member, actor, "accepted", reason)
    _bring(session, trust, pool, {member.id: member.offer_litres})
    _tell(session, actor, "accepted", member, {"litres": member.offer_litres})
    return member


def refuse(session: Session, *, actor: audit.Actor, member_id: int, reason: str) -> TrustMember:
    """The trustee declines an offer. Errors: NotFound, TrustState."""
    member, _, _ = _member(session, member_id, "offered")
    _decide(member, actor, "refused", reason)
    _tell(session, actor, "refused", member, {"reason": reason})
    return member


def withdraw(session: Session, *, actor: audit.Actor, member_id: int) -> TrustMember:
    """The holder takes an offer back that the trustee has not accepted. Errors: NotFound, TrustState."""
    member, _, _ = _member(session, member_id, "offered")
    _decide(member, actor, "withdrawn", "")
    _tell(session, actor, "withdrawn", member, {})
    return member


def bring_in(session: Session, *, actor: audit.Actor, member_id: int, litres: int) -> TrustMember:
    """A member brings more water into the pool; its share grows by exactly these litres.

    Errors: NotFound, TrustState, TooLittleWater, TrustFull, NotOfThePool.
    """
    member, trust, pool = _member(session, member_id, "accepted")
    _bring(session, trust, pool, {member.id: litres})
    member.version += 1
    _tell(session, actor, "brought_in", member, {"litres": litres})
    return member


def collect(session: Session, *, actor: audit.Actor, trust_id: int) -> dict[int, int]:
    """Brings in all free water of the members who entrusted later announcements too; returns litres by member.

    Errors: NotFound, TrustState, TrustFull.
    """
    trust, pool = _open(session, trust_id)
    rows = session.execute(
        select(TrustMember.id, WaterAccount.account_id)
        .join(WaterAccount, WaterAccount.id == TrustMember.water_account_id)
        .where(TrustMember.trust_id == trust_id, TrustMember.status == "accepted", TrustMember.standing)
        .where(WaterAccount.status == "open", WaterAccount.right_kind == pool.right_kind)
    ).all()
    connection = raw(session)
    journal.lock(connection, [pool.account_id, *(account for _, account in rows)])
    free = reference.available(connection, [account for _, account in rows])
    moved = {member: free[account] for member, account in rows if free[account] > 0}
    _bring(session, trust, pool, moved)
    trusts.tell(raw(session), actor, "collected", trust_id, {"litres": sum(moved.values())})
    return moved


def give_notice(session: Session, *, actor: audit.Actor, member_id: int, reason: str = "") -> TrustMember:
    """A member gives notice; when the days that the terms give are over it may take its share out.

    Errors: NotFound, TrustState.
    """
    member, trust, _ = _member(session, member_id, "accepted")
    member.leaves_on = min(clock.today() + dt.timedelta(days=trust.notice_days), trust.ends_on)
    member.status, member.reason = "leaving", reason
    member.version += 1
    _tell(session, actor, "leaving", member, {"leaves_on": member.leaves_on.isoformat()})
    return member


def take_out(
    session: Session, *, actor: audit.Actor, member_id: int, litres: int | None, at_once: bool
) -> TrustMember:
    """Moves litres of a member's share (None: all of it) back to the account that they came from, exactly.

    `at_once`: the trustee or the bureau gives them back; else the member takes them, after its notice or the end of
    the trust. With all of its share out after notice the member has left. Errors: NotFound, TrustState, NoticeNotOver,
    MoreThanTheShare, WaterInOrders.
    """
    member, trust, account = _member(session, member_id, "accepted", "leaving", "left")
    _check_notice(member, trust, at_once=at_once)
    home = session.get_one(WaterAccount, member.water_account_id)
    if home.status == "closed":
        raise TrustState("the account that the water came from is closed", available=home.status)
    connection = raw(session)
    journal.lock(connection, [account.account_id, home.account_id])
    pool = shareouts.now(connection, [trust.id])[trust.id]
    share = pool.standings[member.id].litres if member.id in pool.standings else 0
    wanted = share if litres is None else litres
    if wanted > share:
        raise MoreThanTheShare(
            pointer="/volume", limit=format_litres(share), available=format_litres(share), rule="trust_share"
        )
    if wanted > pool.available_litres:
        raise WaterInOrders(
            f"the share is {format_litres(share)} m3; open orders and reviews hold all of the pool but"
            f" {format_litres(pool.available_litres)} m3",
            pointer="/volume",
            limit=format_litres(wanted),
            available=format_litres(pool.available_litres),
        )
    trusts.move(connection, pool, {member.id: -wanted}, {member.id: home.account_id}, shareouts.TAKEN_OUT)
    if wanted == share and member.status == "leaving":
        member.status = "left"
    member.version += 1
    _tell(session, actor, "taken_out", member, {"litres": wanted})
    return member


def _check_notice(member: TrustMember, trust: Trust, *, at_once: bool) -> None:
    today = clock.today()
    if at_once or trust.status == "ended" or today > trust.ends_on:
        return
    if member.leaves_on is None or today < member.leaves_on:
        raise NoticeNotOver(
            f"the terms give {trust.notice_days} days' notice",
            limit=str(member.leaves_on) if member.leaves_on else f"{trust.notice_days} days",
            available=str(today),
        )


def _open(session: Session, trust_id: int) -> tuple[Trust, WaterAccount]:
    trust, pool = trusts.locked(session, trust_id)
    if trust.status != "open" or not trust.starts_on <= clock.today() <= trust.ends_on:
        raise TrustState(f"the trust is {trust.status}, from {trust.starts_on} to {trust.ends_on}")
    places.open_year(session, pool.water_year)
    return trust, pool


def _member(session: Session, member_id: int, *states: str) -> tuple[TrustMember, Trust, WaterAccount]:
    """A membership in one of these states, with its trust locked first."""
    found = session.get(TrustMember, member_id)
    if found is None:
        raise NotFound("there is no such membership")
    trust, pool = trusts.locked(session, found.trust_id)
    member = session.scalars(
        select(TrustMember)
        .where(TrustMember.id == member_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()
    if member.status not in states:
        raise TrustState(f"the membership is {member.status}", available=member.status)
    return member, trust, pool


def _decide(member: TrustMember, actor: audit.Actor, status: str, reason: str) -> None:
    member.status, member.reason = status, reason
    member.decided_by, member.decided_at = actor.user_id, clock.now()
    member.version += 1


def _bring(session: Session, trust: Trust, account: WaterAccount, moved: dict[int, int]) -> None:
    """Moves free water of members into the pool."""
    _open(session, trust.id)
    connection = raw(session)
    rows = session.execute(
        select(TrustMember.id, WaterAccount)
        .join(WaterAccount, WaterAccount.id == TrustMember.water_account_id)
        .where(TrustMember.id.in_(moved))
    ).all()
    homes = {member: home.account_id for member, home in rows}
    for _, home in rows:
        if home.status != "open" or home.right_kind != account.right_kind:
            raise NotOfThePool(f"the account is {home.status}, of the kind of right {home.right_kind}")
    views = reference.accounts(
        connection, reference.zones(connection), sector_rules(connection), ids=[home.id for _, home in rows]
    )
    if any(view.facts.right_suspended for view in views.values()):
        raise NotOfThePool("the right behind the account is suspended", legal_source=SUSPENDED)
    journal.lock(connection, [account.account_id, *homes.values()])
    free = reference.available(connection, homes.values())
    for member, litres in moved.items():
        if litres > free[homes[member]]:
            raise TooLittleWater(
                pointer="/volume",
                limit=format_litres(litres),
                available=format_litres(max(0, free[homes[member]])),
            )
    pool = shareouts.now(connection, [trust.id])[trust.id]
    inside = {member for member, each in pool.standings.items() if each.litres}
    if len(inside | {member for member, litres in moved.items() if litres}) > MOST_MEMBERS:
        raise TrustFull(limit=str(MOST_MEMBERS), available=str(MOST_MEMBERS - len(inside)))
    trusts.move(connection, pool, moved, homes, shareouts.BROUGHT_IN)


def _tell(
    session: Session, actor: audit.Actor, action: str, member: TrustMember, detail: dict[str, object]
) -> None:
    session.flush()  # the audit entry names the membership by its id
    said = {"member_id": member.id, "participant_id": member.participant_id} | detail
    trusts.tell(raw(session), actor, f"member_{action}", member.trust_id, said)
