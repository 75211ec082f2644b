"""What parties, the verifier and the bureau see of saving contracts and of what is due under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from market.contracts.contract_models import (
    ContractDue,
    ContractParty,
    ContractPhase,
    ContractSignature,
    ContractVersion,
    SavingContract,
)
from market.contracts.terms import Terms, terms_of
from market.core.errors import NotFound


@dataclass(frozen=True, slots=True)
class View:
    """A contract with its versions, their signatures, and the phases it has entered, each in order."""

    contract: SavingContract
    versions: Sequence[ContractVersion]
    signatures: Sequence[ContractSignature]
    phases: Sequence[ContractPhase]

    @property
    def standing(self) -> ContractVersion:
        """The version that speaks for the contract now: the last one that was not withdrawn, else the last."""
        kept = [each for each in self.versions if each.status != "withdrawn"]
        return (kept or list(self.versions))[-1]

    @property
    def terms(self) -> Terms:
        """What that version says."""
        return terms_of(self.standing.text)


def contracts(
    session: Session,
    *,
    party: int | None = None,
    status: str | None = None,
    kind: str | None = None,
    mode: str | None = None,
    contract_id: int | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[View]:
    """Contracts by id: those in which a participant has a seat (also as verifier), or all."""
    wanted: list[ColumnElement[bool]] = [SavingContract.id > (after or 0)]
    if party is not None:
        seats = select(ContractParty.contract_id).where(ContractParty.participant_id == party)
        wanted.append(SavingContract.id.in_(seats))
    if status is not None:
        wanted.append(SavingContract.status == status)
    if kind is not None:
        wanted.append(SavingContract.kind == kind)
    if mode is not None:
        wanted.append(SavingContract.mode == mode)
    if contract_id is not None:
        wanted.append(SavingContract.id == contract_id)
    found = session.scalars(
        select(SavingContract).where(*wanted).order_by(SavingContract.id).limit(limit)
    ).all()
    ids = [each.id for each in found]
    versions = session.scalars(
        select(ContractVersion).where(ContractVersion.contract_id.in_(ids)).order_by(ContractVersion.number)
    ).all()
    signatures = session.scalars(
        select(ContractSignature)
        .where(ContractSignature.version_id.in_([each.id for each in versions]))
        .order_by(ContractSignature.signed_at)
    ).all()
    phases = session.scalars(
        select(ContractPhase).where(ContractPhase.contract_id.in_(ids)).order_by(ContractPhase.starts_on)
    ).all()
    whose = {each.id: each.contract_id for each in versions}
    return [
        View(
            each,
            [version for version in versions if version.contract_id == each.id],
            [one for one in signatures if whose[one.version_id] == each.id],
            [phase for phase in phases if phase.contract_id == each.id],
        )
        for each in found
    ]


def contract(session: Session, *, contract_id: int) -> View:
    """One contract. Errors: NotFound."""
    found = contracts(session, contract_id=contract_id)
    if not found:
        raise NotFound("there is no such contract")
    return found[0]


def dues(
    session: Session,
    *,
    party: int | None = None,
    contract_id: int | None = None,
    status: str | None = None,
    due_id: int | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[ContractDue]:
    """What is due by id: what a participant pays or receives, or all."""
    wanted: list[ColumnElement[bool]] = [ContractDue.id > (after or 0)]
    if party is not None:
        wanted.append(or_(ContractDue.payer_id == party, ContractDue.payee_id == party))
    if contract_id is not None:
        wanted.append(ContractDue.contract_id == contract_id)
    if status is not None:
        wanted.append(ContractDue.status == status)
    if due_id is not None:
        wanted.append(ContractDue.id == due_id)
    return list(session.scalars(select(ContractDue).where(*wanted).order_by(ContractDue.id).limit(limit)))


def due(session: Session, *, due_id: int) -> ContractDue:
    """One due. Errors: NotFound."""
    found = dues(session, due_id=due_id)
    if not found:
        raise NotFound("there is no such due")
    return found[0]
