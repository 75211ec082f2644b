"""Turn sheets (轮灌单): one gate serves many households; what passed it, less the canal's loss, is shared out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from psycopg.rows import tuple_row
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.units import format_litres, split_exact
from market.core import audit, clock, outbox
from market.core.db import raw
from market.core.errors import NotFound
from market.metering import findings, postings, recorder, usage
from market.metering.errors import (
    CounterBeyondDigits,
    CounterWentBack,
    GateAccountDiffers,
    GateNotApportioned,
    LossAboveVolume,
    MeterClosed,
    NotServedByGate,
    ReadingInFuture,
    ReadingTooOld,
    TurnLines,
    TurnSheetPeriod,
    TurnSheetState,
)
from market.metering.models import Meter, TurnLine, TurnSheet
from market.metering.postings import Amounts
from market.metering.recorder import MeterState
from market.participants.errors import StaleVersion


class Weight(NamedTuple):
    """A household's water account and its weight: hundredths of mu, hours or shares."""

    water_account_id: int
    weight_e2: int


@dataclass(frozen=True, slots=True)
class SheetView:
    """A sheet with what each line gets (litres) and, once signed, what it came to."""

    sheet: TurnSheet
    participant_id: int
    lines: tuple[tuple[Weight, int, Amounts | None], ...]


def serve(session: Session, *, actor: audit.Actor, meter_id: int, water_account_ids: Sequence[int]) -> int:
    """Records which water accounts an apportioned gate serves; those that it serves already stay. Returns how many.

    Errors: NotFound, GateNotApportioned, NotServedByGate (no such account), GateAccountDiffers.
    """
    meter = session.get(Meter, meter_id)
    if meter is None:
        raise NotFound("there is no such meter")
    if not meter.apportioned:
        raise GateNotApportioned("its readings are one account's use")
    connection = raw(session)
    wanted = list(dict.fromkeys(water_account_ids))
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(
            "SELECT w.id, w.source = g.source AND w.water_year = g.water_year FROM water_accounts w"
            " JOIN water_accounts g ON g.id = %s WHERE w.id = ANY(%s)",
            (meter.water_account_id, wanted),
        ).fetchall()
    alike: dict[int, bool] = {row[0]: row[1] for row in rows}
    for position, each in enumerate(wanted):
        pointer = f"/water_account_ids/{position}"
        if each not in alike:
            raise NotServedByGate("there is no such water account", pointer=pointer)
        if not alike[each]:
            raise GateAccountDiffers("the account is of another source or water year", pointer=pointer)
    connection.execute(
        "INSERT INTO gate_accounts (meter_id, water_account_id, recorded_by)"
        " SELECT %s, n.id, %s FROM unnest(%s::bigint[]) AS n (id) ON CONFLICT DO NOTHING",
        (meter.id, actor.user_id, wanted),
    )
    _tell(session, actor, "gate.served", ("meter", meter.id), {"water_accounts": wanted})
    return len(wanted)


