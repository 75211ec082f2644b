"""The bills of a period as they would be issued: what is used, what was billed, and the difference. Reads only."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
import psycopg
from psycopg.rows import tuple_row

from market.billing import rules
from market.billing.models import BILL, CORRECTION
from market.billing.rules import Item, Rate, Sum, Use
from market.county.pack import Pack
from market.county.parts import Basis, Tariff


@dataclass(frozen=True, slots=True)
class Period:
    """What a run is of: from the day after the last run of the year (`last_on`, if there was one) to `until_on`."""

    water_year: int
    from_on: dt.date
    until_on: dt.date
    last_on: dt.date | None


class Place(NamedTuple):
    """Where a water account is, and of what water: what its price depends on."""

    sector: str
    source: str
    township: str
    canal: str


@dataclass(slots=True)
class Account:
    """A water account with its use of the year: before and up to the period's end, and all; fees that this posted."""

    id: int
    participant_id: int
    place_id: int
    association_id: int | None
    place: Place
    credited_litres: int
    balance_litres: int
    debt_litres: int
    before: list[Use] = field(default_factory=list)
    now: list[Use] = field(default_factory=list)
    used_litres: int = 0
    fees_before: int = 0
    fees_now: int = 0
    billed: dict[Item, Sum] = field(default_factory=dict)
    posted_fen: int = 0

    @property
    def quota_litres(self) -> int | None:
        """What it may use in the year: all that came to it, less what left it other than by use. None: nothing came.

        So water that was bought counts, water that was sold does not, and what a later announcement made good is not
        above it.
        """
        if not self.credited_litres:
            return None
        return max(0, self.balance_litres + self.used_litres - self.debt_litres)


@dataclass(frozen=True, slots=True)
class Draft:
    """A bill before it is issued; `to` are the year's sums after it."""

    kind: str
    account: Account
    lines: Mapping[Item, Sum]
    to: Mapping[Item, Sum]
    litres: int
    fen: int
    association_fen: int
    posted_fen: int


@dataclass(frozen=True, slots=True)
class Drafts:
    """All bills of a period, by water account, and where their figures come from."""

    period: Period
    bills: list[Draft]
    sources: Mapping[tuple[Place, Item], str]

    @property
    def digest(self) -> bytes:
        """SHA-256 of every figure: two previews with one digest would issue the same bills."""
        rows = [
            (each.account.id, each.kind, each.fen, each.association_fen, each.posted_fen, each.account.quota_litres,
             each.account.association_id, [(*item, *amount) for item, amount in each.lines.items()])
            for each in self.bills
        ]  # fmt: skip
        head = (self.period.water_year, self.period.from_on, self.period.until_on)
        return hashlib.sha256(msgspec.json.encode((head, rows))).digest()


_COUNTED = """
  SELECT r.water_account_id, r.price_e4, (r.read_at AT TIME ZONE 'Asia/Shanghai')::date AS day, r.use_litres, r.fee_fen
    FROM readings r JOIN meter_intervals i ON i.reading_id = r.id
    JOIN water_accounts w ON w.id = r.water_account_id AND w.water_year = %(year)s
  UNION ALL
  SELECT t.water_account_id, t.price_e4, (s.until AT TIME ZONE 'Asia/Shanghai')::date, t.use_litres, t.fee_fen
    FROM turn_uses t JOIN turn_sheets s ON s.id = t.turn_sheet_id AND s.status = 'signed'
    JOIN water_accounts w ON w.id = t.water_account_id AND w.water_year = %(year)s
"""
# By account in the order in which its rates began; `rules` counts the days of %(days)s on which prices changed.
_USES_SQL = f"""
SELECT water_account_id, price_e4, width_bucket(day, %(days)s::date[]) AS rules,
       coalesce(sum(use_litres) FILTER (WHERE day <= %(last)s), 0)::bigint,
       coalesce(sum(use_litres) FILTER (WHERE day <= %(until)s), 0)::bigint, sum(use_litres)::bigint,
       coalesce(sum(fee_fen) FILTER (WHERE day <= %(last)s), 0)::bigint,
       coalesce(sum(fee_fen) FILTER (WHERE day <= %(until)s), 0)::bigint
  FROM ({_COUNTED}) AS counted GROUP BY 1, 2, 3 ORDER BY 1, 3, min(day), 2
"""
_ACCOUNTS_SQL = """
SELECT w.id, w.participant_id, coalesce(v.id, w.township_zone_id), k.participant_id, w.sector, w.source, t.code, c.code,
       a.credits_posted, a.credits_posted - a.debits_posted, coalesce(d.debits_posted - d.credits_posted, 0)
  FROM water_accounts w
  JOIN zones t ON t.id = w.township_zone_id JOIN zones c ON c.id = w.canal_zone_id
  JOIN accounts a ON a.id = w.account_id LEFT JOIN accounts d ON d.id = w.debt_account_id
  LEFT JOIN LATERAL (SELECT z.id FROM meters m JOIN zones z ON z.id = m.zone_id AND z.tree = 'admin'
                      WHERE m.water_account_id = w.id ORDER BY m.closed_at DESC NULLS FIRST, m.id LIMIT 1) v ON true
  LEFT JOIN LATERAL (SELECT x.participant_id FROM canal_associations x
                      WHERE x.canal_zone_id = w.canal_zone_id AND x.from_on <= %(until)s
                      ORDER BY x.from_on DESC LIMIT 1) k ON true
 WHERE w.water_year = %(year)s ORDER BY w.id
"""
_BILLED_SQL = """
SELECT b.water_account_id, l.price_e4, l.end_canal_e4, l.multiple_e6, l.above_e6, sum(l.litres)::bigint,
       sum(l.fen)::bigint
  FROM billing_runs r JOIN water_bills b ON b.run_id = r.id JOIN water_bill_lines l ON l.bill_id = b.id
 WHERE r.water_year = %(year)s GROUP BY 1, 2, 3, 4, 5
"""
_POSTED_SQL = """
SELECT b.water_account_id, sum(b.posted_fen)::bigint
  FROM billing_runs r JOIN water_bills b ON b.run_id = r.id WHERE r.water_year = %(year)s GROUP BY 1
"""


