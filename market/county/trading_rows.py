"""The rows of a county pack that say when a product trades and what keeps its prices and borders together. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from itertools import pairwise

from market.county import parts
from market.county.document import Item
from market.county.parts import Basis

BasisOf = Callable[[Item, dict[str, Item]], Basis]
BASIS = ("source", "status", "demonstration")
WEEK = (1, 2, 3, 4, 5, 6, 7)
MOST_SHARE = 10_000_000
"""Ten times the price that a share is of, in millionths."""
MOST_MINUTES = 1440
AFTER_INTERRUPTION = ("open", "uncross")


def session(item: Item, basis_of: BasisOf) -> parts.SessionRule:
    """A trading day. Steps go on in time, an auction is followed by its uncross, and the last is night."""
    found = item.table(("steps",), ("product", "days", "working_days", *BASIS))
    days = tuple(each.whole(1, 7) for each in found["days"].items()) if "days" in found else WEEK
    if not days or list(days) != sorted(set(days)):
        raise found["days"].wrong("must name days of the week once each, the first first")
    return parts.SessionRule(
        days=days,
        working_days=found["working_days"].boolean() if "working_days" in found else False,
        steps=_steps(found["steps"]),
        basis=basis_of(item, found),
        product=found["product"].code() if "product" in found else None,
    )


def _steps(item: Item) -> tuple[parts.SessionStep, ...]:
    rows = []
    for each in item.items():
        found = each.table(("at", "phase"))
        rows.append(
            (each, parts.SessionStep(_time(found["at"]), found["phase"].one_of(parts.SESSION_PHASES)))
        )
    if not rows or rows[-1][1].phase != parts.NIGHT:
        raise item.wrong("a trading day ends with the night")
    if rows[0][1].phase in ("uncross", parts.NIGHT):
        raise rows[0][0].wrong("a trading day does not begin with this")
    for (_, before), (at, after) in pairwise(rows):
        if after.at <= before.at:
            raise at.at("at").wrong("must be later than the step before")
        if (before.phase == "auction") != (after.phase == "uncross"):
            raise at.at("phase").wrong("an auction, and only an auction, is followed by its uncross")
    return tuple(step for _, step in rows)


def _time(item: Item) -> dt.time:
    text = item.text(5)
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise item.wrong("must be a time of day as 09:30")
    return dt.time.fromisoformat(text)


def band(item: Item, basis_of: BasisOf) -> parts.BandRule:
    """What keeps prices together; at least one of the three."""
    found = item.table(
        (),
        ("product", "static", "dynamic", "interruption_minutes", "interruption_then", "breaker", "breaker_minutes",
         "deals_exempt", *BASIS),
    )  # fmt: skip

    def share(name: str) -> int:
        if name not in found:
            return 0
        value = found[name].decimal(6, MOST_SHARE)
        if value == 0:
            raise found[name].wrong("must be above zero")
        return value

    def minutes(name: str) -> int:
        return found[name].whole(1, MOST_MINUTES) if name in found else 0

    static, dynamic, breaker = share("static"), share("dynamic"), share("breaker")
    if not (static or dynamic or breaker):
        raise item.wrong("names none of static, dynamic and breaker")
    if ("dynamic" in found) != ("interruption_minutes" in found):
        raise item.wrong("dynamic and interruption_minutes go together")
    if "breaker_minutes" in found and not breaker:
        raise found["breaker_minutes"].wrong("there is no breaker here")
    then = found["interruption_then"].one_of(AFTER_INTERRUPTION) if "interruption_then" in found else "open"
    return parts.BandRule(
        static_e6=static,
        dynamic_e6=dynamic,
        interruption_minutes=minutes("interruption_minutes"),
        interruption_then=then,
        breaker_e6=breaker,
        breaker_minutes=minutes("breaker_minutes"),
        deals_exempt=found["deals_exempt"].boolean() if "deals_exempt" in found else False,
        basis=basis_of(item, found),
        product=found["product"].code() if "product" in found else None,
    )


def first_price(item: Item, basis_of: BasisOf) -> parts.FirstPrice:
    """A source's first reference price, as a multiple of a sector's tariff in the county."""
    found = item.table(("source_of_water", "sector", "multiple"), BASIS)
    multiple = found["multiple"].decimal(6, MOST_SHARE)
    if multiple == 0:
        raise found["multiple"].wrong("must be above zero")
    return parts.FirstPrice(
        found["source_of_water"].code(), found["sector"].code(), multiple, basis_of(item, found)
    )


def two_way(item: Item, basis_of: BasisOf) -> parts.TwoWayRule:
    """A two-way account of a zone; its levels lie within its range."""
    found = item.table(("code", "zone", "range", "opening", "out_reopens_at", "in_reopens_at"), BASIS)
    litres = {
        name: found[name].decimal(3) for name in ("range", "opening", "out_reopens_at", "in_reopens_at")
    }
    if litres["opening"] > litres["range"]:
        raise found["opening"].wrong("is above the range")
    if litres["out_reopens_at"] >= litres["range"]:
        raise found["out_reopens_at"].wrong("must be below the range")
    if not 0 < litres["in_reopens_at"] <= litres["range"]:
        raise found["in_reopens_at"].wrong("must be above zero and within the range")
    return parts.TwoWayRule(
        code=found["code"].code(),
        zone=found["zone"].code(),
        range_litres=litres["range"],
        opening_litres=litres["opening"],
        out_reopens_at=litres["out_reopens_at"],
        in_reopens_at=litres["in_reopens_at"],
        basis=basis_of(item, found),
    )
