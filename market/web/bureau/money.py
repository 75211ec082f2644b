"""Money: accounts, deposits and payouts, what a provider moves, and the differences of the reconciliation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, request

from market.web import asking
from market.web.bureau import frame

blp = Blueprint("desk_money", __name__, template_folder="../templates")


@blp.get("/desk/money")
def index() -> Response:
    """What came, what went, and what does not agree."""
    accounts = asking.get("/v1/money-accounts", limit=100, starting_after=request.args.get("starting_after"))
    moved = {
        "deposits": asking.get("/v1/deposits", limit=20, newest_first=True)["data"],
        "payouts": asking.get("/v1/payouts", limit=20, newest_first=True)["data"],
        "payments": asking.get("/v1/gateway-payments", limit=20)["data"],
        "sent": asking.get("/v1/gateway-payouts", limit=20)["data"],
    }
    owner = _owners(accounts["data"], {each["money_account_id"] for rows in moved.values() for each in rows})
    return frame.sheet(
        "bureau/money.html",
        accounts=accounts,
        owner=owner,
        names=frame.parties(owner.values()),
        short=frame.short,
        **moved,
        runs=asking.get("/v1/reconciliations")["data"][:10],
        differences=asking.get("/v1/reconciliation-differences", limit=50)["data"],
    )


def _owners(shown: Iterable[Any], moved: set[str]) -> dict[str, str]:
    """Whose each money account is: of those that are shown, and of those that money moved on."""
    found = {each["id"]: each["participant_id"] for each in shown}
    others = sorted(moved - found.keys())
    if others:
        rows = asking.get("/v1/money-accounts", ids=",".join(others), limit=len(others))["data"]
        found |= {each["id"]: each["participant_id"] for each in rows}
    return found
