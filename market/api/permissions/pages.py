"""Pages for people. What a page shows and does it asks the API for, which has rows and owners of its own."""

from __future__ import annotations

from market.api.permissions.pages_of_holders import ROUTES as HOLDER_PAGES
from market.api.permissions.rules import EVERYONE, PUBLIC, Rule


def pages(roles: frozenset[str], *endpoints: str) -> dict[str, Rule]:
    """Pages that these roles may open; none: everyone."""
    return {each: Rule(roles, page=True) for each in endpoints}


ROUTES: dict[str, Rule] = {
    **pages(PUBLIC, "assets.file", "signing_in.form", "signing_in.sign_in"),
    **pages(EVERYONE, "signing_in.sign_out"),
    **pages(PUBLIC, "board.home"),
    **HOLDER_PAGES,
}
