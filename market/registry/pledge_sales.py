"""Sales of pledged water: by the holder with the bank's consent, or by an agent at an enforcement; never by the bank.

What is let go moves to an account of the origin `pledged`, whose proceeds wait on an account of their own until they
are paid out: to the banks by rank up to what is owed, the rest to the holder. Nobody gets the right or the water but
an eligible buyer of the ordinary book (Civil Code arts 410, 428).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger import journal
from ledger.units import format_fen, format_litres
from market.core import audit, books, clock
from market.core.chart import CNY, DEBITS_MUST_NOT_EXCEED_CREDITS, AccountCode, TransferCode, water_asset
from market.core.db import bump_reference, raw
from market.core.errors import NotFound
from market.participants.models import MoneyAccount, Participant, User, UserRole
from market.registry import accounts, pledges, reference
from market.registry.county import plan_threshold
from market.registry.models import WaterAccount
from market.registry.pledge_errors import (
    MoreThanIsHeld,
    MoreThanIsSecured,
    NotAnAgent,
    PledgedWaterInOrders,
    PledgeState,
)
from market.registry.pledge_models import Pledge, PledgeHold, PledgeSale, PledgeSalePart

PLEDGED = "pledged"
AGENTS = ("agent", "association")


class Payment(NamedTuple):
    """What was paid out of the proceeds, to which participant and for which pledge (None: the holder's surplus)."""

    participant_id: int
    pledge_id: int | None
    fen: int


def consent_to_sale(
    session: Session,
    *,
    actor: audit.Actor,
    pledge_id: int,
    litres: int,
    owed_fen: int,
    floor_price_e4: int,
    reason: str,
) -> PledgeSale:
    """The bank lets the holder sell `litres` of what the pledge holds, and says what is owed now (fen).

    No order of the sale asks less than `floor_price_e4` (1/10 000 yuan per m3).
    Errors: NotFound, PledgeState, MoreThanIsHeld, MoreThanIsSecured.
    """
    pledge = pledges.locked(session, pledge_id, "registered")
    if owed_fen > pledge.secured_fen:
        raise MoreThanIsSecured(
            pointer="/owed", limit=format_fen(pledge.secured_fen), available=format_fen(pledge.secured_fen)
        )
    pledge.owed_fen = owed_fen
    sale = _let_go(session, pledge, litres, pledge.participant_id, floor_price_e4)
    pledges.record_step(session, actor, pledge, "sale_consented", reason, litres=litres, fen=owed_fen)
    return sale


def enforce(
    session: Session,
    *,
    actor: audit.Actor,
    pledge_id: int,
    agent_id: int,
    owed_fen: int,
    floor_price_e4: int,
    document: str,
) -> PledgeSale:
    """The registrar has an agent sell what a pledge holds, on a court's or notary's document, through the book.

    One year's water a step, the most first. Errors: NotFound, PledgeState, NotAnAgent, MoreThanIsSecured,
    MoreThanIsHeld.
    """
    pledge = pledges.locked(session, pledge_id, *pledges.IN_FORCE)
    if owed_fen > pledge.secured_fen:
        raise MoreThanIsSecured(
            pointer="/owed", limit=format_fen(pledge.secured_fen), available=format_fen(pledge.secured_fen)
        )
    _check_agent(session, pledge, agent_id)
    held = session.scalar(
        select(func.sum(PledgeHold.litres))
        .where(PledgeHold.pledge_id == pledge.id)
        .group_by(PledgeHold.water_account_id)
        .order_by(func.sum(PledgeHold.litres).desc())
        .limit(1)
    )
    pledge.owed_fen, pledge.status = owed_fen, "enforcing"
    sale = _let_go(session, pledge, int(held or 0), agent_id, floor_price_e4)
    pledges.record_step(session, actor, pledge, "enforced", document, litres=int(held or 0), fen=owed_fen)
    return sale


def _check_agent(session: Session, pledge: Pledge, agent_id: int) -> None:
    agent, bank, holder = (
        session.get(Participant, each) for each in (agent_id, pledge.bank_id, pledge.participant_id)
    )
    if agent is None:
        raise NotFound("there is no such participant", pointer="/agent_id")
    assert bank is not None and holder is not None
    owners = {each.owner_group_id or each.id for each in (bank, holder)}
    roles = set(
        session.scalars(
            select(UserRole.role)
            .join(User, User.id == UserRole.user_id)
            .where(User.participant_id == agent_id)
        )
    )
    if agent.status != "admitted" or (agent.owner_group_id or agent.id) in owners or not roles & {*AGENTS}:
        raise NotAnAgent(
            "an admitted agent or association sells, neither the bank nor the holder", pointer="/agent_id"
        )


def _let_go(session: Session, pledge: Pledge, litres: int, seller_id: int, floor_price_e4: int) -> PledgeSale:
    """Moves litres that the pledge holds of one account to the account that sells them."""
    home = _home(session, pledge, litres)
    sale = _sale(session, home, seller_id, floor_price_e4)
    selling = session.get_one(WaterAccount, sale.water_account_id)
    connection = raw(session)
    asset = water_asset(home.source, home.water_year)
    clearing = books.system_account(connection, asset, AccountCode.WATER_CLEARING)
    journal.lock(connection, [home.account_id, selling.account_id, clearing])
    pledges.free(session, pledge, litres, home.id)
    batch = journal.Batch()
    batch.transfer(
        debit=home.account_id,
        credit=selling.account_id,
        amount=litres,
        code=TransferCode.PLEDGE_MOVE,
        reference=pledge.id,
    )
    batch.execute(connection)
    session.add(PledgeSalePart(sale_id=sale.id, pledge_id=pledge.id, litres=litres, made_at=clock.now()))
    bump_reference(raw(session))
    return sale


def _home(session: Session, pledge: Pledge, litres: int) -> WaterAccount:
    """The account on which the pledge holds so much: of several years the earliest that suffices."""
    held = session.execute(
        select(PledgeHold.water_account_id, func.sum(PledgeHold.litres))
        .where(PledgeHold.pledge_id == pledge.id, PledgeHold.litres > 0)
        .group_by(PledgeHold.water_account_id)
        .order_by(PledgeHold.water_account_id)
    ).all()
    for account_id, amount in held:
        if 0 < litres <= amount:
            return session.get_one(WaterAccount, account_id)
    most = max((int(amount) for _, amount in held), default=0)
    raise MoreThanIsHeld(
        f"the pledge holds {format_litres(most)} m3 of one year",
        pointer="/volume",
        limit=format_litres(litres),
        available=format_litres(most),
    )


def _sale(session: Session, home: WaterAccount, seller_id: int, floor_price_e4: int) -> PledgeSale:
    """The account through which a seller sells what comes from an account; opened where there is none."""
    selling = session.scalars(
        select(WaterAccount).where(
            WaterAccount.participant_id == seller_id,
            WaterAccount.origin == PLEDGED,
            WaterAccount.township_zone_id == home.township_zone_id,
            WaterAccount.canal_zone_id == home.canal_zone_id,
            WaterAccount.sector == home.sector,
            WaterAccount.source == home.source,
            WaterAccount.water_year == home.water_year,
        )
    ).one_or_none()
    if selling is not None:
        sale = session.scalars(
            select(PledgeSale).where(PledgeSale.water_account_id == selling.id).with_for_update()
        ).one()
        if sale.home_account_id != home.id:
            raise NotAnAgent("this agent sells for another holder at this place", pointer="/agent_id")
        sale.floor_price_e4 = max(sale.floor_price_e4, floor_price_e4)
        sale.version += 1
        return sale
    connection = raw(session)
    batch = journal.Batch()
    [(account_id, _)] = accounts.open_many(
        connection,
        [
            accounts.NewWaterAccount(
                seller_id, home.township_zone_id, home.canal_zone_id, home.sector, home.right_kind
            )
        ],
        source=home.source,
        water_year=home.water_year,
        origin=PLEDGED,
        threshold=plan_threshold(connection),
        batch=batch,
    )
    batch.execute(connection)
    proceeds = journal.open_account(
        connection,
        asset_id=books.asset_id(connection, CNY),
        code=AccountCode.PLEDGE_PROCEEDS,
        flags=DEBITS_MUST_NOT_EXCEED_CREDITS,
    )
    sale = PledgeSale(
        participant_id=home.participant_id,
        home_account_id=home.id,
        water_account_id=account_id,
        proceeds_account_id=proceeds,
        floor_price_e4=floor_price_e4,
        opened_at=clock.now(),
    )
    session.add(sale)
    session.flush()  # its parts name it by its id
    return sale


def pay_out(session: Session, *, actor: audit.Actor, sale_id: int) -> list[Payment]:
    """Pays what a sale has earned: to the banks by rank up to what is owed, the rest to the holder.

    A pledge that is paid in full ends, and what it held is free (Civil Code art. 393). Errors: NotFound.
    """
    sale = _locked(session, sale_id)
    connection = raw(session)
    owed = _owed(session, sale)
    money = _money(session, [sale.participant_id, *(pledge.bank_id for pledge in owed)])
    held = pledges.held_accounts(session, [pledge.id for pledge in owed])
    journal.lock(connection, [sale.proceeds_account_id, *money.values(), *held])
    left = reference.available(connection, [sale.proceeds_account_id])[sale.proceeds_account_id]
    payments = []
    for pledge in owed:
        fen = min(left, pledge.owed_fen)
        if fen:
            payments.append(Payment(pledge.bank_id, pledge.id, fen))
            left -= fen
    if left:
        payments.append(Payment(sale.participant_id, None, left))
    batch = journal.Batch()
    for payment in payments:
        batch.transfer(
            debit=sale.proceeds_account_id,
            credit=money[payment.participant_id],
            amount=payment.fen,
            code=TransferCode.PLEDGE_PAYMENT,
            reference=payment.pledge_id or owed_last(session, sale),
        )
    if payments:
        batch.execute(connection)
    paid = {payment.pledge_id: payment.fen for payment in payments if payment.pledge_id is not None}
    freed = _paid(session, [pledge for pledge in owed if pledge.id in paid], paid)
    for pledge in owed:  # the audit trail is locked last
        if pledge.id in paid:
            pledges.record_step(session, actor, pledge, "paid", "", fen=paid[pledge.id])
        if pledge.id in freed:
            pledges.record_step(session, actor, pledge, "released", "paid in full", litres=freed[pledge.id])
    _tell(session, actor, sale, "paid_out", {"fen": sum(each.fen for each in payments)})
    return payments


def _paid(session: Session, owed: Sequence[Pledge], paid: Mapping[int, int]) -> dict[int, int]:
    """Takes what was paid off what is owed; a pledge that is paid in full ends. Returns the litres that each frees."""
    freed = {}
    for pledge in owed:
        pledge.owed_fen -= paid[pledge.id]
        if pledge.owed_fen == 0:
            pledge.status = "released"
            freed[pledge.id] = pledges.free(session, pledge, None)
    return freed


def _owed(session: Session, sale: PledgeSale) -> list[Pledge]:
    """The pledges in force of the rights whose water was let go to this sale, by rank."""
    rights = (
        select(Pledge.entitlement_id)
        .join(PledgeSalePart, PledgeSalePart.pledge_id == Pledge.id)
        .where(PledgeSalePart.sale_id == sale.id)
    )
    statement = select(Pledge).where(Pledge.entitlement_id.in_(rights), Pledge.status.in_(pledges.IN_FORCE))
    return list(
        session.scalars(
            statement.order_by(Pledge.rank, Pledge.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    )


def owed_last(session: Session, sale: PledgeSale) -> int:
    """The pledge that let water go to this sale last: what a surplus refers to."""
    found = session.scalars(
        select(PledgeSalePart.pledge_id)
        .where(PledgeSalePart.sale_id == sale.id)
        .order_by(PledgeSalePart.id.desc())
    ).first()
    assert found is not None
    return found


def _money(session: Session, participants: list[int]) -> dict[int, int]:
    rows = session.execute(
        select(MoneyAccount.participant_id, MoneyAccount.account_id).where(
            MoneyAccount.participant_id.in_(participants)
        )
    )
    return {row.participant_id: row.account_id for row in rows}


def take_back(session: Session, *, actor: audit.Actor, sale_id: int) -> int:
    """Moves what was not sold back to the holder's account, where the pledges in force hold it again; returns litres.

    Errors: NotFound, PledgedWaterInOrders, PledgeState.
    """
    sale = _locked(session, sale_id)
    selling = session.get_one(WaterAccount, sale.water_account_id)
    home = session.get_one(WaterAccount, sale.home_account_id)
    connection = raw(session)
    clearing = books.system_account(
        connection, water_asset(home.source, home.water_year), AccountCode.WATER_CLEARING
    )
    row = journal.lock(connection, [selling.account_id, home.account_id, clearing])[selling.account_id]
    _, _, held, out, _, into = row
    if held:
        raise PledgedWaterInOrders(
            f"{format_litres(held)} m3 are held", available=format_litres(into - out - held)
        )
    litres = into - out
    if not litres:
        raise PledgeState("nothing is left unsold")
    batch = journal.Batch()
    last = owed_last(session, sale)
    batch.transfer(
        debit=selling.account_id,
        credit=home.account_id,
        amount=litres,
        code=TransferCode.PLEDGE_MOVE,
        reference=last,
    )
    batch.execute(connection)
    session.add_all(
        PledgeSalePart(sale_id=sale.id, pledge_id=pledge, litres=-part, made_at=clock.now())
        for pledge, part in _unsold(session, sale, litres).items()
    )
    session.flush()  # what the pledges have let go decides what they hold again
    again = {}
    for pledge in _owed(session, sale):
        pledge.status = "registered"
        again[pledge.id] = (pledge, pledges.hold(session, pledge))
    bump_reference(raw(session))
    for pledge, held_again in again.values():
        pledges.record_step(session, actor, pledge, "secured", "not sold", litres=held_again)
    _tell(session, actor, sale, "taken_back", {"litres": litres})
    return litres


def _unsold(session: Session, sale: PledgeSale, litres: int) -> dict[int, int]:
    """How the unsold litres go back to the pledges that let them go: the lowest rank's first."""
    rows = session.execute(
        select(PledgeSalePart.pledge_id, func.sum(PledgeSalePart.litres))
        .join(Pledge, Pledge.id == PledgeSalePart.pledge_id)
        .where(PledgeSalePart.sale_id == sale.id)
        .group_by(PledgeSalePart.pledge_id, Pledge.rank)
        .order_by(Pledge.rank.desc(), PledgeSalePart.pledge_id)
    )
    found = {}
    for pledge, let_go in rows:
        part = min(litres, int(let_go))
        if part:
            found[pledge] = part
            litres -= part
    return found


def _locked(session: Session, sale_id: int) -> PledgeSale:
    sale = session.scalars(
        select(PledgeSale)
        .where(PledgeSale.id == sale_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if sale is None:
        raise NotFound("there is no such sale")
    return sale


def _tell(
    session: Session, actor: audit.Actor, sale: PledgeSale, action: str, detail: dict[str, Any]
) -> None:
    sale.version += 1
    pledges.tell(session, actor, "pledge_sale", action, sale.id, detail)
