"""The life of an entitlement: which step leads from which state to which, who may take it, and what must be so. Pure.

The table is the rule. The use cases ask it, the database holds every step to it (a CHECK of `entitlement_steps`), and
a test holds the routes' roles to its `who`. Sources: 取水许可和水资源费征收管理条例 (the permit regulation) and
行政许可法 (the Licensing Law), by article.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

REG = "取水许可和水资源费征收管理条例"
LICENSING = "行政许可法"
SERVICE = "service rule of the exchange"

UNCONFIRMED = ("applied", "accepted", "published", "refused", "withdrawn")
"""States without a certificate."""
PENDING = ("applied", "accepted", "published")
"""States of an application that is not decided."""
STATES = (*UNCONFIRMED, "confirmed", "suspended", "replaced", "cancelled", "expired")
NEW = ""
"""What comes before the first step."""

REGISTRAR = frozenset({"registrar"})
WATCHERS = frozenset({"registrar", "supervisor"})
APPLICANTS = frozenset({"registrar", "holder", "agent", "association", "firm"})
OTHERS = APPLICANTS - REGISTRAR


class Step(NamedTuple):
    """A step: from these states to one (None: the state stays), who may take it, what must be so, and by which law."""

    name: str
    sources: tuple[str, ...]
    target: str | None
    who: frozenset[str]
    needs: tuple[str, ...]
    legal_source: str
    en: str
    zh: str

    def to(self, state: str) -> str:
        """The state that the step leads to."""
        return self.target if self.target is not None else state


_DECIDED = ("nothing_stops_it",)
_CHANGED = ("in_term", "free_of_pledges")
_TABLE = (
    Step("apply", (NEW,), "applied", APPLICANTS, (), f"{REG} art. 11", "applied", "申请"),
    Step("accept", ("applied",), "accepted", REGISTRAR, _DECIDED, f"{REG} art. 13", "accepted", "受理"),
    Step("publish", ("accepted",), "published", REGISTRAR, _DECIDED, f"{REG} art. 18", "published", "公示"),
    Step("object", ("published",), None, OTHERS, ("objection_period",), f"{LICENSING} arts 46-47",
         "objected to", "提出异议"),
    Step("uphold_objection", ("published",), None, REGISTRAR, (), f"{LICENSING} art. 47",
         "objection upheld", "异议成立"),
    Step("dismiss_objection", ("published",), None, REGISTRAR, (), f"{LICENSING} art. 47",
         "objection dismissed", "异议不成立"),
    Step("open_hearing", PENDING, None, REGISTRAR, ("no_hearing",), f"{LICENSING} art. 45",
         "hearing opened", "听证开始"),
    Step("close_hearing", PENDING, None, REGISTRAR, ("a_hearing",), f"{LICENSING} art. 45",
         "hearing closed", "听证结束"),
    Step("open_dispute", PENDING, None, REGISTRAR, ("no_dispute",), f"{REG} art. 18",
         "dispute opened", "争议开始"),
    Step("close_dispute", PENDING, None, REGISTRAR, ("a_dispute",), f"{REG} art. 18",
         "dispute settled", "争议解决"),
    Step("confirm", ("applied", "accepted", "published"), "confirmed", REGISTRAR,
         ("in_term", "nothing_stops_it", "published_where_needed", "objection_period_over", "objections_decided",
          "no_objection_upheld"), f"{REG} arts 18-19, 23", "confirmed", "确权发证"),
    Step("refuse", PENDING, "refused", REGISTRAR, ("nothing_stops_it", "objections_decided"),
         f"{LICENSING} art. 38", "refused", "不予许可"),
    # An applicant may withdraw what is not decided yet: by 行政许可法 a licence is granted upon application only.
    # The texts that were read name no article for the withdrawal, so it is a rule of the service. Nothing need be
    # so for it: a hearing or a dispute stops no withdrawal.
    Step("withdraw", PENDING, "withdrawn", APPLICANTS, (), SERVICE, "withdrawn by the applicant", "撤回申请"),
    Step("succeed", (NEW,), "confirmed", REGISTRAR, (), f"{REG} art. 26",
         "made out of another right", "由原水权变更取得"),
    Step("suspend", ("confirmed",), "suspended", WATCHERS, (), f"{REG} arts 41, 51", "suspended", "暂停"),
    Step("reinstate", ("suspended",), "confirmed", WATCHERS, (), f"{REG} arts 41, 51", "reinstated", "恢复"),
    Step("amend", ("confirmed",), None, REGISTRAR, _CHANGED, f"{REG} art. 26", "amended", "变更"),
    Step("split", ("confirmed",), "replaced", REGISTRAR, _CHANGED, f"{REG} art. 26", "split", "分割"),
    Step("merge", ("confirmed",), "replaced", REGISTRAR, _CHANGED, f"{REG} art. 26", "merged", "合并"),
    Step("transfer", ("confirmed",), "replaced", REGISTRAR, _CHANGED, f"{REG} arts 26-27",
         "transferred", "转让"),
    Step("inherit", ("confirmed",), "replaced", REGISTRAR, _CHANGED, "民法典 art. 1122", "inherited", "继承"),
    Step("ask_renewal", ("confirmed",), None, APPLICANTS, ("in_term", "renewal_not_asked", "renewal_in_time"),
         f"{REG} art. 25", "renewal asked", "申请延续"),
    Step("renew", ("confirmed",), None, REGISTRAR, ("renewal_asked",), f"{REG} art. 25", "renewed", "延续"),
    Step("refuse_renewal", ("confirmed",), None, REGISTRAR, ("renewal_asked",), f"{REG} art. 25",
         "renewal refused", "不予延续"),
    Step("excuse", ("confirmed", "suspended"), None, REGISTRAR, (), f"{REG} art. 44",
         "non-use excused", "停用事由认定"),
    Step("cancel", ("confirmed", "suspended"), "cancelled", REGISTRAR, (), f"{REG} arts 44, 50-51",
         "cancelled", "注销"),
    Step("expire", ("confirmed", "suspended"), "expired", REGISTRAR, ("term_over",), f"{REG} art. 25",
         "expired", "期满失效"),
)  # fmt: skip
STEPS: Mapping[str, Step] = {step.name: step for step in _TABLE}
MOVES = tuple(f"{step.name}:{source}>{step.to(source)}" for step in _TABLE for source in step.sources)
"""Every move that there is, as the database checks it: step:from>to."""


class Taken(NamedTuple):
    """A step that was taken, on a legal day."""

    step: str
    on: dt.date


@dataclass(frozen=True, slots=True)
class Facts:
    """What a step may depend on. `objections_until` is the last day on which one may be lodged (None: not published).

    `renewal_until` is the last day on which a renewal may be asked for (None: no rule of the county gives one).
    """

    today: dt.date
    valid_to: dt.date
    publication_needed: bool
    objections_until: dt.date | None = None
    open_objections: int = 0
    upheld_objections: int = 0
    hearing_open: bool = False
    dispute_open: bool = False
    renewal_asked: bool = False
    renewal_until: dt.date | None = None
    pledged: bool = False


NEEDS: Mapping[str, Callable[[Facts], bool]] = {
    "nothing_stops_it": lambda facts: not (facts.hearing_open or facts.dispute_open),
    "published_where_needed": lambda facts: (
        not facts.publication_needed or facts.objections_until is not None
    ),
    "objection_period": lambda facts: (
        facts.objections_until is not None and facts.today <= facts.objections_until
    ),
    "objection_period_over": lambda facts: (
        facts.objections_until is None or facts.today > facts.objections_until
    ),
    "objections_decided": lambda facts: facts.open_objections == 0,
    "no_objection_upheld": lambda facts: facts.upheld_objections == 0,
    "no_hearing": lambda facts: not facts.hearing_open,
    "a_hearing": lambda facts: facts.hearing_open,
    "no_dispute": lambda facts: not facts.dispute_open,
    "a_dispute": lambda facts: facts.dispute_open,
    "in_term": lambda facts: facts.today <= facts.valid_to,
    "term_over": lambda facts: facts.today > facts.valid_to,
    "free_of_pledges": lambda facts: not facts.pledged,
    "renewal_asked": lambda facts: facts.renewal_asked,
    "renewal_not_asked": lambda facts: not facts.renewal_asked,
    "renewal_in_time": lambda facts: facts.renewal_until is None or facts.today <= facts.renewal_until,
}
"""What must be so for a step, by its name: the name is the rule that a refusal gives."""


def missing(step: str, facts: Facts) -> str | None:
    """The first thing that is not as the step needs it, or None."""
    return next((need for need in STEPS[step].needs if not NEEDS[need](facts)), None)


def is_open(taken: Iterable[Taken], opening: str, *closing: str) -> bool:
    """Whether the last of these steps that was taken is the one that opens."""
    found = [each.step for each in taken if each.step == opening or each.step in closing]
    return bool(found) and found[-1] == opening


def last_day(taken: Iterable[Taken], *steps: str) -> dt.date | None:
    """The day on which one of these steps was taken last."""
    return next((each.on for each in reversed(list(taken)) if each.step in steps), None)


class Pause(NamedTuple):
    """Days that are not counted, both ends included; `until` None: still so."""

    since: dt.date
    until: dt.date | None


def pauses(taken: Collection[Taken]) -> tuple[Pause, ...]:
    """When hearings and disputes stopped the clocks (Licensing Law 45; permit regulation 18)."""
    found = []
    for opening, closing in (("open_hearing", "close_hearing"), ("open_dispute", "close_dispute")):
        marks = [each for each in taken if each.step in (opening, closing)]
        for mark, after in pairwise([*marks, None]):
            if mark is not None and mark.step == opening:
                found.append(Pause(mark.on, after.on if after is not None else None))
    return tuple(sorted(found, key=lambda pause: pause.since))


def stopped_since(stops: Iterable[Pause]) -> dt.date | None:
    """Since when a clock is stopped, or None while it runs."""
    return min((each.since for each in stops if each.until is None), default=None)


def due_on(
    start: dt.date,
    length: int,
    unit: str,
    stops: Collection[Pause] = (),
    *,
    is_working_day: Callable[[dt.date], bool],
) -> dt.date | None:
    """The last day of a period that began on `start`, which does not count; None while a stop is open.

    Units: working_days (by the calendar given), days, years. A day within a stop is not counted, whatever the unit;
    a period of years is not stopped.
    """
    if unit == "years":
        return years_after(start, length)
    if stopped_since(stops) is not None:
        return None
    day, left = start, length
    while left > 0:
        day += dt.timedelta(days=1)
        if unit == "working_days" and not is_working_day(day):
            continue
        if any(each.since <= day and (each.until is None or day <= each.until) for each in stops):
            continue
        left -= 1
    return day


def years_after(day: dt.date, years: int) -> dt.date:
    """The same day so many years later; of 29 February in a common year, the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
