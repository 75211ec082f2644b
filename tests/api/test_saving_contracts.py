"""Saving contracts over HTTP: what is signed, by whom, what follows from it, and what never changes."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from market import prove
from market.core import clock, db, ids
from market.participants.models import Participant
from tests.api.contracting import balance, drafted, funded, main_point, month, seats, signed, terms
from tests.api.county import County, open_county
from tests.api.saving import admitted, listed_firm, project_body, proposal_body
from tests.api.test_firms import refused

ALL = ("school", "valves", "lender")


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county with those who take a seat in contracts."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        found.mine.update(seats(found))
        funded(found, found.mine["valves"], "500000.00")
        yield found


@pytest.fixture
def point(county: County) -> str:
    """A point of the school's."""
    return main_point(county, county.mine["school"])


def test_a_contract_is_agreed_when_all_have_signed_one_text_and_the_deposit_is_held(
    county: County, point: str
) -> None:
    free = balance(county, county.mine["valves"])
    contract = drafted(county, terms(county.mine, point))
    text = county.get("judge", f"/saving-contracts/{contract}/text")
    assert hashlib.sha256(text["text"].encode()).hexdigest() == text["sha256"]
    assert json.loads(text["text"])["deposit_fen"] == 2_000_000
    half = signed(county, contract, "school", "valves")
    assert (half["status"], half["deposit_held"]) == ("drafted", "0.00")
    again = {"sha256": text["sha256"]}
    assert refused(county, "school", f"/saving-contracts/{contract}/sign", again)["code"] == "signed_before"
    other = refused(county, "lender", f"/saving-contracts/{contract}/sign", {"sha256": "0" * 64})
    assert other["code"] == "other_text"
    whole = signed(county, contract, "lender")
    assert (whole["status"], whole["deposit_held"], whole["versions"][0]["status"]) == (
        "signed", "20000.00", "signed",
    )  # fmt: skip
    assert len(whole["versions"][0]["signatures"]) == 3
    assert float(free) - float(balance(county, county.mine["valves"])) == 20_000
    assert prove.run(county.settings.url())["violations"] == 0


def test_the_wire_gives_back_what_was_signed(county: County, point: str) -> None:
    sent = terms(
        county.mine, point, price={"basis": "floor", "price": "2.5"},
        tariff={
            "blocks": [{"from_volume": "0", "price": "2.1"}, {"from_volume": "30000", "price": "3.15"}],
            "quota": "40000", "over_quota": [{"above": "0.1", "multiple": "2"}], "tax": "0.2", "sewage": "0.95",
            "sewage_share": "0.8",
        },
    )  # fmt: skip
    sent["schedule"]["recovery"] = {"recoverable": "330000.00", "shares": ["0.1", "0.9", "0"]}
    sent["schedule"]["fees"] = [{"payee_id": county.mine["lender"], "amount": "100.00"}]
    found = county.get("school", f"/saving-contracts/{drafted(county, sent)}")["terms"]
    assert found["tariff"]["blocks"][1] == {"from_volume": "30000.000", "price": "3.1500"}
    assert found["tariff"]["over_quota"] == [{"above": "0.100000", "multiple": "2.000000"}]
    assert found["schedule"]["recovery"] == {
        "recoverable": "330000.00",
        "shares": ["0.1000", "0.9000", "0.0000"],
    }
    assert found["schedule"]["fees"][0]["payee_id"] == county.mine["lender"]
    assert county.get("school", f"/saving-contracts/{drafted(county, found)}")["terms"] == found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schedule": None}, "a schedule is signed"),
        ({"mode": "guaranteed"}, "a schedule is signed"),
        ({"mode": "trusteeship", "schedule": None}, "names the supplier"),
        ({"water_shares": ["0.6", "0.3"]}, "a share of sold water"),
        ({"starts_on": "2026-01-02", "ends_on": "2034-01-01"}, "first of a month"),
        ({"price": {"basis": "tariff"}}, "needs a tariff"),
        (
            {"early_end": [{"from_year": 3, "amount": "1.00"}, {"from_year": 2, "amount": "1.00"}]},
            "rise by year",
        ),
    ],
)
def test_terms_that_do_not_hold_together_are_refused_in_words(
    county: County, point: str, change: dict[str, Any], words: str
) -> None:
    answer = refused(county, "valves", "/saving-contracts", {"terms": terms(county.mine, point, **change)})
    assert words in answer["detail"]


