"""Negotiated deals (协议转让): offer, counter-offer, acceptance, signatures of both sides, and the county's lane.

The offers of two named parties make a contract (民法典 arts 471-490). Its price is reported when both have signed,
before anybody approves anything. Then the county pack's rule decides: irrigation users of one district, for a year at
most, only file it (interim measures of 2016 arts 20-22, from memory); other deals are reviewed by the engine's own
review of the instruction (art. 15), some after a publication for objection. See docs/decisions/0016.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.units import format_litres
from market.core import audit, clock, outbox
from market.core.db import raw
from market.core.errors import NotFound
from market.county.current import pack_in_force
from market.county.parts import FILING, PUBLICATION
from market.trading import deals, errors, holding, lanes, negotiation_contracts, standing
from market.trading.book import BUY, SELL
from market.trading.gates import MAX_LITRES, MAX_PRICE_E4
from market.trading.models import Product
from market.trading.negotiation_errors import (
    AnotherContract,
    MayNotBeNegotiated,
    NegotiationState,
    OfferAmount,
    OfferExpired,
    OfferIsNotTheLast,
    OfferIsYours,
    OfferTime,
    SignedAlready,
)
from market.trading.negotiation_models import (
    Negotiation,
    NegotiationOffer,
    NegotiationSignature,
)

KIND = "negotiated"
WATER, MONEY = "negotiation_water", "negotiation_money"
OTHER = {BUY: SELL, SELL: BUY}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one side offers. Litres and price (1/10 000 yuan per m3) are counted at the place of the side `at`."""

    at: str
    volume_litres: int
    price_e4: int
    expires_at: dt.datetime
    conditions: str = ""
    message: str = ""


def open_negotiation(
    session: Session, *, actor: audit.Actor, product_id: int, side: str, water_account_id: int,
    other_water_account_id: int, proposal: Proposal,
) -> Negotiation:  # fmt: skip
    """Opens a negotiation with the first offer, made by the side ('buy', 'sell') of `water_account_id`.

    Errors: NotFound, MayNotBeNegotiated, OfferTime, OfferAmount, and what the exchange refuses these two accounts.
    """
    product = session.get(Product, product_id)
    if product is None:
        raise NotFound("there is no such product", pointer="/product_id")
    accounts = (water_account_id, other_water_account_id)
    seller_id, buyer_id = accounts if side == SELL else accounts[::-1]
    pair = _pair(session, product, seller_id, buyer_id)
    negotiation = Negotiation(
        product_id=product_id,
        seller_id=pair.seller.participant_id,
        buyer_id=pair.buyer.participant_id,
        seller_water_account_id=seller_id,
        buyer_water_account_id=buyer_id,
        expires_at=proposal.expires_at,
        opened_at=clock.now(),
    )
    session.add(negotiation)
    session.flush()  # its first offer names it by its id
    _offer(session, actor, negotiation, product, pair, side, 1, proposal)
    tell(session, actor, negotiation, "opened", {"side": side})
    return negotiation


def offer(
    session: Session, *, actor: audit.Actor, negotiation_id: int, side: str, proposal: Proposal
) -> Negotiation:
    """A new offer of a side: its own improved, or a counter-offer, which ends the other's (民法典 art. 488).

    Errors: NotFound, NegotiationState, OfferExpired, OfferTime, OfferAmount, MayNotBeNegotiated, and the exchange's.
    """
    negotiation = locked(session, negotiation_id, "open")
    product = session.get_one(Product, negotiation.product_id)
    pair = _pair(session, product, negotiation.seller_water_account_id, negotiation.buyer_water_account_id)
    last = _last(session, negotiation_id)
    _offer(session, actor, negotiation, product, pair, side, last.number + 1, proposal)
    negotiation.expires_at = proposal.expires_at
    tell(session, actor, negotiation, "offered", {"side": side, "number": last.number + 1})
    return negotiation


