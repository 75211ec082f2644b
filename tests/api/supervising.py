"""Farmers of one township with meters, for stories of supervision: who uses how much of a cap that was cut to fit."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select

from ledger.units import parse_litres
from market.core import audit, clock, db, ids
from market.demo import people
from market.metering import readings
from market.participants import admission
from market.registry import allocations, entitlements
from market.registry.models import WaterAccount
from tests.api.county import PASSWORD, YEAR, County

TOWNSHIP, NEIGHBOUR, CANAL = "653123103", "653123102", "KUSHAN-C1"
CAP = "T-653123103"


def farmer(county: County, number: int, township: str, volume: str) -> dict[str, str]:
    """A household with a right, the whole of it announced, a meter, and 1 000 yuan; its user is `farmer-NUMBER`."""
    name = f"farmer-{number}"
    registrar = audit.Actor(user_id=county.id_of("registrar"), request_id="tests")
    with db.transaction(county.settings.url()) as session:
        made = admission.apply(
            session, actor=registrar, secret=county.settings.secret("identifier"), kind="household", name=name,
            identifier=people.identity_number(5000 + number), contact="", login=f"applicant-{name}",
            password=PASSWORD, user_name=name, roles=("holder",),
        )  # fmt: skip
        admission.admit(session, actor=registrar, participant_id=made.id)
        right = entitlements.apply(session, actor=registrar, **right_of(made.id, township, volume))
        entitlements.confirm(session, actor=registrar, entitlement_id=right.id)
        allocations.announce(
            session, actor=registrar, water_year=YEAR, source="surface", share_e6=1_000_000, sector="agriculture",
            kind="irrigation_certificate", zone=CANAL, reason="tests", only_new=True,
        )  # fmt: skip
        water = session.scalars(select(WaterAccount.id).where(WaterAccount.participant_id == made.id)).one()
        meter = readings.register_meter(
            session, actor=registrar, water_account_id=water, serial=f"S-{number}", start_litres=0
        )
        found = {
            "participant": ids.public("par", made.id), "water_account": ids.public("wac", water),
            "meter": ids.public("mtr", meter.id), "entitlement": ids.public("ent", right.id),
        }  # fmt: skip
    county.user(name, "holder", made.id)
    money = county.get(name, "/money-accounts")["data"][0]["id"]
    deposit = {
        "money_account_id": money, "amount": "1000.00", "bank_reference": f"S-{number}",
        "value_date": clock.today().isoformat(),
    }  # fmt: skip
    county.post("treasurer", "/deposits", deposit)
    return found


def right_of(participant_id: int, township: str, volume: str) -> dict[str, Any]:
    """A right to so many m3 a year on 10 mu."""
    return {
        "participant_id": participant_id, "kind": "irrigation_certificate", "source": "surface",
        "sector": "agriculture", "township": township, "canal": CANAL, "volume_litres": parse_litres(volume),
        "land_mu_e2": 1_000, "valid_from": dt.date(YEAR, 1, 1), "valid_to": dt.date(YEAR + 9, 12, 31),
        "basis": "tests",
    }  # fmt: skip


def read(county: County, things: dict[str, str], counter: str) -> None:
    """The counter of a farmer's meter now."""
    body = {"read_at": clock.now().isoformat(), "counter": counter}
    county.post("registrar", f"/meters/{things['meter']}/readings", body)


def cut(county: County, code: str, volume: str, water_year: int = YEAR) -> str:
    """A limit changed to so many m3; its id."""
    found = next(
        each for each in county.get("auditor", f"/limits?water_year={water_year}&limit=200")["data"]
        if each["code"] == code
    )  # fmt: skip
    tag = county.client.get(f"/v1/limits/{found['id']}", headers=county.headers("auditor")).headers["ETag"]
    body = {"volume": volume, "reason": "tests", "legal_source": "tests"}
    county.post("registrar", f"/limits/{found['id']}/change", body, If_Match=tag)
    return str(found["id"])


def refused(county: County, name: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What a change is refused with."""
    answer = county.client.post(f"/v1{path}", json=body, headers=county.headers(name))
    assert answer.status_code >= 400, answer.text
    found: dict[str, Any] = answer.json
    return found
