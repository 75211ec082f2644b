"""The benchmark of sharing out, in small; nothing is timed here."""

from __future__ import annotations

import pytest

from market.bench import saving_stock, savings
from market.contracts import distribution_run
from market.core import audit, db
from market.core.datadir import OperatorError

CONTRACTS = 64


def test_a_small_run_is_exact_and_writes_what_the_raw_statements_write(server_url: str) -> None:
    found = savings.measure(server_url, CONTRACTS, 1)
    assert (found["contracts"], found["exact"], found["violations"]) == (CONTRACTS, True, 0)
    assert found["reckoned_again"] == CONTRACTS
    assert found["shares"] > 3 * CONTRACTS and found["dues"] > CONTRACTS
    assert [each > 0 for each in found["ratios"]] == [True]


def test_one_fen_on_the_wrong_side_is_found(committed_county: str) -> None:
    saving_stock.install(committed_county, CONTRACTS)
    distribution_run.run(committed_county, actor=audit.Actor())
    savings.checked(committed_county, CONTRACTS)
    with db.connect(committed_county) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE distribution_shares s SET fen = fen + CASE participant_id WHEN p.one THEN 1 ELSE -1 END"
            " FROM (SELECT distribution_id AS id, (array_agg(participant_id))[1:2] AS both,"
            "              (array_agg(participant_id))[1] AS one FROM distribution_shares WHERE fen > 0"
            "         GROUP BY 1 HAVING count(*) > 1 LIMIT 1) p"
            " WHERE s.distribution_id = p.id AND s.participant_id = ANY(p.both)"
        )
    with pytest.raises(OperatorError, match="reckoned again as"):
        savings.checked(committed_county, CONTRACTS)


def test_the_stock_is_the_same_every_time(committed_county: str) -> None:
    seen = []
    for seed in (5, 5):
        with db.connect(committed_county) as connection:
            saving_stock.fill(connection, 16, seed=seed)
            seen.append(
                connection.execute(
                    "SELECT array_agg(money_litres ORDER BY id) FROM (SELECT id, money_litres FROM saving_reports"
                    " ORDER BY id DESC LIMIT 16) AS last"
                ).fetchone()
            )
    assert seen[0] == seen[1]
