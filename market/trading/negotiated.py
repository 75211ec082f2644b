"""Negotiated deals (协议转让): offer, counter-offer, acceptance, signatures of both sides, and the county's lane.

What is dealt in is a year's allocation, a lease or a right, as the product's tenure says (`tenures`).

The offers of two named parties make a contract (民法典 arts 471-490). Its price is reported when both have signed,
before anybody approves anything. Then the county pack's rule decides: irrigation users of one district, for a year at
most, only file it (interim measures of 2016 arts 20-22, from memory); other deals are reviewed by the engine's own
review of the instruction (art. 15), some after a publication for objection. See docs/decisions/0016. Leases and rights
are the registry's to decide and enter (`registrations`).
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
from market.county.parts import ALLOCATION, ENTITLEMENT, FILING, PUBLICATION
from market.participants.models import MoneyAccount
from market.registry import steps
from market.registry.lease_terms import Terms
from market.trading import deals, holding, lanes, negotiation_contracts, registrations, tenures
from market.trading.book import BUY, SELL
from market.trading.gates import MAX_LITRES, MAX_PRICE_E4
from market.trading.models import Product
from market.trading.negotiation_errors import (
    AnotherContract,
    NegotiationState,
    OfferAmount,
    OfferIsNotTheLast,
    OfferIsYours,
    OfferTime,
    SignedAlready,
)
from market.trading.negotiation_models import (
    RUNNING,
    Negotiation,
    NegotiationOffer,
    NegotiationSignature,
)
from market.trading.negotiation_steps import MONEY, WATER, accepted, last, locked, tell

KIND = "negotiated"
OTHER = {BUY: SELL, SELL: BUY}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one side offers. Litres and price (1/10 000 yuan per m3) are counted at the place of the side `at`.

    Of a lease: the litres of a full year and the rent, with its `terms`; of a right: its yearly volume.
    """

    at: str
    volume_litres: int
    price_e4: int
    expires_at: dt.datetime
    conditions: str = ""
    message: str = ""
    terms: Terms | None = None


