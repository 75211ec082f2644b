"""Payments, refunds and payouts through a provider, reconciled days and their differences, by id."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core.errors import NotFound
from market.participants.models import MoneyAccount
from market.payments.gateway_models import (
    GatewayPayment,
    GatewayPayout,
    GatewayRefund,
    Reconciliation,
    ReconciliationDifference,
)


def payments(
    session: Session,
    *,
    participant_id: int | None,
    status: str | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[GatewayPayment]:
    """Payments of a participant, or all."""
    statement = select(GatewayPayment)
    if participant_id is not None:
        own = select(MoneyAccount.id).where(MoneyAccount.participant_id == participant_id)
        statement = statement.where(GatewayPayment.money_account_id.in_(own))
    if status is not None:
        statement = statement.where(GatewayPayment.status == status)
    if after is not None:
        statement = statement.where(GatewayPayment.id > after)
    return list(session.scalars(statement.order_by(GatewayPayment.id).limit(limit)))


def payment(session: Session, *, payment_id: int) -> GatewayPayment:
    """One payment. Errors: NotFound."""
    found = session.get(GatewayPayment, payment_id)
    if found is None:
        raise NotFound("there is no such payment")
    return found


def refunds(
    session: Session, *, payment_id: int, after: int | None = None, limit: int = 50
) -> list[GatewayRefund]:
    """Refunds of a payment."""
    statement = select(GatewayRefund).where(GatewayRefund.payment_id == payment_id)
    if after is not None:
        statement = statement.where(GatewayRefund.id > after)
    return list(session.scalars(statement.order_by(GatewayRefund.id).limit(limit)))


def payouts(
    session: Session,
    *,
    participant_id: int | None,
    status: str | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[GatewayPayout]:
    """Payouts to a participant, or all."""
    statement = select(GatewayPayout)
    if participant_id is not None:
        own = select(MoneyAccount.id).where(MoneyAccount.participant_id == participant_id)
        statement = statement.where(GatewayPayout.money_account_id.in_(own))
    if status is not None:
        statement = statement.where(GatewayPayout.status == status)
    if after is not None:
        statement = statement.where(GatewayPayout.id > after)
    return list(session.scalars(statement.order_by(GatewayPayout.id).limit(limit)))


def payout(session: Session, *, payout_id: int) -> GatewayPayout:
    """One payout. Errors: NotFound."""
    found = session.get(GatewayPayout, payout_id)
    if found is None:
        raise NotFound("there is no such payout")
    return found


def reconciliations(session: Session, *, since: dt.date | None, limit: int = 50) -> list[Reconciliation]:
    """Days that were compared, the newest first."""
    statement = select(Reconciliation)
    if since is not None:
        statement = statement.where(Reconciliation.day >= since)
    return list(session.scalars(statement.order_by(Reconciliation.day.desc()).limit(limit)))


def differences(
    session: Session,
    *,
    day: dt.date | None = None,
    status: str | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[ReconciliationDifference]:
    """Cases, of a day or in a state."""
    statement = select(ReconciliationDifference)
    if day is not None:
        statement = statement.where(ReconciliationDifference.day == day)
    if status is not None:
        statement = statement.where(ReconciliationDifference.status == status)
    if after is not None:
        statement = statement.where(ReconciliationDifference.id > after)
    return list(session.scalars(statement.order_by(ReconciliationDifference.id).limit(limit)))
