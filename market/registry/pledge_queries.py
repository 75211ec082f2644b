"""What a bank and a holder see of a right and of the pledges on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ledger.arrays import Bigints
from market.core.db import raw
from market.core.errors import NotFound
from market.registry import lease_queries, queries, reference
from market.registry.models import Entitlement, WaterAccount
from market.registry.pledge_models import Pledge, PledgeConsent, PledgeSale, PledgeSalePart, PledgeStep


@dataclass(frozen=True, slots=True)
class Report:
    """A right as its holder lets a bank see it: its accounts with their figures, pledges and leases in force."""

    right: Entitlement
    accounts: Sequence[tuple[WaterAccount, queries.Figures, int]]
    pledges: Sequence[Pledge]
    leases: Sequence[lease_queries.Encumbrance]


@dataclass(frozen=True, slots=True)
class SaleView:
    """A sale of pledged water: litres let go and unsold, and fen that wait to be paid out."""

    sale: PledgeSale
    seller_id: int
    let_go_litres: int
    unsold_litres: int
    proceeds_fen: int


def consents(
    session: Session, *, party: int | None = None, consent_id: int | None = None, after: int | None = None,
    limit: int = 50,
) -> list[PledgeConsent]:  # fmt: skip
    """Consents by id: those that a participant gave or was given, or all."""
    statement = select(PledgeConsent).where(PledgeConsent.id > (after or 0))
    if consent_id is not None:
        statement = statement.where(PledgeConsent.id == consent_id)
    if party is not None:
        statement = statement.where(
            or_(PledgeConsent.participant_id == party, PledgeConsent.bank_id == party)
        )
    return list(session.scalars(statement.order_by(PledgeConsent.id).limit(limit)))


def consent(session: Session, *, consent_id: int) -> PledgeConsent:
    """One consent. Errors: NotFound."""
    found = consents(session, consent_id=consent_id, limit=1)
    if not found:
        raise NotFound("there is no such consent")
    return found[0]


def report(session: Session, *, consent: PledgeConsent) -> Report:
    """The right that a consent is about. The caller checked the consent. Errors: NotFound."""
    right = session.get(Entitlement, consent.entitlement_id)
    if right is None:
        raise NotFound("there is no such entitlement")
    accounts = session.scalars(
        select(WaterAccount)
        .where(WaterAccount.participant_id == right.participant_id, WaterAccount.source == right.source)
        .where(WaterAccount.sector == right.sector, WaterAccount.canal_zone_id == right.canal_zone_id)
        .where(WaterAccount.township_zone_id == right.township_zone_id, WaterAccount.origin == "own")
        .order_by(WaterAccount.id)
    ).all()
    connection = raw(session)
    figures = queries.figures(connection, [each.id for each in accounts])
    pledged = _pledged(connection, [each.id for each in accounts])
    in_force = session.scalars(
        select(Pledge)
        .where(Pledge.entitlement_id == right.id, Pledge.status.in_(("registered", "enforcing")))
        .order_by(Pledge.rank)
    ).all()
    shown = [(each, figures[each.id], pledged.get(each.id, 0)) for each in accounts]
    return Report(right, shown, in_force, lease_queries.encumbrances(session, right.id))


def _pledged(connection: psycopg.Connection[Any], account_ids: Iterable[int]) -> dict[int, int]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(
            "SELECT water_account_id, sum(litres)::bigint FROM pledge_holds WHERE water_account_id = ANY(%s)"
            " GROUP BY water_account_id",
            (Bigints(account_ids),),
        ).fetchall()
    return dict(rows)


def pledges(
    session: Session,
    *,
    party: int | None = None,
    pledge_id: int | None = None,
    status: str | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[tuple[Pledge, int]]:
    """Pledges by id with the litres that each holds now: those that a participant is a party to, or all."""
    statement = select(Pledge).where(Pledge.id > (after or 0))
    if pledge_id is not None:
        statement = statement.where(Pledge.id == pledge_id)
    if party is not None:
        statement = statement.where(or_(Pledge.participant_id == party, Pledge.bank_id == party))
    if status is not None:
        statement = statement.where(Pledge.status == status)
    found = list(session.scalars(statement.order_by(Pledge.id).limit(limit)))
    with raw(session).cursor(row_factory=tuple_row) as cursor:
        held: dict[int, int] = dict(
            cursor.execute(
                "SELECT pledge_id, sum(litres)::bigint FROM pledge_holds WHERE pledge_id = ANY(%s) GROUP BY pledge_id",
                (Bigints(each.id for each in found),),
            ).fetchall()
        )
    return [(each, held.get(each.id, 0)) for each in found]


def pledge(session: Session, *, pledge_id: int) -> tuple[Pledge, int]:
    """One pledge and the litres that it holds. Errors: NotFound."""
    found = pledges(session, pledge_id=pledge_id, limit=1)
    if not found:
        raise NotFound("there is no such pledge")
    return found[0]


def steps(session: Session, *, pledge_id: int) -> list[PledgeStep]:
    """The steps of a pledge, oldest first."""
    statement = select(PledgeStep).where(PledgeStep.pledge_id == pledge_id)
    return list(session.scalars(statement.order_by(PledgeStep.id)))


def sale_ids(session: Session, *, pledge_id: int) -> list[int]:
    """The sales in which a pledge let water go, oldest first."""
    parts = select(PledgeSalePart.sale_id).where(PledgeSalePart.pledge_id == pledge_id)
    return sorted(set(session.scalars(parts)))


_SALE_SQL = """
SELECT w.participant_id, (SELECT coalesce(sum(litres), 0) FROM pledge_sale_parts WHERE sale_id = s.id)::bigint,
       w.account_id
  FROM pledge_sales s JOIN water_accounts w ON w.id = s.water_account_id WHERE s.id = %s
"""


def sale(session: Session, *, sale_id: int) -> SaleView:
    """One sale of pledged water. Errors: NotFound."""
    found = session.get(PledgeSale, sale_id)
    if found is None:
        raise NotFound("there is no such sale")
    connection = raw(session)
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(_SALE_SQL, (sale_id,)).fetchone()
    assert row is not None
    seller, let_go, account = row
    free = reference.available(connection, [account, found.proceeds_account_id])
    return SaleView(found, seller, let_go, free[account], free[found.proceeds_account_id])
