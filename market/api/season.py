"""The water year over HTTP: releases, reversals, curtailments, year ends, carry-overs, the balance sheet."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from ledger.units import format_litres
from market.api.entitlements import announcement_out, lines_out
from market.api.http import actor, blueprint, page, paging, session
from market.api.schemas import season as shapes
from market.api.schemas.registry import AnnouncementOut
from market.core import clock
from market.core.db import raw
from market.registry import balance, lists, reference, releases, reversals, spills
from market.registry.season_models import (
    CarryOver,
    Curtailment,
    CurtailmentCut,
    CurtailmentLine,
    Reversal,
    ReversalLine,
)
from market.supervision import curtailments, year_ends

FIRST = 200
"""How many lines a preview shows."""

blp = blueprint("season", "The water year: reserves, reversals, curtailments, carry-over, the balance sheet")


@blp.route("/releases/preview", methods=["POST"])
@blp.arguments(shapes.ReleaseClassIn)
@blp.response(200, shapes.ReleasePreviewOut)
def preview_release(body: dict[str, Any]) -> dict[str, Any]:
    """What a release of reserves would credit now; nothing changes."""
    body["share_e6"] = body.pop("share")
    plan = releases.preview(session(), **body)
    return {"total": plan.total_litres, "entitlements": plan.entitlements, "lines": lines_out(plan)}


@blp.route("/releases", methods=["POST"])
@blp.arguments(shapes.ReleaseIn)
@blp.response(201, AnnouncementOut)
def release(body: dict[str, Any]) -> dict[str, Any]:
    """Give a share of what is held back to the rights of the same places, by volume."""
    body["share_e6"] = body.pop("share")
    made = releases.release(session(), actor=actor().audit, **body)
    return announcement_out(reference.zones(raw(session())), made)


@blp.route("/announcements/<ann:announcement_id>/preview-reversal", methods=["POST"])
@blp.response(200, shapes.ReversalOut)
def preview_reversal(announcement_id: int) -> dict[str, Any]:
    """What taking the announcement back would take now, and leave owed; nothing changes."""
    made = reversals.preview(session(), announcement_id=announcement_id)
    return _reversal_out(made, reversals.preview_lines(session(), announcement_id=announcement_id))


@blp.route("/announcements/<ann:announcement_id>/reverse", methods=["POST"])
@blp.arguments(shapes.ReversalIn)
@blp.response(201, shapes.ReversalOut)
def reverse(body: dict[str, Any], announcement_id: int) -> dict[str, Any]:
    """Take a wrong announcement back: what is still there goes back, the rest is owed in water."""
    made = reversals.reverse(session(), actor=actor().audit, announcement_id=announcement_id, **body)
    lines = session().scalars(
        select(ReversalLine)
        .where(ReversalLine.reversal_id == made.id)
        .order_by(ReversalLine.water_account_id)
        .limit(FIRST)
    )
    return _reversal_out(made, list(lines))


def _reversal_out(made: Reversal, lines: list[ReversalLine]) -> dict[str, Any]:
    return {
        "announcement_id": made.announcement_id,
        "taken": made.taken_litres,
        "owed": made.owed_litres,
        "reserve": made.reserve_litres,
        "lines": [
            {"water_account_id": each.water_account_id, "taken": each.taken_litres, "owed": each.owed_litres}
            for each in lines[:FIRST]
        ],
    }


# --- curtailments --------------------------------------------------------------------------------------------------


def _cuts(body: dict[str, Any]) -> list[tuple[int, int]]:
    return [(each["limit_id"], each["volume"]) for each in body["cuts"]]


@blp.route("/curtailments/preview", methods=["POST"])
@blp.arguments(shapes.CutsIn)
@blp.response(200, shapes.CurtailmentPreviewOut)
def preview_curtailment(body: dict[str, Any]) -> dict[str, Any]:
    """What cutting these caps would take from whom now; nothing changes."""
    cuts = _cuts(body)
    plan = curtailments.preview(session(), water_year=body["water_year"], cuts=cuts)
    after = dict(cuts)
    return {
        "taken": plan.taken_litres,
        "accounts": len(plan.takings),
        "cuts": [
            {
                "limit_id": limit.id,
                "before": limit.limit_litres,
                "after": after[limit.id],
                "excess": plan.missing[limit.id],
            }
            for limit in plan.limits
        ],
        "lines": [
            {
                "water_account_id": each.holder.water_account_id,
                "priority": each.holder.priority,
                "volume": each.litres,
                "from_spillable": each.parts.spillable,
                "from_orders": each.parts.ordered,
                "from_pledges": each.parts.pledged,
                "from_reviews": each.parts.reviewed,
            }
            for each in plan.takings[:FIRST]
        ],
    }


@blp.route("/curtailments", methods=["GET"])
@blp.response(200, shapes.CurtailmentPage)
def list_curtailments() -> dict[str, Any]:
    """Curtailments, by id."""
    where = paging("cur")
    statement = select(Curtailment).order_by(Curtailment.id).limit(where.limit + 1)
    if where.after is not None:
        statement = statement.where(Curtailment.id > where.after)
    rows = session().scalars(statement).all()
    cuts = _cuts_of([each.id for each in rows])
    return page([_curtailment_out(each, cuts[each.id]) for each in rows], where.limit)


@blp.route("/curtailments", methods=["POST"])
@blp.arguments(shapes.CurtailmentIn)
@blp.response(201, shapes.CurtailmentOut)
def order_curtailment(body: dict[str, Any]) -> dict[str, Any]:
    """Order a cut of caps below present use. The exchange is halted first; `advance` takes each next step."""
    found = curtailments.order(
        session(),
        actor=actor().audit,
        water_year=body["water_year"],
        cuts=_cuts(body),
        reason=body["reason"],
        legal_source=body["legal_source"],
    )
    return _curtailment_out(found, _cuts_of([found.id])[found.id])


@blp.route("/curtailments/<cur:curtailment_id>", methods=["GET"])
@blp.response(200, shapes.CurtailmentOut)
def get_curtailment(curtailment_id: int) -> dict[str, Any]:
    """One curtailment, and where it stands."""
    found = lists.one(session(), Curtailment, curtailment_id)
    return _curtailment_out(found, _cuts_of([found.id])[found.id])


@blp.route("/curtailments/<cur:curtailment_id>/advance", methods=["POST"])
@blp.response(200, shapes.CurtailmentOut)
def advance_curtailment(curtailment_id: int) -> dict[str, Any]:
    """Take the next step if the exchange has answered what this one waits for; else nothing happens."""
    found = curtailments.advance(session(), actor=actor().audit, curtailment_id=curtailment_id)
    return _curtailment_out(found, _cuts_of([found.id])[found.id])


@blp.route("/curtailments/<cur:curtailment_id>/lines", methods=["GET"])
@blp.response(200, shapes.CurtailmentLinePage)
def list_curtailment_lines(curtailment_id: int) -> dict[str, Any]:
    """What a curtailment took from each water account, by the account's id."""
    found = lists.one(session(), Curtailment, curtailment_id)
    where = paging("wac")
    statement = (
        select(CurtailmentLine)
        .where(CurtailmentLine.curtailment_id == found.id)
        .order_by(CurtailmentLine.water_account_id)
        .limit(where.limit + 1)
    )
    if where.after is not None:
        statement = statement.where(CurtailmentLine.water_account_id > where.after)
    rows = [
        {
            "water_account_id": each.water_account_id,
            "priority": each.priority,
            "volume": each.litres,
            "from_spillable": each.spillable_litres,
            "from_pledges": each.pledged_litres,
        }
        for each in session().scalars(statement)
    ]
    return page(rows, where.limit)


