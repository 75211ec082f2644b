"""Reports of water: caps and other limits, use by place, rights, saving contracts."""

from __future__ import annotations

from market.supervision.reports import words
from market.supervision.reports.report import Field, Kind, Report, by_sql

# What a cut has left above a cap counts as charged.
_CAPS_SQL = """
SELECT l.code, l.kind, z.code AS zone, z.name_zh AS place, t.code AS to_zone, l.source, l.sector, l.limit_litres,
       l.limit_litres - (a.credits_posted - a.debits_posted) + coalesce(e.debits_posted - e.credits_posted, 0)
         AS charged_litres, a.debits_pending AS held_litres,
       a.credits_posted - a.debits_posted - a.debits_pending AS available_litres, l.legal_source,
       CASE WHEN l.demonstration THEN 'yes' ELSE 'no' END AS demonstration
  FROM limits l JOIN accounts a ON a.id = l.account_id
  LEFT JOIN zones z ON z.id = l.zone_id LEFT JOIN zones t ON t.id = l.to_zone_id
  LEFT JOIN cap_excesses x ON x.limit_id = l.id LEFT JOIN accounts e ON e.id = x.account_id
 WHERE l.water_year = %(year)s ORDER BY l.id
"""
CAPS = Report(
    "caps", "用水总量与各项限额", "Caps and other limits",
    (
        Field("code", "编号", "Code", key=True),
        Field("kind", "类别", "Kind", Kind.WORD, words=words.LIMITS),
        Field("zone", "区域", "Zone"),
        Field("place", "区域名称", "Name of the zone"),
        Field("to_zone", "通往区域", "To zone"),
        Field("source", "水源", "Source", Kind.WORD, words=words.SOURCES),
        Field("sector", "行业", "Sector", Kind.WORD, words=words.SECTORS),
        Field("limit_litres", "限额", "Limit", Kind.VOLUME),
        Field("charged_litres", "已占用", "Charged", Kind.VOLUME),
        Field("held_litres", "预留", "Held", Kind.VOLUME),
        Field("available_litres", "剩余", "Available", Kind.VOLUME),
        Field("legal_source", "依据", "Legal source"),
        Field("demonstration", "示范数据", "Demonstration", Kind.WORD, words=words.YES_NO),
    ),
    by_sql(_CAPS_SQL),
)  # fmt: skip

_USE_SQL = """
WITH counted AS (
  SELECT r.water_account_id, r.use_litres, r.over_use_litres, r.meter_id
    FROM meter_intervals i JOIN readings r ON r.id = i.reading_id
  UNION ALL
  SELECT t.water_account_id, t.use_litres, t.over_use_litres, s.meter_id
    FROM turn_uses t JOIN turn_sheets s ON s.id = t.turn_sheet_id AND s.status = 'signed'),
used AS (
  SELECT water_account_id, sum(use_litres) AS used, sum(over_use_litres) AS over_use, count(DISTINCT meter_id) AS meters
    FROM counted GROUP BY 1)
SELECT z.code AS township, z.name_zh AS place, w.sector, w.source, count(*) AS accounts,
       coalesce(sum(u.meters), 0) AS meters, coalesce(sum(u.used), 0)::bigint AS used_litres,
       coalesce(sum(u.over_use), 0)::bigint AS over_use_litres,
       sum(a.credits_posted - a.debits_posted)::bigint AS holdings_litres, sum(a.debits_pending)::bigint AS held_litres
  FROM water_accounts w JOIN zones z ON z.id = w.township_zone_id JOIN accounts a ON a.id = w.account_id
  LEFT JOIN used u ON u.water_account_id = w.id
 WHERE w.water_year = %(year)s GROUP BY 1, 2, 3, 4 ORDER BY 1, 3, 4
"""
USE = Report(
    "use", "取用水情况", "Use of water",
    (
        Field("township", "乡镇", "Township", key=True),
        Field("place", "乡镇名称", "Name of the township"),
        Field("sector", "行业", "Sector", Kind.WORD, key=True, words=words.SECTORS),
        Field("source", "水源", "Source", Kind.WORD, key=True, words=words.SOURCES),
        Field("accounts", "水量账户（个）", "Accounts", Kind.COUNT),
        Field("meters", "计量点（个）", "Meters read", Kind.COUNT),
        Field("used_litres", "已用水量", "Used", Kind.VOLUME),
        Field("over_use_litres", "超用水量", "Beyond the balance", Kind.VOLUME),
        Field("holdings_litres", "账户余额", "On accounts", Kind.VOLUME),
        Field("held_litres", "其中预留", "of it held", Kind.VOLUME),
    ),
    by_sql(_USE_SQL),
)  # fmt: skip

