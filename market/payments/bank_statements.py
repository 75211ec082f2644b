"""The bank's statements of the exchange's account, taken in whole or not at all: each begins where the last one ended.

Columns are those that the county's pack names (`bank_statement`). Every line has its own reference, and the balance
after it, which is checked line by line; so a line that was cut out, doubled or moved is found in its place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, LiteralString, NamedTuple

import psycopg
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import journal
from ledger.units import format_fen
from market.core import acts, audit, books, clock
from market.core.chart import CNY, AccountCode
from market.core.db import raw
from market.core.sheets.columns import Column, Kind, Problem, Register
from market.core.sheets.gathering import Gathered, gather
from market.core.sheets.reading import Limits, Row, read
from market.county.bank_rows import BankColumns
from market.county.current import pack_in_force
from market.payments import bank_cases, bank_matching, bank_numbers
from market.payments.bank_errors import EmptyStatement, StatementDoesNotFollow
from market.payments.bank_models import BankStatement
from market.payments.errors import BankReferenceUsed, ValueDateInFuture

LIMITS = Limits(rows=20_000)
_USUAL = ("交易日期", "交易流水号", "借方发生额", "贷方发生额", "账户余额", "对方户名", "对方账号", "附言")
"""What the columns are called where the pack does not say."""

_USED_SQL: LiteralString = "SELECT bank_reference FROM bank_statement_lines WHERE bank_reference = ANY(%s)"
_KNOWN_ACCOUNTS_SQL: LiteralString = "SELECT id FROM money_accounts WHERE id = ANY(%s)"
_KEEP_SQL: LiteralString = """
INSERT INTO bank_statement_lines (statement_id, number, booked_on, bank_reference, change_fen, balance_fen, other_name,
                                  other_number, remark, code_account_id)
SELECT %s, l.* FROM unnest(%s::integer[], %s::date[], %s::text[], %s::bigint[], %s::bigint[], %s::text[], %s::text[],
                           %s::text[], %s::bigint[]) AS l
"""


class Taken(NamedTuple):
    """A statement, and whether it is new."""

    statement: BankStatement
    new: bool


def register(named: BankColumns | None) -> Register:
    """The columns of a statement as the county's bank calls them."""
    names = named.names if named is not None else _USUAL
    ignored = named.ignored if named is not None else ()
    day, reference, paid_out, received, balance, other_name, other_number, remark = names
    return Register(
        "bank-statement",
        "银行对账单",
        "bank statement",
        (
            Column("booked_on", day, "booked on", Kind.DATE, required=True),
            Column("bank_reference", reference, "bank reference", required=True, most=64),
            Column("paid_out", paid_out, "paid out", Kind.DECIMAL, scale=2),
            Column("received", received, "received", Kind.DECIMAL, scale=2),
            Column("balance", balance, "balance", Kind.DECIMAL, required=True, scale=2),
            Column("other_name", other_name, "other side"),
            Column("other_number", other_number, "other account", most=40),
            Column("remark", remark, "remark", most=500),
            *(Column(f"ignored_{place}", each, each, shown_only=True) for place, each in enumerate(ignored)),
        ),
        ("bank_reference",),
    )  # fmt: skip


def take(session: Session, *, actor: audit.Actor, data: bytes) -> Taken:
    """Takes a statement in and says of each line what it is, as far as the evidence goes; the rest waits in suspense.

    The same file again has no effect. Errors: those of sheets, EmptyStatement, StatementDoesNotFollow.
    """
    connection = raw(session)
    # One after the other: what is recorded by hand meanwhile waits for this account, too.
    journal.lock(connection, [books.system_account(connection, CNY, AccountCode.BANK)])
    digest = hashlib.sha256(data).digest()
    before = session.scalars(select(BankStatement).where(BankStatement.sha256 == digest)).one_or_none()
    if before is not None:
        return Taken(before, False)
    sheet = register(pack_in_force(connection).bank_statement)
    found = gather(read(data, sheet, LIMITS))
    previous = session.scalars(select(BankStatement).order_by(BankStatement.id.desc()).limit(1)).first()
    _check_lines(found, sheet)
    _check_references(connection, found, sheet)
    found.check(partial=False)
    rows = found.good
    if not rows:
        raise EmptyStatement
    opening = rows[0].values["balance"] - _change(rows[0])
    first_on = rows[0].values["booked_on"]
    if previous is not None and (previous.closing_fen != opening or first_on < previous.last_on):
        raise StatementDoesNotFollow(
            f"it begins with {format_fen(opening)} yuan on {first_on}, the one before it ended with"
            f" {format_fen(previous.closing_fen)} on {previous.last_on}",
            limit=format_fen(previous.closing_fen), available=format_fen(opening),
        )  # fmt: skip
    made = _keep(session, actor, rows, previous, digest)
    matched = bank_matching.match(connection, actor)
    opened, closed = bank_cases.refresh(connection, actor)
    acts.done(
        session, actor=actor, source="payments", kind="bank_statement", number=made.id, act="taken",
        detail={"lines": made.lines, "closing_fen": made.closing_fen, "suspense": matched.suspense,
                "cases_opened": opened, "cases_closed": closed},
    )  # fmt: skip
    return Taken(made, True)


