"""Every page that a reader can come to: whole, in both languages, on a phone and a desk, for all hands and eyes."""

from __future__ import annotations

import os
from collections import defaultdict
from itertools import chain

import pytest
from playwright.sync_api import Browser

from tests.browser import site as sites
from tests.browser.routes import every_route
from tests.browser.site import DESKTOP, PHONE, READERS
from tests.faults.server import Running

_TWICE = os.environ.get("KAREZ_EVERY_PAGE") == "twice"


def _readings() -> list[object]:
    """Each reader in one language on one screen by turns; with KAREZ_EVERY_PAGE=twice in both."""
    ways = [("zh", PHONE), ("en", DESKTOP)]
    return [
        pytest.param(reader, *way, id=f"{reader}-{way[0]}-{way[1][0]}")
        for number, reader in enumerate(READERS)
        for way in (ways if _TWICE else [ways[number % 2]])
    ]


OPENED: defaultdict[str, set[str]] = defaultdict(set)
KNOWN: dict[str, list[str]] = {}
READ: set[str] = set()
CHECKED: set[tuple[str, str]] = set()
"""What the readers have opened so far (each language by itself, if all is read twice), the ids that they have seen, who
has read, and the kinds of pages that axe has looked at, where it looks once (in each language, if all is read twice).
"""
NOT_OPENED: dict[str, str] = {
    "account_webhooks.delivery": "opened in the story of the integrator",
    "account_webhooks.endpoint": "opened in the story of the integrator",
    "buying.check": "a step of the story of the factory",
    "contract_pages.invoice": "a saving is shared out ten working days after it was verified",
    "contract_pages.statement": "opened in the story of the firm",
    "desk_acts.show_claw_backs_decide": "a saving is shared out ten working days after it was verified",
    "desk_acts.show_claw_backs_open_one": "no saving was clawed back",
    "desk_acts.show_claw_backs_withdraw": "no saving was clawed back",
    "desk_acts.show_credit_withdraw": "the firm that is looked at has no entry",
    "desk_acts.show_fee_invoices_record_number": "fees are invoiced when their month is over",
    "desk_acts.show_gateway_payments_cancel": "no payment provider is set up",
    "desk_acts.show_gateway_payments_capture": "no payment provider is set up",
    "desk_acts.show_gateway_payments_refund": "no payment provider is set up",
    "desk_acts.show_interventions_lift_halt": "no halt stands when the season ends",
    "desk_acts.show_pledge_sales_pay_out": "no pledged water is sold",
    "desk_acts.show_pledge_sales_take_back": "no pledged water is sold",
    "desk_acts.show_saving_lots_take_back": "no saving became a lot",
    "desk_acts.show_season_advance_curtailment": "a curtailment takes its steps by itself within seconds",
    "desk_acts.show_season_release_spillable": "water is carried over when the year is over",
    "desk_acts.show_season_spill": "water is carried over when the year is over",
    "desk_excel.file": "opened in the story of the registrar",
    "desk_fee_invoices.run": "fees are invoiced when their month is over",
    "desk_pledges.sale": "no pledged water is sold",
    "fee_invoice_pages.invoice": "fees are invoiced when their month is over",
    "firm_lots.lot": "no saving became a lot",
    "firm_points.ask_night": "no contract of the season is measured by nights",
    "my_fee_invoices.one": "fees are invoiced when their month is over",
    "my_money.payment": "no payment provider is set up",
    "selling.check": "a step of the story of the farmer",
}
"""Pages that nobody need open in the season, and why."""


@pytest.mark.parametrize(("reader", "language", "size"), _readings())
def test_pages(browser: Browser, site: Running, reader: str, language: str, size: tuple[int, int]) -> None:
    login = READERS[reader]
    wrong: list[str] = []
    seen = 0
    with sites.visit(browser, site.url, language=language, size=size, login=login) as visit:
        walk = sites.Walk(
            visit, OPENED[language if _TWICE else ""], KNOWN, passes=reader not in ("public", "farmer")
        )
        for path in chain(walk.every_page(), walk.unlinked(sites.ROLES.get(login or "", frozenset()))):
            seen += 1
            looks = (sites.shape(path), language if _TWICE else "")
            wrong += [f"{path}: {each}" for each in sites.wrong_with(visit, for_all=looks not in CHECKED)]
            CHECKED.add(looks)
    READ.add(reader)
    assert seen >= 8
    assert wrong == []


def test_somebody_has_opened_every_page_or_it_is_known_why_not() -> None:
    if READERS.keys() - READ:
        pytest.skip("not every reader has read")
    opened = set().union(*OPENED.values())
    pages = {each.endpoint: each.address for each in every_route()}
    assert {each: pages[each] for each in pages.keys() - opened - NOT_OPENED.keys()} == {}
    assert NOT_OPENED.keys() - pages.keys() == set(), "listed as not opened, and is gone"
