"""Acts on a matter before a desk: deciding it, returning it, standing aside, hearings, objections, deputies."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.web import asking
from market.web.bureau import frame, subjects
from market.web.bureau.acts import OTHER_SOURCE, REASON, REMARK, Act, Ask, Told
from market.web.forms import Typed
from market.web.spoken import cubic, either, yuan
from market.web.words import word

BACK = "/desk/reviews/{desk_review_id}"
DESKS = ("trades", "rights", "contracts", "supervision")


def decisions() -> list[tuple[str, object]]:
    """What can be decided."""
    return [("approved", _l("Approve")), ("refused", _l("Refuse"))]


def desks() -> list[tuple[str, object]]:
    """The desks of the bureau."""
    return [(each, word(f"desk_{each}")) for each in DESKS]


def people() -> list[tuple[str, object]]:
    """The people of the bureau."""
    return list(frame.colleagues().items())


def file(numbers: Typed) -> tuple[dict[str, object], list[tuple[object, object]]]:
    """A file, and the facts of its matter."""
    found = asking.get(f"/v1/desk-reviews/{numbers['desk_review_id']}")
    names = frame.parties(found["participant_ids"])
    shown: list[tuple[object, object]] = [
        (gettext("Matter"), either(found, "kind")),
        (gettext("Parties"), ", ".join(names[each] for each in found["participant_ids"]) or "–"),
    ]
    return found, [*shown, *subjects.facts(found["subject_id"])]


def _decide(numbers: Typed, typed: Typed) -> Told:
    found, facts = file(numbers)
    approved, rule = typed.get("decision") == "approved", found["rule"]
    told = Told(facts=facts, sources=[rule["legal_source"]])  # type: ignore[index]
    if rule["four_eyes"] and not found["proposed"]:  # type: ignore[index]
        told.says.append(
            gettext(
                "The rule asks two persons: you propose to approve. "
                "Nothing happens until another decides the same."
            )
            if approved
            else gettext(
                "The rule asks two persons: you propose to refuse. "
                "Nothing happens until another decides the same."
            )
        )
        told.says.append(gettext("When the second person has confirmed:"))
    elif found["proposed"]:
        who = frame.colleagues().get(str(found["proposed_by_id"]), "–")
        told.says.append(
            gettext("You confirm as the second person what %(who)s proposed. It is done at once.", who=who)
        )
    told.says += _effects(found, approved)
    told.says.append(
        gettext("The decision goes to the parties in writing, with your reason, and how to appeal.")
    )
    if found["volume"]:
        told.figures.append((gettext("Volume"), cubic(found["volume"]), ""))
    if found["amount"]:
        told.figures.append((gettext("Amount"), yuan(found["amount"]), ""))
    return told


def _effects(found: dict[str, object], approved: bool) -> list[str]:
    """What a decision does, by the kind of the matter."""
    if found["kind"] == "instruction":
        if approved:
            return [gettext("The water goes to the buyer and the money to the seller, at once and whole.")]
        return [
            gettext("Water, money and headroom are free again for their owners."),
            gettext("The orders are not revived; the parties may place new ones."),
        ]
    if found["kind"] == "call":
        return [
            gettext("All fills of the auction settle, or none.")
            if approved
            else gettext("No fill of the auction settles; all that was held is free again.")
        ]
    if found["kind"] == "entitlement":
        return [
            gettext("The right is confirmed, gets its certificate number and takes part in announcements.")
            if approved
            else gettext("The application ends without a right.")
        ]
    if found["kind"] == "firm":
        return [
            gettext("The firm stands in the public directory and may propose projects.")
            if approved
            else gettext("The firm does not come into the directory.")
        ]
    if found["kind"] == "complaint":
        return [
            gettext("The complaint is upheld; whoever decided then has to decide anew.")
            if approved
            else gettext("The complaint is dismissed.")
        ]
    return [
        gettext("What was applied for is granted and takes effect at once.")
        if approved
        else gettext("What was applied for is not granted; what was held is free again.")
    ]


def _of_file(*says: object) -> Callable[[Typed, Typed], Told]:
    def tells(numbers: Typed, _typed: Typed) -> Told:
        found, facts = file(numbers)
        return Told(facts=facts, says=list(says), sources=[found["rule"]["legal_source"]])  # type: ignore[index]

    return tells


_DECISION = Ask("decision", _l("Decision"), "choice", choices=decisions)
_FILE = "/desk-reviews/<rvw:desk_review_id>"
ACTS = (
    Act(
        "desk_reviews.decide",
        f"{_FILE}/decide",
        _l("Decide"),
        _l("It is decided, or proposed for a second person."),
        asks=(_DECISION,),
        signs=(REASON, OTHER_SOURCE),
        tells=_decide,
        back=BACK,
    ),
    Act(
        "desk_reviews.give_back",
        f"{_FILE}/return",
        _l("Return the proposal"),
        _l("The proposal is returned."),
        tells=_of_file(_l("What the first person proposed is dropped; the matter waits for a new proposal.")),
        back=BACK,
    ),
    Act(
        "desk_reviews.recuse",
        f"{_FILE}/recuse",
        _l("Stand aside"),
        _l("You stand aside in this matter."),
        tells=_of_file(
            _l(
                "You decide nothing in this matter from now on; a "
                "colleague or a deputy does. This cannot be taken back."
            )
        ),
        back=BACK,
        danger=True,
    ),
    Act(
        "desk_reviews.open_hearing",
        f"{_FILE}/hearings",
        _l("Open a hearing"),
        _l("The hearing is open."),
        tells=_of_file(
            _l(
                "The parties are told. Where the rule says so, the clock "
                "stands still until the hearing is closed with its record."
            )
        ),
        back=BACK,
    ),
    Act(
        "desk_reviews.close_hearing",
        "/hearings/<hrg:hearing_id>/close",
        _l("Close the hearing"),
        _l("The hearing is closed."),
        signs=(Ask("record", _l("Record of the hearing"), "words"),),
        then="/desk/reviews/{review_id}",
    ),
    Act(
        "desk_reviews.answer_objection",
        "/review-objections/<rob:review_objection_id>/answer",
        _l("Answer the objection"),
        _l("The objection is answered."),
        signs=(Ask("answer", _l("Answer"), "words"),),
        then="/desk/reviews/{review_id}",
    ),
    Act(
        "desk_interests.declare",
        "/desk-interests",
        _l("Declare an interest"),
        _l("The interest is declared."),
        asks=(Ask("participant_id", _l("Participant"), "find", frame.WHO, finds=frame.found_anybody),),
        signs=(
            Ask(
                "relation",
                _l("Relation"),
                "choice",
                choices=lambda: [
                    (each, word(f"relation_{each}"))
                    for each in ("own", "household", "kin", "employment", "other")
                ],
            ),
        ),
        tells=lambda _n, typed: Told(
            facts=[(_l("Participant"), frame.party(typed["participant_id"]))],
            says=[_l("You decide nothing that concerns this participant, or whom it belongs with.")],
            sources=["行政许可法 art. 72"],
        ),
        back="/desk/people",
    ),
    Act(
        "desk_interests.strike_off",
        "/desk-interests/<itr:desk_interest_id>/strike-off",
        _l("Strike the interest off"),
        _l("The interest is struck off."),
        signs=(),
        back="/desk/people",
        tells=lambda _n, _t: Told(
            says=[_l("The colleague may again decide on matters of this participant.")]
        ),
    ),
    Act(
        "desk_deputies.appoint",
        "/desk-deputies",
        _l("Appoint a deputy"),
        _l("The deputy is appointed."),
        signs=(
            Ask("desk", _l("Desk"), "choice", choices=desks),
            Ask("member_id", _l("For whom"), "choice", choices=people),
            Ask("deputy_id", _l("Who stands in"), "choice", choices=people),
            Ask("from_on", _l("From"), "day"),
            Ask("to_on", _l("Until, that day included"), "day"),
            REASON,
        ),
        tells=lambda _n, _t: Told(
            says=[
                _l(
                    "On these days the deputy decides at the desk "
                    "in the member's place; the record names both."
                )
            ]
        ),
        back="/desk/people",
    ),
    Act(
        "desk_deputies.revoke",
        "/desk-deputies/<dpt:desk_deputy_id>/revoke",
        _l("End the deputy's days"),
        _l("The deputy no longer stands in."),
        signs=(),
        back="/desk/people",
        tells=lambda _n, _t: Told(says=[_l("The deputy decides nothing at this desk from now on.")]),
    ),
    Act(
        "notices.serve",
        "/notices/<ntc:notice_id>/services",
        _l("Record a service on paper"),
        _l("The service is recorded."),
        asks=(Ask("participant_id", _l("On whom"), "find", frame.WHO, finds=frame.found_anybody),),
        signs=(
            Ask(
                "how",
                _l("How"),
                "choice",
                choices=lambda: [
                    (each, word(f"served_{each}")) for each in ("in_person", "post", "left_with", "public")
                ],
            ),
            Ask("served_on", _l("Served on"), "day"),
            Ask("received_by", _l("Received by")),
        ),
        tells=lambda _n, typed: Told(
            facts=[(_l("On whom"), frame.party(typed["participant_id"]))],
            says=[_l("The days to appeal are counted from this service.")],
        ),
        back="/desk",
    ),
    # matters of procedures of their own
    Act(
        "pledges.register",
        "/pledges/<plg:pledge_id>/register",
        _l("Register the pledge"),
        _l("The pledge is registered."),
        signs=(REMARK,),
        tells=lambda n, _t: Told(
            facts=subjects.facts(n["pledge_id"]),
            says=[_l("The pledged water is held for the bank from now on; its owner cannot sell it.")],
        ),
        back="/desk",
    ),
    Act(
        "pledges.refuse",
        "/pledges/<plg:pledge_id>/refuse",
        _l("Refuse the pledge"),
        _l("The pledge is refused."),
        tells=lambda n, _t: Told(
            facts=subjects.facts(n["pledge_id"]), says=[_l("Nothing is held; both are told why.")]
        ),
        back="/desk",
    ),
    Act(
        "saving_reports.name_verifier",
        "/saving-reports/<srp:report_id>/name-verifier",
        _l("Name a verifier"),
        _l("The verifier is named."),
        signs=(Ask("verifier_id", _l("Verifier"), "choice", choices=lambda: verifiers()),),
        tells=lambda n, _t: Told(
            facts=subjects.facts(n["report_id"]),
            says=[
                _l(
                    "This verifier, independent of both parties, verifies the "
                    "disputed report anew; the clock of the re-verification starts."
                )
            ],
        ),
        back="/desk",
    ),
    Act(
        "claw_backs.decide",
        "/claw-backs/<clb:claw_back_id>/decide",
        _l("Decide on the claw-back"),
        _l("It is decided."),
        asks=(
            Ask(
                "decision",
                _l("Decision"),
                "choice",
                choices=lambda: [("claw_back", _l("Claw back")), ("uphold", _l("Uphold the saving"))],
            ),
        ),
        signs=(),
        danger=True,
        tells=lambda n, t: Told(
            facts=subjects.facts(n["claw_back_id"]),
            says=[
                _l(
                    "Money and water are taken back in the order of the rule: "
                    "what is not yet distributed, deposits, then what stays owed."
                )
                if t.get("decision") == "claw_back"
                else _l("The saving stays as it was verified; nothing is taken back.")
            ],
        ),
        back="/desk",
    ),
    Act(
        "deliveries.approve_refund",
        "/deliveries/<dlv:delivery_id>/approve-refund",
        _l("Approve the refund"),
        _l("The refund is paid."),
        signs=(),
        danger=True,
        back="/desk",
        tells=lambda n, _t: Told(
            facts=subjects.facts(n["delivery_id"]),
            says=[
                _l(
                    "The seller gives back the money for the water that "
                    "did not arrive, and gets that water back, at once."
                )
            ],
        ),
    ),
    Act(
        "deliveries.decline_refund",
        "/deliveries/<dlv:delivery_id>/decline-refund",
        _l("Decline the refund"),
        _l("The refund is declined."),
        signs=(),
        back="/desk",
        tells=lambda n, _t: Told(facts=subjects.facts(n["delivery_id"]), says=[_l("No money moves.")]),
    ),
)


def verifiers() -> list[tuple[str, object]]:
    """Admitted verifiers."""
    found = asking.pages("/v1/participants", kind="verifier", status="admitted")
    return [(each["id"], each["name"] or frame.short(each["id"])) for each in found]
