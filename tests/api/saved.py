"""A lot and a claw-back of mine and of a neighbour, for the matrix of who may call what: rows alone, nothing moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from market.core import db, ids

if TYPE_CHECKING:
    from tests.api.county import County

_CLEARED_SQL = """
INSERT INTO saving_clearances (contract_id, entitlement_id, recorded_by) VALUES (%s, %s, %s) RETURNING id
"""
_LOT_SQL = """
INSERT INTO saving_lots (report_id, contract_id, clearance_id, entitlement_id, owner_id, water_year, issued_litres,
                         expires_on, text, sha256)
SELECT r.id, r.contract_id, %s, e.id, e.participant_id, y.year, 1000, y.ends_on, '{}', sha256('{}')
  FROM saving_reports r, entitlements e, water_years y
 WHERE r.id = %s AND e.id = %s AND y.starts_on <= now() AND y.ends_on >= now() RETURNING id
"""
_CLAW_BACK_SQL = """
INSERT INTO report_claw_backs (report_id, reason, verifier_id, proposed_by)
SELECT r.id, 'tests', p.participant_id, %s FROM saving_reports r
  JOIN contract_parties p ON p.version_id = r.version_id AND p.role = 'verifier' WHERE r.id = %s RETURNING id
"""
# A file that ended without a desk, its notice to somebody, and a complaint of theirs about a clerk.
_NOTICE_SQL = """
WITH file AS (
  INSERT INTO desk_reviews (kind, reference, desk, rule, terms, four_eyes, parties, began_at, working_days, status,
                            outcome, closed_at, archive, archive_sha256)
  VALUES ('firm', -%s::bigint, 'rights', 'tests', '{}', false, '{}', now(), 0, 'closed', 'elsewhere', now(), '{}',
          sha256('{}')) RETURNING id),
made AS (
  INSERT INTO notices (desk, year, seq, number, review_id, decision, text_zh, text_en, sha256, remedy_days)
  SELECT 'rights', 2000, id, 'tests-' || id, id, 'approved', '', '', sha256('\n'), 60 FROM file RETURNING id)
