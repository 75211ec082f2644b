"""A participant's statement of a period: what its accounts had, what moved, what they have then, and its trades.

Every figure is of the ledger's posted transfers: opening + what came in - what went out = closing, and opening and
closing are the balances as of the ends of the legal days. A period is a month, a quarter or a water year.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg.rows import class_row

from ledger.models import FIRST_PARTICIPANT_ACCOUNT
from market.core import clock
from market.core.chart import TransferCode
from market.core.errors import InvalidInput, NotFound

_MONTH, _QUARTER = re.compile(r"(\d{4})-(0[1-9]|1[0-2])"), re.compile(r"(\d{4})-Q([1-4])")
PATTERN = r"^\d{4}(-(0[1-9]|1[0-2])|-Q[1-4])?\Z"
"""A month (2026-04), a quarter (2026-Q2) or a water year (2026)."""
MONEY, WATER = "money", "water"


class PeriodNotBegun(InvalidInput):
    """A statement is of days that have begun."""

    code = "period_not_begun"
    title_en = "The period has not begun"
    title_zh = "该期间尚未开始"


@dataclass(frozen=True, slots=True)
class Period:
    """Legal days, both in it, and the instants between which they lie (the last one is out)."""

    first_day: dt.date
    last_day: dt.date

    @property
    def since(self) -> dt.datetime:
        """The instant at which the period begins."""
        return clock.end_of_legal_day(self.first_day - dt.timedelta(days=1))

    @property
    def until(self) -> dt.datetime:
        """The instant at which it is over."""
        return clock.end_of_legal_day(self.last_day)


def months(text: str) -> Period | None:
    """The period of a month or a quarter; None for anything else."""
    month, quarter = _MONTH.fullmatch(text), _QUARTER.fullmatch(text)
    if month is not None:
        year, first, length = int(month[1]), int(month[2]), 1
    elif quarter is not None:
        year, first, length = int(quarter[1]), 3 * int(quarter[2]) - 2, 3
    else:
        return None
    if not dt.MINYEAR < year < dt.MAXYEAR:
        return None
    after = dt.date(year + (first + length > 12), (first + length - 1) % 12 + 1, 1)
    return Period(dt.date(year, first, 1), after - dt.timedelta(days=1))


def is_named(text: str) -> bool:
    """Whether a text is shaped as the name of a period."""
    return re.match(PATTERN, text) is not None


def period_of(connection: psycopg.Connection[Any], text: str) -> Period:
    """The period that a text names. Errors: NotFound (a water year that is not there), PeriodNotBegun."""
    found = months(text)
    if found is None:
        row = connection.execute(
            "SELECT starts_on, ends_on FROM water_years WHERE year = %s::integer", (text[:4],)
        ).fetchone()
        if row is None:
            raise NotFound("there is no such water year", pointer="/period")
        found = Period(row[0], row[1])
    if found.first_day > clock.today():
        raise PeriodNotBegun(f"it begins on {found.first_day}", pointer="/period")
    return found


@dataclass(frozen=True, slots=True)
class AccountPeriod:
    """An account over a period, fen or litres. `id`: of the money or water account, `ledger_id` of the ledger's."""

    kind: str
    id: int
    ledger_id: int
    label: str | None
    opening: int
    came_in: int
    went_out: int

    @property
    def closing(self) -> int:
        """What it has when the period is over."""
        return self.opening + self.came_in - self.went_out


_SIDE = f"{FIRST_PARTICIPANT_ACCOUNT} AND t.kind IN (0, 2)"
_ACCOUNTS_SQL: LiteralString = f"""
SELECT a.kind, a.id, a.ledger_id, a.label, c.before - d.before AS opening, c.within AS came_in, d.within AS went_out
  FROM (
    SELECT '{MONEY}' AS kind, 0 AS rank, m.id, m.account_id AS ledger_id, NULL AS label FROM money_accounts m
     WHERE m.participant_id = %(participant)s
    UNION ALL
    SELECT '{WATER}', 1, w.id, w.account_id, concat_ws(' · ', w.water_year, z.code, w.source, w.sector, w.origin)
      FROM water_accounts w JOIN zones z ON z.id = w.canal_zone_id WHERE w.participant_id = %(participant)s
  ) AS a
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount) FILTER (WHERE created_at < %(since)s), 0)::bigint AS before,
           coalesce(sum(amount) FILTER (WHERE created_at >= %(since)s), 0)::bigint AS within
      FROM transfers t WHERE t.credit_account_id = a.ledger_id AND t.credit_account_id >= {_SIDE}
       AND t.created_at < %(until)s
  ) AS c
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount) FILTER (WHERE created_at < %(since)s), 0)::bigint AS before,
           coalesce(sum(amount) FILTER (WHERE created_at >= %(since)s), 0)::bigint AS within
      FROM transfers t WHERE t.debit_account_id = a.ledger_id AND t.debit_account_id >= {_SIDE}
       AND t.created_at < %(until)s
  ) AS d
 WHERE a.kind = '{MONEY}' OR c.before <> d.before OR c.within + d.within > 0
 ORDER BY a.rank, a.id
"""


