"""Files of registers that a worker takes in: left and found again, whole or not at all, whoever dies on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from market import loading
from market.core import clock, db, progress
from market.core.sheets.gathering import Gathered
from market.core.sheets.reading import UPLOAD
from market.sheet_runs import working
from tests.api.registry_desk import Desk
from tests.api.sheet_files import CSV


@pytest.fixture(scope="module")
def desk(database_url: str) -> Desk:
    """The application over the small county."""
    return Desk(database_url)


def _sent(
    desk: Desk,
    content: str,
    *,
    register: str = "meters",
    key: str = "",
    partial: bool = False,
    kind: str = CSV,
) -> TestResponse:
    headers = {
        "Authorization": f"Bearer {desk.secrets['registrar']}",
        "Idempotency-Key": key or f"run-{clock.now().timestamp()}",
    }
    query = {"register": register, "filename": "册.csv", "partial": str(partial).lower()}
    return desk.client.post(
        "/v1/sheet-runs", query_string=query, data=content.encode(), content_type=kind, headers=headers
    )


def _handed_in(desk: Desk, content: str, **more: Any) -> dict[str, Any]:
    answer = _sent(desk, content, **more)
    assert answer.status_code == 202, answer.json
    assert (answer.json["status"], answer.json["ended_at"]) == ("waiting", None)
    return dict(answer.json)


def _now(desk: Desk, run: dict[str, Any]) -> Any:
    return desk.get(f"/sheet-runs/{run['id']}")


def _meters(desk: Desk, *serials: str) -> str:
    """A file of meters on an account of its own."""
    _, account = desk.watered("10")
    return "表号,水量账户编号\n" + "".join(f"{each},{account['id']}\n" for each in serials)


def _count(desk: Desk, *serials: str) -> int:
    with db.connect(desk.url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM meters WHERE serial = ANY(%s)", (list(serials),)
        ).fetchone()
    assert row is not None
    return int(row[0])


def _work(desk: Desk) -> int:
    return working.work_off(desk.url, desk.app.config["KAREZ"])


def test_a_file_is_handed_in_taken_in_once_and_then_forgotten(desk: Desk) -> None:
    content = _meters(desk, "RUN-1", "RUN-2")
    run = _handed_in(desk, content, key="once")
    assert _sent(desk, content, key="once").json == run, "the same key is the same file"
    assert _count(desk, "RUN-1", "RUN-2") == 0
    assert _work(desk) == 1
    now = _now(desk, run)
    assert (now["status"], now["taken"], now["held"], now["refused"], now["rows"]) == ("done", 2, 0, 0, [])
    assert (now["register"], now["filename"], now["rows_looked_at"]) == ("meters", "册.csv", 2)
    assert now["asked_at"] <= now["begun_at"] <= now["ended_at"]
    assert _count(desk, "RUN-1", "RUN-2") == 2
    assert _work(desk) == 0
    with db.connect(desk.url) as connection:
        assert connection.execute("SELECT count(*) FROM sheet_runs WHERE file IS NOT NULL").fetchone() == (0,)
        who = connection.execute(
            "SELECT count(*) FROM audit a JOIN sheet_runs r"
            " ON r.asked_by = a.actor_user_id AND r.request_id = a.request_id WHERE a.action = 'meter.registered'"
        ).fetchone()
    assert who == (2,), "the trail names who handed the file in, and the request"
    assert desk.get("/sheet-runs")["data"][0] == now


def test_a_bad_row_refuses_the_whole_file_or_itself_alone(desk: Desk) -> None:
    content = _meters(desk, "RUN-3") + "RUN-4,nonsense\n"
    whole = _handed_in(desk, content)
    assert _work(desk) == 1
    now = _now(desk, whole)
    assert (now["status"], now["taken"], now["refused"]) == ("refused", 0, 1)
    assert [each["row"] for each in now["rows"]] == [3]
    assert now["refusal"]["code"] == "rows_refused"
    assert _count(desk, "RUN-3", "RUN-4") == 0
    zh = desk.client.get(
        f"/v1/sheet-runs/{whole['id']}",
        headers={"Authorization": f"Bearer {desk.secrets['registrar']}", "Accept-Language": "zh"},
    ).json
    assert zh["refusal"]["title"] != now["refusal"]["title"]
    assert not zh["refusal"]["detail"].isascii()
    part = _handed_in(desk, content, partial=True)
    assert _work(desk) == 1
    now = _now(desk, part)
    assert (now["status"], now["taken"], now["refused"], now["refusal"]) == ("done", 1, 1, None)
    assert _count(desk, "RUN-3", "RUN-4") == 1


def test_what_is_no_sheet_is_refused_by_its_rule(desk: Desk) -> None:
    run = _handed_in(desk, "PK\x03\x04 nothing")
    assert _work(desk) == 1
    now = _now(desk, run)
    assert (now["status"], now["refusal"]["code"], now["rows"]) == ("refused", "not_a_sheet", [])


def test_who_works_on_a_file_has_it_alone_and_who_is_killed_gives_it_free(desk: Desk) -> None:
    run = _handed_in(desk, _meters(desk, "RUN-5"))
    settings, seen = desk.app.config["KAREZ"], []
    with db.connect(desk.url, autocommit=True) as killed:
        taken = working._take(killed)
        assert taken is not None
        assert _now(desk, run)["status"] == "running"
        seen.append(_work(desk))
    assert _now(desk, run)["status"] == "running"
    seen.append(working.work_off(desk.url, settings))
    assert seen == [0, 1]
    assert (_now(desk, run)["status"], _count(desk, "RUN-5")) == ("done", 1)


def _broken(error: Exception) -> Callable[[Session, loading.File], Gathered]:
    def take(session: Session, file: loading.File) -> Gathered:
        loading._meters(session, file)  # all is written, and then it fails
        raise error

    return take


def test_a_fault_of_ours_takes_nothing_and_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    run = _handed_in(desk, _meters(desk, "RUN-6"))
    monkeypatch.setitem(loading.REGISTERS, "meters", _broken(ZeroDivisionError("ours")))
    assert _work(desk) == 1
    now = _now(desk, run)
    assert (now["status"], now["taken"], now["refusal"]) == ("failed", 0, None)
    assert _count(desk, "RUN-6") == 0


def test_where_the_database_gives_up_the_file_is_tried_again_and_at_last_given_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = _handed_in(desk, _meters(desk, "RUN-7"))
    with monkeypatch.context() as patched:
        patched.setitem(loading.REGISTERS, "meters", _broken(psycopg.errors.DeadlockDetected("again")))
        assert _work(desk) == 0, "it stops, and the clock comes again"
        assert _now(desk, run)["status"] == "running"
    assert _work(desk) == 1
    assert (_now(desk, run)["status"], _count(desk, "RUN-7")) == ("done", 1)
    hopeless = _handed_in(desk, _meters(desk, "RUN-8"))
    with db.connect(desk.url) as connection:
        connection.execute(
            "UPDATE sheet_runs SET status = 'running', attempts = %s WHERE status = 'waiting'",
            (working.MOST_ATTEMPTS,),
        )
    assert _work(desk) == 1
    assert (_now(desk, hopeless)["status"], _count(desk, "RUN-8")) == ("failed", 0)


def test_a_long_file_tells_how_far_it_is(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY_ROWS", 2)
    run, seen = _handed_in(desk, _meters(desk, *(f"RUN-9-{n}" for n in range(5)))), []

    def watching(session: Session, file: loading.File) -> Gathered:
        found = loading._meters(session, file)
        seen.append({name: _now(desk, run)[name] for name in ("status", "stage", "rows_looked_at")})
        return found

    monkeypatch.setitem(loading.REGISTERS, "meters", watching)
    told: list[tuple[str, int]] = []
    original = progress.tell

    def tell(stage: str, rows: int) -> None:
        told.append((stage, rows))
        original(stage, rows)

    monkeypatch.setattr(progress, "tell", tell)
    assert _work(desk) == 1
    assert told == [("reading", 2), ("reading", 4), ("writing", 5)]
    assert seen == [{"status": "running", "stage": "writing", "rows_looked_at": 5}], (
        "seen by others before its end"
    )


def test_bad_questions_are_refused_and_nothing_is_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = desk.get("/sheet-runs?limit=200")["data"]
    assert _sent(desk, "x", register="rights").status_code == 422
    assert _sent(desk, "x", kind="text/html").status_code == 415
    monkeypatch.setattr("market.sheet_runs.handing.UPLOAD", UPLOAD._replace(file_bytes=3))
    answer = _sent(desk, "four")
    assert (answer.status_code, answer.json["code"], answer.json["limit"]) == (
        413,
        "sheet_too_large",
        "3 bytes",
    )
    assert len(desk.get("/sheet-runs?limit=200")["data"]) == len(before)


@pytest.mark.parametrize(
    "change",
    [
        "file = '\\x00'",
        "status = 'running'",
        "taken = 1, status = 'refused', refusal = '{}'",
        "status = 'refused'",
        "held = taken + 1",
        "ended_at = NULL",
    ],
)
def test_the_database_keeps_a_run_whole(desk: Desk, change: str) -> None:
    with db.connect(desk.url) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            "UPDATE sheet_runs SET "
            + change
            + " WHERE id = (SELECT min(id) FROM sheet_runs WHERE status = 'done')"
        )
