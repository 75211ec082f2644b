"""The buy-back over HTTP: offers at a multiple of the water price, taken with one call or for a village from a list."""

from __future__ import annotations

from typing import Any

from flask import Response

from market.api.errors import rows_in_chinese, spoken
from market.api.http import actor, blueprint, etag, own_only, page, paging, session
from market.api.imports import FILE, SENT, sent_data, sent_template
from market.api.schemas import buy_backs as shapes
from market.api.whose import of_body
from market.core.errors import NotFound
from market.core.sheets.gathering import listed
from market.registry import lists
from market.registry.models import WaterAccount
from market.trading import buy_back_queries, buy_back_sheets, buy_back_takes, buy_backs
from market.trading.buy_back_models import BuyBack, BuyBackList

blp = blueprint("buy_backs", "Government buy-back of water at a multiple of its price, into public storage")


@blp.route("/buy-backs", methods=["GET"])
@blp.arguments(shapes.BuyBacksQuery, location="query")
@blp.response(200, shapes.BuyBackPage)
def list_buy_backs(query: dict[str, Any]) -> dict[str, Any]:
    """Standing offers, by id."""
    where = paging("bbk")
    rows = buy_back_queries.offers(session(), **query, after=where.after, limit=where.limit + 1)
    return page([_offer_out(*each) for each in rows], where.limit)


@blp.route("/buy-backs", methods=["POST"])
@blp.arguments(shapes.BuyBackIn)
@blp.response(201, shapes.BuyBackOut)
def publish(body: dict[str, Any]) -> dict[str, Any]:
    """Publish a standing offer; its budget is held on the money of the storage body."""
    made = buy_backs.publish(
        session(),
        actor=actor().audit,
        product_id=body["product_id"],
        water_account_id=body["water_account_id"],
        zone=body["zone"],
        multiple_e3=body["multiple"],
        budget_fen=body["budget"],
        ceiling_e6=body["ceiling"],
        starts_on=body["starts_on"],
        ends_on=body["ends_on"],
        document=body["document"],
    )
    return _one(made.id)


@blp.route("/buy-backs/<bbk:buy_back_id>", methods=["GET"])
@blp.response(200, shapes.BuyBackOut)
def get(buy_back_id: int) -> dict[str, Any]:
    """One offer, with what is left of its budget."""
    return _one(buy_back_id)


@blp.route("/buy-backs/<bbk:buy_back_id>/close", methods=["POST"])
@blp.arguments(shapes.EndIn)
@blp.response(200, shapes.BuyBackOut)
def close(body: dict[str, Any], buy_back_id: int) -> dict[str, Any]:
    """End an offer; what is left of its budget is free."""
    buy_backs.close(session(), actor=actor().audit, buy_back_id=buy_back_id, reason=body["reason"])
    return _one(buy_back_id)


@blp.route("/buy-backs/<bbk:buy_back_id>/takes", methods=["POST"])
@blp.arguments(shapes.TakeIn)
@blp.response(201, shapes.TakeOut)
def take(body: dict[str, Any], buy_back_id: int) -> dict[str, Any]:
    """Sell water to an offer with one call: a volume, or all that may be sold."""
    of_body(lists.one(session(), WaterAccount, body["water_account_id"]).participant_id)
    made = buy_back_takes.take(
        session(),
        actor=actor().audit,
        buy_back_id=buy_back_id,
        water_account_id=body["water_account_id"],
        litres=body["volume"],
    )
    return _take_out(buy_back_queries.one_take(session(), take_id=made.id))


@blp.route("/buy-backs/<bbk:buy_back_id>/lists", methods=["POST"])
@blp.arguments(shapes.ListIn)
@blp.response(201, shapes.ListOut)
def take_list(body: dict[str, Any], buy_back_id: int) -> dict[str, Any]:
    """Sell for a village at once: own accounts, and those of holders who gave a mandate to trade."""
    who = actor().audit
    asked = [buy_back_takes.Asked(row["water_account_id"], row["volume"]) for row in body["rows"]]
    theirs = buy_back_sheets.allowed(session(), who, asked)
    if not theirs:  # a list of nothing but others' accounts is answered as any other's thing
        raise NotFound("there are no such water accounts", pointer="/rows")
    mine = [(number, each) for number, each in enumerate(asked) if each.water_account_id in theirs]
    taken = buy_back_takes.take_list(
        session(),
        actor=who,
        buy_back_id=buy_back_id,
        asked=[each for _, each in mine],
        rows=[number for number, _ in mine],
        refused=[
            (number, NotFound("there is no such water account", pointer="/water_account_id"))
            for number, each in enumerate(asked)
            if each.water_account_id not in theirs
        ],
        basis=body["basis"],
        partial=body["take_good"],
        share=body["share"],
        check=buy_back_sheets.check_rows,
    )
    assert taken.sheet is not None
    return _list_out(taken.sheet, rows_in_chinese(listed(buy_back_sheets.problems(taken.refused))))


