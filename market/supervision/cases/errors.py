"""What cases refuse."""

from __future__ import annotations

from market.core.errors import Conflict, NotAllowed, Refusal

RECUSAL = "行政处罚法 (2021) art. 43 (from memory): who has an interest in a case withdraws from it"
HANDLING = (
    "行政处罚法 (2021) arts 54, 57 (from memory): facts are investigated, and a decision says what was found"
)


class CaseClosed(Conflict):
    """Nothing is done in a closed case; what comes to light later is a new one."""

    code = "case_closed"
    title_en = "The case is closed"
    title_zh = "案件已结案"
    legal = HANDLING


class NamedInCase(NotAllowed):
    """Who is named in a case, or acts for a participant that is, does not handle it."""

    code = "named_in_case"
    title_en = "Who is named in a case does not handle it"
    title_zh = "涉案人员不得办理本案"
    legal = RECUSAL


class NotTheHandler(NotAllowed):
    """A case is closed by the person to whom it is assigned."""

    code = "not_the_handler"
    title_en = "The case is assigned to somebody else, or to nobody"
    title_zh = "本案未分派给该人员办理"
    legal = HANDLING


class NotASupervisor(Refusal):
    """Cases are handled by active supervisors of the bureau."""

    code = "not_a_supervisor"
    title_en = "Cases are handled by supervisors"
    title_zh = "案件只能由监管人员办理"
    legal = HANDLING


class EvidenceKnown(Conflict):
    """What is evidence in a case already is not added again."""

    code = "case_evidence_known"
    title_en = "This is evidence in the case already"
    title_zh = "该证据已在案"


class FindingIncomplete(Refusal):
    """A founded case says what was found and about whom; one that is referred says to which authority."""

    code = "finding_incomplete"
    title_en = "The finding does not say what, about whom, or to whom it is referred"
    title_zh = "结案结论不完整"
    legal = HANDLING
