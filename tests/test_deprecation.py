"""A route that is on its way out says so in each of its answers and in the document; none goes in silence."""

from __future__ import annotations

import datetime as dt

import pytest

from market import app
from market.api import deprecation
from market.api.deprecation import DEPRECATED, Deprecated
from market.core.config import Settings

PLANTED = Deprecated(dt.date(2027, 1, 1), dt.date(2027, 12, 31), "/v1/event-kinds")


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DEPRECATED, "event_types.list_event_types", PLANTED)


def test_each_answer_of_a_deprecated_route_says_since_when_until_when_and_what_instead(planted: None) -> None:
    made, _ = app._assemble(Settings(secret_key="a secret for tests only " * 2), rate_limits=False)
    client = made.test_client()
    answer = client.get("/v1/event-types")
    assert answer.status_code == 200
    assert answer.headers["Deprecation"] == f"@{int(dt.datetime(2027, 1, 1, tzinfo=dt.UTC).timestamp())}"
    assert answer.headers["Sunset"] == "Fri, 31 Dec 2027 00:00:00 GMT"
    assert answer.headers["Link"] == '</v1/event-kinds>; rel="successor-version"'
    assert "Deprecation" not in client.get("/v1/healthz").headers


def test_the_document_marks_it_and_nothing_else(planted: None) -> None:
    paths = app.describe()["paths"]
    marked = {path for path, each in paths.items() for verb in each.values() if "deprecated" in verb}
    assert marked == {"/v1/event-types"}
    operation = paths["/v1/event-types"]["get"]
    assert "gone on 2027-12-31. Use /v1/event-kinds." in operation["description"]
    assert {"Deprecation", "Sunset", "Link"} <= operation["responses"]["200"]["headers"].keys()


def test_a_route_stays_for_half_a_year_at_least() -> None:
    with pytest.raises(ValueError, match="180 days"):
        Deprecated(dt.date(2027, 1, 1), dt.date(2027, 6, 29), "/v1/other")


@pytest.mark.parametrize("name", ["orders.place", "events.forgotten"])
def test_what_could_not_say_it_keeps_the_application_from_starting(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert deprecation.problems(["orders.place"]) == []
    monkeypatch.setitem(DEPRECATED, name, PLANTED)
    with pytest.raises(RuntimeError, match=name):
        app.describe()
