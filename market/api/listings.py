"""Public bidding over HTTP: lots that everyone sees without names, bidders, bids, and who takes the lot."""

from __future__ import annotations

from typing import Any

from market.api.http import actor, blueprint, etag, own_only, page, paging, session
from market.api.schemas import bidding as shapes
from market.api.schemas.registry import GroundsIn
from market.api.whose import of_body
from market.core.db import raw
from market.registry import lists, reference
from market.registry.models import WaterAccount
from market.trading import awards, bidders, bidding, listings
from market.trading import bidding_queries as queries
from market.trading import bidding_rules as rules
from market.trading.bidding_models import Bid, Listing

blp = blueprint("listings", "Lots listed for public bidding")
bidding_blp = blueprint("bidders", "Bidders, their deposits and their bids")


@blp.route("/listings", methods=["GET"])
@blp.arguments(shapes.ListingsQuery, location="query")
@blp.response(200, shapes.ListingPage)
def list_listings(query: dict[str, Any]) -> dict[str, Any]:
    """Lots listed for public bidding, by id, without names."""
    where = paging("lst")
    rows = queries.lots(session(), **query, after=where.after, limit=where.limit + 1)
    tree = reference.zones(raw(session()))
    return page([_listing_out(tree, each) for each in rows], where.limit)


@blp.route("/listings", methods=["POST"])
@blp.arguments(shapes.ListingIn)
@blp.response(201, shapes.SellerListingOut)
def publish(body: dict[str, Any]) -> dict[str, Any]:
    """List one lot; its water is held until the deal is struck or the listing ends."""
    account_id = body.pop("water_account_id")
    of_body(lists.one(session(), WaterAccount, account_id).participant_id)
    terms = rules.Terms(
        volume_litres=body.pop("volume"),
        start_price_e4=body.pop("start_price"),
        reserve_price_e4=body.pop("reserve_price"),
        increment_e4=body.pop("increment"),
        deposit_fen=body.pop("deposit"),
        **body,
    )
    made = listings.publish(session(), actor=actor().audit, water_account_id=account_id, terms=terms)
    return _seller_view(made.id)


@blp.route("/listings/<lst:listing_id>", methods=["GET"])
@blp.response(200, shapes.ListingOut)
def get(listing_id: int) -> dict[str, Any]:
    """One listing, without names."""
    found = queries.lot(session(), listing_id=listing_id)
    etag(found.listing.version)
    return _listing_out(reference.zones(raw(session())), found)


@blp.route("/listings/<lst:listing_id>/bids", methods=["GET"])
@blp.response(200, shapes.PublicBidPage)
def list_bids(listing_id: int) -> dict[str, Any]:
    """The bids of a listing without names, oldest first; of a sealed bidding only once it is decided."""
    where = paging("bid")
    found = queries.lot(session(), listing_id=listing_id).listing
    rows = queries.bids(session(), listing=found, after=where.after, limit=where.limit + 1)
    return page([_public_bid_out(each) for each in rows], where.limit)


@blp.route("/listings/<lst:listing_id>/seller-view", methods=["GET"])
@blp.response(200, shapes.SellerListingOut)
def seller_view(listing_id: int) -> dict[str, Any]:
    """A listing as its seller sees it: the secret reserve, how many bid, what is held."""
    return _seller_view(listing_id)


@blp.route("/listings/<lst:listing_id>/cancel", methods=["POST"])
@blp.arguments(GroundsIn)
@blp.response(200, shapes.SellerListingOut)
def cancel(body: dict[str, Any], listing_id: int) -> dict[str, Any]:
    """Take a listing back before the first bid."""
    listings.cancel(session(), actor=actor().audit, listing_id=listing_id, reason=body["reason"])
    return _seller_view(listing_id)


