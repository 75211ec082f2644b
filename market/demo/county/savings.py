"""Ninth chapter: saving contracts of every mode, what was measured under them, what is verified and disputed."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

from market.core import clock
from market.demo import people
from market.demo.client import spread
from market.demo.county import folk
from market.demo.county.register import admitted
from market.demo.county.season import Season
from market.demo.people import sign_in

DAY = dt.timedelta(days=1)
STARTED_DAYS = 300
"""How long ago the operation began, so that two quarters of it are over."""
BASE_MONTHS = 36
MONTHLY_M3, SAVED_M3 = 1_000, 300
SECOND_VERIFIER = sign_in("verifier-2", ("verifier",), "示范核验中心二 Second verifier")
PAPER = hashlib.sha256(b"demonstration").hexdigest()


@dataclass(frozen=True)
class Sides:
    """Who saves, with its point of measurement, and the firm."""

    user: str
    firm: str
    point: str


def month(number: int) -> dt.date:
    """The first of the number-th month of the operation, from 0; of those before it with a minus."""
    starts = (clock.today() - dt.timedelta(days=STARTED_DAYS)).replace(day=1)
    total = starts.year * 12 + starts.month - 1 + number
    return dt.date(total // 12, total % 12 + 1, 1)


def spans(first: int, months: int) -> list[dict[str, str]]:
    """So many months, one span each."""
    return [
        {"first_day": str(month(each)), "last_day": str(month(each + 1) - DAY)}
        for each in range(first, first + months)
    ]


def play(season: Season) -> None:
    """Contracts from the draft to the dispute. Errors: StoryFailed."""
    registrar = season.as_("registrar")
    code = people.credit_code(2_900)
    season.bodies[SECOND_VERIFIER.login] = admitted(season, registrar, SECOND_VERIFIER, "verifier", code)
    firms = [folk.firm_login(place) for place in range(min(3, season.size.firms))]
    _money(season, [*firms, "hotel"])
    users = ("school", "textile", "wua-kushan")
    for place, user in enumerate(users):
        sides = Sides(user, firms[place % len(firms)], _billed_point(season, user))
        contract = _operated(season, sides, **({} if place else {"title": "中学节水改造 A school's pipes"}))
        _reports(season, sides, contract, place)
    _guaranteed(season, Sides("wua-igizyar", firms[-1], _billed_point(season, "wua-igizyar")))
    _trusteeship(season, firms[0])
    _ended(season, Sides("hotel", firms[-1], _billed_point(season, "hotel")))
    _drafts(season, Sides("factory", firms[0], _billed_point(season, "factory")))


def _money(season: Season, logins: list[str]) -> None:
    """Firms have what they deposit under their contracts, the hotel what it pays into a trust account."""
    treasurer = season.as_("treasurer")
    for login in logins:
        [account] = treasurer.get("/v1/money-accounts", participant_id=season.body(login))["data"]
        body = {
            "money_account_id": account["id"], "amount": "200000.00", "bank_reference": f"SEASON-{login}",
            "value_date": clock.today().isoformat(),
        }  # fmt: skip
        treasurer.post("/v1/deposits", body)
    season.counts["deposits"] += len(logins)


def _billed_point(season: Season, user: str) -> str:
    """A point of measurement with three years of monthly bills, read in the months of the operation."""
    caller, number = season.as_(user), season.counts["points"]
    body = {
        "participant_id": season.body(user), "name": "总表 main", "serial": f"KZ-S{number:03d}",
        "accuracy_class": "0.02", "starts_on": str(month(0) - DAY), "start": "0",
    }  # fmt: skip
    point: str = caller.post("/v1/measuring-points", body)["id"]
    bills = [
        {
            "first_day": str(month(each)), "last_day": str(month(each + 1) - DAY), "number": f"B{number}-{-each}",
            "volume": str(MONTHLY_M3 + season.draw.randint(-40, 40)), "document_sha256": PAPER,
        }
        for each in range(-BASE_MONTHS, 0)
    ]  # fmt: skip
    spread(caller, bills, lambda own, bill: own.post(f"/v1/measuring-points/{point}/bills", bill))
    counter = 0
    for each in range(1, 7):
        counter += MONTHLY_M3 - SAVED_M3 + season.draw.randint(-30, 30)
        read = {"read_on": str(month(each) - DAY), "counter": str(counter)}
        caller.post(f"/v1/measuring-points/{point}/readings", read)
    season.counts["points"] += 1
    return point


def _terms(season: Season, sides: Sides, **other: Any) -> dict[str, Any]:
    """Benefit sharing between user, firm and bank: 90, 5 and 5 per cent at first, then 50, 45 and 5."""
    return {
        "kind": "public_institution" if sides.user == "school" else "industry", "mode": "sharing",
        "title": "示范节水项目 Demonstration", "verifier_id": season.bodies[folk.VERIFIER.login],
        "parties": [
            {"participant_id": season.body(sides.user), "role": "user", "size": "public_body"},
            {"participant_id": season.body(sides.firm), "role": "firm", "size": "small"},
            {"participant_id": season.bodies[folk.BANK.login], "role": "financier", "size": "large"},
        ],
        "boundary": [{"point_id": sides.point}], "starts_on": str(month(0)), "ends_on": str(month(96) - DAY),
        "period_months": 3, "price": {"basis": "fixed", "price": "3.2"}, "investment": "300000.00",
        "duties": "乙方负责运维 the firm maintains", "equipment": "期满归用水户 goes to the user at the end",
        "schedule": {
            "rows": [
                {"from_year": 1, "steps": [{"from_share": "0", "shares": ["0.05", "0.9", "0.05"]}]},
                {"from_year": 4, "steps": [{"from_share": "0", "shares": ["0.45", "0.5", "0.05"]}]},
            ]
        },
        "deposit": "20000.00", "late": {"rate": "0.0005"}, "water_shares": ["0.6", "0.3", "0.1"],
        "early_end": [{"from_year": 1, "amount": "50000.00"}, {"from_year": 3, "amount": "10000.00"}],
    } | other  # fmt: skip


def _signed(season: Season, sides: Sides, terms: dict[str, Any], *names: str) -> str:
    """A draft of the firm, signed by these in their order."""
    contract: str = season.as_(sides.firm).post("/v1/saving-contracts", {"terms": terms})["id"]
    for name in names:
        caller = season.as_(name)
        digest = caller.get(f"/v1/saving-contracts/{contract}/text")["sha256"]
        caller.post(f"/v1/saving-contracts/{contract}/sign", {"sha256": digest})
    season.counts["saving_contracts"] += 1
    return contract


def _operated(season: Season, sides: Sides, **other: Any) -> str:
    """A signed contract in operation, with a baseline that both sides agreed to."""
    terms = _terms(season, sides, **other)
    contract = _signed(season, sides, terms, sides.user, sides.firm, folk.BANK.login)
    base = {"works_start": str(month(0)), "spans": spans(-BASE_MONTHS, BASE_MONTHS)}
    _baseline(season, sides, contract, base)
    return contract


def _baseline(season: Season, sides: Sides, contract: str, body: dict[str, Any]) -> None:
    firm = season.as_(sides.firm)
    phase = {"phase": "operation", "starts_on": str(month(0)), "document": "交接单 protocol"}
    firm.post(f"/v1/saving-contracts/{contract}/phases", phase)
    made = firm.post(f"/v1/saving-contracts/{contract}/baselines", body)
    for name in (sides.user, sides.firm):
        season.as_(name).post(f"/v1/contract-baselines/{made['id']}/consent", {"sha256": made["sha256"]})
    season.counts["baselines"] += 1


def _reports(season: Season, sides: Sides, contract: str, place: int) -> None:
    """Of the first contract a quarter is verified, the next disputed before another verifier; of the second a quarter
    is disputed and nobody named yet, the next drafted; of the third one was returned.
    """
    first = _report(season, sides, contract, 0)
    verifier = season.as_(folk.VERIFIER.login)
    _accepted(season, sides, first)
    if place == 2:
        why = {"reason": "the reading of the second month has no photograph"}
        verifier.post(f"/v1/saving-reports/{first['id']}/return", why)
        season.counts["reports_returned"] += 1
        return
    verifier.post(f"/v1/saving-reports/{first['id']}/certify", {"sha256": first["sha256"]})
    season.counts["reports_verified"] += 1
    second = _report(season, sides, contract, 1)
    if place:
        why = {"reason": "the counter was changed in that quarter, and nobody wrote down what it showed"}
        season.as_(folk.BANK.login).post(f"/v1/saving-reports/{first['id']}/object", why)
        season.counts["reports_drafted"] += 1
        season.counts["reports_disputed"] += 1
        return
    _accepted(season, sides, second)
    verifier.post(f"/v1/saving-reports/{second['id']}/certify", {"sha256": second["sha256"]})
    why = {"reason": "the canteen was closed for a month: it used less without any saving"}
    season.as_(folk.BANK.login).post(f"/v1/saving-reports/{second['id']}/object", why)
    named = {"verifier_id": season.bodies[SECOND_VERIFIER.login]}
    season.as_("registrar").post(f"/v1/saving-reports/{second['id']}/name-verifier", named)
    season.counts["reports_disputed"] += 1


def _report(season: Season, sides: Sides, contract: str, quarter: int) -> dict[str, Any]:
    body = {"spans": spans(3 * quarter, 3)}
    return season.as_(sides.user).post(f"/v1/saving-contracts/{contract}/reports", body)


def _accepted(season: Season, sides: Sides, report: dict[str, Any]) -> None:
    for name in (sides.user, sides.firm):
        season.as_(name).post(f"/v1/saving-reports/{report['id']}/accept", {"sha256": report["sha256"]})


def _guaranteed(season: Season, sides: Sides) -> None:
    """A guarantee of 1 500 m3 a quarter; its first report is with the verifier."""
    guarantee = {"volume": "1500", "price": "3.2", "cap": "100000.00", "surplus_shares": ["0.5", "0.5", "0"]}
    terms = {"mode": "guaranteed", "schedule": None, "guarantee": guarantee, "fee": "500.00"}
    members = [each for each in season.households if each.canal.startswith("IGIZYAR")][:4]
    shares = ("0.4", "0.3", "0.2", "0.1") if len(members) == 4 else ("1",)
    households = [
        {"participant_id": each.participant, "share": share, "clawback_cap": "100.00"}
        for each, share in zip(members, shares, strict=False)
    ]
    district = {"kind": "irrigation", "households": households, "resolution_sha256": PAPER}
    contract = _operated(season, sides, **district, **terms)
    _accepted(season, sides, _report(season, sides, contract, 0))
    season.counts["reports_submitted"] += 1


def _trusteeship(season: Season, firm: str) -> None:
    """The hotel pays what water cost it into a trust account, from which the supplier is paid first."""
    sides = Sides("hotel", firm, _billed_point(season, "hotel"))
    parties = [
        {"participant_id": season.body("hotel"), "role": "user", "size": "small"},
        {"participant_id": season.body(firm), "role": "firm", "size": "small"},
        {"participant_id": season.body("centre"), "role": "supplier", "size": "large"},
    ]
    trusteeship = {"fee": "9000.00", "base_volume": str(3 * MONTHLY_M3), "price": "3.2"}
    terms = _terms(
        season, sides, kind="services", mode="trusteeship", schedule=None, parties=parties, deposit="0",
        trusteeship=trusteeship, water_shares=[], early_end=[],
    )  # fmt: skip
    contract = _signed(season, sides, terms, "hotel", firm, "centre")
    _baseline(
        season, sides, contract, {"works_start": str(month(0)), "spans": spans(-BASE_MONTHS, BASE_MONTHS)}
    )
    path = f"/v1/saving-contracts/{contract}"
    season.as_("hotel").post(f"{path}/trust-account/payments", {"amount": "9000.00"})
    for quarter, amount in enumerate(("6720.00", "6656.00")):
        bill = {
            "number": f"SZ-{quarter + 1}", "first_day": str(month(3 * quarter)), "amount": amount,
            "last_day": str(month(3 * quarter + 3) - DAY), "document_sha256": PAPER,
        }  # fmt: skip
        made = season.as_("centre").post(f"{path}/supplier-bills", bill)["id"]
        if not quarter:
            season.as_("hotel").post(f"/v1/supplier-bills/{made}/pay")
    season.counts["trust_accounts"], season.counts["supplier_bills"] = 1, 2


def _ended(season: Season, sides: Sides) -> None:
    """A contract that the user ended early: what was signed for that is paid."""
    contract = _operated(season, sides, kind="services")
    user = season.as_(sides.user)
    user.post(f"/v1/saving-contracts/{contract}/end", {"reason": "the building is sold"})
    [due, *_] = user.get("/v1/contract-dues", contract_id=contract)["data"]
    user.post(f"/v1/contract-dues/{due['id']}/pay")
    season.counts["contracts_ended"], season.counts["contract_dues_paid"] = 1, 1


def _drafts(season: Season, sides: Sides) -> None:
    """One that only the firm has signed, one that everybody signed and nobody built yet."""
    starts = {"starts_on": str(month(12)), "ends_on": str(month(108) - DAY)}
    _signed(season, sides, _terms(season, sides, **starts), sides.firm)
    _signed(season, sides, _terms(season, sides, **starts), sides.user, sides.firm, folk.BANK.login)
    season.counts["contracts_drafted"], season.counts["contracts_signed"] = 1, 1
