"""What distributions read and write: a few set statements for any number of reports, of one contract each or not.

Reports are locked first, lowest id first, then their contracts in the same way; everything else is read after that, so
that nobody shares out a contract's periods beside us. Rows are copied in, by the ids that were drawn for them.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import tuple_row

from ledger.arrays import Bigints
from market.contracts import states
from market.core import acts, audit, clock

DISTRIBUTION, REPORT, DUE = "report_distribution", "saving_report", "contract_due"


class Period(NamedTuple):
    """A report's figures, as sharing needs them."""

    id: int
    contract_id: int
    version_id: int
    starts_on: dt.date
    status: str
    due_on: dt.date | None
    adjusted_litres: int
    use_litres: int
    money_litres: int


class Earlier(NamedTuple):
    """A report of the contract: its state, its litres of use and those that its money is for."""

    starts_on: dt.date
    status: str
    use_litres: int
    money_litres: int


class Left(NamedTuple):
    """What a contract's distributions add up to, and what the last one carried in which contract year, fen."""

    recovered_fen: int = 0
    shortfall_fen: int = 0
    carried_fen: int = 0
    contract_year: int = 0


class DueRow(NamedTuple):
    """What a party will owe another, fen, until when."""

    kind: str
    payer: int
    payee: int
    fen: int
    due_on: dt.date


class Made(NamedTuple):
    """A distribution before it is written. `shares`: (participant, share, fee), fen."""

    report: Period
    contract_year: int
    benefit_fen: int
    carried_fen: int
    recovered_fen: int
    shortfall_fen: int
    text: str
    sha256: bytes
    shares: tuple[tuple[int, int, int], ...]
    dues: tuple[DueRow, ...]


_REPORTS_SQL = """
SELECT id, contract_id, version_id, starts_on, status, due_on, adjusted_litres, use_litres, money_litres
  FROM saving_reports WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
"""
_CONTRACTS_SQL = "SELECT id FROM saving_contracts WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
_TEXTS_SQL = "SELECT id, text FROM contract_versions WHERE id = ANY(%s)"
_EARLIER_SQL = """
SELECT contract_id, starts_on, status, use_litres, money_litres
  FROM saving_reports WHERE contract_id = ANY(%s) ORDER BY contract_id, starts_on
"""
_LEFT_SQL = """
SELECT contract_id, sum(recovered_fen)::bigint, sum(shortfall_fen)::bigint,
       (array_agg(carried_fen ORDER BY id DESC))[1], (array_agg(contract_year ORDER BY id DESC))[1]
  FROM report_distributions WHERE contract_id = ANY(%s) GROUP BY contract_id
"""
_IDS_SQL = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s::bigint)"
_SHARED_SQL = f"""
UPDATE saving_reports SET status = '{states.DISTRIBUTED}', clock_name = %s, due_on = %s, version = version + 1
 WHERE id = ANY(%s)
"""
_DISTRIBUTIONS_SQL = """
COPY report_distributions (id, report_id, contract_id, contract_year, benefit_fen, carried_fen, recovered_fen,
                           shortfall_fen, text, sha256, distributed_at) FROM STDIN
"""
_SHARES_SQL = "COPY distribution_shares (distribution_id, participant_id, fen, fee_fen) FROM STDIN"
_DUES_SQL = """
COPY contract_dues (id, contract_id, kind, reference, payer_id, payee_id, fen, arose_on, due_on) FROM STDIN
"""


def lock(connection: psycopg.Connection[Any], report_ids: Iterable[int]) -> list[Period]:
    """Locks these reports and then their contracts until the transaction ends; what is there of them, by id."""
    found = [Period(*row) for row in _rows(connection, _REPORTS_SQL, report_ids)]
    _rows(connection, _CONTRACTS_SQL, {each.contract_id for each in found})
    return found


def texts(connection: psycopg.Connection[Any], version_ids: Iterable[int]) -> dict[int, str]:
    """What was signed in each of these versions."""
    return dict(_rows(connection, _TEXTS_SQL, set(version_ids)))


