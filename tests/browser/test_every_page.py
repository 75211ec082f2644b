"""Every page that a reader can come to: whole, in both languages, on a phone and a desk, for all hands and eyes."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Browser

from tests.browser import site as sites
from tests.browser.site import DESKTOP, PHONE, READERS
from tests.faults.server import Running

MOST_BYTES = 200_000
_CHECK = """async () => {
  const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
  const found = await axe.run(document, { resultTypes: ["violations"], runOnly: rules });
  const grave = found.violations.filter((each) => ["serious", "critical"].includes(each.impact));
  const where = (each) => each.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ");
  return grave.map((each) => `${each.id}: ${where(each)}`);
}"""
_TOO_WIDE = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"
_WEIGHT = """() => performance.getEntries()
  .filter((each) => "transferSize" in each && !each.name.includes("plotly"))
  .reduce((sum, each) => sum + each.encodedBodySize, 0)"""


def _readings() -> list[object]:
    """Each reader in one language on one screen by turns; with KAREZ_EVERY_PAGE=twice in both."""
    ways = [("zh", PHONE), ("en", DESKTOP)]
    twice = os.environ.get("KAREZ_EVERY_PAGE") == "twice"
    return [
        pytest.param(reader, *way, id=f"{reader}-{way[0]}-{way[1][0]}")
        for number, reader in enumerate(READERS)
        for way in (ways if twice else [ways[number % 2]])
    ]


@pytest.mark.parametrize(("reader", "language", "size"), _readings())
def test_pages(browser: Browser, site: Running, reader: str, language: str, size: tuple[int, int]) -> None:
    axe = sites.axe_source()
    wrong: list[str] = []
    seen = 0
    with sites.visit(browser, site.url, language=language, size=size, login=READERS[reader]) as visit:
        for path in sites.every_page(visit):
            seen += 1
            wrong += [f"{path}: {each}" for each in visit.wrong]
            visit.wrong.clear()
            if visit.page.evaluate(_TOO_WIDE):
                wrong.append(f"{path}: wider than the screen")
            weight = visit.page.evaluate(_WEIGHT)
            if weight > MOST_BYTES:
                wrong.append(f"{path}: {weight} bytes")
            if axe is not None:
                visit.page.evaluate(axe)
                wrong += [f"{path}: {each}" for each in visit.page.evaluate(_CHECK)]
    assert seen >= 8
    assert wrong == []
