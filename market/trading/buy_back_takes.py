"""Taking a buy-back: one farmer with one call, or a village at once from a list.

A take is struck as a deal of the kind `buy_back`; whether it is traded is the engine's answer. Of a list all rows are
taken or none, unless the good ones are asked for; they are struck in one batch of the engine. A budget that does not
pay for a whole list refuses it, or is shared in proportion where that is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.units import format_decimal, format_fen, format_litres
from market.core import audit, clock, outbox
from market.core.db import raw
from market.core.errors import NotFound, Refusal
from market.county.current import pack_in_force
from market.county.pack import Pack
from market.registry import queries, reference, rules
from market.registry.county import sector_rules
from market.registry.reference import AccountView, Zones
from market.trading import buy_backs, deals, errors
from market.trading.buy_back_errors import (
    AboveCeiling,
    BuyBackBudgetShort,
    NothingToSell,
    NoWaterPrice,
    OutsideBuyBack,
    RowTwice,
)
from market.trading.buy_back_models import BuyBack, BuyBackList, BuyBackTake
from market.trading.buy_back_rules import most_litres, part_fen, price_e4, share_out
from market.trading.commands import Refused
from market.trading.dealing import BUY_BACK
from market.trading.gates import HOLD_RULE, SERVICE_RULE
from market.trading.models import Product
from market.trading.spots import Spot, spot
from market.trading.ways import way_between, why_no_way

TAKE = "buy_back_take"


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody would sell: a water account, and litres at its place (None: all that it may sell)."""

    water_account_id: int
    litres: int | None


@dataclass(frozen=True, slots=True)
class Priced:
    """What is taken: an account's litres, the water price there, the price paid (1/10 000 yuan per m3)."""

    view: AccountView
    litres: int
    tariff_e4: int
    price_e4: int

    @property
    def fen(self) -> int:
        """What it costs."""
        return part_fen(self.litres, self.price_e4)


@dataclass(slots=True)
class Taken:
    """A list as it was taken: the takes in the order of the rows, what was refused by row (from 0), the list."""

    takes: list[BuyBackTake]
    refused: list[tuple[int, Refusal]] = field(default_factory=list)
    sheet: BuyBackList | None = None


@dataclass(frozen=True, slots=True)
class _Ground:
    """What rows are checked against, read once for all of them."""

    offer: BuyBack
    pack: Pack
    tree: Zones
    lot: int
    storage: Spot
    views: Mapping[int, AccountView]
    free: Mapping[int, int]
    allocated: Mapping[int, int]
    sold: Mapping[int, int]


def take(
    session: Session, *, actor: audit.Actor, buy_back_id: int, water_account_id: int, litres: int | None
) -> BuyBackTake:
    """Sells water of an account to an offer: so many litres, or (None) all that may be sold and the budget pays.

    Errors: NotFound, BuyBackNotOpen, ProductMismatch, OutsideBuyBack, AccountGate, FlowNotAllowed, NoRoute,
    NoWaterPrice, NotWholeLots, InsufficientWater, AboveCeiling, NothingToSell, BuyBackBudgetShort.
    """
    offer = _opened(session, buy_back_id)
    asked = Asked(water_account_id, litres)
    ground = _ground(session, offer, [asked])
    found = _priced(ground, asked, {})
    if litres is None:
        found = replace(
            found, litres=min(found.litres, most_litres(offer.held_fen, found.price_e4, ground.lot))
        )
    if found.litres == 0 or found.fen > offer.held_fen:
        raise _short(offer, [found])
    [made] = _strike(session, actor, offer, [found], None)
    return made


