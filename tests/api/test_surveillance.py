"""From orders on the exchange to an alert, a case, a finding, points, an appeal and what the public sees."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from market import jobs, prove
from market.cli import main
from market.core import audit, clock, db, ids
from market.participants import appeals
from market.participants.errors import NotAppealable
from tests.api.county import County, open_county
from tests.api.smallholders import household, order_body

WHY = {"reason": "the same water came back within minutes"}
LAW = "证券法 (2019) art. 55 (model)"
NAMES = ("ring-a", "ring-b", "layer", "taker", "dealer-a", "dealer-b", "patient")
People = dict[str, tuple[str, str]]


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county with three more supervisors."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        for name in ("second", "third"):
            found.user(name, "supervisor")
        yield found


@pytest.fixture(scope="module")
def people(county: County) -> People:
    """Seven households with water and money: participant and water account by name."""
    found = {name: household(county, name, "2000") for name in NAMES}
    for name in NAMES:
        account = county.get(name, "/money-accounts")["data"][0]["id"]
        body = {
            "money_account_id": account, "amount": "1000.00", "bank_reference": f"W-{name}",
            "value_date": clock.today().isoformat(),
        }  # fmt: skip
        county.post("treasurer", "/deposits", body)
    return found


def _order(county: County, people: People, name: str, side: str, volume: str, price: str = "0.40") -> str:
    made = county.post(name, "/orders", order_body(county, people[name][1], side, volume, price))
    return str(made["id"])


def _wash(county: County, people: People, volume: str) -> list[str]:
    """There and back at once."""
    return [
        _order(county, people, name, side, volume)
        for name, side in (("ring-a", "sell"), ("ring-b", "buy"), ("ring-b", "sell"), ("ring-a", "buy"))
    ]


def _layers(county: County, people: People) -> list[str]:
    """Bids that are shown while an offer of the same hand is taken, and gone after it."""
    layers = [_order(county, people, "layer", "buy", "500", price) for price in ("0.37", "0.38", "0.39")]
    _order(county, people, "layer", "sell", "50", "0.41")
    _order(county, people, "taker", "buy", "50", "0.41")
    for each in layers:
        county.post("layer", f"/orders/{each}/cancel")
    return layers


def _look_alikes(county: County, people: People) -> None:
    """Two dealers who meet both ways by chance, in orders of other sizes; and a large bid withdrawn with no sale."""
    for seller, buyer in (("dealer-a", "dealer-b"), ("dealer-b", "dealer-a")):
        _order(county, people, seller, "sell", "60")
        rest = _order(county, people, buyer, "buy", "90")
        county.post(buyer, f"/orders/{rest}/cancel")
    large = _order(county, people, "patient", "buy", "900", "0.30")
    county.post("patient", f"/orders/{large}/cancel")


def _surveil(county: County, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("DATABASE_URL", county.settings.url())
    done = CliRunner().invoke(main, ["surveil", "--day", clock.today().isoformat(), "--json"])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.output)
    return found


def _refused(county: County, name: str, path: str, body: dict[str, Any]) -> str:
    answer = county.client.post(f"/v1{path}", json=body, headers=county.headers(name))
    assert answer.status_code in (403, 404, 409, 422), answer.text
    return str(answer.json["code"])


def _alert(county: County, detector: str) -> dict[str, Any]:
    (found,) = county.get("auditor", f"/alerts?status=open&detector={detector}")["data"]
    return dict(found)


@pytest.fixture(scope="module")
def played(county: County, people: People) -> dict[str, list[str]]:
    """A wash trade, layers, and what looks like both and is neither: order ids."""
    found = {"wash": _wash(county, people, "100"), "layers": _layers(county, people)}
    _look_alikes(county, people)
    return found


def test_what_was_traded_is_looked_at_and_raised_once(
    county: County, people: People, played: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = _surveil(county, monkeypatch)
    named = {each["detector"]: set(each["participants"]) for each in found["raised"]}
    assert named == {
        "wash_trade": {people["ring-a"][0], people["ring-b"][0]},
        "layering": {people["layer"][0]},
    }
    again = _surveil(county, monkeypatch)
    assert (again["found"], again["raised"]) == (2, [])
    assert jobs.run(county.settings.url(), jobs.named("surveillance")) == 0  # of yesterday there is nothing
    runs = county.get("supervisor", "/surveillance-runs")["data"]
    assert [(each["found"], each["raised"]) for each in runs] == [(0, 0), (2, 0), (2, 2)]
    wash, layering = _alert(county, "wash_trade"), _alert(county, "layering")
    assert set(wash["order_ids"]) == set(played["wash"]) and len(wash["trade_ids"]) == 2
    assert set(played["layers"]) <= set(layering["order_ids"])
    (back,) = [each for each in wash["figures"] if each["name"] == "returned_share"]
    assert (back["value"], back["threshold"]) == ("100.0", "85.0")
    assert back["text_zh"] == "回流比例 (%)：100.0（界限 85.0）"
    limits = {each["name"]: each for each in county.get("auditor", f"/alerts/{wash['id']}")["thresholds"]}
    assert limits["wash_returned_per_mille"]["demonstration"] is True
    assert limits["idle_years_least"] | {"name": ""} == {
        "name": "", "value": 2, "legal_source": "reg_permit art. 44", "demonstration": False,
    }  # fmt: skip


def test_more_of_the_same_conduct_is_a_new_alert_that_continues_it(
    county: County, people: People, played: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _alert(county, "wash_trade")
    _wash(county, people, "80")
    (raised,) = _surveil(county, monkeypatch)["raised"]
    more = county.get("supervisor", f"/alerts/{raised['id']}")
    assert more["continues_id"] == first["id"]
    assert set(first["trade_ids"]) < set(more["trade_ids"])
    path = f"/alerts/{first['id']}/dismiss"
    assert _refused(county, "auditor", path, WHY) == "not_allowed"
    kin = {"participant_id": people["ring-a"][0], "relation": "kin"}
    declared = county.post("second", "/desk-interests", kin)["id"]
    assert _refused(county, "second", path, WHY) == "own_interest"
    county.post("third", f"/desk-interests/{declared}/strike-off")
    gone = county.post("supervisor", path, {"reason": "the later alert has it all"})
    assert (gone["status"], gone["reason"]) == ("dismissed", "the later alert has it all")
    assert _refused(county, "supervisor", path, WHY) == "alert_state"
    assert [each["id"] for each in county.get("auditor", "/alerts?detector=wash_trade")["data"]] == [
        more["id"], first["id"],
    ]  # fmt: skip


@pytest.fixture(scope="module")
def closed(county: County, people: People, played: dict[str, list[str]]) -> dict[str, Any]:
    """The case of the wash trade, founded by the second supervisor; it names the first, who may do nothing in it."""
    alert = _alert(county, "wash_trade")
    body = {"title": "Water there and back", "alert_ids": [alert["id"]], **WHY}
    case = county.post("supervisor", "/cases", body)
    path = f"/cases/{case['id']}"
    assert case["number"] == f"K-{clock.this_year()}-0001"
    assert set(case["participant_ids"]) == {people["ring-a"][0], people["ring-b"][0]}
    assert _refused(county, "supervisor", "/cases", body) == "alert_state"
    county.post("supervisor", f"{path}/notes", {"text": "both were asked on the telephone"})
    county.post(
        "second", f"{path}/evidence", {"order_id": played["wash"][0], "description": "where it began"}
    )
    document = {"sha256": "ab" * 32, "description": "a letter"}
    county.post("second", f"{path}/evidence", document)
    twice = {"order_id": played["wash"][0], "description": "once more"}
    assert _refused(county, "second", f"{path}/evidence", twice) == "case_evidence_known"
    first = ids.public("usr", county.id_of("supervisor"))
    named = county.post("second", f"{path}/name", {"user_ids": [first], "reason": "a brother of ring-a"})
    assert named["assigned_to"] is None
    assert _refused(county, "supervisor", f"{path}/notes", {"text": "let me"}) == "named_in_case"
    assert _refused(county, "second", f"{path}/assign", {"user_id": first, **WHY}) == "named_in_case"
    auditor = ids.public("usr", county.id_of("auditor"))
    assert _refused(county, "second", f"{path}/assign", {"user_id": auditor, **WHY}) == "not_a_supervisor"
    end = {"outcome": "founded", "finding": "wash_trade", "reason": "admitted", "legal_source": LAW}
    assert _refused(county, "second", f"{path}/close", end) == "not_the_handler"
    county.post("third", f"{path}/assign", {"user_id": ids.public("usr", county.id_of("second")), **WHY})
    assert _refused(county, "second", f"{path}/close", end | {"finding": None}) == "finding_incomplete"
    found = county.post("second", f"{path}/close", end)
    assert _refused(county, "second", f"{path}/notes", {"text": "too late"}) == "case_closed"
    return found


def test_a_case_keeps_every_step_and_its_timeline_shows_the_market_beside_them(
    county: County, closed: dict[str, Any]
) -> None:
    assert [each["step"] for each in closed["steps"]] == [
        "opened", "alert_added", "named", "noted", "evidence_added", "evidence_added", "named", "unassigned",
        "assigned", "closed",
    ]  # fmt: skip
    assert (closed["status"], closed["finding"]["outcome"]) == ("closed", "founded")
    moments = county.get("auditor", f"/cases/{closed['id']}/timeline")["data"]
    assert [each["at"] for each in moments] == sorted(each["at"] for each in moments)
    kinds = [(each["kind"], each["what"]) for each in moments]
    assert kinds[:3] == [("order", "placed"), ("order", "placed"), ("order", "filled")]
    assert kinds.count(("order", "placed")) == kinds.count(("order", "filled")) == 8
    assert kinds.count(("trade", "book")) == 4 and kinds.count(("alert", "wash_trade")) == 1
    assert kinds[-1] == ("step", "closed")
    (trade, *_) = [each for each in moments if each["kind"] == "trade"]
    assert (trade["volume"], trade["price"], len(trade["participant_ids"])) == ("100.000", "0.4000", 2)
    listed = county.get("auditor", "/cases?status=closed")["data"]
    assert [each["id"] for each in listed] == [closed["id"]]


def test_a_case_that_is_unfounded_costs_nothing(
    county: County, people: People, played: dict[str, list[str]], closed: dict[str, Any]
) -> None:
    alert = _alert(county, "layering")
    case = county.post(
        "third", "/cases", {"title": "By hand", "participant_ids": [people["taker"][0]], **WHY}
    )
    assert case["number"].endswith("-0002")
    added = county.post("third", f"/cases/{case['id']}/alerts", {"alert_ids": [alert["id"]], **WHY})
    assert set(added["participant_ids"]) == {people["taker"][0], people["layer"][0]}
    end = {"outcome": "unfounded", "reason": "the bids were meant", "legal_source": LAW}
    assert county.post("third", f"/cases/{case['id']}/close", end)["finding"]["credit_entry_ids"] == []
    assert county.get("layer", "/credit-entries")["data"] == []
    referred = {"outcome": "referred", "reason": "a crime", "legal_source": LAW}
    other = county.post("third", "/cases", {"title": "Another", **WHY})
    assert _refused(county, "third", f"/cases/{other['id']}/close", referred) == "finding_incomplete"
    sent = county.post("third", f"/cases/{other['id']}/close", referred | {"referred_to": "公安机关"})
    assert sent["finding"]["referred_to"] == "公安机关"


def _extract(county: County, who: str = "") -> list[dict[str, Any]]:
    answer = county.client.get("/v1/credit-extract" + (f"?participant_id={who}" if who else ""))
    assert answer.status_code == 200
    return list(answer.json["data"])


def test_points_are_appealed_against_and_shown_when_they_are_final(
    county: County, people: People, closed: dict[str, Any]
) -> None:
    (entry,) = county.get("ring-a", "/credit-entries")["data"]
    assert (entry["points"], entry["finding"], entry["case_number"]) == (-20, "wash_trade", closed["number"])
    assert entry["appeal_until"] == (clock.today() + dt.timedelta(days=60)).isoformat()
    assert entry["reason"] == "admitted" and entry["appeal_id"] is None
    assert _extract(county) == []
    path = f"/credit-entries/{entry['id']}/appeal"
    assert _refused(county, "ring-b", path, {"grounds": "not mine"}) == "not_found"
    appeal = county.post("ring-a", path, {"grounds": "it was a mistake of the clerk"})
    assert _refused(county, "ring-a", path, {"grounds": "again"}) == "credit_appeal_state"
    decide, no = f"/credit-appeals/{appeal['id']}/reject", {"reason": "the clerk denies it"}
    assert _refused(county, "second", decide, no) == "same_person"
    assert _refused(county, "supervisor", decide, no) == "same_person"  # the case names it
    assert county.post("third", decide, no)["status"] == "rejected"
    assert _refused(county, "third", decide, no) == "credit_appeal_state"
    assert [each["appeal_status"] for each in county.get("ring-a", "/credit-entries")["data"]] == ["rejected"]
    (shown,) = _extract(county)
    assert (shown["participant_id"], shown["points"], shown["name"]) == (people["ring-a"][0], -20, None)
    assert (shown["title_zh"], shown["title_en"]) == ("对敲、循环交易", "wash trade")
    assert "admitted" not in json.dumps(shown)
    (other,) = county.get("ring-b", "/credit-entries")["data"]
    its = audit.Actor(user_id=county.id_of("ring-b"))
    with clock.moved_to(clock.now() + dt.timedelta(days=61)):
        assert {each["id"] for each in _extract(county)} == {entry["id"], other["id"]}
        with pytest.raises(NotAppealable), db.transaction(county.settings.url()) as session:
            appeals.lodge(
                session,
                actor=its,
                entry_id=ids.parse("cre", other["id"]),
                grounds="I was away",
            )
    second = county.post("ring-b", f"/credit-entries/{other['id']}/appeal", {"grounds": "I was away"})
    with clock.moved_to(clock.now() + dt.timedelta(days=61)):
        assert {each["id"] for each in _extract(county)} == {entry["id"]}
    county.post("third", f"/credit-appeals/{second['id']}/grant", {"reason": "he was"})
    assert county.get("ring-b", "/credit-entries")["data"][0]["withdrawal_reason"] == "he was"
    with clock.moved_to(clock.now() + dt.timedelta(days=3 * 365)):
        assert _extract(county) == []  # two years are over


def test_who_has_an_interest_neither_dismisses_nor_handles_nor_writes_in_the_record(
    county: County, closed: dict[str, Any]
) -> None:
    entry = next(
        each for each in county.get("auditor", "/credit-entries")["data"] if not each["withdrawn_at"]
    )
    no = {"reason": "he is my brother"}
    withdraw = f"/credit-entries/{entry['id']}/withdraw"
    assert _refused(county, "supervisor", withdraw, no) == "same_person"  # its case names the supervisor
    county.post("third", "/desk-interests", {"participant_id": entry["participant_id"], "relation": "kin"})
    assert _refused(county, "third", withdraw, no) == "own_interest"
    record = {
        "participant_id": entry["participant_id"], "kind": "commendation", "points": 20, "reason": "thrift",
        "legal_source": LAW, "expires_on": (clock.today() + dt.timedelta(days=30)).isoformat(),
    }  # fmt: skip
    assert _refused(county, "third", "/credit-entries", record) == "own_interest"
    body = {"title": "Mine", "participant_ids": [entry["participant_id"]], **WHY}
    assert _refused(county, "third", "/cases", body) == "own_interest"
    case = county.post("second", "/cases", body)["id"]
    assert _refused(county, "third", f"/cases/{case}/notes", {"text": "let me"}) == "own_interest"
    assert county.post("second", withdraw, {"reason": "put right"})["withdrawal_reason"] == "put right"


def test_what_people_know_is_recorded_without_being_readable(county: County, people: People) -> None:
    mark = {"participant_id": people["ring-a"][0], "kind": "bank_account", "document": "contract"}
    first = county.post("registrar", "/party-marks", mark | {"value": "6217 0001"})
    assert "value" not in first and "digest" not in first
    other = mark | {"participant_id": people["ring-b"][0]}
    county.post("registrar", "/party-marks", other | {"value": "62170001"})
    county.post("registrar", "/party-marks", mark | {"value": "6217 0002"})
    ended = county.get("auditor", f"/party-marks?participant_id={people['ring-a'][0]}")["data"]
    assert [each["ended_at"] is None for each in ended] == [False, True]
    with db.connect(county.settings.url()) as connection:
        digests = [bytes(row[0]) for row in connection.execute("SELECT digest FROM party_marks ORDER BY id")]
    assert digests[0] == digests[1] != digests[2]  # a blank does not tell two apart
    product = county.get("auditor", "/products")["data"][0]["id"]
    body = {
        "subject": "a second release", "moves": "down", "product_ids": [product],
        "insider_ids": [people["patient"][0]], "decided_at": clock.now().isoformat(),
    }  # fmt: skip
    later = (clock.now() + dt.timedelta(hours=1)).isoformat()
    assert (
        _refused(county, "supervisor", "/price-decisions", body | {"decided_at": later})
        == "price_decision_dates"
    )
    made = county.post("supervisor", "/price-decisions", body)
    assert county.post("supervisor", f"/price-decisions/{made['id']}/publish")["published_at"] is not None
    assert _refused(county, "supervisor", f"/price-decisions/{made['id']}/publish", {}) == (
        "price_decision_published"
    )


def test_the_database_refuses_it_too_and_everything_is_proved(county: County, closed: dict[str, Any]) -> None:
    case, first, second = (
        ids.parse("cas", closed["id"]), county.id_of("supervisor"), county.id_of("second"),
    )  # fmt: skip
    open_case = ids.parse("cas", county.post("third", "/cases", {"title": "Open", **WHY})["id"])
    tries = (
        ("UPDATE surveillance_alerts SET rule = 'x'", (), "immutable"),
        ("DELETE FROM case_steps", (), "immutable"),
        ("UPDATE supervision_cases SET status = 'open' WHERE id = %s", (case,), "case_goes_on"),
        ("UPDATE supervision_cases SET status = 'closed' WHERE id = %s", (open_case,), "case_finding"),
        ("INSERT INTO case_steps (case_id, step, text, done_by) VALUES (%s, 'noted', 'x', %s)", (case, second),
         "case_closed"),
        ("INSERT INTO case_steps (case_id, step, text, done_by) VALUES (%s, 'noted', 'x', %s)", (case, first),
         "named_in_case"),
        ("UPDATE credit_appeals SET grounds = 'x'", (), "appeal_decided"),
        ("UPDATE party_marks SET document = 'x'", (), "set_once"),
        ("UPDATE price_decisions SET published_at = NULL", (), "set_once"),
    )  # fmt: skip
    for statement, values, why in tries:
        with (
            db.connect(county.settings.url()) as connection,
            pytest.raises(psycopg.errors.DatabaseError) as caught,
        ):
            connection.execute(statement, values)
        error = caught.value
        assert why in (error.diag.constraint_name or str(error)), (statement, error)
    report = prove.run(county.settings.url())
    assert report["violations"] == 0, [each for each in report["invariants"] if each["violations"]]
