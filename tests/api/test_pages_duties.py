"""Pages of what the bureau does for others: deliveries and gates, filings, inspections, national exports, meters."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.api.county import PASSWORD, YEAR, County
from tests.api.desk_browsing import HTML, acted, do, hidden, read
from tests.api.furnished import open_furnished
from tests.api.smallholders import trustee_of

DAY = f"{YEAR}-11-20"


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    with open_furnished(database_url, tmp_path_factory.mktemp("county")) as found:
        found.user("clerk", "registrar")
        found.user("chief", "supervisor")
        found.logins["id of keeper"] = trustee_of(found, "keeper")
        yield found


@pytest.fixture(scope="module")
def browsers(county: County) -> dict[str, FlaskClient]:
    found = {}
    for name in ("clerk", "chief", "keeper", "mine"):
        browser = found[name] = county.app.test_client()
        data = {"login": county.logins[name], "password": PASSWORD}
        assert browser.post("/sign-in?lang=en", data=data, headers=HTML).status_code == 303
    return found


def test_a_delivery_goes_to_its_gate_and_what_is_missing_is_dealt_with(
    county: County, browsers: dict[str, FlaskClient]
) -> None:
    clerk, keeper = browsers["clerk"], browsers["keeper"]
    number = county.mine["delivery"]
    volume = county.get("registrar", f"/deliveries/{number}")["volume"]
    page = f"/desk/deliveries/{number}"
    assert number in read(clerk, "/desk/deliveries?status=dispatched").text
    first = read(clerk, f"/desk/act/deliveries/{number}/confirm").text
    assert "What it concerns" in first, "whose it is stands beside the question"
    assert (
        acted(clerk, f"/desk/act/deliveries/{number}/confirm", asks={"volume": "0.300", "note": "first"})
        == page
    )
    assert "first" in read(clerk, page).text
    acted(clerk, f"/desk/act/deliveries/{number}/close-short", reason="the canal is dry")
    assert "the canal is dry" in read(clerk, page).text
    further = acted(clerk, f"/desk/act/deliveries/{number}/make-good", asks={"starts_on": "", "ends_on": ""})
    assert further != page and page in read(clerk, further).text
    asks = {"keeper_id": county.logins["id of keeper"]}
    where = further.rpartition("/")[2]
    assert where not in read(keeper, "/my/gates").text
    acted(clerk, f"/desk/act/deliveries/{where}/dispatch", asks=asks)
    shown = read(keeper, "/my/gates").text
    assert where in shown

    def say(act: str, **typed: str) -> int:
        form = hidden(shown.split(f'action="/my/gates/{where}/{act}"')[-1].split("</form>")[0])
        return keeper.post(f"/my/gates/{where}/{act}", data=form | typed, headers=HTML).status_code

    assert say("confirm", volume="0") == 422
    assert say("confirm", volume="0.200", note="at noon") == 303
    assert say("close-short", reason="no more comes") == 303
    now = county.get("registrar", f"/deliveries/{where}")
    assert (now["status"], now["confirmed"], now["reason"]) == ("short", "0.200", "no more comes")
    assert now["volume"] < volume
    acted(clerk, f"/desk/act/deliveries/{where}/propose-refund", reason="nothing to make it good with")
    assert "nothing to make it good with" in read(clerk, further).text
    assert read(browsers["mine"], "/my/gates").status_code == 403


def test_a_report_is_filed_and_an_inspection_is_planned_done_and_read(
    county: County, browsers: dict[str, FlaskClient]
) -> None:
    chief = browsers["chief"]
    listed = read(chief, "/desk/filings").text
    [link, *_] = re.findall(r'href="(/desk/act/filings[?][^"]*duty[^"]*)"', listed)
    filed = acted(chief, link.replace("&amp;", "&"))
    assert filed.startswith("/desk/filings/flg_")
    shown = read(chief, filed).text
    assert "Nothing differs from what was filed." in shown
    assert "This cannot be done now" in read(chief, f"/desk/act{filed.removeprefix('/desk')}/explain").text
    asks = {
        "title": "Wells at night", "subject": "whether they run", "zone": "", "inspectors": "A and B",
        "planned_on": DAY,
    }  # fmt: skip
    where = acted(chief, "/desk/act/inspections", asks=asks, legal_source="county plan 4(1)4")
    assert "Wells at night" in read(chief, "/desk/inspections").text
    findings = f"two ran | stop them ｜ {DAY}\n\na third one"
    acted(
        chief,
        f"/desk/act{where.removeprefix('/desk')}/complete",
        done_on=DAY,
        summary="seen",
        findings=findings,
    )
    found = county.get("supervisor", f"/inspections/{where.rpartition('/')[2]}")
    assert [(each["finding"], each["demand"], each["due_on"]) for each in found["findings"]] == [
        ("two ran", "stop them", DAY), ("a third one", None, None),
    ]  # fmt: skip
    assert "a third one" in read(chief, where).text
    other = acted(chief, "/desk/act/inspections", asks=asks, legal_source="county plan 4(1)4")
    acted(chief, f"/desk/act{other.removeprefix('/desk')}/cancel", reason="rain")
    assert "called off" in read(chief, other).text


def test_an_export_is_made_and_its_answer_is_read_line_by_line(browsers: dict[str, FlaskClient]) -> None:
    chief = browsers["chief"]
    where = acted(chief, "/desk/act/national-exports", asks={"kind": "use", "water_year": YEAR})
    assert where in read(chief, "/desk/national-exports").text
    form = hidden(read(chief, where).text.split('/answers"')[-1])

    def answered(content: str) -> Any:
        sheet = (io.BytesIO(content.encode()), "answer.csv")
        return chief.post(f"{where}/answers?lang=en", data=form | {"sheet": sheet}, headers=HTML)

    wrong = answered("nothing,here\n1,2\n")
    assert wrong.status_code == 422 and 'role="alert"' in wrong.text


def test_a_meter_and_a_use_plan_are_entered_from_the_holder_s_page(
    county: County, browsers: dict[str, FlaskClient]
) -> None:
    clerk, account = browsers["clerk"], county.mine["water_account"]
    holder = f"/desk/participants/{county.mine['participant']}"
    assert f"water_account_id={account}" in read(clerk, holder).text
    asks = {
        "water_account_id": account,
        "serial": "PAGE-1",
        "kind": "well",
        "measures": "electricity",
        "start_kwh": "5.00",
    }
    meter = acted(clerk, "/desk/act/meters", asks=asks)
    assert "PAGE-1" in read(clerk, meter).text
    act = f"/desk/act{meter.removeprefix('/desk')}"
    acted(
        clerk,
        f"{act}/conversions",
        coefficient="4.2",
        calibrated_on=DAY,
        valid_from=DAY,
        source="test sheet 1",
    )
    [factory, *_] = [
        each
        for each in county.get("registrar", "/water-accounts?limit=200")["data"]
        if each["sector"] == "industry"
    ]
    plan, owner = f"/desk/act/water-accounts/{factory['id']}/use-plan", factory["participant_id"]
    assert plan in read(clerk, f"/desk/participants/{owner}").text
    assert plan.replace(factory["id"], account) not in read(clerk, holder).text, "farming needs none"
    done = acted(clerk, plan, asks={"volume": "123456.000"}, legal_source="plan 1")
    assert done == f"/desk/participants/{owner}"
    assert county.get("registrar", f"/water-accounts/{factory['id']}")["use_plan"] == "123456.000"


def test_personal_data_are_seen_for_a_purpose_and_a_forgotten_password_is_helped(
    county: County, browsers: dict[str, FlaskClient]
) -> None:
    chief, clerk, person = browsers["chief"], browsers["clerk"], county.mine["participant"]
    full = county.get("registrar", f"/participants/{person}")["name"]
    page, act = f"/desk/participants/{person}", f"/desk/act/participants/{person}"
    assert full not in read(chief, page).text
    looked = do(chief, f"{act}/unmask", fields="name", purpose="a complaint of it", legal_basis="order 7")
    assert (looked.status_code, looked.location) == (303, page)
    shown = read(chief, page).text
    assert full in shown, "this once"
    assert full not in read(chief, page).text
    assert any(
        each["purpose"] == "a complaint of it" for each in county.get("mine", "/me/data-access")["data"]
    )
    mark = {"participant_id": person, "kind": "telephone", "value": "13900000000", "document": "a letter"}
    assert acted(chief, "/desk/act/party-marks", asks=mark) == page
    acted(clerk, f"{act}/password-reset", login=county.logins["mine"], reason="showed its card")
    helped = re.search(r"good for a day: ([\w-]{20,})", read(clerk, page).text)
    assert helped is not None, "the token is shown this once"
    new = {"login": county.logins["mine"], "code": helped[1], "password": "another horse battery"}
    assert county.client.post("/v1/auth/password-reset/confirm", json=new).status_code in (200, 204)
