"""Invoices of the exchange for its fees: each fee once, what goes back as a credit, and never a change."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from market import prove
from market.core import audit, clock, db
from market.core.errors import Refusal
from market.fees import drafts, issuing, queries
from market.fees.drafts import Drafts, Month
from market.fees.models import FeeInvoiceRun
from market.fees.queries import InvoiceView
from market.fees.rules import VAT_E4, split, take_back
from market.participants import users
from market.settlement import deliveries, refunds
from market.supervision import reversals
from market.trading import call_settling, calls
from market.trading.commands import Accepted
from market.trading.intake import take_up
from tests.model.world import YEAR, World
from tests.usecases.trading.letting import Talk

M3 = 1_000
BUREAU_DAYS = 3


@pytest.fixture
def second(world: World) -> audit.Actor:
    with db.transaction(world.url) as session:
        made = users.create(
            session, actor=world.names.actor, login="second", name="second", password="correct horse battery",
            roles=("supervisor",),
        )  # fmt: skip
        return audit.Actor(user_id=made.id, request_id="second")


def _month(ahead: int) -> str:
    """The month so many ahead of the present one, by the machine's clock."""
    today = clock.of_machine().astimezone(clock.LEGAL_ZONE)
    at = today.year * 12 + today.month - 1 + ahead
    return f"{at // 12}-{at % 12 + 1:02d}"


@contextmanager
def _in(ahead: int) -> Iterator[None]:
    """Some day of the month so many ahead."""
    year, month = (int(part) for part in _month(ahead).split("-"))
    with clock.moved_to(dt.datetime(year, month, BUREAU_DAYS, 10, tzinfo=clock.LEGAL_ZONE)):
        yield


def _sell(world: World, m3: int, seller: str = "a", buyer: str = "b", price: int = 20_000) -> int:
    """One sells to another at its own place; the instruction."""
    world.place(f"s{m3}", seller, "sell", m3 * M3, price)
    done = world.place(f"b{m3}", buyer, "buy", m3 * M3, price, tif="IOC")
    assert isinstance(done, Accepted) and done.fills, done
    row = world.looking.execute(
        "SELECT instruction_id FROM trades WHERE id = %s", (done.fills[0].trade,)
    ).fetchone()
    assert row is not None
    return int(row[0])


def _reverse(world: World, second: audit.Actor, instruction: int) -> None:
    with db.transaction(world.url) as session:
        made = reversals.propose(
            session, actor=world.names.actor, instruction_id=instruction, value_price_e4=None, reason="void",
            legal_source="民法典 art. 157",
        ).id  # fmt: skip
    with db.transaction(world.url) as session:
        reversals.approve(session, actor=second, reversal_id=made, reason="agreed")
    take_up(world.engine)


def _preview(world: World, ahead: int = 0) -> Drafts:
    with db.transaction(world.url) as session:
        return issuing.preview(session, month=drafts.month_of(_month(ahead)))


def _issue(world: World, ahead: int = 0, digest: bytes | None = None) -> FeeInvoiceRun:
    digest = digest or _preview(world, ahead).digest
    with db.transaction(world.url) as session:
        return issuing.issue(
            session, actor=world.names.actor, month=drafts.month_of(_month(ahead)), digest=digest
        )


def _invoices(world: World) -> list[InvoiceView]:
    with db.connect(world.url) as connection:
        return queries.invoices(connection)


def _refused(do: Any, *values: Any, **more: Any) -> str:
    with pytest.raises(Refusal) as refused:
        do(*values, **more)
    return refused.value.code


def _legs(world: World, invoice: int) -> list[tuple[int, int]]:
    with db.connect(world.url) as connection:
        return [
            (each.code, each.fen)
            for each in queries.legs(connection, invoice_id=invoice, after=None, limit=200)
        ]


