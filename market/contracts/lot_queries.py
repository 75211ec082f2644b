"""Reading lots: lists, what may be sold now and why not more, sales, and the lineage of a litre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row, tuple_row
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.arrays import Bigints
from market.contracts import lot_issuing, lot_offers, lots
from market.contracts.lot_models import ClawBackTaking, LotOffer, LotOfferShare, ReportClawBack, SavingLot
from market.core import clock
from market.core.db import raw
from market.core.errors import NotFound
from market.registry import queries


def get(session: Session, lot_id: int) -> SavingLot:
    """One lot. Errors: NotFound."""
    found = session.get(SavingLot, lot_id)
    if found is None:
        raise NotFound("there is no such lot")
    return found


def listing(
    session: Session, *, contract_id: int | None, owner_id: int | None, after: int | None, limit: int
) -> list[SavingLot]:
    """Lots by id; those of a contract, or an owner, if one is named."""
    statement = select(SavingLot)
    if contract_id is not None:
        statement = statement.where(SavingLot.contract_id == contract_id)
    if owner_id is not None:
        statement = statement.where(SavingLot.owner_id == owner_id)
    if after is not None:
        statement = statement.where(SavingLot.id > after)
    return list(session.scalars(statement.order_by(SavingLot.id).limit(limit)))


@dataclass(frozen=True, slots=True)
class Sold:
    """One sale of a lot: its instruction, state, litres that left the owner, and what was paid for them, fen."""

    instruction_id: int
    kind: str
    reference: int
    buyer_id: int
    status: str
    source_litres: int
    delivered_litres: int
    amount_fen: int


# What is written of closed offers, and what has come of the one that is open.
_SOLD_SQL = """
SELECT i.id AS instruction_id, i.kind, i.reference, i.buyer_id, i.status, i.source_litres, i.delivered_litres,
       i.amount_fen
  FROM instructions i
 WHERE i.id IN (SELECT t.instruction_id FROM lot_trades t JOIN lot_offers o ON o.id = t.offer_id
                 WHERE o.lot_id = %(lot)s
                UNION ALL
                SELECT n.id FROM lot_offers o
                  JOIN instructions n ON n.seller_water_account_id = o.water_account_id AND n.seller_id = %(owner)s
                 WHERE o.lot_id = %(lot)s AND o.closed_at IS NULL AND n.status <> 'rejected'
                   AND NOT EXISTS (SELECT FROM lot_trades t WHERE t.instruction_id = n.id))
 ORDER BY i.id
"""


def sales(session: Session, lot: SavingLot) -> list[Sold]:
    """What was sold of a lot, also what a reviewer has still to decide."""
    with raw(session).cursor(row_factory=class_row(Sold)) as cursor:
        return cursor.execute(_SOLD_SQL, {"lot": lot.id, "owner": lot.owner_id}).fetchall()


_SOLD_SUMS_SQL = """
SELECT x.lot_id, sum(x.litres)::bigint FROM (
  SELECT o.lot_id, t.litres FROM lot_trades t JOIN lot_offers o ON o.id = t.offer_id WHERE o.lot_id = ANY(%(lots)s)
  UNION ALL
  SELECT o.lot_id, i.source_litres
    FROM lot_offers o JOIN saving_lots l ON l.id = o.lot_id
    JOIN instructions i ON i.seller_water_account_id = o.water_account_id AND i.seller_id = l.owner_id
   WHERE o.lot_id = ANY(%(lots)s) AND o.closed_at IS NULL AND i.status <> 'rejected'
     AND NOT EXISTS (SELECT FROM lot_trades t WHERE t.instruction_id = i.id)) AS x
 GROUP BY x.lot_id
"""


def sold_litres(session: Session, lot_ids: Sequence[int]) -> dict[int, int]:
    """What was sold of each of these lots, also what a reviewer has still to decide; nothing for one unsold."""
    with raw(session).cursor(row_factory=tuple_row) as cursor:
        return dict(cursor.execute(_SOLD_SUMS_SQL, {"lots": Bigints(lot_ids)}).fetchall())


def offers(session: Session, lot_id: int) -> list[tuple[LotOffer, list[LotOfferShare]]]:
    """A lot's offers with who is paid of each, in order."""
    found = session.scalars(select(LotOffer).where(LotOffer.lot_id == lot_id).order_by(LotOffer.id)).all()
    shares = session.scalars(
        select(LotOfferShare)
        .where(LotOfferShare.offer_id.in_([each.id for each in found]))
        .order_by(LotOfferShare.offer_id, LotOfferShare.rank)
    ).all()
    return [(each, [share for share in shares if share.offer_id == each.id]) for each in found]