def earlier(connection: psycopg.Connection[Any], contract_ids: Iterable[int]) -> dict[int, list[Earlier]]:
    """Every report of these contracts, by its start."""
    found: dict[int, list[Earlier]] = defaultdict(list)
    for contract_id, *rest in _rows(connection, _EARLIER_SQL, set(contract_ids)):
        found[contract_id].append(Earlier(*rest))
    return found


def left(connection: psycopg.Connection[Any], contract_ids: Iterable[int]) -> dict[int, Left]:
    """What the distributions of these contracts left; nothing for one that has none."""
    return {row[0]: Left(*row[1:]) for row in _rows(connection, _LEFT_SQL, set(contract_ids))}


def write(
    connection: psycopg.Connection[Any],
    actor: audit.Actor,
    made: Sequence[Made],
    *,
    clock_name: str,
    due_on: dt.date,
) -> list[int]:
    """Writes distributions, shares and dues, sets their reports on, and records all of it; returns the ids.

    `clock_name`, `due_on`: the clock that runs for the reports from now on. Dues arise today. Errors: psycopg's, after
    which the transaction must be rolled back.
    """
    if not made:
        return []
    ids = _drawn(connection, "report_distributions", len(made))
    _copy_distributions(connection, ids, made)
    due_ids = _copy_dues(connection, ids, made)
    connection.execute(_SHARED_SQL, (clock_name, due_on, Bigints(each.report.id for each in made)))
    dues = [(each.report.contract_id, due) for each in made for due in each.dues]
    acts.done_many(
        connection,
        actor=actor,
        source="contracts",
        told=(
            (DUE, "arose", [
                (number, {"contract_id": contract_id, "kind": due.kind, "fen": due.fen})
                for number, (contract_id, due) in zip(due_ids, dues, strict=True)
            ]),
            (DISTRIBUTION, "made", [
                (number, {
                    "report_id": each.report.id, "benefit_fen": each.benefit_fen, "sha256": each.sha256.hex(),
                })
                for number, each in zip(ids, made, strict=True)
            ]),
            (REPORT, "distributed", [(each.report.id, {}) for each in made]),
        ),
    )  # fmt: skip
    return ids


def _copy_distributions(
    connection: psycopg.Connection[Any], ids: Sequence[int], made: Sequence[Made]
) -> None:
    now = clock.now()
    with connection.cursor() as cursor, cursor.copy(_DISTRIBUTIONS_SQL) as copy:
        for number, each in zip(ids, made, strict=True):
            report, figures = each.report, each[1:8]
            copy.write_row((number, report.id, report.contract_id, *figures, now))
    with connection.cursor() as cursor, cursor.copy(_SHARES_SQL) as copy:
        for number, each in zip(ids, made, strict=True):
            for share in each.shares:
                copy.write_row((number, *share))


def _copy_dues(connection: psycopg.Connection[Any], ids: Sequence[int], made: Sequence[Made]) -> list[int]:
    due_ids = _drawn(connection, "contract_dues", sum(len(each.dues) for each in made))
    today, numbers = clock.today(), iter(due_ids)
    with connection.cursor() as cursor, cursor.copy(_DUES_SQL) as copy:
        for number, each in zip(ids, made, strict=True):
            for kind, payer, payee, fen, due_on in each.dues:
                copy.write_row(
                    (next(numbers), each.report.contract_id, kind, number, payer, payee, fen, today, due_on)
                )
    return due_ids


def _drawn(connection: psycopg.Connection[Any], table: str, count: int) -> list[int]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        return [int(row[0]) for row in cursor.execute(_IDS_SQL, (table, count)).fetchall()]


def _rows(connection: psycopg.Connection[Any], statement: Any, ids: Iterable[int]) -> list[tuple[Any, ...]]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(statement, (Bigints(ids),)).fetchall()
