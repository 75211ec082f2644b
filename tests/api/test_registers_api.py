"""Participants, limits and water accounts as sheets over HTTP: whole or not at all, and out with their figures."""

from __future__ import annotations

import io
from typing import Any

import pytest
from openpyxl import load_workbook

from market import prove
from market.core import db
from market.core.sheets.columns import Register
from market.core.sheets.reading import sheet_title
from market.core.sheets.writing import TYPE
from market.participants.sheets import PARTICIPANTS
from market.registry.account_sheets import WATER_ACCOUNTS
from market.registry.limit_sheets import LIMITS
from market.registry.sheets import APPLICATIONS
from tests.api.market import credit_code, identity_number
from tests.api.registry_desk import Desk
from tests.api.sheet_files import book, download, problems, send

REGISTERS = [("participants", PARTICIPANTS), ("limits", LIMITS), ("water-accounts", WATER_ACCOUNTS)]


@pytest.fixture(scope="module")
def desk(database_url: str) -> Desk:
    """The application over the small county."""
    return Desk(database_url)


def _state(desk: Desk) -> list[Any]:
    with db.connect(desk.url) as connection:
        return connection.execute(
            "SELECT (SELECT count(*) FROM participants), (SELECT count(*) FROM limits), (SELECT count(*) FROM outbox),"
            " (SELECT count(*) FROM water_accounts), (SELECT count(*) FROM accounts), (SELECT count(*) FROM audit)"
        ).fetchall()


def _exported(desk: Desk, path: str, register: Register, *, as_: str = "registrar") -> list[dict[str, Any]]:
    """The rows of an export, by the names of the columns, as the cells show them."""
    opened = load_workbook(io.BytesIO(download(desk, f"{path}/export", as_=as_)))
    head, *rows = opened[sheet_title(register)].iter_rows(values_only=True)
    assert list(head) == [column.title for column in register.columns]
    names = [column.name for column in register.columns]
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_participants_come_in_as_applications_or_admitted(desk: Desk) -> None:
    first, second = identity_number(1), credit_code(1)
    data = book(
        PARTICIPANTS,
        ["household 农户", "艾力", first, "138", None],
        ["企业", "库山水泥厂", second, None, "是"],
    )
    answer = send(desk, "participants", data, kind=TYPE, key="people")
    assert answer.json == {"taken": 2, "held": 0, "refused": 0, "rows": []}
    assert send(desk, "participants", data, kind=TYPE, key="people").headers["Idempotent-Replayed"] == "true"
    applied, admitted = desk.get("/participants?limit=200")["data"][-2:]
    assert (applied["name"], applied["status"], applied["contact"]) == ("艾力", "applied", "138")
    assert (admitted["kind"], admitted["status"]) == ("enterprise", "admitted")
    assert admitted["decided_at"] and admitted["decision_reason"] and not applied["decided_at"]
    assert desk.money_account(admitted["id"])
    assert desk.get(f"/money-accounts?participant_id={applied['id']}", as_="treasurer")["data"] == []
    assert desk.post(f"/participants/{applied['id']}/admit")["status"] == "admitted"
    assert desk.money_account(applied["id"])


def test_the_register_of_participants_goes_out_without_identifiers(desk: Desk) -> None:
    secret = identity_number(2)
    send(desk, "participants", book(PARTICIPANTS, ["person", "古丽", secret]), kind=TYPE)
    row = _exported(desk, "participants", PARTICIPANTS)[-1]
    assert (row["name"], row["status"], row["admitted"]) == ("古丽", "applied 已申请", "no 否")
    assert row["participant_id"] == desk.get("/participants?limit=200")["data"][-1]["id"]
    assert row["identifier"] == secret[:3] + "*" * 11 + secret[-4:]
    again = send(desk, "participants", download(desk, "participants/export"), kind=TYPE)
    assert again.status_code == 422
    assert {each[2] for each in problems(again)} <= {"wrong_identifier", "duplicated_row"}


def test_every_bad_row_of_participants_is_named_and_none_is_taken(desk: Desk) -> None:
    known, good = credit_code(3), credit_code(4)
    send(desk, "participants", book(PARTICIPANTS, ["bank", "农商行", known]), kind=TYPE)
    data = book(
        PARTICIPANTS,
        ["enterprise", "一厂", good],
        ["enterprise", "二厂", known],
        ["enterprise", "三厂", f"{good[:8]} {good[8:]}"],  # the first one's, written in another way
        ["household", "四户", "653123198001010012"],
        ["shop", "五店", credit_code(5)],
        ["enterprise", None, 91653123],
        ["enterprise", "七厂", "=C2"],
    )
    before = _state(desk)
    answer = send(desk, "participants", data, kind=TYPE)
    assert (answer.status_code, answer.json["code"], answer.json["refused"]) == (422, "rows_refused", 6)
    assert set(problems(answer)) == {
        (3, "C", "identifier_known"),
        (4, "C", "duplicated_row"),
        (5, "C", "wrong_identifier"),
        (6, "A", "not_a_choice"),
        (7, "B", "missing"),
        (7, "C", "number_not_text"),
        (8, "C", "formula"),
    }
    assert _state(desk) == before
    partly = send(desk, "participants?partial=true", data, kind=TYPE)
    assert (partly.status_code, partly.json["taken"], partly.json["refused"]) == (200, 1, 6)
    assert desk.get("/participants?limit=200")["data"][-1]["name"] == "一厂"


