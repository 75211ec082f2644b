"""A lease's turn of each water year: leased water against that year's rent, once, through the engine as any deal.

So routes, losses, caps, plans, sector rules, reviews and the fee hold as for a trade of the same size. What the turn
holds is freed in the transaction that strikes the deal, and the engine takes it afresh. What stands in the way may be
put right within the grace of the contract; then the year lapses, and its water is the lessor's (民法典 arts 721-722).
"""

from __future__ import annotations

import datetime as dt

import msgspec
import psycopg
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.units import format_fen
from market.core import audit, clock
from market.core.db import raw
from market.core.errors import NotFound, Refusal
from market.county.current import pack_in_force
from market.registry import accounts, lease_turns, leases, reference, steps
from market.registry.lease_errors import LeaseState
from market.registry.lease_models import Lease, LeaseTurn
from market.registry.lease_terms import turn_day
from market.registry.models import WaterAccount, WaterYear
from market.trading import deals, errors, lanes, standing
from market.trading.book import SELL
from market.trading.commands import Refused
from market.trading.deal_models import StruckDeal
from market.trading.dealing import LEASE
from market.trading.errors import InsufficientMoney, InsufficientWater
from market.trading.models import Product

_refused = msgspec.json.Decoder(Refused).decode


def due(session: Session) -> list[int]:
    """Turns whose day has come, and that were not tried today, by id."""
    today = clock.today()
    rows = session.execute(
        select(LeaseTurn.id, Lease.turn_month, WaterYear.starts_on)
        .join(Lease, Lease.id == LeaseTurn.lease_id)
        .join(WaterYear, WaterYear.year == LeaseTurn.water_year)
        .where(LeaseTurn.status == "due", Lease.status == leases.IN_FORCE, WaterYear.status == "open")
        .where((LeaseTurn.tried_on.is_(None)) | (LeaseTurn.tried_on < today))
        .where(LeaseTurn.due_litres > 0)
        .order_by(LeaseTurn.id)
    )
    return [row.id for row in rows if turn_day(row.starts_on, row.turn_month) <= today]


def take_turn(session: Session, *, actor: audit.Actor, turn_id: int) -> LeaseTurn:
    """Hands a year of a lease to the engine, or notes what stands in the way, or lets it lapse after the grace.

    Errors: NotFound, LeaseState.
    """
    steps.lock_years(session)  # an announcement changes what is due: it comes before or after, as everywhere
    lease, turn = _locked(session, turn_id, "due")
    today = clock.today()
    leases.hold(session, lease)
    session.refresh(turn)
    turn.tried_on = today
    try:
        with session.begin_nested():
            _strike(session, actor, lease, turn)
    except Refusal as refusal:
        session.refresh(turn)
        turn.tried_on = today
        _note(session, actor, lease, turn, refusal.rule or refusal.code)
    return turn


def _strike(session: Session, actor: audit.Actor, lease: Lease, turn: LeaseTurn) -> None:
    """Errors: InsufficientWater, InsufficientMoney, and what the exchange or the registry refuses the two accounts."""
    if not turn.held_litres:
        raise InsufficientWater("nothing of the year's leased water is on the lessor's account")
    product = session.scalars(
        select(Product).where(
            Product.source == lease.source,
            Product.water_year == turn.water_year,
            Product.tenure == "allocation",
        )
    ).one_or_none()
    if product is None:
        raise NotFound("the year's water has no product")
    to_account = _account(session, actor, lease, turn.water_year)
    connection = raw(session)
    litres = turn.held_litres
    _check(connection, product, lease, turn, to_account)
    lease_turns.free(connection, [turn.id])
    new = deals.NewDeal(
        reference=turn.id,
        product_id=product.id,
        seller_water_account_id=turn.water_account_id,
        buyer_water_account_id=to_account,
        at=SELL,
        volume_litres=litres,
        price_e4=lease.rent_e4,
    )
    [deal] = deals.strike(session, actor=actor, kind=LEASE, wanted=[new], user_id=lease.answerable_id)
    session.refresh(turn)
    turn.status, turn.deal_id, turn.to_water_account_id = "struck", deal.id, to_account
    turn.tried_on = clock.today()
    session.flush()  # the entry names what stands there
    leases.tell(session, actor, lease.id, "struck", {"water_year": turn.water_year, "litres": litres})


def _account(session: Session, actor: audit.Actor, lease: Lease, water_year: int) -> int:
    """The lessee's account at its place in that year, opened where it is not there."""
    place = {
        "participant_id": lease.lessee_id,
        "township_zone_id": lease.township_zone_id,
        "canal_zone_id": lease.canal_zone_id,
        "sector": lease.sector,
        "source": lease.source,
        "water_year": water_year,
        "origin": "own",
    }
    found = session.scalars(select(WaterAccount.id).filter_by(**place)).one_or_none()
    if found is not None:
        return found
    tree = reference.zones(raw(session)).by_id
    return accounts.open_account(
        session, actor=actor, participant_id=lease.lessee_id, township=tree[lease.township_zone_id].code,
        canal=tree[lease.canal_zone_id].code, sector=lease.sector, source=lease.source, water_year=water_year,
    ).id  # fmt: skip


