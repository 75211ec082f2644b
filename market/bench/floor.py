"""The floor T: how many settled trades a second this server does when each is nine statements, by pgbench.

Take it right before and right after the measured load, on the same server, and use `combine`.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from importlib.resources import as_file, files
from pathlib import Path

from market.core import db, embedded
from market.core.datadir import OperatorError

CLIENTS = 32
RUN_S = 5
BASELINE = f"T: pgbench's rate of the nine-statement trade (prepared, {CLIENTS} clients), same server and run"


def measure(url: str, *, runs: int = 3, clients: int = CLIENTS, run_s: int = RUN_S) -> list[float]:
    """Trades a second of each run, on the server of `url`, in a scratch database that is dropped afterwards.

    The role in `url` must be allowed to create databases. Errors: OperatorError if pgbench is missing or fails.
    """
    with _scratch(url) as scratch, as_file(files("market.bench") / "floor_sql" / "trade.sql") as script:
        return [_run(scratch, script, clients=clients, run_s=run_s) for _ in range(runs)]


def combine(before: Sequence[float], after: Sequence[float]) -> float:
    """T of a measurement: the mean of the medians taken before and after it."""
    return statistics.fmean((statistics.median(before), statistics.median(after)))


@contextlib.contextmanager
def _scratch(url: str) -> Iterator[str]:
    name = f"karez_floor_{secrets.token_hex(4)}"
    scratch = db.create_database(url, name)
    try:
        schema = (files("market.bench") / "floor_sql" / "schema.sql").read_text(encoding="utf-8")
        with db.connect(scratch, autocommit=True) as connection:
            connection.execute(schema)
        yield scratch
    finally:
        db.drop_database(url, name)


def _run(url: str, script: Path, *, clients: int, run_s: int) -> float:
    command = [
        _pgbench(),
        "-n",
        "-M",
        "prepared",
        "-c",
        str(clients),
        "-j",
        "2",
        "-T",
        str(run_s),
        "-f",
        str(script),
    ]
    done = subprocess.run([*command, url], capture_output=True, text=True, check=False)
    found = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
    if done.returncode != 0 or found is None:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        raise OperatorError(f"pgbench failed: {last}")
    return float(found[1])


def _pgbench() -> str:
    with contextlib.suppress(OperatorError):
        return str(embedded.programs() / "pgbench")
    found = shutil.which("pgbench")
    if found is None:
        raise OperatorError("pgbench is not installed: run `make install`")
    return found
