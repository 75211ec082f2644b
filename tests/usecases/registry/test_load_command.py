"""`karez template` and `karez load` for the registers of a bureau: what is written can be filled and loaded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook

from market import cli, prove
from market.core import db
from market.core.ids import public
from market.demo.people import credit_code


def _karez(url: str, *arguments: str) -> Result:
    environment = {"DATABASE_URL": url, "KAREZ_SECRET_KEY": "a key of the tests, long enough for every use"}
    return CliRunner().invoke(cli.main, arguments, env=environment)


def _filled(url: str, register: str, path: Path, *rows: list[str]) -> Path:
    assert _karez(url, "template", register, str(path)).exit_code == 0
    book = load_workbook(path)
    for row in rows:
        book.worksheets[0].append(row)
    book.save(path)
    return path


def test_a_bureau_loads_its_factories_with_their_caps_and_accounts(
    committed_county: str, tmp_path: Path
) -> None:
    url = committed_county
    people = _filled(url, "participants", tmp_path / "p.xlsx", ["企业", "水泥厂", credit_code(1), "", "是"])
    done = _karez(url, "load", "participants", str(people), "--json")
    assert (done.exit_code, json.loads(done.output)["loaded"]) == (0, 1)
    limit = ["CAP-I", "cap", "2026", "500.000", "T1", "", "", "industry", "plan"]
    limits = _filled(url, "limits", tmp_path / "l.xlsx", limit)
    assert "1 limits loaded, 0 rows refused" in _karez(url, "load", "limits", str(limits)).output
    db.unlock_ids(url)
    with db.connect(url) as connection:
        row = connection.execute("SELECT id FROM participants WHERE name = '水泥厂'").fetchone()
    assert row is not None
    account = [public("par", row[0]), "T1", "K1", "工业", "surface", "2026"]
    accounts = _filled(url, "water-accounts", tmp_path / "w.xlsx", account)
    assert _karez(url, "load", "water-accounts", str(accounts)).exit_code == 0
    again = _karez(url, "load", "water-accounts", str(accounts))
    assert again.exit_code == 1
    assert "row 2: the participant has this account" in again.output
    assert "0 water-accounts loaded, 1 rows refused" in again.output
    assert prove.run(url)["violations"] == 0


@pytest.mark.parametrize("register", list(cli.REGISTERS))
def test_every_register_has_a_template(tmp_path: Path, register: str) -> None:
    assert _karez("postgresql://nowhere", "template", register, str(tmp_path / "t.xlsx")).exit_code == 0
    assert load_workbook(tmp_path / "t.xlsx").worksheets[0].max_row == 1
