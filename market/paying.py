"""`karez reconcile`: the payment provider's account against the books; `karez sandbox`: an emulated provider."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from market.core.config import Settings
from market.core.options import AS_JSON, DATA_DIR

if TYPE_CHECKING:
    from market.payments.reconciliation import Report

SHOWN = 20
"""How many differences people are shown; --json has all."""


@click.command()
@click.option(
    "--day", type=click.DateTime(["%Y-%m-%d"]), help="The legal day to compare.  [default: yesterday]"
)
@DATA_DIR
@AS_JSON
def reconcile(day: dt.datetime | None, data_dir: Path | None, as_json: bool) -> None:
    """Compare the payment provider's account of a day with the clearing account, item by item. Exits 1 if they differ.

    Each difference becomes a case; one that a later run no longer finds is closed. It may run beside a server, and
    compare one day as often as one likes.
    """
    from market.core import audit, clock, db, embedded
    from market.payments import provider, reconciliation

    settings = Settings.from_environment(data_dir=data_dir)
    gateway = provider.of(settings)
    chosen = day.date() if day is not None else clock.today() - dt.timedelta(days=1)
    with embedded.database(settings, "karez reconcile") as url:
        db.unlock_ids(url)
        lines = reconciliation.fetch(gateway, chosen)
        with db.transaction(url) as session:
            report = reconciliation.compare(session, actor=audit.Actor(), day=chosen, lines=lines)
    found = told(report)
    click.echo(json.dumps(found, ensure_ascii=False) if as_json else _lines(found))
    raise SystemExit(1 if report.found else 0)


def told(report: Report) -> dict[str, Any]:
    """A report in yuan."""
    from ledger.units import format_fen

    return {
        "day": report.day.isoformat(),
        "lines": report.entries,
        "items": report.items,
        "provider": format_fen(report.provider_fen),
        "books": format_fen(report.book_fen),
        "opened": report.opened,
        "closed": report.closed,
        "differences": [
            {
                "kind": each.kind,
                "subject": each.subject,
                "provider": None if each.provider_fen is None else format_fen(each.provider_fen),
                "books": None if each.book_fen is None else format_fen(each.book_fen),
            }
            for each in report.found
        ],
    }


def _lines(found: dict[str, Any]) -> str:
    lines = [
        f"{each['kind']}: {each['subject']}: provider {each['provider'] or '-'}, books {each['books'] or '-'}"
        for each in found["differences"][:SHOWN]
    ]
    lines.append(
        f"{found['day']}: {found['lines']} lines of the provider ({found['provider']} yuan), {found['items']} items of"
        f" the books ({found['books']} yuan), {len(found['differences'])} differences"
    )
    return "\n".join(lines)


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8420, show_default=True, help="Port, 0 for a free one."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
def sandbox(port: int, host: str) -> None:
    """Run an emulated payment provider with the shapes of Stripe's API, for programs to be tried against.

    It keeps everything in memory, moves no money, and says in every answer that it is an emulator.
    """
    from market.payments.sandbox.server import serve

    serve(host, port, said=click.echo)
