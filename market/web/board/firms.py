"""The directory of service firms: what they can do, which papers the bureau confirmed, how their credit stands."""

from __future__ import annotations

from flask import Blueprint, Response, request

from market.core import ids
from market.web import asking
from market.web.pages import page

blp = Blueprint("board_firms", __name__, template_folder="../templates")

KINDS = ("public_institution", "public_building", "industry", "services", "irrigation", "leakage")
PAPERS = ("grade", "licence", "management_system", "laboratory", "patent", "other")
ASKED = ("q", "works_in", "qualified")


@blp.get("/firms")
def directory() -> Response:
    """Listed firms by name, kind of project and confirmed paper."""
    asked = {name: request.args[name].strip() for name in ASKED if request.args.get(name, "").strip()}
    firms = asking.get("/v1/firms", starting_after=request.args.get("starting_after"), limit=50, **asked)
    return page("board/firms.html", firms=firms, asked=asked, kinds=KINDS, papers=PAPERS)


@blp.get("/firms/<frm:firm_id>")
def firm(firm_id: int) -> Response:
    """One firm: what it says of itself, its papers, the entries of its credit record that count today."""
    return page("board/firm.html", firm=asking.get(f"/v1/firms/{ids.public('frm', firm_id)}"))
