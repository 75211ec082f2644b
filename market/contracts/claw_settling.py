"""What a claw-back takes back, and from where: the water of the lot, the proceeds of sales, the fees of periods.

SAVINGS section 6: unsold lot volume is cancelled; sold excess stays with its buyer and the owner owes that water, out
of its free allocation, then out of its next announcement; each party owes its old less its new share, taken from what
is not paid to it yet, then from the firm's deposit, then as a receivable that is set off against later shares.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from psycopg.rows import tuple_row
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import journal
from ledger.units import format_litres
from market.contracts import clawback, drafting, lot_offers, lots, reporting, running
from market.contracts.canonical import canonical
from market.contracts.claw_periods import Periods, periods
from market.contracts.clawback import MoneyOwed, Shares
from market.contracts.contract_models import ContractDue, SavingContract
from market.contracts.lot_errors import LotInOrders
from market.contracts.lot_issuing import Reckoning
from market.contracts.lot_models import ClawBackTaking, ReportClawBack, SavingClearance, SavingLot
from market.contracts.report_models import SavingReport
from market.contracts.terms import Terms
from market.core import audit, books, clock
from market.core.chart import CNY, HEADROOM, AccountCode, TransferCode, water_asset
from market.core.db import raw
from market.registry import charges, debts, excess
from market.registry.models import Entitlement, WaterAccount

_reckoning = msgspec.json.Decoder(Reckoning).decode

FEES, PROCEEDS = "fees", "proceeds"

_SALES_SQL = """
SELECT t.instruction_id, t.litres, i.payees, t.offer_id
  FROM lot_trades t JOIN lot_offers o ON o.id = t.offer_id JOIN instructions i ON i.id = t.instruction_id
 WHERE o.lot_id = %s AND i.status = 'settled' ORDER BY t.instruction_id
"""
_SHARES_SQL = """
SELECT s.offer_id, s.participant_id, s.bp FROM lot_offer_shares s JOIN lot_offers o ON o.id = s.offer_id
 WHERE o.lot_id = %s ORDER BY s.offer_id, s.rank
