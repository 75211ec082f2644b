"""Turn sheets over HTTP: entered and signed by the association, corrected by another sheet."""

from __future__ import annotations

from typing import Any

from market.api.http import actor, blueprint, etag, expected_version, own_only, page, paging, session
from market.api.schemas import turns as shapes
from market.core.db import raw
from market.core.errors import NotFound
from market.metering import queries, turns
from market.metering.models import TurnSheet

blp = blueprint("turn_sheets", "One gate's water, shared out among the households that it serves")


@blp.route("/meters/<mtr:meter_id>/serve", methods=["POST"])
@blp.arguments(shapes.ServeIn)
@blp.response(200, shapes.ServedOut)
def serve(body: dict[str, Any], meter_id: int) -> dict[str, Any]:
    """Record which water accounts a gate serves."""
    ids = body["water_account_ids"]
    return {"served": turns.serve(session(), actor=actor().audit, meter_id=meter_id, water_account_ids=ids)}


@blp.route("/turn-sheets", methods=["GET"])
@blp.arguments(shapes.TurnSheetsQuery, location="query")
@blp.response(200, shapes.TurnSheetPage)
def list_turn_sheets(query: dict[str, Any]) -> dict[str, Any]:
    """Turn sheets, by id; an association sees those of its own gates."""
    where = paging("trn")
    rows = queries.turn_sheets(
        session(), participant_id=own_only(), after=where.after, limit=where.limit + 1, **query
    )
    return page([_summary(each) for each in rows], where.limit)


@blp.route("/turn-sheets", methods=["POST"])
@blp.arguments(shapes.TurnSheetIn)
@blp.response(201, shapes.TurnSheetOut)
def enter(body: dict[str, Any]) -> dict[str, Any]:
    """Enter a turn sheet of one of one's gates; nothing is posted before it is signed."""
    meter_id = body["meter_id"]
    if own_only() not in (None, queries.owners(raw(session()), [meter_id]).get(meter_id)):
        raise NotFound("there is no such meter", pointer="/meter_id")
    made = turns.enter(
        session(),
        actor=actor().audit,
        meter_id=meter_id,
        until=body["until"],
        counter_litres=body["counter"],
        loss_litres=body["loss"],
        basis=body["basis"],
        weights=[turns.Weight(each["water_account_id"], each["weight"]) for each in body["lines"]],
        corrects_id=body["corrects_id"],
        reason=body["reason"],
    )
    return _one(made.id)


@blp.route("/turn-sheets/<trn:turn_sheet_id>", methods=["GET"])
@blp.response(200, shapes.TurnSheetOut)
def get_turn_sheet(turn_sheet_id: int) -> dict[str, Any]:
    """One turn sheet with its lines."""
    return _one(turn_sheet_id)


@blp.route("/turn-sheets/<trn:turn_sheet_id>/sign", methods=["POST"])
@blp.response(200, shapes.TurnSheetOut)
def sign(turn_sheet_id: int) -> dict[str, Any]:
    """Sign a turn sheet: every household's share and its fee are posted; what it corrects is reversed."""
    version = expected_version(required=False)
    turns.sign(session(), actor=actor().audit, turn_sheet_id=turn_sheet_id, expected_version=version)
    return _one(turn_sheet_id)


@blp.route("/turn-sheets/<trn:turn_sheet_id>/discard", methods=["POST"])
@blp.response(200, shapes.TurnSheetOut)
def discard(turn_sheet_id: int) -> dict[str, Any]:
    """Discard a turn sheet that was not signed."""
    version = expected_version(required=False)
    turns.discard(session(), actor=actor().audit, turn_sheet_id=turn_sheet_id, expected_version=version)
    return _one(turn_sheet_id)


def _one(turn_sheet_id: int) -> dict[str, Any]:
    found = turns.view(session(), turn_sheet_id=turn_sheet_id)
    etag(found.sheet.version)
    lines = [
        {
            "water_account_id": weight.water_account_id,
            "weight": weight.weight_e2,
            "volume": litres,
            "posted": amounts.posted_litres if amounts else None,
            "over_use": amounts.over_use_litres if amounts else None,
            "price": amounts.price_e4 if amounts else None,
            "fee": amounts.fee_fen if amounts else None,
        }
        for weight, litres, amounts in found.lines
    ]
    return _summary(found.sheet) | {"lines": lines}


def _summary(each: TurnSheet) -> dict[str, Any]:
    same = (
        "id", "meter_id", "since", "until", "basis", "status", "corrects_id", "reason", "entered_at", "signed_at",
        "version",
    )  # fmt: skip
    return {name: getattr(each, name) for name in same} | {
        "counter_from": each.counter_from_litres,
        "counter": each.counter_litres,
        "gate_volume": each.gate_litres,
        "loss": each.loss_litres,
    }
