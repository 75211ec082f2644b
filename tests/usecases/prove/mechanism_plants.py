"""Violations to plant in what mechanisms beside the book keep; and all the plants there are."""

from __future__ import annotations

from market.core import clock
from tests.usecases.prove.desk_plants import DESKS
from tests.usecases.prove.lease_plants import LEASES
from tests.usecases.prove.plants import (
    LEDGER,
    RIGHTS,
    SEASON,
    STORAGE,
    TRADING,
    TRAIL,
    Plant,
    plant,
    unchecked,
)

SOLD = "(SELECT min(id) FROM listings WHERE status = 'sold')"
BIDDABLE = "(SELECT max(id) FROM listings WHERE bids > 0 AND status = 'open')"

BIDDING = (
    plant("a listing that holds nothing", 6,
          unchecked("listings", "ck_listings_held"),
          f"UPDATE listings SET held_litres = 0 WHERE id = {BIDDABLE}"),
    plant("a sold listing whose water is held again", 6,
          unchecked("listings", "ck_listings_held"),
          f"UPDATE listings SET held_litres = 1 WHERE id = {SOLD}"),
    plant("a deposit that was given back and is held", 6,
          "UPDATE bidders SET status = 'released', resolved_at = now() WHERE id = (SELECT max(id) FROM bidders)"),
    plant("a deposit that a stopped listing keeps", 6,
          unchecked("listings", "ck_listings_held"),
          f"UPDATE listings SET status = 'stopped', resolved_at = now() WHERE id = {BIDDABLE}"),
    plant("a bid below the step", 8, f"UPDATE listings SET increment_e4 = 1000 WHERE id = {BIDDABLE}"),
    plant("a bid that was lost", 8, f"UPDATE listings SET bids = bids + 1 WHERE id = {BIDDABLE}"),
    plant("a bidder that bid something else", 8,
          "UPDATE bidders SET last_price_e4 = last_price_e4 + 1 WHERE id = (SELECT max(id) FROM bidders"
          " WHERE last_bid_id IS NOT NULL AND status = 'forfeited')"),
    plant("a sold listing without its trade", 8,
          unchecked("listings", "ck_listings_deal"),
          f"UPDATE listings SET deal_id = NULL WHERE id = {SOLD}"),
    plant("a lot sold to somebody else", 8,
          f"UPDATE listings SET awarded_to_id = (SELECT max(id) FROM bidders) WHERE id = {SOLD}"),
    plant("a forfeited deposit that reached nobody", 10,
          "UPDATE transfers SET code = 99 WHERE code = 82 AND kind = 0"),
    plant("a deposit that was forfeited without a failure", 10,
          "UPDATE bidders SET status = 'released' WHERE status = 'forfeited'"),
    plant("a listing that nobody recorded", 13,
          "UPDATE audit SET subject_id = subject_id + 1000000 WHERE subject_type = 'listing'"),
    plant("a bidding that is open past its close", 14,
          "UPDATE listings SET opens_at = now() - interval '3 hours', first_closes_at = now() - interval '2 hours',"
          f" closes_at = now() - interval '2 hours' WHERE id = {BIDDABLE}"),
)  # fmt: skip

SURFACE = f"(SELECT id FROM products WHERE code = 'surface-{clock.this_year()}')"
LAST_BATCH = "(SELECT max(batch_id) FROM trades)"
STOP = (
    "INSERT INTO price_stops (id, product_id, kind, price_e4, base_e4, batch_id, started_at, until) SELECT 1,"
)
SWITCH = (
    "INSERT INTO kill_switches (reason, legal_source, inbox_id, thrown_by) SELECT 'planted', 'planted', max(i.id),"
    " (SELECT min(id) FROM users) FROM inbox i WHERE i.done_at IS NOT NULL"
)
PRICE = (
    "INSERT INTO reference_prices (product_id, price_e4, basis, from_day, reason, legal_source)"
    f" SELECT {SURFACE}, 3000, 'carried', current_date, 'planted', 'planted'"
)


def recorded(subject: str, table: str) -> str:
    """An entry of the record, of a chain of its own, for the last row of a table."""
    return (
        "INSERT INTO audit (chain, seq, prev_hash, hash, at, action, subject_type, subject_id)"
        f" SELECT 'plant', 1, '', '', now(), '', '{subject}', max(id) FROM {table}"
    )


