"""Handing a file in, and finding it again."""

from __future__ import annotations

import datetime as dt
import hashlib

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from market.core import audit, clock
from market.core.errors import NotFound
from market.core.sheets.errors import SheetTooLarge
from market.core.sheets.reading import UPLOAD
from market.sheet_runs.models import SheetRun

KEPT = dt.timedelta(days=90)
"""So long what became of a file can be read: rows that were refused may speak of people."""


def hand_in(
    session: Session, *, actor: audit.Actor, register: str, filename: str, data: bytes, partial: bool
) -> SheetRun:
    """Keeps a file until a worker has taken it in. `partial`: good rows are taken although others are refused.

    Errors: SheetTooLarge. What is wrong with the file itself is found by the worker.
    """
    if len(data) > UPLOAD.file_bytes:
        raise SheetTooLarge(f"at most {UPLOAD.file_bytes >> 20} MiB", limit=f"{UPLOAD.file_bytes} bytes")
    assert actor.user_id is not None
    session.execute(delete(SheetRun).where(SheetRun.ended_at < clock.now() - KEPT))
    run = SheetRun(
        register=register, filename=filename, sha256=hashlib.sha256(data).digest(), partial=partial, file=data,
        asked_by=actor.user_id, request_id=actor.request_id or "", origin=actor.origin,
    )  # fmt: skip
    session.add(run)
    session.flush()
    session.refresh(run)
    return run


def one(session: Session, run_id: int) -> SheetRun:
    """One file. Errors: NotFound."""
    found = session.get(SheetRun, run_id)
    if found is None:
        raise NotFound("there is no such file")
    return found


def listed(session: Session, *, before: int | None, limit: int) -> list[SheetRun]:
    """Files, newest first."""
    statement = select(SheetRun).order_by(SheetRun.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(SheetRun.id < before)
    return list(session.scalars(statement))
