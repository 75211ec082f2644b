"""Trust accounts over HTTP: the user pays in, the supplier is paid first, the firm has the rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import psycopg
import pytest

from market import prove
from market.contracts import distribution_run
from market.core import audit, clock, db, ids
from tests.api.contracting import balance, drafted, funded, seats, signed
from tests.api.county import County, open_county
from tests.api.saving import admitted
from tests.api.test_firms import refused
from tests.api.trusteeship import (
    DAY,
    SIGNERS,
    billed,
    certified,
    metered_point,
    operated,
    shared_out,
    trust_terms,
    year,
)


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county with a school, a firm and the water utility that supplies the school."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        found.mine.update(seats(found))
        found.mine["utility"] = admitted(found, "utility", kind="enterprise", role="holder")
        for name in ("school", "valves"):
            funded(found, found.mine[name], "9000000.00")
        yield found


@pytest.fixture
def point(county: County) -> str:
    """279 000 m3 a year before, 138 000 in each of two years of the operation."""
    return metered_point(county, county.mine, "138000", "276000")


def _money(county: County, *names: str) -> list[Decimal]:
    return [Decimal(balance(county, county.mine[name])) for name in names]


def _account(county: County, contract: str) -> dict[str, object]:
    return county.get("school", f"/saving-contracts/{contract}/trust-account")


def _fee(county: County, contract: str) -> str:
    [due] = [
        each
        for each in county.get("school", f"/contract-dues?contract_id={contract}&status=open")["data"]
        if each["kind"] == "trust_fee"
    ]
    found: str = due["id"]
    return found


def test_zhongshan_from_meters_to_the_account_of_everybody(county: County, point: str) -> None:
    """SAVINGS section 9 (5): bills 890 428.50 → 440 427.00; T 712 342.80: firm 271 915.80 + user 178 085.70."""
    contract = operated(county, trust_terms(county.mine, point))
    report = shared_out(county, contract)
    [called] = _account(county, contract)["periods"]
    assert (called["baseline_bill"], called["full_fee"], called["fee"], called["user_gains"]) == (
        "890428.50", "712342.80", "712342.80", "178085.70",
    )  # fmt: skip
    before = _money(county, "school", "valves", "utility")
    settle = f"/saving-reports/{report}/settle"
    unpaid = refused(county, "valves", settle, {})
    assert (unpaid["code"], unpaid["limit"]) == ("trust_fee_unpaid", "712342.80")
    county.post("school", f"/contract-dues/{_fee(county, contract)}/pay")
    assert _account(county, contract)["balance"] == "712342.80"
    missing = refused(county, "valves", settle, {})
    assert missing["code"] == "bills_missing"
    billed(county, contract, "440427.00")
    settled = county.post("valves", settle)
    [period] = settled["periods"]
    assert (period["supplier"], period["firm"], period["after"], settled["balance"]) == (
        "440427.00", "271915.80", "0.00", "0.00",
    )  # fmt: skip
    after = _money(county, "school", "valves", "utility")
    assert [each - was for each, was in zip(after, before, strict=True)] == [
        Decimal("-712342.80"), Decimal("271915.80"), Decimal("440427.00"),
    ]  # fmt: skip
    gained = Decimal(period["firm"]) + Decimal(period["user_gains"])
    assert gained == Decimal("450001.50") == Decimal("890428.50") - Decimal("440427.00")
    moved = county.get("utility", f"/saving-contracts/{contract}/trust-account/movements")["data"]
    assert [(each["kind"], each["amount"], each["balance"]) for each in moved] == [
        ("fee", "712342.80", "712342.80"),
        ("supplier", "440427.00", "271915.80"),
        ("firm", "271915.80", "0.00"),
    ]
    assert refused(county, "school", settle, {})["code"] == "trust_period_state"
    _planted_violations_are_found(county, contract)
    assert prove.run(county.settings.url())["violations"] == 0


LATE_BILL = (
    "INSERT INTO trust_bills (contract_id, number, first_day, last_day, fen, document_sha256, presented_at)"
    " SELECT contract_id, 'planted', first_day, last_day, 1, document_sha256, presented_at FROM trust_bills"
    " WHERE contract_id = %s"
)


def _planted_violations_are_found(county: County, contract: str) -> None:
    """What no request can do, done behind the database's back, is told by the proof, each under its number."""
    number = ids.parse("sct", contract)
    plants = (
        (10, LATE_BILL, "somebody was paid before the supplier"),
        (10, "UPDATE trust_movements SET fen = fen - 1 WHERE kind = 'firm'"
             " AND contract_id = %s", "a settled period that paid something else"),
        (10, "UPDATE trust_periods SET due_fen = due_fen + 1 WHERE contract_id = %s",
         "a fee that is not due, or not what was called"),
        (8, "UPDATE trust_movements SET fen = fen + 1 WHERE kind = 'supplier' AND contract_id = %s",
         "a movement that does not leave the balance it names, or a negative one"),
        (8, "UPDATE trust_accounts SET balance_fen = 1 WHERE contract_id = %s",
         "what came in is not what went out and what is there"),
        (8, "UPDATE transfers SET reference = 0 WHERE id = (SELECT max(x.id) FROM transfers x JOIN trust_accounts t"
            " ON t.account_id = x.debit_account_id WHERE t.contract_id = %s)",
         "a transfer of a trust account without its movement"),
    )  # fmt: skip
    with db.connect(county.settings.url()) as connection:
        connection.execute("SET session_replication_role = replica")
        for check in ("fee", "waterfall"):
            connection.execute(f"ALTER TABLE trust_periods DROP CONSTRAINT ck_trust_periods_{check}")
        for invariant, statement, reason in plants:
            connection.execute("SAVEPOINT sound")
            assert prove.broken(connection, 8, 10) == []
            assert connection.execute(statement, (number,)).rowcount > 0
            assert reason in {row[0] for row in prove.broken(connection, invariant)}
            connection.execute("ROLLBACK TO sound")
        connection.rollback()


