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


# A bill that was paid in cash, its receipt, and a consent that was withdrawn.
_BILLED_SQL = """
WITH ran AS (
  INSERT INTO billing_runs (water_year, from_on, until_on, due_on, due_source, bills, litres, fen, digest, issued_by)
  SELECT max(year), now(), now(), now(), 'tests', 1, 0, 1, sha256('t'), %(user)s FROM water_years RETURNING id),
made AS (
  INSERT INTO water_bills (run_id, kind, water_account_id, participant_id, place_id, litres, fen, association_fen,
                           posted_fen)
  SELECT ran.id, 'bill', w.id, w.participant_id, w.township_zone_id, 0, 1, 0, 0 FROM ran, water_accounts w
   WHERE w.id = %(account)s RETURNING id, participant_id),
balance AS (
  INSERT INTO water_bill_balances (bill_id, participant_id, credit, due_on, supplier_fen, association_fen,
                                   supplier_settled_fen)
  SELECT id, participant_id, false, now(), 1, 0, 1 FROM made),
paid AS (
  INSERT INTO water_bill_payments (bill_id, method, fen, supplier_fen, association_fen, paid_on)
  SELECT id, 'cash', 1, 1, 0, now() FROM made RETURNING id),
receipt AS (
  INSERT INTO water_receipts (year, number, payment_id) SELECT 2000, id, id FROM paid RETURNING id),
consent AS (
  INSERT INTO offset_consents (participant_id, mark, given_by, withdrawn_by, withdrawn_at)
  SELECT participant_id, 0, %(user)s, %(user)s, now() FROM made RETURNING id)
SELECT made.id, receipt.id, consent.id FROM made, receipt, consent
"""


# An endpoint that is disabled, an event on its way there, and an external id.
_HOOKED_SQL = """
WITH endpoint AS (
  INSERT INTO webhook_endpoints (participant_id, url, description, status, disabled_because, disabled_reason,
                                 created_by)
  VALUES (%(participant)s, 'https://receiver.invalid/', '', 'disabled', 'by_owner', 'tests', %(user)s) RETURNING id),
event AS (
  INSERT INTO events (type, object_kind, object_id, public, at)
  SELECT 'webhooks.webhook_endpoint.tested', 'webhook_endpoint', id, false, now() FROM endpoint RETURNING id),
addressee AS (
  INSERT INTO event_addressees (event_id, participant_id) SELECT id, %(participant)s FROM event RETURNING event_id),
delivery AS (
  INSERT INTO webhook_deliveries (endpoint_id, event_id, public, addressee_id, next_try_at)
  SELECT e.id, a.event_id, false, %(participant)s, now() FROM endpoint e, addressee a RETURNING id),
named AS (
  INSERT INTO external_ids (participant_id, kind, object_id, external_id, set_by)
  VALUES (%(participant)s, 'participant', %(participant)s, 'us', %(user)s) RETURNING id)
SELECT event.id, endpoint.id, delivery.id, named.id FROM event, endpoint, delivery, named
"""

_INVOICED_SQL = """
WITH ran AS (
  INSERT INTO fee_invoice_runs (first_on, last_on, invoices, credits, gross_fen, net_fen, tax_fen, digest, issued_by)
  VALUES ('2000-01-01', '2000-01-31', 1, 0, 1, 1, 0, sha256('t'), %(user)s) RETURNING id)
INSERT INTO fee_invoices (run_id, year, number, participant_id, kind, form, gross_fen, net_fen, tax_fen, text, sha256)
SELECT id, 2000, id, %(participant)s, 'invoice', 'ordinary', 1, 1, 0, '{}', sha256('{}') FROM ran RETURNING id
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
            invoiced = {"participant": participant, "user": spare}
            [invoice] = connection.execute(_INVOICED_SQL, invoiced).fetchone() or (0,)
            things["fee_invoice"] = ids.public("fin", invoice)
            things["gateway_payment"], things["gateway_payout"] = (
                ids.public("gpy", paid),
                ids.public("gpo", out),
            )
            [session] = connection.execute(_SESSION_SQL, (participant,)).fetchone() or (0,)
            things["session"] = ids.public("sig", session)
            billed = {"user": spare, "account": ids.parse("wac", things["water_account"])}
            made = connection.execute(_BILLED_SQL, billed).fetchone() or ()
            for kind, prefix, number in zip(
                ("water_bill", "water_receipt", "offset_consent"), ("wbl", "rct", "wbo"), made, strict=True
            ):
                things[kind] = ids.public(prefix, number)
            made = (
                connection.execute(_HOOKED_SQL, {"participant": participant, "user": spare}).fetchone() or ()
            )
            for kind, prefix, number in zip(
                ("event", "webhook_endpoint", "webhook_delivery", "external_id"),
                ("evn", "whe", "whd", "xid"), made, strict=True,
            ):  # fmt: skip
                things[kind] = ids.public(prefix, number)


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
