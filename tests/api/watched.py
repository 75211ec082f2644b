"""An alert, a case, an entry of a credit record and an appeal, for the matrix of who may call what: rows alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from market.core import db, ids

if TYPE_CHECKING:
    from tests.api.county import County

_RUN_SQL = """
INSERT INTO surveillance_runs (day, since, until, thresholds, parties, orders, trades, found, raised)
VALUES (current_date, now() - interval '1 day', now(), '{}', 1, 0, 0, 1, 1) RETURNING id
"""
_ALERT_SQL = """
INSERT INTO surveillance_alerts (run_id, detector, key, party_ids, order_ids, trade_ids, rule, figures)
VALUES (%s, 'hoarding', sha256('tests'), ARRAY[%s], '{}', '{}', 'tests', '[["right", "1", ""]]') RETURNING id
"""
_CASE_SQL = """
INSERT INTO supervision_cases (number, title, opened_by) VALUES ('K-2000-0001', 'tests', %s) RETURNING id
"""
_ENTRY_SQL = """
INSERT INTO credit_entries (participant_id, kind, points, reason, legal_source, recorded_by, expires_on, finding,
                            case_id, appeal_until)
VALUES (%s, 'finding', -1, 'tests', 'tests', %s, current_date, 'hoarding', %s, current_date + 60) RETURNING id
"""
_APPEAL_SQL = """
INSERT INTO credit_appeals (entry_id, participant_id, grounds, lodged_by) VALUES (%s, %s, 'tests', %s) RETURNING id
"""
_DECISION_SQL = """
INSERT INTO price_decisions (subject, moves, product_ids, insider_ids, decided_at, recorded_by)
SELECT 'tests', 'up', ARRAY[min(id)], '{}', now(), %s FROM products RETURNING id
"""


def furnish(county: County) -> dict[str, str]:
    """The ids of what is the bureau's; entries of mine and of the neighbour, appealed against, go to our things."""
    spare = county.id_of("spare")
    with db.connect(county.settings.url()) as connection:

        def made(statement: str, *values: int) -> int:
            row = connection.execute(statement, values).fetchone()
            assert row is not None
            return int(row[0])

        mine = ids.parse("par", county.mine["participant"])
        alert = made(_ALERT_SQL, made(_RUN_SQL), mine)
        case = made(_CASE_SQL, spare)
        for things in (county.mine, county.theirs):
            who = ids.parse("par", things["participant"])
            entry = made(_ENTRY_SQL, who, spare, case)
            appeal = made(_APPEAL_SQL, entry, who, spare)
            things["credit_entry"], things["credit_appeal"] = (
                ids.public("cre", entry),
                ids.public("apl", appeal),
            )
        decision = made(_DECISION_SQL, spare)
    return {
        "alert_id": ids.public("alr", alert),
        "case_id": ids.public("cas", case),
        "credit_appeal_id": county.mine["credit_appeal"],
        "price_decision_id": ids.public("pdc", decision),
    }
