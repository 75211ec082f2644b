"""What the registry answers: figures of water accounts, what may be sold and bought, headroom of limits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy.orm import Session

from ledger.arrays import Bigints
from market.core import clock
from market.core.db import raw
from market.core.errors import NotFound
from market.county.current import pack_in_force
from market.registry import assessments, caps, lease_turns, projects, reference, rules
from market.registry.county import plan_threshold, sector_rules


@dataclass(frozen=True, slots=True)
class Figures:
    """A water account in litres, its plan in litres (None: none), what it owes for use in fen, and for over-use in
    litres.
    """

    allocated_litres: int
    used_litres: int
    over_use_litres: int
    balance_litres: int
    held_litres: int
    available_litres: int
    plan_left_litres: int | None
    fee_due_fen: int
    debt_litres: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """How many litres (None: no bound), each constraint, and the one that binds; `water_account_id`
    says of which.

    `litres` is for trades that leave (or enter) the zones with limits as well; `within_litres` for
    trades that do not. Limits of a route, and of sales to industry, are named but bind only such
    trades, so they are in neither.
    """

    water_account_id: int
    constraints: tuple[rules.Constraint, ...]
    binding: rules.Constraint | None
    litres: int | None
    within_litres: int | None


_FIGURES_SQL = """
SELECT w.id,
       greatest(0, (SELECT coalesce(sum(l.litres), 0)::bigint FROM announcement_lines l WHERE l.water_account_id = w.id
           AND NOT EXISTS (SELECT FROM reversals v WHERE v.announcement_id = l.announcement_id))
       + (SELECT coalesce(sum(c.carried_litres), 0)::bigint FROM carry_over_lines c WHERE c.to_water_account_id = w.id)
       - (SELECT coalesce(sum(c.litres), 0)::bigint FROM curtailment_lines c WHERE c.water_account_id = w.id)),
       u.used, u.over_use,
       a.credits_posted - a.debits_posted, a.debits_pending,
       a.credits_posted - a.debits_posted - a.debits_pending,
       p.credits_posted - p.debits_posted - p.debits_pending,
       coalesce(f.debits_posted - f.credits_posted, 0),
       coalesce(d.debits_posted - d.credits_posted, 0)
  FROM water_accounts w
  JOIN accounts a ON a.id = w.account_id
  LEFT JOIN accounts p ON p.id = w.plan_account_id
  LEFT JOIN accounts f ON f.id = w.fee_account_id
  LEFT JOIN accounts d ON d.id = w.debt_account_id
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(n.use_litres), 0)::bigint AS used,
              coalesce(sum(n.over_use_litres), 0)::bigint AS over_use
         FROM (SELECT r.use_litres, r.over_use_litres
                 FROM readings r JOIN meter_intervals i ON i.reading_id = r.id WHERE r.water_account_id = w.id
               UNION ALL
               SELECT t.use_litres, t.over_use_litres
                 FROM turn_uses t JOIN turn_sheets s ON s.id = t.turn_sheet_id AND s.status = 'signed'
                WHERE t.water_account_id = w.id) n) u
 WHERE w.id = ANY(%s)
"""


def figures(connection: psycopg.Connection[Any], water_account_ids: Iterable[int]) -> dict[int, Figures]:
    """The figures of these water accounts now."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_FIGURES_SQL, (Bigints(water_account_ids),)).fetchall()
    return {row[0]: Figures(*row[1:]) for row in rows}


def tradable(session: Session, *, water_account_id: int) -> Answer:
    """What may be sold from the account today, and why not more. Errors: NotFound."""
    connection = raw(session)
    tree = reference.zones(connection)
    views = reference.accounts(connection, tree, sector_rules(connection), ids=[water_account_id])
    if water_account_id not in views:
        raise NotFound("there is no such water account")
    view = views[water_account_id]
    now = figures(connection, [water_account_id])[water_account_id]
    limits = reference.limits(connection, water_year=view.place.water_year)
    pledged = _pledged(connection, water_account_id)
    leased = sum(litres for _, litres in lease_turns.at(connection, [water_account_id]).values())
    facts = rules.SellFacts(
        account=view.facts,
        allocated_litres=now.allocated_litres,
        used_litres=now.used_litres,
        held_litres=now.held_litres - pledged - leased,
        pledged_litres=pledged,
        leased_litres=leased,
        available_litres=now.available_litres + pledged + leased,
        lots_litres=_lots(connection, water_account_id),
        quota_left_litres=None,
        borders=_borders(connection, tree, caps.borders_out(view.place, limits)),
    )
    return _answer(view.id, rules.sellable(facts))


# What the owner's lots let it sell of this account, less what is sold or on offer.
_LOTS_SQL = """
SELECT coalesce(sum(l.issued_litres - l.offered_litres - l.retired_litres - l.cancelled_litres), 0)::bigint
  FROM water_accounts w
  JOIN entitlements e ON e.participant_id = w.participant_id AND e.township_zone_id = w.township_zone_id
   AND e.canal_zone_id = w.canal_zone_id AND e.sector = w.sector AND e.source = w.source
  JOIN saving_lots l ON l.entitlement_id = e.id AND l.status = 'open' AND l.water_year <= w.water_year
   AND l.expires_on >= %s
 WHERE w.id = %s AND w.origin = 'own'
"""


def _lots(connection: psycopg.Connection[Any], water_account_id: int) -> int:
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(_LOTS_SQL, (clock.today(), water_account_id)).fetchone()
    assert row is not None
    return int(row[0])


