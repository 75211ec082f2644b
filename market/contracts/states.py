"""The life of a saving report: who may do what, and which clock of the county pack runs (SAVINGS section 4). Pure.

The clocks' lengths are the pack's, in working days; they stop for hearings where the table says so. A period is void
where a meter was interfered with (节约用水条例 art. 46). One that is too uncertain alone is merged into the next
period's report, or given up by both sides.
"""

from __future__ import annotations

from dataclasses import dataclass

OPEN, DRAFTED, SUBMITTED, RETURNED = "open", "drafted", "submitted", "returned"
VERIFIED, DISPUTED, DISTRIBUTED = "verified", "disputed", "distributed"
REOPENED, CLAWED_BACK, VOID = "reopened", "clawed_back", "void"
MERGED, GIVEN_UP = "merged", "given_up"
STATES = (
    OPEN, DRAFTED, SUBMITTED, RETURNED, VERIFIED, DISPUTED, DISTRIBUTED, REOPENED, CLAWED_BACK, VOID, MERGED, GIVEN_UP,
)  # fmt: skip
SYSTEM, USER, FIRM, FINANCIER = "system", "user", "firm", "financier"
SUBSIDY, SUPPLIER, VERIFIER, BUREAU = "subsidy_giver", "supplier", "verifier", "bureau"
PARTIES = (USER, FIRM, FINANCIER, SUBSIDY, SUPPLIER)


class NotAllowed(ValueError):
    """The act is refused; `code` names the rule."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Transition:
    """From a state by an act of somebody to another. `clock` (of the pack) runs in the state it leaves.

    `silence`: the act counts as done when the clock ends. `persons`: so many must agree. `stops`: for hearings.
    """

    state: str
    act: str
    to: str
    who: tuple[str, ...]
    clock: str
    silence: bool = False
    persons: int = 1
    stops: bool = False


TABLE = (
    Transition(OPEN, "draft", DRAFTED, (SYSTEM,), "saving_draft"),
    Transition(DRAFTED, "comment", DRAFTED, (USER, FIRM), "saving_submission"),
    Transition(DRAFTED, "propose_adjustment", DRAFTED, (USER, FIRM), "saving_submission"),
    Transition(DRAFTED, "accept", SUBMITTED, (USER, FIRM), "saving_submission", silence=True, persons=2),
    Transition(SUBMITTED, "certify", VERIFIED, (VERIFIER,), "saving_verification"),
    Transition(SUBMITTED, "return", RETURNED, (VERIFIER,), "saving_verification"),
    Transition(RETURNED, "draft", DRAFTED, (SYSTEM,), "saving_draft"),
    Transition(VERIFIED, "object", DISPUTED, (*PARTIES, BUREAU), "saving_objection"),
    Transition(DISPUTED, "re_verify", VERIFIED, (VERIFIER,), "saving_reverification", stops=True),
    Transition(DISPUTED, "distribute_undisputed", DISPUTED, (SYSTEM,), "saving_distribution"),
    Transition(VERIFIED, "distribute", DISTRIBUTED, (SYSTEM,), "saving_distribution"),
    Transition(DISTRIBUTED, "reopen", REOPENED, (BUREAU,), "saving_claw_back", persons=2),
    Transition(REOPENED, "claw_back", CLAWED_BACK, (BUREAU,), "saving_reverification", persons=2, stops=True),
    Transition(REOPENED, "uphold", DISTRIBUTED, (BUREAU,), "saving_reverification", persons=2, stops=True),
    *(
        Transition(state, "void", VOID, (BUREAU,), "")
        for state in (OPEN, DRAFTED, SUBMITTED, RETURNED, VERIFIED, DISPUTED)
    ),
    *(
        each
        for state in (DRAFTED, SUBMITTED, RETURNED, VERIFIED)
        for each in (
            Transition(state, "merge", MERGED, (SYSTEM,), ""),
            Transition(state, "give_up", GIVEN_UP, (USER, FIRM), "", persons=2),
        )
    ),
)
CLOCKS = {
    "saving_draft": (5, "working_days"),
    "saving_submission": (10, "working_days"),
    "saving_verification": (20, "working_days"),
    "saving_objection": (10, "working_days"),
    "saving_reverification": (20, "working_days"),
    "saving_distribution": (5, "working_days"),
    "saving_claw_back": (2, "years"),
}
"""What the pack states for each clock where it has nothing better; all demonstrations."""


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody's act on a report: its role, and how many different persons agreed so far, itself included."""

    name: str
    role: str
    persons: int = 1


@dataclass(frozen=True, slots=True)
class Standing:
    """What the rules ask about a report: its contract's phase, its verifier, what is disputed, which clocks are over.

    `related`: the verifier is a party or related to one on the signing date; `same_verifier`: who re-verifies verified
    before; `undisputed_litres`: what may be distributed of it while the rest is disputed.
    """

    phase: str = "operation"
    related: bool = False
    same_verifier: bool = False
    undisputed_litres: int = 0
    clock_over: bool = False


def transition(state: str, act: str) -> Transition:
    """The row of the table. Errors: NotAllowed("act")."""
    for each in TABLE:
        if each.state == state and each.act == act:
            return each
    raise NotAllowed("act", f"a report that is {state} knows no {act}")


def next_state(state: str, act: Act, standing: Standing) -> str:
    """The state after an act. Errors: NotAllowed, its code the rule: act, role, persons, phase, related, same_verifier,
    too_early, too_late, disputed.
    """
    row = transition(state, act.name)
    if act.role not in row.who and not (row.silence and standing.clock_over and act.role == SYSTEM):
        raise NotAllowed("role", f"{act.name} is not for a {act.role}")
    if standing.phase != "operation" and act.name == "draft":
        raise NotAllowed("phase", "only operation earns: no report in another phase")
    if act.role == VERIFIER and standing.related:
        raise NotAllowed("related", "a verifier is no party and not related to one")
    if act.name == "re_verify" and standing.same_verifier:
        raise NotAllowed("same_verifier", "another verifier re-verifies")
    if act.name == "object" and standing.clock_over:
        raise NotAllowed("too_late", "the time to object is over")
    if act.name == "reopen" and standing.clock_over:
        raise NotAllowed("too_late", "the time to reopen is over")
    if act.name == "distribute" and not standing.clock_over:
        raise NotAllowed("too_early", "the time to object is not over")
    if act.name == "distribute_undisputed" and standing.undisputed_litres <= 0:
        raise NotAllowed("disputed", "nothing of it is undisputed")
    if act.persons < row.persons and not (row.silence and standing.clock_over):
        return _waiting(row)
    return row.to


def _waiting(row: Transition) -> str:
    """Where fewer persons agreed than must, nothing has changed yet."""
    return row.state