@blp.route("/buy-backs/<bbk:buy_back_id>/lists/sheet", methods=["POST"])
@blp.doc(**FILE)
@blp.arguments(shapes.SheetQuery, location="query")
@blp.response(201, shapes.ListOut)
def take_sheet(query: dict[str, Any], buy_back_id: int) -> dict[str, Any]:
    """The same from an Excel workbook or a CSV file."""
    found, taken = buy_back_sheets.take_sheet(
        session(),
        actor=actor().audit,
        buy_back_id=buy_back_id,
        data=sent_data(),
        basis=query["basis"],
        partial=query["take_good"],
        share=query["share"],
    )
    assert taken.sheet is not None
    return _list_out(taken.sheet, rows_in_chinese(listed(found.problems)))


@blp.route("/buy-backs/lists/template", methods=["GET"])
@blp.doc(**SENT)
def template() -> Response:
    """An empty workbook for a village's list."""
    return sent_template(buy_back_sheets.BUY_BACK_LIST)


@blp.route("/buy-back-takes", methods=["GET"])
@blp.arguments(shapes.TakesQuery, location="query")
@blp.response(200, shapes.TakePage)
def list_takes(query: dict[str, Any]) -> dict[str, Any]:
    """One's own takes (the bureau: all), by id."""
    where = paging("bbt")
    rows = buy_back_queries.takes(
        session(), participant_id=own_only(), **query, after=where.after, limit=where.limit + 1
    )
    return page([_take_out(each) for each in rows], where.limit)


@blp.route("/buy-back-takes/<bbt:buy_back_take_id>", methods=["GET"])
@blp.response(200, shapes.TakeOut)
def get_take(buy_back_take_id: int) -> dict[str, Any]:
    """One take, and what the engine made of it."""
    return _take_out(buy_back_queries.one_take(session(), take_id=buy_back_take_id))


@blp.route("/buy-back-lists/<bbl:buy_back_list_id>", methods=["GET"])
@blp.response(200, shapes.ListOut)
def get_list(buy_back_list_id: int) -> dict[str, Any]:
    """One list; its takes are `GET /v1/buy-back-takes?list_id=`. Why rows were refused was told when it was taken."""
    return _list_out(buy_back_queries.one_list(session(), list_id=buy_back_list_id), [])


def _one(buy_back_id: int) -> dict[str, Any]:
    found, zone = buy_back_queries.offer(session(), buy_back_id=buy_back_id)
    etag(found.version)
    return _offer_out(found, zone)


def _offer_out(each: BuyBack, zone: str) -> dict[str, Any]:
    names = (
        "id", "participant_id", "product_id", "water_account_id", "starts_on", "ends_on", "document", "legal_source",
        "status", "ending", "published_at", "ended_at", "version",
    )  # fmt: skip
    return {name: getattr(each, name) for name in names} | {
        "zone": zone,
        "multiple": each.multiple_e3,
        "ceiling": each.ceiling_e6,
        "budget": each.budget_fen,
        "held": each.held_fen,
        "under_way": each.under_way_fen,
        "spent": each.spent_fen,
        "freed": each.freed_fen,
    }


def _take_out(found: buy_back_queries.TakeView) -> dict[str, Any]:
    each, why = found.take, found.refusal
    names = (
        "id", "buy_back_id", "list_id", "participant_id", "water_account_id", "status", "taken_at", "resolved_at",
    )  # fmt: skip
    return {name: getattr(each, name) for name in names} | {
        "volume": each.volume_litres,
        "water_price": each.tariff_e4,
        "price": each.price_e4,
        "amount": each.part_fen,
        "trade_id": found.trade_id,
        "refusal": {
            "rule": why["code"],
            "detail": spoken(why.get("detail", "")),
            "limit": why.get("limit"),
            "available": why.get("available"),
            "legal_source": why.get("legal_source"),
        }
        if why is not None
        else None,
    }


def _list_out(each: BuyBackList, rows: list[dict[str, Any]]) -> dict[str, Any]:
    names = ("id", "buy_back_id", "basis", "shared", "taken", "refused", "entered_at")
    return {name: getattr(each, name) for name in names} | {"took_good": each.partial, "rows": rows}
