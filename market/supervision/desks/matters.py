"""The matters that wait for a decision of the bureau: where they stand, whom they concern, and how each is decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from market.contracts import firms
from market.core import audit
from market.county import review_parts as parts
from market.registry import entitlements
from market.supervision import reviews
from market.supervision.desks import answering
from market.supervision.desks.errors import OwnProcedure
from market.supervision.desks.models import (
    ADMISSION,
    CALL,
    CLAW_BACK,
    COMPLAINT,
    DEAL,
    DISPUTE,
    FIRM,
    INSTRUCTION,
    OWN_PROCEDURE,
    PLEDGE,
    PROGRAMME,
    QUALIFICATION,
    REFUND,
    RENEWAL,
    RIGHT,
)
from market.trading import call_settling, programmes, registrations

RULE_OF = {
    INSTRUCTION: parts.TRADE, CALL: parts.TRADE, PROGRAMME: parts.PROGRAMME, RIGHT: parts.RIGHT, DEAL: parts.TRANSFER,
    FIRM: parts.FIRM, COMPLAINT: parts.COMPLAINT, RENEWAL: parts.RIGHT, ADMISSION: parts.ADMISSION,
    PLEDGE: parts.PLEDGE, QUALIFICATION: parts.FIRM, DISPUTE: parts.REPORT, CLAW_BACK: parts.CLAW_BACK,
    REFUND: parts.REFUND,
}  # fmt: skip
"""What a rule of the county calls each kind of matter."""
PREFIX_OF = {
    INSTRUCTION: "ins", CALL: "cal", PROGRAMME: "prg", RIGHT: "ent", DEAL: "neg", FIRM: "frm", COMPLAINT: "cpl",
    RENEWAL: "ent", ADMISSION: "par", PLEDGE: "plg", QUALIFICATION: "fql", DISPUTE: "srp", CLAW_BACK: "clb",
    REFUND: "dlv",
}  # fmt: skip
WORDS = {
    INSTRUCTION: ("用水权交易", "trade of water"),
    CALL: ("集合竞价", "call auction"),
    PROGRAMME: ("收购计划", "purchase programme"),
    RIGHT: ("水权申请", "application for a right"),
    DEAL: ("水权转让或租赁", "transfer or lease of a right"),
    FIRM: ("节水服务机构入库", "entry of a service firm in the directory"),
    COMPLAINT: ("投诉", "complaint"),
    RENEWAL: ("水权延续申请", "renewal of a right"),
    ADMISSION: ("参与主体准入", "admission of a participant"),
    PLEDGE: ("水权质押登记", "registration of a pledge"),
    QUALIFICATION: ("节水服务机构资质", "qualification of a service firm"),
    DISPUTE: ("有异议的节水报告，待指定核验机构", "disputed saving report, a verifier is to be named"),
    CLAW_BACK: ("节水量追回", "claw-back of saved water"),
    REFUND: ("交水不足退还", "refund of a short delivery"),
}
"""What each kind is called, zh and en."""

CarryOut = Callable[..., Any]


def carry_out(
    session: Session, *, actor: audit.Actor, kind: str, reference: int, approved: bool, reason: str,
    legal_source: str, more: Mapping[str, Any],
) -> Any:  # fmt: skip
    """Does what was decided; `more` is what only one kind knows (exceptions of a programme, an expected version).

    Errors: those of the use case behind it; OwnProcedure.
    """
    if kind in OWN_PROCEDURE:
        raise OwnProcedure
    wanted: dict[str, Any] = {"actor": actor, "reason": reason, **more}
    if kind == INSTRUCTION:
        one = reviews.approve if approved else reviews.reject
        return one(session, instruction_id=reference, legal_source=legal_source, **wanted)
    if kind == CALL and approved:
        return call_settling.settle(session, call_id=reference, reviewed=True, **wanted)
    if kind == CALL:
        return call_settling.reject(session, call_id=reference, **wanted)
    if kind == PROGRAMME:
        decide: CarryOut = programmes.approve if approved else programmes.reject
        return decide(session, programme_id=reference, legal_source=legal_source, **wanted)
    if kind == RIGHT:
        decide = entitlements.confirm if approved else entitlements.refuse
        return decide(session, entitlement_id=reference, **wanted)
    if kind == DEAL:
        decide = registrations.approve if approved else registrations.reject
        return decide(session, negotiation_id=reference, **wanted)
    if kind == FIRM:
        return firms.decide(session, firm_id=reference, act="list" if approved else "refuse", **wanted)
    return answering.answer(session, complaint_id=reference, upheld=approved, **wanted)
