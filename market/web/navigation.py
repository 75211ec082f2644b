"""Which pages are for whom: the links at the top, by what the reader may do."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from flask_babel import lazy_gettext as _l

from market.api.http import may
from market.api.permissions import BUREAU, HOLDERS, OUTSIDE, PARTICIPANTS, ROUTES
from market.participants.access import AccessActor
from market.web.sitting import reader


@dataclass(frozen=True)
class Link:
    """A link and its words."""

    address: str
    words: object
    endpoint: str = ""
    """The page's, where not every reader of its group may open it."""


@dataclass(frozen=True)
class Desk:
    """A group of pages: its words, the address of its first page, its links."""

    words: object
    address: str
    links: tuple[Link, ...]
    aside: bool = False
    """Not among the desks at the top: it has a place of its own there."""


PUBLIC = (
    Link("/", _l("Board")),
    Link("/market", _l("Market")),
    Link("/limits", _l("Limits")),
    Link("/flows", _l("Flows")),
    Link("/map", _l("Map")),
    Link("/announcements", _l("Announcements")),
    Link("/objections", _l("Open to objection")),
    Link("/verify", _l("Check a certificate")),
    Link("/firms", _l("Service firms")),
    Link("/saving", _l("What saving is")),
    Link("/rules", _l("Rules")),
)
HOLDER = (
    Link("/my", _l("My water")),
    Link("/my/sell", _l("Sell")),
    Link("/my/buy", _l("Buy")),
    Link("/my/orders", _l("Orders")),
    Link("/my/trades", _l("Trades")),
    Link("/my/join", _l("Auctions and buy-back")),
    Link("/my/trusts", _l("Trusteeship")),
    Link("/my/money", _l("Money")),
    Link("/my/bills", _l("Water bills")),
    Link("/my/fee-invoices", _l("Fee invoices")),
    Link("/my/bank", _l("My bank")),
    Link("/my/statements", _l("Statements")),
    Link("/my/meters", _l("Meters")),
    Link("/my/gates", _l("Gates"), "my_gates.listed"),
    Link("/my/turns", _l("Turn sheets"), "my_turns.listed"),
    Link("/my/messages", _l("Messages")),
)
FIRM = (
    Link("/firm", _l("Saving projects")),
    Link("/firm/calls", _l("Calls")),
    Link("/firm/contracts", _l("Contracts for saving")),
    Link("/firm/reports", _l("Savings")),
    Link("/firm/cash-flow", _l("Cash flow")),
    Link("/firm/pledges", _l("Pledges"), "bank_pledges.listing"),
)
ACCOUNT = (
    Link("/account", _l("Account")),
    Link("/account/password", _l("Password")),
    Link("/account/phone", _l("Telephone"), "account_proofs.phone"),
    Link("/account/totp", _l("One-time codes")),
    Link("/account/data", _l("My data")),
    Link("/account/credit", _l("Credit record"), "account_credit.overview"),
    Link("/account/keys", _l("Keys for programs")),
    Link("/account/webhooks", _l("Notifications for programs"), "account_webhooks.listing"),
)
COUNTER = (Link("/counter", _l("Counter")),)
DESK = (
    Link("/desk", _l("Desk"), "bureau_desk.home"),
    Link("/desk/rights", _l("Rights"), "desk_rights.index"),
    Link("/desk/warning", _l("Early warning"), "desk_warning.tree"),
    Link("/desk/alerts", _l("Alerts"), "desk_watching.alerts"),
    Link("/desk/cases", _l("Cases"), "desk_watching.cases"),
    Link("/desk/interventions", _l("Interventions"), "desk_interventions.index"),
    Link("/desk/announce", _l("Announce"), "desk_announcing.index"),
    Link("/desk/auctions", _l("Auctions"), "desk_auctions.index"),
    Link("/desk/participants", _l("Participants"), "desk_participants.index"),
    Link("/desk/firms", _l("Service firms"), "desk_participants.firms"),
    Link("/desk/limits", _l("Limits"), "desk_limits.index"),
    Link("/desk/meters", _l("Meters"), "desk_meters.index"),
    Link("/desk/deliveries", _l("Deliveries"), "desk_deliveries.index"),
    Link("/desk/pledges", _l("Pledges"), "desk_pledges.index"),
    Link("/desk/savings", _l("Savings"), "desk_savings.reports"),
    Link("/desk/excel", _l("Excel"), "desk_excel.index"),
    Link("/desk/money", _l("Money"), "desk_money.index"),
    Link("/desk/bills", _l("Water bills"), "desk_bills.index"),
    Link("/desk/fee-invoices", _l("Fee invoices"), "desk_fee_invoices.index"),
    Link("/desk/bank", _l("Bank"), "desk_bank.index"),
    Link("/desk/users", _l("Users"), "desk_participants.users"),
    Link("/desk/figures", _l("Figures of departments"), "desk_warning.figures"),
    Link("/reports", _l("Reports"), "report_pages.index"),
    Link("/desk/filings", _l("Filings"), "desk_duties.filings"),
    Link("/desk/inspections", _l("Inspections"), "desk_duties.inspections"),
    Link("/desk/national-exports", _l("National exports"), "desk_duties.exports"),
    Link("/desk/trail", _l("Audit trail"), "desk_trail.search"),
    Link("/counter", _l("Counter"), "counter.show"),
)


def desks() -> tuple[Desk, ...]:
    """The groups of pages of whoever reads."""
    who = reader()
    found = [Desk(_l("Public board"), "/", PUBLIC)]
    if who is not None and "read" not in who.scopes:  # first the one-time codes, nothing else
        return (*found, Desk(_l("Account"), "/account", ACCOUNT[3:4], aside=True))
    if who is not None and who.mandate_id is not None:
        found.append(Desk(_l("Counter"), "/counter", COUNTER))
    if who is not None and who.roles & HOLDERS:
        found.append(Desk(_l("My desk"), "/my", _open_to(who, HOLDER)))
    if who is not None and who.participant_id is not None:
        found.append(Desk(_l("Water saving"), "/firm", _open_to(who, FIRM)))
    if who is not None and who.participant_id is None and who.roles & (BUREAU | OUTSIDE):
        found.append(Desk(_l("Bureau"), "/desk", _open_to(who, DESK)))
    if who is not None:
        found.append(Desk(_l("Account"), "/account", _open_to(who, ACCOUNT), aside=True))
    return tuple(found)


def _open_to(who: AccessActor, links: tuple[Link, ...]) -> tuple[Link, ...]:
    """The links of a group that a reader may open."""
    return tuple(each for each in links if not each.endpoint or may(who, ROUTES[each.endpoint]))


def where(groups: tuple[Desk, ...]) -> tuple[Desk, Link | None]:
    """The group and the link of the page that is read: of all links, the one with the longest part of its address."""
    path = request.path.rstrip("/") or "/"
    below = [
        (len(link.address), desk, link)
        for desk in groups
        for link in desk.links
        if path == link.address or path.startswith(link.address.rstrip("/") + "/")
    ]
    if not below:
        return groups[0], None
    _, desk, link = max(below, key=lambda each: each[0])
    return desk, None if link.address == "/" and path != "/" else link


def home() -> str:
    """Where a reader begins after the sign-in."""
    who = reader()
    if who is None:
        return "/"
    if who.participant_id is None:
        return "/desk"
    if who.roles & {"firm", "verifier", "bank"} and not who.roles & (HOLDERS - {"firm"}):
        return "/firm"
    if who.roles & HOLDERS:
        return "/my"
    return "/account/webhooks" if who.roles & PARTICIPANTS else "/"  # an integrator's programs do the rest
