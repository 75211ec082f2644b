"""The life of a right over HTTP, its papers, and the pages of its certificate."""

from __future__ import annotations

import base64
import datetime as dt
import html
import re
import sys
from collections.abc import Iterator
from ctypes.util import find_library
from importlib.util import find_spec
from typing import Any

import pytest
from werkzeug.test import TestResponse

from market.core import clock
from tests.api.county import PASSWORD, YEAR, County, objected, permit
from tests.api.furnished import open_furnished


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The county with my things and a neighbour's."""
    with open_furnished(database_url, tmp_path_factory.mktemp("county")) as found:
        yield found


def _ask(county: County, who: str, path: str, body: Any = None, **headers: str) -> TestResponse:
    return county.client.post(f"/v1{path}", json=body or {}, headers=county.headers(who, **headers))


def _refused(county: County, who: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
    answer = _ask(county, who, path, body, **headers)
    return answer.status_code, answer.json["code"]


def _right(county: County, volume: str = "100") -> dict[str, Any]:
    """A new confirmed irrigation certificate of mine, at a place of its own kind of water."""
    body = {
        "participant_id": county.mine["participant"], "kind": "irrigation_certificate", "source": "reclaimed",
        "sector": "agriculture", "township": "DEMO-MANAS", "canal": "DEMO-CANAL", "volume": volume, "land_mu": "10",
        "valid_from": f"{YEAR}-01-01", "valid_to": f"{YEAR + 4}-12-31", "basis": "tests",
    }  # fmt: skip
    made = county.post("mine", "/entitlements", body)
    return county.post("registrar", f"/entitlements/{made['id']}/confirm")


def _tag(right: dict[str, Any]) -> dict[str, str]:
    return {"If_Match": f'"{right["version"]}"'}


def test_a_permit_goes_the_whole_way_and_an_objection_is_decided_on_it(county: County) -> None:
    assert _refused(county, "mine", "/entitlements", permit(county.mine, assessment_id=None)) == (
        422,
        "assessment_needed",
    )
    objection = objected(county, county.mine, "theirs")
    found = county.get("registrar", "/objections?status=lodged")["data"][-1]
    assert found["id"] == objection
    right = county.get("mine", f"/entitlements/{found['entitlement_id']}")
    assert [each["name"] for each in right["clocks"]] == ["decision", "objection"]
    assert all(each["legal_source"] for each in right["clocks"])
    path = f"/entitlements/{right['id']}"
    assert _refused(county, "registrar", f"{path}/confirm") == (422, "objection_period_running")
    shown = county.client.get("/v1/published-applications").json["data"][-1]
    assert (shown["id"], shown["applicant"]) == (right["id"], "m**")
    assert "participant_id" not in shown
    assert [each["id"] for each in county.get("mine", f"{path}/objections")["data"]] == [objection]
    assert objection in [each["id"] for each in county.get("theirs", "/objections")["data"]]
    assert county.get("mine", "/objections")["data"][-1]["id"] != objection
    reason = {"reason": "the canal is lined"}
    county.user("kin", "registrar")
    for whose in (county.theirs, county.mine):  # of who objects, and of who applies
        body = {"participant_id": whose["participant"], "relation": "kin"}
        declared = county.post("kin", "/desk-interests", body)["id"]
        for decision in ("dismiss", "uphold"):
            assert _refused(county, "kin", f"/objections/{objection}/{decision}", reason) == (
                403,
                "own_interest",
            )
        assert _refused(county, "kin", f"{path}/refuse", reason) == (403, "own_interest")
        county.post("supervisor", f"/desk-interests/{declared}/strike-off")
    decided = county.post("registrar", f"/objections/{objection}/dismiss", reason)
    assert (decided["status"], decided["version"]) == ("dismissed", 2)
    with clock.moved_to(clock.now() + dt.timedelta(days=16)):
        county.user("registrar later", "registrar")
        confirmed = county.post("registrar later", f"{path}/confirm", {"reason": "no objection holds"})
    assert confirmed["certificate_number"]
    steps = county.get("mine", f"{path}/steps")["data"]
    assert [each["step"] for each in steps] == [
        "apply", "accept", "publish", "object", "dismiss_objection", "confirm",
    ]  # fmt: skip
    assert (steps[1]["name_zh"], steps[1]["from_status"], steps[1]["to_status"]) == (
        "受理",
        "applied",
        "accepted",
    )
    assert all(each["legal_source"] and each["by"] for each in steps)


def test_the_county_says_what_is_published_and_for_how_long(county: County) -> None:
    rules = county.client.get("/v1/county").json
    [days] = [each for each in rules["clocks"] if each["name"] == "publication_objection"]
    assert (days["length"], days["unit"], days["demonstration"]) == (15, "days", True)
    assert {each["kind"]: each["publication"] for each in rules["kinds"]}["abstraction_permit"] is True


def test_a_step_that_is_skipped_is_refused_by_name(county: County) -> None:
    body = permit(county.theirs, volume="100", assessment_id=None)
    path = f"/entitlements/{county.post('theirs', '/entitlements', body)['id']}"
    assert _refused(county, "registrar", f"{path}/publish") == (409, "entitlement_state")
    answer = _ask(county, "registrar", f"{path}/confirm")
    assert (answer.json["rule"], answer.status_code) == ("publication_needed", 422)
    assert "art. 18" in answer.json["legal_source"]
    assert _refused(county, "mine", f"/published-applications/{path[14:]}/object", {"grounds": "x"})[0] == 404
    county.post("registrar", f"{path}/open-hearing", {"reason": "public interest"})
    assert _refused(county, "registrar", f"{path}/accept") == (409, "application_stopped")
    assert county.get("theirs", path)["clocks"][0]["stopped_since"] == clock.today().isoformat()
    county.post("registrar", f"{path}/close-hearing", {"reason": "heard"})
    county.post("registrar", f"{path}/accept")


def test_a_right_is_split_once_and_its_parts_are_merged_again(county: County) -> None:
    right = _right(county)
    path, body = (
        f"/entitlements/{right['id']}/split",
        {"volumes": ["33.333", "66.667"], "reason": "two fields"},
    )
    assert _refused(county, "registrar", path, body) == (428, "precondition_required")
    headers = county.headers("registrar", **_tag(right))
    first = county.client.post(f"/v1{path}", json=body, headers=headers)
    again = county.client.post(f"/v1{path}", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert first.json == again.json
    parts = first.json["data"]
    assert [each["volume"] for each in parts] == ["33.333", "66.667"]
    assert [each["land_mu"] for each in parts] == ["3.33", "6.67"]
    assert county.get("mine", f"/entitlements/{right['id']}")["status"] == "replaced"
    lineage = county.get("mine", f"/entitlements/{right['id']}/lineage")["links"]
    assert [(each["child_id"], each["volume"]) for each in lineage] == [
        (each["id"], each["volume"]) for each in parts
    ]
    body = {"entitlement_ids": [each["id"] for each in parts], "reason": "one field again"}
    [merged] = county.post("registrar", "/entitlements/merge", body)["data"]
    assert (merged["volume"], merged["land_mu"], merged["status"]) == ("100.000", "10.00", "confirmed")


def test_a_right_passes_to_another_in_part_and_to_heirs_whole(county: County) -> None:
    right, other = _right(county), county.theirs["participant"]
    passed = county.post(
        "registrar", f"/entitlements/{right['id']}/transfer",
        {"participant_id": other, "volume": "40", "reason": "sold with the field"}, **_tag(right),
    )["data"]  # fmt: skip
    assert [(each["participant_id"], each["volume"]) for each in passed] == [
        (other, "40.000"),
        (county.mine["participant"], "60.000"),
    ]
    heirs = [{"participant_id": county.mine["participant"], "volume": "39.999"}]
    path = f"/entitlements/{passed[0]['id']}/inherit"
    answer = _ask(county, "registrar", path, {"heirs": heirs, "reason": "x"}, **_tag(passed[0]))
    assert (answer.json["code"], answer.json["limit"]) == ("parts_not_whole", "40.000")
    heirs[0]["volume"] = "40"
    [inherited] = county.post("registrar", path, {"heirs": heirs, "reason": "will"}, **_tag(passed[0]))[
        "data"
    ]
    assert inherited["participant_id"] == county.mine["participant"]


def test_terms_and_ends_over_http(county: County) -> None:
    right = _right(county)
    path = f"/entitlements/{right['id']}"
    amended = county.post("registrar", f"{path}/amend", {"land_mu": "9", "reason": "measured"}, **_tag(right))
    assert (amended["land_mu"], amended["version"]) == ("9.00", right["version"] + 1)
    assert _refused(
        county, "registrar", f"{path}/amend", {"volume": "101", "reason": "x"}, **_tag(amended)
    ) == (
        422,
        "amendment_raises",
    )
    asked = county.post("mine", f"{path}/ask-renewal", **_tag(amended))
    renewed = county.post(
        "registrar", f"{path}/renew", {"valid_to": f"{YEAR + 9}-12-31", "reason": "in use"}, **_tag(asked)
    )
    assert renewed["valid_to"] == f"{YEAR + 9}-12-31"
    again = county.post("mine", f"{path}/ask-renewal", **_tag(renewed))
    refused = county.post("registrar", f"{path}/refuse-renewal", {"reason": "not yet"}, **_tag(again))
    until = {"until": f"{YEAR + 1}-12-31", "reason": "flood"}
    excused = county.post("registrar", f"{path}/excuse", until, **_tag(refused))
    assert county.get("supervisor", "/entitlements/unused")["data"] == []
    cancelled = county.post(
        "registrar", f"{path}/cancel", {"grounds": "given_up", "reason": "moved away"}, **_tag(excused)
    )
    assert cancelled["status"] == "cancelled"
    assert county.post("registrar", "/entitlements/expire") == {"entitlement_ids": [], "has_more": False}


def test_documents_are_kept_as_they_were_handed_in(county: County) -> None:
    content = b"%PDF-1.7\n" + bytes(range(256)) * 2047
    body = {
        "name": "图纸.pdf",
        "media_type": "application/pdf",
        "content": base64.b64encode(content).decode(),
    }
    path = f"/entitlements/{county.mine['entitlement']}/documents"
    kept = county.post("mine", path, body)
    assert (kept["size_bytes"], kept["name"]) == (len(content), "图纸.pdf")
    found = county.get("registrar", f"/documents/{kept['id']}")
    assert base64.b64decode(found["content"]) == content
    assert kept in county.get("mine", path)["data"]
    assert _refused(county, "mine", path, body) == (409, "document_exists")
    for change, code in (
        ({"content": "not base64!"}, "invalid_input"),
        ({"content": "A" * 700_000}, "invalid_input"),
        ({"media_type": "text/html"}, "invalid_input"),
        ({"media_type": "image/png"}, "document_type"),
    ):
        assert _refused(county, "mine", path, body | change) == (422, code)


def _page(county: County, path: str, **headers: str) -> str:
    answer = county.client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "text/html; charset=utf-8"
    return answer.text


def _verification(county: County, page: str) -> str:
    [code] = re.findall(r'href="http://localhost(/verify/ver_[0-9A-Z]{26})"', page)
    found: str = code
    return found


def _words(page: str) -> set[str]:
    return set(re.findall(r"\w+", html.unescape(re.sub(r"<[^>]+>", " ", page))))


def test_a_certificate_is_shown_to_its_holder_and_the_bureau_in_both_languages(county: County) -> None:
    path = f"/certificates/{county.mine['entitlement']}"
    assert county.client.get(path).status_code == 401
    assert county.client.get(path, headers=county.headers("theirs")).status_code == 404
    right = county.get("mine", f"/entitlements/{county.mine['entitlement']}")
    for language, title in (("zh", "水权证书"), ("en", "Water entitlement certificate")):
        page = _page(county, f"{path}?lang={language}", **county.headers("mine"))
        for shown in (
            title,
            right["certificate_number"],
            "mine",
            "1,000.000",
            right["valid_to"],
            "<svg",
            "10.00",
        ):
            assert shown in page, shown
        assert ("Valid" in page) is False  # only what is not as it should be is printed
    assert _page(county, path, **county.headers("auditor"))
    applied = county.post("mine", "/entitlements", permit(county.mine, volume="1", assessment_id=None))
    assert (
        county.client.get(f"/certificates/{applied['id']}", headers=county.headers("mine")).status_code == 404
    )


def test_a_certificate_is_a_pdf_where_the_extra_is_installed(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/certificates/{county.mine['entitlement']}/pdf?lang=zh"
    assert county.client.get(path, headers=county.headers("theirs")).status_code == 404
    if find_library("pango-1.0") and find_spec("weasyprint"):
        found = county.client.get(path, headers=county.headers("mine"))
        assert (found.status_code, found.content_type) == (200, "application/pdf")
        assert found.data.startswith(b"%PDF-")
        assert found.headers["Content-Disposition"] == 'attachment; filename="certificate.pdf"'
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    missing = county.client.get(path, headers=county.headers("mine", Accept_Language="zh"))
    assert (missing.status_code, missing.json["code"]) == (501, "pdf_not_installed")
    assert missing.json["title"] == "未安装 PDF 功能，请直接打印网页"


def test_a_page_signs_in_by_the_session_s_cookie(county: County) -> None:
    browser = county.app.test_client()
    login = county.logins["mine"]
    signed_in = browser.post("/v1/auth/session", json={"login": login, "password": PASSWORD})
    assert signed_in.status_code == 200, signed_in.text
    assert browser.get(f"/certificates/{county.mine['entitlement']}").status_code == 200
    assert browser.get(f"/certificates/{county.theirs['entitlement']}").status_code == 404


def test_everybody_may_verify_and_learns_no_more_than_the_certificate_says(county: County) -> None:
    right = _right(county)
    certificate = _page(county, f"/certificates/{right['id']}?lang=en", **county.headers("mine"))
    path = _verification(county, certificate)
    page = _page(county, f"{path}?lang=en")
    assert '<p class="standing valid"' in page
    assert right["certificate_number"] in page
    assert "m**" in page
    assert ">mine<" not in page
    words = _words(page.partition("<main")[2].partition(">")[2].partition("</main>")[0])
    said = "m verification Certificate verify Standing Valid The holder s name is masked Checked on"
    verification = {*said.split(), *clock.today().isoformat().split("-")}
    assert words - _words(certificate) - verification == set()
    suspended = county.post(
        "registrar", f"/entitlements/{right['id']}/suspend", {"reason": "dispute"}, **_tag(right)
    )
    assert '<p class="standing suspended"' in _page(county, path)
    assert "Suspended" in _page(county, f"/certificates/{right['id']}?lang=en", **county.headers("mine"))
    county.post(
        "registrar",
        f"/entitlements/{right['id']}/cancel",
        {"grounds": "withdrawn", "reason": "x"},
        **_tag(suspended),
    )
    assert "已注销" in _page(county, f"{path}?lang=zh")


def test_a_certificate_whose_term_is_over_reads_expired_before_anybody_has_expired_it(county: County) -> None:
    right = _right(county)
    path = _verification(county, _page(county, f"/certificates/{right['id']}", **county.headers("mine")))
    with clock.moved_to(dt.datetime(YEAR + 5, 1, 1, tzinfo=clock.LEGAL_ZONE)):
        assert '<p class="standing expired"' in _page(county, path)


@pytest.mark.parametrize(
    "code", ["ver_01KX00000000000000000000ZZ", "ver_", "x", "ent_01", "%00", "..%2f", "<b>"]
)
def test_a_code_that_was_never_given_out_is_unknown(county: County, code: str) -> None:
    answer = county.client.get(f"/verify/{code}?lang=en")
    assert answer.status_code == 404
    if answer.content_type.startswith("text/html"):
        assert '<p class="standing unknown"' in answer.text
        assert "<b>" not in answer.text


def test_the_code_is_not_the_id_of_the_right(county: County) -> None:
    tail = county.mine["entitlement"][4:]
    assert county.client.get(f"/verify/ver_{tail}").status_code == 404


def test_a_page_has_no_script_or_style_of_its_own_and_loads_nothing_from_elsewhere(county: County) -> None:
    own = f"/certificates/{county.mine['entitlement']}"
    certificate = county.client.get(own, headers=county.headers("mine"))
    verified = county.client.get(_verification(county, certificate.text))
    for answer in (certificate, verified):
        policy = answer.headers.getlist("Content-Security-Policy")
        assert policy == [
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
            " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ]
        assert answer.headers.getlist("X-Content-Type-Options") == ["nosniff"]
        assert not re.search(
            r"<script(?![^>]*\ssrc=\"/assets/)|<style|\sstyle=|\son\w+=|javascript:", answer.text
        )
        assert set(re.findall(r'(?:src|href)="(https?://[^/"]+)', answer.text)) <= {"http://localhost"}
    sheet = county.client.get(re.search(r'href="(/assets/[^"]+\.css)"', certificate.text)[1])
    assert sheet.content_type == "text/css; charset=utf-8"
    assert "url(" not in sheet.text
    assert "@import" not in sheet.text
    api = county.client.get("/v1/county")
    assert api.headers.getlist("Content-Security-Policy") == ["default-src 'none'; frame-ancestors 'none'"]


def test_the_address_in_the_code_is_the_one_the_service_is_known_by(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    known = replace(county.settings, public_url="https://water.example.cn/")
    monkeypatch.setitem(county.app.config, "KAREZ", known)
    path = f"/certificates/{county.mine['entitlement']}"
    page = _page(county, path, **county.headers("mine"), Host="evil.example")
    assert "https://water.example.cn/verify/ver_" in page
    assert "evil" not in page


def test_guessing_codes_is_limited(county: County) -> None:
    from market.api.limits import STRICT_PER_MINUTE
    from market.app import create_app

    limited = create_app(county.settings, exchange=lambda: county.exchange).test_client()
    answers = [limited.get("/verify/ver_guess").status_code for _ in range(STRICT_PER_MINUTE + 1)]
    assert answers[-1] == 429
    assert answers[0] == 404
