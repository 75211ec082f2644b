"""Fee invoices with their runs and numbers, their lines and legs, and runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg.rows import class_row
from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core.errors import NotFound
from market.fees.issuing import written
from market.fees.models import FeeInvoiceLine, FeeInvoiceRun


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """An invoice or credit; `title` is the name now of a natural person. `fapiao_*`: what was recorded of it."""

    id: int
    run_id: int
    year: int
    seq: int
    participant_id: int
    participant_kind: str
    kind: str
    corrects_id: int | None
    corrects_year: int | None
    corrects_seq: int | None
    form: str
    title: str
    tax_number: str | None
    address: str
    phone: str
    bank_name: str
    bank_account: str
    gross_fen: int
    net_fen: int
    tax_fen: int
    first_on: dt.date
    last_on: dt.date
    issued_at: dt.datetime
    sha256: bytes
    fapiao_code: str | None
    fapiao_number: str | None
    fapiao_on: dt.date | None
    recorded_at: dt.datetime | None

    @property
    def number(self) -> str:
        """Its number as people read it."""
        return written(self.year, self.seq)

    @property
    def corrects_number(self) -> str | None:
        """The number of the invoice that a credit is of."""
        if self.corrects_year is None or self.corrects_seq is None:
            return None
        return written(self.corrects_year, self.corrects_seq)


_INVOICES_SQL: LiteralString = """
SELECT b.id, b.run_id, b.year, b.number AS seq, b.participant_id, p.kind AS participant_kind, b.kind, b.corrects_id,
       o.year AS corrects_year, o.number AS corrects_seq, b.form, coalesce(b.title, p.name) AS title, b.tax_number,
       b.address, b.phone, b.bank_name, b.bank_account, b.gross_fen, b.net_fen, b.tax_fen, r.first_on, r.last_on,
       r.issued_at, b.sha256, n.fapiao_code, n.fapiao_number, n.fapiao_on, n.recorded_at
  FROM fee_invoices b JOIN fee_invoice_runs r ON r.id = b.run_id JOIN participants p ON p.id = b.participant_id
  LEFT JOIN fee_invoices o ON o.id = b.corrects_id LEFT JOIN fee_invoice_numbers n ON n.invoice_id = b.id
 WHERE b.id > %(after)s
   AND (%(invoice)s::bigint IS NULL OR b.id = %(invoice)s)
   AND (%(participant)s::bigint IS NULL OR b.participant_id = %(participant)s)
   AND (%(run)s::bigint IS NULL OR b.run_id = %(run)s)
   AND (%(numbered)s::boolean IS NULL OR (n.invoice_id IS NOT NULL) = %(numbered)s)
 ORDER BY b.id LIMIT %(limit)s
"""


def invoices(
    connection: psycopg.Connection[Any], *, participant_id: int | None = None, run_id: int | None = None,
    numbered: bool | None = None, after: int | None = None, limit: int = 50,
) -> list[InvoiceView]:  # fmt: skip
    """Invoices by id: of one participant, of one run, with or without a number of the tax authority's, or all."""
    asked = {"participant": participant_id, "run": run_id, "numbered": numbered, "invoice": None}
    return _views(connection, {**asked, "after": after or 0, "limit": limit})


def invoice(connection: psycopg.Connection[Any], *, invoice_id: int) -> InvoiceView:
    """One invoice. Errors: NotFound."""
    asked = {"participant": None, "run": None, "numbered": None, "invoice": invoice_id}
    found = _views(connection, {**asked, "after": 0, "limit": 1})
    if not found:
        raise NotFound("there is no such invoice")
    return found[0]


def _views(connection: psycopg.Connection[Any], asked: dict[str, Any]) -> list[InvoiceView]:
    with connection.cursor(row_factory=class_row(InvoiceView)) as cursor:
        return cursor.execute(_INVOICES_SQL, asked).fetchall()


def lines(session: Session, invoice_id: int) -> Sequence[FeeInvoiceLine]:
    """The lines of an invoice."""
    return session.scalars(
        select(FeeInvoiceLine).where(FeeInvoiceLine.invoice_id == invoice_id).order_by(FeeInvoiceLine.code)
    ).all()


@dataclass(frozen=True, slots=True)
class LegView:
    """A fee that an invoice counts, or what was given back of one: when, of what."""

    id: int
    at: dt.datetime
    code: int
    reference: int
    fen: int


_LEGS_SQL: LiteralString = """
SELECT g.transfer_id AS id, t.created_at AS at, g.code, g.reference, g.fen
  FROM fee_invoice_legs g JOIN transfers t ON t.id = g.transfer_id
 WHERE g.invoice_id = %s AND g.transfer_id > %s ORDER BY g.transfer_id LIMIT %s
"""


def legs(
    connection: psycopg.Connection[Any], *, invoice_id: int, after: int | None, limit: int
) -> list[LegView]:
    """The fees behind an invoice, by transfer."""
    with connection.cursor(row_factory=class_row(LegView)) as cursor:
        return cursor.execute(_LEGS_SQL, (invoice_id, after or 0, limit)).fetchall()


def runs(session: Session, *, after: int | None, limit: int) -> Sequence[FeeInvoiceRun]:
    """Runs by id."""
    wanted = select(FeeInvoiceRun).where(FeeInvoiceRun.id > (after or 0))
    return session.scalars(wanted.order_by(FeeInvoiceRun.id).limit(limit)).all()


def run(session: Session, *, run_id: int) -> FeeInvoiceRun:
    """One run. Errors: NotFound."""
    found = session.get(FeeInvoiceRun, run_id)
    if found is None:
        raise NotFound("there is no such run")
    return found
