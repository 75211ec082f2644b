"""The reader's trades, and where each stands: agreed, decided, settled, delivered; with every day and reason."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext

from market.web import asking, forms
from market.web.asking import Problem
from market.web.holder.addresses import me, public
from market.web.pages import page
from market.web.places import zone_names
from market.web.spoken import language
from market.web.words import word

blp = Blueprint("my_trades", __name__, template_folder="../templates")

Event = dict[str, Any]


@blp.get("/my/trades")
def listed() -> Response:
    """All trades, the newest first."""
    found = asking.get("/v1/trades", limit=50, starting_after=request.args.get("starting_after") or None)
    return page("holder/trades.html", trades=found, me=me())


@blp.get("/my/trades/<trd:trade_id>")
def one(trade_id: int) -> Response:
    """One trade: what was given for what, where it stands, its delivery, and where saved water came from."""
    return _one(trade_id, None)


@blp.post("/my/trades/<trd:trade_id>/delivery")
def order_delivery(trade_id: int) -> Response:
    """Orders that the water of a settled trade is let through, by the canal's open months."""
    where = public("trd", trade_id)

    def do() -> str:
        instruction = asking.get(f"/v1/trades/{where}")["instruction_id"]
        asking.send("/v1/deliveries", {"instruction_id": instruction, **forms.body(("starts_on", "ends_on"))})
        return f"/my/trades/{where}"

    return forms.act(
        do, show=lambda problem: _one(trade_id, problem), done=gettext("The delivery is ordered.")
    )


def _one(trade_id: int, problem: Problem | None) -> Response:
    where = f"/v1/trades/{public('trd', trade_id)}"
    trade = asking.get(where)
    instruction = asking.get(f"/v1/instructions/{trade['instruction_id']}")
    standing = asking.get(f"{where}/standing")
    deliveries = asking.pages("/v1/deliveries", instruction_id=trade["instruction_id"], whole=True)
    return page(
        "holder/trade.html", trade=trade, instruction=instruction, standing=standing, deliveries=deliveries,
        events=events(trade, instruction, standing, deliveries, zh=language() != "en"), me=me(), zones=zone_names(),
        problem=problem, typed=forms.typed(), lineage=asking.get(f"{where}/lineage")["data"],
        product=asking.get(f"/v1/products/{trade['product_id']}"),
    )  # fmt: skip


def events(trade: Any, instruction: Any, standing: Any, deliveries: list[Any], *, zh: bool) -> list[Event]:
    """What happened to a trade, oldest first, and what is still to come."""
    found: list[Event] = [{"words": gettext("Agreed on the exchange"), "at": trade["traded_at"]}]
    if instruction["review_rule"]:
        waits = trade["status"] == "awaiting_review"
        found.append({
            "words": gettext("Before the bureau"), "at": instruction["instructed_at"],
            "source": standing["legal_source"], "note": "" if waits else gettext("decided"),
        })  # fmt: skip
        if waits:
            found.append(_awaited(standing, zh=zh))
    if trade["status"] != "awaiting_review":
        found.append(_resolved(trade, instruction, standing))
    for each in deliveries:
        found += _delivered(each)
    return found


def _awaited(standing: Any, *, zh: bool) -> Event:
    note = (
        gettext("%(days)s days left", days=standing["days_left"]) if standing["days_left"] is not None else ""
    )
    if standing["stopped_by"]:
        note = gettext("The clock stands still: %(why)s", why=word(f"stopped_{standing['stopped_by']}"))
    return {
        "words": standing["stage_zh" if zh else "stage_en"], "at": standing["due_on"], "coming": True, "note": note,
        "chip": standing["colour"],
    }  # fmt: skip


def _resolved(trade: Any, instruction: Any, standing: Any) -> Event:
    said = {
        "settled": gettext("Settled: water against money, at once and whole"),
        "rejected": gettext("Refused: water and money went back"),
        "reversed": gettext("Reversed by the bureau"),
    }[trade["status"]]
    notice = standing["notice_id"]
    return {
        "words": said, "at": instruction["resolved_at"] or trade["traded_at"], "chip": trade["status"],
        "link": f"/my/messages/notices/{notice}" if notice else "",
        "link_words": gettext("The decision and its reasons: %(number)s", number=standing["notice_number"]),
        "note": _remedy(standing),
    }  # fmt: skip


def _remedy(standing: Any) -> str:
    until = standing["remedy_until"]
    return gettext("A complaint is possible until %(day)s.", day=until) if until else ""


def _delivered(delivery: Any) -> list[Event]:
    span = gettext("%(volume)s m³ from %(start)s to %(end)s", volume=delivery["volume"], start=delivery["starts_on"],
                   end=delivery["ends_on"])  # fmt: skip
    found: list[Event] = [{"words": gettext("Delivery ordered"), "at": delivery["ordered_at"], "note": span}]
    if delivery["dispatched_at"]:
        found.append({"words": gettext("Handed to the gate keeper"), "at": delivery["dispatched_at"]})
    found += [
        {
            "words": gettext("%(volume)s m³ arrived at the gate", volume=each["volume"]), "at": each["confirmed_at"],
            "note": each["note"],
        }
        for each in delivery["receipts"]
    ]  # fmt: skip
    found += [
        {
            "words": gettext("Refund of what is missing: %(volume)s m³", volume=each["missing"]),
            "at": each["decided_at"] or each["proposed_at"],
            "note": f"{word('refund_' + each['status'])} · {each['reason']}",
        }
        for each in delivery["refunds"]
    ]  # fmt: skip
    if delivery["closed_at"]:
        found.append({
            "words": gettext("Delivery closed"), "at": delivery["closed_at"], "chip": delivery["status"],
            "note": delivery["reason"],
        })  # fmt: skip
    else:
        found.append({"words": gettext("Delivery ends"), "at": delivery["ends_on"], "coming": True})
    return found