SESSIONS = (
    plant("an interruption that is over and still stands", 14,
          f"{STOP} {SURFACE}, 'interruption', 2, 1, {LAST_BATCH}, now() - interval '1 hour',"
          " now() - interval '11 minutes'",
          f"UPDATE products SET phase = 'auction' WHERE id = {SURFACE}"),
    plant("a book that goes on though its breaker stands", 14,
          f"{STOP} {SURFACE}, 'breaker', 2, 1, {LAST_BATCH}, now(), NULL"),
    plant("a stop of an unknown batch", 13,
          f"{STOP} {SURFACE}, 'breaker', 2, 1, 1, now(), NULL", "UPDATE price_stops SET ended_at = now()"),
    plant("an order open under a kill switch", 14, SWITCH, recorded("kill_switch", "kill_switches")),
    plant("a kill switch that nobody recorded", 13,
          SWITCH, "UPDATE kill_switches SET lifted_by = thrown_by, lifted_at = now(), lift_reason = 'planted'"),
    plant("a reference price that nobody recorded", 13, PRICE),
    plant("a look at personal data that nobody recorded", 13,
          "INSERT INTO unmaskings (participant_id, user_id, roles, kinds, purpose, legal_basis)"
          " SELECT max(participant_id), max(id), 'auditor', 'name', 'planted', 'planted' FROM users"),
    plant("an erasure request that nobody recorded", 13,
          "INSERT INTO erasure_requests (participant_id, asked_by, status, outcome)"
          " SELECT max(participant_id), max(id), 'done', '{}' FROM users"),
    plant("a command that came through another sign-in", 13,
          "UPDATE commands SET origin = 'sign_in:999999' WHERE id = (SELECT max(id) FROM commands)"),
)  # fmt: skip

PROJECT = "(SELECT max(project_id) FROM proposals WHERE status = 'submitted')"
ENDED = "ended_at = published_at, end_reason = 'planted'"
SAVING = (
    plant("a proposal that outlived its call", 14,
          f"UPDATE projects SET status = 'withdrawn', {ENDED} WHERE id = {PROJECT}"),
    plant("a choice of nobody", 14,
          f"UPDATE projects SET status = 'chosen', {ENDED} WHERE id = {PROJECT}",
          f"UPDATE proposals SET status = 'declined', resolved_at = submitted_at WHERE project_id = {PROJECT}"),
    plant("a point outside its parent's numbers", 11,
          "UPDATE measuring_points SET span = int8range(1, 2) WHERE id = (SELECT max(id) FROM measuring_points"
          " WHERE parent_id IS NOT NULL)"),
    plant("a counter that ran backwards", 11,
          "UPDATE point_readings SET counter_litres = 0 WHERE id = (SELECT max(id) FROM point_readings)"),
    plant("a signed text that was changed", 13,
          "UPDATE contract_versions SET text = text || ' ' WHERE id = (SELECT max(id) FROM contract_versions"
          " WHERE status = 'signed')"),
    plant("a contract that somebody has not signed", 13,
          "DELETE FROM contract_signatures WHERE version_id = (SELECT max(version_id) FROM contract_signatures)"),
    plant("a deposit that is not held", 6,
          "UPDATE saving_contracts SET deposit_fen = deposit_fen + 1 WHERE deposit_fen > 0"),
    plant("a due that nobody paid", 8,
          "UPDATE contract_dues SET status = 'paid', paid_on = arose_on, resolved_at = now() WHERE status = 'open'"),
    plant("a report that was changed after it was hashed", 13,
          "UPDATE saving_reports SET result_text = result_text || ' ' WHERE id = (SELECT max(id) FROM saving_reports)"),
    plant("a report that a party verified", 13,
          "UPDATE saving_reports r SET verified_at = now(), verified_by = (SELECT min(p.participant_id)"
          " FROM contract_parties p WHERE p.version_id = r.version_id AND p.role = 'firm')"
          " WHERE id = (SELECT max(id) FROM saving_reports)"),
    plant("a claim for other days", 11,
          "UPDATE report_spans SET days = daterange('2001-01-01', '2001-02-01')"
          " WHERE id = (SELECT max(id) FROM report_spans)"),
    plant("a report that other rules judged than its baseline's", 13,
          "UPDATE contract_baselines SET rules_text = replace(rules_text, '0.9', '0.8')"
          " WHERE id = (SELECT max(baseline_id) FROM saving_reports)"),
    plant("a report merged into another contract's", 11,
          "UPDATE saving_reports SET status = 'merged', merges = true, merged_into_id = (SELECT min(id)"
          " FROM saving_reports) WHERE id = (SELECT max(id) FROM saving_reports)"),
    plant("a period that was skipped", 11,
          "INSERT INTO saving_reports (contract_id, version_id, baseline_id, starts_on, ends_on, status, input_text,"
          " result_text, sha256, tier, adjusted_litres, use_litres, saving_litres, money_litres, water_litres,"
          " carried_litres, merges) SELECT contract_id, version_id, baseline_id, ends_on + 90, ends_on + 180, 'void',"
          " input_text, result_text, sha256, tier, adjusted_litres, use_litres, saving_litres, money_litres,"
          " water_litres, carried_litres, merges FROM saving_reports WHERE id = (SELECT max(id) FROM saving_reports)",
          "INSERT INTO report_spans (report_id, span, days) SELECT r.id, s.span, daterange(r.starts_on, r.ends_on)"
          " FROM saving_reports r JOIN report_spans s ON s.report_id = r.id - 1"
          " WHERE r.id = (SELECT max(id) FROM saving_reports)",
          "INSERT INTO audit (chain, seq, prev_hash, hash, at, action, subject_type, subject_id)"
          " SELECT 'plant', 1, '', '', now(), '', 'saving_report', max(id) FROM saving_reports"),
    plant("a night that nobody recorded", 13, "UPDATE audit SET subject_id = 0 WHERE subject_type = 'point_night'"),
    plant("money shared out without a verified report", 13,
          "INSERT INTO report_distributions (report_id, contract_id, contract_year, benefit_fen, carried_fen,"
          " recovered_fen, shortfall_fen, text, sha256) SELECT max(id), max(contract_id), 1, 0, 0, 0, 0, 'x',"
          " sha256('x') FROM saving_reports",
          "INSERT INTO audit (chain, seq, prev_hash, hash, at, action, subject_type, subject_id)"
          " SELECT 'plant', 1, '', '', now(), '', 'report_distribution', max(id) FROM report_distributions"),
    plant("a trust account that holds something else", 8,
          "UPDATE trust_accounts SET balance_fen = balance_fen + 1 WHERE balance_fen > 0"),
    plant("a payment into a trust account that was more", 8,
          "UPDATE trust_movements SET fen = fen + 1 WHERE id = (SELECT max(id) FROM trust_movements)"),
    plant("a supplier's bill that was never paid", 10,
          "UPDATE trust_bills SET status = 'paid', resolved_at = now() WHERE id = (SELECT max(id) FROM trust_bills)"),
    plant("a bill of a supplier that nobody recorded", 13,
          "UPDATE audit SET subject_id = 0 WHERE subject_type = 'trust_bill'"),
    plant("a household that got more", 10,
          "UPDATE household_shares SET fen = fen + 1 WHERE id = (SELECT max(id) FROM household_shares)"),
    plant("a district that kept what it received", 10,
          "UPDATE household_payouts SET reference = -1 WHERE id = (SELECT max(id) FROM household_payouts)"),
    plant("an invoice that was lost", 10,
          "UPDATE invoice_counters SET last = last + 1"),
    plant("an invoice that was changed", 13,
          "UPDATE invoices SET text = text || ' ' WHERE id = (SELECT max(id) FROM invoices)"),
    plant("a finding that is not what its points are for", 13, "UPDATE case_findings SET finding = 'hoarding'"),
    plant("a case that was lost", 13, "UPDATE number_series SET last = last + 1 WHERE series LIKE 'K-%'"),
    plant("a granted appeal whose entry stands", 13,
          unchecked("credit_appeals", "ck_credit_appeals_decided"),
          "UPDATE credit_appeals SET status = 'granted'"),
    plant("a firm that nobody recorded", 13, "UPDATE audit SET subject_id = 0 WHERE subject_type = 'firm'"),
)  # fmt: skip

