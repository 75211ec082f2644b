"""Public posting (张榜公布): a village's bills of a run, names masked, frozen as they are when they are posted."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

import msgspec
from psycopg.rows import tuple_row
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from market.billing import queries
from market.billing.errors import NothingToPost, PostedBefore
from market.billing.models import BillPosting
from market.core import acts, audit, clock
from market.core.db import raw
from market.core.errors import NotFound
from market.participants.names import masked
from market.participants.privacy import BODIES
from market.registry import places, reference

SUBJECT = "billing_run"


class PostedRow(msgspec.Struct, frozen=True):
    """One household (or body): litres, and fen that were billed and paid when the list was posted."""

    name: str
    litres: int
    fen: int
    paid_fen: int


class Posted(msgspec.Struct, frozen=True):
    """The list of a place as it was posted."""

    zone: str
    zone_zh: str
    zone_en: str
    water_year: int
    from_on: dt.date
    until_on: dt.date
    due_on: dt.date
    as_of: dt.date
    rows: tuple[PostedRow, ...]

    @property
    def total(self) -> PostedRow:
        """All rows together."""
        return PostedRow(
            "", sum(each.litres for each in self.rows), sum(each.fen for each in self.rows),
            sum(each.paid_fen for each in self.rows),
        )  # fmt: skip


_posted = msgspec.json.Decoder(Posted).decode


# A place holds what lies below it: a township's list has its villages too.
_ROWS_SQL = """
WITH RECURSIVE inside AS (
  SELECT id FROM zones WHERE id = %(zone)s UNION ALL SELECT z.id FROM zones z JOIN inside i ON z.parent_id = i.id)
SELECT p.name, p.kind, sum(b.litres)::bigint, sum(b.fen)::bigint,
       sum(CASE WHEN x.credit THEN -1 ELSE 1 END * (x.supplier_settled_fen + x.association_settled_fen))::bigint
  FROM water_bills b JOIN water_bill_balances x ON x.bill_id = b.id JOIN participants p ON p.id = b.participant_id
 WHERE b.run_id = %(run)s AND b.place_id IN (SELECT id FROM inside) GROUP BY p.id ORDER BY p.id
"""


def post(session: Session, *, actor: audit.Actor, run_id: int, zone: str) -> BillPosting:
    """Posts the bills of a run in a place. Errors: NotFound, UnknownZone, NothingToPost, PostedBefore."""
    run = queries.run(session, run_id=run_id)
    connection = raw(session)
    place = places.zone(reference.zones(connection), zone, pointer="/zone")
    with connection.cursor(row_factory=tuple_row) as cursor:
        found = cursor.execute(_ROWS_SQL, {"run": run_id, "zone": place.id}).fetchall()
        names = cursor.execute("SELECT name_zh, name_en FROM zones WHERE id = %s", (place.id,)).fetchone()
    if not found:
        raise NothingToPost(pointer="/zone")
    assert names is not None and actor.user_id is not None
    rows = tuple(PostedRow(name if kind in BODIES else masked(name), *sums) for name, kind, *sums in found)
    said = Posted(
        zone, names[0], names[1], run.water_year, run.from_on, run.until_on, run.due_on, clock.today(), rows
    )  # fmt: skip
    text = msgspec.json.encode(said).decode()
    made = BillPosting(
        run_id=run_id, zone_id=place.id, text=text, sha256=hashlib.sha256(text.encode()).digest(),
        posted_by=actor.user_id, posted_at=clock.now(),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        if "pk_bill_postings" not in str(error.orig):
            raise
        raise PostedBefore(pointer="/zone") from error
    acts.done(
        session, actor=actor, source="billing", kind=SUBJECT, number=run_id, act="posted",
        detail={"zone": zone, "rows": len(rows), "sha256": made.sha256.hex()},
    )  # fmt: skip
    return made


def said(posting: BillPosting) -> Posted:
    """What a posting says."""
    return _posted(posting.text.encode())


def postings(session: Session, *, run_id: int) -> list[BillPosting]:
    """The postings of a run. Errors: NotFound."""
    queries.run(session, run_id=run_id)
    return list(
        session.scalars(select(BillPosting).where(BillPosting.run_id == run_id).order_by(BillPosting.zone_id))
    )


def posting(session: Session, *, run_id: int, zone: str) -> BillPosting:
    """One posting, by the code of its place. Errors: NotFound."""
    known: Any = reference.zones(raw(session)).by_code.get(zone)
    found = session.get(BillPosting, (run_id, known.id)) if known is not None else None
    if found is None:
        raise NotFound("nothing was posted there")
    return found