def tradable(session: Session, lot: SavingLot) -> tuple[int, tuple[lots.Constraint, ...]]:
    """What of a lot may be offered today, litres, and every constraint (SAVINGS section 6)."""
    home = lot_offers.home_of(session, lot)
    figures = queries.figures(raw(session), [home.id])[home.id] if home is not None else None
    sold = 0 if lot.status != "open" else lot_issuing.unsold(lot)
    pure = lots.Lot(max(sold, 0), lot.expires_on)
    return lots.tradable_now(
        pure,
        allocation=figures.balance_litres if figures is not None else 0,
        used=0,  # the balance is without what was used
        held=figures.held_litres if figures is not None else 0,
        pledged=0,  # pledges are among the holds
        zone_out=None,  # a limit on what leaves a zone is held against each trade
        day=clock.today(),
    )


_LOT_OF_SQL = """
SELECT l.id FROM instructions i
  JOIN lot_trades t ON t.instruction_id = i.id JOIN lot_offers o ON o.id = t.offer_id
  JOIN saving_lots l ON l.id = o.lot_id WHERE i.id = %(id)s
UNION ALL
SELECT l.id FROM instructions i
  JOIN lot_offers o ON o.water_account_id = i.seller_water_account_id AND o.closed_at IS NULL
  JOIN saving_lots l ON l.id = o.lot_id
 WHERE i.id = %(id)s AND i.status <> 'rejected'
   AND NOT EXISTS (SELECT FROM lot_trades t WHERE t.instruction_id = i.id)
LIMIT 1
"""


def of_instruction(connection: psycopg.Connection[Any], instruction_id: int) -> int | None:
    """The lot that an instruction sold of, if it did."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(_LOT_OF_SQL, {"id": instruction_id}).fetchone()
    return None if row is None else int(row[0])


def instruction_of_trade(connection: psycopg.Connection[Any], trade_id: int) -> int | None:
    """The instruction of a trade."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(
            "SELECT i.id FROM trades t JOIN instructions i ON i.kind = 'trade' AND i.reference = t.id"
            " AND i.seller_id = t.seller_id WHERE t.id = %s",
            (trade_id,),
        ).fetchone()
    return None if row is None else int(row[0])


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where the water of a lot comes from: what was measured, against which baseline, and who said so."""

    lot_id: int
    contract_id: int
    report_id: int
    revision: int
    starts_on: Any
    ends_on: Any
    points: list[int]
    readings_sha256: str
    baseline_id: int
    baseline_number: int
    baseline_sha256: str
    derivation_sha256: str
    verifier_id: int
    verified_at: Any
    lot_sha256: str


_LINEAGE_SQL = """
SELECT l.id AS lot_id, l.contract_id, r.id AS report_id, r.revision, r.starts_on, r.ends_on,
       ARRAY(SELECT (b ->> 'point')::bigint FROM jsonb_array_elements(v.text::jsonb -> 'boundary') b
             ORDER BY 1) AS points,
       encode(sha256(convert_to(r.input_text, 'UTF8')), 'hex') AS readings_sha256,
       x.id AS baseline_id, x.number AS baseline_number, encode(x.sha256, 'hex') AS baseline_sha256,
       encode(r.sha256, 'hex') AS derivation_sha256, r.verified_by AS verifier_id, r.verified_at,
       encode(l.sha256, 'hex') AS lot_sha256
  FROM saving_lots l JOIN saving_reports r ON r.id = l.report_id JOIN contract_baselines x ON x.id = r.baseline_id
  JOIN contract_versions v ON v.id = r.version_id WHERE l.id = %s
"""


def lineage(session: Session, lot_id: int) -> Lineage:
    """From meter spans to the lot: every step by its hash. Errors: NotFound."""
    with raw(session).cursor(row_factory=class_row(Lineage)) as cursor:
        found = cursor.execute(_LINEAGE_SQL, (lot_id,)).fetchone()
    if found is None:
        raise NotFound("there is no such lot")
    return found


def claw_backs(session: Session, report_id: int) -> list[ReportClawBack]:
    """A report's claw-backs, in order."""
    statement = select(ReportClawBack).where(ReportClawBack.report_id == report_id)
    return list(session.scalars(statement.order_by(ReportClawBack.id)))


def takings(session: Session, claw_back_ids: Sequence[int]) -> list[ClawBackTaking]:
    """What these claw-backs took of whom."""
    return list(
        session.scalars(
            select(ClawBackTaking)
            .where(ClawBackTaking.claw_back_id.in_(claw_back_ids))
            .order_by(ClawBackTaking.claw_back_id, ClawBackTaking.scope, ClawBackTaking.participant_id)
        )
    )
