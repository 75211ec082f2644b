"""`karez webhooks`: what waits for integrators' endpoints, what failed there, and sending it anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, LiteralString

import click

from market.core.config import Settings
from market.core.options import AS_JSON, DATA_DIR

MOST = 200
STATUS_SQL: LiteralString = """
SELECT w.id, w.participant_id, w.url, w.status, w.disabled_because, w.failing_since,
       count(*) FILTER (WHERE d.status = 'pending') AS pending, count(*) FILTER (WHERE d.status = 'failed') AS failed,
       count(*) FILTER (WHERE d.status = 'delivered') AS delivered
  FROM webhook_endpoints w LEFT JOIN webhook_deliveries d ON d.endpoint_id = w.id GROUP BY w.id ORDER BY w.id
"""
LIST_SQL: LiteralString = """
SELECT d.id, e.type, d.status, d.attempts, d.next_try_at, a.status_code, a.problem
  FROM webhook_deliveries d JOIN events e ON e.id = d.event_id
  LEFT JOIN webhook_attempts a ON a.delivery_id = d.id AND a.number = d.attempts
 WHERE d.endpoint_id = %(endpoint)s ORDER BY d.id DESC LIMIT %(most)s
"""
RESEND_SQL: LiteralString = """
WITH anew AS (
  UPDATE webhook_deliveries SET status = 'pending', tries = 0, next_try_at = clock_timestamp()
   WHERE endpoint_id = %(endpoint)s AND status = 'failed' RETURNING id
)
SELECT count(*) FROM anew
"""


@click.group()
def webhooks() -> None:
    """Events on their way to integrators."""


@webhooks.command()
@DATA_DIR
@AS_JSON
def status(data_dir: Path | None, as_json: bool) -> None:
    """Every endpoint: whether it is enabled, since when nothing arrived, how much waits, failed and was delivered."""
    rows = _asked(data_dir, "karez webhooks status", STATUS_SQL, {})
    from market.core import ids

    said = [
        {
            "id": ids.public("whe", row[0]), "participant_id": ids.public("par", row[1]), "url": row[2],
            "status": row[3], "disabled_because": row[4], "failing_since": row[5] and row[5].isoformat(),
            "pending": row[6], "failed": row[7], "delivered": row[8],
        }
        for row in rows
    ]  # fmt: skip
    line = "{id}  {status:<9}{pending:>7} pending{failed:>7} failed{delivered:>9} delivered  {url}"
    _say(said, as_json, line, "no endpoints")


@webhooks.command("list")
@click.argument("endpoint")
@DATA_DIR
@AS_JSON
def list_(endpoint: str, data_dir: Path | None, as_json: bool) -> None:
    """The last deliveries to ENDPOINT (whe_…), the newest first, with what became of the last try."""
    rows = _asked(data_dir, "karez webhooks list", LIST_SQL, {"endpoint": endpoint, "most": MOST})
    from market.core import ids

    said = [
        {
            "id": ids.public("whd", row[0]), "type": row[1], "status": row[2], "attempts": row[3],
            "next_try_at": row[4] and row[4].isoformat(), "status_code": row[5], "problem": row[6],
        }
        for row in rows
    ]  # fmt: skip
    _say(said, as_json, "{id}  {status:<10}{attempts:>3} tries  {type}", "nothing was or is to be sent there")


@webhooks.command()
@click.argument("endpoint")
@DATA_DIR
@AS_JSON
def resend(endpoint: str, data_dir: Path | None, as_json: bool) -> None:
    """Send everything that was given up on at ENDPOINT (whe_…) anew."""
    [(sent,)] = _asked(data_dir, "karez webhooks resend", RESEND_SQL, {"endpoint": endpoint}, anew=True)
    click.echo(json.dumps({"endpoint": endpoint, "sent_anew": sent}) if as_json else f"{sent} sent anew")


def _asked(
    data_dir: Path | None, command: str, query: LiteralString, wanted: dict[str, Any], *, anew: bool = False
) -> list[tuple[Any, ...]]:
    """The rows of a query; an `endpoint` in what is wanted is turned into its number. Errors: OperatorError."""
    from market.core import audit, db, embedded, ids
    from market.core.datadir import OperatorError
    from market.core.errors import UnknownId

    with embedded.database(Settings.from_environment(data_dir=data_dir), command) as url:
        db.unlock_ids(url)
        if "endpoint" in wanted:
            try:
                wanted = wanted | {"endpoint": ids.parse("whe", wanted["endpoint"])}
            except UnknownId as error:
                raise OperatorError(f"there is no endpoint {wanted['endpoint']}") from error
        with db.transaction(url) as session:
            rows = db.raw(session).execute(query, wanted).fetchall()
            if anew:
                subject = ("webhook_endpoint", wanted["endpoint"])
                audit.record(
                    db.raw(session), actor=audit.Actor(), action="webhook_endpoint.resent", subject=subject,
                    detail={"deliveries": rows[0][0]},
                )  # fmt: skip
        return rows


def _say(said: list[dict[str, Any]], as_json: bool, line: str, none: str) -> None:
    if as_json:
        click.echo(json.dumps({"data": said}, ensure_ascii=False))
    else:
        click.echo("\n".join(line.format(**each) for each in said) or none)