def accept(
    session: Session, *, actor: audit.Actor, negotiation_id: int, side: str, number: int
) -> Negotiation:
    """A side accepts the other's last offer: the contract's text and its lane are fixed.

    Errors: NotFound, NegotiationState, OfferIsNotTheLast, OfferIsYours, OfferExpired, MayNotBeNegotiated, and the
    exchange's.
    """
    negotiation = locked(session, negotiation_id, "open")
    last = _last(session, negotiation_id)
    if last.number != number:
        raise OfferIsNotTheLast(
            f"offer {last.number} stands now", pointer="/number", available=str(last.number)
        )
    if last.side == side:
        raise OfferIsYours(f"the other side ({OTHER[side]}) accepts it")
    product = session.get_one(Product, negotiation.product_id)
    pair = _pair(session, product, negotiation.seller_water_account_id, negotiation.buyer_water_account_id)
    rule = pair.rule
    now = clock.now()
    negotiation.status, negotiation.accepted_at, negotiation.accepted_number = "accepted", now, number
    negotiation.lane, negotiation.lane_rule = rule.lane, rule.code
    negotiation.legal_source = rule.basis.source
    negotiation.publication_days, negotiation.working_days = rule.publication_days, rule.working_days
    negotiation.expires_at = clock.end_of_legal_day(clock.today() + dt.timedelta(days=rule.signing_days))
    text = negotiation_contracts.text(negotiation, last, product, pair)
    negotiation.contract, negotiation.contract_sha256 = text, negotiation_contracts.digest(text)
    detail = {"side": side, "number": number, "lane": rule.lane, "sha256": negotiation.contract_sha256.hex()}
    tell(session, actor, negotiation, "accepted", detail)
    return negotiation


def sign(session: Session, *, actor: audit.Actor, negotiation_id: int, side: str, sha256: str) -> Negotiation:
    """A side signs the contract with this SHA-256 (hex). With the second signature the contract is concluded.

    Its price is reported then (民法典 art. 490; price reporting before any approval), and it takes its lane.
    Errors: NotFound, NegotiationState, AnotherContract, SignedAlready, and of a published one InsufficientWater,
    InsufficientMoney.
    """
    negotiation = locked(session, negotiation_id, "accepted")
    assert negotiation.contract_sha256 is not None and actor.user_id is not None
    if sha256 != negotiation.contract_sha256.hex():
        raise AnotherContract(pointer="/sha256", limit=negotiation.contract_sha256.hex())
    signed = session.scalars(
        select(NegotiationSignature.side).where(NegotiationSignature.negotiation_id == negotiation_id)
    ).all()
    if side in signed:
        raise SignedAlready
    session.add(
        NegotiationSignature(
            negotiation_id=negotiation_id,
            side=side,
            participant_id=negotiation.seller_id if side == SELL else negotiation.buyer_id,
            user_id=actor.user_id,
            mandate_id=actor.mandate_id,
            sha256=negotiation.contract_sha256,
            signed_at=clock.now(),
        )
    )
    if signed:
        _conclude(session, actor, negotiation)
    tell(session, actor, negotiation, "signed", {"side": side, "sha256": sha256})
    return negotiation


