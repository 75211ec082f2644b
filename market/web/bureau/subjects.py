"""What a matter is about, in words and figures: the thing behind a file of a desk, for the page and before an act."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext

from market.web import asking
from market.web.bureau import frame
from market.web.spoken import cubic, day, instant, land, price, yuan
from market.web.words import word

Fact = tuple[object, object]
_READ_BY = {
    "ins": ("trades.get_instruction", "/v1/instructions/"),
    "cal": ("calls.get", "/v1/calls/"),
    "prg": ("programmes.get", "/v1/programmes/"),
    "ent": ("entitlements.get_entitlement", "/v1/entitlements/"),
    "neg": ("negotiations.get", "/v1/negotiations/"),
    "frm": ("firm_registrations.get_registration", "/v1/firm-registrations/"),
    "cpl": ("complaints.get_complaint", "/v1/complaints/"),
    "par": ("participants.get", "/v1/participants/"),
    "plg": ("pledges.get", "/v1/pledges/"),
    "srp": ("saving_reports.get", "/v1/saving-reports/"),
    "clb": ("claw_backs.get", "/v1/claw-backs/"),
    "dlv": ("deliveries.get", "/v1/deliveries/"),
}
"""By the prefix of an id: the route that shows the thing, and its address."""


def thing(number: str) -> Any:
    """What an id names, if there is a route that shows it and the reader may use it; else None."""
    known = _READ_BY.get(number[:3])
    return asking.get(known[1] + number) if known and frame.may(known[0]) else None


def facts(number: str) -> list[Fact]:
    """The facts of what an id names; without any where the reader sees no more than the file."""
    found = thing(number)
    told = _FACTS.get(number[:3])
    return told(found) if found is not None and told is not None else []


def link(number: str) -> str:
    """The page of the bureau on which the thing is read, if it has one."""
    pages = {
        "ent": ("desk_rights.show", "/desk/rights/"),
        "par": ("desk_participants.show", "/desk/participants/"),
        "cal": ("desk_auctions.call", "/desk/auctions/calls/"),
        "frm": ("desk_participants.firm", "/desk/firms/"),
        "plg": ("desk_pledges.show", "/desk/pledges/"),
        "srp": ("desk_savings.report", "/desk/savings/reports/"),
        "dlv": ("desk_deliveries.show", "/desk/deliveries/"),
    }
    known = pages.get(number[:3])
    return known[1] + number if known and frame.may(known[0]) else ""


def participant(found: Any) -> list[Fact]:
    """A participant."""
    return [
        (gettext("Participant"), found["name"] or frame.short(found["id"])),
        (gettext("What it is"), word(f"party_{found['kind']}")),
        (gettext("State"), word(found["status"])),
        (gettext("Identity"), found["identifier_masked"] or "–"),
        (gettext("Contact"), found["contact"] or "–"),
        (gettext("Applied"), instant(found["applied_at"])),
    ]


def _trade(found: Any) -> list[Fact]:
    names = frame.parties([found["seller_id"], found["buyer_id"]])
    return [
        (gettext("Seller"), names[found["seller_id"]]),
        (gettext("Buyer"), names[found["buyer_id"]]),
        (gettext("Leaves the seller"), cubic(found["source_volume"])),
        (gettext("Reaches the buyer"), cubic(found["delivered_volume"])),
        (gettext("Amount"), yuan(found["amount"])),
        (gettext("State"), word(found["status"])),
        (gettext("Struck"), instant(found["instructed_at"])),
    ]


def call(found: Any) -> list[Fact]:
    """A call auction."""
    return [
        (gettext("Window"), word(f"window_{found['window']}")),
        (gettext("State"), word(f"auction_{found['status']}")),
        (gettext("Reason"), found["reason"]),
        (gettext("Opened"), instant(found["opened_at"])),
        (gettext("Sold"), cubic(found["sold"])),
        (gettext("Bought"), cubic(found["bought"])),
        (gettext("Buyers pay"), yuan(found["paid"])),
        (gettext("Sellers receive"), yuan(found["received"])),
        (gettext("To the public fund"), yuan(found["fund"])),
    ]


def _programme(found: Any) -> list[Fact]:
    names = frame.parties([found["buyer_id"]])
    return [
        (gettext("Buyer"), names[found["buyer_id"]]),
        (gettext("Price"), price(found["price"])),
        (gettext("Sellers"), found["sellers"]),
        (gettext("Volume"), cubic(found["volume"])),
        (gettext("Amount"), yuan(found["amount"])),
        (gettext("Conditions"), found["conditions"] or "–"),
        (gettext("State"), word(f"programme_{found['status']}")),
    ]


def right(found: Any) -> list[Fact]:
    """A right, or the application for one."""
    names, zones = frame.parties([found["participant_id"]]), frame.zones()
    shown = [
        (gettext("Applicant or holder"), names[found["participant_id"]]),
        (gettext("Kind of right"), word(found["kind"])),
        (gettext("Source of water"), f"{word(found['source'])} · {word(found['sector'])}"),
        (gettext("Place"), f"{zones.get(found['township'], '')} · {zones.get(found['canal'], '')}"),
        (gettext("Volume a year"), cubic(found["volume"])),
        (gettext("Land"), land(found["land_mu"])),
        (gettext("From"), day(found["valid_from"])),
        (gettext("Until"), day(found["valid_to"])),
        (gettext("Basis"), found["basis"] or "–"),
        (gettext("State"), word(found["status"])),
    ]
    if found["certificate_number"]:
        shown.insert(0, (gettext("Certificate"), found["certificate_number"]))
    return shown


def _deal(found: Any) -> list[Fact]:
    names = frame.parties([found["seller_id"], found["buyer_id"]])
    accepted = next((each for each in found["offers"] if each["number"] == found["accepted_number"]), None)
    shown: list[Fact] = [
        (gettext("Seller"), names[found["seller_id"]]),
        (gettext("Buyer"), names[found["buyer_id"]]),
        (gettext("What changes hands"), word(found["tenure"])),
        (gettext("State"), word(f"deal_{found['status']}")),
    ]
    if accepted:
        shown += [
            (gettext("Volume"), cubic(accepted["volume"])),
            (gettext("Price"), price(accepted["price"])),
            (gettext("Conditions"), accepted["conditions"] or "–"),
        ]
    return [*shown, (gettext("Legal source"), found["legal_source"] or "–")]


def firm(found: Any) -> list[Fact]:
    """A service firm's registration."""
    return [
        (gettext("Service firm"), found["name"]),
        (gettext("What it does"), found["about"]),
        (gettext("Works in"), ", ".join(word(f"saving_{each}") for each in found["works_in"])),
        (gettext("Staff"), found["staff"]),
        (gettext("Founded"), day(found["founded_on"])),
        (gettext("Credit points"), found["credit_points"]),
        (gettext("State"), word(f"firm_{found['status']}")),
    ]


