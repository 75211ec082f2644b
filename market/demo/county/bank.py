"""Tenth chapter: the exchange's bank. Accounts that holders named, files of payouts, a statement with loose ends."""

from __future__ import annotations

from decimal import Decimal

from market.core import clock
from market.demo import people
from market.demo.client import Caller
from market.demo.county import folk
from market.demo.county.season import Season

PAID, REJECTED, DIFFERS = folk.TEXTILE.login, folk.HOTEL.login, folk.KUSHAN.login
LATER = people.FACTORY.login
ASKED = {PAID: "1200.00", REJECTED: "800.50", DIFFERS: "5000.00"}
OTHER_AMOUNT = "4990.00"
"""What the bank says that it paid of 5 000 yuan: a difference that somebody has to explain."""
ANSWER = ("付款编号", "收款账号", "金额", "处理结果", "银行流水号", "入账日期", "失败原因")
STATEMENT = ("交易日期", "交易流水号", "借方发生额", "贷方发生额", "账户余额", "对方户名", "对方账号", "附言")
OPENING = Decimal("20000.00")
PAID_REFERENCE = "SEASON-B-1"
CREDITS = (
    ("46.00", "示范农户的儿子 the farmer's son", "6222029999", "水款 for water"),
    ("18.00", "路人 a passer-by", "", ""),
    ("512.00", folk.COTTON.name, "6222028888", "订金 down payment"),
    ("75.50", "", "", "现金 cash"),
)
"""What came in without the code of an account: amount, who paid from which account, its remark."""


def play(season: Season) -> None:
    """Plays what passes between the exchange and its bank. Errors: StoryFailed."""
    treasurer = season.as_("treasurer")
    named = {login: _named(season, number, login) for number, login in enumerate((*ASKED, LATER))}
    for account, _ in named.values():
        treasurer.post(f"/v1/bank-accounts/{account}/confirm", {"note": "called back (demonstration)"})
    _named(season, len(named), people.FARMER.login)
    season.counts["bank_accounts"] = len(named) + 1
    payouts = {
        login: season.as_(login).post("/v1/bank-payouts", {"amount": amount})["id"]
        for login, amount in ASKED.items()
    }
    file = treasurer.post("/v1/bank-payout-files")["id"]
    season.as_("treasurer-2").post(f"/v1/bank-payout-files/{file}/release")
    _answered(treasurer, file, payouts, {login: card for login, (_, card) in named.items()})
    season.as_(LATER).post("/v1/bank-payouts", {"amount": "300.00"})
    treasurer.post("/v1/bank-payout-files")
    season.as_(PAID).post("/v1/bank-payouts", {"amount": "90.00", "note": "for the next file"})
    season.counts["payout_files"] = 2
    _statement(season, treasurer)


def _named(season: Season, number: int, login: str) -> tuple[str, str]:
    """A holder names its card: the bank account, and the card's number."""
    card = people.card_number(number)
    said = {"holder_name": folk.NAMES[login], "kind": "card", "number": card, "bank_name": folk.BANK.name}
    made: str = season.as_(login).post("/v1/bank-accounts", said)["id"]
    return made, card


def _answered(treasurer: Caller, file: str, payouts: dict[str, str], cards: dict[str, str]) -> None:
    """The bank paid the first, rejected the second, and says of the third another amount than was asked for."""
    today = clock.today().isoformat()
    rows = [
        (payouts[PAID], cards[PAID], ASKED[PAID], "成功", PAID_REFERENCE, today, ""),
        (payouts[REJECTED], cards[REJECTED], ASKED[REJECTED], "失败", "", "", "户名不符"),
        (payouts[DIFFERS], cards[DIFFERS], OTHER_AMOUNT, "成功", "SEASON-B-3", today, ""),
    ]
    treasurer.sheet(f"/v1/bank-payout-files/{file}/answers", ANSWER, rows)


def _statement(season: Season, treasurer: Caller) -> None:
    """What treasurers recorded, the payout, a charge, and credits of which it is not plain whose they are."""
    today = clock.today().isoformat()
    lines: list[tuple[str, ...]] = [
        (each["value_date"], each["bank_reference"], each["amount"], "", "", "")
        for each in treasurer.pages("/v1/deposits")
    ]
    lines.sort()
    lines.append((today, PAID_REFERENCE, f"-{ASKED[PAID]}", folk.TEXTILE.name, people.card_number(0), ""))
    lines += [
        (today, f"SEASON-C-{place}", amount, *said) for place, (amount, *said) in enumerate(CREDITS, start=1)
    ]
    lines.append((today, "SEASON-G-1", "-3.50", "", "", "手续费 charge"))
    rows, balance = [], OPENING
    for day, reference, change, *other in lines:
        moved = Decimal(change)
        balance += moved
        out, received = (f"{-moved:.2f}", "") if moved < 0 else ("", f"{moved:.2f}")
        rows.append((day, reference, out, received, f"{balance:.2f}", *other))
    taken = treasurer.sheet("/v1/bank-statements", STATEMENT, rows)
    season.counts["bank_statement_lines"] = taken["lines"]
    _sorted_out(season, treasurer)


def _sorted_out(season: Season, treasurer: Caller) -> None:
    """Of the credits that nobody could tell one is found to be the farmer's, one is sent back; the others wait."""
    open_lines = list(treasurer.pages("/v1/bank-statement-lines", suspense="open"))
    farmers, returned, *left = open_lines
    [money] = season.as_(people.FARMER.login).get("/v1/money-accounts")["data"]
    why = {"money_account_id": money["id"], "note": "the farmer showed the slip (demonstration)"}
    treasurer.post(f"/v1/bank-statement-lines/{farmers['id']}/assign", why)
    back = {
        "bank_reference": "SEASON-Z-1", "value_date": clock.today().isoformat(), "note": "nobody knows the payer",
    }  # fmt: skip
    treasurer.post(f"/v1/bank-statement-lines/{returned['id']}/send-back", back)
    season.counts["bank_lines_in_suspense"] = len(left)
