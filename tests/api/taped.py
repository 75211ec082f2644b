"""Trades put on the tape as they are wanted: at any time, between any accounts, settled or not."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from typing import Any

import psycopg

from market.core import clock
from tests.api.county import YEAR

_numbers = itertools.count(1_000)

_ACCOUNTS_SQL = """
SELECT u.login, w.id, w.participant_id FROM water_accounts w JOIN users u ON u.participant_id = w.participant_id
WHERE u.login IN ('farmer', 'factory', 'centre')
"""
_INSTRUCTION_SQL = """
INSERT INTO instructions (id, kind, reference, product_id, seller_id, buyer_id, seller_water_account_id,
  buyer_water_account_id, seller_account, buyer_account, buyer_money_account, source_litres, delivered_litres,
  amount_fen, payees, charges, frees, holds, status, review_rule, batch_id, instructed_at, resolved_at)
VALUES (%(id)s, 'trade', %(id)s, %(product)s, %(seller)s, %(buyer)s, %(seller_account)s, %(buyer_account)s, 1, 2, 3,
  %(source)s, %(delivered)s, %(amount)s, '[]', '[]', '[]', '[]', %(status)s, 'tests', 1, %(at)s, %(resolved)s)
"""
_TRADE_SQL = """
INSERT INTO trades (id, product_id, buy_order_id, sell_order_id, maker, buyer_id, seller_id, source_litres,
  delivered_litres, k, price_e4, value_tick_litres, amount_fen, fee_fen, instruction_id, batch_id, traded_at)
VALUES (%(id)s, %(product)s, 1, 2, 'sell', %(buyer)s, %(seller)s, %(source)s, %(delivered)s, %(k)s, %(price)s,
  %(value)s, %(amount)s, 0, %(id)s, 1, %(at)s)
"""


def at(month: int, day: int, hour: int = 12, minute: int = 0) -> dt.datetime:
    """An instant of the legal calendar."""
    return dt.datetime(YEAR, month, day, hour, minute, tzinfo=clock.LEGAL_ZONE)


@dataclass
class Tape:
    """Writes trades. Accounts go by the login of their holder: (water account, participant)."""

    connection: psycopg.Connection[Any]
    product: int
    accounts: dict[str, tuple[int, int]]

    @classmethod
    def of(cls, connection: psycopg.Connection[Any]) -> Tape:
        """The tape of the demonstration county's surface water."""
        product = connection.execute(
            "SELECT id FROM products WHERE code = %s", (f"surface-{YEAR}",)
        ).fetchone()
        assert product is not None
        rows = connection.execute(_ACCOUNTS_SQL).fetchall()
        return cls(connection, product[0], {login: (account, who) for login, account, who in rows})

    def trade(
        self, moment: dt.datetime, seller: str, buyer: str, m3: int, price_e4: int, *, k: int = 1_000,
        status: str = "settled",
    ) -> int:  # fmt: skip
        """A trade of m3 given up at the seller's place at a price there, of which k per mille arrive."""
        number, source = next(_numbers), m3 * 1_000
        values = {
            "id": number, "product": self.product, "seller": self.accounts[seller][1],
            "buyer": self.accounts[buyer][1], "seller_account": self.accounts[seller][0],
            "buyer_account": self.accounts[buyer][0], "source": source, "delivered": source * k // 1_000, "k": k,
            "price": price_e4, "value": source * price_e4, "amount": source * price_e4 // 100_000, "at": moment,
            "status": status, "resolved": None if status == "awaiting_review" else moment,
        }  # fmt: skip
        self.connection.execute(_INSTRUCTION_SQL, values)
        self.connection.execute(_TRADE_SQL, values)
        return number