def test_limits_come_in_exact_and_go_out_with_what_is_used(desk: Desk) -> None:
    canal = desk.canal()
    rows = [
        ["CAP-G", "cap", 2026, "100.001", canal, None, "surface", "agriculture 农业", "计划 三(一)1", "首次"],
        ["RT-12", "route 区域间限额", "2027", "0.5", "D1", "D2", None, None, "计划", None, "是"],
        ["NIL", "conversion", 2027, "0", None, None, None, None, "计划"],
    ]
    assert send(desk, "limits", book(LIMITS, *rows), kind=TYPE).json["taken"] == 3
    desk.right(desk.holder(), "30.001", canal=canal)
    desk.post("/announcements", {"water_year": 2026, "source": "surface", "share": "1", "reason": "t",
                                 "zone": canal})  # fmt: skip
    shown = {row["code"]: row for row in _exported(desk, "limits", LIMITS, as_="auditor")}
    cap = shown["CAP-G"]
    assert (cap["limit_litres"], cap["used_litres"], cap["held_litres"], cap["available_litres"]) == (
        "100.001",
        "30.001",
        "0.000",
        "70.000",
    )
    assert (cap["zone"], cap["reason"], cap["legal_source"]) == (canal, "首次", "计划 三(一)1")
    assert (shown["RT-12"]["to_zone"], shown["RT-12"]["demonstration"]) == ("D2", "yes 是")
    assert shown["NIL"]["available_litres"] == "0.000"
    [kept] = [each for each in desk.get("/limits?water_year=2026")["data"] if each["code"] == "CAP-G"]
    [change] = desk.get(f"/limits/{kept['id']}")["changes"]
    assert (change["before"], change["after"], change["reason"]) == ("0.000", "100.001", "首次")
    again = send(desk, "limits", download(desk, "limits/export"), kind=TYPE)
    assert set(problems(again)) == {
        (2, "A", "limit_exists"),
        (3, "A", "limit_exists"),
        (4, "A", "limit_exists"),
    }
    with db.connect(desk.url) as connection:
        assert prove.broken(connection, 1, 2, 5) == []


def test_every_bad_row_of_limits_is_named_and_none_is_taken(desk: Desk) -> None:
    _, watered = desk.watered("10")
    data = book(
        LIMITS,
        ["OK-1", "cap", 2027, "1.000", "K1", None, None, None, "l"],
        ["a b", "cap", 2027, "1", "T1", None, None, None, "l"],
        ["X-1", "cap", 2027, "1", "NOWHERE", None, None, None, "l"],
        ["X-2", "route", 2027, "1", "K1", None, None, None, "l"],
        ["X-3", "import", 2027, "1", None, None, None, None, "l"],
        ["X-4", "cap", 2027, "1", "T1", None, "rain", None, "l"],
        ["X-5", "cap", 2027, "1", "T1", None, None, "fishing", "l"],
        ["X-6", "cap", 2199, "1", "T1", None, None, None, "l"],
        ["X-7", "cap", 2026, "1", watered["canal"], None, None, None, "l"],
        ["X-8", "cap", 2027, "1", "K1", None, None, None, "l"],
        ["OK-1", "cap", 2027, "1", "T2", None, None, None, "l"],
        ["X-9", "cap", 2027, 1.5, "T1", None, None, None, None],
        ["X-10", "cap", 2027, "1.0005", "T1", None, None, None, "l"],
    )
    before = _state(desk)
    answer = send(desk, "limits", data, kind=TYPE)
    assert (answer.status_code, answer.json["refused"]) == (422, 12)
    assert set(problems(answer)) == {
        (3, "A", "limit_code"),
        (4, "E", "unknown_zone"),
        (5, "F", "limit_shape"),
        (6, "E", "limit_shape"),
        (7, "G", "unknown_source"),
        (8, "H", "not_a_choice"),
        (9, "C", "water_year_not_open"),
        (10, "E", "cap_after_use"),
        (11, "B", "limit_exists"),
        (12, None, "duplicated_row"),
        (13, "D", "number_not_text"),
        (13, "I", "missing"),
        (14, "D", "over_precise"),
    }
    assert _state(desk) == before
    partly = send(desk, "limits?partial=true", data, kind=TYPE)
    assert (partly.json["taken"], partly.json["refused"]) == (1, 12)


def _account(participant: str, canal: str = "K2", **other: Any) -> list[Any]:
    values = {
        "township": "T1",
        "canal": canal,
        "sector": "industry",
        "source": "surface",
        "year": 2026,
    } | other
    return [participant, *values.values()]


