"""A season shared out in one run: the same as one by one, whatever fails, is killed, or runs beside it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from typing import Any

import pytest
from click.testing import CliRunner

from market import cli, jobs, prove
from market.bench import naive_sharing, saving_stock
from market.contracts import distributing, distribution_run
from market.core import audit, db

CONTRACTS, PERIODS = 24, 6
CLERK = audit.Actor(request_id="tests")
WRITTEN = """
SELECT d.report_id, d.contract_id, d.contract_year, d.benefit_fen, d.carried_fen, d.recovered_fen, d.shortfall_fen,
       d.text, d.sha256, r.status, r.clock_name, r.due_on, r.version,
       (SELECT array_agg((s.participant_id, s.fen, s.fee_fen) ORDER BY s.participant_id)::text
          FROM distribution_shares s WHERE s.distribution_id = d.id),
       (SELECT array_agg((u.kind, u.payer_id, u.payee_id, u.fen, u.arose_on, u.due_on, u.status) ORDER BY u.id)::text
          FROM contract_dues u WHERE u.reference = d.id AND u.contract_id = d.contract_id)
  FROM report_distributions d JOIN saving_reports r ON r.id = d.report_id ORDER BY d.report_id
"""
TOLD = """
SELECT action, subject_type, actor_user_id, request_id, detail FROM audit
 WHERE action IN ('contract_due.arose', 'report_distribution.made', 'saving_report.distributed') ORDER BY 1, 5
