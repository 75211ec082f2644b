"""A look at the record: evidence, detectors, and the alerts that are new.

What is found again is the same alert: the same detector, about the same thing, that names nobody and nothing besides.
Where it names more, it is a new alert that continues the earlier one: what was dismissed is not dismissed with it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import psycopg
from sqlalchemy.orm import Session

from market.core import acts, audit, clock, db
from market.core.db import raw
from market.county.current import pack_in_force
from market.supervision.surveillance import Alert, Evidence, detect
from market.supervision.watching import gathering, limits
from market.supervision.watching.models import SurveillanceAlert, SurveillanceRun
from market.supervision.watching.window import DAYS, Window, window

ALERT, RUN = "surveillance_alert", "surveillance_run"
TOPICS = ("zone", "source", "year", "right", "first_idle_year", "last_idle_year", "announcement")
"""Figures that say what an alert is about, beside whom and what it names."""
STEPS = len(gathering.PARTS) + 10
"""How many times progress is told."""

_LOCK_SQL = "LOCK TABLE surveillance_runs IN SHARE ROW EXCLUSIVE MODE"
_KNOWN_SQL = """
SELECT id, detector, topic, party_ids, order_ids, trade_ids FROM surveillance_alerts
 WHERE detector = ANY (%s::text[]) AND party_ids && %s::bigint[] ORDER BY id
"""


class Ran(NamedTuple):
    """What a look came to: its run, how many alerts it found, and the ids of those that are new."""

    run_id: int
    found: int
    raised: tuple[int, ...]


class _Known(NamedTuple):
    id: int
    parties: frozenset[int]
    things: frozenset[tuple[str, int]]


def run(
    url: str,
    *,
    actor: audit.Actor,
    day: dt.date | None = None,
    days: int = DAYS,
    progress: Callable[[str], None] = lambda _part: None,
) -> Ran:
    """Looks at the window that ends with a legal day (none given: with the last that is over), and stores what is new.

    Evidence is read in one snapshot; alerts and their run are one transaction after it.
    """
    looked = window(day or clock.today() - dt.timedelta(days=1), days=days)
    with db.connect(url) as connection:
        pack = pack_in_force(connection)
        connection.commit()  # the snapshot begins a transaction
        thresholds = limits.thresholds_on(pack, looked.day)
        evidence = gathering.evidence(connection, pack, looked, thresholds, progress)
    found = detect(evidence, thresholds, progress=progress)
    with db.transaction(url) as session:
        return keep(session, actor, looked, evidence, found, limits.told(pack, looked.day))


def keep(
    session: Session,
    actor: audit.Actor,
    looked: Window,
    evidence: Evidence,
    found: Iterable[Alert],
    thresholds: dict[str, Any],
) -> Ran:
    """Writes a run and those of its alerts that nothing earlier has told already."""
    connection = raw(session)
    connection.execute(_LOCK_SQL)  # of two looks at once the second sees what the first has raised
    alerts = list(found)
    new = list(_new(alerts, _known(connection, alerts)))
    made = SurveillanceRun(
        day=looked.day, since=looked.since, until=looked.until, thresholds=json.dumps(thresholds, sort_keys=True),
        parties=len(evidence.parties), orders=len({one.order for one in evidence.orders}),
        trades=len(evidence.trades), found=len(alerts), raised=len(new), ran_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    rows = [_row(made.id, alert, before) for alert, before in new]
    session.add_all(rows)
    session.flush()
    detail = {"day": looked.day.isoformat(), "found": len(alerts), "raised": len(rows)}
    acts.done(session, actor=actor, source="supervision", kind=RUN, number=made.id, act="done", detail=detail)
    told = [(row.id, {"detector": row.detector, "run_id": made.id}) for row in rows]
    acts.done_many(raw(session), actor=actor, source="supervision", told=[(ALERT, "raised", told)])
    return Ran(made.id, len(alerts), tuple(row.id for row in rows))


def topic(alert: Alert) -> str:
    """What an alert is about, from its figures: "zone=kushan source=surface year=2026"."""
    return " ".join(f"{name}={value}" for name, value, _ in alert.figures if name in TOPICS)


def key(alert: Alert) -> bytes:
    """The natural key of an alert: SHA-256 of detector, topic, parties, trades and orders."""
    parts = (alert.detector, topic(alert), alert.parties, alert.trades, alert.orders)
    return hashlib.sha256(json.dumps(parts).encode()).digest()


def _known(connection: psycopg.Connection[Any], alerts: list[Alert]) -> dict[tuple[str, str], list[_Known]]:
    detectors = sorted({one.detector for one in alerts})
    parties = sorted({party for one in alerts for party in one.parties})
    found: dict[tuple[str, str], list[_Known]] = defaultdict(list)
    for number, detector, about, who, orders, trades in connection.execute(_KNOWN_SQL, (detectors, parties)):
        found[detector, about].append(_Known(number, frozenset(who), _things(orders, trades)))
    return found


def _things(orders: Iterable[int], trades: Iterable[int]) -> frozenset[tuple[str, int]]:
    return frozenset({*(("order", one) for one in orders), *(("trade", one) for one in trades)})


def _new(
    alerts: list[Alert], known: dict[tuple[str, str], list[_Known]]
) -> Iterable[tuple[Alert, int | None]]:
    """Alerts that say more than every earlier one, each with the latest that it continues."""
    for alert in alerts:
        parties, things = frozenset(alert.parties), _things(alert.orders, alert.trades)
        before = known.get((alert.detector, topic(alert)), [])
        if any(parties <= one.parties and things <= one.things for one in before):
            continue
        continued = [one.id for one in before if one.things & things or not (one.things or things)]
        yield alert, max(continued, default=None)


def _row(run_id: int, alert: Alert, before: int | None) -> SurveillanceAlert:
    return SurveillanceAlert(
        run_id=run_id, detector=alert.detector, key=key(alert), topic=topic(alert), party_ids=list(alert.parties),
        order_ids=list(alert.orders), trade_ids=list(alert.trades), first_at=alert.first_at, last_at=alert.last_at,
        rule=alert.rule, figures=json.dumps(alert.figures, ensure_ascii=False), continues_id=before,
        raised_at=clock.now(),
    )  # fmt: skip
