"""Savings in the browser, at the bureau and at the parties': cleared, sold as a lot, doubted, verified anew, voided."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.county import County, open_county
from tests.api.desk_browsing import acted, do, read
from tests.api.farm_story import Story, admitted_verifier
from tests.api.reporting import quarter
from tests.api.reporting import read as metered
from tests.api.saving import project_body
from tests.api.test_pages_holder import done, sent, shown, signed_in


@pytest.fixture
def county(fresh_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    with open_county(fresh_database_url, tmp_path_factory.mktemp("savings")) as found:
        for name, role in (("clerk", "registrar"), ("chief", "supervisor"), ("second", "supervisor")):
            found.user(name, role)
        for role in ("registrar", "supervisor", "treasurer", "auditor"):
            found.user(role, role)
        yield found


@pytest.fixture
def story(county: County) -> Story:
    return Story(county, kind="irrigation")


def report_of(story: Story) -> dict[str, Any]:
    """The report as it is now."""
    return story.county.get("supervisor", f"/saving-reports/{story.report}")


def test_what_a_contract_saves_is_cleared_and_its_lot_offered_and_given_up(story: Story) -> None:
    county = story.county
    clerk, school = signed_in(county, "clerk"), signed_in(county, "school")
    page, act = (
        f"/desk/savings/contracts/{story.contract}",
        f"/desk/act/saving-contracts/{story.contract}/clearances",
    )
    assert story.contract in read(clerk, "/desk/savings/contracts").text
    assert "Nothing is cleared yet" in read(clerk, page).text
    assert f'<option value="{story.right}">' in read(clerk, act).text
    half = {
        "entitlement_id": story.right,
        "consent": "letter 7",
        "return_flow": "0.3",
        "return_flow_basis": "",
    }
    refused = do(clerk, f"{act}?" + "&".join(f"{key}={value}" for key, value in half.items()))
    assert refused.status_code == 422 and "with its basis" in refused.text
    assert acted(clerk, act, asks=half | {"return_flow_basis": "a study"}) == page
    [cleared] = county.get("registrar", f"/saving-contracts/{story.contract}/clearances")["data"]
    assert (cleared["return_flow"], cleared["express_right"], cleared["public_supplier"]) == (
        "0.300000",
        True,
        False,
    )
    assert "a study" in read(clerk, page).text
    story.distributed()
    where = f"/firm/reports/{story.report}"
    done(school, where, f"{where}/lot")
    [lot] = county.get("school", "/saving-lots")["data"]
    its = f"/firm/lots/{lot['id']}"
    assert f'href="{its}"' in shown(school, where)
    much = sent(school, its, f"{its}/offer", volume="99999999", floor_price="0.2")
    assert much.status_code in (409, 422) and 'role="alert"' in much.text
    done(school, its, f"{its}/offer", volume="500", floor_price="0.2")
    assert "Take the offer back" in read(clerk, page).text
    shown(school, its, "Take back what is not sold")
    done(school, its, f"{its}/take-back")
    done(school, its, f"{its}/offer", volume="200", floor_price="")
    assert acted(clerk, f"/desk/act/saving-lots/{lot['id']}/take-back") == page
    done(school, its, f"{its}/retire", volume="100", reason="for the river")
    now = county.get("school", f"/saving-lots/{lot['id']}")
    assert (now["on_offer"], now["retired"]) == ("0.000", "100.000")
    assert acted(clerk, f"{act}/withdraw", reason="the letter was void") == page
    assert "the letter was void" in read(clerk, page).text


def test_a_claw_back_waits_for_a_second_person_a_verifier_and_a_decision(story: Story) -> None:
    county = story.county
    chief, second, clerk = (signed_in(county, name) for name in ("chief", "second", "clerk"))
    story.distributed()
    other = admitted_verifier(county)
    page, act = f"/desk/savings/reports/{story.report}", f"/desk/act/saving-reports/{story.report}/claw-backs"
    assert page in read(chief, "/desk/savings?status=distributed").text
    assert f'href="{act}"' in read(chief, page).text
    assert f'href="{act}"' not in read(clerk, page).text, "a supervisor proposes"
    same = do(chief, f"{act}?verifier_id={story.who['judge']}", reason="a bypass")
    assert same.status_code == 403, "not who verified it"
    assert acted(chief, act, asks={"verifier_id": other}, reason="a bypass") == page
    first = re.findall(r"/desk/act/claw-backs/clb_\w+/withdraw", read(chief, page).text)[0]
    assert acted(chief, first, reason="it was a shadow") == page
    acted(chief, act, asks={"verifier_id": other}, reason="a bypass again")
    [opened] = re.findall(r"/desk/act/claw-backs/clb_\w+/open", read(second, page).text)
    queue = read(second, "/desk?desk=contracts").text + read(second, "/desk?desk=supervision").text
    matters = [read(second, each).text for each in set(re.findall(r"/desk/reviews/rvw_\w+", queue))]
    assert any(opened in each for each in matters), "the matter at the desk leads there, too"
    assert not any("/decide" in each and opened in each for each in matters), "nothing is decided yet"
    alone = do(chief, opened)
    assert alone.status_code == 403, "not who proposed it"
    assert acted(second, opened) == page
    verifier = signed_in(county, "other")
    where = f"/firm/reports/{story.report}"
    assert where in shown(verifier, "/firm", "verify it")
    report = report_of(story)
    number = opened.split("/")[4]
    typed = {"sha256": report["sha256"], "finding": "as it was", "water_volume": report["credited_water"]}
    again = f"{where}/claw-backs/{number}/re-verify"
    shown(verifier, where, "The bureau named you to verify anew")
    more = sent(verifier, where, again, money_volume="99999999", **typed)
    assert more.status_code == 422 and "as it was" in more.text
    done(verifier, where, again, money_volume=report["credited_money"], **typed)
    assert "The bureau named you" not in shown(verifier, where)
    assert f"/desk/act/claw-backs/{number}/decide" in read(chief, page).text


def test_a_verified_report_is_doubted_by_the_bureau_and_decided_by_whom_it_names(story: Story) -> None:
    county = story.county
    chief, judge = signed_in(county, "chief"), signed_in(county, "judge")
    page, act = f"/desk/savings/reports/{story.report}", f"/desk/act/saving-reports/{story.report}"
    assert f'href="{act}/object"' in read(chief, page).text
    assert acted(chief, f"{act}/object", reason="the dial was covered") == page
    shown_now = read(chief, page).text
    assert "the dial was covered" in shown_now and f'href="{act}/name-verifier"' in shown_now
    other = admitted_verifier(county)
    acted(chief, f"{act}/name-verifier", verifier_id=other)
    where = f"/firm/reports/{story.report}"
    assert "Decide the dispute" not in shown(judge, where), "another one is named"
    verifier = signed_in(county, "other")
    shown(verifier, where, "Decide the dispute")
    digest = report_of(story)["sha256"]
    done(verifier, where, f"{where}/re-verify", sha256=digest, finding="a leaf lay on it")
    assert report_of(story)["status"] == "verified"
    assert "a leaf lay on it" in read(chief, page).text
    assert acted(chief, f"{act}/void", reason="a magnet was found") == page
    assert report_of(story)["status"] == "void"
    assert f'href="{act}/void"' not in read(chief, page).text


def test_a_report_is_drafted_adjusted_by_both_sides_and_reckoned_anew(story: Story) -> None:
    county = story.county
    school, valves = signed_in(county, "school"), signed_in(county, "valves")
    point = county.get("school", "/measuring-points")["data"][0]["id"]
    for months in range(4, 7):
        metered(county, point, months, str(700 * months))
    page = f"/firm/contracts/{story.contract}"
    [*_, new] = re.findall(r'href="([^"]*/reports/new\?starts_on=[^"]*)"', shown(valves, page))
    asked = shown(valves, new, "read from the measuring points")
    assert asked.count("<fieldset") == 3, "a month each"
    draft = done(valves, new, new.partition("?")[0], starts_on=new.partition("=")[2])
    number = draft.rpartition("/")[2]
    report = county.get("school", f"/saving-reports/{number}")
    assert report["starts_on"] == quarter(1)["spans"][0]["first_day"]
    event = {
        "event": "a new canteen", "first_day": report["starts_on"], "last_day": report["starts_on"], "volume": "-10",
        "uncertainty": "1",
    }  # fmt: skip
    without = sent(valves, draft, f"{draft}/adjustments", **event, evidence="")
    assert without.status_code == 422 and "a new canteen" in without.text
    done(valves, draft, f"{draft}/adjustments", **event, evidence="its own meter")
    adjustment = county.get("school", f"/saving-reports/{number}")["adjustments"][0]["id"]
    accept = f"{draft}/adjustments/{adjustment}/accept"
    assert accept not in shown(valves, draft, "a new canteen"), "the other side accepts"
    own = sent(valves, draft, accept)
    assert own.status_code in (409, 422) and 'role="alert"' in own.text
    assert accept in shown(school, draft)
    done(school, draft, accept)
    assert accept not in shown(school, draft)
    now = county.get("school", f"/saving-reports/{number}")
    assert float(now["adjusted_baseline"]) - float(report["adjusted_baseline"]) == pytest.approx(-10)
    done(school, draft, f"{draft}/revise")
    assert county.get("school", f"/saving-reports/{number}")["revision"] == now["revision"] + 1
    ended = done(school, page, f"{page}/end", reason="sold")
    assert "End the contract" not in shown(school, ended)


def test_a_call_is_marked_and_a_mark_is_taken_away(story: Story) -> None:
    county = story.county
    clerk = signed_in(county, "clerk")
    call = county.post("school", "/projects", project_body(story.who["school"]))["id"]
    act = f"/desk/act/projects/{call}/marks"
    assert f'href="{act}"' in read(clerk, "/desk/savings/calls").text
    asks = {"mark": "pilot", "level": "region", "document": "notice 12"}
    acted(clerk, act, asks=asks)
    marked = read(clerk, "/desk/savings/calls?mark=pilot").text
    assert "notice 12" in marked and "Pilot · of the region" in marked
    [gone] = re.findall(r"/desk/act/project-marks/mrk_\w+/remove", marked)
    acted(clerk, gone, reason="the pilot is over")
    assert "notice 12" not in read(clerk, "/desk/savings/calls").text
    assert (
        signed_in(county, "school").get("/desk/savings", headers={"Accept": "text/html"}).status_code == 403
    )
