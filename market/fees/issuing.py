"""Runs of fee invoices: previewed, then issued as previewed; what is issued never changes. Set statements throughout.

The document here is what the tax authority's own electronic invoice is made from; it does not replace it. Its number
is recorded later, once, by another act.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import msgspec
import psycopg
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger.arrays import Bigints
from market.core import acts, audit, clock
from market.core.db import raw
from market.core.errors import NotFound
from market.fees import drafts
from market.fees.drafts import Draft, Drafts, Month
from market.fees.errors import FeePreviewChanged, NothingToInvoice, NumberedBefore, WrongFapiaoNumber
from market.fees.models import CREDIT, FeeInvoice, FeeInvoiceNumber, FeeInvoiceRun

RUN, INVOICE = "fee_invoice_run", "fee_invoice"
_DIGITAL, _CODE, _NUMBER = (
    re.compile(r"[0-9]{20}"),
    re.compile(r"[0-9]{10}([0-9]{2})?"),
    re.compile(r"[0-9]{8}"),
)

_LOCK_SQL = """
INSERT INTO fee_invoice_counters (year, last) VALUES (%s, 0)
ON CONFLICT (year) DO UPDATE SET last = fee_invoice_counters.last RETURNING last
"""
_COUNT_SQL = "UPDATE fee_invoice_counters SET last = last + %s WHERE year = %s"


def preview(session: Session, *, month: Month) -> Drafts:
    """What a run of a month would issue now; nothing changes. Errors: EarlierMonthFirst."""
    return drafts.of_month(raw(session), month)


def issue(session: Session, *, actor: audit.Actor, month: Month, digest: bytes) -> FeeInvoiceRun:
    """Issues the invoices and credits of a month, exactly those of the preview with this digest.

    Whoever issues holds the counter of numbers, so that of two at once the second finds what the first invoiced.
    Errors: EarlierMonthFirst, FeePreviewChanged, NothingToInvoice.
    """
    connection, year = raw(session), clock.today().year
    [last] = connection.execute(_LOCK_SQL, (year,)).fetchone() or (0,)
    found = drafts.of_month(connection, month)
    if found.digest != digest:
        raise FeePreviewChanged(available=found.digest.hex(), limit=digest.hex())
    if not found.invoices:
        raise NothingToInvoice(pointer="/month")
    assert actor.user_id is not None
    credits, amount = sum(each.kind == CREDIT for each in found.invoices), found.amount
    run = FeeInvoiceRun(
        first_on=month.first_on, last_on=month.last_on, invoices=len(found.invoices) - credits, credits=credits,
        gross_fen=amount.gross_fen, net_fen=amount.net_fen, tax_fen=amount.tax_fen, digest=digest,
        issued_by=actor.user_id, issued_at=clock.now(),
    )  # fmt: skip
    session.add(run)
    session.flush()
    connection.execute(_COUNT_SQL, (len(found.invoices), year))
    made = _write(connection, run.id, year, last, found)
    told = [
        (RUN, "issued", [(run.id, {"invoices": run.invoices, "credits": credits, "digest": digest.hex()})]),
        (INVOICE, "issued", made),
    ]
    acts.done_many(connection, actor=actor, source="fees", told=told)
    return run


_INVOICES_SQL = """
INSERT INTO fee_invoices (run_id, year, number, participant_id, kind, corrects_id, form, title, tax_number, address,
                          phone, bank_name, bank_account, gross_fen, net_fen, tax_fen, text, sha256)
SELECT %s, %s, n.number, n.participant, n.kind, nullif(n.corrects, 0), n.form, n.title, n.tax_number, n.address,
       n.phone, n.bank_name, n.bank_account, n.gross, n.net, n.tax, n.said, sha256(convert_to(n.said, 'UTF8'))
  FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[],
              %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[])
       AS n (number, participant, kind, corrects, form, title, tax_number, address, phone, bank_name, bank_account,
             gross, net, tax, said)
 ORDER BY n.number RETURNING id, number