def test_what_a_seller_was_charged_in_a_month_is_on_one_invoice_and_on_no_other(world: World) -> None:
    """60 m3 at 2.00 yuan are 120.00, of which 3 per mille are 0.36; a right for 150.00 costs 0.45 more."""
    _sell(world, 60)
    _sell(world, 20, seller="c", buyer="d")
    with db.transaction(world.url) as session:
        call = calls.open_call(
            session, actor=world.names.actor, product_id=world.names.product, reason="thin market"
        ).id
    take_up(world.engine)
    for key, who, side in (("ask", "a", "sell"), ("bid", "f", "buy"), ("late", "c", "sell")):
        world.place(key, who, side, (10 if side == "sell" else 18) * M3, 20_000 if side == "sell" else 30_000)
    with db.transaction(world.url) as session:
        calls.close_call(session, actor=world.names.actor, call_id=call)
    take_up(world.engine)
    with db.transaction(world.url) as session:
        calls.clear(session, actor=world.names.actor, call_id=call)
    take_up(world.engine)
    with db.transaction(world.url) as session:
        call_settling.settle(session, actor=world.names.actor, call_id=call, reason="tests", reviewed=True)
    fills = dict(
        world.looking.execute(
            "SELECT participant_id, fee_fen FROM call_fills WHERE side = 'sell' AND fee_fen > 0"
        ).fetchall()
    )
    assert len(fills) == 2
    Talk(world, "a", "d", litres=100 * M3, price_e4=15_000).concluded()
    assert _refused(_preview, world) == "month_not_over"
    with _in(1):
        found = _preview(world)
        assert [each.kind for each in found.invoices] == ["invoice", "invoice"]
        run = _issue(world)
        assert (run.invoices, run.credits, run.gross_fen) == (2, 0, found.amount.gross_fen)
        assert _preview(world).invoices == []
        assert _refused(_issue, world) == "nothing_to_invoice"
    mine, theirs = _invoices(world)
    a, c = world.names.participant["a"], world.names.participant["c"]
    assert (mine.participant_id, theirs.participant_id) == (a, c)
    assert sorted(_legs(world, mine.id)) == [(15, 36), (90, 45), (104, fills[a])]
    assert sorted(_legs(world, theirs.id)) == [(15, 12), (104, fills[c])]
    assert (mine.number, theirs.number) == (f"{mine.year}-000001", f"{mine.year}-000002")
    with db.transaction(world.url) as session:
        lines = {each.code: each for each in queries.lines(session, mine.id)}
    assert {code: (each.gross_fen, each.net_fen, each.tax_fen) for code, each in lines.items()} == {
        15: (36, 34, 2), 90: (45, 42, 3), 104: tuple(split(fills[a], VAT_E4)),
    }  # fmt: skip
    assert (mine.title, mine.tax_number, mine.form) == ("a", None, "ordinary")


def test_a_fee_that_goes_back_later_is_credited_on_its_own_invoice_to_the_fen(
    world: World, second: audit.Actor
) -> None:
    whole, part = _sell(world, 40), _sell(world, 59)
    with _in(1):
        _issue(world)
        _reverse(world, second, whole)
    with _in(2):
        world.use("b", 230 * M3)
        _reverse(world, second, part)  # of its 59 m3 some are gone
        assert _refused(_preview, world, 2) == "month_not_over"
        assert _preview(world).invoices == []
        assert _issue(world, 1).credits == 1
    with _in(3):
        assert _issue(world, 2).credits == 1
        assert _refused(_issue, world, 2) == "nothing_to_invoice"
    invoice, first, last = _invoices(world)
    assert (invoice.gross_fen, invoice.net_fen, invoice.tax_fen) == split(24 + 35, VAT_E4)
    assert {first.kind, last.kind} == {"credit"} and {first.corrects_id, last.corrects_id} == {invoice.id}
    assert first.corrects_number == invoice.number
    assert (first.gross_fen, first.net_fen, first.tax_fen) == take_back(59, 24, VAT_E4)
    assert -35 < last.gross_fen < 0
    left = split(59 + first.gross_fen + last.gross_fen, VAT_E4)
    assert invoice.net_fen + first.net_fen + last.net_fen == left.net_fen
    assert _legs(world, first.id) == [(15, -24)]


