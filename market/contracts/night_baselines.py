"""Baselines of leakage control: proposed from a district's nights, then agreed and frozen as every other baseline."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from market.contracts import baselines, nights
from market.contracts.measuring import Span, measure
from market.contracts.report_errors import BaselineInput
from market.contracts.report_models import ContractBaseline
from market.contracts.rulebook import rules_at
from market.contracts.savings import BadInput, Balanced, LeakageBase, leakage_baseline
from market.contracts.terms import Terms
from market.core import audit, clock

LEAKAGE = "leakage"


@dataclass(frozen=True, slots=True)
class Billed:
    """What was billed of the water that flowed into a district, litres; the SHA-256 of the list of bills, in hex."""

    litres: int
    evidence: str


@dataclass(frozen=True, slots=True)
class WantedNights:
    """A base of nights as a party proposes it, from a day up to, without, another.

    `connections` or `night_use_litres`: legitimate night use by the rules' litres a connection, or as it was found.
    `pressure_point` None: the first point that is counted. `hourly_pressure`: 24 ratios to the night's pressure.
    """

    works_start: dt.date
    starts: dt.date
    ends: dt.date
    reference_pressure: float
    hourly_pressure: tuple[float, ...]
    connections: int | None = None
    night_use_litres: int | None = None
    exponent: float | None = None
    pressure_point: int | None = None
    billed: Billed | None = None


def propose(
    session: Session, *, actor: audit.Actor, contract_id: int, by: int, wanted: WantedNights
) -> ContractBaseline:
    """User or firm proposes a baseline of nights; flows and pressures are read from the boundary's points.

    Errors: NotFound, ContractState, NotAContractParty, BaselineInput, BaselineState (one is agreed and not old).
    """
    terms = baselines.proposing(session, contract_id, by)
    if terms.kind != LEAKAGE:
        raise BaselineInput("nights are the baseline of leakage control; other kinds have one of their use")
    rules = rules_at(session, clock.today())
    if (wanted.connections is None) == (wanted.night_use_litres is None):
        raise BaselineInput("legitimate night use: so many connections, or so much", pointer="/night_use")
    night_use = (
        wanted.connections * rules.night_use_connection
        if wanted.connections is not None
        else (wanted.night_use_litres or 0) * 1.0
    )
    pressure_point = wanted.pressure_point or next(each.point for each in terms.boundary if each.sign == 1)
    try:
        found = nights.district(session, terms, wanted.starts, wanted.ends, pressure_point, unreduced=False)
        base = LeakageBase(
            works_start=wanted.works_start, nights=found.nights, night_use=night_use,
            reference_pressure=wanted.reference_pressure, hourly_pressure=wanted.hourly_pressure,
            meters=found.meters, meter_litres=found.meter_litres, pressure_point=pressure_point,
            exponent=wanted.exponent, balance=balanced(session, terms, wanted.starts, wanted.ends, wanted.billed),
        )  # fmt: skip
        return baselines.store(session, actor, contract_id, base, leakage_baseline(base, rules), rules)
    except BadInput as error:
        raise BaselineInput(str(error)) from error


def balanced(
    session: Session, terms: Terms, starts: dt.date, ends: dt.date, billed: Billed | None
) -> Balanced | None:
    """The district's inflow of some days, read from its points, beside what was billed of it. Errors: BadInput."""
    if billed is None:
        return None
    inflow = measure(session, terms, [Span(starts, ends)]).periods[0].litres
    return Balanced(inflow, billed.litres, (ends - starts).days, billed.evidence)
