"""The test county beside the live one: which key opens which, and what the clock brings about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, IntegrityError

from market import advancing, jobs, prove, test_county
from market.api import ownership
from market.app import OtherCounty
from market.core import clock, db, moving
from market.core.config import Settings
from market.core.datadir import OperatorError
from market.participants import access
from market.trading import sessions, timetable
from market.trading.intake import end_expired
from tests.api.county import County, open_county
from tests.api.inline import Inline
from tests.api.smallholders import order_body

DAY = dt.timedelta(days=1)


@dataclass
class Both:
    """The live county, the settings of the test county and its clock, and a key of each kind by who has it."""

    live: County
    test: Settings
    ahead: clock.Ahead
    exchange: Inline

    def key(self, acts_as: str | None, owner: str = "factory", **more: Any) -> str:
        body = {"label": "t", "scopes": ["read", "trade"], "acts_as": acts_as} | more
        return str(self.live.post(owner, "/api-keys", body)["secret"])

    def ask(self, key: str, path: str, body: Any = None) -> Any:
        headers = {
            "Authorization": f"Bearer {key}",
            "Idempotency-Key": f"both-{clock.of_machine().timestamp()}",
        }
        method = "GET" if body is None else "POST"
        return self.live.client.open(f"/v1{path}", method=method, json=body, headers=headers)

    def advance(self) -> int:
        """What the county's worker does, in this process, with its engine."""
        with clock.ahead(self.ahead):
            end_orders = advancing.Due(
                "engine", "* * * * * */1", lambda: 0 * end_expired(self.exchange._engine)
            )
            return advancing.advance(
                self.test.url(), self.ahead, [end_orders, *jobs.when_due(self.test.url(), self.test)]
            )


