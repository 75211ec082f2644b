"""The county packs that come with the product, and the years that a pack leaves open."""

from __future__ import annotations

from pathlib import Path
from string import Template

from market.core import clock

PACKS = Path(__file__).parent / "packs"


def dated(text: str, *, year: int | None = None) -> str:
    """A pack's text with `$this_year` and `$next_year` filled in: from `year`, or from the present legal day.

    A demonstration must be open whenever it is started; a county of its own names its water years.
    """
    this_year = year or clock.this_year()
    return Template(text).safe_substitute(this_year=this_year, next_year=this_year + 1)


def text_of(name: str = "yengisar", *, year: int | None = None) -> str:
    """The text of a shipped pack, for the present water year (or `year`) and the next."""
    return dated((PACKS / f"{name}.yaml").read_text(encoding="utf-8"), year=year)
