"""The audit trail over HTTP: from where somebody acted, published heads, entries, exports, and what is erased."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from market import jobs
from market.cli import main
from market.core import clock, db
from market.proofs.trail import HEADS_SQL
from market.supervision.trail import heads
from tests.api.county import PASSWORD, County, open_county


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        found.user("auditor", "auditor")
        found.user("supervisor", "supervisor")
        found.user("registrar", "registrar")
        yield found


def _signed_in(county: County, name: str) -> None:
    body = {"login": county.logins[name], "password": PASSWORD}
    answer = county.client.post(
        "/v1/auth/token",
        json=body,
        headers={"User-Agent": "tests/1"},
        environ_base={"REMOTE_ADDR": "192.0.2.7"},
    )
    county.tokens[name] = answer.json["access_token"]


def _stopped(county: County, name: str = "supervisor", **headers: str) -> dict[str, Any]:
    """A change by the supervisor: a kill switch thrown and lifted."""
    product = county.get("auditor", "/products")["data"][0]["id"]
    body = {"product_id": product, "reason": "a test", "legal_source": "tests"}
    made = county.post(name, "/kill-switch", body, **headers)
    return county.post(name, f"/kill-switch/{made['id']}/lift", {"reason": "over"})


def test_an_entry_says_who_did_what_to_what_why_and_through_which_sign_in(county: County) -> None:
    _signed_in(county, "supervisor")
    made = _stopped(county)
    (entry,) = county.get("auditor", f"/audit/entries?subject={made['id']}&action=kill_switch.thrown")["data"]
    assert entry["detail"]["reason"] == "a test"
    assert entry["user_id"] == county.get("supervisor", "/me")["user_id"]
    assert entry["sign_in_id"] is not None and entry["api_key_id"] is None
    seen = county.get("auditor", f"/audit/sign-ins/{entry['sign_in_id']}")
    assert (seen["address"], seen["program"]) == ("192.0.2.7", "tests/1")
    (looked,) = county.get("auditor", "/audit/entries?action=sign_in.unmasked")["data"]
    assert looked["subject_id"] == entry["sign_in_id"]
    assert looked["user_id"] == county.get("auditor", "/me")["user_id"]


def test_a_refreshed_session_keeps_its_origin_and_a_key_is_named_as_a_key(county: County) -> None:
    body = {"login": county.logins["supervisor"], "password": PASSWORD}
    first = county.client.post("/v1/auth/token", json=body).json
    second = county.client.post("/v1/auth/refresh", json={"refresh_token": first["refresh_token"]}).json
    origins = set()
    for each in (first, second):
        county.tokens["session"] = each["access_token"]
        made = _stopped(county, "session")
        entries = county.get("auditor", f"/audit/entries?subject={made['id']}")["data"]
        origins |= {entry["sign_in_id"] for entry in entries}
    assert len(origins) == 1
    county.tokens["session"] = first["access_token"]
    key = county.post("session", "/api-keys", {"label": "t", "scopes": ["read", "trade"]})
    county.tokens["key"] = key["secret"]
    made = _stopped(county, "key")
    entry = county.get("auditor", f"/audit/entries?subject={made['id']}")["data"][0]
    assert (entry["api_key_id"], entry["sign_in_id"]) == (key["id"], None)


def test_entries_are_found_by_beginning_of_action_user_and_time_and_come_in_pages(county: County) -> None:
    made = _stopped(county)
    both = county.get("auditor", f"/audit/entries?action=kill_switch.*&subject={made['id']}")["data"]
    assert [each["action"] for each in both] == ["kill_switch.lifted", "kill_switch.thrown"]
    one = county.get("auditor", f"/audit/entries?action=kill_switch.*&subject={made['id']}&limit=1")
    assert one["has_more"] and one["data"] == both[:1]
    then = f"/audit/entries?action=kill_switch.*&subject={made['id']}&limit=1&starting_after={both[0]['id']}"
    assert county.get("auditor", then)["data"] == both[1:]
    later = (clock.now() + dt.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert county.get("auditor", f"/audit/entries?since={later}")["data"] == []
    me = county.get("registrar", "/me")["user_id"]
    assert county.get("auditor", f"/audit/entries?user_id={me}&action=kill_switch.thrown")["data"] == []
    refused = county.client.get(
        "/v1/audit/entries?subject=ver_0000000000000000000000000A", headers=county.headers("auditor")
    )
    assert refused.status_code == 422


def test_an_underscore_in_an_action_stands_for_itself(county: County) -> None:
    _stopped(county)
    assert county.get("auditor", "/audit/entries?action=kill_switch.thrown")["data"]
    assert county.get("auditor", "/audit/entries?action=kill_s_itch.thrown")["data"] == []


def test_heads_are_published_once_a_state_and_anybody_may_keep_them(county: County) -> None:
    url = county.settings.url()
    _stopped(county)
    assert jobs.run(url, jobs.named("audit-heads"), county.settings) >= 1
    assert jobs.run(url, jobs.named("audit-heads"), county.settings) == 0
    answer = county.client.get("/v1/audit/heads")
    found = heads.read(answer.json["data"][0])
    assert heads.is_signed(found)
    assert found.key == heads.public_key(county.settings.secret(heads.PURPOSE))


@pytest.fixture
def export(county: County, tmp_path: Path) -> Path:
    """An export, as the auditor downloads it."""
    answer = county.client.get("/v1/audit/export", headers=county.headers("auditor"))
    assert answer.status_code == 200
    path = tmp_path / "export.ndjson"
    path.write_bytes(answer.data)
    return path


def _verified(*arguments: str) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(main, ["audit", "verify", "--json", *arguments])
    return result.exit_code, json.loads(result.output)


def test_an_export_is_checked_by_a_command_that_needs_no_database(
    county: County, export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    key = heads.public_key(county.settings.secret(heads.PURPOSE)).hex()
    code, report = _verified(str(export), "--key", key)
    assert (code, report["problems"], report["keys"]) == (0, [], [key])
    assert report["entries"] > 50
    lines = export.read_bytes().splitlines(keepends=True)
    (tmp_path / "cut").write_bytes(b"".join(lines[:-1]))
    assert _verified(str(tmp_path / "cut"), "--key", key)[0] == 1


def test_an_export_that_ends_before_a_published_head_was_cut(
    county: County, export: Path, tmp_path: Path
) -> None:
    _stopped(county)
    jobs.run(county.settings.url(), jobs.named("audit-heads"), county.settings)
    kept = tmp_path / "heads.json"
    kept.write_bytes(county.client.get("/v1/audit/heads").data)
    code, report = _verified(str(export), "--head", str(kept))
    assert code == 1
    assert {each["problem"] for each in report["problems"]} == {
        "the export ends before a head that was published"
    }


def test_an_export_since_a_day_goes_on_from_what_was_before(county: County, tmp_path: Path) -> None:
    middle = clock.now()
    _stopped(county)
    when = middle.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    answer = county.client.get(f"/v1/audit/export?since={when}", headers=county.headers("auditor"))
    path = tmp_path / "since"
    path.write_bytes(answer.data)
    code, report = _verified(str(path))
    assert code == 0
    assert 2 <= report["entries"] < 20


def test_a_chain_that_differs_from_a_published_head_fails_the_proof(county: County) -> None:
    url = county.settings.url()
    with db.connect(url) as connection:
        connection.execute(
            "INSERT INTO audit_heads (chain, seq, hash, at, key, signature) VALUES ('api', 1, %s, now(), %s, %s)",
            (b"x" * 32, b"k" * 32, b"s" * 64),
        )
        assert len(connection.execute(HEADS_SQL).fetchall()) == 1
        connection.rollback()
        assert connection.execute(HEADS_SQL).fetchall() == []


def test_from_where_somebody_signed_in_is_erased_after_a_year(county: County) -> None:
    _signed_in(county, "registrar")
    url = county.settings.url()
    assert jobs.run(url, jobs.named("places")) == 0
    with clock.moved_to(clock.now() + dt.timedelta(days=367)):
        assert jobs.run(url, jobs.named("places")) >= 1
    with db.connect(url) as connection:
        left = connection.execute("SELECT count(*) FROM sign_ins WHERE address IS NOT NULL").fetchone()
    assert left == (0,)
