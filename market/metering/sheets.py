"""Meters and readings as sheets: imported, exported, with a template each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.rows import dict_row, tuple_row
from sqlalchemy.orm import Session

from market.core import audit, clock, ids, outbox
from market.core.db import raw
from market.core.errors import UnknownId
from market.core.sheets.columns import Choice, Column, Kind, Problem, Register
from market.core.sheets.gathering import Gathered, gather
from market.core.sheets.reading import Row, read
from market.metering import readings
from market.metering.errors import SerialUsed

METERS = Register(
    "meters",
    "计量设施",
    "meters",
    (
        Column("serial", "表号", "serial", required=True, most=64),
        Column("water_account_id", "水量账户编号", "water account", required=True, most=40),
        Column(
            "kind",
            "类型",
            "kind",
            Kind.CHOICE,
            choices=(
                Choice("gate", "闸口", "gate"),
                Choice("well", "机井", "well"),
                Choice("pipe", "管道", "pipe"),
            ),
        ),
        Column(
            "measures",
            "计量方式",
            "measures",
            Kind.CHOICE,
            choices=(Choice("water", "水量", "water"), Choice("electricity", "以电折水", "electricity")),
        ),
        Column("start_litres", "起始读数(立方米)", "first counter (m3)", Kind.DECIMAL),
        Column("start_kwh_e2", "起始电量(千瓦时)", "first counter (kWh)", Kind.DECIMAL, scale=2),
        Column("installed_at", "安装时间", "installed at", Kind.INSTANT),
        Column("digits", "表盘整数位数", "whole digits", Kind.INTEGER, least=1, most=12),
        Column("zone", "区域代码", "zone", most=64),
        Column("calibrated_on", "检定日期", "calibrated on", Kind.DATE),
        Column("calibration_expires_on", "检定有效期至", "calibration expires on", Kind.DATE),
        Column("most_litres_a_day", "日最大水量(立方米)", "most a day (m3)", Kind.DECIMAL),
        Column("read_every_days", "抄表间隔(天)", "read every (days)", Kind.INTEGER, least=1, most=366),
    ),
    ("serial",),
)

READINGS = Register(
    "readings",
    "读数",
    "readings",
    (
        Column("serial", "表号", "serial", required=True, most=64),
        Column("read_at", "抄表时间", "read at", Kind.INSTANT, required=True),
        Column("counter_litres", "读数(立方米)", "counter (m3)", Kind.DECIMAL),
        Column("kwh_e2", "电量读数(千瓦时)", "counter (kWh)", Kind.DECIMAL, scale=2),
        Column("estimated", "是否估算", "estimated", Kind.YES_NO),
    ),
    ("serial", "read_at"),
)

_METER_COLUMNS = [column.name for column in METERS.columns]
_INSERT_SQL = """
INSERT INTO meters (water_account_id, serial, kind, measures, start_litres, start_kwh_e2, installed_at, digits, zone_id,
                    calibrated_on, calibration_expires_on, most_litres_a_day, read_every_days)
SELECT n.* FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::timestamptz[],
                       %s::smallint[], %s::bigint[], %s::date[], %s::date[], %s::bigint[], %s::smallint[]) AS n
