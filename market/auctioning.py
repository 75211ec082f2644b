"""`karez auction`: the record of a call checked without a solver, and cleared again."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

import click

from market.core.datadir import OperatorError
from market.core.options import AS_JSON

RECORD = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
LARGEST_BYTES = 2 * 1024**3


@click.group()
def auction() -> None:
    """Records of call auctions (GET /v1/calls/ID/record)."""


@auction.command()
@RECORD
@AS_JSON
def verify(file: Path, as_json: bool) -> None:
    """Check the clearing record FILE without a solver, in integers; exits 1 and names each check that fails."""
    wrong: list[str] = import_module("market.trading.verify").verify(_read(file))
    if as_json:
        click.echo(json.dumps({"good": not wrong, "wrong": wrong}, ensure_ascii=False))
    elif wrong:
        click.echo("\n".join(f"karez: {each}" for each in wrong), err=True)
    else:
        click.echo(f"{file}: every check holds.")
    sys.exit(1 if wrong else 0)


@auction.command()
@RECORD
@AS_JSON
def replay(file: Path, as_json: bool) -> None:
    """Clear the call of the record FILE again: from its witness to the byte, then by a fresh solve.

    Exits 1 where the record is refused, does not follow from its witness, or a fresh solve differs.
    """
    from market.trading.auction.model import BadMarket
    from market.trading.auction.solver import ClearingHalted

    data = _read(file)
    wrong: list[str] = import_module("market.trading.verify").verify(data)
    repeats, differs = False, []
    if not wrong or all(not each.startswith(("format", "shape")) for each in wrong):
        try:
            found = import_module("market.trading.auction.replay").replay(data)
        except (BadMarket, ClearingHalted, KeyError, TypeError, ValueError) as error:
            raise OperatorError(f"{file} cannot be cleared again: {error}") from error
        repeats, differs = found.repeats, found.differs
    same = repeats and not differs and not wrong
    if as_json:
        told = {"same": same, "wrong": wrong, "repeats": repeats, "differs": differs}
        click.echo(json.dumps(told, ensure_ascii=False))
    elif same:
        click.echo(f"{file}: same, from the witness and by a fresh solve.")
    else:
        lines = [*wrong, *differs] + ([] if repeats else ["witness: the result does not follow from it"])
        click.echo("\n".join(f"karez: {each}" for each in lines), err=True)
    sys.exit(0 if same else 1)


def _read(file: Path) -> bytes:
    """The record's bytes. Errors: OperatorError."""
    if file.stat().st_size > LARGEST_BYTES:
        raise OperatorError(f"{file} is larger than any record")
    return file.read_bytes()
