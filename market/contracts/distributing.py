"""What a verified saving is worth and whose it is: the period's benefit shared exactly, and noted as dues.

SAVINGS sections 1 and 5. The user has the benefit, since its bill is lower, and owes the others their parts; a firm
owes what is missing under its guarantee. Periods follow each other: recovery, caps and losses go on from before.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from market.contracts import distribution_rows as rows
from market.contracts import reporting, running, states, trust_calls
from market.contracts.canonical import canonical
from market.contracts.distribution_rows import DueRow, Earlier, Left, Made, Period
from market.contracts.errors import ContractTerms
from market.contracts.report_errors import DistributionOrder, MergesWithNext, NotVerified, ObjectionOpen
from market.contracts.report_models import ReportDistribution, SavingReport
from market.contracts.sharing import (
    BadTerms,
    Benefit,
    Distribution,
    GuaranteeOutcome,
    benefit,
    carry,
    distribute,
    guarantee_outcome,
)
from market.contracts.terms import GUARANTEED, Terms, terms_of
from market.contracts.trust_calls import Called, Standing
from market.core import audit, clock
from market.core.db import raw
from market.core.errors import NotFound, Refusal

DISTRIBUTION = rows.DISTRIBUTION
CLAW_BACK = "saving_claw_back"
OVER = (states.DISTRIBUTED, states.CLAWED_BACK, states.VOID, states.MERGED, states.GIVEN_UP)
"""The states of a period after which the next may be shared out."""


class Measured(Protocol):
    """A report's figures: its days, litres."""

    @property
    def starts_on(self) -> dt.date:
        """Its first day."""

    @property
    def ends_on(self) -> dt.date:
        """The day after its last."""

    @property
    def adjusted_litres(self) -> int:
        """The adjusted baseline."""

    @property
    def use_litres(self) -> int:
        """What was used."""

    @property
    def money_litres(self) -> int:
        """What its money is for."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A period's money: the benefit and what of it was carried, how it was shared, what was guaranteed and missed."""

    benefit: Benefit
    carried_before_fen: int
    shared_fen: int
    carried_fen: int
    distribution: Distribution | None
    guarantee: GuaranteeOutcome | None
    fee_fen: int


@dataclass(frozen=True, slots=True)
class History:
    """What earlier periods left: fen received by the firm in the recovery, of the cap used, carried, and litres of the
    tariff year so far.
    """

    received_fen: int = 0
    cap_used_fen: int = 0
    carried_fen: int = 0
    adjusted_litres: int = 0
    use_litres: int = 0


def share(terms: Terms, report: Measured, before: History) -> Shared:
    """The money of one report: of a period, or of several that merged, for each of which fees and guarantee are signed.

    `report` gives its litres; nothing is written. Errors: BadTerms.
    """
    terms = terms.for_periods(terms.periods(report.starts_on, report.ends_on))
    worth = benefit(
        report.use_litres + report.money_litres,
        report.use_litres,
        terms.price,
        terms.tariff,
        adjusted_before_litres=before.adjusted_litres,
        use_before_litres=before.use_litres,
    )
    shared_fen, carried_fen = carry(worth.benefit_fen, before.carried_fen)
    found = outcome = None
    if terms.schedule is not None:
        found = distribute(
            terms.schedule,
            shared_fen,
            contract_year=terms.year_of(report.starts_on),
            saving_litres=report.money_litres,
            adjusted_litres=report.adjusted_litres,
            received_fen=before.received_fen,
        )
    if terms.guarantee is not None:
        left = terms.guarantee.cap_fen - before.cap_used_fen
        outcome = guarantee_outcome(terms.guarantee, report.money_litres, left)
    fee = terms.fee_fen if terms.mode == GUARANTEED else 0
    return Shared(worth, before.carried_fen, shared_fen, carried_fen, found, outcome, fee)


