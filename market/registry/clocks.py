"""The statutory clocks of rights: which run, since when, until when, stopped or not, overdue or not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg

from market.core import clock, workdays
from market.county.current import pack_in_force
from market.county.pack import Pack
from market.registry import life, steps
from market.registry.models import Entitlement
from market.registry.steps import PERMIT

RENEWAL_DECISION = f"{life.REG} art. 25 (to confirm)"


@dataclass(frozen=True, slots=True)
class ClockView:
    """A clock that runs. `due_on` None: stopped, since `stopped_since`. `whose`: bureau, holder or others.

    `provisional`: it counts working days of a year whose holidays are not published; they may still move the day.
    """

    name: str
    whose: str
    started_on: dt.date
    due_on: dt.date | None
    stopped_since: dt.date | None
    overdue: bool
    provisional: bool
    legal_source: str
    demonstration: bool


class _Rule(NamedTuple):
    """A clock of the county, the state and step it runs from, and whether hearings and disputes stop it."""

    name: str
    clock: str
    whose: str
    permit: bool | None
    states: tuple[str, ...]
    starts: str
    stops: bool


# A right that needs no acceptance of its own is decided within the general period from its application
# (Licensing Law art. 42); one that does, from its acceptance.
_RULES = (
    _Rule("acceptance", "permit_acceptance", "bureau", True, ("applied",), "apply", True),
    _Rule("decision", "permit_decision", "bureau", True, ("accepted", "published"), "accept", True),
    _Rule("decision", "licence_decision", "bureau", False, ("applied",), "apply", True),
    _Rule("decision", "licence_decision", "bureau", False, ("accepted", "published"), "accept", True),
    _Rule("objection", steps.OBJECTION_CLOCK, "others", None, ("published",), "publish", False),
)


def decision_clock(kind: str) -> str:
    """The clock of the county by which the bureau decides on an application for a right of this kind."""
    return "permit_decision" if kind == PERMIT else "licence_decision"


def of_rights(
    connection: psycopg.Connection[Any], rights: Sequence[Entitlement]
) -> Mapping[int, tuple[ClockView, ...]]:
    """The running clocks of each of these rights, by its id."""
    pack, today = pack_in_force(connection), clock.today()
    known = steps.taken(connection, [right.id for right in rights])
    return {
        right.id: running(pack, right.kind, right.status, right.valid_to, known.get(right.id, []), today)
        for right in rights
    }


def running(
    pack: Pack, kind: str, status: str, valid_to: dt.date, taken: list[life.Taken], today: dt.date
) -> tuple[ClockView, ...]:
    """The clocks that run for a right of this kind and state, by the county's rules, on a legal day."""
    found = [
        view
        for rule in _RULES
        if status in rule.states and rule.permit in (None, kind == PERMIT)
        if (view := _view(pack, rule, taken, today)) is not None
    ]
    return tuple(found + list(_renewal(pack, kind, status, valid_to, taken, today)))


def _view(pack: Pack, rule: _Rule, taken: list[life.Taken], today: dt.date) -> ClockView | None:
    started, given = life.last_day(taken, rule.starts), steps.clock_of(pack, rule.clock)
    if started is None or given is None:
        return None
    stops = life.pauses(taken) if rule.stops else ()
    due = life.due_on(started, given.length, given.unit, stops, is_working_day=workdays.is_working_day)
    if rule.whose == "others" and due is not None and today > due:
        return None  # the days for objections are over: nothing runs
    return ClockView(
        name=rule.name,
        whose=rule.whose,
        started_on=started,
        due_on=due,
        stopped_since=life.stopped_since(stops),
        overdue=due is not None and today > due,
        provisional=given.unit == "working_days" and not _known((started, due or today)),
        legal_source=given.basis.source,
        demonstration=given.basis.demonstration,
    )


def _known(days: Iterable[dt.date]) -> bool:
    return all(workdays.is_known(day) for day in days)


def _renewal(
    pack: Pack, kind: str, status: str, valid_to: dt.date, taken: list[life.Taken], today: dt.date
) -> Iterable[ClockView]:
    """When a confirmed permit's renewal is asked for at the latest or, once asked, decided: before it expires."""
    due, given = steps.renewal_until(pack, kind, valid_to), steps.clock_of(pack, steps.RENEWAL_CLOCK)
    if status != "confirmed":
        return
    asked = life.last_day(taken, "ask_renewal")
    if asked is not None and life.is_open(taken, "ask_renewal", "renew", "refuse_renewal"):
        late = today > valid_to
        yield ClockView(
            "renewal_decision", "bureau", asked, valid_to, None, late, False, RENEWAL_DECISION, True
        )
    elif due is not None and given is not None and today <= valid_to:
        started = life.last_day(taken, "confirm", "succeed", "renew") or due
        source, demonstration = given.basis.source, given.basis.demonstration
        yield ClockView("renewal", "holder", started, due, None, today > due, False, source, demonstration)
