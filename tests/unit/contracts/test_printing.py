"""The printed text of a contract has a value for everything that a template may name, in both languages."""

from __future__ import annotations

import dataclasses
import datetime as dt

from market.contracts.printing import Names, printed
from market.contracts.sharing import PriceBasis, Row, Schedule, Step
from market.contracts.terms import BoundaryPoint, Party, Terms
from market.county.contract_template import PLACEHOLDERS, SECTIONS, ContractTemplate, printed_sha256
from market.county.parts import DEMONSTRATION

NAMES = Names({1: "school", 2: "firm", 3: "judge"}, {7: "main"}, ("县", "county"))
TERMS = Terms(
    kind="services", mode="sharing", title="T", parties=(Party(1, "user"), Party(2, "firm")), verifier=3,
    boundary=(BoundaryPoint(7, 1),), starts_on=dt.date(2026, 1, 1), ends_on=dt.date(2030, 12, 31), period_months=3,
    price=PriceBasis("fixed", 32_000), investment_fen=100, duties="d", equipment="e",
    schedule=Schedule(("1", "2"), "2", "1", (Row(1, (Step(0, (4_000, 6_000)),)),)),
)  # fmt: skip


def test_everything_that_a_template_may_name_has_its_value() -> None:
    every = "".join(f"{name}={{{{{name}}}}};" for name in sorted(PLACEHOLDERS))
    every += "".join(f"{{{{#{name}}}}}<{name}>{{{{/{name}}}}}" for name in sorted(SECTIONS))
    made = printed(ContractTemplate(every, every, DEMONSTRATION), TERMS, NAMES)
    for text, price in (
        (made.zh, "按约定价格: 3.2000 元/立方米"),
        (made.en, "at the signed price: 3.2000 yuan/m³"),
    ):
        assert "user=school;" in text and "verifier=judge;" in text and f"price={price};" in text
        assert "{{" not in text and text.endswith("<sharing>")
    assert "school 40.00%, firm 60.00%" in made.en
    assert made.sha256 == printed_sha256(made.zh, made.en)


def test_the_same_terms_print_the_same_paper_and_others_another() -> None:
    template = ContractTemplate("{{title}}", "{{title}} {{investment}}", DEMONSTRATION)
    first, again = (printed(template, TERMS, NAMES) for _ in range(2))
    other = printed(template, dataclasses.replace(TERMS, investment_fen=101), NAMES)
    assert first == again and first.sha256 != other.sha256 and first.template_sha256 == other.template_sha256
