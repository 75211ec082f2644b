"""Lots of saved water over HTTP: cleared, issued, offered, given up; and where the water of a trade comes from."""

from __future__ import annotations

from typing import Any

from market.api.http import actor, blueprint, own_only, page, paging, session
from market.api.schemas import saving_lots as shapes
from market.api.whose import party
from market.contracts import clearances, lot_issuing, lot_offers, lot_queries, lots
from market.contracts.lot_errors import LotState
from market.contracts.lot_models import SavingClearance, SavingLot
from market.core import ids
from market.core.db import raw

blp = blueprint("saving_lots", "Lots of saved water that may be sold")
cleared = blueprint("saving_clearances", "What is cleared of a contract before its water may be sold")

# What an instruction came from, by its kind.
_TRADED = {"trade": "trd"}


@cleared.route("/saving-contracts/<sct:contract_id>/clearances", methods=["GET"])
@cleared.response(200, shapes.ClearancesOut)
def list_clearances(contract_id: int) -> dict[str, Any]:
    """What was cleared of a contract's right, the newest first; one that is not withdrawn counts."""
    return {"data": [_clearance(each) for each in clearances.history(session(), contract_id)]}


@cleared.route("/saving-contracts/<sct:contract_id>/clearances", methods=["POST"])
@cleared.arguments(shapes.ClearanceIn)
@cleared.response(201, shapes.ClearanceOut)
def record(body: dict[str, Any], contract_id: int) -> dict[str, Any]:
    """Record consent, return flow and quota of a contract's right, before anybody invests or later."""
    entitlement = body.pop("entitlement_id")
    made = clearances.record(
        session(), actor=actor().audit, contract_id=contract_id, entitlement_id=entitlement,
        conditions=clearances.Conditions(
            return_flow_e6=body["return_flow"], return_flow_basis=body["return_flow_basis"], consent=body["consent"],
            quota_litres=body["quota"], farm_first_until=body["farm_first_until"],
            public_supplier=body["public_supplier"], express_right=body["express_right"],
        ),
    )  # fmt: skip
    return _clearance(made)


@cleared.route("/saving-contracts/<sct:contract_id>/clearances/withdraw", methods=["POST"])
@cleared.arguments(shapes.LotReasonIn)
@cleared.response(200, shapes.ClearanceOut)
def withdraw(body: dict[str, Any], contract_id: int) -> dict[str, Any]:
    """Take a clearance back: nothing more is issued under it."""
    return _clearance(clearances.withdraw(session(), actor=actor().audit, contract_id=contract_id, **body))


@blp.route("/saving-reports/<srp:report_id>/lot", methods=["POST"])
@blp.response(201, shapes.SavingLotOut)
def issue(report_id: int) -> dict[str, Any]:
    """Have what was verified issued as a lot: the right-holder's own allocation that it may sell."""
    return _out(lot_issuing.issue(session(), actor=actor().audit, report_id=report_id, by=party()))


@blp.route("/saving-lots", methods=["GET"])
@blp.arguments(shapes.LotsQuery, location="query")
@blp.response(200, shapes.SavingLotPage)
def list_lots(query: dict[str, Any]) -> dict[str, Any]:
    """Lots by id; a participant sees its own."""
    where = paging("svl")
    rows = lot_queries.listing(
        session(), contract_id=query["contract_id"], owner_id=own_only(), after=where.after, limit=where.limit + 1
    )  # fmt: skip
    sold = lot_queries.sold_litres(session(), [each.id for each in rows])
    return page([_brief(each, sold.get(each.id, 0)) for each in rows], where.limit)


@blp.route("/saving-lots/<svl:saving_lot_id>", methods=["GET"])
@blp.response(200, shapes.SavingLotOut)
def get(saving_lot_id: int) -> dict[str, Any]:
    """A lot: what may be sold of it now and why not more, its offers, its sales, its lineage."""
    return _out(lot_queries.get(session(), saving_lot_id))


@blp.route("/saving-lots/<svl:saving_lot_id>/offer", methods=["POST"])
@blp.arguments(shapes.LotOfferIn)
@blp.response(200, shapes.SavingLotOut)
def offer(body: dict[str, Any], saving_lot_id: int) -> dict[str, Any]:
    """Move litres of one's own allocation to the account that sells the lot, by ordinary orders."""
    lot_offers.offer(
        session(), actor=actor().audit, lot_id=saving_lot_id, by=party(), litres=body["volume"],
        floor_price_e4=body["floor_price"],
    )  # fmt: skip
    return _out(lot_queries.get(session(), saving_lot_id))


