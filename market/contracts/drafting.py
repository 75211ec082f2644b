"""Drafting and signing saving contracts: a version is one text, signed by its hash by every party.

A first version makes the contract; an amendment is a version of its own, in force from a day on for the periods that
begin then or later. Source: 节约用水条例 art. 40; 民法典 arts 465, 490, 543; SAVINGS section 1.
"""

from __future__ import annotations

import datetime as dt
from functools import partial

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger import journal
from ledger.errors import InsufficientBalance
from ledger.units import format_fen
from market.contracts import papers, trust_book
from market.contracts.contract_models import (
    ContractParty,
    ContractSignature,
    ContractVersion,
    SavingContract,
)
from market.contracts.errors import (
    ContractState,
    ContractTerms,
    DepositNotCovered,
    FirmNotListed,
    NotAContractParty,
    OtherText,
    RelatedVerifier,
    SignedBefore,
    SignedVersion,
)
from market.contracts.firm_models import Firm
from market.contracts.point_models import MeasuringPoint
from market.contracts.project_models import Project, Proposal
from market.contracts.terms import Terms, terms_of
from market.core import acts, audit, books, clock
from market.core.chart import CNY, AccountCode, TransferCode
from market.core.db import raw
from market.core.errors import NotFound
from market.participants.models import Participant

CONTRACT = "saving_contract"
VERSION = "contract_version"
VERIFIER = "verifier"
_done = partial(acts.done, source="contracts")


