"""`karez surveil`: a look at what was traded, by hand; the same that the job `surveillance` does every night."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from market.core.config import Settings
from market.core.options import AS_JSON, DATA_DIR

if TYPE_CHECKING:
    from market.supervision.watching.runs import Ran

SHOWN = 20
"""How many new alerts people are shown; --json has all."""


@click.command("surveil")
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The legal day that the look ends with.  [default: yesterday]",
)
@click.option("--days", type=click.IntRange(1, 400), help="So many days of orders and trades.  [default: 30]")
@DATA_DIR
@AS_JSON
def surveil(data_dir: Path | None, as_json: bool, day: dt.datetime | None, days: int | None) -> None:
    """Look for abuse in orders, trades and rights of the month before a day, and raise what is new as alerts.

    What was raised before is not raised again, so it may be run at any time, beside a server too.
    """
    from market.core import db, embedded

    with embedded.database(Settings.from_environment(data_dir=data_dir), "karez surveil") as url:
        db.unlock_ids(url)
        found = told(url, _run(url, {"day": day.date() if day else None, "days": days}, quiet=as_json))
    click.echo(json.dumps(found, ensure_ascii=False) if as_json else _lines(found))


def _run(url: str, chosen: dict[str, Any], *, quiet: bool) -> Ran:
    from rich.console import Console
    from rich.progress import Progress

    from market.core import audit
    from market.supervision.watching import runs

    with Progress(console=Console(stderr=True, quiet=quiet), transient=True) as bar:
        task = bar.add_task("reading", total=runs.STEPS)
        return runs.run(
            url,
            actor=audit.Actor(),
            progress=lambda part: bar.update(task, advance=1, description=part.replace("_", " ")),
            **{name: value for name, value in chosen.items() if value is not None},
        )


def told(url: str, ran: Ran) -> dict[str, Any]:
    """A look in public ids: what it saw, and each new alert with its detector in both languages."""
    from market.core import db
    from market.core.ids import public
    from market.supervision.surveillance import detector_name
    from market.supervision.watching.models import SurveillanceAlert, SurveillanceRun

    with db.transaction(url) as session:
        run = session.get_one(SurveillanceRun, ran.run_id)
        rows = [session.get_one(SurveillanceAlert, each) for each in ran.raised]
        return {
            "day": run.day.isoformat(),
            "since": run.since.isoformat(),
            "until": run.until.isoformat(),
            "parties": run.parties,
            "orders": run.orders,
            "trades": run.trades,
            "found": run.found,
            "raised": [
                {
                    "id": public("alr", row.id),
                    "detector": row.detector,
                    "title_en": detector_name(row.detector, "en"),
                    "title_zh": detector_name(row.detector, "zh"),
                    "participants": [public("par", each) for each in row.party_ids],
                }
                for row in rows
            ],
        }


def _lines(found: dict[str, Any]) -> str:
    lines = [
        f"{each['id']}: {each['title_en']} / {each['title_zh']}, {len(each['participants'])} participants"
        for each in found["raised"][:SHOWN]
    ]
    lines.append(
        f"{found['day']}: {found['parties']} participants, {found['orders']} orders, {found['trades']} trades;"
        f" {found['found']} alerts, {len(found['raised'])} of them new"
    )
    return "\n".join(lines)
