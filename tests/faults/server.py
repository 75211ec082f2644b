"""A running `karez up` for tests that hurt it, and the farmers who trade there, all over HTTP."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from market.core import clock, embedded
from market.demo import people
from market.demo.client import Caller

COMMAND = [sys.executable, "-m", "market.cli"]
UNLIMITED = {"KAREZ_REQUESTS_PER_MINUTE": "0", "KAREZ_LOG_LEVEL": "warning", "KAREZ_WORKERS": "2"}
"""Load from one address would pass the limits that a stranger has."""
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | UNLIMITED
YEAR = clock.this_year()
STOP_WITHIN_S = 90


@dataclass(frozen=True)
class Running:
    """A running installation: its supervisor's process id, its address, where it keeps everything."""

    process_id: int
    url: str
    data_dir: Path

    @property
    def port(self) -> int:
        """The port that it listens on, at 127.0.0.1."""
        return int(self.url.rpartition(":")[2])

    def database_url(self) -> str:
        """The URL of its database."""
        found = embedded.running_url(self.data_dir)
        assert found is not None, "the database does not run"
        return found

    def product(self) -> str:
        """The public id of the product of this year's surface water."""
        products = Caller(self.url).get("/v1/products")["data"]
        found: str = next(each["id"] for each in products if each["code"] == f"surface-{YEAR}")
        return found

    def violations(self) -> list[dict[str, Any]]:
        """The invariants that `karez prove` finds broken, beside the running server."""
        done = subprocess.run(
            [*COMMAND, "prove", "--json", "--data-dir", str(self.data_dir)],
            capture_output=True, text=True, check=False, env=ENVIRONMENT,
        )  # fmt: skip
        report = json.loads(done.stdout)
        assert done.returncode == (1 if report["violations"] else 0), done.stderr
        return [each for each in report["invariants"] if each["violations"]]


@contextlib.contextmanager
def place_of_its_own() -> Iterator[Path]:
    """An empty data directory, not below pytest's: another run that begins closes that one to the database's user."""
    with tempfile.TemporaryDirectory(prefix="karez-") as place:
        yield Path(place)


@contextlib.contextmanager
def running(data_dir: Path) -> Iterator[Running]:
    """`karez up` on a free port with the demonstration county, for the length of a block."""
    if "KAREZ_TEST_DAYS_ON" in os.environ:
        pytest.skip("a server of its own has the clock of this machine")
    command = [*COMMAND, "up", "--port", "0", "--data-dir", str(data_dir), "--json"]
    with open(data_dir / "up.log", "w", encoding="utf-8") as said:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True, env=ENVIRONMENT)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, (data_dir / "up.log").read_text(encoding="utf-8")
        yield Running(process.pid, json.loads(line)["url"], data_dir)
    finally:
        process.terminate()
        process.wait(STOP_WITHIN_S)
        process.stdout.close()


@dataclass(frozen=True)
class Farmer:
    """A household with water or money: signed in, its participant and its water account by their public ids."""

    caller: Caller
    login: str
    participant: str
    account: str

    @property
    def token(self) -> str:
        """What goes into the header Authorization."""
        return str(self.caller.http.headers["Authorization"])


class Village:
    """Admits households to a running installation and gives them water and money, as the bureau does."""

    def __init__(self, server: Running) -> None:
        self.server = server
        self.registrar = Caller(server.url, "registrar")
        self.treasurer = Caller(server.url, "treasurer")
        self._admitted = 0

    def household(
        self, *, township: str, canal: str, right_m3: int = 0, share: str = "1", money_yuan: int = 0
    ) -> Farmer:
        """A household at a place. `share` of its right (m3 a year) is announced; without a right it only buys."""
        self._admitted += 1
        login = f"household-{self._admitted}"
        participant = self._admit(login)
        caller = Caller(self.server.url, login)
        if right_m3:
            self._right(participant, township, canal, right_m3)
            self._announce(canal, share)
            account = caller.get("/v1/water-accounts", water_year=YEAR)["data"][0]["id"]
        else:
            account = self._open(participant, township, canal)
        if money_yuan:
            self._deposit(caller, participant, money_yuan)
        return Farmer(caller, login, participant, account)

    def _admit(self, login: str) -> str:
        applied = Caller(self.server.url).post(
            "/v1/participants",
            {
                "kind": "household",
                "name": login,
                "identifier": people.identity_number(5_000 + self._admitted),
                "roles": ["holder"],
                "login": login,
                "password": people.password_of(login),
                "user_name": login,
            },
        )
        self.registrar.post(f"/v1/participants/{applied['id']}/admit", {"reason": "identity checked"})
        found: str = applied["id"]
        return found

    def _right(self, participant: str, township: str, canal: str, volume_m3: int) -> None:
        applied = self.registrar.post(
            "/v1/entitlements",
            {
                "participant_id": participant,
                "kind": "irrigation_certificate",
                "source": "surface",
                "sector": "agriculture",
                "township": township,
                "canal": canal,
                "volume": str(volume_m3),
                "valid_from": f"{YEAR}-01-01",
                "valid_to": f"{YEAR + 4}-12-31",
            },
        )
        self.registrar.post(f"/v1/entitlements/{applied['id']}/confirm")

    def _announce(self, canal: str, share: str) -> None:
        self.registrar.post("/v1/announcements", announcement(canal, share) | {"only_new": True})

    def _open(self, participant: str, township: str, canal: str) -> str:
        place = {"township": township, "canal": canal, "sector": "agriculture", "source": "surface"}
        body = {"participant_id": participant, "water_year": YEAR, **place}
        found: str = self.registrar.post("/v1/water-accounts", body)["id"]
        return found

    def _deposit(self, caller: Caller, participant: str, money_yuan: int) -> None:
        body = {
            "money_account_id": caller.get("/v1/money-accounts")["data"][0]["id"],
            "amount": f"{money_yuan}.00",
            "bank_reference": f"TEST-{participant}",
            "value_date": clock.today().isoformat(),
        }
        self.treasurer.post("/v1/deposits", body)


def announcement(zone: str, share: str) -> dict[str, Any]:
    """The body of an announcement for the irrigation certificates of a zone."""
    return {
        "water_year": YEAR,
        "source": "surface",
        "sector": "agriculture",
        "kind": "irrigation_certificate",
        "zone": zone,
        "share": share,
        "reason": "tests",
    }
