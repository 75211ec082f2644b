"""Evidence out of the database: everything that the detectors look at of a window, in one snapshot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg

from market.county.pack import Pack
from market.supervision.surveillance import Evidence, Thresholds
from market.supervision.watching import closes, people, rights, tape
from market.supervision.watching.window import Window

Progress = Callable[[str], None]
"""Told what is done next."""
PARTS = ("parties", "orders", "announcements", "trades", "closes", "rights")
SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"


def evidence(
    connection: psycopg.Connection[Any],
    pack: Pack,
    window: Window,
    thresholds: Thresholds,
    progress: Progress = lambda _part: None,
) -> Evidence:
    """What the market's record holds of a window. The connection is at the beginning of a transaction, which stays
    open: all of it is of one instant.
    """
    connection.execute(SNAPSHOT)
    progress("parties")
    who = people.parties(connection, window)
    progress("orders")
    events = tape.orders(connection, window)
    progress("announcements")
    news = people.announcements(connection, window)
    longer = with_habits(window, thresholds) if any(one.insiders for one in news) else window
    progress("trades")
    done = tape.trades(connection, longer)
    progress("closes")
    ends = closes.closes(connection, pack, longer, done)
    progress("rights")
    held = rights.rights(connection, pack, window, thresholds.idle_years_least)
    return Evidence(who, events, done, ends, held, news)


def with_habits(window: Window, thresholds: Thresholds) -> Window:
    """The window, and before it the sessions that insiders' habits are looked for in: five a week, and a week more."""
    days = thresholds.insider_habit_sessions * 7 // 5 + 7
    return replace(window, since=window.since - dt.timedelta(days=days))
