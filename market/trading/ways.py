"""What the county's rules make of a pair of places: whether water may and can go, what arrives, fee, reviews. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol

from market.county.pack import Pack
from market.county.parts import Decision, TwoWayRule
from market.registry.rules import GROUNDWATER_33
from market.trading.fills import ReviewNeed

NO_ROUTE, CALL_ONLY = "no_route", "call_only"


class Side(Protocol):
    """One side of a pair: where it is, and what it may do."""

    @property
    def canal_code(self) -> str: ...
    @property
    def township_code(self) -> str: ...
    @property
    def sector(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def origin(self) -> str: ...
    @property
    def public_storage(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Way:
    """Litres per mille that arrive, the seller's fee in millionths, the reviews that may be due."""

    k: int
    fee_e6: int
    reviews: tuple[ReviewNeed, ...]


def way_between(pack: Pack, seller: Side, buyer: Side, on: dt.date | None = None) -> Way | None:
    """How water may go from a seller's place to a buyer's; None where a rule forbids it or no route exists.

    With the reviews that may be due on a legal day; without one, at all.
    """
    if not _flow(pack, seller, buyer).allowed:
        return None
    if seller.source == "groundwater" and not pack.groundwater_allowed(
        (buyer.township_code, buyer.canal_code)
    ):
        return None
    route = pack.route(seller.canal_code, buyer.canal_code, seller.sector)
    if route is None or _border(pack, seller, buyer) is not None:
        return None
    rules = pack.review_rules(seller.sector, buyer.sector, seller.canal_code, buyer.canal_code, on)
    return Way(
        k=route.k,
        fee_e6=pack.fee_e6(seller.canal_code, seller.township_code),
        reviews=tuple(ReviewNeed(rule.code, rule.from_litres, rule.working_days) for rule in rules),
    )


def why_no_way(pack: Pack, seller: Side, buyer: Side) -> tuple[str, str, str]:
    """The first reason for which `way_between` is None: (rule, detail, legal source)."""
    flow = _flow(pack, seller, buyer)
    if not flow.allowed:
        start, end = f"{seller.sector} at {seller.canal_code}", f"{buyer.sector} at {buyer.canal_code}"
        detail = f"water is not sold from {start} to {end}"
        return ("flow_not_allowed", detail, flow.legal_source)
    if seller.source == "groundwater" and not pack.groundwater_allowed(
        (buyer.township_code, buyer.canal_code)
    ):
        return ("groundwater_zone_closed", "groundwater never moves into the buyer's place", GROUNDWATER_33)
    border = _border(pack, seller, buyer)
    if border is not None:
        detail = f"water crosses the border of {border.zone} in call auctions only: {border.code} keeps its account"
        return (CALL_ONLY, detail, border.basis.source)
    detail = f"no route leads from {seller.canal_code} to {buyer.canal_code}"
    return (NO_ROUTE, detail, "the county pack lists the routes")


def _border(pack: Pack, seller: Side, buyer: Side) -> TwoWayRule | None:
    start, end = (seller.township_code, seller.canal_code), (buyer.township_code, buyer.canal_code)
    return pack.two_way_between(start, end) if pack.two_way_accounts else None


def _flow(pack: Pack, seller: Side, buyer: Side) -> Decision:
    """Whether the county's rules let water go from one side to the other.

    Storage takes in and gives out by rules of its own; its accounts are shut to the book, so that only a deal of
    the buy-back or of a resale gets as far as here.
    """
    if _is_storage(pack, buyer):
        return pack.into_storage(seller.sector, seller.canal_code, buyer.canal_code)
    if _is_storage(pack, seller):
        return pack.out_of_storage(buyer.sector)
    return pack.flow(seller.sector, buyer.sector, seller.canal_code, buyer.canal_code)


def _is_storage(pack: Pack, side: Side) -> bool:
    return side.public_storage and side.origin == "own" and pack.stores(side.sector)