def _conclude(session: Session, actor: audit.Actor, negotiation: Negotiation) -> None:
    """Both have signed: the price is reported, then the deal is filed, goes to its review, or is published."""
    assert actor.user_id is not None
    made = accepted(session, negotiation)
    negotiation.reported_at = clock.now()
    told = {"price_e4": made.price_e4, "litres": made.volume_litres, "at": made.at, "lane": negotiation.lane}
    outbox.publish(
        raw(session), topic="trading.negotiation.price_reported", subject=("negotiation", negotiation.id),
        payload=told,
    )  # fmt: skip
    if negotiation.lane != PUBLICATION:
        if negotiation.lane == FILING:
            negotiation.filed_at = clock.now()
        strike(session, actor, negotiation, made, actor.user_id)
        return
    product = session.get_one(Product, negotiation.product_id)
    pair = _pair(session, product, negotiation.seller_water_account_id, negotiation.buyer_water_account_id)
    litres = lanes.quantities(made.volume_litres, made.price_e4, made.at, pair.way.k).source_litres
    holding.hold(
        session,
        [
            holding.Wanted(
                (WATER, negotiation.id), pair.seller.ledger_account, litres, (product.source, product.water_year)
            ),
            holding.Wanted(
                (MONEY, negotiation.id), pair.buyer.money_account,
                lanes.most_fen(made.volume_litres, made.price_e4),
            ),
        ],
    )  # fmt: skip
    negotiation.status = "published"
    negotiation.published_until = clock.today() + dt.timedelta(days=negotiation.publication_days)


def strike(
    session: Session, actor: audit.Actor, negotiation: Negotiation, made: NegotiationOffer, user_id: int
) -> None:
    """Hands the deal to the engine, which reviews it by the lane's own rule unless it is only filed."""
    reviewed = negotiation.lane != FILING
    deal = deals.NewDeal(
        reference=negotiation.id,
        product_id=negotiation.product_id,
        seller_water_account_id=negotiation.seller_water_account_id,
        buyer_water_account_id=negotiation.buyer_water_account_id,
        at=made.at,
        volume_litres=made.volume_litres,
        price_e4=made.price_e4,
        review_rule=f"negotiated:{negotiation.lane_rule}" if reviewed else None,
        review_days=negotiation.working_days if reviewed else None,
    )
    deals.strike(session, actor=actor, kind=KIND, wanted=[deal], user_id=user_id)
    negotiation.status, negotiation.struck_at = "struck", clock.now()


def withdraw(
    session: Session, *, actor: audit.Actor, negotiation_id: int, side: str, reason: str
) -> Negotiation:
    """A side breaks off what not both have signed. Errors: NotFound, NegotiationState."""
    negotiation = locked(session, negotiation_id, "open", "accepted", in_time=False)
    return _end(session, actor, negotiation, "withdrawn", reason, {"side": side})


def expire(session: Session, *, actor: audit.Actor, negotiation_id: int) -> Negotiation:
    """Ends a negotiation whose last offer, or whose time for signing, is over. Errors: NotFound, NegotiationState."""
    negotiation = locked(session, negotiation_id, "open", "accepted", in_time=False)
    if clock.now() < negotiation.expires_at:
        raise NegotiationState(f"it stands until {negotiation.expires_at.isoformat()}")
    return _end(session, actor, negotiation, "expired", "the time is over / 期限届满", {})


def cancel(session: Session, *, actor: audit.Actor, negotiation_id: int, reason: str) -> Negotiation:
    """Ends whatever has not been struck, as at the end of its water year. Errors: NotFound, NegotiationState."""
    negotiation = locked(session, negotiation_id, "open", "accepted", "published", in_time=False)
    holding.free(session, [(WATER, negotiation_id), (MONEY, negotiation_id)])
    return _end(session, actor, negotiation, "cancelled", reason, {})


def _end(
    session: Session, actor: audit.Actor, negotiation: Negotiation, status: str, reason: str,
    detail: dict[str, Any],
) -> Negotiation:  # fmt: skip
    negotiation.status, negotiation.ended_at, negotiation.end_reason = status, clock.now(), reason
    tell(session, actor, negotiation, status, detail)
    return negotiation


