"""`karez bench savings`: a season's distribution of 100 000 saving contracts as a ratio to the raw inserts of its rows.

Raw writes the same rows into the same tables with the same keys and indexes on the same server in the same run: one
INSERT … SELECT of ready-made rows for distributions, shares, dues, events and the audit trail, one UPDATE of the
reports, one commit; nothing is read, locked, reckoned, hashed or checked by a rule. Ours is the whole run: what is due
is found, locked, read, reckoned, written and chained, chunk by chunk, each committed. Each begins on a fresh copy of
one database, by turns. What ours wrote is then held against a second, naive reckoning, and proved.
"""

from __future__ import annotations

import json
import random
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import structlog
from rich.console import Console

from market import installation, prove
from market.bench import machine, naive_sharing, publish, saving_stock
from market.contracts import distribution_run
from market.core import audit, datadir, db, embedded
from market.core.datadir import OperatorError
from market.county import loader, shipped

CONTRACTS = 100_000
RUNS = 3
SAMPLE = 2_000
YEAR = 2026
BASELINE = (
    f"ours takes as long as raw: INSERT … SELECT of the rows that sharing out {CONTRACTS} contracts writes and one"
    " UPDATE of their reports, same rows, tables, server and run; above one ours takes longer"
)
Say = Callable[[str], None]

_READY_SQL = (
    "CREATE SCHEMA raw",
    "CREATE TABLE raw.report_distributions (LIKE public.report_distributions)",
    "CREATE TABLE raw.distribution_shares (LIKE public.distribution_shares)",
    "CREATE TABLE raw.contract_dues (LIKE public.contract_dues)",
    "CREATE TABLE raw.outbox (LIKE public.outbox)",
    "CREATE TABLE raw.audit (LIKE public.audit)",
    "CREATE TABLE raw.saving_reports (id bigint, status text, clock_name text, due_on date, version integer)",
)
# What a run wrote, in the order of keys, and where it is put ready.
_MOVED_SQL = (
    (
        "COPY (SELECT * FROM report_distributions ORDER BY id) TO STDOUT",
        "COPY raw.report_distributions FROM STDIN",
    ),
    (
        "COPY (SELECT * FROM distribution_shares ORDER BY distribution_id, participant_id) TO STDOUT",
        "COPY raw.distribution_shares FROM STDIN",
    ),
    ("COPY (SELECT * FROM contract_dues ORDER BY id) TO STDOUT", "COPY raw.contract_dues FROM STDIN"),
    (
        "COPY (SELECT * FROM outbox WHERE topic IN ('contracts.contract_due.arose',"
        " 'contracts.report_distribution.made', 'contracts.saving_report.distributed') ORDER BY id) TO STDOUT",
        "COPY raw.outbox FROM STDIN",
    ),
    (
        "COPY (SELECT * FROM audit WHERE action IN ('contract_due.arose', 'report_distribution.made',"
        " 'saving_report.distributed') ORDER BY seq) TO STDOUT",
        "COPY raw.audit FROM STDIN",
    ),
    (
        "COPY (SELECT id, status, clock_name, due_on, version FROM saving_reports ORDER BY id) TO STDOUT",
        "COPY raw.saving_reports FROM STDIN",
    ),
)
_OWN_SQL = (
    "INSERT INTO report_distributions OVERRIDING SYSTEM VALUE SELECT * FROM raw.report_distributions",
    "INSERT INTO distribution_shares SELECT * FROM raw.distribution_shares",
    "INSERT INTO contract_dues OVERRIDING SYSTEM VALUE SELECT * FROM raw.contract_dues",
    "UPDATE saving_reports r SET status = s.status, clock_name = s.clock_name, due_on = s.due_on, version = s.version"
    " FROM raw.saving_reports s WHERE s.id = r.id",
)
_TRAIL_SQL = (
    "INSERT INTO outbox OVERRIDING SYSTEM VALUE SELECT * FROM raw.outbox",
    "INSERT INTO audit SELECT * FROM raw.audit",
)
_FIGURES_SQL = """
SELECT v.text, r.starts_on, r.adjusted_litres, r.use_litres, r.money_litres, d.benefit_fen, d.carried_fen,
       d.shortfall_fen, d.recovered_fen, s.shares
  FROM report_distributions d JOIN saving_reports r ON r.id = d.report_id
  JOIN contract_versions v ON v.id = r.version_id
  JOIN LATERAL (SELECT jsonb_object_agg(participant_id, jsonb_build_array(fen, fee_fen)) AS shares
                  FROM distribution_shares WHERE distribution_id = d.id) AS s ON true
 WHERE d.contract_id = ANY(%s) ORDER BY d.contract_id, r.starts_on
"""
_TOTALS_SQL = """
WITH made AS (
  SELECT d.id, d.benefit_fen, c.mode FROM report_distributions d JOIN saving_contracts c ON c.id = d.contract_id
)
SELECT (SELECT count(*) FROM made), (SELECT count(*) FROM saving_reports WHERE status <> 'distributed'),
       (SELECT sum(benefit_fen)::bigint FROM made),
       (SELECT sum(s.fen + s.fee_fen)::bigint FROM distribution_shares s JOIN made ON made.id = s.distribution_id
         WHERE made.mode = 'sharing'),
       (SELECT sum(benefit_fen)::bigint FROM made WHERE mode = 'sharing'),
       (SELECT count(*) FROM distribution_shares), (SELECT count(*) FROM contract_dues)
"""


