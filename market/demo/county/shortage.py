"""Twelfth chapter: water is short in one township, whose cap is cut below what was announced there."""

from __future__ import annotations

import time

from market.demo.client import StoryFailed
from market.demo.county.season import WAIT_S, Season

CAP = "T-653123212"
"""The last township below the Igizyar, where no other chapter has anything to show."""
LEFT_PERCENT = 98


def play(season: Season) -> None:
    """Orders a curtailment and takes its steps until the books are open again. Errors: StoryFailed."""
    registrar = season.as_("registrar")
    limits = registrar.pages("/v1/limits", water_year=season.year)
    limit = next(each for each in limits if each["code"] == CAP)
    used = _litres(limit["volume"]) - _litres(limit["available"])
    body = {
        "water_year": season.year, "cuts": [{"limit_id": limit["id"], "volume": str(used * LEFT_PERCENT // 100)}],
        "reason": "枯水：依格孜牙河来水偏少 the river brings less than was foreseen", "legal_source": "demonstration",
    }  # fmt: skip
    path = f"/v1/curtailments/{registrar.post('/v1/curtailments', body)['id']}"
    deadline = time.monotonic() + WAIT_S
    while registrar.post(f"{path}/advance")["status"] != "done":
        if time.monotonic() > deadline:
            raise StoryFailed(f"{path} is not done after {WAIT_S} s")
        time.sleep(0.1)
    season.counts["curtailments"] = 1


def _litres(volume: str) -> int:
    """Whole m3 of a volume on the wire."""
    return int(volume.partition(".")[0])
