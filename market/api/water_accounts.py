"""Water accounts over HTTP: opening, figures, statements, use plans; what may be sold and bought."""

from __future__ import annotations

from typing import Any

from ledger import balances
from ledger.units import format_litres
from market.api import order_wire
from market.api.http import actor, blueprint, etag, expected_version, page, paging, session
from market.api.schemas import quotes as quote_shapes
from market.api.schemas import water_accounts as shapes
from market.api.schemas.statement import line
from market.api.whose import narrowed, of_body
from market.core.db import raw
from market.core.refusals import in_chinese
from market.registry import accounts, lists, queries, reference
from market.registry.models import WaterAccount
from market.registry.rules import Constraint
from market.trading import quotes

blp = blueprint("water_accounts", "Litres of a participant for a place, sector, source and water year")


@blp.route("/water-accounts", methods=["GET"])
@blp.arguments(shapes.WaterAccountsQuery, location="query")
@blp.response(200, shapes.WaterAccountPage)
def list_water_accounts(query: dict[str, Any]) -> dict[str, Any]:
    """Water accounts with their figures, by id; a participant sees its own."""
    where = paging("wac")
    query["participant_id"] = narrowed(query.get("participant_id"))
    rows = lists.water_accounts(session(), **query, after=where.after, limit=where.limit + 1)
    return page(_out(rows), where.limit)


@blp.route("/water-accounts", methods=["POST"])
@blp.arguments(shapes.WaterAccountIn)
@blp.response(201, shapes.WaterAccountOut)
def open_water_account(body: dict[str, Any]) -> dict[str, Any]:
    """Open a water account of an admitted participant at one township and one canal."""
    body["participant_id"] = of_body(body["participant_id"])
    return _one(accounts.open_account(session(), actor=actor().audit, **body))


@blp.route("/water-accounts/<wac:water_account_id>", methods=["GET"])
@blp.response(200, shapes.WaterAccountOut)
def get_water_account(water_account_id: int) -> dict[str, Any]:
    """One water account with its figures."""
    return _one(_found(water_account_id))


@blp.route("/water-accounts/<wac:water_account_id>/statement", methods=["GET"])
@blp.response(200, shapes.WaterStatement)
def statement(water_account_id: int) -> dict[str, Any]:
    """Every movement and hold of the account, oldest first, with the balance after it."""
    where = paging("tfr")
    entries = balances.statement(
        raw(session()), _found(water_account_id).account_id, after_id=where.after or 0, limit=where.limit + 1
    )
    return page([line(each, format_litres) for each in entries], where.limit)


@blp.route("/water-accounts/<wac:water_account_id>/tradable", methods=["GET"])
@blp.response(200, shapes.AnswerOut)
def tradable(water_account_id: int) -> dict[str, Any]:
    """What may be sold from the account today: every constraint with its legal source, and the one that binds."""
    answer = queries.tradable(session(), water_account_id=water_account_id)
    return _answer(answer)


@blp.route("/water-accounts/<wac:water_account_id>/quote", methods=["GET"])
@blp.arguments(quote_shapes.QuoteQuery, location="query")
@blp.response(200, quote_shapes.QuoteOut)
def quote(query: dict[str, Any], water_account_id: int) -> dict[str, Any]:
    """What an order would move, cost and leave by each way, and what would become of it now; before it is placed."""
    ends = query["expires_at"]
    found = quotes.quote(
        raw(session()), water_account_id=water_account_id, side=query["side"], volume_litres=query["volume"],
        price_e4=query["price"], tif=query["time_in_force"], post_only=query["post_only"],
        min_fill_litres=query["minimum_fill"], expires_at=None if ends is None else ends.timestamp(),
    )  # fmt: skip
    now = found.at_once
    said = None if now.refusal is None else order_wire.refusal(now.refusal)
    sums = ("source_litres", "delivered_litres", "amount_fen", "fee_fen", "net_fen")
    at_once = {**vars(now), **{each: getattr(now, each) for each in sums}, "refusal": said}
    return {**vars(found), "net_fen": found.net_fen, "at_once": {**at_once, "status": now.status or None}}