@blp.route("/listings/<lst:listing_id>/stop", methods=["POST"])
@blp.arguments(GroundsIn)
@blp.response(200, shapes.SellerListingOut)
def stop(body: dict[str, Any], listing_id: int) -> dict[str, Any]:
    """Stop a listing, with the reason; its water and every deposit are free."""
    listings.stop(session(), actor=actor().audit, listing_id=listing_id, reason=body["reason"])
    return _seller_view(listing_id)


@bidding_blp.route("/listings/<lst:listing_id>/bidders", methods=["POST"])
@bidding_blp.arguments(shapes.BidderIn)
@bidding_blp.response(201, shapes.BidderOut)
def register(body: dict[str, Any], listing_id: int) -> dict[str, Any]:
    """Register for a listing with the water account that would receive the lot; the deposit is held."""
    account_id = body["water_account_id"]
    of_body(lists.one(session(), WaterAccount, account_id).participant_id)
    made = bidders.register(
        session(), actor=actor().audit, listing_id=listing_id, water_account_id=account_id
    )
    return _bidder(made.id)


@bidding_blp.route("/bidders", methods=["GET"])
@bidding_blp.arguments(shapes.BiddersQuery, location="query")
@bidding_blp.response(200, shapes.BidderPage)
def list_bidders(query: dict[str, Any]) -> dict[str, Any]:
    """What one is registered for (the bureau: everyone), by id."""
    where = paging("bdr")
    rows = queries.bidders(
        session(), participant_id=own_only(), listing_id=query.get("listing_id"), after=where.after,
        limit=where.limit + 1,
    )  # fmt: skip
    return page([_bidder_out(each) for each in rows], where.limit)


@bidding_blp.route("/bidders/<bdr:bidder_id>", methods=["GET"])
@bidding_blp.response(200, shapes.BidderOut)
def get_bidder(bidder_id: int) -> dict[str, Any]:
    """One bidder: its deposit, its last bid, whether it leads, and what it may do now."""
    return _bidder(bidder_id)


@bidding_blp.route("/bidders/<bdr:bidder_id>/bids", methods=["GET"])
@bidding_blp.response(200, shapes.BidPage)
def list_own_bids(bidder_id: int) -> dict[str, Any]:
    """The bids of one bidder, oldest first; none of a sealed bidding for others until it is decided."""
    where = paging("bid")
    found = queries.bidder(session(), bidder_id=bidder_id)
    if _hidden(found):
        return page([], where.limit)
    rows = queries.bids_of(session(), bidder_id=bidder_id, after=where.after, limit=where.limit + 1)
    return page([_bid_out(each) for each in rows], where.limit)


@bidding_blp.route("/bidders/<bdr:bidder_id>/bids", methods=["POST"])
@bidding_blp.arguments(shapes.BidIn)
@bidding_blp.response(201, shapes.BidOut)
def bid(body: dict[str, Any], bidder_id: int) -> dict[str, Any]:
    """Bid. In an open bidding at least the best bid and one increment; in a sealed one once."""
    made = bidding.place(session(), actor=actor().audit, bidder_id=bidder_id, price_e4=body["price"])
    return _bid_out(made)


@bidding_blp.route("/bidders/<bdr:bidder_id>/withdraw", methods=["POST"])
@bidding_blp.response(200, shapes.BidderOut)
def withdraw(bidder_id: int) -> dict[str, Any]:
    """Withdraw before the opening; the deposit is free."""
    bidders.withdraw(session(), actor=actor().audit, bidder_id=bidder_id)
    return _bidder(bidder_id)


@bidding_blp.route("/bidders/<bdr:bidder_id>/confirm", methods=["POST"])
@bidding_blp.response(200, shapes.BidderOut)
def confirm(bidder_id: int) -> dict[str, Any]:
    """The winner has its deal struck at once, where its free money covers the lot."""
    awards.confirm(session(), actor=actor().audit, bidder_id=bidder_id)
    return _bidder(bidder_id)


