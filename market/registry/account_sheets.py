"""Water accounts as a sheet: opened for participants that will only buy, exported with what is on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row, tuple_row
from sqlalchemy.orm import Session

from ledger import journal
from ledger.arrays import Bigints
from market.core import audit, ids, outbox
from market.core.db import bump_reference, raw
from market.core.errors import NotFound, Refusal, UnknownId
from market.core.sheets.columns import Column, Kind, Register, choices
from market.core.sheets.gathering import Gathered, gather
from market.core.sheets.reading import Row, read
from market.participants import privacy
from market.participants.privacy import Kind as Datum
from market.registry import accounts, places, reference
from market.registry.accounts import NewWaterAccount
from market.registry.county import known_sectors, known_sources, plan_threshold
from market.registry.errors import ParticipantNotAdmitted, WaterAccountExists
from market.registry.models import ORIGINS
from market.registry.sheets import SECTOR_CHOICES

_ORIGIN_CHOICES = choices(
    dict(zip(ORIGINS, ("自有", "结转", "托管", "节水指标", "质押"), strict=True))
)  # fmt: skip
_STATUS_CHOICES = choices({"open": "正常", "suspended": "已暂停", "closed": "已注销"})
WATER_ACCOUNTS = Register(
    "water-accounts",
    "水量账户",
    "water accounts",
    (
        Column("participant_id", "主体编号", "participant", required=True, most=40),
        Column("township", "乡镇代码", "township", required=True, most=64),
        Column("canal", "渠道代码", "canal", required=True, most=64),
        Column("sector", "行业", "sector", Kind.CHOICE, required=True, choices=SECTOR_CHOICES),
        Column("source", "水源", "source", required=True, most=32),
        Column("water_year", "水年", "water year", Kind.INTEGER, required=True, least=2000, most=2200),
        Column("water_account_id", "水量账户编号", "water account", shown_only=True),
        Column("holder", "主体名称", "holder", shown_only=True),
        Column("origin", "来源", "origin", Kind.CHOICE, choices=_ORIGIN_CHOICES, shown_only=True),
        Column("status", "状态", "status", Kind.CHOICE, choices=_STATUS_CHOICES, shown_only=True),
        Column("balance_litres", "余额(立方米)", "balance (m3)", Kind.DECIMAL, shown_only=True),
        Column("held_litres", "预留(立方米)", "held (m3)", Kind.DECIMAL, shown_only=True),
        Column("available_litres", "可用(立方米)", "available (m3)", Kind.DECIMAL, shown_only=True),
    ),
    ("participant_id", "township", "canal", "sector", "source", "water_year"),
)


@dataclass(slots=True)
class _Known:
    """What the rows are checked against."""

    tree: reference.Zones
    sources: frozenset[str]
    sectors: frozenset[str]
    years: places.Years
    participants: dict[int, str]
    accounts: set[tuple[Any, ...]]


_Asked = tuple[str, int, NewWaterAccount]
"""A source, a water year, and the account to open there."""


def import_water_accounts(
    session: Session, *, actor: audit.Actor, data: bytes, partial: bool
) -> Gathered:  # fmt: skip
    """Opens the water accounts of a file, in set statements for each source and year.

    Errors: those of sheets, WaterAccountExists (somebody opened one of them just now).
    """
    found = gather(read(data, WATER_ACCOUNTS))
    connection = raw(session)
    known = _known(connection, found.good)
    good: list[Row] = []
    asked: list[_Asked] = []
    for row in found.good:
        try:
            asked.append(_checked(known, row.values))
        except Refusal as refusal:
            pointer = (refusal.pointer or "").removeprefix("/")
            found.refuse_by_rule(row, WATER_ACCOUNTS.letter(pointer), refusal)
        else:
            good.append(row)
    found.good = good
    found.check(partial=partial)
    _open(connection, actor, asked)
    return found


def _known(connection: psycopg.Connection[Any], rows: Sequence[Row]) -> _Known:
    named = Bigints(
        each for row in rows if (each := _participant(row.values["participant_id"])) is not None
    )  # fmt: skip
    with connection.cursor(row_factory=tuple_row) as cursor:
        participants: dict[int, str] = dict(
            cursor.execute("SELECT id, status FROM participants WHERE id = ANY(%s)", (named,)).fetchall()
        )
        there = cursor.execute(
            "SELECT participant_id, township_zone_id, canal_zone_id, sector, source, water_year"
            " FROM water_accounts WHERE origin = 'own' AND participant_id = ANY(%s)",
            (named,),
        ).fetchall()
    return _Known(
        tree=reference.zones(connection),
        sources=known_sources(connection),
        sectors=known_sectors(connection),
        years=places.years(connection, {row.values["water_year"] for row in rows}),
        participants=participants,
        accounts=set(there),
    )


def _participant(public: str) -> int | None:
    try:
        return ids.parse("par", public)
    except UnknownId:
        return None


def _checked(known: _Known, values: dict[str, Any]) -> _Asked:
    """The account that a row asks for.

    Errors: NotFound, ParticipantNotAdmitted, UnknownSector, UnknownSource, UnknownZone, NotAPlace, WaterYearNotOpen,
    WaterAccountExists.
    """
    participant_id = _participant(values["participant_id"])
    status = known.participants.get(participant_id) if participant_id is not None else None
    if participant_id is None or status is None:
        raise NotFound("there is no such participant", pointer="/participant_id")
    if status != "admitted":
        raise ParticipantNotAdmitted(f"the participant is {status}", pointer="/participant_id")
    sector, source, year = values["sector"], values["source"], values["water_year"]
    places.check_known(known.sectors, known.sources, sector=sector, source=source)
    township, canal = places.township_and_canal(known.tree, values["township"], values["canal"])
    places.check_open(known.years, year)
    if (participant_id, township, canal, sector, source, year) in known.accounts:
        raise WaterAccountExists("the participant has this account")
    return source, year, NewWaterAccount(participant_id, township, canal, sector, None)


def _open(connection: psycopg.Connection[Any], actor: audit.Actor, asked: Sequence[_Asked]) -> None:
    groups: dict[tuple[str, int], list[NewWaterAccount]] = defaultdict(list)
    for source, year, wanted in asked:
        groups[source, year].append(wanted)
    threshold, batch = plan_threshold(connection), journal.Batch()
    details: list[tuple[int, dict[str, Any]]] = []
    for (source, year), group in groups.items():  # a handful: each has an asset of its own
        opened = accounts.open_many(
            connection, group, source=source, water_year=year, threshold=threshold, batch=batch
        )
        details += [
            (account_id, {"participant_id": each.participant_id})
            for (account_id, _), each in zip(opened, group, strict=True)
        ]
    if not details:
        return
    batch.execute(connection)
    bump_reference(connection)
    topic, subject = "registry.water_account.opened", "water_account"
    outbox.publish_many(connection, topic=topic, subject_type=subject, payloads=details)
    audit.record_many(
        connection, actor=actor, action="water_account.opened", subject_type=subject, details=details
    )


def account_rows(
    connection: psycopg.Connection[Any], *, participant_id: int | None, roles: Collection[str]
) -> Iterator[dict[str, Any]]:
    """Water accounts as rows of their sheet, as somebody with these roles sees them; of one participant, its own, or
    of all.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            "SELECT w.*, p.name AS holder, p.kind AS holder_kind, t.code AS township, c.code AS canal,"
            " a.debits_pending AS held_litres,"
            " a.credits_posted - a.debits_posted AS balance_litres,"
            " a.credits_posted - a.debits_posted - a.debits_pending AS available_litres"
            " FROM water_accounts w JOIN participants p ON p.id = w.participant_id"
            " JOIN accounts a ON a.id = w.account_id"
            " JOIN zones t ON t.id = w.township_zone_id JOIN zones c ON c.id = w.canal_zone_id"
            " WHERE %(participant)s::bigint IS NULL OR w.participant_id = %(participant)s ORDER BY w.id",
            {"participant": participant_id},
        )
        for row in cursor:
            row["participant_id"] = ids.public("par", row["participant_id"])
            row["water_account_id"] = ids.public("wac", row["id"])
            if row["holder_kind"] not in privacy.BODIES:
                row["holder"] = privacy.shown(
                    Datum.NAME, row["holder"], roles, own=participant_id is not None
                )
            yield row