def locked(session: Session, negotiation_id: int, *states: str, in_time: bool = True) -> Negotiation:
    """A negotiation in one of these states, locked. Errors: NotFound, NegotiationState, OfferExpired (if `in_time`)."""
    found = session.get(Negotiation, negotiation_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such negotiation")
    if found.status not in states:
        raise NegotiationState(f"the negotiation is {found.status}", available=found.status)
    if in_time and found.status in ("open", "accepted") and clock.now() >= found.expires_at:
        raise OfferExpired(
            f"it stood until {found.expires_at.isoformat()}", limit=found.expires_at.isoformat()
        )
    return found


def _pair(
    session: Session, product: Product, seller_account: int, buyer_account: int
) -> negotiation_contracts.Pair:
    """The two sides and the county's rule for them. Errors: NotFound, MayNotBeNegotiated, the exchange's refusals."""
    connection = raw(session)
    pack = pack_in_force(connection)
    found = standing.load(connection, pack, (seller_account, buyer_account))
    seller = standing.one(found, seller_account, "/water_account_id")
    buyer = standing.one(found, buyer_account, "/other_water_account_id")
    refusal = standing.refuse(pack, product, seller, buyer)
    if refusal is not None:
        raise errors.of(refusal)
    starts_on, ends_on = negotiation_contracts.term(session, product)
    rule = lanes.rule_for(pack, seller, buyer, starts_on, ends_on)
    if rule is None:
        raise MayNotBeNegotiated(
            f"no rule is for {seller.sector} at {seller.canal_code} to {buyer.sector} at {buyer.canal_code}"
        )
    return negotiation_contracts.Pair(
        seller, buyer, standing.way(pack, seller, buyer), rule, starts_on, ends_on
    )


def _offer(
    session: Session, actor: audit.Actor, negotiation: Negotiation, product: Product,
    pair: negotiation_contracts.Pair, side: str, number: int, proposal: Proposal,
) -> None:  # fmt: skip
    """Writes an offer down. Errors: OfferTime, OfferAmount."""
    now = clock.now()
    if not now < proposal.expires_at <= product.closes_at:
        raise OfferTime(
            "it ends after now and not after the product", pointer="/expires_at",
            limit=product.closes_at.isoformat(),
        )  # fmt: skip
    if proposal.volume_litres % product.lot_litres or not 0 < proposal.volume_litres <= MAX_LITRES:
        lot = format_litres(product.lot_litres)
        raise OfferAmount(f"it is of whole lots of {lot} m3", pointer="/volume", limit=lot)
    if not 0 < proposal.price_e4 <= MAX_PRICE_E4:
        raise OfferAmount("the price is above zero", pointer="/price")
    if not lanes.quantities(
        proposal.volume_litres, proposal.price_e4, proposal.at, pair.way.k
    ).delivered_litres:
        raise OfferAmount("the route would deliver less than a litre", pointer="/volume")
    session.add(
        NegotiationOffer(
            negotiation_id=negotiation.id,
            number=number,
            side=side,
            at=proposal.at,
            volume_litres=proposal.volume_litres,
            price_e4=proposal.price_e4,
            expires_at=proposal.expires_at,
            conditions=proposal.conditions,
            message=proposal.message,
            made_by=actor.user_id,
            mandate_id=actor.mandate_id,
            made_at=now,
        )
    )


def _last(session: Session, negotiation_id: int) -> NegotiationOffer:
    statement = select(NegotiationOffer).where(NegotiationOffer.negotiation_id == negotiation_id)
    return session.scalars(statement.order_by(NegotiationOffer.number.desc()).limit(1)).one()


def accepted(session: Session, negotiation: Negotiation) -> NegotiationOffer:
    """The offer that became the contract."""
    return session.get_one(NegotiationOffer, (negotiation.id, negotiation.accepted_number))


def tell(
    session: Session, actor: audit.Actor, negotiation: Negotiation, action: str, detail: dict[str, Any]
) -> None:
    """The event and the audit link of a step; last, as the audit trail is locked last."""
    negotiation.version += 1
    connection = raw(session)
    subject = ("negotiation", negotiation.id)
    outbox.publish(connection, topic=f"trading.negotiation.{action}", subject=subject)
    audit.record(connection, actor=actor, action=f"negotiation.{action}", subject=subject, detail=detail)
