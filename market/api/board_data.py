"""What the public board adds up, for programs too: use of caps, flows of traded water, what is open, the map. Public.

Nothing here names or gives away a participant (docs/decisions/0042).
"""

from __future__ import annotations

from typing import Any

import msgspec

from market.api.http import blueprint, session
from market.api.market_data import MOST_ROWS, span
from market.api.schemas import board as shapes
from market.api.tables import also_csv, answer
from market.core import clock, ids
from market.core.db import raw
from market.county.current import pack_in_force
from market.registry import reference
from market.supervision import cap_use, water_years
from market.trading import buy_back_queries, programme_queries, storage_queries
from market.trading import flows as moved
from market.trading.market_data import Asked

blp = blueprint("board_data", "The public board: use of caps, flows of traded water, what is open, the map")

MOST_OFFERS = 200
OPEN = "open"


@blp.route("/limits/use", methods=["GET"])
@blp.arguments(shapes.CapUseQuery, location="query")
@blp.response(200, shapes.CapUseList)
def use_of_limits(query: dict[str, Any]) -> dict[str, Any]:
    """Every cap of a water year: issued, held, free, used as metered, and what is over it."""
    connection = raw(session())
    year = water_years.found(connection, query.get("water_year"), clock.today()).year
    zones = reference.zones(connection)
    rows = [
        {
            "limit_id": each.node.id, "code": each.node.code, "source": each.node.source, "sector": each.node.sector,
            "zone": zones.by_id[each.node.zone_id].code if each.node.zone_id else None,
            "volume": each.node.limit_litres, "issued": each.issued_litres, "held": each.held_litres,
            "free": each.free_litres, "used": each.used_litres, "over_use": each.over_use_litres,
            "legal_source": each.node.legal_source, "demonstration": each.demonstration,
        }
        for each in cap_use.of_year(connection, water_year=year, zones=zones)
    ]  # fmt: skip
    return {"water_year": year, "data": rows, "has_more": False}


@blp.route("/market/flows", methods=["GET"])
@blp.arguments(shapes.FlowsQuery, location="query")
@blp.response(200, shapes.TradedFlowList)
@also_csv(blp)
def flows(query: dict[str, Any]) -> Any:
    """Volumes that settled between zones and sectors; without `from`, of the last twelve months."""
    first, last = span(query, days=366)
    asked = Asked(first=first, last=last, product=query.get("product_id"))
    found = moved.flows(raw(session()), asked, level=query["level"], limit=MOST_ROWS + 1)
    rows = [
        {
            "from_zone": each.from_zone, "from_sector": each.from_sector, "to_zone": each.to_zone,
            "to_sector": each.to_sector, "source_volume": each.source_litres,
            "delivered_volume": each.delivered_litres, "trades": each.trades,
        }
        for each in found[:MOST_ROWS]
    ]  # fmt: skip
    return answer(shapes.TradedFlowOut, rows, name="flows", has_more=len(found) > MOST_ROWS)


@blp.route("/market/offers", methods=["GET"])
@blp.response(200, shapes.OpenOfferList)
def offers() -> dict[str, Any]:
    """Buy-backs, purchase programmes and resales that are open now, without who offers them."""
    found = [*_buy_backs(), *_programmes(), *_resales()]
    rows = sorted(found, key=lambda each: (each["until"], each["id"]))
    return {"data": rows, "has_more": False}


def _offer(kind: str, prefix: str, each: Any, **known: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"zones": [], "volume": None, "price": None, "multiple": None}
    return {"kind": kind, "id": ids.public(prefix, each.id), "product_id": each.product_id, **empty, **known}


def _buy_backs() -> list[dict[str, Any]]:
    return [
        _offer(
            shapes.BUY_BACK, "bbk", each, zones=[zone], multiple=each.multiple_e3,
            until=clock.end_of_legal_day(each.ends_on),
        )
        for each, zone in buy_back_queries.offers(session(), status=OPEN, limit=MOST_OFFERS)
        if each.starts_on <= clock.today()
    ]  # fmt: skip


def _programmes() -> list[dict[str, Any]]:
    return [
        _offer(
            shapes.PROGRAMME, "prg", view.programme, zones=msgspec.json.decode(view.programme.zones),
            volume=view.programme.maximum_litres, price=view.programme.price_e4, until=view.programme.deadline,
        )
        for view in programme_queries.programmes(session(), status=OPEN, limit=MOST_OFFERS)
    ]  # fmt: skip


def _resales() -> list[dict[str, Any]]:
    return [
        _offer(
            shapes.RESALE, "rsr", each, volume=each.volume_litres, price=each.floor_e4, until=each.closes_at
        )
        for each in storage_queries.open_rounds(session(), limit=MOST_OFFERS)
    ]


@blp.route("/county/map", methods=["GET"])
@blp.response(200, shapes.CountyMapOut)
def county_map() -> dict[str, Any]:
    """The outlines of zones as GeoJSON, from the county pack; a demonstration's are a schematic plane."""
    pack = pack_in_force(raw(session()))
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {
                    "zone": each.zone, "legal_source": each.basis.source, "source_status": each.basis.status,
                    "demonstration": each.basis.demonstration,
                },
                "geometry": {"type": "Polygon", "coordinates": [each.ring]},
            }
            for each in pack.map
        ],
    }  # fmt: skip