@pytest.fixture(scope="module")
def both(
    server_url: str, template_name: str, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Both]:
    """Both counties in one process; afterwards nothing in either is wrong."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as county:
        settings = test_county.with_its_database(county.settings)
        assert settings.test_database_url is not None
        name = settings.test_database_url.partition("?")[0].rpartition("/")[2]
        db.create_database(server_url, name, template=template_name)
        test = test_county.prepare(settings)
        assert test.clock_file is not None
        exchange = Inline(test.url())
        county.app.config["KAREZ"] = settings
        county.app.test_county = OtherCounty(test, exchange=lambda: exchange, rate_limits=False)
        try:
            yield Both(county, test, clock.Ahead(test.clock_file), exchange)
            for url in (county.settings.url(), test.url()):
                assert prove.run(url)["violations"] == 0
        finally:
            county.app.test_county = None
            exchange.close()
            db.dispose(test.url())
            db.drop_database(server_url, name)


def test_a_test_key_reaches_the_same_addresses_and_another_county(both: Both) -> None:
    live, test = both.key(None), both.key("factory")
    assert live.startswith("kz_")
    assert test.startswith("kz_test_")
    here, there = both.ask(live, "/money-accounts"), both.ask(test, "/money-accounts")
    assert (here.headers.get("Karez-County"), there.headers["Karez-County"]) == (None, "test")
    [account] = there.json["data"]
    paid = {
        "money_account_id": account["id"],
        "amount": "5.00",
        "bank_reference": "T",
        "value_date": "2026-01-01",
    }
    paid["value_date"] = clock.today().isoformat()
    assert both.ask(both.key("treasurer"), "/deposits", paid).status_code == 201
    after = both.ask(test, "/money-accounts").json["data"][0]["balance"]
    assert after != account["balance"]
    assert both.ask(live, "/money-accounts").json["data"] == here.json["data"]


def test_no_key_opens_the_other_county(both: Both) -> None:
    live, test = both.key(None), both.key("factory")
    for forged in (live.replace("kz_", "kz_test_", 1), test.replace("kz_test_", "kz_", 1)):
        answer = both.ask(forged, "/me")
        assert (answer.status_code, answer.json["code"]) == (401, "not_authenticated")
    token = both.live.tokens["factory"]
    assert both.ask(f"kz_test_{token}", "/me").status_code == 401
    assert both.ask(token, "/test-clock").json["code"] == "not_a_test_county"
    later = (clock.now() + DAY).isoformat()
    refused = both.ask(live, "/test-clock/advance", {"to": later})
    assert (refused.status_code, refused.json["code"]) == (409, "not_a_test_county")


def test_a_key_acts_as_somebody_who_is_there_and_ends_when_it_is_revoked(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = both.live.get("factory", "/test-county")["users"]
    assert {"acts_as": "reviewer", "roles": ["reviewer"]} in people
    body = {"label": "t", "scopes": ["read"], "acts_as": "nobody"}
    answer = both.live.client.post("/v1/api-keys", json=body, headers=both.live.headers("factory"))
    assert (answer.status_code, answer.json["code"]) == (422, "no_test_sign_in")
    monkeypatch.setattr(access, "FRESH_S", 0.0)
    made = both.live.post("farmer", "/api-keys", body | {"acts_as": "reviewer"})
    assert (made["county"], made["acts_as"]) == ("test", "reviewer")
    assert both.ask(made["secret"], "/me").json["roles"] == ["reviewer"]
    rotated = both.live.post("farmer", f"/api-keys/{made['id']}/rotate")
    assert rotated["secret"].startswith("kz_test_")
    both.live.post("farmer", f"/api-keys/{rotated['id']}/revoke")
    assert both.ask(rotated["secret"], "/me").status_code == 401


def test_without_a_test_county_a_test_key_is_refused_by_name(both: Both) -> None:
    key, other = both.key("factory"), both.live.app.test_county
    both.live.app.test_county = None
    both.live.app.config["KAREZ"] = replace(both.live.settings, test_database_url=None)
    try:
        answer = both.ask(key, "/me")
        assert (answer.status_code, answer.json["code"]) == (401, "test_key_refused")
        body = {"label": "t", "scopes": ["read"], "acts_as": "factory"}
        asked = both.live.client.post("/v1/api-keys", json=body, headers=both.live.headers("factory"))
        assert (asked.status_code, asked.json["code"]) == (409, "no_test_county")
    finally:
        both.live.app.test_county = other
        both.live.app.config["KAREZ"] = test_county.with_its_database(both.live.settings)


def test_the_clock_goes_forward_and_what_is_due_on_the_way_is_done_in_order(both: Both) -> None:
    key = both.key("farmer", "farmer")
    account = both.ask(key, "/water-accounts").json["data"][0]["id"]
    now = dt.datetime.fromisoformat(both.ask(key, "/test-clock").json["now"])
    expires = (now + DAY).isoformat()
    body = order_body(both.live, account, "sell", "10", "9") | {"time_in_force": "GTD", "expires_at": expires}
    placed = both.ask(key, "/orders", body)
    assert (placed.status_code, placed.headers["Karez-County"]) == (201, "test"), placed.text
    asked = both.ask(key, "/test-clock/advance", {"to": (now + 2 * DAY).isoformat()})
    assert (asked.status_code, asked.json["status"]) == (202, "running")
    twice = both.ask(key, "/test-clock/advance", {"to": (now + 3 * DAY).isoformat()})
    assert (twice.status_code, twice.json["code"]) == (409, "clock_is_moving")
    assert both.advance() == 1
    assert both.advance() == 0
    move = both.ask(key, f"/test-clock/advances/{asked.json['id']}").json
    assert (move["status"], move["reached_at"]) == ("done", move["to"])
    did = [(each["at"], each["job"]) for each in move["steps"]]
    assert [job for _, job in did].count("early-warning") == 2  # one a day
    assert [at for at, _ in did] == sorted(at for at, _ in did)
    assert both.ask(key, f"/orders/{placed.json['id']}").json["status"] == "expired"
    then = dt.datetime.fromisoformat(both.ask(key, "/test-clock").json["now"])
    assert 2 * DAY <= then - now < 2 * DAY + dt.timedelta(hours=1)
    assert abs(clock.now() - now) < dt.timedelta(hours=1)  # here nothing moved


@pytest.mark.parametrize(
    ("days", "code"), [(-1, "clock_goes_forward"), (401, "clock_too_far"), (9_000, "clock_too_far")]
)
def test_the_clock_goes_a_bounded_way_and_never_back(both: Both, days: int, code: str) -> None:
    key = both.key("farmer", "farmer")
    now = dt.datetime.fromisoformat(both.ask(key, "/test-clock").json["now"])
    answer = both.ask(key, "/test-clock/advance", {"to": (now + days * DAY).isoformat()})
    assert (answer.status_code, answer.json["code"]) == (422, code)


@pytest.mark.parametrize(
    ("which", "change"),
    [
        ("live", "clock_ahead_us = 1"),
        ("live", "county = 'test'"),
        ("test", "county = 'live', clock_ahead_us = 0"),
        ("test", "clock_ahead_us = clock_ahead_us - 1"),
    ],
)
def test_the_database_itself_moves_no_live_clock_and_none_back(both: Both, which: str, change: str) -> None:
    url = both.live.settings.url() if which == "live" else both.test.url()
    with pytest.raises((IntegrityError, DatabaseError)), db.transaction(url) as session:
        session.execute(text(f"UPDATE installation SET {change}"))


def test_a_county_that_was_made_anew_is_known_as_it_is_now(both: Both) -> None:
    key = both.key("farmer", "farmer")
    first = both.ask(key, "/test-clock").json
    assert first["ahead_seconds"] > 0
    ownership.remember_order(both.test.url(), 9_999_999, 1)
    both.ahead.begin_anew()
    assert both.ask(key, "/test-clock").json["ahead_seconds"] == 0
    assert (both.test.url(), 9_999_999) not in ownership._known_orders
    with db.transaction(both.test.url()) as session:
        both.ahead.set(moving.ahead_of(session))  # this one was not, in truth


def test_too_many_requests_at_once_are_turned_away_and_the_live_county_goes_on(both: Both) -> None:
    other: Any = both.live.app.test_county
    taken = [other._places.acquire(blocking=False) for _ in range(both.test.threads)]
    try:
        busy = both.ask(both.key("farmer", "farmer"), "/test-clock")
        assert (busy.status_code, busy.json["code"], busy.headers["Karez-County"]) == (
            503,
            "test_county_busy",
            "test",
        )
        assert both.live.get("farmer", "/me")
    finally:
        for _ in taken:
            other._places.release()


def test_the_clock_also_stops_where_the_calendar_changes_a_phase(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = sessions.TradingDay(
        None, frozenset(range(1, 8)), False, ((dt.time(10), "open"), (dt.time(16), sessions.NIGHT_STEP))
    )
    monkeypatch.setattr(timetable, "calendar", lambda _pack: sessions.Calendar((day,)))
    noon = clock.now().astimezone(clock.LEGAL_ZONE).replace(hour=12, minute=0, second=0, microsecond=0)
    with db.connect(both.live.settings.url()) as connection:
        found = timetable.changes(connection, noon, noon + DAY)
    assert sorted(found) == [noon.replace(hour=16), (noon + DAY).replace(hour=10)]


def test_a_live_county_is_not_taken_for_a_test_county(both: Both) -> None:
    wrong = replace(both.live.settings, test_database_url=both.live.settings.url())
    with pytest.raises(OperatorError, match="not a test county's"):
        test_county.prepare(wrong)
    with pytest.raises(OperatorError, match="not a test county's"):
        test_county.reset(wrong)
