"""The desk of the regulator in a browser: queue, matter, decision by four eyes; what will happen before it happens."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from market.api.permissions import BUREAU, OUTSIDE, ROUTES
from market.sheet_runs import working
from market.web.bureau.acting import ACTS
from tests.api.county import PASSWORD, County
from tests.api.desk_browsing import HTML, acted, do, hidden, read
from tests.api.furnished import open_furnished

PEOPLE = (
    ("first", "reviewer"),
    ("clerk", "registrar"),
    ("chief", "supervisor"),
    ("cashier", "treasurer"),
    ("keeper", "administrator"),
    ("looker", "reader"),
)
PAGES = {
    "/desk": BUREAU | OUTSIDE,
    "/desk/rights": ROUTES["desk_rights.index"].roles,
    "/desk/warning": ROUTES["desk_warning.tree"].roles,
    "/desk/alerts": ROUTES["desk_watching.alerts"].roles,
    "/desk/cases": ROUTES["desk_watching.cases"].roles,
    "/desk/interventions": ROUTES["desk_interventions.index"].roles,
    "/desk/announce": ROUTES["desk_announcing.index"].roles,
    "/desk/auctions": ROUTES["desk_auctions.index"].roles,
    "/desk/participants": ROUTES["desk_participants.index"].roles,
    "/desk/firms": ROUTES["desk_participants.firms"].roles,
    "/desk/limits": ROUTES["desk_limits.index"].roles,
    "/desk/meters": ROUTES["desk_meters.index"].roles,
    "/desk/pledges": ROUTES["desk_pledges.index"].roles,
    "/desk/savings": ROUTES["desk_savings.reports"].roles,
    "/desk/excel": ROUTES["desk_excel.index"].roles,
    "/desk/money": ROUTES["desk_money.index"].roles,
    "/desk/users": ROUTES["desk_participants.users"].roles,
    "/desk/figures": ROUTES["desk_warning.figures"].roles,
    "/desk/people": ROUTES["desk_matters.people"].roles,
    "/desk/trail": ROUTES["desk_trail.search"].roles,
}


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    with open_furnished(database_url, tmp_path_factory.mktemp("county")) as found:
        for name, role in PEOPLE:
            found.user(name, role)
        yield found


@pytest.fixture(scope="module")
def browsers(county: County) -> dict[str, FlaskClient]:
    """A browser for each, signed in with a cookie."""
    found = {}
    for name in (*(each for each, _ in PEOPLE), "mine"):
        browser = found[name] = county.app.test_client()
        data = {"login": county.logins[name], "password": PASSWORD}
        assert browser.post("/sign-in?lang=en", data=data, headers=HTML).status_code == 303
    return found


def test_each_page_is_for_whom_it_has_something_and_says_so_in_both_languages(
    county: County, browsers: dict[str, FlaskClient]
) -> None:
    wrong = []
    for name, role in PEOPLE:
        links = read(browsers[name], "/desk").text
        for address, may in PAGES.items():
            status = (
                read(browsers[name], address).status_code if role in may or address == "/desk/money" else 403
            )
            if status != (200 if role in may else 403):
                wrong.append(f"{address} by {role}: {status}")
            if (f'href="{address}"' in links) != (role in may) and address != "/desk/people":
                wrong.append(f"{address} is among the links of {role}, or should be")
    assert wrong == []
    assert "各岗位待办" in browsers["first"].get("/desk?lang=zh", headers=HTML).text
    assert read(browsers["mine"], "/desk").status_code == 403


def test_a_reviewer_decides_a_trade_with_its_effect_said_first(
    county: County, browsers: dict[str, FlaskClient]
) -> None:
    queue = read(browsers["first"], "/desk?desk=trades")
    file = re.search(r"/desk/reviews/(rvw_\w+)", queue.text)
    assert file is not None
    matter = read(browsers["first"], f"/desk/reviews/{file[1]}").text
    assert "Seller receives" in matter
    assert "working days left" in matter
    page = f"/desk/act/desk-reviews/{file[1]}/decide?decision=approved"
    told = read(browsers["first"], page).text
    assert "The water goes to the buyer and the money to the seller, at once and whole." in told
    blank = do(browsers["first"], page, reason="", legal_source="")
    assert blank.status_code == 422
    assert 'role="alert"' in blank.text
    made = do(browsers["first"], page, reason="within the plan", legal_source="")
    assert (made.status_code, made.location) == (303, f"/desk/reviews/{file[1]}")
    assert "approved" in read(browsers["first"], made.location).text
    again = do(browsers["first"], page, reason="within the plan", legal_source="")
    assert again.status_code in (409, 422)


def test_an_application_goes_its_way_and_a_stranger_s_page_is_unknown(
    county: County, browsers: dict[str, FlaskClient]
) -> None:
    body = {
        "participant_id": county.mine["participant"],
        "kind": "irrigation_certificate",
        "source": "surface",
        "sector": "agriculture",
        "township": "DEMO-MANAS",
        "canal": "DEMO-CANAL",
        "volume": "10",
        "land_mu": "1",
        "valid_from": "2026-01-01",
        "valid_to": "2030-12-31",
        "basis": "tests",
    }
    right = county.post("clerk", "/entitlements", body)["id"]
    for step, button in (("accept", "Accept for decision"), ("publish", "Publish for objection")):
        assert button in read(browsers["clerk"], f"/desk/rights/{right}").text
        assert do(browsers["clerk"], f"/desk/act/entitlements/{right}/{step}", reason="").status_code == 303
    assert "published" in read(browsers["clerk"], f"/desk/rights/{right}").text
    early = do(browsers["clerk"], f"/desk/act/entitlements/{right}/confirm", reason="")
    assert early.status_code in (409, 422)
    assert "Legal source" in early.text
    unknown = right[:4] + "01" + right[6:-4] + "ZZZZ"
    assert read(browsers["clerk"], f"/desk/rights/{unknown}").status_code == 404
    assert read(browsers["first"], f"/desk/act/entitlements/{right}/suspend").status_code == 403


def test_a_halt_says_in_words_and_figures_what_it_will_do(
    county: County, browsers: dict[str, FlaskClient]
) -> None:
    chief, product = browsers["chief"], county.get("chief", "/products")["data"][0]["id"]
    page = f"/desk/act/interventions/halts?scope=product&product_id={product}&orders=stay"
    told = read(chief, page).text
    assert "open orders stay in the book" in told
    assert "Money held" in told
    assert county.get("chief", "/interventions/halts?in_force=true")["data"] == []
    sent = hidden(told.split('<form method="post"')[-1]) | {
        "reason": "flood at the gate",
        "legal_source": "art. 26",
    }
    assert (
        chief.post("/desk/act/interventions/halts", data=sent | {"_csrf": ""}, headers=HTML).status_code
        == 403
    )
    assert chief.post("/desk/act/interventions/halts", data=sent, headers=HTML).status_code == 303
    [halt] = county.get("chief", "/interventions/halts?in_force=true")["data"]
    assert "flood at the gate" in read(chief, "/desk/interventions").text
    assert do(chief, f"/desk/act/interventions/halts/{halt['id']}/lift", reason="over").status_code == 303
    asked = read(chief, "/desk/act/interventions/cancellations?side=sell&change=yes")
    assert asked.status_code == 200
    assert "open orders of" in read(chief, "/desk/act/interventions/cancellations?side=sell").text


def test_a_kill_switch_is_never_thrown_for_everybody_where_a_name_was_typed(
    county: County, browsers: dict[str, FlaskClient]
) -> None:
    chief, page = browsers["chief"], "/desk/act/kill-switch"
    works = next(
        each for each in county.get("chief", "/participants?status=admitted")["data"] if each["name"]
    )
    whose, name = works["id"], works["name"]
    signs = {"reason": "wash trades", "legal_source": "art. 1"}
    found = read(chief, f"{page}?{urlencode({'participant_id_sought': name, 'participant_id': ''})}").text
    choices = found.partition('name="participant_id"')[2].partition("</select>")[0]
    assert '<option value=""></option>' in choices and "selected" not in choices, "nobody is chosen by itself"
    assert (
        f'<option value="{whose}">' in found and "everybody" not in found.split("<main")[1].split("</h1>")[0]
    )
    assert f'method="post" action="{page}"' not in found, "nobody is chosen yet"
    forged = do(chief, page, participant_id_sought=name, participant_id="", **signs)
    assert forged.status_code == 200 and county.get("chief", "/kill-switch")["data"] == []
    person = county.mine["participant"]  # no supervisor finds a natural person by its name
    by_number = read(
        chief, f"{page}?{urlencode({'participant_id_sought': person, 'participant_id': ''})}"
    ).text
    assert f'<option value="{person}">' in by_number
    told = read(chief, f"{page}?{urlencode({'participant_id_sought': name, 'participant_id': whose})}").text
    assert f'method="post" action="{page}"' in told and name in told
    acted(chief, page, asks={"participant_id": whose}, **signs)
    [thrown] = county.get("chief", "/kill-switch")["data"]
    assert thrown["participant_id"] == whose
    assert do(chief, f"{page}/{thrown['id']}/lift", reason="over").status_code == 303
    everybody = read(chief, f"{page}?{urlencode({'participant_id_sought': '', 'participant_id': ''})}").text
    assert f'method="post" action="{page}"' in everybody and "everybody" in everybody


def test_a_limit_a_case_and_a_user_are_made_by_whom_they_are_for(
    county: County, browsers: dict[str, FlaskClient]
) -> None:
    limit = county.get("clerk", "/limits?kind=cap")["data"][0]
    cut = read(browsers["clerk"], f"/desk/act/limits/{limit['id']}/change?volume=1").text
    assert "This cannot be done now" in cut
    wrong = read(browsers["clerk"], f"/desk/act/limits/{limit['id']}/change?volume=one")
    assert wrong.status_code == 200
    more = f"/desk/act/limits/{limit['id']}/change?volume={limit['volume']}"
    assert do(browsers["clerk"], more, reason="as before", legal_source="art. 1").status_code in (303, 422)
    made = do(
        browsers["chief"],
        "/desk/act/cases",
        title="at the close",
        reason="orders withdrawn",
        participant_ids=county.mine["participant"],
    )
    assert made.status_code == 303
    assert "at the close" in read(browsers["chief"], made.location).text
    assert (
        do(
            browsers["chief"], f"/desk/act{made.location.removeprefix('/desk')}/notes", text="looked"
        ).status_code
        == 303
    )
    assert "looked" in read(browsers["chief"], made.location).text
    user = do(
        browsers["keeper"],
        "/desk/act/users",
        login="new.reader",
        name="New reader",
        password=PASSWORD,
        roles="reader",
    )
    assert user.status_code == 303
    assert "New reader" in read(browsers["keeper"], "/desk/users").text


def test_a_deposit_is_looked_over_and_a_sheet_s_wrong_rows_are_shown_in_their_place(
    county: County, browsers: dict[str, FlaskClient]
) -> None:
    account = county.mine["money_account"]
    page = f"/desk/act/deposits?money_account_id={account}&amount=12.50&bank_reference=B-77&value_date=2026-11-01"
    assert "12.50" in read(browsers["cashier"], page).text
    assert do(browsers["cashier"], page).status_code == 303
    assert "B-77" in read(browsers["cashier"], "/desk/money").text
    assert do(browsers["cashier"], page).status_code in (409, 422)
    shown = read(browsers["clerk"], "/desk/excel").text
    template = browsers["clerk"].get("/v1/imports/limits/template")
    assert template.status_code == 200
    assert template.headers["Content-Disposition"].startswith("attachment")
    form = hidden(shown.split('<form method="post"')[-1])

    def send(*files: tuple[io.BytesIO, str]) -> TestResponse:
        data = form | {"register": "meters"} | ({"sheet": files[0]} if files else {})
        return browsers["clerk"].post("/desk/excel?lang=en", data=data, headers=HTML)

    nothing = send()
    assert (nothing.status_code, "Choose a file first." in nothing.text) == (422, True)
    sent = send((io.BytesIO("表号,水量账户编号\nX-1,nonsense\n".encode()), "meters.csv"))
    assert sent.status_code == 303
    waiting = read(browsers["clerk"], sent.location).text
    assert "The file waits for its turn." in waiting and 'data-live="1"' in waiting
    assert working.work_off(county.settings.url(), county.settings) == 1
    over = read(browsers["clerk"], sent.location).text
    assert 'role="alert"' in over and "data-live" not in over
    assert re.search(r'<th scope="row" class="amount">2</th><td[^>]*>B</td>', over), "the row and the column"
    assert sent.location in read(browsers["clerk"], "/desk/excel").text, "and it is found again"


def test_an_account_is_found_by_name_and_a_changed_name_forgets_what_was_chosen(
    county: County, browsers: dict[str, FlaskClient]
) -> None:
    account = county.mine["money_account"]
    name = county.get("treasurer", f"/participants/{county.mine['participant']}")["name"]

    def asked(**typed: str) -> str:
        values = {"amount": "1.00", "bank_reference": "B-78", "value_date": "2026-11-01", **typed}
        return read(browsers["cashier"], f"/desk/act/deposits?{urlencode(values)}").text

    first = asked(money_account_id_sought=name)
    assert f'<option value="{account}">' in first
    assert 'method="post" action="/desk/act/deposits"' not in first
    second = asked(money_account_id_sought=name, money_account_id=account)
    assert 'method="post" action="/desk/act/deposits"' in second
    other = asked(money_account_id_sought="nobody at all", money_account_id=account)
    assert "Nothing bears this name." in other
    assert f'value="{account}"' not in other and 'method="post" action="/desk/act/deposits"' not in other
    listed = read(browsers["clerk"], f"/desk/participants?{urlencode({'name': name})}").text
    assert county.mine["participant"] in listed


def test_every_act_has_a_page_for_whom_its_route_is_open(county: County) -> None:
    for endpoint, act in ACTS.items():
        assert [each.rule for each in county.app.url_map.iter_rules(endpoint)] == [f"/v1{act.path}"]
        for step in ("show", "do"):
            assert ROUTES[f"desk_acts.{step}_{act.name}"].roles == ROUTES[endpoint].roles & (BUREAU | OUTSIDE)
