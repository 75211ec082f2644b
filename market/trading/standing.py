"""Two accounts as the sides of a deal: what must hold before anybody promises anything, in the engine's own words.

The engine asks all of it again when it strikes; here it keeps parties from negotiating what can never be traded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
from psycopg.rows import tuple_row

from ledger.arrays import Bigints
from market.core.errors import NotFound
from market.county.pack import Pack
from market.registry import reference, rules
from market.registry.county import rules_of
from market.trading.commands import Refused
from market.trading.dealing import OWNERS_RULE
from market.trading.gates import SERVICE_RULE
from market.trading.models import Product
from market.trading.ways import Way, way_between, why_no_way


@dataclass(frozen=True, slots=True)
class Standing:
    """A water account with its place, its owner, its ledger accounts and its gates (None: open)."""

    id: int
    participant_id: int
    name: str
    owner_id: int
    ledger_account: int
    money_account: int
    township_code: str
    canal_code: str
    sector: str
    source: str
    origin: str
    public_storage: bool
    water_year: int
    sell_gate: rules.Barrier | None
    buy_gate: rules.Barrier | None
    halted: rules.Barrier | None


def load(connection: psycopg.Connection, pack: Pack, ids: Iterable[int]) -> dict[int, Standing]:
    """These water accounts by id; unknown ones, and those of participants without a money account, are left out."""
    tree = reference.zones(connection)
    views = reference.accounts(connection, tree, rules_of(pack), ids=ids)
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(
            "SELECT m.participant_id, m.account_id, p.name FROM money_accounts m"
            " JOIN participants p ON p.id = m.participant_id WHERE m.participant_id = ANY (%s)",
            (Bigints({view.participant_id for view in views.values()}),),
        ).fetchall()
    money = {row[0]: row[1:] for row in rows}
    return {
        view.id: Standing(
            id=view.id,
            participant_id=view.participant_id,
            name=money[view.participant_id][1],
            owner_id=view.owner_id,
            ledger_account=view.account_id,
            money_account=money[view.participant_id][0],
            township_code=tree.by_id[view.township_zone_id].code,
            canal_code=tree.by_id[view.canal_zone_id].code,
            sector=view.facts.sector,
            source=view.facts.source,
            origin=view.facts.origin,
            public_storage=view.facts.public_storage,
            water_year=view.place.water_year,
            sell_gate=rules.may_sell(view.facts),
            buy_gate=rules.may_buy(view.facts),
            halted=view.facts.halted,
        )
        for view in views.values()
        if view.participant_id in money
    }


def one(found: dict[int, Standing], water_account_id: int, pointer: str) -> Standing:
    """One of what was loaded. Errors: NotFound."""
    if water_account_id not in found:
        raise NotFound("there is no such water account", pointer=pointer)
    return found[water_account_id]


def refuse(pack: Pack, product: Product, seller: Standing, buyer: Standing) -> Refused | None:
    """Why these two cannot trade this product, as the engine would say it; None where they can."""
    for each in (seller, buyer):
        if (each.source, each.water_year) != (product.source, product.water_year):
            return Refused("product_mismatch", "the water account holds another source or water year than the product",
                           "/water_account_id", None, None, SERVICE_RULE)  # fmt: skip
    for gate in (seller.sell_gate, buyer.buy_gate):
        if gate is not None:
            return Refused(gate.rule, gate.detail, "/water_account_id", None, None, gate.legal_source)
    if seller.owner_id == buyer.owner_id:
        return Refused(
            "same_owner", "one beneficial owner stands on both sides", None, None, None, OWNERS_RULE
        )
    if way_between(pack, seller, buyer) is None:
        rule, detail, source = why_no_way(pack, seller, buyer)
        return Refused(rule, detail, None, None, None, source)
    return None


def way(pack: Pack, seller: Standing, buyer: Standing) -> Way:
    """How water goes between two sides that `refuse` lets through."""
    found = way_between(pack, seller, buyer)
    assert found is not None
    return found