"""


@dataclass(frozen=True, slots=True)
class WaterTaken:
    """What became of the lot, litres."""

    verified_litres: int
    new_litres: int
    cancelled_litres: int
    owed_litres: int
    from_allocation_litres: int


@dataclass(frozen=True, slots=True)
class Sale:
    """One sale of a lot: its litres, and what its beneficiaries were paid, fen."""

    instruction: int
    litres: int
    proceeds_fen: int
    shares_bp: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """The whole of a claw-back, as it is hashed: the periods and sales with old and new shares, and all takings."""

    claw_back: int
    report: int
    derivation: str
    finding: str | None
    money_litres: tuple[int, int]
    water_litres: tuple[int, int]
    water: WaterTaken | None
    periods: Periods
    fees: MoneyOwed
    sales: tuple[Sale, ...]
    proceeds: MoneyOwed


def settle(
    session: Session, actor: audit.Actor, found: ReportClawBack, report: SavingReport, lot: SavingLot | None
) -> None:
    """Takes back what does not stand. The report and the lot are locked. Errors: LotInOrders."""
    assert found.money_litres is not None and found.water_litres is not None
    contract = drafting.locked(session, report.contract_id)
    terms = reporting.terms_at(session, report)
    names = tuple(str(each.participant) for each in terms.parties)
    water = _water(session, actor, found, report, lot) if lot is not None else None
    again = periods(session, report, found.money_litres)
    unpaid = _unpaid(session, contract.id, terms)
    left = contract.deposit_fen
    fees = clawback.claw_back_money(
        names, again.shares, creditor=str(terms.user), undistributed_fen=unpaid,
        deposits_fen={str(terms.firms[0]): left},
    )  # fmt: skip
    used = {each.party: each.undistributed_fen for each in fees.takings}
    left -= sum(each.deposit_fen for each in fees.takings)
    sold = _sales(session, lot, terms) if lot is not None else ()
    lost = _lost(sold, water.owed_litres) if water is not None else ()
    proceeds = clawback.claw_back_money(
        names, lost, creditor=str(terms.user),
        undistributed_fen={party: fen - used.get(party, 0) for party, fen in unpaid.items()},
        deposits_fen={str(terms.firms[0]): left},
    )  # fmt: skip
    whole = Settled(
        found.id, report.id, report.sha256.hex(), found.finding, (report.money_litres, found.money_litres),
        (report.water_litres, found.water_litres), water, again, fees, sold, proceeds,
    )  # fmt: skip
    for scope, owed in ((FEES, fees), (PROCEEDS, proceeds)):
        _take(session, actor, found, contract, terms, scope, owed)
    text = canonical(whole)
    found.text, found.sha256 = text.decode(), hashlib.sha256(text).digest()
    found.status, found.settled_at = "settled", clock.now()
    found.recovered_fen, found.shortfall_fen = again.recovered_fen, again.shortfall_fen
    found.carried_fen = again.carried_fen
    session.flush()


# --- water ---------------------------------------------------------------------------------------------------------


def _water(
    session: Session, actor: audit.Actor, found: ReportClawBack, report: SavingReport, lot: SavingLot
) -> WaterTaken:
    held = 0
    for each in lot_offers.open_offers(session, lot.id):
        session.refresh(each, with_for_update=True)
        held += lot_offers.pull(session, actor, lot, each)
    if held:
        raise LotInOrders(f"{format_litres(held)} m3 are held", available=format_litres(held))
    assert found.water_litres is not None
    verified = lot.issued_litres - lot.cancelled_litres
    new = min(verified, _volume(session, lot, report.water_litres - found.water_litres))
    pure = lots.Lot(
        lot.issued_litres, lot.expires_on, lot.offered_litres, lot.retired_litres, lot.cancelled_litres
    )
    home = _account(session, lot)
    free = _free(session, home)
    owed = clawback.claw_back_water(pure, verified, new, free)
    _owe_water(session, home, found.id, owed.from_allocation_litres, owed.from_next_litres)
    lot.cancelled_litres += owed.cancelled_litres
    lot.version += 1
    found.lot_id = lot.id
    found.cancelled_litres, found.owed_litres = owed.cancelled_litres, owed.owed_litres
    found.from_allocation_litres = owed.from_allocation_litres
    session.flush()
    return WaterTaken(verified, new, owed.cancelled_litres, owed.owed_litres, owed.from_allocation_litres)


def _volume(session: Session, lot: SavingLot, less_litres: int) -> int:
    """What the lot's volume would have been with so much less of its report's lower bound."""
    then = _reckoning(lot.text.encode())
    clearance = session.get_one(SavingClearance, lot.clearance_id)
    assert clearance.return_flow_e6 is not None
    own = (then.lower_litres - less_litres) * (lots.ONE_E6 - clearance.return_flow_e6) // lots.ONE_E6
    year = lots.volume(replace(then.claim, lower_litres=then.claim.lower_litres - less_litres))
    return max(0, min(own, year - then.issued_before_litres))


def _account(session: Session, lot: SavingLot) -> WaterAccount:
    """The owner's own account of the right's place that owes: of the present water year, else of the last there is."""
    found = lot_offers.home_of(session, lot)
    if found is not None:
        return found
    right = session.get_one(Entitlement, lot.entitlement_id)
    return session.scalars(
        select(WaterAccount)
        .where(
            WaterAccount.participant_id == lot.owner_id,
            WaterAccount.township_zone_id == right.township_zone_id,
            WaterAccount.canal_zone_id == right.canal_zone_id,
            WaterAccount.sector == right.sector,
            WaterAccount.source == right.source,
            WaterAccount.origin == "own",
        )
        .order_by(WaterAccount.water_year.desc())
        .limit(1)
    ).one()


def _free(session: Session, home: WaterAccount) -> int:
    """What is free on an account; it and what freeing caps touches are locked with it."""
    connection = raw(session)
    asset = water_asset(home.source, home.water_year)
    issue = books.system_account(connection, asset, AccountCode.WATER_ISSUE)
    use = books.system_account(connection, HEADROOM, AccountCode.LIMIT_USE)
    owing = debts.open_for(connection, [home.id], source=home.source, water_year=home.water_year)
    above = charges.over(connection, [_place(home, 1)], water_year=home.water_year, source=home.source)
    caps = {each.limit.account_id for each in above}
    wanted = {home.account_id, issue, use, *owing.values()} | caps | excess.beside(connection, caps)
    _, _, held, out, _, into = journal.lock(connection, wanted)[home.account_id]
    return int(into - out - held)


def _place(home: WaterAccount, litres: int) -> tuple[int, int, str, int]:
    return home.township_zone_id, home.canal_zone_id, home.sector, litres


def _owe_water(session: Session, home: WaterAccount, claw_back_id: int, now: int, later: int) -> None:
    """Un-issues what is owed: out of the account, whose caps are freed, and as a debt, which stays counted as use."""
    connection = raw(session)
    issue = books.system_account(
        connection, water_asset(home.source, home.water_year), AccountCode.WATER_ISSUE
    )
    owing = debts.open_for(connection, [home.id], source=home.source, water_year=home.water_year)
    batch = journal.Batch()
    for debit, litres in ((home.account_id, now), (owing[home.id], later)):
        if litres:
            batch.transfer(
                debit=debit, credit=issue, amount=litres, code=TransferCode.LOT_OWED, reference=claw_back_id
            )
    if not len(batch):
        return
    freed = (
        charges.over(connection, [_place(home, now)], water_year=home.water_year, source=home.source)
        if now
        else ()
    )
    charges.free(connection, batch, freed, code=TransferCode.LOT_OWED_FREE, reference_id=claw_back_id)
    excess.execute(connection, batch, (each.limit.account_id for each in freed))


# --- money ---------------------------------------------------------------------------------------------------------


def _rows(session: Session, statement: Any, number: int) -> list[tuple[Any, ...]]:
    with raw(session).cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(statement, (number,)).fetchall()


def _sales(session: Session, lot: SavingLot, terms: Terms) -> tuple[Sale, ...]:
    """What was sold of a lot and settled, with the shares of its offer in the order of the parties."""
    bp: dict[int, dict[int, int]] = {}
    for offer, participant, share in _rows(session, _SHARES_SQL, lot.id):
        bp.setdefault(offer, {})[participant] = share
    found = []
    for instruction, litres, written, offer in _rows(session, _SALES_SQL, lot.id):
        paid = sum(fen for _, fen, role in msgspec.json.decode(written) if role == "beneficiary")
        shares = tuple(bp[offer].get(each.participant, 0) for each in terms.parties)
        found.append(Sale(instruction, litres, paid, shares))
    return tuple(found)


def _lost(sales: Sequence[Sale], owed_litres: int) -> tuple[Shares, ...]:
    """What every sale gave its parties, and what it gives them for the litres that are still backed."""
    backed = clawback.backing([each.litres for each in sales], owed_litres) if sales else []
    return tuple(
        clawback.of_proceeds(
            f"instruction {each.instruction}",
            each.proceeds_fen,
            clawback.proceeds_of(each.proceeds_fen, each.litres, litres),
            each.shares_bp,
        )
        for each, litres in zip(sales, backed, strict=True)
    )


def _open_dues(session: Session, contract_id: int, payer: int, payee: int | None = None) -> list[ContractDue]:
    statement = select(ContractDue).where(
        ContractDue.contract_id == contract_id, ContractDue.payer_id == payer, ContractDue.status == "open",
        ContractDue.kind != "trust_fee",  # goes to the trust account, which pays the supplier first
    )  # fmt: skip
    if payee is not None:
        statement = statement.where(ContractDue.payee_id == payee)
    return list(
        session.scalars(
            statement.order_by(ContractDue.id).with_for_update().execution_options(populate_existing=True)
        )
    )


def _unpaid(session: Session, contract_id: int, terms: Terms) -> dict[str, int]:
    """What the user still owes each of the others of what was shared: the undistributed benefit, fen."""
    found: dict[str, int] = {}
    for due in _open_dues(session, contract_id, terms.user):
        party = str(due.payee_id)
        found[party] = found.get(party, 0) + due.fen - due.offset_fen
    return found


def _take(
    session: Session, actor: audit.Actor, found: ReportClawBack, contract: SavingContract, terms: Terms, scope: str,
    owed: MoneyOwed,
) -> None:  # fmt: skip
    """Books what each party gives back, and notes it."""
    creditor = int(owed.creditor)
    for each in owed.takings:
        party = int(each.party)
        if each.owed_fen == 0:
            continue
        session.add(
            ClawBackTaking(
                claw_back_id=found.id, scope=scope, participant_id=party, owed_fen=each.owed_fen, own_fen=each.own_fen,
                undistributed_fen=each.undistributed_fen, deposit_fen=each.deposit_fen,
                receivable_fen=each.receivable_fen,
            )
        )  # fmt: skip
        session.flush()
        _withhold(session, actor, contract.id, creditor, party, each.undistributed_fen, found.id)
        if each.deposit_fen:
            _from_deposit(session, contract, party, creditor, each.deposit_fen, found.id)
        if each.receivable_fen:
            payer, payee = (party, creditor) if each.receivable_fen > 0 else (creditor, party)
            fen = abs(each.receivable_fen)
            running.owe(session, actor, terms, contract.id, "clawback", found.id, payer, payee, fen)


def _withhold(
    session: Session, actor: audit.Actor, contract_id: int, payer: int, payee: int, fen: int, against: int
) -> None:
    """Takes fen off what is still to be paid to a party, the oldest due first."""
    for due in _open_dues(session, contract_id, payer, payee) if fen else ():
        part = min(fen, due.fen - due.offset_fen)
        if part:
            running.offset(session, actor, due, part, against)
            fen -= part
    assert fen == 0, "no more is withheld than is due"


def _from_deposit(
    session: Session, contract: SavingContract, firm: int, creditor: int, fen: int, claw_back_id: int
) -> None:
    """Pays fen of a firm's deposit to who is owed; the rest stays held."""
    drafting.hold_deposit(session, contract, firm, contract.deposit_fen - fen)
    connection = raw(session)
    clearing = books.system_account(connection, CNY, AccountCode.MONEY_CLEARING)
    payer, payee = drafting.money_of(session, firm), drafting.money_of(session, creditor)
    batch = journal.Batch()
    code = TransferCode.CLAW_BACK_DEPOSIT
    batch.transfer(debit=payer, credit=clearing, amount=fen, code=code, reference=claw_back_id)
    batch.transfer(debit=clearing, credit=payee, amount=fen, code=code, reference=claw_back_id)
    batch.execute(connection)