"""
EVENTS = "SELECT topic, subject_type, payload, count(*) FROM outbox GROUP BY 1, 2, 3 ORDER BY 1"


def _stocked(url: str, contracts: int = CONTRACTS, periods: int = PERIODS, seed: int = 1) -> None:
    saving_stock.install(url, contracts, periods=periods, seed=seed)


def _copy(url: str, name: str) -> str:
    db.dispose(url)
    return db.create_database(
        db.database_url(url, "postgres"), name, template=url.partition("?")[0].rpartition("/")[2]
    )


def _rows(url: str, statement: Any) -> list[Any]:
    with db.connect(url) as connection:
        return connection.execute(statement).fetchall()


def _result(url: str) -> list[list[Any]]:
    """Everything a distribution writes, but for the numbers of rows and their times."""
    return [_rows(url, each) for each in (WRITTEN, TOLD, EVENTS)]


def _run(url: str, **chosen: Any) -> distribution_run.Ran:
    return distribution_run.run(url, actor=CLERK, **chosen)


@pytest.fixture
def second(committed_county: str, request: pytest.FixtureRequest) -> Any:
    """Makes a copy of the county as it is now; dropped at the end."""
    made: list[str] = []

    def copy() -> str:
        made.append(_copy(committed_county, f"karez_test_second_{len(made)}"))
        return made[-1]

    yield copy
    for url in made:
        db.dispose(url)
        db.drop_database(db.database_url(url, "postgres"), url.partition("?")[0].rpartition("/")[2])


@pytest.mark.parametrize(("chunk", "workers"), [(1, 1), (7, 2), (10_000, 1)])
def test_a_run_writes_what_sharing_out_one_by_one_writes(
    committed_county: str, second: Any, chunk: int, workers: int
) -> None:
    _stocked(committed_county)
    other = second()
    ran = _run(committed_county, chunk=chunk, workers=workers)
    assert (ran.distributed, ran.waiting) == (CONTRACTS * PERIODS, ())
    for (report_id,) in _rows(other, "SELECT id FROM saving_reports ORDER BY contract_id, starts_on"):
        with db.transaction(other) as session:
            distributing.distribute_report(session, actor=CLERK, report_id=report_id)
    assert _result(committed_county) == _result(other)
    assert prove.run(committed_county)["violations"] == 0


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_every_form_of_sharing_comes_to_what_fractions_come_to(committed_county: str, seed: int) -> None:
    _stocked(committed_county, 48, seed=seed)
    ran = _run(committed_county)
    found = _rows(
        committed_county,
        "SELECT d.contract_id, v.text, r.starts_on, r.adjusted_litres, r.use_litres, r.money_litres, d.benefit_fen,"
        " d.carried_fen, d.shortfall_fen, d.recovered_fen, (SELECT jsonb_object_agg(s.participant_id,"
        " jsonb_build_array(s.fen, s.fee_fen)) FROM distribution_shares s WHERE s.distribution_id = d.id)"
        " FROM report_distributions d JOIN saving_reports r ON r.id = d.report_id"
        " JOIN contract_versions v ON v.id = r.version_id ORDER BY d.contract_id, r.starts_on",
    )
    assert len(found) == ran.distributed == 48 * PERIODS
    pasts: dict[int, naive_sharing.Past] = {}
    for contract, text, starts_on, adjusted, use, money, *written in found:
        past = pasts.setdefault(contract, naive_sharing.Past())
        terms = json.loads(text)
        again = naive_sharing.share(terms, (starts_on.year, starts_on.month), adjusted, use, money, past)
        shares = {str(who): [fen, again.fees[who]] for who, fen in again.shares.items()}
        assert written == [again.benefit, again.carried, again.shortfall, again.recovered, shares]
        if terms["mode"] == "sharing":
            assert sum(again.shares.values()) + sum(again.fees.values()) == again.benefit
    assert any(past.recovered for past in pasts.values()) and any(past.cap_used for past in pasts.values())


def test_one_contract_that_fails_stops_no_other_and_is_named(committed_county: str, second: Any) -> None:
    _stocked(committed_county)
    whole = second()
    with db.connect(committed_county) as connection:
        connection.execute("SET session_replication_role = replica")
        contracts = [row[0] for row in connection.execute("SELECT id FROM saving_contracts ORDER BY id")]
        gone, garbled, disputed = contracts[3], contracts[10], contracts[17]
        connection.execute(
            "DELETE FROM participants WHERE id = (SELECT user_id FROM saving_contracts WHERE id = %s)",
            (gone,),
        )
        connection.execute(
            "UPDATE contract_versions SET text = replace(text, '\"period_months\":3', '\"period_months\":5')"
            " WHERE contract_id = %s", (garbled,)
        )  # fmt: skip
        connection.execute(
            "UPDATE saving_reports SET status = 'disputed' WHERE id = (SELECT id FROM saving_reports"
            " WHERE contract_id = %s ORDER BY starts_on OFFSET 1 LIMIT 1)", (disputed,)
        )  # fmt: skip
        of = dict(connection.execute("SELECT id, contract_id FROM saving_reports").fetchall())
    ran = _run(committed_county, chunk=40)
    named = {(of[each.report_id], each.error.code) for each in ran.waiting}
    assert named == {
        (gone, "not_distributable"), (garbled, "contract_terms"), (disputed, "distribution_order"),
        (gone, "distribution_order"),
    }  # fmt: skip
    [missing] = [each.error for each in ran.waiting if each.error.code == "not_distributable"]
    assert "participant" in missing.detail and missing.available is not None
    assert ran.distributed == (CONTRACTS - 3) * PERIODS + 1
    _run(whole)
    others = [row for row in _rows(whole, WRITTEN) if row[1] not in (gone, garbled, disputed)]
    assert [row for row in _rows(committed_county, WRITTEN) if row[1] != disputed] == others
    told = CliRunner().invoke(cli.main, ["distribute", "--json"], env={"DATABASE_URL": committed_county})
    again = json.loads(told.stdout)
    assert (told.exit_code, again["distributed"], len(again["waiting"])) == (1, 0, len(ran.waiting))
    said = CliRunner().invoke(cli.main, ["distribute"], env={"DATABASE_URL": committed_county})
    assert "合同条款不完整或不一致 (contract_terms)" in said.output


KILLED = """
import os, signal, sys
from market.contracts import distribution_run
from market.core import audit
distribution_run.run(sys.argv[1], actor=audit.Actor(request_id="tests"), chunk=7, workers=2,
                     progress=lambda _: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_a_run_that_was_killed_is_begun_again_and_shares_nothing_out_twice(
    committed_county: str, second: Any
) -> None:
    _stocked(committed_county)
    other = second()
    dead = subprocess.run([sys.executable, "-c", KILLED, committed_county], check=False)
    assert dead.returncode == -signal.SIGKILL
    [(before,)] = _rows(committed_county, "SELECT count(*) FROM report_distributions")
    assert 0 < before < CONTRACTS * PERIODS
    found = CliRunner().invoke(
        cli.main, ["distribute", "--json", "--chunk", "50"], env={"DATABASE_URL": committed_county}
    )
    report = json.loads(found.stdout)
    assert (found.exit_code, report["waiting"]) == (0, [])
    assert 0 < report["distributed"] <= CONTRACTS * PERIODS - before
    _run(other)
    assert _rows(committed_county, WRITTEN) == _rows(other, WRITTEN)
    assert prove.run(committed_county)["violations"] == 0


def test_an_interrupted_run_begins_no_other_chunk(committed_county: str) -> None:
    _stocked(committed_county)

    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _run(committed_county, chunk=6, workers=1, progress=interrupted)
    assert _rows(committed_county, "SELECT count(*) FROM report_distributions") == [(6,)]


def test_runs_side_by_side_share_each_report_out_once(committed_county: str) -> None:
    _stocked(committed_county)
    ran: list[distribution_run.Ran] = []
    runs = [
        threading.Thread(target=lambda chunk=chunk: ran.append(_run(committed_county, chunk=chunk)))
        for chunk in (7, 11, 13)
    ]
    for each in runs:
        each.start()
    for each in runs:
        each.join()
    assert sum(each.distributed for each in ran) == CONTRACTS * PERIODS
    assert [each.waiting for each in ran] == [(), (), ()]
    assert prove.run(committed_county)["violations"] == 0


def test_the_job_of_the_clock_shares_out_everything_that_is_due(committed_county: str) -> None:
    _stocked(committed_county)
    assert jobs.run(committed_county, jobs.named("savings")) == CONTRACTS * PERIODS
    assert jobs.run(committed_county, jobs.named("savings")) == 0


def test_a_period_does_not_go_before_an_earlier_one(committed_county: str) -> None:
    _stocked(committed_county, 1)
    [(last,)] = _rows(committed_county, "SELECT max(id) FROM saving_reports")
    with db.transaction(committed_county) as session:
        outcome = distributing.distribute_reports(session, actor=CLERK, report_ids=[last, 10**9])
    assert [each.error.code for each in outcome.waiting] == ["not_found", "distribution_order"]
    assert outcome.distribution_ids == ()
