"""`karez bench pages`: how long each page takes at the server, at the size of the demonstration county.

A county is played as `karez demo county` does, then every page that a reader can come to by links is opened, one of
each kind, one reader after another. Times are of whole answers over the loopback, without styles and scripts.
"""

from __future__ import annotations

import re
import secrets
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import structlog
from rich.console import Console

from market.bench import machine, publish
from market.bench.serving import serving
from market.core import datadir, db, embedded
from market.core.config import Settings
from market.core.datadir import OperatorError
from market.demo import people, seed
from market.demo.county import folk

BAR_MS = 100.0
BAR_BYTES = 200_000
RUNS = 9
READERS = (
    None, "farmer", "factory", "registrar", "reviewer", "supervisor", "treasurer", "auditor", "administrator",
    folk.KUSHAN.login, folk.firm_login(0), folk.VERIFIER.login, folk.BANK.login, folk.CLERK.login, "department",
)  # fmt: skip
STARTS = ("/", "/my", "/firm", "/desk", "/account", "/counter")
_LINK = re.compile(r'<a [^>]*href="([^"#]+)')
_SECRET = re.compile(r'name="_csrf" value="([^"]*)"')
_ID = re.compile(r"\b[a-z]{3}_[0-9A-HJKMNP-TV-Z]{26}\b")
_NO_PAGE = re.compile(r"^/(v1|assets)\b|/pdf$|\.(csv|xlsx|json)$")


def run(as_json: bool) -> None:
    """Measures on a server of its own under var/bench-pages; playing the county takes minutes."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    console = Console(stderr=True, quiet=as_json)
    place = Path("var/bench-pages")
    shutil.rmtree(place, ignore_errors=True)
    data_dir = datadir.prepare(place)
    server = embedded.Server(data_dir)
    server.start()
    try:
        with console.status("playing a season of the county") as status:
            db.migrate(server.url())
            settings = Settings(
                data_dir=data_dir / "up", database_url=server.url(), secret_key=secrets.token_hex(32),
                requests_per_minute=0, port=0, log_level="error", demonstration=True,
            )  # fmt: skip
            seed.ensure(server.url(), settings)
            with serving(settings) as up:
                url = f"http://127.0.0.1:{up.port}"
                _play(url)
                found = [each for reader in READERS for each in _measure(url, reader, status.update)]
            with db.connect(server.url()) as connection:
                facts = machine(connection)
    finally:
        server.stop()
        shutil.rmtree(place, ignore_errors=True)
    _tell(found, facts, as_json=as_json)


def _play(url: str) -> None:
    command = [
        sys.executable,
        "-m",
        "market.cli",
        "demo",
        "county",
        "--url",
        url,
        "--size",
        "whole",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OperatorError(f"the season was not played: {done.stderr.strip().splitlines()[-1:]}")


def _measure(url: str, reader: str | None, say: Any) -> Iterator[dict[str, Any]]:
    """The time of one page of each kind that a reader can come to."""
    http = requests.Session()
    http.trust_env = False
    http.headers["Accept"] = "text/html"
    if reader is not None:
        _sign_in(http, url, reader)
    waiting, known = list(STARTS), set[str]()
    while waiting:
        path = waiting.pop(0)
        kind = _ID.sub("*", urlsplit(path).path)
        if kind in known or _NO_PAGE.search(urlsplit(path).path) or not path.startswith("/"):
            continue
        known.add(kind)
        answer = http.get(urljoin(url, path), timeout=60)
        if answer.status_code != 200 or answer.history:
            continue
        say(f"{reader or 'everyone'} {kind}")
        waiting += [each.replace("&amp;", "&") for each in _LINK.findall(answer.text)]
        times = []
        for _ in range(RUNS):
            begun = time.perf_counter()
            http.get(urljoin(url, path), timeout=60)
            times.append((time.perf_counter() - begun) * 1000)
        yield {
            "reader": reader or "everyone", "page": kind, "ms": round(statistics.median(times), 1),
            "most_ms": round(max(times), 1), "bytes": len(answer.content),
        }  # fmt: skip


def _sign_in(http: requests.Session, url: str, login: str) -> None:
    form = _SECRET.search(http.get(f"{url}/sign-in", timeout=60).text)
    body = {"login": login, "password": people.password_of(login), "_csrf": form[1] if form else ""}
    answer = http.post(f"{url}/sign-in", data=body, timeout=60)
    if "karez_access" not in http.cookies:
        raise OperatorError(f"{login} cannot sign in: {answer.status_code}")


def _tell(found: list[dict[str, Any]], facts: dict[str, Any], *, as_json: bool) -> None:
    slowest = sorted(found, key=lambda each: -each["ms"])
    publish(
        bench="pages",
        ratios={
            "slowest": BAR_MS / slowest[0]["ms"],
            "median": BAR_MS / statistics.median(each["ms"] for each in found),
            "heaviest": BAR_BYTES / max(each["bytes"] for each in found),
        },
        baseline=f"a page that takes {BAR_MS:.0f} ms at the server (heaviest: one of {BAR_BYTES} bytes)",
        runs=RUNS,
        detail={"kinds_of_pages": len(found), "pages": slowest},
        machine=facts,
        as_json=as_json,
    )
