"""Saving projects over HTTP: who calls, who proposes, who sees what, and the choice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from market import prove
from market.core import clock
from tests.api.county import County, open_county
from tests.api.saving import admitted, listed_firm, project_body, proposal_body
from tests.api.test_firms import refused


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county with a school, two listed firms, and a firm that the bureau does not know yet."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        found.mine["participant"] = admitted(found, "school", kind="public_body", role="holder")
        for name in ("valves", "pipes"):
            listed_firm(found, name)
        admitted(found, "unknown", kind="service_firm", role="firm")
        yield found


def called(county: County, **other: Any) -> str:
    """A call of the school's."""
    found: str = county.post("school", "/projects", project_body(county.mine["participant"], **other))["id"]
    return found


def proposed(county: County, name: str, project: str, **other: Any) -> dict[str, Any]:
    """A firm's proposal."""
    return county.post(name, f"/projects/{project}/proposals", proposal_body(**other))


def test_the_user_chooses_one_and_the_others_are_declined(county: County) -> None:
    project = called(county)
    best = proposed(county, "valves", project)
    other = proposed(county, "pipes", project, mode="guaranteed", share=None, fee="60000.00")
    listed = county.get("school", f"/projects/{project}/proposals")["data"]
    assert [(each["share"], each["fee"]) for each in listed] == [("0.9000", None), (None, "60000.00")]
    choice = {"proposal_id": best["id"], "reason": "the larger saving"}
    assert refused(county, "valves", f"/projects/{project}/choose", choice)["code"] == "not_found"
    chosen = county.post("school", f"/projects/{project}/choose", choice)
    assert (chosen["status"], chosen["end_reason"], chosen["taking"]) == (
        "chosen",
        "the larger saving",
        False,
    )
    states = {
        each["id"]: each["status"]
        for name in ("valves", "pipes")
        for each in county.get(name, "/proposals")["data"]
    }
    assert (states[best["id"]], states[other["id"]]) == ("chosen", "declined")
    assert refused(county, "valves", f"/proposals/{best['id']}/withdraw", {})["code"] == "proposal_state"
    assert refused(county, "school", f"/projects/{project}/choose", choice)["code"] == "project_state"
    assert prove.run(county.settings.url())["violations"] == 0


def test_sealed_proposals_are_opened_at_the_deadline(county: County) -> None:
    closes_at = clock.now() + dt.timedelta(minutes=5)
    project = called(county, sealed=True, closes_at=closes_at.isoformat())
    made = proposed(county, "valves", project)
    answer = county.client.get(f"/v1/projects/{project}/proposals", headers=county.headers("school"))
    assert (answer.status_code, answer.json["code"]) == (409, "proposals_sealed")
    choice = {"proposal_id": made["id"], "reason": "the only one"}
    assert refused(county, "school", f"/projects/{project}/choose", choice)["code"] == "proposals_sealed"
    public = county.client.get(f"/v1/projects/{project}").json
    assert (public["proposals"], public["taking"]) == (1, True)
    with clock.moved_to(closes_at):
        late = refused(county, "pipes", f"/projects/{project}/proposals", proposal_body())
        assert late["code"] == "project_deadline"
        assert county.post("school", f"/projects/{project}/choose", choice)["status"] == "chosen"


def test_a_firm_has_one_standing_proposal_and_may_make_another_after_taking_it_back(county: County) -> None:
    project = called(county)
    first = proposed(county, "valves", project)
    again = refused(county, "valves", f"/projects/{project}/proposals", proposal_body())
    assert again["code"] == "proposal_known"
    answer = county.client.post(f"/v1/proposals/{first['id']}/withdraw", headers=county.headers("pipes"))
    assert answer.status_code == 404
    county.post("valves", f"/proposals/{first['id']}/withdraw")
    second = proposed(county, "valves", project, saving="50000")
    listed = county.get("school", f"/projects/{project}/proposals")["data"]
    assert [each["id"] for each in listed] == [second["id"]]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"term_months": 97}, "/term_months"),
        ({"saving": "120000"}, "/saving"),
        ({"fee": "1.00"}, "/mode"),
        ({"mode": "trusteeship"}, "/mode"),
        ({"share": "1.0001"}, "/share"),
        ({"share": 0.9}, "/share"),
    ],
)
def test_a_proposal_fits_its_call(county: County, body: dict[str, Any], pointer: str) -> None:
    project = called(county, mode="sharing")
    answer = refused(county, "valves", f"/projects/{project}/proposals", proposal_body(**body))
    assert answer["errors"][0]["pointer"] == pointer
    assert county.get("school", f"/projects/{project}/proposals")["data"] == []


def test_only_listed_firms_propose_and_nobody_sees_anothers_proposals(county: County) -> None:
    project = called(county)
    path = f"/projects/{project}/proposals"
    assert refused(county, "unknown", path, proposal_body())["code"] == "not_found"
    made = county.post("unknown", "/firm-registrations", _firm())
    answer = refused(county, "unknown", path, proposal_body())
    assert (answer["code"], answer["available"]) == ("firm_not_listed", "submitted")
    county.post("registrar", f"/firm-registrations/{made['id']}/list", {"reason": "good"})
    proposed(county, "unknown", project)
    for name in ("valves", "farmer"):
        seen = county.client.get(f"/v1{path}", headers=county.headers(name))
        assert seen.status_code in (403, 404), name
    county.post("registrar", f"/firm-registrations/{made['id']}/suspend", {"reason": "bad"})
    [theirs] = county.get("school", path)["data"]
    choice = {"proposal_id": theirs["id"], "reason": "cheap"}
    assert refused(county, "school", f"/projects/{project}/choose", choice)["code"] == "firm_not_listed"


def _firm() -> dict[str, Any]:
    from tests.api.saving import firm_body

    return firm_body()


def test_a_call_that_is_withdrawn_declines_what_was_proposed(county: County) -> None:
    project = called(county)
    made = proposed(county, "pipes", project)
    county.post("school", f"/projects/{project}/withdraw", {"reason": "no budget"})
    [mine] = [each for each in county.get("pipes", "/proposals")["data"] if each["id"] == made["id"]]
    assert mine["status"] == "declined"
    late = refused(county, "valves", f"/projects/{project}/proposals", proposal_body())
    assert late["code"] == "project_state"


def test_the_bureau_marks_pilots_and_takes_marks_away(county: County) -> None:
    project = called(county, kind="irrigation")
    body = {"mark": "pilot", "level": "county", "document": "notice 3"}
    made = county.post("registrar", f"/projects/{project}/marks", body)
    assert refused(county, "registrar", f"/projects/{project}/marks", body)["code"] == "mark_known"
    found = county.client.get("/v1/projects?mark=pilot&kind=irrigation").json["data"]
    assert [each["id"] for each in found] == [project]
    county.post("supervisor", f"/project-marks/{made['id']}/remove", {"reason": "it stopped"})
    assert county.client.get("/v1/projects?mark=pilot").json["data"] == []
    county.post("registrar", f"/projects/{project}/marks", body | {"mark": "demonstration"})


@pytest.mark.parametrize("days", [-1, 400])
def test_a_call_closes_in_time(county: County, days: int) -> None:
    closes_at = (clock.now() + dt.timedelta(days=days)).isoformat()
    body = project_body(county.mine["participant"], closes_at=closes_at)
    assert refused(county, "school", "/projects", body)["code"] == "project_deadline"