_RIGHTS_SQL = """
SELECT z.code AS township, z.name_zh AS place, e.kind, e.source, e.sector, e.status, count(*) AS rights,
       sum(e.volume_litres)::bigint AS volume_litres, coalesce(sum(e.land_mu_e2), 0)::bigint AS land_mu_e2
  FROM entitlements e JOIN zones z ON z.id = e.township_zone_id
 WHERE e.valid_from <= %(last)s AND e.valid_to >= %(first)s AND e.applied_at < %(on_end)s
 GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 3, 4, 5, 6
"""
RIGHTS = Report(
    "rights", "水权确权登记", "Rights",
    (
        Field("township", "乡镇", "Township", key=True),
        Field("place", "乡镇名称", "Name of the township"),
        Field("kind", "水权类型", "Kind", Kind.WORD, key=True, words=words.RIGHT_KINDS),
        Field("source", "水源", "Source", Kind.WORD, key=True, words=words.SOURCES),
        Field("sector", "行业", "Sector", Kind.WORD, key=True, words=words.SECTORS),
        Field("status", "状态", "Status", Kind.WORD, key=True, words=words.RIGHT_STATES),
        Field("rights", "水权（件）", "Rights", Kind.COUNT),
        Field("volume_litres", "年水量", "Volume a year", Kind.VOLUME),
        Field("land_mu_e2", "灌溉面积", "Land", Kind.LAND),
    ),
    by_sql(_RIGHTS_SQL),
)  # fmt: skip

_CONTRACTS_SQL = """
SELECT c.id AS contract, c.title, c.kind, c.mode, c.status, c.signed_at, c.ended_on,
       coalesce(r.reports, 0) AS reports, coalesce(r.saving_litres, 0)::bigint AS saving_litres,
       coalesce(r.verified_litres, 0)::bigint AS verified_litres, coalesce(b.benefit_fen, 0)::bigint AS benefit_fen
  FROM saving_contracts c
  LEFT JOIN (SELECT contract_id, count(*) AS reports, sum(saving_litres) AS saving_litres,
                    sum(saving_litres) FILTER (WHERE verified_at IS NOT NULL) AS verified_litres
               FROM saving_reports
              WHERE status NOT IN ('void', 'merged', 'given_up') AND starts_on <= %(last)s AND ends_on >= %(first)s
              GROUP BY 1) r ON r.contract_id = c.id
  LEFT JOIN (SELECT d.contract_id, sum(d.benefit_fen) AS benefit_fen
               FROM report_distributions d JOIN saving_reports s ON s.id = d.report_id
              WHERE s.starts_on <= %(last)s AND s.ends_on >= %(first)s GROUP BY 1) b ON b.contract_id = c.id
 WHERE c.status <> 'withdrawn' AND c.drafted_at < %(before)s AND (c.ended_on IS NULL OR c.ended_on >= %(first)s)
 ORDER BY c.id
"""
CONTRACTS = Report(
    "contracts", "合同节水项目", "Saving contracts",
    (
        Field("contract", "合同", "Contract", Kind.ID, key=True, prefix="sct"),
        Field("title", "项目名称", "Title"),
        Field("kind", "领域", "Kind", Kind.WORD, words=words.CONTRACT_KINDS),
        Field("mode", "模式", "Mode", Kind.WORD, words=words.MODES),
        Field("status", "状态", "Status", Kind.WORD, words=words.CONTRACT_STATES),
        Field("signed_at", "签署时间", "Signed at", Kind.INSTANT),
        Field("ended_on", "结束日期", "Ended on", Kind.DAY),
        Field("reports", "节水报告（份）", "Reports", Kind.COUNT),
        Field("saving_litres", "申报节水量", "Claimed", Kind.VOLUME),
        Field("verified_litres", "核验节水量", "Verified", Kind.VOLUME),
        Field("benefit_fen", "分配效益", "Benefit shared", Kind.MONEY),
    ),
    by_sql(_CONTRACTS_SQL),
)  # fmt: skip
