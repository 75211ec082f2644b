"""Contracts on paper: printed from the county's template when they are drafted, kept, and bound to what is signed."""

from __future__ import annotations

import dataclasses

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.contracts.contract_models import ContractPrint, ContractVersion
from market.contracts.errors import NotPrinted
from market.contracts.point_models import MeasuringPoint
from market.contracts.printing import Names, Printed, printed
from market.contracts.terms import Terms
from market.core.db import raw
from market.county.current import pack_in_force
from market.participants.models import Participant


def of_terms(session: Session, terms: Terms) -> Printed | None:
    """The text by the template in force; None where the county has none."""
    pack = pack_in_force(raw(session))
    if pack.contract_template is None:
        return None
    who = {terms.verifier, *(each.participant for each in terms.parties)}
    who |= {each.participant for each in terms.households}
    names = Names(
        {each.id: each.name for each in session.scalars(select(Participant).where(Participant.id.in_(who)))},
        {
            each.id: each.name
            for each in session.scalars(
                select(MeasuringPoint).where(MeasuringPoint.id.in_([each.point for each in terms.boundary]))
            )
        },
        (pack.zh, pack.en),
    )
    return printed(pack.contract_template, terms, names)


def bound(terms: Terms, paper: Printed | None) -> Terms:
    """The terms that name the paper: who signs their hash signs the paper's with it."""
    return dataclasses.replace(
        terms,
        printed_sha256=paper.sha256 if paper else None,
        template_sha256=paper.template_sha256 if paper else None,
    )


def keep(session: Session, version: ContractVersion, paper: Printed | None) -> None:
    """Keeps the paper of a version, if there is one."""
    if paper is None:
        return
    session.add(
        ContractPrint(
            version_id=version.id,
            zh=paper.zh,
            en=paper.en,
            sha256=bytes.fromhex(paper.sha256),
            template_sha256=bytes.fromhex(paper.template_sha256),
        )
    )
    session.flush()


def of_version(session: Session, version: ContractVersion) -> ContractPrint:
    """The paper of a version. Errors: NotPrinted."""
    found = session.get(ContractPrint, version.id)
    if found is None:
        raise NotPrinted
    return found