def test_those_whom_a_contract_names_are_who_they_should_be(county: County, point: str) -> None:
    path, mine = "/saving-contracts", county.mine
    stranger = admitted(county, "stranger", kind="enterprise", role="holder")
    assert refused(county, "stranger", path, {"terms": terms(mine, point)})["code"] == "not_a_contract_party"
    body = terms(mine, point, verifier_id=stranger)
    assert refused(county, "valves", path, {"terms": body})["code"] == "contract_terms"
    admitted(county, "new-firm", kind="service_firm", role="firm")
    unlisted = county.get("new-firm", "/me")["participant_id"]
    body = terms(mine | {"valves": unlisted}, point)
    assert refused(county, "new-firm", path, {"terms": body})["code"] == "firm_not_listed"
    theirs = main_point(county, stranger, "stranger")
    body = terms(mine, point, boundary=[{"point_id": theirs}])
    assert refused(county, "valves", path, {"terms": body})["errors"][0]["pointer"] == "/terms/boundary"


def test_a_point_below_a_counted_one_is_not_counted_twice_but_may_be_taken_off(
    county: County, point: str
) -> None:
    from tests.api.saving import point_body

    below = county.post("school", "/measuring-points", point_body(county.mine["school"], parent_id=point))[
        "id"
    ]
    both = terms(county.mine, point, boundary=[{"point_id": point}, {"point_id": below}])
    assert refused(county, "valves", "/saving-contracts", {"terms": both})["code"] == "contract_terms"
    both["boundary"][1]["counts"] = "taken_off"
    drafted(county, both)


def test_a_verifier_of_one_owner_with_a_party_is_refused_also_on_the_day_of_signing(
    county: County, point: str
) -> None:
    contract = drafted(county, terms(county.mine, point))
    signed(county, contract, "school", "valves")
    with db.transaction(county.settings.url()) as session:
        judge = session.get_one(Participant, ids.parse("par", county.mine["judge"]))
        judge.owner_group_id = ids.parse("par", county.mine["valves"])
    digest = county.get("lender", f"/saving-contracts/{contract}/text")
    body = {"sha256": digest["sha256"]}
    assert refused(county, "lender", f"/saving-contracts/{contract}/sign", body)["code"] == "related_verifier"
    assert (
        refused(county, "valves", "/saving-contracts", {"terms": terms(county.mine, point)})["code"]
        == "related_verifier"
    )
    with db.transaction(county.settings.url()) as session:
        session.get_one(Participant, ids.parse("par", county.mine["judge"])).owner_group_id = None


def test_a_draft_may_change_until_it_is_signed_and_signatures_are_for_one_text(
    county: County, point: str
) -> None:
    contract = drafted(county, terms(county.mine, point))
    first = signed(county, contract, "school")
    changed = county.post(
        "valves",
        f"/saving-contracts/{contract}/amend",
        {"terms": terms(county.mine, point, fee="0", title="B")},
    )
    assert [(each["number"], each["status"], len(each["signatures"])) for each in changed["versions"]] == [
        (1, "withdrawn", 1), (2, "drafted", 0),
    ]  # fmt: skip
    old = {"sha256": first["versions"][0]["sha256"]}
    assert refused(county, "valves", f"/saving-contracts/{contract}/sign", old)["code"] == "other_text"
    assert signed(county, contract, *ALL)["title"] == "B"


def test_what_is_signed_changes_only_by_another_version_that_all_sign(county: County, point: str) -> None:
    contract = drafted(county, terms(county.mine, point))
    signed(county, contract, *ALL)
    path = f"/saving-contracts/{contract}/amend"
    later = (clock.today() + dt.timedelta(days=40)).isoformat()
    other = terms(county.mine, point, mode="guaranteed", schedule=None, guarantee=_guarantee())
    answer = refused(county, "valves", path, {"terms": other, "effective_on": later})
    assert (answer["code"], "mode" in answer["detail"]) == ("signed_version", True)
    body = {"terms": terms(county.mine, point, deposit="30000.00"), "effective_on": clock.today().isoformat()}
    assert refused(county, "valves", path, body)["code"] == "signed_version"
    county.post("valves", path, body | {"effective_on": later})
    assert county.get("school", f"/saving-contracts/{contract}")["deposit_held"] == "20000.00"
    whole = signed(county, contract, *ALL)
    assert [(each["number"], each["status"]) for each in whole["versions"]] == [(1, "signed"), (2, "signed")]
    assert whole["deposit_held"] == "30000.00"
    again = {"sha256": whole["versions"][1]["sha256"]}
    assert refused(county, "school", f"/saving-contracts/{contract}/sign", again)["code"] == "signed_version"
    taken = refused(county, "school", f"/saving-contracts/{contract}/withdraw", {"reason": "regret"})
    assert taken["code"] == "signed_version"
    assert prove.run(county.settings.url())["violations"] == 0


def _guarantee() -> dict[str, Any]:
    return {
        "volume": "40000", "price": "3.2", "cap": "100000.00", "surplus_shares": ["0.5", "0.5", "0"],
    }  # fmt: skip


