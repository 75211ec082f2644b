"""A season from its first chapter to its last, with a bar for who watches."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from market.demo.county import register, rights
from market.demo.county.season import SIZES, Season

Chapter = tuple[str, Callable[[Season], None]]
CHAPTERS: tuple[Chapter, ...] = (
    ("参与主体 Who takes part", register.play),
    ("水权与年度水量 Rights and allocations", rights.play),
)


def run(url: str, *, size: str, seed: int, quiet: bool = False) -> dict[str, Any]:
    """Plays a season and returns what there is now. Errors: StoryFailed."""
    season = Season(url, SIZES[size], seed, random.Random(seed))
    began, took = time.monotonic(), {}
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=Console(stderr=True), disable=quiet,
    ) as bar:  # fmt: skip
        task = bar.add_task("", total=len(CHAPTERS))
        for title, chapter in CHAPTERS:
            bar.update(task, description=title)
            chapter_began = time.monotonic()
            chapter(season)
            took[title] = f"{time.monotonic() - chapter_began:.1f}"
            bar.advance(task)
    return {
        "demonstration": True,
        "size": size,
        "seed": seed,
        "seconds": f"{time.monotonic() - began:.1f}",
        "chapters_seconds": took,
        "counts": dict(sorted(season.counts.items())),
    }


def show(report: dict[str, Any]) -> None:
    """Prints what a season left, for people."""
    table = Table(title=f"示范县一季 · A season of the demonstration county ({report['seconds']} s)")
    table.add_column("")
    table.add_column("", justify="right")
    for name, number in report["counts"].items():
        table.add_row(name.replace("_", " "), str(number))
    Console().print(table)
