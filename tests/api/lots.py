"""Lots listed for public bidding, for tests over HTTP. Hours are moved in the rows: a moved clock ends sign-ins."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from market.core import clock, db, ids

if TYPE_CHECKING:
    from tests.api.county import County


def listing_body(account: str, **other: Any) -> dict[str, Any]:
    """2 m3 from 0.10 yuan in steps of 0.01, deposit 0.02 yuan; opens in 25 hours, for an hour."""
    now = clock.now().replace(microsecond=0)
    opens = now + dt.timedelta(hours=25)
    return {
        "water_account_id": account, "mode": "open", "volume": "2", "start_price": "0.1", "increment": "0.01",
        "deposit": "0.02", "registration_closes_at": opens.isoformat(), "opens_at": opens.isoformat(),
        "closes_at": (opens + dt.timedelta(hours=1)).isoformat(), "window_minutes": 5, "extension_minutes": 5,
        "most_extensions": 1, "confirm_days": 2,
    } | other  # fmt: skip


SEALED = {
    "mode": "sealed",
    "window_minutes": 0,
    "extension_minutes": 0,
    "most_extensions": 0,
    "increment": "0",
}


def move(county: County, listing: str, *, opens: dt.timedelta, closes: dt.timedelta) -> None:
    """Has a listing open and close at these times from now."""
    now = clock.now()
    with db.connect(county.settings.url()) as connection:
        connection.execute(
            "UPDATE listings SET registration_closes_at = %s, opens_at = %s, first_closes_at = %s, closes_at = %s"
            " WHERE id = %s",
            (now + opens, now + opens, now + closes, now + closes, ids.parse("lst", listing)),
        )


HOUR = dt.timedelta(hours=1)


def open_now(county: County, listing: str) -> None:
    """Has a listing's bidding be open."""
    move(county, listing, opens=-HOUR, closes=HOUR)


def close_now(county: County, listing: str) -> None:
    """Has a listing's bidding be over."""
    move(county, listing, opens=-HOUR, closes=dt.timedelta(seconds=-1))
