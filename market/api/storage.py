"""Public storage over HTTP: what it is needed for, assignments without a price, and the resale of the rest."""

from __future__ import annotations

from typing import Any

from market.api.http import actor, blueprint, etag, own_only, page, paging, session
from market.api.schemas import storage as shapes
from market.api.whose import of_body
from market.core.db import raw
from market.registry import lists, reference
from market.registry.models import WaterAccount
from market.trading import buy_backs, resales, storage, storage_queries
from market.trading.storage_models import ResaleBid, ResaleRound, StorageAssignment

stores = blueprint("storage", "Public storage: stock, need, assignments to domestic and ecological use")
blp = blueprint("resales", "Competitive resale of stored water by sealed bids")


@stores.route("/storage-accounts/<wac:water_account_id>", methods=["GET"])
@stores.response(200, shapes.StockOut)
def stock(water_account_id: int) -> dict[str, Any]:
    """What a storage account holds, for what, and what of it may be resold."""
    return _stock(water_account_id)


@stores.route("/storage-accounts/<wac:water_account_id>/need", methods=["POST"])
@stores.arguments(shapes.NeedIn)
@stores.response(200, shapes.StockOut)
def state_need(body: dict[str, Any], water_account_id: int) -> dict[str, Any]:
    """State what must be kept for domestic and ecological use; the newest statement counts."""
    storage.state_need(
        session(),
        actor=actor().audit,
        water_account_id=water_account_id,
        litres=body["volume"],
        reason=body["reason"],
    )
    return _stock(water_account_id)


@stores.route("/storage-accounts/<wac:water_account_id>/assignments", methods=["GET"])
@stores.response(200, shapes.AssignmentPage)
def list_assignments(water_account_id: int) -> dict[str, Any]:
    """What was assigned out of a storage account, by id."""
    where = paging("sas")
    rows = storage_queries.assignments(
        session(), water_account_id=water_account_id, after=where.after, limit=where.limit + 1
    )
    return page([_assignment_out(each) for each in rows], where.limit)


@stores.route("/storage-accounts/<wac:water_account_id>/assignments", methods=["POST"])
@stores.arguments(shapes.AssignmentIn)
@stores.response(201, shapes.AssignmentOut)
def assign(body: dict[str, Any], water_account_id: int) -> dict[str, Any]:
    """Give stored water, without a price, to an account of domestic or ecological use."""
    made = storage.assign(
        session(),
        actor=actor().audit,
        water_account_id=water_account_id,
        to_water_account_id=body["to_water_account_id"],
        litres=body["volume"],
        reason=body["reason"],
    )
    return _assignment_out(made)


@blp.route("/resale-rounds", methods=["GET"])
@blp.response(200, shapes.RoundPage)
def list_rounds() -> dict[str, Any]:
    """Rounds of resale, by id."""
    where = paging("rsr")
    rows = storage_queries.rounds(session(), after=where.after, limit=where.limit + 1)
    return page([_round_out(each) for each in rows], where.limit)


@blp.route("/resale-rounds", methods=["POST"])
@blp.arguments(shapes.RoundIn)
@blp.response(201, shapes.RoundOut)
def open_round(body: dict[str, Any]) -> dict[str, Any]:
    """Open a round for stored water beyond the stated need; its water is held until it closes."""
    made = resales.open_round(
        session(),
        actor=actor().audit,
        water_account_id=body["water_account_id"],
        litres=body["volume"],
        floor_e4=body["floor_price"],
        waiver=body["waiver"],
        closes_at=body["closes_at"],
    )
    return _round(made.id)


@blp.route("/resale-rounds/<rsr:resale_round_id>", methods=["GET"])
@blp.response(200, shapes.RoundOut)
def get_round(resale_round_id: int) -> dict[str, Any]:
    """One round."""
    return _round(resale_round_id)


