"""A running installation in which a season was played, a browser, and every page that a person can come to."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from market.core import clock
from market.demo import people
from market.demo.county import folk
from tests.browser.routes import ID, NO_PAGE, every_route, route_of
from tests.faults.server import COMMAND, ENVIRONMENT, Running, place_of_its_own, running

NAMES_OF_CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
"""The first is the same engine without the browser's own windows, whose processes take half as much again."""
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PHONE, DESKTOP = (390, 844), (1440, 900)
READERS: dict[str, str | None] = {
    "public": None, "farmer": "farmer", "factory": "factory", "association": folk.KUSHAN.login,
    "firm": folk.firm_login(0), "verifier": folk.VERIFIER.login, "bank": folk.BANK.login, "clerk": folk.CLERK.login,
    "department": "department", "treasurer": "treasurer", "registrar": "registrar", "reviewer": "reviewer",
    "supervisor": "supervisor", "auditor": "auditor", "administrator": "administrator",
}  # fmt: skip
"""The bureau reads last: by then it is known what the others have that it may act on."""
ROLES = {
    each.login: frozenset(each.roles)
    for each in (*people.EVERYONE, *(who for who, _ in folk.SIGN_INS), folk.firm(0))
}
_LOCALES = {"zh": "zh-CN", "en": "en-GB", "ug": "ug"}


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
SEVERAL = {"/desk/reviews/*": 20, "/desk/rights/*": 8}
"""Kinds of pages of which so many are opened: what can be done there depends on the matter."""
PATIENCE_MS = 15_000
WAYS = [("zh", PHONE), ("zh", DESKTOP), ("en", PHONE), ("en", DESKTOP)]
"""Every language on every screen."""
NAMES_OF_WAYS = ["zh-phone", "zh-desktop", "en-phone", "en-desktop"]


def chromium() -> str | None:
    """The browser on the PATH, if there is one."""
    return next((found for name in NAMES_OF_CHROMIUM if (found := shutil.which(name))), None)


@contextlib.contextmanager
def browsing() -> Iterator[Browser]:
    """A headless browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


DAILY = (("jobs", "run", "deliveries"), ("jobs", "run", "early-warning"))
"""What the worker does once an hour or a day: done at once, so that the hour at which tests run changes no page."""


@dataclass(frozen=True)
class Site(Running):
    """An installation on which a season was played, and what the command said of it."""

    report: dict[str, Any]


def play(url: str, size: str) -> subprocess.CompletedProcess[str]:
    """`karez demo county` on a running installation."""
    command = [*COMMAND, "demo", "county", "--url", url, "--size", size, "--json"]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)


@contextlib.contextmanager
def site(size: str = "small") -> Iterator[Site]:
    """`karez up`, with a season of the demonstration county played on it."""
    with place_of_its_own() as place, running(place) as server:
        done = play(server.url, size)
        assert done.returncode == 0, done.stderr[-2_000:]
        report = json.loads(done.stdout)
        look = ("surveil", "--day", clock.today().isoformat())  # the worker looks at a day when it is over
        for each in (*DAILY, look):
            command = [*COMMAND, *each, "--data-dir", str(place), "--json"]
            done = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)
            assert done.returncode == 0, done.stderr[-2_000:]
        yield Site(server.process_id, server.url, server.data_dir, report)


@dataclass
class Visit:
    """Somebody in front of a browser; what went wrong on the way is kept."""

    context: BrowserContext
    page: Page
    url: str
    language: str
    wrong: list[str] = field(default_factory=list)

    def open(self, path: str) -> int:
        """Opens a page; returns its status."""
        answer = self.page.goto(urljoin(self.url, path))
        assert answer is not None
        return answer.status

    def sign_in(self, login: str, password: str | None = None) -> None:
        """Signs in through the form; without a password, with that of a demonstration login."""
        self.open(f"/sign-in?lang={self.language}")
        self.page.fill("[name=login]", login)
        self.page.fill("[name=password]", password or people.password_of(login))
        self.press("main form button")
        assert "/sign-in" not in self.page.url, self.page.inner_text("main")

    def said(self) -> str:
        """What the page says, as it is read."""
        return self.page.inner_text("main")

    def press(self, selector: str) -> None:
        """Clicks what leads to another page, and waits for that."""
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()

    def follow(self, address: str) -> None:
        """Follows the link within the page whose address begins so."""
        self.press(f"main a[href^='{address}']")

    def send(self, form: str = "main form[method=post]", **fields: str) -> None:
        """Fills a form and sends it."""
        place = self.page.locator(form).first
        for name, value in fields.items():
            place.locator(f"[name={name}]:not([type=hidden])").fill(value)
        with self.page.expect_navigation():
            place.locator("button").first.click()

    def addresses(self) -> list[str]:
        """Where this page leads within the service."""
        found = self.page.eval_on_selector_all("a[href]", "all => all.map((each) => each.href)")
        host = urlsplit(self.url).netloc
        inside = [urlsplit(each) for each in found if urlsplit(each).netloc == host]
        return [each.path + (f"?{each.query}" if each.query else "") for each in inside]


@contextlib.contextmanager
def visit(
    browser: Browser, url: str, *, language: str, size: tuple[int, int], login: str | None = None,
    password: str | None = None,
) -> Iterator[Visit]:  # fmt: skip
    """Somebody who reads in a language on a screen, signed in or not."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale=_LOCALES[language], is_mobile=size == PHONE,
        has_touch=size == PHONE, color_scheme="light",
    )  # fmt: skip
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    found = Visit(context, page, url, language)
    page.on("console", lambda said: found.wrong.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: found.wrong.append(str(error)))
    host = urlsplit(url).netloc
    page.on(
        "request",
        lambda asked: (
            found.wrong.append(f"asked {asked.url}") if urlsplit(asked.url).netloc not in (host, "") else None
        ),
    )
    if login is not None:
        found.sign_in(login, password)
    try:
        yield found
    finally:
        context.close()


