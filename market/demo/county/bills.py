"""Eleventh chapter: water bills, issued, partly paid, posted in villages, handed over; the rest is due."""

from __future__ import annotations

from typing import Any

from market.core import clock
from market.demo import people
from market.demo.client import Caller, spread
from market.demo.county import folk, register
from market.demo.county.season import Season

KEEPERS = ((folk.KUSHAN.login, "KUSHAN-C1"), (folk.IGIZYAR.login, "IGIZYAR-C1"))
"""Which association keeps the end canals below which canal: it has their part of the bills there."""
POSTED = ("653123101", "653123208")
CASH_EVERY, MOST_CASH = 4, 60
"""One household in so many pays in cash at the counter."""
TRANSFERS = 6
FARMER_PAYS = "50.00"


def play(season: Season) -> None:
    """Bills from the preview to the remittance. Errors: StoryFailed."""
    treasurer = season.as_("treasurer")
    for login, canal in KEEPERS:
        body = {"canal": canal, "association_id": season.bodies[login], "from": f"{season.year}-01-01"}
        treasurer.post("/v1/canal-associations", body)
    period = {"water_year": season.year, "until": clock.today().isoformat()}
    seen = treasurer.post("/v1/billing-runs/preview", period)
    run = treasurer.post("/v1/billing-runs", period | {"digest": seen["digest"]})
    season.counts["bills"] = run["bills"]
    _paid(season, treasurer, run["id"])
    for zone in POSTED:
        treasurer.post(f"/v1/billing-runs/{run['id']}/postings", {"zone": zone})
    season.counts["villages_posted"] = len(POSTED)
    _handed_over(season, treasurer)


def _paid(season: Season, treasurer: Caller, run: str) -> None:
    """Some households bring cash, some pay out of what they have in the market, the farmer pays parts both ways."""
    bills = {each["participant_id"]: each for each in treasurer.pages("/v1/water-bills", run_id=run)}
    cash = [each.participant for each in register.entrusting(season)[:2]]
    cash += [each.participant for each in season.households[::CASH_EVERY] if each.participant not in cash]
    due = [bills[each]["id"] for each in cash if each in bills][:MOST_CASH]
    spread(treasurer, due, lambda own, bill: own.post(f"/v1/water-bills/{bill}/cash"))
    season.counts["bills_paid_in_cash"] = len(due)
    for each in register.traders(season):
        bill: dict[str, Any] | None = None if each.participant in cash else bills.get(each.participant)
        if bill is not None and season.counts["bills_paid"] < TRANSFERS:
            season.for_(each.participant).post(f"/v1/water-bills/{bill['id']}/pay", {"amount": "20.00"})
            season.counts["bills_paid"] += 1
    own = bills[season.body(people.FARMER.login)]["id"]
    season.as_(people.FARMER.login).post(f"/v1/water-bills/{own}/pay", {"amount": FARMER_PAYS})
    treasurer.post(f"/v1/water-bills/{own}/cash", {"amount": FARMER_PAYS})


def _handed_over(season: Season, treasurer: Caller) -> None:
    """What was collected goes to the supplier, confirmed by a second treasurer; an association's part waits for one."""
    until = {"until": clock.today().isoformat()}
    made = treasurer.post("/v1/remittances", until)["id"]
    second = season.as_("treasurer-2")
    second.post(f"/v1/remittances/{made}/confirm", {"bank_reference": "SEASON-R-1"})
    treasurer.post("/v1/remittances", until | {"association_id": season.bodies[folk.KUSHAN.login]})
    season.counts["remittances"] = 2
