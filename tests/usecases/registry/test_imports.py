"""Certificates of a bureau's register taken over from a file: whole, once, with their holders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from market import cli, prove
from market.core import db
from market.core.sheets.errors import RowsWrong, WrongSheet
from market.registry import entitlements, imports
from tests.usecases.registry import certificate_files
from tests.usecases.registry.county import REGISTRAR, Registry

SECRET = b"secret of the tests"


def _take(registry: Registry, path: Path, *, partial: bool = False) -> imports.Imported:
    return imports.import_certificates(
        registry.session, actor=REGISTRAR, secret=SECRET, source=path, partial=partial
    )


def _count(registry: Registry, table: str) -> int:
    query = {
        "entitlements": "SELECT count(*) FROM entitlements",
        "participants": "SELECT count(*) FROM participants",
    }
    row = db.raw(registry.session).execute(query[table]).fetchone()
    assert row is not None
    return int(row[0])


def test_certificates_are_confirmed_rights_of_admitted_holders(registry: Registry, tmp_path: Path) -> None:
    """12 households of the Manas kind: 10.32 mu and 4 180 m3 (vectors/households.json)."""
    done = _take(registry, certificate_files.write(tmp_path / "c.xlsx", certificate_files.rows(12)))
    assert (done.certificates, done.new_participants, done.found.refused) == (12, 12, 0)
    rows = (
        db.raw(registry.session)
        .execute(
            "SELECT e.certificate_number, e.volume_litres, e.land_mu_e2, e.status, p.name, p.status, m.id IS NOT NULL"
            " FROM entitlements e JOIN participants p ON p.id = e.participant_id"
            " LEFT JOIN money_accounts m ON m.participant_id = p.id ORDER BY e.id LIMIT 1"
        )
        .fetchone()
    )
    assert rows == ("OLD-SW-2014-000001", 4_180_000, 1_032, "confirmed", "农户 1", "admitted", True)
    registry.announce(share="1")
    assert sum(a.water_year == 2026 for a in registry.accounts_of(_holder(registry, "农户 12"))) == 1
    assert prove.broken(db.raw(registry.session), 2, 3, 4, 5, 10) == []


def _holder(registry: Registry, name: str) -> int:
    row = db.raw(registry.session).execute("SELECT id FROM participants WHERE name = %s", (name,)).fetchone()
    assert row is not None
    return int(row[0])


def test_a_holder_with_two_certificates_is_one_participant(registry: Registry, tmp_path: Path) -> None:
    lines = list(certificate_files.rows(2))
    lines[1][2:4] = lines[0][2:4]
    done = _take(registry, certificate_files.write(tmp_path / "c.xlsx", iter(lines)))
    assert (done.certificates, done.new_participants) == (2, 1)
    more = [[*lines[0]]]
    more[0][0] = "OLD-SW-2014-000003"
    later = _take(registry, certificate_files.write(tmp_path / "d.xlsx", iter(more)))
    assert (later.certificates, later.new_participants) == (1, 0)


def test_the_next_number_of_a_series_comes_after_those_taken_over(registry: Registry, tmp_path: Path) -> None:
    [line] = certificate_files.rows(1)
    year = registry.right(volume_m3="1").certificate_number
    assert year is not None
    series = year.rpartition("-")[0]
    line[0] = f"{series}-000900"
    _take(registry, certificate_files.write(tmp_path / "c.xlsx", iter([line])))
    assert registry.right(volume_m3="1").certificate_number == f"{series}-000901"


def test_a_bad_row_keeps_the_whole_file_out_unless_partial(registry: Registry, tmp_path: Path) -> None:
    lines = list(certificate_files.rows(9))
    lines[1][3] = "652324195001010011"  # a wrong check digit
    lines[2][0] = lines[0][0]  # a number that stands there twice
    lines[3][7] = "T9"
    lines[4][13] = "2014-01-01"
    lines[5][4:6] = ["abstraction_permit", "surface"]  # of thirty years
    lines[6][2:4] = ["other", lines[0][3]]  # the first one's identifier under another name
    lines[7][9] = "0"
    path = certificate_files.write(tmp_path / "c.xlsx", iter(lines))
    before = _count(registry, "entitlements"), _count(registry, "participants")
    with pytest.raises(RowsWrong) as caught, registry.session.begin_nested():
        _take(registry, path)
    assert (_count(registry, "entitlements"), _count(registry, "participants")) == before
    assert {(each["row"], each["code"]) for each in caught.value.extra["rows"]} >= {
        (3, "wrong_identifier"),
        (4, "duplicated_row"),
        (5, "unknown_township"),
        (6, "term_backwards"),
        (7, "term_too_long"),
        (9, "not_positive"),
    }
    done = _take(registry, path, partial=True)
    assert (done.certificates, done.found.refused) == (2, 7)
    assert (8, "holder_differs") in {(each.row, each.code) for each in done.found.problems}
    with pytest.raises(RowsWrong), registry.session.begin_nested():
        _take(registry, path)  # what was taken over is known now


def test_a_file_of_another_register_is_refused(registry: Registry, tmp_path: Path) -> None:
    from market.core.sheets.writing import template
    from market.registry.sheets import APPLICATIONS

    path = tmp_path / "wrong.xlsx"
    path.write_bytes(template(APPLICATIONS))
    with pytest.raises(WrongSheet):
        _take(registry, path)


def _karez(url: str, *arguments: str) -> Result:
    environment = {"DATABASE_URL": url, "KAREZ_SECRET_KEY": "a key of the tests, long enough for every use"}
    return CliRunner().invoke(cli.main, ["import", *arguments], env=environment)


def test_the_command_takes_a_file_over_and_says_what_it_took(committed_county: str, tmp_path: Path) -> None:
    path = certificate_files.write(tmp_path / "c.xlsx", certificate_files.rows(30))
    done = _karez(committed_county, "certificates", str(path), "--json")
    report = json.loads(done.output)
    assert (done.exit_code, report["certificates"], report["participants"], report["refused"]) == (
        0,
        30,
        30,
        0,
    )
    assert report["peak_mib"] > 0 and report["seconds"]
    again = _karez(committed_county, "certificates", str(path))
    assert again.exit_code == 1
    assert "row 2, column A: there is a right with this number" in again.output
    assert prove.run(committed_county)["violations"] == 0


def test_a_right_taken_over_can_be_suspended_like_any(registry: Registry, tmp_path: Path) -> None:
    _take(registry, certificate_files.write(tmp_path / "c.xlsx", certificate_files.rows(1)))
    row = (
        db.raw(registry.session)
        .execute("SELECT id FROM entitlements WHERE certificate_number = 'OLD-SW-2014-000001'")
        .fetchone()
    )
    assert row is not None
    done = entitlements.suspend(registry.session, actor=REGISTRAR, entitlement_id=row[0], reason="test")
    assert done.status == "suspended"
