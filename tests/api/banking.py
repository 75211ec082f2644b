"""What tests of the bank's files send and read, and violations to plant."""

from __future__ import annotations

import base64
import hashlib
from decimal import Decimal
from typing import Any

from market.core import clock
from market.core.sheets import texts
from tests.api.county import County

CARDS = {"aylin": "6222020000000000000", "baha": "6222020000000000018", "chen": "6222020000000000026"}
ANSWER = ("付款编号", "收款账号", "金额", "处理结果", "银行流水号", "入账日期", "失败原因")
HEAD = ("交易日期", "交易流水号", "借方发生额", "贷方发生额", "账户余额", "对方户名", "对方账号", "附言")
TODAY = clock.today().isoformat()


def card(name: str, number: str, **other: Any) -> dict[str, Any]:
    return {"holder_name": f"{name} demo", "kind": "card", "number": number, "bank_name": "示范银行"} | other


def money(county: County, name: str) -> dict[str, Any]:
    found: dict[str, Any] = county.get(name, "/money-accounts")["data"][0]
    return found


def table(head: tuple[str, ...], rows: list[tuple[str, ...]], encoding: str = texts.UTF8) -> bytes:
    return texts.encoded(texts.written(head, rows), encoding)


def send(county: County, path: str, data: bytes, kind: str = "text/csv") -> Any:
    headers = county.headers("treasurer")
    return county.client.post(f"/v1{path}", data=data, content_type=kind, headers=headers)


def content(county: County, file: str, query: str = "") -> Any:
    answer = county.client.get(
        f"/v1/bank-payout-files/{file}/content{query}", headers=county.headers("treasurer")
    )
    assert answer.status_code == 200, answer.text
    digest = base64.b64encode(hashlib.sha256(answer.data).digest()).decode()
    assert answer.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    return answer.data


def rows(opening: str, lines: list[tuple[str, str, str, str, str]]) -> list[tuple[str, ...]]:
    """Rows of a statement: (reference, signed amount, name, number, remark), each with the balance after it."""
    made, at = [], Decimal(opening)
    for reference, amount, name, number, remark in lines:
        at += Decimal(amount)
        out, received = (amount[1:], "") if amount.startswith("-") else ("", amount)
        made.append((TODAY, reference, out, received, f"{at:.2f}", name, number, remark))
    return made


def hand_recorded(county: County) -> list[tuple[str, str, str, str, str]]:
    """Lines for what a treasurer has recorded by hand."""
    return [
        (each["bank_reference"], each["amount"], "", "", "")
        for each in county.get("treasurer", "/deposits?limit=200")["data"]
    ]


PLANTS: list[tuple[int, str, str]] = [
    (6, "UPDATE bank_payouts SET status = 'asked' WHERE status = 'paid'", "a payout by bank file does not hold"),
    (12, "UPDATE bank_payouts SET amount_fen = amount_fen + 1 WHERE status = 'paid'", "a payout that was paid"),
    (12, "UPDATE bank_payouts SET bank_transfer_id = -id WHERE status = 'paid'", "a payout that was not posted"),
    (12, "UPDATE bank_payouts SET money_account_id = money_account_id + 1 WHERE status = 'rejected'",
     "a payout to somebody else's account"),
    (12, "UPDATE bank_payout_files SET sum_fen = sum_fen + 1 WHERE status = 'released'", "a released file that"),
    (12, "UPDATE bank_payout_files SET status = 'cancelled', released_by = NULL WHERE status = 'released'",
     "a payout that left without"),
    (12, "UPDATE bank_statements SET closing_fen = closing_fen + 1", "a statement whose lines do not lead"),
    (12, "UPDATE bank_statements SET opening_fen = opening_fen + 1 WHERE previous_id IS NOT NULL",
     "a statement that does not begin"),
    (12, "UPDATE bank_statement_lines SET balance_fen = balance_fen + 1 WHERE number = 2", "a line that does not"),
    (12, "UPDATE bank_line_matches SET fen = fen + 1 WHERE kind = 'deposit'", "a line that is matched with another"),
    (12, "UPDATE bank_statement_lines SET bank_reference = 'Z' WHERE bank_reference = 'C-1'", "a line whose bank"),
    (12, "UPDATE bank_line_matches SET fen = fen + 1 WHERE kind = 'payout_file'", "a debit of a file that is not"),
    (12, "UPDATE bank_line_matches SET fen = fen + 1 WHERE kind = 'return'", "money that went back otherwise"),
    (12, "UPDATE bank_line_matches SET fen = fen + 1 WHERE suspense = 'open'", "the suspense account is not"),
    (12, "UPDATE bank_line_matches SET fen = fen + 1 WHERE kind = 'charge'", "what the bank charged is not"),
    (12, "UPDATE bank_line_matches SET suspense = 'assigned' WHERE suspense = 'sent_back'", "a line that the ledger"),
    (13, "DELETE FROM audit WHERE subject_type = 'bank_payout_file'", "a row without its audit link"),
]  # fmt: skip
