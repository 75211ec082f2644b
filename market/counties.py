"""`karez pack`, `karez county` and `karez test-county`: packs checked and installed, a test county made anew."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import click

from market.core.config import Settings
from market.core.options import DATA_DIR


@click.group()
def pack() -> None:
    """County packs."""


@pack.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def pack_check(file: Path) -> None:
    """Check the county pack FILE. Exits 1 and names the line of each mistake if there is one."""
    text = import_module("market.county.shipped").dated(file.read_text(encoding="utf-8"))
    import_module("market.county.loader").load(text)
    click.echo(f"{file} is a good county pack.")


@click.group()
def county() -> None:
    """The county of this installation."""


@county.command("install")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@DATA_DIR
def county_install(file: Path | None, data_dir: Path | None) -> None:
    """Install the county pack FILE, or the one that comes with Karez."""
    from market.core import embedded

    with embedded.database(Settings.from_environment(data_dir=data_dir), "karez county install") as url:
        import_module("market.installation").run(url, file)
    click.echo("The county pack is installed.")


@click.group("test-county")
def test_county() -> None:
    """The test county beside the live one."""


@test_county.command("reset")
@DATA_DIR
def test_county_reset(data_dir: Path | None) -> None:
    """Make the test county anew, its clock at the present, also beside a running server; its keys go on working."""
    from market.core import embedded

    settings = Settings.from_environment(data_dir=data_dir)
    with embedded.database(settings, "karez test-county reset") as url:
        import_module("market.test_county").reset(replace(settings, database_url=url))
    click.echo("The test county is as it was at the beginning.")
