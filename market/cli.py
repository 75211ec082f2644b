"""The `karez` command. Each subcommand imports what it needs when it runs, so that `--help` answers at once."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from market.auctioning import auction
from market.auditing import audit
from market.core.config import Settings
from market.core.datadir import OperatorError
from market.core.options import AS_JSON, DATA_DIR
from market.counties import county, pack, test_county
from market.measuring import bench, compile_floor
from market.paying import reconcile, sandbox
from market.sharing_out import distribute
from market.surveilling import surveil
from market.webhooks.commands import webhooks


class OneLine(click.ClickException):
    """What went wrong, in one line on standard error; exit code 1."""

    def show(self, file: Any = None) -> None:
        """Prints the line."""
        click.echo(f"karez: {self.format_message()}", file=file or sys.stderr)


class Group(click.Group):
    """A group whose commands answer what the operator can put right with one line, not with a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the chosen command."""
        import psycopg
        from sqlalchemy.exc import OperationalError

        from market.core.errors import Refusal
        from market.county.errors import PackError

        try:
            return super().invoke(ctx)
        except (OperatorError, Refusal, PackError) as error:
            raise OneLine(str(error)) from error
        except (psycopg.OperationalError, OperationalError) as error:
            raise OneLine(f"the database does not answer: {str(error).splitlines()[0]}") from error


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("karez"), prog_name="karez")
def main() -> None:
    """Karez: a county's water-rights exchange and contract-saving market.

    Settings come from options, then from the environment (DATABASE_URL, KAREZ_DATA_DIR, KAREZ_HOST, KAREZ_PORT,
    KAREZ_WORKERS, KAREZ_THREADS, KAREZ_LOG_LEVEL, KAREZ_ENGINE_SOCKET, KAREZ_SECRET_KEY, KAREZ_FEED_PORT ...). Without
    DATABASE_URL an embedded PostgreSQL under the data directory is used.
    """


@main.command()
@click.option("--host", help="Address to listen on.  [KAREZ_HOST; default: 127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(0, 65_535), help="Port, 0 for a free one.  [KAREZ_PORT; default: 8000]"
)
@click.option(
    "--feed-port",
    type=click.IntRange(0, 65_535),
    help="Port of the live feed, 0 for a free one.  [KAREZ_FEED_PORT; default: the one after the port]",
)
@DATA_DIR
@click.option(
    "--demonstration/--no-demonstration", default=True, show_default=True, help="The demonstration county."
)
@click.option(
    "--test-county/--no-test-county",
    default=False,
    show_default=True,
    help="A second county beside it, for keys of the kind test.",
)
@AS_JSON
def up(
    host: str | None, port: int | None, feed_port: int | None, data_dir: Path | None, demonstration: bool,
    test_county: bool, as_json: bool,
) -> None:  # fmt: skip
    """Start database, engine, worker, feed and web server; watch them until Ctrl-C."""
    from market.core import log

    settings = Settings.from_environment(host=host, port=port, feed_port=feed_port, data_dir=data_dir)
    log.configure(settings.log_level)
    import_module("market.up").up(
        settings, demonstration=demonstration, test_county=test_county, as_json=as_json
    )


@main.command()
@click.option("--socket", "path", required=True, help="The local socket to listen on.")
def engine(path: str) -> None:
    """Run the matching engine on the database of DATABASE_URL (karez up does this)."""
    from market.core import log

    settings = Settings.from_environment()
    log.configure(settings.log_level)
    _follow(settings)
    import_module("market.trading.process").main(settings.url(), path)


def _follow(settings: Settings) -> None:
    """A process of the test county goes by that county's clock."""
    if settings.clock_file is not None:
        from market.core import clock

        clock.follow(settings.clock_file)


@main.command()
def worker() -> None:
    """Do what is due by the clock on the database of DATABASE_URL (karez up does this)."""
    from market.core import log

    settings = Settings.from_environment()
    log.configure(settings.log_level)
    _follow(settings)
    import_module("market.jobs").serve(settings.url(), settings)


@main.command()
def feed() -> None:
    """Stream trades, depth and phases of the database of DATABASE_URL to watchers (karez up does this)."""
    from market.core import log

    settings = Settings.from_environment()
    log.configure(settings.log_level)
    import_module("market.feed.server").main(settings)


@main.group()
def jobs() -> None:
    """What is done by the clock."""


@jobs.command("list")
@AS_JSON
def jobs_list(as_json: bool) -> None:
    """Every job with its schedule (cron in UTC, seconds last)."""
    click.echo(import_module("market.jobs").listing(as_json))


