"""Reports in every format, the bulletin, filings that a later reading contradicts, other departments, exports."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
from collections.abc import Iterator
from typing import Any

import openpyxl
import psycopg
import pytest
from markupsafe import escape

from market import prove
from market.core import clock, db, ids
from market.supervision.reports.catalogue import REPORTS
from market.web import printing
from tests.api.county import YEAR, County, open_county
from tests.api.offers import product
from tests.api.supervising import NEIGHBOUR, TOWNSHIP, farmer, read, refused


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """Two farmers of one district, a trade between them, one that a reviewer has decided, and a reading."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        found.user("reader", "reader")
        found.user("statistics", "department")
        found.mine.update(farmer(found, 1, TOWNSHIP, "4000"))
        found.theirs.update(farmer(found, 2, NEIGHBOUR, "4000"))
        _order(found, "farmer-2", "sell", found.theirs["water_account"], "100", "0.1234")
        _order(found, "farmer-1", "buy", found.mine["water_account"], "60", "0.1234")
        factory = found.get("factory", "/water-accounts")["data"][0]["id"]
        _order(found, "factory", "buy", factory, "10", "0.5")
        read(found, found.mine, "1234.567")
        yield found


def _order(county: County, name: str, side: str, account: str, volume: str, price: str) -> dict[str, Any]:
    body = {
        "product_id": product(county), "water_account_id": account, "side": side, "volume": volume, "price": price,
    }  # fmt: skip
    return county.post(name, "/orders", body)


def _report(county: County, name: str) -> dict[str, Any]:
    return county.get("reader", f"/supervision-reports/{name}?water_year={YEAR}")


def _raw(county: County, path: str, name: str = "reader") -> bytes:
    answer = county.client.get(path, headers=county.headers(name))
    assert answer.status_code == 200, answer.text
    return answer.data


def test_the_year_is_in_the_reports(county: County) -> None:
    [within, away] = [row for row in _report(county, "trades")["rows"] if row["from_canal"] == "KUSHAN-C1"]
    assert (within["source_litres"], within["price_e4"], within["amount_fen"]) == ("60.000", "0.1234", "7.40")
    assert (within["status"], away["status"], away["review_rule"]) == (
        "settled", "awaiting_review", "farm-to-industry",
    )  # fmt: skip
    use = {(row["township"], row["sector"]): row for row in _report(county, "use")["rows"]}
    assert use[TOWNSHIP, "agriculture"]["used_litres"] == "1234.567"
    assert use[TOWNSHIP, "agriculture"]["holdings_litres"] == "2825.433"
    [price] = [row for row in _report(county, "prices")["rows"] if row["township"] == NEIGHBOUR]
    assert (price["price_e4"], price["litres"], price["trades"]) == ("0.1234", "60.000", 1)
    [review] = _report(county, "reviews")["rows"]
    assert (review["rule"], review["clock"], review["days_late"]) == ("farm-to-industry", "running", 0)
    later = dt.date.fromisoformat(review["due_on"]) + dt.timedelta(days=3)
    [late] = county.get("reader", f"/supervision-reports/reviews?on={later}")["rows"]
    assert (late["clock"], late["days_late"]) == ("overdue", 3)
    [waiting] = county.get("reviewer", "/desks/trades/queue")["data"]
    [file] = _report(county, "files")["rows"]
    assert (file["review"], file["desk"], file["matter"]) == (waiting["id"], "trades", "instruction")
    assert (file["rule"], file["due_on"], file["clock"]) == ("farm-to-industry", waiting["due_on"], "running")
    later = dt.date.fromisoformat(file["due_on"]) + dt.timedelta(days=2)
    [late] = county.get("reader", f"/supervision-reports/files?on={later}")["rows"]
    assert (late["clock"], late["days_late"]) == ("overdue", 2)
    [cap] = [row for row in _report(county, "caps")["rows"] if row["code"] == "COUNTY-agriculture"]
    assert cap["held_litres"] == "0.000" and float(cap["charged_litres"]) >= 8000


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_a_report_says_the_same_in_every_format(county: County, name: str) -> None:
    report = REPORTS[name]
    found = _report(county, name)
    columns = [f"{zh} {en}" for zh, en in (each.title for each in report.fields)]
    path = f"/v1/supervision-reports/{name}?water_year={YEAR}&format="
    text = _raw(county, f"{path}csv").decode("utf-8-sig")
    header, *lines = list(csv.reader(io.StringIO(text)))
    assert header == columns and len(lines) == len(found["rows"])
    sheet = openpyxl.load_workbook(io.BytesIO(_raw(county, f"{path}xlsx"))).worksheets[0]
    assert [cell.value for cell in sheet[1]] == columns and sheet.max_row == len(lines) + 1
    assert all(cell.data_type in ("s", "n") for row in sheet.iter_rows(min_row=2) for cell in row)
    assert [[cell.value or "" for cell in row] for row in sheet.iter_rows(min_row=2)] == lines
    for place, each in enumerate(report.fields):
        if each.unit is not None or each.kind == "number":
            told = [row[each.name] or "" for row in found["rows"]]
            assert [line[place] for line in lines] == told and not any(
                isinstance(text, float) for text in told
            )
    for language, title in (("zh", report.zh), ("en", report.en)):
        page = _raw(county, f"/reports/{name}?water_year={YEAR}&lang={language}").decode()
        assert f"<h1>{escape(title)}</h1>" in page and page.count("<tr>") == (len(lines) + 1 if lines else 0)
        assert 'lang="zh-CN"' in page


