"""Zones and limits by their codes, with names in the reader's language."""

from __future__ import annotations

import re
from typing import Any

from flask import g
from flask_babel import gettext

from market.core import clock
from market.web import asking
from market.web.spoken import language, number
from market.web.words import word

_CODE = re.compile(r"\b[A-Z]+(?:-[A-Za-z0-9]+)+\b")
_VOLUME = re.compile(r"\d{4,}\.\d{3}")


def zones_by_code() -> dict[str, Any]:
    """Each zone of both trees by its code; asked for once a request."""
    if "zones" not in g:
        g.zones = {each["code"]: each for each in asking.get("/v1/zones")["data"]}
    found: dict[str, Any] = g.zones
    return found


def zone_names() -> dict[str, str]:
    """The name of each zone of both trees, by code."""
    if "zone_names" not in g:
        own = "name_en" if language() == "en" else "name_zh"
        g.zone_names = {code: each[own] or each["name_zh"] for code, each in zones_by_code().items()}
    found: dict[str, str] = g.zone_names
    return found


def limit_name(row: Any) -> str:
    """Of what a limit is: its zone (of a route both ends), sector and source; all zones where it names none."""
    names = zone_names()
    place = names[row["zone"]] if row["zone"] else gettext("All zones")
    ends = [f"{place} → {names[row['to_zone']]}"] if row.get("to_zone") else [place]
    return " · ".join([*ends, *(word(row[name]) for name in ("sector", "source") if row[name])])


def account_words(label: str) -> str:
    """What a statement calls a water account: year, canal, source and sector, and its origin where it is another's."""
    zones = zone_names()
    return " · ".join(zones.get(part) or word(part) for part in label.split(" · ") if part != "own")


def constraint_words(constraint: Any, year: int) -> str:
    """What a constraint of `tradable` or `purchasable` says; of a limit its name, where the API says its code."""
    if constraint["scope"] is not None and (limit := _limits(year).get(constraint["name"])) is not None:
        kind, name = word("limit_" + limit["kind"]), limit_name(limit)
        return gettext("%(kind)s, what is left: %(name)s", kind=kind, name=name)
    said: str = constraint["detail_en" if language() == "en" else "detail_zh"]
    return _VOLUME.sub(lambda found: number(found[0]), said)


def detail_of(refusal: Any) -> str:
    """Why something was refused; a limit by its name, where the API says its code."""
    said = str(refusal["detail"])
    if _CODE.search(said) is None:
        return said
    names = {each["code"]: each for each in _limits(clock.this_year()).values()}
    return _CODE.sub(lambda found: limit_name(names[found[0]]) if found[0] in names else found[0], said)


def _limits(year: int) -> dict[str, Any]:
    """Each limit of a water year as constraints name it; asked for once a request."""
    kept: dict[int, dict[str, Any]] = g.setdefault("limits", {})
    if year not in kept:
        kept[year] = {
            f"{each['kind']}:{each['code']}": each for each in asking.pages("/v1/limits", water_year=year)
        }
    return kept[year]
