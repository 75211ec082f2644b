"""What lateness costs, of many dues at once: the rule between payer and payee, and the interest of a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.contracts.contract_models import ContractDue, ContractVersion
from market.contracts.sharing import LateRule, Rate, interest, late_rule
from market.contracts.terms import Terms, terms_of


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late a due is or was (days after its last day), what that costs beside it (fen), and by which rule."""

    days: int
    interest_fen: int
    rule: LateRule


def _size(terms: Terms, participant: int) -> str:
    party = terms.party(participant)
    return party.size if party is not None else "other"


def lateness(session: Session, dues: Iterable[ContractDue], today: dt.date) -> dict[int, Lateness]:
    """due id -> how late it is today, or was when it was paid. One query for the contracts of all of them."""
    rows = list(dues)
    versions: dict[int, list[ContractVersion]] = {}
    for each in session.scalars(
        select(ContractVersion)
        .where(
            ContractVersion.contract_id.in_({row.contract_id for row in rows}),
            ContractVersion.status == "signed",
        )
        .order_by(ContractVersion.number)
    ):
        versions.setdefault(each.contract_id, []).append(each)
    return {row.id: _of(row, _in_force(versions[row.contract_id], row.arose_on), today) for row in rows}


def _in_force(versions: list[ContractVersion], day: dt.date) -> Terms:
    """As `drafting.in_force`: the signed version that governs what begins on a day."""
    return terms_of([each for each in versions if each.effective_on <= day or each is versions[0]][-1].text)


def _of(due: ContractDue, terms: Terms, today: dt.date) -> Lateness:
    rule = late_rule(
        _size(terms, due.payer_id), _size(terms, due.payee_id), terms.payment_days, terms.late, terms.lpr_e6
    )
    until = due.paid_on or today
    days = 0 if due.status == "cancelled" else max(0, (until - due.due_on).days)
    costs = (
        due.interest_fen
        if due.status != "open"
        else interest(due.fen - due.offset_fen, rule.rate, due.due_on, today)
    )
    return Lateness(days, costs, rule)


def rate_text(rate: Rate) -> str:
    """A rate as people read it: per cent every so many days."""
    whole, part = divmod(rate.e6, 10_000)
    return f"{whole}.{part:04d}% / {rate.days} d"
