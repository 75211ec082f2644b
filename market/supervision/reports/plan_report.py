"""The plan's yearly assessment: every task with its lead and participating units, its targets, and what became of them.

A target that counts something is held against what this installation counts, or what a department entered; a target
that people judge, against the result that they entered. Nothing entered says so: nobody's silence is a result.
"""

from __future__ import annotations

from typing import Any

from market.supervision.reports import words
from market.supervision.reports.report import Asked, Field, Kind, Report, by_sql

MEASURES = (
    "irrigation_efficiency", "reclaimed_use", "unconventional_share", "use_of_cap", "groundwater_of_cap", "use_plans",
    "key_users", "metered_canals", "industry_projects", "listed_firms",
)  # fmt: skip
"""What a target may count, in millionths: shares of one, or numbers of things."""
ENTERED = ("irrigation_efficiency", "reclaimed_use", "unconventional_share")
"""Those that departments enter, in per cent."""

# Use is what counted readings and signed turn sheets say; where nothing was metered, or of nothing, it is not known.
_MEASURES_SQL = """
counted AS (
  SELECT r.water_account_id, r.use_litres FROM meter_intervals i JOIN readings r ON r.id = i.reading_id
  UNION ALL
  SELECT t.water_account_id, t.use_litres FROM turn_uses t JOIN turn_sheets s ON s.id = t.turn_sheet_id
   WHERE s.status = 'signed'),
used AS (
  SELECT w.participant_id, w.sector, w.source, sum(c.use_litres) AS litres
    FROM counted c JOIN water_accounts w ON w.id = c.water_account_id WHERE w.water_year = %(year)s GROUP BY 1, 2, 3),
large AS (
  SELECT participant_id, sector, sum(litres) AS litres FROM used WHERE sector IN ('industry', 'services')
   GROUP BY 1, 2),
measured (name, value_e6) AS (
  SELECT kind, value_e2 * 100 FROM (
    SELECT DISTINCT ON (kind) kind, value_e2 FROM department_figures
     WHERE kind = ANY(%(entered)s::text[]) AND water_year = %(year)s
       AND zone_id = (SELECT id FROM zones WHERE code = %(county)s)
     ORDER BY kind, id DESC) f
  UNION ALL
  SELECT CASE WHEN l.source IS NULL THEN 'use_of_cap' ELSE 'groundwater_of_cap' END,
         ((SELECT sum(u.litres) FROM used u WHERE l.source IS NULL OR u.source = l.source)
          * 1000000 / nullif(l.limit_litres, 0))::bigint
    FROM limits l JOIN zones z ON z.id = l.zone_id
   WHERE l.kind = 'cap' AND l.water_year = %(year)s AND z.code = %(county)s AND l.sector IS NULL
     AND (l.source IS NULL OR l.source = 'groundwater')
  UNION ALL
  SELECT 'use_plans', (count(*) FILTER (WHERE EXISTS (
           SELECT FROM water_accounts w WHERE w.participant_id = g.participant_id AND w.sector = g.sector
              AND w.water_year = %(year)s AND w.plan_litres > %(use_plan)s)) * 1000000 / nullif(count(*), 0))::bigint
    FROM large g WHERE g.sector = 'industry' AND g.litres >= %(use_plan)s
  UNION ALL
  SELECT 'key_users', count(DISTINCT participant_id) * 1000000 FROM large WHERE litres >= %(key_list)s
  UNION ALL
  SELECT 'metered_canals', (count(*) FILTER (WHERE EXISTS (
           SELECT FROM meters m JOIN water_accounts w ON w.id = m.water_account_id
            WHERE m.closed_at IS NULL AND coalesce(m.zone_id, w.canal_zone_id) = z.id)) * 1000000
         / nullif(count(*), 0))::bigint
    FROM zones z WHERE z.tree = 'river' AND z.level IN ('canal', 'gate') AND NOT z.demonstration
  UNION ALL
  SELECT 'industry_projects', count(*) * 1000000 FROM saving_contracts
   WHERE kind = 'industry' AND status IN ('signed', 'ended')
  UNION ALL
  SELECT 'listed_firms', count(*) * 1000000 FROM firms WHERE status = 'listed')
"""
_PLAN_SQL = (
    "WITH "
    + _MEASURES_SQL
    + """
SELECT t.task, t.title_zh, t.title_en, t.lead, t.others, t.target, nullif(t.target_year, 0) AS target_year,
       t.target_zh, t.target_en,
       coalesce(t.least_e6, t.most_e6) AS wanted_e6, m.value_e6,
       CASE WHEN t.target_zh IS NULL THEN coalesce(r.result, 'unknown')
            WHEN m.value_e6 IS NOT NULL AND t.least_e6 IS NOT NULL
            THEN CASE WHEN m.value_e6 >= t.least_e6 THEN 'met' ELSE 'not_met' END
            WHEN m.value_e6 IS NOT NULL AND t.most_e6 IS NOT NULL
            THEN CASE WHEN m.value_e6 <= t.most_e6 THEN 'met' ELSE 'not_met' END
            ELSE coalesce(r.result, 'unknown') END AS result,
       r.text AS result_text, r.department, r.document, t.source
  FROM unnest(%(tasks)s::text[], %(titles_zh)s::text[], %(titles_en)s::text[], %(leads)s::text[], %(others)s::text[],
              %(targets)s::int[], %(target_years)s::int[], %(targets_zh)s::text[], %(targets_en)s::text[],
              %(measures)s::text[], %(least)s::bigint[], %(most)s::bigint[], %(sources)s::text[]) WITH ORDINALITY
       AS t (task, title_zh, title_en, lead, others, target, target_year, target_zh, target_en, measure, least_e6,
             most_e6, source, position)
  LEFT JOIN measured m ON m.name = t.measure
  LEFT JOIN LATERAL (
       SELECT p.result, p.text, p.department, p.document FROM plan_results p
        WHERE p.task = t.task AND p.target = t.target AND p.year = %(year)s AND p.entered_at < %(on_end)s
        ORDER BY p.id DESC LIMIT 1) r ON true
 ORDER BY t.position
"""
)