def shape(path: str) -> str:
    """What kind of page a path is: its ids and its query left out."""
    return ID.sub("*", urlsplit(path).path)


@dataclass
class Walk:
    """What one reader comes to, and what all readers together have opened."""

    visit: Visit
    opened: set[str] = field(default_factory=set)
    """Endpoints of the pages that somebody has opened."""
    known: dict[str, list[str]] = field(default_factory=dict)
    """Ids that somebody has read, by their prefix."""
    passes: bool = False
    """Passes by a page for everyone that somebody has read already."""

    def every_page(self, *, most: int = 300) -> Iterator[str]:
        """Comes to one page of each kind that a reader can get to by links (several of what is in SEVERAL); each is
        open when it is yielded.
        """
        waiting, kinds, been = (
            ["/", "/my", "/firm", "/desk", "/account", "/counter"],
            Counter[str](),
            set[str](),
        )
        while waiting and len(kinds) < most:
            path = waiting.pop(0)
            kind, page = shape(path), urlsplit(path).path
            if (
                kinds[kind] >= SEVERAL.get(kind, 1)
                or page in been
                or NO_PAGE.search(page)
                or self._is_passed(path)
            ):
                continue
            kinds[kind] += 1
            been.add(page)
            status = self._open(path)
            if status is None:
                continue
            if status in (401, 403) or ("/sign-in" in self.visit.page.url and "/sign-in" not in path):
                self.visit.wrong.clear()  # the browser itself says that it was refused
                continue
            assert status == 200, f"{path}: {status}"
            self._remember(path)
            yield path
            waiting += self.visit.addresses()

    def unlinked(self, roles: frozenset[str]) -> Iterator[str]:
        """Opens what nobody came to by links but these roles may open: forms of acts that are not due just now."""
        for route in every_route():
            if route.endpoint in self.opened or not route.open_to(roles):
                continue
            for path in route.addresses(self.known):
                if self._open(path) == 200 and "/sign-in" not in self.visit.page.url:
                    self._remember(path)
                    yield path
                    break
                self.visit.wrong.clear()

    def _is_passed(self, path: str) -> bool:
        route = route_of(urlsplit(path).path)
        return self.passes and route is not None and route.is_public and route.endpoint in self.opened

    def _open(self, path: str) -> int | None:
        """The status of a page; of a file none, which is as good as opened."""
        try:
            return self.visit.open(path)
        except PlaywrightError as error:
            if "Download is starting" not in str(error):
                raise
            self._remember(path, read=False)
            return None

    def _remember(self, path: str, *, read: bool = True) -> None:
        route = route_of(urlsplit(path).path)
        if route is not None:
            self.opened.add(route.endpoint)
        for found in ID.finditer(self.visit.page.content()) if read else ():
            ids = self.known.setdefault(found[1], [])
            if found[0] not in ids:
                ids.append(found[0])


def axe_source() -> str | None:
    """The accessibility checker's script, where the development environment has it."""
    path = Path(__file__).resolve().parents[2] / ".venv" / "axe" / "package" / "axe.min.js"
    return path.read_text(encoding="utf-8") if path.is_file() else None


def wrong_with(visit: Visit, *, for_all: bool = True) -> list[str]:
    """What is wrong with the page that is open: errors, its width and weight; `for_all`: what keeps people out."""
    axe, found = axe_source() if for_all else None, list(visit.wrong)
    visit.wrong.clear()
    if visit.page.evaluate(_TOO_WIDE):
        found.append("wider than the screen")
    weight = visit.page.evaluate(_WEIGHT)
    if weight > MOST_BYTES:
        found.append(f"{weight} bytes")
    if axe is not None:
        visit.page.evaluate(axe)
        found += visit.page.evaluate(_CHECK)
    return found
