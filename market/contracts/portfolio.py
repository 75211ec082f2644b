"""What saving contracts come to, by kind of project: for the bureau's supervision, and as the public sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row
from sqlalchemy.orm import Session

from market.contracts.firm_models import PROJECT_KINDS
from market.core import clock
from market.core.db import raw

_SQL = """
WITH kinds AS (SELECT unnest(%(kinds)s::text[]) AS kind), called AS (
  SELECT kind, count(*) AS projects FROM projects WHERE status <> 'withdrawn' GROUP BY kind
), marked AS (
  SELECT p.kind, count(DISTINCT p.id) AS marked FROM projects p JOIN project_marks m ON m.project_id = p.id
  WHERE m.removed_at IS NULL GROUP BY p.kind
), agreed AS (
  SELECT kind, count(*) FILTER (WHERE status IN ('signed', 'ended')) AS contracts,
         count(*) FILTER (WHERE status = 'signed') AS running
  FROM saving_contracts GROUP BY kind
), reported AS (
  SELECT c.kind, count(*) AS reports, coalesce(sum(r.saving_litres), 0)::bigint AS claimed_litres,
         coalesce(sum(r.saving_litres) FILTER (WHERE r.verified_at IS NOT NULL), 0)::bigint AS verified_litres,
         coalesce(sum(coalesce(b.water_litres, r.water_litres)) FILTER (WHERE r.verified_at IS NOT NULL), 0)::bigint
           AS water_litres
  FROM saving_reports r JOIN saving_contracts c ON c.id = r.contract_id
  LEFT JOIN report_claw_backs b ON b.report_id = r.id AND b.status = 'settled'
  WHERE r.status NOT IN ('void', 'merged', 'given_up') GROUP BY c.kind
), disputed AS (
  SELECT c.kind, count(*) AS disputes, count(*) FILTER (WHERE d.status <> 'resolved') AS open_disputes
  FROM report_disputes d JOIN saving_reports r ON r.id = d.report_id JOIN saving_contracts c ON c.id = r.contract_id
  GROUP BY c.kind
), shared AS (
  SELECT c.kind, sum(d.benefit_fen)::bigint AS benefit_fen
  FROM report_distributions d JOIN saving_contracts c ON c.id = d.contract_id GROUP BY c.kind
), owed AS (
  SELECT c.kind, coalesce(sum(d.fen) FILTER (WHERE d.status = 'open'), 0)::bigint AS open_fen,
         coalesce(sum(d.fen) FILTER (WHERE d.status = 'open' AND d.due_on < %(today)s), 0)::bigint AS late_fen
  FROM contract_dues d JOIN saving_contracts c ON c.id = d.contract_id GROUP BY c.kind
)
SELECT k.kind, coalesce(called.projects, 0) AS projects, coalesce(marked.marked, 0) AS marked,
       coalesce(agreed.contracts, 0) AS contracts, coalesce(agreed.running, 0) AS running,
       coalesce(reported.reports, 0) AS reports, coalesce(reported.claimed_litres, 0) AS claimed_litres,
       coalesce(reported.verified_litres, 0) AS verified_litres, coalesce(reported.water_litres, 0) AS water_litres,
       coalesce(disputed.disputes, 0) AS disputes, coalesce(disputed.open_disputes, 0) AS open_disputes,
       coalesce(shared.benefit_fen, 0) AS benefit_fen, coalesce(owed.open_fen, 0) AS open_fen,
       coalesce(owed.late_fen, 0) AS late_fen
FROM kinds k LEFT JOIN called USING (kind) LEFT JOIN marked USING (kind) LEFT JOIN agreed USING (kind)
LEFT JOIN reported USING (kind) LEFT JOIN disputed USING (kind) LEFT JOIN shared USING (kind)
LEFT JOIN owed USING (kind)
ORDER BY array_position(%(kinds)s::text[], k.kind)
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of project: litres claimed, verified, and creditable as water; benefit and dues in fen."""

    kind: str
    projects: int
    marked: int
    contracts: int
    running: int
    reports: int
    claimed_litres: int
    verified_litres: int
    water_litres: int
    disputes: int
    open_disputes: int
    benefit_fen: int
    open_fen: int
    late_fen: int


def portfolio(session: Session) -> list[Line]:
    """A line for every kind of project, also those without any. One statement."""
    connection: psycopg.Connection[Any] = raw(session)
    with connection.cursor(row_factory=class_row(Line)) as cursor:
        return cursor.execute(_SQL, {"kinds": list(PROJECT_KINDS), "today": clock.today()}).fetchall()
