"""Acts of the registrar on rights: the procedure of an application, objections, changes, terms and ends."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.web import asking
from market.web.bureau import frame, subjects
from market.web.bureau.acts import OTHER_SOURCE, REASON, REMARK, Act, Ask, Told
from market.web.forms import Typed
from market.web.spoken import cubic

_RIGHT = "/entitlements/<ent:entitlement_id>"
BACK = "/desk/rights/{entitlement_id}"


def _told(*says: object) -> Callable[[Typed, Typed], Told]:
    def tells(numbers: Typed, typed: Typed) -> Told:
        found = asking.get(f"/v1/entitlements/{numbers['entitlement_id']}")
        sources = sorted({each["legal_source"] for each in found["clocks"]})
        facts = subjects.right(found)
        if typed.get(_TO.name):
            facts.append((_TO.label, frame.party(typed[_TO.name])))
        return Told(facts=facts, says=list(says), sources=sources, version=found["version"])

    return tells


def _of_objection(*says: object) -> Callable[[Typed, Typed], Told]:
    return lambda _numbers, _typed: Told(says=list(says))


def _step(
    endpoint: str,
    tail: str,
    title: object,
    done: object,
    *says: object,
    asks: tuple[Ask, ...] = (),
    signs: tuple[Ask, ...] = (REASON,),
    danger: bool = False,
) -> Act:
    return Act(
        endpoint,
        f"{_RIGHT}/{tail}",
        title,
        done,
        asks=asks,
        signs=signs,
        tells=_told(*says),
        back=BACK,
        danger=danger,
    )


_VOLUME = Ask(
    "volume", _l("New volume a year"), "number", _l("Only a smaller one."), _l("m³"), required=False
)
_TO = Ask("participant_id", _l("To which participant"), "find", frame.WHO, finds=frame.found_participants)


def _assessment(_numbers: Typed, typed: Typed) -> Told:
    who = frame.parties([typed["participant_id"]])[typed["participant_id"]]
    return Told(
        facts=[
            (gettext("Whose project"), who),
            (gettext("Project"), typed["project"]),
            (gettext("Number of the approval"), typed["number"]),
            (gettext("Who approved it"), typed["authority"]),
        ],
        figures=[(gettext("Approved volume a year"), cubic(typed["volume"]), "")],
        says=[gettext("Applications for a permit may name it from now on, up to this volume.")],
    )


ACTS = (
    _step(
        "life.accept",
        "accept",
        _l("Accept for decision"),
        _l("The application is accepted."),
        _l("The application is complete; the days of the decision run from today."),
        signs=(REMARK,),
    ),
    _step(
        "life.publish",
        "publish",
        _l("Publish for objection"),
        _l("The application is published."),
        _l(
            "It stands on the public board, the applicant's name "
            "masked; others may object within the days of the rule."
        ),
        signs=(REMARK,),
    ),
    _step(
        "entitlements.confirm",
        "confirm",
        _l("Confirm the right"),
        _l("It is confirmed, or proposed for a second person."),
        _l("The right gets its certificate number and takes part in announcements from now on."),
        _l("Where the rule asks two persons, the first only proposes."),
        signs=(REMARK,),
    ),
    _step(
        "entitlements.refuse",
        "refuse",
        _l("Refuse the application"),
        _l("It is refused, or proposed for a second person."),
        _l("The application ends without a right; the applicant is told why, and how to appeal."),
        danger=True,
    ),
    _step(
        "life.withdraw",
        "withdraw",
        _l("Record that it is withdrawn"),
        _l("The application is withdrawn."),
        _l("The application ends; objections that are not decided lapse."),
    ),
    _step(
        "life.open_hearing",
        "open-hearing",
        _l("Open a hearing"),
        _l("The hearing is open."),
        _l("The clocks stop until it is closed."),
    ),
    _step(
        "life.close_hearing",
        "close-hearing",
        _l("Close the hearing"),
        _l("The hearing is closed."),
        _l("The clocks go on."),
    ),
    _step(
        "life.open_dispute",
        "open-dispute",
        _l("Record a dispute"),
        _l("The dispute is recorded."),
        _l("The clocks stop until the dispute or lawsuit is settled."),
    ),
    _step(
        "life.close_dispute",
        "close-dispute",
        _l("Record that the dispute is settled"),
        _l("The dispute is settled."),
        _l("The clocks go on."),
    ),
    _step(
        "entitlements.suspend",
        "suspend",
        _l("Suspend the right"),
        _l("The right is suspended."),
        _l("Its water cannot be sold and it takes part in no announcement until it is reinstated."),
        danger=True,
    ),
    _step(
        "entitlements.reinstate",
        "reinstate",
        _l("Reinstate the right"),
        _l("The right is in force again."),
        _l("Its water can be sold again from now on."),
        signs=(REMARK,),
    ),
    _step(
        "life.ask_renewal",
        "ask-renewal",
        _l("Enter a request for renewal"),
        _l("The request is entered."),
        _l("The days of the decision run from today."),
        signs=(REMARK,),
    ),
    _step(
        "life.renew",
        "renew",
        _l("Renew the right"),
        _l("The right is renewed."),
        _l("The right goes on to the new last day."),
        signs=(Ask("valid_to", _l("New last day"), "day"), REASON),
    ),
    _step(
        "life.refuse_renewal",
        "refuse-renewal",
        _l("Refuse the renewal"),
        _l("The renewal is refused."),
        _l("The right ends with its term."),
        danger=True,
    ),
    _step(
        "life.excuse",
        "excuse",
        _l("Excuse that it is not used"),
        _l("The excuse is recorded."),
        _l("Until that day the right need not be used, and cannot be cancelled for it."),
        signs=(Ask("until", _l("Until"), "day"), REASON),
    ),
    _step(
        "life.cancel",
        "cancel",
        _l("Cancel the right"),
        _l("The right is cancelled."),
        _l(
            "The certificate is void from now on, and the right takes "
            "part in no announcement. This cannot be taken back."
        ),
        signs=(
            Ask(
                "grounds",
                _l("Grounds"),
                "choice",
                choices=lambda: [
                    ("unused", _l("not used for two years")),
                    ("given_up", _l("given up")),
                    ("withdrawn", _l("withdrawn by law")),
                ],
            ),
            REASON,
        ),
        danger=True,
    ),
    _step(
        "life.amend",
        "amend",
        _l("Change items of the right"),
        _l("The right is changed."),
        _l("The items are changed in place; the step stands in the history of the right."),
        signs=(
            _VOLUME,
            Ask("land_mu", _l("Land"), "number", unit=_l("mu"), required=False),
            Ask("basis", _l("Basis"), required=False),
            REASON,
            OTHER_SOURCE,
        ),
    ),
    _step(
        "life.transfer",
        "transfer",
        _l("Transfer the right"),
        _l("The right is transferred."),
        _l(
            "The right, or the part named, ends with its holder and begins "
            "anew with the other; water announced before stays where it is."
        ),
        asks=(_TO,),
        signs=(
            Ask("volume", _l("Only a part"), "number", unit=_l("m³"), required=False),
            REASON,
            OTHER_SOURCE,
        ),
        danger=True,
    ),
    Act(
        "life.uphold_objection",
        "/objections/<obj:objection_id>/uphold",
        _l("Uphold the objection"),
        _l("The objection is upheld."),
        tells=_of_objection(_l("The application can then only be refused.")),
        then="/desk/rights/{entitlement_id}",
        back="/desk/rights",
        danger=True,
    ),
    Act(
        "life.dismiss_objection",
        "/objections/<obj:objection_id>/dismiss",
        _l("Dismiss the objection"),
        _l("The objection is dismissed."),
        tells=_of_objection(
            _l("The application may be decided as if it had not been raised; the objector is told why.")
        ),
        then="/desk/rights/{entitlement_id}",
        back="/desk/rights",
    ),
    Act(
        "assessments.record",
        "/water-assessments",
        _l("Record a water-resource assessment"),
        _l("The assessment is recorded."),
        asks=(
            Ask("participant_id", _l("Whose project"), "find", frame.WHO, finds=frame.found_participants),
            Ask("project", _l("Project")),
            Ask("number", _l("Number of the approval")),
            Ask("authority", _l("Who approved it")),
            Ask("approved_on", _l("Approved on"), "day"),
            Ask("volume", _l("Approved volume a year"), "number", unit=_l("m³")),
        ),
        signs=(),
        tells=_assessment,
        back="/desk/assessments",
    ),
    Act(
        "life.expire",
        "/entitlements/expire",
        _l("End rights whose term is over"),
        _l("Rights whose term is over have ended."),
        signs=(),
        tells=lambda _n, _t: Told(
            says=[_l("Every right whose last day is past, and that nobody asked to renew in time, ends now.")]
        ),
        back="/desk/rights",
    ),
)