def take_list(
    session: Session,
    *,
    actor: audit.Actor,
    buy_back_id: int,
    asked: Sequence[Asked],
    basis: str,
    partial: bool = False,
    share: bool = False,
    refused: Sequence[tuple[int, Refusal]] = (),
    rows: Sequence[int] | None = None,
    check: Callable[[Sequence[tuple[int, Refusal]]], None] | None = None,
) -> Taken:
    """Sells for a village at once: all rows, or with `partial` the good ones; what is wrong is told row by row.

    `basis` names the paper that the holders signed. `share`: a budget that does not pay for all of it is shared in
    proportion, to the lot. `refused` are rows that were refused before; `rows` the numbers of the others (from 0
    where none are given); `check` raises where a refused row spoils the list. Who may sell for whom is the caller's
    to look at. Errors: NotFound, BuyBackNotOpen, BuyBackBudgetShort, those of `check`.
    """
    offer = _opened(session, buy_back_id)
    ground = _ground(session, offer, asked)
    numbers = list(range(len(asked))) if rows is None else list(rows)
    bad, good = list(refused), []
    planned: dict[int, int] = {}
    seen: set[int] = set()
    for number, each in zip(numbers, asked, strict=True):
        try:
            if each.water_account_id in seen:
                raise RowTwice("an earlier row names this account", pointer="/water_account_id")
            seen.add(each.water_account_id)
            found = _priced(ground, each, planned)
        except Refusal as refusal:
            bad.append((number, refusal))
            continue
        holder = found.view.participant_id
        planned[holder] = planned.get(holder, 0) + found.litres
        good.append((number, found))
    if check is not None and not partial:
        check(bad)
    good, shared = _within_budget(ground, good, bad, share=share)
    bad.sort(key=lambda each: each[0])
    sheet = BuyBackList(
        buy_back_id=offer.id,
        participant_id=actor.participant_id,
        basis=basis,
        partial=partial,
        shared=shared,
        taken=len(good),
        refused=len(bad),
        entered_by=actor.user_id,
        entered_at=clock.now(),
    )
    session.add(sheet)
    session.flush()  # its takes name it by its id
    return Taken(_strike(session, actor, offer, [found for _, found in good], sheet.id), bad, sheet)


def _opened(session: Session, buy_back_id: int) -> BuyBack:
    offer = buy_backs.locked(session, buy_back_id)
    buy_backs.settle_up(session, offer)
    buy_backs.check_open(offer)
    return offer


def _within_budget(
    ground: _Ground,
    good: list[tuple[int, Priced]],
    bad: list[tuple[int, Refusal]],
    *,
    share: bool,
) -> tuple[list[tuple[int, Priced]], bool]:
    """The rows that the budget pays, cut in proportion where it is short and may be shared."""
    offer = ground.offer
    if sum(found.fen for _, found in good) <= offer.held_fen:
        return good, False
    if not share:
        raise _short(offer, [found for _, found in good])
    parts = share_out(offer.held_fen, [(found.litres, found.price_e4) for _, found in good], ground.lot)
    kept = []
    for (number, found), litres in zip(good, parts, strict=True):
        if litres:
            kept.append((number, replace(found, litres=litres)))
        else:
            bad.append((number, _short(offer, [found])))
    return kept, True


def _short(offer: BuyBack, wanted: Sequence[Priced]) -> BuyBackBudgetShort:
    return BuyBackBudgetShort(
        "what is left of the budget does not pay for it",
        pointer="/volume",
        limit=format_fen(offer.held_fen),
        available=format_fen(sum(each.fen for each in wanted)),
    )


_SOLD = (
    select(BuyBackTake.participant_id, func.sum(BuyBackTake.volume_litres))
    .where(BuyBackTake.status != "refused")
    .group_by(BuyBackTake.participant_id)
)


def _ground(session: Session, offer: BuyBack, asked: Sequence[Asked]) -> _Ground:
    connection = raw(session)
    tree = reference.zones(connection)
    wanted = {each.water_account_id for each in asked}
    views = reference.accounts(
        connection, tree, sector_rules(connection), ids=wanted | {offer.water_account_id}
    )
    allocated: dict[int, int] = {}
    sold: dict[int, int] = {}
    if offer.ceiling_e6 is not None:
        for account, figures in queries.figures(connection, wanted & views.keys()).items():
            holder = views[account].participant_id
            allocated[holder] = allocated.get(holder, 0) + figures.allocated_litres
        rows = session.execute(
            _SOLD.where(BuyBackTake.buy_back_id == offer.id, BuyBackTake.participant_id.in_(allocated))
        )
        sold = {row[0]: int(row[1]) for row in rows}
    return _Ground(
        offer=offer,
        pack=pack_in_force(connection),
        tree=tree,
        lot=session.get_one(Product, offer.product_id).lot_litres,
        storage=spot(views[offer.water_account_id], tree),
        views=views,
        free=reference.available(connection, [view.account_id for view in views.values()]),
        allocated=allocated,
        sold=sold,
    )


