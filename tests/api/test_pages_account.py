"""Accounts, bills and the bank in the browser: sign-in by code, lost passwords, authenticators, keys, money."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyotp
import pytest
from flask.testing import FlaskClient

from market.api import later, own_sign_in
from market.app import create_app
from market.core import clock, db, ids
from market.participants import access
from tests.api.banking import CARDS
from tests.api.county import PASSWORD, YEAR, County
from tests.api.furnished import open_furnished
from tests.api.test_own_sign_in import Carrier
from tests.api.test_pages_holder import HIDDEN, done, sent, shown, signed_in

HTML = {"Accept": "text/html"}
PHONE = "13800000001"
SECRET = re.compile(r'<code class="long">([^<]+)</code>')
CODE = re.compile(r"<li><code>([0-9a-f-]{16,24})</code></li>")


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    with open_furnished(database_url, tmp_path_factory.mktemp("account")) as found:
        found.app.config[later.AT_ONCE] = True
        found.user("treasurer", "treasurer")
        found.user("keeper", "holder", ids.parse("par", found.mine["participant"]))
        found.user("second", "treasurer")
        found.user("third", "supervisor")
        yield found


@pytest.fixture(scope="module")
def carrier(county: County) -> Carrier:
    found = Carrier()
    county.app.config[own_sign_in.MESSAGES] = found
    return found


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "FRESH_S", 0.0)


@pytest.fixture(scope="module")
def browser(county: County) -> FlaskClient:
    return signed_in(county, "mine")


@pytest.fixture(scope="module")
def treasurer(county: County) -> FlaskClient:
    return signed_in(county, "treasurer")


def test_every_page_says_a_fact_in_both_languages(
    county: County, browser: FlaskClient, treasurer: FlaskClient
) -> None:
    pages: list[tuple[FlaskClient, str, str, str]] = [
        (browser, "/account", "Mandates you gave", "您给出的代办授权"),
        (browser, "/account/password", "Every other session ends", "其他设备上的会话全部结束"),
        (browser, "/account/phone", "Telephone for codes", "接收验证码的手机"),
        (browser, "/account/totp", "GB/T 22239-2019", "动态口令"),
        (browser, "/account/data", "Who looked at your data", "谁查看过您的数据"),
        (browser, "/account/keys", "A new key", "新建密钥"),
        (browser, "/my/bills", "Pay bills out of sales", "售水款抵扣水费"),
        (browser, "/my/bank", "Name a bank account", "登记银行账户"),
        (browser, "/my/statements", "Your accounts over the period", "该期间各账户"),
        (treasurer, "/account", "treasurer", "资金管理员"),
        (treasurer, "/desk/bills", "What is unpaid", "欠费情况"),
        (treasurer, "/desk/bank", "Bank and books", "银行与账簿核对"),
        (treasurer, "/desk/act/remittances", "Make a remittance", "编制解缴单"),
        (treasurer, "/desk/act/canal-associations", "Canal", "渠道"),
        (county.app.test_client(), "/sign-in/code", "Send me a code", "获取验证码"),
        (county.app.test_client(), "/forgotten", "Password forgotten", "忘记密码"),
        (county.app.test_client(), "/forgotten/new", "New password", "新密码"),
    ]
    for client, address, english, chinese in pages:
        shown(client, address, english)
        shown(client, address, chinese, language="zh-CN")


def test_a_telephone_is_proved_and_then_opens_the_door_and_sets_a_password(
    county: County, carrier: Carrier
) -> None:
    browser, login = signed_in(county, "theirs"), county.logins["theirs"]
    answer = sent(browser, "/account/phone", "/account/phone", phone=PHONE, password="not it at all")
    assert answer.status_code == 403 and "Password or one-time code is wrong" in answer.text
    answer = sent(browser, "/account/phone", "/account/phone", phone=PHONE, password=PASSWORD)
    assert answer.status_code == 200 and carrier.sent[-1][0] == PHONE
    done(browser, "/account/phone", "/account/phone/confirm", code=carrier.code())
    shown(browser, "/account", "**01")

    stranger = county.app.test_client()
    nobody = stranger.post("/sign-in/code", data={"login": "nobody-here"})
    assert nobody.status_code == 200 and "If there is such a holder" in _english(stranger, "/sign-in/code")
    before = len(carrier.sent)
    with clock.moved_to(clock.now() + codes_pause()):
        known = stranger.post("/sign-in/code", data={"login": PHONE})
        assert len(carrier.sent) == before + 1
        assert _alike(known.text, PHONE) == _alike(nobody.text, "nobody-here")
        wrong = stranger.post("/sign-in/code/enter", data={"login": login, "code": "000000"})
        assert wrong.status_code == 401
        entered = stranger.post("/sign-in/code/enter", data={"login": login, "code": carrier.code()})
        assert (entered.status_code, entered.headers["Location"]) == (303, "/my")


def codes_pause() -> Any:
    from market.participants import codes

    return codes.PAUSE * 2


def _english(client: FlaskClient, address: str) -> str:
    """What the page says after a code was asked for."""
    answer = client.post(address, data={"login": "nobody-else"}, headers={"Accept-Language": "en"})
    return str(answer.get_data(as_text=True))


def _alike(page: str, login: str) -> str:
    """A page without what differs each time."""
    return re.sub(r'name="_(?:csrf|key)" value="[^"]*"', "", page).replace(login, "")


def test_a_forgotten_password_is_set_anew(county: County, carrier: Carrier) -> None:
    stranger, login = county.app.test_client(), county.logins["theirs"]
    with clock.moved_to(clock.now() + 3 * codes_pause()):
        assert stranger.post("/forgotten", data={"login": login}).status_code == 200
        body = {"login": login, "password": "another good password"}
        assert stranger.post("/forgotten/new", data={**body, "code": "000000"}).status_code == 401
        set_ = stranger.post("/forgotten/new", data={**body, "code": carrier.code()})
        assert (set_.status_code, set_.headers["Location"]) == (303, "/sign-in")
        entered = stranger.post("/sign-in", data=body)
        assert entered.status_code == 303
        with db.transaction(county.settings.url()) as session:
            from market.participants import passwords
            from market.participants.models import User

            user = session.query(User).filter(User.login == login).one()
            user.password_hash = passwords.hashed(PASSWORD)  # for the tests after this one


def test_a_role_that_needs_codes_sets_them_up_first_and_keeps_them(county: County) -> None:
    strict = create_app(replace(county.settings, totp_roles="bureau"), rate_limits=False)
    client, login = strict.test_client(), county.logins["second"]
    into = client.post("/sign-in", data={"login": login, "password": PASSWORD})
    assert (into.status_code, into.headers["Location"]) == (303, "/account/totp")
    away = client.get("/desk/bank", headers={"Accept": "text/html"})
    assert (away.status_code, away.headers["Location"]) == (303, "/account/totp")
    shown(client, "/account/totp", "Your role signs in with one-time codes")
    begun = sent(client, "/account/totp", "/account/totp", password=PASSWORD)
    secret = SECRET.findall(begun.text)[0]
    assert "data:image/svg+xml" in begun.text
    hidden = dict(HIDDEN.findall(begun.text))
    wrong = client.post("/account/totp/confirm", data={**hidden, "code": "000000"})
    assert wrong.status_code == 422
    right = client.post(
        "/account/totp/confirm", data={**hidden, "_key": "other", "code": pyotp.TOTP(secret).at(clock.now())}
    )
    assert right.status_code == 200 and len(CODE.findall(right.text)) == 10
    out = client.post("/sign-out", data={**hidden, "next": "/sign-in"})
    assert (out.status_code, out.headers["Location"]) == (303, "/sign-in")
    alone = client.post("/sign-in", data={"login": login, "password": PASSWORD})
    assert alone.status_code == 401
    recovery = CODE.findall(right.text)[0]
    body = {"login": login, "password": PASSWORD, "recovery_code": recovery}
    assert client.post("/sign-in", data=body).headers["Location"] == "/desk"
    kept = sent(
        client,
        "/account/totp",
        "/account/totp/give-up",
        password=PASSWORD,
        recovery_code=CODE.findall(right.text)[1],
    )
    assert kept.status_code == 422 and "GB/T 22239-2019" in kept.text


def test_sessions_and_keys_are_ended_by_their_owner(county: County) -> None:
    other, browser = signed_in(county, "keeper"), signed_in(county, "keeper")
    assert done(browser, "/account", "/account/sign-out-everywhere") == "/account"
    assert other.get("/account", headers=HTML).headers["Location"].startswith("/sign-in")
    made = sent(browser, "/account/keys", "/account/keys", label="pump house", scope="read")
    secret = SECRET.findall(made.text)[0]
    bearer = {"Authorization": f"Bearer {secret}"}
    assert county.client.get("/v1/me", headers=bearer).status_code == 200
    key = re.findall(r"/account/keys/(key_\w+)/revoke", browser.get("/account/keys", headers=HTML).text)[-1]
    done(browser, "/account/keys", f"/account/keys/{key}/revoke")
    assert county.client.get("/v1/me", headers=bearer).status_code == 401
    data = browser.get("/account/data/file?format=zip")
    assert data.status_code == 200 and data.data.startswith(b"PK")
    refused = sent(browser, "/account/data", "/account/data/erase")
    assert refused.status_code == 422 and "Say first" in refused.text


def test_a_statement_is_given_as_tables(browser: FlaskClient) -> None:
    month = f"{clock.today():%Y-%m}"
    for part, column in (("accounts", "opening"), ("movements", ""), ("trades", "")):
        answer = browser.get(f"/my/statements/{part}.csv?period={month}")
        assert answer.status_code == 200 and column in answer.text
    assert browser.get(f"/my/statements/secrets.csv?period={month}").status_code == 404
    shown(browser, f"/my/statements?period={month}", f"?period={month}", "To print")


def _used(county: County) -> None:
    """A meter of mine that counted."""
    account = county.mine["water_account"]
    with db.connect(county.settings.url()) as connection:
        row = connection.execute("SELECT count(*) FROM billing_runs").fetchone()
    assert row is not None and row[0] == 0
    meter = county.post("registrar", "/meters", {"water_account_id": account, "serial": "PAGE-1"})["id"]
    body = {"read_at": clock.now().isoformat(), "counter": "100"}
    county.post("registrar", f"/meters/{meter}/readings", body)


def test_bills_are_previewed_issued_and_paid(
    county: County, browser: FlaskClient, treasurer: FlaskClient
) -> None:
    _used(county)
    query = f"?water_year={YEAR}&until={clock.today()}"
    page = shown(treasurer, f"/desk/act/billing-runs{query}", "Exactly these bills are issued")
    digest = re.findall(r'name="digest" value="([0-9a-f]{64})"', page)[0]
    form = f"/desk/act/billing-runs{query}"
    values = {"water_year": str(YEAR), "until": clock.today().isoformat(), "digest": digest}
    where = done(treasurer, form, "/desk/act/billing-runs", **values)
    assert where.startswith("/desk/bills/runs/wbr_")
    shown(treasurer, where, "Posted nowhere yet")
    bill = county.get("mine", "/water-bills")["data"][0]
    shown(browser, "/my/bills", bill["amount"])
    address = f"/my/bills/{bill['id']}"
    much = sent(browser, address, f"{address}/pay", amount="99999.00")
    assert much.status_code in (409, 422) and 'role="alert"' in much.text
    done(browser, address, f"{address}/pay", amount="0.01")
    shown(browser, address, "from the account in the market")
    cash = f"/desk/act/water-bills/{bill['id']}/cash"
    receipt = done(treasurer, cash, cash, amount="0.02")
    assert receipt.startswith("/water-receipts/rct_") and treasurer.get(receipt).status_code == 200
    shown(browser, address, receipt)
    done(browser, "/my/bills", "/my/bills/consent", cap="50.00")
    shown(browser, "/my/bills", "You consented")
    consent = county.get("mine", "/offset-consents")["data"][-1]["id"]
    done(browser, "/my/bills", f"/my/bills/consents/{consent}/withdraw")
    assert signed_in(county, "theirs").get(address).status_code == 404


def test_money_goes_to_the_bank_by_four_eyes(
    county: County, browser: FlaskClient, treasurer: FlaskClient
) -> None:
    wrong = sent(
        browser, "/my/bank", "/my/bank/accounts",
        holder_name="mine demo", kind="card", number="6222020000000000001", bank_name="示范银行",
    )  # fmt: skip
    assert wrong.status_code == 422
    name = county.get("mine", "/participants")["data"][0]["name"]
    done(
        browser, "/my/bank", "/my/bank/accounts",
        holder_name=name, kind="card", number=CARDS["aylin"], bank_name="示范银行",
    )  # fmt: skip
    account = county.get("mine", "/bank-accounts")["data"][-1]["id"]
    confirm = f"/desk/act/bank-accounts/{account}/confirm"
    shown(treasurer, confirm, CARDS["aylin"])
    done(treasurer, confirm, confirm, note="identity card and bank card seen")
    done(browser, "/my/bank", "/my/bank/payouts", amount="1.00")
    payout = county.get("mine", "/bank-payouts")["data"][-1]["id"]
    done(browser, "/my/bank", f"/my/bank/payouts/{payout}/withdraw")
    done(browser, "/my/bank", "/my/bank/payouts", amount="2.00")
    file = done(treasurer, "/desk/act/bank-payout-files", "/desk/act/bank-payout-files")
    release = f"/desk/act{file.removeprefix('/desk/bank').replace('files', 'bank-payout-files')}/release"
    refused = sent(treasurer, release, release)
    assert refused.status_code in (403, 409, 422)
    done(signed_in(county, "third"), release, release)
    shown(treasurer, file, "The bank's answer")
    nothing = sent(treasurer, "/desk/bank", "/desk/bank/statements")
    assert nothing.status_code == 422 and "Choose a file first" in nothing.text


def test_who_may_not_is_refused(county: County, browser: FlaskClient) -> None:
    for address in ("/desk/bills", "/desk/bank"):
        assert browser.get(address).status_code == 403
    assert county.app.test_client().get("/account", headers=HTML).headers["Location"].startswith("/sign-in")
    for address in ("/account/sign-out-everywhere", "/my/bank/payouts", "/my/bills/consent", "/account/keys"):
        assert browser.post(address, data={}).status_code == 403
