"""Reports of the market: trades, prices, reviews against their clocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import psycopg

from market.supervision.desks import matters
from market.supervision.reports import review_clocks, words
from market.supervision.reports.report import Asked, Field, Kind, Report, by_sql
from market.trading import market_data
from market.trading.candles import unit_price

_TRADES_SQL = """
SELECT t.id AS trade, NULL::bigint AS call, NULL::bigint AS order_id, t.traded_at AS at,
       CASE i.kind WHEN 'trade' THEN 'continuous' ELSE i.kind END AS mechanism, p.source,
       sz.code AS from_canal, s.sector AS from_sector, bz.code AS to_canal, b.sector AS to_sector,
       t.source_litres, t.delivered_litres, t.price_e4, t.amount_fen, t.fee_fen, i.status, i.review_rule
  FROM trades t JOIN products p ON p.id = t.product_id JOIN instructions i ON i.id = t.instruction_id
  JOIN water_accounts s ON s.id = i.seller_water_account_id JOIN zones sz ON sz.id = s.canal_zone_id
  JOIN water_accounts b ON b.id = i.buyer_water_account_id JOIN zones bz ON bz.id = b.canal_zone_id
 WHERE t.traded_at >= %(since)s AND t.traded_at < %(before)s
UNION ALL
SELECT NULL, c.id, f.order_id, c.cleared_at, 'call', p.source,
       CASE f.side WHEN 'sell' THEN z.code END, CASE f.side WHEN 'sell' THEN w.sector END,
       CASE f.side WHEN 'buy' THEN z.code END, CASE f.side WHEN 'buy' THEN w.sector END,
       CASE f.side WHEN 'sell' THEN f.litres END, CASE f.side WHEN 'buy' THEN f.litres END, f.price_e4, f.amount_fen,
       f.fee_fen, c.status, NULL
  FROM calls c JOIN call_fills f ON f.call_id = c.id JOIN products p ON p.id = c.product_id
  JOIN water_accounts w ON w.id = f.water_account_id JOIN zones z ON z.id = w.canal_zone_id
 WHERE c.status = 'settled' AND c.cleared_at >= %(since)s AND c.cleared_at < %(before)s
 ORDER BY at, trade, call, order_id
"""
TRADES = Report(
    "trades", "水权交易明细", "Trades",
    (
        Field("trade", "成交", "Trade", Kind.ID, key=True, prefix="trd"),
        Field("call", "集合竞价", "Call", Kind.ID, key=True, prefix="cal"),
        Field("order_id", "委托", "Order of a call", Kind.ID, key=True, prefix="ord"),
        Field("at", "成交时间", "Traded at", Kind.INSTANT),
        Field("mechanism", "交易方式", "Mechanism", Kind.WORD, words=words.MECHANISMS),
        Field("source", "水源", "Source", Kind.WORD, words=words.SOURCES),
        Field("from_canal", "转出渠道", "From canal"),
        Field("from_sector", "转出行业", "From sector", Kind.WORD, words=words.SECTORS),
        Field("to_canal", "转入渠道", "To canal"),
        Field("to_sector", "转入行业", "To sector", Kind.WORD, words=words.SECTORS),
        Field("source_litres", "转出水量", "Given up", Kind.VOLUME),
        Field("delivered_litres", "到达水量", "Delivered", Kind.VOLUME),
        Field("price_e4", "价格", "Price", Kind.PRICE),
        Field("amount_fen", "成交金额", "Amount", Kind.MONEY),
        Field("fee_fen", "手续费", "Fee", Kind.MONEY),
        Field("status", "状态", "Status", Kind.WORD, words=words.INSTRUCTIONS),
        Field("review_rule", "审核规则", "Review rule"),
    ),
    by_sql(_TRADES_SQL),
)  # fmt: skip
"""Every trade of the year's days; of a call, which names no pairs, what each order gave up or received."""

MOST_PRICES = 100_000


def _prices(connection: psycopg.Connection[Any], asked: Asked) -> Iterable[Mapping[str, Any]]:
    """By month, as docs/market-data.md counts them: at the seller's place, by township."""
    wanted = market_data.Asked(first=asked.year.starts_on, last=asked.year.ends_on)
    rows = connection.execute(
        market_data.PRICES_SQL, wanted.parameters(period="month", level="township", limit=MOST_PRICES)
    )
    for month, product, zone, sector, high, low, litres, value, trades in rows.fetchall():
        yield {
            "month": month, "product": product, "township": zone or "", "sector": sector, "trades": trades,
            "litres": litres, "price_e4": unit_price(int(value), int(litres)), "high_e4": high, "low_e4": low,
        }  # fmt: skip


PRICES = Report(
    "prices", "水权交易价格", "Prices",
    (
        Field("month", "月份", "Month", Kind.DAY, key=True),
        Field("product", "交易品种", "Product", Kind.ID, key=True, prefix="prd"),
        Field("township", "乡镇", "Township", key=True),
        Field("sector", "转出行业", "Seller's sector", Kind.WORD, key=True, words=words.SECTORS),
        Field("trades", "成交笔数", "Trades", Kind.COUNT),
        Field("litres", "成交水量", "Volume", Kind.VOLUME),
        Field("price_e4", "加权均价", "Average price", Kind.PRICE),
        Field("high_e4", "最高价", "High", Kind.PRICE),
        Field("low_e4", "最低价", "Low", Kind.PRICE),
    ),
    _prices,
)  # fmt: skip

REVIEWS = Report(
    "reviews", "审核时限", "Reviews against their clocks",
    (
        Field("review", "审核", "Review", Kind.ID, key=True, prefix="rev"),
        Field("mechanism", "交易方式", "Mechanism", Kind.WORD, words=words.MECHANISMS),
        Field("rule", "审核规则", "Rule"),
        Field("at", "提交时间", "Since", Kind.INSTANT),
        Field("due_on", "办理期限", "Due on", Kind.DAY),
        Field("litres", "水量", "Volume", Kind.VOLUME),
        Field("amount_fen", "金额", "Amount", Kind.MONEY),
        Field("decision", "决定", "Decision", Kind.WORD,
              words={"approved": ("批准", "approved"), "rejected": ("驳回", "rejected")}),
        Field("decided_at", "决定时间", "Decided at", Kind.INSTANT),
        Field("legal_source", "依据", "Legal source"),
        Field("clock", "时限情况", "Clock", Kind.WORD, words=words.CLOCKS),
        Field("days_late", "逾期天数", "Days late", Kind.COUNT),
    ),
    review_clocks.rows,
)  # fmt: skip

FILES = Report(
    "files", "各岗办件时限", "Files of the desks against their clocks",
    (
        Field("review", "案卷", "File", Kind.ID, key=True, prefix="rvw"),
        Field("desk", "岗位", "Desk", Kind.WORD, words=words.DESKS),
        Field("matter", "事项", "Matter", Kind.WORD, words=matters.WORDS),
        Field("rule", "审核规则", "Rule"),
        Field("at", "受理时间", "Since", Kind.INSTANT),
        Field("due_on", "办理期限", "Due on", Kind.DAY),
        Field("decision", "决定", "Decision", Kind.WORD,
              words={"approved": ("批准", "approved"), "refused": ("驳回", "refused")}),
        Field("decided_at", "决定时间", "Decided at", Kind.INSTANT),
        Field("clock", "时限情况", "Clock", Kind.WORD, words=words.CLOCKS),
        Field("days_late", "逾期天数", "Days late", Kind.COUNT),
    ),
    review_clocks.files,
)  # fmt: skip
