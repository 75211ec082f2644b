"""Acts on participants: admission, suspension, who belongs with whom, mandates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.participants.privacy import UNMASKABLE
from market.supervision.watching.models import MARKS
from market.web import asking
from market.web.bureau import frame, subjects
from market.web.bureau.acts import REMARK, Act, Ask, Told, Values, plain
from market.web.bureau.user_acts import token
from market.web.forms import Typed
from market.web.words import word

PARTY = "/participants/<par:participant_id>"
BACK = "/desk/participants/{participant_id}"
FIELDS = tuple(str(each) for each in UNMASKABLE)


def of_party(*says: object) -> Callable[[Typed, Typed], Told]:
    """Who it is, and what an act makes of it."""

    def tells(numbers: Typed, _typed: Typed) -> Told:
        found = asking.get(f"/v1/participants/{numbers['participant_id']}")
        return Told(facts=subjects.participant(found), says=list(says), version=found["version"])

    return tells


def _suspend(numbers: Typed, typed: Typed) -> Told:
    told = of_party(
        _l("It cannot sign in, its API keys and mandates do nothing, and it places no orders."),
        _l("Its open orders are ended; their water and money are free again. What is under review goes on."),
    )(numbers, typed)
    if frame.may("interventions.preview_cancellation"):
        found = asking.send(
            "/v1/interventions/cancellations/preview",
            {"filter": {"participant_id": numbers["participant_id"]}},
        )
        told.figures.append((gettext("Open orders now"), found["orders"], ""))
    return told


def _unmask_body(act: Act, typed: Typed) -> Values:
    return plain(act, typed) | {"fields": typed.get("fields", "").split()}


def _unmasked(made: Mapping[str, Any]) -> str:
    """What was asked to be seen."""
    seen = [str(made[each]) for each in FIELDS if made.get(each)]
    return gettext("Shown to you, and recorded: %(what)s", what=" · ".join(seen) or "–")


ACTS = (
    Act(
        "unmaskings.unmask",
        f"{PARTY}/unmask",
        _l("See personal data for a purpose"),
        _l("It is recorded that you looked."),
        back=BACK,
        signs=(
            Ask(
                "fields",
                _l("What is to be seen"),
                "many",
                choices=lambda: [(each, word(f"field_{each}")) for each in FIELDS],
            ),
            Ask(
                "purpose",
                _l("For what"),
                "words",
                _l("It stands in the record, and whom it concerns reads it."),
            ),
            Ask(
                "legal_basis",
                _l("Legal basis"),
                hint=_l("A law with its article, or an order with its number."),
            ),
        ),
        body=_unmask_body,
        shown=_unmasked,
        tells=of_party(_l("What you see is told to the person, with your purpose and its legal basis.")),
    ),
    Act(
        "surveillance.record_mark",
        "/party-marks",
        _l("Record a mark for surveillance"),
        _l("The mark is recorded."),
        asks=(
            Ask("participant_id", _l("Participant"), "find", frame.WHO, finds=frame.found_anybody),
            Ask(
                "kind",
                _l("Kind"),
                "choice",
                choices=lambda: [(each, word(f"mark_of_{each}")) for each in MARKS],
            ),
            Ask("value", _l("What it is")),
            Ask("document", _l("Document"), hint=_l("Its number and day.")),
        ),
        signs=(),
        back="/desk/participants",
        then="/desk/participants/{participant_id}",
        tells=lambda _n, typed: of_party(
            _l(
                "Only a fingerprint of it is kept, to see whether two are one hand."
                " It takes the place of the one before."
            )
        )({"participant_id": typed["participant_id"]}, typed),
    ),
    Act(
        "sign_in.hand_over_at_counter",
        f"{PARTY}/password-reset",
        _l("Help with a forgotten password"),
        _l("The token is made."),
        back=BACK,
        signs=(Ask("login", _l("Login")), Ask("reason", _l("How it has shown who it is"), "words")),
        shown=token,
        tells=of_party(
            _l(
                "A token is shown, once, for you to hand over. With it the user sets a new password within a day."
            )
        ),
    ),
    Act(
        "participants.admit",
        f"{PARTY}/admit",
        _l("Admit"),
        _l("It is admitted."),
        back=BACK,
        signs=(REMARK, Ask("public_storage", _l("It keeps water for the public"), "tick")),
        tells=of_party(_l("Its money account is opened, and its users may sign in and trade what they may.")),
    ),
    Act(
        "participants.refuse",
        f"{PARTY}/refuse",
        _l("Refuse the applicant"),
        _l("The applicant is refused."),
        back=BACK,
        danger=True,
        tells=of_party(_l("Its users cannot sign in; it is told why, and how to appeal.")),
    ),
    Act(
        "participants.suspend",
        f"{PARTY}/suspend",
        _l("Suspend the participant"),
        _l("The participant is suspended."),
        back=BACK,
        danger=True,
        tells=_suspend,
    ),
    Act(
        "participants.reinstate",
        f"{PARTY}/reinstate",
        _l("Reinstate the participant"),
        _l("The participant may act again."),
        back=BACK,
        tells=of_party(_l("It may sign in and trade again; orders that were ended stay ended.")),
    ),
    Act(
        "participants.set_owner_group",
        f"{PARTY}/owner-group",
        _l("Say with whom it belongs"),
        _l("It is recorded."),
        back=BACK,
        signs=(
            Ask(
                "owner_id",
                _l("Owner"),
                hint=_l("The number of the participant with whom it belongs beneficially; empty: nobody."),
                required=False,
            ),
        ),
        tells=of_party(_l("The two never trade with each other from now on.")),
    ),
    Act(
        "participants.record_mandate",
        f"{PARTY}/mandates",
        _l("Record a mandate"),
        _l("The mandate is recorded."),
        back=BACK,
        signs=(
            Ask("clerk_login", _l("Login of who acts")),
            Ask(
                "scope",
                _l("For what"),
                "choice",
                choices=lambda: [(each, word(f"scope_of_{each}")) for each in ("read", "trade")],
            ),
            Ask("document", _l("Document"), hint=_l("Of the power of attorney.")),
            Ask("valid_from", _l("From"), "instant"),
            Ask("valid_to", _l("Until"), "instant"),
        ),
        tells=of_party(
            _l("That person may act for the participant within these days; everything names both.")
        ),
    ),
    Act(
        "participants.revoke_mandate",
        "/mandates/<man:mandate_id>/revoke",
        _l("Revoke the mandate"),
        _l("The mandate is revoked."),
        signs=(),
        tells=lambda _n, _t: Told(says=[_l("Within two seconds nobody acts under it any more.")]),
        then="/desk/participants/{participant_id}",
        back="/desk/participants",
    ),
)
