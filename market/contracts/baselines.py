"""Baselines of contracts: proposed from what the boundary measured, agreed by user and firm by hash, then frozen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.contracts import drafting, running
from market.contracts.canonical import canonical, fingerprint
from market.contracts.errors import NotAContractParty
from market.contracts.measuring import Measurable, Span, measure
from market.contracts.report_errors import AcceptedBefore, BaselineInput, BaselineState, OtherDerivation
from market.contracts.report_models import BaselineConsent, ContractBaseline
from market.contracts.rulebook import rules_at, rules_of
from market.contracts.savings import (
    BadInput,
    BaseInput,
    Baseline,
    Driver,
    LeakageBase,
    LeakageBaseline,
    Rules,
    baseline,
)
from market.contracts.savings.model import LeftOut
from market.contracts.terms import FIRM, USER, Terms, terms_of
from market.core import acts, audit, clock
from market.core.errors import NotFound

_baseline, _leakage = msgspec.json.Decoder(Baseline).decode, msgspec.json.Decoder(LeakageBaseline).decode

BASELINE = "contract_baseline"
_done = partial(acts.done, source="contracts")

# The plan's kinds of projects in the words of the core's kinds of use.
KIND_OF = {
    "public_institution": "building", "public_building": "building", "industry": "industry", "services": "service",
    "irrigation": "irrigation",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """A base period as a party proposes it. `unit`: the place of the driver that counts output or need."""

    works_start: dt.date
    drivers: tuple[Driver, ...]
    spans: tuple[Span, ...]
    season: tuple[int, ...] = tuple(range(1, 13))
    unit: int | None = None
    departures: tuple[LeftOut, ...] = ()


def propose(
    session: Session, *, actor: audit.Actor, contract_id: int, by: int, wanted: Wanted
) -> ContractBaseline:
    """User or firm proposes a baseline; what was used is read from the boundary's points.

    Errors: NotFound, ContractState, NotAContractParty, BaselineInput, BaselineState (one is agreed and not old).
    """
    terms = proposing(session, contract_id, by)
    rules = rules_at(session, clock.today())
    try:
        base = base_input(session, terms, wanted)
        found = baseline(base, rules)
    except BadInput as error:
        raise BaselineInput(str(error)) from error
    return store(session, actor, contract_id, base, found, rules)


def proposing(session: Session, contract_id: int, by: int) -> Terms:
    """The terms under which user or firm may propose a baseline now; the contract is locked.

    Errors: NotFound, ContractState, NotAContractParty, BaselineState (one is agreed and not old).
    """
    running.signed(session, contract_id)
    terms = terms_of(drafting.in_force(session, contract_id, clock.today()).text)
    side_of(terms, by)
    frozen = agreed(session, contract_id)
    if frozen is not None:
        check_old(frozen)
    return terms


def store(
    session: Session, actor: audit.Actor, contract_id: int, base: BaseInput | LeakageBase,
    found: Baseline | LeakageBaseline, rules: Rules,
) -> ContractBaseline:  # fmt: skip
    """Writes down a proposed baseline with its input and the rules that judged it."""
    assert actor.user_id is not None
    numbers = session.scalars(
        select(ContractBaseline.number).where(ContractBaseline.contract_id == contract_id)
    ).all()
    made = ContractBaseline(
        contract_id=contract_id, number=max(numbers, default=0) + 1, input_text=canonical(base).decode(),
        result_text=canonical(found).decode(), rules_text=canonical(rules).decode(),
        sha256=bytes.fromhex(fingerprint(found)), tier=found.tier, proposed_by=actor.user_id, proposed_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    detail = {"contract_id": contract_id, "tier": found.tier, "sha256": made.sha256.hex()}
    _done(session, actor=actor, kind=BASELINE, number=made.id, act="proposed", detail=detail)
    return made


def base_input(session: Session, terms: Measurable, wanted: Wanted) -> BaseInput:
    """What a baseline is fitted on, its use read from the points. Errors: BadInput."""
    if not wanted.spans:
        raise BadInput("a base period has periods")
    if terms.kind not in KIND_OF:
        raise BadInput("leakage is measured by minimum night flow, not by a baseline of monthly use")
    measured = measure(session, terms, wanted.spans)
    return BaseInput(
        kind=KIND_OF[terms.kind],
        starts=wanted.spans[0].starts,
        ends=wanted.spans[-1].ends,
        works_start=wanted.works_start,
        drivers=wanted.drivers,
        periods=measured.periods,
        meters=measured.meters,
        meter_litres=measured.meter_litres,
        season=wanted.season,
        unit=wanted.unit,
        departures=wanted.departures,
    )


def side_of(terms: Terms, by: int) -> str:
    """Whether somebody is the user or a firm. Errors: NotAContractParty."""
    party = terms.party(by)
    if party is None or party.role not in (USER, FIRM):
        raise NotAContractParty("user and firm agree on what is measured")
    return party.role


def agreed(session: Session, contract_id: int) -> ContractBaseline | None:
    """The baseline in force."""
    return session.scalars(
        select(ContractBaseline).where(
            ContractBaseline.contract_id == contract_id, ContractBaseline.status == "agreed"
        )
    ).one_or_none()


def check_old(frozen: ContractBaseline) -> None:
    """A frozen baseline is replaced only after years (re-basing). Errors: BaselineState."""
    again = baseline_of(frozen).base.ends.replace(day=1)
    again = again.replace(year=again.year + rules_of(frozen).rebase_after_years)
    if clock.today() < again:
        raise BaselineState(
            "a baseline that both agreed to does not change",
            limit=again.isoformat(),
            available=clock.today().isoformat(),
        )


class _Kind(msgspec.Struct, rename={"name": "is"}):
    name: str


_kind = msgspec.json.Decoder(_Kind).decode


def baseline_of(row: ContractBaseline) -> Baseline | LeakageBaseline:
    """A baseline from its canonical text: of use by drivers, or of nights."""
    text = row.result_text.encode()
    if _kind(text).name == LeakageBaseline.__name__:
        return _leakage(text)
    return _baseline(text)


def consent(
    session: Session, *, actor: audit.Actor, baseline_id: int, by: int, sha256: str
) -> ContractBaseline:
    """User or firm consents to a proposed baseline by its hash; with both it is agreed, and frozen.

    Errors: NotFound, NotAContractParty, BaselineState, OtherDerivation, AcceptedBefore.
    """
    known = session.get(ContractBaseline, baseline_id)
    if known is None:
        raise NotFound("there is no such baseline")
    running.signed(session, known.contract_id)
    found = session.get_one(ContractBaseline, baseline_id, with_for_update=True, populate_existing=True)
    terms = terms_of(drafting.in_force(session, found.contract_id, clock.today()).text)
    side_of(terms, by)
    if found.status != "proposed":
        raise BaselineState(f"the baseline is {found.status}", available=found.status)
    if found.sha256.hex() != sha256:
        raise OtherDerivation(pointer="/sha256", limit=found.sha256.hex(), available=sha256)
    assert actor.user_id is not None
    try:
        with session.begin_nested():
            session.add(
                BaselineConsent(
                    baseline_id=baseline_id,
                    participant_id=by,
                    user_id=actor.user_id,
                    mandate_id=actor.mandate_id,
                    sha256=found.sha256,
                    given_at=clock.now(),
                )
            )
            session.flush()
    except IntegrityError as error:
        if "pk_baseline_consents" not in str(error.orig):
            raise
        raise AcceptedBefore from error
    _done(
        session,
        actor=actor,
        kind=BASELINE,
        number=baseline_id,
        act="consented",
        detail={"participant_id": by},
    )
    given = session.scalars(
        select(BaselineConsent.participant_id).where(BaselineConsent.baseline_id == baseline_id)
    ).all()
    if both(terms, given):
        _freeze(session, actor, found)
    return found


def both(terms: Terms, given: Sequence[int]) -> bool:
    """Whether the user and a firm are among these."""
    return terms.user in given and bool(set(terms.firms) & set(given))


def _freeze(session: Session, actor: audit.Actor, found: ContractBaseline) -> None:
    before = agreed(session, found.contract_id)
    if before is not None:
        check_old(before)
        before.status = "replaced"
        session.flush()
    found.status, found.agreed_at = "agreed", clock.now()
    session.flush()
    _done(session, actor=actor, kind=BASELINE, number=found.id, act="agreed")
