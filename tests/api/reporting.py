"""Baselines and reports over HTTP, in short words: three years of bills, a quarter of readings."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from typing import TYPE_CHECKING, Any

from tests.api.contracting import drafted, month, signed, terms
from tests.api.saving import point_body

if TYPE_CHECKING:
    from tests.api.county import County

DAY = dt.timedelta(days=1)
ALL = ("school", "valves", "lender")
BASE_YEARS = 3
OPERATION = {"phase": "operation", "starts_on": str(month()), "document": "protocol"}


def billed_point(county: County, who: dict[str, str], seed: int = 1, name: str = "school") -> str:
    """A point with three years of monthly bills of about 1 000 m3, read from the beginning of the operation on."""
    body = point_body(who["school"], starts_on=str(month() - DAY), start="0")
    point: str = county.post(name, "/measuring-points", body)["id"]
    source = random.Random(seed)
    for number in range(BASE_YEARS * 12):
        first = month(-BASE_YEARS, number)
        bill = {
            "first_day": str(first), "last_day": str(month(-BASE_YEARS, number + 1) - DAY),
            "volume": f"{1000 + source.randrange(-40, 41)}", "number": f"B{number}", "document_sha256": "ab" * 32,
        }  # fmt: skip
        county.post(name, f"/measuring-points/{point}/bills", bill)
    return point


def read(county: County, point: str, months: int, counter: str, name: str = "school") -> str:
    """The counter at the end of so many months of the operation."""
    body = {"read_on": str(month(0, months) - DAY), "counter": counter}
    found: str = county.post(name, f"/measuring-points/{point}/readings", body)["id"]
    return found


def spans(start: dt.date, months: int) -> list[dict[str, Any]]:
    """Months from a first of a month on."""
    total = start.year * 12 + start.month - 1
    firsts = [dt.date((total + place) // 12, (total + place) % 12 + 1, 1) for place in range(months + 1)]
    return [
        {"first_day": str(first), "last_day": str(after - DAY)} for first, after in itertools.pairwise(firsts)
    ]


def base_body() -> dict[str, Any]:
    """Three whole years before the operation, no driver."""
    return {"works_start": str(month()), "spans": spans(month(-BASE_YEARS), BASE_YEARS * 12)}


def agreed_contract(county: County, who: dict[str, str], point: str, **other: Any) -> str:
    """A signed contract in operation since the beginning of the year, with a baseline that both agreed to."""
    contract = drafted(county, terms(who, point, **other))
    signed(county, contract, *ALL)
    county.post("valves", f"/saving-contracts/{contract}/phases", OPERATION)
    made = county.post("valves", f"/saving-contracts/{contract}/baselines", base_body())
    for name in ("school", "valves"):
        county.post(name, f"/contract-baselines/{made['id']}/consent", {"sha256": made["sha256"]})
    return contract


def quarter(number: int = 0) -> dict[str, Any]:
    """A quarter of the operation, by months."""
    return {"spans": spans(month(0, 3 * number), 3)}


def verified(county: County, report: dict[str, Any]) -> dict[str, Any]:
    """A draft that both accepted and the verifier certified."""
    body = {"sha256": report["sha256"]}
    for name in ("school", "valves"):
        county.post(name, f"/saving-reports/{report['id']}/accept", body)
    return county.post("judge", f"/saving-reports/{report['id']}/certify", body)


def furnish(county: County) -> None:
    """A baseline, a draft of a quarter and an adjustment of mine and of the neighbour's, with one contractor."""
    for seed, (things, name) in enumerate(((county.mine, "mine"), (county.theirs, "theirs"))):
        contract = things["saving_contract"]
        point = county.get(name, f"/saving-contracts/{contract}")["terms"]["boundary"][0]["point_id"]
        county.post("contractor", f"/saving-contracts/{contract}/phases", OPERATION)
        made = county.post("contractor", f"/saving-contracts/{contract}/baselines", base_body())
        things["baseline"] = made["id"]
        for side in (name, "contractor"):
            county.post(side, f"/contract-baselines/{made['id']}/consent", {"sha256": made["sha256"]})
        for months in range(1, 4):
            read(county, point, months, str(700 * months + seed), name)
        things["saving_report"] = county.post(name, f"/saving-contracts/{contract}/reports", quarter())["id"]
        event = {
            "event": "a new canteen", "first_day": str(month()), "last_day": str(month(0, 1)), "volume": "10",
            "uncertainty": "1", "evidence": "its own meter",
        }  # fmt: skip
        shown = county.post("contractor", f"/saving-reports/{things['saving_report']}/adjustments", event)
        things["adjustment"] = shown["adjustments"][0]["id"]
