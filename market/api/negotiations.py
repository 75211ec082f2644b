"""Negotiated deals over HTTP: offers, acceptance, signatures, publication for objection."""

from __future__ import annotations

from typing import Any

import msgspec

from market.api.desks import decided
from market.api.errors import spoken
from market.api.http import actor, blueprint, etag, own_only, page, paging, require_own, session
from market.api.schemas import negotiations as shapes
from market.api.schemas.registry import GroundsIn
from market.core.errors import NotFound
from market.registry import lists
from market.registry.lease_terms import Terms
from market.registry.models import WaterAccount
from market.supervision.desks.models import DEAL
from market.trading import deal_publications, negotiated, negotiation_queries
from market.trading.book import BUY, SELL
from market.trading.commands import Refused
from market.trading.negotiated import Proposal
from market.trading.negotiation_errors import NotAParty
from market.trading.negotiation_models import NegotiationObjection, NegotiationOffer, RightSale

_refused = msgspec.json.Decoder(Refused).decode

blp = blueprint("negotiations", "Deals that two parties negotiate (协议转让)")
public = blueprint("published_negotiations", "Negotiated deals that are published for objection")

_PLAIN = (
    "id", "product_id", "tenure", "entitlement_id", "seller_id", "buyer_id", "seller_water_account_id",
    "buyer_water_account_id", "status", "expires_at", "accepted_number", "accepted_at", "lane", "lane_rule",
    "legal_source", "reported_at", "filed_at", "published_until", "review_due_on", "decided_at", "decision_reason",
    "registered_at", "struck_at", "ended_at", "end_reason", "opened_at", "version",
)  # fmt: skip


@blp.route("/negotiations", methods=["GET"])
@blp.arguments(shapes.NegotiationsQuery, location="query")
@blp.response(200, shapes.NegotiationPage)
def list_negotiations(query: dict[str, Any]) -> dict[str, Any]:
    """Negotiations that one is a party to (the bureau: all), by id; `lane=filing` lists what was only filed."""
    where = paging("neg")
    rows = negotiation_queries.negotiations(
        session(), party=own_only(), **query, after=where.after, limit=where.limit + 1
    )
    return page([_out(each) for each in rows], where.limit)


@blp.route("/negotiations", methods=["POST"])
@blp.arguments(shapes.NegotiationIn)
@blp.response(201, shapes.NegotiationOut)
def open_negotiation(body: dict[str, Any]) -> dict[str, Any]:
    """Make another participant's water account a first offer."""
    account = lists.one(session(), WaterAccount, body["water_account_id"])
    require_own(account.participant_id, "/water_account_id")
    names = ("product_id", "side", "water_account_id", "other_water_account_id", "entitlement_id")
    made = negotiated.open_negotiation(
        session(), actor=actor().audit, **{name: body[name] for name in names}, proposal=_proposal(body)
    )
    return _one(made.id)


@blp.route("/negotiations/<neg:negotiation_id>", methods=["GET"])
@blp.response(200, shapes.NegotiationOut)
def get(negotiation_id: int) -> dict[str, Any]:
    """One negotiation with every offer and signature, and what became of it."""
    return _one(negotiation_id)


@blp.route("/negotiations/<neg:negotiation_id>/offers", methods=["POST"])
@blp.arguments(shapes.NegotiatedOfferIn)
@blp.response(200, shapes.NegotiationOut)
def offer(body: dict[str, Any], negotiation_id: int) -> dict[str, Any]:
    """Make a new offer; it takes the place of the last one, whosever that was."""
    negotiated.offer(
        session(), actor=actor().audit, negotiation_id=negotiation_id, side=_side(negotiation_id),
        proposal=_proposal(body),
    )  # fmt: skip
    return _one(negotiation_id)


