"""What a project is worth to each party before anybody signs: the modes side by side. Nothing is recorded."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from flask_babel import lazy_gettext as _l

from market.web import asking
from market.web.asking import Problem
from market.web.bureau.acts import Ask
from market.web.firm.terms import count, figures, lines
from market.web.forms import Typed
from market.web.pages import page

blp = Blueprint("firm_appraising", __name__, template_folder="../templates")
PARTIES = ("user", "firm", "financier")
_YUAN = _l("yuan")
_ONE = _l("A part of one, such as 0.06.")
ASKS = (
    Ask("base_use", _l("Present use a year"), "number", unit=_l("m³")),
    Ask("savings", _l("Saving of each year"), hint=_l("m³, a figure for each year, blanks between them.")),
    Ask("price", _l("Price"), "number", unit=_l("yuan/m³")),
    Ask("investment", _l("Investment"), "number", unit=_YUAN),
    Ask(
        "rows", _l("Shares"), "words",
        _l("One a line: from which year | shares of user, firm and, if there is one, financier: 1 | 0.2 0.8"),
        value=lambda: "1 | 0.2 0.8",
    ),
    Ask("upkeep", _l("Upkeep a year"), "number", unit=_YUAN, required=False),
    Ask("fee", _l("Fee of a trusteeship a year"), "number", unit=_YUAN, required=False),
    Ask("tax", _l("Tax on what is earned"), "number", _ONE, required=False),
    Ask("subsidy", _l("Subsidy"), "number", unit=_YUAN, required=False),
    Ask("loan", _l("Loan"), "number", unit=_YUAN, required=False),
    Ask("loan_rate", _l("Rate of the loan a year"), "number", _ONE, required=False),
    Ask("loan_years", _l("Years of the loan"), "count", required=False),
    Ask("rate", _l("Discount rate a year"), "number", _ONE, value=lambda: "0.06"),
)  # fmt: skip
_PLAIN = ("base_use", "price", "investment", "upkeep", "fee", "tax", "subsidy", "loan", "loan_rate")


@blp.get("/firm/appraise")
def appraise() -> Response:
    """The form, and what its figures come to."""
    typed = {name: value.strip() for name, value in request.args.items()}
    found, problem = None, None
    if typed.get("savings"):
        try:
            found = asking.send("/v1/saving-plans/appraise", plan(typed))
        except Problem as refused:
            if refused.status != 422:
                raise
            problem = refused
    answer = page("firm/appraise.html", asks=ASKS, typed=typed, problem=problem, found=found)
    answer.status_code = 200 if problem is None else problem.status
    return answer


def plan(typed: Typed) -> dict[str, Any]:
    """A project as it was typed; how many shares there are says who takes part."""
    rows = [
        {"from_year": count(each[0]), "steps": [{"from_share": "0", "shares": figures(each[-1])}]}
        for each in lines(typed, "rows")
    ]
    many = len(rows[0]["steps"][0]["shares"]) if rows else 2
    parties = PARTIES[: min(max(many, 2), len(PARTIES))]
    years = {"loan_years": count(typed["loan_years"])} if typed.get("loan_years") else {}
    return {name: typed[name] for name in _PLAIN if typed.get(name)} | years | {
        "parties": list(parties), "user": "user", "firm": "firm", "rows": rows,
        "savings": figures(typed.get("savings", "")), "rates": [typed.get("rate", "")] * len(parties),
    }  # fmt: skip