@jobs.command("run")
@click.argument("name")
@DATA_DIR
@AS_JSON
def jobs_run(name: str, data_dir: Path | None, as_json: bool) -> None:
    """Do the job NAME now, also beside a running server."""
    from market.core import db, embedded

    found = import_module("market.jobs")
    job = found.named(name)
    settings = Settings.from_environment(data_dir=data_dir)
    with embedded.database(settings, "karez jobs run") as url:
        db.unlock_ids(url)
        done = found.run(url, job, settings)
        found.finish()
    click.echo(json.dumps({"job": name, "done": done}) if as_json else f"{name}: {done} done")


@main.command()
@DATA_DIR
def migrate(data_dir: Path | None) -> None:
    """Bring the database's schema to the newest version."""
    from market.core import db, embedded

    with embedded.database(Settings.from_environment(data_dir=data_dir), "karez migrate") as url:
        db.migrate(url)
    click.echo("The schema is at its newest version.")


@main.command()
@DATA_DIR
@AS_JSON
def prove(data_dir: Path | None, as_json: bool) -> None:
    """Check every invariant in the database, also beside a running server. Exits 1 if one is violated."""
    from market.core import embedded

    with embedded.database(Settings.from_environment(data_dir=data_dir), "karez prove") as url:
        report = import_module("market.prove").run(url)
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        for each in report["invariants"]:
            click.echo(f"{each['number']:>3}  {each['violations']:>6}  {each['name']}")
            if each["violations"]:
                click.echo(f"             {json.dumps(each['sample'], ensure_ascii=False)}")
        click.echo(f"{report['violations']} violations")
    sys.exit(1 if report["violations"] else 0)


@main.command()
@click.argument("second_url")
@DATA_DIR
@AS_JSON
def replay(second_url: str, data_dir: Path | None, as_json: bool) -> None:
    """Do again on the copy at SECOND_URL what this database did since, and compare. Exits 1 unless all is the same.

    SECOND_URL is a database of its own that was copied from this one at an earlier moment; it is written to.
    """
    from market.core import embedded

    again = import_module("market.replay")
    with embedded.database(Settings.from_environment(data_dir=data_dir), "karez replay") as url:
        report = again.run(url, second_url)
    for line in again.lines(report, as_json):
        click.echo(line)
    sys.exit(0 if again.is_same(report) else 1)


@main.group()
def demo() -> None:
    """Stories played on a running server, over HTTP."""


@demo.command("manas")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="The running server.")
@AS_JSON
def demo_manas(url: str, as_json: bool) -> None:
    """The household of Manas: right, use, sale and resale, to the published yuan and fen. Exits 1 if one differs."""
    story = import_module("market.demo.manas")
    statement = story.run(url)
    if as_json:
        click.echo(json.dumps(statement, ensure_ascii=False))
    else:
        story.show(statement)


@demo.command("county")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="The running server.")
@click.option(
    "--seed", type=int, default=1, show_default=True, help="What is left to chance follows from it."
)
@click.option("--size", type=click.Choice(["tiny", "small", "whole"]), default="whole", show_default=True)
@AS_JSON
def demo_county(url: str, seed: int, size: str, as_json: bool) -> None:
    """A season of the whole county, so that every page has something to show. Once on an installation."""
    story = import_module("market.demo.county.play")
    report = story.run(url, size=size, seed=seed, quiet=as_json)
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        story.show(report)


def _say(report: dict[str, Any], as_json: bool, summary: str) -> None:
    """What an import did: JSON, or the first rows that were refused and a line."""
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
        return
    for each in report["rows"][:20]:
        place = f"row {each['row']}" + (f", column {each['column']}" if each["column"] else "")
        click.echo(f"{place}: {each['message_en']} / {each['message_zh']} ({each['code']})")
    click.echo(summary)


REGISTERS = {
    "certificates": ("market.registry.sheets", "CERTIFICATES"),
    "participants": ("market.participants.sheets", "PARTICIPANTS"),
    "limits": ("market.registry.limit_sheets", "LIMITS"),
    "entitlements": ("market.registry.sheets", "APPLICATIONS"),
    "water-accounts": ("market.registry.account_sheets", "WATER_ACCOUNTS"),
    "meters": ("market.metering.sheets", "METERS"),
    "readings": ("market.metering.sheets", "READINGS"),
}
"""Where the columns of a register are."""


