"""What bank accounts, payout files and statements refuse: one class a rule."""

from __future__ import annotations

from market.core.errors import Conflict, InvalidInput, NotAllowed, Refusal

FOUR_EYES = "会计法 (2024) art. 25, to confirm: who decides on money and who carries it out are kept apart"
GUARD = "service rule of the exchange against fraud: money goes to accounts that were checked (demonstration)"
KEPT = "会计法 (2024) art. 15, to confirm: what was booked is not changed"


class WrongBankNumber(InvalidInput):
    """A number that no bank gives out: its length, its digits or its check digit."""

    code = "wrong_bank_number"
    title_en = "Not the number of a bank account"
    title_zh = "银行账号有误"


class WrongBankText(InvalidInput):
    """A name that a table would take for a formula, or an enterprise's account without the line number of its bank."""

    code = "wrong_bank_text"
    title_en = "The bank's or holder's particulars cannot be so"
    title_zh = "户名或开户行信息有误"


class BankAccountInPerson(NotAllowed):
    """Where somebody's money goes is said by itself: a power to trade is not one to send its money elsewhere."""

    code = "bank_account_in_person"
    title_en = "Only the holder itself says where its money goes"
    title_zh = "收款账户仅限本人设定，不得由受托人变更"
    legal = GUARD


class BankAccountState(Conflict):
    """The bank account is not in a state in which this can be done."""

    code = "bank_account_state"
    title_en = "The bank account's state does not allow this"
    title_zh = "银行账户状态不允许此操作"


class BankAccountWaits(Conflict):
    """An account that replaces another receives nothing until the time in which its owner may object is over."""

    code = "bank_account_waits"
    title_en = "Payouts to a changed account wait"
    title_zh = "变更后的收款账户尚在等待期"
    legal = GUARD


class NoBankAccount(Conflict):
    """A participant without a confirmed bank account is not paid by bank file."""

    code = "no_bank_account"
    title_en = "There is no confirmed bank account to pay to"
    title_zh = "尚无已核实的收款账户"
    legal = GUARD


class OwnMatter(Conflict):
    """What one person has written down is confirmed or released by another."""

    code = "by_another_person"
    title_en = "Another person does this"
    title_zh = "须由另一人办理"
    legal = FOUR_EYES


class BankPayoutState(Conflict):
    """The payout is not in a state in which this can be done."""

    code = "bank_payout_state"
    title_en = "The payout's state does not allow this"
    title_zh = "付款状态不允许此操作"


class PayoutFileState(Conflict):
    """The payout file is not in a state in which this can be done."""

    code = "payout_file_state"
    title_en = "The payout file's state does not allow this"
    title_zh = "批量付款文件状态不允许此操作"


class NothingToPay(Conflict):
    """No payout waits for a file."""

    code = "nothing_to_pay"
    title_en = "No payout waits for a file"
    title_zh = "没有待付款项"


class AccountChanged(Conflict):
    """A payout of the file goes to an account that is no longer its participant's: gather anew."""

    code = "account_changed"
    title_en = "A payout's account is no longer its participant's"
    title_zh = "收款账户已变更"
    legal = GUARD


class StatementDoesNotFollow(Conflict):
    """The statement does not begin with the balance at which the one before it ended: days are missing, or doubled."""

    code = "statement_does_not_follow"
    title_en = "The statement does not follow the one before it"
    title_zh = "对账单与上一期不衔接"
    legal = KEPT


class EmptyStatement(InvalidInput):
    """A statement without a line says no balance."""

    code = "empty_statement"
    title_en = "The statement has no lines"
    title_zh = "对账单没有明细"


class LineState(Conflict):
    """The line of the statement is not one of which this can be decided."""

    code = "bank_line_state"
    title_en = "This cannot be decided of the line"
    title_zh = "该明细不能作此处理"


class InSuspense(Conflict):
    """The bank's statement has brought this money already: it waits to be assigned, and is not recorded beside that."""

    code = "in_suspense"
    title_en = "The money is in suspense: assign it"
    title_zh = "该笔款项已在待查账户，请认领"
    legal = KEPT


class NotOnlyOne(Refusal):
    """A bank account of this number is another's."""

    code = "bank_account_of_another"
    title_en = "Another participant has this bank account"
    title_zh = "该账号已登记在其他主体名下"
    legal = GUARD
