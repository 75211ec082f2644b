"""`make screenshots`: a picture of every page, in both languages and two widths, under var/screenshots/."""

from __future__ import annotations

import re
import shutil

from rich.console import Console

from tests.browser import site as sites
from tests.browser.site import DESKTOP, PHONE, READERS
from tests.conftest import VAR


def main() -> None:
    """Takes them all."""
    console = Console(stderr=True)
    folder = VAR / "screenshots"
    shutil.rmtree(folder, ignore_errors=True)
    with sites.browsing() as browser, console.status("playing a season") as status, sites.site() as server:
        for reader, login in READERS.items():
            for language, size in ((each, wide) for each in ("zh", "en") for wide in (PHONE, DESKTOP)):
                with sites.visit(browser, server.url, language=language, size=size, login=login) as visit:
                    for path in sites.Walk(visit).every_page():
                        status.update(f"{reader} {language} {size[0]} {path}")
                        name = re.sub(r"[^a-z0-9*-]+", "-", sites.shape(path).lower()).strip("-") or "home"
                        target = folder / language / str(size[0]) / reader / f"{name}.png"
                        target.parent.mkdir(parents=True, exist_ok=True)
                        visit.page.wait_for_timeout(300)
                        visit.page.screenshot(path=str(target), full_page=True)
    console.print(f"{sum(1 for _ in folder.rglob('*.png'))} pictures in {folder}")


if __name__ == "__main__":
    main()
