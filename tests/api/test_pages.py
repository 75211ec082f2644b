"""The frame of the pages: sign-in in the browser, forms, refusals, languages, files."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from market.core import clock
from market.participants import tokens
from tests.api.county import PASSWORD, County
from tests.api.furnished import open_furnished

HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    with open_furnished(database_url, tmp_path_factory.mktemp("county")) as found:
        yield found


@pytest.fixture
def browser(county: County) -> FlaskClient:
    return county.app.test_client()


def sign_in(browser: FlaskClient, login: str, **more: str) -> TestResponse:
    return browser.post("/sign-in", data={"login": login, "password": PASSWORD, **more}, headers=HTML)


def csrf(browser: FlaskClient) -> str:
    found = re.search(r'name="_csrf" value="([^"]*)"', browser.get("/sign-in", headers=HTML).text)
    assert found is not None
    return found[1]


def test_whoever_signs_in_gets_to_what_was_asked_for(browser: FlaskClient, county: County) -> None:
    sent = browser.get("/my?lang=zh", headers=HTML)
    assert (sent.status_code, sent.location) == (303, "/sign-in?next=%2Fmy%3Flang%3Dzh")
    made = sign_in(browser, county.logins["mine"], next="/my?lang=zh")
    assert (made.status_code, made.location) == (303, "/my?lang=zh")
    cookie = browser.get_cookie(tokens.ACCESS_COOKIE)
    assert cookie is not None
    assert cookie.http_only
    shown = browser.get(made.location, headers=HTML)
    assert shown.status_code == 200
    assert "我的水" in shown.text


@pytest.mark.parametrize("address", ["//evil.example", "https://evil.example", "/\\evil.example", "evil"])
def test_nobody_is_sent_on_to_another_service(browser: FlaskClient, county: County, address: str) -> None:
    assert sign_in(browser, county.logins["mine"], next=address).location == "/my"


def test_a_wrong_password_shows_the_form_again_without_it(browser: FlaskClient, county: County) -> None:
    answer = browser.post(
        "/sign-in", data={"login": county.logins["mine"], "password": "wrong-as-can-be"}, headers=HTML
    )
    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert "wrong-as-can-be" not in answer.text
    assert browser.get_cookie(tokens.ACCESS_COOKIE) is None


def test_a_form_without_its_secret_or_from_another_site_does_nothing(
    browser: FlaskClient, county: County
) -> None:
    sign_in(browser, county.logins["mine"])
    refused = browser.post("/sign-out", headers=HTML)
    assert refused.status_code == 403
    strange = browser.post(
        "/sign-out", data={"_csrf": csrf(browser)}, headers=HTML | {"Sec-Fetch-Site": "cross-site"}
    )
    assert strange.status_code == 403
    assert browser.get("/my", headers=HTML).status_code == 200
    assert browser.post("/sign-out", data={"_csrf": csrf(browser)}, headers=HTML).status_code == 303
    assert browser.get("/my", headers=HTML).status_code == 303


def test_who_reads_on_stays_and_who_does_not_is_signed_out(browser: FlaskClient, county: County) -> None:
    sign_in(browser, county.logins["mine"])
    now = clock.now()
    old = csrf(browser)
    with clock.moved_to(now + tokens.ACCESS_LIFE * 0.8):
        assert browser.get("/my", headers=HTML).status_code == 200
    with clock.moved_to(now + tokens.ACCESS_LIFE * 1.5):
        assert browser.get("/my", headers=HTML).status_code == 200
        assert csrf(browser) == old, "a form that is open stays good"
    with clock.moved_to(now + tokens.ACCESS_LIFE * 4):
        assert browser.get("/my", headers=HTML).status_code == 303
    assert tokens.LONGEST_SITTING > tokens.ACCESS_LIFE


def test_a_sitting_ends_however_much_is_read(browser: FlaskClient, county: County) -> None:
    sign_in(browser, county.logins["mine"])
    moment = clock.now()
    end = moment + tokens.LONGEST_SITTING + tokens.ACCESS_LIFE
    while moment < end:
        moment += tokens.ACCESS_LIFE * 0.9
        with clock.moved_to(moment):
            status = browser.get("/sign-in", headers=HTML).status_code
            assert status == 200
            left = browser.get("/my", headers=HTML).status_code
    assert left == 303


def test_a_page_of_failure_says_what_may_be_said(browser: FlaskClient, county: County) -> None:
    nothing = browser.get("/nothing/here", headers=HTML | {"Accept-Language": "zh-CN"})
    assert nothing.status_code == 404
    assert "无权查看" in nothing.text
    sign_in(browser, county.logins["mine"])
    other = browser.get(f"/certificates/{county.theirs['entitlement']}", headers=HTML)
    assert other.status_code == 404
    assert county.logins["theirs"] not in other.text
    assert browser.get("/nothing/here").json["code"] == "not_found", "programs get their problem document"


def test_a_language_is_kept_and_uyghur_runs_from_the_right(browser: FlaskClient, county: County) -> None:
    assert 'lang="en" dir="ltr"' in browser.get("/", headers=HTML).text
    assert 'lang="ug" dir="rtl"' in browser.get("/?lang=ug", headers=HTML).text
    kept = browser.get("/", headers=HTML).text
    assert 'lang="ug" dir="rtl"' in kept
    assert ">كىرىش</a>" in kept, "the way in has a Uyghur word"
    assert "公示" in kept, "what has no Uyghur words falls back to Chinese"


def test_files_are_named_by_their_content_and_kept_for_ever(browser: FlaskClient, county: County) -> None:
    page = browser.get("/", headers=HTML).text
    for address in re.findall(r'(?:href|src)="(/assets/[^"]+)"', page):
        found = browser.get(address)
        assert found.status_code == 200
        assert "immutable" in found.headers["Cache-Control"]
        stale = re.sub(r"/assets/[0-9a-f]+/", "/assets/0123456789abcdef/", address)
        assert browser.get(stale).status_code == 404
    assert browser.get("/assets/0123456789abcdef/../catalogues.py").status_code == 404


def test_a_sale_is_shown_before_it_is_placed_and_placed_once(browser: FlaskClient, county: County) -> None:
    sign_in(browser, county.logins["mine"])
    first = browser.get(f"/my/sell?account={county.mine['water_account']}", headers=HTML)
    assert first.status_code == 200
    form = dict(
        re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', first.text.split("<main")[1])
    )
    form["account"] = county.mine["water_account"]
    wrong = browser.get("/my/sell/check", query_string=form | {"volume": "1,5", "price": "0.3"}, headers=HTML)
    assert wrong.status_code == 422
    assert 'aria-invalid="true"' in wrong.text
    looked = browser.get("/my/sell/check", query_string=form | {"volume": "1", "price": "0.9"}, headers=HTML)
    assert looked.status_code == 200
    sale = dict(
        re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', looked.text.split("<main")[1])
    )
    assert sale["volume"] == "1"
    before = len(county.get("mine", "/orders")["data"])
    placed = [browser.post("/my/sell", data=sale, headers=HTML) for _ in range(2)]
    assert [each.status_code for each in placed] == [303, 303]
    assert placed[0].location == placed[1].location
    assert len(county.get("mine", "/orders")["data"]) == before + 1


def test_a_clerk_acts_for_a_holder_under_a_mandate_and_the_slip_says_so(
    browser: FlaskClient, county: County
) -> None:
    sign_in(browser, county.logins["theirs"])  # has a mandate of "mine"
    counter = browser.get("/counter", headers=HTML)
    assert county.mine["participant"] in counter.text
    form = {"_csrf": csrf(browser), "participant_id": county.theirs["participant"]}
    assert browser.post("/counter", data=form, headers=HTML).status_code == 422, (
        "not a holder that gave a mandate"
    )
    acted = browser.post("/counter", data=form | {"participant_id": county.mine["participant"]}, headers=HTML)
    assert (acted.status_code, acted.location) == (303, "/my")
    desk = browser.get("/my", headers=HTML)
    assert county.mine["water_account"] in desk.text
    assert county.theirs["water_account"] not in desk.text
    assert 'class="acting"' in desk.text
    slip = browser.get(f"/my/orders/{county.mine['order']}/slip", headers=HTML)
    assert slip.status_code == 200
    assert county.mine["order"] in slip.text
    stopped = browser.post("/counter/stop", data={"_csrf": csrf(browser)}, headers=HTML)
    assert stopped.status_code == 303
    assert county.theirs["water_account"] in browser.get("/my", headers=HTML).text


def test_a_cookie_without_a_mandate_opens_nothing(browser: FlaskClient, county: County) -> None:
    sign_in(browser, county.logins["mine"])
    browser.set_cookie("karez_acting", county.storage)
    answer = browser.get("/my", headers=HTML)
    assert (answer.status_code, answer.location) == (303, "/counter")
    assert browser.get("/my", headers=HTML).status_code == 200
