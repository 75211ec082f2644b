"""What the pages of the bureau share: what the reader may do, who is who, and where an act begins."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from flask import Response
from flask_babel import lazy_gettext as _l

from market.api import http
from market.api.permissions import ROUTES
from market.core import ids
from market.core.errors import NotFound
from market.web import asking
from market.web.bureau.acts import MOST_FOUND
from market.web.pages import page
from market.web.places import zone_names, zones_by_code
from market.web.sitting import reader
from market.web.spoken import either

ARGUMENT = re.compile(r"<\w+:\w+>")
MOST_NAMES = 200
WHO = _l("A part of the name, or the number; then choose.")


def sheet(template: str, **values: Any) -> Response:
    """A page of the bureau: with what the reader may do, and the address of each act."""
    return page(template, may=may, do=address_of, most_found=MOST_FOUND, **values)


def may(endpoint: str) -> bool:
    """Whether the reader's roles open a route of the API, or a page."""
    who = reader()
    return who is not None and http.may(who, ROUTES[endpoint])


def address_of(endpoint: str, *arguments: str) -> str:
    """Where the page of an act is, which is named by its route of the API."""
    from market.web.bureau.acting import ACTS

    given = iter(arguments)
    return ARGUMENT.sub(lambda _: next(given), ACTS[endpoint].address)


def public(prefix: str, number: int) -> str:
    """The public id of a row, as an address names it. Errors: NotFound, for one that was never given out."""
    if number < 1:
        raise NotFound("there is no such thing")
    return ids.public(prefix, number)


def parties(numbers: Iterable[str | None]) -> dict[str, str]:
    """Names of participants by id, as the reader may see them; of one without a name, its id."""
    wanted = sorted({each for each in numbers if each})
    found: dict[str, str] = {}
    for start in range(0, len(wanted), MOST_NAMES):
        part = ",".join(wanted[start : start + MOST_NAMES])
        for each in asking.get("/v1/participants", ids=part, limit=MOST_NAMES)["data"]:
            found[each["id"]] = each["name"] or short(each["id"])
    return {each: found.get(each, short(each)) for each in wanted}


def party(number: str) -> str:
    """The name of one participant, as the reader may see it."""
    return parties([number])[number]


def found_participants(name: str, chosen: str) -> list[tuple[str, str]]:
    """Admitted participants whose names hold `name`, each told from others of the same name; else the one chosen.

    Where `name` is a participant's number it is that one: natural persons are found by name only by some.
    """
    return _found({"name": name, "status": "admitted"}, chosen)


def found_anybody(name: str, chosen: str) -> list[tuple[str, str]]:
    """As `found_participants`, those too who are suspended or not admitted."""
    return _found({"name": name}, chosen)


def _found(wanted: dict[str, str], chosen: str) -> list[tuple[str, str]]:
    asked = wanted if wanted["name"] else {"ids": chosen}
    if _is_participant(wanted["name"]):
        asked = {"ids": wanted["name"]}
    found = asking.get("/v1/participants", **asked, limit=MOST_FOUND)["data"]
    return [
        (
            each["id"],
            f"{each['name'] or short(each['id'])} · {each['identifier_masked'] or short(each['id'])}",
        )
        for each in found
    ]


def _is_participant(text: str) -> bool:
    try:
        return ids.parse("par", text) > 0
    except NotFound:
        return False


def colleagues() -> dict[str, str]:
    """Names of the bureau's people by id."""
    if not may("users.list_colleagues"):
        return {}
    return {each["id"]: each["name"] or short(each["id"]) for each in asking.pages("/v1/colleagues")}


def short(number: str) -> str:
    """The end of an id, for where there is no name."""
    return f"{number[:3]} …{number[-5:]}"


def zones() -> dict[str, str]:
    """Names of zones by code."""
    return zone_names()


def zone_choices(levels: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Zones to choose from: their codes and names."""
    return [
        (each["code"], f"{either(each)} · {each['code']}")
        for each in zones_by_code().values()
        if not levels or each["level"] in levels
    ]


def products() -> list[Any]:
    """Every product."""
    found: list[Any] = asking.get("/v1/products")["data"]
    return found
