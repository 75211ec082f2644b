"""A server of a benchmark's own, those who trade on it, and the load that they make, each in processes of its own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec
from flask import Flask

from market.bench import crowd
from market.bench.load import Order
from market.core import db, ids
from market.core.config import Settings
from market.core.datadir import OperatorError
from market.participants import tokens
from market.participants.models import User

CLIENTS = 32


@dataclass(frozen=True)
class Up:
    """A running server: the ports of its API and of its feed, at 127.0.0.1, the feed's path, its supervisor's id."""

    port: int
    feed_port: int
    feed_path: str
    process_id: int


@contextlib.contextmanager
def serving(settings: Settings) -> Iterator[Up]:
    """An engine, a feed and web workers of their own, by `karez up`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "market.cli", "up", "--port", "0", "--no-demonstration", "--json"],
        env=os.environ | settings.environment(), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise OperatorError("the server did not start")
        facts = json.loads(line)
        feed = urlsplit(facts["feed_url"])
        assert feed.port is not None
        yield Up(int(facts["url"].rpartition(":")[2]), feed.port, feed.path, process.pid)
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()


def traders_of(url: str, settings: Settings, people: crowd.Crowd) -> list[tuple[str, str]]:
    """Tokens and accounts of sellers and buyers by turns."""
    app = Flask("bench")
    tokens.configure(app, settings)
    pairs = zip(people.sellers[:CLIENTS], people.buyers[:CLIENTS], strict=True)
    found = []
    with app.app_context(), db.transaction(url) as session:
        for farmer in (each for pair in pairs for each in pair):
            user = session.get(User, farmer.user)
            assert user is not None
            token = tokens.sign_in(session, user).access_token
            found.append((token, ids.public("wac", farmer.account)))
    return found


def drive(order: Order) -> dict[str, Any]:
    """Runs the generator in a process of its own. Errors: OperatorError."""
    done = subprocess.run(
        [sys.executable, "-m", "market.bench.load"], input=msgspec.json.encode(order).decode(), text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise OperatorError(f"the load failed: {done.stderr.strip().splitlines()[-1]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result
