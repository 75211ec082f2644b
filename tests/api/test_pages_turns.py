"""Turn sheets in the browser: the registrar says whom a gate serves, the association shares its water out and signs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient

from market.core import clock
from tests.api.county import YEAR, County, open_county
from tests.api.desk_browsing import HTML, acted, read
from tests.api.smallholders import household, trustee_of
from tests.api.test_pages_holder import done, sent, shown, signed_in


@dataclass
class Gate:
    """An association's gate, and the accounts of two households that it serves."""

    meter: str
    households: list[str]


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    with open_county(database_url, tmp_path_factory.mktemp("turns")) as found:
        found.user("clerk", "registrar")
        yield found


@pytest.fixture(scope="module")
def gate(county: County) -> Gate:
    """Registered at the desk, with whom it serves."""
    clerk = signed_in(county, "clerk")
    association = trustee_of(county, "keeper")
    place = {"township": "DEMO-MANAS", "canal": "DEMO-CANAL", "sector": "agriculture", "source": "surface"}
    own = county.post(
        "registrar", "/water-accounts", place | {"participant_id": association, "water_year": YEAR}
    )["id"]
    asks = {
        "water_account_id": own, "serial": "G-1", "kind": "gate", "measures": "water", "start": "0",
        "apportioned": "yes",
    }  # fmt: skip
    page = acted(clerk, "/desk/act/meters", asks=asks)
    accounts = [household(county, name, "100")[1] for name in ("upper", "lower")]
    serve = f"/desk/act{page.removeprefix('/desk')}/serve"
    assert f'href="{serve}"' in read(clerk, page).text
    acted(clerk, serve, water_account_ids="\n".join(accounts))
    return Gate(page.rpartition("/")[2], accounts)


def at(hours_ago: int) -> str:
    """A moment of the county, as a browser sends it."""
    moment = clock.now() - dt.timedelta(hours=hours_ago)
    return moment.astimezone(clock.LEGAL_ZONE).strftime("%Y-%m-%dT%H:%M")


def test_a_sheet_that_is_wrong_is_discarded(county: County, gate: Gate) -> None:
    keeper = signed_in(county, "keeper")
    new = f"/my/turns/new?meter_id={gate.meter}"
    sheet = {
        "until": at(0),
        "counter": "20",
        "loss": "0",
        "basis": "land",
        "lines": f"{gate.households[0]} 1",
    }
    where = done(keeper, new, "/my/turns/new", meter_id=gate.meter, **sheet)
    done(keeper, where, f"{where}/discard", version="1")
    assert "Sign the sheet" not in shown(keeper, where, "discarded")


def test_a_sheet_is_entered_looked_over_signed_and_corrected(county: County, gate: Gate) -> None:
    keeper: FlaskClient = signed_in(county, "keeper")
    new = f"/my/turns/new?meter_id={gate.meter}"
    assert f'href="{new}"' in shown(keeper, "/my/turns", "G-1")
    upper, lower = gate.households
    sheet = {
        "until": at(0), "counter": "11", "loss": "1", "basis": "hours", "lines": f"{upper} | 2\n{lower} | 1",
    }  # fmt: skip
    lost = sent(keeper, new, "/my/turns/new", meter_id=gate.meter, **sheet | {"loss": "12"})
    assert lost.status_code == 422 and f"{upper} | 2" in lost.text, "what was typed stands there"
    where = done(keeper, new, "/my/turns/new", meter_id=gate.meter, **sheet)
    number = where.rpartition("/")[2]
    shown(keeper, where, "6.667 m³", "3.333 m³", "Sign the sheet")
    version = str(county.get("keeper", f"/turn-sheets/{number}")["version"])
    done(keeper, where, f"{where}/sign", version=version)
    assert county.get("upper", f"/water-accounts/{upper}")["used"] == "6.667"
    shown(keeper, new, f"{upper} | 2.00")
    correct = f"/my/turns/new?corrects_id={number}"
    assert f'href="{correct}"' in shown(keeper, where)
    shown(keeper, correct, 'value="11.000"')
    until = county.get("keeper", f"/turn-sheets/{number}")["until"]
    better = done(
        keeper, correct, "/my/turns/new", meter_id=gate.meter, corrects_id=number, reason="misread",
        **sheet | {"counter": "16", "until": until},
    )  # fmt: skip
    done(keeper, better, f"{better}/sign", version="1")
    assert county.get("upper", f"/water-accounts/{upper}")["used"] == "10.000"
    assert signed_in(county, "upper").get("/my/turns", headers=HTML).status_code == 403
