"""Saving contracts over HTTP, in short words: terms, parties, signatures."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from market.core import clock
from tests.api.saving import admitted, listed_firm, point_body

if TYPE_CHECKING:
    from tests.api.county import County

STARTS = (clock.today() - dt.timedelta(days=300)).replace(day=1)
"""Nine months and more ago, so that two quarters of the operation are over."""


def month(years: int = 0, months: int = 0) -> dt.date:
    """The first of a month, from the beginning of the operation on."""
    total = STARTS.year * 12 + STARTS.month - 1 + years * 12 + months
    return dt.date(total // 12, total % 12 + 1, 1)


def seats(county: County) -> dict[str, str]:
    """A school (the user), a firm that the bureau has listed, its bank, and a verifier: name -> participant."""
    found = {
        "school": admitted(county, "school", kind="public_body", role="holder"),
        "lender": admitted(county, "lender", kind="bank", role="bank"),
        "judge": admitted(county, "judge", kind="verifier", role="verifier"),
    }
    firm = listed_firm(county, "valves")
    found["valves"] = county.get("registrar", f"/firm-registrations/{firm}")["participant_id"]
    return found


def funded(county: County, participant: str, amount: str) -> None:
    """So much money in a participant's account."""
    [account] = county.get("treasurer", f"/money-accounts?participant_id={participant}")["data"]
    body = {
        "money_account_id": account["id"], "amount": amount, "bank_reference": f"F-{participant[-6:]}-{amount}",
        "value_date": clock.today().isoformat(),
    }  # fmt: skip
    county.post("treasurer", "/deposits", body)


def balance(county: County, participant: str) -> str:
    """What is free of a participant's money."""
    [account] = county.get("treasurer", f"/money-accounts?participant_id={participant}")["data"]
    found: str = account["available"]
    return found


def main_point(county: County, user: str, name: str = "school") -> str:
    """A measuring point of the user."""
    found: str = county.post(name, "/measuring-points", point_body(user, starts_on=str(month(-4))))["id"]
    return found


def terms(who: dict[str, str], point: str, **other: Any) -> dict[str, Any]:
    """Benefit sharing between user, firm and bank: 90, 5 and 5 per cent at first, then 50, 45 and 5."""
    return {
        "kind": "public_institution", "mode": "sharing", "title": "A school's pipes",
        "parties": [
            {"participant_id": who["school"], "role": "user", "size": "public_body"},
            {"participant_id": who["valves"], "role": "firm", "size": "small"},
            {"participant_id": who["lender"], "role": "financier", "size": "large"},
        ],
        "verifier_id": who["judge"], "boundary": [{"point_id": point}], "starts_on": str(month()),
        "ends_on": str(month(8) - dt.timedelta(days=1)), "period_months": 3,
        "price": {"basis": "fixed", "price": "3.2"}, "investment": "300000.00", "duties": "the firm maintains",
        "equipment": "goes to the school at the end",
        "schedule": {
            "rows": [
                {"from_year": 1, "steps": [{"from_share": "0", "shares": ["0.05", "0.9", "0.05"]}]},
                {"from_year": 4, "steps": [{"from_share": "0", "shares": ["0.45", "0.5", "0.05"]}]},
            ]
        },
        "deposit": "20000.00", "late": {"rate": "0.0005"}, "water_shares": ["0.6", "0.3", "0.1"],
        "early_end": [{"from_year": 1, "amount": "50000.00"}, {"from_year": 3, "amount": "10000.00"}],
    } | other  # fmt: skip


def drafted(county: County, body: dict[str, Any], by: str = "valves") -> str:
    """A draft."""
    found: str = county.post(by, "/saving-contracts", {"terms": body})["id"]
    return found


def signed(county: County, contract: str, *names: str) -> dict[str, Any]:
    """Signed by these, in order."""
    found: dict[str, Any] = {}
    for name in names:
        digest = county.get(name, f"/saving-contracts/{contract}/text")["sha256"]
        found = county.post(name, f"/saving-contracts/{contract}/sign", {"sha256": digest})
    return found


def furnish(county: County) -> None:
    """A contract of mine with a contractor, and what is due for another that I ended early; and a neighbour's."""
    contractor = listed_firm(county, "contractor")
    who = {
        "valves": county.get("registrar", f"/firm-registrations/{contractor}")["participant_id"],
        "lender": admitted(county, "financier", kind="bank", role="bank"),
        "judge": admitted(county, "referee", kind="verifier", role="verifier"),
    }
    funded(county, who["valves"], "1000.00")
    for things, name in ((county.mine, "mine"), (county.theirs, "theirs")):
        who["school"] = things["participant"]
        from tests.api.reporting import billed_point

        body = terms(who, billed_point(county, who, name=name), deposit="10.00")
        names = (name, "contractor", "financier")
        ended = drafted(county, body, "contractor")
        signed(county, ended, *names)
        county.post(name, f"/saving-contracts/{ended}/end", {"reason": "tests"})
        dues = county.get(name, f"/contract-dues?contract_id={ended}")["data"]
        things["contract_due"] = dues[0]["id"]
        things["saving_contract"] = drafted(county, body, "contractor")
        signed(county, things["saving_contract"], *names)
