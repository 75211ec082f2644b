"""The parts of watching that need no database: an order's life, the season, the same alert again, a window."""

from __future__ import annotations

import datetime as dt

from market.core import clock
from market.supervision.surveillance.evidence import Alert
from market.supervision.watching import rights, runs, tape
from market.supervision.watching.window import Window, window

NOON = dt.datetime(2026, 5, 11, 4, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def _life(
    said: list[tuple[str, int, int, int]],
    fills: list[int],
    *,
    status: str = "open",
    reason: str | None = None,
) -> list[tuple[str, int, int]]:
    """(action, price, rest) of an order of which everything was said and filled in one instant."""
    row = (1, 2, "surface-2026", "sell", NOON, status, reason, NOON + HOUR, 999, 999)
    spoken = [tape._Said(NOON, kind, litres, price, before) for kind, litres, price, before in said]
    events = tape._life(row, spoken, [(NOON, litres) for litres in fills], NOON + 2 * HOUR)
    return [(one.action, one.price_e4, one.rest) for one in events]


def test_an_amendment_stands_where_what_was_filled_until_it_says_also_within_one_instant() -> None:
    placed, dearer = ("place", 100, 40, 0), ("amend", 100, 45, 30)
    assert _life([placed, dearer], [30, 20]) == [
        ("placed", 40, 100), ("filled", 40, 70), ("amended", 45, 70), ("filled", 45, 50),
    ]  # fmt: skip
    assert _life([placed, ("amend", 60, 40, 0)], [60], status="filled") == [
        ("placed", 40, 100), ("amended", 40, 60), ("filled", 40, 0),
    ]  # fmt: skip


def test_an_order_that_its_owner_ends_is_cancelled_and_any_other_has_ended() -> None:
    placed = ("place", 100, 40, 0)
    assert _life([placed], [], status="cancelled", reason="by_owner")[-1] == ("cancelled", 40, 0)
    assert _life([placed], [10], status="expired")[-1] == ("ended", 40, 0)
    assert _life([placed], [], status="cancelled", reason="kill_switch")[-1] == ("ended", 40, 0)


def test_an_end_after_the_window_is_not_seen_in_it() -> None:
    row = (1, 2, "surface-2026", "sell", NOON, "cancelled", "by_owner", NOON + HOUR, 40, 100)
    events = tape._life(row, [tape._Said(NOON, "place", 100, 40, 0)], [], NOON + HOUR)
    assert [one.action for one in events] == ["placed"]


def _share(months: tuple[int, ...], last: dt.date) -> int:
    until = clock.end_of_legal_day(last)
    looked = Window(last, until - dt.timedelta(days=30), until)
    return rights.share_of_year_e6(months, dt.date(2026, 1, 1), dt.date(2026, 12, 31), looked)


def test_the_season_is_told_by_the_days_on_which_the_canal_leads_water() -> None:
    whole = tuple(range(1, 13))
    assert _share(whole, dt.date(2026, 1, 1)) == 1_000_000 // 365
    assert _share((4, 5), dt.date(2026, 3, 31)) == 0
    assert _share((4, 5), dt.date(2026, 4, 30)) == 30 * 1_000_000 // 61
    assert _share((4, 5), dt.date(2026, 5, 31)) == 1_000_000
    assert _share((), dt.date(2026, 5, 31)) == 0
    assert _share((), dt.date(2026, 12, 31)) == 1_000_000


def _alert(parties: tuple[int, ...], trades: tuple[int, ...] = (), **figures: str) -> Alert:
    told = tuple((name, value, "") for name, value in figures.items())
    return Alert("wash_trade", parties, (), trades, None, None, "rule", told)


def test_what_names_nothing_more_is_the_same_alert_and_what_names_more_continues_it() -> None:
    def known(number: int, alert: Alert) -> runs._Known:
        return runs._Known(number, frozenset(alert.parties), runs._things(alert.orders, alert.trades))

    def new(alert: Alert, *before: Alert) -> list[int | None]:
        told = {("wash_trade", runs.topic(alert)): [known(7 + n, each) for n, each in enumerate(before)]}
        return [continued for _, continued in runs._new([alert], told)]

    first = _alert((1, 2), (10, 11))
    assert new(first) == [None]
    assert new(first, first) == []
    assert new(_alert((1, 2), (10,)), first) == []
    assert new(_alert((1, 2), (10, 11, 12)), first) == [7]
    assert new(_alert((1, 2, 3), (10, 11)), first) == [7]
    assert new(_alert((1, 2), (20, 21)), first) == [None]
    zone = _alert((1,), zone="a")
    assert new(zone, zone) == [] and new(_alert((1, 2), zone="a"), zone) == [7]
    assert runs.topic(_alert((1,), zone="a", litres_held="5", year="2026")) == "zone=a year=2026"
    keys = {runs.key(each) for each in (first, zone, _alert((1, 2), (10,)), _alert((1,), zone="b"))}
    assert len(keys) == 4 and runs.key(first) == runs.key(_alert((1, 2), (10, 11), lowest_price="1"))


def test_a_window_ends_with_its_day_or_now() -> None:
    with clock.standing(NOON):
        today = window(clock.today())
        assert (today.until, today.until - today.since) == (NOON, dt.timedelta(days=29, hours=12))
        before = window(clock.today() - dt.timedelta(days=1), days=1)
        assert before.until == clock.end_of_legal_day(before.day)
        assert before.until - before.since == dt.timedelta(days=1)