def test_there_are_pages_of_all_reports_and_of_the_year(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = _raw(county, "/reports?lang=en").decode()
    assert all(f"/reports/{name}" in index for name in REPORTS)
    bulletin = _raw(county, f"/bulletin?water_year={YEAR}&lang=en").decode()
    assert "Yengisar county Bulletin of water rights and saving" in bulletin
    assert '<dt>Volume traded, m³</dt><dd class="number">60.000</dd>' in bulletin
    assert '<dt>Use as metered, m³</dt><dd class="number">1,234.567</dd>' in bulletin
    assert "年度公报" in _raw(county, "/bulletin?lang=zh").decode()
    printed: list[str] = []
    monkeypatch.setattr(printing, "pdf", lambda page, style: printed.append(page) or b"%PDF-1.7")
    assert _raw(county, f"/bulletin/pdf?water_year={YEAR}&lang=en") == b"%PDF-1.7"
    assert [each.partition("<main")[2] for each in printed] == [bulletin.partition("<main")[2]]
    missing = county.client.get("/reports/nothing", headers=county.headers("reader"))
    assert (missing.status_code, missing.json["code"]) == (404, "not_found")
    year = county.client.get("/bulletin?water_year=2001", headers=county.headers("reader"))
    assert year.json["code"] == "no_such_water_year"


def _duty(county: County, duty: str, report: str) -> dict[str, Any]:
    data = county.get("reader", f"/duties?year={YEAR}")["data"]
    found: dict[str, Any] = next(each for each in data if (each["duty"], each["report"]) == (duty, report))
    return found


def test_a_filing_stands_and_what_a_later_reading_changes_must_be_explained(county: County) -> None:
    body = {"duty": "yearly-use", "year": YEAR, "report": "use"}
    assert _duty(county, "yearly-use", "use")["state"] in ("to_come", "due")
    wrong = refused(county, "supervisor", "/filings", body | {"report": "trades"})
    assert (wrong["code"], wrong["errors"][0]["pointer"]) == ("not_found", "/duty")
    filed = county.post("supervisor", "/filings", body)
    assert refused(county, "supervisor", "/filings", body)["code"] == "filed_already"
    text = _raw(county, f"/v1/filings/{filed['id']}/content")
    assert hashlib.sha256(text).hexdigest() == filed["sha256"]
    done = _duty(county, "yearly-use", "use")
    assert (done["state"], done["filing_id"]) == ("done", filed["id"])
    path = f"/filings/{filed['id']}"
    same = county.get("reader", f"{path}/differences")
    assert (same["differences"], same["explained"]) == ([], True)
    assert refused(county, "supervisor", f"{path}/correct", {"reason": "t"})["code"] == "nothing_differs"
    read(county, county.mine, "1300.000")
    now = county.get("reader", f"{path}/differences")
    assert [(each["key"], each["column"], each["filed"], each["now"]) for each in now["differences"]] == [
        ([TOWNSHIP, "agriculture", "surface"], "used_litres", "1234.567", "1300.000"),
        ([TOWNSHIP, "agriculture", "surface"], "holdings_litres", "2825.433", "2760.000"),
    ]
    with clock.moved_to(dt.datetime(YEAR + 1, 1, 20, tzinfo=dt.UTC)):
        county.user("later", "supervisor")
        next_year = body | {"year": YEAR + 1}
        unexplained = refused(county, "later", "/filings", next_year)
        assert (unexplained["code"], unexplained["rule"]) == (
            "filing_unexplained",
            f"filing:yearly-use:{YEAR}",
        )
    stale = {"differences_sha256": same["sha256"], "text": "read late"}
    assert refused(county, "supervisor", f"{path}/explain", stale)["code"] == "differences_moved"
    explained = county.post(
        "supervisor", f"{path}/explain", {"differences_sha256": now["sha256"], "text": "read late"}
    )
    assert (explained["explained"], explained["explanation"]) == (True, "read late")
    with clock.moved_to(dt.datetime(YEAR + 1, 1, 20, tzinfo=dt.UTC)):
        county.post("later", "/filings", next_year)
    corrected = county.post("supervisor", f"{path}/correct", {"reason": "a late reading"})
    assert (corrected["replaces_id"], _duty(county, "yearly-use", "use")["filing_id"]) == (
        filed["id"], corrected["id"],
    )  # fmt: skip
    assert refused(county, "supervisor", f"{path}/correct", {"reason": "t"})["code"] == "corrected_already"
    assert _raw(county, f"/v1{path}/content") == text


@pytest.mark.parametrize("table", ["filings", "filing_explanations", "early_warnings", "national_exports"])
def test_the_database_keeps_what_was_filed(county: County, table: str) -> None:
    with db.connect(county.settings.url()) as connection:
        for act in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            with pytest.raises(psycopg.errors.RestrictViolation, match="immutable"), connection.transaction():
                connection.execute(act.encode())
    with db.connect(county.settings.url()) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            "INSERT INTO filings (duty, year, report, as_of, due_on, text, sha256, rows)"
            " VALUES ('d', 2026, 'use', now(), now(), '{}', sha256('{ }'), 0)"
        )


