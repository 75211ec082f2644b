"""The county over HTTP: zones, sources, sectors, water years, and the pack's facts with their sources. Public."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select

from market.api.http import blueprint, session
from market.api.schemas import county as shapes
from market.core.db import raw
from market.core.errors import NotFound
from market.county import parts as facts
from market.county.current import pack_in_force
from market.county.pack import Pack
from market.county.review_parts import ReviewRule
from market.registry import reference
from market.registry.models import WaterYear

blp = blueprint("county", "The county: zones, sources, sectors, water years, rules with their sources")


def _pack() -> Pack:
    try:
        return pack_in_force(raw(session()))
    except LookupError as error:
        raise NotFound("no county pack is installed") from error


@blp.route("/zones", methods=["GET"])
@blp.arguments(shapes.ZonesQuery, location="query")
@blp.response(200, shapes.ZoneList)
def list_zones(query: dict[str, Any]) -> dict[str, Any]:
    """Every zone of both trees, by code; the trees are small, so there is one page."""
    tree = reference.zones(raw(session()))
    wanted = query.get("tree")
    return {
        "data": [
            {
                "code": zone.code,
                "tree": zone.tree,
                "parent": tree.by_id[zone.parent_id].code if zone.parent_id else None,
                "level": zone.level,
                "name_zh": zone.name_zh,
                "name_en": zone.name_en,
                "groundwater": zone.groundwater,
                "demonstration": zone.demonstration,
            }
            for _, zone in sorted(tree.by_code.items())
            if wanted in (None, zone.tree)
        ],
        "has_more": False,
    }


@blp.route("/sources", methods=["GET"])
@blp.response(200, shapes.SourceList)
def list_sources() -> dict[str, Any]:
    """Where water comes from."""
    return {"data": [{"code": code} for code in _pack().water_sources], "has_more": False}


@blp.route("/sectors", methods=["GET"])
@blp.response(200, shapes.SectorList)
def list_sectors() -> dict[str, Any]:
    """The classes of users, and whether each may sell and buy."""
    return {
        "data": [
            {
                "code": sector.code,
                "name_zh": sector.zh,
                "name_en": sector.en,
                "may_sell": sector.may_sell,
                "may_buy": sector.may_buy,
                "legal_source": sector.basis.source,
                "demonstration": sector.basis.demonstration,
            }
            for sector in _pack().sectors
        ],
        "has_more": False,
    }


@blp.route("/water-years", methods=["GET"])
@blp.response(200, shapes.WaterYearList)
def list_water_years() -> dict[str, Any]:
    """Water years; both days included."""
    years = session().scalars(select(WaterYear).order_by(WaterYear.year))
    return {
        "data": [
            {"year": each.year, "starts_on": each.starts_on, "ends_on": each.ends_on, "status": each.status}
            for each in years
        ],
        "has_more": False,
    }


@blp.route("/county", methods=["GET"])
@blp.response(200, shapes.CountyOut)
def get() -> dict[str, Any]:
    """The rules in force: tariffs, flows, routes, fees, reviews, thresholds, clocks, kinds, sessions, bands, lanes of
    negotiated deals, and those of savings, each with its source.
    """
    pack = _pack()
    return {
        "name": pack.name,
        "version": pack.version,
        "name_zh": pack.zh,
        "name_en": pack.en,
        "county": pack.county,
        "sources": [{"code": each.code, "title": each.title, "status": each.status} for each in pack.sources],
        "tariffs": [_tariff(each) for each in pack.tariffs],
        "flows": [
            {
                "from_sector": each.from_sector,
                "to_sector": each.to_sector,
                "within": each.within,
                **_basis(each.basis),
            }
            for each in pack.flows
        ],
        "routes": [
            {
                "from_zone": each.from_zone,
                "to_zone": each.to_zone,
                "arrives_per_mille": each.k,
                "sectors": list(each.sectors),
                **_basis(each.basis),
            }
            for each in pack.routes
        ],
        "fees": [{"zone": each.zone, "rate": each.rate_e6, **_basis(each.basis)} for each in pack.fees],
        "reviews": [_review(each) for each in pack.reviews],
        "thresholds": [
            {
                "name": each.name,
                "volume": each.litres,
                "operator": each.operator,
                **_basis(each.basis),
            }
            for each in pack.thresholds
        ],
        "clocks": [
            {"name": each.name, "length": each.length, "unit": each.unit, **_basis(each.basis)}
            for each in pack.clocks
        ],
        "kinds": [
            {"kind": each.kind, "publication": each.publication, **_basis(each.basis)} for each in pack.kinds
        ],
        "savings": [_saving(each) for each in pack.savings],
        "retention": [
            {"data": each.data, "from_on": each.from_on, "years": each.years, **_basis(each.basis)}
            for each in pack.retention
        ],
        "sessions": [_session(each) for each in pack.sessions],
        "bands": [_band(each) for each in pack.bands],
        "lanes": [
            {name: getattr(each, name) for name in _LANE} | _basis(each.basis) for each in pack.negotiated
        ],
    }


_LANE = (
    "code", "lane", "tenure", "from_sector", "to_sector", "within", "longest_years", "publication_days", "working_days",
    "signing_days",
)  # fmt: skip


def _session(rule: facts.SessionRule) -> dict[str, Any]:
    return {
        "product": rule.product, "days": rule.days, "working_days": rule.working_days,
        "steps": [{"at": each.at, "phase": each.phase} for each in rule.steps], **_basis(rule.basis),
    }  # fmt: skip


def _band(rule: facts.BandRule) -> dict[str, Any]:
    return {
        "product": rule.product, "static": rule.static_e6, "dynamic": rule.dynamic_e6, "breaker": rule.breaker_e6,
        "interruption_minutes": rule.interruption_minutes, "breaker_minutes": rule.breaker_minutes,
        **_basis(rule.basis),
    }  # fmt: skip


def _saving(rule: facts.SavingRule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "from_on": rule.from_on,
        "value": None if rule.unit else rule.value_e6,
        "length": rule.length or None,
        "unit": rule.unit or None,
        **_basis(rule.basis),
    }


_REVIEW = (
    "of", "kind", "desk", "from_on", "until_on", "publication_days", "objection", "publication_stops",
    "objection_stops", "hearing_stops", "silence", "four_eyes", "warn_days",
)  # fmt: skip


def _review(rule: ReviewRule) -> dict[str, Any]:
    return {
        "code": rule.code,
        "working_days": rule.working_days,
        "from_sector": rule.from_sector,
        "to_sector": rule.to_sector,
        "crossing": rule.crossing,
        "from_volume": rule.from_litres,
        **{name: getattr(rule, name) for name in _REVIEW},
        **_basis(rule.basis),
    }


def _basis(basis: facts.Basis) -> dict[str, Any]:
    return {
        "legal_source": basis.source,
        "source_status": basis.status,
        "demonstration": basis.demonstration,
    }


def _tariff(each: facts.Tariff) -> dict[str, Any]:
    canals = each.end_canal
    return {
        "zone": each.zone, "sector": each.sector, "price": each.price_e4, "source_of_water": each.water,
        "from": each.from_on if each.from_on > dt.date.min else None,
        "tiers": [
            {"above": tier.above_e6, "multiple": tier.multiple_e6, **_basis(tier.basis)} for tier in each.tiers
        ],
        "end_canal": {"price": canals.price_e4, **_basis(canals.basis)} if canals else None,
        **_basis(each.basis),
    }  # fmt: skip
