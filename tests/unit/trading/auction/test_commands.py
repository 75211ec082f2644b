"""`karez auction verify` and `karez auction replay`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from market.cli import main
from market.trading.auction import BUY, SELL, canonical, clear, record
from market.trading.auction.record import sealed
from tests.unit.trading.auction.markets import market_of


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """The file of a good record."""
    market = market_of([(SELL, 0, 2000, 10_000), (BUY, 0, 3000, 10_000)], references=(2500,))
    file = tmp_path / "call.json"
    file.write_bytes(canonical(record(market, clear(market))))
    return file


@pytest.mark.parametrize("command", ["verify", "replay"])
def test_a_good_record_is_good(good: Path, command: str) -> None:
    done = CliRunner().invoke(main, ["auction", command, str(good), "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["good"] is True


@pytest.mark.parametrize("command", ["verify", "replay"])
def test_a_tampered_record_is_refused_by_name(good: Path, command: str) -> None:
    found = json.loads(good.read_bytes())
    found["result"]["fund"] -= 1
    good.write_bytes(canonical(sealed(found)))
    done = CliRunner().invoke(main, ["auction", command, str(good)])
    assert done.exit_code == 1
    assert "refused: money" in done.stdout


def test_what_is_no_record_is_told_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "no.json"
    file.write_text("{")
    done = CliRunner().invoke(main, ["auction", "verify", str(file)])
    assert done.exit_code == 1
    assert done.stderr.startswith("karez: ") and done.stderr.count("\n") == 1
