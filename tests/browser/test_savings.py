"""A saving from the signed contract to the fen on both desks, in a browser.

A county of this process, since the time to object has to pass: its contract, baseline and reports are made over the
API once for all languages and screens; the bank signs, the verifier certifies and the firm shares out in the browser.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Browser

from market.core import clock
from tests.api.contracting import drafted, funded, month, seats, terms
from tests.api.county import PASSWORD, County, open_county
from tests.api.deskwork import later
from tests.api.reporting import agreed_contract, billed_point, read, spans
from tests.browser import site as sites
from tests.browser.served import served
from tests.browser.site import NAMES_OF_WAYS, WAYS, Visit

HOW = pytest.mark.parametrize("way", range(len(WAYS)), ids=NAMES_OF_WAYS)
UNDISPUTED = dt.timedelta(days=60)
"""Longer than anybody may object."""


@dataclass(frozen=True)
class Made:
    """The county, its address, and for each way of reading a draft that lacks the bank's hand and a report."""

    county: County
    url: str
    drafts: list[str]
    reports: list[dict[str, Any]]

    def visit(self, browser: Browser, way: int, name: str) -> AbstractContextManager[Visit]:
        """One of the county's people in front of a browser."""
        language, size = WAYS[way]
        login = self.county.logins[name]
        return sites.visit(browser, self.url, language=language, size=size, login=login, password=PASSWORD)


@pytest.fixture(scope="module")
def made(browser: Browser, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """A school that saves 300 m3 a month with a firm, by the month, and as many drafts and reports as ways to read."""
    with open_county(database_url, tmp_path_factory.mktemp("savings")) as county:
        who = county.mine = seats(county)
        for name in ("school", "valves"):
            funded(county, who[name], "9000000.00")
        point = billed_point(county, who, 77)
        for months in range(1, len(WAYS) + 1):
            read(county, point, months, str(700 * months + months**2))
        contract = agreed_contract(county, who, point, period_months=1)
        reports = [
            county.post(
                "valves", f"/saving-contracts/{contract}/reports", {"spans": spans(month(0, each), 1)}
            )
            for each in range(len(WAYS))
        ]
        for report in reports:
            for name in ("school", "valves"):
                county.post(name, f"/saving-reports/{report['id']}/accept", {"sha256": report["sha256"]})
        drafts = [
            drafted(county, terms(who, point, title=f"The lender signs {each}")) for each in range(len(WAYS))
        ]
        for draft in drafts:
            for name in ("school", "valves"):
                digest = county.get(name, f"/saving-contracts/{draft}/text")["sha256"]
                county.post(name, f"/saving-contracts/{draft}/sign", {"sha256": digest})
        with served(county) as url:
            yield Made(county, url, drafts, reports)


@HOW
def test_a_bank_signs_the_contract_that_it_finances(browser: Browser, made: Made, way: int) -> None:
    contract = made.drafts[way]
    with made.visit(browser, way, "lender") as visit:
        assert visit.page.url.endswith("/firm")
        visit.follow(f"/firm/contracts/{contract}")
        visit.send(f"form[action='/firm/contracts/{contract}/sign']")
        assert visit.page.locator(f"form[action='/firm/contracts/{contract}/sign']").count() == 0
        assert visit.wrong == []
    found = made.county.get("lender", f"/saving-contracts/{contract}")
    assert found["status"] == "signed"
    assert len(found["versions"][-1]["signatures"]) == 3


@HOW
def test_a_verifier_certifies_the_saving_that_it_has_read(browser: Browser, made: Made, way: int) -> None:
    report = made.reports[way]
    with made.visit(browser, way, "judge") as visit:
        visit.follow(f"/firm/reports/{report['id']}")
        assert report["sha256"] in visit.said()
        visit.send(f"form[action='/firm/reports/{report['id']}/certify']")
        assert visit.page.url.endswith(f"/firm/reports/{report['id']}")
        assert visit.wrong == []
    assert made.county.get("judge", f"/saving-reports/{report['id']}")["status"] == "verified"


@HOW
def test_a_firm_shares_a_saving_out_and_both_desks_show_it_to_the_fen(
    browser: Browser, made: Made, way: int
) -> None:
    county, report = made.county, f"/saving-reports/{made.reports[way]['id']}"
    if county.get("judge", report)["status"] == "submitted":  # this story alone
        county.post("judge", f"{report}/certify", {"sha256": made.reports[way]["sha256"]})
    with later(county, clock.now() + UNDISPUTED):
        with made.visit(browser, way, "valves") as visit:
            visit.open("/firm/reports")
            visit.follow(f"/firm{report.replace('saving-', '')}")
            visit.send(f"form[action='/firm{report.replace('saving-', '')}/distribute']")
            found = county.get("valves", report)
            assert found["status"] == "distributed"
            parts = {each["participant_id"]: each["amount"] for each in found["distribution"]["shares"]}
            assert sum(map(Decimal, parts.values())) == Decimal(found["distribution"]["benefit"])
            _shows(visit, "/firm/cash-flow", parts[county.mine["valves"]])
            _shows(visit, f"/statements/{made.reports[way]['id']}", *parts.values())
            assert visit.wrong == []
        with made.visit(browser, way, "school") as visit:
            _shows(visit, "/my/money", parts[county.mine["valves"]], parts[county.mine["lender"]])
            _shows(visit, f"/statements/{made.reports[way]['id']}", *parts.values())
            assert visit.wrong == []


def _shows(visit: Visit, address: str, *amounts: str) -> None:
    """A page says these amounts, to the fen."""
    assert visit.open(address) == 200
    words = visit.page.inner_text("body")
    for amount in amounts:
        assert f"{Decimal(amount):,.2f}" in words, (address, amount)
