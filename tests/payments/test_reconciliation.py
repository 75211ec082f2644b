"""The provider's account against the clearing account: planted differences are found exactly, and become cases."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from market import cli, jobs, prove
from market.core import audit, clock, db
from market.core.config import Settings
from market.payments import gateway_errors, gateway_queries, reconciliation
from market.payments.sandbox.server import Sandbox, running
from market.payments.sandbox.world import World
from market.payments.stripe_http import StripeGateway
from tests.payments.house import SUPERVISOR, TREASURER, House, open_house

NOON = dt.datetime.combine(clock.today(), dt.time(12), clock.LEGAL_ZONE)


@pytest.fixture(scope="module")
def house(database_url: str) -> Iterator[House]:
    """Thirty deposits, a third refunded in part, and payouts by both routes, of which some came back; at noon."""
    with clock.moved_to(NOON), running(Sandbox(world=World())) as sandbox:
        made = open_house(database_url, StripeGateway(sandbox.url, "sk_test_1"), world=sandbox.world)
        deposits = [made.start(1_000 + each) for each in range(30)]
        made.work()
        for each in deposits:
            made.pays(each)
        made.work(seconds=10)
        for each in deposits[::3]:
            made.refund(each, 100)
        for route, to in (("bank", "ba_1"), ("bank", "ba_fail"), ("account", "acct_1")) * 3:
            made.pay_out(500, route=route, to=to)
        made.work(seconds=20)
        made.work(seconds=40)
        yield made


def _plant(world: World) -> None:
    """Ten things that are wrong, each of another line."""
    lines = world.things["balance_transaction"]
    of = {
        kind: [each for each in lines.values() if each["type"] == kind]
        for kind in ("charge", "refund", "payout")
    }

    def drop(line: dict[str, object]) -> None:
        del lines[str(line["id"])]

    charges = of["charge"]
    drop(charges[0])
    drop(of["payout"][0])
    charges[1]["amount"] += 1
    of["refund"][0]["amount"] -= 1
    charges[2]["fee"] += 1
    charges[3]["fee"] = 0
    world.enter("charge", "ch_of_another", 777)
    world.enter("adjustment", "dp_dispute", -555)
    world.enter("charge", charges[4]["id"], 1)
    world.enter("refund", of["refund"][1]["source"], of["refund"][1]["amount"])


def test_a_day_without_differences_and_one_with_ten(house: House) -> None:
    today = clock.today()
    with clock.moved_to(NOON + dt.timedelta(hours=1)):
        sound = house.compare(today)
    assert sound.found == []
    assert (sound.entries, sound.items) == (30 + 10 + 9 + 3, 30 + 10 + 9 + 3)
    assert sound.provider_fen == sound.book_fen == house.emulated.balance_fen() == house.clearing_fen()


@pytest.mark.parametrize(
    ("number", "statement", "reason"),
    [
        (12, "UPDATE gateway_movements SET fen = fen + 1 WHERE id = (SELECT min(id) FROM gateway_movements)",
         "a movement that the ledger does not have, or has twice"),
        (12, "DELETE FROM gateway_movements WHERE id = (SELECT max(id) FROM gateway_movements WHERE kind = 'payout')",
         "a transfer of the provider's account without its movement"),
        (12, "UPDATE accounts SET debits_posted = debits_posted + 1 WHERE code = 18",
         "the clearing account is not what was captured, less fees, refunds and payouts"),
        (12, "UPDATE accounts SET debits_posted = debits_posted + 1 WHERE code = 19",
         "what the provider kept is not its fees"),
        (12, "UPDATE gateway_payments SET captured_fen = captured_fen - 1 WHERE id = 1",
         "a captured payment that was not credited as it says"),
        (12, "UPDATE gateway_payments SET fee_fen = fee_fen + 1 WHERE id = 1", "a fee that was not booked as it says"),
        (12, "UPDATE gateway_payments SET refunded_fen = refunded_fen + 1 WHERE id = 2",
         "more or less was refunded than a payment says"),
        (12, "UPDATE gateway_refunds SET status = 'returned' WHERE id = 1",
         "a refund whose movements are not those of its state"),
        (12, "UPDATE gateway_payouts SET status = 'returned' WHERE id = 1",
         "a payout whose movements are not those of its state"),
        (6, "UPDATE gateway_payouts SET status = 'in_transit', closed_at = NULL WHERE id = 1",
         "a payout or refund does not hold what it says"),
        (15, "DELETE FROM gateway_calls WHERE payment_id = 1",
         "a thing at the provider without the call that made it"),
        (15, "DELETE FROM gateway_calls WHERE payout_id = 1",
         "a thing at the provider without the call that made it"),
    ],
)  # fmt: skip
def test_what_no_request_can_do_is_told_by_the_proof(
    house: House, number: int, statement: str, reason: str
) -> None:
    with db.connect(house.url) as connection:
        connection.execute("SET session_replication_role = replica")
        assert prove.broken(connection, 6, 12, 15) == []
        assert connection.execute(statement).rowcount == 1
        assert reason in {row[0] for row in prove.broken(connection, number)}
        connection.rollback()


def test_ten_planted_differences_are_found_exactly(database_url: str, house: House) -> None:
    with db.connect(database_url) as connection:  # as if the day had not been fetched yet
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM gateway_entries")
    _plant(house.emulated)
    with clock.moved_to(NOON + dt.timedelta(hours=1)):
        report = house.compare(clock.today())
        again = house.compare(clock.today())
    kinds = sorted(each.kind for each in report.found)
    assert kinds == [
        "amount_differs", "amount_differs", "fee_differs", "fee_differs", "not_at_provider", "not_at_provider",
        "not_in_books", "not_in_books", "not_in_books", "twice_at_provider",
    ]  # fmt: skip
    assert {each.provider_fen for each in report.found if each.kind == "not_in_books"} == {777, -555, 1}
    assert (report.opened, again.opened, again.found) == (10, 0, report.found)
    with db.transaction(database_url) as session:
        assert len(gateway_queries.differences(session, status="open")) == 10


def test_a_difference_is_explained_by_one_and_closed_by_another(house: House) -> None:
    with db.transaction(house.url) as session:
        first = gateway_queries.differences(session, status="open")[0].id
    with db.transaction(house.url) as session, pytest.raises(gateway_errors.DifferenceState):
        reconciliation.close(session, actor=SUPERVISOR, difference_id=first)
    with db.transaction(house.url) as session:
        reconciliation.explain(session, actor=TREASURER, difference_id=first, note="a dispute, lost")
    with db.transaction(house.url) as session, pytest.raises(gateway_errors.ExplainedByOneself):
        reconciliation.close(session, actor=TREASURER, difference_id=first)
    with db.transaction(house.url) as session:
        assert reconciliation.close(session, actor=SUPERVISOR, difference_id=first).status == "closed"
    with db.transaction(house.url) as session, pytest.raises(gateway_errors.DifferenceState):
        reconciliation.explain(session, actor=TREASURER, difference_id=first, note="again")


def test_what_was_booked_late_is_closed_by_a_later_run(house: House) -> None:
    made = house.start(4_321)
    house.work(seconds=60)
    house.pays(made)
    with clock.moved_to(NOON + dt.timedelta(hours=2)):
        opened = house.compare(clock.today())
        assert (opened.opened, opened.found[-2].kind) == (1, "not_in_books")
        house.work(seconds=60)  # the run asked for another look at what had not been captured
        assert house.payment(made).status == "captured"
    with clock.moved_to(NOON + dt.timedelta(hours=3)):
        assert house.compare(clock.today()).closed == 1


def test_the_job_compares_each_day_that_is_over_once_and_again_while_a_case_is_open(house: House) -> None:
    settings = Settings(
        database_url=house.url,
        gateway_url=house.emulated.base_url,
        gateway_key="sk_test_1",
        secret_key="x" * 32,
    )
    with clock.moved_to(NOON + dt.timedelta(days=3)):
        days = clock.today() - dt.timedelta(days=1), clock.today() - dt.timedelta(days=3)
        assert jobs.run(house.url, jobs.named("reconciliation"), settings) == 3
        with db.transaction(house.url) as session:
            assert [each.day for each in gateway_queries.reconciliations(session, since=None)][::2] == list(
                days
            )
            assert reconciliation.due(session) == [days[1]]  # its nine cases are open


def test_karez_reconcile_prints_a_report_and_exits_1_while_there_are_differences(house: House) -> None:
    environment = {
        "DATABASE_URL": house.url, "KAREZ_GATEWAY_URL": house.emulated.base_url, "KAREZ_GATEWAY_KEY": "sk_test_1",
        "KAREZ_SECRET_KEY": "x" * 32,
    }  # fmt: skip
    day = NOON.date().isoformat()
    found = CliRunner().invoke(cli.main, ["reconcile", "--day", day, "--json"], env=environment)
    report = json.loads(found.output)
    assert (found.exit_code, len(report["differences"]), report["day"]) == (1, 10, day)
    told = CliRunner().invoke(cli.main, ["reconcile", "--day", day], env=environment)
    assert told.output.splitlines()[-1].endswith("10 differences")
    quiet = CliRunner().invoke(cli.main, ["reconcile", "--day", "2020-01-01"], env=environment)
    assert (quiet.exit_code, quiet.output.count("\n")) == (0, 1)
    nobody = CliRunner().invoke(cli.main, ["reconcile"], env=environment | {"KAREZ_GATEWAY_URL": ""})
    assert (nobody.exit_code, nobody.output) == (1, "karez: set KAREZ_GATEWAY_URL and KAREZ_GATEWAY_KEY\n")
    with db.connect(house.url) as connection:
        assert audit.verify(connection) == []
