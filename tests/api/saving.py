"""Service firms and saving projects over HTTP, in short words."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import TYPE_CHECKING, Any

from market.core import audit, clock, db, ids
from market.demo import people
from market.participants import admission
from tests.api.market import credit_code

if TYPE_CHECKING:
    from tests.api.county import County

_numbers = itertools.count(5_000)


def admitted(county: County, name: str, *, kind: str, role: str) -> str:
    """A new participant with a user called `name`."""
    registrar = audit.Actor(user_id=county.id_of("registrar"), request_id="tests")
    number = next(_numbers)
    person = kind in admission.PERSONS
    with db.transaction(county.settings.url()) as session:
        made = admission.apply(
            session, actor=registrar, secret=county.settings.secret("identifier"), kind=kind, name=f"{name} {number}",
            identifier=people.identity_number(number) if person else credit_code(number), contact="",
            login=f"applicant-{name}-{number}", password="correct horse battery", user_name=name, roles=(role,),
        )  # fmt: skip
        admission.admit(session, actor=registrar, participant_id=made.id)
        participant = made.id
    county.user(name, role, participant)
    return ids.public("par", participant)


def firm_body(**other: Any) -> dict[str, Any]:
    """What a firm says of itself."""
    return {
        "about": "leak detection and drip irrigation", "contact": "0998-0000000", "works_in": ["irrigation", "leakage"],
        "staff": 40, "founded_on": "2015-06-01",
    } | other  # fmt: skip


def listed_firm(county: County, name: str) -> str:
    """A firm that the bureau has listed; its user is called `name`."""
    admitted(county, name, kind="service_firm", role="firm")
    found: str = county.post(name, "/firm-registrations", firm_body())["id"]
    county.post("registrar", f"/firm-registrations/{found}/list", {"reason": "papers checked"})
    return found


def paper(**other: Any) -> dict[str, Any]:
    """A graded qualification that is valid for a year."""
    today = clock.today()
    return {
        "kind": "grade", "name": "AAA water-saving service firm", "number": f"AAA-{next(_numbers)}", "issuer": "CWEA",
        "valid_from": (today - dt.timedelta(days=30)).isoformat(),
        "valid_to": (today + dt.timedelta(days=330)).isoformat(),
    } | other  # fmt: skip


def project_body(participant: str, **other: Any) -> dict[str, Any]:
    """A call of a school for a month."""
    return {
        "participant_id": participant, "kind": "public_institution", "title": "A school's pipes",
        "description": "two dormitories and a canteen", "township": "653123101", "use": "120000", "longest_months": 96,
        "closes_at": (clock.now() + dt.timedelta(days=30)).isoformat(),
    } | other  # fmt: skip


def proposal_body(**other: Any) -> dict[str, Any]:
    """Benefit sharing, ninety to ten."""
    return {
        "mode": "sharing", "saving": "40000", "investment": "300000.00", "share": "0.9", "term_months": 60,
        "measures": "new valves, a ring main, sub-meters",
    } | other  # fmt: skip


def point_body(participant: str, **other: Any) -> dict[str, Any]:
    """A meter of two per cent that began a month ago at 100 m3."""
    return {
        "participant_id": participant, "name": "main", "serial": f"M-{next(_numbers)}", "accuracy_class": "0.02",
        "starts_on": (clock.today() - dt.timedelta(days=30)).isoformat(), "start": "100",
    } | other  # fmt: skip


def furnish(county: County) -> None:
    """A firm, a project and a proposal of mine and of the neighbour's, each proposed to the other."""
    from market.contracts import firms
    from market.participants.models import Participant

    for things, name in ((county.mine, "mine"), (county.theirs, "theirs")):
        number = ids.parse("par", things["participant"])
        registrar = audit.Actor(user_id=county.id_of("registrar"), request_id="tests")
        with db.transaction(county.settings.url()) as session:
            who = session.get_one(Participant, number)
            kind, who.kind = who.kind, "service_firm"  # mine is everything at once
            session.flush()
            about = firm_body(founded_on=dt.date(2015, 6, 1))
            made = firms.register(session, actor=registrar, participant_id=number, **about)
            firms.decide(session, actor=registrar, firm_id=made.id, act="list", reason="tests")
            who.kind = kind
            things["firm"] = ids.public("frm", made.id)
        county.user(f"{name}-firm", "firm", number)
        things["project"] = county.post(name, "/projects", project_body(things["participant"]))["id"]
    for things, name in ((county.mine, "mine"), (county.theirs, "theirs")):
        things["point"] = county.post(name, "/measuring-points", point_body(things["participant"]))["id"]
        below = point_body(things["participant"], parent_id=things["point"])
        county.post(name, "/measuring-points", below)
        body = {"read_on": clock.today().isoformat(), "counter": "120.5"}
        things["point_reading"] = county.post(name, f"/measuring-points/{things['point']}/readings", body)[
            "id"
        ]
        night = {"nights": [{"night_on": clock.today().isoformat(), "flow": "4.2", "pressure": "38"}]}
        made = county.post(name, f"/measuring-points/{things['point']}/nights", night)
        things["point_night"] = made["data"][0]["id"]
    for things, name, other in ((county.mine, "mine", county.theirs), (county.theirs, "theirs", county.mine)):
        path = f"/projects/{other['project']}/proposals"
        things["proposal"] = county.post(f"{name}-firm", path, proposal_body())["id"]