INSERT INTO notice_addressees SELECT id, %s FROM made RETURNING notice_id
"""
_COMPLAINT_SQL = """
INSERT INTO complaints (year, seq, participant_id, clerk_id, text, filed_by)
SELECT 2000, count(*) + 1, %s, %s, 'tests', %s FROM complaints RETURNING id
"""


_PAYMENT_SQL = """
INSERT INTO gateway_payments (reference, money_account_id, amount_fen, method, capture, started_by, expires_at)
VALUES (%s, %s, 100, 'card', 'automatic', %s, now() + interval '1 day') RETURNING id
"""
_PAYOUT_SQL = """
INSERT INTO gateway_payouts (reference, money_account_id, amount_fen, route, destination, hold_id, asked_by)
VALUES (%s, %s, 100, 'bank', 'ba_1', -%s, %s) RETURNING id
"""
_SESSION_SQL = """
SELECT max(s.id) FROM sign_ins s JOIN users u ON u.id = s.user_id WHERE u.participant_id = %s
"""

_BANKED_SQL = """
WITH account AS (
  INSERT INTO bank_accounts (participant_id, holder_name, kind, number, bank_name, branch, asked_by)
  VALUES (%(participant)s, 'tests', 'card', '6222000000000000', 'tests', '', %(user)s) RETURNING id
), payout AS (
  INSERT INTO bank_payouts (participant_id, money_account_id, bank_account_id, amount_fen, hold_id, asked_by)
  SELECT %(participant)s, %(money)s, id, 100, -%(money)s, %(user)s FROM account RETURNING id
)
SELECT account.id, payout.id FROM account, payout
"""
_FILE_SQL = """
WITH file AS (INSERT INTO bank_payout_files (gathered_by) VALUES (%(user)s) RETURNING id),
statement AS (
  INSERT INTO bank_statements (first_on, last_on, opening_fen, closing_fen, lines, sha256, taken_by)
  VALUES ('2026-01-01', '2026-01-01', 0, 100, 1, sha256('tests'), %(user)s) RETURNING id
), line AS (
  INSERT INTO bank_statement_lines (statement_id, number, booked_on, bank_reference, change_fen, balance_fen)
  SELECT id, 1, '2026-01-01', 'tests', 100, 100 FROM statement RETURNING id
)
SELECT file.id, line.id FROM file, line
"""


def banking(county: County) -> dict[str, str]:
    """A payout file that was gathered, and a line of a statement, which belong to the bureau."""
    with db.connect(county.settings.url()) as connection:
        bounds = {"user": county.id_of("spare")}
        file, line = connection.execute(_FILE_SQL, bounds).fetchone() or (0, 0)
    return {"payout_file_id": ids.public("bpf", file), "bank_line_id": ids.public("bsn", line)}


def furnish(county: County) -> None:
    """A lot that was issued of each report, a claw-back that was proposed, a payment and a payout by the provider."""
    spare = county.id_of("spare")
    with db.connect(county.settings.url()) as connection:
        for things in (county.mine, county.theirs):
            contract, report = (
                ids.parse("sct", things["saving_contract"]),
                ids.parse("srp", things["saving_report"]),
            )
            right = ids.parse("ent", things["entitlement"])
            [cleared] = connection.execute(_CLEARED_SQL, (contract, right, spare)).fetchone() or (0,)
            [lot] = connection.execute(_LOT_SQL, (cleared, report, right)).fetchone() or (0,)
            [taken] = connection.execute(_CLAW_BACK_SQL, (spare, report)).fetchone() or (0,)
            things["settlement_reversal"] = _reversal(
                connection, ids.parse("par", things["participant"]), spare
            )
            things["saving_lot"], things["claw_back"] = ids.public("svl", lot), ids.public("clb", taken)
            participant = ids.parse("par", things["participant"])
            [notice] = connection.execute(_NOTICE_SQL, (participant, participant)).fetchone() or (0,)
            [complaint] = connection.execute(_COMPLAINT_SQL, (participant, spare, spare)).fetchone() or (0,)
            things["notice"], things["complaint"] = ids.public("ntc", notice), ids.public("cpl", complaint)
            account = ids.parse("mac", things["money_account"])
            [paid] = connection.execute(_PAYMENT_SQL, (f"m{account}", account, spare)).fetchone() or (0,)
            [out] = connection.execute(_PAYOUT_SQL, (f"m{account}", account, account, spare)).fetchone() or (
                0,
            )
            banked = {"participant": participant, "money": account, "user": spare}
            at_bank, by_file = connection.execute(_BANKED_SQL, banked).fetchone() or (0, 0)
            things["bank_account"], things["bank_payout"] = (
                ids.public("bac", at_bank),
                ids.public("bpl", by_file),
            )
            things["gateway_payment"], things["gateway_payout"] = (
                ids.public("gpy", paid),
                ids.public("gpo", out),
            )
            [session] = connection.execute(_SESSION_SQL, (participant,)).fetchone() or (0,)
            things["session"] = ids.public("sig", session)


_REVERSAL_SQL = """
INSERT INTO settlement_reversals (instruction_id, status, reason, legal_source, proposed_by, proposed_at, decided_by,
                                  decided_at, decision_reason)
SELECT min(id), 'withdrawn', 'tests', 'tests', %(user)s, now(), %(user)s, now(), 'tests' FROM instructions RETURNING id
"""
_INTERVENED_SQL = """
WITH made AS (
  INSERT INTO interventions (kind, subject_id, reason, legal_source, ordered_by, ordered_at)
  VALUES ('reversal', %(reversal)s, 'tests', 'tests', %(user)s, now()) RETURNING id
)
INSERT INTO intervention_parties (intervention_id, participant_id) SELECT id, %(participant)s FROM made
"""


def _reversal(connection: psycopg.Connection[Any], participant: int, user: int) -> str:
    """A reversal that was dropped, and concerned one participant alone."""
    [made] = connection.execute(_REVERSAL_SQL, {"user": user}).fetchone() or (0,)
    connection.execute(_INTERVENED_SQL, {"reversal": made, "user": user, "participant": participant})
    return ids.public("rvs", made)
