"""`karez load`: a register of meters or readings from a bureau's file, with its time."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from sqlalchemy.orm import Session

from market.core import audit, db
from market.core.sheets.errors import RowsWrong
from market.core.sheets.gathering import Gathered, listed
from market.metering import sheets


def _meters(session: Session, data: bytes, partial: bool) -> Gathered:
    return sheets.import_meters(session, actor=audit.Actor(), data=data, partial=partial)


def _readings(session: Session, data: bytes, partial: bool) -> Gathered:
    found, _ = sheets.import_readings(
        session, actor=audit.Actor(), data=data, partial=partial, participant_id=None
    )
    return found


REGISTERS: dict[str, Callable[[Session, bytes, bool], Gathered]] = {"meters": _meters, "readings": _readings}


def run(url: str, register: str, source: Path, *, partial: bool, quiet: bool) -> dict[str, Any]:
    """Loads a register from a file, in one transaction; what was loaded, what was refused, in how many seconds.

    Errors: those of sheets, but for rows that are wrong, which are reported.
    """
    db.unlock_ids(url)
    started = time.perf_counter()
    report: dict[str, Any]
    with Console(stderr=True, quiet=quiet).status(f"loading {register}"):
        try:
            with db.transaction(url) as session:
                found = REGISTERS[register](session, source.read_bytes(), partial)
            report = {
                "loaded": len(found.good), "refused": found.refused, "rows": listed(found.problems)
            }  # fmt: skip
        except RowsWrong as wrong:
            report = {"loaded": 0, **wrong.extra}
    return report | {"seconds": f"{time.perf_counter() - started:.1f}"}
