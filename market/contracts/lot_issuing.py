"""Issuing lots of verified saved water, and giving them up (SAVINGS section 6).

Where several reports of a right fall into one water year, the year's use and lower bounds are taken together: permit
and quota are the year's, so the last report cannot have what an earlier one used up.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger.units import format_litres
from market.contracts import clearances, lots, reporting, states
from market.contracts.canonical import canonical
from market.contracts.errors import NotAContractParty
from market.contracts.lot_errors import BY_NAME, LotIssued, LotSpent, LotState, NoWaterShares
from market.contracts.lot_models import SavingClearance, SavingLot
from market.contracts.lots import Claim
from market.contracts.report_models import SavingReport
from market.core import acts, audit, clock
from market.core.db import raw
from market.core.errors import NotFound
from market.county.current import pack_in_force
from market.registry import reference
from market.registry.county import rules_of
from market.registry.models import Entitlement, WaterYear

LOT = "saving_lot"
NEXT_YEAR = "saving_lot_next_year"
"""The clock of the county pack that, where it has one, lets a lot be sold in the next water year too."""
_done = partial(acts.done, source="contracts")


@dataclass(frozen=True, slots=True)
class Reckoning:
    """How a lot's volume came about: the year's claim, this report's lower bound, and what was issued before."""

    report: int
    derivation: str
    clearance: int
    claim: Claim
    lower_litres: int
    issued_before_litres: int
    volume_litres: int