def test_a_year_is_not_filed_before_it_begins_and_another_department_files_nothing(county: County) -> None:
    body = {"duty": "yearly-trades", "year": YEAR + 1, "report": "trades"}
    assert refused(county, "supervisor", "/filings", body)["code"] == "year_not_begun"
    for name in ("reader", "statistics", "auditor"):
        assert refused(county, name, "/filings", body)["code"] == "not_allowed"


def test_the_plan_is_assessed_by_what_is_counted_and_by_what_departments_enter(county: County) -> None:
    def line(task: str, target: int = 1) -> dict[str, Any]:
        rows = _report(county, "plan")["rows"]
        found: dict[str, Any] = next(row for row in rows if (row["task"], row["target"]) == (task, target))
        return found

    before = line("2")
    assert (before["target_year"], before["wanted_e6"], before["result"]) == (2020, "0.500000", "unknown")
    assert (before["lead"], "县农业农村局" in before["others"]) == ("县水利局", True)
    assert (line("2", 4)["target_year"], line("2", 4)["result"]) == (2035, "met")  # use within the cap
    figure = {"kind": "irrigation_efficiency", "water_year": YEAR, "zone": "653123", "document": "年报"}
    county.post("statistics", "/department-figures", figure | {"value": "49.99"})
    assert (line("2")["value_e6"], line("2")["result"]) == ("0.499900", "not_met")
    county.post("statistics", "/department-figures", figure | {"value": "50.00"})
    assert (line("2")["value_e6"], line("2")["result"]) == ("0.500000", "met")
    result = {
        "task": "3(2)5",
        "target": 1,
        "year": YEAR,
        "result": "partly",
        "text": "两家",
        "document": "文",
    }
    county.post("statistics", "/plan-results", result)
    assert (line("3(2)5")["result"], line("3(2)5")["department"]) == ("partly", "statistics")
    unknown = refused(county, "statistics", "/plan-results", result | {"target": 2})
    assert (unknown["code"], unknown["errors"][0]["pointer"]) == ("unknown_target", "/target")
    assert len({row["task"] for row in _report(county, "plan")["rows"]}) == 34