def _parameters(asked: Asked) -> dict[str, Any]:
    """A row for every target of the pack's plan, and one for a task without any."""
    rows = [
        (
            task.code, task.zh, task.en, task.lead, "、".join(task.others), number,
            target.year if target else 0, target.zh if target else None, target.en if target else None,
            target.measure if target else None, target.least_e6 if target else None,
            target.most_e6 if target else None, task.basis.source,
        )
        for task in asked.pack.plan
        for number, target in enumerate(task.targets or (None,), 1)
    ]  # fmt: skip
    names = (
        "tasks", "titles_zh", "titles_en", "leads", "others", "targets", "target_years", "targets_zh", "targets_en",
        "measures", "least", "most", "sources",
    )  # fmt: skip
    columns = list(map(list, zip(*rows, strict=True))) or [[] for _ in names]
    limits = {each.name: each.litres for each in asked.pack.thresholds}
    return (
        asked.parameters
        | dict(zip(names, columns, strict=True))
        | {
            "county": asked.pack.county, "entered": list(ENTERED), "use_plan": limits["use_plan"],
            "key_list": limits.get("key_list", 500_000_000),
        }
    )  # fmt: skip


PLAN = Report(
    "plan", "节水行动实施方案年度考核表", "The plan's yearly assessment",
    (
        Field("task", "任务", "Task", key=True),
        Field("title_zh", "任务名称", "Title (zh)", language="zh"),
        Field("title_en", "任务英文名称", "Title (en)", language="en"),
        Field("lead", "牵头单位", "Lead"),
        Field("others", "参与单位", "Taking part"),
        Field("target", "目标序号", "Target", Kind.COUNT, key=True),
        Field("target_year", "目标年", "Target year", Kind.COUNT),
        Field("target_zh", "目标", "Target (zh)", language="zh"),
        Field("target_en", "目标英文", "Target (en)", language="en"),
        Field("wanted_e6", "目标值", "Wanted", Kind.NUMBER),
        Field("value_e6", "完成值", "Reached", Kind.NUMBER),
        Field("result", "完成情况", "Result", Kind.WORD, words=words.RESULTS),
        Field("result_text", "说明", "What was entered"),
        Field("department", "填报单位", "Entered by"),
        Field("document", "依据文件", "Document"),
        Field("source", "方案条款", "Article of the plan"),
    ),
    by_sql(_PLAN_SQL, _parameters),
)  # fmt: skip