CALL = (
    "INSERT INTO calls (product_id, status, commitment, committed, record, sold_litres, bought_litres, paid_fen,"
    f" received_fen, resolved_at) SELECT {SURFACE},"
)
BORDER = (
    "INSERT INTO call_borders (call_id, code, out_litres, in_litres, out_worth_e9, in_worth_e9, before_litres,"
    " balance_litres, out_open, in_open) SELECT max(id), 'B', 5, 0, 0, 0, 1, 6, true, true FROM calls"
)
CALLS = (
    plant("a held call that is not the sum of its fills", 7, f"{CALL} 'held', '', '', '', 1, 1, 0, 0, NULL"),
    plant("an account moved by a call that is not settled", 7,
          f"{CALL} 'gathering', '', '', NULL, 0, 0, 0, 0, NULL", BORDER),
    Plant("a fill of no order, which holds nothing either", frozenset({6, 8}), (
        f"{CALL} 'held', '', '', '', 1, 0, 0, 0, NULL",
        "INSERT INTO call_fills (call_id, order_id, side, water_account_id, participant_id, litres, price_e4,"
        " amount_fen, fee_fen) SELECT max(id), 1, 'sell', 1, 1, 1, 1, 0, 0 FROM calls",
    )),
    plant("a call that nobody recorded", 13, f"{CALL} 'void', '', '', NULL, 0, 0, 0, 0, now()"),
)  # fmt: skip

PLANTS = (
    *DESKS,
    *SAVING,
    *CALLS,
    *SESSIONS,
    *LEDGER,
    *TRADING,
    *STORAGE,
    *SEASON,
    *TRAIL,
    *RIGHTS,
    *BIDDING,
    *LEASES,
)
