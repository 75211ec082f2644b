"""The invoices and credits of a month as they would be issued. Reads only."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import msgspec
import psycopg
from psycopg.rows import tuple_row

from ledger.arrays import Bigints
from market.core import clock
from market.fees import legs, rules
from market.fees.errors import EarlierMonthFirst, MonthNotOver
from market.fees.legs import Back, Fee, Standing
from market.fees.models import CREDIT, INVOICE, ORDINARY
from market.fees.rules import Split
from market.participants.privacy import BODIES


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month of the legal calendar: its days, both in it, and the instants between which it lies."""

    first_on: dt.date
    last_on: dt.date

    @property
    def since(self) -> dt.datetime:
        """The instant at which it begins."""
        return clock.end_of_legal_day(self.first_on - dt.timedelta(days=1))

    @property
    def until(self) -> dt.datetime:
        """The instant at which it is over."""
        return clock.end_of_legal_day(self.last_on)


def month_of(text: str) -> Month:
    """The month that a text such as 2026-04 names. Errors: ValueError, MonthNotOver."""
    year, number = (int(part) for part in text.split("-"))
    first = dt.date(year, number, 1)
    last = dt.date(year + number // 12, number % 12 + 1, 1) - dt.timedelta(days=1)
    if last >= clock.today():
        raise MonthNotOver(f"it ends on {last}", pointer="/month", limit=last.isoformat())
    return Month(first, last)


class Leg(NamedTuple):
    """A transfer that an invoice counts; below nil where a fee was given back."""

    transfer_id: int
    code: int
    reference: int
    fen: int


class Line(NamedTuple):
    """The fees of one kind on an invoice."""

    code: int
    legs: int
    vat_e4: int
    amount: Split


class Buyer(NamedTuple):
    """To whom an invoice is made out. `title` is None of a natural person, who is invoiced in its own name."""

    form: str = ORDINARY
    title: str | None = None
    tax_number: str | None = None
    address: str = ""
    phone: str = ""
    bank_name: str = ""
    bank_account: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """An invoice, or a credit of the invoice `corrects_id`, before it is issued."""

    kind: str
    participant_id: int
    corrects_id: int | None
    buyer: Buyer
    lines: tuple[Line, ...]
    legs: tuple[Leg, ...]

    @property
    def amount(self) -> Split:
        """The sum of its lines."""
        return total(each.amount for each in self.lines)


@dataclass(frozen=True, slots=True)
class Drafts:
    """All invoices of a month, by participant, the credits after them."""

    month: Month
    invoices: list[Draft]

    @property
    def amount(self) -> Split:
        """What they come to, credits taken off."""
        return total(each.amount for each in self.invoices)

    @property
    def digest(self) -> bytes:
        """SHA-256 of every figure and buyer: two previews with one digest would issue the same invoices."""
        rows = [
            (each.kind, each.participant_id, each.corrects_id, each.buyer, each.lines, each.legs)
            for each in self.invoices
        ]
        return hashlib.sha256(msgspec.json.encode((self.month.first_on, rows))).digest()


def total(amounts: Iterable[Split]) -> Split:
    """Amounts, part by part."""
    gross = net = tax = 0
    for each in amounts:
        gross, net, tax = gross + each.gross_fen, net + each.net_fen, tax + each.tax_fen
    return Split(gross, net, tax)


_LAST_SQL = "SELECT max(last_on) FROM fee_invoice_runs"
_FIRST_SQL = "SELECT min(created_at) FROM transfers"


def of_month(connection: psycopg.Connection[Any], month: Month) -> Drafts:
    """What a run of this month would issue: one invoice a participant, one credit an invoice that something is taken
    off. A fee that was wholly given back within its month is on neither. Errors: EarlierMonthFirst.

    What is open before the month is looked for from the end of the last run on: up to there all was invoiced.
    """
    with connection.cursor(row_factory=tuple_row) as cursor:
        [last] = cursor.execute(_LAST_SQL).fetchone() or (None,)
        since = month.since
        if last is None:
            [first] = cursor.execute(_FIRST_SQL).fetchone() or (None,)
            since = min(since, first or since)
        else:
            since = min(since, clock.end_of_legal_day(last))
    charged, given_back = _sorted(*legs.of_span(connection, since=since, until=month.until))
    early = [
        at for at in (*(fee.at for fee, _ in charged), *(each.at for each in given_back)) if at < month.since
    ]
    if early:
        first = min(early).astimezone(clock.LEGAL_ZONE)
        raise EarlierMonthFirst(
            f"those of {first:%Y-%m} first", pointer="/month", limit=f"{first:%Y-%m}",
            available=f"{month.first_on:%Y-%m}",
        )  # fmt: skip
    invoices = _invoices(charged)
    credits = _credits(given_back, legs.standing(connection, {each.reference for each in given_back}))
    return Drafts(month, _made_out(connection, [*invoices, *credits]))


def _sorted(fees: list[Fee], back: list[Back]) -> tuple[list[tuple[Fee, list[Back]]], list[Back]]:
    """Fees, each with what was given back of it within its own month; and what was given back of earlier ones."""
    within: dict[tuple[int, str], list[Back]] = defaultdict(list)
    for each in back:
        within[each.reference, _month(each.at)].append(each)
    charged, touched = [], {each.reference for each in back}
    for fee in fees:
        own: list[Back] = []
        if fee.code == legs.TRADE and fee.reference in touched:
            own = within.pop((fee.reference, _month(fee.at)), [])
        if sum(each.fen for each in own) != fee.fen:
            charged.append((fee, own))
    return charged, [each for some in within.values() for each in some]


def _month(at: dt.datetime) -> str:
    return f"{at.astimezone(clock.LEGAL_ZONE):%Y-%m}"


def _invoices(charged: list[tuple[Fee, list[Back]]]) -> list[Draft]:
    found: dict[int, list[Leg]] = defaultdict(list)
    for fee, own in charged:
        found[fee.participant_id].append(Leg(fee.id, fee.code, fee.reference, fee.fen))
        found[fee.participant_id] += [Leg(each.id, fee.code, fee.reference, -each.fen) for each in own]
    return [
        Draft(INVOICE, participant, None, Buyer(), _lines(counted), tuple(counted))
        for participant, counted in sorted(found.items())
    ]


def _lines(counted: list[Leg]) -> tuple[Line, ...]:
    sums: dict[int, list[int]] = defaultdict(list)
    for each in counted:
        sums[each.code].append(each.fen)
    return tuple(
        Line(code, len(fen), rules.VAT_E4, rules.split(sum(fen), rules.VAT_E4))
        for code, fen in sorted(sums.items())
    )


def _credits(back: list[Back], standing: dict[int, Standing]) -> list[Draft]:
    found: dict[int, list[tuple[Standing, Back]]] = defaultdict(list)
    for each in back:
        of = standing.get(each.reference)
        if of is None:  # it was posted late, into a month that was invoiced before
            raise EarlierMonthFirst("the fee that was given back is on no invoice", pointer="/month")
        found[of.invoice_id].append((of, each))
    drafts = []
    for invoice, some in sorted(found.items()):
        of = some[0][0]
        given = sum(each.fen for _, each in some)
        line = Line(of.code, len(some), of.vat_e4, rules.take_back(of.left_fen, given, of.vat_e4))
        counted = tuple(Leg(each.id, of.code, each.reference, -each.fen) for _, each in some)
        drafts.append(Draft(CREDIT, of.participant_id, invoice, Buyer(), (line,), counted))
    return drafts


_BUYERS_SQL = """
SELECT p.id, p.kind, p.name, t.title, t.tax_number, t.address, t.phone, t.bank_name, t.bank_account, t.form
  FROM participants p LEFT JOIN tax_profiles t ON t.participant_id = p.id WHERE p.id = ANY(%s::bigint[])
"""
_OF_INVOICES_SQL = """
SELECT id, form, title, tax_number, address, phone, bank_name, bank_account
  FROM fee_invoices WHERE id = ANY(%s::bigint[])
"""


def _made_out(connection: psycopg.Connection[Any], found: list[Draft]) -> list[Draft]:
    """Drafts with their buyers: those of the profiles now, and of a credit those of its invoice."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        now = {
            row[0]: _buyer(*row[1:])
            for row in cursor.execute(_BUYERS_SQL, (Bigints({each.participant_id for each in found}),))
        }
        corrected = Bigints({each.corrects_id for each in found if each.corrects_id is not None})
        then = {row[0]: Buyer(*row[1:]) for row in cursor.execute(_OF_INVOICES_SQL, (corrected,))}
    return [
        replace(each, buyer=now[each.participant_id] if each.corrects_id is None else then[each.corrects_id])
        for each in found
    ]


def _buyer(kind: str, name: str, title: str | None, *profile: Any) -> Buyer:
    if kind not in BODIES:
        return Buyer()
    if title is None:
        return Buyer(title=name)
    *said, form = profile
    return Buyer(form, title, *said)
