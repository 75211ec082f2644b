"""Terms of a saving contract as a form: what is asked, what of it is sent, and signed terms as they were typed.

What the form does not ask (a tariff of blocks, households of a district, recovery first) stays as it stands in the
terms that are amended.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from flask_babel import lazy_gettext as _l

from market.contracts.sharing import MODES
from market.contracts.sharing.late import SIZES, SMALL
from market.contracts.sharing.tariff import FIXED, FLOOR, TARIFF
from market.contracts.terms import PERIOD_MONTHS
from market.web import asking
from market.web.bureau.acts import Ask, Choices
from market.web.firm.projects import KINDS, me
from market.web.forms import Typed
from market.web.words import word

Terms = dict[str, Any]
_BAR = re.compile(r"\s*[|｜]\s*")
_BLANK = re.compile(r"[\s,，;；]+")
_MONEY = ("investment", "fee", "upkeep", "keep", "deposit")
_PLAIN = (
    "kind",
    "mode",
    "title",
    "verifier_id",
    "starts_on",
    "ends_on",
    "duties",
    "equipment",
    *_MONEY,
    "vat",
)
QUARTER = 3
"""Months of a period, where nobody says otherwise."""
_YUAN, _CUBIC = _l("yuan"), _l("m³")
_NUMBER = _l("Its number in the market; it begins with par_.")


def _words(prefix: str, keys: Iterable[object]) -> Callable[[], Choices]:
    return lambda: [(str(each), word(f"{prefix}{each}")) for each in keys]


def _firms() -> Choices:
    """The firms of the directory, the reader first if it is one."""
    own = me()
    listed = [(each["participant_id"], each["name"]) for each in asking.pages("/v1/firms")]
    return sorted(listed, key=lambda each: each[0] != own)


GROUPS: tuple[tuple[object, tuple[Ask, ...]], ...] = (
    (
        _l("What it is about"),
        (
            Ask("kind", _l("Kind"), "choice", choices=_words("saving_", KINDS)),
            Ask("mode", _l("Mode"), "choice", choices=_words("mode_", MODES)),
            Ask("title", _l("Title")),
            Ask("starts_on", _l("Operation from"), "day"),
            Ask("ends_on", _l("Last day"), "day"),
            Ask(
                "period_months", _l("A period is"), "choice",
                choices=_words("months_", PERIOD_MONTHS), value=lambda: QUARTER,
            ),
            Ask("duties", _l("Duties of both sides"), "words"),
            Ask("equipment", _l("What becomes of the equipment"), "words"),
        ),
    ),
    (
        _l("Parties"),
        (
            Ask("user_id", _l("User"), hint=_NUMBER),
            Ask("user_size", _l("Size of the user"), "choice", choices=_words("size_", SIZES)),
            Ask("firm_id", _l("Service firm"), "choice", choices=_firms),
            Ask(
                "firm_size", _l("Size of the firm"), "choice", choices=_words("size_", SIZES), value=lambda: SMALL,
            ),
            Ask(
                "others", _l("Further parties"), "words",
                _l("One a line: number | financier, subsidy_giver or supplier | public_body, large, small or other."),
                required=False,
            ),
            Ask("verifier_id", _l("Verifier"), hint=_NUMBER),
            Ask(
                "boundary", _l("Measuring points"), "words",
                _l("One a line, by its number (mpt_…). Where its water is taken off: number | taken_off."),
            ),
        ),
    ),
    (
        _l("Money"),
        (
            Ask("investment", _l("Investment"), "number", unit=_YUAN),
            Ask(
                "price_basis", _l("How the saving is valued"), "choice",
                choices=_words("price_basis_", (FIXED, FLOOR, TARIFF)),
            ),
            Ask("price", _l("Price"), "number", unit=_l("yuan/m³"), required=False),
            Ask("deposit", _l("Deposit of the firm"), "number", unit=_YUAN, required=False),
            Ask("payment_days", _l("To pay within so many days"), "count", value=lambda: 30),
            Ask("late", _l("Interest of a late day"), "number", _l("A part of one, such as 0.0005."), required=False),
            Ask("vat", _l("VAT"), "number", _l("A part of one, such as 0.06."), required=False),
            Ask(
                "early_end", _l("Price of ending it early"), "words",
                _l("One a line: from which year | yuan."), required=False,
            ),
        ),
    ),
    (
        _l("Sharing the benefit"),
        (
            Ask(
                "rows", _l("Shares"), "words",
                _l(
                    "One a line: from which year | a share for each party, in their order, blanks between them."
                    " Where they change with the saving: from which year | from which saving | shares."
                ),
                required=False,
            ),
            Ask(
                "water_shares", _l("Shares of what saved water earns"),
                hint=_l("One for each party, in their order, such as 0.6 0.3 0.1."), required=False,
            ),
        ),
    ),
    (
        _l("Guarantee"),
        (
            Ask("guaranteed", _l("Guaranteed saving of a period"), "number", unit=_CUBIC, required=False),
            Ask("guarantee_price", _l("Price of what is missing"), "number", unit=_l("yuan/m³"), required=False),
            Ask("cap", _l("At most"), "number", unit=_YUAN, required=False),
            Ask(
                "surplus_shares", _l("Shares of what is above it"),
                hint=_l("One for each party, in their order, such as 0.6 0.3 0.1."), required=False,
            ),
        ),
    ),
    (
        _l("Trusteeship"),
        (
            Ask("trust_fee", _l("Fee of a period"), "number", unit=_YUAN, required=False),
            Ask("trust_base", _l("For a use of"), "number", unit=_CUBIC, required=False),
            Ask("trust_price", _l("At a mean price of"), "number", unit=_l("yuan/m³"), required=False),
            Ask("upkeep", _l("Upkeep of a period"), "number", unit=_YUAN, required=False),
            Ask("keep", _l("Kept on the account"), "number", unit=_YUAN, required=False),
        ),
    ),
)  # fmt: skip


def lines(typed: Typed, name: str) -> list[list[str]]:
    """A field of lines, each in its parts between bars."""
    return [_BAR.split(line.strip()) for line in typed.get(name, "").splitlines() if line.strip()]


def figures(text: str) -> list[str]:
    """Figures with blanks between them."""
    return [each for each in _BLANK.split(text) if each]


def count(text: str) -> Any:
    """A whole number as the API wants it; what is none stays as it was typed, for the refusal to say so."""
    return int(text) if text.isdecimal() else text


def sent(typed: Typed, before: Terms | None = None) -> Terms:
    """The terms that were typed, over those that they amend."""
    terms = {name: value for name, value in (before or {}).items() if name not in _PLAIN}
    terms |= {name: typed[name] for name in _PLAIN if typed.get(name)}
    terms["period_months"] = count(typed.get("period_months", ""))
    terms["payment_days"] = count(typed.get("payment_days", "") or "30")
    terms["parties"] = [
        {"participant_id": typed.get("user_id", ""), "role": "user", "size": typed.get("user_size", "")},
        {"participant_id": typed.get("firm_id", ""), "role": "firm", "size": typed.get("firm_size", "")},
        *(
            dict(zip(("participant_id", "role", "size"), each, strict=False))
            for each in lines(typed, "others")
        ),
    ]
    terms["boundary"] = [
        dict(zip(("point_id", "counts"), each, strict=False)) for each in lines(typed, "boundary")
    ]
    price = {"price": typed["price"]} if typed.get("price") else {}
    terms["price"] = {"basis": typed.get("price_basis", "")} | price
    terms["late"] = ((terms.get("late") or {}) | {"rate": typed["late"]}) if typed.get("late") else None
    terms["early_end"] = [
        {"from_year": count(each[0]), "amount": each[-1]} for each in lines(typed, "early_end")
    ]
    terms["water_shares"] = figures(typed.get("water_shares", ""))
    terms["schedule"] = _schedule(typed, terms.get("schedule"))
    terms["guarantee"] = _guarantee(typed, terms.get("guarantee"))
    terms["trusteeship"] = (
        {"fee": typed["trust_fee"], "base_volume": typed.get("trust_base", ""), "price": typed.get("trust_price", "")}
        if typed.get("trust_fee")
        else None
    )  # fmt: skip
    return terms


def _schedule(typed: Typed, before: Terms | None) -> Terms | None:
    """How the benefit is shared: a row for each year that begins another, its steps in the order typed."""
    rows: dict[str, list[Terms]] = {}
    for each in lines(typed, "rows"):
        step = {"from_share": each[1] if len(each) > 2 else "0", "shares": figures(each[-1])}
        rows.setdefault(each[0], []).append(step)
    if not rows:
        return None
    threshold = {each["from_year"]: each["threshold"] for each in (before or {}).get("rows", ())}
    return (before or {}) | {
        "rows": [
            {"from_year": count(year), "steps": steps}
            | ({"threshold": threshold[count(year)]} if count(year) in threshold else {})
            for year, steps in rows.items()
        ]
    }


def _guarantee(typed: Typed, before: Terms | None) -> Terms | None:
    if not typed.get("guaranteed"):
        return None
    return (before or {}) | {
        "volume": typed["guaranteed"], "price": typed.get("guarantee_price", ""), "cap": typed.get("cap", ""),
        "surplus_shares": figures(typed.get("surplus_shares", "")),
    }  # fmt: skip


def typed_of(terms: Terms) -> dict[str, str]:
    """Terms as they would be typed."""
    user, firm = (
        next(each for each in terms["parties"] if each["role"] == role) for role in ("user", "firm")
    )
    others = [each for each in terms["parties"] if each not in (user, firm)]
    guarantee, trust = terms["guarantee"] or {}, terms["trusteeship"] or {}
    steps = [
        (row["from_year"], step["from_share"], " ".join(step["shares"]), len(row["steps"]) > 1)
        for row in (terms["schedule"] or {}).get("rows", ())
        for step in row["steps"]
    ]
    return {name: str(terms[name]) for name in (*_PLAIN, "period_months", "payment_days")} | {
        "user_id": user["participant_id"], "user_size": user["size"], "firm_id": firm["participant_id"],
        "firm_size": firm["size"], "price_basis": terms["price"]["basis"], "price": terms["price"]["price"],
        "others": "\n".join(f"{each['participant_id']} | {each['role']} | {each['size']}" for each in others),
        "boundary": "\n".join(
            each["point_id"] + (" | taken_off" if each["counts"] == "taken_off" else "") for each in terms["boundary"]
        ),
        "late": (terms["late"] or {}).get("rate", ""), "water_shares": " ".join(terms["water_shares"]),
        "early_end": "\n".join(f"{each['from_year']} | {each['amount']}" for each in terms["early_end"]),
        "rows": "\n".join(
            f"{year} | {start} | {shares}" if several else f"{year} | {shares}"
            for year, start, shares, several in steps
        ),
        "guaranteed": guarantee.get("volume", ""), "guarantee_price": guarantee.get("price", ""),
        "cap": guarantee.get("cap", ""), "surplus_shares": " ".join(guarantee.get("surplus_shares", ())),
        "trust_fee": trust.get("fee", ""), "trust_base": trust.get("base_volume", ""),
        "trust_price": trust.get("price", ""),
    }  # fmt: skip
