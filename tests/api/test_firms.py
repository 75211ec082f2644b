"""The directory of service firms and the credit record, over HTTP."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from market.core import clock
from tests.api.county import County, open_county
from tests.api.saving import admitted, firm_body, listed_firm, paper

WHY = {"reason": "papers checked"}


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        yield found


def refused(county: County, name: str, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    """What the API says to a request that it does not grant."""
    answer = county.client.post(f"/v1{path}", json=body, headers=county.headers(name, **headers))
    assert answer.status_code in (403, 404, 409, 412, 422, 428), answer.text
    found: dict[str, Any] = answer.json
    return found


def found_in_directory(county: County, query: str = "") -> list[dict[str, Any]]:
    """What somebody without a sign-in finds."""
    answer = county.client.get(f"/v1/firms{query}")
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json["data"]
    return rows


def test_a_firm_is_shown_once_the_bureau_has_listed_it_and_only_then(county: County) -> None:
    admitted(county, "drip", kind="service_firm", role="firm")
    made = county.post("drip", "/firm-registrations", firm_body(about="滴灌 drip 100%_sure"))
    path = f"/firm-registrations/{made['id']}"
    assert made["status"] == "submitted"
    assert county.client.get(f"/v1/firms/{made['id']}").status_code == 404
    assert refused(county, "drip", f"{path}/list", WHY)["code"] == "not_allowed"
    county.post("registrar", f"{path}/list", WHY)
    assert [each["id"] for each in found_in_directory(county, "?q=滴灌")] == [made["id"]]
    assert [each["id"] for each in found_in_directory(county, "?q=0%25_S")] == [made["id"]]
    assert found_in_directory(county, "?q=%25%25") == []  # what is typed is text, not a pattern
    assert refused(county, "registrar", f"{path}/refuse", WHY)["code"] == "firm_state"
    county.post("supervisor", f"{path}/suspend", {"reason": "a breach"})
    assert county.client.get(f"/v1/firms/{made['id']}").status_code == 404
    again = county.post("registrar", f"{path}/list", {"reason": "put right"})
    assert (again["status"], again["decision_reason"]) == ("listed", "put right")
    county.post("drip", f"{path}/leave", {"reason": "closing down"})
    assert refused(county, "registrar", f"{path}/suspend", WHY)["available"] == "left"


def test_only_an_admitted_service_firm_registers_and_once(county: County) -> None:
    admitted(county, "twice", kind="service_firm", role="firm")
    county.post("twice", "/firm-registrations", firm_body())
    assert refused(county, "twice", "/firm-registrations", firm_body())["code"] == "firm_known"
    from market.core import ids

    county.user(
        "posing", "firm", ids.parse("par", admitted(county, "plant", kind="enterprise", role="holder"))
    )
    answer = refused(county, "posing", "/firm-registrations", firm_body())
    assert answer["code"] == "not_a_service_firm"
    assert "节约用水条例" in answer["legal_source"]


def test_a_confirmed_paper_is_searched_for_and_ends_with_its_dates(county: County) -> None:
    firm = listed_firm(county, "graded")
    path = f"/firm-registrations/{firm}/qualifications"
    shown = county.post("graded", path, paper(document_sha256="ab" * 32))
    assert (shown["status"], shown["valid"]) == ("submitted", False)
    assert refused(county, "graded", path, paper(number=shown["number"]))["code"] == "qualification_known"
    assert found_in_directory(county, "?qualified=grade") == []
    county.post("registrar", f"/firm-qualifications/{shown['id']}/confirm", WHY)
    again = refused(county, "registrar", f"/firm-qualifications/{shown['id']}/refuse", WHY)
    assert again["code"] == "qualification_state"
    [found] = found_in_directory(county, "?qualified=grade&works_in=leakage")
    assert [each["number"] for each in found["qualifications"]] == [shown["number"]]
    assert found_in_directory(county, "?qualified=grade&works_in=industry") == []
    with clock.moved_to(clock.now() + dt.timedelta(days=340)):
        assert found_in_directory(county, "?qualified=grade") == []
        assert county.client.get(f"/v1/firms/{firm}").json["qualifications"] == []


def test_a_paper_that_is_over_or_was_refused_is_not_shown(county: County) -> None:
    firm = listed_firm(county, "old")
    path = f"/firm-registrations/{firm}/qualifications"
    over = paper(valid_to=(clock.today() - dt.timedelta(days=1)).isoformat())
    assert refused(county, "old", path, over)["code"] == "qualification_dates"
    shown = county.post("old", path, paper(kind="licence", valid_to=None))
    county.post("registrar", f"/firm-qualifications/{shown['id']}/refuse", {"reason": "another firm's"})
    assert county.client.get(f"/v1/firms/{firm}").json["qualifications"] == []
    mine = county.get("old", f"/firm-registrations/{firm}")["qualifications"]
    assert [(each["status"], each["decision_reason"]) for each in mine] == [("refused", "another firm's")]
    county.post("old", path, paper(kind="licence", number=shown["number"]))  # a refused one may come again


def test_a_change_names_the_version_that_was_read(county: County) -> None:
    firm = listed_firm(county, "moving")
    path, body = f"/firm-registrations/{firm}/amend", firm_body()
    del body["founded_on"]
    assert refused(county, "moving", path, body)["code"] == "precondition_required"
    assert refused(county, "moving", path, body, If_Match='"7"')["code"] == "version_changed"
    changed = county.post("moving", path, body | {"staff": 41, "works_in": ["industry"]}, If_Match='"2"')
    assert (changed["staff"], changed["works_in"], changed["version"]) == (41, ["industry"], 3)


def _entry(county: County, firm: str, **other: Any) -> dict[str, Any]:
    participant = county.get("registrar", f"/firm-registrations/{firm}")["participant_id"]
    return {
        "participant_id": participant, "kind": "breach", "points": -10, "reason": "reported late",
        "legal_source": "tests", "expires_on": (clock.today() + dt.timedelta(days=365)).isoformat(),
    } | other  # fmt: skip


def test_the_record_counts_until_it_expires_or_is_withdrawn(county: County) -> None:
    firm = listed_firm(county, "credited")
    bad = county.post("supervisor", "/credit-entries", _entry(county, firm))
    short = {"kind": "commendation", "points": 25, "expires_on": clock.today().isoformat()}
    county.post("supervisor", "/credit-entries", _entry(county, firm, **short))
    public = county.client.get(f"/v1/firms/{firm}").json
    assert (public["credit_points"], [each["points"] for each in public["credit_entries"]]) == (15, [25, -10])
    with clock.moved_to(clock.now() + dt.timedelta(days=1)):
        assert county.client.get(f"/v1/firms/{firm}").json["credit_points"] == -10
    county.post("supervisor", f"/credit-entries/{bad['id']}/withdraw", {"reason": "it was not late"})
    again = refused(county, "supervisor", f"/credit-entries/{bad['id']}/withdraw", {"reason": "twice"})
    assert again["code"] == "credit_entry_state"
    assert county.client.get(f"/v1/firms/{firm}").json["credit_points"] == 25
    own = county.get("credited", "/credit-entries")["data"]
    assert [each["withdrawal_reason"] for each in own] == ["it was not late", None]


def test_an_entry_counts_three_years_at_most_and_is_never_nothing(county: County) -> None:
    firm = listed_firm(county, "recorded")
    long = (clock.today() + dt.timedelta(days=3 * 366)).isoformat()
    answer = refused(county, "supervisor", "/credit-entries", _entry(county, firm, expires_on=long))
    assert (answer["code"], answer["available"]) == ("credit_term", long)
    nothing = refused(county, "supervisor", "/credit-entries", _entry(county, firm, points=0))
    assert nothing["code"] == "invalid_input"
    assert refused(county, "registrar", "/credit-entries", _entry(county, firm))["code"] == "not_allowed"


def test_points_out_of_a_finding_are_in_the_directory_once_the_appeal_is_over_without_its_reasons(
    county: County,
) -> None:
    firm = listed_firm(county, "found")
    participant = county.client.get(f"/v1/firms/{firm}").json["participant_id"]
    case = {"title": "A report", "reason": "a complaint", "participant_ids": [participant]}
    made = county.post("supervisor", "/cases", case)
    end = {"outcome": "founded", "finding": "other", "reason": "its clerk said so", "legal_source": "tests"}
    county.post("supervisor", f"/cases/{made['id']}/close", end)
    assert county.client.get(f"/v1/firms/{firm}").json["credit_points"] == 0
    assert [each["points"] for each in county.get("found", "/credit-entries")["data"]] == [-5]
    with clock.moved_to(clock.now() + dt.timedelta(days=61)):
        public = county.client.get(f"/v1/firms/{firm}").json
        (shown,) = county.client.get(f"/v1/credit-extract?participant_id={participant}").json["data"]
    assert public["credit_points"] == -5
    assert public["credit_entries"][0]["reason"] == "其他违规认定 / another finding"
    assert shown["name"] == public["name"]  # a firm's name is no personal data
