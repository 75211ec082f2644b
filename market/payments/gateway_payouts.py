"""Payouts through a provider: held first, posted when they are paid, given back when they fail, made good when they
fail later.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from ledger.errors import InsufficientBalance
from ledger.units import format_fen
from market.core import acts, audit, clock
from market.core.errors import NotFound
from market.participants.models import MoneyAccount
from market.payments import gateway, gateway_money, gateway_states
from market.payments.errors import PayoutOverAvailable
from market.payments.gateway_models import PAY_OUT, GatewayPayout
from market.payments.gateway_money import Move
from market.payments.gateway_payments import SOURCE, new_reference, write_call

_NEXT_SQL = "SELECT nextval(pg_get_serial_sequence('gateway_payouts', 'id'))"


def start(
    session: Session,
    *,
    actor: audit.Actor,
    money_account_id: int,
    amount_fen: int,
    route: str,
    destination: str,
    note: str = "",
) -> GatewayPayout:
    """Holds an amount and has it paid out; never more than is free. Errors: NotFound, PayoutOverAvailable."""
    if session.get(MoneyAccount, money_account_id) is None:
        raise NotFound("there is no such money account", pointer="/money_account_id")
    number = session.connection().exec_driver_sql(_NEXT_SQL).scalar_one()
    try:
        hold_id = gateway_money.hold(
            session, money_account_id, kind="payout", fen=amount_fen, reference=number
        )
    except InsufficientBalance as error:
        available = format_fen(error.available)
        raise PayoutOverAvailable(
            f"{available} yuan are free", pointer="/amount", limit=available, available=available
        ) from error
    made = GatewayPayout(
        id=number, reference=new_reference(), money_account_id=money_account_id, amount_fen=amount_fen, route=route,
        destination=destination, note=note, hold_id=hold_id, asked_by=actor.user_id, asked_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    write_call(session, PAY_OUT, made.reference, payout_id=made.id)
    detail = {"money_account_id": money_account_id, "amount_fen": amount_fen, "route": route}
    _tell(session, actor, made.id, "asked", detail)
    return made


def apply(session: Session, *, actor: audit.Actor, payout_id: int, told: gateway.Payout) -> bool:
    """Takes over how the provider says a payout is now; says whether its state changed."""
    found = _locked(session, payout_id)
    before = found.status
    if found.provider_id is None:
        found.provider_id, found.accepted_at = told.number, clock.now()
    found.failure_code = told.failure_code
    if found.closed_at is None and told.amount_fen != found.amount_fen:
        found.status, found.failure_code = "mismatched", "amount_differs"
    else:
        found.status = gateway_states.of_payout(before, told.state)
        found.return_source = told.return_source
        _move(session, found, before, told.fee_fen)
    if found.status != before:
        _tell(session, actor, found.id, found.status, {"from": before})
    return found.status != before


def decline(session: Session, *, actor: audit.Actor, payout_id: int, code: str) -> None:
    """A payout that the provider refused: nothing goes out."""
    found = _locked(session, payout_id)
    before, found.status, found.failure_code = found.status, gateway.PAYOUT_FAILED, code
    _move(session, found, before, None)
    _tell(session, actor, found.id, found.status, {"from": before, "code": code})


def _move(session: Session, found: GatewayPayout, before: str, fee_fen: int | None) -> None:
    """What the ledger moves when a payout goes from one state to another."""
    if found.status == before:
        return
    if found.status in (gateway.PAID, gateway.PAYOUT_FAILED, gateway.RETURNED):
        found.closed_at = clock.now()
    moves = []
    if found.status == gateway.PAID:
        found.fee_fen = fee_fen or 0
        moves.append(Move("payout", found.id, found.amount_fen, found.hold_id))
        moves += [Move("payout_fee", found.id, found.fee_fen)] if found.fee_fen else []
    elif found.status == gateway.RETURNED:
        moves.append(Move("payout_return", found.id, found.amount_fen))
    session.flush()
    if moves:
        gateway_money.book(session, found.money_account_id, moves)
    elif found.status == gateway.PAYOUT_FAILED:
        gateway_money.give_back(session, found.hold_id, kind="payout", reference=found.id)


def _locked(session: Session, payout_id: int) -> GatewayPayout:
    return session.get_one(GatewayPayout, payout_id, with_for_update=True, populate_existing=True)


def _tell(session: Session, actor: audit.Actor, number: int, act: str, detail: dict[str, object]) -> None:
    acts.done(
        session, actor=actor, source=SOURCE, kind="gateway_payout", number=number, act=act, detail=detail
    )
