"""Saving contracts on paper: printed by the county's template, bound to what is signed, changed by the county only for
drafts to come.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from market import prove
from market.core import audit, db, ids
from market.county import install
from market.county.contract_template import printed_sha256
from market.county.loader import load
from market.county.shipped import text_of
from tests.api.contracting import drafted, funded, main_point, seats, signed, terms
from tests.api.county import County, open_county
from tests.api.saving import admitted
from tests.api.trusteeship import trust_terms

ALL = ("school", "valves", "lender")


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county with those who take a seat in contracts."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        found.mine.update(seats(found))
        found.mine["utility"] = admitted(found, "utility", kind="enterprise", role="holder")
        funded(found, found.mine["valves"], "500000.00")
        yield found


@pytest.fixture
def point(county: County) -> str:
    """A point of the school's."""
    return main_point(county, county.mine["school"])


def _printed(county: County, contract: str) -> dict[str, Any]:
    return county.get("judge", f"/saving-contracts/{contract}/printed")


def test_the_paper_is_part_of_what_is_signed(county: County, point: str) -> None:
    contract = drafted(county, terms(county.mine, point))
    paper = _printed(county, contract)
    text = county.get("school", f"/saving-contracts/{contract}/text")
    said = json.loads(text["text"])
    assert printed_sha256(paper["zh"], paper["en"]) == paper["sha256"] == said["printed_sha256"]
    assert paper["signed_sha256"] == text["sha256"] and paper["template_sha256"] == said["template_sha256"]
    for words in ("效益分享型", "保证金", "20000.00", "提前终止", "90.00%"):
        assert words in paper["zh"]
    for words in ("benefit sharing", "Deposit", "Ended early from year 1 on: 50000.00", "90.00%", "60.00%"):
        assert words in paper["en"]
    assert "{{" not in paper["zh"] + paper["en"] and "托管" not in paper["zh"]
    signed(county, contract, *ALL)
    assert _printed(county, contract) == paper
    _planted_violations_are_found(county, contract)
    assert prove.run(county.settings.url())["violations"] == 0


def _planted_violations_are_found(county: County, contract: str) -> None:
    number = ids.parse("sct", contract)
    of = "WHERE version_id = (SELECT min(id) FROM contract_versions WHERE contract_id = %s)"
    plants = (
        (
            f"UPDATE contract_prints SET en = en || '.' {of}",
            "a contract on paper that is not what was hashed and signed",
        ),
        (f"DELETE FROM contract_prints {of}", "a signed paper that is lost"),
    )  # fmt: skip
    with db.connect(county.settings.url()) as connection:
        connection.execute("SET session_replication_role = replica")
        for statement, reason in plants:
            connection.execute("SAVEPOINT sound")
            assert connection.execute(statement, (number,)).rowcount == 1
            assert reason in {row[0] for row in prove.broken(connection, 13)}
            connection.execute("ROLLBACK TO sound")
        connection.rollback()


def test_every_mode_prints_what_it_has(county: County, point: str) -> None:
    guarantee = {
        "volume": "40000", "price": "3.2", "cap": "100000.00", "surplus_shares": ["0.5", "0.5", "0"],
    }  # fmt: skip
    body = trust_terms(
        county.mine, point, mode="trusteeship_guaranteed", guarantee=guarantee, upkeep="1500.00"
    )
    paper = _printed(county, drafted(county, body))
    for words in ("费用托管并效果保证型", "712342.80", "1500.00", "先付供水单位", "不超过 100000.00"):
        assert words in paper["zh"]
    assert "supplier's bills leave it first" in paper["en"] and "40000.000 m³" in paper["en"]
    homes = [
        {"participant_id": admitted(county, f"home-{share}", kind="household", role="holder"), "share": share,
         "clawback_cap": "12.34"}
        for share in ("0.25", "0.75")
    ]  # fmt: skip
    body = terms(county.mine, point, households=homes, resolution_sha256="ef" * 32)
    paper = _printed(county, drafted(county, body))
    assert "25.00%" in paper["en"] and "gives back at most 12.34" in paper["en"] and "ef" * 32 in paper["zh"]


def test_what_a_party_writes_is_not_read_as_a_template_nor_as_html(county: County, point: str) -> None:
    body = terms(county.mine, point, title="{{deposit}} <script>alert(1)</script>", duties="{{#guarantee}}")
    contract = drafted(county, body)
    paper = _printed(county, contract)
    assert "{{deposit}} <script>" in paper["en"] and "{{#guarantee}}" in paper["en"]
    page = county.client.get(f"/contracts/{contract}?lang=en", headers=county.headers("school"))
    assert page.status_code == 200
    assert "<script>" not in page.text and "&lt;script&gt;" in page.text and "Not signed yet" in page.text


def test_the_page_shows_text_and_signatures_in_both_languages(county: County, point: str) -> None:
    contract = drafted(county, terms(county.mine, point))
    signed(county, contract, *ALL)
    for lang, words in (("zh", "合同节水管理合同"), ("en", "Contract for saving water")):
        page = county.client.get(f"/contracts/{contract}?lang={lang}", headers=county.headers("lender"))
        assert page.status_code == 200 and words in page.text and page.text.count("<time") == 3
    pdf = county.client.get(f"/contracts/{contract}/pdf?lang=zh", headers=county.headers("auditor"))
    assert pdf.status_code == 501 or pdf.data.startswith(b"%PDF")
    assert county.client.get(f"/contracts/{contract}", headers=county.headers("utility")).status_code == 404


def test_a_county_changes_its_template_for_drafts_to_come(county: County, point: str) -> None:
    before = drafted(county, terms(county.mine, point))
    old = _printed(county, before)
    changed = text_of().replace("    Contract for saving water,", "    OUR OWN CONTRACT {{title}},")
    changed = changed.replace('.12"', '.12-own"', 1)
    assert changed.count("OUR OWN") == 1
    with db.transaction(county.settings.url()) as session:
        install.install(session, load(changed), audit.Actor())
    after = _printed(county, drafted(county, terms(county.mine, point)))
    assert after["en"].startswith("OUR OWN CONTRACT A school's pipes") and after["zh"] == old["zh"]
    assert after["template_sha256"] != old["template_sha256"]
    assert _printed(county, before) == old
    head, _, _ = changed.partition("contract_template:")
    with db.transaction(county.settings.url()) as session:
        install.install(session, load(head.replace('.12-own"', '.12-none"', 1)), audit.Actor())
    bare = drafted(county, terms(county.mine, point))
    answer = county.client.get(f"/v1/saving-contracts/{bare}/printed", headers=county.headers("school"))
    assert (answer.status_code, answer.json["code"]) == (422, "not_printed")
    assert prove.run(county.settings.url())["violations"] == 0
