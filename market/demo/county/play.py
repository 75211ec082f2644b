"""A season from its first chapter to its last, with a bar for who watches."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from market.demo import people
from market.demo.county import (
    auctions,
    bank,
    bills,
    deals,
    farmer,
    firms,
    folk,
    register,
    rights,
    savings,
    shortage,
    supervision,
    trading,
    water,
)
from market.demo.county.season import SIZES, Season

Chapter = tuple[str, Callable[[Season], None]]
CHAPTERS: tuple[Chapter, ...] = (
    ("参与主体 Who takes part", register.play),
    ("水权与年度水量 Rights and allocations", rights.play),
    ("计量与用水 Meters and use", water.play),
    ("盘口与审核 Books and reviews", trading.play),
    ("竞价与回购 Bidding and buy-back", auctions.play),
    ("协议、托管与质押 Deals, trusts, pledges", deals.play),
    ("示范农户 The demonstration farmer", farmer.play),
    ("节水服务企业 Service firms", firms.play),
    ("合同节水 Saving contracts", savings.play),
    ("开户银行 The bank", bank.play),
    ("水费 Water bills", bills.play),
    ("限水 A short township", shortage.play),
    ("监管 Supervision", supervision.play),
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
    sign_ins = (
        *people.EVERYONE,
        *folk.BUREAU,
        *(who for who, _ in folk.SIGN_INS),
        savings.SECOND_VERIFIER,
        folk.firm(0),
    )
    return {
        "demonstration": True,
        "size": size,
        "seed": seed,
        "seconds": f"{time.monotonic() - began:.1f}",
        "chapters_seconds": took,
        "counts": dict(sorted(season.counts.items())),
        "sign_ins": [
            {"login": each.login, "password": each.password, "roles": list(each.roles), "name": each.name}
            for each in sign_ins
        ],
    }


def show(report: dict[str, Any]) -> None:
    """Prints what a season left, for people."""
    table = Table(title=f"示范县一季 · A season of the demonstration county ({report['seconds']} s)")
    table.add_column("")
    table.add_column("", justify="right")
    for name, number in report["counts"].items():
        table.add_row(name.replace("_", " "), str(number))
    Console().print(table)
    names = Table(title="示范账号 · Sign-ins of the demonstration: they open made-up accounts only")
    for title in ("login", "password", ""):
        names.add_column(title)
    for each in report["sign_ins"]:
        names.add_row(each["login"], each["password"], each["name"])
    Console().print(names)