@blp.route("/participants/<par:participant_id>/purchasable", methods=["GET"])
@blp.arguments(shapes.PurchasableQuery, location="query")
@blp.response(200, shapes.PurchasableOut)
def purchasable(query: dict[str, Any], participant_id: int) -> dict[str, Any]:
    """What the participant may buy today into each of its water accounts, and why not more."""
    answers = queries.purchasable(session(), participant_id=participant_id, **query)
    return {"participant_id": participant_id, "accounts": [_answer(each) for each in answers]}


@blp.route("/water-accounts/<wac:water_account_id>/use-plan", methods=["POST"])
@blp.arguments(shapes.UsePlanIn)
@blp.response(200, shapes.WaterAccountOut)
def set_use_plan(body: dict[str, Any], water_account_id: int) -> dict[str, Any]:
    """Record the yearly use plan that bounds what the account may buy (If-Match: the version that was read)."""
    account = accounts.record_use_plan(
        session(),
        actor=actor().audit,
        water_account_id=water_account_id,
        litres=body["volume"],
        legal_source=body["legal_source"],
        expected_version=expected_version(),
    )
    return _one(account)


@blp.route("/water-accounts/<wac:water_account_id>/close", methods=["POST"])
@blp.response(200, shapes.WaterAccountOut)
def close(water_account_id: int) -> dict[str, Any]:
    """Close an account that has nothing on it and no holds."""
    account = accounts.close(
        session(),
        actor=actor().audit,
        water_account_id=water_account_id,
        expected_version=expected_version(required=False),
    )
    return _one(account)


def account_out(water_account_id: int) -> dict[str, Any]:
    """A water account on the wire, as it is now."""
    return _one(_found(water_account_id))


def _found(water_account_id: int) -> WaterAccount:
    return lists.one(session(), WaterAccount, water_account_id)


def _one(account: WaterAccount) -> dict[str, Any]:
    etag(account.version)
    return _out([account])[0]


def _out(rows: list[WaterAccount]) -> list[dict[str, Any]]:
    connection = raw(session())
    tree = reference.zones(connection)
    now = queries.figures(connection, [each.id for each in rows])
    return [_account_out(tree, each, now[each.id]) for each in rows]


def _account_out(tree: reference.Zones, each: WaterAccount, now: queries.Figures) -> dict[str, Any]:
    return {
        "id": each.id,
        "participant_id": each.participant_id,
        "township": tree.by_id[each.township_zone_id].code,
        "canal": tree.by_id[each.canal_zone_id].code,
        "sector": each.sector,
        "source": each.source,
        "water_year": each.water_year,
        "origin": each.origin,
        "right_kind": each.right_kind,
        "status": each.status,
        "allocated": now.allocated_litres,
        "used": now.used_litres,
        "over_use": now.over_use_litres,
        "water_debt": now.debt_litres,
        "balance": now.balance_litres,
        "held": now.held_litres,
        "available": now.available_litres,
        "use_plan": each.plan_litres,
        "use_plan_left": now.plan_left_litres,
        "use_plan_source": each.plan_source,
        "fee_due": now.fee_due_fen,
        "version": each.version,
    }


def _answer(answer: queries.Answer) -> dict[str, Any]:
    return {
        "water_account_id": answer.water_account_id,
        "volume": answer.litres,
        "volume_within": answer.within_litres,
        "binding": _constraint(answer.binding) if answer.binding else None,
        "constraints": [_constraint(each) for each in answer.constraints],
    }


def _constraint(each: Constraint) -> dict[str, Any]:
    return {
        "name": each.name,
        "volume": each.litres,
        "legal_source": each.legal_source,
        "detail_en": each.detail_en,
        "detail_zh": in_chinese(each.detail_en, each.detail_zh),  # a gate says why in English only
        "demonstration": each.demonstration,
        "scope": each.scope,
    }
