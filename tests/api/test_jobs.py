"""What is done by the clock: each job does what is due, once, and leaves the rest for the next time."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from procrastinate import App

from ledger.units import parse_litres
from market import due, jobs, prove
from market.cli import main
from market.core import audit, clock, db, jobqueue
from market.core.errors import NotFound
from market.registry import pledge_alerts
from tests.api.county import YEAR, County, trust_body
from tests.api.furnished import open_furnished
from tests.api.smallholders import buy, household, order_body, trustee_of

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The county with my things and a neighbour's; afterwards nothing in the market is wrong."""
    with open_furnished(database_url, tmp_path_factory.mktemp("county")) as found:
        yield found
        found.exchange.take_up()
        report = prove.run(found.settings.url())
        assert report["violations"] == 0, [each for each in report["invariants"] if each["violations"]]


def _run(county: County, name: str) -> int:
    return jobs.run(county.settings.url(), jobs.named(name))


def _pool(county: County, ends_on: str = f"{YEAR}-12-31", *, standing: bool = False) -> dict[str, Any]:
    """A pool with one member, who has 100 m3 and entrusted 60 of them."""
    number = next(_numbers)
    trustee, member = f"pool-{number}", f"pooled-{number}"
    trust = county.post(trustee, "/trusts", trust_body(trustee_of(county, trustee)) | {"ends_on": ends_on})
    _, account = household(county, member, "100")
    body = {"water_account_id": account, "volume": "60", "standing": standing}
    joined = county.post(member, f"/trusts/{trust['id']}/members", body)["id"]
    county.post(trustee, f"/trust-members/{joined}/accept")
    return trust | {"trustee": trustee, "member": member, "account": account}


def _balance(county: County, pool: dict[str, Any]) -> str:
    found: str = county.get("auditor", f"/water-accounts/{pool['account']}")["balance"]
    return found


def test_banks_are_told_of_a_sale_once(county: County) -> None:
    _run(county, "banks")
    county.post("mine", "/orders", order_body(county, county.mine["water_account"], "sell", "1", "0.12"))
    buy(county, "1", "0.12")
    assert _run(county, "banks") == 1
    assert _run(county, "banks") == 0


def test_two_that_tell_banks_at_once_tell_of_a_sale_once(county: County) -> None:
    county.post("mine", "/orders", order_body(county, county.mine["water_account"], "sell", "1", "0.13"))
    buy(county, "1", "0.13")
    url = county.settings.url()
    told: list[int] = []
    with db.connect(url) as first:
        told.append(pledge_alerts.tell_of_trades(first))
        second = threading.Thread(target=lambda: told.append(_run(county, "banks")))
        second.start()
        second.join(0.5)
        assert second.is_alive()  # it waits for the first to commit
        first.commit()
        second.join(30)
    assert told == [1, 0]


def test_a_trust_whose_term_is_over_ends_and_gives_back_once_its_orders_are_gone(county: County) -> None:
    last = clock.today() + dt.timedelta(days=3)
    quick, slow = (_pool(county, last.isoformat()) for _ in range(2))
    county.post(slow["trustee"], "/orders", order_body(county, slow["water_account_id"], "sell", "20", "9"))
    _run(county, "trusts")
    assert county.get("auditor", f"/trusts/{quick['id']}")["status"] == "open"
    after = clock.end_of_legal_day(last) + dt.timedelta(seconds=1)
    with clock.moved_to(after):
        assert _run(county, "trusts") == 3  # both ended, one gave back; the other's orders are still open
    assert (_balance(county, quick), _balance(county, slow)) == ("100.000", "40.000")
    county.exchange.take_up()
    with clock.moved_to(after):
        assert _run(county, "trusts") == 1
        assert _run(county, "trusts") == 0
    assert _balance(county, slow) == "100.000"
    assert county.get("auditor", f"/trusts/{slow['id']}")["status"] == "ended"


def test_what_is_announced_later_goes_into_the_pool_where_it_was_entrusted(county: County) -> None:
    standing, not_standing = _pool(county, standing=True), _pool(county)
    assert _run(county, "collect") >= 1
    pools = [county.get("auditor", f"/trusts/{each['id']}")["volume"] for each in (standing, not_standing)]
    assert pools == ["100.000", "60.000"]
    assert _run(county, "collect") == 0


def test_a_right_expires_after_its_last_day(county: County) -> None:
    body = {
        "participant_id": county.mine["participant"], "kind": "irrigation_certificate", "source": "surface",
        "sector": "agriculture", "township": "DEMO-MANAS", "canal": "DEMO-CANAL", "volume": "7",
        "valid_from": f"{YEAR}-01-01", "valid_to": (clock.today() + dt.timedelta(days=2)).isoformat(),
    }  # fmt: skip
    right = county.post("registrar", "/entitlements", body)["id"]
    county.post("registrar", f"/entitlements/{right}/confirm")
    assert _run(county, "rights") == 0
    with clock.moved_to(clock.end_of_legal_day(clock.today() + dt.timedelta(days=2))):
        assert _run(county, "rights") == 1
    steps = county.get("auditor", f"/entitlements/{right}/steps")["data"]
    assert steps[-1]["step"] == "expire"