def draft(
    session: Session, *, actor: audit.Actor, terms: Terms, by: int, project_id: int | None = None
) -> SavingContract:
    """A party (`by`) drafts the first version of a contract, for a project whose proposal was chosen if it names one.

    Errors: NotAContractParty, ContractTerms, FirmNotListed, RelatedVerifier, NotFound.
    """
    _check(session, terms, by)
    if project_id is not None:
        _check_project(session, project_id, terms)
    made = SavingContract(
        project_id=project_id, user_id=terms.user, kind=terms.kind, mode=terms.mode, title=terms.title,
        drafted_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    _version(session, actor, made, terms, terms.starts_on)
    _done(session, actor=actor, kind=CONTRACT, number=made.id, act="drafted", detail={"mode": terms.mode})
    return made


def amend(
    session: Session, *, actor: audit.Actor, contract_id: int, terms: Terms, by: int, effective_on: dt.date
) -> ContractVersion:
    """A party drafts another version: before signing in place of the draft, afterwards as an amendment from a day on.

    Errors: NotFound, ContractState, ContractTerms, SignedVersion (mode, kind, parties, or a day that has passed),
    and those of `draft`.
    """
    found = locked(session, contract_id)
    _check(session, terms, by)
    now = standing(session, contract_id)
    if found.status == "drafted":
        effective_on = terms.starts_on
    elif found.status != "signed":
        raise ContractState(f"the contract is {found.status}", available=found.status)
    else:
        _check_amendment(terms_of(in_force(session, contract_id, effective_on).text), terms, effective_on)
    if now is not None and now.status == "drafted":
        now.status, now.resolved_at = "withdrawn", clock.now()
        session.flush()
    if found.status == "drafted":
        found.kind, found.mode, found.title, found.user_id = terms.kind, terms.mode, terms.title, terms.user
    return _version(session, actor, found, terms, effective_on)


def _check_amendment(before: Terms, after: Terms, effective_on: dt.date) -> None:
    if effective_on <= clock.today():
        raise SignedVersion("an amendment begins on a day to come", pointer="/effective_on")
    same = ("kind", "mode", "parties", "starts_on")
    changed = [name for name in same if getattr(before, name) != getattr(after, name)]
    if changed:
        raise SignedVersion(f"another contract is needed to change {', '.join(changed)}", pointer="/terms")


def _version(
    session: Session, actor: audit.Actor, found: SavingContract, terms: Terms, effective_on: dt.date
) -> ContractVersion:
    paper = papers.of_terms(session, terms)
    terms = papers.bound(terms, paper)
    last = session.scalars(
        select(ContractVersion.number).where(ContractVersion.contract_id == found.id)
    ).all()
    assert actor.user_id is not None
    made = ContractVersion(
        contract_id=found.id, number=max(last, default=0) + 1, text=terms.text(),
        sha256=bytes.fromhex(terms.sha256()), effective_on=effective_on, drafted_by=actor.user_id,
        drafted_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    papers.keep(session, made, paper)
    seats = [(each.participant, each.role) for each in terms.parties] + [(terms.verifier, VERIFIER)]
    session.add_all(
        ContractParty(
            version_id=made.id, rank=rank, contract_id=found.id, participant_id=participant, role=role
        )
        for rank, (participant, role) in enumerate(seats)
    )
    found.version += 1
    session.flush()
    detail = {"contract_id": found.id, "number": made.number, "sha256": terms.sha256()}
    _done(session, actor=actor, kind=VERSION, number=made.id, act="drafted", detail=detail)
    return made


def _check(session: Session, terms: Terms, by: int) -> None:
    """Whether those whom the terms name are who they should be."""
    if terms.party(by) is None:
        raise NotAContractParty("who drafts a contract is a party to it")
    named = [each.participant for each in terms.parties] + [terms.verifier]
    named += [each.participant for each in terms.households]
    found = {
        each.id: each
        for each in session.scalars(select(Participant).where(Participant.id.in_(named)))
        if each.status == "admitted"
    }
    missing = [each for each in named if each not in found]
    if missing:
        raise ContractTerms("every party and the verifier are admitted participants", pointer="/terms")
    if found[terms.verifier].kind != VERIFIER:
        raise ContractTerms("the verifier is admitted as one", pointer="/terms/verifier_id")
    check_unrelated(found[terms.verifier], [found[each.participant] for each in terms.parties])
    if found[terms.user].kind == "association" and terms.kind == "irrigation" and not terms.households:
        raise ContractTerms(
            "an irrigation district signs with its members' resolution and each household's share",
            pointer="/terms/households",
        )
    if {each.participant for each in terms.households} & {each.participant for each in terms.parties}:
        raise ContractTerms("a household is no party of its own", pointer="/terms/households")
    listed = set(
        session.scalars(
            select(Firm.participant_id).where(Firm.participant_id.in_(terms.firms), Firm.status == "listed")
        )
    )
    if listed != set(terms.firms):
        raise FirmNotListed("every firm of a contract is in the county's directory")
    if terms.trusteeship is not None and terms.price.kind == "fixed" and not terms.price.price_e4:
        raise ContractTerms("a fee follows the price of water: name one, or a tariff", pointer="/terms/price")
    _check_points(session, terms)


def check_unrelated(verifier: Participant, others: list[Participant]) -> None:
    """Errors: RelatedVerifier."""
    owner = verifier.owner_group_id or verifier.id
    for each in others:
        if each.id == verifier.id or (each.owner_group_id or each.id) == owner:
            raise RelatedVerifier(f"the verifier and {each.name} have one owner")


def _check_points(session: Session, terms: Terms) -> None:
    wanted = [each.point for each in terms.boundary]
    found = session.scalars(
        select(MeasuringPoint)
        .where(MeasuringPoint.id.in_(wanted), MeasuringPoint.participant_id == terms.user)
        .where(MeasuringPoint.retired_on.is_(None))
    ).all()
    if len(found) != len(wanted):
        raise ContractTerms(
            "the boundary is made of points of the user that are in use", pointer="/terms/boundary"
        )
    counted = {each.point for each in terms.boundary if each.sign == 1}
    for one in found:
        for other in found:
            nested = one.id != other.id and one.span.contains(other.span)
            if nested and {one.id, other.id} <= counted:
                raise ContractTerms(
                    "a point below a counted one is counted with it", pointer="/terms/boundary"
                )


def _check_project(session: Session, project_id: int, terms: Terms) -> None:
    project = session.get(Project, project_id)
    if project is None or project.participant_id != terms.user:
        raise NotFound("there is no such project of this user", pointer="/project_id")
    chosen = session.scalar(
        select(Proposal.participant_id).where(Proposal.project_id == project_id, Proposal.status == "chosen")
    )
    if chosen not in terms.firms or project.kind != terms.kind:
        raise ContractTerms(
            "the contract is with the firm that was chosen for the project", pointer="/project_id"
        )


def locked(session: Session, contract_id: int) -> SavingContract:
    """A contract, locked. Errors: NotFound."""
    found = session.get(SavingContract, contract_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such contract")
    return found


def standing(session: Session, contract_id: int) -> ContractVersion | None:
    """The last version that was not withdrawn."""
    return session.scalars(
        select(ContractVersion)
        .where(ContractVersion.contract_id == contract_id, ContractVersion.status != "withdrawn")
        .order_by(ContractVersion.number.desc())
        .limit(1)
    ).one_or_none()


def in_force(session: Session, contract_id: int, day: dt.date) -> ContractVersion:
    """The signed version that governs what begins on a day; the first one before its own. Errors: ContractState."""
    signed = session.scalars(
        select(ContractVersion)
        .where(ContractVersion.contract_id == contract_id, ContractVersion.status == "signed")
        .order_by(ContractVersion.number)
    ).all()
    if not signed:
        raise ContractState("the contract is not signed", available="drafted")
    return [each for each in signed if each.effective_on <= day or each is signed[0]][-1]


def sign(session: Session, *, actor: audit.Actor, contract_id: int, by: int, sha256: str) -> ContractVersion:
    """A party signs the version that is drafted. With the last signature it is agreed, and the deposit is held.

    Errors: NotFound, NotAContractParty, SignedVersion (nothing is drafted), OtherText, SignedBefore, RelatedVerifier,
    DepositNotCovered.
    """
    found = locked(session, contract_id)
    version = standing(session, contract_id)
    if version is None or version.status != "drafted":
        raise SignedVersion("there is no draft to sign")
    terms = terms_of(version.text)
    if terms.party(by) is None:
        raise NotAContractParty
    if version.sha256.hex() != sha256:
        raise OtherText(pointer="/sha256", limit=version.sha256.hex(), available=sha256)
    assert actor.user_id is not None
    try:
        with session.begin_nested():
            session.add(
                ContractSignature(
                    version_id=version.id,
                    participant_id=by,
                    user_id=actor.user_id,
                    mandate_id=actor.mandate_id,
                    sha256=version.sha256,
                    signed_at=clock.now(),
                )
            )
            session.flush()
    except IntegrityError as error:
        if "pk_contract_signatures" not in str(error.orig):
            raise
        raise SignedBefore from error
    detail = {"participant_id": by, "sha256": sha256}
    _done(session, actor=actor, kind=VERSION, number=version.id, act="signed_by", detail=detail)
    if len(signatures(session, version.id)) == len(terms.parties):
        _agree(session, actor, found, version, terms)
    return version


def signatures(session: Session, version_id: int) -> list[ContractSignature]:
    """Who has signed a version, in order of time."""
    statement = select(ContractSignature).where(ContractSignature.version_id == version_id)
    return list(session.scalars(statement.order_by(ContractSignature.signed_at)))


def _agree(
    session: Session, actor: audit.Actor, found: SavingContract, version: ContractVersion, terms: Terms
) -> None:
    """All have signed. What must hold on the day of signing is asked once more."""
    _check(session, terms, terms.user)
    if found.status == "signed" and version.effective_on <= clock.today():
        raise SignedVersion("the day from which this version was to hold has passed: draft it anew")
    version.status, version.resolved_at = "signed", clock.now()
    if found.status == "drafted":
        found.status, found.signed_at = "signed", clock.now()
    found.version += 1
    session.flush()
    hold_deposit(session, found, terms.firms[0], terms.deposit_fen)
    if terms.trusteeship is not None:
        trust_book.open_account(session, actor, found.id)
    _done(session, actor=actor, kind=VERSION, number=version.id, act="agreed")


def hold_deposit(session: Session, found: SavingContract, firm: int, fen: int) -> None:
    """Holds so much of the firm's money for the contract, in place of what was held. Errors: DepositNotCovered."""
    if fen == found.deposit_fen:
        return
    connection = raw(session)
    account = money_of(session, firm)
    batch = journal.Batch()
    code = TransferCode.CONTRACT_DEPOSIT
    if found.deposit_id is not None:
        batch.void(found.deposit_id, code=code, reference=found.id)
    handle = None
    if fen:
        clearing = books.system_account(connection, CNY, AccountCode.MONEY_CLEARING)
        handle = batch.hold(debit=account, credit=clearing, amount=fen, code=code, reference=found.id)
    try:
        batch.execute(connection)
    except InsufficientBalance as error:
        raise DepositNotCovered(limit=format_fen(fen), available=format_fen(error.available)) from error
    found.deposit_id = batch.id_of(handle) if handle is not None else None
    found.deposit_fen = fen
    session.flush()


def money_of(session: Session, participant_id: int) -> int:
    """The ledger account of a participant's money."""
    return trust_book.money_of(session, participant_id)


def withdraw(
    session: Session, *, actor: audit.Actor, contract_id: int, by: int, reason: str
) -> SavingContract:
    """A party takes back the draft: the whole contract before it is signed, the amendment afterwards.

    Errors: NotFound, NotAContractParty, SignedVersion (nothing is drafted).
    """
    found = locked(session, contract_id)
    version = standing(session, contract_id)
    if version is None or version.status != "drafted":
        raise SignedVersion("there is no draft to withdraw")
    if terms_of(version.text).party(by) is None:
        raise NotAContractParty
    version.status, version.resolved_at = "withdrawn", clock.now()
    if found.status == "drafted":
        found.status, found.end_reason = "withdrawn", reason
    found.version += 1
    session.flush()
    _done(session, actor=actor, kind=VERSION, number=version.id, act="withdrawn", detail={"reason": reason})
    return found