@blp.route("/saving-lots/<svl:saving_lot_id>/take-back", methods=["POST"])
@blp.response(200, shapes.SavingLotOut)
def take_back(saving_lot_id: int) -> dict[str, Any]:
    """Take back what is on offer and not sold. Orders that hold some of it are cancelled first."""
    found = lot_offers.open_offers(session(), saving_lot_id)
    if not found:
        raise LotState("nothing of the lot is on offer")
    for each in found:
        lot_offers.take_back(session(), actor=actor().audit, offer_id=each.id, by=own_only())
    return _out(lot_queries.get(session(), saving_lot_id))


@blp.route("/saving-lots/<svl:saving_lot_id>/retire", methods=["POST"])
@blp.arguments(shapes.RetireIn)
@blp.response(200, shapes.SavingLotOut)
def retire(body: dict[str, Any], saving_lot_id: int) -> dict[str, Any]:
    """Give up part of a lot for good: it is never sold."""
    lot = lot_issuing.retire(
        session(), actor=actor().audit, lot_id=saving_lot_id, by=party(), litres=body["volume"], reason=body["reason"]
    )  # fmt: skip
    return _out(lot)


@blp.route("/trades/<trd:trade_id>/lineage", methods=["GET"])
@blp.response(200, shapes.SavedWatersOut)
def of_trade(trade_id: int) -> dict[str, Any]:
    """Where the water of a trade was saved: from the meters to the lot. Empty where no lot was sold."""
    instruction = lot_queries.instruction_of_trade(raw(session()), trade_id)
    lot_id = lot_queries.of_instruction(raw(session()), instruction) if instruction else None
    return {"data": [] if lot_id is None else [_lineage(lot_id)]}


def _clearance(row: SavingClearance) -> dict[str, Any]:
    return {
        "id": row.id, "contract_id": row.contract_id, "entitlement_id": row.entitlement_id,
        "return_flow": row.return_flow_e6, "return_flow_basis": row.return_flow_basis, "consent": row.consent,
        "quota": row.quota_litres, "farm_first_until": row.farm_first_until, "public_supplier": row.public_supplier,
        "express_right": row.express_right, "recorded_at": row.recorded_at, "withdrawn_at": row.withdrawn_at,
        "withdrawn_reason": row.withdrawn_reason,
    }  # fmt: skip


def _brief(lot: SavingLot, sold: int) -> dict[str, Any]:
    return {
        "id": lot.id, "contract_id": lot.contract_id, "report_id": lot.report_id, "entitlement_id": lot.entitlement_id,
        "owner_id": lot.owner_id, "water_year": lot.water_year, "status": lot.status, "expires_on": lot.expires_on,
        "issued": lot.issued_litres, "sold": sold, "on_offer": lot.offered_litres - sold,
        "retired": lot.retired_litres, "cancelled": lot.cancelled_litres,
        "unsold": lot.issued_litres - lot.offered_litres - lot.retired_litres - lot.cancelled_litres,
        "sha256": lot.sha256.hex(), "issued_at": lot.issued_at,
    }  # fmt: skip


def _out(lot: SavingLot) -> dict[str, Any]:
    litres, constraints = lot_queries.tradable(session(), lot)
    sold = lot_queries.sold_litres(session(), [lot.id]).get(lot.id, 0)
    return _brief(lot, sold) | {
        "tradable": litres,
        "constraints": [{"name": each.code, "volume": each.litres} for each in constraints],
        "offers": [
            {
                "water_account_id": each.water_account_id, "volume": each.litres, "returned": each.returned_litres,
                "floor_price": each.floor_price_e4, "opened_at": each.opened_at, "closed_at": each.closed_at,
                "shares": [{"participant_id": share.participant_id, "share": share.bp} for share in shares],
            }
            for each, shares in lot_queries.offers(session(), lot.id)
        ],
        "sales": [
            {
                "instruction_id": each.instruction_id, "status": each.status, "volume": each.source_litres,
                "delivered": each.delivered_litres, "amount": each.amount_fen, "buyer_id": each.buyer_id,
                "trade_id": ids.public("trd", each.reference) if each.kind in _TRADED else None,
            }
            for each in lot_queries.sales(session(), lot)
        ],
        "lineage": _lineage(lot.id),
        "reckoning": lot.text,
    }  # fmt: skip


def _lineage(lot_id: int) -> dict[str, Any]:
    found = lot_queries.lineage(session(), lot_id)
    return {
        "saving_lot_id": found.lot_id, "contract_id": found.contract_id, "report_id": found.report_id,
        "revision": found.revision, "first_day": found.starts_on, "last_day": found.ends_on - lots.ONE_DAY,
        "points": found.points, "readings_sha256": found.readings_sha256, "baseline_id": found.baseline_id,
        "baseline_number": found.baseline_number, "baseline_sha256": found.baseline_sha256,
        "derivation_sha256": found.derivation_sha256, "verifier_id": found.verifier_id,
        "verified_at": found.verified_at, "lot_sha256": found.lot_sha256,
    }  # fmt: skip