def test_advances_bills_in_between_upkeep_and_what_is_kept(county: County, point: str) -> None:
    contract = operated(county, trust_terms(county.mine, point, upkeep="20000.00", keep="1000.00"))
    path = f"/saving-contracts/{contract}/trust-account/payments"
    assert county.post("school", path, {"amount": "300000.00"})["advance"] == "300000.00"
    half = billed(county, contract, "200000.00", last_day=str(year(1) - 100 * DAY))
    assert county.post("utility", f"/supplier-bills/{half}/pay")["status"] == "paid"
    assert refused(county, "school", f"/supplier-bills/{half}/pay", {})["code"] == "bill_state"
    report = shared_out(county, contract)
    [called] = _account(county, contract)["periods"]
    assert (called["advance"], called["fee"], called["full_fee"]) == ("300000.00", "712342.80", "712342.80")
    due = county.get("school", f"/contract-dues/{_fee(county, contract)}")
    assert due["amount"] == "412342.80"
    county.post("school", f"/contract-dues/{due['id']}/pay")
    answer = refused(county, "school", f"/saving-reports/{report}/settle", {})
    assert answer["code"] == "bills_missing"  # the last hundred days are not billed
    billed(county, contract, "240427.00", first_day=str(year(1) - 99 * DAY))
    settled = county.post("school", f"/saving-reports/{report}/settle")
    [period] = settled["periods"]
    assert (period["supplier"], period["upkeep"], period["firm"], period["after"], settled["balance"]) == (
        "440427.00", "20000.00", "250915.80", "1000.00", "1000.00",
    )  # fmt: skip
    second = shared_out(county, contract, 1)
    county.post("school", f"/contract-dues/{_fee(county, contract)}/pay")
    billed(county, contract, "440427.00", 1)
    last = county.post("school", f"/saving-reports/{second}/settle")["periods"][1]
    assert (last["before"], last["firm"], last["after"]) == ("1000.00", "251915.80", "1000.00")
    assert prove.run(county.settings.url())["violations"] == 0