@blp.route("/resale-rounds/<rsr:resale_round_id>/close", methods=["POST"])
@blp.response(200, shapes.RoundOut)
def close(resale_round_id: int) -> dict[str, Any]:
    """Close a round now: highest price first, in proportion at the margin, one price for all."""
    resales.close(session(), actor=actor().audit, round_id=resale_round_id)
    return _round(resale_round_id)


@blp.route("/resale-rounds/<rsr:resale_round_id>/bids", methods=["POST"])
@blp.arguments(shapes.ResaleBidIn)
@blp.response(201, shapes.ResaleBidOut)
def bid(body: dict[str, Any], resale_round_id: int) -> dict[str, Any]:
    """Send a sealed bid; its money is held until the round closes."""
    of_body(lists.one(session(), WaterAccount, body["water_account_id"]).participant_id)
    made = resales.bid(
        session(),
        actor=actor().audit,
        round_id=resale_round_id,
        water_account_id=body["water_account_id"],
        litres=body["volume"],
        price_e4=body["price"],
    )
    return _bid_out(made)


@blp.route("/resale-bids", methods=["GET"])
@blp.response(200, shapes.ResaleBidPage)
def list_bids() -> dict[str, Any]:
    """One's own bids; the bureau sees those of rounds that have closed."""
    where = paging("rsb")
    rows = storage_queries.bids(
        session(), participant_id=own_only(), after=where.after, limit=where.limit + 1
    )
    return page([_bid_out(each) for each in rows], where.limit)


@blp.route("/resale-bids/<rsb:resale_bid_id>", methods=["GET"])
@blp.response(200, shapes.ResaleBidOut)
def get_bid(resale_bid_id: int) -> dict[str, Any]:
    """One bid of one's own."""
    return _bid_out(storage_queries.one_bid(session(), bid_id=resale_bid_id, participant_id=own_only()))


@blp.route("/resale-bids/<rsb:resale_bid_id>/withdraw", methods=["POST"])
@blp.response(200, shapes.ResaleBidOut)
def withdraw(resale_bid_id: int) -> dict[str, Any]:
    """Take a sealed bid back before the round closes."""
    return _bid_out(resales.withdraw(session(), actor=actor().audit, bid_id=resale_bid_id))


def _stock(water_account_id: int) -> dict[str, Any]:
    view = buy_backs.storage_account(session(), reference.zones(raw(session())), water_account_id)
    found = storage.stock(session(), view)
    return {
        "water_account_id": water_account_id,
        "free": max(0, found.free_litres),
        "need": found.need_litres,
        "assigned": found.assigned_litres,
        "resalable": found.resalable_litres,
        "paid_price": resales.paid_e4(session(), water_account_id),
    }


def _assignment_out(each: StorageAssignment) -> dict[str, Any]:
    names = ("id", "water_account_id", "to_water_account_id", "reason", "assigned_at")
    return {name: getattr(each, name) for name in names} | {
        "volume": each.source_litres,
        "delivered": each.delivered_litres,
    }


def _round(round_id: int) -> dict[str, Any]:
    found = storage_queries.one_round(session(), round_id=round_id)
    etag(found.version)
    return _round_out(found)


def _round_out(each: ResaleRound) -> dict[str, Any]:
    names = (
        "id", "participant_id", "product_id", "water_account_id", "waiver", "closes_at", "status", "opened_at",
        "closed_at", "version",
    )  # fmt: skip
    return {name: getattr(each, name) for name in names} | {
        "volume": each.volume_litres,
        "floor_price": each.floor_e4,
        "paid_price": each.paid_e4,
        "price": each.price_e4,
        "awarded": each.awarded_litres or 0,
    }


def _bid_out(each: ResaleBid) -> dict[str, Any]:
    names = ("id", "participant_id", "water_account_id", "status", "bid_at")
    return {name: getattr(each, name) for name in names} | {
        "resale_round_id": each.round_id,
        "volume": each.volume_litres,
        "price": each.price_e4,
        "held": each.held_fen,
        "award": each.award_litres,
    }
