"""Made-up people and bodies whose numbers check, and the sign-ins of the demonstration county."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from stdnum import luhn
from stdnum.cn import ric, uscc

MANAS_COUNTY = "652324"


def identity_number(number: int) -> str:
    """The number-th made-up identity number of the Manas story (GB 11643: place, birthday, sequence, check digit)."""
    days, sequence = divmod(number, 999)
    birthday = dt.date(1950, 1, 1) + dt.timedelta(days=days % 18_000)
    body = f"{MANAS_COUNTY}{birthday:%Y%m%d}{sequence + 1:03d}"
    return body + str(ric.calc_check_digit(body + "0"))


def credit_code(number: int) -> str:
    """The number-th made-up unified social credit code (GB 32100) of the demonstration county."""
    body = f"91653123MA{number:07d}"
    return body + str(uscc.calc_check_digit(body))


def card_number(number: int) -> str:
    """The number-th made-up bank card (ISO/IEC 7812-1: the last digit checks)."""
    body = f"622202{number:012d}"
    return body + str(luhn.calc_check_digit(body))


@dataclass(frozen=True)
class SignIn:
    """A login of the demonstration county. These passwords are no secrets: they open made-up accounts only."""

    login: str
    password: str
    roles: tuple[str, ...]
    name: str


def password_of(login: str) -> str:
    """The demonstration password of a login."""
    return f"karez-{login}-demo"


def sign_in(login: str, roles: tuple[str, ...], name: str) -> SignIn:
    """A demonstration sign-in."""
    return SignIn(login, password_of(login), roles, name)


BUREAU = (
    sign_in("registrar", ("registrar",), "示范登记员 Registrar"),
    sign_in("reviewer", ("reviewer",), "示范审核员 Reviewer"),
    sign_in("supervisor", ("supervisor",), "示范监管员 Supervisor"),
    sign_in("auditor", ("auditor",), "示范审计员 Auditor"),
    sign_in("treasurer", ("treasurer",), "示范出纳 Treasurer"),
    sign_in("administrator", ("administrator",), "示范管理员 Administrator"),
    sign_in("reader", ("reader",), "示范地区水利局 Prefecture"),
    sign_in("department", ("department",), "示范统计局 Statistics office"),
)
CENTRE = sign_in("centre", ("holder",), "示范水权收储中心 Demonstration trading centre")
FACTORY = sign_in("factory", ("holder",), "示范水泥厂 Demonstration cement works")
FARMER = sign_in("farmer", ("holder",), "示范农户 Demonstration farmer")
EVERYONE = (*BUREAU, CENTRE, FACTORY, FARMER)
