"""Acts on alerts, cases, marks and decisions that move prices, and on appeals against the credit record."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.web import asking
from market.web.bureau import frame
from market.web.bureau.acts import LEGAL_SOURCE, OTHER_SOURCE, REASON, Act, Ask, Told, Values, plain
from market.web.forms import Typed
from market.web.spoken import either, instant
from market.web.words import word

DETECTORS = (
    "wash_trade",
    "related_parties",
    "layering",
    "marking_the_close",
    "price_outlier",
    "zero_price",
    "concentration_of_rights",
    "concentration_of_orders",
    "hoarding",
    "selling_over_plan",
    "unpublished_announcement",
)
CASE = "/cases/<cas:case_id>"
BACK = "/desk/cases/{case_id}"
_PARTIES = Ask(
    "participant_ids", _l("Participants"), "many", _l("Their numbers, blanks between them."), required=False
)
_ALERTS = Ask("alert_ids", _l("Alerts"), "many", _l("Their numbers, blanks between them."), required=False)


def supervisors() -> list[tuple[str, object]]:
    """Who may handle a case."""
    return [
        (each["id"], each["name"] or "–")
        for each in asking.pages("/v1/colleagues")
        if "supervisor" in each["roles"]
    ]


def _alert(numbers: Typed, _typed: Typed) -> Told:
    found = asking.get(f"/v1/alerts/{numbers['alert_id']}")
    names = frame.parties(found["participant_ids"])
    return Told(
        facts=[
            (gettext("Alert"), either(found, "title")),
            (gettext("Against"), ", ".join(names[each] for each in found["participant_ids"])),
            *((either(each, "text"), each["value"]) for each in found["figures"]),
        ],
        says=[gettext("The alert is closed with your reason. The same facts raise no new one.")],
        sources=[found["rule"]],
    )


def _case(*says: object) -> Callable[[Typed, Typed], Told]:
    def tells(numbers: Typed, _typed: Typed) -> Told:
        found = asking.get(f"/v1/cases/{numbers['case_id']}")
        names = frame.parties(found["participant_ids"])
        return Told(
            facts=[
                (gettext("Case"), f"{found['number']} · {found['title']}"),
                (gettext("About"), ", ".join(names.values()) or "–"),
                (gettext("Opened"), instant(found["opened_at"])),
            ],
            says=list(says),
        )

    return tells


def _close(numbers: Typed, typed: Typed) -> Told:
    told: Told = _case()(numbers, typed)
    told.facts.append((gettext("Outcome"), word(f"case_{typed['outcome']}")))
    if typed["outcome"] == "founded":
        told.facts.append(
            (gettext("Finding"), word(f"finding_{typed.get('finding', '')}") if typed.get("finding") else "–")
        )
        told.says += [
            gettext(
                "The finding takes points from the credit record of whom it names, by the county's rule."
            ),
            gettext("They are told, and may appeal; the public sees the entry without personal data."),
        ]
    elif typed["outcome"] == "referred":
        told.facts.append((gettext("To which authority"), typed.get("referred_to") or "–"))
        told.says.append(gettext("The case is closed here; the authority named takes it over."))
    else:
        told.says.append(gettext("The case is closed without consequences for anybody."))
    return told


def _evidence(act: Act, typed: Typed) -> Values:
    """One thing by its id, or the hash of a document."""
    names = {"ord": "order_id", "trd": "trade_id", "ent": "entitlement_id", "wac": "water_account_id"}
    thing = typed.get("thing", "")
    return {names.get(thing[:3], "sha256"): thing, "description": typed.get("description", "")}


ACTS = (
    Act(
        "alerts.dismiss",
        "/alerts/<alr:alert_id>/dismiss",
        _l("Dismiss the alert"),
        _l("The alert is dismissed."),
        tells=_alert,
        back="/desk/alerts/{alert_id}",
        then="/desk/alerts",
    ),
    Act(
        "cases.open_case",
        "/cases",
        _l("Open a case"),
        _l("The case is open."),
        signs=(
            Ask("title", _l("What it is called")),
            _ALERTS,
            _PARTIES,
            Ask(
                "user_ids",
                _l("People of the bureau"),
                "many",
                required=False,
                choices=lambda: list(frame.colleagues().items()),
            ),
            REASON,
        ),
        tells=lambda _n, _t: Told(
            says=[
                _l("The alerts named become part of the case, and whom they name."),
                _l("You handle it until it is assigned."),
                _l("Nobody whom it names may handle it."),
            ]
        ),
        then="/desk/cases/{id}",
        back="/desk/cases",
    ),
    Act(
        "cases.assign",
        f"{CASE}/assign",
        _l("Assign the case"),
        _l("The case is assigned."),
        signs=(Ask("user_id", _l("To whom"), "choice", choices=supervisors), REASON),
        tells=_case(),
        back=BACK,
    ),
    Act(
        "cases.note",
        f"{CASE}/notes",
        _l("Write a note"),
        _l("The note is written."),
        signs=(Ask("text", _l("Note"), "words"),),
        tells=_case(),
        back=BACK,
    ),
    Act(
        "cases.add_alerts",
        f"{CASE}/alerts",
        _l("Add alerts"),
        _l("The alerts are part of the case."),
        signs=(Ask("alert_ids", _l("Alerts"), "many", _l("Their numbers, blanks between them.")), REASON),
        tells=_case(),
        back=BACK,
    ),
    Act(
        "cases.name",
        f"{CASE}/name",
        _l("Name whom it is about"),
        _l("They are named."),
        signs=(
            _PARTIES,
            Ask(
                "user_ids",
                _l("People of the bureau"),
                "many",
                required=False,
                choices=lambda: list(frame.colleagues().items()),
            ),
            REASON,
        ),
        tells=_case(_l("None of them handles the case from then on.")),
        back=BACK,
    ),
    Act(
        "cases.add_evidence",
        f"{CASE}/evidence",
        _l("Add evidence"),
        _l("The evidence is added."),
        signs=(
            Ask(
                "thing",
                _l("What it is"),
                hint=_l(
                    "The number of an order, trade, right or water account, or the SHA-256 of a document."
                ),
            ),
            Ask("description", _l("What it shows"), "words"),
        ),
        tells=_case(),
        body=_evidence,
        back=BACK,
    ),
    Act(
        "cases.close",
        f"{CASE}/close",
        _l("Close the case"),
        _l("The case is closed."),
        danger=True,
        asks=(
            Ask(
                "outcome",
                _l("Outcome"),
                "choice",
                choices=lambda: [
                    (each, word(f"case_{each}")) for each in ("founded", "unfounded", "referred")
                ],
            ),
            Ask(
                "finding",
                _l("Finding"),
                "choice",
                _l("Where it is founded."),
                required=False,
                choices=lambda: [(each, word(f"finding_{each}")) for each in (*DETECTORS, "other")],
            ),
            Ask(
                "participant_ids",
                _l("Against whom"),
                "many",
                _l("Nobody named: all whom the case is about."),
                required=False,
            ),
            Ask("referred_to", _l("To which authority"), hint=_l("Where it is referred."), required=False),
        ),
        signs=(REASON, LEGAL_SOURCE),
        tells=_close,
        back=BACK,
    ),
    Act(
        "appeals.grant",
        "/credit-appeals/<apl:credit_appeal_id>/grant",
        _l("Grant the appeal"),
        _l("The appeal is granted."),
        signs=(REASON, OTHER_SOURCE),
        back="/desk/cases",
        tells=lambda _n, _t: Told(
            says=[_l("The entry is withdrawn from the credit record; the points come back.")]
        ),
    ),
    Act(
        "appeals.reject",
        "/credit-appeals/<apl:credit_appeal_id>/reject",
        _l("Reject the appeal"),
        _l("The appeal is rejected."),
        signs=(REASON, OTHER_SOURCE),
        back="/desk/cases",
        tells=lambda _n, _t: Told(says=[_l("The entry stands.")]),
    ),
    Act(
        "credit.record",
        "/credit-entries",
        _l("Enter into the credit record"),
        _l("The entry is made."),
        asks=(Ask("participant_id", _l("Participant"), "find", frame.WHO, finds=frame.found_anybody),),
        signs=(
            Ask(
                "kind",
                _l("Kind"),
                "choice",
                choices=lambda: [
                    (each, word(f"credit_{each}"))
                    for each in (
                        "commendation",
                        "breach",
                        "false_statement",
                        "late_payment",
                        "late_report",
                        "other",
                    )
                ],
            ),
            Ask("points", _l("Points"), "count", _l("Above zero for what is good.")),
            Ask("expires_on", _l("Until"), "day"),
            REASON,
            LEGAL_SOURCE,
        ),
        body=lambda act, typed: (
            plain(act, typed)
            | ({"points": int(typed["points"])} if typed.get("points", "").lstrip("-").isdecimal() else {})
        ),
        tells=lambda _n, typed: Told(
            facts=[(_l("Participant"), frame.party(typed["participant_id"]))],
            says=[_l("The entry stands in the participant's credit record until that day; it may appeal.")],
        ),
        back="/desk/cases",
    ),
    Act(
        "credit.withdraw",
        "/credit-entries/<cre:credit_entry_id>/withdraw",
        _l("Withdraw the entry"),
        _l("The entry is withdrawn."),
        back="/desk/participants",
        then="/desk/participants/{participant_id}",
        tells=lambda _n, _t: Told(
            says=[_l("The entry counts no more and its points come back; that it was made stays on record.")]
        ),
    ),
    Act(
        "surveillance.record_decision",
        "/price-decisions",
        _l("Record a decision that is not public yet"),
        _l("The decision is recorded."),
        signs=(
            Ask("subject", _l("What is decided")),
            Ask(
                "moves",
                _l("Prices will"),
                "choice",
                choices=lambda: [("up", _l("rise")), ("down", _l("fall"))],
            ),
            Ask(
                "product_ids",
                _l("Products"),
                "many",
                choices=lambda: [(each["id"], each["code"]) for each in frame.products()],
            ),
            Ask(
                "insider_ids",
                _l("Participants who know of it"),
                "many",
                _l("Their numbers, blanks between them."),
                required=False,
            ),
            Ask("decided_at", _l("Decided"), "instant"),
        ),
        tells=lambda _n, _t: Told(says=[_l("Until it is published, surveillance watches who trades on it.")]),
        back="/desk/alerts",
    ),
    Act(
        "surveillance.publish_decision",
        "/price-decisions/<pdc:price_decision_id>/publish",
        _l("Record that it is public"),
        _l("It is public."),
        signs=(),
        tells=lambda _n, _t: Told(says=[_l("From now on everybody may trade on it.")]),
        back="/desk/alerts",
    ),
)
