"""All that is kept of oneself, in one file: read in one snapshot, row by row, whatever its size.

Source: 个人信息保护法 art. 45 (a person may read and copy its data, in time and in a form that can be taken elsewhere).
Names of columns say how a value is written: `id:ord` is a public id, `_litres` cubic metres, `_fen` yuan, `_e4` yuan
per cubic metre, `_e2` hundredths. Others are named by their ids alone.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, LiteralString

import msgspec
import psycopg
from psycopg.rows import dict_row

from ledger.units import format_decimal, format_fen, format_litres, format_price_e4
from market.core import clock, ids

AT_ONCE = 1_000
BLOCK_BYTES = 64 * 1024
_UNITS = {
    "_litres": format_litres,
    "_fen": format_fen,
    "_e4": format_price_e4,
    "_e2": lambda value: format_decimal(value, scale=2),
}

SECTIONS: Mapping[str, LiteralString] = {
    "profile": 'SELECT id AS "id:par", kind, name, identifier_kind, identifier_masked AS identifier, contact, status,'
    " applied_at, decided_at, decision_reason FROM participants WHERE id = %(participant)s",
    "users": 'SELECT id AS "id:usr", login, name, phone, status, created_at, ARRAY(SELECT role FROM user_roles r'
    " WHERE r.user_id = u.id ORDER BY role) AS roles FROM users u"
    " WHERE id = %(user)s OR participant_id = %(participant)s ORDER BY id",
    "mandates": 'SELECT id AS "id:man", clerk_user_id AS "clerk_user_id:usr", scope, document, valid_from, valid_to,'
    " revoked_at FROM mandates WHERE participant_id = %(participant)s ORDER BY id",
    "rights": 'SELECT e.id AS "id:ent", e.kind, e.source, e.sector, t.code AS township, c.code AS canal,'
    " e.volume_litres, e.land_mu_e2, e.valid_from, e.valid_to, e.status, e.certificate_number FROM entitlements e"
    " JOIN zones t ON t.id = e.township_zone_id JOIN zones c ON c.id = e.canal_zone_id"
    " WHERE e.participant_id = %(participant)s ORDER BY e.id",
    "documents": 'SELECT d.id AS "id:doc", d.entitlement_id AS "entitlement_id:ent", d.name, d.media_type,'
    " d.size_bytes, encode(d.sha256, 'hex') AS sha256, d.handed_in_at, d.erased_at FROM entitlement_documents d"
    " JOIN entitlements e ON e.id = d.entitlement_id WHERE e.participant_id = %(participant)s ORDER BY d.id",
    "objections": 'SELECT id AS "id:obj", entitlement_id AS "entitlement_id:ent", grounds, status, lodged_at,'
    " decision_reason FROM objections WHERE participant_id = %(participant)s ORDER BY id",
    "water_accounts": 'SELECT w.id AS "id:wac", w.water_year, t.code AS township, c.code AS canal, w.sector, w.source,'
    " w.origin, w.status, a.credits_posted - a.debits_posted AS balance_litres, a.debits_pending AS held_litres"
    " FROM water_accounts w JOIN accounts a ON a.id = w.account_id JOIN zones t ON t.id = w.township_zone_id"
    " JOIN zones c ON c.id = w.canal_zone_id WHERE w.participant_id = %(participant)s ORDER BY w.id",
    "money_accounts": 'SELECT m.id AS "id:mac", a.credits_posted - a.debits_posted AS balance_fen,'
    " a.debits_pending AS held_fen FROM money_accounts m JOIN accounts a ON a.id = m.account_id"
    " WHERE m.participant_id = %(participant)s",
    "bank_transfers": "SELECT b.direction, b.amount_fen, b.bank_reference, b.value_date, b.note, b.recorded_at"
    " FROM bank_transfers b JOIN money_accounts m ON m.id = b.money_account_id"
    " WHERE m.participant_id = %(participant)s ORDER BY b.id",
    "bank_accounts": 'SELECT id AS "id:bac", holder_name, kind, number, bank_name, branch, cnaps, status, asked_at,'
    " confirmed_at, payable_from, ended_at FROM bank_accounts WHERE participant_id = %(participant)s ORDER BY id",
    "bank_payouts": 'SELECT id AS "id:bpl", bank_account_id AS "bank_account_id:bac", amount_fen, note, status, reason,'
    " asked_at, closed_at FROM bank_payouts WHERE participant_id = %(participant)s ORDER BY id",
    "orders": 'SELECT id AS "id:ord", product_id AS "product_id:prd", water_account_id AS "water_account_id:wac", side,'
    " volume_litres, rest_litres, price_e4, tif AS time_in_force, client_order_id, status, reason, created_at,"
    " updated_at FROM orders WHERE participant_id = %(participant)s ORDER BY id",
    "trades": 'SELECT t.id AS "id:trd", t.product_id AS "product_id:prd", t.buy_order_id AS "buy_order_id:ord",'
    ' t.sell_order_id AS "sell_order_id:ord", t.buyer_id AS "buyer_id:par", t.seller_id AS "seller_id:par",'
    " t.source_litres, t.delivered_litres, t.price_e4, t.amount_fen, t.fee_fen, i.status, t.traded_at"
    " FROM instructions i JOIN trades t ON t.instruction_id = i.id"
    " WHERE %(participant)s IN (i.buyer_id, i.seller_id) ORDER BY t.id",
    "readings": 'SELECT r.id AS "id:rdg", r.meter_id AS "meter_id:mtr", m.serial, r.since, r.read_at, r.method,'
    " r.counter_litres, r.use_litres, r.posted_litres, r.over_use_litres, r.fee_fen FROM readings r"
    " JOIN meters m ON m.id = r.meter_id JOIN water_accounts w ON w.id = r.water_account_id"
    " WHERE w.participant_id = %(participant)s ORDER BY r.id",
    "pledges": 'SELECT id AS "id:plg", entitlement_id AS "entitlement_id:ent", bank_id AS "bank_id:par",'
    " volume_litres, secured_fen, document, status, applied_at FROM (SELECT *, litres AS volume_litres FROM pledges"
    " WHERE %(participant)s IN (participant_id, bank_id)) AS p ORDER BY id",
    "leases": 'SELECT id AS "id:lea", entitlement_id AS "entitlement_id:ent", lessor_id AS "lessor_id:par",'
    ' lessee_id AS "lessee_id:par", litres AS volume_litres, rent_e4, starts_on, ends_on, status FROM leases'
    " WHERE %(participant)s IN (lessor_id, lessee_id) ORDER BY id",
    "contracts": 'SELECT DISTINCT c.id AS "id:sct", c.kind, c.mode, c.title, c.status, p.role, c.signed_at, c.ended_on'
    " FROM saving_contracts c JOIN contract_parties p ON p.contract_id = c.id"
    ' WHERE p.participant_id = %(participant)s ORDER BY "id:sct"',
    "statements": 'SELECT DISTINCT r.id AS "id:srp", r.contract_id AS "contract_id:sct", r.starts_on, r.ends_on,'
    " r.status, r.saving_litres, encode(r.sha256, 'hex') AS sha256 FROM saving_reports r"
    " JOIN contract_parties p ON p.contract_id = r.contract_id WHERE p.participant_id = %(participant)s"
    ' ORDER BY "id:srp"',
    "dues": 'SELECT id AS "id:due", contract_id AS "contract_id:sct", kind, payer_id AS "payer_id:par",'
    ' payee_id AS "payee_id:par", fen AS amount_fen, due_on, status, paid_on FROM contract_dues'
    " WHERE %(participant)s IN (payer_id, payee_id) ORDER BY id",
    "invoices": 'SELECT id AS "id:inv", issuer_id AS "issuer_id:par", recipient_id AS "recipient_id:par", number,'
    " gross_fen, issued_on, encode(sha256, 'hex') AS sha256 FROM invoices"
    " WHERE %(participant)s IN (issuer_id, recipient_id) ORDER BY id",
    "household_shares": 'SELECT id AS "id:hhs", payout_id AS "payout_id:hhp", fen AS amount_fen FROM household_shares'
    " WHERE participant_id = %(participant)s ORDER BY id",
    "credit_entries": 'SELECT id AS "id:cre", kind, points, reason, legal_source, recorded_at, expires_on, withdrawn_at'
    " FROM credit_entries WHERE participant_id = %(participant)s ORDER BY id",
    "negotiations": 'SELECT id AS "id:neg", product_id AS "product_id:prd", tenure, seller_id AS "seller_id:par",'
    ' buyer_id AS "buyer_id:par", status, opened_at, struck_at, ended_at, end_reason FROM negotiations'
    " WHERE %(participant)s IN (seller_id, buyer_id) ORDER BY id",
    "listings": 'SELECT id AS "id:lst", water_account_id AS "water_account_id:wac", product_id AS "product_id:prd",'
    " mode, volume_litres, start_price_e4, reserve_price_e4, status, listed_at, resolved_at FROM listings"
    " WHERE seller_id = %(participant)s ORDER BY id",
    "bids": 'SELECT b.id AS "id:bid", b.listing_id AS "listing_id:lst", b.price_e4, b.placed_at FROM bids b'
    " JOIN bidders d ON d.id = b.bidder_id WHERE d.participant_id = %(participant)s ORDER BY b.id",
    "payments": 'SELECT p.id AS "id:gpy", p.money_account_id AS "money_account_id:mac", p.amount_fen, p.method,'
    " p.status, p.captured_fen, p.refunded_fen, p.fee_fen, p.started_at, p.captured_at FROM gateway_payments p"
    " JOIN money_accounts m ON m.id = p.money_account_id WHERE m.participant_id = %(participant)s ORDER BY p.id",
    "payouts": 'SELECT p.id AS "id:gpo", p.money_account_id AS "money_account_id:mac", p.amount_fen, p.route,'
    " p.destination, p.note, p.status, p.asked_at, p.closed_at FROM gateway_payouts p"
    " JOIN money_accounts m ON m.id = p.money_account_id WHERE m.participant_id = %(participant)s ORDER BY p.id",
    "water_bills": 'SELECT b.id AS "id:wbl", b.kind, b.water_account_id AS "water_account_id:wac", r.from_on,'
    " r.until_on, b.quota_litres, b.litres AS volume_litres, b.fen AS amount_fen, x.due_on,"
    " x.supplier_settled_fen + x.association_settled_fen AS settled_fen FROM water_bills b"
    " JOIN billing_runs r ON r.id = b.run_id JOIN water_bill_balances x ON x.bill_id = b.id"
    " WHERE b.participant_id = %(participant)s ORDER BY b.id",
    "water_bill_payments": 'SELECT p.id AS "id:wbp", p.bill_id AS "bill_id:wbl", p.method, p.fen AS amount_fen,'
    ' p.paid_on, t.id AS "receipt_id:rct" FROM water_bill_payments p JOIN water_bills b ON b.id = p.bill_id'
    " LEFT JOIN water_receipts t ON t.payment_id = p.id WHERE b.participant_id = %(participant)s ORDER BY p.id",
    "offset_consents": 'SELECT id AS "id:wbo", cap_fen, taken_fen, given_at, withdrawn_at FROM offset_consents'
    " WHERE participant_id = %(participant)s ORDER BY id",
    "tax_profile": 'SELECT participant_id AS "participant_id:par", title, tax_number, address, phone, bank_name,'
    " bank_account, form, set_at FROM tax_profiles WHERE participant_id = %(participant)s",
    "fee_invoices": 'SELECT b.id AS "id:fin", b.year, b.number, b.kind, b.corrects_id AS "corrects_id:fin", b.form,'
    " b.title, b.tax_number, r.first_on, r.last_on, b.gross_fen, b.net_fen, b.tax_fen, n.fapiao_code, n.fapiao_number,"
    " n.fapiao_on FROM fee_invoices b JOIN fee_invoice_runs r ON r.id = b.run_id"
    " LEFT JOIN fee_invoice_numbers n ON n.invoice_id = b.id WHERE b.participant_id = %(participant)s ORDER BY b.id",
    "notices": 'SELECT n.id AS "id:ntc", n.number, n.decision, n.remedy_days, n.issued_at,'
    " encode(n.sha256, 'hex') AS sha256 FROM notices n JOIN notice_addressees a ON a.notice_id = n.id"
    " WHERE a.participant_id = %(participant)s ORDER BY n.id",
    "complaints": 'SELECT id AS "id:cpl", notice_id AS "notice_id:ntc", text, status, filed_at, answer, answered_at'
    " FROM complaints WHERE participant_id = %(participant)s ORDER BY id",
    "review_objections": 'SELECT id AS "id:rob", review_id AS "review_id:rvw", grounds, lodged_at, answer, answered_at'
    " FROM review_objections WHERE participant_id = %(participant)s ORDER BY id",
    "credit_appeals": 'SELECT id AS "id:apl", entry_id AS "entry_id:cre", grounds, status, lodged_at, decided_at,'
    " decision_reason, decision_source FROM credit_appeals WHERE participant_id = %(participant)s ORDER BY id",
    "interventions": 'SELECT i.id AS "id:itv", i.kind, i.reason, i.legal_source, i.ordered_at FROM interventions i'
    " JOIN intervention_parties p ON p.intervention_id = i.id WHERE p.participant_id = %(participant)s ORDER BY i.id",
    "claims": 'SELECT reversal_id AS "reversal_id:rvs", debtor_id AS "debtor_id:par", creditor_id AS "creditor_id:par",'
    " fen AS amount_fen, paid_fen, status, arose_at, paid_at FROM reversal_claims"
    " WHERE %(participant)s IN (debtor_id, creditor_id) ORDER BY id",
    "consents": 'SELECT id AS "id:pco", entitlement_id AS "entitlement_id:ent", bank_id AS "bank_id:par", granted_at,'
    " valid_to, revoked_at FROM pledge_consents WHERE participant_id = %(participant)s ORDER BY id",
    "sign_ins": 'SELECT s.id AS "id:sig", s.user_id AS "user_id:usr", s.at, s.address, s.program, s.last_used_at,'
    " s.ended_at, s.ended_how FROM sign_ins s"
    " JOIN users u ON u.id = s.user_id WHERE u.id = %(user)s OR u.participant_id = %(participant)s ORDER BY s.id",
    "api_keys": 'SELECT k.id AS "id:key", k.user_id AS "user_id:usr", k.label, k.scopes, k.created_at, k.expires_at,'
    " k.revoked_at FROM api_keys k JOIN users u ON u.id = k.user_id"
    " WHERE u.id = %(user)s OR u.participant_id = %(participant)s ORDER BY k.id",
    "webhook_endpoints": 'SELECT id AS "id:whe", url, description, status, created_at'
    " FROM webhook_endpoints WHERE participant_id = %(participant)s ORDER BY id",
    "external_ids": 'SELECT id AS "id:xid", kind, external_id, set_at FROM external_ids'
    " WHERE participant_id = %(participant)s ORDER BY id",
    "data_accesses": 'SELECT id AS "id:umk", user_id AS "user_id:usr", roles, kinds AS fields, purpose, legal_basis, at'
    " FROM unmaskings WHERE participant_id = %(participant)s ORDER BY id",
    "erasure_requests": 'SELECT id AS "id:ers", asked_at, status, rule, keep_until, legal_source FROM erasure_requests'
    " WHERE participant_id = %(participant)s ORDER BY id",
}
"""What the file has, part by part. `participant` is null for a user of the bureau, of whom only the sign-in is kept."""


def as_json(
    connection: psycopg.Connection[Any], *, user_id: int, participant_id: int | None
) -> Iterator[bytes]:
    """One JSON object: a list of objects a section."""
    _snapshot(connection)
    block = bytearray(b'{"made_at":' + msgspec.json.encode(clock.now()))
    for section in SECTIONS:
        block += b',\n"' + section.encode() + b'":['
        for number, row in enumerate(_rows(connection, section, user_id, participant_id)):
            block += (b",\n" if number else b"\n") + msgspec.json.encode(row)
            if len(block) > BLOCK_BYTES:
                yield bytes(block)
                block.clear()
        block += b"]"
    yield bytes(block + b"}\n")


def as_zip(
    connection: psycopg.Connection[Any], *, user_id: int, participant_id: int | None
) -> Iterator[bytes]:
    """A ZIP with a CSV file for each section that has rows."""
    _snapshot(connection)
    out = _Passing()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for section in SECTIONS:
            rows = _rows(connection, section, user_id, participant_id)
            first = next(rows, None)
            if first is None:
                continue
            with (
                archive.open(f"{section}.csv", "w") as member,
                io.TextIOWrapper(member, "utf-8-sig", newline="") as text,
            ):
                lines = csv.DictWriter(text, list(first))
                lines.writeheader()
                lines.writerow(first)
                for row in rows:
                    lines.writerow(row)
                    if len(out.block) > BLOCK_BYTES:
                        yield out.take()
            yield out.take()
    yield out.take()


class _Passing:
    """A file that only goes forward: what was written waits in `block` until it is taken."""

    def __init__(self) -> None:
        self.block = bytearray()

    def write(self, data: bytes) -> int:
        self.block += data
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        """What was written since."""
        taken = bytes(self.block)
        self.block.clear()
        return taken


def _snapshot(connection: psycopg.Connection[Any]) -> None:
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def _rows(
    connection: psycopg.Connection[Any], section: str, user_id: int, participant_id: int | None
) -> Iterator[dict[str, Any]]:
    with connection.cursor(name="own_data", row_factory=dict_row) as cursor:
        cursor.itersize = AT_ONCE
        cursor.execute(SECTIONS[section], {"user": user_id, "participant": participant_id})
        for row in cursor:
            yield dict(_written(name, value) for name, value in row.items())


def _written(name: str, value: Any) -> tuple[str, Any]:
    field, _, prefix = name.partition(":")
    if prefix:
        return field, None if value is None else ids.public(prefix, value)
    for unit, write in _UNITS.items():
        if field.endswith(unit):
            return field.removesuffix(unit), None if value is None else write(value)
    if isinstance(value, list):
        return field, " ".join(value)
    return field, value.isoformat() if isinstance(value, dt.date) else value
