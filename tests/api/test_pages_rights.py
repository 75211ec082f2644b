"""Rights that become other rights at the registrar's desk: the parts are shown first, and are the whole."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from tests.api.county import YEAR, County
from tests.api.desk_browsing import do, read
from tests.api.furnished import open_furnished
from tests.api.test_pages_holder import signed_in


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    with open_furnished(database_url, tmp_path_factory.mktemp("rights")) as found:
        found.user("clerk", "registrar")
        yield found


@pytest.fixture(scope="module")
def clerk(county: County) -> FlaskClient:
    return signed_in(county, "clerk")


def right(county: County) -> str:
    """A new confirmed right of mine to 100 m3 a year."""
    body = {
        "participant_id": county.mine["participant"], "kind": "irrigation_certificate", "source": "reclaimed",
        "sector": "agriculture", "township": "DEMO-MANAS", "canal": "DEMO-CANAL", "volume": "100", "land_mu": "10",
        "valid_from": f"{YEAR}-01-01", "valid_to": f"{YEAR + 4}-12-31", "basis": "tests",
    }  # fmt: skip
    made: str = county.post("mine", "/entitlements", body)["id"]
    county.post("registrar", f"/entitlements/{made}/confirm")
    return made


def children(county: County, parent: str) -> list[str]:
    """What a right became."""
    links = county.get("registrar", f"/entitlements/{parent}/lineage")["links"]
    return [each["child_id"] for each in links if each["parent_id"] == parent]


def test_a_right_is_split_into_parts_that_are_shown_first_and_merged_again(
    county: County, clerk: FlaskClient
) -> None:
    parent = right(county)
    page = f"/desk/act/entitlements/{parent}/split"
    assert f'href="{page}"' in read(clerk, f"/desk/rights/{parent}").text
    for volumes, why in (
        ("33.333 66.666", "The parts are not the whole"),
        ("33.333 some", "is not a figure"),
        ("100", "into two parts or more"),
    ):
        told = read(clerk, f"{page}?volumes={quote(volumes)}").text
        assert why in told and 'form method="post"' not in told.partition('<section class="card')[2]
    told = read(clerk, f"{page}?volumes={quote('33.333 66.667')}").text
    assert "The parts together" in told and "33.333" in told and "66.667" in told
    made = do(clerk, f"{page}?volumes={quote('33.333 66.667')}", reason="two fields")
    assert (made.status_code, made.location) == (303, f"/desk/rights/{parent}")
    parts = children(county, parent)
    assert [county.get("mine", f"/entitlements/{each}")["volume"] for each in parts] == ["33.333", "66.667"]
    again = read(clerk, made.location).text
    assert "later right" in again and "New certificates" in again
    _merged(county, clerk, parts)


def _merged(county: County, clerk: FlaskClient, parts: list[str]) -> None:
    page = "/desk/act/entitlements/merge"
    assert f"{page}?change=yes&entitlement_ids={parts[0]}" in read(clerk, f"/desk/rights/{parts[0]}").text.replace(
        "&amp;", "&"
    )  # fmt: skip
    alone = read(clerk, f"{page}?entitlement_ids={parts[0]}").text
    assert "Name two rights or more." in alone
    assert "is not the number of a right" in read(clerk, f"{page}?entitlement_ids=some+other").text
    strange = quote(f"{parts[0]} {county.theirs['entitlement']}")
    assert "is no confirmed right of this holder" in read(clerk, f"{page}?entitlement_ids={strange}").text
    both = f"{page}?entitlement_ids={quote(' '.join(parts))}"
    told = read(clerk, both).text
    assert "The new right" in told
    made = do(clerk, both, reason="one field again")
    assert made.status_code == 303
    [whole] = children(county, parts[0])
    assert children(county, parts[1]) == [whole]
    assert county.get("mine", f"/entitlements/{whole}")["volume"] == "100.000"


def test_a_right_passes_to_heirs_who_are_named_before(county: County, clerk: FlaskClient) -> None:
    parent, daughter = right(county), county.theirs["participant"]
    son = county.get("farmer", "/me")["participant_id"]
    heirs = f"{daughter} 40\n{son} 60\n"
    page = f"/desk/act/entitlements/{parent}/inherit"
    assert "A line is not a number and a volume." in read(clerk, f"{page}?heirs=somebody").text
    told = read(clerk, f"{page}?heirs={quote(heirs)}").text
    assert "The parts together" in told and "theirs" in told
    assert "水权继承" in clerk.get(f"{page}?heirs={quote(heirs)}&lang=zh").text
    made = do(clerk, f"{page}?heirs={quote(heirs)}", reason="the holder has died", heirs=heirs)
    assert (made.status_code, made.location) == (303, f"/desk/rights/{parent}"), made.text
    found = {
        each["participant_id"]: each["volume"]
        for each in (county.get("registrar", f"/entitlements/{one}") for one in children(county, parent))
    }
    assert found == {daughter: "40.000", son: "60.000"}
    gone = read(clerk, f"{page}?heirs={quote(heirs)}")
    assert gone.status_code == 200
    twice = do(clerk, f"{page}?heirs={quote(heirs)}", reason="again", heirs=heirs)
    assert twice.status_code == 409
