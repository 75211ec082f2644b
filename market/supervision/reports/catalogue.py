"""Every report by its name, and running one."""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg

from market.core import clock
from market.county.current import pack_in_force
from market.supervision import water_years
from market.supervision.reports.errors import NoSuchReport
from market.supervision.reports.formats import Table, table
from market.supervision.reports.market_reports import FILES, PRICES, REVIEWS, TRADES
from market.supervision.reports.plan_report import PLAN
from market.supervision.reports.report import Asked, Report
from market.supervision.reports.water_reports import CAPS, CONTRACTS, RIGHTS, USE

REPORTS: dict[str, Report] = {
    each.name: each for each in (TRADES, PRICES, CAPS, USE, RIGHTS, CONTRACTS, REVIEWS, FILES, PLAN)
}


def named(name: str) -> Report:
    """A report by its name. Errors: NoSuchReport."""
    if name not in REPORTS:
        raise NoSuchReport("there is no such report")
    return REPORTS[name]


def run(
    connection: psycopg.Connection[Any],
    name: str,
    *,
    water_year: int | None = None,
    on: dt.date | None = None,
) -> Table:
    """A report of a water year (none: the present one); clocks are held against a legal day (none: today).

    Errors: NoSuchReport, NoSuchYear.
    """
    report, today = named(name), clock.today()
    year = water_years.found(connection, water_year, today)
    asked = Asked(pack_in_force(connection), year, on or today)
    return table(report, year.year, asked.on, report.query(connection, asked))