def of_period(connection: psycopg.Connection[Any], pack: Pack, period: Period) -> Drafts:
    """What a run of this period would issue: a bill for what was used in it, a correction for what has changed of the
    periods before it. Four set statements, whatever the number of meters.
    """
    prices = _Prices(pack)
    asked = {
        "year": period.water_year, "until": period.until_on, "days": prices.days,
        "last": period.last_on or dt.date.min,
    }  # fmt: skip
    accounts = _accounts(connection, asked, prices)
    corrects = period.last_on is not None
    found = [bill for account in accounts.values() for bill in bills(account, corrects=corrects)]
    return Drafts(period, found, prices.sources)


def _accounts(
    connection: psycopg.Connection[Any], asked: Mapping[str, Any], prices: _Prices
) -> dict[int, Account]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        found = {
            row[0]: Account(row[0], row[1], row[2], row[3], Place(*row[4:8]), row[8], row[9], row[10])
            for row in cursor.execute(_ACCOUNTS_SQL, asked)
        }
        for number, price, rule, before, now, used, fees_before, fees_now in cursor.execute(_USES_SQL, asked):
            account = found[number]
            rate = prices.rate(account.place, price, rule)
            account.before.append(Use(rate, before))
            account.now.append(Use(rate, now))
            account.used_litres += used
            account.fees_before += fees_before
            account.fees_now += fees_now
        for number, *item, litres, fen in cursor.execute(_BILLED_SQL, asked):
            found[number].billed[Item(*item)] = Sum(litres, fen)
        for number, fen in cursor.execute(_POSTED_SQL, asked):
            found[number].posted_fen = fen
    return found


def bills(account: Account, *, corrects: bool) -> Iterable[Draft]:
    """The correction of what was billed, if there is any, then the bill of the period."""
    quota = account.quota_litres
    before = rules.sums(account.before, quota) if corrects else {}
    now = rules.sums(account.now, quota)
    beyond = rules.total(before).fen - account.fees_before if corrects else 0
    steps = [
        (BILL, before, now, rules.total(now).fen - account.fees_now - beyond),
    ]  # fmt: skip
    if corrects:
        steps.insert(0, (CORRECTION, account.billed, before, beyond - account.posted_fen))
    for kind, old, new, posted in steps:
        lines = rules.less(new, old)
        if lines or posted:
            whole = rules.total(lines)
            canals = rules.for_end_canals(new) - rules.for_end_canals(old) if account.association_id else 0
            yield Draft(
                kind,
                account,
                lines,
                new,
                whole.litres,
                whole.fen,
                rules.part_within(canals, whole.fen),
                posted,
            )


class _Prices:
    """What a litre costs, by place and day; and where an item's figures come from."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.days = sorted({each.from_on for each in pack.tariffs if each.from_on > dt.date.min})
        self.sources: dict[tuple[Place, Item], str] = {}
        self._rates: dict[tuple[Place, int, int], Rate] = {}

    def rate(self, place: Place, price_e4: int, rule: int) -> Rate:
        """The rate of a reading at its price, by the rules that held on its day; a price is kept as it was charged."""
        key = (place, price_e4, rule)
        if key not in self._rates:
            day = self.days[rule - 1] if rule else dt.date.min
            tariff = self.pack.tariff(place.sector, place.township, place.canal, water=place.source, on=day)
            self._rates[key] = self._of(place, price_e4, tariff)
        return self._rates[key]

    def _of(self, place: Place, price_e4: int, tariff: Tariff | None) -> Rate:
        canals = tariff.end_canal if tariff is not None else None
        end_canal_e4 = min(price_e4, canals.price_e4) if canals is not None else 0
        tiers = tariff.tiers if tariff is not None else ()
        base = [each.basis for each in (tariff, canals) if each is not None]
        self.sources[place, Item(price_e4, end_canal_e4, rules.ONE_E6, None)] = _told(base)
        for tier in tiers:
            item = Item(price_e4, end_canal_e4, tier.multiple_e6, tier.above_e6)
            self.sources[place, item] = _told([*base, tier.basis])
        return Rate(price_e4, end_canal_e4, tuple((each.above_e6, each.multiple_e6) for each in tiers))


def _told(bases: Iterable[Basis]) -> str:
    """The sources of a line's figures, each once; a demonstration says so."""
    named: dict[str, bool] = defaultdict(bool)
    for each in bases:
        named[each.source] |= each.demonstration
    told = [
        f"{source} (demonstration)" if shown and source != "demonstration" else source
        for source, shown in named.items()
    ]
    return "; ".join(told)