def test_a_deficit_is_topped_up_by_the_firm_and_the_balance_is_never_negative(
    county: County, point: str
) -> None:
    contract = operated(county, trust_terms(county.mine, point))
    dear = billed(county, contract, "800000.00")
    answer = refused(county, "utility", f"/supplier-bills/{dear}/pay", {})
    assert (answer["code"], answer["limit"], answer["available"]) == (
        "trust_not_covered", "800000.00", "0.00",
    )  # fmt: skip
    report = shared_out(county, contract)
    county.post("school", f"/contract-dues/{_fee(county, contract)}/pay")
    short = refused(county, "school", f"/saving-reports/{report}/settle", {})
    assert (short["code"], short["limit"]) == ("trust_not_covered", "87657.20")
    path = f"/saving-contracts/{contract}/trust-account/payments"
    too_much = refused(county, "valves", path, {"amount": "900000000.00"})
    assert too_much["code"] == "deposit_not_free"
    assert refused(county, "utility", path, {"amount": "1.00"})["code"] == "not_a_contract_party"
    county.post("valves", path, {"amount": "90000.00"})
    [period] = county.post("school", f"/saving-reports/{report}/settle")["periods"]
    assert (period["top_up"], period["supplier"], period["firm"]) == ("90000.00", "800000.00", "2342.80")
    assert prove.run(county.settings.url())["violations"] == 0


def test_a_missed_guarantee_reduces_the_next_fee_and_what_is_left_is_due_at_the_end(
    county: County, point: str
) -> None:
    """G 200 000 m3, saved 141 000, tolerance 5 per cent: P = 59 000 x 3.1915 = 188 298.50 a year."""
    guarantee = {
        "volume": "200000", "price": "3.1915", "cap": "300000.00", "surplus_shares": ["0.5", "0.5", "0"],
    }  # fmt: skip
    body = trust_terms(county.mine, point, mode="trusteeship_guaranteed", guarantee=guarantee)
    contract = operated(county, body)
    reports = [shared_out(county, contract, number) for number in (0, 1)]
    first, second = _account(county, contract)["periods"]
    assert (first["set_off"], first["fee"]) == ("0.00", "712342.80")
    assert (second["set_off"], second["fee"]) == ("188298.50", "524044.30")
    assert _account(county, contract)["owed"] == "111701.50"  # 300 000.00 less what was set off: the cap
    for due in county.get("school", f"/contract-dues?contract_id={contract}&status=open")["data"]:
        assert due["kind"] == "trust_fee"
        county.post("school", f"/contract-dues/{due['id']}/pay")
    late = refused(county, "school", f"/saving-reports/{reports[1]}/settle", {})
    assert late["code"] == "trust_period_state"  # in their order
    for number, report in enumerate(reports):
        billed(county, contract, "440427.00", number)
        county.post("school", f"/saving-reports/{report}/settle")
    closing = f"/saving-contracts/{contract}/trust-account/close"
    assert refused(county, "school", closing, {})["code"] == "trust_in_use"
    county.post("school", f"/saving-contracts/{contract}/trust-account/payments", {"amount": "500.00"})
    county.post("valves", f"/saving-contracts/{contract}/trust-account/payments", {"amount": "1701.50"})
    county.post("school", f"/saving-contracts/{contract}/end", {"reason": "a new campus"})
    before = _money(county, "school")[0]
    closed = county.post("school", closing)
    assert (closed["balance"], closed["owed"], closed["advance"]) == ("0.00", "0.00", "0.00")
    assert _money(county, "school")[0] - before == Decimal("2201.50")  # its advance, and what was set off
    [due] = county.get("school", f"/contract-dues?contract_id={contract}&status=open")["data"]
    assert (due["kind"], due["amount"], due["payer_id"]) == (
        "shortfall", "110000.00", county.mine["valves"],
    )  # fmt: skip
    path = f"/saving-contracts/{contract}/trust-account/payments"
    assert refused(county, "school", path, {"amount": "1.00"})["code"] == "trust_closed"
    assert prove.run(county.settings.url())["violations"] == 0


