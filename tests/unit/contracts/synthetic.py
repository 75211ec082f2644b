"""The synthetic projects of the specification (tests/data/savings_synthetic.json) as inputs of the savings core."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from market.contracts.savings import (
    BaseInput,
    Driver,
    LeakageInput,
    Meter,
    Night,
    Period,
    Report,
)

DATA: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[2] / "data" / "savings_synthetic.json").read_text(encoding="utf-8")
)
FIRST_YEAR = 2020
LITRES_A_UNIT = 1_000_000
"""The irrigation data are in thousands of cubic metres."""
NET = Driver("net", "净灌溉需水量", "net irrigation requirement", "L")
LEACHED = Driver("leached", "冲洗面积", "area leached", "千亩")


def month_of(t: int) -> dt.date:
    """The first day of month t, counted from January 2020."""
    return dt.date(FIRST_YEAR + t // 12, t % 12 + 1, 1)


def monthly(t: float, litres: int, drivers: tuple[float, ...]) -> Period:
    """A whole month."""
    return Period(month_of(int(t)), month_of(int(t) + 1), litres, drivers)


def _periods(t: list[float], x1: list[float], x2: list[float], use: list[float]) -> tuple[Period, ...]:
    return tuple(
        monthly(month, round(y * LITRES_A_UNIT), (one * LITRES_A_UNIT, two))
        for month, one, two, y in zip(t, x1, x2, use, strict=True)
    )


def irrigation() -> tuple[BaseInput, Report]:
    """Three base years of eight months and the fifth year, one meter of class 5."""
    data = DATA["irrigation"]
    meters = (Meter("canal head", 1, round(data["meter_class"] * 1_000_000)),)
    base = BaseInput(
        kind="irrigation", starts=month_of(0), ends=month_of(36), works_start=month_of(36),
        drivers=(NET, LEACHED), periods=_periods(data["t"], data["x1"], data["x2"], data["y"]), meters=meters,
        season=tuple(range(5, 13)), unit=0,
    )  # fmt: skip
    reported = _periods(data["report_t"], data["report_x1"], data["report_x2"], data["report_use"])
    return base, Report(month_of(48), month_of(60), reported, meters)


def leakage() -> LeakageInput:
    """Thirty nights before and after, one meter of class 2."""
    data = DATA["leakage"]

    def nights(first: dt.date, flows: list[float], pressures: list[float]) -> tuple[Night, ...]:
        rows = enumerate(zip(flows, pressures, strict=True))
        return tuple(
            Night(first + dt.timedelta(place), flow * 1000, pressure) for place, (flow, pressure) in rows
        )

    return LeakageInput(
        base=nights(dt.date(2024, 3, 1), data["base_mnf"], data["base_pressure"]),
        report=nights(dt.date(2025, 3, 1), data["report_mnf"], data["report_pressure"]),
        night_use=data["LNU"] * 1000, reference_pressure=data["P_ref"],
        hourly_pressure=tuple(data["hourly_pressure_ratio"]), meters=(Meter("zone inlet", 1, 20_000),),
        exponent=data["N1"],
    )  # fmt: skip
