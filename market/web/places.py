"""Zones by their code, with names in the reader's language."""

from __future__ import annotations

from market.web import asking
from market.web.spoken import language


def zone_names() -> dict[str, str]:
    """The name of each zone of both trees, by code."""
    zh = language() != "en"
    return {
        each["code"]: each["name_zh" if zh else "name_en"] or each["name_zh"]
        for each in asking.get("/v1/zones")["data"]
    }