def issue(session: Session, *, actor: audit.Actor, report_id: int, by: int) -> SavingLot:
    """The right-holder has what was verified issued as a lot.

    Errors: NotFound, NotAContractParty, NoWaterShares, LotIssued, and one of `lot_errors.BY_NAME`.
    """
    report = reporting.locked(session, report_id)
    terms = reporting.terms_at(session, report)
    if by != terms.user:
        raise NotAContractParty("the lot is the right-holder's")
    if not terms.water_bp:
        raise NoWaterShares
    clearance = clearances.of(session, report.contract_id)
    if clearance is None:
        raise BY_NAME["no_consent"]("nothing is cleared of this contract")
    right = session.get_one(Entitlement, clearance.entitlement_id, with_for_update={"key_share": True})
    year = _year(session, report.starts_on)
    claim = _claim(session, report, clearance, right, year)
    refused = lots.refusals(claim, clock.today())
    if refused:
        first = refused[0]
        names = ", ".join(each.code for each in refused)
        raise BY_NAME[first.code](f"refused: {names}", legal_source=first.legal_source)
    before = _issued(session, right.id, year.year)
    assert clearance.return_flow_e6 is not None
    own = report.water_litres * (lots.ONE_E6 - clearance.return_flow_e6) // lots.ONE_E6
    litres = min(own, lots.volume(claim) - before)
    if litres <= 0:
        raise BY_NAME["nothing_saved"](
            "what the year permits was issued before", limit=format_litres(lots.volume(claim)),
            available=format_litres(max(0, lots.volume(claim) - before)),
        )  # fmt: skip
    reckoned = Reckoning(
        report.id, report.sha256.hex(), clearance.id, claim, report.water_litres, before, litres
    )
    text = canonical(reckoned)
    made = SavingLot(
        report_id=report.id, contract_id=report.contract_id, clearance_id=clearance.id, entitlement_id=right.id,
        owner_id=terms.user, water_year=year.year, issued_litres=litres, expires_on=_expires(session, year, right),
        text=text.decode(), sha256=hashlib.sha256(text).digest(), issued_at=clock.now(),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError as error:
        if "uq_saving_lots_report_id" not in str(error.orig):
            raise
        raise LotIssued from error
    detail = {"report_id": report.id, "litres": litres, "sha256": made.sha256.hex()}
    _done(session, actor=actor, kind=LOT, number=made.id, act="issued", detail=detail)
    return made


def _year(session: Session, day: dt.date) -> WaterYear:
    return session.scalars(
        select(WaterYear).where(WaterYear.starts_on <= day, WaterYear.ends_on >= day)
    ).one()


def _claim(
    session: Session, report: SavingReport, clearance: SavingClearance, right: Entitlement, year: WaterYear
) -> Claim:
    use, lower = _of_year(session, report, right.id, year)
    over = report.due_on is not None and clock.today() > report.due_on
    verified = report.status == states.DISTRIBUTED or (report.status == states.VERIFIED and over)
    source_allowed, zone_allowed = _allowed(session, right)
    return Claim(
        tier=report.tier,
        verified=verified or report.status in (states.DISPUTED, states.REOPENED),
        disputed=report.status in (states.DISPUTED, states.REOPENED),
        right_kind=right.kind,
        consent=clearance.consent,
        source_allowed=source_allowed,
        zone_allowed=zone_allowed and right.status == "confirmed",
        farm_first_until=clearance.farm_first_until,
        return_flow_e6=clearance.return_flow_e6,
        use_litres=use,
        lower_litres=lower,
        limit_litres=right.volume_litres,
        quota_litres=clearance.quota_litres,
        right_ends=right.valid_to,
        public_supplier=clearance.public_supplier,
        express_right=clearance.express_right,
    )


CERTIFIED = (states.VERIFIED, states.DISPUTED, states.DISTRIBUTED, states.REOPENED)


def _of_year(session: Session, report: SavingReport, entitlement_id: int, year: WaterYear) -> tuple[int, int]:
    """Use and lower bounds of the certified reports of a right that begin in a water year, this one among them."""
    contracts = select(SavingClearance.contract_id).where(
        SavingClearance.entitlement_id == entitlement_id, SavingClearance.withdrawn_at.is_(None)
    )
    use, lower = session.execute(
        select(
            func.coalesce(func.sum(SavingReport.use_litres), 0),
            func.coalesce(func.sum(SavingReport.water_litres), 0),
        ).where(
            SavingReport.contract_id.in_(contracts),
            SavingReport.starts_on.between(year.starts_on, year.ends_on),
            SavingReport.status.in_(CERTIFIED),
            SavingReport.id != report.id,
        )
    ).one()
    return int(use) + report.use_litres, int(lower) + report.water_litres


def _issued(session: Session, entitlement_id: int, year: int) -> int:
    """What was issued of a right's water year and not cancelled since."""
    found = session.scalar(
        select(func.sum(SavingLot.issued_litres - SavingLot.cancelled_litres)).where(
            SavingLot.entitlement_id == entitlement_id, SavingLot.water_year == year
        )
    )
    return int(found or 0)


def _allowed(session: Session, right: Entitlement) -> tuple[bool, bool]:
    """Whether the county's rules let the right's sector sell at all, and whether any way leads out of its place."""
    connection = raw(session)
    pack = pack_in_force(connection)
    rule = rules_of(pack).get(right.sector)
    canal = reference.zones(connection).by_id[right.canal_zone_id].code
    ends = {canal} | {each.to_zone for each in pack.routes}
    leads = any(pack.route(canal, end, right.sector) is not None for end in ends)
    return rule is not None and rule.may_sell, leads


def _expires(session: Session, year: WaterYear, right: Entitlement) -> dt.date:
    """The lot's last day: of its water year, where the pack says so of the next, never past the right."""
    pack = pack_in_force(raw(session))
    carries = any(each.name == NEXT_YEAR for each in pack.clocks)
    after = session.get(WaterYear, year.year + 1) if carries else None
    return lots.expires(year.ends_on, right.valid_to, after.ends_on if after is not None else None)


def locked(session: Session, lot_id: int, *wanted: str) -> SavingLot:
    """A lot, locked; in one of the wanted states, if any are named. Errors: NotFound, LotState."""
    found = session.get(SavingLot, lot_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("there is no such lot")
    if wanted and found.status not in wanted:
        raise LotState(f"the lot is {found.status}", available=found.status)
    return found


def unsold(lot: SavingLot) -> int:
    """What of a lot is neither sold nor on offer, given up or cancelled; nil once it has expired."""
    if clock.today() > lot.expires_on:
        return 0
    return lot.issued_litres - lot.offered_litres - lot.retired_litres - lot.cancelled_litres


def require(lot: SavingLot, litres: int) -> None:
    """Errors: LotSpent, where a lot has not so much left."""
    if litres > unsold(lot):
        raise LotSpent(pointer="/volume", limit=format_litres(litres), available=format_litres(unsold(lot)))


def retire(
    session: Session, *, actor: audit.Actor, lot_id: int, by: int, litres: int, reason: str
) -> SavingLot:
    """The owner gives up part of a lot for good: it stays in the canal. Errors: NotFound, NotAContractParty, LotState,
    LotSpent.
    """
    lot = locked(session, lot_id, "open")
    if by != lot.owner_id:
        raise NotAContractParty("the lot is the right-holder's")
    require(lot, litres)
    lot.retired_litres += litres
    lot.version += 1
    session.flush()
    _done(
        session, actor=actor, kind=LOT, number=lot.id, act="retired",
        detail={"litres": litres, "reason": reason},
    )  # fmt: skip
    return lot
