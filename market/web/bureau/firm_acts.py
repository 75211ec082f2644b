"""Acts on service firms: the directory, and their qualifications."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import lazy_gettext as _l

from market.web import asking
from market.web.bureau import subjects
from market.web.bureau.acts import Act, Told
from market.web.forms import Typed

FIRM, PAPER = "/firm-registrations/<frm:firm_id>", "/firm-qualifications/<fql:firm_qualification_id>"
BACK = "/desk/firms/{firm_id}"


def _of_firm(*says: object) -> Callable[[Typed, Typed], Told]:
    def tells(numbers: Typed, _typed: Typed) -> Told:
        found = asking.get(f"/v1/firm-registrations/{numbers['firm_id']}")
        return Told(facts=subjects.firm(found), says=list(says))

    return tells


ACTS = (
    Act(
        "firm_registrations.enlist",
        f"{FIRM}/list",
        _l("Enter the firm in the directory"),
        _l("It is entered, or proposed for a second person."),
        tells=_of_firm(_l("The firm stands in the public directory and may propose projects.")),
        back=BACK,
    ),
    Act(
        "firm_registrations.refuse",
        f"{FIRM}/refuse",
        _l("Refuse the firm"),
        _l("It is refused, or proposed for a second person."),
        tells=_of_firm(_l("The firm does not come into the directory; it is told why.")),
        back=BACK,
        danger=True,
    ),
    Act(
        "firm_registrations.suspend",
        f"{FIRM}/suspend",
        _l("Take the firm out for a time"),
        _l("The firm is suspended."),
        tells=_of_firm(
            _l("The firm stands in the directory no more and proposes no new projects; its contracts go on.")
        ),
        back=BACK,
        danger=True,
    ),
    Act(
        "firm_registrations.confirm_qualification",
        f"{PAPER}/confirm",
        _l("Confirm the qualification"),
        _l("The qualification is confirmed."),
        tells=lambda _n, _t: Told(says=[_l("It stands in the public directory as checked.")]),
        back="/desk/firms",
    ),
    Act(
        "firm_registrations.refuse_qualification",
        f"{PAPER}/refuse",
        _l("Refuse the qualification"),
        _l("The qualification is refused."),
        tells=lambda _n, _t: Told(says=[_l("It does not stand in the directory; the firm is told why.")]),
        back="/desk/firms",
    ),
)