def test_water_accounts_come_in_and_go_out_with_what_is_on_them(desk: Desk) -> None:
    plant, other = desk.holder(), desk.holder()
    csv = (
        "主体编号,乡镇代码,渠道代码,行业,水源,水年\n"
        f"{plant},T1,K1,工业,surface,2026\n{plant},T1,K1,工业,reclaimed,2027\n{other},T2,K2,农业,surface,2026\n"
    )
    assert send(desk, "water-accounts", csv.encode("gb18030")).json["taken"] == 3
    first, second = desk.get("/water-accounts", as_=plant)["data"]
    assert (first["sector"], first["source"], second["water_year"]) == ("industry", "surface", 2027)
    assert (first["use_plan"], first["balance"]) == ("9999.999", "0.000")
    assert desk.get("/water-accounts", as_=other)["data"][0]["use_plan"] is None
    holder, watered = desk.watered("12.345")
    [row] = _exported(desk, "water-accounts", WATER_ACCOUNTS, as_=holder)
    assert (row["water_account_id"], row["participant_id"]) == (watered["id"], holder)
    assert (row["balance_litres"], row["held_litres"], row["available_litres"]) == (
        "12.345",
        "0.000",
        "12.345",
    )
    assert (row["sector"], row["origin"], row["status"]) == ("agriculture 农业", "own 自有", "open 正常")
    assert row["holder"] == desk.get(f"/participants/{holder}")["name"]
    assert {each["participant_id"] for each in _exported(desk, "water-accounts", WATER_ACCOUNTS)} >= {
        plant,
        other,
        holder,
    }
    with db.connect(desk.url) as connection:
        assert prove.broken(connection, 1, 2, 3) == []


def test_every_bad_row_of_water_accounts_is_named_and_none_is_taken(desk: Desk) -> None:
    plant, waiting = desk.holder(), _applicant(desk)
    desk.post("/water-accounts", {"participant_id": plant, "township": "T1", "canal": "K2", "sector": "industry",
                                  "source": "surface", "water_year": 2026})  # fmt: skip
    data = book(
        WATER_ACCOUNTS,
        _account(plant, "K1"),
        _account(plant),
        _account("par_nobody"),
        _account(waiting),
        _account(plant, "D1"),
        _account(plant, "K9"),
        _account(plant, source="rain"),
        _account(plant, year=2199),
        _account(plant, "K1"),
        _account(plant, sector="fishing"),
    )
    before = _state(desk)
    answer = send(desk, "water-accounts", data, kind=TYPE)
    assert (answer.status_code, answer.json["refused"]) == (422, 9)
    assert set(problems(answer)) == {
        (3, None, "water_account_exists"),
        (4, "A", "not_found"),
        (5, "A", "participant_not_admitted"),
        (6, "C", "not_a_place"),
        (7, "C", "unknown_zone"),
        (8, "E", "unknown_source"),
        (9, "F", "water_year_not_open"),
        (10, None, "duplicated_row"),
        (11, "D", "not_a_choice"),
    }
    assert _state(desk) == before
    partly = send(desk, "water-accounts?partial=true", data, kind=TYPE)
    assert (partly.json["taken"], partly.json["refused"]) == (1, 9)
    assert len(desk.get("/water-accounts", as_=plant)["data"]) == 2


def _applicant(desk: Desk) -> str:
    send(desk, "participants", book(PARTICIPANTS, ["enterprise", "等待厂", credit_code(9)]), kind=TYPE)
    found: str = desk.get("/participants?limit=200")["data"][-1]["id"]
    return found


@pytest.mark.parametrize(("path", "register"), REGISTERS)
def test_another_register_s_workbook_and_merged_cells_are_refused(
    desk: Desk, path: str, register: Register
) -> None:
    wrong = send(desk, path, book(APPLICATIONS), kind=TYPE)
    assert (wrong.status_code, wrong.json["code"]) == (422, "wrong_sheet")
    opened = load_workbook(io.BytesIO(book(register, ["x"])))
    opened[sheet_title(register)].merge_cells("A2:B2")
    merged = io.BytesIO()
    opened.save(merged)
    assert send(desk, path, merged.getvalue(), kind=TYPE).json["code"] == "merged_cells"
    drop_downs = load_workbook(io.BytesIO(download(desk, f"{path}/template")))[sheet_title(register)]
    listed = {str(each.sqref).split("2:")[0] for each in drop_downs.data_validations.dataValidation}
    assert listed == {register.letter(each.name) for each in register.entered
                      if each.choices or each.kind == "yes_no"}  # fmt: skip


@pytest.mark.parametrize("path", ["participants", "limits", "water-accounts"])
def test_only_a_registrar_sends_a_register(desk: Desk, path: str) -> None:
    holder = desk.holder()
    for who in ("auditor", "supervisor", holder):
        assert send(desk, path, b"", as_=who).status_code == 403
    assert desk.ask("GET", "/imports/participants/export", as_=holder).status_code == 403
