"""A participant's statement of a period: every figure is the ledger's, as JSON, CSV and on paper."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from ledger import balances
from market.core import clock, db, ids
from market.core.chart import TransferCode
from market.trading import movement_words, period_statement
from tests.api.contracting import funded
from tests.api.county import YEAR, County, open_county, product
from tests.api.saving import admitted
from tests.api.test_firms import refused

QUARTER = f"{clock.today().year}-Q{(clock.today().month + 2) // 3}"


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county after some trades, with a holder whose money came and went at random."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        for name, side, price in (("farmer", "sell", "0.7"), ("centre", "buy", "0.7")):
            of = next(
                each["id"]
                for each in found.get(name, "/water-accounts")["data"]
                if each["source"] == "surface" and (side == "buy" or Decimal(each["available"]) > 12)
            )
            body = {
                "product_id": product(found), "water_account_id": of, "side": side, "volume": "12", "price": price
            }  # fmt: skip
            found.post(name, "/orders", body)
        found.mine["moved"] = admitted(found, "moved", kind="household", role="holder")
        funded(found, found.mine["moved"], "100.00")
        chance = random.Random(7)
        own = found.get("moved", "/money-accounts")["data"][0]["id"]
        for each in range(60):
            path = "/payouts" if chance.random() < 0.4 else "/deposits"
            body = {
                "money_account_id": own, "amount": f"{chance.randint(1, 300) / 100:.2f}",
                "bank_reference": f"S-{each}", "value_date": clock.today().isoformat(), "note": "=1+1",
            }  # fmt: skip
            found.post("treasurer", path, body)
        yield found


def _of(county: County, name: str) -> str:
    found: str = county.get(name, "/me")["participant_id"]
    return found


def _get(county: County, name: str, what: str, query: str = "") -> dict[str, Any]:
    return county.get(name, f"/participants/{_of(county, name)}/period-{what}?period={QUARTER}{query}")


def test_every_account_of_everybody_is_what_the_ledger_says_then(county: County) -> None:
    with db.connect(county.settings.url()) as connection:
        everybody = [
            row[0] for row in connection.execute("SELECT id FROM participants ORDER BY id").fetchall()
        ]
        seen = 0
        for text in (QUARTER, f"{clock.today():%Y-%m}", str(YEAR)):
            period = period_statement.period_of(connection, text)
            ends = (
                period.since - dt.timedelta(microseconds=1), period.until - dt.timedelta(microseconds=1)
            )  # fmt: skip
            for participant in everybody:
                found = period_statement.accounts(connection, participant_id=participant, period=period)
                of = [each.ledger_id for each in found]
                before, after = (balances.as_of(connection, of, moment=moment) for moment in ends)
                for each in found:
                    assert each.opening == before[each.ledger_id].posted
                    assert each.closing == after[each.ledger_id].posted
                    moved = period_statement.movements(
                        connection, participant_id=participant, account=each, period=period, limit=10_000
                    )
                    assert each.opening + sum(move.change for move in moved) == each.closing
                    assert (moved[-1].balance if moved else each.opening) == each.closing
                    assert sum(move.change for move in moved if move.change > 0) == each.came_in
                    seen += len(moved)
        assert seen > 150


def test_a_statement_is_paged_and_a_page_goes_on_where_the_last_one_ended(county: County) -> None:
    [money] = [each for each in _get(county, "moved", "statement")["data"] if each["kind"] == "money"]
    assert money["opening"] == "0.00"
    got: list[dict[str, Any]] = []
    query = "&limit=7"
    while True:
        answer = _get(county, "moved", "movements", query)
        got += answer["data"]
        if not answer["has_more"]:
            break
        query = f"&limit=7&starting_after={got[-1]['id']}"
    assert len(got) == 61
    at = Decimal(0)
    for each in got:
        at += Decimal(each["change"])
        assert Decimal(each["balance"]) == at
    assert f"{at:.2f}" == money["closing"] == county.get("moved", "/money-accounts")["data"][0]["balance"]
    assert {each["zh"] for each in got} == {"入金", "出金"}
    assert {each["subject_id"][:3] for each in got} == {"dep", "pay"}


def test_the_csv_says_the_same_and_no_cell_is_reckoned(county: County) -> None:
    path = f"/v1/participants/{_of(county, 'moved')}/period-movements?period={QUARTER}&limit=200&format=csv"
    answer = county.client.get(path, headers=county.headers("moved"))
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [each["change"] for each in rows] == [
        each["change"] for each in _get(county, "moved", "movements", "&limit=200")["data"]
    ]
    noted = county.client.get("/v1/deposits?limit=200&format=csv", headers=county.headers("moved"))
    assert noted.status_code == 200
    assert not any(cell.startswith(("=", "+", "@")) for each in rows for cell in each.values())


def test_a_page_and_a_pdf_say_it_in_both_languages(county: County) -> None:
    at = f"/account-statements/{_of(county, 'centre')}"
    for language, word in (("zh", "账户对账单"), ("en", "Statement of accounts")):
        answer = county.client.get(f"{at}?period={QUARTER}&lang={language}", headers=county.headers("centre"))
        assert answer.status_code == 200 and word in answer.text
        closing = _get(county, "centre", "statement")["data"][0]["closing"]
        assert f"{Decimal(closing):,}" in answer.text
    pdf = county.client.get(f"{at}/pdf?period={QUARTER}", headers=county.headers("centre"))
    assert pdf.data.startswith(b"%PDF") if pdf.status_code == 200 else pdf.status_code == 501
    assert county.client.get(f"{at}?period=x", headers=county.headers("centre")).status_code == 422


def test_another_s_statement_and_days_that_have_not_begun_are_refused(county: County) -> None:
    theirs = f"/participants/{_of(county, 'factory')}/period-statement"
    headers = county.headers("moved")
    assert county.client.get(f"/v1{theirs}?period={QUARTER}", headers=headers).status_code == 404
    for text, code in (("2999-01", "period_not_begun"), ("2999", "not_found"), ("2026-13", "invalid_input")):
        answer = county.client.get(f"/v1{theirs}?period={text}", headers=county.headers("factory"))
        assert answer.json["code"] == code
    assert refused(county, "moved", "/deposits", {})["status"] == 403
    assert ids.parse("par", _of(county, "moved")) > 0


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-02", "2026-02-01", "2026-02-28"), ("2028-02", "2028-02-01", "2028-02-29"),
        ("2026-12", "2026-12-01", "2026-12-31"), ("2026-Q1", "2026-01-01", "2026-03-31"),
        ("2026-Q4", "2026-10-01", "2026-12-31"),
    ],
)  # fmt: skip
def test_a_period_is_whole_legal_days(text: str, first: str, last: str) -> None:
    found = period_statement.months(text)
    assert found is not None
    assert (found.first_day.isoformat(), found.last_day.isoformat()) == (first, last)
    assert period_statement.months(text[:4]) is None


def test_every_code_of_the_chart_has_its_words() -> None:
    assert set(TransferCode) == set(movement_words.WORDS)
