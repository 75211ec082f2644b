"""Water accounts: opened for a holder at a place, one by one or in bulk; use plans; closing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import journal
from ledger.arrays import Bigints
from ledger.errors import InsufficientBalance
from ledger.units import format_litres
from market.core import audit, books, inbox, outbox
from market.core.chart import (
    DEBITS_MUST_NOT_EXCEED_CREDITS,
    HEADROOM,
    AccountCode,
    TransferCode,
    water_asset,
)
from market.core.db import bump_reference, raw
from market.core.errors import NotFound
from market.participants.errors import StaleVersion
from market.registry import places, reference
from market.registry.county import PlanThreshold, plan_threshold
from market.registry.errors import (
    NoUsePlanNeeded,
    PlanBelowPurchases,
    WaterAccountExists,
    WaterAccountNotEmpty,
    WaterAccountState,
)
from market.registry.models import WaterAccount


class NewWaterAccount(NamedTuple):
    """A water account to open; places are zone ids."""

    participant_id: int
    township_zone_id: int
    canal_zone_id: int
    sector: str
    right_kind: str | None


_INSERT_SQL = """
INSERT INTO water_accounts (participant_id, township_zone_id, canal_zone_id, sector, source, water_year,
                            origin, right_kind, account_id, plan_account_id, plan_litres, plan_source)
SELECT t.participant_id, t.township, t.canal, t.sector, %(source)s, %(year)s, %(origin)s, t.right_kind,
       t.account, nullif(t.plan_account, 0), CASE WHEN t.plan_account > 0 THEN %(plan)s::bigint END,
       CASE WHEN t.plan_account > 0 THEN %(plan_source)s::text END
  FROM unnest(%(participants)s::bigint[], %(townships)s::bigint[], %(canals)s::bigint[], %(sectors)s::text[],
              %(kinds)s::text[], %(accounts)s::bigint[], %(plans)s::bigint[])
       WITH ORDINALITY
       t (participant_id, township, canal, sector, right_kind, account, plan_account, position)
 ORDER BY t.position
    ON CONFLICT DO NOTHING