@bidding_blp.route("/bidders/<bdr:bidder_id>/accept", methods=["POST"])
@bidding_blp.response(200, shapes.BidderOut)
def accept(bidder_id: int) -> dict[str, Any]:
    """The second bidder takes the lot at its own last bid, after the winner has failed."""
    awards.accept(session(), actor=actor().audit, bidder_id=bidder_id)
    return _bidder(bidder_id)


@bidding_blp.route("/bidders/<bdr:bidder_id>/decline", methods=["POST"])
@bidding_blp.response(200, shapes.BidderOut)
def decline(bidder_id: int) -> dict[str, Any]:
    """Do not take the lot: a winner forfeits its deposit, a second bidder nothing."""
    awards.decline(session(), actor=actor().audit, bidder_id=bidder_id)
    return _bidder(bidder_id)


def _seller_view(listing_id: int) -> dict[str, Any]:
    found = queries.lot(session(), listing_id=listing_id)
    listing = found.listing
    etag(listing.version)
    return _listing_out(reference.zones(raw(session())), found) | {
        "seller_id": listing.seller_id,
        "water_account_id": listing.water_account_id,
        "reserve_price": listing.reserve_price_e4,
        "held": listing.held_litres,
        "bidders": queries.number_of_bidders(session(), listing_id=listing.id),
        "trade_id": queries.trade_of(session(), listing),
    }


_SAME = (
    "id", "product_id", "mode", "registration_closes_at", "opens_at", "first_closes_at", "closes_at", "window_minutes",
    "extension_minutes", "most_extensions", "extensions", "confirm_days", "status", "due_at", "reason", "listed_at",
    "resolved_at", "version",
)  # fmt: skip


def _listing_out(tree: reference.Zones, lot: queries.Lot) -> dict[str, Any]:
    each, account = lot
    secret = queries.is_secret(each)
    return {name: getattr(each, name) for name in _SAME} | {
        "zone": tree.by_id[account.canal_zone_id].code,
        "township": tree.by_id[account.township_zone_id].code,
        "sector": account.sector,
        "source": account.source,
        "water_year": account.water_year,
        "volume": each.volume_litres,
        "start_price": each.start_price_e4,
        "has_reserve": each.reserve_price_e4 is not None,
        "reserve_price": each.reserve_price_e4 if each.reserve_public else None,
        "increment": each.increment_e4,
        "deposit": each.deposit_fen,
        "best_price": each.best_price_e4,
        "least_bid": rules.least_bid_e4(listings.terms_of(each), each.best_price_e4),
        "bids": None if secret else each.bids,
    }


def _bidder(bidder_id: int) -> dict[str, Any]:
    return _bidder_out(queries.bidder(session(), bidder_id=bidder_id))


def _hidden(found: queries.Bidding) -> bool:
    """Whether the actor may not see this bidder's price: a sealed bid is its own bidder's until it is decided."""
    return queries.is_secret(found.listing) and own_only() != found.bidder.participant_id


def _bidder_out(found: queries.Bidding) -> dict[str, Any]:
    each, listing = found
    names = (
        "id",
        "listing_id",
        "participant_id",
        "water_account_id",
        "status",
        "registered_at",
        "resolved_at",
    )
    return {name: getattr(each, name) for name in names} | {
        "deposit": each.deposit_fen,
        "last_price": None if _hidden(found) else each.last_price_e4,
        "leading": listing.best_bidder_id == each.id,
        "to_take": _to_take(each.id, listing),
        "due_at": listing.due_at if listing.awarded_to_id == each.id else None,
    }


def _to_take(bidder_id: int, listing: Listing) -> str:
    if listing.awarded_to_id != bidder_id:
        return "nothing"
    return {"awarded": "confirm", "offered": "accept"}.get(listing.status, "nothing")


def _public_bid_out(each: Bid) -> dict[str, Any]:
    return {"id": each.id, "price": each.price_e4, "placed_at": each.placed_at}


def _bid_out(each: Bid) -> dict[str, Any]:
    return _public_bid_out(each) | {"listing_id": each.listing_id, "bidder_id": each.bidder_id}
