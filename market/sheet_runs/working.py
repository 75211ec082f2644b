"""Working files off, one after another, each in one transaction with what is written of it.

Whoever works on a file holds an advisory lock on it, over a connection of its own by which it also tells how far it
is. Where a worker is killed its transaction is rolled back and the lock falls, so the next one takes the file anew:
what is taken of a file is taken once. After `MOST_ATTEMPTS` a file that kills its worker is given up.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import msgspec
import psycopg
import structlog
from psycopg.rows import dict_row
from sqlalchemy.exc import OperationalError

from ledger.errors import LedgerError
from market import loading
from market.core import audit, db, progress
from market.core.config import Settings
from market.core.db import raw
from market.core.errors import Refusal
from market.core.sheets.gathering import listed
from market.sheet_runs.models import DONE, FAILED, REFUSED

log = structlog.get_logger("sheets")
MOST_ATTEMPTS = 5
_LOCKS = 7_301
"""The class of our advisory locks; the other half of the key is the file's number."""

_OPEN_SQL = "SELECT id FROM sheet_runs WHERE status IN ('waiting', 'running') ORDER BY id LIMIT 100"
_TAKE_SQL = """
UPDATE sheet_runs SET status = 'running', stage = '', rows_looked_at = 0, attempts = attempts + 1,
                      begun_at = clock_timestamp()
 WHERE id = %s AND status IN ('waiting', 'running')
RETURNING id, register, partial, file, asked_by, request_id, origin, attempts
"""
_TELL_SQL = "UPDATE sheet_runs SET stage = %s, rows_looked_at = %s WHERE id = %s AND status = 'running'"
_END_SQL = """
UPDATE sheet_runs SET status = %(status)s, taken = %(taken)s, held = %(held)s, refused = %(refused)s,
                      problems = %(problems)s::jsonb, refusal = %(refusal)s::jsonb, file = NULL,
                      ended_at = clock_timestamp()
 WHERE id = %(id)s
"""


@dataclass(frozen=True, slots=True)
class _Taken:
    """A file that this process works on."""

    id: int
    register: str
    partial: bool
    file: bytes
    asked_by: int
    request_id: str
    origin: str | None
    attempts: int


def work_off(url: str, settings: Settings) -> int:
    """Takes in every file that waits; returns how many were brought to their end.

    Where the database gives up on one it stops: the clock comes again, and the database has had time by then.
    """
    done, goes_on = 0, True
    with db.connect(url, autocommit=True) as holding:
        while goes_on and (taken := _take(holding)) is not None:
            try:
                goes_on = _work(url, settings, holding, taken)
            finally:
                holding.execute("SELECT pg_advisory_unlock(%s, %s)", (_LOCKS, taken.id))
            done += goes_on
    return done


def _take(holding: psycopg.Connection[Any]) -> _Taken | None:
    """The first file that nobody works on."""
    for (number,) in holding.execute(_OPEN_SQL).fetchall():
        locked = holding.execute("SELECT pg_try_advisory_lock(%s, %s)", (_LOCKS, number)).fetchone()
        if locked is None or not locked[0]:
            continue
        with holding.cursor(row_factory=dict_row) as cursor:
            row = cursor.execute(_TAKE_SQL, (number,)).fetchone()
        if row is not None:
            return _Taken(**row)
        holding.execute("SELECT pg_advisory_unlock(%s, %s)", (_LOCKS, number))
    return None


def _work(url: str, settings: Settings, holding: psycopg.Connection[Any], taken: _Taken) -> bool:
    """Brings a file to its end, or leaves it to the next try where the database gave up."""
    if taken.attempts > MOST_ATTEMPTS:
        log.error("sheets.given_up", run=taken.id, attempts=taken.attempts - 1)
        _end(holding, taken, FAILED)
        return True

    def tell(stage: str, rows: int) -> None:
        holding.execute(_TELL_SQL, (stage, rows, taken.id))

    actor = audit.Actor(user_id=taken.asked_by, request_id=taken.request_id, origin=taken.origin)
    file = loading.File(bytes(taken.file), taken.partial, settings.secret("identifier"), actor)
    try:
        with progress.told(tell), db.transaction(url) as session:
            found = loading.REGISTERS[taken.register](session, file)
            _end(
                raw(session), taken, DONE, taken=len(found.good), held=found.held, refused=found.refused,
                problems=listed(found.problems),
            )  # fmt: skip
    except (OperationalError, psycopg.OperationalError) as error:
        log.warning("sheets.tried_in_vain", run=taken.id, attempts=taken.attempts, error=repr(error))
        return False
    except Refusal as refusal:
        extra = refusal.extra
        _end(
            holding, taken, REFUSED, refused=extra.get("refused", 0), problems=extra.get("rows", []),
            refusal=_told(refusal),
        )  # fmt: skip
    except LedgerError as error:
        _end(holding, taken, REFUSED, refusal=_told(Refusal(str(error), rule=error.code)))
    except Exception as error:  # ours to mend; the file must not stand in the way of the next one
        log.error("sheets.broke", run=taken.id, error=repr(error), exc_info=error)
        _end(holding, taken, FAILED)
    return True


def _told(refusal: Refusal) -> dict[str, Any]:
    found = {
        "code": refusal.code, "title_en": refusal.title_en, "title_zh": refusal.title_zh, "detail": refusal.detail,
        "rule": refusal.rule, "limit": refusal.limit, "available": refusal.available,
        "legal_source": refusal.legal_source,
    }  # fmt: skip
    return {name: value for name, value in found.items() if value is not None}


def _end(
    connection: psycopg.Connection[Any], run: _Taken, status: str, *, taken: int = 0, held: int = 0,
    refused: int = 0, problems: list[dict[str, Any]] | None = None, refusal: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    connection.execute(
        _END_SQL,
        {
            "id": run.id, "status": status, "taken": taken, "held": held, "refused": refused,
            "problems": msgspec.json.encode(problems or []).decode(),
            "refusal": msgspec.json.encode(refusal).decode() if refusal is not None else None,
        },
    )  # fmt: skip


class Desk:
    """The one thread of this process that takes files in, beside what its clock has it do."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def begin(self, url: str, settings: Settings) -> int:
        """Starts the thread if files wait and it is not at work; returns how many wait. It waits for nothing."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return 0
            with db.connect(url, autocommit=True) as connection:
                waiting = len(connection.execute(_OPEN_SQL).fetchall())
            if waiting:
                # A daemon: a worker that is told to stop leaves the file, whole, to the next one.
                self._thread = threading.Thread(
                    target=work_off, args=(url, settings), name="sheets", daemon=True
                )
                self._thread.start()
            return waiting

    def wait(self) -> None:
        """Waits until the thread has nothing left to do."""
        if self._thread is not None:
            self._thread.join()


DESK = Desk()