def test_a_fee_that_goes_back_within_its_month_is_not_invoiced(world: World, second: audit.Actor) -> None:
    whole, part = _sell(world, 40), _sell(world, 59)
    _reverse(world, second, whole)
    world.use("b", 230 * M3)
    _reverse(world, second, part)
    with _in(1):
        _issue(world)
        [invoice] = _invoices(world)
        (code, fee), (same, back) = _legs(world, invoice.id)
        assert (code, fee, same) == (15, 35, 15) and back < 0
        assert invoice.gross_fen == fee + back
        assert _refused(_issue, world) == "nothing_to_invoice"


def test_the_part_of_a_fee_that_a_short_delivery_gives_back_is_credited(
    world: World, second: audit.Actor
) -> None:
    """10 of 40 m3 do not arrive: a quarter of the fee of 24 fen goes back."""
    instruction, actor = _sell(world, 40), world.names.actor
    with db.transaction(world.url) as session:
        made = deliveries.order(
            session, actor=actor, instruction_id=instruction, starts_on=dt.date(YEAR, 4, 1)
        ).id
        deliveries.dispatch(session, actor=actor, delivery_id=made, keeper_id=None)
        deliveries.confirm(session, actor=actor, delivery_id=made, litres=30 * M3)
        deliveries.close_short(session, actor=actor, delivery_id=made, reason="a breach")
    with _in(1):
        _issue(world)
        with db.transaction(world.url) as session:
            refunds.propose(session, actor=actor, delivery_id=made, reason="a breach")
        with db.transaction(world.url) as session:
            refunds.approve(session, actor=second, delivery_id=made)
        take_up(world.engine)
    with _in(2):
        _issue(world, 1)
    invoice, credit = _invoices(world)
    assert (invoice.gross_fen, credit.gross_fen, credit.corrects_id) == (24, -6, invoice.id)
    assert (credit.net_fen, credit.tax_fen) == take_back(24, 6, VAT_E4)[1:]


def test_months_are_invoiced_in_their_order(world: World, second: audit.Actor) -> None:
    first = _sell(world, 40)
    with _in(1):
        _reverse(world, second, first)
    with _in(2):
        assert _refused(_preview, world, 1) == "earlier_month_first"
        _issue(world, 0)
        run = _issue(world, 1)
        assert (run.invoices, run.credits, run.gross_fen) == (0, 1, -24)


def test_what_was_previewed_is_issued_or_nothing(world: World) -> None:
    _sell(world, 40)
    with _in(1):
        digest = _preview(world).digest
        assert _refused(_issue, world, digest=bytes(32)) == "preview_changed"
        outcomes: list[str] = []

        def run() -> None:
            try:
                _issue(world, digest=digest)
                outcomes.append("issued")
            except Refusal as refusal:
                outcomes.append(refusal.code)

        both = [threading.Thread(target=run) for _ in range(2)]
        for each in both:
            each.start()
        for each in both:
            each.join()
        assert sorted(outcomes) == ["issued", "preview_changed"]
        assert len(_invoices(world)) == 1