def enter(
    session: Session,
    *,
    actor: audit.Actor,
    meter_id: int,
    until: dt.datetime,
    counter_litres: int,
    loss_litres: int,
    basis: str,
    weights: Sequence[Weight],
    corrects_id: int | None = None,
    reason: str = "",
) -> TurnSheet:
    """Enters a sheet for the time since the gate's last one (or for that of the sheet which it corrects).

    Nothing is posted until it is signed. Errors: NotFound, MeterClosed, GateNotApportioned, ReadingInFuture,
    ReadingTooOld, CounterBeyondDigits, CounterWentBack, LossAboveVolume, TurnLines, NotServedByGate,
    TurnSheetState, TurnSheetPeriod.
    """
    connection = raw(session)
    meter = recorder.locked_meters(connection, [meter_id]).get(meter_id)
    if meter is None:
        raise NotFound("there is no such meter")
    if meter.closed_at is not None:
        raise MeterClosed(f"the meter was closed at {meter.closed_at.isoformat()}")
    if not meter.apportioned:
        raise GateNotApportioned("its readings are one account's use")
    if until > clock.now():
        raise ReadingInFuture(f"it is {clock.now().isoformat(timespec='seconds')} now", pointer="/until")
    old = _corrected(session, meter, corrects_id, until, counter_litres)
    since, counter_from, number = _begins(session, meter, old)
    if until <= since:
        raise ReadingTooOld(f"the gate's last sheet ends at {since.isoformat()}", pointer="/until")
    gate = _gate_litres(meter, old, number, counter_from, counter_litres)
    if loss_litres > gate:
        raise LossAboveVolume(
            f"{format_litres(gate)} m3 passed the gate", pointer="/loss", limit=format_litres(gate)
        )
    _check_weights(session, meter.id, weights)
    sheet = TurnSheet(
        meter_id=meter.id,
        since=since,
        until=until,
        counter_number=number,
        counter_from_litres=counter_from,
        counter_litres=counter_litres,
        gate_litres=gate,
        loss_litres=loss_litres,
        basis=basis,
        corrects_id=corrects_id,
        reason=reason,
        entered_by=actor.user_id,
        entered_at=clock.now(),
    )
    session.add(sheet)
    session.flush()  # the lines name the sheet by its id
    session.add_all(
        TurnLine(turn_sheet_id=sheet.id, water_account_id=each.water_account_id, position=at, weight_e2=each.weight_e2)
        for at, each in enumerate(weights)
    )  # fmt: skip
    detail = {
        "meter_id": meter.id,
        "gate_litres": gate,
        "loss_litres": loss_litres,
        "corrects_id": corrects_id,
    }
    _tell(session, actor, "turn_sheet.entered", ("turn_sheet", sheet.id), detail)
    return sheet


def sign(
    session: Session, *, actor: audit.Actor, turn_sheet_id: int, expected_version: int | None = None
) -> TurnSheet:
    """Signs a sheet: each household's share is posted with its fee, like a reading, and what the sheet corrects
    is reversed.

    Errors: NotFound, StaleVersion, TurnSheetState, TurnSheetPeriod, WaterYearClosed, NoTariff.
    """
    found = session.get(TurnSheet, turn_sheet_id)
    if found is None:
        raise NotFound("there is no such turn sheet")
    connection = raw(session)
    meter = recorder.locked_meters(connection, [found.meter_id])[found.meter_id]
    sheet = _locked(session, turn_sheet_id, expected_version)
    old = _corrected(session, meter, sheet.corrects_id, sheet.until, sheet.counter_litres)
    if _begins(session, meter, old) != (sheet.since, sheet.counter_from_litres, sheet.counter_number):
        raise TurnSheetPeriod("another sheet of this gate was signed meanwhile: enter this one anew")
    weights = _weights(session, sheet.id)
    before = _uses(session, old.id) if old is not None else {}
    accounts = postings.locked(connection, {each.water_account_id for each in weights} | before.keys())
    now = clock.now()
    if old is not None:
        for account_id, amounts in before.items():
            accounts.reverse(accounts.one(account_id), amounts, old.id)
        _end(session, old, "reversed", now)
    shares = split_exact(sheet.gate_litres - sheet.loss_litres, [each.weight_e2 for each in weights])
    made: list[tuple[int, Amounts]] = []
    for each, litres in zip(weights, shares, strict=True):
        account = accounts.one(each.water_account_id)
        known = before.get(account.id)  # a correction is priced as what it corrects was
        entry = accounts.use(account, litres, known.price_e4 if known else accounts.price_of(account))
        entry.reference = sheet.id
        made.append((account.id, entry.amounts))
    _write_uses(session, sheet.id, made)
    sheet.status, sheet.signed_by, sheet.signed_at = "signed", actor.user_id, now
    sheet.version += 1
    connection = raw(session)
    connection.execute(
        "INSERT INTO meter_intervals (meter_id, period, turn_sheet_id) VALUES (%s, tstzrange(%s, %s, '(]'), %s)",
        (sheet.meter_id, sheet.since, sheet.until, sheet.id),
    )
    accounts.post(postings.TURN)
    over = [(account_id, amounts.over_use_litres) for account_id, amounts in made if amounts.over_use_litres]
    findings.insert(
        connection,
        [findings.New("over_use", each, meter.id, None, sheet.id, litres) for each, litres in over],
        now,
    )
    detail = {"gate_litres": sheet.gate_litres, "loss_litres": sheet.loss_litres, "lines": len(made),
              "reverses": old.id if old is not None else None}  # fmt: skip
    _tell(session, actor, "turn_sheet.signed", ("turn_sheet", sheet.id), detail)
    return sheet


