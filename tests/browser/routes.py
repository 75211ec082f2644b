"""The pages that there are: every address below which the page modules answer GET, and for whom it is."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from itertools import islice, product
from typing import NamedTuple

from flask import Flask
from werkzeug.routing import UnicodeConverter

from market.api.permissions import ROUTES
from market.app import ID_PREFIXES, PAGE_MODULES

ID = re.compile(r"\b([a-z]{3})_[0-9A-HJKMNP-TV-Z]{26}\b")
NO_PAGE = re.compile(r"^/(v1|assets|healthz|readyz|metrics)\b|/pdf$|\.(csv|xlsx|json)$")
_ARGUMENT = re.compile(r"<(\w+):\w+>")
_TRIES = 6
_PARTS = frozenset({"board_market.book"})
"""Parts of pages, which a page fetches for itself: they have no head of their own."""


class PageRoute(NamedTuple):
    """A page's route: its address with its arguments, its endpoint, and what its addresses look like."""

    address: str
    endpoint: str
    pattern: re.Pattern[str]

    def open_to(self, roles: frozenset[str]) -> bool:
        """Whether somebody with these roles may open it; who is not signed in has none."""
        allowed = ROUTES[self.endpoint].roles
        return not allowed or bool(allowed & roles)

    @property
    def is_public(self) -> bool:
        """Whether everyone may open it."""
        return not ROUTES[self.endpoint].roles

    def addresses(self, known: dict[str, list[str]]) -> list[str]:
        """Some of its addresses with ids that are known; none where it takes something that is no id."""
        prefixes = _ARGUMENT.findall(self.address)
        if any(each not in ID_PREFIXES for each in prefixes):
            return []
        filled = product(*(known.get(each, ()) for each in prefixes))
        return [_with(self.address, ids) for ids in islice(filled, _TRIES)]


def _with(address: str, ids: tuple[str, ...]) -> str:
    given = iter(ids)
    return _ARGUMENT.sub(lambda _: next(given), address)


@cache
def every_route() -> tuple[PageRoute, ...]:
    """The routes of all pages; files that a page offers are none."""
    app = Flask("pages")
    for prefix in ID_PREFIXES:
        app.url_map.converters[prefix] = UnicodeConverter
    for name in PAGE_MODULES:
        app.register_blueprint(import_module(f"market.web.{name}").blp)
    return tuple(
        PageRoute(rule.rule, rule.endpoint, _pattern(rule.rule))
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
        if "GET" in (rule.methods or ())
        and rule.endpoint in ROUTES.keys() - _PARTS
        and not NO_PAGE.search(rule.rule)
    )


def _pattern(address: str) -> re.Pattern[str]:
    parts = _ARGUMENT.split(address)
    inside = [
        rf"{part}_[0-9A-HJKMNP-TV-Z]{{26}}" if part in ID_PREFIXES else r"[^/]+" for part in parts[1::2]
    ]
    fixed = [re.escape(part) for part in parts[::2]]
    return re.compile("".join(a + b for a, b in zip(fixed, [*inside, ""], strict=True)))


def route_of(path: str) -> PageRoute | None:
    """The page of a path without its query; one with fewer arguments goes first."""
    fitting = [each for each in every_route() if each.pattern.fullmatch(path)]
    return min(fitting, key=lambda each: each.address.count("<"), default=None)