@blp.route("/negotiations/<neg:negotiation_id>/accept", methods=["POST"])
@blp.arguments(shapes.NegotiatedAcceptIn)
@blp.response(200, shapes.NegotiationOut)
def accept(body: dict[str, Any], negotiation_id: int) -> dict[str, Any]:
    """Accept the other side's last offer: the contract is fixed, and waits for both signatures."""
    negotiated.accept(
        session(), actor=actor().audit, negotiation_id=negotiation_id, side=_side(negotiation_id), **body
    )
    return _one(negotiation_id)


@blp.route("/negotiations/<neg:negotiation_id>/contract", methods=["GET"])
@blp.response(200, shapes.NegotiatedContractOut)
def contract(negotiation_id: int) -> dict[str, Any]:
    """The text that both sign, and its hash."""
    found = negotiation_queries.negotiation(session(), negotiation_id=negotiation_id).negotiation
    if found.contract is None or found.contract_sha256 is None:
        raise NotFound("no offer has been accepted yet")
    return {"text": found.contract, "sha256": found.contract_sha256.hex()}


@blp.route("/negotiations/<neg:negotiation_id>/sign", methods=["POST"])
@blp.arguments(shapes.ContractSignIn)
@blp.response(200, shapes.NegotiationOut)
def sign(body: dict[str, Any], negotiation_id: int) -> dict[str, Any]:
    """Sign the contract; with the second signature its price is reported and it takes its lane."""
    negotiated.sign(
        session(), actor=actor().audit, negotiation_id=negotiation_id, side=_side(negotiation_id), **body
    )
    return _one(negotiation_id)


@blp.route("/negotiations/<neg:negotiation_id>/withdraw", methods=["POST"])
@blp.arguments(shapes.WithdrawalIn)
@blp.response(200, shapes.NegotiationOut)
def withdraw(body: dict[str, Any], negotiation_id: int) -> dict[str, Any]:
    """Break off what not both sides have signed."""
    negotiated.withdraw(
        session(), actor=actor().audit, negotiation_id=negotiation_id, side=_side(negotiation_id), **body
    )
    return _one(negotiation_id)


@blp.route("/negotiations/<neg:negotiation_id>/approve", methods=["POST"])
@blp.arguments(GroundsIn)
@blp.response(200, shapes.NegotiationOut)
def approve(body: dict[str, Any], negotiation_id: int) -> dict[str, Any]:
    """Enter a lease on the register, or pay for a right and re-register it: both or neither."""
    decided(DEAL, negotiation_id, approved=True, **body)
    return _one(negotiation_id)


@blp.route("/negotiations/<neg:negotiation_id>/reject", methods=["POST"])
@blp.arguments(GroundsIn)
@blp.response(200, shapes.NegotiationOut)
def reject(body: dict[str, Any], negotiation_id: int) -> dict[str, Any]:
    """Refuse to register a lease or a right, with the reason; the buyer's money is free."""
    decided(DEAL, negotiation_id, approved=False, **body)
    return _one(negotiation_id)


@blp.route("/negotiations/<neg:negotiation_id>/objections", methods=["GET"])
@blp.response(200, shapes.DealObjectionsOut)
def objections(negotiation_id: int) -> dict[str, Any]:
    """What others say against a deal, for its parties and its reviewer."""
    return {
        "data": [
            _objection_out(each)
            for each in negotiation_queries.objections(session(), negotiation_id=negotiation_id)
        ]
    }


@public.route("/published-negotiations", methods=["GET"])
@public.response(200, shapes.PublishedDealPage)
def list_published() -> dict[str, Any]:
    """Deals to which one may object today, by id."""
    where = paging("neg")
    rows = negotiation_queries.published(session(), after=where.after, limit=where.limit + 1)
    return page(
        [
            {
                "id": each.negotiation.id,
                "product": each.product,
                "tenure": each.negotiation.tenure,
                "years": each.offer.years,
                "seller_canal": each.seller_canal,
                "seller_sector": each.seller_sector,
                "buyer_canal": each.buyer_canal,
                "buyer_sector": each.buyer_sector,
                "at": each.offer.at,
                "volume": each.offer.volume_litres,
                "price": each.offer.price_e4,
                "published_until": each.negotiation.published_until,
            }
            for each in rows
        ],
        where.limit,
    )


