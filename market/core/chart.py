"""Chart of accounts: what the ledger's account codes and transfer codes mean in this market.

Holder accounts are credit-normal: what a holder has is credits − debits. The other side of every entry from outside
the market is a contra account without a limit, one a conserved asset.
"""

from __future__ import annotations

from enum import IntEnum

DEBITS_MUST_NOT_EXCEED_CREDITS = 1

CNY = "CNY"
HEADROOM = "headroom"


def water_asset(source: str, water_year: int) -> str:
    """The code of the asset that litres of one source and water year are."""
    return f"water:{source}:{water_year}"


class AccountCode(IntEnum):
    """What a ledger account is for."""

    HOLDER_WATER = 1  # a water account's litres
    WATER_ISSUE = 2  # contra: what announcements have credited
    WATER_USE = 3  # contra: what meters have read
    WATER_LOSS = 4  # contra: what routes have lost
    WATER_EXPIRY = 5  # contra: what ended with the year
    WATER_CLEARING = 6  # what is between seller and buyer; nil after every settlement
    HOLDER_MONEY = 11  # a participant's money in the market
    BANK = 12  # contra: the market's account at the bank
    TRADING_FEES = 13  # the exchange's fees
    WATER_FEES = 14  # water fees charged
    MONEY_CLEARING = 15  # what is between buyer and payees; nil after every settlement
    FEE_DUE = 16  # what a water account owes for its use (debit-normal)
    PLEDGE_PROCEEDS = 40  # what pledged water has earned, until it is paid out by rank
    LIMIT = 21  # a cap, a route, an import, export or conversion limit, a use plan
    LIMIT_ISSUE = 22  # contra: limits set
    LIMIT_USE = 23  # contra: limits charged


class TransferCode(IntEnum):
    """Why litres, fen or headroom moved; `reference` is the id of the thing named here."""

    ALLOCATION = 1  # announcement -> water account (announcement id)
    USE = 2  # reading (reading id)
    ORDER_HOLD = 10  # pending for the resting rest of an order (order id)
    INSTRUCTION_HOLD = 11  # pending while an instruction awaits its review (instruction id)
    TRADE_WATER = 12  # seller -> clearing -> buyer (instruction id)
    TRADE_LOSS = 13  # clearing -> loss (instruction id)
    TRADE_MONEY = 14  # buyer -> clearing -> payee (instruction id)
    TRADE_FEE = 15  # clearing -> trading fees (instruction id)
    LIMIT_CHARGE = 16  # what crosses a limit's border inwards (instruction id)
    LIMIT_FREE = 17  # what crosses it outwards (instruction id)
    DEPOSIT = 20  # bank -> participant (bank transfer id)
    PAYOUT = 21  # participant -> bank (bank transfer id)
    WATER_FEE = 22  # fee due for a reading (reading id)
    PLEDGE_HOLD = 70  # pending while litres are pledged (pledge id)
    TRUST_MOVE = 71  # member's account <-> pool (trust member id)
    PLEDGE_MOVE = 72  # pledged account -> account that sells it (pledge id)
    PLEDGE_PAYMENT = 73  # proceeds -> bank or holder (pledge id)
    RETURN_WATER = 74  # buyer -> clearing -> seller for a short delivery, with the loss (instruction id)
    RETURN_MONEY = 75  # payee -> clearing -> buyer for a short delivery (instruction id)
    RETURN_LIMIT = 76  # limits freed and charged again for a short delivery (instruction id)
    LIMIT_SET = 30  # a limit set, raised or cut (limit change id)
    PLAN_SET = 32  # a use plan recorded, raised or cut (water account id)
    ALLOCATION_CHARGE = 31  # an announcement charges every cap above the account (announcement id)
