"""Deposits through a provider: begun by a participant, credited once when the provider says captured, refunded."""

from __future__ import annotations

import datetime as dt
import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.errors import InsufficientBalance
from ledger.units import format_fen
from market.core import acts, audit, clock
from market.core.errors import NotFound
from market.participants.models import MoneyAccount
from market.payments import gateway, gateway_money, gateway_states
from market.payments.gateway_errors import (
    CallUnderWay,
    CaptureNotPossible,
    CaptureOverAuthorised,
    PaymentState,
    RefundOverAvailable,
    RefundOverCaptured,
)
from market.payments.gateway_models import (
    CANCEL,
    CAPTURE,
    PAY,
    REFUND,
    WAITING,
    GatewayCall,
    GatewayPayment,
    GatewayRefund,
)
from market.payments.gateway_money import Move

PAYER_HAS = dt.timedelta(hours=24)
AUTHORISATION_LASTS = dt.timedelta(days=6)
"""Service rules of the exchange. Card networks end an authorisation after seven days; it ends here before that."""
SOURCE = "payments"


def start(
    session: Session,
    *,
    actor: audit.Actor,
    participant_id: int,
    amount_fen: int,
    method: str,
    capture: str = gateway.AT_ONCE,
    return_url: str | None = None,
) -> GatewayPayment:
    """Begins a deposit on a participant's money account: kept with its key, and asked of the provider by the worker.

    Errors: NotFound (the participant has no money account), CaptureNotPossible.
    """
    if capture == gateway.LATER and method != gateway.CARD:
        raise CaptureNotPossible(f"{method} is charged at once", pointer="/capture")
    account = session.scalars(
        select(MoneyAccount).where(MoneyAccount.participant_id == participant_id)
    ).first()
    if account is None:
        raise NotFound("this participant has no money account")
    now = clock.now()
    made = GatewayPayment(
        reference=new_reference(), money_account_id=account.id, amount_fen=amount_fen, method=method,
        capture=capture, return_url=return_url, started_by=actor.user_id, started_at=now, expires_at=now + PAYER_HAS,
    )  # fmt: skip
    session.add(made)
    session.flush()
    write_call(session, PAY, made.reference, payment_id=made.id)
    detail = {"amount_fen": amount_fen, "method": method, "capture": capture}
    _tell(session, actor, "gateway_payment", made.id, "started", detail)
    return made


def capture(
    session: Session, *, actor: audit.Actor, payment_id: int, amount_fen: int | None = None
) -> GatewayPayment:
    """Asks for an authorised amount, or a part of it; what is left is free for the payer again.

    Errors: NotFound, PaymentState, CallUnderWay, CaptureOverAuthorised.
    """
    payment = _locked(session, payment_id)
    if payment.status != gateway.AUTHORISED or payment.ending is not None:
        raise PaymentState(f"it is {payment.status}")
    wanted = payment.amount_fen if amount_fen is None else amount_fen
    if wanted > payment.amount_fen:
        authorised = format_fen(payment.amount_fen)
        raise CaptureOverAuthorised(
            f"{authorised} yuan are authorised", pointer="/amount", limit=authorised, available=authorised
        )
    payment.capture_fen = wanted
    write_call(session, CAPTURE, payment.reference, payment_id=payment.id)
    _tell(session, actor, "gateway_payment", payment.id, "capture_asked", {"amount_fen": wanted})
    return payment


def cancel(
    session: Session, *, actor: audit.Actor, payment_id: int, ending: str = "cancelled"
) -> GatewayPayment:
    """Asks for the end of a payment that was not captured. Errors: NotFound, PaymentState, CallUnderWay."""
    payment = _locked(session, payment_id)
    if payment.status not in (gateway.AWAITING_PAYER, gateway.AUTHORISED):
        raise PaymentState(f"it is {payment.status}")
    payment.ending = ending
    write_call(session, CANCEL, payment.reference, payment_id=payment.id)
    _tell(session, actor, "gateway_payment", payment.id, "end_asked", {"ending": ending})
    return payment


