"""A running installation in which a season was played, a browser, and every page that a person can come to."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from market.demo import people
from tests.faults.server import COMMAND, ENVIRONMENT, Running, place_of_its_own, running

NAMES_OF_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PHONE, DESKTOP = (390, 844), (1440, 900)
READERS: dict[str, str | None] = {
    "public": None, "farmer": "farmer", "factory": "factory", "registrar": "registrar", "reviewer": "reviewer",
    "supervisor": "supervisor", "treasurer": "treasurer", "auditor": "auditor", "administrator": "administrator",
}  # fmt: skip
_ID = re.compile(r"\b[a-z]{3}_[0-9A-HJKMNP-TV-Z]{26}\b")
_NO_PAGE = re.compile(r"^/(v1|assets|healthz|readyz|metrics)\b|/pdf$|\.(csv|xlsx|json)$")
_LOCALES = {"zh": "zh-CN", "en": "en-GB", "ug": "ug"}


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


@contextlib.contextmanager
def site(size: str = "small") -> Iterator[Running]:
    """`karez up`, with a season of the demonstration county played on it."""
    with place_of_its_own() as place, running(place) as server:
        command = [*COMMAND, "demo", "county", "--url", server.url, "--size", size, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)
        assert done.returncode == 0, done.stderr[-2_000:]
        yield server


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

    def sign_in(self, login: str) -> None:
        """Signs in with a demonstration login, through the form."""
        self.open(f"/sign-in?lang={self.language}")
        self.page.fill("[name=login]", login)
        self.page.fill("[name=password]", people.password_of(login))
        self.page.click("main form button")
        self.page.wait_for_load_state()
        assert "/sign-in" not in self.page.url, self.page.inner_text("main")

    def addresses(self) -> list[str]:
        """Where this page leads within the service."""
        found = self.page.eval_on_selector_all("a[href]", "all => all.map((each) => each.href)")
        host = urlsplit(self.url).netloc
        inside = [urlsplit(each) for each in found if urlsplit(each).netloc == host]
        return [each.path + (f"?{each.query}" if each.query else "") for each in inside]


@contextlib.contextmanager
def visit(
    browser: Browser, url: str, *, language: str, size: tuple[int, int], login: str | None = None
) -> Iterator[Visit]:
    """Somebody who reads in a language on a screen, signed in or not."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale=_LOCALES[language], is_mobile=size == PHONE,
        has_touch=size == PHONE, color_scheme="light",
    )  # fmt: skip
    page = context.new_page()
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
        found.sign_in(login)
    try:
        yield found
    finally:
        context.close()


def shape(path: str) -> str:
    """What kind of page a path is: its ids and its query left out."""
    return _ID.sub("*", urlsplit(path).path)


def every_page(visit: Visit, *, most: int = 200) -> Iterator[str]:
    """Comes to one page of each kind that a reader can get to by links; each is open when it is yielded."""
    waiting, known = ["/", "/my", "/firm", "/desk", "/account", "/counter"], set[str]()
    while waiting and len(known) < most:
        path = waiting.pop(0)
        kind = shape(path)
        if kind in known or _NO_PAGE.search(urlsplit(path).path):
            continue
        known.add(kind)
        try:
            status = visit.open(path)
        except PlaywrightError as error:
            if "Download is starting" in str(error):  # a file, no page
                continue
            raise
        if status in (401, 403) or ("/sign-in" in visit.page.url and "/sign-in" not in path):
            visit.wrong.clear()  # the browser itself says that it was refused
            continue
        assert status == 200, f"{path}: {status}"
        yield path
        waiting += visit.addresses()


def axe_source() -> str | None:
    """The accessibility checker's script, where the development environment has it."""
    path = Path(__file__).resolve().parents[2] / ".venv" / "axe" / "package" / "axe.min.js"
    return path.read_text(encoding="utf-8") if path.is_file() else None