def _priced(ground: _Ground, asked: Asked, planned: Mapping[int, int]) -> Priced:
    """What a row comes to. `planned`: litres that earlier rows of the same list sell, by holder."""
    view = ground.views.get(asked.water_account_id)
    if view is None:
        raise NotFound("there is no such water account", pointer="/water_account_id")
    tariff = _check_account(ground, view)
    free = max(0, ground.free[view.account_id])
    most = free if (left := _ceiling_left(ground, view, planned)) is None else min(free, left)
    litres = most // ground.lot * ground.lot if asked.litres is None else asked.litres
    if litres == 0:
        raise NothingToSell(
            "less than the smallest lot may be sold",
            pointer="/volume",
            limit=format_litres(ground.lot),
            available=format_litres(most),
        )
    if litres % ground.lot:
        raise errors.NotWholeLots(
            "the volume is not a multiple of the smallest lot",
            pointer="/volume",
            limit=format_litres(ground.lot),
            available=format_litres(litres),
            legal_source=SERVICE_RULE,
        )
    if litres > free:
        raise errors.InsufficientWater(
            "the water account does not hold that much free water",
            pointer="/volume",
            limit=format_litres(litres),
            available=format_litres(free),
            legal_source=HOLD_RULE,
        )
    if left is not None and litres > left:
        share = format_decimal(ground.offer.ceiling_e6 or 0, scale=6)
        raise AboveCeiling(
            f"one holder sells at most {share} of its allocation to this offer",
            pointer="/volume",
            limit=format_litres(litres),
            available=format_litres(left),
        )
    return Priced(view, litres, tariff, price_e4(tariff, ground.offer.multiple_e3))


def _check_account(ground: _Ground, view: AccountView) -> int:
    """Whether the account may sell to the offer at all; the water price at its place."""
    offer, place = ground.offer, view.place
    storage = ground.views[offer.water_account_id].place
    if (place.source, place.water_year) != (storage.source, storage.water_year):
        raise errors.ProductMismatch(
            "the account holds another source or water year", pointer="/water_account_id"
        )
    if offer.zone_id not in place.zones:
        zone = ground.tree.by_id[offer.zone_id].code
        raise OutsideBuyBack(f"the offer is for {zone}", pointer="/water_account_id", limit=zone)
    barrier = rules.may_sell(view.facts)
    seller = spot(view, ground.tree)
    reason: tuple[str, str, str] | None = barrier
    if reason is None and way_between(ground.pack, seller, ground.storage) is None:
        reason = why_no_way(ground.pack, seller, ground.storage)
    if reason is not None:
        raise errors.of(Refused(reason[0], reason[1], "/water_account_id", None, None, reason[2]))
    tariff = ground.pack.tariff(seller.sector, seller.township_code, seller.canal_code)
    if tariff is None:
        raise NoWaterPrice(f"no water price of {seller.sector} at {seller.township_code}")
    return tariff.price_e4


def _ceiling_left(ground: _Ground, view: AccountView, planned: Mapping[int, int]) -> int | None:
    share, holder = ground.offer.ceiling_e6, view.participant_id
    if share is None:
        return None
    whole = ground.allocated[holder] * share // 1_000_000
    return max(0, whole - ground.sold.get(holder, 0) - planned.get(holder, 0))


def _strike(
    session: Session, actor: audit.Actor, offer: BuyBack, wanted: Sequence[Priced], list_id: int | None
) -> list[BuyBackTake]:
    """Writes the takes, gives their fen free and hands their deals to the engine, in one batch."""
    if not wanted:
        return []
    assert actor.user_id is not None
    now = clock.now()
    made = [
        BuyBackTake(
            buy_back_id=offer.id,
            list_id=list_id,
            participant_id=each.view.participant_id,
            water_account_id=each.view.id,
            volume_litres=each.litres,
            tariff_e4=each.tariff_e4,
            price_e4=each.price_e4,
            part_fen=each.fen,
            status="struck",
            taken_by=actor.user_id,
            taken_at=now,
        )
        for each in wanted
    ]
    session.add_all(made)
    session.flush()  # the deals name them by their ids
    buy_backs.give(session, offer, sum(each.part_fen for each in made))
    struck = [
        deals.NewDeal(
            reference=each.id,
            product_id=offer.product_id,
            seller_water_account_id=each.water_account_id,
            buyer_water_account_id=offer.water_account_id,
            at="sell",
            volume_litres=each.volume_litres,
            price_e4=each.price_e4,
        )
        for each in made
    ]
    deals.strike(session, actor=actor, kind=BUY_BACK, wanted=struck, user_id=actor.user_id)
    details: list[tuple[int, dict[str, Any]]] = [
        (each.id, {"buy_back_id": offer.id, "litres": each.volume_litres, "fen": each.part_fen})
        for each in made
    ]
    connection = raw(session)
    outbox.publish_many(connection, topic=f"trading.{TAKE}.struck", subject_type=TAKE, payloads=details)
    audit.record_many(connection, actor=actor, action=f"{TAKE}.struck", subject_type=TAKE, details=details)
    return made