def _complaint(found: Any) -> list[Fact]:
    names = frame.parties([found["participant_id"]])
    return [
        (gettext("Number"), found["number"]),
        (gettext("Complainant"), names[found["participant_id"]]),
        (gettext("Complaint"), found["text"]),
        (gettext("Filed"), instant(found["filed_at"])),
        (gettext("State"), word(f"complaint_{found['status']}")),
        (gettext("Answer"), found["answer"] or "–"),
    ]


def pledge(found: Any) -> list[Fact]:
    """A pledge."""
    names = frame.parties([found["participant_id"], found["bank_id"]])
    return [
        (gettext("Pledgor"), names[found["participant_id"]]),
        (gettext("Bank"), names[found["bank_id"]]),
        (gettext("Volume"), cubic(found["volume"])),
        (gettext("Secured sum"), yuan(found["secured"])),
        (gettext("Owed"), yuan(found["owed"])),
        (gettext("Valued at"), yuan(found["valued"])),
        (gettext("Valuation"), found["valuation"]),
        (gettext("State"), word(f"pledge_{found['status']}")),
    ]


def pledge_sale(found: Any) -> list[Fact]:
    """A sale of pledged water."""
    names = frame.parties([found["participant_id"], found["seller_id"]])
    return [
        (gettext("Pledgor"), names[found["participant_id"]]),
        (gettext("Who sells"), names[found["seller_id"]]),
        (gettext("Let go"), cubic(found["let_go"])),
        (gettext("Lowest price"), price(found["floor_price"])),
    ]


def saving_report(found: Any) -> list[Fact]:
    """A report of a saving."""
    return [
        (gettext("Period"), day(found["starts_on"]) + " – " + day(found["ends_on"])),
        (gettext("Adjusted baseline"), cubic(found["adjusted_baseline"])),
        (gettext("Use"), cubic(found["use"])),
        (gettext("Saving"), cubic(found["saving"])),
        (gettext("State"), word(f"report_{found['status']}")),
        *((gettext("Objection"), each["grounds"]) for each in found.get("disputes", ())),
    ]


def claw_back(found: Any) -> list[Fact]:
    """A claw-back of a saving."""
    return [
        (gettext("Why"), found["reason"]),
        (gettext("Finding"), found["finding"] or "–"),
        (gettext("Creditable in money"), cubic(found["money_volume"])),
        (gettext("Creditable as water"), cubic(found["water_volume"])),
        (gettext("State"), word(f"claw_back_{found['status']}")),
    ]


def _delivery(found: Any) -> list[Fact]:
    names = frame.parties([found["buyer_id"], found["seller_id"]])
    last = found["refunds"][-1] if found.get("refunds") else None
    shown: list[Fact] = [
        (gettext("Buyer"), names[found["buyer_id"]]),
        (gettext("Ordered"), cubic(found["volume"])),
        (gettext("Confirmed at the gate"), cubic(found["confirmed"])),
        (gettext("Reason"), found["reason"] or "–"),
    ]
    if last:
        shown += [
            (gettext("Missing"), cubic(last["missing"])),
            (gettext("To give back"), yuan(last["amount"])),
        ]
    return shown


_FACTS: dict[str, Callable[[Any], list[Fact]]] = {
    "ins": _trade,
    "cal": call,
    "prg": _programme,
    "ent": right,
    "neg": _deal,
    "frm": firm,
    "cpl": _complaint,
    "par": participant,
    "plg": pledge,
    "srp": saving_report,
    "clb": claw_back,
    "dlv": _delivery,
}