def _cuts_of(ids: list[int]) -> dict[int, list[CurtailmentCut]]:
    found: dict[int, list[CurtailmentCut]] = {each: [] for each in ids}
    statement = select(CurtailmentCut).where(CurtailmentCut.curtailment_id.in_(ids))
    for cut in session().scalars(statement.order_by(CurtailmentCut.limit_id)):
        found[cut.curtailment_id].append(cut)
    return found


def _curtailment_out(each: Curtailment, cuts: list[CurtailmentCut]) -> dict[str, Any]:
    return {
        "id": each.id,
        "water_year": each.water_year,
        "status": each.status,
        "reason": each.reason,
        "legal_source": each.legal_source,
        "taken": each.taken_litres,
        "requested_at": each.requested_at,
        "posted_at": each.posted_at,
        "cuts": [
            {
                "limit_id": cut.limit_id,
                "before": cut.before_litres,
                "after": cut.after_litres,
                "excess": cut.excess_litres,
            }
            for cut in cuts
        ],
    }


# --- the end of the year -------------------------------------------------------------------------------------------


@blp.route("/year-ends/preview", methods=["POST"])
@blp.arguments(shapes.YearIn)
@blp.response(200, shapes.YearEndPreviewOut)
def preview_year_end(body: dict[str, Any]) -> dict[str, Any]:
    """What closing the year would make of every account's litres now; nothing changes."""
    plan = year_ends.preview(session(), actor=actor().audit, **body)
    held_back = sum(litres for _, _, litres in plan.reserves)
    return {
        "accounts": len(plan.lines),
        "remained": sum(each.remained_litres for each in plan.lines) + held_back,
        "carried": sum(each.what.carried_litres for each in plan.lines),
        "evaporated": sum(each.what.evaporated_litres for each in plan.lines),
        "expired": sum(each.what.expired_litres for each in plan.lines) + held_back,
        "repaid": sum(each.what.repaid_litres for each in plan.lines),
        "possible": all(each.missing_litres <= 0 for each in plan.charges),
        "caps": [
            {
                "limit_id": each.limit.id,
                "code": each.limit.code,
                "needed": each.needed_litres,
                "available": each.available_litres,
                "suffices": each.missing_litres <= 0,
                "legal_source": each.limit.legal_source,
            }
            for each in plan.charges
        ],
        "lines": [
            {
                "water_account_id": each.water_account_id,
                "remained": each.remained_litres,
                "repaid": each.what.repaid_litres,
                "carried": each.what.carried_litres,
                "evaporated": each.what.evaporated_litres,
                "expired": each.what.expired_litres,
            }
            for each in plan.lines[:FIRST]
        ],
    }


