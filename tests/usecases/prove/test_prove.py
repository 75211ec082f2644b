"""`karez prove` finds nothing in a sound market, and exactly what is wrong in one that was tampered with."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from market import cli, prove
from market.core import db
from market.proofs import NAMES
from tests.usecases.prove import good
from tests.usecases.prove.mechanism_plants import PLANTS
from tests.usecases.prove.plants import Plant

GOOD, COPY, GROUND = (f"karez_test_{os.getpid()}_{name}" for name in ("good", "planted", "ground"))

BROKEN = next(each for each in PLANTS if each.name == "an order open past its expiry")


@pytest.fixture(scope="module")
def good_url(server_url: str, template_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A sound market to which nobody is connected."""
    url = db.create_database(server_url, GOOD, template=template_name)
    good.make(url, tmp_path_factory.mktemp("good"))
    yield url
    db.dispose(url)
    db.drop_database(server_url, GOOD)


@pytest.fixture
def planted_url(server_url: str, good_url: str) -> Iterator[str]:
    """A copy of it."""
    url = db.create_database(server_url, COPY, template=GOOD)
    yield url
    db.drop_database(server_url, COPY)


@pytest.fixture(scope="module")
def ground(server_url: str, good_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to another copy: what is planted on it is taken back, so that queries are planned once."""
    url = db.create_database(server_url, GROUND, template=GOOD)
    with db.connect(url) as connection:
        yield connection
    db.drop_database(server_url, GROUND)


def _plant(url: str, planted: Plant) -> None:
    with db.connect(url) as connection:
        _change(connection, planted)


def _change(connection: psycopg.Connection[Any], planted: Plant) -> None:
    connection.execute("SET LOCAL session_replication_role = replica")
    for statement in planted.statements:
        changed = connection.execute(statement).rowcount
        assert changed != 0, f"nothing to change: {statement}"


def _karez(url: str, *arguments: str) -> Result:
    return CliRunner().invoke(cli.main, arguments, env={"DATABASE_URL": url})


def _found(url: str) -> dict[int, list[list[str]]]:
    report = prove.run(url)
    return {each["number"]: each["sample"] for each in report["invariants"] if each["violations"]}


def test_a_sound_market_breaks_no_invariant(good_url: str) -> None:
    assert _found(good_url) == {}


@pytest.mark.parametrize("planted", PLANTS, ids=lambda planted: f"{min(planted.found)} {planted.name}")
def test_what_is_wrong_is_found_under_its_number_and_no_other(
    ground: psycopg.Connection[Any], planted: Plant
) -> None:
    try:
        _change(ground, planted)
        found = {number: rows for number, rows in prove.violations(ground).items() if rows}
    finally:
        ground.rollback()
    assert found.keys() == planted.found, found


def test_every_invariant_has_a_violation_that_is_found() -> None:
    assert {number for planted in PLANTS for number in planted.found} == NAMES.keys()


def test_the_command_says_so_to_people_and_exits_0_or_1(good_url: str, planted_url: str) -> None:
    sound = _karez(good_url, "prove")
    assert sound.exit_code == 0
    assert sound.output.splitlines()[-1] == "0 violations"
    assert [line.split()[:2] for line in sound.output.splitlines()[:-1]] == [[str(n), "0"] for n in NAMES]
    _plant(planted_url, BROKEN)
    wrong = _karez(planted_url, "prove")
    assert wrong.exit_code == 1
    assert wrong.output.splitlines()[-1] == "1 violations"
    assert "an order is open past its expiry" in wrong.output


def test_the_command_says_so_to_programs_and_exits_0_or_1(good_url: str, planted_url: str) -> None:
    sound = _karez(good_url, "prove", "--json")
    assert sound.exit_code == 0
    assert json.loads(sound.output) == {
        "violations": 0,
        "invariants": [
            {"number": number, "name": name, "violations": 0, "sample": []} for number, name in NAMES.items()
        ],
    }
    _plant(planted_url, BROKEN)
    wrong = _karez(planted_url, "prove", "--json")
    assert wrong.exit_code == 1
    report = json.loads(wrong.output)
    assert report["violations"] == 1
    [found] = [each for each in report["invariants"] if each["violations"]]
    assert (found["number"], found["violations"]) == (14, 1)
    assert found["sample"][0][0] == "an order is open past its expiry"


def test_of_many_violations_only_a_few_are_shown_and_all_are_counted(planted_url: str) -> None:
    with db.connect(planted_url) as connection:
        connection.execute("SET session_replication_role = replica")
        trades = connection.execute("UPDATE trades SET fee_fen = fee_fen + 1").rowcount
    [found] = [each for each in prove.run(planted_url)["invariants"] if each["violations"]]
    assert trades > prove.SAMPLE
    assert (found["number"], found["violations"], len(found["sample"])) == (10, trades, prove.SAMPLE)


def test_audit_verify_finds_a_changed_link_and_only_that(good_url: str, planted_url: str) -> None:
    sound = _karez(good_url, "audit", "verify", "--json")
    assert (sound.exit_code, json.loads(sound.output)) == (0, {"problems": []})
    change = "UPDATE audit SET actor_user_id = 999 WHERE chain = 'api' AND seq = 7"
    _plant(planted_url, Plant("", frozenset(), (change,)))
    wrong = _karez(planted_url, "audit", "verify", "--json")
    problem = {"chain": "api", "seq": 7, "problem": "its content was changed"}
    assert (wrong.exit_code, json.loads(wrong.output)) == (1, {"problems": [problem]})
    said = _karez(planted_url, "audit", "verify")
    assert said.exit_code == 1
    assert said.output.splitlines() == [
        "chain api, entry 7: its content was changed",
        "The audit trail is broken.",
    ]


@pytest.mark.parametrize(
    ("change", "seq", "problem"),
    [
        ("DELETE FROM audit WHERE chain = 'api' AND seq = 7", 8, "a link is missing before this one"),
        (
            "DELETE FROM audit a USING audit_chains c WHERE c.chain = 'api' AND a.chain = c.chain AND a.seq = c.seq",
            None,
            "the chain does not end at its head",
        ),
        (
            "UPDATE audit SET prev_hash = '\\x00' WHERE chain = 'api' AND seq = 7",
            7,
            "does not name its predecessor's hash",
        ),
    ],
)
def test_audit_verify_finds_links_that_are_gone_or_moved(
    planted_url: str, change: str, seq: int | None, problem: str
) -> None:
    _plant(planted_url, Plant("", frozenset(), (change,)))
    problems = json.loads(_karez(planted_url, "audit", "verify", "--json").output)["problems"]
    assert problem in [each["problem"] for each in problems if seq in (None, each["seq"])]
