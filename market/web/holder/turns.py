"""Whose turn it is in a negotiated deal. Pure."""

from __future__ import annotations

from typing import Any


def side_of(negotiation: Any, mine: str) -> str:
    """The side on which a participant stands: buy or sell."""
    return "sell" if negotiation["seller_id"] == mine else "buy"


def turn_of(negotiation: Any, mine: str) -> str:
    """What the participant may do now: answer | wait (the other answers) | sign | nothing."""
    if negotiation["status"] == "open" and negotiation["offers"]:
        return "answer" if negotiation["offers"][-1]["side"] != side_of(negotiation, mine) else "wait"
    if negotiation["status"] == "accepted":
        signed = {each["side"] for each in negotiation["signatures"]}
        return "nothing" if side_of(negotiation, mine) in signed else "sign"
    return "nothing"
