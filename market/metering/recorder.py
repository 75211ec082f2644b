"""The one way in which readings come to count: checked one by one in memory, written and posted together."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from ledger.arrays import Bigints
from market.core import audit, clock, outbox
from market.core.errors import NotFound
from market.metering import findings, postings, usage
from market.metering.errors import NoConversion
from market.metering.postings import Account, Accounts, Amounts, Entry

LITRES_DECIMALS, KWH_DECIMALS = 3, 2


@dataclass(slots=True)
class Past:
    """A reading that counts; `id` 0: it is not written yet. `counter` is in litres, or hundredths of kWh."""

    id: int
    water_account_id: int
    since: dt.datetime
    read_at: dt.datetime
    counter_number: int
    method: str
    counter: int
    amounts: Amounts


@dataclass(slots=True)
class MeterState:
    """A locked meter with its counter, and the readings since the last that is no estimate."""

    id: int
    water_account_id: int
    serial: str
    start_litres: int
    start_kwh_e2: int | None
    digits: int | None
    installed_at: dt.datetime
    counter_number: int
    measures: str
    apportioned: bool
    closed_at: dt.datetime | None
    calibration_expires_on: dt.date | None
    most_litres_a_day: int | None
    read_every_days: int | None
    tail: list[Past] = field(default_factory=list)
    conversions: list[tuple[dt.date, int, int]] = field(default_factory=list)  # valid from, id, coefficient
    held: set[dt.datetime] = field(default_factory=set)
    told_of_calibration: bool = False

    @property
    def electric(self) -> bool:
        """Whether its counter counts kWh."""
        return self.measures == "electricity"

    @property
    def start(self) -> int:
        """What the counter showed at first, in its own unit."""
        return self.start_litres if self.start_kwh_e2 is None else self.start_kwh_e2

    @property
    def modulus(self) -> int | None:
        """At what the counter begins again, in its own unit."""
        return usage.modulus_of(self.digits, scale=KWH_DECIMALS if self.electric else LITRES_DECIMALS)

    def conversion_on(self, day: dt.date) -> tuple[int, int]:
        """(id, coefficient) in force on a legal day. Errors: NoConversion."""
        for valid_from, conversion_id, coefficient in reversed(self.conversions):
            if valid_from <= day:
                return conversion_id, coefficient
        raise NoConversion(f"the well {self.serial} has no coefficient on {day}", pointer="/read_at")


@dataclass(slots=True)
class New:
    """A reading to be written, with its use as it is posted."""

    meter: MeterState
    past: Past
    entry: Entry
    conversion_id: int | None
    calibration_expired: bool
    corrects_id: int | None = None
    reason: str | None = None
    gap: bool = False


_METERS_SQL = """
SELECT id, water_account_id, serial, start_litres, start_kwh_e2, digits, installed_at, counter_number, measures,
       apportioned, closed_at, calibration_expires_on, most_litres_a_day, read_every_days
  FROM meters WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
"""
_PAST = """r.meter_id, r.id, r.water_account_id, r.since, r.read_at, r.counter_number, r.method,
       coalesce(r.kwh_e2, r.counter_litres), r.use_litres, r.posted_litres, r.over_use_litres, r.price_e4, r.fee_fen"""
_TAIL_SQL = f"""
SELECT {_PAST}
  FROM unnest(%s::bigint[]) AS n (id)
 CROSS JOIN LATERAL (
       SELECT x.* FROM readings x JOIN meter_intervals i ON i.reading_id = x.id
        WHERE x.meter_id = n.id AND x.read_at >= coalesce(
              (SELECT max(a.read_at) FROM readings a JOIN meter_intervals j ON j.reading_id = a.id
                WHERE a.meter_id = n.id AND a.method = 'read'), '-infinity')) AS r
 ORDER BY r.meter_id, r.read_at
"""
_CHAIN_SQL = f"""
SELECT {_PAST} FROM readings r JOIN meter_intervals i ON i.reading_id = r.id
 WHERE r.meter_id = %s AND r.counter_number = %s ORDER BY r.read_at