def _check_lines(found: Gathered, sheet: Register) -> None:
    """Each line moves one way, and leaves the balance that it says; a file that has wrong rows is not followed on."""
    before: Row | None = None
    whole = not found.bad
    for row in found.good:
        values = row.values
        change = _change(row)
        problem: tuple[str, str, str, str] | None = None
        if (values["paid_out"] or 0) * (values["received"] or 0) or not change:
            problem = (
                "paid_out",
                "not_one_way",
                "a line is paid out or received",
                "借方和贷方发生额须且仅须一项",
            )
        elif values["booked_on"] > clock.today():
            problem = (
                "booked_on",
                ValueDateInFuture.code,
                f"today is {clock.today()}",
                ValueDateInFuture.title_zh,
            )
        elif whole and before is not None and before.values["booked_on"] > values["booked_on"]:
            problem = "booked_on", "out_of_order", "from the first day to the last", "明细须按日期先后排列"
        elif whole and before is not None and before.values["balance"] + change != values["balance"]:
            due, after = format_fen(before.values["balance"] + change), before.number
            problem = (
                "balance",
                "balance_does_not_follow",
                f"{due} follows row {after}",
                f"按第 {after} 行应为 {due}",
            )
        if problem is not None:
            column, *said = problem
            found.refuse(Problem(row.number, sheet.letter(column), *said))
        before = row


def _check_references(connection: psycopg.Connection[Any], found: Gathered, sheet: Register) -> None:
    wanted = [row.values["bank_reference"] for row in found.good]
    used = {each[0] for each in connection.execute(_USED_SQL, (wanted,)).fetchall()}
    for row in found.good:
        reference = row.values["bank_reference"]
        if reference in used:
            refusal = BankReferenceUsed(f"{reference} stands in an earlier statement")
            found.refuse_by_rule(row, sheet.letter("bank_reference"), refusal)


def _keep(
    session: Session, actor: audit.Actor, rows: Sequence[Row], previous: BankStatement | None, digest: bytes
) -> BankStatement:
    assert actor.user_id is not None
    first, last = rows[0].values, rows[-1].values
    made = BankStatement(
        previous_id=previous.id if previous is not None else None, first_on=first["booked_on"],
        last_on=last["booked_on"], opening_fen=first["balance"] - _change(rows[0]), closing_fen=last["balance"],
        lines=len(rows), sha256=digest, taken_by=actor.user_id, taken_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    connection = raw(session)
    codes = [bank_numbers.code_in(row.values["remark"] or "") for row in rows]
    wanted = [each for each in set(codes) if each is not None]
    known = {each[0] for each in connection.execute(_KNOWN_ACCOUNTS_SQL, (wanted,)).fetchall()}
    connection.execute(
        _KEEP_SQL,
        (
            made.id, list(range(1, len(rows) + 1)), [row.values["booked_on"] for row in rows],
            [row.values["bank_reference"] for row in rows], [_change(row) for row in rows],
            [row.values["balance"] for row in rows], *(
                [row.values[name] or "" for row in rows] for name in ("other_name", "other_number", "remark")
            ),
            [each if each in known else None for each in codes],
        ),
    )  # fmt: skip
    return made


def _change(row: Row) -> int:
    return int((row.values["received"] or 0) - (row.values["paid_out"] or 0))