@main.command()
@click.argument("register", type=click.Choice([each for each in REGISTERS if each != "certificates"]))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--partial", is_flag=True, help="Take the good rows although others are refused.")
@DATA_DIR
@AS_JSON
def load(register: str, file: Path, partial: bool, data_dir: Path | None, as_json: bool) -> None:
    """Load REGISTER from FILE (Excel or CSV), all of its rows or none. Exits 1 if rows were refused.

    `karez template` writes an empty workbook with the columns.
    """
    from market.core import embedded

    settings = Settings.from_environment(data_dir=data_dir)
    run = import_module("market.loading").run
    with embedded.database(settings, "karez load") as url:
        report = run(url, settings.secret("identifier"), register, file, partial=partial, quiet=as_json)
    summary = f"{report['loaded']} {register} loaded, {report['refused']} rows refused; {report['seconds']} s"
    _say(report, as_json, summary)
    sys.exit(1 if report["refused"] else 0)


@main.group("import")
def import_() -> None:
    """Registers taken over from Excel or CSV files."""


@import_.command("certificates")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--partial", is_flag=True, help="Take the good rows although others are refused.")
@DATA_DIR
@AS_JSON
def import_certificates(file: Path, partial: bool, data_dir: Path | None, as_json: bool) -> None:
    """Take over the certificates of FILE, all of them or none. Exits 1 if rows were refused.

    `karez template certificates` writes an empty workbook with the columns.
    """
    from market.core import embedded

    settings = Settings.from_environment(data_dir=data_dir)
    run = import_module("market.registry.importing").run
    with embedded.database(settings, "karez import certificates") as url:
        report = run(url, settings.secret("identifier"), file, partial=partial, quiet=as_json)
    _say(
        report, as_json,
        f"{report['certificates']} certificates and {report['participants']} new holders taken over,"
        f" {report['refused']} rows refused; {report['seconds']} s, at most {report['peak_mib']} MiB of memory",
    )  # fmt: skip
    sys.exit(1 if report["refused"] else 0)


@main.command()
@click.argument("register", type=click.Choice(list(REGISTERS)))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def template(register: str, file: Path) -> None:
    """Write an empty workbook of REGISTER, with its columns and choices, to FILE."""
    module, name = REGISTERS[register]
    found = getattr(import_module(module), name)
    file.write_bytes(import_module("market.core.sheets.writing").template(found))
    click.echo(f"Wrote {file}.")


@main.command()
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=Path("openapi.yaml"))
def openapi(output: Path) -> None:
    """Write the API's description."""
    import_module("market.api.spec").write(output, import_module("market.app").describe())
    click.echo(f"Wrote {output}.")


@main.command()
@click.option("--year", "water_year", type=click.IntRange(2000, 2200), required=True, help="The water year.")
@click.option("--source", required=True, help="The source of water: surface, groundwater, reclaimed.")
@click.option("--share", required=True, help="The share of the yearly volumes, as 0.35.")
@click.option("--sector", help="Only rights of this sector.")
@click.option("--kind", help="Only rights of this kind.")
@click.option("--zone", help="Only rights in this zone, by its code.")
@click.option("--reserve", default="0", show_default=True, help="What of it is held back, as 0.1.")
@click.option("--only-new", is_flag=True, help="Only rights that have had no share of the year yet.")
@click.option("--reason", default="karez announce", show_default=True, help="Why, for the record.")
@click.option("--preview", is_flag=True, help="Show every account's change, and change nothing.")
@DATA_DIR
@AS_JSON
def announce(
    data_dir: Path | None, as_json: bool, preview: bool, share: str, reserve: str, **chosen: Any
) -> None:
    """Credit a share of every confirmed right of a class, exact to the litre; whole or not at all."""
    from ledger.units import UnitError, parse_decimal
    from market.core import embedded

    try:
        shares = {
            name: parse_decimal(value, scale=6, limit=1_000_000)
            for name, value in (("share_e6", share), ("reserve_e6", reserve))
        }
    except UnitError as error:
        raise OneLine(str(error)) from error
    with embedded.database(Settings.from_environment(data_dir=data_dir), "karez announce") as url:
        import_module("market.announcing").run(url, chosen | shares, preview=preview, as_json=as_json)


for each in (
    auction,
    audit,
    bench,
    compile_floor,
    county,
    distribute,
    pack,
    reconcile,
    sandbox,
    surveil,
    test_county,
    webhooks,
):
    main.add_command(each)

if __name__ == "__main__":
    main()