def accounts(
    connection: psycopg.Connection[Any], *, participant_id: int, period: Period
) -> list[AccountPeriod]:
    """A participant's money account and those of its water accounts that had or moved something."""
    bounds = {"participant": participant_id, "since": period.since, "until": period.until}
    with connection.cursor(row_factory=class_row(AccountPeriod)) as cursor:
        return cursor.execute(_ACCOUNTS_SQL, bounds).fetchall()


@dataclass(frozen=True, slots=True)
class Movement:
    """A posted transfer of an account: what came in positive, and the balance after it. The other side where it is a
    participant's.
    """

    id: int
    at: dt.datetime
    code: int
    reference: int
    change: int
    balance: int
    counterparty_id: int | None
    counterparty_name: str | None
    counterparty_kind: str | None


_BY_INSTRUCTION = ", ".join(
    str(int(each))
    for each in (
        TransferCode.TRADE_WATER, TransferCode.TRADE_MONEY, TransferCode.RETURN_WATER, TransferCode.RETURN_MONEY
    )
)  # fmt: skip
_MOVEMENTS_SQL = f"""
WITH moves AS (
  SELECT t.id, t.created_at AS at, t.code, t.reference, t.credit_account_id AS other, -t.amount AS change
    FROM transfers t WHERE t.debit_account_id = %(account)s AND t.debit_account_id >= {_SIDE}
     AND t.created_at >= %(since)s AND t.created_at < %(until)s
  UNION ALL
  SELECT t.id, t.created_at, t.code, t.reference, t.debit_account_id, t.amount
    FROM transfers t WHERE t.credit_account_id = %(account)s AND t.credit_account_id >= {_SIDE}
     AND t.created_at >= %(since)s AND t.created_at < %(until)s
), running AS (
  SELECT m.*, (%(opening)s::bigint + sum(m.change) OVER (ORDER BY m.id))::bigint AS balance FROM moves m
)
SELECT r.id, r.at, r.code, r.reference, r.change, r.balance, p.id AS counterparty_id, p.name AS counterparty_name,
       p.kind AS counterparty_kind
  FROM (SELECT * FROM running WHERE id > %(after)s ORDER BY id LIMIT %(limit)s) AS r
  LEFT JOIN money_accounts m ON m.account_id = r.other
  LEFT JOIN water_accounts w ON w.account_id = r.other
  LEFT JOIN instructions i ON r.code IN ({_BY_INSTRUCTION}) AND i.id = r.reference
  LEFT JOIN participants p ON p.id = coalesce(m.participant_id, w.participant_id,
    CASE WHEN i.buyer_id = %(participant)s THEN i.seller_id ELSE i.buyer_id END)
 ORDER BY r.id
"""


def movements(
    connection: psycopg.Connection[Any], *, participant_id: int, account: AccountPeriod, period: Period,
    after: int = 0, limit: int,
) -> list[Movement]:  # fmt: skip
    """What moved an account in a period, oldest first, from the transfer `after` on."""
    bounds = {
        "account": account.ledger_id, "opening": account.opening, "since": period.since, "until": period.until,
        "after": after, "limit": limit, "participant": participant_id,
    }  # fmt: skip
    with connection.cursor(row_factory=class_row(Movement)) as cursor:
        return cursor.execute(_MOVEMENTS_SQL, bounds).fetchall()


@dataclass(frozen=True, slots=True)
class TradePeriod:
    """A trade that was settled in a period, as the participant's side sees it: a seller receives amount - fee."""

    id: int
    instruction_id: int
    settled_at: dt.datetime
    side: str
    product: str
    source_litres: int
    delivered_litres: int
    price_e4: int
    amount_fen: int
    fee_fen: int
    counterparty_id: int
    counterparty_name: str
    counterparty_kind: str

    @property
    def money_fen(self) -> int:
        """What the participant's money account moved by: a seller receives the price less the fee."""
        return -self.amount_fen if self.side == "buy" else self.amount_fen - self.fee_fen


_TRADES_SQL: LiteralString = """
SELECT t.id, t.instruction_id, i.resolved_at AS settled_at,
       CASE WHEN i.buyer_id = %(participant)s THEN 'buy' ELSE 'sell' END AS side, x.code AS product, t.source_litres,
       t.delivered_litres, t.price_e4, t.amount_fen, t.fee_fen, p.id AS counterparty_id, p.name AS counterparty_name,
       p.kind AS counterparty_kind
  FROM instructions i JOIN trades t ON t.id = i.reference AND t.instruction_id = i.id
  JOIN products x ON x.id = t.product_id
  JOIN participants p ON p.id = CASE WHEN i.buyer_id = %(participant)s THEN i.seller_id ELSE i.buyer_id END
 WHERE (i.buyer_id = %(participant)s OR i.seller_id = %(participant)s) AND i.status IN ('settled', 'reversed')
   AND i.resolved_at >= %(since)s AND i.resolved_at < %(until)s AND t.id > %(after)s
 ORDER BY t.id LIMIT %(limit)s
"""


def trades(
    connection: psycopg.Connection[Any], *, participant_id: int, period: Period, after: int = 0, limit: int
) -> list[TradePeriod]:
    """Trades of a participant that were settled in a period, by id; one that was reversed later stays in it."""
    bounds = {
        "participant": participant_id, "since": period.since, "until": period.until, "after": after, "limit": limit,
    }  # fmt: skip
    with connection.cursor(row_factory=class_row(TradePeriod)) as cursor:
        return cursor.execute(_TRADES_SQL, bounds).fetchall()
