"""A participant's statement of a period to print: its accounts, what moved its money, and its trades."""

from __future__ import annotations

from flask import Blueprint, Response, request

from ledger.units import format_decimal
from market.api.http import session
from market.api.schemas.personal import viewer
from market.core import clock, ids
from market.core.db import raw
from market.core.errors import InvalidInput, NotFound
from market.participants import privacy
from market.participants.models import Participant
from market.trading import movement_words, period_statement
from market.trading.period_statement import MONEY
from market.web.pages import page, pdf
from market.web.spoken import fen, language, litres

blp = Blueprint("statement_pages", __name__, template_folder="templates")
MOST = 1_000
"""The most movements and trades that a page shows; the CSV has all, page by page."""


@blp.get("/account-statements/<par:participant_id>")
def of_period(participant_id: int) -> Response:
    """The statement of `period` (2026-04, 2026-Q2 or 2026). Errors: InvalidInput, NotFound, PeriodNotBegun."""
    asked = request.args.get("period", "")
    if not period_statement.is_named(asked):
        raise InvalidInput("a month (2026-04), a quarter (2026-Q2) or a water year (2026)", pointer="/period")
    connection = raw(session())
    period = period_statement.period_of(connection, asked)
    who = session().get(Participant, participant_id)
    if who is None:
        raise NotFound("there is no such participant")
    accounts = period_statement.accounts(connection, participant_id=participant_id, period=period)
    money = next((each for each in accounts if each.kind == MONEY), None)
    moved = []
    if money is not None:
        moved = period_statement.movements(
            connection, participant_id=participant_id, account=money, period=period, limit=MOST + 1
        )
    trades = period_statement.trades(connection, participant_id=participant_id, period=period, limit=MOST + 1)
    place = 1 if language() == "en" else 0
    return page(
        "account_statement.html", period=period, name=_name(who.id, who.name, who.kind), accounts=accounts,
        number=ids.public("par", participant_id), moved=moved[:MOST], trades=trades[:MOST], name_of=_name,
        whole=len(moved) <= MOST and len(trades) <= MOST, as_of=min(period.until, clock.now()),
        written={MONEY: fen, period_statement.WATER: litres}, fen=fen,
        price=lambda e4: format_decimal(e4, scale=4), zone=clock.LEGAL_ZONE,
        words=lambda code: movement_words.words(code)[place],
    )  # fmt: skip


@blp.get("/account-statements/<par:participant_id>/pdf")
def of_period_pdf(participant_id: int) -> Response:
    """The same as a PDF. Errors: as `of_period`, PdfNotInstalled."""
    return pdf(of_period(participant_id), "statement")


def _name(participant_id: int | None, name: str | None, kind: str | None) -> str:
    """A participant's name as whoever asks is shown it; a body's is no personal data."""
    if participant_id is None or name is None:
        return ""
    if kind in privacy.BODIES:
        return name
    roles, own = viewer()
    return privacy.shown(privacy.Kind.NAME, name, roles, own=own == participant_id) or ""
