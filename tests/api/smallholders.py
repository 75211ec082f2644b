"""Households with water, associations and orders for tests of what is done for others."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from sqlalchemy import select

from ledger.units import parse_litres
from market.core import audit, db, ids
from market.demo import people
from market.participants import admission
from market.registry import allocations, entitlements
from market.registry.models import WaterAccount
from tests.api.county import PASSWORD, YEAR, County, product

_numbers = itertools.count(1)
PLACE = {"source": "surface", "sector": "agriculture", "township": "DEMO-MANAS", "canal": "DEMO-CANAL"}


def order_body(county: County, account: str, side: str, volume: str, price: str) -> dict[str, Any]:
    return {
        "product_id": product(county), "water_account_id": account, "side": side, "volume": volume, "price": price,
    }  # fmt: skip


def household(county: County, name: str, right_m3: str) -> tuple[str, str]:
    """A new household with a right that was announced whole; its user is called `name`."""
    registrar = audit.Actor(user_id=county.id_of("registrar"), request_id="tests")
    with db.transaction(county.settings.url()) as session:
        made = admission.apply(
            session, actor=registrar, secret=county.settings.secret("identifier"), kind="household", name=name,
            identifier=people.identity_number(5000 + next(_numbers)), contact="", login=f"applicant-{name}",
            password=PASSWORD, user_name=name, roles=("holder",),
        )  # fmt: skip
        admission.admit(session, actor=registrar, participant_id=made.id)
        right = entitlements.apply(
            session, actor=registrar, participant_id=made.id, kind="irrigation_certificate",
            volume_litres=parse_litres(right_m3), valid_from=dt.date(YEAR, 1, 1), valid_to=dt.date(YEAR + 4, 12, 31),
            **PLACE,
        )  # fmt: skip
        entitlements.confirm(session, actor=registrar, entitlement_id=right.id)
        allocations.announce(
            session, actor=registrar, water_year=YEAR, source="surface", share_e6=1_000_000, sector="agriculture",
            kind="irrigation_certificate", zone="DEMO-CANAL", reason="tests", only_new=True,
        )  # fmt: skip
        water = session.scalars(select(WaterAccount.id).where(WaterAccount.participant_id == made.id)).one()
        participant = made.id
    county.user(name, "holder", participant)
    return ids.public("par", participant), ids.public("wac", water)


def trustee_of(county: County, name: str) -> str:
    """A new association; its user is called `name`."""
    registrar = audit.Actor(user_id=county.id_of("registrar"), request_id="tests")
    with db.transaction(county.settings.url()) as session:
        made = admission.apply(
            session, actor=registrar, secret=county.settings.secret("identifier"), kind="household", name=name,
            identifier=people.identity_number(5000 + next(_numbers)), contact="", login=f"applicant-{name}",
            password=PASSWORD, user_name=name, roles=("holder",),
        )  # fmt: skip
        admission.admit(session, actor=registrar, participant_id=made.id)
        participant = made.id
    county.user(name, "association", participant)
    return ids.public("par", participant)


def buy(county: County, volume: str, price: str, who: str = "centre") -> dict[str, Any]:
    account = next(
        each["id"]
        for each in county.get(who, f"/water-accounts?water_year={YEAR}")["data"]
        if each["source"] == "surface"
    )
    return county.post(who, "/orders", order_body(county, account, "buy", volume, price))
