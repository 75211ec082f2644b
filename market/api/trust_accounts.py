"""Trust accounts of saving contracts over HTTP: paid into, the supplier's bills, periods settled, movements."""

from __future__ import annotations

from typing import Any

from ledger.units import format_fen
from market.api.http import actor, blueprint, page, paging, session
from market.api.schemas import trust_accounts as shapes
from market.api.whose import party
from market.contracts import trust_queries, trusting
from market.contracts.trust_models import TrustBill, TrustMovement

blp = blueprint("trust_accounts", "Trust accounts of saving contracts (托管账户)")
bills = blueprint("supplier_bills", "Bills of the water supplier, paid first out of a trust account")


@blp.route("/saving-contracts/<sct:contract_id>/trust-account", methods=["GET"])
@blp.response(200, shapes.TrustAccountOut)
def get(contract_id: int) -> dict[str, Any]:
    """The trust account of a contract: its balance, and how each period's fee came in and was paid out."""
    return _out(trust_queries.account(session(), contract_id=contract_id))


@blp.route("/saving-contracts/<sct:contract_id>/trust-account/movements", methods=["GET"])
@blp.response(200, shapes.TrustMovementPage)
def list_movements(contract_id: int) -> dict[str, Any]:
    """Every movement of the account, oldest first, with the balance after it."""
    where = paging("tmv")
    rows = trust_queries.movements(
        session(), contract_id=contract_id, after=where.after, limit=where.limit + 1
    )
    return page([_movement_out(each) for each in rows], where.limit)


@blp.route("/saving-contracts/<sct:contract_id>/trust-account/payments", methods=["POST"])
@blp.arguments(shapes.TrustPaymentIn)
@blp.response(201, shapes.TrustAccountOut)
def pay_in(body: dict[str, Any], contract_id: int) -> dict[str, Any]:
    """Pay in: as the user in advance of fees, as the firm to make up what is missing."""
    trusting.deposit(session(), actor=actor().audit, contract_id=contract_id, by=party(), fen=body["amount"])
    return _out(trust_queries.account(session(), contract_id=contract_id))


@blp.route("/saving-contracts/<sct:contract_id>/trust-account/close", methods=["POST"])
@blp.response(200, shapes.TrustAccountOut)
def close(contract_id: int) -> dict[str, Any]:
    """Close the account of an ended contract: advances go back to the user, the rest to the firm."""
    trusting.close(session(), actor=actor().audit, contract_id=contract_id, by=party())
    return _out(trust_queries.account(session(), contract_id=contract_id))


@blp.route("/saving-reports/<srp:report_id>/settle", methods=["POST"])
@blp.response(200, shapes.TrustAccountOut)
def settle(report_id: int) -> dict[str, Any]:
    """Settle a period: the supplier's bills first, then upkeep, the rest to the firm."""
    found = trusting.settle(session(), actor=actor().audit, report_id=report_id, by=party())
    return _out(trust_queries.account(session(), contract_id=found.contract_id))


@bills.route("/saving-contracts/<sct:contract_id>/supplier-bills", methods=["GET"])
@bills.response(200, shapes.SupplierBillPage)
def list_bills(contract_id: int) -> dict[str, Any]:
    """The supplier's bills of a contract, by id."""
    where = paging("tbl")
    rows = trust_queries.bills(session(), contract_id=contract_id, after=where.after, limit=where.limit + 1)
    return page([_bill_out(each) for each in rows], where.limit)


@bills.route("/saving-contracts/<sct:contract_id>/supplier-bills", methods=["POST"])
@bills.arguments(shapes.SupplierBillIn)
@bills.response(201, shapes.SupplierBillOut)
def present(body: dict[str, Any], contract_id: int) -> dict[str, Any]:
    """Present a bill, as the contract's supplier."""
    body["fen"] = body.pop("amount")
    made = trusting.present(session(), actor=actor().audit, contract_id=contract_id, by=party(), **body)
    return _bill_out(made)


@bills.route("/supplier-bills/<tbl:bill_id>/pay", methods=["POST"])
@bills.response(200, shapes.SupplierBillOut)
def pay(bill_id: int) -> dict[str, Any]:
    """Have a bill paid out of the trust account, whole."""
    return _bill_out(trusting.pay_bill(session(), actor=actor().audit, bill_id=bill_id, by=party()))


@bills.route("/supplier-bills/<tbl:bill_id>/withdraw", methods=["POST"])
@bills.arguments(shapes.BillReasonIn)
@bills.response(200, shapes.SupplierBillOut)
def withdraw(body: dict[str, Any], bill_id: int) -> dict[str, Any]:
    """Take a bill back that was not paid, as the supplier."""
    return _bill_out(
        trusting.withdraw_bill(
            session(), actor=actor().audit, bill_id=bill_id, by=party(), reason=body["reason"]
        )
    )


def _out(each: trust_queries.AccountView) -> dict[str, Any]:
    row = each.account
    return {
        "contract_id": row.contract_id,
        "balance": row.balance_fen,
        "advance": row.advance_fen,
        "owed": row.owed_fen,
        "open_bills": each.open_bills_fen,
        "periods": [_period_out(one) for one in each.periods],
        "opened_at": row.opened_at,
        "closed_at": row.closed_at,
    }


def _period_out(each: trust_queries.PeriodView) -> dict[str, Any]:
    row = each.period
    return {
        "report_id": each.report.id,
        "starts_on": each.report.starts_on,
        "ends_on": each.report.ends_on,
        "price": row.price_e4,
        "baseline_bill": row.baseline_fen,
        "full_fee": row.full_fen,
        "set_off": row.set_off_fen,
        "advance": row.advance_fen,
        "fee": each.fee_fen,
        "fee_due_id": each.due.id if each.due is not None else None,
        "fee_paid": each.due is None or each.due.status == "paid",
        "status": row.status,
        "before": row.before_fen,
        "top_up": row.top_up_fen,
        "supplier": row.supplier_fen,
        "upkeep": row.upkeep_fen,
        "firm": row.firm_fen,
        "after": row.after_fen,
        "user_gains": format_fen(each.user_gains_fen),
        "settled_at": row.settled_at,
    }


def _bill_out(each: TrustBill) -> dict[str, Any]:
    names = (
        "id", "contract_id", "number", "first_day", "last_day", "status", "presented_at", "resolved_at",
        "withdrawal_reason",
    )  # fmt: skip
    return {name: getattr(each, name) for name in names} | {
        "amount": each.fen,
        "document_sha256": each.document_sha256.hex(),
    }


def _movement_out(each: TrustMovement) -> dict[str, Any]:
    return {
        "id": each.id,
        "kind": each.kind,
        "participant_id": each.participant_id,
        "amount": each.fen,
        "balance": each.balance_fen,
        "bill_id": each.bill_id,
        "due_id": each.due_id,
        "made_at": each.made_at,
    }
