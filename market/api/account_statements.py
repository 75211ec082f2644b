"""Participants' statements of a period over HTTP, as JSON and CSV: accounts, movements, trades."""

from __future__ import annotations

from typing import Any

from ledger.units import format_fen, format_litres
from market.api.http import blueprint, page, paging, session
from market.api.schemas import account_statements as shapes
from market.api.schemas.statement import subject_of
from market.api.tables import also_csv, answer, wants_csv
from market.core import clock
from market.core.chart import TransferCode
from market.core.db import raw
from market.core.errors import NotFound
from market.trading import movement_words, period_statement
from market.trading.period_statement import MONEY, AccountPeriod, Movement, Period, TradePeriod

blp = blueprint("account_statements", "Statements of a participant's accounts and trades, by period (对账单)")


@blp.route("/participants/<par:participant_id>/period-statement", methods=["GET"])
@blp.arguments(shapes.PeriodQuery, location="query")
@blp.response(200, shapes.PeriodStatementOut)
@also_csv(blp)
def get(query: dict[str, Any], participant_id: int) -> Any:
    """Each account over a period: opening, what came in, what went out, closing."""
    period = _period(query)
    found = period_statement.accounts(raw(session()), participant_id=participant_id, period=period)
    rows = [_account_out(each) for each in found]
    if wants_csv():
        return answer(shapes.AccountPeriodOut, rows, name="period-statement")
    return {
        "participant_id": participant_id,
        "first_day": period.first_day,
        "last_day": period.last_day,
        "as_of": min(period.until, clock.now()),
        "data": rows,
    }


@blp.route("/participants/<par:participant_id>/period-movements", methods=["GET"])
@blp.arguments(shapes.PeriodMovementsQuery, location="query")
@blp.response(200, shapes.PeriodMovementPage)
@also_csv(blp)
def list_movements(query: dict[str, Any], participant_id: int) -> Any:
    """What moved an account in a period, oldest first, each with its kind, other side, reference and balance."""
    where, period, connection = paging("tfr"), _period(query), raw(session())
    of = query["water_account_id"]
    account = next(
        (
            each
            for each in period_statement.accounts(connection, participant_id=participant_id, period=period)
            if (each.kind == MONEY if of is None else each.kind != MONEY and each.id == of)
        ),
        None,
    )
    if account is None:
        raise NotFound(
            "no such account of this participant moved or had anything", pointer="/water_account_id"
        )
    found = period_statement.movements(
        connection, participant_id=participant_id, account=account, period=period, after=where.after or 0,
        limit=where.limit + 1,
    )  # fmt: skip
    written = format_fen if account.kind == MONEY else format_litres
    rows = [_movement_out(each, written) for each in found]
    if wants_csv():
        more = len(rows) > where.limit
        return answer(shapes.PeriodMovementOut, rows[: where.limit], name="movements", has_more=more)
    return page(rows, where.limit)


@blp.route("/participants/<par:participant_id>/period-trades", methods=["GET"])
@blp.arguments(shapes.PeriodQuery, location="query")
@blp.response(200, shapes.PeriodTradePage)
@also_csv(blp)
def list_trades(query: dict[str, Any], participant_id: int) -> Any:
    """Trades that were settled in a period, with volumes, loss, price and fee."""
    where = paging("trd")
    found = period_statement.trades(
        raw(session()), participant_id=participant_id, period=_period(query), after=where.after or 0,
        limit=where.limit + 1,
    )  # fmt: skip
    rows = [_trade_out(each) for each in found]
    if wants_csv():
        more = len(rows) > where.limit
        return answer(shapes.PeriodTradeOut, rows[: where.limit], name="trades", has_more=more)
    return page(rows, where.limit)


def _period(query: dict[str, Any]) -> Period:
    return period_statement.period_of(raw(session()), query["period"])


def _account_out(each: AccountPeriod) -> dict[str, Any]:
    money = each.kind == MONEY
    written = format_fen if money else format_litres
    return {
        "kind": each.kind,
        "money_account_id": each.id if money else None,
        "water_account_id": None if money else each.id,
        "label": each.label,
        **{name: written(getattr(each, name)) for name in ("opening", "came_in", "went_out", "closing")},
    }


def _movement_out(each: Movement, written: Any) -> dict[str, Any]:
    zh, en = movement_words.words(each.code)
    return {
        "id": each.id,
        "at": each.at,
        "code": TransferCode(each.code).name.lower(),
        "zh": zh,
        "en": en,
        "subject_id": subject_of(each.code, each.reference),
        "counterparty_id": each.counterparty_id,
        "counterparty_name": each.counterparty_name,
        "counterparty_kind": each.counterparty_kind,
        "change": written(each.change),
        "balance": written(each.balance),
    }


def _trade_out(each: TradePeriod) -> dict[str, Any]:
    names = (
        "id", "instruction_id", "settled_at", "side", "product", "counterparty_id", "counterparty_name",
        "counterparty_kind",
    )  # fmt: skip
    return {name: getattr(each, name) for name in names} | {
        "source_volume": each.source_litres,
        "delivered_volume": each.delivered_litres,
        "loss": each.source_litres - each.delivered_litres,
        "price": each.price_e4,
        "amount": each.amount_fen,
        "fee": each.fee_fen,
        "money": format_fen(each.money_fen),
    }