def test_a_deposit_that_the_firm_does_not_have_is_refused_with_the_last_signature(
    county: County, point: str
) -> None:
    contract = drafted(county, terms(county.mine, point, deposit="9000000.00"))
    signed(county, contract, "school", "valves")
    digest = county.get("lender", f"/saving-contracts/{contract}/text")["sha256"]
    answer = refused(county, "lender", f"/saving-contracts/{contract}/sign", {"sha256": digest})
    assert (answer["code"], answer["limit"]) == ("deposit_not_covered", "9000000.00")
    assert county.get("school", f"/saving-contracts/{contract}")["status"] == "drafted"
    assert (
        signed(county, drafted(county, terms(county.mine, point, deposit="0")), *ALL)["deposit_held"]
        == "0.00"
    )


def test_phases_follow_each_other_and_none_is_to_come(county: County, point: str) -> None:
    contract = drafted(county, terms(county.mine, point))
    body = {"phase": "works", "starts_on": str(month(-1)), "document": "protocol 1"}
    path = f"/saving-contracts/{contract}/phases"
    assert refused(county, "valves", path, body)["code"] == "contract_state"
    signed(county, contract, *ALL)
    county.post("valves", path, body)
    for phase, day in (("base", month(-2)), ("works", month(-1)), ("trial", month(-2)), ("trial", month(40))):
        answer = refused(county, "school", path, body | {"phase": phase, "starts_on": str(day)})
        assert answer["code"] == "phase_order", (phase, day)
    found = county.post("school", path, body | {"phase": "operation", "starts_on": str(month())})
    assert [each["phase"] for each in found["phases"]] == ["works", "operation"]


def test_who_ends_a_contract_early_pays_what_was_signed_and_the_deposit_is_free(
    county: County, point: str
) -> None:
    contract = drafted(county, terms(county.mine, point))
    signed(county, contract, *ALL)
    ended = county.post("school", f"/saving-contracts/{contract}/end", {"reason": "the school moves"})
    assert (ended["status"], ended["deposit_held"]) == ("ended", "0.00")
    [due] = county.get("school", f"/contract-dues?contract_id={contract}")["data"]
    assert (due["kind"], due["amount"], due["payer_id"]) == ("early_end", "50000.00", county.mine["school"])
    path = f"/contract-dues/{due['id']}/pay"
    assert refused(county, "valves", path, {})["code"] == "not_a_contract_party"
    answer = refused(county, "school", path, {})
    assert (answer["code"], answer["limit"]) == ("due_not_covered", "50000.00")
    funded(county, county.mine["school"], "50000.00")
    before = float(balance(county, county.mine["valves"]))
    paid = county.post("school", path)
    assert (paid["status"], paid["interest"]) == ("paid", "0.00")
    assert float(balance(county, county.mine["valves"])) - before == 50_000
    assert refused(county, "school", path, {})["code"] == "due_state"
    assert (
        refused(county, "school", f"/saving-contracts/{contract}/end", {"reason": "again"})["code"]
        == "contract_state"
    )
    assert prove.run(county.settings.url())["violations"] == 0


def test_interest_runs_from_the_day_after_the_due_day(county: County, point: str) -> None:
    """45 days late at 0.05 per cent a day, as in SAVINGS section 9 (3): 50 000.00 x 45 x 0.0005 = 1 125.00."""
    from market.contracts import running
    from market.contracts.contract_models import ContractDue

    contract = drafted(county, terms(county.mine, point))
    signed(county, contract, *ALL)
    county.post("school", f"/saving-contracts/{contract}/end", {"reason": "moves"})
    [shown] = county.get("school", f"/contract-dues?contract_id={contract}")["data"]
    with db.transaction(county.settings.url()) as session:
        due = session.get_one(ContractDue, ids.parse("due", shown["id"]))
        assert (due.due_on - due.arose_on).days == 30
        assert running.interest_of(session, due, due.due_on) == 0
        assert running.interest_of(session, due, due.due_on + dt.timedelta(days=45)) == 112_500


def test_a_contract_of_a_project_is_with_the_firm_that_was_chosen(county: County, point: str) -> None:
    body = project_body(county.mine["school"], kind="public_institution")
    project = county.post("school", "/projects", body)["id"]
    listed_firm(county, "rival")
    made = county.post("rival", f"/projects/{project}/proposals", proposal_body())
    county.post("school", f"/projects/{project}/choose", {"proposal_id": made["id"], "reason": "best"})
    answer = refused(
        county, "valves", "/saving-contracts", {"terms": terms(county.mine, point), "project_id": project}
    )
    assert answer["errors"][0]["pointer"] == "/project_id"
    rival = county.get("rival", "/me")["participant_id"]
    with_rival = terms(county.mine | {"valves": rival}, point)
    made = county.post("rival", "/saving-contracts", {"terms": with_rival, "project_id": project})
    assert made["project_id"] == project
