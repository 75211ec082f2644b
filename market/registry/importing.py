"""`karez import certificates`: the import with a progress bar, its time and the memory that it took."""

from __future__ import annotations

import resource
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from market.core import audit, db
from market.core.sheets.errors import RowsWrong
from market.core.sheets.gathering import listed
from market.registry import imports


def run(url: str, secret: bytes, source: Path, *, partial: bool, quiet: bool) -> dict[str, Any]:
    """Takes the certificates of a file over, in one transaction; what was done, in how many seconds and MiB."""
    started = time.perf_counter()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    report: dict[str, Any]
    with Progress(*columns, console=Console(stderr=True, quiet=quiet)) as progress:
        task = progress.add_task("certificates", total=None)
        try:
            with db.transaction(url) as session:
                done = imports.import_certificates(
                    session,
                    actor=audit.Actor(),
                    secret=secret,
                    source=source,
                    partial=partial,
                    progress=lambda rows: progress.advance(task, rows),
                )
            report = {
                "certificates": done.certificates,
                "participants": done.new_participants,
                "refused": done.found.refused,
                "rows": listed(done.found.problems),
            }
        except RowsWrong as wrong:
            report = {"certificates": 0, "participants": 0, **wrong.extra}
    report["seconds"] = f"{time.perf_counter() - started:.1f}"
    report["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return report
