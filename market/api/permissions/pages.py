"""Pages for people. What a page shows and does it asks the API for, which has rows and owners of its own."""

from __future__ import annotations

from market.api.permissions.pages_of_accounts import ROUTES as ACCOUNT_PAGES
from market.api.permissions.pages_of_holders import ROUTES as HOLDER_PAGES
from market.api.permissions.rules import EVERYONE, HOLDERS, PARTICIPANTS, PUBLIC, Rule


def pages(roles: frozenset[str], *endpoints: str) -> dict[str, Rule]:
    """Pages that these roles may open; none: everyone."""
    return {each: Rule(roles, page=True) for each in endpoints}


ROUTES: dict[str, Rule] = {
    **pages(PUBLIC, "assets.file"),
    **ACCOUNT_PAGES,
    **pages(EVERYONE, "counter.show", "counter.act", "counter.stop"),
    **pages(HOLDERS, "counter.slip"),
    **pages(
        PUBLIC,
        "board.home",
        "board_market.overview",
        "board_market.product",
        "board_market.book",
        "board_limits.limits",
        "board_limits.flows",
        "board_map.districts",
        "board_announcements.announcements",
        "board_announcements.announcement",
        "board_objections.listing",
        "board_objections.right",
        "board_objections.deal",
        "board_objections.matter",
        "board_verifying.form",
        "board_firms.directory",
        "board_firms.firm",
        "board_rules.rules",
        "board_rules.saving",
    ),
    **pages(
        HOLDERS,
        "board_objections.object_to_right",
        "board_objections.object_to_deal",
        "board_objections.object_to_matter",
    ),
    **HOLDER_PAGES,
    **pages(
        PARTICIPANTS,
        "firm_contracts.overview",
        "firm_contracts.listing",
        "firm_contracts.contract",
        "firm_contracts.sign",
        "firm_contracts.withdraw",
        "firm_contracts.enter_phase",
        "firm_contracts.consent",
        "firm_contracts.give_up",
        "firm_contracts.points",
        "firm_contracts.point",
        "firm_contracts.read",
        "firm_reports.listing",
        "firm_reports.report",
        "firm_reports.accept",
        "firm_reports.certify",
        "firm_reports.give_back",
        "firm_reports.object_to",
        "firm_reports.distribute",
        "firm_reports.lot",
        "firm_reports.cash_flow",
        "firm_reports.pay",
        "firm_reports.invoice",
        "firm_projects.calls",
        "firm_projects.new",
        "firm_projects.publish",
        "firm_projects.call",
        "firm_projects.choose",
        "firm_projects.withdraw",
    ),
    **pages(
        frozenset({"firm"}),
        "firm_projects.propose",
        "firm_projects.take_back",
        "firm_projects.registration",
        "firm_projects.register",
        "firm_projects.qualify",
    ),
}
