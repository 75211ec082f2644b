"""`karez distribute`: every verified saving that nobody objected to in time is shared out, in one run."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from market.core.config import Settings
from market.core.options import AS_JSON, DATA_DIR

if TYPE_CHECKING:
    from market.contracts.distribution_run import Ran

SHOWN = 20
"""How many reports that wait people are shown; --json has all."""


@click.command("distribute")
@click.option(
    "--chunk", type=click.IntRange(1, 100_000), help="So many reports a transaction.  [default: 5000]"
)
@click.option("--workers", type=click.IntRange(1, 16), help="So many chunks side by side.  [default: 2]")
@DATA_DIR
@AS_JSON
def distribute(data_dir: Path | None, as_json: bool, **chosen: int | None) -> None:
    """Share out every verified report of savings whose time for objections is over. Exits 1 if some have to wait.

    Each chunk is committed by itself: a run that was stopped is begun again, and shares nothing out twice. It may run
    beside a server.
    """
    from market.core import db, embedded

    with embedded.database(Settings.from_environment(data_dir=data_dir), "karez distribute") as url:
        db.unlock_ids(url)
        started = time.monotonic()
        found = told(_run(url, chosen, quiet=as_json)) | {"seconds": round(time.monotonic() - started, 1)}
    click.echo(json.dumps(found, ensure_ascii=False) if as_json else _lines(found))
    raise SystemExit(1 if found["waiting"] else 0)


def _run(url: str, chosen: dict[str, int | None], *, quiet: bool) -> Ran:
    from rich.console import Console
    from rich.progress import Progress

    from market.contracts import distribution_run
    from market.core import audit

    with Progress(console=Console(stderr=True, quiet=quiet), transient=True) as bar:
        task = bar.add_task("sharing out", total=distribution_run.due(url))
        return distribution_run.run(
            url,
            actor=audit.Actor(),
            progress=lambda looked_at: bar.advance(task, looked_at),
            **{name: value for name, value in chosen.items() if value is not None},
        )


def told(ran: Ran) -> dict[str, Any]:
    """A run in public ids and yuan."""
    from ledger.units import format_fen
    from market.core.ids import public

    return {
        "distributed": ran.distributed,
        "benefit": format_fen(ran.benefit_fen),
        "dues": ran.dues,
        "waiting": [
            {
                "report_id": public("srp", each.report_id),
                "code": each.error.code,
                "detail": str(each.error),
                "title_en": each.error.title_en,
                "title_zh": each.error.title_zh,
            }
            for each in ran.waiting
        ],
    }


def _lines(found: dict[str, Any]) -> str:
    lines = [
        f"{each['report_id']}: {each['title_en']} / {each['title_zh']} ({each['code']}): {each['detail']}"
        for each in found["waiting"][:SHOWN]
    ]
    lines.append(
        f"{found['distributed']} reports shared out, {found['benefit']} yuan, {found['dues']} dues;"
        f" {len(found['waiting'])} wait; {found['seconds']} s"
    )
    return "\n".join(lines)
