"""What the engine knows of the county beside the books: products, limits, accounts, routes, rules. Cached by version.

Whoever changes any of it bumps `installation.reference_version` in the same transaction; a batch that finds another
version than it matched on is undone, and this is loaded anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from math import lcm
from typing import Any

import psycopg

from market.core import books, clock, workdays
from market.core.chart import CNY, HEADROOM, AccountCode, water_asset
from market.county.current import pack_in_force
from market.county.pack import Pack
from market.registry import caps, excess, reference, rules
from market.registry.behind import Behind
from market.registry.county import USE_PLAN, rules_of
from market.registry.halts import Halt
from market.settlement.clearing import Beneficiaries, Books
from market.trading import guarding
from market.trading.board import Account, Product
from market.trading.exchange import Exchange
from market.trading.fills import Terms
from market.trading.gates import TRADING
from market.trading.ways import way_between, why_no_way


@dataclass(frozen=True, slots=True)
class PoolKey:
    """What makes water accounts alike to matching."""

    township_code: str
    canal_code: str
    sector: str
    source: str
    water_year: int
    right_kind: str | None
    origin: str
    public_storage: bool


class Pool:
    """Accounts that are alike to matching; compared by identity."""

    __slots__ = ("key", "place")

    def __init__(self, key: PoolKey, place: caps.Place) -> None:
        self.key = key
        self.place = place


class Reference:
    """Loads products and limits into an exchange, and answers what matching asks of the county."""

    def __init__(self, connection: psycopg.Connection[Any], exchange: Exchange) -> None:
        self.exchange = exchange
        self._pools: dict[PoolKey, Pool] = {}
        self._terms: dict[tuple[Pool, Pool], Terms | None] = {}
        self._books: dict[int, Books] = {}
        self._due: dict[tuple[dt.date, int], dt.date] = {}
        self.version = 0
        self._load(connection)
        for account, free in reference.available(connection, self.limit_accounts()).items():
            exchange.learn(account, free)

    def _load(self, connection: psycopg.Connection[Any]) -> None:
        row = connection.execute("SELECT reference_version FROM installation WHERE id = 1").fetchone()
        assert row is not None
        self.version = row[0]
        self.pack: Pack = pack_in_force(connection)
        self.zones = reference.zones(connection)
        self.limits = reference.limits(connection)
        self._sector_rules = rules_of(self.pack)
        self._ranks = reduce(lcm, {route.k for route in self.pack.routes}, 1000)
        self._forget_terms()
        self._day = clock.today()
        self._dated = self.pack.has_dated_reviews
        self._load_products(connection)
        guarding.load(connection, self.exchange, self.pack, clock.today())
        self.exchange.excesses = {
            each.cap: (each.account, each.limit_id) for each in excess.still_open(connection)
        }

    def _load_products(self, connection: psycopg.Connection[Any]) -> None:
        rows = connection.execute(
            "SELECT id, code, phase, lot_litres, closes_at, version, phase_reason, source, water_year FROM products"
            " WHERE tenure = 'allocation'"
        ).fetchall()
        headroom = books.system_account(connection, HEADROOM, AccountCode.LIMIT_USE)
        money = books.system_account(connection, CNY, AccountCode.MONEY_CLEARING)
        fees = books.system_account(connection, CNY, AccountCode.TRADING_FEES)
        self._products: dict[tuple[str, int], int] = {}
        self.exchange.paused = {row[0]: row[0] for row in rows if row[2] not in TRADING}
        for product, code, phase, lot, closes_at, version, reason, source, year in rows:
            self.exchange.bring(Product(product, code, phase, lot, closes_at.timestamp(), version, reason))
            self._products[source, year] = product
            water = water_asset(source, year)
            self._books[product] = Books(
                books.system_account(connection, water, AccountCode.WATER_CLEARING),
                books.system_account(connection, water, AccountCode.WATER_LOSS),
                money,
                fees,
                headroom,
            )

    def limit_accounts(self) -> set[int]:
        """The ledger accounts of the limits, and of the use above them."""
        return {limit.account_id for limit in self.limits} | {
            account for account, _ in self.exchange.excesses.values()
        }

    def refresh(self, connection: psycopg.Connection[Any]) -> set[int]:
        """Loads everything anew; returns the ledger accounts whose balances the cache should read again."""
        self._load(connection)
        known = self.exchange.accounts
        for fresh in self.accounts(connection, known.keys()):
            account = known[fresh.id]
            account.owner, account.plan = fresh.owner, fresh.plan
            account.sell_gate, account.buy_gate = fresh.sell_gate, fresh.buy_gate
            account.stores, account.halt = fresh.stores, fresh.halt
            account.beneficiaries = fresh.beneficiaries
        return self.limit_accounts() | {account.plan for account in known.values() if account.plan}

    def accounts(self, connection: psycopg.Connection[Any], ids: Iterable[int]) -> list[Account]:
        """The exchange's view of these water accounts; unknown ids are left out."""
        wanted = list(ids)
        views = reference.accounts(connection, self.zones, self._sector_rules, ids=wanted)
        money = dict(
            connection.execute(
                "SELECT participant_id, account_id FROM money_accounts WHERE participant_id = ANY (%s)",
                ([view.participant_id for view in views.values()],),
            ).fetchall()
        )
        return [
            self._account(view, money[view.participant_id])
            for view in views.values()
            if view.participant_id in money
        ]

    def _account(self, view: reference.AccountView, money: int) -> Account:
        facts = view.facts
        zones = self.zones.by_id
        key = PoolKey(
            township_code=zones[view.township_zone_id].code,
            canal_code=zones[view.canal_zone_id].code,
            sector=facts.sector,
            source=facts.source,
            water_year=view.place.water_year,
            right_kind=facts.right_kind,
            origin=facts.origin,
            public_storage=facts.public_storage,
        )
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = Pool(key, view.place)
        product = self._products.get((facts.source, view.place.water_year), 0)
        return Account(
            id=view.id,
            participant=view.participant_id,
            owner=view.owner_id,
            ledger=view.account_id,
            money=money,
            plan=view.plan_account_id or 0,
            product=product,
            pool=pool,
            lot=self.exchange.products[product].lot if product else 1,
            sell_gate=_gate(rules.may_sell(facts)),
            buy_gate=_gate(rules.may_buy(facts)),
            stores=rules.may_store(facts) is None,
            beneficiaries=_beneficiaries(view.behind),
            halt=self._halt(view),
        )

    def _halt(self, view: reference.AccountView) -> Halt | None:
        """The first halt of its participant, of its owners or of a zone that holds it; none: it may trade."""
        for halt in self.exchange.halts:
            if halt.holds(view.participant_id, view.owner_id, view.place.zones):
                return halt
        return None

    def terms(self, seller: Pool, buyer: Pool) -> Terms | None:
        """How sellers of one pool can deliver to buyers of another; None where no rule or route allows it."""
        pair = (seller, buyer)
        try:
            return self._terms[pair]
        except KeyError:
            found = self._terms[pair] = self._find_terms(seller, buyer)
            return found

    def _find_terms(self, seller: Pool, buyer: Pool) -> Terms | None:
        way = way_between(self.pack, seller.key, buyer.key, self._day)
        if way is None:
            return None
        crossed = caps.crossings(seller.place, buyer.place, self.limits)
        return Terms(
            k=way.k,
            up=self._ranks // way.k,
            charges=tuple(
                (limit.account_id, measure is caps.Measure.SOURCE) for limit, measure in crossed.charges
            ),
            frees=tuple(limit.account_id for limit, _ in crossed.frees),
            fee_e6=way.fee_e6,
            reviews=way.reviews,
        )

    def keep_day(self) -> None:
        """On another legal day other rules of reviews may hold: what was found by the old ones is forgotten."""
        if self._dated and clock.today() != self._day:
            self._day = clock.today()
            self._forget_terms()

    def _forget_terms(self) -> None:
        self._terms.clear()
        self.exchange.forget_terms()

    def no_way(self, seller: Account, buyer: Account) -> tuple[str, str, str]:
        """Why water may not, or cannot, go from one account to the other: (rule, detail, legal source)."""
        return why_no_way(self.pack, seller.pool.key, buyer.pool.key)

    def limit(self, account: int) -> tuple[str, str, str]:
        """What the limit with this ledger account is: (rule, detail, legal source); a use plan where it is none."""
        for limit in self.limits:
            if limit.account_id == account:
                detail = f"{limit.code} has no room for the whole deal"
                return (f"{limit.kind}_exceeded", detail, limit.legal_source)
        plan = self.pack.threshold(USE_PLAN).basis.source
        return ("plan_exceeded", "the buyer's use plan has no room for the whole deal", plan)

    def books_of(self, product: int) -> Books:
        """The system accounts that a product's instructions pass through."""
        return self._books[product]

    def due_on(self, working_days: int) -> dt.date:
        """The legal day by which a review begun today is due."""
        key = (clock.today(), working_days)
        if key not in self._due:
            self._due[key] = workdays.after(key[0], working_days)
        return self._due[key]


def _beneficiaries(behind: Behind | None) -> Beneficiaries | None:
    if behind is None:
        return None
    return Beneficiaries(
        accounts=tuple(account for account, _, _ in behind.shares),
        weights=tuple(weight for _, weight, _ in behind.shares),
        owners=behind.owners,
        fee_account=behind.fee_account_id,
        fee_per_mille=behind.fee_per_mille,
        floor_price_e4=behind.floor_price_e4,
        ends_at=behind.ends_at,
    )


def _gate(barrier: rules.Barrier | None) -> tuple[str, str, str] | None:
    return None if barrier is None else (barrier[0], barrier[1], barrier[2])
