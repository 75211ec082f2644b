"""Who may call what: supervision."""

from __future__ import annotations

from market.api.permissions.rules import BUREAU, HOLDERS, PARTICIPANTS, PUBLIC, Rule, read, write

DESKS = ("registrar", "reviewer", "supervisor")
"""Whose members decide at a desk; which desk is whose, and who stands in there, the use case checks."""

ROUTES: dict[str, Rule] = {
    # the audit trail
    "trail.list_heads": Rule(PUBLIC),
    "trail.list_entries": read("supervisor"),
    "trail.export": read("supervisor"),
    "trail.get_sign_in": read("supervisor"),
    # the desks
    "desk_reviews.queue": read(*DESKS),
    "desk_reviews.get": read(*DESKS),
    "desk_reviews.decide": write(*DESKS, key="http"),
    "desk_reviews.give_back": write(*DESKS),
    "desk_reviews.recuse": write(*DESKS),
    "desk_reviews.open_hearing": write(*DESKS),
    "desk_reviews.close_hearing": write(*DESKS),
    "desk_reviews.archived": read(*DESKS),
    "desk_reviews.answer_objection": write(*DESKS),
    "published_reviews.list_published": read(also=BUREAU | PARTICIPANTS),
    "published_reviews.object_to": write(also=HOLDERS),
    "desk_interests.list_interests": read(*DESKS, owns="self"),
    "desk_interests.declare": write(*DESKS),
    "desk_interests.strike_off": write("supervisor"),
    "desk_deputies.list_deputies": read(*DESKS),
    "desk_deputies.appoint": write("supervisor"),
    "desk_deputies.revoke": write("supervisor"),
    # notices, complaints
    "notices.list_notices": read(*DESKS, also=PARTICIPANTS, owns="self"),
    "notices.get": read(*DESKS, also=PARTICIPANTS, owns="notice"),
    "notices.serve": write(*DESKS),
    "notice_pages.notice": Rule(PARTICIPANTS | {*DESKS, "auditor"}, "notice", page=True),
    "notice_pages.notice_pdf": Rule(PARTICIPANTS | {*DESKS, "auditor"}, "notice", page=True),
    "complaints.list_complaints": read("supervisor", also=PARTICIPANTS, owns="self"),
    "complaints.file": write(also=PARTICIPANTS, owns="self"),
    "complaints.get_complaint": read("supervisor", also=PARTICIPANTS, owns="complaint"),
    "complaints.withdraw": write(also=PARTICIPANTS, owns="complaint"),
    # where something stands
    "standing.of_trade": read("supervisor", "reviewer", also=HOLDERS, owns="trade"),
    "standing.of_right": read("registrar", "reviewer", "supervisor", also=HOLDERS, owns="entitlement"),
    "standing.of_deal": read("registrar", "reviewer", "supervisor", also=HOLDERS, owns="negotiation"),
    "standing.of_contract": read("registrar", "supervisor", also=PARTICIPANTS, owns="saving_contract"),
}