def run(as_json: bool) -> None:
    """Measures on a server of its own under var/bench, with fsync and synchronous_commit on; it takes minutes."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    console = Console(stderr=True, quiet=as_json)
    place = Path("var/bench-savings")
    shutil.rmtree(place, ignore_errors=True)
    server = embedded.Server(datadir.prepare(place))
    server.start()
    try:
        with console.status(f"making {CONTRACTS} contracts") as status:
            found = measure(server.url("postgres"), CONTRACTS, RUNS, say=status.update)
        with db.connect(server.url("postgres")) as connection:
            facts = machine(connection)
    finally:
        server.stop()
        shutil.rmtree(place, ignore_errors=True)
    publish(
        bench="savings",
        ratios={"hundred_thousand_contracts": statistics.median(found["ratios"])},
        baseline=BASELINE,
        runs=RUNS,
        detail=found,
        machine=facts,
        as_json=as_json,
    )


def measure(url: str, contracts: int, runs: int, *, say: Say = lambda _step: None) -> dict[str, Any]:
    """Ours and raw by turns, on copies of one database that are dropped; what was measured and found.

    `url` is of a server where databases may be made. Errors: OperatorError where a figure is not exact.
    """
    stock, ready = (db.create_database(url, f"karez_savings_{name}") for name in ("stock", "raw"))
    try:
        _gather(stock, contracts)
        say("the first run, to hold its figures against others")
        found = _first(url, stock, ready, contracts, say)
        ours: list[float] = []
        raws: list[float] = []
        trails: list[float] = []
        spent: list[list[float]] = []
        for number in range(1, runs + 1):
            say(f"the raw statements, run {number} of {runs}")
            whole, trail = _on_copy(url, ready, _raw)
            say(f"sharing out, run {number} of {runs}")
            seconds, parts = _on_copy(url, stock, _ours)
            ours.append(seconds)
            raws.append(whole)
            trails.append(trail)
            spent.append(parts)
    finally:
        for each in (stock, ready):
            db.dispose(each)
            db.drop_database(url, each.partition("?")[0].rpartition("/")[2])
    both = list(zip(ours, raws, strict=True))
    return found | {
        "ratios": [round(one / other, 3) for one, other in both],
        "raw_over_ours": round(statistics.median(other / one for one, other in both), 4),
        "without_events_and_audit_in_raw": round(
            statistics.median(
                one / (other - trail) for (one, other), trail in zip(both, trails, strict=True)
            ),
            3,
        ),
        "ours_s": [round(each, 2) for each in ours],
        "raw_s": [round(each, 2) for each in raws],
        "ours_read_reckon_write_s": [each[:3] for each in spent],
        "ours_processor_s": [each[3] for each in spent],
        "chunk": distribution_run.CHUNK,
        "workers": distribution_run.WORKERS,
    }


def _gather(url: str, contracts: int) -> None:
    db.migrate(url)
    db.unlock_ids(url)
    with db.transaction(url) as session:
        installation.install(session, pack=loader.load(shipped.text_of(year=YEAR)), actor=audit.Actor())
    saving_stock.install(url, contracts)
    _rest(url)
    db.dispose(url)


def _rest(url: str) -> None:
    with db.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _on_copy(url: str, template: str, work: Callable[[str], Any]) -> Any:
    """What some work on a fresh copy of a database returns."""
    name = "karez_savings_copy"
    copy = db.create_database(url, name, template=template.partition("?")[0].rpartition("/")[2])
    try:
        _rest(copy)
        return work(copy)
    finally:
        db.dispose(copy)
        db.drop_database(url, name)


def _ours(url: str) -> tuple[float, list[float]]:
    """The seconds of a run; those of its chunks to read, to reckon and to write, and of this process's processor."""
    distribution_run.due(url)  # the process is warm, as a server's is
    started, busy = time.perf_counter(), time.process_time()
    ran = distribution_run.run(url, actor=audit.Actor())
    spent, busy = time.perf_counter() - started, time.process_time() - busy
    if ran.waiting:
        raise OperatorError(f"{len(ran.waiting)} reports wait: {ran.waiting[0].error}")
    return spent, [round(each, 2) for each in (*(part / 1e9 for part in ran.spent_ns), busy)]


