"""The thresholds that hold on a day: the county pack's, dated, else those of the code; each with its source."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any

from market.county.pack import Pack
from market.supervision.surveillance import BASES, Thresholds


def thresholds_on(pack: Pack, day: dt.date) -> Thresholds:
    """The numbers by which a day is judged."""
    return Thresholds(**{name: rule.value for name, rule in pack.surveillance_on(day).items()})


def told(pack: Pack, day: dt.date) -> dict[str, dict[str, Any]]:
    """The same with their sources: {name: {value, legal_source, demonstration}}."""
    stated = pack.surveillance_on(day)
    return {
        name: {
            "value": value,
            "legal_source": stated[name].basis.source if name in stated else BASES[name].source,
            "demonstration": stated[name].basis.demonstration if name in stated else BASES[name].demonstration,
        }
        for name, value in asdict(thresholds_on(pack, day)).items()
    }  # fmt: skip
