"""`make screenshots`: a picture of every page, in both languages and two widths, under var/screenshots/."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import defaultdict
from itertools import chain

from rich.console import Console

from tests.browser import site as sites
from tests.browser.site import DESKTOP, PHONE, READERS
from tests.conftest import VAR

DRAWN_MS = 400
"""How long a chart takes to be drawn."""


def main() -> None:
    """Takes them all."""
    console = Console(stderr=True)
    if not _chinese_letters():
        console.print("no font with Chinese letters here: they will be boxes (on Debian: fonts-noto-cjk)")
    folder = VAR / "screenshots"
    seen: defaultdict[object, tuple[set[str], dict[str, list[str]]]] = defaultdict(lambda: (set(), {}))
    shutil.rmtree(folder, ignore_errors=True)
    with sites.browsing() as browser, console.status("playing a season") as status, sites.site() as server:
        for reader, login in READERS.items():
            for language, size in ((each, wide) for each in ("zh", "en") for wide in (PHONE, DESKTOP)):
                with sites.visit(browser, server.url, language=language, size=size, login=login) as visit:
                    opened, known = seen[language, size]
                    walk = sites.Walk(visit, opened, known, passes=reader not in ("public", "farmer"))
                    for path in chain(
                        walk.every_page(), walk.unlinked(sites.ROLES.get(login or "", frozenset()))
                    ):
                        status.update(f"{reader} {language} {size[0]} {path}")
                        name = re.sub(r"[^a-z0-9*-]+", "-", sites.shape(path).lower()).strip("-") or "home"
                        target = folder / language / str(size[0]) / reader / f"{name}.png"
                        target.parent.mkdir(parents=True, exist_ok=True)
                        visit.page.wait_for_timeout(DRAWN_MS if "data-chart" in visit.page.content() else 0)
                        visit.page.screenshot(path=str(target), full_page=True)
    console.print(f"{sum(1 for _ in folder.rglob('*.png'))} pictures in {folder}")


def _chinese_letters() -> bool:
    listed = shutil.which("fc-list")
    return listed is not None and bool(
        subprocess.run([listed, ":lang=zh"], capture_output=True, check=False).stdout
    )


if __name__ == "__main__":
    main()
