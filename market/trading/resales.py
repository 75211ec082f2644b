"""The competitive resale of what public storage holds beyond the stated need: sealed bids, one price for all winners.

A round holds its litres, a bid holds its fen. When it closes, by the clock or the bureau, every hold is given free and
the winners' deals are struck in the same transaction, in one batch of the engine; a winner who spent the fen in between
is refused by it. What the bids say is told to nobody before.
Source: 水权交易管理暂行办法 (2016) art. 19 (from memory): the rest by competition.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger import journal
from ledger.errors import InsufficientBalance
from ledger.units import ceil_div, fen_ceil, format_fen, format_litres, format_price_e4, value_tick_litres
from market.core import audit, books, clock
from market.core.chart import CNY, AccountCode, TransferCode, water_asset
from market.core.db import raw
from market.core.errors import NotFound
from market.county.current import pack_in_force
from market.participants.models import MoneyAccount
from market.registry import reference, rules
from market.registry.county import sector_rules
from market.registry.reference import AccountView
from market.trading import deals, errors, storage
from market.trading.buy_back_errors import (
    BelowFloor,
    BidState,
    FloorBelowPaid,
    NotBeyondNeed,
    RoundNotOpen,
    RoundTimes,
)
from market.trading.buy_back_rules import clear
from market.trading.commands import Refused
from market.trading.dealing import OWNERS_RULE, RESALE
from market.trading.gates import HOLD_RULE, SERVICE_RULE
from market.trading.models import Product
from market.trading.spots import spot
from market.trading.storage_models import ResaleBid, ResaleRound
from market.trading.ways import way_between, why_no_way

BID = "resale_bid"
ROUND = "resale_round"

_PAID_SQL = """
SELECT coalesce(sum(r.amount_fen), 0)::bigint, coalesce(sum(r.delivered_litres), 0)::bigint
  FROM trades r JOIN deals d ON d.trade_id = r.id AND d.kind = 'buy_back'
 WHERE d.buyer_water_account_id = %s