def overdue(session: Session, *, limit: int) -> list[int]:
    """Payments whose payer or whose capture let the time pass, and of which no step is under way."""
    waiting = select(GatewayCall.id).where(
        GatewayCall.payment_id == GatewayPayment.id, GatewayCall.status == WAITING
    )
    return list(
        session.scalars(
            select(GatewayPayment.id)
            .where(
                GatewayPayment.status.in_((gateway.AWAITING_PAYER, gateway.AUTHORISED)),
                GatewayPayment.ending.is_(None),
                GatewayPayment.expires_at <= clock.now(),
                ~waiting.exists(),
            )
            .order_by(GatewayPayment.id)
            .limit(limit)
        )
    )


def refund(
    session: Session, *, actor: audit.Actor, payment_id: int, amount_fen: int | None, reason: str
) -> GatewayRefund:
    """Gives a captured payment, or a part of it, back to its payer: held first, posted when the provider has moved it.

    Errors: NotFound, PaymentState, RefundOverCaptured, RefundOverAvailable.
    """
    payment = _locked(session, payment_id)
    if payment.status != gateway.CAPTURED:
        raise PaymentState(f"it is {payment.status}")
    left = payment.captured_fen - payment.refunded_fen
    wanted = left if amount_fen is None else amount_fen
    if not 0 < wanted <= left:
        raise RefundOverCaptured(
            f"{format_fen(left)} yuan were captured and not refunded", pointer="/amount",
            limit=format_fen(payment.captured_fen), available=format_fen(left),
        )  # fmt: skip
    payment.refunded_fen += wanted
    reference = new_reference()
    try:
        # The hold names its refund, and the refund its hold: the number is drawn first.
        number = session.connection().exec_driver_sql(_NEXT_REFUND_SQL).scalar_one()
        hold_id = gateway_money.hold(
            session, payment.money_account_id, kind="refund", fen=wanted, reference=number
        )
    except InsufficientBalance as error:
        available = format_fen(error.available)
        raise RefundOverAvailable(
            f"{available} yuan are free", pointer="/amount", limit=available, available=available
        ) from error
    made = GatewayRefund(
        id=number, reference=reference, payment_id=payment.id, amount_fen=wanted, reason=reason, hold_id=hold_id,
        asked_by=actor.user_id, asked_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    write_call(session, REFUND, reference, refund_id=made.id)
    _tell(
        session, actor, "gateway_refund", made.id, "asked", {"payment_id": payment.id, "amount_fen": wanted}
    )
    return made


_NEXT_REFUND_SQL = "SELECT nextval(pg_get_serial_sequence('gateway_refunds', 'id'))"


def apply(session: Session, *, actor: audit.Actor, payment_id: int, told: gateway.Payment) -> bool:
    """Takes over how the provider says a payment is now; says whether its state changed. Credits it once."""
    payment = _locked(session, payment_id)
    before = payment.status
    expected = payment.capture_fen if payment.capture_fen is not None else payment.amount_fen
    payment.status = gateway_states.of_payment(before, told, expected_fen=expected, ending=payment.ending)
    payment.provider_id = payment.provider_id or told.number
    captured = payment.status == gateway.CAPTURED
    payment.failure_code = None if captured else told.failure_code or payment.failure_code
    action = told.action if payment.status == gateway.AWAITING_PAYER else None
    payment.action_kind = action.kind if action else None
    payment.action_url = action.url if action else None
    payment.action_secret = action.secret if action else None
    if payment.status == gateway.AUTHORISED and before != gateway.AUTHORISED:
        payment.expires_at = clock.now() + AUTHORISATION_LASTS
    moves = []
    if payment.status == gateway.CAPTURED and before != gateway.CAPTURED:
        payment.captured_fen, payment.captured_at = told.captured_fen, clock.now()
        payment.source = told.source or told.number
        moves.append(Move("capture", payment.id, told.captured_fen))
    if payment.status == gateway.CAPTURED and payment.fee_fen is None and told.fee_fen is not None:
        payment.fee_fen = told.fee_fen
        moves += [Move("capture_fee", payment.id, told.fee_fen)] if told.fee_fen else []
    if moves:
        session.flush()
        gateway_money.book(session, payment.money_account_id, moves)
    if payment.status != before:
        detail = {"from": before, "captured_fen": payment.captured_fen}
        _tell(session, actor, "gateway_payment", payment.id, payment.status, detail)
    return payment.status != before


def decline(session: Session, *, actor: audit.Actor, payment_id: int, act: str, code: str) -> None:
    """A step that the provider refused: a payment that was never begun has failed; any other is as it was."""
    payment = _locked(session, payment_id)
    if payment.status != gateway.CAPTURED:
        payment.failure_code = code
    if act == PAY and payment.status == "created":
        payment.status = "failed"
    elif act == CAPTURE:
        payment.capture_fen = payment.capture_fen if payment.captured_fen else None
    elif act == CANCEL:
        payment.ending = None
        payment.expires_at = max(payment.expires_at, clock.now() + dt.timedelta(hours=1))
    _tell(session, actor, "gateway_payment", payment.id, "declined", {"act": act, "code": code})


def apply_refund(session: Session, *, actor: audit.Actor, refund_id: int, told: gateway.Refund) -> bool:
    """Takes over how the provider says a refund is now; says whether its state changed."""
    found = session.get_one(GatewayRefund, refund_id)
    payment = _locked(session, found.payment_id)
    session.refresh(found, with_for_update=True)
    before = found.status
    if found.provider_id is None:
        found.provider_id, found.accepted_at = told.number, clock.now()
    if found.closed_at is None and told.amount_fen != found.amount_fen:
        found.status, found.failure_code = "mismatched", "amount_differs"
    else:
        found.status = gateway_states.of_refund(before, told.state)
        found.failure_code = told.failure_code
        _move_refund(session, payment, found, before)
    if found.status != before:
        _tell(session, actor, "gateway_refund", found.id, found.status, {"from": before})
    return found.status != before


def decline_refund(session: Session, *, actor: audit.Actor, refund_id: int, code: str) -> None:
    """A refund that the provider refused: nothing goes out."""
    found = session.get_one(GatewayRefund, refund_id)
    payment = _locked(session, found.payment_id)
    session.refresh(found, with_for_update=True)
    before, found.status, found.failure_code = found.status, "failed", code
    _move_refund(session, payment, found, before)
    _tell(session, actor, "gateway_refund", found.id, "failed", {"from": before, "code": code})


def _move_refund(session: Session, payment: GatewayPayment, found: GatewayRefund, before: str) -> None:
    """What the ledger moves when a refund goes from one state to another."""
    if found.status == before:
        return
    if found.status in ("succeeded", "failed", "returned"):
        found.closed_at = clock.now()
    if found.status in ("failed", "returned"):
        payment.refunded_fen -= found.amount_fen
    session.flush()
    if found.status == "succeeded":
        moves = [Move("refund", found.id, found.amount_fen, found.hold_id)]
        gateway_money.book(session, payment.money_account_id, moves)
    elif found.status == "returned":
        gateway_money.book(
            session, payment.money_account_id, [Move("refund_return", found.id, found.amount_fen)]
        )
    elif found.status == "failed":
        gateway_money.give_back(session, found.hold_id, kind="refund", reference=found.id)


def new_reference() -> str:
    """A name that no other installation and no restored copy of this one gives: the provider remembers names."""
    return f"kz_{secrets.token_hex(12)}"


def write_call(session: Session, act: str, reference: str, **subject: int) -> GatewayCall:
    """Writes a call with its key, for the worker to make. Errors: CallUnderWay."""
    payment_id = subject.get("payment_id")
    if payment_id is not None:
        waiting = select(GatewayCall.act).where(
            GatewayCall.payment_id == payment_id, GatewayCall.status == WAITING
        )
        under_way = session.scalars(waiting).first()
        if under_way is not None:
            raise CallUnderWay(f"{under_way} is under way")
    now = clock.now()
    key = f"{reference}.{act}.{secrets.token_hex(6)}"
    made = GatewayCall(act=act, key=key, written_at=now, next_try_at=now, **subject)
    session.add(made)
    session.flush()
    return made


def _locked(session: Session, payment_id: int) -> GatewayPayment:
    found = session.get(GatewayPayment, payment_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such payment")
    return found


def _tell(
    session: Session, actor: audit.Actor, kind: str, number: int, act: str, detail: dict[str, object]
) -> None:
    acts.done(session, actor=actor, source=SOURCE, kind=kind, number=number, act=act, detail=detail)