def test_nothing_that_was_issued_is_changed_and_no_fee_is_invoiced_twice(world: World) -> None:
    _sell(world, 40)
    with _in(1):
        _issue(world)
    for table in ("fee_invoice_runs", "fee_invoices", "fee_invoice_lines", "fee_invoice_legs"):
        for change in (f"UPDATE {table} SET gross_fen = 1", f"DELETE FROM {table}"):
            with (
                pytest.raises(psycopg.Error, match="rows are immutable"),
                db.connect(world.url) as connection,
            ):
                connection.execute(change.replace("gross_fen", "fen") if table.endswith("legs") else change)
    again = "INSERT INTO fee_invoice_legs SELECT * FROM fee_invoice_legs"
    with pytest.raises(psycopg.errors.UniqueViolation), db.connect(world.url) as connection:
        connection.execute(again)
    for wrong, rule in (
        ("INSERT INTO fee_invoice_legs SELECT -1, invoice_id, code, reference, 1 FROM fee_invoice_legs", "its_legs"),
        ("INSERT INTO fee_invoice_lines SELECT invoice_id, 90, 1, 600, 1, 1, 0 FROM fee_invoice_lines", "its_lines"),
    ):  # fmt: skip
        with pytest.raises(psycopg.errors.CheckViolation) as refused, db.connect(world.url) as connection:
            connection.execute(wrong)
        assert str(refused.value.diag.constraint_name).endswith(rule)


def test_the_tax_authority_s_number_is_recorded_once_and_is_no_other_s(world: World) -> None:
    _sell(world, 40)
    _sell(world, 20, seller="c", buyer="d")

    def number(invoice: int, number: str, code: str = "", day: dt.date | None = None) -> None:
        with db.transaction(world.url) as session:
            issuing.record_number(
                session, actor=world.names.actor, invoice_id=invoice, code=code, number=number,
                day=day or clock.today(),
            )  # fmt: skip

    digital = "26652000000000000001"
    with _in(1):
        _issue(world)
        one, other = (each.id for each in _invoices(world))
        for wrong in (("1",), ("1" * 20, "1" * 10), ("1" * 8,), ("1" * 8, "1" * 11), ("١" * 20,)):
            assert _refused(number, one, *wrong) == "wrong_fapiao_number"
        for days in (-1, 1):
            day = clock.today() + dt.timedelta(days=days)
            assert _refused(number, one, digital, day=day) == "wrong_fapiao_number"
        number(one, digital)
        assert _refused(number, one, "2" * 20) == _refused(number, other, digital) == "numbered_before"
        number(other, "1" * 8, "1" * 12)
    assert [(each.fapiao_code, each.fapiao_number) for each in _invoices(world)] == [
        ("", digital),
        ("1" * 12, "1" * 8),
    ]


PLANTS = (
    ("UPDATE fee_invoice_legs SET fen = fen + 1", 10),
    ("UPDATE fee_invoice_lines SET net_fen = net_fen + 1, tax_fen = tax_fen - 1", 10),
    ("UPDATE fee_invoice_counters SET last = last + 1", 10),
    ("UPDATE fee_invoices SET participant_id = (SELECT max(id) FROM participants)", 10),
    ("DELETE FROM fee_invoice_legs", 10),
    ("UPDATE fee_invoices SET text = text || ' '", 13),
    ("UPDATE audit SET subject_id = 0 WHERE subject_type = 'fee_invoice'", 13),
)


def test_what_was_tampered_with_is_found(world: World) -> None:
    _sell(world, 40)
    with _in(1):
        _issue(world)
    for statement, number in PLANTS:
        with db.connect(world.url) as connection:
            connection.execute("SET session_replication_role = replica")
            assert connection.execute(statement).rowcount > 0
            assert prove.broken(connection, number), statement
            connection.rollback()


def test_a_month_is_a_month_of_the_legal_calendar() -> None:
    with clock.moved_to(dt.datetime(2028, 3, 1, 0, 1, tzinfo=clock.LEGAL_ZONE)):
        assert drafts.month_of("2028-02") == Month(dt.date(2028, 2, 1), dt.date(2028, 2, 29))
        assert drafts.month_of("2027-12").last_on == dt.date(2027, 12, 31)
    with clock.moved_to(dt.datetime(2028, 2, 29, 23, 59, tzinfo=clock.LEGAL_ZONE)), pytest.raises(Refusal):
        drafts.month_of("2028-02")
