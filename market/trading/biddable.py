"""Who may bid for whose water: the rules that bind orders, asked ahead of the deal, which the engine judges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from ledger.units import fen_half_even, value_tick_litres
from market.core.errors import NotFound, Refusal
from market.county.current import pack_in_force
from market.registry import reference
from market.registry.county import rules_of
from market.registry.rules import Barrier, may_buy, may_sell
from market.trading.commands import Refused
from market.trading.dealing import OWNERS_RULE
from market.trading.errors import of
from market.trading.fills import source_for
from market.trading.gates import SERVICE_RULE
from market.trading.spots import spot
from market.trading.ways import Way, way_between, why_no_way

POINTER = "/water_account_id"


@dataclass(frozen=True, slots=True)
class Pair:
    """A seller's and a buyer's account between which water may go, and how."""

    seller: reference.AccountView
    buyer: reference.AccountView
    way: Way

    def amount_fen(self, volume_litres: int, price_e4: int) -> int:
        """What the lot costs to the fen: the price at the seller's place times the litres that must leave it."""
        delivered = volume_litres * self.way.k // 1000
        return fen_half_even(value_tick_litres(source_for(delivered, self.way.k), price_e4))


def view(connection: psycopg.Connection[Any], water_account_id: int) -> reference.AccountView:
    """A water account as the rules see it. Errors: NotFound."""
    return _views(connection, [water_account_id])[0]


def _views(connection: psycopg.Connection[Any], ids: list[int]) -> list[reference.AccountView]:
    tree = reference.zones(connection)
    found = reference.accounts(connection, tree, rules_of(pack_in_force(connection)), ids=ids)
    if not found.keys() >= set(ids):
        raise NotFound("there is no such water account", pointer=POINTER)
    return [found[each] for each in ids]


def refused(gate: Barrier) -> Refusal:
    """What stands before an account, as an error."""
    return of(Refused(gate.rule, gate.detail, POINTER, None, None, gate.legal_source))


def sell_gate(account: reference.AccountView) -> Barrier | None:
    """Why nothing at all may be sold from the account, or None."""
    return may_sell(account.facts)


def pair(
    connection: psycopg.Connection[Any],
    *,
    seller_water_account_id: int,
    buyer_water_account_id: int,
    volume_litres: int,
) -> Pair:
    """Seller and buyer of a lot, if the rules let the water go.

    Same product, the buyer's right to buy, beneficial owners, flow, groundwater and route are asked; limits, plans and
    money are not: they are the engine's to judge at the deal. Errors: NotFound, ProductMismatch, AccountGate,
    SameOwner, FlowNotAllowed, NoRoute, VolumeOutOfRange.
    """
    seller, buyer = _views(connection, [seller_water_account_id, buyer_water_account_id])
    if (seller.facts.source, seller.place.water_year) != (buyer.facts.source, buyer.place.water_year):
        raise of(Refused("product_mismatch", "the water account holds another source or water year than the lot",
                         POINTER, None, None, SERVICE_RULE))  # fmt: skip
    gate = may_buy(buyer.facts)
    if gate is not None:
        raise refused(gate)
    if buyer.owner_id == seller.owner_id or (
        seller.behind is not None and buyer.owner_id in seller.behind.owners
    ):
        detail = "the bidder is a beneficial owner of what is listed"
        raise of(Refused("same_owner", detail, POINTER, None, None, OWNERS_RULE))
    pack, tree = pack_in_force(connection), reference.zones(connection)
    start, end = (spot(each, tree) for each in (seller, buyer))
    way = way_between(pack, start, end)
    if way is None:
        rule, detail, source = why_no_way(pack, start, end)
        raise of(Refused(rule, detail, POINTER, None, None, source))
    if volume_litres * way.k // 1000 == 0:
        raise of(Refused("volume_out_of_range", "the route would deliver less than a litre", "/volume", None, None,
                         SERVICE_RULE))  # fmt: skip
    return Pair(seller, buyer, way)


def payees(connection: psycopg.Connection[Any], water_account_id: int) -> list[tuple[int, int]]:
    """Who is paid for what an account sells: (ledger account, weight), the seller alone where it sells its own."""
    found = view(connection, water_account_id)
    if found.behind is not None:
        return [(account, weight) for account, weight, _ in found.behind.shares]
    row = connection.execute(
        "SELECT account_id FROM money_accounts WHERE participant_id = %s", (found.participant_id,)
    ).fetchone()
    assert row is not None
    return [(row[0], 1)]
