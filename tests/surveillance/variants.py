"""The labelled cases told otherwise, with labels unchanged: so that no detector knows a case by its numbers.

Two kinds. Some tell the same record in other units, on other days, under other names or a little blurred; a supervisor
would say the same of it. The others tell the case in another market: the same hand-written events among other ordinary
people, days and prices, from another seed of the noise; there a label may be true by a narrower margin. `ordinary` is a
market in which nothing happened.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import ModuleType, SimpleNamespace
from typing import Any

from market.supervision.surveillance.evidence import Evidence
from tests.surveillance import building
from tests.surveillance.building import Expected, Scenario, Story
from tests.surveillance.scenarios import (
    concentration_of_orders,
    concentration_of_rights,
    hoarding,
    layering,
    marking_the_close,
    price_outlier,
    related_parties,
    selling_over_plan,
    unpublished_announcement,
    wash_trade,
    zero_price,
)

MODULES: tuple[ModuleType, ...] = (
    wash_trade,
    related_parties,
    layering,
    marking_the_close,
    price_outlier,
    zero_price,
    concentration_of_rights,
    concentration_of_orders,
    hoarding,
    selling_over_plan,
    unpublished_announcement,
)
PRICES = ("price_e4", "reference_e4")
VOLUMES = ("litres", "rest", "allocated", "used", "bought", "sold", "plan")
TIMES = ("at", "decided_at", "published_at")
KINDS = ("parties", "orders", "trades", "closes", "rights", "announcements")


def _changed(evidence: Evidence, fields: tuple[str, ...], change: Callable[[Any, Any], Any]) -> Evidence:
    """The evidence with these fields, wherever they are, as `change(row, value)` has them; None stays None."""

    def of(row: Any) -> Any:
        known = {name: getattr(row, name, None) for name in fields}
        return replace(
            row, **{name: change(row, value) for name, value in known.items() if value is not None}
        )

    return Evidence(**{kind: tuple(of(row) for row in getattr(evidence, kind)) for kind in KINDS})


def dearer(case: Scenario, factor: tuple[int, int]) -> Scenario:
    """Every price times a fraction."""
    above, below = factor
    return replace(
        case, evidence=_changed(case.evidence, PRICES, lambda _, price: (price * above + below // 2) // below)
    )


def larger(case: Scenario, factor: tuple[int, int]) -> Scenario:
    """Every volume times a fraction."""
    above, below = factor
    return replace(case, evidence=_changed(case.evidence, VOLUMES, lambda _, litres: litres * above // below))


def later(case: Scenario, weeks: int) -> Scenario:
    """Every instant so many weeks later, as UTC; the years of rights too, of which 52 weeks are one."""
    moved = dt.timedelta(weeks=weeks)
    evidence = _changed(case.evidence, TIMES, lambda _, at: (at + moved).astimezone(dt.UTC))
    return replace(case, evidence=_changed(evidence, ("year",), lambda _, year: year + weeks // 52))


def renamed(case: Scenario, seed: int) -> Scenario:
    """Other numbers for parties, orders, trades, rights; other names for products, zones, marks; parties mixed."""
    chance = random.Random(seed)
    old = case.evidence

    def numbers(those: Iterator[int]) -> dict[int, int]:
        known = sorted({*those} - {0})
        return dict(zip(known, chance.sample(range(10_000, 99_999), len(known)), strict=True)) | {0: 0}

    party = numbers(one.id for one in old.parties)
    order = numbers(one.order for one in old.orders)
    trade = numbers(one.id for one in old.trades)
    right = numbers(one.right for one in old.rights)
    names: dict[str, str] = {"": ""}

    def name(text: str) -> str:
        return names.setdefault(text, f"{chance.randrange(10**9):09} {len(names)}")

    marks = ("zone", "representative", "bank_account", "telephone", "address", "device", "clerk")
    new = _changed(old, (*marks, "product", "source"), lambda _, text: name(text))
    new = _changed(new, ("party", "seller", "buyer", "owner"), lambda _, number: party[number])
    new = _changed(new, ("order", "sell_order", "buy_order"), lambda _, number: order[number])
    new = _changed(new, ("right",), lambda _, number: right[number])
    new = replace(
        new,
        parties=tuple(
            chance.sample([replace(one, id=party[one.id]) for one in new.parties], len(old.parties))
        ),
        trades=tuple(replace(one, id=trade[one.id]) for one in new.trades),
        announcements=tuple(
            replace(
                one,
                insiders=tuple(map(party.__getitem__, one.insiders)),
                products=tuple(map(name, one.products)),
            )
            for one in new.announcements
        ),
    )

    def labels(those: tuple[Expected, ...]) -> tuple[Expected, ...]:
        return tuple(
            Expected(
                one.detector,
                frozenset(map(party.__getitem__, one.parties)),
                frozenset(map(trade.__getitem__, one.trades)),
                frozenset(map(order.__getitem__, one.orders)),
            )
            for one in those
        )

    return replace(case, evidence=new, expected=labels(case.expected), tolerated=labels(case.tolerated))


def blurred(case: Scenario, seed: int) -> Scenario:
    """Each instant up to half a minute later, prices and volumes up to 3 in a thousand off; nothing changes places.

    What was equal stays equal: volumes are all off alike, a price by its product and level.
    """
    chance = random.Random(seed)
    old = case.evidence
    instants = sorted(
        {
            getattr(row, name)
            for kind in KINDS
            for row in getattr(old, kind)
            for name in TIMES
            if hasattr(row, name)
        }
    )
    fixed = {close.at for close in old.closes}
    moved = {}
    for place, at in enumerate(instants):
        room = instants[place + 1] - at if place + 1 < len(instants) else dt.timedelta(minutes=1)
        most = min(room / 2, dt.timedelta(seconds=30))
        moved[at] = at if at in fixed else at + most * chance.random()
    levels: dict[tuple[str, int], int] = {}

    def price(row: Any, price_e4: int) -> int:
        return levels.setdefault(
            (row.product, price_e4), round(price_e4 * (1 + chance.uniform(-0.003, 0.003)))
        )

    def whole(row: Any, litres: int) -> int:
        return litres * factor // 1000

    factor = chance.randint(997, 1003)
    evidence = _changed(old, TIMES, lambda _, at: moved[at])
    evidence = _changed(_changed(evidence, PRICES, price), VOLUMES, whole)
    return replace(case, evidence=evidence)


def other_noise(offset: int) -> Iterator[Scenario]:
    """Every case built anew, with another seed for all that is ordinary in it."""
    true = building.random
    building.random = SimpleNamespace(Random=lambda seed: random.Random(seed + offset))  # type: ignore[assignment]
    try:
        yield from [case for module in MODULES for case in _built(module)]
    finally:
        building.random = true


def _built(module: ModuleType) -> Iterator[Scenario]:
    for value in vars(module).values():
        if (
            callable(value)
            and getattr(value, "__module__", "") == module.__name__
            and not value.__code__.co_argcount
        ):
            yield value()


def ordinary(seed: int) -> Scenario:
    """A market of ordinary days of some kind or other: calm or rough, thin or not, level, rising or falling."""
    chance = random.Random(seed)
    days = chance.randint(5, 25)
    trend = chance.choice((0.0, 0.0, 0.004, -0.004, 0.015))
    story = Story(
        seed,
        price=chance.randrange(2000, 9000, 100),
        days=days,
        others=chance.randint(7, 14),
        path=tuple((1 + trend) ** day for day in range(days)),
        spread=chance.choice((0.012, 0.02, 0.02, 0.03, 0.05)),
    )
    return story.scenario(f"ordinary-{seed}", "Ordinary days", "Nothing happened.", "")
