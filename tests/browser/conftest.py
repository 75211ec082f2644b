"""One season and one browser for all tests of pages; without a browser they are left out, and it is said loudly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import site as sites
from tests.faults.server import Running, place_of_its_own, running

LEFT_OUT = "LEFT OUT: every test in a browser, for there is no chromium on the PATH"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if sites.chromium() is None:
        pytest.skip(LEFT_OUT)
    with sites.browsing() as found:
        yield found


@pytest.fixture(scope="session")
def season() -> Iterator[sites.Site]:
    with sites.site("tiny") as server:
        yield server


@pytest.fixture(scope="session")
def site(browser: Browser, season: sites.Site) -> sites.Site:
    return season


@pytest.fixture(scope="session")
def quiet_site(browser: Browser) -> Iterator[Running]:
    """An installation where nobody trades but who is in the story."""
    with place_of_its_own() as place, running(place) as server:
        yield server


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if sites.chromium() is None:
        terminalreporter.write_line(LEFT_OUT, red=True, bold=True)
    elif sites.axe_source() is None:
        terminalreporter.write_line(
            "LEFT OUT: the accessibility checks, for axe-core is not there", red=True, bold=True
        )
