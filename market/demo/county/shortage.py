"""Twelfth chapter: water is short in one township, whose cap is cut to little more than what will be used there."""

from __future__ import annotations

import datetime as dt
import time

from market.core import clock
from market.demo.client import StoryFailed
from market.demo.county.season import WAIT_S, Season

CAP = "T-653123212"
"""The last township below the Igizyar, where no other chapter has anything to show."""
USE_PERCENT, ALLOTTED_PERCENT = 95, 98
"""What is used of the new cap by the year's end, and what it is at most of what was allotted, so that some is taken."""
PLAN_DAYS = 120


def play(season: Season) -> None:
    """Orders a curtailment, takes its steps until the books are open again, records a plan. Errors: StoryFailed."""
    registrar = season.as_("registrar")
    limits = registrar.pages("/v1/limits", water_year=season.year)
    limit = next(each for each in limits if each["code"] == CAP)
    body = {
        "water_year": season.year, "cuts": [{"limit_id": limit["id"], "volume": str(_left(season))}],
        "reason": "枯水：依格孜牙河来水偏少 the river brings less than was foreseen", "legal_source": "demonstration",
    }  # fmt: skip
    path = f"/v1/curtailments/{registrar.post('/v1/curtailments', body)['id']}"
    deadline = time.monotonic() + WAIT_S
    while registrar.post(f"{path}/advance")["status"] != "done":
        if time.monotonic() > deadline:
            raise StoryFailed(f"{path} is not done after {WAIT_S} s")
        time.sleep(0.1)
    season.counts["curtailments"] = 1
    plan = {
        "limit_id": limit["id"], "reduce": "1000", "responsible": "示范乡水管站 (demonstration)",
        "measures": "滴灌改造与错峰轮灌 drip irrigation, turns by night", "document": "示范压减方案 1 号",
        "due_on": str(clock.today() + dt.timedelta(days=PLAN_DAYS)),
    }  # fmt: skip
    season.as_("supervisor").post("/v1/reduction-plans", plan)
    season.counts["reduction_plans"] = 1


def _left(season: Season) -> int:
    """What is left of the cap, in whole m3."""
    nodes = season.as_("supervisor").get("/v1/early-warning", water_year=season.year)["data"]
    node = next(each for each in nodes if each["code"] == CAP)
    foreseen = node["forecast"]["volume"] if node["forecast"] else "0"
    used = max(_whole(node["used"]), _whole(foreseen))
    return min(used * 100 // USE_PERCENT, _whole(node["allotted"]) * ALLOTTED_PERCENT // 100)


def _whole(volume: str) -> int:
    """Whole m3 of a volume on the wire."""
    return int(volume.partition(".")[0])
