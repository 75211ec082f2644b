"""Pledges of rights (county plan part 5(3)): consent, application, agreement, registration with a rank, release.

The bank values, the holder agrees, the registrar registers; from then on so many litres of each year are held and
nobody sells them without the bank. Sales, with the bank's consent or by enforcement, are in `pledge_sales`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger import journal
from ledger.arrays import Bigints
from ledger.units import format_litres
from market.core import audit, books, clock, outbox
from market.core.chart import AccountCode, TransferCode, water_asset
from market.core.db import bump_reference, raw
from market.core.errors import NotFound
from market.participants.models import Participant
from market.registry import leases, pledge_alerts, reference
from market.registry.models import Entitlement, WaterAccount, WaterYear
from market.registry.pledge_errors import (
    MoreThanIsSecured,
    MoreThanTheRight,
    NoSearchConsent,
    NotABank,
    PledgeState,
)
from market.registry.pledge_models import (
    Pledge,
    PledgeConsent,
    PledgeHold,
    PledgeSale,
    PledgeSalePart,
    PledgeStep,
)

IN_FORCE = ("registered", "enforcing")


def grant(
    session: Session, *, actor: audit.Actor, entitlement_id: int, bank_id: int, valid_to: dt.date
) -> PledgeConsent:
    """A holder lets a bank look at one of its rights until the end of a legal day.

    Errors: NotFound, NotABank, PledgeState.
    """
    right = _right(session, entitlement_id)
    bank = session.get(Participant, bank_id)
    if bank is None or bank.kind != "bank" or bank.status != "admitted" or bank.id == right.participant_id:
        raise NotABank("a consent names an admitted bank", pointer="/bank_id")
    if valid_to < clock.today():
        raise PledgeState(f"{valid_to} is past", pointer="/valid_to")
    consent = PledgeConsent(
        participant_id=right.participant_id,
        bank_id=bank_id,
        entitlement_id=entitlement_id,
        valid_to=valid_to,
        granted_by=actor.user_id,
        granted_at=clock.now(),
    )
    session.add(consent)
    session.flush()  # the audit entry names it by its id
    detail = {"bank_id": bank_id, "entitlement_id": entitlement_id, "valid_to": valid_to.isoformat()}
    tell(session, actor, "pledge_consent", "granted", consent.id, detail)
    return consent


def revoke(session: Session, *, actor: audit.Actor, consent_id: int) -> PledgeConsent:
    """Ends a consent now; a pledge that is registered stays. Errors: NotFound, PledgeState."""
    consent = session.get(PledgeConsent, consent_id, with_for_update=True, populate_existing=True)
    if consent is None:
        raise NotFound("there is no such consent")
    if consent.revoked_at is not None:
        raise PledgeState("the consent was revoked before")
    consent.revoked_at = clock.now()
    tell(session, actor, "pledge_consent", "revoked", consent.id, {})
    return consent


def check_consent(consent: PledgeConsent) -> None:
    """Errors: NoSearchConsent."""
    if consent.revoked_at is not None or consent.valid_to < clock.today():
        raise NoSearchConsent(f"the consent ran until {consent.valid_to}", limit=str(consent.valid_to))


def apply(
    session: Session,
    *,
    actor: audit.Actor,
    consent_id: int,
    litres: int,
    secured_fen: int,
    owed_fen: int,
    valued_fen: int,
    valuation: str,
    document: str,
) -> Pledge:
    """A bank that has the holder's consent values a right and applies for a pledge of `litres` of each year.

    Errors: NotFound, NoSearchConsent, PledgeState, MoreThanIsSecured.
    """
    consent = session.get(PledgeConsent, consent_id)
    if consent is None:
        raise NotFound("there is no such consent", pointer="/consent_id")
    check_consent(consent)
    _right(session, consent.entitlement_id)
    if owed_fen > secured_fen:
        raise MoreThanIsSecured(pointer="/owed")
    pledge = Pledge(
        consent_id=consent_id,
        entitlement_id=consent.entitlement_id,
        participant_id=consent.participant_id,
        bank_id=consent.bank_id,
        litres=litres,
        secured_fen=secured_fen,
        owed_fen=owed_fen,
        valued_fen=valued_fen,
        valuation=valuation,
        document=document,
        applied_at=clock.now(),
    )
    session.add(pledge)
    session.flush()  # its first step names it by its id
    record_step(session, actor, pledge, "applied", document, litres=litres, fen=secured_fen)
    return pledge


def agree(session: Session, *, actor: audit.Actor, pledge_id: int, reason: str = "") -> Pledge:
    """The holder agrees to be bound. Errors: NotFound, PledgeState."""
    pledge = locked(session, pledge_id, "applied")
    pledge.status = "agreed"
    record_step(session, actor, pledge, "agreed", reason)
    return pledge


def refuse(session: Session, *, actor: audit.Actor, pledge_id: int, reason: str) -> Pledge:
    """The registrar refuses the registration, in writing (Licensing Law art. 38). Errors: NotFound, PledgeState."""
    pledge = locked(session, pledge_id, "applied", "agreed")
    pledge.status = "refused"
    record_step(session, actor, pledge, "refused", reason)
    return pledge


def register(session: Session, *, actor: audit.Actor, pledge_id: int, reason: str = "") -> Pledge:
    """Registers a pledge at the next rank of its right and holds what there is of its litres.

    Errors: NotFound, PledgeState, MoreThanTheRight.
    """
    pledge = locked(session, pledge_id, "agreed")
    right = session.scalars(
        select(Entitlement).where(Entitlement.id == pledge.entitlement_id).with_for_update(key_share=True)
    ).one()
    if right.status != "confirmed" or right.valid_to < clock.today():
        raise PledgeState(f"the right is {right.status}, valid to {right.valid_to}", available=right.status)
    before, last = session.execute(
        select(
            func.coalesce(func.sum(Pledge.litres).filter(Pledge.status.in_(IN_FORCE)), 0),
            func.coalesce(func.max(Pledge.rank), 0),
        ).where(Pledge.entitlement_id == right.id)
    ).one()
    leased = leases.leased_litres(session, right.id)
    if before + leased + pledge.litres > right.volume_litres:
        raise MoreThanTheRight(
            f"{format_litres(int(before))} m3 of the right are pledged, {format_litres(leased)} let already",
            pointer="/volume",
            limit=format_litres(right.volume_litres),
            available=format_litres(right.volume_litres - int(before) - leased),
        )
    pledge.status, pledge.rank, pledge.registered_at = "registered", (last or 0) + 1, clock.now()
    pledge.alerted_trade_id = pledge_alerts.last_trade(raw(session))
    record_step(session, actor, pledge, "registered", reason, litres=hold(session, pledge))
    return pledge


def secure(session: Session, *, actor: audit.Actor, pledge_id: int) -> int:
    """Holds what is still missing of a pledge's litres, as announcements have come; returns litres.

    Errors: NotFound, PledgeState.
    """
    pledge = locked(session, pledge_id, "registered")
    litres = hold(session, pledge)
    record_step(session, actor, pledge, "secured", "", litres=litres)
    return litres


def release(session: Session, *, actor: audit.Actor, pledge_id: int, reason: str) -> Pledge:
    """The bank releases a pledge: everything that it holds is free again. Errors: NotFound, PledgeState."""
    pledge = locked(session, pledge_id, "applied", "agreed", "registered", "enforcing")
    pledge.owed_fen = 0
    pledge.status = "released"
    record_step(session, actor, pledge, "released", reason, litres=free(session, pledge, None))
    return pledge


def free(session: Session, pledge: Pledge, litres: int | None, water_account_id: int | None = None) -> int:
    """Gives back litres that a pledge holds (None: all), the oldest hold first; returns how many."""
    connection = raw(session)
    statement = select(PledgeHold).where(PledgeHold.pledge_id == pledge.id, PledgeHold.litres > 0)
    if water_account_id is not None:
        statement = statement.where(PledgeHold.water_account_id == water_account_id)
    batch = journal.Batch()
    freed = 0
    for held in session.scalars(statement.order_by(PledgeHold.hold_id).with_for_update()):
        part = held.litres if litres is None else min(held.litres, litres - freed)
        if part:
            batch.void(held.hold_id, part, code=TransferCode.PLEDGE_HOLD, reference=pledge.id)
            held.litres -= part
            freed += part
    if freed:
        batch.execute(connection)
    return freed


def lapse(session: Session, *, actor: audit.Actor, water_year: int) -> int:
    """Frees what pledges hold of a water year that is over; returns litres.

    A pledge is on the right: of the next year's water it holds again. What is left of this one's is carried over or
    expires as everybody's.
    """
    held = session.execute(
        select(PledgeHold.pledge_id, PledgeHold.water_account_id)
        .join(WaterAccount, WaterAccount.id == PledgeHold.water_account_id)
        .where(WaterAccount.water_year == water_year, PledgeHold.litres > 0)
        .distinct()
        .order_by(PledgeHold.pledge_id, PledgeHold.water_account_id)
    ).all()
    freed = {}
    for pledge_id, account in held:
        pledge = session.get_one(Pledge, pledge_id, with_for_update=True)
        freed[account, pledge_id] = (pledge, free(session, pledge, None, account))
    for pledge, litres in freed.values():  # the audit trail after every account
        record_step(session, actor, pledge, "lapsed", "the water year is over", litres=litres)
    return sum(litres for _, litres in freed.values())


def held_accounts(session: Session, pledge_ids: Iterable[int]) -> list[int]:
    """The ledger accounts that the holds of these pledges are between: to be locked with all others of a step."""
    rows = raw(session).execute(
        "SELECT DISTINCT unnest(ARRAY[t.debit_account_id, t.credit_account_id]) FROM pledge_holds h"
        " JOIN transfers t ON t.id = h.hold_id WHERE h.pledge_id = ANY(%s) AND h.litres > 0",
        (Bigints(pledge_ids),),
    )
    return [row[0] for row in rows.fetchall()]


def hold(session: Session, pledge: Pledge) -> int:
    """Holds the missing litres of each open year on the accounts of the pledged right; returns how many."""
    connection = raw(session)
    right = session.get_one(Entitlement, pledge.entitlement_id)
    accounts = session.scalars(
        select(WaterAccount)
        .join(WaterYear, WaterYear.year == WaterAccount.water_year)
        .where(WaterYear.status == "open", WaterAccount.origin == "own", WaterAccount.status == "open")
        .where(WaterAccount.participant_id == right.participant_id, WaterAccount.source == right.source)
        .where(WaterAccount.sector == right.sector, WaterAccount.canal_zone_id == right.canal_zone_id)
        .where(WaterAccount.township_zone_id == right.township_zone_id)
        .order_by(WaterAccount.id)
    ).all()
    clearings = [
        books.system_account(
            connection, water_asset(each.source, each.water_year), AccountCode.WATER_CLEARING
        )
        for each in accounts
    ]
    journal.lock(connection, [*(each.account_id for each in accounts), *clearings])
    available = reference.available(connection, [each.account_id for each in accounts])
    batch = journal.Batch()
    made = []
    for account, clearing in zip(accounts, clearings, strict=True):
        litres = min(
            max(0, available[account.account_id]),
            max(0, pledge.litres - secured_litres(session, pledge.id, account.id)),
        )
        if litres:
            handle = batch.hold(
                debit=account.account_id, credit=clearing, amount=litres, code=TransferCode.PLEDGE_HOLD,
                reference=pledge.id,
            )  # fmt: skip
            made.append((handle, account.id, litres))
    if made:
        batch.execute(connection)
        session.add_all(
            PledgeHold(
                hold_id=batch.id_of(handle), pledge_id=pledge.id, water_account_id=account_id, litres=litres
            )
            for handle, account_id, litres in made
        )
        bump_reference(raw(session))
    return sum(litres for _, _, litres in made)


def secured_litres(session: Session, pledge_id: int, water_account_id: int) -> int:
    """What a pledge holds of an account, and has let go of it for a sale."""
    held = session.scalar(
        select(func.coalesce(func.sum(PledgeHold.litres), 0)).where(
            PledgeHold.pledge_id == pledge_id, PledgeHold.water_account_id == water_account_id
        )
    )
    sold = session.scalar(
        select(func.coalesce(func.sum(PledgeSalePart.litres), 0))
        .join(PledgeSale, PledgeSale.id == PledgeSalePart.sale_id)
        .where(PledgeSalePart.pledge_id == pledge_id, PledgeSale.home_account_id == water_account_id)
    )
    return int(held or 0) + int(sold or 0)


def _right(session: Session, entitlement_id: int) -> Entitlement:
    right = session.get(Entitlement, entitlement_id)
    if right is None:
        raise NotFound("there is no such entitlement", pointer="/entitlement_id")
    if right.status != "confirmed":
        raise PledgeState(f"the right is {right.status}", pointer="/entitlement_id", available=right.status)
    return right


def locked(session: Session, pledge_id: int, *states: str) -> Pledge:
    """A pledge in one of these states, locked. Errors: NotFound, PledgeState."""
    pledge = session.scalars(
        select(Pledge)
        .where(Pledge.id == pledge_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if pledge is None:
        raise NotFound("there is no such pledge")
    if pledge.status not in states:
        raise PledgeState(f"the pledge is {pledge.status}", available=pledge.status)
    return pledge


def record_step(
    session: Session,
    actor: audit.Actor,
    pledge: Pledge,
    step: str,
    reason: str,
    *,
    litres: int | None = None,
    fen: int | None = None,
) -> None:
    """One named step of a pledge: its row, its event and its audit entry."""
    pledge.version += 1
    session.add(
        PledgeStep(
            pledge_id=pledge.id, step=step, reason=reason, litres=litres, fen=fen, made_by=actor.user_id,
            made_at=clock.now(),
        )
    )  # fmt: skip
    detail = {"bank_id": pledge.bank_id, "entitlement_id": pledge.entitlement_id, "rank": pledge.rank}
    tell(session, actor, "pledge", step, pledge.id, detail | {"litres": litres, "fen": fen})


def tell(
    session: Session, actor: audit.Actor, kind: str, action: str, subject_id: int, detail: dict[str, Any]
) -> None:
    """One event and one audit entry about a consent, a pledge or a sale."""
    connection = raw(session)
    subject = (kind, subject_id)
    outbox.publish(connection, topic=f"registry.{kind}.{action}", subject=subject, payload=detail)
    audit.record(connection, actor=actor, action=f"{kind}.{action}", subject=subject, detail=detail)
