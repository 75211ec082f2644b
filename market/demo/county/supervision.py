"""Last chapter: what supervision does. Cases, interventions, early warning, complaints, filings, inspections."""

from __future__ import annotations

import datetime as dt
from typing import Any

from market.core import clock
from market.demo.county import folk, register, trading
from market.demo.county.season import Season

SEEN = "seen in the figures of the month"
WHY = {"reason": "示范 demonstration", "legal_source": "demonstration"}
CAP = "T-653123103"
"""The township whose cap is cut to just above what was announced there, so that early warning has a colour."""
MISTAKEN = 3
"""Bids of the hotel that are cancelled by a filter."""


def play(season: Season) -> None:
    """Plays what the desks of supervision would have before them at the end of a season. Errors: StoryFailed."""
    _cases(season)
    _interventions(season)
    _warning(season)
    _complaints(season)
    _reports(season)
    _desks(season)


def _cases(season: Season) -> None:
    """A case closed as founded, with an entry in the credit record and an appeal; one that is looked into."""
    supervisor = season.as_("supervisor")
    me = supervisor.get("/v1/me")["user_id"]
    parties = [season.bodies[folk.TEXTILE.login], season.bodies[folk.HOTEL.login]]
    titles = ("印染厂疑似囤积 The works may hoard", "公告未登 An announcement that was not published")
    for title, party in zip(titles, parties, strict=True):
        case = supervisor.post("/v1/cases", {"title": title, "participant_ids": [party], "reason": SEEN})[
            "id"
        ]
        supervisor.post(f"/v1/cases/{case}/assign", {"user_id": me, "reason": "on duty"})
        supervisor.post(f"/v1/cases/{case}/notes", {"text": "the desk looked at the orders of the month"})
        seen = {
            "water_account_id": season.accounts[folk.TEXTILE.login],
            "description": "the account of the works",
        }
        supervisor.post(f"/v1/cases/{case}/evidence", seen)
        season.counts["cases"] += 1
        if party == parties[0]:
            founded = {"outcome": "founded", "finding": "hoarding", **WHY}
            supervisor.post(f"/v1/cases/{case}/close", founded)
            [entry] = season.as_(folk.TEXTILE.login).get("/v1/credit-entries")["data"]
            grounds = {"grounds": "the second shift begins in spring, and needs the water"}
            season.as_(folk.TEXTILE.login).post(f"/v1/credit-entries/{entry['id']}/appeal", grounds)
            season.counts["credit_appeals"] = 1


def _interventions(season: Season) -> None:
    """Reclaimed water was halted, and is open but for one works; orders were cancelled; a reversal is proposed."""
    supervisor = season.as_("supervisor")
    halt = {"scope": "product", "product_id": season.product("reclaimed"), "orders": "stay", **WHY}
    made = supervisor.post("/v1/interventions/halts", halt)["id"]
    supervisor.post(f"/v1/interventions/halts/{made}/lift", {"reason": "the plant's figures came"})
    season.counts["halts_lifted"] = 1
    switch = supervisor.post("/v1/kill-switch", {"product_id": season.product("reclaimed"), **WHY})["id"]
    supervisor.post(f"/v1/kill-switch/{switch}/lift", {"reason": "the test of the switch is over"})
    left = {"participant_id": season.works[-1].participant, "product_id": season.product("reclaimed"), **WHY}
    supervisor.post("/v1/kill-switch", left)
    season.counts["kill_switches_on"] = 1
    _orders_cancelled(season)
    trade = [each for each in supervisor.pages("/v1/trades") if each["status"] == "settled"][-1]
    body = {"instruction_id": trade["instruction_id"], **WHY}
    supervisor.post("/v1/interventions/reversals", body)
    season.counts["reversals_proposed"] = 1


def _orders_cancelled(season: Season) -> None:
    """The hotel's program placed bids that nobody meant; the bureau ends all that the hotel has in the book."""
    supervisor, hotel = season.as_("supervisor"), season.as_(folk.HOTEL.login)
    for step in range(MISTAKEN):
        trading.place(season, hotel, season.accounts[folk.HOTEL.login], "buy", 10 + step, 300 + 10 * step)
    chosen = {"participant_id": season.bodies[folk.HOTEL.login], "product_id": season.product("surface")}
    seen = supervisor.post("/v1/interventions/cancellations/preview", {"filter": chosen})
    done = {"filter": chosen, "digest": seen["digest"], **WHY}
    supervisor.post("/v1/interventions/cancellations", done)
    season.counts["orders_cancelled"] = seen["orders"]


