"""Numbers of the bank, codes of deposits, whose a line is, and cells that no table reckons: pure."""

from __future__ import annotations

import csv
import io

import pytest

from market.core.sheets import texts
from market.payments import bank_numbers
from market.payments.bank_evidence import Whose, whose


@pytest.mark.parametrize(
    ("kind", "number", "good"),
    [
        ("card", "6222020000000000000", True), ("card", "6222020000000000001", False), ("card", "622202", False),
        ("card", "622202000000000", False), ("account", "65000123", True), ("account", "6500012", False),
        ("account", "6500 0123", False), ("account", "６５０００１２３", False), ("account", "1" * 33, False),
    ],
)  # fmt: skip
def test_a_number_is_one_that_a_bank_gives_out(kind: str, number: str, good: bool) -> None:
    assert (bank_numbers.number_wrong(kind, number) is None) is good


def test_a_code_names_its_account_and_one_wrong_digit_names_none() -> None:
    for account in (1, 42, 9_999_999, 123_456_789):
        code = bank_numbers.deposit_code(account)
        assert bank_numbers.code_in(f"水费 {code.lower()}，谢谢") == account
        for place in range(2, len(code)):
            other = str((int(code[place]) + 1) % 10)
            assert bank_numbers.code_in(code[:place] + other + code[place + 1 :]) is None
        for place in range(2, len(code) - 1):
            turned = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
            assert turned == code or bank_numbers.code_in(turned) is None


def test_two_codes_or_a_part_of_a_number_name_none() -> None:
    one, two = bank_numbers.deposit_code(1), bank_numbers.deposit_code(2)
    assert bank_numbers.code_in(f"{one} {one}") == 1
    assert bank_numbers.code_in(f"{one} {two}") is None
    assert bank_numbers.code_in(f"{one}000000000") is None
    assert bank_numbers.code_in(f"X{one}") is None
    assert bank_numbers.code_in("") is None


@pytest.mark.parametrize(
    ("code", "payers", "found"),
    [
        (7, (), Whose(7, "deposit_code")), (7, (7,), Whose(7, "deposit_code")), (7, (8,), None), (7, (7, 8), None),
        (None, (8,), Whose(8, "payer_account")), (None, (7, 8), None), (None, (), None),
    ],
)  # fmt: skip
def test_a_credit_is_somebody_s_on_exact_evidence_alone(
    code: int | None, payers: tuple[int, ...], found: Whose | None
) -> None:
    assert whose(code, payers) == found


def test_names_are_compared_without_spaces_and_widths() -> None:
    assert bank_numbers.plain("Ａylin  Demo") == bank_numbers.plain("aylin demo")
    assert bank_numbers.plain("张三") != bank_numbers.plain("张山")


def test_no_cell_is_reckoned_by_a_table_and_amounts_keep_their_sign() -> None:
    row = ["=1+1", "+1", "@x", "\tx", "-x", "-1.50", "1.50", 'a "b", c']
    text = texts.written(["=h"], [row])
    [head, found] = list(csv.reader(io.StringIO(text)))
    assert head == ["'=h"] and found == ["'=1+1", "'+1", "'@x", "'\tx", "'-x", "-1.50", "1.50", 'a "b", c']
    for encoding in texts.ENCODINGS:
        data = texts.encoded("户名", encoding)
        assert data.decode("utf-8-sig" if encoding == texts.UTF8 else encoding) == "户名"
