"""The statement of a period for a party: how the saving was worth what, whose part is what, and what is due by when.

One list of lines, each in Chinese and English, from which JSON, CSV and the page to print are made.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.units import format_fen, format_litres
from market.contracts import invoicing, late_queries
from market.contracts.canonical import canonical
from market.contracts.contract_models import ContractDue, ContractVersion, SavingContract
from market.contracts.distributing import Shared
from market.contracts.errors import NotAContractParty
from market.contracts.invoice_errors import NotSharedOut
from market.contracts.invoice_models import Invoice
from market.contracts.late_queries import Lateness, rate_text
from market.contracts.report_models import DistributionShare, ReportDistribution, SavingReport
from market.contracts.savings.model import Step
from market.contracts.sharing import FeeCall, without_vat
from market.contracts.sharing.statement import (
    benefit_steps,
    carried_steps,
    fee_steps,
    guarantee_steps,
    statement,
)
from market.contracts.terms import Terms, terms_of
from market.contracts.trust_calls import Called
from market.contracts.trust_models import TrustPeriod
from market.core import clock
from market.core.errors import NotFound
from market.participants.models import Participant

_shared = msgspec.json.Decoder(Shared).decode

PARTS = ("saving", "derivation", "share", "trust", "due", "vat", "invoice")
OF_A_PERIOD = ("share", "fee", "shortfall", "trust_fee")
"""Dues whose reference is a distribution."""
KINDS = {
    "share": ("应付分成", "share"),
    "fee": ("应付费用", "fee"),
    "shortfall": ("未达保证赔付", "owed for a missed guarantee"),
    "trust_fee": ("托管费", "fee of trusteeship"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line: which part of the statement, a symbol or number, words, formula, value with unit; a due's last day, its
    late days, and the source of what is said.
    """

    part: str
    code: str
    zh: str
    en: str
    formula: str
    value: str
    unit: str
    due_on: dt.date | None
    late_days: int
    source: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A period's statement for one party as of a day; `first_day` and `last_day` are both in the period."""

    contract: SavingContract
    report: SavingReport
    party: Participant
    role: str
    first_day: dt.date
    last_day: dt.date
    as_of: dt.date
    lines: Sequence[Line]
    sha256: str


@dataclass(frozen=True, slots=True)
class _Found:
    """What a statement is made of."""

    terms: Terms
    names: dict[int, str]
    report: SavingReport
    made: ReportDistribution
    shared: Shared
    fee: Called | None
    share: DistributionShare
    dues: Sequence[ContractDue]
    late: dict[int, Lateness]
    invoices: Sequence[Invoice]
    trust: TrustPeriod | None


def of_period(session: Session, *, report_id: int, participant_id: int | None = None) -> Statement:
    """The statement of a report's period for a party (none named: the user), with the interest of today.

    Errors: NotFound, NotSharedOut, NotAContractParty (also the verifier).
    """
    report = session.get(SavingReport, report_id)
    if report is None:
        raise NotFound("there is no such report")
    terms = terms_of(session.get_one(ContractVersion, report.version_id).text)
    party = terms.party(participant_id if participant_id is not None else terms.user)
    if party is None:
        raise NotAContractParty("a statement is for a party of the contract")
    made = session.scalars(
        select(ReportDistribution).where(ReportDistribution.report_id == report_id)
    ).one_or_none()
    if made is None:
        raise NotSharedOut(f"the report is {report.status}", available=report.status)
    today = clock.today()
    found = _gathered(session, terms, report, made, party.participant, today)
    lines = tuple(_lines(found, party.participant))
    contract = session.get_one(SavingContract, report.contract_id)
    return Statement(
        contract=contract,
        report=report,
        party=session.get_one(Participant, party.participant),
        role=party.role,
        first_day=report.starts_on,
        last_day=report.ends_on - dt.timedelta(days=1),
        as_of=today,
        lines=lines,
        sha256=hashlib.sha256(canonical([report_id, party.participant, today, lines])).hexdigest(),
    )


def _gathered(
    session: Session, terms: Terms, report: SavingReport, made: ReportDistribution, party: int, today: dt.date
) -> _Found:
    dues = session.scalars(
        select(ContractDue)
        .where(ContractDue.reference == made.id, ContractDue.kind.in_(OF_A_PERIOD))
        .where((ContractDue.payer_id == party) | (ContractDue.payee_id == party))
        .order_by(ContractDue.id)
    ).all()
    names = invoicing.names_of(session, [each.participant for each in terms.parties])
    shared, fee = _decoded(made.text, trust=terms.trusteeship is not None)
    return _Found(
        terms, names, report, made, shared, fee,
        share=session.get_one(DistributionShare, (made.id, party)), dues=dues,
        late=late_queries.lateness(session, dues, today),
        invoices=session.scalars(
            select(Invoice).where(Invoice.due_id.in_([each.id for each in dues])).order_by(Invoice.id)
        ).all(),
        trust=session.get(TrustPeriod, made.id),
    )  # fmt: skip


class _Fee(msgspec.Struct):
    """What was called, as it stands in the text of a distribution."""

    price_e4: int
    baseline_fen: int
    call: FeeCall


class _UnderTrust(msgspec.Struct):
    """The text of a distribution under trusteeship."""

    shared: Shared
    fee: _Fee


_under_trust = msgspec.json.Decoder(_UnderTrust).decode


def _decoded(written: str, *, trust: bool) -> tuple[Shared, Called | None]:
    if not trust:
        return _shared(written), None
    found = _under_trust(written)
    return found.shared, Called(found.fee.price_e4, found.fee.baseline_fen, found.fee.call)


