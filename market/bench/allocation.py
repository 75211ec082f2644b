"""`karez bench allocation`: an announcement over a million accounts as a ratio to the raw statements of its rows.

Raw writes the same rows of the same tables with the same indexes in the same run: one INSERT … SELECT of a million
transfers and of the announcement's million lines, and one UPDATE of the accounts; nothing is worked out, checked,
locked or charged. `without_lines` in the detail is the ratio to raw statements that leave the lines out. Ours is the
whole announcement: the class, the split with the largest remainder, its lines, caps, locks, checks, events and audit.
Both are timed by turns up to the commit; each is rolled back, and the tables are vacuumed, for the next.
"""

from __future__ import annotations

import shutil
import statistics
import time
from pathlib import Path
from typing import Any

import psycopg
import structlog
from rich.console import Console
from sqlalchemy.orm import Session

from market import installation
from market.bench import machine, publish
from market.core import audit, datadir, db, embedded
from market.core.datadir import OperatorError
from market.county import loader, shipped
from market.registry import allocations, reference
from market.registry.errors import CapExceeded

ACCOUNTS = 1_000_000
RUNS = 3
YEAR = 2026
SHARE_E6 = 333_333
"""A share that leaves a remainder almost everywhere."""
BASELINE = (
    f"the time of one raw INSERT … SELECT of {ACCOUNTS} transfers and as many lines, and one UPDATE of the accounts,"
    " same rows, tables, server and run"
)

# Rights of uneven volumes at one place each: a million households with an account that an announcement opened.
_PEOPLE_SQL = """
INSERT INTO participants (kind, name, identifier_kind, identifier_hash, identifier_masked, status)
SELECT 'household', 'household ' || n, 'identity_number', decode(lpad(to_hex(n), 16, '0'), 'hex'), '***', 'admitted'
  FROM generate_series(1, %(accounts)s) n
"""
_LEDGER_SQL = """
INSERT INTO accounts (id, asset_id, code, flags)
SELECT nextval('ledger_account_ids'), (SELECT id FROM assets WHERE code = 'water:surface:2026'), 1, 1
  FROM generate_series(1, %(accounts)s)
"""
_RIGHTS_SQL = """
INSERT INTO entitlements (participant_id, kind, source, sector, township_zone_id, canal_zone_id, volume_litres,
                          valid_from, valid_to, status, certificate_number)
SELECT p.id, 'irrigation_certificate', 'surface', 'agriculture', t.id, c.id, 500000 + (p.id * 7919) %% 4000000,
       '2026-01-01', '2035-12-31', 'confirmed', 'BENCH-' || p.id
  FROM participants p, zones t, zones c
 WHERE p.identifier_masked = '***' AND p.name LIKE 'household %%' AND t.code = 'DEMO-MANAS' AND c.code = 'DEMO-CANAL'
"""
_WATER_SQL = """
INSERT INTO water_accounts (participant_id, township_zone_id, canal_zone_id, sector, source, water_year, right_kind,
                            account_id)
SELECT e.participant_id, e.township_zone_id, e.canal_zone_id, e.sector, 'surface', 2026, e.kind, a.id
  FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM entitlements WHERE certificate_number LIKE 'BENCH-%%') e
  JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n FROM accounts
         WHERE code = 1 AND asset_id = (SELECT id FROM assets WHERE code = 'water:surface:2026')) a USING (n)
"""
_RAW_INSERT_SQL = """
INSERT INTO transfers (id, debit_account_id, credit_account_id, amount, code, kind, reference)
SELECT nextval('ledger_transfer_ids'), %(issue)s, w.account_id, e.volume_litres / 3, 1, 0, 0
  FROM water_accounts w JOIN entitlements e ON e.participant_id = w.participant_id
 WHERE w.water_year = 2026 AND e.certificate_number LIKE 'BENCH-%%'
"""
_RAW_LINES_SQL = """
INSERT INTO announcement_lines (announcement_id, entitlement_id, water_account_id, litres)
SELECT 0, e.id, w.id, e.volume_litres / 3
  FROM water_accounts w JOIN entitlements e ON e.participant_id = w.participant_id
 WHERE w.water_year = 2026 AND e.certificate_number LIKE 'BENCH-%%'
"""
_RAW_UPDATE_SQL = """
UPDATE accounts a SET credits_posted = a.credits_posted + e.volume_litres / 3
  FROM water_accounts w JOIN entitlements e ON e.participant_id = w.participant_id
 WHERE a.id = w.account_id AND w.water_year = 2026 AND e.certificate_number LIKE 'BENCH-%%'
"""
_CREDITED_SQL = """
SELECT count(*), sum(a.credits_posted)::bigint FROM accounts a JOIN water_accounts w ON w.account_id = a.id
 WHERE w.water_year = 2026 AND a.credits_posted > 0
"""