def test_an_inspection_is_planned_and_done_with_findings(county: County) -> None:
    body = {
        "title": "机井专项检查", "subject": "wells", "zone": TOWNSHIP, "inspectors": "two",
        "legal_source": "plan 4(1)4", "planned_on": clock.today().isoformat(),
    }  # fmt: skip
    planned = county.post("supervisor", "/inspections", body)
    path = f"/inspections/{planned['id']}/complete"
    finding = {"finding": "no meter", "demand": "fit one", "due_on": f"{YEAR + 1}-01-31"}
    done = {"done_on": clock.today().isoformat(), "summary": "one well", "findings": [finding]}
    half = refused(county, "supervisor", path, done | {"findings": [{"finding": "x", "demand": "y"}]})
    assert half["errors"][0]["pointer"] == "/findings/0/due_on"
    made = county.post("supervisor", path, done)
    assert (made["status"], made["findings"]) == ("done", [{"number": 1, **finding}])
    assert refused(county, "supervisor", path, done)["code"] == "inspection_over"
    other = county.post("supervisor", "/inspections", body)
    county.post("supervisor", f"/inspections/{other['id']}/cancel", {"reason": "snow"})
    assert [each["status"] for each in county.get("reader", "/inspections")["data"]] == ["cancelled", "done"]


def test_what_the_national_system_answers_is_held_against_what_was_sent(county: County) -> None:
    made = county.post("supervisor", "/national-exports", {"kind": "trades", "water_year": YEAR})
    path = f"/national-exports/{made['id']}"
    content = _raw(county, f"/v1{path}/content")
    assert hashlib.sha256(content).hexdigest() == made["sha256"]
    [sent] = [row for row in json.loads(content)["rows"] if row["seller_place"] == "KUSHAN-C1"]
    assert (sent["volume_in"], sent["unit_price"], sent["area_code"]) == ("60.000", "0.1234", "653123")
    rows = list(
        csv.DictReader(io.StringIO(_raw(county, f"/v1{path}/content?format=csv").decode("utf-8-sig")))
    )
    assert sent["record_no"] in {row["record_no"] for row in rows}
    number = sent["record_no"]
    no_reason = {"lines": [{"record_no": number, "status": "rejected"}]}
    assert refused(county, "supervisor", f"{path}/answers", no_reason)["code"] == "answer_shape"
    answer = {"lines": [{"record_no": number, "status": "rejected", "reason": "area unknown"},
                        {"record_no": "trd_nobody", "status": "accepted"}]}  # fmt: skip
    first = county.post("supervisor", f"{path}/answers", answer)
    assert (first["accepted"], first["rejected"], first["unknown"], first["unanswered"]) == (
        0,
        1,
        1,
        made["records"] - 1,
    )
    assert refused(county, "supervisor", f"{path}/answers", answer)["code"] == "answer_taken"
    file = f"record_no,status,national_no,volume_in,amount\r\n{number},accepted,N-1,60.001,7.40\r\n"
    headers = county.headers("supervisor") | {"Content-Type": "text/csv"}
    taken = county.client.post(f"/v1{path}/answers/file", data=file.encode(), headers=headers)
    assert taken.status_code == 201, taken.text
    now = county.get("reader", f"{path}/reconciliation")
    record = next(each for each in now["records"] if each["record_no"] == number)
    assert (record["status"], record["national_no"]) == ("accepted", "N-1")
    assert record["differences"] == [{"field": "volume_in", "sent": "60.000", "answered": "60.001"}]
    assert (now["answers"], now["accepted"], now["rejected"], now["differing"]) == (2, 1, 0, 1)
    headers = county.headers("supervisor") | {"Content-Type": "text/csv"}
    perhaps = b"record_no,status\r\nx,perhaps\r\n"
    bad = county.client.post(f"/v1{path}/answers/file", data=perhaps, headers=headers)
    assert (bad.status_code, bad.json["code"], bad.json["rows"][0]["row"]) == (422, "rows_refused", 2)
    rights = county.post("supervisor", "/national-exports", {"kind": "rights", "water_year": YEAR})
    assert rights["records"] >= 3
    assert prove.run(county.settings.url())["violations"] == 0
    assert ids.parse("exn", made["id"]) > 0
