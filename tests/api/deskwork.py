"""What tests of the desks do again and again: a sale that waits, the queue, another day, two looks at once."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from market.core import clock, db, workdays
from market.participants import tokens
from market.participants.models import User
from market.supervision.desks import docket
from tests.api.county import County, product

OURS = """  - {code: farm-to-industry-large, from_sector: agriculture, to_sector: industry, from_volume: "50", working_days: 20, four_eyes: true, publication_days: 5, objection: true, objection_stops: true, demonstration: true}
  - {code: silence-and-objections, from_sector: agriculture, to_sector: industry, from_volume: "47", working_days: 5, silence: approved, publication_days: 3, objection: true, demonstration: true}
  - {code: by-silence, from_sector: agriculture, to_sector: industry, from_volume: "40", working_days: 5, silence: approved, demonstration: true}
"""  # noqa: E501
"""Two persons from 50 m3 on after a publication; silence approves from 40."""


def sold(county: County, volume: str) -> tuple[str, str, str]:
    """A sale from the farm to the factory: its trade, its review by the old route, and its file at the desk."""
    water = county.get("seller", "/water-accounts")["data"][0]["id"]
    factory = county.get("factory", "/water-accounts")["data"][0]["id"]
    bought = {"side": "buy", "volume": volume, "price": "0.9", "water_account_id": factory}
    county.post("factory", "/orders", bought | {"product_id": product(county)})
    offered = {
        "side": "sell",
        "volume": "80",
        "price": "0.5",
        "water_account_id": water,
        "time_in_force": "IOC",
    }
    done = county.post("seller", "/orders", offered | {"product_id": product(county)})
    trade = county.get("factory", f"/trades/{done['fills'][0]['trade_id']}")
    review = next(
        each["id"] for each in county.get("first", "/reviews")["data"] if each["trade_id"] == trade["id"]
    )
    standing = county.get("seller", f"/trades/{trade['id']}/standing")
    return trade["id"], review, standing["review_id"]


def refused(county: County, name: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, str]:
    answer = county.client.post(f"/v1{path}", json=body or {}, headers=county.headers(name))
    assert answer.status_code >= 400, answer.text
    return answer.status_code, answer.json["code"]


def queued(county: County, name: str, desk: str, review: str) -> dict[str, Any] | None:
    rows = county.get(name, f"/desks/{desk}/queue?limit=200")["data"]
    found: dict[str, Any] | None = next((each for each in rows if each["id"] == review), None)
    return found


def reported(county: County, review: str, on: str) -> dict[str, Any]:
    rows = county.get("chief", f"/supervision-reports/reviews?on={on}")["rows"]
    found: dict[str, Any] = next(each for each in rows if each["review"] == review)
    return found


@contextmanager
def later(county: County, instant: dt.datetime) -> Iterator[None]:
    """At another instant, with everybody signed in there."""
    before = dict(county.tokens)
    numbers = {name: county.id_of(name) for name in before}
    with clock.moved_to(instant):
        with county.app.app_context(), db.transaction(county.settings.url()) as session:
            for name, number in numbers.items():
                county.tokens[name] = tokens.sign_in(session, session.get_one(User, number)).access_token
        yield
    county.tokens = before


def days_on(working_days: int) -> dt.datetime:
    """Noon of the working day so many on."""
    day = workdays.after(clock.today(), working_days)
    return dt.datetime.combine(day, dt.time(12), clock.LEGAL_ZONE)


def look_twice_at_once(url: str) -> None:
    """A second person looks at the desks while a first one's look closes files."""

    def look() -> None:
        with db.transaction(url) as session:
            docket.keep(session)

    second = threading.Thread(target=look)
    with db.transaction(url) as session:
        docket.keep(session)
        second.start()
        second.join(timeout=1)
    second.join()
