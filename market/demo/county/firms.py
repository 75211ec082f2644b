"""Eighth chapter: service firms with papers and a credit record, calls for saving projects and proposals."""

from __future__ import annotations

import datetime as dt
from typing import Any

from market.core import clock
from market.demo import people
from market.demo.client import Caller
from market.demo.county import folk
from market.demo.county.register import admitted
from market.demo.county.season import Season

FIRST_CODE = 2_000
"""From which made-up credit code on service firms have theirs."""
KINDS = ("irrigation", "public_institution", "industry", "leakage", "services", "public_building")
ABOUT = (
    "灌区高效节水改造、渠系防渗与量测水设施 drip irrigation, lining and metering",
    "公共机构管网改造与中水回用 pipes of public institutions, grey water",
    "工业循环冷却与废水回用 cooling and reuse in industry",
    "供水管网漏损控制 leakage control",
)
DONE = "papers checked"
CALLS = (
    ("wua-kushan", "irrigation", "一支渠滴灌改造 Drip irrigation on branch 1", "960000", "653123101"),
    (
        "school",
        "public_institution",
        "中学浴室与管网改造 A school's showers and pipes",
        "120000",
        "653123100",
    ),
    ("textile", "industry", "染整废水回用 Reuse in a dye house", "300000", "653123401"),
    ("hotel", "services", "宾馆中水回用 Grey water in a hotel", "30000", "653123100"),
    ("wua-igizyar", "irrigation", "依格孜牙一支渠防渗 Lining of a branch", "700000", "653123208"),
    ("factory", "industry", "水泥厂冷却水循环 Cooling in a cement works", "400000", "653123401"),
)
PROPOSALS = (
    {"mode": "sharing", "share": "0.85"}, {"mode": "guaranteed", "share": None, "fee": "60000.00"},
    {"mode": "sharing", "share": "0.8"}, {"mode": "sharing", "share": "0.9"},
)  # fmt: skip


def play(season: Season) -> None:
    """Registers and lists the firms, publishes calls, has firms propose and users choose. Errors: StoryFailed."""
    registered = [_firm(season, place) for place in range(season.size.firms)]
    season.counts["firms"] = len(registered)
    _credit(season)
    _projects(season)


def _firm(season: Season, place: int) -> str:
    """The place-th firm: the last applies still, the one before was suspended, the others are listed."""
    registrar, login = season.as_("registrar"), folk.firm_login(place)
    code = people.credit_code(FIRST_CODE + place)
    season.bodies[login] = admitted(season, registrar, folk.firm(place), "service_firm", code)
    caller = season.as_(login)
    works_in = [KINDS[place % len(KINDS)], KINDS[(place + 1 + place // 6) % len(KINDS)]]
    body = {
        "about": ABOUT[place % len(ABOUT)], "contact": "0998-0000000 (demonstration)",
        "works_in": sorted(set(works_in)), "staff": 8 + season.draw.randint(0, 120),
        "founded_on": f"{2006 + place % 15}-0{1 + place % 9}-01",
    }  # fmt: skip
    firm: str = caller.post("/v1/firm-registrations", body)["id"]
    if place >= 3 and place == season.size.firms - 1:
        season.counts["firms_applying"] += 1
        return firm
    registrar.post(f"/v1/firm-registrations/{firm}/list", {"reason": DONE})
    _papers(season, registrar, caller, firm, place)
    if place >= 3 and place == season.size.firms - 2:
        why = {"reason": "a licence of somebody else was shown"}
        season.as_("supervisor").post(f"/v1/firm-registrations/{firm}/suspend", why)
        season.counts["firms_suspended"] += 1
    return firm


def _papers(season: Season, registrar: Caller, caller: Caller, firm: str, place: int) -> None:
    """A grade that was confirmed; the first and every third firm have a licence that waits or was refused beside it."""
    today = clock.today()
    grade = {
        "kind": "grade", "name": f"节水企业 {'AAA' if place % 3 == 0 else 'AA'} 级", "number": f"DEMO-G-{place:03d}",
        "issuer": "示范行业协会 (demonstration)", "valid_from": (today - dt.timedelta(days=200)).isoformat(),
        "valid_to": (today + dt.timedelta(days=40 + 20 * (place % 9))).isoformat(),
    }  # fmt: skip
    path = f"/v1/firm-registrations/{firm}/qualifications"
    made = caller.post(path, grade)["id"]
    registrar.post(f"/v1/firm-qualifications/{made}/confirm", {"reason": DONE})
    has_licence = place == 0 or place % 3 == 1
    if has_licence:
        licence = grade | {"kind": "licence", "name": "安全生产许可证", "number": f"DEMO-L-{place:03d}"}
        made = caller.post(path, licence)["id"]
        if place % 2:
            registrar.post(
                f"/v1/firm-qualifications/{made}/refuse", {"reason": "the number is unknown there"}
            )
    season.counts["qualifications"] += 1 + has_licence


def _credit(season: Season) -> None:
    """Commendations and late reports."""
    supervisor = season.as_("supervisor")
    expires = (clock.today() + dt.timedelta(days=700)).isoformat()
    for place in range(0, season.size.firms - 2, 3):
        good = place % 2 == 0
        body = {
            "participant_id": season.bodies[folk.firm_login(place)], "kind": "commendation" if good else "late_report",
            "points": 5 if good else -5, "reason": "示范项目 model project" if good else "reports came late",
            "legal_source": "demonstration", "expires_on": expires,
        }  # fmt: skip
        supervisor.post("/v1/credit-entries", body)
        season.counts["credit_entries"] += 1


def _projects(season: Season) -> None:
    """Calls: one chosen, one withdrawn, one sealed, the others open with proposals; one is a pilot of the county."""
    for number, (login, kind, title, use_m3, township) in enumerate(CALLS):
        caller = season.as_(login)
        body: dict[str, Any] = {
            "participant_id": caller.get("/v1/me")["participant_id"], "kind": kind, "title": title,
            "description": "示范项目，资料均为虚构 a demonstration: nothing of it is real", "township": township,
            "use": use_m3, "longest_months": 96, "closes_at": season.ahead(days=20 + number), "sealed": number == 3,
        }  # fmt: skip
        project = caller.post("/v1/projects", body)["id"]
        made = [
            _proposal(season, project, use_m3, number + place) for place in range(min(3, season.size.firms))
        ]
        season.counts["proposals"] += len(made)
        if number == 1:
            choice = {"proposal_id": made[0], "reason": "the larger share of the benefit"}
            caller.post(f"/v1/projects/{project}/choose", choice)
        elif number == 5:
            caller.post(f"/v1/projects/{project}/withdraw", {"reason": "the works saves by its own means"})
        elif number == 0:
            mark = {"mark": "pilot", "level": "county", "document": "英吉沙县示范文件 (demonstration)"}
            season.as_("registrar").post(f"/v1/projects/{project}/marks", mark)
    season.counts["projects"] = len(CALLS)


def _proposal(season: Season, project: str, use_m3: str, place: int) -> str:
    """One of a listed firm."""
    listed = season.size.firms if season.size.firms < 4 else season.size.firms - 2
    login = folk.firm_login(place % listed)
    body = {
        "saving": str(int(use_m3) * season.draw.randint(20, 38) // 100), "investment": "300000.00",
        "term_months": 60, "measures": "new valves, a ring main, sub-meters", **PROPOSALS[place % len(PROPOSALS)],
    }  # fmt: skip
    found: str = season.as_(login).post(f"/v1/projects/{project}/proposals", body)["id"]
    return found
