"""What a project is worth before it is signed, and the portfolio, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.contracting import funded, seats
from tests.api.county import County, open_county
from tests.api.reporting import agreed_contract, billed_point, quarter, read, verified
from tests.api.test_firms import refused

PATH = "/saving-plans/appraise"


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        yield found


def hebei(**other: Any) -> dict[str, Any]:
    """Hebei Engineering (SAVINGS section 9, 3): 9.58 million yuan, 3.55 million a year, ten years, 8 per cent."""
    return {
        "parties": ["firm", "user"], "firm": "firm", "user": "user", "investment": "9580000.00",
        "rows": [{"from_year": 1, "steps": [{"from_share": "0", "shares": ["0.5", "0.5"]}]}],
        "recovery": {"recoverable": "9580000.00", "shares": ["0.9", "0.1"]}, "savings": ["1000000"] * 10,
        "base_use": "2000000", "price": "3.55", "rates": ["0.08", "0.08"],
    } | other  # fmt: skip


def shown(county: County, body: dict[str, Any], mode: str = "sharing") -> dict[str, dict[str, Any]]:
    """What a mode is worth, by party."""
    answer = county.post("farmer", PATH, body)
    [found] = [each for each in answer["modes"] if each["mode"] == mode]
    return {each["party"]: each for each in found["measures"]}


def test_hebei_is_worth_what_the_worked_example_says(county: County) -> None:
    found = shown(county, hebei())
    assert (found["firm"]["internal_rate"][:6], found["firm"]["net_present_value"]) == (
        "0.2307",
        "5988108.14",
    )
    assert found["user"]["net_present_value"] == "8252680.83"
    assert (found["user"]["internal_rate"], found["user"]["no_rate_en"] is not None) == (None, True)
    rows = [{"from_year": 1, "steps": [{"from_share": "0", "shares": ["0.9", "0.1"]}]}]
    flat = shown(county, hebei(rows=rows, recovery=None))
    assert (flat["firm"]["internal_rate"][:6], flat["firm"]["net_present_value"]) == ("0.3113", "11858710.07")
    assert flat["firm"]["payback_years"][:4] == "2.99"  # 9.58 / 3.195: the three years that were published
    assert flat["user"]["net_present_value"] == "2382078.90"


def test_modes_stand_side_by_side_and_the_sensitivity_has_five_by_five_cases(county: County) -> None:
    guarantee = {
        "volume": "900000", "price": "3.55", "cap": "1000000.00", "surplus_shares": ["0.5", "0.5"],
    }  # fmt: skip
    answer = county.post(
        "farmer",
        PATH,
        hebei(guarantee=guarantee, fee="9000000.00", trust_share="0.9", sensitivity_of="sharing"),
    )
    assert [each["mode"] for each in answer["modes"]] == [
        "sharing", "guaranteed", "trusteeship", "trusteeship_guaranteed",
    ]  # fmt: skip
    assert len(answer["sensitivity"]) == 25
    worth = {
        (each["saving"], each["price"]): float(each["measures"][0]["net_present_value"])
        for each in answer["sensitivity"]
    }
    assert worth["0.8000", "0.8000"] < worth["1.0000", "1.0000"] < worth["1.2000", "1.2000"]
    firsts = answer["modes"][0]["flows"][0]
    assert (firsts[0]["investment"], firsts[1]["receipts"]) == ("9580000.00", "3195000.00")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rates": ["0.08", "0.08", "0.08"]}, "a rate for each party"),
        ({"savings": ["2000001"]}, "no more is saved than used"),
        ({"loan_years": 11, "loan": "1.00"}, "a loan ends with the term"),
        ({"firm": "other"}, "two of the parties"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_in_words(
    county: County, change: dict[str, Any], words: str
) -> None:
    assert words in refused(county, "farmer", PATH, hebei(**change))["detail"]


def test_the_portfolio_counts_what_was_claimed_verified_and_disputed(county: County) -> None:
    who = seats(county)
    funded(county, who["valves"], "50000.00")
    point = billed_point(county, who)
    for months in range(1, 4):
        read(county, point, months, str(700 * months))
    contract = agreed_contract(county, who, point)
    draft = county.post("valves", f"/saving-contracts/{contract}/reports", quarter())

    def line() -> dict[str, Any]:
        data = county.client.get("/v1/saving-portfolio").json["data"]
        found: dict[str, Any] = next(each for each in data if each["kind"] == "public_institution")
        return found

    assert (line()["contracts"], line()["reports"], line()["verified"]) == (1, 1, "0.000")
    assert line()["claimed"] == draft["saving"]
    verified(county, draft)
    assert line()["verified"] == draft["saving"]
    county.post("lender", f"/saving-reports/{draft['id']}/object", {"reason": "doubt"})
    assert (line()["disputes"], line()["open_disputes"]) == (1, 1)
