"""A contract as people sign it on paper: the county's template with the signed terms put in, in Chinese and English.

Pure; amounts are yuan, volumes m3, shares per cent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ledger.units import format_decimal, format_fen, format_litres, format_price_e4
from market.contracts.sharing import Guarantee, Schedule, Trusteeship
from market.contracts.terms import Terms
from market.county.contract_template import ContractTemplate, fill, printed_sha256

LANGUAGES = ("zh", "en")
WORDS: Mapping[str, tuple[str, str]] = {
    "user": ("用水单位", "user"),
    "firm": ("节水服务机构", "service firm"),
    "financier": ("出资方", "financier"),
    "subsidy_giver": ("补贴方", "subsidy giver"),
    "supplier": ("供水单位", "supplier"),
    "sharing": ("效益分享型", "benefit sharing"),
    "guaranteed": ("效果保证型", "guaranteed saving"),
    "trusteeship": ("费用托管型", "fee trusteeship"),
    "trusteeship_guaranteed": ("费用托管并效果保证型", "fee trusteeship with a guarantee"),
    "public_institution": ("公共机构", "public institution"),
    "public_building": ("公共建筑", "public building"),
    "industry": ("高耗水工业", "high-use industry"),
    "services": ("高耗水服务业", "high-use services"),
    "irrigation": ("灌区", "irrigation"),
    "leakage": ("管网漏损控制", "leakage control"),
    "tariff": ("按现行水价", "by the tariff in force"),
    "fixed": ("按约定价格", "at the signed price"),
    "floor": ("按现行水价，不低于约定价格", "by the tariff in force, at least the signed price"),
    "added": ("计入", "counted"),
    "taken_off": ("扣除", "taken off"),
    "statutory": (
        "未约定利率：每日 0.05%（保障中小企业款项支付条例第十七条）",
        "no rate was agreed: 0.05% a day (2025 ordinance art. 17)",
    ),
    "none": ("无", "none"),
}


class Printed(NamedTuple):
    """A contract in both languages, the SHA-256 of both, and that of the template."""

    zh: str
    en: str
    sha256: str
    template_sha256: str


class Names(NamedTuple):
    """What participants and points are called, and the county in both languages."""

    participants: Mapping[int, str]
    points: Mapping[int, str]
    county: tuple[str, str]


def printed(template: ContractTemplate, terms: Terms, names: Names) -> Printed:
    """The contract by a template. Errors: TemplateError, KeyError (a name is missing)."""
    having = _having(terms)
    zh, en = (
        fill(text, _values(terms, names, place), having)
        for place, text in enumerate((template.zh, template.en))
    )
    return Printed(zh, en, printed_sha256(zh, en), template.sha256)


def _having(terms: Terms) -> frozenset[str]:
    has = {
        "sharing": terms.schedule is not None,
        "guarantee": terms.guarantee is not None,
        "trusteeship": terms.trusteeship is not None,
        "households": bool(terms.households),
        "early_end": bool(terms.early_end),
        "water": bool(terms.water_bp),
        "deposit": terms.deposit_fen > 0,
        "fee": terms.fee_fen > 0,
    }
    return frozenset(name for name, there in has.items() if there)


def _word(key: str, place: int) -> str:
    return WORDS[key][place] if key in WORDS else key


def _share(bp: int) -> str:
    return f"{format_decimal(bp, scale=2)}%"


def _values(terms: Terms, names: Names, place: int) -> dict[str, str]:
    who = names.participants
    price = format_price_e4(terms.price.price_e4)
    unit = ("元/立方米", "yuan/m³")[place]
    basis = _word(terms.price.kind, place)
    return {
        "county": names.county[place],
        "title": terms.title,
        "kind": _word(terms.kind, place),
        "mode": _word(terms.mode, place),
        "parties": "\n".join(
            f"{who[each.participant]} ({_word(each.role, place)})" for each in terms.parties
        ),
        "user": who[terms.user],
        "firm": ", ".join(who[each] for each in terms.firms),
        "verifier": who[terms.verifier],
        "boundary": "\n".join(
            f"{names.points[each.point]} ({_word('added' if each.sign == 1 else 'taken_off', place)})"
            for each in terms.boundary
        ),
        "starts_on": terms.starts_on.isoformat(),
        "ends_on": terms.ends_on.isoformat(),
        "period_months": str(terms.period_months),
        "price": basis if terms.price.kind == "tariff" else f"{basis}: {price} {unit}",
        "investment": format_fen(terms.investment_fen),
        "schedule": "\n".join(_schedule(terms.schedule, who, place)) if terms.schedule else "",
        "guarantee": _guarantee(terms.guarantee, place) if terms.guarantee else "",
        "trusteeship": _trusteeship(terms.trusteeship, place) if terms.trusteeship else "",
        "upkeep": format_fen(terms.upkeep_fen),
        "keep": format_fen(terms.keep_fen),
        "fee": format_fen(terms.fee_fen),
        "deposit": format_fen(terms.deposit_fen),
        "payment_days": str(terms.payment_days),
        "late": _word("statutory", place)
        if terms.late is None
        else f"{format_decimal(terms.late.e6, scale=4)}% / {terms.late.days} {('天', 'd')[place]}",
        "vat": _share(terms.vat_bp),
        "water_shares": ", ".join(
            f"{who[each.participant]} {_share(bp)}"
            for each, bp in zip(terms.parties, terms.water_bp, strict=bool(terms.water_bp))
        ),
        "early_end": "\n".join(_early_end(terms, place)),
        "households": "\n".join(
            f"{who[each.participant]} {_share(each.share_bp)}"
            f" ({('追偿上限', 'gives back at most')[place]} {format_fen(each.clawback_cap_fen)})"
            for each in terms.households
        ),
        "resolution": terms.resolution_sha256 or _word("none", place),
        "duties": terms.duties,
        "equipment": terms.equipment,
    }


def _schedule(schedule: Schedule, who: Mapping[int, str], place: int) -> Iterator[str]:
    def shares(bps: tuple[int, ...]) -> str:
        return ", ".join(
            f"{who[int(party)]} {_share(bp)}" for party, bp in zip(schedule.parties, bps, strict=True)
        )

    for each in schedule.fees:
        amount = format_fen(each.fen) if each.fen else _share(each.bp)
        yield f"{('先付费用', 'Fee first')[place]}: {who[int(each.payee)]} {amount}"
    if schedule.recovery is not None:
        recoverable = format_fen(schedule.recovery.recoverable_fen)
        words = ("投资回收期内（累计 {} 元以前）", "Until the firm has received {} yuan")[place]
        yield f"{words.format(recoverable)}: {shares(schedule.recovery.shares_bp)}"
    for row in schedule.rows:
        for step in row.steps:
            words = ("第 {} 年起，节水率 {} 以上", "From year {}, of a saving of {} and more")[place]
            yield f"{words.format(row.from_year, _share(step.from_bp))}: {shares(step.shares_bp)}"
    if schedule.floor_fen or schedule.ceiling_fen is not None:
        most = format_fen(schedule.ceiling_fen) if schedule.ceiling_fen is not None else "-"
        words = (
            "服务企业每期保底 {} 元，封顶 {} 元",
            "The firm has at least {} and at most {} yuan a period",
        )[place]
        yield words.format(format_fen(schedule.floor_fen), most)


def _guarantee(found: Guarantee, place: int) -> str:
    words = (
        "每期保证节水量 {} 立方米，容差 {}；不足部分按 {} 元/立方米 × {} 赔付，累计不超过 {} 元",
        "A saving of {} m³ a period is guaranteed, tolerance {}; what is missing is paid at {} yuan/m³ × {}, together"
        " at most {} yuan",
    )[place]
    return words.format(
        format_litres(found.litres), _share(found.tolerance_bp), format_price_e4(found.price_e4),
        format_decimal(found.factor_bp, scale=4), format_fen(found.cap_fen),
    )  # fmt: skip


def _trusteeship(found: Trusteeship, place: int) -> str:
    words = (
        "托管费 T = {} 元 ×（调整后基准用水量 / {} 立方米）×（水价 / {} 元/立方米）",
        "Fee T = {} yuan × (adjusted baseline / {} m³) × (price of water / {} yuan/m³)",
    )[place]
    return words.format(
        format_fen(found.fee_fen), format_litres(found.base_litres), format_price_e4(found.tariff_e4)
    )


def _early_end(terms: Terms, place: int) -> Iterator[str]:
    for each in terms.early_end:
        words = ("第 {} 年起提前终止：{} 元", "Ended early from year {} on: {} yuan")[place]
        yield words.format(each.year, format_fen(each.fen))
