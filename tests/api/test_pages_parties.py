"""Parties of saving contracts in the browser: trust accounts, baselines, periods, invoices, directory, credit."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from tests.api.contracting import drafted, funded, seats, signed, terms
from tests.api.county import County, open_county
from tests.api.desk_browsing import acted, read
from tests.api.reporting import BASE_YEARS, OPERATION, billed_point, month
from tests.api.saving import admitted
from tests.api.test_pages_holder import HIDDEN, done, sent, shown, signed_in
from tests.api.trusteeship import DAY, metered_point, operated, shared_out, trust_terms, year


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    with open_county(database_url, tmp_path_factory.mktemp("parties")) as found:
        found.mine.update(seats(found))
        found.mine["utility"] = admitted(found, "utility", kind="enterprise", role="holder")
        for name in ("school", "valves"):
            funded(found, found.mine[name], "9000000.00")
        yield found


@pytest.fixture(scope="module")
def browsers(county: County) -> dict[str, FlaskClient]:
    return {name: signed_in(county, name) for name in ("school", "valves", "utility", "judge")}


@pytest.fixture(scope="module")
def shared(county: County) -> tuple[str, str]:
    """A contract under trusteeship and the report of its first year, which was shared out."""
    contract = operated(county, trust_terms(county.mine, metered_point(county, county.mine, "138000")))
    return contract, shared_out(county, contract)


def _fee(county: County, contract: str) -> str:
    """What the user pays into the trust account for a year."""
    dues = county.get("school", f"/contract-dues?contract_id={contract}")["data"]
    [found] = [each["id"] for each in dues if each["kind"] == "trust_fee"]
    return str(found)


def test_a_trust_account_is_paid_into_billed_and_settled(
    county: County, browsers: dict[str, FlaskClient], shared: tuple[str, str]
) -> None:
    contract, report = shared
    page, school, utility = f"/firm/contracts/{contract}/trust", browsers["school"], browsers["utility"]
    assert f'href="{page}"' in shown(school, f"/firm/contracts/{contract}")
    settle = f"{page}/periods/{report}/settle"
    assert settle not in shown(school, page), "its fee is not paid yet"
    done(school, page, f"{page}/payments", amount="100.00")
    shown(school, page, "Paid in advance", "100.00 yuan")
    done(school, "/firm/cash-flow", f"/firm/dues/{_fee(county, contract)}/pay")
    early = sent(school, page, settle)
    assert early.status_code in (409, 422) and 'role="alert"' in early.text, "the bills are missing"
    form = dict(HIDDEN.findall(shown(utility, page, "Present a bill")))
    bill = {"first_day": str(year(0)), "last_day": str(year(1) - DAY), "amount": "440427.00"}
    for number in ("W-1", "W-2"):
        paper = {
            "paper": (io.BytesIO(b"paper"), "bill.pdf"),
            "number": number,
            "_key": f"bill-{number}-0000000000",
        }
        answer = utility.post(f"{page}/bills", data=form | bill | paper, content_type="multipart/form-data")
        assert answer.status_code == 303, answer.text
    bills = county.get("utility", f"/saving-contracts/{contract}/supplier-bills")["data"]
    assert [each["number"] for each in bills] == ["W-1", "W-2"]
    assert f"{bills[1]['id']}/withdraw" not in shown(school, page)
    done(utility, page, f"{page}/bills/{bills[1]['id']}/withdraw", reason="sent twice")
    shown(utility, page, "sent twice")
    done(school, page, f"{page}/bills/{bills[0]['id']}/pay")
    done(browsers["valves"], page, settle)
    settled = shown(school, page, "period settled", "440,427.00 yuan")
    assert settle not in settled


def test_a_baseline_is_typed_month_by_month_and_a_period_is_given_up_by_both(
    county: County, browsers: dict[str, FlaskClient]
) -> None:
    contract = drafted(county, terms(county.mine, billed_point(county, county.mine, 5)))
    signed(county, contract, "school", "valves", "lender")
    county.post("valves", f"/saving-contracts/{contract}/phases", OPERATION)
    page, new = f"/firm/contracts/{contract}", f"/firm/contracts/{contract}/baselines/new"
    valves, school = browsers["valves"], browsers["school"]
    assert f'href="{new}"' in shown(valves, page)
    assert "built-in" not in shown(valves, new), "a field that was not typed is empty"
    base = {
        "works_start": str(month()), "first_month": str(month(-BASE_YEARS)), "months": str(BASE_YEARS * 12),
        "drivers": "pupils | 学生 | Pupils | 1 | more", "unit_driver": "", "departures": "",
        "values": "\n".join(f"{500 + number % 12}" for number in range(BASE_YEARS * 12)),
    }  # fmt: skip
    short = sent(valves, new, new, **base | {"values": "500\n501"})
    assert short.status_code == 422 and "pupils | 学生" in short.text, "what was typed stands there"
    assert done(valves, new, new, **base) == page
    [made] = county.get("valves", f"/saving-contracts/{contract}/baselines")["data"]
    assert (made["drivers"], made["starts_on"]) == (["pupils"], str(month(-BASE_YEARS)))
    for browser in (valves, school):
        done(browser, page, f"{page}/consent/{made['id']}", sha256=made["sha256"])
    shown(valves, f"{page}/reports/new?starts_on={month()}", "pupils")
    for browser in (valves, school):
        shown(browser, page, "Give a period up")
        done(browser, page, f"{page}/give-up", starts_on=str(month()), reason="the meter stood still")
    periods = county.get("school", f"/saving-contracts/{contract}/periods")["data"]
    assert periods[0]["status"] == "given_up"
    assert f"starts_on={month()}" not in shown(valves, page)


def test_an_invoice_is_taken_back_by_a_red_one(
    county: County, browsers: dict[str, FlaskClient], shared: tuple[str, str]
) -> None:
    due = _fee(county, shared[0])
    done(browsers["valves"], "/firm/cash-flow", f"/firm/dues/{due}/invoice")
    [invoice] = county.get("valves", "/invoices")["data"]
    back = f"/firm/invoices/{invoice['id']}/take-back"
    assert back not in shown(browsers["school"], "/firm/cash-flow"), "its seller takes it back"
    assert back in shown(browsers["valves"], "/firm/cash-flow")
    done(browsers["valves"], "/firm/cash-flow", back, reason="the wrong buyer")
    assert back not in shown(browsers["valves"], "/firm/cash-flow", "taken back", "the wrong buyer")
    red = county.get("valves", "/invoices")["data"][-1]
    assert (red["corrects_id"], red["gross"]) == (invoice["id"], f"-{invoice['gross']}")


def test_a_contract_is_ended_for_the_price_that_was_signed(
    county: County, browsers: dict[str, FlaskClient]
) -> None:
    contract = drafted(county, terms(county.mine, billed_point(county, county.mine, 6), deposit="0"))
    signed(county, contract, "school", "valves", "lender")
    page = f"/firm/contracts/{contract}"
    shown(browsers["school"], page, "50,000.00 yuan, as it was signed")
    done(browsers["school"], page, f"{page}/end", reason="the school closes")
    shown(browsers["school"], page, "has ended")
    [due] = county.get("valves", f"/contract-dues?contract_id={contract}")["data"]
    assert (due["kind"], due["amount"]) == ("early_end", "50000.00")


def test_an_entry_of_the_directory_is_changed_and_left(
    county: County, browsers: dict[str, FlaskClient]
) -> None:
    valves, page = browsers["valves"], "/firm/registration"
    [entry] = county.get("valves", "/firm-registrations")["data"]
    shown(valves, page, "Change the entry", "Leave the directory")
    change = {"about": "drip lines", "contact": "0998-1", "works_in": "irrigation", "staff": "41"}
    stale = sent(valves, page, f"{page}/{entry['id']}", version=str(entry["version"] + 5), **change)
    assert stale.status_code in (409, 412, 428) and 'role="alert"' in stale.text
    done(valves, page, f"{page}/{entry['id']}", version=str(entry["version"]), **change)
    shown(valves, page, "drip lines")
    done(valves, page, f"{page}/{entry['id']}/leave", reason="we only repair now")
    left = shown(valves, page)
    assert "Leave the directory" not in left
    county.post("registrar", f"/firm-registrations/{entry['id']}/list", {"reason": "back again"})


def test_a_finding_is_appealed_against_and_an_entry_withdrawn(
    county: County, browsers: dict[str, FlaskClient]
) -> None:
    school, whose = browsers["school"], county.mine["school"]
    county.user("chief", "supervisor")
    why = {"reason": "seen", "legal_source": "art. 1"}
    case = county.post("chief", "/cases", {"title": "By hand", "participant_ids": [whose], "reason": "seen"})
    county.post("chief", f"/cases/{case['id']}/close", why | {"outcome": "founded", "finding": "other"})
    [entry] = county.get("school", "/credit-entries")["data"]
    shown(school, "/account/credit", case["number"], "Appeal against it until")
    appeal = f"/account/credit/{entry['id']}/appeal"
    empty = sent(school, "/account/credit", appeal, grounds="")
    assert empty.status_code == 422 and 'aria-invalid="true"' in empty.text
    done(school, "/account/credit", appeal, grounds="it was my neighbour")
    page = shown(school, "/account/credit", "waits for the decision")
    assert "Appeal against it until" not in page
    chief = signed_in(county, "chief")
    its = f"/desk/act/credit-entries/{entry['id']}/withdraw"
    assert f'href="{its}"' in read(chief, f"/desk/participants/{whose}").text
    assert acted(chief, its, reason="entered for another") == f"/desk/participants/{whose}"
    shown(school, "/account/credit", "entered for another")
    county.user("clerk", "registrar")
    assert its not in read(signed_in(county, "clerk"), f"/desk/participants/{whose}").text
