"""Pages for people. What a page shows and does it asks the API for, which has rows and owners of its own."""

from __future__ import annotations

from market.api.permissions.pages_of_accounts import ROUTES as ACCOUNT_PAGES
from market.api.permissions.pages_of_holders import ROUTES as HOLDER_PAGES
from market.api.permissions.rules import EVERYONE, HOLDERS, PARTICIPANTS, PUBLIC, Rule

PAPER_BYTES = 8 * 1024 * 1024
"""The largest paper whose fingerprint is taken."""


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
        "firm_contracting.new",
        "firm_contracting.draft",
        "firm_contracting.ask_amendment",
        "firm_contracting.amend",
        "firm_contracts.overview",
        "firm_contracts.listing",
        "firm_contracts.contract",
        "firm_contracts.sign",
        "firm_contracts.withdraw",
        "firm_contracts.enter_phase",
        "firm_contracts.consent",
        "firm_contracts.give_up",
        "firm_contracts.end",
        "firm_points.listing",
        "firm_points.point",
        "firm_lots.lot",
        "firm_trust.account",
        "firm_reports.listing",
        "firm_reports.report",
        "firm_reports.accept",
        "firm_reports.certify",
        "firm_reports.give_back",
        "firm_reports.object_to",
        "firm_reports.distribute",
        "firm_reports.lot",
        "firm_reports.revise",
        "firm_reports.propose_adjustment",
        "firm_reports.accept_adjustment",
        "firm_reports.re_verify",
        "firm_reports.verify_claw_back",
        "firm_reports.pay_households",
        "firm_reports.take_invoice_back",
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
        HOLDERS,
        "firm_drafting.new_report",
        "firm_drafting.new_baseline",
        "firm_drafting.propose",
        "firm_trust.pay_in",
        "firm_trust.pay",
        "firm_trust.withdraw",
        "firm_trust.settle",
        "firm_trust.close",
        "firm_lots.offer",
        "firm_lots.take_back",
        "firm_lots.retire",
        "firm_points.register",
        "firm_points.read",
        "firm_points.retire",
        "firm_points.ask_correction",
        "firm_points.correct",
        "firm_points.nights",
        "firm_points.record_night",
        "firm_points.ask_night",
        "firm_points.correct_night",
    ),
    **{
        each: Rule(HOLDERS, page=True, body_bytes=PAPER_BYTES)
        for each in (
            "firm_points.bill",
            "firm_trust.present",
            "firm_drafting.draft",
            "firm_drafting.propose_nights",
        )
    },
    **pages(
        frozenset({"bank"}),
        "bank_pledges.listing",
        "bank_pledges.consent",
        "bank_pledges.apply",
        "bank_pledges.pledge",
        "bank_pledges.secure",
        "bank_pledges.release",
        "bank_pledges.consent_to_sale",
        "bank_pledges.pay_out",
        "bank_pledges.take_back",
    ),
    **pages(
        frozenset({"firm"}),
        "firm_projects.propose",
        "firm_projects.take_back",
        "firm_projects.registration",
        "firm_projects.register",
        "firm_projects.amend",
        "firm_projects.leave",
        "firm_projects.qualify",
    ),
}
