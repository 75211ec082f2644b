"""`karez load`: a register from a bureau's file, all of it or nothing, with its time."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from sqlalchemy.orm import Session

from market.core import audit, db, progress
from market.core.sheets.errors import RowsWrong
from market.core.sheets.gathering import Gathered, listed
from market.metering import sheets
from market.participants import sheets as participants
from market.registry import account_sheets, limit_sheets
from market.registry import sheets as rights

BUREAU = audit.Actor()
"""Whoever runs the command on the bureau's machine."""


class File(NamedTuple):
    """What is loaded, whether the good rows are taken although others are refused, the key of identifiers, and who."""

    data: bytes
    partial: bool
    secret: bytes
    actor: audit.Actor = BUREAU


def _participants(session: Session, file: File) -> Gathered:
    return participants.import_participants(
        session, actor=file.actor, secret=file.secret, data=file.data, partial=file.partial
    )


def _applications(session: Session, file: File) -> Gathered:
    return rights.import_applications(session, actor=file.actor, data=file.data, partial=file.partial)


def _limits(session: Session, file: File) -> Gathered:
    return limit_sheets.import_limits(session, actor=file.actor, data=file.data, partial=file.partial)


def _water_accounts(session: Session, file: File) -> Gathered:
    return account_sheets.import_water_accounts(
        session, actor=file.actor, data=file.data, partial=file.partial
    )


def _meters(session: Session, file: File) -> Gathered:
    return sheets.import_meters(session, actor=file.actor, data=file.data, partial=file.partial)


def _readings(session: Session, file: File) -> Gathered:
    found, outcomes = sheets.import_readings(
        session, actor=file.actor, data=file.data, partial=file.partial, participant_id=None
    )
    found.held = sum(each.finding_id is not None for each in outcomes)
    return found


REGISTERS: dict[str, Callable[[Session, File], Gathered]] = {
    "participants": _participants,
    "limits": _limits,
    "entitlements": _applications,
    "water-accounts": _water_accounts,
    "meters": _meters,
    "readings": _readings,
}


def run(
    url: str, secret: bytes, register: str, source: Path, *, partial: bool, quiet: bool
) -> dict[str, Any]:
    """Loads a register from a file, in one transaction; what was loaded, what was refused, in how many seconds.

    Errors: those of sheets, but for rows that are wrong, which are reported.
    """
    db.unlock_ids(url)
    started = time.perf_counter()
    report: dict[str, Any]
    with Console(stderr=True, quiet=quiet).status(f"loading {register}") as status:
        try:
            with (
                progress.told(lambda stage, rows: status.update(f"{register}: {stage}, {rows} rows")),
                db.transaction(url) as session,
            ):
                found = REGISTERS[register](session, File(source.read_bytes(), partial, secret))
            report = {
                "loaded": len(found.good), "refused": found.refused, "rows": listed(found.problems)
            }  # fmt: skip
        except RowsWrong as wrong:
            report = {"loaded": 0, **wrong.extra}
    return report | {"seconds": f"{time.perf_counter() - started:.1f}"}