def _raw(url: str) -> tuple[float, float]:
    """The seconds of the raw statements up to the commit, and those of events and audit among them."""
    with db.connect(url) as connection:
        started = time.perf_counter()
        for statement in _OWN_SQL:
            connection.execute(statement)
        middle = time.perf_counter()
        for statement in _TRAIL_SQL:
            connection.execute(statement)
        trail = time.perf_counter() - middle
        connection.commit()
        return time.perf_counter() - started, trail


def _first(url: str, stock: str, ready: str, contracts: int, say: Say) -> dict[str, Any]:
    """A run whose figures are checked, and whose rows are made ready for the raw statements in `ready`."""

    def work(copy: str) -> dict[str, Any]:
        _ours(copy)
        say("the second reckoning, and the proof")
        found = checked(copy, contracts)
        say("the rows for the raw statements")
        with db.connect(copy) as source, db.connect(ready) as target:
            _made_ready(source, target)
        return found

    db.drop_database(url, "karez_savings_raw")
    db.create_database(url, "karez_savings_raw", template="karez_savings_stock")
    found = _on_copy(url, stock, work)
    _rest(ready)
    return dict(found)


def _made_ready(source: psycopg.Connection[Any], target: psycopg.Connection[Any]) -> None:
    for statement in _READY_SQL:
        target.execute(statement)
    for out, back in _MOVED_SQL:
        with source.cursor().copy(out) as rows, target.cursor().copy(back) as copy:
            for each in rows:
                copy.write(each)
    target.commit()


def checked(url: str, contracts: int) -> dict[str, Any]:
    """Holds what was shared out against Σ shares = B, a second reckoning of a sample, and every invariant.

    Errors: OperatorError, which names what differs.
    """
    with db.connect(url) as connection:
        row = connection.execute(_TOTALS_SQL).fetchone()
        assert row is not None
        made, open_reports, benefit, shared, to_share, shares, dues = row
        if (made, open_reports) != (contracts, 0) or shared != to_share:
            raise OperatorError(
                f"{made} of {contracts} distributions, {open_reports} reports left, {shared} of {to_share}"
            )
        ids = [
            each[0] for each in connection.execute("SELECT id FROM saving_contracts ORDER BY id").fetchall()
        ]
        sample = random.Random(YEAR).sample(ids, min(SAMPLE, len(ids)))
        rows = connection.execute(_FIGURES_SQL, (sample,)).fetchall()
    for each in rows:
        _same(*each)
    report = prove.run(url)
    if report["violations"]:
        raise OperatorError(f"{report['violations']} violations after the run")
    return {
        "contracts": made,
        "benefit_fen": benefit,
        "shares": shares,
        "dues": dues,
        "exact": True,
        "reckoned_again": len(rows),
        "violations": report["violations"],
    }


def _same(text: str, starts_on: Any, adjusted: int, use: int, money: int, *written: Any) -> None:
    """One period that is its contract's first. Errors: OperatorError."""
    past = naive_sharing.Past()
    found = naive_sharing.share(
        json.loads(text), (starts_on.year, starts_on.month), adjusted, use, money, past
    )
    shares = {str(who): [fen, found.fees[who]] for who, fen in found.shares.items()}
    again = (found.benefit, found.carried, found.shortfall, found.recovered, shares)
    if again != written:
        raise OperatorError(f"shared out as {written}, reckoned again as {again}")
