"""Meters and their readings: a reading posts use from the water account and the fee it causes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger import journal
from market.core import audit, books, clock, outbox
from market.core.chart import CNY, AccountCode, TransferCode, water_asset
from market.core.db import raw
from market.core.errors import NotFound
from market.metering import usage
from market.metering.errors import (
    CounterWentBack,
    ReadingExists,
    ReadingInFuture,
    ReadingTooOld,
    SerialUsed,
    WaterYearClosed,
)
from market.metering.models import Meter, Reading
from market.metering.tariffs import price_of
from market.registry.models import WaterAccount, WaterYear


def register_meter(
    session: Session,
    *,
    actor: audit.Actor,
    water_account_id: int,
    serial: str,
    start_litres: int,
    installed_at: dt.datetime | None = None,
) -> Meter:
    """Registers a counter whose readings are the use of a water account; `start_litres` is what it
    shows at first.

    Without `installed_at` it counts from the beginning of the legal day. Errors: NotFound,
    ReadingInFuture, SerialUsed.
    """
    if session.get(WaterAccount, water_account_id) is None:
        raise NotFound("there is no such water account", pointer="/water_account_id")
    if installed_at is not None and installed_at > clock.now():
        raise ReadingInFuture("the meter would be installed in the future", pointer="/installed_at")
    meter = Meter(
        water_account_id=water_account_id,
        serial=serial,
        start_litres=start_litres,
        installed_at=installed_at or clock.end_of_legal_day(clock.today() - dt.timedelta(days=1)),
    )
    try:
        with session.begin_nested():
            session.add(meter)
    except IntegrityError as error:
        if "uq_meters_serial" in str(error.orig):
            raise SerialUsed(f"there is a meter {serial}", pointer="/serial") from error
        raise
    connection = raw(session)
    _tell(connection, actor, "meter.registered", ("meter", meter.id), {"water_account_id": water_account_id})
    return meter


def record(
    session: Session,
    *,
    actor: audit.Actor,
    meter_id: int,
    read_at: dt.datetime,
    counter_litres: int,
) -> Reading:
    """Records what a counter shows: use is the difference to the reading before it, and is never refused.

    What the account has available pays for the use; the rest is recorded as over-use. The fee is that of all
    the account's use so far, less what was charged. Errors: NotFound, ReadingInFuture, ReadingExists,
    ReadingTooOld, CounterWentBack, WaterYearClosed, NoTariff.
    """
    meter, account = _locked(session, meter_id)
    if read_at > clock.now():
        raise ReadingInFuture(f"it is {clock.now().isoformat(timespec='seconds')} now", pointer="/read_at")
    before = _last(session, meter)
    _check_order(meter, before, read_at)
    use = usage.difference(before.counter_litres if before else meter.start_litres, counter_litres)
    if use is None:
        raise CounterWentBack("a counter never goes back; a replaced one is a new meter", pointer="/counter")
    connection = raw(session)
    price_e4 = price_of(
        connection,
        township_zone_id=account.township_zone_id,
        canal_zone_id=account.canal_zone_id,
        sector=account.sector,
    )
    fee_fen = usage.fee(*_charged_before(connection, account.id), use, price_e4)
    legs = _legs(connection, account)
    locked = journal.lock(connection, [legs.water, legs.use, legs.fee_due, legs.fees])
    _, _, debits_pending, debits_posted, _, credits_posted = locked[legs.water]
    posted, over = usage.split(use, credits_posted - debits_posted - debits_pending)
    reading = Reading(
        meter_id=meter.id,
        read_at=read_at,
        counter_litres=counter_litres,
        use_litres=use,
        posted_litres=posted,
        over_use_litres=over,
        price_e4=price_e4,
        fee_fen=fee_fen,
        recorded_by=actor.user_id,
        recorded_at=clock.now(),
    )
    session.add(reading)
    connection = raw(session)
    _post(connection, legs, reading)
    detail = {"meter_id": meter.id, "use_litres": use, "over_use_litres": over, "fee_fen": fee_fen}
    _tell(connection, actor, "reading.recorded", ("reading", reading.id), detail)
    return reading


@dataclass(frozen=True, slots=True)
class _Legs:
    """The ledger accounts that a reading posts to."""

    water: int
    use: int
    fee_due: int
    fees: int


def _locked(session: Session, meter_id: int) -> tuple[Meter, WaterAccount]:
    meter = session.get(Meter, meter_id)
    if meter is None:
        raise NotFound("there is no such meter")
    # The account's row orders the readings of all its meters: the fee is cumulative over them.
    account = session.scalars(
        select(WaterAccount)
        .where(WaterAccount.id == meter.water_account_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()
    year = session.get_one(WaterYear, account.water_year)
    if year.status == "closed":
        raise WaterYearClosed(f"the water year {year.year} is closed")
    return meter, account


def _last(session: Session, meter: Meter) -> Reading | None:
    return session.scalars(
        select(Reading).where(Reading.meter_id == meter.id).order_by(Reading.read_at.desc()).limit(1)
    ).one_or_none()


def _check_order(meter: Meter, before: Reading | None, read_at: dt.datetime) -> None:
    if before is None:
        if read_at < meter.installed_at:
            raise ReadingTooOld(f"the meter counts from {meter.installed_at.isoformat()}", pointer="/read_at")
    elif read_at == before.read_at:
        raise ReadingExists("there is a reading of this meter at this instant", pointer="/read_at")
    elif read_at < before.read_at:
        raise ReadingTooOld(f"the last reading is of {before.read_at.isoformat()}", pointer="/read_at")


def _charged_before(connection: psycopg.Connection[Any], water_account_id: int) -> tuple[int, int]:
    row = connection.execute(
        "SELECT coalesce(sum(r.use_litres::numeric * r.price_e4), 0), coalesce(sum(r.fee_fen), 0)"
        " FROM readings r JOIN meters m ON m.id = r.meter_id WHERE m.water_account_id = %s",
        (water_account_id,),
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])  # the value of a year can pass 64 bits


def _legs(connection: psycopg.Connection[Any], account: WaterAccount) -> _Legs:
    if account.fee_account_id is None:
        account.fee_account_id = journal.open_account(
            connection, asset_id=books.asset_id(connection, CNY), code=AccountCode.FEE_DUE
        )
    asset = water_asset(account.source, account.water_year)
    return _Legs(
        water=account.account_id,
        use=books.system_account(connection, asset, AccountCode.WATER_USE),
        fee_due=account.fee_account_id,
        fees=books.system_account(connection, CNY, AccountCode.WATER_FEES),
    )


def _post(connection: psycopg.Connection[Any], legs: _Legs, reading: Reading) -> None:
    batch = journal.Batch()
    if reading.posted_litres:
        batch.transfer(
            debit=legs.water,
            credit=legs.use,
            amount=reading.posted_litres,
            code=TransferCode.USE,
            reference=reading.id,
        )
    if reading.fee_fen:
        batch.transfer(
            debit=legs.fee_due,
            credit=legs.fees,
            amount=reading.fee_fen,
            code=TransferCode.WATER_FEE,
            reference=reading.id,
        )
    batch.execute(connection)


def _tell(
    connection: psycopg.Connection[Any],
    actor: audit.Actor,
    action: str,
    subject: tuple[str, int],
    detail: dict[str, Any],
) -> None:
    outbox.publish(connection, topic=f"metering.{action}", subject=subject, payload=detail)
    audit.record(connection, actor=actor, action=action, subject=subject, detail=detail)
