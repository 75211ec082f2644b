"""A rule of reviews that holds from tomorrow on holds from tomorrow on, in an engine that runs through the night."""

from __future__ import annotations

import datetime as dt

from market.core import clock
from market.county.parts import DEMONSTRATION
from market.county.review_parts import ReviewRule
from tests.model.world import World
from tests.usecases.trading.ruling import install_rules
from tests.usecases.trading.test_guarded_books import LOT


def _sell(world: World, number: int) -> str:
    world.place(f"s{number}", "a", "sell", LOT, 3_000)
    world.place(f"b{number}", "b", "buy", LOT, 3_000)
    row = world.looking.execute(
        "SELECT status, review_rule FROM instructions ORDER BY id DESC LIMIT 1"
    ).fetchone()
    assert row is not None
    return f"{row[0]} {row[1]}"


def test_a_rule_begins_on_its_day(world: World) -> None:
    now = clock.now()
    tomorrow = clock.today() + dt.timedelta(days=1)
    install_rules(world, reviews=(ReviewRule("dated", 5, DEMONSTRATION, from_on=tomorrow),))
    assert _sell(world, 1) == "settled None"
    with clock.moved_to(now + dt.timedelta(days=1)):
        assert _sell(world, 2) == "awaiting_review dated"