def test_two_periods_in_one_run_call_their_fees_in_their_order(county: County, point: str) -> None:
    """The first uses what was paid in advance and misses the guarantee; the second is less by that."""
    guarantee = {
        "volume": "200000", "price": "3.1915", "cap": "300000.00", "surplus_shares": ["0.5", "0.5", "0"],
    }  # fmt: skip
    body = trust_terms(county.mine, point, mode="trusteeship_guaranteed", guarantee=guarantee)
    contract = operated(county, body)
    county.post("school", f"/saving-contracts/{contract}/trust-account/payments", {"amount": "800000.00"})
    for number in (0, 1):
        certified(county, contract, number)
    with clock.moved_to(clock.now() + dt.timedelta(days=40)):
        ran = distribution_run.run(county.settings.url(), actor=audit.Actor(), workers=1)
    assert ran.waiting == ()
    first, second = _account(county, contract)["periods"]
    assert (first["advance"], first["set_off"], first["fee_due_id"]) == ("712342.80", "0.00", None)
    assert (second["set_off"], second["advance"], second["fee"]) == ("188298.50", "87657.20", "524044.30")
    due = county.get("school", f"/contract-dues/{second['fee_due_id']}")
    assert due["amount"] == "436387.10"
    assert (_account(county, contract)["advance"], _account(county, contract)["owed"]) == (
        "0.00",
        "111701.50",
    )
    assert prove.run(county.settings.url())["violations"] == 0


def test_bills_are_the_supplier_s_each_number_once_for_days_that_are_over(county: County, point: str) -> None:
    contract = operated(county, trust_terms(county.mine, point))
    path = f"/saving-contracts/{contract}/supplier-bills"
    body = {
        "number": "A-1", "first_day": str(year(0)), "last_day": str(year(1) - DAY), "amount": "10.00",
        "document_sha256": "cd" * 32,
    }  # fmt: skip
    assert refused(county, "valves", path, body)["code"] == "not_the_supplier"
    for wrong in ({"first_day": str(year(0) - DAY)}, {"last_day": str(year(9))}):
        assert refused(county, "utility", path, body | wrong)["code"] == "bill_input"
    made = county.post("utility", path, body)["id"]
    assert refused(county, "utility", path, body)["code"] == "bill_known"
    taken = f"/supplier-bills/{made}/withdraw"
    assert refused(county, "school", taken, {"reason": "wrong"})["code"] == "not_the_supplier"
    back = county.post("utility", taken, {"reason": "a wrong figure"})
    assert (back["status"], back["withdrawal_reason"]) == ("withdrawn", "a wrong figure")
    county.post("utility", path, body)
    assert [each["status"] for each in county.get("judge", path)["data"]] == ["withdrawn", "open"]


def test_a_trusteeship_names_a_price_that_its_fee_can_follow(county: County, point: str) -> None:
    body = trust_terms(county.mine, point, price={"basis": "fixed", "price": "0"})
    assert refused(county, "valves", "/saving-contracts", {"terms": body})["code"] == "contract_terms"
    other = drafted(county, trust_terms(county.mine, point))
    answer = county.client.get(
        f"/v1/saving-contracts/{other}/trust-account", headers=county.headers("school")
    )
    assert (answer.status_code, answer.json["code"]) == (422, "no_trust_account")  # not before it is signed
    signed(county, other, *SIGNERS)
    assert _account(county, other)["balance"] == "0.00"


def test_the_database_pays_no_firm_while_a_bill_is_open_and_no_balance_below_nil(
    county: County, point: str
) -> None:
    contract = operated(county, trust_terms(county.mine, point))
    county.post("school", f"/saving-contracts/{contract}/trust-account/payments", {"amount": "100.00"})
    billed(county, contract, "10.00")
    insert = (
        "INSERT INTO trust_movements (contract_id, kind, participant_id, fen, balance_fen)"
        " VALUES (%s, %s, %s, 1, 9)"
    )
    number, firm = ids.parse("sct", contract), ids.parse("par", county.mine["valves"])
    with db.connect(county.settings.url()) as connection:
        for kind in ("firm", "upkeep", "refund"):
            with pytest.raises(psycopg.errors.CheckViolation, match="supplier"), connection.transaction():
                connection.execute(insert, (number, kind, firm))
        with pytest.raises(psycopg.errors.CheckViolation), connection.transaction():
            connection.execute("UPDATE trust_accounts SET balance_fen = -1 WHERE contract_id = %s", (number,))
        with pytest.raises(psycopg.errors.RestrictViolation), connection.transaction():
            connection.execute("UPDATE trust_movements SET fen = 1")