def _pledged(connection: psycopg.Connection[Any], water_account_id: int) -> int:
    """The litres of an account that pledges hold: on its ledger account they are holds like others."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(
            "SELECT coalesce(sum(litres), 0)::bigint FROM pledge_holds WHERE water_account_id = %s",
            (water_account_id,),
        ).fetchone()
    assert row is not None
    return int(row[0])


def purchasable(session: Session, *, participant_id: int, water_year: int | None = None) -> list[Answer]:
    """What the participant may buy today into each of its accounts that are not closed, and why not more."""
    connection = raw(session)
    with connection.cursor(row_factory=tuple_row) as cursor:
        ids = [
            row[0]
            for row in cursor.execute(
                "SELECT id FROM water_accounts WHERE participant_id = %s AND status <> 'closed'"
                " AND (%s::int IS NULL OR water_year = %s) ORDER BY id",
                (participant_id, water_year, water_year),
            )
        ]
    tree = reference.zones(connection)
    views = reference.accounts(connection, tree, sector_rules(connection), ids=ids)
    now = figures(connection, ids)
    plans = _plans(connection, ids)
    known = _projects(connection, participant_id, ids, now)
    limits = reference.limits(connection)
    answers = []
    for account_id in ids:
        view = views[account_id]
        crossed = caps.borders_in(view.place, limits, tree.roots)
        plan_litres, plan_source, plan_recorded = plans[account_id]
        facts = rules.BuyFacts(
            account=view.facts,
            plan_litres=plan_litres,
            plan_left_litres=now[account_id].plan_left_litres,
            plan_source=plan_source,
            plan_recorded=plan_recorded,
            reclaimed_unused_litres=_reclaimed_unused(views.values(), now, view.place.water_year),
            borders=_borders(connection, tree, crossed),
            project=projects.constraints(view.facts, known[account_id]) if plan_litres is not None else (),
        )
        answers.append(_answer(account_id, rules.purchasable(facts)))
    return answers


def _reclaimed_unused(
    views: Iterable[reference.AccountView], now: dict[int, Figures], water_year: int
) -> int:
    return sum(
        max(0, now[view.id].available_litres)
        for view in views
        if view.place.source == "reclaimed" and view.place.water_year == water_year
    )


def _plans(
    connection: psycopg.Connection[Any], ids: list[int]
) -> dict[int, tuple[int | None, str | None, bool]]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(
            "SELECT id, plan_litres, plan_source, plan_source IS DISTINCT FROM %s"
            " FROM water_accounts WHERE id = ANY(%s)",
            (plan_threshold(connection).legal_source, Bigints(ids)),
        ).fetchall()
    return {row[0]: row[1:] for row in rows}


_PERMITS_SQL = """
SELECT w.id, w.plan_litres,
       coalesce(sum(e.volume_litres) FILTER (WHERE e.status IN ('confirmed', 'suspended')), 0)::bigint,
       coalesce(sum(e.volume_litres) FILTER (WHERE e.status IN ('applied', 'accepted', 'published')), 0)::bigint
  FROM water_accounts w
  LEFT JOIN entitlements e
         ON e.participant_id = w.participant_id AND e.township_zone_id = w.township_zone_id
        AND e.canal_zone_id = w.canal_zone_id AND e.sector = w.sector AND e.source = w.source
        AND e.kind = 'abstraction_permit'
 WHERE w.id = ANY(%s) GROUP BY w.id
"""


def _projects(
    connection: psycopg.Connection[Any], participant_id: int, ids: list[int], now: dict[int, Figures]
) -> dict[int, projects.Project]:
    """What is permitted at each account, and what the participant's projects were assessed for."""
    assessed, named = assessments.of_participant(connection, participant_id)
    needed = assessments.threshold(pack_in_force(connection))
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_PERMITS_SQL, (Bigints(ids),)).fetchall()
    return {
        account: projects.Project(
            permit_litres=permitted,
            pending_litres=pending,
            assessed_litres=assessed,
            named_litres=named,
            bought_litres=(plan or 0) - (now[account].plan_left_litres or 0),
            needed_from_litres=needed.litres if needed is not None else None,
            needed_source=needed.basis.source if needed is not None else "",
            needed_demonstration=needed is not None and needed.basis.demonstration,
        )
        for account, plan, permitted, pending in rows
    }


def _borders(
    connection: psycopg.Connection[Any], tree: reference.Zones, crossed: list[tuple[caps.LimitNode, str]]
) -> tuple[rules.Border, ...]:
    free = reference.available(connection, [limit.account_id for limit, _ in crossed])
    with connection.cursor(row_factory=tuple_row) as cursor:
        demonstration: dict[int, bool] = dict(
            cursor.execute(
                "SELECT id, demonstration FROM limits WHERE id = ANY(%s)",
                (Bigints(limit.id for limit, _ in crossed),),
            ).fetchall()
        )
    return tuple(
        rules.Border(
            code=limit.code,
            kind=limit.kind,
            scope=scope + (f":{tree.by_id[zone].code}" if (zone := _scope_zone(limit)) is not None else ""),
            available_litres=free[limit.account_id],
            legal_source=limit.legal_source,
            demonstration=demonstration[limit.id],
        )
        for limit, scope in crossed
    )


def _scope_zone(limit: caps.LimitNode) -> int | None:
    return limit.to_zone_id if limit.to_zone_id is not None else limit.zone_id


def _answer(water_account_id: int, constraints: list[rules.Constraint]) -> Answer:
    bound = rules.binding(each for each in constraints if _binds_at_borders(each))
    within = rules.binding(each for each in constraints if each.scope is None)
    return Answer(
        water_account_id=water_account_id,
        constraints=tuple(constraints),
        binding=bound,
        litres=bound.litres if bound else None,
        within_litres=within.litres if within else None,
    )


def _binds_at_borders(constraint: rules.Constraint) -> bool:
    return constraint.scope is None or constraint.scope.startswith(("out_of", "from_outside"))
