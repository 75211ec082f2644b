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
"""What the readers have opened so far (each language by itself, if all is read twice), the ids that they have seen, and
who has read.
"""
NOT_OPENED: dict[str, str] = {}
"""Pages that nobody can open in the season, and why."""


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
            wrong += [f"{path}: {each}" for each in sites.wrong_with(visit)]
    assert seen >= 8
    assert wrong == []
    READ.add(reader)


def test_somebody_has_opened_every_page_or_it_is_known_why_not() -> None:
    if READERS.keys() - READ:
        pytest.skip("not every reader has read")
    opened = set().union(*OPENED.values())
    unopened = {each.endpoint: each.address for each in every_route() if each.endpoint not in opened}
    assert {each: unopened[each] for each in unopened.keys() - NOT_OPENED.keys()} == {}
    assert NOT_OPENED.keys() - unopened.keys() == set(), "listed as not opened, and was opened, or is gone"
