"""The desks of the bureau over HTTP: two persons, own interests, hearings, deputies, silence, notices, complaints."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from market import jobs
from market.core import audit, clock, db, ids
from market.county import install
from market.county.loader import load
from market.county.shipped import text_of
from market.demo import people
from market.prove import run as prove
from market.supervision.desks.models import KINDS
from market.supervision.desks.waiting import FACTS_SQL, ONE_COMPARED_SQL
from tests.api.county import PASSWORD, County, objected, open_county, permit
from tests.api.deskwork import OURS, days_on, later, look_twice_at_once, queued, refused, reported, sold
from tests.api.smallholders import household

DECIDED = {"reason": "within the plan"}


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The county with rules of our own: two persons from 50 m3 on after a publication, silence approves from 40."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        for name, role in (
            ("first", "reviewer"), ("second", "reviewer"), ("clerk", "registrar"), ("chief", "supervisor"),
            ("other-chief", "supervisor"), ("administrator", "administrator"), ("auditor", "auditor"),
        ):  # fmt: skip
            found.user(name, role)
        household(found, "seller", "400")
        household(found, "neighbour", "10")
        lines = text_of().splitlines(keepends=True)
        rules = [line for line in lines if "farm-to-industry-large" not in line]
        at = rules.index("reviews:\n") + 1
        changed = "".join([*rules[:at], OURS, *rules[at:]])
        changed = re.sub(r'^version: "(.*)"$', r'version: "\1-desks"', changed, flags=re.MULTILINE)
        with db.transaction(found.settings.url()) as session:
            install.install(session, load(changed), audit.Actor())
        found.exchange.take_up()
        yield found


def test_above_the_threshold_two_persons_decide_after_the_publication(county: County) -> None:
    trade, review, file = sold(county, "60")
    waiting = queued(county, "first", "trades", file)
    assert waiting is not None
    assert (waiting["rule"]["code"], waiting["rule"]["four_eyes"], waiting["may_decide"]) == (
        "farm-to-industry-large", True, "reviewer",
    )  # fmt: skip
    assert (waiting["working_days"], waiting["days_left"], waiting["colour"]) == (20, 20, "green")
    assert waiting["volume"].startswith("6") and waiting["published_until"] is not None
    early = county.client.get(f"/v1/desk-reviews/{file}/archive", headers=county.headers("auditor"))
    assert (early.status_code, early.json["code"]) == (422, "file_open")
    assert refused(county, "first", f"/reviews/{review}/approve", DECIDED) == (409, "publication_running")
    shown = next(each for each in county.get("neighbour", "/published-reviews")["data"] if each["id"] == file)
    assert all(name.endswith("**") for name in shown["parties"])
    assert refused(county, "seller", f"/published-reviews/{file}/object", {"grounds": "mine"}) == (
        409,
        "own_matter",
    )
    objection = county.post("neighbour", f"/published-reviews/{file}/object", {"grounds": "our well"})["id"]
    now = queued(county, "first", "trades", file)
    assert now is not None and (now["stopped_by"], now["due_on"]) == ("objection", None)
    with later(county, clock.now() + dt.timedelta(days=6)):
        assert refused(county, "first", f"/reviews/{review}/approve", DECIDED) == (409, "objection_open")
        county.post("second", f"/review-objections/{objection}/answer", {"answer": "no well is near"})
        _approved_by_two(county, trade, review, file)


def _approved_by_two(county: County, trade: str, review: str, file: str) -> None:
    assert county.post("first", f"/reviews/{review}/approve", DECIDED)["status"] == "awaiting_review"
    assert county.get("seller", f"/trades/{trade}/standing")["stage"] == "proposed"
    assert refused(county, "first", f"/reviews/{review}/approve", DECIDED) == (403, "four_eyes")
    assert refused(county, "second", f"/reviews/{review}/reject", DECIDED) == (409, "other_than_proposed")
    assert county.post("second", f"/desk-reviews/{file}/return", {"reason": "look again"})["proposed"] is None
    county.post("second", f"/reviews/{review}/approve", DECIDED)
    assert county.post("first", f"/reviews/{review}/approve", DECIDED)["status"] == "settled"
    closed = county.get("auditor", f"/desk-reviews/{file}")
    assert (closed["status"], closed["outcome"]) == ("closed", "approved")
    assert [each["step"] for each in closed["steps"]] == [
        "opened", "objected", "objection_answered", "proposed", "returned", "proposed", "decided",
    ]  # fmt: skip
    assert closed["decided_by_id"] != closed["proposed_by_id"] is not None
    archive = county.client.get(f"/v1/desk-reviews/{file}/archive", headers=county.headers("auditor")).data
    assert hashlib.sha256(archive).hexdigest() == closed["archive_sha256"]
    told = json.loads(archive)
    assert (told["review"]["outcome"], told["subject"]["status"], len(told["notices"])) == (
        "approved",
        "settled",
        1,
    )
    assert refused(county, "second", f"/desk-reviews/{file}/recuse", {"reason": "late"}) == (
        409,
        "file_closed",
    )


def test_a_decision_is_a_numbered_notice_that_the_first_reading_serves(county: County) -> None:
    with later(county, clock.now() + dt.timedelta(days=7)):
        (notice,) = county.get("seller", "/notices")["data"]
        assert re.fullmatch(r"英水审〔\d{4}〕1号", notice["number"]) and notice["text_zh"] == ""
        path = f"/notices/{notice['id']}"
        page = county.client.get(f"{path}?lang=zh", headers=county.headers("seller"))
        assert page.status_code == 200 and "60日内" in page.text and "电子送达" in page.text
        read = county.get("seller", path)
        assert [each["how"] for each in read["services"]] == ["electronic"]
        assert len(read["addressees"]) == 1 and read["text_en"].count("approved") == 1
        assert read["sha256"] == hashlib.sha256(f"{read['text_zh']}\n{read['text_en']}".encode()).hexdigest()
        everybody = county.get("auditor", path)
        assert len(everybody["addressees"]) == 2 and len(everybody["services"]) == 1
        other = next(
            each["participant_id"] for each in everybody["addressees"] if each not in read["addressees"]
        )
        body = {
            "participant_id": other,
            "how": "post",
            "served_on": clock.today().isoformat(),
            "received_by": "porter",
        }
        assert len(county.post("first", f"{path}/services", body)["services"]) == 2
        assert refused(county, "first", f"{path}/services", body) == (409, "served_before")
        tomorrow = (clock.today() + dt.timedelta(days=1)).isoformat()
        assert refused(county, "first", f"{path}/services", body | {"served_on": tomorrow}) == (
            422,
            "served_on",
        )
        assert county.client.get(f"/v1{path}", headers=county.headers("neighbour")).status_code == 404


def test_nobody_decides_on_an_own_interest_and_deputies_stand_in(county: County) -> None:
    trade, review, file = sold(county, "10")
    for name in ("administrator", "auditor", "chief", "clerk"):
        assert refused(county, name, f"/reviews/{review}/approve", DECIDED)[0] == 403
    decision = {"decision": "approved", **DECIDED}
    assert refused(county, "clerk", f"/desk-reviews/{file}/decide", decision) == (403, "other_desk")
    assert refused(county, "administrator", f"/desk-reviews/{file}/decide", decision) == (403, "not_allowed")
    seller = county.get("seller", f"/trades/{trade}")["seller_id"]
    county.post("first", "/desk-interests", {"participant_id": seller, "relation": "kin"})
    for path, body in (
        (f"/reviews/{review}/approve", DECIDED), (f"/desk-reviews/{file}/decide", decision),
        (f"/desk-reviews/{file}/hearings", DECIDED),
    ):  # fmt: skip
        assert refused(county, "first", path, body) == (403, "own_interest")
    county.post("first", f"/desk-reviews/{file}/recuse", {"reason": "my cousin sells"})
    county.post("second", f"/desk-reviews/{file}/recuse", {"reason": "we are neighbours"})
    assert refused(county, "second", f"/reviews/{review}/approve", DECIDED) == (403, "recused")
    user = {name: county.get(name, "/me")["user_id"] for name in ("first", "clerk", "administrator", "chief")}
    days = {"from_on": clock.today().isoformat(), "to_on": clock.today().isoformat(), "reason": "on leave"}
    appointed = {"desk": "trades", "member_id": user["first"], **days}
    for wrong in ("administrator", "chief"):
        body = appointed | {"deputy_id": user[wrong]}
        assert refused(county, "chief", "/desk-deputies", body) == (422, "deputy_refused")
    leaver = ids.public("usr", county.user("leaver", "reviewer"))
    stands_in = appointed | {"member_id": leaver, "deputy_id": user["clerk"]}
    left = county.post("chief", "/desk-deputies", stands_in)["id"]
    county.post("administrator", f"/users/{leaver}/roles", {"roles": ["registrar"]})
    assert refused(county, "clerk", f"/desk-reviews/{file}/decide", decision) == (403, "other_desk")
    county.post("chief", f"/desk-deputies/{left}/revoke")
    del county.tokens["leaver"]
    deputy = county.post("chief", "/desk-deputies", appointed | {"deputy_id": user["clerk"]})["id"]
    waiting = queued(county, "auditor", "trades", file)
    assert waiting is not None and waiting["deputy_ids"] == [user["clerk"]]
    closed = county.post("clerk", f"/desk-reviews/{file}/decide", decision)
    assert (closed["decided_by_id"], closed["decided_for_id"]) == (user["clerk"], user["first"])
    assert [each["step"] for each in closed["steps"]] == ["opened", "recused", "recused", "decided"]
    assert county.get("seller", f"/trades/{trade}/standing")["stage"] == "settled"
    county.post("chief", f"/desk-deputies/{deputy}/revoke")
    interest = county.get("first", "/desk-interests")["data"][0]["id"]
    county.post("chief", f"/desk-interests/{interest}/strike-off")


def test_a_hearing_stops_the_clock_and_nothing_is_decided_meanwhile(county: County) -> None:
    trade, review, file = sold(county, "5")
    before = county.get("seller", f"/trades/{trade}/standing")
    hearing = county.post("first", f"/desk-reviews/{file}/hearings", {"reason": "the village asked"})["id"]
    assert refused(county, "second", f"/desk-reviews/{file}/hearings", {"reason": "too"}) == (
        409,
        "hearing_running",
    )
    heard = county.get("factory", f"/trades/{trade}/standing")
    assert (heard["stage"], heard["due_on"], heard["stopped_by"]) == ("hearing", None, "hearing")
    with later(county, days_on(3)):
        assert refused(county, "first", f"/reviews/{review}/approve", DECIDED) == (409, "hearing_running")
        county.post("second", f"/hearings/{hearing}/close", {"record": "nobody came"})
        assert refused(county, "first", f"/hearings/{hearing}/close", {"record": "again"}) == (
            409,
            "hearing_over",
        )
        after = county.get("seller", f"/trades/{trade}/standing")
        assert after["due_on"] > before["due_on"] and after["stage"] == "awaiting_review"
        told = reported(county, review, on=before["due_on"])  # the report counts as the desk does
        assert (told["due_on"], told["clock"]) == (after["due_on"], "running")
        told = reported(county, review, on=after["due_on"])
        assert (told["clock"], told["days_late"]) == ("running", 0)
        told = reported(county, review, on=str(dt.date.fromisoformat(after["due_on"]) + dt.timedelta(days=2)))
        assert (told["clock"], told["days_late"]) == ("overdue", 2)
    with later(county, days_on(22)):
        assert jobs.run(county.settings.url(), jobs.named("reviews-due")) >= 1
        assert queued(county, "first", "trades", file)["colour"] == "yellow"  # type: ignore[index]
    with later(county, days_on(25)):
        assert jobs.run(county.settings.url(), jobs.named("reviews-due")) >= 1
        assert jobs.run(county.settings.url(), jobs.named("reviews-due")) == 0
        late = queued(county, "chief", "supervision", file)
        assert late is not None and late["colour"] == "red" and late["days_left"] < 0
        assert refused(county, "first", f"/reviews/{review}/reject", DECIDED) == (403, "other_desk")
        closed = county.post("chief", f"/desk-reviews/{file}/decide", {"decision": "refused", **DECIDED})
        assert [each["step"] for each in closed["steps"]][-3:] == ["warned", "escalated", "decided"]
    assert county.get("seller", f"/trades/{trade}/standing")["stage"] == "rejected"


def test_silence_approves_once_where_the_rule_says_so(county: County) -> None:
    trade, _, file = sold(county, "45")
    with later(county, days_on(6)):
        assert jobs.run(county.settings.url(), jobs.named("reviews-due")) == 1
        assert jobs.run(county.settings.url(), jobs.named("reviews-due")) == 0
    done = county.get("seller", f"/trades/{trade}/standing")
    assert (done["stage"], done["rule"]) == ("settled", "by-silence") and done["notice_id"] is not None
    closed = county.get("auditor", f"/desk-reviews/{file}")
    assert (closed["outcome"], closed["decided_by_id"]) == ("approved", None)
    assert closed["steps"][-1]["step"] == "decided_by_silence"


def test_silence_does_not_pass_over_an_objection_that_nobody_answered(county: County) -> None:
    trade, _, file = sold(county, "48")
    county.post("neighbour", f"/published-reviews/{file}/object", {"grounds": "our well"})
    with later(county, days_on(6)):
        assert jobs.run(county.settings.url(), jobs.named("reviews-due")) == 1
        waits = queued(county, "chief", "supervision", file)
        assert waits is not None and waits["rule"]["silence"] == "approved"
    assert county.get("seller", f"/trades/{trade}/standing")["stage"] in ("published", "awaiting_review")


def test_rights_and_firms_wait_at_their_desks_by_the_clocks_of_the_law(county: County) -> None:
    body = {
        "participant_id": county.get("neighbour", "/me")["participant_id"], "number": "A-desks", "authority": "tests",
        "project": "desks", "approved_on": clock.today().isoformat(), "volume": "50000",
    }  # fmt: skip
    things = {
        "participant": body["participant_id"], "assessment": county.post("clerk", "/water-assessments", body)["id"],
    }  # fmt: skip
    applied = county.post("clerk", "/entitlements", permit(things))["id"]
    rows = county.get("clerk", "/desks/rights/queue?limit=200")["data"]
    waiting = next(each for each in rows if each["subject_id"] == applied)
    assert (waiting["kind"], waiting["days_left"], waiting["working_days"]) == ("entitlement", 5, 45)
    assert refused(county, "clerk", f"/desk-reviews/{waiting['id']}/hearings", DECIDED) == (
        409,
        "heard_in_the_register",
    )
    county.post("clerk", f"/entitlements/{applied}/accept")
    assert county.get("neighbour", f"/entitlements/{applied}/standing")["days_left"] == 45
    county.post("clerk", f"/entitlements/{applied}/open-hearing", {"reason": "neighbours"})
    heard = county.get("neighbour", f"/entitlements/{applied}/standing")
    assert (heard["stage"], heard["due_on"]) == ("hearing", None)
    county.post("clerk", f"/entitlements/{applied}/close-hearing", {"reason": "over"})
    county.post("clerk", f"/entitlements/{applied}/refuse", {"reason": "the cap is full"})
    no = county.get("neighbour", f"/entitlements/{applied}/standing")
    assert (no["stage"], no["remedy_until"]) == ("rejected", None)
    assert county.get("neighbour", f"/notices/{no['notice_id']}")["decision"] == "refused"
    served = county.get("neighbour", f"/entitlements/{applied}/standing")
    assert served["remedy_until"] == (clock.today() + dt.timedelta(days=60)).isoformat()
    withdrawn = county.post("clerk", "/entitlements", permit(things))["id"]
    assert any(each["subject_id"] == withdrawn for each in county.get("clerk", "/desks/rights/queue")["data"])
    county.post("clerk", f"/entitlements/{withdrawn}/withdraw", {"reason": "not needed"})
    assert not any(
        each["subject_id"] == withdrawn for each in county.get("clerk", "/desks/rights/queue")["data"]
    )
    assert objected(county, things, "seller")
    assert county.client.get("/v1/desks/none/queue", headers=county.headers("clerk")).status_code == 404


def test_a_complaint_is_numbered_and_answered_by_somebody_else(county: County) -> None:
    notices = county.get("seller", "/notices?limit=200")["data"]
    mine = next(each for each in notices if each["desk"] == "supervision")  # decided by chief
    made = county.post("seller", "/complaints", {"notice_id": mine["id"], "text": "nobody heard me"})
    assert made["number"] == f"TS-{clock.this_year()}-0001" and made["colour"] == "green"
    assert (
        county.client.get(f"/v1/complaints/{made['id']}", headers=county.headers("factory")).status_code
        == 404
    )
    leaving = county.post(
        "seller", "/erasure-requests", {"participant_id": county.get("seller", "/me")["participant_id"]}
    )
    assert (leaving["status"], "proceedings" in leaving["open"]) == ("refused", True)
    assert refused(county, "seller", "/complaints", {"text": "of nothing"}) == (422, "complaint_about")
    body = {"notice_id": mine["id"], "text": "not mine"}
    assert refused(county, "neighbour", "/complaints", body) == (404, "not_found")
    rows = county.get("chief", "/desks/supervision/queue?limit=200")["data"]
    file = next(each["id"] for each in rows if each["subject_id"] == made["id"])
    answer = {"decision": "approved", "reason": "the hearing is held again"}
    assert refused(county, "chief", f"/desk-reviews/{file}/decide", answer) == (403, "own_interest")
    county.post("other-chief", f"/desk-reviews/{file}/decide", answer)
    answered = county.get("seller", f"/complaints/{made['id']}")
    assert (answered["status"], answered["answer"]) == ("upheld", answer["reason"])
    assert refused(county, "seller", f"/complaints/{made['id']}/withdraw") == (409, "complaint_state")
    again = county.post(
        "seller", "/complaints", {"clerk_id": county.get("chief", "/me")["user_id"], "text": "rude"}
    )
    assert county.post("seller", f"/complaints/{again['id']}/withdraw")["status"] == "withdrawn"
    kept = json.loads(county.client.get("/v1/me/data", headers=county.headers("seller")).data)
    assert [each["id"] for each in kept["complaints"]] == [made["id"], again["id"]]
    assert mine["number"] in [each["number"] for each in kept["notices"]]


def test_what_is_decided_by_steps_of_its_own_waits_at_its_desk_and_leaves_it(county: County) -> None:
    body = {
        "kind": "household", "name": "Newcomer", "identifier": people.identity_number(9001), "login": "newcomer",
        "password": PASSWORD, "user_name": "Newcomer", "roles": ["holder"],
    }  # fmt: skip
    made = county.client.post("/v1/participants", json=body).json["id"]

    def waiting() -> list[dict[str, Any]]:
        rows = county.get("clerk", "/desks/rights/queue?limit=200")["data"]
        return [each for each in rows if each["subject_id"] == made]

    (shown,) = waiting()
    assert (shown["kind"], shown["days_left"]) == ("participant", 5)
    decision = {"decision": "approved", **DECIDED}
    assert refused(county, "clerk", f"/desk-reviews/{shown['id']}/decide", decision) == (
        409,
        "own_procedure",
    )
    county.user("cousin", "registrar")
    county.post("cousin", "/desk-interests", {"participant_id": made, "relation": "kin"})
    assert refused(county, "cousin", f"/participants/{made}/admit") == (403, "own_interest")
    county.post("clerk", f"/participants/{made}/admit")
    look_twice_at_once(county.settings.url())
    assert waiting() == []
    file = county.get("auditor", f"/desk-reviews/{shown['id']}")
    assert (file["outcome"], [each["step"] for each in file["steps"]]) == (
        "elsewhere", ["opened", "ended_elsewhere"],
    )  # fmt: skip
    with db.connect(county.settings.url()) as connection:  # each kind's facts can be asked for
        assert [connection.execute(FACTS_SQL[kind], {"ids": []}).fetchall() for kind in KINDS] == [[]] * len(
            KINDS
        )


@pytest.mark.parametrize(("kind", "table"), [("instruction", "instructions"), ("renewal", "entitlements")])
def test_of_one_matter_no_other_table_is_looked_at(county: County, kind: str, table: str) -> None:
    wanted = {"most": 9, "kind": kind, "reference": 1}
    with db.connect(county.settings.url()) as connection:
        rows = connection.execute("EXPLAIN " + ONE_COMPARED_SQL, wanted).fetchall()
    read = set(re.findall(r"(?<!Subquery Scan) on (\w+)", "\n".join(row[0] for row in rows)))
    assert read - {"entitlement_steps"} == {"desk_reviews", table}


def test_numbers_have_no_gaps_and_nothing_is_proved_wrong(county: County) -> None:
    rows = county.get("auditor", "/notices?limit=200")["data"]
    for series in {each["number"].partition("〕")[0] for each in rows}:
        numbers = [each["number"] for each in rows if each["number"].startswith(series)]
        assert numbers == [f"{series}〕{n + 1}号" for n in range(len(numbers))]
    assert len(county.get("auditor", "/desks/trades/queue?limit=1")["data"]) <= 1
    found = prove(county.settings.url())
    assert found["violations"] == 0, [each for each in found["invariants"] if each["violations"]]


def test_a_closed_file_cannot_be_changed_in_the_database_either(county: County) -> None:
    with db.connect(county.settings.url()) as connection:
        for statement in (
            "UPDATE desk_reviews SET outcome = 'refused' WHERE status = 'closed'",
            "DELETE FROM desk_reviews",
            "UPDATE notices SET seq = seq + 1",
        ):
            with pytest.raises(Exception, match=r"changes no more|immutable"):
                connection.execute(statement)
            connection.rollback()
    assert ids.parse("rvw", county.get("auditor", "/desks/rights/queue?limit=1")["data"][0]["id"]) > 0
