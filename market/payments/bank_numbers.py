"""Numbers of the bank: whether an account's number can be one, and the codes that name a deposit's receiver. Pure.

Sources: ISO/IEC 7812-1 annex B (the check digit of a card), the twelve digits of a bank's line number (联行号, how its
last digit is reckoned is not published: it is not checked), ISO 7064 mod 97-10 (the two digits that close a code).
"""

from __future__ import annotations

import re
import unicodedata

from stdnum import luhn
from stdnum.iso7064 import mod_97_10

CARD, ACCOUNT = "card", "account"
ACCOUNT_KINDS = (CARD, ACCOUNT)
_DIGITS = {CARD: (16, 19), ACCOUNT: (8, 32)}
_CNAPS = re.compile(r"[0-9]{12}")
_CODE = re.compile(r"(?<![A-Z0-9])KZ([0-9]{9,14})(?![0-9])")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def number_wrong(kind: str, number: str) -> str | None:
    """What is wrong with an account's number of a kind, in English; None where it can be one."""
    least, most = _DIGITS[kind]
    if not number.isascii() or not number.isdigit() or not least <= len(number) <= most:
        return f"{least} to {most} digits"
    if kind == CARD and not luhn.is_valid(number):
        return "the check digit of the card is wrong: a digit was mistyped"
    return None


def is_cnaps(text: str) -> bool:
    """Whether this can be the line number of a bank's branch (联行号): twelve digits."""
    return _CNAPS.fullmatch(text) is not None


def begins_a_formula(text: str) -> bool:
    """Whether a table would take this for a formula: no name of a holder or bank begins so."""
    return text.startswith(_FORMULA)


def plain(name: str) -> str:
    """A name as two writings of it are compared: full-width forms and spaces do not tell holders apart."""
    return "".join(unicodedata.normalize("NFKC", name).split()).upper()


def deposit_code(money_account_id: int) -> str:
    """What a payer writes into the remark, so that the money is known to be for this account."""
    digits = f"{money_account_id:07d}"
    return f"KZ{digits}{mod_97_10.calc_check_digits(digits)}"


def code_in(remark: str) -> int | None:
    """The money account that a remark names: by one code, whole and with good check digits; None where by none or two.

    Whether there is such an account is not known here.
    """
    found = {
        int(digits[:-2])
        for digits in _CODE.findall(unicodedata.normalize("NFKC", remark).upper())
        if mod_97_10.is_valid(digits)
    }
    return found.pop() if len(found) == 1 else None
