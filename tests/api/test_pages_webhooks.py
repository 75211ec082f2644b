"""Webhook endpoints in the browser: made, changed, tested, switched off; what was sent, and sending it anew."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from market.core import ids
from market.webhooks import delivering
from tests.api.county import County, open_county
from tests.api.receiving import Receiver, receiving, signed_by, work
from tests.api.saving import admitted
from tests.api.test_pages_holder import done, sent, shown, signed_in

PAGE = "/account/webhooks"
SECRET = re.compile(r'<code class="long">(whsec_[^<]+)</code>')
ENDPOINT = re.compile(r"/account/webhooks/(whe_\w+)/test")


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county, which may send into its own network."""
    with open_county(database_url, tmp_path_factory.mktemp("webhooks")) as found:
        found.settings = dataclasses.replace(found.settings, webhook_private=True)
        found.app.config["KAREZ"] = found.settings
        household = admitted(found, "owner", kind="household", role="holder")
        found.user("program", "integrator", ids.parse("par", household))
        admitted(found, "stranger", kind="household", role="holder")
        yield found
        delivering.stop()


@pytest.fixture(scope="module")
def browser(county: County) -> FlaskClient:
    return signed_in(county, "program")


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(scope="module")
def made(browser: FlaskClient, receiver: Receiver) -> tuple[str, str]:
    """An endpoint made on its page, and the secret that was shown there once."""
    page = sent(
        browser, PAGE, PAGE, url=receiver.url, description="ledger of the farm", types="trading.trade.made\n"
    ).text
    return ENDPOINT.findall(page)[0], SECRET.findall(page)[0]


def test_a_test_event_arrives_signed_and_its_page_says_what_was_answered(
    county: County, browser: FlaskClient, receiver: Receiver, made: tuple[str, str]
) -> None:
    endpoint, secret = made
    here = f"{PAGE}/{endpoint}"
    assert secret not in shown(browser, here, "trading.trade.made", "ledger of the farm"), "shown once"
    page = done(browser, here, f"{here}/test")
    shown(browser, page, "It was not tried yet.")
    work(county)
    assert signed_by(receiver.got[-1], secret)
    shown(browser, page, "204", "arrived")
    assert done(browser, page, f"{page}/resend") == page
    work(county)
    path = f"/webhook-endpoints/{endpoint}/deliveries"
    event = county.get("program", f"{path}/{page.rsplit('/', 1)[-1]}")["event_id"]
    assert [each.id for each in receiver.got].count(event) == 2, "anew, under its same id"
    shown(browser, f"{here}?status=delivered", page)
    shown(browser, f"{here}?status=failed", "Nothing of the kind was sent.")
    done(browser, here, f"{here}/test")
    work(county)
    oldest = [each["id"] for each in county.get("program", path)["data"]]
    first = county.get("program", f"{path}?newest_first=true&limit=1")
    assert (first["data"][0]["id"], first["has_more"]) == (oldest[-1], True)
    rest = county.get("program", f"{path}?newest_first=true&starting_after={oldest[-1]}")
    assert [each["id"] for each in rest["data"]] == oldest[-2::-1]


def test_a_new_secret_is_shown_once_and_the_old_one_signs_beside_it(
    county: County, browser: FlaskClient, receiver: Receiver, made: tuple[str, str]
) -> None:
    endpoint, secret = made
    here = f"{PAGE}/{endpoint}"
    [other] = SECRET.findall(sent(browser, here, f"{here}/rotate").text)
    assert other != secret
    assert other not in shown(browser, here)
    done(browser, here, f"{here}/test")
    work(county)
    assert signed_by(receiver.got[-1], secret) and signed_by(receiver.got[-1], other)


def test_what_is_wrong_with_an_endpoint_is_said_in_its_place(
    browser: FlaskClient, receiver: Receiver, made: tuple[str, str]
) -> None:
    here = f"{PAGE}/{made[0]}"
    for page, where in ((PAGE, PAGE), (here, f"{here}/amend")):
        wrong = sent(browser, page, where, url="https://no address", description="", types="")
        assert wrong.status_code == 422
        assert 'aria-invalid="true"' in wrong.text and 'role="alert"' in wrong.text
        unknown = sent(browser, page, where, url=receiver.url, description="", types="market.no.such")
        assert unknown.status_code == 422
    shown(browser, PAGE, "chosen types: 1")
    assert done(browser, here, f"{here}/amend", url=receiver.url, types="") == here
    shown(browser, here, "everything")
    shown(browser, PAGE, "everything")


def test_an_endpoint_is_switched_off_with_a_reason_and_on_again(
    browser: FlaskClient, made: tuple[str, str]
) -> None:
    here = f"{PAGE}/{made[0]}"
    assert done(browser, here, f"{here}/disable", reason="the farm moves house") == here
    shown(browser, here, "switched off", "the farm moves house", "by its owner")
    shown(browser, here, "已停用", language="zh-CN")
    again = sent(browser, here, f"{here}/disable", reason="twice")
    assert (again.status_code, 'role="alert"' in again.text) == (409, True)
    assert done(browser, here, f"{here}/enable") == here
    shown(browser, PAGE, "sends", "Notifications for programs")
    shown(browser, PAGE, "发送中", "程序通知", language="zh-CN")


def test_an_endpoint_of_another_is_not_there(county: County, made: tuple[str, str]) -> None:
    stranger = signed_in(county, "stranger")
    assert made[0] not in shown(stranger, PAGE, "Nothing is sent anywhere yet.")
    assert stranger.get(f"{PAGE}/{made[0]}").status_code == 404
