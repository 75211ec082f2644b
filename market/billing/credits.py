"""Credits: what corrections gave back is used on the same holder's bills, the oldest first, side by side."""

from __future__ import annotations

from collections import defaultdict

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy.orm import Session

from market.billing import settling
from market.billing.models import CREDIT
from market.billing.settling import Open, Part
from market.core import acts, audit
from market.core.db import raw

_WHO_SQL = """
SELECT DISTINCT c.participant_id
  FROM water_bill_balances c JOIN water_bill_balances b ON b.participant_id = c.participant_id AND NOT b.credit
   AND b.supplier_settled_fen + b.association_settled_fen < b.supplier_fen + b.association_fen
 WHERE c.credit AND c.supplier_settled_fen + c.association_settled_fen < c.supplier_fen + c.association_fen
"""


def use(session: Session, *, actor: audit.Actor) -> int:
    """Uses every credit whose holder has a bill to pay; what is left of it waits for the next. Returns how many times.

    What the supplier gave back settles what is owed to the supplier, and so for the association: no money moves.
    """
    connection: psycopg.Connection = raw(session)
    with connection.cursor(row_factory=tuple_row) as cursor:
        who = [row[0] for row in cursor.execute(_WHO_SQL).fetchall()]
    if not who:
        return 0
    bills = settling.open_bills(connection, who)
    credits = settling.open_bills(connection, who, credit=True)
    parts = matched(bills, credits)
    if parts:
        made = settling.settle(connection, parts, recorded_by=actor.user_id)
        told = [(settling.PAYMENT, "credited", settling.told(parts, made))]
        acts.done_many(connection, actor=actor, source="billing", told=told)
    return len(parts)


def matched(bills: list[Open], credits: list[Open]) -> list[Part]:
    """Which credit settles what of which bill: each side's own, in the order of both lists."""
    waiting: dict[int, list[list[int]]] = defaultdict(list)
    by_id = {each.bill_id: each for each in credits}
    for each in credits:
        waiting[each.participant_id].append([each.bill_id, each.supplier_left, each.association_left])
    parts = []
    for bill in bills:
        supplier_left, association_left = bill.supplier_left, bill.association_left
        for credit in waiting[bill.participant_id]:
            supplier, association = min(supplier_left, credit[1]), min(association_left, credit[2])
            if supplier + association:
                parts.append(Part(bill, CREDIT, supplier, association, credit=by_id[credit[0]]))
                supplier_left, association_left = supplier_left - supplier, association_left - association
                credit[1], credit[2] = credit[1] - supplier, credit[2] - association
    return parts
