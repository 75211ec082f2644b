"""Chart of accounts: what the ledger's account codes and transfer codes mean in this market.

Holder accounts are credit-normal: what a holder has is credits − debits. The other side of every entry from outside
the market is a contra account without a limit, one a conserved asset.
"""

from __future__ import annotations

from enum import IntEnum

DEBITS_MUST_NOT_EXCEED_CREDITS = 1
CREDITS_MUST_NOT_EXCEED_DEBITS = 2

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
    PUBLIC_FUND = 17  # what calls leave over: rents of binding limits, and roundings
    GATEWAY = 18  # contra: the market's account at the payment provider
    GATEWAY_FEES = 19  # what the provider has kept of it (debit-normal)
    WATER_COLLECTED = 20  # paid on water bills for the supplier, until it is remitted
    END_CANAL_COLLECTED = (
        28  # paid on water bills for associations that keep end canals, until it is remitted
    )
    CASH = 29  # contra: what was paid on water bills in cash, until it is handed on
    SUSPENSE = 46  # money that came in at the bank and of which it is not known whose it is
    BANK_CHARGES = 47  # what the bank has kept for itself (debit-normal)
    FEE_DUE = 16  # what a water account owes for its use (debit-normal)
    SAVING_TRUST = 41  # the trust account of a saving contract under trusteeship
    PLEDGE_PROCEEDS = 40  # what pledged water has earned, until it is paid out by rank
    LIMIT = 21  # a cap, a route, an import, export or conversion limit, a use plan
    LIMIT_ISSUE = 22  # contra: limits set
    LIMIT_USE = 23  # contra: limits charged
    WATER_RESERVE = 30  # what announcements held back for the village and the district, a place
    CAP_EXCESS = 31  # what a cut could not take back of the use under a cap (debit-normal)
    WATER_DEBT = 32  # water that a holder owes after a reversal (debit-normal)
    WATER_CURTAILED = 33  # contra: what curtailments took back
    WATER_CARRIED = 34  # contra: what was carried into the next water year
    OVER_USE_DEBT = 35  # litres that a water account used beyond its balance (debit-normal)


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
    CALL_HOLD = 100  # pending while a cleared call is held: water, money, headroom (call id)
    CALL_WATER = 101  # seller -> clearing -> buyer (call id)
    CALL_LOSS = 102  # clearing -> loss (call id)
    CALL_MONEY = 103  # buyer -> clearing -> payee (call id)
    CALL_FEE = 104  # clearing -> trading fees (call id)
    CALL_FUND = 105  # clearing -> public fund (call id)
    CALL_LIMIT = 106  # limits charged and freed (call id)
    LISTING_HOLD = 80  # pending while a lot is listed for public bidding (listing id)
    BID_DEPOSIT = 81  # pending while a bidder's deposit is held (bidder id)
    BID_FORFEIT = 82  # deposit -> clearing -> those whose water it was (bidder id)
    DEAL_HOLD = 83  # pending for a deal that waits to be struck (row of deal_holds)
    BUY_BACK_BUDGET = 84  # pending for what is left of a budget; its parts are given to takes (buy-back id)
    RESALE_BID = 85  # pending for a sealed bid (resale bid id)
    RESALE_LOT = 87  # pending for the stored litres of an open round (resale round id)
    STORAGE_MOVE = 86  # storage -> clearing -> who needs it, loss, limits (storage assignment id)
    LEASE_HOLD = 88  # pending for a year's leased water until its turn (lease turn id)
    RIGHT_MONEY = 89  # buyer of a right -> clearing -> seller (negotiation id)
    RIGHT_FEE = 90  # clearing -> trading fees, of the sale of a right (negotiation id)
    CONTRACT_DEPOSIT = 110  # pending for the deposit of a saving contract (contract id)
    CONTRACT_DUE = 111  # payer -> clearing -> payee under a saving contract (due id)
    CONTRACT_INTEREST = 112  # the interest of the days that it was late (due id)
    LOT_MOVE = 113  # owner's account <-> account that sells its lot (saving lot id)
    LOT_OWED = 114  # account or water debt -> issue: sold water that was not saved (claw-back id)
    LOT_OWED_FREE = 115  # the caps that this frees (claw-back id)
    CLAW_BACK_DEPOSIT = 116  # firm's deposit -> clearing -> who is owed after a claw-back (claw-back id)
    TRUST_FEE = 120  # user -> trust account: a fee, also in advance (trust movement id)
    TRUST_TOP_UP = 121  # firm -> trust account (trust movement id)
    TRUST_SUPPLIER = 122  # trust account -> supplier of water (trust movement id)
    TRUST_UPKEEP = 123  # trust account -> firm, for operation and upkeep (trust movement id)
    TRUST_REST = 124  # trust account -> firm, what is left (trust movement id)
    TRUST_REFUND = 125  # trust account -> user, when it is closed (trust movement id)
    HOUSEHOLD_SHARE = 126  # district -> household, of what it received or saves (household payout id)
    REVERSED_WATER = 130  # buyer -> clearing -> seller by a reversal, with the loss (reversal id)
    REVERSED_MONEY = 131  # payee -> clearing -> buyer, or what the buyer pays on (reversal id)
    REVERSED_LIMIT = 132  # limits freed and charged again by a reversal (reversal id)
    CLAIM_PAID = 133  # debtor -> clearing -> creditor of what a reversal left owed (claim id)
    GATEWAY_DEPOSIT = 140  # provider -> participant, once captured (gateway payment id)
    GATEWAY_FEE = 141  # fees <- provider, of a captured payment (gateway payment id)
    GATEWAY_REFUND = 142  # participant -> provider, held first (gateway refund id)
    GATEWAY_REFUND_RETURNED = 143  # provider -> participant: a refund that failed later (gateway refund id)
    GATEWAY_PAYOUT = 144  # participant -> provider, held first (gateway payout id)
    GATEWAY_PAYOUT_FEE = 145  # fees <- provider, of a payout (gateway payout id)
    GATEWAY_PAYOUT_RETURNED = 146  # provider -> participant: a payout that failed later (gateway payout id)
    WATER_BILL = 150  # fee due for a bill beyond the fees of its readings, or below them (water bill id)
    WATER_BILL_PAID = 151  # participant or cash -> collected (payment of a bill id)
    WATER_BILL_OFFSET = (
        152  # participant -> collected, out of sale proceeds by its consent (payment of a bill id)
    )
    WATER_BILL_SETTLED = 153  # water fees -> fee due, of what was paid (payment of a bill id)
    WATER_BILL_CREDIT = (
        154  # fee due -> fee due of another account, of a credit used there (payment of a bill id)
    )
    WATER_REMITTED = 155  # collected -> bank, cash or association (remittance id)
    BANK_PAYOUT_HOLD = (
        160  # pending until the bank has paid or rejected it; posted as PAYOUT (bank payout id)
    )
    SUSPENSE_IN = 161  # bank -> suspense (line of the bank's statement)
    SUSPENSE_ASSIGNED = 162  # suspense -> bank, from where it is deposited (line of the bank's statement)
    SUSPENSE_SENT_BACK = 163  # suspense -> bank (line of the bank's statement)
    BANK_CHARGE = 164  # charges <- bank (line of the bank's statement)
    LIMIT_SET = 30  # a limit set, raised or cut (limit change id)
    PLAN_SET = 32  # a use plan recorded, raised or cut (water account id)
    RESERVED = 50  # announcement -> reserve of a place (announcement id)
    RESERVE_CHARGE = 51  # what is reserved charges the caps above, until it is released (announcement id)
    REVERSAL = 52  # a wrong announcement taken back: account, reserve or debt -> issue (reversal id)
    REVERSAL_FREE = 53  # the caps that a reversal frees (reversal id)
    DEBT_REPAID = 54  # account -> water debt (water account id)
    DEBT_FREE = 33  # the caps that repaid debts free (announcement id)
    CURTAILED = 55  # account -> curtailed, and the caps it frees (curtailment id)
    CAP_EXCESS = 56  # use that a cut leaves above its cap, and its absorption (limit id)
    CARRIED = 57  # account -> carried, and issue -> account of the next year (carry-over id)
    YEAR_END = 58  # what ends with the year, and what evaporates of what is carried (carry-over id)
    SPILL = 59  # hold on what may spill, until it is released or spills (carry-over id)
    ALLOCATION_CHARGE = 31  # an announcement charges every cap above the account (announcement id)
    OVER_USE = 60  # water debt -> use: use beyond the balance (reading id)
    USE_REVERSED = 61  # use -> water account: the reading was corrected (reading id)
    OVER_USE_REVERSED = 62  # use -> water debt: the reading was corrected (reading id)
    FEE_REVERSED = 63  # the fee of a reading that was corrected (reading id)
    DEBT_PAID = 64  # water account -> water debt (water account id)
    DEBT_RETURNED = 65  # water debt -> water account: paid for use that was reversed (water account id)
    TURN_USE = 66  # use by a line of a turn sheet, from the account or as a debt (turn sheet id)
    TURN_REVERSED = 67  # the same, taken back by the sheet that corrects it (turn sheet id)
    TURN_FEE = 68  # fee due for a line of a turn sheet (turn sheet id)
    TURN_FEE_REVERSED = 69  # the same, taken back (turn sheet id)
