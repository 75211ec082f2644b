"""In which state a water year is: open, closing, closed; and the year after it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.registry.errors import NoNextYear, WaterYearState
from market.registry.models import WaterYear


def known(session: Session, water_year: int, *, lock: bool = False) -> WaterYear:
    """A year that is not closed. Errors: WaterYearState."""
    statement = select(WaterYear).where(WaterYear.year == water_year)
    if lock:
        statement = statement.with_for_update(key_share=True)
    found = session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise WaterYearState(f"there is no water year {water_year}", pointer="/water_year")
    if found.status == "closed":
        raise WaterYearState(f"the water year {water_year} is closed", pointer="/water_year")
    return found


def locked(session: Session, water_year: int, status: str) -> WaterYear:
    """A year in this state, locked until the commit. Errors: WaterYearState."""
    found = known(session, water_year, lock=True)
    if found.status != status:
        raise WaterYearState(
            f"the water year {water_year} is {found.status}, not {status}", pointer="/water_year"
        )
    return found


def next_year(session: Session, water_year: int, *, lock: bool = False) -> WaterYear | None:
    """The year after, if it is open."""
    statement = select(WaterYear).where(WaterYear.year > water_year).order_by(WaterYear.year).limit(1)
    if lock:
        statement = statement.with_for_update(key_share=True)
    found = session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    return found if found is not None and found.status == "open" else None


def expect(following: WaterYear | None, water_year: int) -> WaterYear:
    """The year after, which what is carried needs. Errors: NoNextYear."""
    if following is None:
        raise NoNextYear(f"what {water_year} carries over needs the next water year, open")
    return following
