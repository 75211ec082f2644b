"""The contract of a negotiated deal: one canonical JSON text that both sides sign, fixed by its SHA-256.

Keys are sorted, there are no spaces, decimals are strings, times UTC: the same contract is the same text for ever. It
states volume, term, places, use, price, and what the parties added on breach and disputes (interim measures of 2016
art. 16, from memory).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any, NamedTuple

import msgspec
from sqlalchemy.orm import Session

from ledger.units import fen_half_even, format_fen, format_litres, format_price_e4
from market.core import clock, ids
from market.county.parts import ALLOCATION, NegotiatedRule
from market.registry.lease_terms import Terms
from market.registry.models import Entitlement, WaterYear
from market.trading import lanes
from market.trading.models import Product
from market.trading.negotiation_models import Negotiation, NegotiationOffer
from market.trading.standing import Standing
from market.trading.ways import Way

FORM = "karez.negotiated.2"


class Pair(NamedTuple):
    """The two sides of a deal, how water goes between them, the county's rule for it, and the term of its use.

    Of a lease or the sale of a right: the right, and of a lease its terms.
    """

    seller: Standing
    buyer: Standing
    way: Way
    rule: NegotiatedRule
    starts_on: dt.date
    ends_on: dt.date
    right: Entitlement | None = None
    terms: Terms | None = None


def term(session: Session, product: Product) -> tuple[dt.date, dt.date]:
    """From when until when a product's water may be used, if it is bought today."""
    year = session.get_one(WaterYear, product.water_year)
    return lanes.term(clock.today(), year.starts_on, year.ends_on)


def canonical(document: dict[str, Any]) -> str:
    """A document as the text that is hashed and signed."""
    return msgspec.json.encode(document, order="sorted").decode()


def digest(text: str) -> bytes:
    """SHA-256 of a contract's text in UTF-8."""
    return hashlib.sha256(text.encode()).digest()


def text(negotiation: Negotiation, offer: NegotiationOffer, product: Product, pair: Pair) -> str:
    """The contract of an accepted offer."""
    rule = pair.rule
    return canonical(
        {
            "form": FORM,
            "tenure": product.tenure,
            "negotiation": ids.public("neg", negotiation.id),
            "product": product.code,
            "offer": offer.number,
            "offered_by": offer.side,
            "seller": party(pair.seller),
            "buyer": party(pair.buyer),
            **_subject(offer, product, pair),
            "use_from": pair.starts_on.isoformat(),
            "use_until": pair.ends_on.isoformat(),
            "conditions": offer.conditions,
            "lane": rule.lane,
            "rule": rule.code,
            "rule_source": rule.basis.source,
            "rule_demonstration": rule.basis.demonstration,
        }
    )


def _subject(offer: NegotiationOffer, product: Product, pair: Pair) -> dict[str, Any]:
    """What is dealt in, how much of it and for how much, by tenure."""
    if product.tenure == ALLOCATION:
        amounts = lanes.quantities(offer.volume_litres, offer.price_e4, offer.at, pair.way.k)
        return {
            "counted_at": offer.at,
            "volume_m3": format_litres(offer.volume_litres),
            "price_yuan_per_m3": format_price_e4(offer.price_e4),
            "leaves_seller_m3": format_litres(amounts.source_litres),
            "reaches_buyer_m3": format_litres(amounts.delivered_litres),
            "arrive_per_mille": pair.way.k,
            "amount_yuan": format_fen(amounts.amount_fen),
        }
    assert pair.right is not None
    of_right = {
        "certificate": pair.right.certificate_number,
        "right_m3_a_year": format_litres(pair.right.volume_litres),
        "volume_m3_a_year": format_litres(offer.volume_litres),
    }
    if pair.terms is None:
        return of_right | {
            "price_yuan_per_m3_of_yearly_volume": format_price_e4(offer.price_e4),
            "amount_yuan": format_fen(fen_half_even(offer.volume_litres * offer.price_e4)),
            "announced_before_registration": "stays with the seller",
            "leases_of_the_right": "go on with it",
        }
    return of_right | {
        "rent_yuan_per_m3": format_price_e4(offer.price_e4),
        "arrive_per_mille": pair.way.k,
        "first_water_year": product.water_year,
        "water_years": pair.terms.years,
        "short_year": pair.terms.short_year,
        "turn_month": pair.terms.turn_month,
        "announced_after_the_turn": "stays with the lessor",
        "grace_days": pair.terms.grace_days,
    }


def party(side: Standing) -> dict[str, str]:
    """A side as a contract names it."""
    return {
        "participant": ids.public("par", side.participant_id),
        "name": side.name,
        "water_account": ids.public("wac", side.id),
        "township": side.township_code,
        "canal": side.canal_code,
        "sector": side.sector,
        "source": side.source,
    }