@public.route("/published-negotiations/<neg:negotiation_id>/object", methods=["POST"])
@public.arguments(shapes.DealObjectionIn)
@public.response(201, shapes.DealObjectionOut)
def object_to(body: dict[str, Any], negotiation_id: int) -> dict[str, Any]:
    """Object to a published deal of others."""
    participant = own_only()
    if participant is None:
        raise NotAParty("a participant objects")
    made = deal_publications.object_to(
        session(), actor=actor().audit, negotiation_id=negotiation_id, participant_id=participant, **body
    )
    return _objection_out(made)


def _side(negotiation_id: int) -> str:
    """The side that the actor is. Errors: NotFound, NotAParty."""
    found = negotiation_queries.negotiation(session(), negotiation_id=negotiation_id).negotiation
    sides = {found.seller_id: SELL, found.buyer_id: BUY}
    own = own_only()
    if own not in sides:
        raise NotAParty
    return sides[own]


def _proposal(body: dict[str, Any]) -> Proposal:
    return Proposal(
        body["at"], body["volume"], body["price"], body["expires_at"], body["conditions"], body["message"],
        Terms(**body["lease"]) if body["lease"] is not None else None,
    )  # fmt: skip


def _one(negotiation_id: int) -> dict[str, Any]:
    found = negotiation_queries.negotiation(session(), negotiation_id=negotiation_id)
    etag(found.negotiation.version)
    return _out(found)


def _out(view: negotiation_queries.View) -> dict[str, Any]:
    it = view.negotiation
    offers = ("number", "side", "at", "expires_at", "conditions", "message", "made_at")
    signed = ("side", "participant_id", "user_id", "mandate_id", "signed_at")
    return {name: getattr(it, name) for name in _PLAIN} | {
        "contract_sha256": it.contract_sha256.hex() if it.contract_sha256 else None,
        "offers": [
            {name: getattr(each, name) for name in offers}
            | {"volume": each.volume_litres, "price": each.price_e4, "lease": _terms(each)}
            for each in view.offers
        ],
        "signatures": [
            {name: getattr(each, name) for name in signed} | {"sha256": each.sha256.hex()}
            for each in view.signatures
        ],
        "deal": deal_view(view.deal),
        "lease_id": view.lease_id,
        "sale": _sale(view.sale),
    }


def _terms(offer: NegotiationOffer) -> dict[str, Any] | None:
    names = ("years", "short_year", "turn_month", "grace_days")
    return {name: getattr(offer, name) for name in names} if offer.years is not None else None


def _sale(sale: RightSale | None) -> dict[str, Any] | None:
    if sale is None:
        return None
    names = ("entitlement_id", "new_entitlement_id", "rest_entitlement_id", "sold_at")
    return {name: getattr(sale, name) for name in names} | {
        "volume": sale.litres, "amount": sale.amount_fen, "fee": sale.fee_fen,
    }  # fmt: skip


def deal_view(row: Any | None) -> dict[str, Any] | None:
    """What the engine made of a deal (a row of `negotiation_queries.struck`)."""
    if row is None:
        return None
    names = (
        "status", "trade_id", "instruction_id", "instruction_status", "review_rule", "review_due_on",
    )  # fmt: skip
    refusal = None
    if row.refusal is not None:
        said = _refused(row.refusal)
        refusal = {
            "rule": said.code,
            "detail": spoken(said.detail),
            "limit": said.limit,
            "available": said.available,
            "legal_source": said.legal_source,
        }
    return {name: getattr(row, name) for name in names} | {"refusal": refusal}


def _objection_out(each: NegotiationObjection) -> dict[str, Any]:
    names = ("negotiation_id", "participant_id", "grounds", "lodged_at")
    return {name: getattr(each, name) for name in names}
