"""Where participants' money goes to at their banks: said by themselves, checked by a treasurer, changed with delay.

A changed account is paid to only `bank_account_change` (a clock of the county pack) after it was asked for, so that a
holder whose sign-in was stolen hears of it before money leaves. The first account of a participant does not wait.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.core import acts, audit, clock
from market.core.db import raw
from market.core.errors import NotFound
from market.county.current import pack_in_force
from market.payments import bank_numbers
from market.payments.bank_errors import (
    BankAccountInPerson,
    BankAccountState,
    BankAccountWaits,
    NoBankAccount,
    OwnMatter,
    WrongBankNumber,
    WrongBankText,
)
from market.payments.bank_models import CONFIRMED, ENDED, PROPOSED, BankAccount

CLOCK = "bank_account_change"
WAIT_DAYS = 7
"""Where a county's pack has no such clock (demonstration)."""


class NewAccount(NamedTuple):
    """What a holder says of its account. `cnaps`: the branch's line number, needed where the account is no card."""

    holder_name: str
    kind: str
    number: str
    bank_name: str
    branch: str
    cnaps: str | None


def propose(session: Session, *, actor: audit.Actor, participant_id: int, said: NewAccount) -> BankAccount:
    """A holder names its account; one that waits for its check already gives way.

    Errors: BankAccountInPerson, WrongBankNumber, WrongBankText, BankAccountState.
    """
    if actor.mandate_id is not None:
        raise BankAccountInPerson
    _check(said)
    waiting = session.scalars(
        select(BankAccount)
        .where(BankAccount.participant_id == participant_id, BankAccount.status == PROPOSED)
        .with_for_update()
    ).one_or_none()
    if waiting is not None:
        _end(session, actor, waiting, "another was named")
        session.flush()
    assert actor.user_id is not None
    made = BankAccount(
        participant_id=participant_id, **said._asdict(), asked_by=actor.user_id, asked_at=clock.now()
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        raise BankAccountState("another account was named just now") from error
    _tell(session, actor, made, "proposed")
    return made


def confirm(session: Session, *, actor: audit.Actor, bank_account_id: int, note: str) -> BankAccount:
    """A treasurer has checked that the account is the holder's, and `note` says how; it replaces the last one.

    Errors: NotFound, BankAccountState, OwnMatter.
    """
    found = locked(session, bank_account_id)
    if found.status != PROPOSED:
        raise BankAccountState(f"it is {found.status}")
    if found.asked_by == actor.user_id:
        raise OwnMatter("who named the account does not confirm it")
    before = session.scalars(
        select(BankAccount)
        .where(BankAccount.participant_id == found.participant_id, BankAccount.status == CONFIRMED)
        .with_for_update()
    ).one_or_none()
    now = clock.now()
    found.payable_from = now
    if before is not None:
        found.payable_from = max(now, found.asked_at + dt.timedelta(days=_wait_days(session)))
        _end(session, actor, before, "another took its place")
        session.flush()
    found.status, found.confirmed_by, found.confirmed_at, found.check_note = (
        CONFIRMED,
        actor.user_id,
        now,
        note,
    )
    _tell(session, actor, found, "confirmed", {"payable_from": found.payable_from.isoformat()})
    return found


def end(session: Session, *, actor: audit.Actor, bank_account_id: int, reason: str) -> BankAccount:
    """The holder takes an account away, or a treasurer refuses it: nothing is paid to it any more.

    Errors: NotFound, BankAccountState, BankAccountInPerson.
    """
    if actor.mandate_id is not None:
        raise BankAccountInPerson
    found = locked(session, bank_account_id)
    if found.status == ENDED:
        raise BankAccountState("it was ended before")
    _end(session, actor, found, reason)
    return found


def payable(session: Session, *, participant_id: int) -> BankAccount:
    """The account to which a participant is paid now. Errors: NoBankAccount, BankAccountWaits."""
    found = session.scalars(
        select(BankAccount).where(
            BankAccount.participant_id == participant_id, BankAccount.status == CONFIRMED
        )
    ).one_or_none()
    if found is None:
        raise NoBankAccount
    assert found.payable_from is not None
    if found.payable_from > clock.now():
        limit = found.payable_from.astimezone(clock.LEGAL_ZONE).isoformat(sep=" ", timespec="minutes")
        raise BankAccountWaits(f"payouts go to it from {limit}", limit=limit)
    return found


def locked(session: Session, bank_account_id: int) -> BankAccount:
    """One account, locked. Errors: NotFound."""
    found = session.get(BankAccount, bank_account_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such bank account")
    return found


def _check(said: NewAccount) -> None:
    wrong = bank_numbers.number_wrong(said.kind, said.number)
    if wrong is not None:
        raise WrongBankNumber(wrong, pointer="/number")
    if said.cnaps is not None and not bank_numbers.is_cnaps(said.cnaps):
        raise WrongBankNumber("a line number has twelve digits", pointer="/cnaps")
    if said.cnaps is None and said.kind == bank_numbers.ACCOUNT:
        raise WrongBankText(
            "name the line number of the branch for an account that is no card", pointer="/cnaps"
        )
    for name in ("holder_name", "bank_name", "branch"):
        if bank_numbers.begins_a_formula(getattr(said, name)):
            raise WrongBankText("a table would take it for a formula", pointer=f"/{name}")


def _wait_days(session: Session) -> int:
    try:
        return pack_in_force(raw(session)).clock(CLOCK).length
    except KeyError:
        return WAIT_DAYS


def _end(session: Session, actor: audit.Actor, found: BankAccount, reason: str) -> None:
    found.status, found.ended_at, found.end_reason = ENDED, clock.now(), reason
    _tell(session, actor, found, "ended")


def _tell(
    session: Session,
    actor: audit.Actor,
    found: BankAccount,
    act: str,
    detail: dict[str, object] | None = None,
) -> None:
    acts.done(
        session, actor=actor, source="payments", kind="bank_account", number=found.id, act=act,
        detail={"participant": found.participant_id, **(detail or {})},
    )  # fmt: skip
