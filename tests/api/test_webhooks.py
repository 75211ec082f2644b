"""Events and webhooks over HTTP, from what a participant does to what its receiver gets."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from market import prove
from market.cli import main
from market.core import audit, clock, db, ids
from market.core.db import raw
from market.webhooks import delivering, endpoints, spreading, topics, trying
from tests.api.county import County, open_county, product
from tests.api.receiving import Got, Receiver, receiving, signed_by, work

EVENTS = 300
CLOCK = audit.Actor(request_id="tests")


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county, which may send into its own network."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        refused = found.client.post(
            "/v1/webhook-endpoints", json={"url": "https://127.0.0.1/hooks"}, headers=found.headers("farmer")
        )
        assert (refused.status_code, refused.json["code"]) == (422, "webhook_target_refused")
        found.settings = dataclasses.replace(found.settings, webhook_private=True)
        found.app.config["KAREZ"] = found.settings
        yield found
        delivering.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def _endpoint(county: County, name: str, receiver: Receiver, **more: Any) -> dict[str, Any]:
    return county.post(name, "/webhook-endpoints", {"url": receiver.url} | more)


def _disable(county: County, name: str, endpoint: dict[str, Any]) -> None:
    county.post(name, f"/webhook-endpoints/{endpoint['id']}/disable", {"reason": "the test is over"})


def _within(seconds: float, holds: Callable[[], bool]) -> bool:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if holds():
            return True
        time.sleep(0.005)
    return holds()


def _of(receiver: Receiver, type: str) -> list[Got]:
    return [each for each in receiver.got if json.loads(each.body)["type"] == type]


def test_a_trade_reaches_the_programs_of_both_sides_and_of_nobody_else(
    county: County, receiver: Receiver
) -> None:
    sides = {name: _endpoint(county, name, receiver) for name in ("farmer", "factory", "centre")}
    accounts = {name: county.get(name, "/water-accounts")["data"][0]["id"] for name in ("farmer", "factory")}
    for name, side, volume, price in (("farmer", "sell", "200", "0.40"), ("factory", "buy", "90", "0.50")):
        body = {
            "product_id": product(county), "water_account_id": accounts[name], "side": side, "volume": volume,
            "price": price,
        }  # fmt: skip
        order = county.post(name, "/orders", body)
    work(county)
    made, filled = _of(receiver, topics.TRADE_MADE), _of(receiver, topics.ORDER_FILLED)
    trade = county.get("factory", "/trades")["data"][0]["id"]
    assert [json.loads(each.body)["data"] for each in made] == [{"trade_id": trade}] * 2
    assert [json.loads(each.body)["data"] for each in filled] == [{"order_id": order["id"]}]
    assert len({each.id for each in made}) == 1
    secrets = [sides[name]["secret"] for name in ("farmer", "factory")]
    assert sorted([signed_by(each, secret) for secret in secrets] for each in made) == [
        [False, True],
        [True, False],
    ]
    assert not any(signed_by(each, sides["centre"]["secret"]) for each in made + filled)
    event = county.get("farmer", f"/events/{made[0].id}")
    assert {"type": event["type"], "timestamp": event["timestamp"], "data": event["data"]} == json.loads(
        made[0].body
    )
    path = f"/v1/events/{made[0].id}"
    assert county.client.get(path, headers=county.headers("centre")).status_code == 404
    listed = county.get("factory", f"/events?type={topics.TRADE_MADE}")["data"]
    assert [each["id"] for each in listed] == [made[0].id]
    assert county.get("centre", f"/events?type={topics.TRADE_MADE}")["data"] == []
    for name, endpoint in sides.items():
        _disable(county, name, endpoint)


def test_it_is_tried_again_with_growing_gaps_under_one_id_and_then_given_up(
    county: County, receiver: Receiver
) -> None:
    endpoint = _endpoint(county, "farmer", receiver, types=["supervision.notice.issued"])
    receiver.answers, receiver.said = (lambda _: 503), b"\x00" + "再试".encode() * 1_000
    path = f"/webhook-endpoints/{endpoint['id']}"
    delivery = county.post("farmer", f"{path}/test")
    path += f"/deliveries/{delivery['id']}"
    at, gaps = clock.now(), []
    began = at
    for number in range(1, trying.TRIES + 1):
        with clock.moved_to(at):
            work(county)
            work(county)  # before its time nothing is sent
        found = county.get("farmer", path)
        assert found["attempts"] == len(receiver.got) == number
        if found["next_try_at"] is not None:
            tried = dt.datetime.fromisoformat(found["tries"][-1]["started_at"])
            due = dt.datetime.fromisoformat(found["next_try_at"])
            gaps.append((due - tried).total_seconds())
            at = due + dt.timedelta(milliseconds=1)
    assert (found["status"], found["attempts"], found["next_try_at"]) == ("failed", trying.TRIES, None)
    assert all(due <= gap <= due * 1.1 for due, gap in zip(trying.GAPS_S, gaps, strict=True))
    assert dt.timedelta(hours=23) < at - began < dt.timedelta(hours=26)
    assert {each["status_code"] for each in found["tries"]} == {503}
    assert all(len(each["answer"]) <= 1_000 and each["answer"].startswith("再试") for each in found["tries"])
    assert len({(each.id, each.body) for each in receiver.got}) == 1


def test_a_rotated_secret_signs_beside_the_new_one_for_a_day(county: County, receiver: Receiver) -> None:
    old = _endpoint(county, "factory", receiver, types=["supervision.notice.issued"])
    path = f"/webhook-endpoints/{old['id']}"
    new = county.post("factory", f"{path}/rotate-secret")
    assert new["id"] == old["id"] and new["secret"] != old["secret"]
    assert "secret" not in county.get("factory", path)
    with db.connect(county.settings.url()) as connection:
        row = connection.execute(
            "SELECT (SELECT string_agg(s::text, '') FROM webhook_secrets s), (SELECT string_agg(a::text, '')"
            " FROM audit a), (SELECT string_agg(k::text, '') FROM idempotency_keys k)"
        ).fetchone()
    assert not any(made["secret"].removeprefix("whsec_") in str(row) for made in (old, new))
    for later, due in ((dt.timedelta(hours=23), [True, True]), (dt.timedelta(hours=25), [True, False])):
        with clock.moved_to(clock.now() + later):
            with county.app.app_context(), db.transaction(county.settings.url()) as session:
                endpoints.test(session, actor=CLOCK, endpoint_id=ids.parse("whe", old["id"]))
            work(county)
        got = receiver.got.pop()
        assert [signed_by(got, new["secret"]), signed_by(got, old["secret"])] == due
        assert json.loads(got.body)["data"] == {"webhook_endpoint_id": old["id"]}
    _disable(county, "factory", old)


def test_a_delivery_is_sent_anew_under_the_same_id_and_another_s_is_unknown(
    county: County, receiver: Receiver
) -> None:
    endpoint = _endpoint(county, "farmer", receiver, types=["supervision.notice.issued"])
    other = _endpoint(county, "farmer", receiver, types=["supervision.notice.issued"])
    path = f"/webhook-endpoints/{endpoint['id']}"
    delivery = county.post("farmer", f"{path}/test")["id"]
    resend = f"{path}/deliveries/{delivery}/resend"
    early = county.client.post(f"/v1{resend}", headers=county.headers("farmer"))
    assert (early.status_code, early.json["code"]) == (409, "webhook_delivery_under_way")
    work(county)
    assert county.get("farmer", f"{path}/deliveries?status=delivered")["data"][0]["id"] == delivery
    again = county.post("farmer", resend)
    assert (again["status"], again["attempts"]) == ("pending", 1)
    work(county)
    assert [each.id for each in receiver.got] == [again["event_id"]] * 2
    assert receiver.got[0].body == receiver.got[1].body
    assert county.get("farmer", f"{path}/deliveries/{delivery}")["attempts"] == 2
    for name, place in (("farmer", other["id"]), ("factory", endpoint["id"])):
        answer = county.client.post(
            f"/v1/webhook-endpoints/{place}/deliveries/{delivery}/resend", headers=county.headers(name)
        )
        assert answer.status_code == 404
    for each in (endpoint, other):
        _disable(county, "farmer", each)


@pytest.mark.parametrize(("status", "because", "days"), [(410, "gone", 0), (500, "failing", 5)])
def test_an_endpoint_where_nothing_arrives_is_disabled_and_its_owner_told(
    county: County, receiver: Receiver, status: int, because: str, days: int
) -> None:
    endpoint = _endpoint(county, "farmer", receiver, types=["supervision.notice.issued"])
    path = f"/webhook-endpoints/{endpoint['id']}"
    receiver.answers = lambda _: status
    county.post("farmer", f"{path}/test")
    work(county)
    if days:
        county.post("farmer", f"{path}/test")
        with clock.moved_to(clock.now() + dt.timedelta(days=days, hours=1)):
            work(county)
    found = county.get("farmer", path)
    assert (found["status"], found["disabled_because"]) == ("disabled", because)
    sent = len(receiver.got)
    refused = county.client.post(f"/v1{path}/test", headers=county.headers("farmer"))
    assert (refused.status_code, refused.json["code"]) == (409, "webhook_endpoint_state")
    work(county)
    told = county.get("farmer", "/events?type=webhooks.webhook_endpoint.disabled&limit=200")["data"]
    assert told[-1]["data"] == {"webhook_endpoint_id": endpoint["id"]}
    assert len(receiver.got) == sent
    receiver.answers = lambda _: 200
    assert county.post("farmer", f"{path}/enable")["failing_since"] is None
    with clock.moved_to(clock.now() + dt.timedelta(days=7)):
        work(county)  # what waited goes first
    assert len(receiver.got) > sent
    assert county.get("farmer", f"{path}/deliveries?status=pending")["data"] == []
    _disable(county, "farmer", endpoint)


def test_the_command_shows_what_failed_and_sends_it_anew(
    county: County, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in county.settings.environment().items():
        monkeypatch.setenv(name, value)
    endpoint = _endpoint(county, "farmer", receiver, types=["supervision.notice.issued"])
    county.post("farmer", f"/webhook-endpoints/{endpoint['id']}/test")
    with db.connect(county.settings.url()) as connection:
        connection.execute(
            "UPDATE webhook_deliveries SET status = 'failed', next_try_at = NULL WHERE endpoint_id = %s",
            (ids.parse("whe", endpoint["id"]),),
        )

    def says(*words: str) -> Any:
        done = CliRunner().invoke(main, [*words, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.output)

    [row] = [each for each in says("webhooks", "status")["data"] if each["id"] == endpoint["id"]]
    assert (row["pending"], row["failed"], row["delivered"]) == (0, 1, 0)
    assert says("webhooks", "resend", endpoint["id"])["sent_anew"] == 1
    assert says("jobs", "run", "webhooks")["job"] == "webhooks"  # and waits until it is sent
    [listed] = says("webhooks", "list", endpoint["id"])["data"]
    assert (listed["status"], listed["status_code"], len(receiver.got)) == ("delivered", 204, 1)
    wrong = CliRunner().invoke(main, ["webhooks", "list", "whe_1"])
    assert wrong.exit_code == 1 and "there is no endpoint" in wrong.output
    _disable(county, "farmer", endpoint)


def test_a_slow_receiver_delays_itself_alone(county: County) -> None:
    with receiving() as slow, receiving() as quick:
        slow.waits_s = 2.0
        ours = _endpoint(county, "factory", slow, types=["supervision.notice.issued"])
        theirs = [_endpoint(county, "farmer", quick, types=["supervision.notice.issued"]) for _ in range(3)]
        county.post("factory", f"/webhook-endpoints/{ours['id']}/test")
        for each in theirs:
            county.post("farmer", f"/webhook-endpoints/{each['id']}/test")
        lanes = delivering.sender(county.settings.url(), county.settings)
        assert lanes.fill() == 4
        assert _within(10, lambda: len(quick.got) == 3)
        assert len(slow.answered) == 0  # it is still at it
        lanes.wait()
        assert (len(slow.got), len(quick.got)) == (1, 3)
    _disable(county, "factory", ours)
    for each in theirs:
        _disable(county, "farmer", each)


def test_of_many_events_to_a_receiver_that_fails_at_random_none_is_lost(
    county: County, receiver: Receiver
) -> None:
    endpoint = _endpoint(county, "factory", receiver, types=[topics.TESTED])
    number, owner = ids.parse("whe", endpoint["id"]), ids.parse("par", endpoint["participant_id"])
    rolled = random.Random(7)
    told = [
        spreading.Told(topics.TESTED, "webhook_endpoint", number, clock.now(), None, frozenset({owner}))
        for _ in range(EVENTS)
    ]
    with db.transaction(county.settings.url()) as session:
        spreading.lock_numbers(raw(session))
        made = spreading.enter(raw(session), told)
    fails = {ids.public("evn", each): min(int(rolled.expovariate(1.0)), trying.TRIES - 1) for each in made}
    taken: set[str] = set()

    def answer(got: Got) -> int:
        assert got.id not in taken  # nothing is sent again that was taken
        if fails[got.id]:
            fails[got.id] -= 1
            return rolled.choice((500, 503, 429, 302))
        taken.add(got.id)
        return 200

    receiver.answers = answer
    due: dt.datetime | None = clock.now()
    for _ in range(2 * trying.TRIES):
        if due is None:
            break
        with clock.moved_to(due + dt.timedelta(seconds=1)):
            work(county)
        with db.connect(county.settings.url()) as connection:
            row = connection.execute(
                "SELECT max(next_try_at) FROM webhook_deliveries WHERE endpoint_id = %s", (number,)
            ).fetchone()
        due = row[0] if row is not None else None
    assert taken == {ids.public("evn", each) for each in made}
    _disable(county, "factory", endpoint)
    assert prove.run(county.settings.url())["violations"] == 0


def test_a_program_finds_a_thing_by_its_own_id(county: County) -> None:
    accounts = {name: county.get(name, "/water-accounts")["data"][0]["id"] for name in ("farmer", "factory")}
    named = county.post(
        "farmer", "/external-ids", {"object_id": accounts["farmer"], "external_id": "field-7"}
    )
    again = county.post(
        "farmer", "/external-ids", {"object_id": accounts["farmer"], "external_id": "field-7"}
    )
    assert again == named
    found = county.get("farmer", "/external-ids?kind=water_account&external_id=field-7")["data"]
    assert [each["object_id"] for each in found] == [accounts["farmer"]]
    same = county.post(
        "factory", "/external-ids", {"object_id": accounts["factory"], "external_id": "field-7"}
    )
    assert same["object_id"] == accounts["factory"]  # each has its own
    refusals = [
        ({"object_id": accounts["factory"], "external_id": "mine?"}, 404, "not_found"),
        (
            {"object_id": found[0]["participant_id"].replace("par_", "ord_"), "external_id": "x"},
            422,
            "invalid_input",
        ),
        ({"object_id": accounts["farmer"], "external_id": "a space"}, 422, "invalid_input"),
    ]
    for body, status, code in refusals:
        answer = county.client.post("/v1/external-ids", json=body, headers=county.headers("farmer"))
        assert (answer.status_code, answer.json["code"]) == (status, code)
    me = county.get("farmer", "/me")["participant_id"]
    county.post("farmer", "/external-ids", {"object_id": me, "external_id": "us"})
    renamed = county.post("farmer", "/external-ids", {"object_id": me, "external_id": "field-7"})
    assert renamed["external_id"] == "field-7"  # of another kind
    second = county.get("farmer", f"/external-ids?object_id={accounts['farmer']}")["data"][0]["id"]
    wrong = county.client.post(
        f"/v1/external-ids/{second}/remove", json={"external_id": "other"}, headers=county.headers("farmer")
    )
    assert wrong.status_code == 404
    county.post("farmer", f"/external-ids/{second}/remove", {"external_id": "field-7"})
    assert county.get("farmer", "/external-ids?kind=water_account")["data"] == []
    with (  # nobody is sent what does not concern it, says the database
        db.connect(county.settings.url()) as connection,
        pytest.raises(psycopg.errors.ForeignKeyViolation),
    ):
        connection.execute(
            "INSERT INTO webhook_deliveries (endpoint_id, event_id, public, addressee_id, next_try_at)"
            " SELECT w.id, a.event_id, false, w.participant_id, now() FROM webhook_endpoints w,"
            " event_addressees a WHERE a.participant_id <> w.participant_id AND NOT EXISTS (SELECT FROM"
            " event_addressees b WHERE b.event_id = a.event_id AND b.participant_id = w.participant_id) LIMIT 1"
        )