"""


def paid_e4(session: Session, water_account_id: int) -> int:
    """What was paid on average for what came into a storage account, in 1/10 000 yuan per m3, rounded up."""
    row = raw(session).execute(_PAID_SQL, (water_account_id,)).fetchone()
    assert row is not None
    return ceil_div(row[0] * 100_000, row[1]) if row[1] else 0


def open_round(
    session: Session,
    *,
    actor: audit.Actor,
    water_account_id: int,
    litres: int,
    floor_e4: int,
    closes_at: dt.datetime,
    waiver: str | None = None,
) -> ResaleRound:
    """Opens a round for so many stored litres at a least price, until an instant; the litres are held.

    Errors: NotFound, NotPublicStorage, RoundTimes, NotWholeLots, NotBeyondNeed, FloorBelowPaid.
    """
    view = storage.locked(session, water_account_id)
    product = session.scalars(
        select(Product).where(
            Product.source == view.place.source,
            Product.water_year == view.place.water_year,
            Product.tenure == "allocation",
        )
    ).one()
    if not clock.now() < closes_at <= product.closes_at:
        raise RoundTimes("a round closes after now and within the water year", pointer="/closes_at")
    _check_lots(litres, product.lot_litres)
    stock = storage.stock(session, view)
    if litres > stock.resalable_litres:
        raise NotBeyondNeed(
            "the bureau has stated no need yet"
            if stock.need_litres is None
            else f"{format_litres(stock.kept_litres)} m3 are kept for the stated need",
            pointer="/volume",
            limit=format_litres(litres),
            available=format_litres(stock.resalable_litres),
        )
    paid = paid_e4(session, water_account_id)
    if floor_e4 < paid and not (waiver or "").strip():
        raise FloorBelowPaid(
            "name a reason to sell below what was paid",
            pointer="/floor_price",
            limit=format_price_e4(paid),
            available=format_price_e4(floor_e4),
        )
    made = ResaleRound(
        participant_id=view.participant_id,
        product_id=product.id,
        water_account_id=water_account_id,
        volume_litres=litres,
        floor_e4=floor_e4,
        paid_e4=paid,
        waiver=waiver,
        closes_at=closes_at,
        opened_by=actor.user_id,
        opened_at=clock.now(),
    )
    session.add(made)
    session.flush()  # the hold names it by its id
    clearing = _clearing(session, water_asset(product.source, product.water_year), AccountCode.WATER_CLEARING)
    made.hold_id = _hold(session, view.account_id, clearing, litres, TransferCode.RESALE_LOT, made.id)
    storage.tell(session, actor, ROUND, "opened", made.id, {"litres": litres, "floor_e4": floor_e4})
    return made


def _check_lots(litres: int, lot: int) -> None:
    if litres % lot:
        raise errors.NotWholeLots(
            "the volume is not a multiple of the smallest lot",
            pointer="/volume",
            limit=format_litres(lot),
            available=format_litres(litres),
            legal_source=SERVICE_RULE,
        )


def _clearing(session: Session, asset: str, code: AccountCode) -> int:
    return books.system_account(raw(session), asset, code)


def _hold(
    session: Session, account: int, clearing: int, amount: int, code: TransferCode, reference_id: int
) -> int:
    batch = journal.Batch()
    handle = batch.hold(debit=account, credit=clearing, amount=amount, code=code, reference=reference_id)
    batch.execute(raw(session))
    return batch.id_of(handle)


def locked(session: Session, round_id: int) -> ResaleRound:
    """A round, locked: bids and its close come one after another. Errors: NotFound."""
    found = session.get(ResaleRound, round_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such round")
    return found


def _check_open(found: ResaleRound) -> None:
    if found.status != "open" or found.closes_at <= clock.now():
        raise RoundNotOpen(f"the round closed at {(found.closed_at or found.closes_at).isoformat()}")


def bid(
    session: Session, *, actor: audit.Actor, round_id: int, water_account_id: int, litres: int, price_e4: int
) -> ResaleBid:
    """Bids for litres as they leave the storage, at most at a price there; the fen are held until the round closes.

    Errors: NotFound, RoundNotOpen, ProductMismatch, AccountGate, FlowNotAllowed, NoRoute, SameOwner, NotWholeLots,
    VolumeOutOfRange, BelowFloor, InsufficientMoney, BidState.
    """
    found = locked(session, round_id)
    _check_open(found)
    view = _eligible(session, found, water_account_id)
    _check_lots(litres, session.get_one(Product, found.product_id).lot_litres)
    if litres > found.volume_litres:
        raise errors.VolumeOutOfRange(
            "more than the round offers",
            pointer="/volume",
            limit=format_litres(found.volume_litres),
            available=format_litres(litres),
            legal_source=SERVICE_RULE,
        )
    if price_e4 < found.floor_e4:
        raise BelowFloor(
            pointer="/price", limit=format_price_e4(found.floor_e4), available=format_price_e4(price_e4)
        )
    money = session.scalars(
        select(MoneyAccount).where(MoneyAccount.participant_id == view.participant_id)
    ).one()
    fen = fen_ceil(value_tick_litres(litres, price_e4))
    assert actor.user_id is not None
    # drawn before the row is written, since a sealed bid never stands there without its hold
    number = raw(session).execute("SELECT nextval(pg_get_serial_sequence('resale_bids', 'id'))").fetchone()
    assert number is not None
    clearing = _clearing(session, CNY, AccountCode.MONEY_CLEARING)
    try:
        hold = _hold(session, money.account_id, clearing, fen, TransferCode.RESALE_BID, number[0])
    except InsufficientBalance as error:
        raise errors.InsufficientMoney(
            "the money account does not cover the bid",
            pointer="/volume",
            limit=format_fen(fen),
            available=format_fen(error.available),
            legal_source=HOLD_RULE,
        ) from error
    made = ResaleBid(
        id=number[0], round_id=found.id, participant_id=view.participant_id, water_account_id=view.id,
        money_account_id=money.id, volume_litres=litres, price_e4=price_e4, held_fen=fen, hold_id=hold,
        status="sealed", award_litres=0, bid_by=actor.user_id, bid_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    try:
        session.flush()
    except IntegrityError as error:
        if "uq_resale_bids_sealed" not in str(error.orig):
            raise
        raise BidState("withdraw the earlier bid of this account first") from error
    storage.tell(session, actor, BID, "sealed", made.id, {"round_id": found.id})
    return made


def _eligible(session: Session, found: ResaleRound, water_account_id: int) -> AccountView:
    connection = raw(session)
    tree, pack = reference.zones(connection), pack_in_force(connection)
    views = reference.accounts(
        connection, tree, sector_rules(connection), ids=[water_account_id, found.water_account_id]
    )
    stored, view = views[found.water_account_id], views.get(water_account_id)
    if view is None:
        raise NotFound("there is no such water account", pointer="/water_account_id")
    if (view.place.source, view.place.water_year) != (stored.place.source, stored.place.water_year):
        raise errors.ProductMismatch(
            "the account holds another source or water year", pointer="/water_account_id"
        )
    sides = spot(stored, tree), spot(view, tree)
    reason: tuple[str, str, str] | None = rules.may_buy(view.facts)
    if reason is None and stored.owner_id == view.owner_id:
        reason = ("same_owner", "one beneficial owner stands on both sides", OWNERS_RULE)
    if reason is None and way_between(pack, *sides) is None:
        reason = why_no_way(pack, *sides)
    if reason is not None:
        raise errors.of(Refused(reason[0], reason[1], "/water_account_id", None, None, reason[2]))
    return view


def withdraw(session: Session, *, actor: audit.Actor, bid_id: int) -> ResaleBid:
    """Takes a sealed bid back before the round closes; its fen are free. Errors: NotFound, RoundNotOpen, BidState."""
    known = session.get(ResaleBid, bid_id)
    if known is None:
        raise NotFound("there is no such bid")
    _check_open(locked(session, known.round_id))
    found = session.get_one(ResaleBid, bid_id, populate_existing=True)
    if found.status != "sealed":
        raise BidState(f"the bid is {found.status}")
    _free(session, None, [found])
    found.status, found.resolved_at = "withdrawn", clock.now()
    storage.tell(session, actor, BID, "withdrawn", found.id, {})
    return found


def _free(session: Session, found: ResaleRound | None, bids: list[ResaleBid]) -> None:
    """Gives the holds of bids free, and of a round; the caller says in the same flush what became of them."""
    connection = raw(session)
    batch = journal.Batch()
    for each in bids:
        assert each.hold_id is not None
        batch.void(each.hold_id, code=TransferCode.RESALE_BID, reference=each.id)
        each.hold_id, each.held_fen = None, 0
    if found is not None and found.hold_id is not None:
        batch.void(found.hold_id, code=TransferCode.RESALE_LOT, reference=found.id)
        found.hold_id = None
    batch.execute(connection)


def close(session: Session, *, actor: audit.Actor, round_id: int) -> ResaleRound:
    """Closes a round: highest price first, in proportion at the margin, one price for all winners; strikes the deals.

    Errors: NotFound, RoundNotOpen.
    """
    found, bids = _to_close(session, round_id)
    lot = session.get_one(Product, found.product_id).lot_litres
    price, awards = clear(
        found.volume_litres // lot, [(each.volume_litres // lot, each.price_e4) for each in bids]
    )
    now = clock.now()
    _free(session, found, bids)
    for each, lots in zip(bids, awards, strict=True):
        each.award_litres = lots * lot
        each.status, each.resolved_at = ("struck", None) if lots else ("lost", now)
    found.status, found.closed_at, found.price_e4 = "closed", now, price
    found.awarded_litres = sum(awards) * lot
    found.version += 1
    session.flush()
    struck = [
        deals.NewDeal(
            reference=each.id,
            product_id=found.product_id,
            seller_water_account_id=found.water_account_id,
            buyer_water_account_id=each.water_account_id,
            at="sell",
            volume_litres=each.award_litres,
            price_e4=price or 0,
        )
        for each in bids
        if each.award_litres
    ]
    deals.strike(session, actor=actor, kind=RESALE, wanted=struck, user_id=actor.user_id or found.opened_by)
    storage.tell(session, actor, ROUND, "closed", found.id, {"litres": found.awarded_litres})
    return found


def _to_close(session: Session, round_id: int) -> tuple[ResaleRound, list[ResaleBid]]:
    """A round that is open, locked, and its sealed bids by id. Errors: NotFound, RoundNotOpen."""
    found = locked(session, round_id)
    if found.status != "open":
        raise RoundNotOpen("the round was closed before")
    statement = select(ResaleBid).where(ResaleBid.round_id == found.id, ResaleBid.status == "sealed")
    return found, list(session.scalars(statement.order_by(ResaleBid.id)))


def cancel(session: Session, *, actor: audit.Actor, round_id: int, reason: str) -> ResaleRound:
    """Closes a round without a winner: its litres and every bid's fen are free. Errors: NotFound, RoundNotOpen."""
    found, bids = _to_close(session, round_id)
    now = clock.now()
    _free(session, found, bids)
    for each in bids:
        each.status, each.resolved_at = "lost", now
    found.status, found.closed_at = "closed", now
    found.version += 1
    session.flush()
    storage.tell(session, actor, ROUND, "cancelled", found.id, {"reason": reason})
    return found


_DUE_SQL = "SELECT id FROM resale_rounds WHERE status = 'open' AND closes_at <= %s ORDER BY id"
_ANSWERED_SQL = """
UPDATE resale_bids AS b SET status = d.status, resolved_at = %s
  FROM deals d WHERE d.kind = 'resale' AND d.reference = b.id AND d.status <> 'struck' AND b.status = 'struck'
"""


def due(session: Session) -> list[int]:
    """The open rounds whose time is over."""
    return [row[0] for row in raw(session).execute(_DUE_SQL, (clock.now(),)).fetchall()]


def settle_up(session: Session) -> int:
    """Books what the engine has answered of winners' deals; returns how many bids that were."""
    return raw(session).execute(_ANSWERED_SQL, (clock.now(),)).rowcount
