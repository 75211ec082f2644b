"""What is read of the buy-back: offers, takes with what the engine said of them, whose accounts one may sell for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from psycopg.rows import tuple_row
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.arrays import Bigints
from market.core import clock
from market.core.db import raw
from market.core.errors import NotFound
from market.county.models import Zone
from market.trading.buy_back_models import BuyBack, BuyBackList, BuyBackTake
from market.trading.deal_models import StruckDeal
from market.trading.dealing import BUY_BACK


@dataclass(frozen=True, slots=True)
class TakeView:
    """A take, its trade once there is one, and why the engine refused it, if so: rule, detail, legal source."""

    take: BuyBackTake
    trade_id: int | None
    refusal: dict[str, Any] | None


def offers(
    session: Session, *, status: str | None = None, buy_back_id: int | None = None, after: int | None = None,
    limit: int = 50,
) -> list[tuple[BuyBack, str]]:  # fmt: skip
    """Offers by id, each with the code of its zone."""
    statement = select(BuyBack, Zone.code).join(Zone, Zone.id == BuyBack.zone_id)
    statement = statement.where(BuyBack.id > (after or 0))
    if status is not None:
        statement = statement.where(BuyBack.status == status)
    if buy_back_id is not None:
        statement = statement.where(BuyBack.id == buy_back_id)
    return [(row[0], row[1]) for row in session.execute(statement.order_by(BuyBack.id).limit(limit))]


def offer(session: Session, *, buy_back_id: int) -> tuple[BuyBack, str]:
    """One offer with the code of its zone. Errors: NotFound."""
    found = offers(session, buy_back_id=buy_back_id, limit=1)
    if not found:
        raise NotFound("there is no such offer")
    return found[0]


def takes(
    session: Session, *, participant_id: int | None = None, buy_back_id: int | None = None,
    list_id: int | None = None, take_id: int | None = None, after: int | None = None, limit: int = 50,
) -> list[TakeView]:  # fmt: skip
    """Takes by id: of one holder or of all, of an offer, of a list."""
    deal = (StruckDeal.kind == BUY_BACK) & (StruckDeal.reference == BuyBackTake.id)
    statement = select(BuyBackTake, StruckDeal.trade_id, StruckDeal.refusal).join(StruckDeal, deal)
    chosen = {
        BuyBackTake.participant_id: participant_id,
        BuyBackTake.buy_back_id: buy_back_id,
        BuyBackTake.list_id: list_id,
        BuyBackTake.id: take_id,
    }
    for column, value in chosen.items():
        if value is not None:
            statement = statement.where(column == value)
    statement = statement.where(BuyBackTake.id > (after or 0)).order_by(BuyBackTake.id).limit(limit)
    return [
        TakeView(each.BuyBackTake, each.trade_id, msgspec.json.decode(each.refusal) if each.refusal else None)
        for each in session.execute(statement)
    ]


def one_take(session: Session, *, take_id: int) -> TakeView:
    """One take. Errors: NotFound."""
    found = takes(session, take_id=take_id, limit=1)
    if not found:
        raise NotFound("there is no such take")
    return found[0]


def one_list(session: Session, *, list_id: int) -> BuyBackList:
    """One list. Errors: NotFound."""
    found = session.get(BuyBackList, list_id)
    if found is None:
        raise NotFound("there is no such list")
    return found


_MAY_SELL_FOR_SQL = """
SELECT w.id FROM water_accounts w
 WHERE w.id = ANY(%(accounts)s)
   AND (%(participant)s::bigint IS NULL OR w.participant_id = %(participant)s
        OR EXISTS (SELECT FROM mandates m WHERE m.participant_id = w.participant_id AND m.clerk_user_id = %(user)s
                   AND m.scope = 'trade' AND m.revoked_at IS NULL AND m.valid_from <= %(now)s
                   AND m.valid_to > %(now)s))
"""


def may_sell_for(
    session: Session, *, water_account_ids: Iterable[int], participant_id: int | None, user_id: int
) -> set[int]:
    """Those of these water accounts that a user may sell from in a list.

    On the participants' side (`participant_id`) its own, and those of holders who have given this user a mandate to
    trade; at the bureau all, for it enters what the holders signed on paper.
    """
    with raw(session).cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(
            _MAY_SELL_FOR_SQL,
            {
                "accounts": Bigints(water_account_ids),
                "participant": participant_id,
                "user": user_id,
                "now": clock.now(),
            },
        ).fetchall()
    return {row[0] for row in rows}
