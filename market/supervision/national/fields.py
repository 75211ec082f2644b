"""The field lists of exports (docs/national-export.md): each kind of record is a report like any other.

No published standard of field names was found: the names are this service's own, a demonstration to be mapped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import psycopg
from psycopg.rows import dict_row

from market.core import ids
from market.supervision.reports import words
from market.supervision.reports.market_reports import TRADES
from market.supervision.reports.report import Asked, Field, Kind, Report
from market.supervision.reports.water_reports import USE

RECORD = Field("record_no", "记录编号", "Record", key=True)
AREA = Field("area_code", "行政区划代码", "Division code of the county")
SOURCE = Field("source_type", "水源类型", "Source", Kind.WORD, words=words.SOURCES)


def _trades(connection: psycopg.Connection[Any], asked: Asked) -> Iterable[Mapping[str, Any]]:
    """What is settled. A call names no pairs: each order of it is a record, with one side."""
    for row in TRADES.query(connection, asked):
        if row["status"] != "settled":
            continue
        trade, call, order = row["trade"], row["call"], row["order_id"]
        yield {
            "record_no": ids.public("trd", trade) if trade else f"{ids.public('cal', call)}:{ids.public('ord', order)}",
            "area_code": asked.pack.county, "trade_way": row["mechanism"], "source_type": row["source"],
            "seller_place": row["from_canal"], "seller_sector": row["from_sector"], "buyer_place": row["to_canal"],
            "buyer_sector": row["to_sector"], "volume_out": row["source_litres"], "volume_in": row["delivered_litres"],
            "unit_price": row["price_e4"], "amount": row["amount_fen"], "traded_at": row["at"],
        }  # fmt: skip


_RIGHTS_SQL = """
SELECT e.certificate_number AS record_no, %(county)s AS area_code, e.kind AS right_kind, e.source AS source_type,
       e.sector AS use_sector, t.code AS township_code, c.code AS place, e.volume_litres AS volume_a_year,
       e.land_mu_e2 AS land, e.valid_from, e.valid_to, e.status
  FROM entitlements e JOIN zones t ON t.id = e.township_zone_id JOIN zones c ON c.id = e.canal_zone_id
 WHERE e.certificate_number IS NOT NULL AND e.valid_from <= %(last)s AND e.valid_to >= %(first)s ORDER BY e.id
"""


def _rights(connection: psycopg.Connection[Any], asked: Asked) -> Iterable[Mapping[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_RIGHTS_SQL, asked.parameters | {"county": asked.pack.county}).fetchall()


def _use(connection: psycopg.Connection[Any], asked: Asked) -> Iterable[Mapping[str, Any]]:
    for row in USE.query(connection, asked):
        yield {
            "record_no": f"{asked.year.year}-{row['township']}-{row['sector']}-{row['source']}",
            "area_code": asked.pack.county, "township_code": row["township"], "use_sector": row["sector"],
            "source_type": row["source"], "used_volume": row["used_litres"], "over_use_volume": row["over_use_litres"],
        }  # fmt: skip


EXPORTS: dict[str, Report] = {
    "trades": Report(
        "national-trades", "水权交易记录", "Records of trades",
        (
            RECORD, AREA,
            Field("trade_way", "交易方式", "Mechanism", Kind.WORD, words=words.MECHANISMS),
            SOURCE,
            Field("seller_place", "转出渠道", "Canal of the seller"),
            Field("seller_sector", "转出行业", "Sector of the seller", Kind.WORD, words=words.SECTORS),
            Field("buyer_place", "转入渠道", "Canal of the buyer"),
            Field("buyer_sector", "转入行业", "Sector of the buyer", Kind.WORD, words=words.SECTORS),
            Field("volume_out", "转出水量", "Given up", Kind.VOLUME),
            Field("volume_in", "到达水量", "Delivered", Kind.VOLUME),
            Field("unit_price", "单价", "Price", Kind.PRICE),
            Field("amount", "金额", "Amount", Kind.MONEY),
            Field("traded_at", "成交时间", "Traded at", Kind.INSTANT),
        ),
        _trades,
    ),
    "rights": Report(
        "national-rights", "水权证书记录", "Records of rights",
        (
            RECORD, AREA,
            Field("right_kind", "水权类型", "Kind of right", Kind.WORD, words=words.RIGHT_KINDS),
            SOURCE,
            Field("use_sector", "行业", "Sector", Kind.WORD, words=words.SECTORS),
            Field("township_code", "乡镇代码", "Division code of the township"),
            Field("place", "渠道", "Canal"),
            Field("volume_a_year", "年水量", "Volume a year", Kind.VOLUME),
            Field("land", "灌溉面积", "Land", Kind.LAND),
            Field("valid_from", "有效期起", "Valid from", Kind.DAY),
            Field("valid_to", "有效期止", "Valid to", Kind.DAY),
            Field("status", "状态", "Status", Kind.WORD, words=words.RIGHT_STATES),
        ),
        _rights,
    ),
    "use": Report(
        "national-use", "取用水记录", "Records of use",
        (
            RECORD, AREA,
            Field("township_code", "乡镇代码", "Division code of the township"),
            Field("use_sector", "行业", "Sector", Kind.WORD, words=words.SECTORS),
            SOURCE,
            Field("used_volume", "用水量", "Used", Kind.VOLUME),
            Field("over_use_volume", "超用水量", "Used beyond the balance", Kind.VOLUME),
        ),
        _use,
    ),
}  # fmt: skip