def test_a_settled_trade_has_its_delivery_ordered_once(county: County) -> None:
    _run(county, "deliveries")
    seller = f"seller-{next(_numbers)}"
    _, account = household(county, seller, "100")
    county.post(seller, "/orders", order_body(county, account, "sell", "3", "0.11"))
    trade = buy(county, "3", "0.11")["fills"][0]["trade_id"]
    instruction = county.get("centre", f"/trades/{trade}")["instruction_id"]
    assert _run(county, "deliveries") == 1
    made = [
        each for each in county.get("auditor", "/deliveries")["data"] if each["instruction_id"] == instruction
    ]
    assert [(each["status"], each["volume"]) for each in made] == [("ordered", "3.000")]
    assert _run(county, "deliveries") == 0


def test_a_curtailment_goes_on_by_itself(county: County) -> None:
    [cap] = county.get("registrar", f"/limits?kind=cap&water_year={YEAR}&zone=DEMO-MANAS")["data"]
    litres = parse_litres(cap["volume"]) - parse_litres(cap["available"]) - 1_500
    body = {
        "water_year": YEAR, "cuts": [{"limit_id": cap["id"], "volume": f"{litres // 1000}.{litres % 1000:03d}"}],
        "reason": "drought", "legal_source": "art. 41",
    }  # fmt: skip
    ordered = county.post("registrar", "/curtailments", body)["id"]
    steps = 0
    while county.get("registrar", f"/curtailments/{ordered}")["status"] != "done":
        county.exchange.take_up()
        steps += _run(county, "curtailments")
        assert steps < 10
    assert _run(county, "curtailments") == 0
    assert county.get("registrar", f"/curtailments/{ordered}")["taken"] == "1.500"


def test_a_refusal_of_one_item_stops_no_other_and_an_error_stops_the_job(county: County) -> None:
    seen: list[int] = []

    def do(_session: Any, item: int) -> None:
        seen.append(item)
        if item == 2:
            raise NotFound("it is gone")
        if item == 4:
            raise ArithmeticError("a fault of ours")

    url = county.settings.url()
    assert due._each(url, "tests", [1, 2, 3], do) == 2
    with pytest.raises(ArithmeticError):
        due._each(url, "tests", [4, 5], do)
    assert seen == [1, 2, 3, 4]


async def _work(queue: App, enough: Callable[[], bool]) -> None:
    """Runs a worker until that is enough, at most for some seconds."""
    async with queue.open_async():
        worker = asyncio.create_task(
            queue.run_worker_async(delete_jobs="successful", install_signal_handlers=False)
        )
        for _ in range(200):
            if enough():
                break
            await asyncio.sleep(0.05)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)


def test_the_worker_does_what_its_schedule_says_and_keeps_what_failed(county: County) -> None:
    """Through the real queue: the periodic tasks of this second are deferred, and worked off."""
    url = county.settings.url()
    queue = jobqueue.app(url)
    done: list[str] = []

    def fails() -> None:
        done.append("fails")
        raise ArithmeticError("a fault of ours")

    jobqueue.every(queue, "works", "* * * * * *", lambda: done.append("works"))
    jobqueue.every(queue, "fails", "* * * * * *", fails)
    asyncio.run(_work(queue, lambda: {"works", "fails"} <= set(done)))
    assert {"works", "fails"} <= set(done)
    with db.connect(url) as connection:
        left = connection.execute(
            "SELECT DISTINCT task_name, status::text FROM jobs.procrastinate_jobs"
        ).fetchall()
    assert ("fails", "failed") in left
    assert ("works", "succeeded") not in left


def test_the_command_lists_the_jobs_and_does_one(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", county.settings.url())
    listed = CliRunner().invoke(main, ["jobs", "list", "--json"])
    assert [each["name"] for each in json.loads(listed.output)] == [each.name for each in jobs.JOBS]
    done = CliRunner().invoke(main, ["jobs", "run", "banks", "--json"])
    assert json.loads(done.output) == {"job": "banks", "done": 0}
    wrong = CliRunner().invoke(main, ["jobs", "run", "nothing"])
    assert (wrong.exit_code, wrong.output.count("\n")) == (1, 1)
    assert "curtailments" in wrong.output


def test_the_record_shows_that_the_clock_did_it(county: County) -> None:
    assert audit.Actor(request_id="jobs") == due.CLOCK
    with db.connect(county.settings.url()) as connection:
        rows = connection.execute(
            "SELECT DISTINCT action FROM audit WHERE request_id = 'jobs' AND actor_user_id IS NULL"
        ).fetchall()
    assert {"trust.ended", "trust.given_back", "delivery.ordered"} <= {row[0] for row in rows}
