"""`karez replay`: a second database, a copy of the first's past, does what is recorded since and must come to the same.

What is recorded: the engine's commands, expiries and inbox (`market.trading.replay`), the decisions of reviewers,
which settle trades, and the settlement of calls. What a call cleared at is taken as it stands (`karez auction replay`
clears it again). Whatever else changed the first database since (deposits, readings, announcements, the registry) is
recorded as a fact in the audit trail, not as a command: the replay ends before the first of them and says so.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
import psycopg
from sqlalchemy.orm import Session

from market.core import audit, clock, db
from market.supervision import reviews
from market.trading import call_settling
from market.trading.replay import Differs, Link, Replayer, links

_HEADS_SQL = "SELECT chain, seq FROM audit_chains"
_ACTS_SQL = """
SELECT seq, at, action, subject_id, actor_user_id, participant_id, mandate_id, request_id, detail
FROM audit WHERE chain = 'api' AND seq > %s ORDER BY seq
"""
_FIRST_TRANSFER_SQL = "SELECT min(id) FROM transfers WHERE batch_id = 0 AND created_at = %s"
_NEXT_TRANSFER_SQL = "SELECT setval('ledger_transfer_ids', %s, false)"
_DUMPS_SQL = {
    "orders": "COPY (SELECT * FROM orders ORDER BY id) TO STDOUT",
    "trades": "COPY (SELECT * FROM trades ORDER BY id) TO STDOUT",
    "transfers": "COPY (SELECT * FROM transfers ORDER BY id) TO STDOUT",
    "instructions": "COPY (SELECT * FROM instructions ORDER BY id) TO STDOUT",
    "outcomes": "COPY (SELECT * FROM commands ORDER BY id) TO STDOUT",
    "calls": "COPY (SELECT id, product_id, status, record_sha256, batch_id, decided_by, resolved_at FROM calls"
    " WHERE status IN ('held', 'settled', 'rejected') ORDER BY id) TO STDOUT",
    "fills of calls": "COPY (SELECT * FROM call_fills ORDER BY call_id, order_id) TO STDOUT",
    "limits of calls": "COPY (SELECT * FROM call_limits ORDER BY call_id, account_id) TO STDOUT",
    "borders of calls": "COPY (SELECT * FROM call_borders ORDER BY call_id, code) TO STDOUT",
    "balances": "COPY (SELECT * FROM accounts ORDER BY id) TO STDOUT",
    "engine's audit chain": "COPY (SELECT * FROM audit WHERE chain = 'engine' ORDER BY seq) TO STDOUT",
}
"""What must be the same to the byte; every column."""
CALL_STEPS = {"call.opened", "call.closed", "call.cleared", "call.void", "call.halted"}
"""Steps of a call that reach the engine by the inbox, from where they are copied."""


class Act(NamedTuple):
    """One entry of the audit chain of the API."""

    seq: int
    at: dt.datetime
    action: str
    subject_id: int
    actor: audit.Actor
    detail: str


def run(log_url: str, second_url: str) -> dict[str, Any]:
    """Replays on the second database what the first did since, and compares.

    Returns `batches` and `decisions` done, `stopped_at` (None, or the entry that cannot be replayed), `same` (by
    table: whether its rows are equal to the byte; None where it was not compared because the replay stopped). Errors:
    Differs.
    """
    done = {"batches": 0, "decisions": 0}
    stopped: dict[str, Any] | None = None
    with db.connect(log_url, autocommit=True) as log, db.connect(second_url, autocommit=True) as second:
        replayer = Replayer(lambda: db.connect(second_url), log)
        try:
            for step in _steps(log, second):
                if isinstance(step, Link):
                    replayer.again(step)
                    done["batches"] += 1
                elif step.action in CALL_STEPS:
                    pass
                elif step.action in DECISIONS:
                    _decide(log, second_url, step)
                    done["decisions"] += 1
                else:
                    stopped = {"seq": step.seq, "action": step.action, "at": step.at.isoformat()}
                    break
        finally:
            replayer.connection.close()
        same = None if stopped else {name: dump(log, name) == dump(second, name) for name in _DUMPS_SQL}
    return {**done, "stopped_at": stopped, "same": same}


def is_same(report: Mapping[str, Any]) -> bool:
    """Whether a report of `run` says that all was done again and came to the same."""
    return bool(report["same"]) and all(report["same"].values())


def lines(report: Mapping[str, Any], as_json: bool) -> Iterator[str]:
    """A report of `run` for people, or as one JSON object."""
    if as_json:
        yield json.dumps(report, ensure_ascii=False)
        return
    yield f"{report['batches']} batches and {report['decisions']} decisions done again"
    for name, same in (report["same"] or {}).items():
        yield f"  {name:<22} {'the same to the byte' if same else 'DIFFERS'}"
    if report["stopped_at"]:
        yield f"stopped before {report['stopped_at']['action']}, which is no command; nothing was compared"


def dump(connection: psycopg.Connection[Any], table: str) -> bytes:
    """SHA-256 over every row of a table of the comparison, in order of id, as PostgreSQL writes it out."""
    digest = hashlib.sha256()
    with connection.cursor() as cursor, cursor.copy(_DUMPS_SQL[table]) as copy:
        for block in copy:
            digest.update(block)
    return digest.digest()


def _steps(log: psycopg.Connection[Any], second: psycopg.Connection[Any]) -> list[Link | Act]:
    """What the first did since, in order of its instants; each chain keeps its own order."""
    heads = dict(second.execute(_HEADS_SQL).fetchall())
    acts = [
        Act(seq, at, action, subject, audit.Actor(user, participant, mandate, request), detail)
        for seq, at, action, subject, user, participant, mandate, request, detail in log.execute(
            _ACTS_SQL, (heads["api"],)
        )
    ]
    return sorted([*links(log, heads["engine"]), *acts], key=lambda step: step.at)


def _decide(log: psycopg.Connection[Any], second_url: str, act: Act) -> None:
    """Decides as it was decided, at its instant, with the transfer ids it drew."""
    told = msgspec.json.decode(act.detail)
    row = log.execute(_FIRST_TRANSFER_SQL, (act.at,)).fetchone()
    with clock.standing(act.at), db.transaction(second_url) as session:
        if row is not None and row[0] is not None:
            db.raw(session).execute(_NEXT_TRANSFER_SQL, row)
        DECISIONS[act.action](session, act, told)


def _approve(session: Session, act: Act, told: Mapping[str, str]) -> None:
    reviews.approve(session, actor=act.actor, instruction_id=act.subject_id, **told)


def _reject(session: Session, act: Act, told: Mapping[str, str]) -> None:
    reviews.reject(session, actor=act.actor, instruction_id=act.subject_id, **told)


def _settle_call(session: Session, act: Act, told: Mapping[str, str]) -> None:
    reason = told["reason"]
    call_settling.settle(
        session, actor=act.actor, call_id=act.subject_id, reason=reason, reviewed=bool(reason)
    )


def _reject_call(session: Session, act: Act, told: Mapping[str, str]) -> None:
    call_settling.reject(session, actor=act.actor, call_id=act.subject_id, reason=told["reason"])


DECISIONS: Mapping[str, Callable[[Session, Act, Mapping[str, str]], None]] = {
    "review.approved": _approve,
    "review.rejected": _reject,
    "call.settled": _settle_call,
    "call.rejected": _reject_call,
}


__all__ = ["Differs", "dump", "run"]
