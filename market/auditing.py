"""`karez audit`: the trail in the database, its export, and the check of an export anywhere."""

from __future__ import annotations

import datetime as dt
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from market.core.config import Settings
from market.core.datadir import OperatorError
from market.core.options import AS_JSON, DATA_DIR


@click.group()
def audit() -> None:
    """The audit trail."""


@audit.command("verify")
@click.argument("export", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option(
    "--key", help="The public key that must have signed, 64 hexadecimal digits (see `karez audit key`)."
)
@click.option(
    "--head", "published", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with heads that were published before, as GET /v1/audit/heads answers them. May be repeated.",
)  # fmt: skip
@DATA_DIR
@AS_JSON
def verify(
    export: Path | None, key: str | None, published: tuple[Path, ...], data_dir: Path | None, as_json: bool
) -> None:
    """Check EXPORT, on any machine; without EXPORT, walk every chain in the database. Exits 1 if one is broken.

    Edits, deletions, insertions and re-orderings show in the export itself, or in its signature where --key is given;
    that it was cut shows against its signed head, and against a head that was published before.
    """
    report = _of_database(data_dir) if export is None else _of_export(export, key, published)
    problems = report["problems"]
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        for each in problems[:50]:
            click.echo(f"chain {each['chain'] or '-'}, entry {each['seq']}: {each['problem']}")
        if len(problems) > 50:
            click.echo(f"... and {len(problems) - 50} more")
        for each in report.get("keys", ()):
            words = "" if key else "; give it with --key once you have compared it with the published one"
            click.echo(f"Signed with key {each}{words}.")
        click.echo("The audit trail is broken." if problems else "The audit trail is whole.")
    sys.exit(1 if problems else 0)


def _of_database(data_dir: Path | None) -> dict[str, Any]:
    from market.core import audit as trail
    from market.core import db, embedded

    settings = Settings.from_environment(data_dir=data_dir)
    with embedded.database(settings, "karez audit verify") as url, db.connect(url) as connection:
        return {"problems": trail.verify(connection)}


def _of_export(export: Path, key: str | None, published: tuple[Path, ...]) -> dict[str, Any]:
    exports = import_module("market.supervision.trail.exports")
    heads = import_module("market.supervision.trail.heads")
    known = []
    for path in published:
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            rows = found["data"] if isinstance(found, dict) and "data" in found else found
            known += [heads.read(each) for each in (rows if isinstance(rows, list) else [rows])]
        except ValueError as error:
            raise OperatorError(f"{path} has no published heads: {error}") from error
    try:
        public = None if key is None else bytes.fromhex(key)
    except ValueError as error:
        raise OperatorError("--key is 64 hexadecimal digits") from error
    with export.open("rb") as file:
        report: dict[str, Any] = exports.check(
            (line.removesuffix(b"\n") for line in file), key=public, published=known
        )
    return report


@audit.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only what came since this day (UTC).")
@DATA_DIR
@AS_JSON
def export_(file: Path, since: dt.datetime | None, data_dir: Path | None, as_json: bool) -> None:
    """Write the trail to FILE: signed heads first, then one entry a line."""
    from rich.console import Console

    from market.core import db, embedded

    publishing = import_module("market.supervision.trail.publishing")
    heads = import_module("market.supervision.trail.heads")
    settings = Settings.from_environment(data_dir=data_dir)
    when = None if since is None else since.replace(tzinfo=dt.UTC)
    lines = 0
    console = Console(stderr=True, quiet=as_json)
    with (
        embedded.database(settings, "karez audit export") as url,
        db.connect(url) as connection,
        file.open("wb") as output,
        console.status("writing the audit trail") as status,
    ):
        for line in publishing.export(connection, settings.secret(heads.PURPOSE), since=when):
            output.write(line + b"\n")
            lines += 1
            if lines % 20_000 == 0:
                status.update(f"{lines} entries")
    found = {"file": str(file), "entries": lines - 1}
    click.echo(json.dumps(found) if as_json else f"Wrote {lines - 1} entries to {file}.")


@audit.command("key")
@DATA_DIR
@AS_JSON
def key_(data_dir: Path | None, as_json: bool) -> None:
    """Print the public key that signs the heads, to be published once when the market opens."""
    heads = import_module("market.supervision.trail.heads")
    public = heads.public_key(Settings.from_environment(data_dir=data_dir).secret(heads.PURPOSE))
    fingerprint = heads.fingerprint(public)
    if as_json:
        click.echo(json.dumps({"key": public.hex(), "fingerprint": fingerprint}))
    else:
        click.echo(f"{public.hex()}\nfingerprint {fingerprint}")