def discard(
    session: Session, *, actor: audit.Actor, turn_sheet_id: int, expected_version: int | None = None
) -> TurnSheet:
    """Discards a sheet that was not signed. Errors: NotFound, StaleVersion, TurnSheetState."""
    sheet = _locked(session, turn_sheet_id, expected_version)
    _end(session, sheet, "discarded", clock.now())
    _tell(session, actor, "turn_sheet.discarded", ("turn_sheet", sheet.id), {})
    return sheet


def view(session: Session, *, turn_sheet_id: int) -> SheetView:
    """A sheet with its lines. Errors: NotFound."""
    sheet = session.get(TurnSheet, turn_sheet_id)
    if sheet is None:
        raise NotFound("there is no such turn sheet")
    weights = _weights(session, sheet.id)
    shares = split_exact(sheet.gate_litres - sheet.loss_litres, [each.weight_e2 for each in weights])
    uses = _uses(session, sheet.id)
    row = (
        raw(session)
        .execute(
            "SELECT w.participant_id FROM meters m JOIN water_accounts w ON w.id = m.water_account_id"
            " WHERE m.id = %s",
            (sheet.meter_id,),
        )
        .fetchone()
    )
    assert row is not None
    lines = tuple(
        (each, share, uses.get(each.water_account_id)) for each, share in zip(weights, shares, strict=True)
    )
    return SheetView(sheet, row[0], lines)


def _corrected(
    session: Session, meter: MeterState, corrects_id: int | None, until: dt.datetime, counter_litres: int
) -> TurnSheet | None:
    """The signed sheet that another would correct."""
    if corrects_id is None:
        return None
    old = session.get(TurnSheet, corrects_id, populate_existing=True)
    if old is None or old.meter_id != meter.id:
        raise NotFound("there is no such turn sheet of this gate", pointer="/corrects_id")
    if old.status != "signed":
        raise TurnSheetState(f"the sheet to correct is {old.status}", pointer="/corrects_id")
    last = _last(session, meter.id)
    if last is not None and last.id != old.id and (until, counter_litres) != (old.until, old.counter_litres):
        raise TurnSheetPeriod(f"it ended at {old.until.isoformat()} with {format_litres(old.counter_litres)}")
    return old


def _last(session: Session, meter_id: int) -> TurnSheet | None:
    return session.scalars(
        select(TurnSheet)
        .where(TurnSheet.meter_id == meter_id, TurnSheet.status == "signed")
        .order_by(TurnSheet.until.desc())
        .limit(1)
    ).one_or_none()


def _begins(session: Session, meter: MeterState, old: TurnSheet | None) -> tuple[dt.datetime, int, int]:
    """(instant, counter, number of the counter) at which a sheet begins."""
    if old is not None:
        return old.since, old.counter_from_litres, old.counter_number
    last = _last(session, meter.id)
    if last is None:
        return meter.installed_at, meter.start_litres, meter.counter_number
    if last.counter_number != meter.counter_number:
        return last.until, meter.start_litres, meter.counter_number
    return last.until, last.counter_litres, meter.counter_number


