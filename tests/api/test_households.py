"""Households of an irrigation district over HTTP: their shares of what the district receives, to the fen, once."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from ledger.units import split_exact
from market import prove
from market.core import audit, db, ids
from market.participants import entering
from tests.api.contracting import balance, drafted, funded, seats, terms
from tests.api.county import County, open_county
from tests.api.reporting import agreed_contract, billed_point, quarter, read, verified
from tests.api.saving import admitted
from tests.api.test_firms import refused
from tests.api.test_reports import _distributed

_seeds = itertools.count(70)
MANY = 2_000


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county in which the user of the contracts, `school`, is an irrigation district."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        found.mine.update(seats(found))
        found.mine["school"] = admitted(found, "school", kind="association", role="association")
        for name in ("ali", "gul"):
            found.mine[name] = admitted(found, name, kind="household", role="holder")
        for name in ("valves", "school"):
            funded(found, found.mine[name], "900000.00")
        yield found


def _households(county: County, count: int) -> list[str]:
    """So many new households, with money accounts."""
    with db.transaction(county.settings.url()) as session:
        wanted = [
            entering.NewParticipant(
                kind="household", name=f"household {number}", identifier_kind="identity_number",
                identifier=f"{number:018d}", digest=hashlib.sha256(f"h{number}".encode()).digest(), contact="",
                status="admitted",
            )
            for number in range(count)
        ]  # fmt: skip
        made = entering.enter(db.raw(session), actor=audit.Actor(), wanted=wanted, reason="tests")
        for each in made:
            audit.record(
                db.raw(session),
                actor=audit.Actor(),
                action="participant.admitted",
                subject=("participant", each.id),
            )
        return [ids.public("par", each.id) for each in made]


def _terms(shares: dict[str, str], **other: Any) -> dict[str, Any]:
    households = [
        {"participant_id": who, "share": share, "clawback_cap": "100.00"} for who, share in shares.items()
    ]
    return {"kind": "irrigation", "households": households, "resolution_sha256": "ef" * 32} | other


def _reported(county: County, **other: Any) -> dict[str, Any]:
    point = billed_point(county, county.mine, next(_seeds))
    for months in range(1, 4):
        read(county, point, months, str(700 * months))
    contract = agreed_contract(county, county.mine, point, **other)
    draft = county.post("valves", f"/saving-contracts/{contract}/reports", quarter())
    return verified(county, draft)


def test_an_irrigation_district_signs_with_its_members_resolution(county: County) -> None:
    point = billed_point(county, county.mine, next(_seeds))
    body = {"terms": terms(county.mine, point, kind="irrigation")}
    answer = refused(county, "valves", "/saving-contracts", body)
    assert (answer["code"], answer["errors"][0]["pointer"]) == ("contract_terms", "/terms/households")
    body = {"terms": terms(county.mine, point, **_terms({county.mine["school"]: "1"}))}
    assert refused(county, "valves", "/saving-contracts", body)["code"] == "contract_terms"
    body = {"terms": terms(county.mine, point, **_terms({county.mine["ali"]: "0.5"}))}
    assert "make the whole" in refused(county, "valves", "/saving-contracts", body)["detail"]
    drafted(county, terms(county.mine, point, **_terms({county.mine["ali"]: "1"})))


def test_the_district_s_share_of_a_period_goes_to_its_households_once(county: County) -> None:
    ali, gul = county.mine["ali"], county.mine["gul"]
    report = _reported(county, **_terms({ali: "0.6667", gul: "0.3333"}))
    path = f"/saving-reports/{report['id']}/household-payout"
    early = refused(county, "school", path, {})
    assert early["code"] == "not_shared_out"
    shared = _distributed(county, report["id"])
    [own] = [
        each["amount"]
        for each in shared["distribution"]["shares"]
        if each["participant_id"] == county.mine["school"]
    ]
    assert refused(county, "valves", path, {})["code"] == "not_a_contract_party"
    before = {name: Decimal(balance(county, county.mine[name])) for name in ("school", "ali", "gul")}
    made = county.post("school", path)
    assert (made["amount"], made["households"], made["source"]) == (own, 2, "distribution")
    after = {name: Decimal(balance(county, county.mine[name])) for name in before}
    fen = int(Decimal(own) * 100)
    first, second = split_exact(fen, (6667, 3333))
    assert {name: int((after[name] - before[name]) * 100) for name in before} == {
        "school": -fen, "ali": first, "gul": second,
    }  # fmt: skip
    assert refused(county, "school", path, {})["code"] == "paid_out_before"
    [seen] = county.get("ali", "/household-shares")["data"]
    assert (seen["share"], int(Decimal(seen["amount"]) * 100)) == ("0.6667", first)
    assert len(county.get("school", f"/household-payouts/{made['id']}/shares")["data"]) == 2
    for name in ("ali", "valves"):
        answer = county.client.get(f"/v1/household-payouts/{made['id']}/shares", headers=county.headers(name))
        assert answer.status_code == 404
    assert prove.run(county.settings.url())["violations"] == 0


def test_what_two_thousand_households_receive_is_exact_and_posted_with_the_payment(county: County) -> None:
    """The firm ends early and owes 50 000.00; the fen that do not divide go to the largest remainders."""
    who = _households(county, MANY)
    bp = split_exact(10_000, [number % 7 + 1 for number in range(MANY)])
    shares = {each: f"0.{share:04d}" for each, share in zip(who, bp, strict=True)}
    report = _reported(county, **_terms(shares))
    contract = report["contract_id"]
    county.post("valves", f"/saving-contracts/{contract}/end", {"reason": "the firm leaves"})
    dues = county.get("school", f"/contract-dues?contract_id={contract}")["data"]
    [due] = [each for each in dues if each["kind"] == "early_end"]
    before = balance(county, county.mine["school"])
    county.post("valves", f"/contract-dues/{due['id']}/pay")
    assert balance(county, county.mine["school"]) == before  # it came and went in one posting
    [payout] = county.get("school", f"/saving-contracts/{contract}/household-payouts")["data"]
    assert (payout["amount"], payout["households"], payout["due_id"]) == ("50000.00", MANY, due["id"])
    rows: list[dict[str, str]] = []
    after = ""
    while len(rows) < MANY:
        answer = county.client.get(
            f"/v1/household-payouts/{payout['id']}/shares?format=csv&limit=200{after}",
            headers=county.headers("school"),
        )
        rows += list(csv.DictReader(io.StringIO(answer.text)))
        after = f"&starting_after={rows[-1]['id']}"
    assert [int(Decimal(each["amount"]) * 100) for each in rows] == split_exact(5_000_000, bp)
    assert balance(county, who[0]) == rows[0]["amount"]
    assert prove.run(county.settings.url())["violations"] == 0


def test_a_district_without_the_money_pays_none_of_them(county: County) -> None:
    report = _reported(county, **_terms({county.mine["ali"]: "0.5", county.mine["gul"]: "0.5"}))
    _distributed(county, report["id"])
    [account] = county.get("treasurer", f"/money-accounts?participant_id={county.mine['school']}")["data"]
    county.post("treasurer", "/payouts", {
        "money_account_id": account["id"], "amount": account["available"], "bank_reference": "all",
        "value_date": report["verified_at"][:10],
    })  # fmt: skip
    answer = refused(county, "school", f"/saving-reports/{report['id']}/household-payout", {})
    assert (answer["code"], answer["available"]) == ("payout_not_covered", "0.00")
    contract = report["contract_id"]
    assert county.get("school", f"/saving-contracts/{contract}/household-payouts")["data"] == []
    funded(county, county.mine["school"], "800000.00")
    county.post("school", f"/saving-reports/{report['id']}/household-payout")


def test_a_contract_without_households_pays_none(county: County) -> None:
    report = _reported(county)
    _distributed(county, report["id"])
    answer = refused(county, "school", f"/saving-reports/{report['id']}/household-payout", {})
    assert answer["code"] == "no_households"
