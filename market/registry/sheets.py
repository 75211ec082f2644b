"""Rights as sheets: columns of applications and certificates; applications imported, rights exported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.rows import dict_row
from sqlalchemy.orm import Session

from market.core import audit, ids
from market.core.errors import Refusal
from market.core.sheets.columns import Column, Kind, Problem, Register, choices
from market.core.sheets.gathering import Gathered, gather
from market.core.sheets.reading import Limits, Row, read
from market.participants import sheets
from market.registry import entitlements
from market.registry.models import RIGHT_KINDS, SECTORS

_KINDS_ZH = dict(
    zip(RIGHT_KINDS, ("取水许可", "灌溉用水户水权", "公共管网用户水权", "区域水权"), strict=True)
)
_SECTORS_ZH = dict(zip(SECTORS, ("农业", "工业", "生活", "生态", "服务业"), strict=True))
KIND_CHOICES, SECTOR_CHOICES = choices(_KINDS_ZH), choices(_SECTORS_ZH)

_RIGHT_COLUMNS = (
    Column("kind", "水权类型", "kind of right", Kind.CHOICE, required=True, choices=KIND_CHOICES),
    Column("source", "水源", "source", required=True, most=32),
    Column("sector", "行业", "sector", Kind.CHOICE, required=True, choices=SECTOR_CHOICES),
    Column("township", "乡镇代码", "township", required=True, most=64),
    Column("canal", "渠道代码", "canal", required=True, most=64),
    Column("volume_litres", "年水量(立方米)", "volume a year (m3)", Kind.DECIMAL, required=True),
    Column("land_mu_e2", "土地(亩)", "land (mu)", Kind.DECIMAL, scale=2),
    Column("priority", "优先级", "priority", Kind.INTEGER, least=1, most=9),
    Column("valid_from", "有效期自", "valid from", Kind.DATE, required=True),
    Column("valid_to", "有效期至", "valid to", Kind.DATE, required=True),
    Column("basis", "依据", "basis", most=1000),
)

APPLICATIONS = Register(
    "entitlements",
    "水权申请",
    "applications",
    (Column("participant_id", "主体编号", "participant", required=True, most=40), *_RIGHT_COLUMNS),
    ("participant_id", "kind", "source", "sector", "township", "canal", "valid_from"),
)
CERTIFICATES = Register(
    "certificates",
    "水权证",
    "certificates",
    (
        Column("certificate_number", "证书编号", "certificate number", required=True, most=64),
        Column("holder_kind", "主体类型", "kind of holder", Kind.CHOICE, required=True,
               choices=sheets.KIND_CHOICES),
        Column("holder_name", "主体名称", "holder", required=True),
        Column("identifier", "证件号码", "identifier", required=True, most=32),
        *_RIGHT_COLUMNS,
    ),
    ("certificate_number",),
)  # fmt: skip
MOST_APPLICATIONS = Limits(rows=2_000)


def import_applications(session: Session, *, actor: audit.Actor, data: bytes, partial: bool) -> Gathered:
    """Records the applications of a file, each by the use case that records one. Errors: those of sheets."""
    found = gather(read(data, APPLICATIONS, MOST_APPLICATIONS))
    good = []
    for row in found.good:
        values = {name: value for name, value in row.values.items() if value is not None}
        try:
            participant_id = ids.parse("par", values.pop("participant_id"))
            if values["volume_litres"] == 0:
                found.refuse(_empty_volume(row))
                continue
            entitlements.apply(session, actor=actor, participant_id=participant_id, **values)
        except Refusal as refusal:
            found.refuse_by_rule(row, "", refusal)
        else:
            good.append(row)
    found.good = good
    found.check(partial=partial)
    return found


def _empty_volume(row: Row) -> Problem:
    return Problem(row.number, "", "not_positive", "the volume must be above zero", "年水量须大于零")


def right_rows(
    connection: psycopg.Connection[Any], *, participant_id: int | None
) -> Iterator[dict[str, Any]]:
    """Rights as rows of the sheet of applications; of one participant, or of all."""
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            "SELECT e.*, t.code AS township, c.code AS canal FROM entitlements e"
            " JOIN zones t ON t.id = e.township_zone_id JOIN zones c ON c.id = e.canal_zone_id"
            " WHERE %(participant)s::bigint IS NULL OR e.participant_id = %(participant)s ORDER BY e.id",
            {"participant": participant_id},
        )
        for row in cursor:
            row["participant_id"] = ids.public("par", row["participant_id"])
            yield row
