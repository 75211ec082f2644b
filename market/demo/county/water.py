"""Third chapter: meters, and what they counted since spring; some use more than they have."""

from __future__ import annotations

import datetime as dt
import itertools

from market.core import clock
from market.demo.client import Caller
from market.demo.county import folk, register
from market.demo.county.season import Season

METERS = (
    "serial", "water_account_id", "kind", "start_litres", "installed_at", "calibrated_on", "calibration_expires_on",
    "most_litres_a_day", "read_every_days",
)  # fmt: skip
READINGS = ("serial", "read_at", "counter_litres", "estimated")
LIMIT_ROWS = 20_000
READ_EVERY_DAYS = "92"
"""Longer than any two readings of a season are apart, so that a gap is an exception."""
COTTON_USED_M3 = "3179"
"""Of 4 180 m3 (CCTV rural channel, 2014-12-17): 1 001 m3 are left."""
SEASON_SHARE = (3, 8, 14, 20, 22, 17, 10, 6)
"""How the use of a season spreads over its reading periods: little in spring, most in July."""
OVER_USERS = 3
"""Households that used a tenth more than was announced to them: the water of next year pays for it."""
LONGEST = dt.timedelta(days=240)
GATE_M3 = (120, 180)
"""What the counter of the association's gate showed after each of its turns, and below what was lost on the way."""
LOST_M3 = "6"
TAKERS = 3
"""Households that take turns at the association's gate."""
Counted = tuple[str, str, int]
"""A meter by its serial, its account, and what it counted in m3."""


def play(season: Season) -> None:
    """Registers a meter for every account with water and enters its readings by sheets. Errors: StoryFailed."""
    registrar = season.as_("registrar")
    counted = [
        (f"KZ-{place:05d}", each.account, each.used_m3) for place, each in enumerate(season.households)
    ]
    for place, each in enumerate(season.households[-OVER_USERS - 1 : -1], start=1):
        counted[-place - 1] = (*counted[-place - 1][:2], each.right_m3 * 11 // 10)
    counted += [
        (f"KZ-P{place:03d}", each.account, each.plan_m3 // 14) for place, each in enumerate(season.works[:4])
    ]
    wells = _wells(season, registrar)
    counted += [(f"KZ-W{place:04d}", account, m3 * 4 // 10) for place, (account, m3) in enumerate(wells)]
    began = began_at()
    _meters(season, registrar, counted, began)
    rows = list(itertools.chain.from_iterable(_curve(season, each, began) for each in counted))
    for first in range(0, len(rows), LIMIT_ROWS):
        registrar.sheet("/v1/imports/readings", READINGS, rows[first : first + LIMIT_ROWS])
    season.counts["meters"], season.counts["readings"] = len(counted) + 1, len(rows) + 1
    _cotton(season, registrar)
    _held(season, registrar)
    _turns(season, registrar)


def began_at() -> dt.datetime:
    """From when on the meters count: eight months ago, or this year's first day."""
    now = clock.now()
    first = dt.datetime(clock.this_year(), 1, 1, 0, 1, tzinfo=clock.LEGAL_ZONE)
    return max(first, now - LONGEST)


def _wells(season: Season, registrar: Caller) -> list[tuple[str, int]]:
    """Accounts of groundwater, with the m3 that were announced."""
    rows = registrar.pages("/v1/water-accounts", water_year=season.year)
    return [
        (each["id"], int(each["allocated"].partition(".")[0]))
        for each in rows
        if each["source"] == "groundwater"
    ]


def _meters(season: Season, registrar: Caller, counted: list[Counted], began: dt.datetime) -> None:
    today = clock.today()
    expires = today.replace(year=today.year + 2, day=1)
    rows = []
    for serial, account, m3 in counted:
        kind = "well" if serial.startswith("KZ-W") else "pipe" if serial.startswith("KZ-P") else "gate"
        rows.append((
            serial, account, kind, "0", began.isoformat(timespec="minutes"), str(began.date()), str(expires),
            str(max(m3, 1_000)), READ_EVERY_DAYS,
        ))  # fmt: skip
    registrar.sheet("/v1/imports/meters", METERS, rows)


def _curve(season: Season, each: Counted, began: dt.datetime) -> list[tuple[str, str, str, str]]:
    """The readings of a meter: a curve of the season that ends at what it counted."""
    serial, _, m3 = each
    steps = season.size.readings
    now = clock.now() - dt.timedelta(minutes=5)
    shares = SEASON_SHARE[-steps:] if steps <= len(SEASON_SHARE) else (1, *SEASON_SHARE)
    drawn = [share * season.draw.randint(80, 120) for share in shares]
    rows, so_far = [], 0
    for place, share in enumerate(drawn, start=1):
        so_far += share
        at = began + (now - began) * place / steps
        counter = m3 * so_far // sum(drawn)
        estimated = "yes" if place < steps and season.draw.randrange(50) == 0 else "no"
        rows.append((serial, at.isoformat(timespec="seconds"), str(counter), estimated))
    return rows


def _cotton(season: Season, registrar: Caller) -> None:
    meter = {"water_account_id": season.accounts[folk.COTTON.login], "serial": "KZ-COTTON", "start": "0"}
    made = registrar.post("/v1/meters", meter)["id"]
    now = clock.now().isoformat(timespec="seconds")
    registrar.post(f"/v1/meters/{made}/readings", {"read_at": now, "counter": COTTON_USED_M3})


def _held(season: Season, registrar: Caller) -> None:
    """A reading that jumps above what its meter can pass in a day waits to be looked at."""
    account = season.households[0].account
    meter = {"water_account_id": account, "serial": "KZ-JUMP", "start": "0", "most_a_day": "50"}
    made = registrar.post("/v1/meters", meter)["id"]
    now = clock.now().isoformat(timespec="seconds")
    registrar.post(f"/v1/meters/{made}/readings", {"read_at": now, "counter": "4000"})
    season.counts["readings_held"] += 1


def _turns(season: Season, registrar: Caller) -> None:
    """The association's gate serves some households: one turn is shared out and signed, the next only entered."""
    takers = register.entrusting(season)[:TAKERS]
    accounts = [each.account for each in takers]
    gate = {
        "water_account_id": season.accounts[folk.KUSHAN.login], "serial": "KZ-GATE-1", "start": "0",
        "apportioned": True, "installed_at": began_at().isoformat(timespec="seconds"),
    }  # fmt: skip
    made = registrar.post("/v1/meters", gate)["id"]
    registrar.post(f"/v1/meters/{made}/serve", {"water_account_ids": accounts})
    association, now = season.as_(folk.KUSHAN.login), clock.now()
    for number, counter in enumerate(GATE_M3):
        sheet = {
            "meter_id": made, "until": (now - dt.timedelta(minutes=20 - 10 * number)).isoformat(timespec="seconds"),
            "counter": str(counter), "loss": LOST_M3, "basis": "land",
            "lines": [
                {"water_account_id": each.account, "weight": str(each.land_mu)} for each in takers
            ],
        }  # fmt: skip
        turn = association.post("/v1/turn-sheets", sheet)["id"]
        if not number:
            association.post(f"/v1/turn-sheets/{turn}/sign")
    season.counts["turn_sheets"] = len(GATE_M3)
