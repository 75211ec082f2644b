"""Zones by their code, with names in the reader's language."""

from __future__ import annotations

from typing import Any

from flask import g

from market.web import asking
from market.web.spoken import language


def zones_by_code() -> dict[str, Any]:
    """Each zone of both trees by its code; asked for once a request."""
    if "zones" not in g:
        g.zones = {each["code"]: each for each in asking.get("/v1/zones")["data"]}
    found: dict[str, Any] = g.zones
    return found


def zone_names() -> dict[str, str]:
    """The name of each zone of both trees, by code."""
    zh = language() != "en"
    return {
        code: each["name_zh" if zh else "name_en"] or each["name_zh"]
        for code, each in zones_by_code().items()
    }