def open_negotiation(
    session: Session, *, actor: audit.Actor, product_id: int, side: str, water_account_id: int,
    other_water_account_id: int, proposal: Proposal, entitlement_id: int | None = None,
) -> Negotiation:  # fmt: skip
    """Opens a negotiation with the first offer, made by the side ('buy', 'sell') of `water_account_id`.

    A lease or the sale of a right names the seller's right. Errors: NotFound, OfferTime, OfferAmount, and those of
    `tenures.pair`.
    """
    product = session.get(Product, product_id)
    if product is None:
        raise NotFound("there is no such product", pointer="/product_id")
    accounts = (water_account_id, other_water_account_id)
    seller_id, buyer_id = accounts if side == SELL else accounts[::-1]
    asked = tenures.Asked(entitlement_id, proposal.volume_litres, proposal.terms)
    pair = tenures.pair(session, product, seller_id, buyer_id, asked)
    negotiation = Negotiation(
        product_id=product_id,
        tenure=product.tenure,
        entitlement_id=entitlement_id,
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

    Errors: NotFound, NegotiationState, OfferExpired, OfferTime, OfferAmount, and those of `tenures.pair`.
    """
    negotiation = locked(session, negotiation_id, "open")
    product, pair = _pair(session, negotiation, proposal.volume_litres, proposal.terms)
    number = last(session, negotiation_id).number + 1
    _offer(session, actor, negotiation, product, pair, side, number, proposal)
    negotiation.expires_at = proposal.expires_at
    tell(session, actor, negotiation, "offered", {"side": side, "number": number})
    return negotiation


def accept(
    session: Session, *, actor: audit.Actor, negotiation_id: int, side: str, number: int
) -> Negotiation:
    """A side accepts the other's last offer: the contract's text and its lane are fixed.

    Errors: NotFound, NegotiationState, OfferIsNotTheLast, OfferIsYours, OfferExpired, and those of `tenures.pair`.
    """
    negotiation = locked(session, negotiation_id, "open")
    stands = last(session, negotiation_id)
    if stands.number != number:
        raise OfferIsNotTheLast(
            f"offer {stands.number} stands now", pointer="/number", available=str(stands.number)
        )
    if stands.side == side:
        raise OfferIsYours(f"the other side ({OTHER[side]}) accepts it")
    product, pair = _pair(session, negotiation, stands.volume_litres, _terms(stands))
    rule = pair.rule
    now = clock.now()
    negotiation.status, negotiation.accepted_at, negotiation.accepted_number = "accepted", now, number
    negotiation.lane, negotiation.lane_rule = rule.lane, rule.code
    negotiation.legal_source = rule.basis.source
    negotiation.publication_days, negotiation.working_days = rule.publication_days, rule.working_days
    negotiation.expires_at = clock.end_of_legal_day(clock.today() + dt.timedelta(days=rule.signing_days))
    text = negotiation_contracts.text(negotiation, stands, product, pair)
    negotiation.contract, negotiation.contract_sha256 = text, negotiation_contracts.digest(text)
    detail = {"side": side, "number": number, "lane": rule.lane, "sha256": negotiation.contract_sha256.hex()}
    tell(session, actor, negotiation, "accepted", detail)
    return negotiation


def sign(session: Session, *, actor: audit.Actor, negotiation_id: int, side: str, sha256: str) -> Negotiation:
    """A side signs the contract with this SHA-256 (hex). With the second signature the contract is concluded.

    Its price is reported then (民法典 art. 490; price reporting before any approval), and it takes its lane.
    The buyer of a right holds its price from its signature on. Errors: NotFound, NegotiationState, AnotherContract,
    SignedAlready, AccountGate (halted), InsufficientWater, InsufficientMoney, and of a lease that is only filed those
    of `leases.register`.
    """
    known = session.get(Negotiation, negotiation_id)
    if known is not None and known.tenure != ALLOCATION:
        steps.lock_years(session)  # before everything else, as the end of a year does
    negotiation = locked(session, negotiation_id, "accepted")
    assert negotiation.contract_sha256 is not None and actor.user_id is not None
    if sha256 != negotiation.contract_sha256.hex():
        raise AnotherContract(pointer="/sha256", limit=negotiation.contract_sha256.hex())
    signed = session.scalars(
        select(NegotiationSignature.side).where(NegotiationSignature.negotiation_id == negotiation_id)
    ).all()
    if side in signed:
        raise SignedAlready
    sides = (negotiation.seller_water_account_id, negotiation.buyer_water_account_id)
    tenures.check_not_halted(raw(session), *sides)
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
    if negotiation.tenure == ENTITLEMENT and side == BUY:
        _hold_price(session, negotiation)
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
    if negotiation.tenure != ALLOCATION:
        registrations.conclude(session, actor, negotiation, made)
        return
    if negotiation.lane != PUBLICATION:
        if negotiation.lane == FILING:
            negotiation.filed_at = clock.now()
        strike(session, actor, negotiation, made, actor.user_id)
        return
    product, pair = _pair(session, negotiation, made.volume_litres, None)
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


def _hold_price(session: Session, negotiation: Negotiation) -> None:
    """Holds what the buyer of a right pays, until the registry decides. Errors: InsufficientMoney."""
    made = accepted(session, negotiation)
    account = session.scalars(
        select(MoneyAccount.account_id).where(MoneyAccount.participant_id == negotiation.buyer_id)
    ).one()
    fen = tenures.right_fen(made.volume_litres, made.price_e4)
    holding.hold(session, [holding.Wanted((MONEY, negotiation.id), account, fen)])


def _terms(made: NegotiationOffer) -> Terms | None:
    return registrations.terms_of(made) if made.years is not None else None


def _pair(
    session: Session, negotiation: Negotiation, volume_litres: int, terms: Terms | None
) -> tuple[Product, negotiation_contracts.Pair]:
    """The product, the two sides and the county's rule. Errors: those of `tenures.pair`."""
    product = session.get_one(Product, negotiation.product_id)
    accounts = (negotiation.seller_water_account_id, negotiation.buyer_water_account_id)
    asked = tenures.Asked(negotiation.entitlement_id, volume_litres, terms)
    return product, tenures.pair(session, product, *accounts, asked)


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
    """Ends whatever is neither struck nor registered, as at the end of its water year.

    Errors: NotFound, NegotiationState.
    """
    negotiation = locked(session, negotiation_id, *RUNNING, in_time=False)
    return _end(session, actor, negotiation, "cancelled", reason, {})


def _end(
    session: Session, actor: audit.Actor, negotiation: Negotiation, status: str, reason: str,
    detail: dict[str, Any],
) -> Negotiation:  # fmt: skip
    negotiation.status, negotiation.ended_at, negotiation.end_reason = status, clock.now(), reason
    holding.free(session, [(WATER, negotiation.id), (MONEY, negotiation.id)])
    tell(session, actor, negotiation, status, detail)
    return negotiation


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
    tenures.check_amounts(product, pair, proposal.volume_litres, proposal.price_e4, proposal.at)
    terms = proposal.terms
    session.add(
        NegotiationOffer(
            negotiation_id=negotiation.id,
            number=number,
            side=side,
            at=proposal.at,
            volume_litres=proposal.volume_litres,
            price_e4=proposal.price_e4,
            years=terms.years if terms else None,
            short_year=terms.short_year if terms else None,
            turn_month=terms.turn_month if terms else None,
            grace_days=terms.grace_days if terms else None,
            expires_at=proposal.expires_at,
            conditions=proposal.conditions,
            message=proposal.message,
            made_by=actor.user_id,
            mandate_id=actor.mandate_id,
            made_at=now,
        )
    )
