"""Before signing: what share of a planned saving will be credited, from what the user's points have measured.

Nothing is written: user, firm and bank look before they sign (SAVINGS sections 2 and 3).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.contracts import baselines
from market.contracts.baselines import Wanted
from market.contracts.point_models import MeasuringPoint
from market.contracts.report_errors import BaselineInput
from market.contracts.rulebook import rules_at
from market.contracts.savings import BadInput, Baseline, Forecast, Metering, baseline, forecast
from market.contracts.terms import BoundaryPoint
from market.core import clock
from market.core.errors import NotFound


@dataclass(frozen=True, slots=True)
class Plan:
    """A project before it is a contract: its kind and the user's points that it would be measured at."""

    participant_id: int
    kind: str
    boundary: tuple[BoundaryPoint, ...]


def look_ahead(
    session: Session, *, plan: Plan, wanted: Wanted, saving_bp: int, ways: tuple[Metering, ...], years_on: int
) -> tuple[Baseline, tuple[Forecast, ...]]:
    """The baseline that would be proposed today, and what each way to measure would credit of the planned saving.

    `saving_bp`: of the adjusted baseline; `ways`: other meters, beside the ones that stand. Errors: NotFound (a point
    that is not this user's, or out of use), BaselineInput.
    """
    points = {each.point for each in plan.boundary}
    own = session.scalars(
        select(MeasuringPoint.id)
        .where(MeasuringPoint.id.in_(points), MeasuringPoint.participant_id == plan.participant_id)
        .where(MeasuringPoint.retired_on.is_(None))
    ).all()
    if set(own) != points:
        raise NotFound("there is no such point of this user in use", pointer="/boundary")
    rules = rules_at(session, clock.today())
    try:
        found = baseline(baselines.base_input(session, plan, wanted), rules)
        return found, forecast(found, saving_bp, ways, rules, years_on=years_on)
    except BadInput as error:
        raise BaselineInput(str(error)) from error