"""
_LINES_SQL = """
INSERT INTO fee_invoice_lines (invoice_id, code, legs, vat_e4, gross_fen, net_fen, tax_fen)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
"""
_LEGS_SQL = """
INSERT INTO fee_invoice_legs (transfer_id, invoice_id, code, reference, fen)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
"""


def _write(
    connection: psycopg.Connection[Any], run_id: int, year: int, last: int, found: Drafts
) -> list[tuple[int, dict[str, Any]]]:
    """The rows of a run; what the audit trail is told of each invoice."""
    invoices = list(enumerate(found.invoices, start=last + 1))
    buyers = [each.buyer for _, each in invoices]
    amounts = [each.amount for _, each in invoices]
    columns = (
        Bigints(number for number, _ in invoices),
        Bigints(each.participant_id for _, each in invoices),
        [each.kind for _, each in invoices],
        Bigints(each.corrects_id or 0 for _, each in invoices),
        *(list(column) for column in zip(*buyers, strict=True)),
        *(Bigints(column) for column in zip(*amounts, strict=True)),
        [_said(found.month, year, number, each) for number, each in invoices],
    )
    rows = connection.execute(_INVOICES_SQL, (run_id, year, *columns)).fetchall()
    ids = {number: made for made, number in rows}
    lines = [
        (ids[number], each.code, each.legs, each.vat_e4, *each.amount)
        for number, draft in invoices
        for each in draft.lines
    ]
    legs = [
        (each.transfer_id, ids[number], each.code, each.reference, each.fen)
        for number, draft in invoices
        for each in draft.legs
    ]
    connection.execute(_LINES_SQL, tuple(Bigints(column) for column in zip(*lines, strict=True)))
    connection.execute(_LEGS_SQL, tuple(Bigints(column) for column in zip(*legs, strict=True)))
    return [
        (ids[number], {"run_id": run_id, "fen": each.amount.gross_fen, "corrects_id": each.corrects_id})
        for number, each in invoices
    ]


def _said(month: Month, year: int, number: int, each: Draft) -> str:
    """What an invoice says, in one canonical text, which is hashed."""
    said = {
        "number": written(year, number), "kind": each.kind, "corrects": each.corrects_id,
        "first_on": month.first_on, "last_on": month.last_on, "participant": each.participant_id,
        "buyer": each.buyer._asdict(), "amount": each.amount, "lines": each.lines, "legs": each.legs,
    }  # fmt: skip
    return msgspec.json.encode(said, order="sorted").decode()


def written(year: int, number: int) -> str:
    """The number of an invoice as people read it."""
    return f"{year}-{number:06d}"


def record_number(
    session: Session, *, actor: audit.Actor, invoice_id: int, code: str, number: str, day: dt.date
) -> FeeInvoiceNumber:
    """Records the number and day that the tax authority's system gave to an invoice: once.

    Errors: NotFound, WrongFapiaoNumber, NumberedBefore.
    """
    found = session.get(FeeInvoice, invoice_id)
    if found is None:
        raise NotFound("there is no such invoice")
    digital = not code and _DIGITAL.fullmatch(number)
    if not digital and not (_CODE.fullmatch(code) and _NUMBER.fullmatch(number)):
        raise WrongFapiaoNumber(
            "twenty digits, or a code of ten or twelve and eight digits", pointer="/number"
        )
    run = session.get_one(FeeInvoiceRun, found.run_id)
    if not run.issued_at.astimezone(clock.LEGAL_ZONE).date() <= day <= clock.today():
        raise WrongFapiaoNumber("not before the invoice here, and not of the future", pointer="/issued_on")
    assert actor.user_id is not None
    made = FeeInvoiceNumber(
        invoice_id=invoice_id, fapiao_code=code, fapiao_number=number, fapiao_on=day, recorded_by=actor.user_id,
        recorded_at=clock.now(),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        if not any(
            name in str(error.orig) for name in ("fee_invoice_numbers_fapiao", "pk_fee_invoice_numbers")
        ):
            raise
        raise NumberedBefore(pointer="/number") from error
    acts.done(
        session, actor=actor, source="fees", kind=INVOICE, number=invoice_id, act="numbered",
        detail={"fapiao_code": code, "fapiao_number": number, "fapiao_on": day.isoformat()},
    )  # fmt: skip
    return made
