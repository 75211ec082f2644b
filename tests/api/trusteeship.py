"""Contracts under trusteeship over HTTP, in short words: terms, bills of the supplier, a published case in figures."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import TYPE_CHECKING, Any

from market.contracts import distributing, drafting, running
from market.contracts.terms import terms_of
from market.core import audit, clock, db, ids
from tests.api.contracting import drafted, signed, terms
from tests.api.saving import admitted, point_body

if TYPE_CHECKING:
    from tests.api.county import County

DAY = dt.timedelta(days=1)
SIGNERS = ("school", "valves", "utility")
_numbers = itertools.count(1)


def _start() -> dt.date:
    """A first of a month with two whole years since, they and the year before without a 29th of February."""
    month = (clock.today() - dt.timedelta(days=735)).replace(day=1)
    while (month.replace(year=month.year + 2) - month.replace(year=month.year - 1)).days != 3 * 365:
        month = (month - DAY).replace(day=1)
    return month


START = _start()


def year(number: int) -> dt.date:
    """The first day of a year of the operation, from 0."""
    return START.replace(year=START.year + number)


def trust_terms(who: dict[str, str], point: str, **other: Any) -> dict[str, Any]:
    """Zhongshan (SAVINGS section 9, 5): 279 000 m3 a year at 3.1915; assumed, a fee of 80 per cent of that bill."""
    return terms(
        who, point, mode="trusteeship", schedule=None, title="Zhongshan", period_months=12,
        starts_on=str(START), ends_on=str(year(5) - DAY), price={"basis": "fixed", "price": "3.1915"},
        parties=[
            {"participant_id": who["school"], "role": "user", "size": "public_body"},
            {"participant_id": who["valves"], "role": "firm", "size": "small"},
            {"participant_id": who["utility"], "role": "supplier", "size": "large"},
        ],
        trusteeship={"fee": "712342.80", "base_volume": "279000", "price": "3.1915"}, deposit="0",
        water_shares=[], early_end=[],
    ) | other  # fmt: skip


def metered_point(county: County, who: dict[str, str], *years: str, name: str = "school") -> str:
    """A point with a bill of 279 000 m3 for the year before the operation, and its counter at the end of each year."""
    body = point_body(who["school"], starts_on=str(START - DAY), start="0")
    point: str = county.post(name, "/measuring-points", body)["id"]
    bill = {
        "first_day": str(year(-1)), "last_day": str(START - DAY), "volume": "279000",
        "number": f"Z{next(_numbers)}", "document_sha256": "ab" * 32,
    }  # fmt: skip
    county.post(name, f"/measuring-points/{point}/bills", bill)
    for number, counter in enumerate(years, start=1):
        read = {"read_on": str(year(number) - DAY), "counter": counter}
        county.post(name, f"/measuring-points/{point}/readings", read)
    return point


def one_year(number: int) -> dict[str, Any]:
    """A year of the operation as one span."""
    return {"spans": [{"first_day": str(year(number)), "last_day": str(year(number + 1) - DAY)}]}


def operated(county: County, body: dict[str, Any], names: tuple[str, ...] = SIGNERS) -> str:
    """A signed contract in operation, with a baseline of one figure that both consented to."""
    contract = drafted(county, body)
    signed(county, contract, *names)
    phase = {"phase": "operation", "starts_on": str(START), "document": "protocol"}
    county.post("valves", f"/saving-contracts/{contract}/phases", phase)
    base = {
        "works_start": str(START), "departures": [{"what": "base_not_whole_years", "reason": "one figure"}],
        **one_year(-1),
    }  # fmt: skip
    made = county.post("valves", f"/saving-contracts/{contract}/baselines", base)
    for name in ("school", "valves"):
        county.post(name, f"/contract-baselines/{made['id']}/consent", {"sha256": made["sha256"]})
    return contract


def certified(county: County, contract: str, number: int = 0) -> str:
    """The report of a year: drafted, accepted, certified."""
    report = county.post("valves", f"/saving-contracts/{contract}/reports", one_year(number))
    body = {"sha256": report["sha256"]}
    for name in ("school", "valves"):
        county.post(name, f"/saving-reports/{report['id']}/accept", body)
    county.post("judge", f"/saving-reports/{report['id']}/certify", body)
    found: str = report["id"]
    return found


def shared_out(county: County, contract: str, number: int = 0) -> str:
    """The report of a year, shared out after the time to object."""
    report = certified(county, contract, number)
    with (
        clock.moved_to(clock.now() + dt.timedelta(days=40)),
        db.transaction(county.settings.url()) as session,
    ):
        distributing.distribute_report(session, actor=audit.Actor(), report_id=ids.parse("srp", report))
    return report


def billed(
    county: County, contract: str, amount: str, number: int = 0, name: str = "utility", **other: Any
) -> str:
    """The supplier's bill for a year."""
    body = {
        "number": f"W-{next(_numbers)}", "first_day": str(year(number)), "last_day": str(year(number + 1) - DAY),
        "amount": amount, "document_sha256": "cd" * 32,
    } | other  # fmt: skip
    found: str = county.post(name, f"/saving-contracts/{contract}/supplier-bills", body)["id"]
    return found


def furnish(county: County) -> None:
    """A contract of mine under trusteeship: a bill of the waterworks, an advance, an invoice, and what its household
    received of a due; and a neighbour's.
    """
    firm = county.get("contractor", "/me")["participant_id"]
    bank, judge = (county.get(name, "/me")["participant_id"] for name in ("financier", "referee"))
    works = admitted(county, "waterworks", kind="enterprise", role="holder")
    member = admitted(county, "member", kind="person", role="holder")
    for things, name in ((county.mine, "mine"), (county.theirs, "theirs")):
        who = {
            "school": things["participant"],
            "valves": firm,
            "utility": works,
            "lender": bank,
            "judge": judge,
        }
        point = county.get(name, f"/saving-contracts/{things['saving_contract']}")["terms"]["boundary"][0]
        households = [{"participant_id": member, "share": "1", "clawback_cap": "1.00"}]
        body = trust_terms(who, point["point_id"], households=households, resolution_sha256="ef" * 32)
        contract = drafted(county, body, "contractor")
        signed(county, contract, name, "contractor", "waterworks")
        things["supplier_bill"] = billed(county, contract, "5.00", name="waterworks")
        county.post(name, f"/saving-contracts/{contract}/trust-account/payments", {"amount": "3.00"})
        owed = _owed(county, contract, "fee", things["participant"], firm)
        things["invoice"] = county.post("contractor", f"/contract-dues/{owed}/invoice")["id"]
        owed = _owed(county, contract, "shortfall", firm, things["participant"])
        county.post("contractor", f"/contract-dues/{owed}/pay")
        [payout] = county.get(name, f"/saving-contracts/{contract}/household-payouts")["data"]
        things["household_payout"] = payout["id"]


def _owed(county: County, contract: str, kind: str, payer: str, payee: str) -> str:
    """A due of 1.06 yuan."""
    number = ids.parse("sct", contract)
    with db.transaction(county.settings.url()) as session:
        due = running.owe(
            session, audit.Actor(), terms_of(drafting.in_force(session, number, START).text), number, kind, 0,
            ids.parse("par", payer), ids.parse("par", payee), 106,
        )  # fmt: skip
        return ids.public("due", due.id)
