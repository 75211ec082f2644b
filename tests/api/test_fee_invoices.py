"""Invoices of the exchange for its fees over HTTP: who sees and issues them, as JSON, CSV, page and PDF."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from market import prove
from market.core import clock, db, ids
from market.participants import admission
from tests.api.county import County, open_county
from tests.api.market import credit_code
from tests.api.saving import admitted
from tests.api.smallholders import order_body
from tests.api.test_firms import refused
from tests.api.test_pages_holder import done, sent, shown, signed_in

DIGITAL = "26652000000000000042"
OWN_CODE = credit_code(77)


def _month(back: int) -> str:
    today = clock.today()
    at = today.year * 12 + today.month - 1 - back
    return f"{at // 12}-{at % 12 + 1:02d}"


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county whose farmer, a body here, was charged fees two months ago; afterwards all is sound."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        for role in ("treasurer", "supervisor"):
            found.user(role, role)
        found.user("reviewer", "reviewer")
        for name in ("farmer", "factory"):
            found.mine[name] = found.get(name, "/me")["participant_id"]
        found.user("seller", "holder", ids.parse("par", found.mine["farmer"]))
        found.user("buyer", "holder", ids.parse("par", found.mine["factory"]))
        admitted(found, "person", kind="person", role="holder")
        _sell(found, "400", "360")
        found.mine["instruction"] = _sell(found, "200", "180")
        _long_ago(found, 2)
        _becomes_a_body(found)
        yield found
        found.exchange.take_up()
        report = prove.run(found.settings.url())
        assert report["violations"] == 0, [each for each in report["invariants"] if each["violations"]]


def _sell(county: County, sold: str, bought: str) -> str:
    """The farmer sells to the factory at 1.00 yuan; a tenth is lost on the way. The instruction."""
    for name, side, volume in (("farmer", "sell", sold), ("factory", "buy", bought)):
        account = county.get(name, "/water-accounts")["data"][0]["id"]
        price = "1" if side == "sell" else "2"
        placed = county.post(name, "/orders", order_body(county, account, side, volume, price))
    trade = county.get("factory", f"/trades/{placed['fills'][0]['trade_id']}")
    assert Decimal(trade["fee"]) > 0
    county.post(
        "reviewer", f"/reviews/{_review(county, trade['instruction_id'])}/approve", {"reason": "tests"}
    )
    county.exchange.take_up()
    found: str = trade["instruction_id"]
    return found


def _review(county: County, instruction: str) -> str:
    waiting = county.get("reviewer", "/reviews?status=awaiting_review")["data"]
    [found] = [each["id"] for each in waiting if each["instruction_id"] == instruction]
    return str(found)


def _long_ago(county: County, months: int) -> None:
    """What was charged or given back just now was so in an earlier month: the clock of a sign-in cannot be moved."""
    with db.connect(county.settings.url()) as connection:
        connection.execute("SET session_replication_role = replica")
        moved = connection.execute(
            "UPDATE transfers SET created_at = %s WHERE code IN (15, 131) AND created_at > now() - interval '1 day'",
            (f"{_month(months)}-03T12:00:00+08:00",),
        )
        assert moved.rowcount


def _becomes_a_body(county: County) -> None:
    secret = county.settings.secret("identifier")
    with db.connect(county.settings.url()) as connection:
        connection.execute(
            "UPDATE participants SET kind = 'association', identifier_kind = 'uscc', identifier_hash = %s"
            " WHERE id = %s",
            (admission.digest(secret, "uscc", OWN_CODE), ids.parse("par", county.mine["farmer"])),
        )


def _profile(county: County, **other: str) -> dict[str, Any]:
    return {"title": "县用水户协会", "tax_number": OWN_CODE, **other}


def _page(county: County, name: str, path: str) -> str:
    answer = county.client.get(path, headers=county.headers(name))
    assert answer.status_code == 200, answer.text
    return answer.text


def _issued(county: County, back: int) -> dict[str, Any]:
    month = {"month": _month(back)}
    seen = county.post("treasurer", "/fee-invoice-runs/preview", month)
    made = county.post("treasurer", "/fee-invoice-runs", month | {"digest": seen["digest"]})
    assert {name: made[name] for name in ("invoices", "credits", "gross", "net", "tax", "digest")} == {
        name: seen[name] for name in ("invoices", "credits", "gross", "net", "tax", "digest")
    }
    return made


def test_a_body_says_how_it_wishes_to_be_invoiced_and_only_under_its_own_number(county: County) -> None:
    path = f"/participants/{county.mine['farmer']}/tax-profile"
    before = county.get("seller", path)
    assert (before["version"], before["form"], before["tax_number"]) == (0, "ordinary", None)
    for number in ("123456789012345", OWN_CODE[:-1] + ("0" if OWN_CODE[-1] != "0" else "1"), credit_code(78)):
        assert (
            refused(county, "seller", path, _profile(county, tax_number=number))["code"] == "wrong_tax_number"
        )
    short = refused(
        county, "seller", path, _profile(county, form="special", address="a", phone="1", bank_name="b")
    )
    assert (short["code"], short["errors"][0]["pointer"]) == ("special_needs_all", "/bank_account")
    full = {
        "form": "special",
        "address": "人民路1号",
        "phone": "0998-1",
        "bank_name": "农行",
        "bank_account": "62280001",
    }
    made = county.post("seller", path, _profile(county, **full))
    assert (made["version"], made["title"], made["form"]) == (1, "县用水户协会", "special")
    assert county.post("seller", path, _profile(county, **full))["version"] == 2
    assert county.get("treasurer", path)["bank_account"] == "62280001"
    assert refused(county, "buyer", path, _profile(county))["code"] == "not_found"
    assert refused(county, "seller", path, _profile(county, title=" "))["code"] == "invalid_input"
    own = county.get("person", "/me")["participant_id"]
    wrong = refused(county, "person", f"/participants/{own}/tax-profile", _profile(county))
    assert wrong["code"] == "no_tax_profile_needed"


def test_the_treasurer_previews_and_issues_a_month_that_is_over_once(county: County) -> None:
    for month in (_month(0), _month(-1)):
        assert (
            refused(county, "treasurer", "/fee-invoice-runs/preview", {"month": month})["code"]
            == "month_not_over"
        )
    for month in ("2026-13", "2026-1", "1999-01", "x"):
        assert (
            refused(county, "treasurer", "/fee-invoice-runs/preview", {"month": month})["code"]
            == "invalid_input"
        )
    asked = {"month": _month(2)}
    assert refused(county, "seller", "/fee-invoice-runs/preview", asked)["status"] == 403
    seen = county.post("supervisor", "/fee-invoice-runs/preview", asked)
    assert (seen["invoices"], seen["credits"], seen["gross"], seen["without_tax_number"]) == (1, 0, "1.80", 0)
    assert (seen["vat"]["rate"], seen["vat"]["demonstration"]) == ("6.00", True)
    assert (
        refused(county, "supervisor", "/fee-invoice-runs", asked | {"digest": seen["digest"]})["status"]
        == 403
    )
    assert refused(county, "treasurer", "/fee-invoice-runs/preview", {"month": _month(1)})["limit"] == _month(
        2
    )
    stale = refused(county, "treasurer", "/fee-invoice-runs", asked | {"digest": "0" * 64})
    assert stale["code"] == "preview_changed"
    run = _issued(county, 2)
    again = county.post("treasurer", "/fee-invoice-runs/preview", asked)
    assert (again["invoices"], again["gross"]) == (0, "0.00")
    nothing = refused(county, "treasurer", "/fee-invoice-runs", asked | {"digest": again["digest"]})
    assert nothing["code"] == "nothing_to_invoice"
    assert county.get("auditor", f"/fee-invoice-runs/{run['id']}") == run
    assert county.get("treasurer", "/fee-invoice-runs")["data"] == [run]


def test_an_invoice_says_what_a_fapiao_needs_to_whom_it_is_of(county: County) -> None:
    [listed] = county.get("seller", "/fee-invoices")["data"]
    assert county.get("buyer", "/fee-invoices")["data"] == []
    path = f"/fee-invoices/{listed['id']}"
    found = county.get("seller", path)
    assert (found["title"], found["tax_number"], found["form"]) == ("县用水户协会", OWN_CODE, "special")
    assert (found["gross"], found["net"], found["tax"], found["gross_in_words"]) == (
        "1.80",
        "1.70",
        "0.10",
        "壹元捌角整",
    )
    [line] = found["lines"]
    assert (line["code"], line["zh"], line["fees"], line["rate"]) == ("trade_fee", "交易服务费", 2, "6.00")
    fees = county.get("seller", f"{path}/fees")["data"]
    assert [each["amount"] for each in fees] == ["1.20", "0.60"]
    assert fees[1]["subject_id"] == county.mine["instruction"]
    for what in ("", "/fees"):
        answer = county.client.get(f"/v1{path}{what}", headers=county.headers("buyer"))
        assert answer.status_code == 404
    county.mine["invoice"] = listed["id"]


def test_the_lists_are_the_same_as_csv(county: County) -> None:
    path = f"/v1/fee-invoices/{county.mine['invoice']}/fees"
    for address, name in (("/v1/fee-invoices", "fee-invoices"), (path, "invoiced-fees")):
        answer = county.client.get(f"{address}?format=csv", headers=county.headers("seller"))
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}.csv"'
        rows = list(csv.DictReader(io.StringIO(answer.data.decode())))
        data = county.get("seller", address.removeprefix("/v1"))["data"]
        assert [{key: value or None for key, value in row.items()} for row in rows] == [
            {key: str(value) if value is not None else None for key, value in each.items()} for each in data
        ]
    assert answer.data.startswith(b"id,at,code,zh,en,subject_id,amount\r\n")


def test_the_number_that_the_tax_authority_gave_is_recorded_once(county: County) -> None:
    path = f"/fee-invoices/{county.mine['invoice']}/number"
    today = clock.today().isoformat()
    body = {"number": DIGITAL, "issued_on": today}
    assert refused(county, "seller", path, body)["status"] == 403
    for wrong in ({"number": "1" * 19}, {"number": "1" * 8}, {"code": "1" * 10}, {"issued_on": "2000-01-01"}):
        assert refused(county, "treasurer", path, body | wrong)["code"] in (
            "invalid_input",
            "wrong_fapiao_number",
        )
    left = county.get("treasurer", "/fee-invoices?numbered=false")["data"]
    assert [each["id"] for each in left] == [county.mine["invoice"]]
    made = county.post("treasurer", path, body)
    assert (made["fapiao_number"], made["fapiao_on"], made["fapiao_code"]) == (DIGITAL, today, "")
    assert refused(county, "treasurer", path, body)["code"] == "numbered_before"
    assert county.get("treasurer", "/fee-invoices?numbered=false")["data"] == []
    told = {each["type"] for each in county.get("seller", "/events?limit=200")["data"]}
    assert {
        "fees.fee_invoice.issued",
        "fees.fee_invoice.numbered",
        "fees.tax_profile.set",
    } <= told or not told


def test_a_page_and_a_pdf_say_it_in_both_languages(county: County) -> None:
    at = f"/fee-invoices/{county.mine['invoice']}"
    for language, words in (
        ("zh", ("手续费发票", "*经纪代理服务*交易服务费", "壹元捌角整", "购买方", "第十五条")),
        ("en", ("Fee invoice", "*brokerage services*fee of the exchange", "special VAT invoice")),
    ):
        text = _page(county, "seller", f"{at}?lang={language}")
        for word in (*words, DIGITAL, OWN_CODE, "1.70"):
            assert word in text, word
    pdf = county.client.get(f"{at}/pdf", headers=county.headers("treasurer"))
    assert pdf.data.startswith(b"%PDF") if pdf.status_code == 200 else pdf.status_code == 501
    assert county.client.get(at, headers=county.headers("buyer")).status_code == 404


def test_a_reversed_fee_is_credited_in_the_desk_s_own_pages(county: County) -> None:
    why = {"reason": "void", "legal_source": "tests art. 1"}
    made = county.post(
        "supervisor", "/interventions/reversals", {"instruction_id": county.mine["instruction"], **why}
    )
    county.post("reviewer", f"/interventions/reversals/{made['id']}/approve", {"reason": "agreed"})
    _long_ago(county, 1)
    treasurer, holder = signed_in(county, "treasurer"), signed_in(county, "seller")
    act = "/desk/act/fee-invoice-runs"
    shown(treasurer, "/desk/fee-invoices", "Months that were invoiced")
    shown(treasurer, act, "One that is over")
    page = shown(treasurer, f"{act}?month={_month(1)}", "Credits", "-0.60")
    digest = page.split('name="digest" value="')[1][:64]
    where = done(treasurer, f"{act}?month={_month(1)}", act, month=_month(1), digest=digest)
    assert where.startswith("/desk/fee-invoices/runs/fir_")
    shown(treasurer, where, "Credit (red) invoice", "Record it")
    shown(treasurer, where, "红字手续费发票", "登记", language="zh-CN")
    credit = county.get("seller", "/fee-invoices")["data"][-1]
    assert (credit["kind"], credit["gross"], credit["corrects_id"]) == (
        "credit",
        "-0.60",
        county.mine["invoice"],
    )
    assert (credit["tax_number"], credit["form"]) == (OWN_CODE, "special")
    record = f"/desk/act/fee-invoices/{credit['id']}/number"
    done(treasurer, record, record, number="9" * 20, issued_on=clock.today().isoformat())
    shown(treasurer, record, "This invoice has its number already.")
    shown(holder, "/my/fee-invoices", credit["number"], "9" * 20)
    shown(holder, "/my/fee-invoices", "开票信息", language="zh-CN")
    shown(holder, f"/my/fee-invoices/{credit['id']}", "-0.60", "Fees behind it")
    for path, least in (
        ("/my/fee-invoices.csv", 2),
        (f"/my/fee-invoices/{county.mine['invoice']}/fees.csv", 2),
    ):
        answer = holder.get(path)
        assert answer.mimetype == "text/csv" and len(answer.text.strip().splitlines()) == 1 + least
    assert "负陆角整" in _page(county, "seller", f"/fee-invoices/{credit['id']}?lang=zh")


def test_the_tax_profile_is_set_on_the_holder_s_desk(county: County) -> None:
    holder, person = signed_in(county, "seller"), signed_in(county, "person")
    wrong = sent(holder, "/my/fee-invoices", "/my/tax-profile", title="x", tax_number=credit_code(9))
    assert wrong.status_code == 422 and "credit code" in wrong.text
    done(holder, "/my/fee-invoices", "/my/tax-profile", title="协会", tax_number=OWN_CODE)
    shown(holder, "/my/fee-invoices", 'value="协会"')
    text = shown(person, "/my/fee-invoices", "invoiced in their own name")
    assert "/my/tax-profile" not in text
    kept = county.get("treasurer", "/fee-invoices")["data"][0]
    assert kept["title"] == "县用水户协会", "what was issued stays as it was"