def _lines(found: _Found, party: int) -> Iterator[Line]:
    yield from _saving(found.report)
    for each in _derivation(found):
        yield _step("derivation", each)
    yield from _share(found, party)
    if found.trust is not None and found.trust.status == "settled":
        yield from _trust(found.trust)
    for due in found.dues:
        yield from _due(found, due, party)
    for one in found.invoices:
        zh, en = ("红字发票", "red invoice") if one.corrects_id is not None else ("发票", "invoice")
        number = invoicing.written(one.year, one.number)
        yield _line("invoice", number, zh, en, "", format_fen(one.gross_fen), "CNY", one.sha256.hex())


def _line(
    part: str, code: str, zh: str, en: str, formula: str, value: str, unit: str, source: str,
    due_on: dt.date | None = None, late_days: int = 0,
) -> Line:  # fmt: skip
    return Line(part, code, zh, en, formula, value, unit, due_on, late_days, source)


def _step(part: str, each: Step) -> Line:
    return _line(part, each.symbol, each.zh, each.en, each.formula, each.value, each.unit, each.source)


def _saving(report: SavingReport) -> Iterator[Line]:
    source = f"SHA-256 {report.sha256.hex()}"
    for code, zh, en, litres in (
        ("W_a", "调整后基准用水量", "adjusted baseline", report.adjusted_litres),
        ("W_r", "报告期用水量", "use in the period", report.use_litres),
        ("S", "节水量", "saving", report.saving_litres),
        ("S_m", "计费节水量", "saving that money is paid for", report.money_litres),
    ):
        yield _line("saving", code, zh, en, "", format_litres(litres), "m³", source)


def _derivation(found: _Found) -> Iterator[Step]:
    shared, terms = found.shared, found.terms
    yield from benefit_steps(shared.benefit)
    yield from carried_steps(shared.carried_before_fen, shared.shared_fen, shared.carried_fen)
    if terms.schedule is not None and shared.distribution is not None:
        names = {str(each): (name, name) for each, name in found.names.items()}
        yield from statement(terms.schedule, shared.distribution, names)
    if terms.guarantee is not None and shared.guarantee is not None:
        yield from guarantee_steps(terms.guarantee, shared.guarantee, found.report.money_litres)
    if terms.trusteeship is not None and found.fee is not None:
        yield from fee_steps(
            terms.trusteeship, found.fee.call, found.report.adjusted_litres, found.fee.price_e4
        )


def _share(found: _Found, party: int) -> Iterator[Line]:
    source = f"SHA-256 {found.made.sha256.hex()}"
    name = found.names[party]
    yield _line(
        "share", "s", f"{name}应得", f"share of {name}", "", format_fen(found.share.fen), "CNY", source
    )
    if found.share.fee_fen:
        fee = format_fen(found.share.fee_fen)
        yield _line("share", "F", f"{name}费用", f"fee of {name}", "", fee, "CNY", source)


def _trust(period: TrustPeriod) -> Iterator[Line]:
    for code, zh, en, fen in (
        ("before", "上期留存", "kept from before", period.before_fen),
        ("fee", "托管费", "fee paid in", period.advance_fen + period.due_fen),
        ("top_up", "机构补足", "topped up by the firm", period.top_up_fen),
        ("supplier", "先付供水单位", "paid to the supplier first", period.supplier_fen),
        ("upkeep", "运行维护费", "operation and upkeep", period.upkeep_fen),
        ("firm", "服务机构所得", "rest to the firm", period.firm_fen),
        ("after", "账户留存", "kept in the account", period.after_fen),
        ("user", "用户节省", "what the user pays less", period.baseline_fen - period.full_fen),
    ):
        yield _line("trust", code, zh, en, "", format_fen(fen), "CNY", "SAVINGS sections 1 and 8 (12)")


def _due(found: _Found, due: ContractDue, party: int) -> Iterator[Line]:
    zh, en = KINDS[due.kind]
    late, code = found.late[due.id], f"{due.kind}"
    payer, payee = found.names[due.payer_id], found.names[due.payee_id]
    rule = late.rule
    most = f"{rule.longest_days}" if rule.longest_days is not None else "-"
    terms = f"{rule.days} d (max {most}); {rate_text(rule.rate)}" + (
        f" ≥ {rate_text(rule.floor)}" if rule.floor is not None else ""
    )
    yield _line(
        "due", code, f"{zh}：{payer} → {payee}", f"{en}: {payer} → {payee}", f"{due.status}", format_fen(due.fen),
        "CNY", rule.source, due.due_on, late.days,
    )  # fmt: skip
    yield _line(
        "due", f"{code}_interest", "逾期利息", "interest for late days", terms, format_fen(late.interest_fen), "CNY",
        rule.source, due.due_on, late.days,
    )  # fmt: skip
    if due.payee_id == party and due.kind in invoicing.INVOICED_KINDS:
        split = without_vat(due.fen, found.terms.vat_bp)
        formula = f"{format_fen(due.fen)} × 10000 / (10000 + {found.terms.vat_bp})"
        source = "SAVINGS section 5"
        yield _line(
            "vat",
            f"{code}_net",
            "不含税金额",
            "net of VAT",
            formula,
            format_fen(split.net_fen),
            "CNY",
            source,
        )
        yield _line(
            "vat", f"{code}_vat", "增值税", "VAT", "gross - net", format_fen(split.vat_fen), "CNY", source
        )