def parts(terms: Terms, shared: Shared) -> dict[int, tuple[int, int]]:
    """(share, fee) of each party, fen: what the period's benefit comes to for it."""
    found = {each.participant: [0, 0] for each in terms.parties}
    if shared.distribution is not None:
        for party, fen in zip(shared.distribution.parties, shared.distribution.shares_fen, strict=True):
            found[int(party)][0] += fen
        for party, fen in shared.distribution.fees:
            found[int(party)][1] += fen
    # A schedule shares the whole benefit, what was saved above a guarantee in it: that is not shared once more.
    # Nor is it under trusteeship, where the fee has divided everything.
    if shared.guarantee is not None and shared.distribution is None and terms.trusteeship is None:
        for each, fen in zip(terms.parties, shared.guarantee.surplus_shares_fen, strict=True):
            found[each.participant][0] += fen
    return {participant: (fen, fee) for participant, (fen, fee) in found.items()}


def dues(
    terms: Terms, shared: Shared, per_party: Mapping[int, tuple[int, int]]
) -> list[tuple[str, int, int, int]]:
    """(kind, payer, payee, fen): the user owes the others their parts and fees; a firm owes the user what is missing
    of its guarantee; under trusteeship that reduces the next fee instead.
    """
    found = []
    user = terms.user
    for participant, (fen, fee) in per_party.items():
        if participant == user:
            continue
        if fen:
            found.append(("share", user, participant, fen))
        if fee:
            found.append(("fee", user, participant, fee))
    if shared.fee_fen:
        found.append(("fee", user, terms.firms[0], shared.fee_fen))
    if shared.guarantee is not None and shared.guarantee.shortfall_fen and terms.trusteeship is None:
        found.append(("shortfall", terms.firms[0], user, shared.guarantee.shortfall_fen))
    return found


