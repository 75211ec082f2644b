"""What a holder begins by itself in the browser: taking part, an account, a lot, a programme, a pool, a delivery."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from market.core import clock
from market.demo import people
from tests.api.contracting import funded
from tests.api.county import YEAR, County
from tests.api.desk_browsing import HTML, read
from tests.api.furnished import open_furnished
from tests.api.test_pages_holder import HIDDEN, done, sent, shown, signed_in


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    with open_furnished(database_url, tmp_path_factory.mktemp("offering")) as found:
        yield found


@pytest.fixture(scope="module")
def browser(county: County) -> FlaskClient:
    return signed_in(county, "mine")


def later(**other: float) -> str:
    """A moment from now on, as a browser sends it."""
    return (clock.now().astimezone(clock.LEGAL_ZONE) + dt.timedelta(**other)).strftime("%Y-%m-%dT%H:%M")


def test_a_newcomer_applies_on_a_page_and_signs_in_once_it_is_admitted(county: County) -> None:
    newcomer = county.app.test_client()
    assert 'href="/apply"' in shown(newcomer, "/sign-in")
    typed = {
        "kind": "household", "name": "Ma Li", "identifier": people.identity_number(90_001), "contact": "",
        "login": "ma.li", "password": "another horse battery", "user_name": "Ma Li", "roles": "holder",
    }  # fmt: skip
    wrong = newcomer.post("/apply", data=typed | {"roles": "bank"}, headers=HTML)
    assert wrong.status_code == 422 and 'role="alert"' in wrong.text and 'value="Ma Li"' in wrong.text
    assert "another horse" not in wrong.text, "a password is not sent back"
    where = newcomer.post("/apply", data=typed, headers=HTML).location
    number = where.partition("number=")[2]
    shown(newcomer, where, number)
    proof = {"login": "ma.li", "password": typed["password"]}
    assert newcomer.post("/sign-in", data=proof, headers=HTML).status_code == 401
    county.post("registrar", f"/participants/{number}/admit", {"reason": "papers seen"})
    assert newcomer.post("/sign-in", data=proof, headers=HTML).status_code == 303


def test_an_account_is_opened_for_what_will_be_bought_and_closed_while_it_is_empty(
    county: County, browser: FlaskClient
) -> None:
    assert 'href="/my/water/new"' in shown(browser, "/my")
    place = {
        "township": "653123401",
        "canal": "PARK",
        "sector": "services",
        "source": "surface",
        "water_year": "",
    }
    assert sent(browser, "/my/water/new", "/my/water/new", **place).status_code == 422
    where = done(browser, "/my/water/new", "/my/water/new", **place | {"water_year": str(YEAR)})
    number = where.rpartition("/")[2]
    assert county.get("mine", f"/water-accounts/{number}")["sector"] == "services"
    shown(browser, where, "Close the account")
    assert "Close the account" not in shown(browser, f"/my/water/{county.mine['water_account']}")
    assert done(browser, where, f"{where}/close") == "/my"
    assert county.get("mine", f"/water-accounts/{number}")["status"] == "closed"


def test_a_lot_is_offered_seen_by_its_seller_and_taken_back(county: County, browser: FlaskClient) -> None:
    new = "/my/join/listings/new"
    assert f'href="{new}"' in shown(browser, "/my/join")
    form = dict(HIDDEN.findall(shown(browser, new, "water is held at once")))
    lot = {
        "water_account_id": county.mine["water_account"], "mode": "sealed", "volume": "2", "start_price": "0.1",
        "reserve_price": "", "increment": "0.01", "deposit": "0.02", "window_minutes": "5", "extension_minutes": "5",
        "most_extensions": "3", "confirm_days": "2", "registration_closes_at": later(hours=25),
        "opens_at": later(hours=25), "closes_at": later(hours=26),
    }  # fmt: skip
    much = browser.post(new, data=form | lot | {"volume": "999999"}, headers={"Accept-Language": "en"})
    assert much.status_code == 422 and 'role="alert"' in much.text and 'value="999999"' in much.text
    where = done(browser, new, new, **lot)
    number = where.rpartition("/")[2]
    shown(browser, where, "You offer this lot.", "Take the lot back")
    stranger = signed_in(county, "theirs")
    assert "You offer this lot." not in shown(stranger, where)
    assert sent(stranger, where, f"{where}/cancel", reason="x").status_code in (403, 404)
    done(browser, where, f"{where}/cancel", reason="needed at home")
    shown(browser, where, "needed at home")
    assert county.get("mine", f"/listings/{number}")["status"] == "cancelled"


def test_a_programme_and_a_pool_are_published_by_whom_they_are_for(
    county: County, browser: FlaskClient
) -> None:
    funded(county, county.mine["participant"], "500.00")
    product = county.get("mine", f"/listings/{county.mine['listing']}")["product_id"]
    programme = {
        "product_id": product, "water_account_id": county.mine["works"], "price": "0.3", "minimum": "10",
        "maximum": "100", "deadline": later(days=20), "zones": "DEMO-MANAS", "conditions": "",
    }  # fmt: skip
    where = done(browser, "/my/join/programmes/new", "/my/join/programmes/new", **programme)
    made = county.get("mine", f"/programmes/{where.rpartition('/')[2]}")
    assert (made["maximum"], made["zones"]) == ("100.000", ["DEMO-MANAS"])
    shown(browser, where, "At least in all")
    assert browser.get("/my/trusts/new", headers=HTML).status_code == 403, "an association opens pools"
    trustee = signed_in(county, "mine-trustee")
    assert 'href="/my/trusts/new"' in shown(trustee, "/my/trusts")
    pool = {
        "township": "653123401", "canal": "PARK", "sector": "industry", "source": "surface",
        "water_year": str(YEAR), "right_kind": "network_certificate", "fee_per_mille": "20", "floor_price": "0.05",
        "selling": "trustee", "starts_on": f"{YEAR}-01-01", "ends_on": f"{YEAR}-12-31", "notice_days": "30",
        "conditions": "by word",
    }  # fmt: skip
    opened = done(trustee, "/my/trusts/new", "/my/trusts/new", **pool)
    shown(trustee, opened, "by word")


def test_the_water_of_a_settled_trade_is_ordered_by_its_holder(county: County, browser: FlaskClient) -> None:
    delivery = county.get("mine", f"/deliveries/{county.mine['delivery']}")
    open_trades = [
        each
        for each in county.get("mine", "/trades?limit=100")["data"]
        if each["status"] == "settled" and each["instruction_id"] != delivery["instruction_id"]
    ]
    where = f"/my/trades/{open_trades[0]['id']}"
    shown(browser, where, "Order the delivery")
    past = sent(browser, where, f"{where}/delivery", starts_on="2020-01-01", ends_on="2020-02-01")
    assert past.status_code in (409, 422) and 'role="alert"' in past.text
    done(browser, where, f"{where}/delivery", starts_on="", ends_on="")
    page = shown(browser, where, "Delivery ordered")
    assert "Order the delivery" not in page


def test_a_village_sells_by_a_list_whose_wrong_rows_are_shown(county: County) -> None:
    trustee = signed_in(county, "mine-trustee")
    where = f"/my/join/buy-backs/{county.offer}"
    assert "Sell for a village" not in shown(signed_in(county, "mine"), where)
    form = dict(HIDDEN.findall(shown(trustee, where, "Sell for a village by a list")))

    def handed_in(*accounts: str, **ticks: str) -> TestResponse:
        rows = "\n".join(["水量账户编号,水量(立方米)", *(f"{each},1" for each in accounts)])
        data = (
            form | ticks | {"basis": "signed by all", "_key": f"village-{len(accounts)}-{len(ticks)}-000000"}
        )
        sheet = {"sheet": (io.BytesIO(rows.encode()), "village.csv")}
        return trustee.post(f"{where}/list?lang=en", data=data | sheet, headers=HTML)

    mine, theirs = county.mine["water_account"], county.theirs["water_account"]
    nothing = trustee.post(f"{where}/list?lang=en", data=form | {"basis": "x"}, headers=HTML)
    assert (nothing.status_code, "Choose a file first." in nothing.text) == (422, True)
    wrong = handed_in(mine, theirs)
    assert wrong.status_code == 422
    assert re.search(r'<th scope="row" class="amount">3</th>', wrong.text), (
        "the row of the neighbour's account"
    )
    taken = handed_in(mine, theirs, partial="yes")
    assert (taken.status_code, taken.location) == (303, where)
    assert "1 rows are taken, 1 are refused." in read(trustee, where).text
