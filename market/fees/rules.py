"""Figures of fee invoices: tax out of what was charged, and what a credit takes back. Pure; fen, integers only.

A fee is charged with its tax in it. A line is split once: net = gross x 10 000 / (10 000 + rate), rounded half to even,
and the tax is the rest, so that both always sum to what was charged.
"""

from __future__ import annotations

from typing import NamedTuple

ONE = 10_000
"""A rate is in ten-thousandths of the net amount: 600 is 6 %."""
VAT_E4 = 600
VAT_SOURCE = (
    "财税〔2016〕36号 附件1 art. 15 (1) and its notes (现代服务: 商务辅助服务, 经纪代理服务), from memory;"
    " that fees of this exchange are of this kind, and that it is a general taxpayer: demonstration"
)
VAT_DEMONSTRATION = True
CATEGORY_ZH, CATEGORY_EN = "经纪代理服务", "brokerage services"
"""What stands before the name of each line, between two asterisks, on an invoice of the tax authority."""


class Split(NamedTuple):
    """An amount with tax, and its two parts; fen."""

    gross_fen: int
    net_fen: int
    tax_fen: int

    def negative(self) -> Split:
        """The same taken back."""
        return Split(-self.gross_fen, -self.net_fen, -self.tax_fen)


def split(gross_fen: int, vat_e4: int) -> Split:
    """The parts of an amount that has its tax in it; the net one is rounded half to even. Errors: ValueError."""
    if gross_fen < 0 or vat_e4 < 0:
        raise ValueError("an amount and its rate are not negative")
    whole, divisor = gross_fen * ONE, ONE + vat_e4
    net, rest = divmod(whole, divisor)
    if 2 * rest > divisor or (2 * rest == divisor and net % 2 == 1):
        net += 1
    return Split(gross_fen, net, gross_fen - net)


def take_back(left_fen: int, back_fen: int, vat_e4: int) -> Split:
    """What a credit takes back of a line of which `left_fen` stands: below nil, in all three.

    What stands afterwards is split anew and the credit is the difference, so that a line and its credits always sum to
    the split of what is left, and a line that is wholly taken back to nil in all three. Errors: ValueError.
    """
    if not 0 < back_fen <= left_fen:
        raise ValueError("no more is taken back than stands, and something")
    before, after = split(left_fen, vat_e4), split(left_fen - back_fen, vat_e4)
    return Split(-back_fen, after.net_fen - before.net_fen, after.tax_fen - before.tax_fen)


_DIGITS, _PLACES, _GROUPS = "零壹贰叁肆伍陆柒捌玖", ("仟", "佰", "拾", ""), ("", "万", "亿")


def in_words(fen: int) -> str:
    """An amount as an invoice writes it out (大写): 12345 is 壹佰贰拾叁元肆角伍分. Below nil it begins with 负.

    Errors: ValueError, from 10^12 yuan on.
    """
    yuan, rest = divmod(abs(fen), 100)
    if yuan >= 10**12:
        raise ValueError("no invoice is so large")
    jiao, small = divmod(rest, 10)
    said = f"{_whole(yuan)}元" if yuan or not rest else ""
    if jiao:
        said += f"{_DIGITS[jiao]}角"
    elif small and yuan:
        said += "零"
    said += f"{_DIGITS[small]}分" if small else "整"
    return ("负" if fen < 0 else "") + said


def _whole(yuan: int) -> str:
    said, gap = "", False
    for power in (2, 1, 0):
        group = yuan // 10_000**power % 10_000
        if not group:
            gap = bool(said)
            continue
        if said and (gap or group < 1_000):
            said += "零"
        said, gap = said + _group(group) + _GROUPS[power], False
    return said or "零"


def _group(number: int) -> str:
    said, gap = "", False
    for digit, place in zip(f"{number:04d}", _PLACES, strict=True):
        if digit == "0":
            gap = bool(said)
            continue
        said, gap = said + ("零" if gap else "") + _DIGITS[int(digit)] + place, False
    return said
