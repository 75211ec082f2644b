"""An integrator in a browser: an endpoint made, tried, seen to arrive; a county of this process, and its receiver."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser

from market.core import ids
from market.webhooks import delivering
from tests.api.county import PASSWORD, County, open_county
from tests.api.receiving import Receiver, receiving, signed_by, work
from tests.api.saving import admitted
from tests.browser import site as sites
from tests.browser.served import served
from tests.browser.site import NAMES_OF_WAYS, WAYS

HOW = pytest.mark.parametrize(("language", "size"), WAYS, ids=NAMES_OF_WAYS)


@dataclass(frozen=True)
class Place:
    """The county, its address, and who is told."""

    county: County
    url: str
    receiver: Receiver


@pytest.fixture(scope="module")
def place(browser: Browser, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The demonstration county, which may send into its own network, with a household's program."""
    with open_county(database_url, tmp_path_factory.mktemp("integrator")) as county:
        county.settings = dataclasses.replace(county.settings, webhook_private=True)
        county.app.config["KAREZ"] = county.settings
        household = admitted(county, "owner", kind="household", role="holder")
        county.user("program", "integrator", ids.parse("par", household))
        with receiving() as receiver, served(county) as url:
            yield Place(county, url, receiver)
        delivering.stop()


@HOW
def test_an_integrator_makes_an_endpoint_and_sees_a_test_event_arrive(
    browser: Browser, place: Place, language: str, size: tuple[int, int]
) -> None:
    login = place.county.logins["program"]
    with sites.visit(
        browser, place.url, language=language, size=size, login=login, password=PASSWORD
    ) as visit:
        assert visit.page.url.endswith("/account/webhooks")
        visit.send(
            "form[action='/account/webhooks']", url=place.receiver.url, description="the farm's ledger"
        )
        secret = visit.page.inner_text("main [role=status] code")
        assert sites.wrong_with(visit) == []
        visit.press("main [role=status] a.button")
        assert secret not in visit.said()
        visit.send("form[action$='/test']")
        work(place.county)
        visit.page.reload()
        assert "204" in visit.said()
        assert sites.wrong_with(visit) == []
        visit.follow("/account/webhooks/whe_")
        assert sites.wrong_with(visit) == []
    assert any(signed_by(each, secret) for each in place.receiver.got)
