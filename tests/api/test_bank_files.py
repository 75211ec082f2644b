"""Counties pay by bank file: accounts, a batch file, its answer, the bank's statement, and books that agree with it."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import openpyxl
import psycopg
import pytest

from market import prove
from market.core import clock, db, ids
from market.core.sheets import texts
from market.core.sheets.writing import TYPE
from market.proofs import bank, trail
from tests.api.banking import (
    ANSWER,
    CARDS,
    HEAD,
    PLANTS,
    TODAY,
    card,
    content,
    hand_recorded,
    money,
    rows,
    send,
    table,
)
from tests.api.contracting import balance, funded
from tests.api.county import County, mandate, open_county
from tests.api.saving import admitted
from tests.api.test_firms import refused


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county with three holders who have money and a bank account, and a second treasurer."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        found.user("cashier", "treasurer")
        for name, number in CARDS.items():
            found.mine[name] = admitted(found, name, kind="household", role="holder")
            account = found.post(name, "/bank-accounts", card(name, number))
            checked = found.post(
                "treasurer", f"/bank-accounts/{account['id']}/confirm", {"note": "called back"}
            )
            assert (checked["status"], checked["payable_from"]) == ("confirmed", checked["confirmed_at"])
            funded(found, found.mine[name], "1000.00")
        yield found


def _sound(county: County) -> None:
    assert prove.run(county.settings.url())["violations"] == 0


def test_an_account_is_the_holder_s_own_and_a_changed_one_waits(county: County) -> None:
    mistyped = refused(county, "aylin", "/bank-accounts", card("aylin", "6222020000000000007"))
    assert (mistyped["code"], mistyped["errors"][0]["pointer"]) == ("wrong_bank_number", "/number")
    for wrong in ({"kind": "account", "number": "65000123"}, {"holder_name": "=cmd"}, {"cnaps": "1"}):
        assert refused(county, "aylin", "/bank-accounts", card("aylin", CARDS["aylin"]) | wrong)["code"] in (
            "wrong_bank_text", "wrong_bank_number",
        )  # fmt: skip
    mandate(county, {"participant": county.mine["aylin"]}, "baha")
    under = refused(
        county, "baha", "/bank-accounts", card("b", CARDS["baha"]), X_Acting_For=county.mine["aylin"]
    )
    assert under["code"] == "bank_account_in_person"
    [old] = county.get("aylin", "/bank-accounts?status=confirmed")["data"]
    new = county.post(
        "aylin", "/bank-accounts",
        card("aylin", "65000123456", kind="account", cnaps="102881002003"),
    )  # fmt: skip
    assert county.get("supervisor", f"/money-accounts?participant_id={county.mine['aylin']}")["data"]
    county.post("treasurer", f"/bank-accounts/{new['id']}/confirm", {"note": "at the counter"})
    waits = refused(county, "aylin", "/bank-payouts", {"amount": "1.00"})
    assert waits["code"] == "bank_account_waits"
    states = {each["id"]: each["status"] for each in county.get("aylin", "/bank-accounts")["data"]}
    assert states == {old["id"]: "ended", new["id"]: "confirmed"}
    again = refused(county, "treasurer", f"/bank-accounts/{new['id']}/confirm", {"note": "twice"})
    assert again["code"] == "bank_account_state"
    county.post("aylin", f"/bank-accounts/{new['id']}/end", {"reason": "not mine"})
    assert refused(county, "aylin", "/bank-payouts", {"amount": "1.00"})["code"] == "no_bank_account"
    first = county.post("aylin", "/bank-accounts", card("aylin", CARDS["aylin"]))
    county.post("treasurer", f"/bank-accounts/{first['id']}/confirm", {"note": "called back"})


@pytest.fixture(scope="module")
def released(county: County) -> dict[str, Any]:
    """A released file of three payouts; who asked for a fourth took it back."""
    over = refused(county, "aylin", "/bank-payouts", {"amount": "1000.01"})
    assert (over["code"], over["available"]) == ("payout_over_available", "1000.00")
    payouts = {
        name: county.post(name, "/bank-payouts", {"amount": amount})
        for name, amount in (("aylin", "100.10"), ("baha", "200.20"), ("chen", "300.30"))
    }
    spare = county.post("chen", "/bank-payouts", {"amount": "50.00"})
    assert balance(county, county.mine["chen"]) == "649.70"
    assert county.post("chen", f"/bank-payouts/{spare['id']}/withdraw")["status"] == "withdrawn"
    assert balance(county, county.mine["chen"]) == "699.70"
    dropped = county.post("treasurer", "/bank-payout-files")
    county.post("treasurer", f"/bank-payout-files/{dropped['id']}/cancel")
    file = county.post("treasurer", "/bank-payout-files")
    assert (file["status"], file["lines"], file["sum"], file["sha256"]) == ("gathered", 3, "600.60", None)
    assert refused(county, "treasurer", "/bank-payout-files", {})["code"] == "nothing_to_pay"
    own = refused(county, "treasurer", f"/bank-payout-files/{file['id']}/release", {})
    assert own["code"] == "by_another_person"
    made = county.post("cashier", f"/bank-payout-files/{file['id']}/release")
    return {"file": made, "payouts": payouts}


def test_a_file_says_to_the_bank_what_its_payouts_are(county: County, released: dict[str, Any]) -> None:
    file = released["file"]
    plain = content(county, file["id"])
    assert plain.startswith(b"\xef\xbb\xbf") and hashlib.sha256(plain[3:]).hexdigest() == file["sha256"]
    said = list(csv.DictReader(io.StringIO(plain.decode("utf-8-sig"))))
    assert [(each["收款账号"], each["金额"]) for each in said] == [
        (CARDS["aylin"], "100.10"), (CARDS["baha"], "200.20"), (CARDS["chen"], "300.30")
    ]  # fmt: skip
    chinese = content(county, file["id"], "?encoding=gb18030")
    assert chinese.decode("gb18030") == plain.decode("utf-8-sig")
    book = openpyxl.load_workbook(io.BytesIO(content(county, file["id"], "?format=xlsx")))
    cells = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows(min_row=2)]
    assert [[value or "" for value in row] for row in cells] == [list(each.values()) for each in said]
    assert all(isinstance(value, str) for row in cells for value in row if value is not None)
    with db.connect(county.settings.url()) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("UPDATE bank_payout_files SET sum_fen = 1 WHERE status = 'released'")
    with db.connect(county.settings.url()) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("UPDATE bank_payouts SET file_id = NULL, line = NULL WHERE status = 'released'")
    _sound(county)


def test_what_the_bank_paid_is_posted_and_what_it_rejected_is_given_back(
    county: County, released: dict[str, Any]
) -> None:
    path = f"/bank-payout-files/{released['file']['id']}/answers"
    of = {name: each["id"] for name, each in released["payouts"].items()}
    paid = (of["aylin"], CARDS["aylin"], "100.10", "成功", "B-1", TODAY, "")
    wrong = send(
        county, path, table(ANSWER, [paid, (of["baha"], CARDS["baha"], "200.20", "失败", "", "", "")])
    )
    assert wrong.status_code == 422 and [each["row"] for each in wrong.json["rows"]] == [3]
    assert balance(county, county.mine["aylin"]) == "899.90"
    first = table(
        ANSWER,
        [
            paid,
            (of["baha"], CARDS["baha"], "200.20", "失败", "", "", "户名不符"),
            (of["chen"], CARDS["chen"], "300.31", "成功", "B-3", TODAY, ""),
        ],
        texts.GB18030,
    )
    answer = send(county, path, first).json
    assert (answer["paid"], answer["rejected"], answer["differences"]) == (1, 1, 1)
    assert send(county, path, first).json == answer
    told = county.get("baha", "/bank-payouts")["data"][0]
    assert (told["status"], told["reason"]) == ("rejected", "name_differs")
    assert [balance(county, county.mine[name]) for name in ("aylin", "baha", "chen")] == [
        "899.90",
        "1000.00",
        "699.70",
    ]
    [case] = county.get("treasurer", "/reconciliation-differences?status=open")["data"]
    assert (case["kind"], case["provider"], case["books"]) == ("bank_answer_differs", "-300.31", "-300.30")
    [waits] = county.get("chen", "/bank-payouts?status=released")["data"]
    assert waits["closed_at"] is None
    second = table(ANSWER, [paid, (of["chen"], CARDS["chen"], "300.30", "成功", "B-3", TODAY, "")])
    assert {each: send(county, path, second).json[each] for each in ("paid", "unchanged")} == {
        "paid": 1, "unchanged": 1
    }  # fmt: skip
    contrary = table(ANSWER, [(of["chen"], CARDS["chen"], "300.30", "失败", "", "", "其他")])
    assert send(county, path, contrary).json["differences"] == 1
    [out] = county.get("chen", "/payouts")["data"]
    assert (out["amount"], out["bank_reference"]) == ("300.30", "B-3")
    _sound(county)


def _reconciled(county: County) -> dict[str, Any]:
    found = county.get("treasurer", "/bank-reconciliation")
    parts = sum(Decimal(each["amount"]) for each in found["parts"])
    assert Decimal(found["bank"]) - Decimal(found["books"]) == Decimal(found["difference"]) == parts
    _sound(county)
    return found


def test_a_statement_is_matched_on_exact_evidence_and_the_rest_waits(
    county: County, released: dict[str, Any]
) -> None:
    code = money(county, "aylin")["deposit_code"]
    by_hand = hand_recorded(county)
    lines_of = rows("5000.00", [
        *by_hand,
        ("B-1", "-100.10", "aylin demo", CARDS["aylin"], ""),
        ("C-1", "40.00", "a cousin", "6222009999", f"水款 {code.lower()}"),
        ("C-2", "41.00", "baha  demo", CARDS["baha"], "no code"),
        ("C-3", "42.00", "baha demo", CARDS["baha"], code),
        ("C-4", "43.00", "another name", CARDS["chen"], code[:-1] + "0"),
        ("C-5", "44.00", "nobody", "", ""),
        ("G-1", "-3.50", "", "", "手续费"),
    ])  # fmt: skip
    before = {name: Decimal(balance(county, county.mine[name])) for name in CARDS}
    data = table(HEAD, lines_of)
    taken = send(county, "/bank-statements", data)
    assert taken.status_code == 200, taken.text
    assert (taken.json["new"], taken.json["opening"], taken.json["lines"]) == (True, "5000.00", len(lines_of))
    assert send(county, "/bank-statements", data).json == taken.json | {"new": False}
    found = {
        each["bank_reference"]: each for each in county.get("treasurer", "/bank-statement-lines")["data"]
    }
    kinds = {
        name: (each["kind"], each["evidence"])
        for name, each in found.items()
        if name[1] == "-" and name[0] in "BCG"
    }
    assert kinds == {
        "B-1": ("payout", "bank_reference"), "C-1": ("deposit", "deposit_code"), "C-2": ("deposit", "payer_account"),
        "C-3": ("suspense", "none"), "C-4": ("suspense", "none"), "C-5": ("suspense", "none"), "G-1": ("unknown", None),
    }  # fmt: skip
    assert {found[each[0]]["evidence"] for each in by_hand} == {"bank_reference"}
    now = {name: Decimal(balance(county, county.mine[name])) - before[name] for name in CARDS}
    assert now == {"aylin": Decimal(40), "baha": Decimal(41), "chen": Decimal(0)}
    assert {each["participant_id"]: each["why"] for each in found["C-3"]["candidates"]} == {
        county.mine["aylin"]: ["deposit_code"], county.mine["baha"]: ["payer_account"],
    }  # fmt: skip
    assert [each["why"] for each in found["C-4"]["candidates"]] == [["payer_account"]]
    at_once = _reconciled(county)
    assert (at_once["suspense"], at_once["suspense_lines"]) == ("129.00", 3)
    kinds_open = {each["kind"]: each["amount"] for each in at_once["parts"]}
    assert kinds_open == {
        "opening": "5000.00",
        "paid_not_in_books": "-3.50",
        "booked_not_on_statement": "300.30",
    }
    cases = county.get("treasurer", "/reconciliation-differences?status=open")["data"]
    assert {"bank_not_in_books", "not_on_statement"} <= {each["kind"] for each in cases}


def test_people_decide_what_the_evidence_left_open(county: County) -> None:
    found = {
        each["bank_reference"]: each for each in county.get("treasurer", "/bank-statement-lines")["data"]
    }
    by_hand = {
        "money_account_id": money(county, "baha")["id"], "amount": "42.00", "bank_reference": "C-3", "value_date": TODAY
    }  # fmt: skip
    assert refused(county, "treasurer", "/deposits", by_hand)["code"] == "in_suspense"
    before = Decimal(balance(county, county.mine["baha"]))
    decision = {"money_account_id": money(county, "baha")["id"], "note": "he showed the receipt"}
    path = f"/bank-statement-lines/{found['C-3']['id']}"
    assert county.post("treasurer", f"{path}/assign", decision)["suspense"] == "assigned"
    assert refused(county, "treasurer", f"{path}/assign", decision)["code"] == "bank_line_state"
    assert Decimal(balance(county, county.mine["baha"])) == before + 42
    back = {"bank_reference": "R-1", "value_date": TODAY, "note": "asked by its payer"}
    path = f"/bank-statement-lines/{found['C-5']['id']}"
    assert refused(county, "treasurer", f"{path}/send-back", back | {"bank_reference": "B-1"})["code"] == (
        "bank_reference_used"
    )
    assert county.post("treasurer", f"{path}/send-back", back)["suspense"] == "sent_back"
    charged = county.post("treasurer", f"/bank-statement-lines/{found['G-1']['id']}/charge", {"note": "fees"})
    assert charged["kind"] == "charge"
    parts = {each["kind"]: each["amount"] for each in _reconciled(county)["parts"]}
    assert parts == {"opening": "5000.00", "booked_not_on_statement": "344.30"}


def test_the_next_statement_follows_and_shows_what_was_missing(
    county: County, released: dict[str, Any]
) -> None:
    closing = county.get("treasurer", "/bank-statements")["data"][-1]["closing"]
    lines = [("B-3", "-300.30", "", "", ""), ("R-1", "-44.00", "", "", "")]
    gap = send(county, "/bank-statements", table(HEAD, rows("1.00", [*lines, ("X", "900.00", "", "", "")])))
    assert gap.status_code == 422 and gap.json["code"] == "rows_refused", gap.text  # no balance is below nil
    gap = send(county, "/bank-statements", table(HEAD, rows("1000.00", lines)))
    assert (gap.status_code, gap.json["code"], gap.json["limit"]) == (
        409,
        "statement_does_not_follow",
        closing,
    )
    lines_of = rows(closing, lines)
    cut = [
        (*lines_of[0][:4], "0.01", *lines_of[0][5:]),
        (*lines_of[1][:2], "1.00", *lines_of[1][3:]),
        (TODAY, "C-1", *lines_of[1][2:]),
    ]
    bad = send(county, "/bank-statements", table(HEAD, cut))
    assert {(each["row"], each["code"]) for each in bad.json["rows"]} >= {
        (3, "balance_does_not_follow"), (4, "bank_reference_used")
    }  # fmt: skip
    assert send(county, "/bank-statements", table(HEAD, lines_of)).json["new"] is True
    parts = {each["kind"]: each["amount"] for each in _reconciled(county)["parts"]}
    assert parts == {"opening": "5000.00"}
    cases = county.get("treasurer", "/reconciliation-differences?status=open")["data"]
    assert {each["kind"] for each in cases} == {"bank_answer_differs"}
    with db.connect(county.settings.url()) as connection, pytest.raises(psycopg.errors.RestrictViolation):
        connection.execute("UPDATE bank_statement_lines SET change_fen = 1 WHERE number = 1")


def test_a_file_that_the_bank_debits_as_one_sum_is_matched_whole(county: County) -> None:
    for name in ("aylin", "baha"):
        county.post(name, "/bank-payouts", {"amount": "10.00"})
    file = county.post("treasurer", "/bank-payout-files")
    county.post("supervisor", f"/bank-payout-files/{file['id']}/release")
    said = list(csv.DictReader(io.StringIO(content(county, file["id"]).decode("utf-8-sig"))))
    answer = [
        (each["付款编号"], each["收款账号"], each["金额"], "成功", f"S-{each['序号']}", TODAY, "")
        for each in said
    ]
    closing = county.get("treasurer", "/bank-statements")["data"][-1]["closing"]
    data = table(HEAD, rows(closing, [("W-1", "-20.00", "", "", f"代付 {file['reference']}")]))
    assert send(county, "/bank-statements", data).json["new"] is True  # before the answer came
    assert send(county, f"/bank-payout-files/{file['id']}/answers", table(ANSWER, answer)).json["paid"] == 2
    [line] = county.get("treasurer", "/bank-statement-lines?kind=payout_file")["data"]
    assert line["change"] == "-20.00"
    assert [each["kind"] for each in _reconciled(county)["parts"]] == ["opening"]


def test_the_proofs_tell_what_was_planted(county: County) -> None:
    checks = ("ck_bank_payouts_filed", "ck_bank_payouts_paid", "ck_bank_payouts_closed")
    with db.connect(county.settings.url()) as connection:
        connection.execute("SET session_replication_role = replica")
        for table, names in (
            ("bank_payouts", checks),
            ("bank_payout_files", ("ck_bank_payout_files_released",)),
            ("bank_line_matches", ("ck_bank_line_matches_subject", "ck_bank_line_matches_suspense")),
        ):
            for name in names:
                connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")  # type: ignore[call-overload]
        for number, statement, reason in PLANTS:
            connection.execute("SAVEPOINT planted")
            assert connection.execute(statement).rowcount > 0, statement
            told = {
                str(row[0])
                for check in (*bank.CHECKS, *trail.CHECKS)
                if check.number == number
                for row in connection.execute(check.sql.replace("%%", "%")).fetchall()
            }
            assert any(each.startswith(reason) for each in told), (statement, told)
            connection.execute("ROLLBACK TO planted")
        connection.rollback()


def test_the_exchange_s_own_things_are_the_treasurer_s(county: County) -> None:
    seen = county.get("supervisor", "/bank-statement-lines?limit=1")["data"][0]
    assert (seen["other_name"], seen["remark"]) in ((None, None), ("", ""), (None, ""))
    assert (
        refused(county, "supervisor", f"/bank-statement-lines/{seen['id']}/charge", {"note": "x"})["status"]
        == 403
    )
    assert ids.parse("bsn", seen["id"]) > 0
    book = county.client.get("/v1/bank-statements/template", headers=county.headers("treasurer"))
    assert book.content_type == TYPE
    assert dt.date.fromisoformat(TODAY) == clock.today()


def test_a_long_statement_is_taken_in_at_once(county: County) -> None:
    code = money(county, "chen")["deposit_code"]
    closing = county.get("treasurer", "/bank-statements")["data"][-1]["closing"]
    lines = [(f"T-{each}", "0.07", "", "", code if each % 2 else "") for each in range(2_000)]
    before = Decimal(balance(county, county.mine["chen"]))
    taken = send(county, "/bank-statements", table(HEAD, rows(closing, lines)))
    assert (taken.status_code, taken.json["lines"]) == (200, 2_000)
    assert Decimal(balance(county, county.mine["chen"])) - before == Decimal("70.00")
    assert _reconciled(county)["suspense_lines"] == 1_001