RETURNING id, water_account_id
"""


def import_meters(session: Session, *, actor: audit.Actor, data: bytes, partial: bool) -> Gathered:
    """Registers the meters of a file, in set statements. Errors: those of sheets."""
    found = gather(read(data, METERS))
    connection = raw(session)
    accounts = _known_accounts(connection, found.good)
    zones = dict(connection.execute("SELECT code, id FROM zones").fetchall())
    serials = [row.values["serial"] for row in found.good]
    used = {
        row[0]
        for row in connection.execute(
            "SELECT serial FROM meters WHERE closed_at IS NULL AND serial = ANY(%s)", (serials,)
        )
    }
    good = []
    for row in found.good:
        problem = _wrong_meter(row, accounts, zones, used)
        if problem is None:
            good.append(row)
        else:
            found.refuse(problem)
    found.good = good
    found.check(partial=partial)
    if good:
        _write_meters(connection, actor, [_meter_row(row, accounts, zones) for row in good])
    return found


def import_readings(
    session: Session, *, actor: audit.Actor, data: bytes, partial: bool, participant_id: int | None
) -> tuple[Gathered, list[readings.Outcome]]:
    """Records the readings of a file. `participant_id`: whose meters there are; another's is unknown.

    Errors: those of sheets.
    """
    found = gather(read(data, READINGS))
    serials = list({row.values["serial"] for row in found.good})
    with raw(session).cursor(row_factory=tuple_row) as cursor:
        meters: dict[str, int] = dict(
            cursor.execute(
                "SELECT m.serial, m.id FROM meters m JOIN water_accounts w ON w.id = m.water_account_id"
                " WHERE m.closed_at IS NULL AND m.serial = ANY(%(serials)s)"
                " AND (%(participant)s::bigint IS NULL OR w.participant_id = %(participant)s)",
                {"serials": serials, "participant": participant_id},
            ).fetchall()
        )
    known = [row for row in found.good if row.values["serial"] in meters]
    for row in found.good:
        if row.values["serial"] not in meters:
            found.refuse(Problem(row.number, "A", "unknown_meter", "there is no such meter", "没有该表号"))
    outcomes = readings.record_many(
        session,
        actor=actor,
        readings=[
            readings.NewReading(
                meters[row.values["serial"]],
                row.values["read_at"],
                row.values["counter_litres"],
                row.values["kwh_e2"],
                bool(row.values["estimated"]),
            )
            for row in known
        ],
    )
    found.good = []
    for row, outcome in zip(known, outcomes, strict=True):
        if outcome.refusal is not None:
            found.refuse_by_rule(row, "", outcome.refusal)
        else:
            found.good.append(row)
    found.check(partial=partial)
    return found, [each for each in outcomes if each.refusal is None]


def meter_rows(connection: psycopg.Connection[Any]) -> Iterator[dict[str, Any]]:
    """Every open meter as a row of its sheet."""
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            "SELECT m.*, z.code AS zone FROM meters m LEFT JOIN zones z ON z.id = m.zone_id"
            " WHERE m.closed_at IS NULL ORDER BY m.id"
        )
        for row in cursor:
            row["water_account_id"] = ids.public("wac", row["water_account_id"])
            yield row


def reading_rows(
    connection: psycopg.Connection[Any], *, participant_id: int | None
) -> Iterator[dict[str, Any]]:
    """Every reading that counts as a row of its sheet; of the meters of one participant, or of all."""
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            "SELECT m.serial, r.read_at, r.counter_litres, r.kwh_e2, r.method = 'estimate' AS estimated"
            " FROM readings r JOIN meter_intervals i ON i.reading_id = r.id JOIN meters m ON m.id = r.meter_id"
            " JOIN water_accounts w ON w.id = m.water_account_id"
            " WHERE %(participant)s::bigint IS NULL OR w.participant_id = %(participant)s ORDER BY r.id",
            {"participant": participant_id},
        )
        yield from cursor


def _known_accounts(connection: psycopg.Connection[Any], rows: list[Row]) -> dict[str, int]:
    """The water accounts that there are, by the public ids that the rows name."""
    named: dict[str, int] = {}
    for row in rows:
        public = row.values["water_account_id"]
        try:
            named[public] = ids.parse("wac", public)
        except UnknownId:
            continue
    there = {
        row[0]
        for row in connection.execute(
            "SELECT id FROM water_accounts WHERE id = ANY(%s)", (list(named.values()),)
        )
    }
    return {public: number for public, number in named.items() if number in there}


def _wrong_meter(row: Row, accounts: dict[str, int], zones: dict[str, int], used: set[str]) -> Problem | None:
    values = row.values
    electric = values["measures"] == "electricity"
    since, until = values["calibrated_on"], values["calibration_expires_on"]
    checks = (
        (values["serial"] in used, "serial", "meter_serial_used", "there is a meter with it", "该表号已登记"),
        (
            values["water_account_id"] not in accounts,
            "water_account_id",
            "unknown_water_account",
            "there is no such water account",
            "没有该水量账户",
        ),
        (
            values["zone"] is not None and values["zone"] not in zones,
            "zone",
            "unknown_zone",
            "there is no such zone",
            "没有该区域",
        ),
        (
            electric != (values["start_kwh_e2"] is not None) or (electric and values["kind"] != "well"),
            "measures",
            "wrong_quantity",
            "a well alone is measured by electricity, and starts with kWh",
            "仅机井可以电折水，并须填写起始电量",
        ),
        (
            values["installed_at"] is not None and values["installed_at"] > clock.now(),
            "installed_at",
            "reading_in_future",
            "installed in the future",
            "安装时间在未来",
        ),
        (
            values["most_litres_a_day"] == 0,
            "most_litres_a_day",
            "not_positive",
            "must be above zero",
            "须大于零",
        ),
        (
            since is not None and (since > clock.today() or (until is not None and until <= since)),
            "calibrated_on",
            "calibration_backwards",
            "the calibration's dates do not follow each other",
            "检定日期有误",
        ),
    )
    for wrong, column, code, en, zh in checks:
        if wrong:
            return Problem(row.number, _letter(column), code, en, zh)
    return None


def _letter(name: str) -> str:
    return chr(ord("A") + _METER_COLUMNS.index(name))


def _meter_row(row: Row, accounts: dict[str, int], zones: dict[str, int]) -> tuple[Any, ...]:
    values = row.values
    today = clock.end_of_legal_day(clock.today() - dt.timedelta(days=1))
    return (
        accounts[values["water_account_id"]],
        values["serial"],
        values["kind"] or "gate",
        values["measures"] or "water",
        values["start_litres"] or 0,
        values["start_kwh_e2"],
        values["installed_at"] or today,
        values["digits"],
        zones[values["zone"]] if values["zone"] else None,
        values["calibrated_on"],
        values["calibration_expires_on"],
        values["most_litres_a_day"],
        values["read_every_days"],
    )


def _write_meters(
    connection: psycopg.Connection[Any], actor: audit.Actor, rows: list[tuple[Any, ...]]
) -> None:
    columns = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor(row_factory=tuple_row) as cursor:
        try:
            made = cursor.execute(_INSERT_SQL, columns).fetchall()
        except psycopg.errors.UniqueViolation as error:  # somebody registered one of them just now
            raise SerialUsed("a meter of the file was registered meanwhile") from error
    details = [(row[0], {"water_account_id": row[1]}) for row in made]
    outbox.publish_many(connection, topic="metering.meter.registered", subject_type="meter", payloads=details)
    audit.record_many(
        connection, actor=actor, action="meter.registered", subject_type="meter", details=details
    )
