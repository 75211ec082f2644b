"""What two parties negotiate, by tenure: a year's allocation, a lease of some years, or a right for good.

Each is asked what must be so before anybody promises anything, in the words of whoever decides it at the end: the
engine for water, the registry for leases and rights.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import psycopg
from sqlalchemy.orm import Session

from ledger.units import fen_half_even, format_litres
from market.core import clock
from market.core.db import raw
from market.core.errors import NotFound
from market.county.current import pack_in_force
from market.county.pack import Pack
from market.county.parts import ALLOCATION, ENTITLEMENT, LEASE
from market.registry import changes, leases
from market.registry.lease_terms import Terms
from market.registry.models import Entitlement, WaterAccount
from market.trading import errors, lanes, negotiation_contracts, standing
from market.trading.book import SELL
from market.trading.commands import Refused
from market.trading.dealing import OWNERS_RULE
from market.trading.gates import MAX_HOLD_FEN, SERVICE_RULE
from market.trading.models import Product
from market.trading.negotiation_contracts import Pair
from market.trading.negotiation_errors import MayNotBeNegotiated, OfferAmount, SubjectMismatch
from market.trading.standing import Standing
from market.trading.ways import Way


class Asked(NamedTuple):
    """What an offer asks for: of which right (none: allocation), litres, and the terms of a lease."""

    entitlement_id: int | None
    volume_litres: int
    terms: Terms | None


def pair(session: Session, product: Product, seller_account: int, buyer_account: int, asked: Asked) -> Pair:
    """The two sides of a deal of the product's tenure, and the county's rule for them.

    Errors: NotFound, SubjectMismatch, MayNotBeNegotiated; of water the exchange's refusals; of a lease
    EntitlementState, MoreThanMayBeLeased, LeaseTerm; of a right what `changes.check_transfer` refuses.
    """
    if (product.tenure == ALLOCATION) != (asked.entitlement_id is None):
        raise SubjectMismatch(
            "a lease or a right names the right, an allocation does not", pointer="/entitlement_id"
        )
    if (product.tenure == LEASE) != (asked.terms is not None):
        raise SubjectMismatch("a lease, and only a lease, has water years", pointer="/lease")
    connection = raw(session)
    pack = pack_in_force(connection)
    found = standing.load(connection, pack, (seller_account, buyer_account))
    seller = standing.one(found, seller_account, "/water_account_id")
    buyer = standing.one(found, buyer_account, "/other_water_account_id")
    if product.tenure == ENTITLEMENT:
        return _of_right(session, pack, product, seller, buyer, asked)
    refusal = standing.refuse(pack, product, seller, buyer)
    if refusal is not None:
        raise errors.of(refusal)
    way = standing.way(pack, seller, buyer)
    right, days = None, negotiation_contracts.term(session, product)
    if asked.terms is not None:
        right = _right(session, seller, asked.entitlement_id)
        leases.check_room(session, right, asked.volume_litres)
        days = leases.term(session, right, product.water_year, asked.terms)
    rule = lanes.rule_for(pack, seller, buyer, *days, product.tenure)
    if rule is None:
        raise _no_rule(seller, buyer)
    return Pair(seller, buyer, way, rule, *days, right, asked.terms)


def _of_right(
    session: Session, pack: Pack, product: Product, seller: Standing, buyer: Standing, asked: Asked
) -> Pair:
    """A right keeps its place, sector and source: the buyer's account says who it is, and where it uses water."""
    for each in (seller, buyer):
        if (each.source, each.water_year) != (product.source, product.water_year):
            raise errors.of(Refused("product_mismatch", "the water account holds another source or water year",
                                    "/water_account_id", None, None, SERVICE_RULE))  # fmt: skip
    _refuse_halted((seller, buyer))
    right = _right(session, seller, asked.entitlement_id)
    if seller.owner_id == buyer.owner_id:
        raise errors.of(Refused("same_owner", "one beneficial owner stands on both sides", None, None, None,
                                OWNERS_RULE))  # fmt: skip
    changes.check_transfer(session, right, buyer.participant_id, asked.volume_litres)
    days = (max(clock.today(), right.valid_from), right.valid_to)
    rule = lanes.rule_for(pack, seller, buyer, *days, ENTITLEMENT)
    if rule is None:
        raise _no_rule(seller, buyer)
    way = Way(1000, pack.fee_e6(seller.canal_code, seller.township_code), ())
    return Pair(seller, buyer, way, rule, *days, right)


def check_not_halted(connection: psycopg.Connection[Any], *accounts: int) -> None:
    """Refuses where the bureau has one of these water accounts stand still. Errors: AccountGate."""
    _refuse_halted(standing.load(connection, pack_in_force(connection), accounts).values())


def _refuse_halted(sides: Iterable[Standing]) -> None:
    for each in sides:
        if each.halted is not None:
            stop = each.halted
            raise errors.of(
                Refused(stop.rule, stop.detail, "/water_account_id", None, None, stop.legal_source)
            )


def _no_rule(seller: Standing, buyer: Standing) -> MayNotBeNegotiated:
    return MayNotBeNegotiated(
        f"no rule is for {seller.sector} at {seller.canal_code} to {buyer.sector} at {buyer.canal_code}"
    )


def _right(session: Session, seller: Standing, entitlement_id: int | None) -> Entitlement:
    """The right behind the seller's account that is meant. Errors: NotFound, also for another's."""
    right = session.get(Entitlement, entitlement_id, populate_existing=True)
    account = session.get_one(WaterAccount, seller.id)
    names = ("participant_id", "township_zone_id", "canal_zone_id", "sector", "source")
    if right is None or any(getattr(right, name) != getattr(account, name) for name in names):
        raise NotFound("there is no such right at the seller's place", pointer="/entitlement_id")
    return right


def check_amounts(product: Product, made: Pair, volume_litres: int, price_e4: int, at: str) -> None:
    """Refuses what would move nothing, or more money than the market takes. Errors: OfferAmount."""
    if product.tenure == ALLOCATION:
        if not lanes.quantities(volume_litres, price_e4, at, made.way.k).delivered_litres:
            raise OfferAmount("the route would deliver less than a litre", pointer="/volume")
        return
    if at != SELL:
        raise OfferAmount(
            "of a right and of leases everything is counted at the seller's place", pointer="/at"
        )
    if lanes.most_fen(volume_litres, price_e4) > MAX_HOLD_FEN:
        raise OfferAmount(
            f"{format_litres(volume_litres)} m3 at this price are more than the market takes",
            pointer="/price",
        )


def right_fen(volume_litres: int, price_e4: int) -> int:
    """What a right to so many litres a year costs at a price for each m3 of them: rounded once, half to even."""
    return fen_half_even(volume_litres * price_e4)