def _check(
    connection: psycopg.Connection, product: Product, lease: Lease, turn: LeaseTurn, to_account: int
) -> None:
    """What the engine will ask, in its own words, so that nothing is struck that cannot be; and the rent."""
    pack = pack_in_force(connection)
    pair = standing.load(connection, pack, (turn.water_account_id, to_account))
    lessor = standing.one(pair, turn.water_account_id, "/water_account_id")
    lessee = standing.one(pair, to_account, "/other_water_account_id")
    refusal = standing.refuse(pack, product, lessor, lessee)
    if refusal is not None:
        raise errors.of(refusal)
    way = standing.way(pack, lessor, lessee)
    needed = lanes.quantities(turn.held_litres, lease.rent_e4, SELL, way.k).amount_fen
    free = reference.available(connection, [lessee.money_account])[lessee.money_account]
    if needed > free:
        raise InsufficientMoney(
            "the lessee's money does not cover the year's rent",
            limit=format_fen(needed),
            available=format_fen(free),
        )


def _note(session: Session, actor: audit.Actor, lease: Lease, turn: LeaseTurn, code: str) -> None:
    """Keeps what stood in the way; the first time the grace begins. Over it, the year or the lease, the turn lapses."""
    turn.refusal = code
    if turn.grace_until is None:
        turn.grace_until = clock.today() + dt.timedelta(days=lease.grace_days)
    over = session.get_one(WaterYear, turn.water_year).status != "open" or lease.status != leases.IN_FORCE
    lapses = over or clock.today() > turn.grace_until
    detail = {"water_year": turn.water_year, "refusal": code, "grace_until": str(turn.grace_until)}
    session.flush()  # what is freed below is read by its row
    if lapses:
        lease_turns.free(raw(session), [turn.id])
        session.refresh(turn)
        turn.status, turn.resolved_at = "lapsed", clock.now()
        session.flush()  # the entry names what stands there
    leases.tell(session, actor, lease.id, "lapsed" if lapses else "waits", detail)


def answered(session: Session) -> list[int]:
    """Turns whose deal the engine has answered, by id."""
    return list(
        session.scalars(
            select(LeaseTurn.id)
            .join(StruckDeal, StruckDeal.id == LeaseTurn.deal_id)
            .where(LeaseTurn.status == "struck", StruckDeal.status != "struck")
            .order_by(LeaseTurn.id)
        )
    )


def settle(session: Session, *, actor: audit.Actor, turn_id: int) -> LeaseTurn:
    """Takes the engine's answer over: traded, or refused and due again within the grace.

    A trade may still await its review as any other; what becomes of it is the instruction's. Errors: NotFound,
    LeaseState.
    """
    steps.lock_years(session)
    lease, turn = _locked(session, turn_id, "struck", in_force=False)
    deal = session.get_one(StruckDeal, turn.deal_id, populate_existing=True)
    if deal.status == "struck":
        raise LeaseState("the engine has not answered yet", available=turn.status)
    if deal.status == "traded":
        turn.status, turn.resolved_at = "traded", clock.now()
        session.flush()  # the entry names what stands there
        detail = {"water_year": turn.water_year, "trade_id": deal.trade_id}
        leases.tell(session, actor, lease.id, "delivered", detail)
        return turn
    turn.status, turn.deal_id = "due", None
    session.flush()  # its hold is made for what is due
    if session.get_one(WaterYear, turn.water_year).status == "open" and lease.status == leases.IN_FORCE:
        leases.hold(session, lease)
        session.refresh(turn)
    code = _refused(deal.refusal or "{}").code
    _note(session, actor, lease, turn, code)
    return turn


def _locked(session: Session, turn_id: int, status: str, *, in_force: bool = True) -> tuple[Lease, LeaseTurn]:
    """A turn in this state with its lease, both locked, the lease first. Errors: NotFound, LeaseState."""
    known = session.get(LeaseTurn, turn_id)
    if known is None:
        raise NotFound("there is no such turn")
    if in_force:
        lease = leases.locked(session, known.lease_id)
    else:
        lease = session.get_one(Lease, known.lease_id, with_for_update=True, populate_existing=True)
    turn = session.get_one(LeaseTurn, turn_id, with_for_update=True, populate_existing=True)
    if turn.status != status:
        raise LeaseState(f"the year is {turn.status}", available=turn.status)
    return lease, turn