def history(terms: Terms, starts_on: dt.date, reports: Sequence[Earlier], left: Left) -> History:
    """What the periods of a contract before a day left; `reports` are all of it by their start.

    Errors: DistributionOrder, where one of them waits.
    """
    before = [each for each in reports if each.starts_on < starts_on]
    for each in before:
        if each.status not in OVER:
            raise DistributionOrder(f"the period from {each.starts_on} is {each.status}")
    uncounted = (states.VOID, states.MERGED)  # what was merged is in the report that it was merged into
    year = [each for each in before if each.starts_on.year == starts_on.year and each.status not in uncounted]
    return History(
        received_fen=left.recovered_fen,
        cap_used_fen=left.shortfall_fen,
        carried_fen=left.carried_fen if left.contract_year == terms.year_of(starts_on) else 0,
        adjusted_litres=sum(each.use_litres + each.money_litres for each in year),
        use_litres=sum(each.use_litres for each in year),
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """A report that was not shared out, and why."""

    report_id: int
    contract_id: int | None
    error: Refusal


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of distributions made, in the order of contracts and periods, what of it has to wait, and how long
    it took to lock and read, to reckon and to write (nanoseconds).
    """

    distribution_ids: tuple[int, ...]
    benefit_fen: int
    dues: int
    waiting: tuple[Waiting, ...]
    spent_ns: tuple[int, int, int] = (0, 0, 0)


def distribute_report(session: Session, *, actor: audit.Actor, report_id: int) -> ReportDistribution:
    """Shares out a verified report whose time for objections is over, and notes what is due to whom.

    Errors: NotFound, NotVerified, ObjectionOpen, DistributionOrder, ContractTerms.
    """
    outcome = distribute_reports(session, actor=actor, report_ids=[report_id])
    if outcome.waiting:
        raise outcome.waiting[0].error
    session.get(SavingReport, report_id, populate_existing=True)  # it was changed behind the session's back
    return session.get_one(ReportDistribution, outcome.distribution_ids[0])


def distribute_reports(session: Session, *, actor: audit.Actor, report_ids: Iterable[int]) -> Outcome:
    """Shares out these reports as `distribute_report` does each, in the order of periods, by a few set statements.

    One that a rule refuses waits, named in the outcome with its refusal, and stops no other contract.
    """
    started = time.perf_counter_ns()
    connection = raw(session)
    wanted = set(report_ids)
    found = rows.lock(connection, wanted)
    waiting = [
        Waiting(missing, None, NotFound("there is no such report"))
        for missing in sorted(wanted - {each.id for each in found})
    ]
    contracts = {each.contract_id for each in found}
    signed = rows.texts(connection, (each.version_id for each in found))
    reports, left = rows.earlier(connection, contracts), rows.left(connection, contracts)
    trusts = trust_calls.standings(connection, contracts)
    read = time.perf_counter_ns()
    today = clock.today()
    made: list[Made] = []
    called: dict[int, Called] = {}
    for period in sorted(found, key=lambda each: (each.contract_id, each.starts_on)):
        number = period.contract_id
        try:
            one, fee = _reckoned(
                today,
                period,
                signed[period.version_id],
                reports[number],
                left.get(number, Left()),
                trusts.get(number),
            )
        except Refusal as error:
            waiting.append(Waiting(period.id, number, error))
            continue
        made.append(one)
        if fee is not None:
            called[period.id] = fee
            trusts[number] = trust_calls.left(trusts[number], fee)
        left[number] = _after(left.get(number, Left()), one)
        reports[number] = [
            each._replace(status=states.DISTRIBUTED) if each.starts_on == period.starts_on else each
            for each in reports[number]
        ]
    reckoned = time.perf_counter_ns()
    ends = reporting.ends_of(session, CLAW_BACK, today)
    ids = rows.write(connection, actor, made, clock_name=CLAW_BACK, due_on=ends)
    fees = [
        (number, each.report.contract_id, called[each.report.id])
        for number, each in zip(ids, made, strict=True)
        if each.report.id in called
    ]
    trust_calls.write(connection, actor, fees)
    return Outcome(
        tuple(ids),
        sum(each.benefit_fen for each in made),
        sum(len(each.dues) for each in made),
        tuple(waiting),
        (read - started, reckoned - read, time.perf_counter_ns() - reckoned),
    )


def _reckoned(
    today: dt.date,
    period: Period,
    text: str,
    reports: Sequence[Earlier],
    left: Left,
    trust: Standing | None,
) -> tuple[Made, Called | None]:
    """What is to be written of a period, and the fee it calls under trusteeship. Errors: NotVerified,
    MergesWithNext, ObjectionOpen, DistributionOrder, ContractTerms.
    """
    if period.status != states.VERIFIED:
        raise NotVerified(f"the report is {period.status}", available=period.status)
    if period.merges:
        raise MergesWithNext(available=period.starts_on.isoformat())
    if period.due_on is not None and today <= period.due_on:
        raise ObjectionOpen(limit=period.due_on.isoformat())
    try:
        terms = terms_of(text)
        before = history(terms, period.starts_on, reports, left)
        shared = share(terms, period, before)
        fee = None
        if trust is not None:
            missed = shared.guarantee.shortfall_fen if shared.guarantee else 0
            fee = trust_calls.called(terms, period.adjusted_litres, before.adjusted_litres, missed, trust)
    except BadTerms as error:
        raise ContractTerms(str(error)) from error
    per_party = parts(terms, shared)
    written = canonical(shared if fee is None else {"shared": shared, "fee": fee._asdict()})
    owed = dues(terms, shared, per_party)
    if fee is not None and fee.call.due_fen:
        owed.append(("trust_fee", terms.user, terms.firms[0], fee.call.due_fen))
    made = Made(
        report=period,
        contract_year=terms.year_of(period.starts_on),
        benefit_fen=shared.shared_fen,
        carried_fen=shared.carried_fen,
        recovered_fen=shared.distribution.recovery_fen if shared.distribution else 0,
        shortfall_fen=shared.guarantee.shortfall_fen if shared.guarantee else 0,
        text=written.decode(),
        sha256=hashlib.sha256(written).digest(),
        shares=tuple((who, fen, fee) for who, (fen, fee) in per_party.items()),
        dues=tuple(
            DueRow(kind, payer, payee, fen, running.last_day(terms, today, payer, payee))
            for kind, payer, payee, fen in owed
        ),
    )
    return made, fee


def _after(left: Left, made: Made) -> Left:
    return Left(
        left.recovered_fen + made.recovered_fen,
        left.shortfall_fen + made.shortfall_fen,
        made.carried_fen,
        made.contract_year,
    )
