"""The text of a notice, in both languages from one template. Pure."""

from __future__ import annotations

import datetime as dt
from string import Template
from typing import NamedTuple

ZH = Template("""$desk
决定书
$number

事项：$matter（编号 $subject）
数量：$amount
决定：$decision
理由：$reason
法律依据：$legal_source
适用规则：$rule_source（$rule）

不服本决定的，可以自收到本决定书之日起$days日内依法申请行政复议（行政许可法第三十八条，行政复议法第二十条）。

$desk
$day
""")
EN = Template("""$desk
Decision
$number

Matter: $matter ($subject)
About: $amount
Decision: $decision
Reason: $reason
By: $legal_source
Rule: $rule ($rule_source)

Whoever does not accept this decision may apply for administrative review within $days days of receiving it
(Licensing Law art. 38, Review Law art. 20).

$desk
$day
""")
DECISIONS = {"approved": ("同意", "approved"), "refused": ("不予同意", "refused")}


class Said(NamedTuple):
    """What a notice says; pairs are zh and en."""

    desk: tuple[str, str]
    number: str
    matter: tuple[str, str]
    subject: str
    amount: tuple[str, str]
    decision: str
    reason: str
    legal_source: tuple[str, str]
    rule: str
    rule_source: tuple[str, str]
    days: int
    day: dt.date


def written(said: Said) -> tuple[str, str]:
    """The text of a notice in Chinese and English."""
    zh, en = (
        template.substitute(
            desk=said.desk[place],
            number=said.number,
            matter=said.matter[place],
            subject=said.subject,
            amount=said.amount[place],
            decision=DECISIONS[said.decision][place],
            reason=said.reason,
            legal_source=said.legal_source[place],
            rule=said.rule,
            rule_source=said.rule_source[place],
            days=said.days,
            day=(f"{said.day.year}年{said.day.month}月{said.day.day}日", said.day.isoformat())[place],
        )
        for place, template in enumerate((ZH, EN))
    )
    return zh, en


def number(mark: str, year: int, seq: int) -> str:
    """The number of a notice, as 英水审〔2026〕1号."""
    return f"{mark}〔{year}〕{seq}号"
