"""Measuring points in the browser: registered, read, corrected, billed, taken out of use; nights of a district."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from market.core import clock, db
from tests.api.county import County, open_county
from tests.api.saving import admitted
from tests.api.test_pages_holder import HIDDEN, done, sent, shown, signed_in


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    with open_county(database_url, tmp_path_factory.mktemp("measuring")) as found:
        found.mine["participant"] = admitted(found, "school", kind="public_body", role="holder")
        admitted(found, "mill", kind="enterprise", role="holder")
        yield found


@pytest.fixture(scope="module")
def school(county: County) -> FlaskClient:
    return signed_in(county, "school")


@pytest.fixture(scope="module")
def point(school: FlaskClient) -> str:
    """The page of a point that was registered on a page, and began a month ago at 100 m3."""
    where = done(
        school, "/firm/points", "/firm/points", name="main", serial="M-1", accuracy_class="0.02", starts_on=day(30),
        start="100", parent_id="",
    )  # fmt: skip
    assert where.startswith("/firm/points/mpt_")
    return where


def day(ago: int) -> str:
    """A day so many days ago."""
    return (clock.today() - dt.timedelta(days=ago)).isoformat()


def test_a_reading_is_corrected_in_its_place_and_what_was_wrong_is_refused_there(
    county: County, school: FlaskClient, point: str
) -> None:
    done(school, point, point, read_on=day(20), counter="110.5")
    done(school, point, point, read_on=day(10), counter="240")
    number = point.rpartition("/")[2]
    rows = county.get("school", f"/measuring-points/{number}/series")["measured"]
    wrong = f"{point}/readings/{rows[-1]['point_reading_id']}/correct"
    assert f'href="{wrong}"' in shown(school, point, "129.500 m³")
    shown(school, wrong, "240.000 m³", "stays on record")
    backwards = sent(school, wrong, wrong, counter="109", reason="misread")
    assert backwards.status_code == 422
    assert 'role="alert"' in backwards.text and 'aria-invalid="true"' in backwards.text
    assert "misread" in backwards.text, "what was typed is not lost"
    assert done(school, wrong, wrong, counter="140", reason="a 1 read as a 2") == point
    page = shown(school, point, "140.000 m³", "29.500 m³")
    assert wrong not in page, "the correction takes its place"
    assert school.get(wrong, headers={"Accept": "text/html"}).status_code == 404
    stranger = signed_in(county, "mill")
    assert stranger.get(point, headers={"Accept": "text/html"}).status_code == 404


def test_a_night_is_recorded_and_corrected(county: County, school: FlaskClient, point: str) -> None:
    nights = f"{point}/nights"
    assert f'href="{nights}"' in shown(school, point)
    done(school, nights, nights, night_on=day(1), flow="4.2", pressure="38", unreduced="")
    number = point.rpartition("/")[2]
    [night] = county.get("school", f"/measuring-points/{number}/nights?first_day={day(2)}&last_day={day(0)}")[
        "data"
    ]
    wrong = f"{nights}/{night['id']}/correct"
    assert f'href="{wrong}"' in shown(school, nights)
    shown(school, wrong, 'value="4.200"', 'value="38.000"')
    assert sent(school, wrong, wrong, flow="3.9", pressure="38", unreduced="", reason="").status_code == 422
    assert done(school, wrong, wrong, flow="3.9", pressure="38", unreduced="", reason="a valve") == nights
    shown(school, nights, "3.900", "corrected: a valve")
    early = {"first_day": day(9), "last_day": day(8)}
    shown(
        school,
        f"{nights}?first_day={early['first_day']}&last_day={early['last_day']}",
        "No night is recorded",
    )
    again = sent(school, nights, nights, night_on=day(1), flow="4", pressure="", unreduced="")
    assert again.status_code in (409, 422) and 'role="alert"' in again.text


def test_a_bill_is_evidence_by_its_fingerprint_and_a_point_goes_out_of_use(
    county: County, school: FlaskClient, point: str
) -> None:
    form = dict(HIDDEN.findall(shown(school, point, "Record a bill of the utility")))
    bill = {"first_day": day(29), "last_day": day(21), "volume": "9.5", "number": "B-1"}

    def billed(*papers: tuple[io.BytesIO, str]) -> int:
        data = form | bill | ({"paper": papers[0]} if papers else {})
        return school.post(f"{point}/bills", data=data, content_type="multipart/form-data").status_code

    assert billed() == 422, "without the paper"
    assert billed((io.BytesIO(b"the scan"), "bill.pdf")) == 303
    number = point.rpartition("/")[2]
    [kept] = county.get("school", f"/measuring-points/{number}/series")["billed"]
    assert (kept["volume"], kept["evidence"]) == ("9.500", "bill B-1")
    with db.connect(county.settings.url()) as connection:
        found = connection.execute("SELECT document_sha256 FROM point_bills").fetchall()
    assert [bytes(digest) for (digest,) in found] == [hashlib.sha256(b"the scan").digest()]
    done(school, point, f"{point}/retire", retired_on=day(0), reason="replaced")
    page = shown(school, point, "out of use since")
    assert "Record a reading" not in page and "/correct" not in page