def run(as_json: bool) -> None:
    """Measures on a server of its own under var/bench, with fsync and synchronous_commit on; it takes minutes."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    console = Console(stderr=True, quiet=as_json)
    place = Path("var/bench-allocation")
    shutil.rmtree(place, ignore_errors=True)
    server = embedded.Server(datadir.prepare(place))
    server.start()
    try:
        _run(server.url(), console, as_json=as_json)
    finally:
        server.stop()
        shutil.rmtree(place, ignore_errors=True)


def _run(url: str, console: Console, *, as_json: bool) -> None:
    with console.status(f"making {ACCOUNTS} households") as status:
        _gather(url)
        raw: list[float] = []
        lines: list[float] = []
        ours: list[float] = []
        for number in range(1, RUNS + 1):
            status.update(f"the raw statements, run {number} of {RUNS}")
            whole, of_lines = _raw(url)
            raw.append(whole)
            lines.append(of_lines)
            status.update(f"the announcement, run {number} of {RUNS}")
            seconds, detail = _ours(url)
            ours.append(seconds)
        status.update("one litre more than a cap has")
        refused = _refused(url)
    with db.connect(url) as connection:
        facts = machine(connection)
    publish(
        bench="allocation",
        ratios={"million_accounts": statistics.median(raw) / statistics.median(ours)},
        baseline=BASELINE,
        runs=RUNS,
        detail=detail
        | {
            "without_lines": round(
                statistics.median(a - b for a, b in zip(raw, lines, strict=True)) / statistics.median(ours), 4
            ),
            "raw_s": [round(each, 2) for each in raw],
            "ours_s": [round(each, 2) for each in ours],
            "one_litre_over_the_binding_cap": refused,
        },
        machine=facts,
        as_json=as_json,
    )


def _gather(url: str) -> None:
    db.migrate(url)
    db.unlock_ids(url)
    with db.transaction(url) as session:
        installation.install(session, pack=loader.load(shipped.text_of(year=YEAR)), actor=audit.Actor())
    with db.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")  # foreign keys are made to hold
        for statement in (_PEOPLE_SQL, _LEDGER_SQL, _RIGHTS_SQL, _WATER_SQL):
            connection.execute(statement, {"accounts": ACCOUNTS})
        connection.commit()
        # Every cap has room, and the county's has exactly what is needed: it binds, to the litre.
        total = _one(
            connection,
            "SELECT sum(volume_litres)::bigint * %s / 1000000 FROM entitlements WHERE source = 'surface'",
            (SHARE_E6,),
        )
        for limit_id, account_id, code in connection.execute(
            "SELECT id, account_id, code FROM limits WHERE kind = 'cap' AND water_year = 2026"
        ).fetchall():
            room = total if code == "COUNTY" else total + 10**9
            connection.execute("UPDATE accounts SET credits_posted = %s WHERE id = %s", (room, account_id))
            connection.execute("UPDATE limits SET limit_litres = %s WHERE id = %s", (room, limit_id))
    _rest(url)


def _rest(url: str) -> None:
    """What the last run left dead is cleared, so that each starts on the same ground."""
    with db.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _raw(url: str) -> tuple[float, float]:
    """The seconds of the raw statements, and those of the lines among them; rolled back."""
    with db.connect(url) as connection:
        issue = _one(
            connection,
            "SELECT s.account_id FROM system_accounts s JOIN assets x ON x.id = s.asset_id"
            " WHERE x.code = 'water:surface:2026' AND s.code = 2",
        )
        started = time.perf_counter()
        connection.execute(_RAW_INSERT_SQL, {"issue": issue})
        connection.execute(_RAW_UPDATE_SQL)
        middle = time.perf_counter()
        connection.execute(_RAW_LINES_SQL)
        end = time.perf_counter()
        connection.rollback()
    _rest(url)
    return end - started, end - middle


def _ours(url: str) -> tuple[float, dict[str, Any]]:
    """The seconds of an announcement, and what it did; it is rolled back."""
    engine = db.engine(url)
    with Session(engine) as session:
        started = time.perf_counter()
        made = _announce(session, SHARE_E6)
        spent = time.perf_counter() - started
        connection = db.raw(session)
        count, credited = connection.execute(_CREDITED_SQL).fetchone() or (0, 0)
        if (count, credited) != (ACCOUNTS, made.total_litres):
            raise OperatorError(f"{credited} litres on {count} accounts, not {made.total_litres}")
        caps = [each for each in reference.limits(connection, water_year=YEAR) if each.kind == "cap"]
        free = reference.available(connection, [each.account_id for each in caps])
        binding = [each.code for each in caps if free[each.account_id] == 0]
        session.rollback()
    _rest(url)
    detail = {
        "accounts": count,
        "total_litres": made.total_litres,
        "credited_litres": credited,
        "exact": credited == made.total_litres,
        "binding_caps": binding,
        "caps_with_room": len(caps) - len(binding),
    }
    return spent, detail


def _refused(url: str) -> str:
    """The cap that refuses an announcement of a millionth more."""
    with Session(db.engine(url)) as session:
        try:
            _announce(session, SHARE_E6 + 1)
        except CapExceeded as error:
            return error.rule
        finally:
            session.rollback()
    raise OperatorError("an announcement over a cap was made")


def _announce(session: Session, share_e6: int) -> Any:
    return allocations.announce(
        session, actor=audit.Actor(), water_year=YEAR, source="surface", share_e6=share_e6, reason="bench"
    )


def _one(connection: psycopg.Connection[Any], statement: str, parameters: tuple[Any, ...] = ()) -> int:
    row = connection.execute(statement, parameters).fetchone()
    assert row is not None  # each asks for one figure
    return int(row[0])