"""
_CONVERSIONS_SQL = """
SELECT meter_id, valid_from, id, litres_per_kwh_e3 FROM pump_conversions
 WHERE meter_id = ANY(%s) ORDER BY meter_id, valid_from
"""
_OPEN_SQL = """
SELECT meter_id, kind, read_at FROM use_findings
 WHERE meter_id = ANY(%s) AND status = 'open' AND kind IN ('jump', 'calibration_expired')
"""
_INSERT_SQL = """
INSERT INTO readings (meter_id, water_account_id, since, read_at, counter_number, method, counter_litres, kwh_e2,
                      conversion_id, calibration_expired, corrects_id, reason, use_litres, posted_litres,
                      over_use_litres, price_e4, fee_fen, recorded_by, recorded_at)
SELECT n.*, %s::bigint, %s::timestamptz
  FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::smallint[], %s::text[],
              %s::bigint[], %s::bigint[], %s::bigint[], %s::boolean[], %s::bigint[], %s::text[], %s::bigint[],
              %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[]) AS n
RETURNING id, meter_id, read_at
"""


def _past(row: tuple[Any, ...]) -> Past:
    _, reading_id, account_id, since, read_at, number, method, counter, *amounts = row
    return Past(reading_id, account_id, since, read_at, number, method, counter, Amounts(*amounts))


def locked_meters(connection: psycopg.Connection[Any], ids: Iterable[int]) -> dict[int, MeterState]:
    """Locks meters until the transaction ends; those that there are, by id."""
    wanted = Bigints(sorted(set(ids)))
    with connection.cursor(row_factory=tuple_row) as cursor:
        found = {row[0]: MeterState(*row) for row in cursor.execute(_METERS_SQL, (wanted,))}
        for meter_id, *conversion in cursor.execute(_CONVERSIONS_SQL, (wanted,)):
            found[meter_id].conversions.append((conversion[0], conversion[1], conversion[2]))
        for meter_id, kind, read_at in cursor.execute(_OPEN_SQL, (wanted,)):
            if kind == "jump":
                found[meter_id].held.add(read_at)
            else:
                found[meter_id].told_of_calibration = True
    return found


class Recorder:
    """Meters and their water accounts, locked, and what is to be written about them."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        actor: audit.Actor,
        meter_ids: Iterable[int],
        *,
        more_accounts: Iterable[int] = (),
        even_closed: bool = False,
    ) -> None:
        self.connection, self.actor = connection, actor
        self.meters = locked_meters(connection, meter_ids)
        wanted = {each.water_account_id for each in self.meters.values()} | set(more_accounts)
        self.accounts: Accounts = postings.locked(connection, wanted, even_closed=even_closed)
        self.written: list[tuple[int, int, dt.datetime]] = []
        self._new: list[New] = []
        self._gone: list[Past] = []
        self._findings: list[findings.New] = []
        with connection.cursor(row_factory=tuple_row) as cursor:
            for row in cursor.execute(_TAIL_SQL, (Bigints(self.meters),)):
                self.meters[row[0]].tail.append(_past(row))

    def meter(self, meter_id: int) -> MeterState:
        """Errors: NotFound."""
        found = self.meters.get(meter_id)
        if found is None:
            raise NotFound("there is no such meter")
        return found

    def account_of(self, meter: MeterState) -> Account:
        """The account whose use the meter measures."""
        return self.accounts.one(meter.water_account_id)

    def chain(self, meter_id: int, counter_number: int) -> list[Past]:
        """All readings of one counter that count, oldest first."""
        with self.connection.cursor(row_factory=tuple_row) as cursor:
            return [_past(row) for row in cursor.execute(_CHAIN_SQL, (meter_id, counter_number))]

    def drop(self, past: Past) -> None:
        """Ends that a reading counts, and takes its use and fee back."""
        if not past.id:
            self.flush()  # a reading of this very batch: it must be written before it can be replaced
        self.accounts.reverse(self.accounts.one(past.water_account_id), past.amounts, past.id)
        self._gone.append(past)

    def add(self, new: New) -> None:
        """Takes a reading up; its use is in the accounts already."""
        self._new.append(new)

    def find(self, finding: findings.New) -> None:
        """Opens a finding with the rest."""
        self._findings.append(finding)

    def flush(self) -> None:
        """Writes and posts all that was taken up."""
        if not (self._new or self._gone or self._findings):
            return
        now = clock.now()
        if self._gone:
            gone = Bigints(each.id for each in self._gone)
            self.connection.execute("DELETE FROM meter_intervals WHERE reading_id = ANY(%s)", (gone,))
            findings.dismiss_of_readings(self.connection, [each.id for each in self._gone], self.actor, now)
        self._insert(now)
        for new in self._new:
            new.entry.reference = new.past.id
            self._findings.extend(_about(new))
        self.accounts.post(postings.READING)
        findings.insert(self.connection, self._findings, now)
        self._tell()
        self._new, self._gone, self._findings = [], [], []

    def _insert(self, now: dt.datetime) -> None:
        if not self._new:
            return
        rows = [_row(each) for each in self._new]
        columns = [list(column) for column in zip(*rows, strict=True)]
        with self.connection.cursor(row_factory=tuple_row) as cursor:
            made = cursor.execute(_INSERT_SQL, (self.actor.user_id, now, *columns)).fetchall()
        ids = {(meter_id, read_at): reading_id for reading_id, meter_id, read_at in made}
        for new in self._new:
            new.past.id = ids[new.meter.id, new.past.read_at]
            self.written.append((new.past.id, new.meter.id, new.past.read_at))
        self.connection.execute(
            "INSERT INTO meter_intervals (meter_id, period, reading_id)"
            " SELECT n.meter_id, tstzrange(n.since, n.until, '(]'), n.reading_id"
            " FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::bigint[])"
            " AS n (meter_id, since, until, reading_id)",
            (
                [each.meter.id for each in self._new],
                [each.past.since for each in self._new],
                [each.past.read_at for each in self._new],
                [each.past.id for each in self._new],
            ),
        )

    def _tell(self) -> None:
        told: dict[str, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
        for new in self._new:
            amounts = new.past.amounts
            action = "reading.recorded" if new.corrects_id is None else "reading.corrected"
            told[action].append(
                (
                    new.past.id,
                    {
                        "meter_id": new.meter.id,
                        "use_litres": amounts.use_litres,
                        "over_use_litres": amounts.over_use_litres,
                        "fee_fen": amounts.fee_fen,
                        "corrects_id": new.corrects_id,
                        "method": new.past.method,
                    },
                )
            )
        told["reading.replaced"] = [
            (each.id, {"use_litres": each.amounts.use_litres, "fee_fen": each.amounts.fee_fen})
            for each in self._gone
        ]
        for action, each in told.items():
            if each:
                outbox.publish_many(
                    self.connection, topic=f"metering.{action}", subject_type="reading", payloads=each
                )
        for action, each in told.items():
            if each:
                audit.record_many(
                    self.connection, actor=self.actor, action=action, subject_type="reading", details=each
                )


def _row(new: New) -> tuple[Any, ...]:
    past, electric = new.past, new.meter.electric
    return (
        new.meter.id,
        past.water_account_id,
        past.since,
        past.read_at,
        past.counter_number,
        past.method,
        None if electric else past.counter,
        past.counter if electric else None,
        new.conversion_id,
        new.calibration_expired,
        new.corrects_id,
        new.reason,
        *past.amounts,
    )


def _about(new: New) -> Iterable[findings.New]:
    """What somebody should look at because of a reading."""
    past, meter = new.past, new.meter
    if past.amounts.over_use_litres:
        yield findings.New(
            "over_use", past.water_account_id, meter.id, past.id, litres=past.amounts.over_use_litres
        )
    if new.gap:
        yield findings.New("gap", past.water_account_id, meter.id, past.id)
    if new.calibration_expired and not meter.told_of_calibration:
        meter.told_of_calibration = True
        yield findings.New("calibration_expired", past.water_account_id, meter.id, past.id)
