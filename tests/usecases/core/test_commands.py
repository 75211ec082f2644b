"""Registers by the command: certificates taken over, a share announced, meters and readings loaded; all proved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from market import prove
from market.cli import main
from market.core import clock, db, ids
from market.core.config import Settings
from market.core.sheets.columns import Register
from market.demo import people, seed
from market.metering.sheets import METERS, READINGS
from market.registry.sheets import CERTIFICATES

YEAR = clock.this_year()


def _csv(path: Path, register: Register, *rows: dict[str, Any]) -> Path:
    lines = [",".join(column.title for column in register.columns)]
    lines += [",".join(str(row.get(column.name, "")) for column in register.columns) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _certificate(number: int, **other: Any) -> dict[str, Any]:
    return {
        "certificate_number": f"OLD-{number}", "holder_kind": "household", "holder_name": f"holder {number}",
        "identifier": people.identity_number(500 + number), "kind": "irrigation_certificate", "source": "surface",
        "sector": "agriculture", "township": "653123101", "canal": "KUSHAN-C1", "volume_litres": "1000.001",
        "valid_from": f"{YEAR}-01-01", "valid_to": f"{YEAR + 4}-12-31",
    } | other  # fmt: skip


class Karez:
    """The command on one database."""

    def __init__(self, url: str, data_dir: Path) -> None:
        self.environment = {
            "DATABASE_URL": url,
            "KAREZ_DATA_DIR": str(data_dir),
            "KAREZ_SECRET_KEY": "k" * 40,
        }

    def __call__(self, *words: str | Path, code: int = 0) -> dict[str, Any]:
        """Its report. The exit code must be this one."""
        done = CliRunner().invoke(main, [*map(str, words), "--json"], env=self.environment)
        assert done.exit_code == code, done.output + repr(done.exception)
        found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return found


@pytest.fixture
def karez(fresh_database_url: str, tmp_path: Path) -> Karez:
    seed.ensure(fresh_database_url, Settings(database_url=fresh_database_url, secret_key="k" * 40))
    return Karez(fresh_database_url, tmp_path)


def test_a_bureau_s_registers_are_taken_over_by_the_command(
    karez: Karez, fresh_database_url: str, tmp_path: Path
) -> None:
    rights = _csv(
        tmp_path / "rights.csv", CERTIFICATES, _certificate(1), _certificate(2, volume_litres="500")
    )
    assert karez("import", "certificates", rights)["certificates"] == 2
    words = ("announce", "--year", str(YEAR), "--source", "surface", "--sector", "agriculture", "--zone", "KUSHAN-C1",
             "--share", "0.5", "--only-new", "--reason", "spring")  # fmt: skip
    preview = karez(*words, "--preview")
    assert (preview["total"], preview["entitlements"], preview["possible"]) == ("750.000", 2, True)
    made = karez(*words)
    assert made["total"] == preview["total"]
    accounts = _accounts(fresh_database_url)
    meters = _csv(tmp_path / "meters.csv", METERS, *(
        {"serial": f"S-{place}", "water_account_id": account, "start_litres": "0"}
        for place, account in enumerate(accounts)
    ))  # fmt: skip
    assert karez("load", "meters", meters)["loaded"] == 2
    now = clock.now().isoformat(timespec="seconds")
    readings = _csv(tmp_path / "readings.csv", READINGS, *(
        {"serial": f"S-{place}", "read_at": now, "counter_litres": "10.5"} for place in range(2)
    ))  # fmt: skip
    assert karez("load", "readings", readings)["loaded"] == 2
    assert prove.run(fresh_database_url)["violations"] == 0


def _accounts(url: str) -> list[str]:
    with db.connect(url) as connection:
        rows = connection.execute(
            "SELECT w.id FROM water_accounts w JOIN participants p ON p.id = w.participant_id"
            " WHERE p.name LIKE 'holder %' ORDER BY w.id"
        ).fetchall()
    return [ids.public("wac", row[0]) for row in rows]


def test_one_bad_row_keeps_all_out_unless_the_good_ones_are_wanted(karez: Karez, tmp_path: Path) -> None:
    rights = _csv(tmp_path / "rights.csv", CERTIFICATES, _certificate(1), _certificate(2, identifier="123"))
    report = karez("import", "certificates", rights, code=1)
    assert (report["certificates"], report["refused"]) == (0, 1)
    assert (report["rows"][0]["row"], report["rows"][0]["column"]) == (3, "D")
    assert karez("import", "certificates", rights, "--partial", code=1)["certificates"] == 1
    meters = _csv(tmp_path / "meters.csv", METERS, {"serial": "S", "water_account_id": "wac_nobody"})
    report = karez("load", "meters", meters, code=1)
    assert (report["loaded"], report["refused"]) == (0, 1)


def test_a_template_is_a_workbook_of_its_register(tmp_path: Path) -> None:
    for register in ("certificates", "meters", "readings"):
        path = tmp_path / f"{register}.xlsx"
        done = CliRunner().invoke(main, ["template", register, str(path)])
        assert done.exit_code == 0, done.output
        assert path.read_bytes()[:2] == b"PK"