RETURNING id, account_id
"""


def open_many(
    connection: psycopg.Connection[Any],
    wanted: Sequence[NewWaterAccount],
    *,
    source: str,
    water_year: int,
    origin: str = "own",
    threshold: PlanThreshold,
    batch: journal.Batch,
) -> list[tuple[int, int]]:
    """Opens accounts in set statements; returns (id, ledger account) in the same order.

    An account of a sector under use plans starts with a plan just below the threshold, which is added to
    `batch`. The caller checked the places, executes the batch, writes the audit entry and bumps the
    reference version. Errors: WaterAccountExists.
    """
    if not wanted:
        return []
    asset = books.asset_id(connection, water_asset(source, water_year))
    holder = journal.NewAccount(asset, AccountCode.HOLDER_WATER, DEBITS_MUST_NOT_EXCEED_CREDITS)
    accounts = journal.open_accounts(connection, [holder] * len(wanted))
    planned = [index for index, each in enumerate(wanted) if each.sector in threshold.sectors]
    plan = journal.NewAccount(
        books.asset_id(connection, HEADROOM), AccountCode.LIMIT, DEBITS_MUST_NOT_EXCEED_CREDITS
    )
    opened_plans = journal.open_accounts(connection, [plan] * len(planned), system=True)
    plan_of = dict(zip(planned, opened_plans, strict=True))
    rows = connection.execute(
        _INSERT_SQL,
        {
            "source": source,
            "year": water_year,
            "origin": origin,
            "plan": threshold.without_plan_litres,
            "plan_source": threshold.legal_source,
            "participants": Bigints(each.participant_id for each in wanted),
            "townships": Bigints(each.township_zone_id for each in wanted),
            "canals": Bigints(each.canal_zone_id for each in wanted),
            "sectors": [each.sector for each in wanted],
            "kinds": [each.right_kind for each in wanted],
            "accounts": Bigints(accounts),
            "plans": Bigints(plan_of.get(index, 0) for index in range(len(wanted))),
        },
    ).fetchall()
    if len(rows) < len(wanted):
        raise WaterAccountExists("the participant has a water account of this place, sector, source and year")
    id_of = {account: water_account for water_account, account in rows}
    issue = books.system_account(connection, HEADROOM, AccountCode.LIMIT_ISSUE)
    for index, plan_account_id in plan_of.items():
        batch.transfer(
            debit=issue,
            credit=plan_account_id,
            amount=threshold.without_plan_litres,
            code=TransferCode.PLAN_SET,
            reference=id_of[accounts[index]],
        )
    return [(id_of[account], account) for account in accounts]


def open_account(
    session: Session,
    *,
    actor: audit.Actor,
    participant_id: int,
    township: str,
    canal: str,
    sector: str,
    source: str,
    water_year: int,
    right_kind: str | None = None,
) -> WaterAccount:
    """Opens a water account of an admitted participant at a township and a canal (zone codes).

    Errors: UnknownZone, NotAPlace, UnknownSector, UnknownSource, WaterYearNotOpen, NotFound,
    ParticipantNotAdmitted, WaterAccountExists.
    """
    connection = raw(session)
    places.check_kind_of_water(connection, sector=sector, source=source)
    township_id, canal_id = places.township_and_canal(reference.zones(connection), township, canal)
    places.open_year(session, water_year)
    places.check_admitted(connection, participant_id)
    batch = journal.Batch()
    [(account_id, _)] = open_many(
        connection,
        [NewWaterAccount(participant_id, township_id, canal_id, sector, right_kind)],
        source=source,
        water_year=water_year,
        threshold=plan_threshold(connection),
        batch=batch,
    )
    batch.execute(connection)
    account = session.get_one(WaterAccount, account_id)
    bump_reference(connection)
    _tell(connection, actor, "opened", account_id, {"participant_id": participant_id})
    return account


def record_use_plan(
    session: Session,
    *,
    actor: audit.Actor,
    water_account_id: int,
    litres: int,
    legal_source: str,
    expected_version: int | None = None,
) -> WaterAccount:
    """Records the yearly use plan (litres) that bounds what the account may buy.

    Errors: NotFound, StaleVersion, WaterAccountState, NoUsePlanNeeded, PlanBelowPurchases.
    """
    account = _locked(session, water_account_id, expected_version)
    if account.plan_account_id is None or account.plan_litres is None:
        raise NoUsePlanNeeded(f"the sector {account.sector} needs no use plan")
    if account.status == "closed":
        raise WaterAccountState("the water account is closed")
    before, account.plan_litres, account.plan_source = account.plan_litres, litres, legal_source
    account.version += 1
    connection = raw(session)
    issue = books.system_account(connection, HEADROOM, AccountCode.LIMIT_ISSUE)
    legs = (issue, account.plan_account_id) if litres > before else (account.plan_account_id, issue)
    if litres != before:
        batch = journal.Batch()
        batch.transfer(
            debit=legs[0],
            credit=legs[1],
            amount=abs(litres - before),
            code=TransferCode.PLAN_SET,
            reference=account.id,
        )
        try:
            batch.execute(connection)
        except InsufficientBalance as error:
            raise PlanBelowPurchases(
                f"{format_litres(before - error.available)} m3 were bought or are held for purchases",
                pointer="/volume",
                rule="use_plan",
                limit=format_litres(before),
                available=format_litres(error.available),
                legal_source=account.plan_source,
            ) from error
    bump_reference(connection)
    if litres > before:
        inbox.put(connection, kind="rematch", actor=actor)
    _tell(connection, actor, "use_plan_recorded", account.id, {"before": before, "after": litres})
    return account


def close(
    session: Session, *, actor: audit.Actor, water_account_id: int, expected_version: int | None = None
) -> WaterAccount:
    """Closes an account that has nothing on it and no holds.

    Errors: NotFound, StaleVersion, WaterAccountState, WaterAccountNotEmpty.
    """
    account = _locked(session, water_account_id, expected_version)
    if account.status != "open":
        raise WaterAccountState(f"the water account is {account.status}")
    connection = raw(session)
    rows = journal.lock(
        connection, [each for each in (account.account_id, account.debt_account_id) if each is not None]
    )
    owed = rows.get(account.debt_account_id or 0)
    if owed is not None and owed[3] != owed[5]:
        raise WaterAccountNotEmpty(f"it owes {format_litres(owed[3] - owed[5])} m3 of over-use")
    locked = rows[account.account_id]
    _, _, debits_pending, debits_posted, credits_pending, credits_posted = locked
    if debits_pending or credits_pending or debits_posted != credits_posted:
        raise WaterAccountNotEmpty(
            f"{format_litres(credits_posted - debits_posted)} m3 are on it,"
            f" {format_litres(debits_pending + credits_pending)} m3 in holds"
        )
    account.status = "closed"
    account.version += 1
    connection = raw(session)
    bump_reference(connection)
    inbox.put(
        connection,
        kind="cancel_orders",
        actor=actor,
        payload={"water_account_id": account.id, "reason": "water_account_closed"},
    )
    _tell(connection, actor, "closed", account.id, {})
    return account


def _locked(session: Session, water_account_id: int, expected_version: int | None) -> WaterAccount:
    found = session.scalars(
        select(WaterAccount)
        .where(WaterAccount.id == water_account_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("there is no such water account")
    if expected_version is not None and found.version != expected_version:
        raise StaleVersion(f"its version is now {found.version}")
    return found


def _tell(
    connection: psycopg.Connection[Any],
    actor: audit.Actor,
    action: str,
    water_account_id: int,
    detail: dict[str, Any],
) -> None:
    subject = ("water_account", water_account_id)
    outbox.publish(connection, topic=f"registry.water_account.{action}", subject=subject, payload=detail)
    audit.record(connection, actor=actor, action=f"water_account.{action}", subject=subject, detail=detail)
