"""`karez bench` and `karez compile`: how fast it is, and the exchange floor made faster."""

from __future__ import annotations

import json
import time
from importlib import import_module

import click

from market.core.datadir import OperatorError
from market.core.options import AS_JSON


@click.command()
@click.argument("name")
@AS_JSON
def bench(name: str, as_json: bool) -> None:
    """Measure the benchmark NAME as ratios to a baseline of the same run."""
    known = import_module("market.bench").BENCHMARKS
    if name not in known:
        raise OperatorError(f"there is no benchmark {name}; there are: {', '.join(known)}")
    if name == "matching":  # before anything of the floor is imported
        _compile_if_possible()
    import_module(f"market.bench.{name}").run(as_json)


def _compile_if_possible() -> None:
    try:
        import_module("market.compiling").make()
    except OperatorError as error:
        click.echo(f"karez: the floor is measured as it is interpreted: {error}", err=True)


@click.command("compile")
@AS_JSON
def compile_floor(as_json: bool) -> None:
    """Compile the exchange floor; what starts from now on uses it.

    Takes half a minute, a C compiler and the extra `compile`. The same sources run without it, only slower; after a
    change of them, or with another Python, they do so until they are compiled again.
    """
    from rich.console import Console

    started = time.monotonic()
    with Console(stderr=True, quiet=as_json).status("compiling the exchange floor"):
        directory = import_module("market.compiling").make()
    seconds = round(time.monotonic() - started, 1)
    if as_json:
        click.echo(json.dumps({"directory": str(directory), "seconds": seconds}))
    else:
        click.echo(f"The exchange floor is compiled ({seconds} s): {directory}")
