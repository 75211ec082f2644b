"""Statements and invoices over HTTP: every number with its source, numbered without gaps, never changed."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import itertools
import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from market import prove
from market.contracts import invoicing
from market.core import audit, clock, db, ids
from tests.api.contracting import funded, seats
from tests.api.county import County, open_county
from tests.api.reporting import agreed_contract, billed_point, quarter, read, verified
from tests.api.saving import admitted
from tests.api.test_firms import refused
from tests.api.test_reports import _distributed
from tests.api.trusteeship import billed, metered_point, operated, shared_out, trust_terms

_seeds = itertools.count(40)
YEAR = clock.today().year


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county with those who take a seat in contracts, and money."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        found.mine.update(seats(found))
        found.mine["utility"] = admitted(found, "utility", kind="enterprise", role="holder")
        for name in ("valves", "school"):
            funded(found, found.mine[name], "9000000.00")
        yield found


@pytest.fixture
def shared(county: County) -> dict[str, Any]:
    """A quarter that was shared out; its VAT is 6 per cent."""
    point = billed_point(county, county.mine, next(_seeds))
    for months in range(1, 4):
        read(county, point, months, str(700 * months))
    contract = agreed_contract(county, county.mine, point, vat="0.06", late=None, loan_prime_rate="0.03")
    draft = county.post("valves", f"/saving-contracts/{contract}/reports", quarter())
    return _distributed(county, verified(county, draft)["id"])


def _lines(found: dict[str, Any], part: str) -> dict[str, dict[str, Any]]:
    return {each["code"]: each for each in found["data"] if each["part"] == part}


def _due(county: County, shared: dict[str, Any], name: str = "valves") -> dict[str, Any]:
    dues = county.get(name, f"/contract-dues?contract_id={shared['contract_id']}&limit=200")["data"]
    [found] = [each for each in dues if each["payee_id"] == county.mine[name] and each["kind"] == "share"]
    return found


def test_a_statement_says_for_a_party_how_its_money_came_about(
    county: County, shared: dict[str, Any]
) -> None:
    path = f"/saving-reports/{shared['id']}/statement"
    found = county.get("valves", path)
    assert (found["role"], found["participant_id"]) == ("firm", county.mine["valves"])
    assert _lines(found, "saving")["S"]["value"] == shared["saving"]
    given = {each["participant_id"]: each["amount"] for each in shared["distribution"]["shares"]}
    assert _lines(found, "share")["s"]["value"] == given[county.mine["valves"]]
    derived = [each for each in found["data"] if each["part"] == "derivation"]
    assert derived[-1]["code"] == "Σ" and derived[-1]["value"] == shared["distribution"]["benefit"]
    due = _lines(found, "due")["share"]
    assert (due["value"], due["late_days"]) == (given[county.mine["valves"]], 0)
    gross = round(float(due["value"]) * 100)
    split = _lines(found, "vat")
    net, vat = (round(float(split[f"share_{name}"]["value"]) * 100) for name in ("net", "vat"))
    assert net + vat == gross and abs(net - gross * 10_000 / 10_600) <= 0.5
    school = county.get("school", path)
    assert len([each for each in school["data"] if each["part"] == "due"]) == 4 and not _lines(school, "vat")
    bureau = county.get("supervisor", f"{path}?participant_id={county.mine['lender']}")
    assert bureau["role"] == "financier"
    assert county.get("auditor", path)["role"] == "user"
    judge = county.client.get(f"/v1{path}", headers=county.headers("judge"))
    assert (judge.status_code, judge.json["code"]) == (403, "not_a_contract_party")
    other = county.client.get(f"/v1{path}", headers=county.headers("utility"))
    assert other.status_code == 404
    another = county.client.get(
        f"/v1{path}?participant_id={county.mine['valves']}", headers=county.headers("school")
    )
    assert another.status_code == 404


def test_a_statement_is_csv_and_a_page_in_both_languages(county: County, shared: dict[str, Any]) -> None:
    path = f"/saving-reports/{shared['id']}/statement"
    lines = county.get("valves", path)["data"]
    answer = county.client.get(f"/v1{path}?format=csv", headers=county.headers("valves"))
    assert answer.content_type.startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(each["code"], each["value"], each["zh"]) for each in rows] == [
        (each["code"], each["value"], each["zh"]) for each in lines
    ]
    for lang, words in (
        ("zh", ("合同节水结算单", "增值税", "节水服务机构")),
        ("en", ("Statement", "VAT", "firm")),
    ):
        page = county.client.get(f"/statements/{shared['id']}?lang={lang}", headers=county.headers("valves"))
        assert page.status_code == 200 and all(word in page.text for word in words)
        assert all(f"{Decimal(each['value']):,}" in page.text for each in lines)
    assert "<script" not in page.text.partition("<main")[2]
    pdf = county.client.get(f"/statements/{shared['id']}/pdf?lang=zh", headers=county.headers("valves"))
    assert pdf.status_code == 501 or pdf.data.startswith(b"%PDF")
    assert (
        county.client.get(f"/statements/{shared['id']}", headers=county.headers("utility")).status_code == 404
    )


def test_late_days_are_seen_with_their_rule_and_source(county: County, shared: dict[str, Any]) -> None:
    """A public body pays a small firm: 30 days, 60 at most; no rate was agreed, so 0.05 per cent a day (art. 17)."""
    due = _due(county, shared)
    rule = due["late_rule"]
    assert (rule["protected"], rule["days"], rule["longest_days"], rule["rate"], rule["floor"]) == (
        True, 30, 60, "0.0500% / 1 d", None,
    )  # fmt: skip
    assert "802" in rule["legal_source"]
    last = dt.date.fromisoformat(due["due_on"])
    moment = dt.datetime.combine(last + dt.timedelta(days=45), dt.time(4), dt.UTC)
    number, firm = ids.parse("srp", shared["id"]), ids.parse("par", county.mine["valves"])
    with clock.moved_to(moment), db.transaction(county.settings.url()) as session:
        from market.contracts import late_queries, portfolio, statements
        from market.contracts.contract_models import ContractDue

        row = session.get_one(ContractDue, ids.parse("due", due["id"]))
        late = late_queries.lateness(session, [row], clock.today())[row.id]
        said = statements.of_period(session, report_id=number, participant_id=firm)
        seen = {each.kind: each for each in portfolio.portfolio(session)}
    fen = round(float(due["amount"]) * 100)
    assert late.days == 45 and abs(late.interest_fen - fen * 45 * 0.0005) <= 0.5
    [line] = [each for each in said.lines if each.code == "share_interest"]
    assert (line.late_days, line.value) == (45, f"{late.interest_fen / 100:.2f}")
    assert seen["public_institution"].late_fen >= fen


def test_an_agreed_rate_below_the_loan_prime_rate_gives_way_to_it_and_says_so(county: County) -> None:
    """Agreed: 0.01 a thousand a day and 90 days; the ordinance: at least the one-year LPR of 3 per cent, 60 days."""
    point = billed_point(county, county.mine, next(_seeds))
    for months in range(1, 4):
        read(county, point, months, str(700 * months))
    contract = agreed_contract(
        county, county.mine, point, late={"rate": "0.00001"}, loan_prime_rate="0.03", payment_days=90
    )
    draft = county.post("valves", f"/saving-contracts/{contract}/reports", quarter())
    shared = _distributed(county, verified(county, draft)["id"])
    rule = _due(county, shared)["late_rule"]
    assert (rule["days"], rule["longest_days"], rule["rate"], rule["floor"]) == (
        60, 60, "3.0000% / 365 d", "3.0000% / 365 d",
    )  # fmt: skip
    line = _lines(county.get("valves", f"/saving-reports/{shared['id']}/statement"), "due")["share_interest"]
    assert line["formula"] == "60 d (max 60); 3.0000% / 365 d ≥ 3.0000% / 365 d"
    assert "arts 9, 17" in line["source"]
    bank = _due(county, shared, "lender")["late_rule"]  # a large bank is not protected: as agreed
    assert (bank["protected"], bank["days"], bank["rate"], bank["floor"]) == (
        False, 90, "0.0010% / 1 d", None,
    )  # fmt: skip


def test_a_due_is_invoiced_once_and_taken_back_only_by_a_red_invoice(
    county: County, shared: dict[str, Any]
) -> None:
    due = _due(county, shared)
    path = f"/contract-dues/{due['id']}/invoice"
    assert refused(county, "school", path, {})["code"] == "not_the_issuer"
    blue = county.post("valves", path)
    assert (blue["gross"], blue["vat_rate"], blue["recipient_id"]) == (
        due["amount"], "0.0600", county.mine["school"],
    )  # fmt: skip
    assert hashlib.sha256(blue["text"].encode()).hexdigest() == blue["sha256"]
    assert json.loads(blue["text"])["derivation_sha256"] == shared["sha256"]
    assert refused(county, "valves", path, {})["code"] == "invoiced_before"
    taken = f"/invoices/{blue['id']}/take-back"
    assert refused(county, "school", taken, {"reason": "no"})["code"] == "not_the_issuer"
    part = county.post("valves", taken, {"reason": "re-verified: less was saved", "amount": "100.01"})
    assert (part["gross"], part["corrects_id"]) == ("-100.01", blue["id"])
    assert round(float(part["net"]) * 100) == -9_435  # 100.01 / 1.06 = 94.349…
    over = refused(county, "valves", taken, {"reason": "all", "amount": due["amount"]})
    assert over["code"] == "taken_back"
    rest = county.post("valves", taken, {"reason": "all of it"})
    for name in ("gross", "net", "vat"):
        assert sum(round(float(each[name]) * 100) for each in (blue, part, rest)) == 0
    assert refused(county, "valves", taken, {"reason": "again"})["code"] == "taken_back"
    assert (
        refused(county, "valves", f"/invoices/{rest['id']}/take-back", {"reason": "red"})["code"]
        == "taken_back"
    )
    again = county.post("valves", path)
    numbers = [int(each["number"].split("-")[1]) for each in (blue, part, rest, again)]
    assert numbers == list(range(numbers[0], numbers[0] + 4)) and again["number"].startswith(f"{YEAR}-")
    page = county.client.get(f"/invoices/{part['id']}?lang=zh", headers=county.headers("school"))
    assert "红字发票" in page.text and "-100.01" in page.text and blue["number"] in page.text
    assert (
        county.client.get(f"/v1/invoices/{blue['id']}", headers=county.headers("lender")).status_code == 404
    )
    shown = county.client.get("/v1/invoices?format=csv", headers=county.headers("school")).text
    assert all(each["number"] in shown for each in (blue, part, rest, again))
    said = _lines(county.get("school", f"/saving-reports/{shared['id']}/statement"), "invoice")
    assert said[part["number"]]["value"] == "-100.01"
    _planted_violations_are_found(county)
    assert prove.run(county.settings.url())["violations"] == 0


def _planted_violations_are_found(county: County) -> None:
    plants = (
        (10, "DELETE FROM invoices WHERE number = 2", "a number of an invoice that is missing"),
        (10, "UPDATE invoices SET gross_fen = gross_fen + 1, net_fen = net_fen + 1 WHERE id ="
             " (SELECT max(id) FROM invoices)", "more or less invoiced than is due"),
        (13, "UPDATE invoices SET text = text || ' ' WHERE number = 1", "an invoice that is not what was hashed"),
        (10, "UPDATE invoices SET vat_fen = vat_fen + 1, net_fen = net_fen - 1 WHERE id ="
             " (SELECT max(id) FROM invoices)",
         "an invoice whose tax is another"),
    )  # fmt: skip
    with db.connect(county.settings.url()) as connection:
        connection.execute("SET session_replication_role = replica")
        for number, statement, reason in plants:
            connection.execute("SAVEPOINT sound")
            assert connection.execute(statement).rowcount > 0
            assert reason in {row[0] for row in prove.broken(connection, number)}
            connection.execute("ROLLBACK TO sound")
        connection.rollback()


def test_numbers_have_no_gaps_also_when_two_issue_at_once_and_one_fails(
    county: County, shared: dict[str, Any]
) -> None:
    due = ids.parse("due", _due(county, shared, "lender")["id"])
    lender = ids.parse("par", county.mine["lender"])
    who = audit.Actor(user_id=county.id_of("lender"))
    url, said = county.settings.url(), []
    with db.transaction(url) as session:
        invoicing.issue(session, actor=who, due_id=due, by=lender)
        session.rollback()

    def one() -> None:
        with db.transaction(url) as session:
            try:
                said.append(invoicing.issue(session, actor=who, due_id=due, by=lender).number)
            except invoicing.InvoicedBefore as refusal:
                said.append(refusal.code)

    threads = [threading.Thread(target=one) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(map(str, said)) == ["1", "invoiced_before"]
    assert prove.run(url)["violations"] == 0


def test_the_database_refuses_an_invoice_above_its_due(county: County, shared: dict[str, Any]) -> None:
    made = county.post("valves", f"/contract-dues/{_due(county, shared)['id']}/invoice")
    number = ids.parse("inv", made["id"])
    copy = (
        "INSERT INTO invoices (issuer_id, year, number, recipient_id, contract_id, due_id, gross_fen, net_fen, vat_fen,"
        " vat_bp, text, sha256, issued_on, issued_by) SELECT issuer_id, year, 999, recipient_id, contract_id, due_id,"
        " 1, 1, 0, 0, text, sha256, issued_on, issued_by FROM invoices WHERE id = %s"
    )
    with db.connect(county.settings.url()) as connection:
        with (
            pytest.raises(psycopg.errors.CheckViolation, match="between nil and the due"),
            connection.transaction(),
        ):
            connection.execute(copy, (number,))
        with pytest.raises(psycopg.errors.RestrictViolation), connection.transaction():
            connection.execute("UPDATE invoices SET gross_fen = 1 WHERE id = %s", (number,))


def test_what_is_paid_for_a_breach_is_not_invoiced(county: County, shared: dict[str, Any]) -> None:
    county.post("school", f"/saving-contracts/{shared['contract_id']}/end", {"reason": "the school moves"})
    dues = county.get("valves", f"/contract-dues?contract_id={shared['contract_id']}")["data"]
    [due] = [each for each in dues if each["kind"] == "early_end"]
    assert refused(county, "valves", f"/contract-dues/{due['id']}/invoice", {})["code"] == "not_invoiced"


def test_a_period_under_trusteeship_states_its_fee_and_its_account(county: County) -> None:
    point = metered_point(county, county.mine, "138000")
    contract = operated(county, trust_terms(county.mine, point))
    report = shared_out(county, contract)
    early = county.client.get(f"/v1/saving-reports/{report}/statement", headers=county.headers("valves")).json
    assert {"T", "A", "D"} <= _lines(early, "derivation").keys() and not _lines(early, "trust")
    [due] = county.get("school", f"/contract-dues?contract_id={contract}")["data"]
    county.post("school", f"/contract-dues/{due['id']}/pay")
    billed(county, contract, "440427.00")
    county.post("school", f"/saving-reports/{report}/settle")
    found = county.get("valves", f"/saving-reports/{report}/statement")
    assert {code: each["value"] for code, each in _lines(found, "trust").items()} == {
        "before": "0.00", "fee": "712342.80", "top_up": "0.00", "supplier": "440427.00", "upkeep": "0.00",
        "firm": "271915.80", "after": "0.00", "user": "178085.70",
    }  # fmt: skip


def test_a_period_that_was_not_shared_out_has_no_statement(county: County) -> None:
    point = billed_point(county, county.mine, next(_seeds))
    read(county, point, 3, "2100")
    contract = agreed_contract(county, county.mine, point)
    draft = county.post("valves", f"/saving-contracts/{contract}/reports", quarter())
    answer = county.client.get(
        f"/v1/saving-reports/{draft['id']}/statement", headers=county.headers("valves")
    )
    assert (answer.status_code, answer.json["code"]) == (422, "not_shared_out")
