"""Purchase programmes: a buyer publishes what it takes at which price, sellers subscribe, one review decides for all.

Everything is counted at the sellers' places: they know what leaves their canal, and the price is theirs. The buyer's
money for the maximum is held from the publication on, a seller's water from its subscription on. See
docs/decisions/0016.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.units import ceil_div, format_litres
from market.core import audit, clock, outbox, workdays
from market.core.db import raw
from market.core.errors import NotFound
from market.county.current import pack_in_force
from market.county.pack import Pack
from market.registry import places, reference
from market.trading import (
    allotment,
    deals,
    errors,
    holding,
    lanes,
    negotiation_contracts,
    products,
    programme_contracts,
    standing,
)
from market.trading.book import SELL
from market.trading.commands import Refused
from market.trading.gates import MAX_HOLD_FEN, MAX_LITRES, MAX_PRICE_E4
from market.trading.models import Product
from market.trading.programme_errors import (
    BelowMinimum,
    DeadlineTime,
    NotInTheAnnex,
    ProgrammeAmounts,
    ProgrammeState,
)
from market.trading.programme_models import Programme, Subscription

KIND = "programme"
MONEY, WATER = "programme", "subscription"
MOST_SELLERS = 2_000
"""All deals of a programme are struck in one batch of the engine."""
REVIEW_CLOCK, REVIEW_DAYS = "permit_transfer_decision", 20
DECISION = "行政许可法 art. 38"


def publish(
    session: Session, *, actor: audit.Actor, product_id: int, water_account_id: int, price_e4: int,
    minimum_litres: int, maximum_litres: int, deadline: dt.datetime, zones: list[str], conditions: str = "",
) -> Programme:  # fmt: skip
    """A buyer publishes a programme; its money for the maximum is held, and half a fen for each seller there can be.

    Litres and price (1/10 000 yuan per m3) at the sellers' places. Errors: NotFound, NoBook, UnknownZone,
    ProgrammeAmounts, DeadlineTime, InsufficientMoney, and what the exchange refuses a buyer.
    """
    product = session.get(Product, product_id)
    if product is None:
        raise NotFound("there is no such product", pointer="/product_id")
    products.check_book(product)
    if not clock.now() < deadline <= product.closes_at:
        raise DeadlineTime(pointer="/deadline", limit=product.closes_at.isoformat())
    _check_amounts(product, price_e4, minimum_litres, maximum_litres)
    connection = raw(session)
    tree = reference.zones(connection)
    for code in zones:
        places.zone(tree, code, pointer="/zones")
    buyer = _buyer(session, product, water_account_id)
    programme = Programme(
        product_id=product_id,
        buyer_id=buyer.participant_id,
        buyer_water_account_id=water_account_id,
        price_e4=price_e4,
        minimum_litres=minimum_litres,
        maximum_litres=maximum_litres,
        deadline=deadline,
        zones=msgspec.json.encode(zones).decode(),
        conditions=conditions,
        published_by=actor.user_id,
        mandate_id=actor.mandate_id,
        published_at=clock.now(),
    )
    session.add(programme)
    session.flush()  # what it holds names it by its id
    # Each deal is paid to the fen, so that all of them together may cost half a fen a seller more.
    spare = ceil_div(min(MOST_SELLERS, maximum_litres // product.lot_litres), 2)
    fen = lanes.most_fen(maximum_litres, price_e4) + spare
    holding.hold(session, [holding.Wanted((MONEY, programme.id), buyer.money_account, fen)])
    detail = {"price_e4": price_e4, "minimum_litres": minimum_litres, "maximum_litres": maximum_litres}
    tell(session, actor, programme, "published", detail)
    return programme


def _check_amounts(product: Product, price_e4: int, minimum: int, maximum: int) -> None:
    lot = product.lot_litres
    if not 0 < minimum <= maximum <= MAX_LITRES or minimum % lot or maximum % lot:
        raise ProgrammeAmounts(
            f"minimum and maximum are whole lots of {format_litres(lot)} m3, the minimum not above the maximum",
            pointer="/minimum", limit=format_litres(lot),
        )  # fmt: skip
    if not 0 < price_e4 <= MAX_PRICE_E4 or lanes.most_fen(maximum, price_e4) > MAX_HOLD_FEN:
        raise ProgrammeAmounts(
            "the price is above zero, and the whole within what the market takes", pointer="/price"
        )


def _buyer(session: Session, product: Product, water_account_id: int) -> standing.Standing:
    connection = raw(session)
    found = standing.load(connection, pack_in_force(connection), [water_account_id])
    buyer = standing.one(found, water_account_id, "/water_account_id")
    if (buyer.source, buyer.water_year) != (product.source, product.water_year):
        raise errors.of(
            Refused("product_mismatch", "the water account holds another source or water year than the product",
                    "/water_account_id", None, None, "service rule of the exchange")
        )  # fmt: skip
    if buyer.buy_gate is not None:
        gate = buyer.buy_gate
        raise errors.of(Refused(gate.rule, gate.detail, "/water_account_id", None, None, gate.legal_source))
    return buyer


def close(session: Session, *, actor: audit.Actor, programme_id: int) -> Programme:
    """The deadline is over: the minimum missed frees everything; reached, the annex is drawn up for its review.

    What is beyond the maximum is taken pro rata. Errors: NotFound, ProgrammeState.
    """
    programme = locked(session, programme_id, "open")
    if clock.now() < programme.deadline:
        raise ProgrammeState(
            f"it runs until {programme.deadline.isoformat()}", limit=programme.deadline.isoformat()
        )
    product = session.get_one(Product, programme.product_id)
    lines = subscriptions(session, programme_id, "subscribed")
    litres = [line.litres for line in lines]
    taken = allotment.allot(litres, programme.minimum_litres, programme.maximum_litres, product.lot_litres)
    if taken is None:
        programme.status, programme.closed_at = "failed", clock.now()
        _free(session, programme, lines, "the minimum was not reached / 未达到最低收购量")
        tell(session, actor, programme, "failed", {"litres": sum(litres)})
        return programme
    connection = raw(session)
    pack = pack_in_force(connection)
    found = standing.load(
        connection, pack, [programme.buyer_water_account_id, *(line.water_account_id for line in lines)]
    )
    for line, part in zip(lines, taken, strict=True):
        line.allotted_litres = part
        if part and _price(pack, product, programme, line, found):
            line.status = "included"
        else:
            line.status, line.allotted_litres, line.reason = "freed", 0, _why_freed(part)
    _annexed(session, actor, programme, lines, pack)
    return programme


def _why_freed(part: int) -> str:
    if part:
        return "the rules no longer let it sell / 规则已不允许其出售"
    return "the share is below one lot / 配额不足一个交易单位"


def _annexed(
    session: Session, actor: audit.Actor, programme: Programme, lines: list[Subscription], pack: Pack
) -> None:
    """Holds exactly what the annex says, and begins its review; without its minimum the programme has failed."""
    total = sum(line.allotted_litres or 0 for line in lines)
    if total < programme.minimum_litres:
        programme.status, programme.closed_at = "failed", clock.now()
        _free(session, programme, lines, "the minimum was not reached / 未达到最低收购量")
        tell(session, actor, programme, "failed", {"litres": total})
        return
    fen = sum(line.amount_fen or 0 for line in lines)
    needed: dict[holding.Key, int] = {(WATER, line.id): line.allotted_litres or 0 for line in lines}
    holding.reduce(session, needed | {(MONEY, programme.id): fen})
    days = next((each.length for each in pack.clocks if each.name == REVIEW_CLOCK), REVIEW_DAYS)
    programme.status, programme.closed_at = "under_review", clock.now()
    programme.review_due_on = workdays.after(clock.today(), days)
    tell(session, actor, programme, "annexed", {"litres": total, "fen": fen, "sellers": len(lines)})


def approve(
    session: Session,
    *,
    actor: audit.Actor,
    programme_id: int,
    reason: str,
    legal_source: str = "",
    exceptions: Mapping[int, str] | None = None,
) -> Programme:
    """One decision for all: the sellers of the annex but those struck off (subscription id -> reason) are dealt with.

    Contract and annex are fixed, and every deal is struck in one batch, reviewed. Errors: NotFound, ProgrammeState,
    NotInTheAnnex, BelowMinimum.
    """
    assert actor.user_id is not None
    programme = locked(session, programme_id, "under_review")
    lines = subscriptions(session, programme_id, "included")
    left = _but(programme, lines, exceptions or {})
    product = session.get_one(Product, programme.product_id)
    term = negotiation_contracts.term(session, product)
    pack = pack_in_force(raw(session))
    accounts = standing.load(
        raw(session), pack, [programme.buyer_water_account_id, *(line.water_account_id for line in left)]
    )
    for line in left:
        _price(pack, product, programme, line, accounts)
        line.status = "struck"
    _decide(programme, actor, "struck", reason, legal_source)
    programme_contracts.fix(programme, product, left, accounts, term)
    _free(session, programme, lines)
    wanted = [
        deals.NewDeal(
            line.id, programme.product_id, line.water_account_id, programme.buyer_water_account_id, SELL,
            line.allotted_litres or 0, programme.price_e4, reviewed=True,
        )
        for line in left
    ]  # fmt: skip
    deals.strike(session, actor=actor, kind=KIND, wanted=wanted, user_id=actor.user_id)
    assert programme.contract_sha256 is not None
    detail = {
        "reason": reason,
        "legal_source": programme.legal_source,
        "struck_off": [line.id for line in lines if line.status == "struck_off"],
        "sha256": programme.contract_sha256.hex(),
    }
    tell(session, actor, programme, "approved", detail)
    return programme


def _but(
    programme: Programme, lines: list[Subscription], exceptions: Mapping[int, str]
) -> list[Subscription]:
    """The lines without those struck off. Errors: NotInTheAnnex, BelowMinimum; then nothing is to be kept."""
    unknown = exceptions.keys() - {line.id for line in lines}
    if unknown:
        raise NotInTheAnnex(
            f"{len(unknown)} of the exceptions name none of its sellers", pointer="/exceptions"
        )
    left = [line for line in lines if line.id not in exceptions]
    litres = sum(line.allotted_litres or 0 for line in left)
    if litres < programme.minimum_litres:
        raise BelowMinimum(
            f"{format_litres(litres)} m3 would be left", pointer="/exceptions",
            limit=format_litres(programme.minimum_litres), available=format_litres(litres),
        )  # fmt: skip
    for line in lines:
        if line.id in exceptions:
            line.status, line.reason = "struck_off", exceptions[line.id]
    return left


def _price(
    pack: Pack,
    product: Product,
    programme: Programme,
    line: Subscription,
    accounts: Mapping[int, standing.Standing],
) -> bool:
    """Says what a line will cost, as the engine will count it; False where the rules no longer let it sell."""
    seller, buyer = accounts[line.water_account_id], accounts[programme.buyer_water_account_id]
    if standing.refuse(pack, product, seller, buyer) is not None:
        return False
    k = standing.way(pack, seller, buyer).k
    line.amount_fen = lanes.quantities(line.allotted_litres or 0, programme.price_e4, SELL, k).amount_fen
    return True


def reject(
    session: Session, *, actor: audit.Actor, programme_id: int, reason: str, legal_source: str = ""
) -> Programme:
    """The whole is refused, in writing (行政许可法 art. 38): everything is freed. Errors: NotFound, ProgrammeState."""
    programme = locked(session, programme_id, "under_review")
    _decide(programme, actor, "rejected", reason, legal_source)
    _free(session, programme, subscriptions(session, programme_id, "included"), reason)
    tell(session, actor, programme, "rejected", {"reason": reason, "legal_source": programme.legal_source})
    return programme


def cancel(session: Session, *, actor: audit.Actor, programme_id: int, reason: str) -> Programme:
    """Ends a programme that is not struck, as at the end of its water year. Errors: NotFound, ProgrammeState."""
    programme = locked(session, programme_id, "open", "under_review")
    programme.status, programme.closed_at = "cancelled", programme.closed_at or clock.now()
    _free(session, programme, subscriptions(session, programme_id, "subscribed", "included"), reason)
    tell(session, actor, programme, "cancelled", {"reason": reason})
    return programme


def free_line(session: Session, *, actor: audit.Actor, subscription_id: int, reason: str) -> None:
    """Frees one seller's water, as a curtailment does; a programme that has not its minimum any more is cancelled.

    Errors: NotFound, ProgrammeState.
    """
    known = session.get(Subscription, subscription_id)
    if known is None:
        raise NotFound("there is no such subscription")
    programme = locked(session, known.programme_id, "open", "under_review")
    lines = subscriptions(session, programme.id, "subscribed", "included")
    left = [line for line in lines if line.id != subscription_id]
    if programme.status == "under_review":
        if sum(line.allotted_litres or 0 for line in left) < programme.minimum_litres:
            cancel(session, actor=actor, programme_id=programme.id, reason=reason)
            return
        holding.reduce(session, {(MONEY, programme.id): sum(line.amount_fen or 0 for line in left)})
    for line in lines:
        if line.id == subscription_id:
            line.status, line.reason = "freed", reason
            holding.free(session, [(WATER, line.id)])
    tell(session, actor, programme, "line_freed", {"line": subscription_id, "reason": reason})


def _decide(programme: Programme, actor: audit.Actor, status: str, reason: str, legal_source: str) -> None:
    programme.status, programme.decided_at, programme.decided_by = status, clock.now(), actor.user_id
    programme.decision_reason, programme.legal_source = reason, legal_source or DECISION


def _free(
    session: Session, programme: Programme, lines: list[Subscription], reason: str | None = None
) -> None:
    """Frees everything that a programme and its lines hold; with a reason the lines come to nothing."""
    holding.free(session, [(MONEY, programme.id), *((WATER, line.id) for line in lines)])
    if reason is not None:
        for line in lines:
            line.status, line.reason = "freed", reason


def locked(session: Session, programme_id: int, *states: str) -> Programme:
    """A programme in one of these states, locked. Errors: NotFound, ProgrammeState."""
    found = session.get(Programme, programme_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such programme")
    if found.status not in states:
        raise ProgrammeState(f"the programme is {found.status}", available=found.status)
    return found


def subscriptions(session: Session, programme_id: int, *states: str) -> list[Subscription]:
    """A programme's subscriptions in these states, oldest first, locked."""
    statement = select(Subscription).where(
        Subscription.programme_id == programme_id, Subscription.status.in_(states)
    )
    return list(
        session.scalars(
            statement.order_by(Subscription.id).with_for_update().execution_options(populate_existing=True)
        )
    )


def tell(
    session: Session, actor: audit.Actor, programme: Programme, action: str, detail: dict[str, Any]
) -> None:
    """The event and the audit link of a step; last, as the audit trail is locked last."""
    programme.version += 1
    connection = raw(session)
    subject = ("programme", programme.id)
    outbox.publish(connection, topic=f"trading.programme.{action}", subject=subject)
    audit.record(connection, actor=actor, action=f"programme.{action}", subject=subject, detail=detail)