def _gate_litres(
    meter: MeterState, old: TurnSheet | None, number: int, counter_from: int, counter_litres: int
) -> int:
    """What passed the gate; a sheet that shows what the one it corrects shows has the same volume."""
    if old is not None and old.counter_litres == counter_litres:
        return old.gate_litres
    modulus = meter.modulus if number == meter.counter_number else None
    if modulus is not None and counter_litres >= modulus:
        raise CounterBeyondDigits(f"the counter has {meter.digits} digits", pointer="/counter")
    gate = usage.difference(counter_from, counter_litres, modulus)
    if gate is None:
        raise CounterWentBack(f"the gate showed {format_litres(counter_from)} before", pointer="/counter")
    return gate


def _check_weights(session: Session, meter_id: int, weights: Sequence[Weight]) -> None:
    ids = [each.water_account_id for each in weights]
    if len(set(ids)) < len(ids):
        raise TurnLines("a household is named twice", pointer="/lines")
    if not any(each.weight_e2 > 0 for each in weights):
        raise TurnLines("no line has a weight", pointer="/lines")
    rows = raw(session).execute(
        "SELECT water_account_id FROM gate_accounts WHERE meter_id = %s AND water_account_id = ANY(%s)",
        (meter_id, ids),
    )
    served = {row[0] for row in rows}
    for position, each in enumerate(ids):
        if each not in served:
            raise NotServedByGate(
                "there is no such water account at this gate", pointer=f"/lines/{position}/water_account_id"
            )


def _weights(session: Session, turn_sheet_id: int) -> list[Weight]:
    rows = session.execute(
        select(TurnLine.water_account_id, TurnLine.weight_e2)
        .where(TurnLine.turn_sheet_id == turn_sheet_id)
        .order_by(TurnLine.position)
    )
    return [Weight(*row) for row in rows]


def _uses(session: Session, turn_sheet_id: int) -> dict[int, Amounts]:
    """What a signed sheet posted to each account, by its id."""
    with raw(session).cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(
            "SELECT water_account_id, use_litres, posted_litres, over_use_litres, price_e4, fee_fen"
            " FROM turn_uses WHERE turn_sheet_id = %s ORDER BY id",
            (turn_sheet_id,),
        ).fetchall()
    return {row[0]: Amounts(*row[1:]) for row in rows}


def _write_uses(session: Session, turn_sheet_id: int, made: Sequence[tuple[int, Amounts]]) -> None:
    columns = [list(column) for column in zip(*((each, *amounts) for each, amounts in made), strict=True)]
    raw(session).execute(
        "INSERT INTO turn_uses (turn_sheet_id, water_account_id, use_litres, posted_litres, over_use_litres,"
        " price_e4, fee_fen) SELECT %s, n.* FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],"
        " %s::bigint[], %s::bigint[]) AS n",
        (turn_sheet_id, *columns),
    )


def _end(session: Session, sheet: TurnSheet, status: str, now: dt.datetime) -> None:
    sheet.status, sheet.ended_at = status, now
    sheet.version += 1
    connection = raw(session)
    connection.execute("DELETE FROM meter_intervals WHERE turn_sheet_id = %s", (sheet.id,))
    connection.execute(
        "UPDATE use_findings SET status = 'dismissed', decided_at = %s,"
        " decision_reason = 'the turn sheet was reversed' WHERE turn_sheet_id = %s AND status = 'open'",
        (now, sheet.id),
    )


def _locked(session: Session, turn_sheet_id: int, expected_version: int | None) -> TurnSheet:
    found = session.scalars(
        select(TurnSheet)
        .where(TurnSheet.id == turn_sheet_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("there is no such turn sheet")
    if expected_version is not None and found.version != expected_version:
        raise StaleVersion(f"its version is now {found.version}")
    if found.status != "entered":
        raise TurnSheetState(f"the sheet is {found.status}")
    return found


def _tell(
    session: Session, actor: audit.Actor, action: str, subject: tuple[str, int], detail: dict[str, Any]
) -> None:
    connection = raw(session)
    outbox.publish(connection, topic=f"metering.{action}", subject=subject, payload=detail)
    audit.record(connection, actor=actor, action=action, subject=subject, detail=detail)