def _warning(season: Season) -> None:
    """A township's cap is cut to a little above what is used of it: its node turns yellow or worse."""
    registrar, supervisor = season.as_("registrar"), season.as_("supervisor")
    limit = next(
        each for each in registrar.pages("/v1/limits", water_year=season.year) if each["code"] == CAP
    )
    used = _m3(limit["volume"]) - _m3(limit["available"])
    change = {"volume": str(used * 102 // 100 + 1), **WHY}
    registrar.change(f"/v1/limits/{limit['id']}", "change", change)
    season.counts["caps_cut"] = 1
    decision: dict[str, Any] = {"subject": "下季参考价 The next season's reference price", "moves": "up"}
    decision |= {
        "product_ids": [season.product("surface")],
        "insider_ids": [],
        "decided_at": season.ahead(minutes=-1),
    }
    supervisor.post("/v1/price-decisions", decision)


def _m3(volume: str) -> int:
    return int(volume.partition(".")[0])


def _complaints(season: Season) -> None:
    """Farmers complain of somebody at the bureau; one is heard, one takes it back."""
    clerk = season.as_("registrar").get("/v1/me")["user_id"]
    for place, each in enumerate(register.traders(season)[:3]):
        body = {"text": "三号闸口开得太晚，第二轮水迟到了四天 (the gate opened late)", "clerk_id": clerk}
        made = season.for_(each.participant).post("/v1/complaints", body)["id"]
        if place == 2:
            season.for_(each.participant).post(f"/v1/complaints/{made}/withdraw")
        elif place == 0:
            _heard(season, made)
        season.counts["complaints"] += 1


def _heard(season: Season, complaint: str) -> None:
    """Opens a hearing about a complaint."""
    supervisor = season.as_("supervisor")
    queue = supervisor.pages("/v1/desks/supervision/queue")
    matter = next(each["id"] for each in queue if each["subject_id"] == complaint)
    why = {"reason": "both sides want to be heard about the gate"}
    supervisor.post(f"/v1/desk-reviews/{matter}/hearings", why)
    season.counts["hearings"] = 1


def _reports(season: Season) -> None:
    """Filings for the year's duties, an export for the national platform, inspections, other departments' figures."""
    supervisor = season.as_("supervisor")
    for report in ("use", "caps"):
        body = {"duty": "yearly-use", "year": season.year, "report": report}
        supervisor.post("/v1/filings", body)
        season.counts["filings"] += 1
    supervisor.post("/v1/national-exports", {"kind": "use", "water_year": season.year})
    season.counts["national_exports"] = 1
    for days in (7, 21):
        inspection = {
            "title": "闸口计量专项检查 Gates and meters", "subject": "库山河灌区 Kushan", "inspectors": "示范检查组",
            "legal_source": "demonstration", "planned_on": str(clock.today() + dt.timedelta(days=days)),
        }  # fmt: skip
        supervisor.post("/v1/inspections", inspection)
        season.counts["inspections"] += 1


def _desks(season: Season) -> None:
    """The reviewer declares an interest; somebody stands in for a colleague at the desk."""
    reviewer, supervisor = season.as_("reviewer"), season.as_("supervisor")
    interest: dict[str, Any] = {"participant_id": season.bodies[folk.BANK.login], "relation": "kin"}
    reviewer.post("/v1/desk-interests", interest)
    deputy = {
        "desk": "trades", "member_id": reviewer.get("/v1/me")["user_id"], "from_on": str(clock.today()),
        "deputy_id": season.as_("registrar").get("/v1/me")["user_id"], "reason": "年假 leave",
        "to_on": str(clock.today() + dt.timedelta(days=10)),
    }  # fmt: skip
    supervisor.post("/v1/desk-deputies", deputy)
    season.counts["interests"], season.counts["deputies"] = 1, 1
