"""What becomes of a payment, a refund or a payout when the provider says how it is. Values in, values out.

What was fetched may be older than what is kept (two fetches overtake each other), so a final state never goes back; and
as only the present state is asked for, it makes no difference in which order, or how often, somebody was told to ask.
"""

from __future__ import annotations

from market.payments import gateway
from market.payments.gateway import Payment

_ENDED = frozenset({"cancelled", "expired", "failed"})


def of_payment(kept: str, told: Payment, *, expected_fen: int, ending: str | None) -> str:
    """The next state. `expected_fen`: what is credited if the provider has captured just that; else `mismatched`.

    What the provider has captured is the participant's money, also where the payment was given up here meanwhile.
    """
    if kept == gateway.CAPTURED:
        return kept
    if told.state == gateway.CAPTURED:
        return gateway.CAPTURED if told.captured_fen == expected_fen else "mismatched"
    if kept in _ENDED:
        return kept
    if told.state == gateway.CANCELLED:
        return "expired" if told.lapsed else ending or "cancelled"
    return told.state


def of_refund(kept: str, told: str) -> str:
    """The next state: one that failed after it had succeeded is returned."""
    if kept in ("failed", "returned"):
        return kept
    if kept == gateway.SUCCEEDED:
        return "returned" if told == gateway.FAILED else kept
    return told


def of_payout(kept: str, told: str) -> str:
    """The next state: what comes back before it was paid has failed, and is returned after."""
    came_back = told in (gateway.PAYOUT_FAILED, gateway.RETURNED)
    if kept in (gateway.PAYOUT_FAILED, gateway.RETURNED):
        return kept
    if kept == gateway.PAID:
        return gateway.RETURNED if came_back else kept
    return gateway.PAYOUT_FAILED if came_back else told