@blp.route("/year-ends", methods=["POST"])
@blp.arguments(shapes.YearIn)
@blp.response(201, shapes.YearOut)
def begin_year_end(body: dict[str, Any]) -> dict[str, Any]:
    """End trading in a year that is over: its orders expire, late readings are still taken."""
    year = year_ends.begin(session(), actor=actor().audit, **body)
    return {"year": year.year, "starts_on": year.starts_on, "ends_on": year.ends_on, "status": year.status}


@blp.route("/carry-overs", methods=["POST"])
@blp.arguments(shapes.YearIn)
@blp.response(201, shapes.CarryOverOut)
def carry_over(body: dict[str, Any]) -> dict[str, Any]:
    """Close a closing year: open reviews are rejected, debts paid, water carried by rule, the rest expires."""
    return _carry_over_out(year_ends.close(session(), actor=actor().audit, **body))


@blp.route("/carry-overs", methods=["GET"])
@blp.response(200, shapes.CarryOverPage)
def list_carry_overs() -> dict[str, Any]:
    """Year ends, by id."""
    where = paging("cov")
    statement = select(CarryOver).order_by(CarryOver.id).limit(where.limit + 1)
    if where.after is not None:
        statement = statement.where(CarryOver.id > where.after)
    return page([_carry_over_out(each) for each in session().scalars(statement)], where.limit)


@blp.route("/carry-overs/<cov:carry_over_id>", methods=["GET"])
@blp.response(200, shapes.CarryOverOut)
def get_carry_over(carry_over_id: int) -> dict[str, Any]:
    """One year end."""
    return _carry_over_out(lists.one(session(), CarryOver, carry_over_id))


@blp.route("/carry-overs/<cov:carry_over_id>/release-spillable", methods=["POST"])
@blp.arguments(shapes.SpillReleaseIn)
@blp.response(200, shapes.SpillOut)
def release_spillable(body: dict[str, Any], carry_over_id: int) -> dict[str, Any]:
    """Release what is held as spillable, now that the spill risk is under the county's bound."""
    litres = spills.release(
        session(),
        actor=actor().audit,
        carry_over_id=carry_over_id,
        source=body["source"],
        risk_e6=body["risk"],
        reason=body["reason"],
    )
    return {"carry_over_id": carry_over_id, "source": body["source"], "volume": litres}


@blp.route("/carry-overs/<cov:carry_over_id>/spill", methods=["POST"])
@blp.arguments(shapes.SpillIn)
@blp.response(200, shapes.SpillOut)
def spill(body: dict[str, Any], carry_over_id: int) -> dict[str, Any]:
    """Declare a share of what is held as spillable as spilt, pro rata."""
    litres = spills.spill(
        session(),
        actor=actor().audit,
        carry_over_id=carry_over_id,
        source=body["source"],
        share_e6=body["share"],
        reason=body["reason"],
    )
    return {"carry_over_id": carry_over_id, "source": body["source"], "volume": litres}


def _carry_over_out(each: CarryOver) -> dict[str, Any]:
    return {
        "id": each.id,
        "water_year": each.water_year,
        "remained": each.remained_litres,
        "repaid": each.repaid_litres,
        "carried": each.carried_litres,
        "evaporated": each.evaporated_litres,
        "expired": each.expired_litres,
        "closed_at": each.closed_at,
    }


@blp.route("/balance-sheet", methods=["GET"])
@blp.arguments(shapes.SheetQuery, location="query")
@blp.response(200, shapes.SheetOut)
def balance_sheet(query: dict[str, Any]) -> dict[str, Any]:
    """Where the water of a year is, of a source, zone and sector, at any past moment."""
    found = balance.sheet(session(), **query)
    names = (
        "issued", "bought", "sold", "owed", "used", "held", "free", "reserved", "lost", "expired", "carried",
        "curtailed",
    )  # fmt: skip
    return {
        "water_year": query["water_year"],
        "source": query.get("source"),
        "zone": query.get("zone"),
        "sector": query.get("sector"),
        "as_of": query.get("as_of") or clock.now(),
        "moved": format_litres(found.moved_litres),
        "balanced": found.balanced,
    } | {name: getattr(found, f"{name}_litres") for name in names}
