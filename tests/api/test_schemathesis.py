"""Requests that schemathesis makes up from the served document: none is answered with 5xx or against the document.

Half of the ids in paths and bodies are real ones, so that requests come past the front door; each request is signed
by a role that its route declares, now and then by another.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    missing_required_header,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from market.api.permissions import PUBLIC, ROUTES
from market.core import ids
from tests.api.county import County, product
from tests.api.furnished import open_furnished

REQUESTS = 10_000
EXAMPLES_A_ROUND = 10
ENOUGH_ROUNDS = 80
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance, negative_data_rejection, missing_required_header, unsupported_method,
]  # fmt: skip
ONCE = {"auth_sign_out"}
"""Ends the session of its caller; tried with keys only, which it refuses."""
_ID = re.compile(r"\^([a-z]{3})_\[0-9A-HJKMNP-TV-Z\]\{26\}\\Z")
_from_regex = st.from_regex


def _numbered(pattern: Any, **options: Any) -> st.SearchStrategy[str]:
    """Texts of a pattern; those of a public id from one number, as 26 characters drawn singly took half the test."""
    found = _ID.fullmatch(getattr(pattern, "pattern", pattern))
    if found is None:
        return _from_regex(pattern, **options)
    return st.integers(1, (1 << 46) - 1).map(lambda number: ids.public(found[1], number))


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county with things to name."""
    with open_furnished(database_url, tmp_path_factory.mktemp("county")) as found:
        yield found


class Fuzzer:
    """Fills real ids and credentials into made-up requests, sends them, and counts."""

    def __init__(self, county: County) -> None:
        self.county = county
        self.sent = 0
        self.statuses: dict[int, int] = {}
        self._known = self._ids()
        self._keys = itertools.count(1)

    def _ids(self) -> dict[str, list[str]]:
        """Real ids by their prefix."""
        county = self.county
        found: dict[str, list[str]] = {}
        listed = [
            each["id"]
            for path in ("limits", "announcements")
            for each in county.get("auditor", f"/{path}")["data"]
        ]
        things = [*county.mine.values(), *county.theirs.values(), *listed, product(county)]
        users = [ids.public("usr", county.id_of(name)) for name in ("mine", "theirs")]
        reviews = [each["id"] for each in county.get("reviewer", "/reviews")["data"]]
        for each in (*things, *users, *reviews):
            found.setdefault(each[:3], []).append(each)
        return found

    def real(self, value: Any, dice: random.Random) -> Any:
        """The same with every other public id replaced by a real one of its type."""
        if isinstance(value, dict):
            return {name: self.real(each, dice) for name, each in value.items()}
        if isinstance(value, list):
            return [self.real(each, dice) for each in value]
        if isinstance(value, str) and len(value) == 30 and value[3] == "_" and value[:3] in self._known:
            return dice.choice(self._known[value[:3]]) if dice.random() < 0.5 else value
        return value

    def send(self, case: Case, dice: random.Random) -> None:
        """Sends one made-up request and holds its answer against the document. Errors: AssertionError and failures."""
        name = str(case.operation.definition.raw["operationId"])
        rule = ROUTES[name.replace("_", ".", 1)] if name.replace("_", ".", 1) in ROUTES else _rule(name)
        case.path_parameters = self.real(case.path_parameters, dice)
        case.body = self.real(case.body, dice)
        headers = {}
        if rule.roles is not PUBLIC and name not in ONCE:
            role = dice.choice(sorted(rule.roles)) if dice.random() < 0.95 else "integrator"
            who = "mine" if role in ("holder", "agent") else role
            headers["Authorization"] = f"Bearer {self.county.tokens.get(who, self.county.tokens['mine'])}"
        response = case.call(headers=headers)
        self.sent += 1
        self.statuses[response.status_code] = self.statuses.get(response.status_code, 0) + 1
        case.validate_response(response, checks=CHECKS)


def _rule(operation: str) -> Any:
    return next(rule for name, rule in ROUTES.items() if name.replace(".", "_") == operation)


def test_ten_thousand_made_up_requests_are_answered_as_the_document_says(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(st, "from_regex", _numbered)
    schema = schemathesis.openapi.from_wsgi("/openapi.json", county.app)
    schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    operations = [found.ok() for found in schema.get_all_operations()]
    fuzzer = Fuzzer(county)
    for number in range(1, ENOUGH_ROUNDS + 1):
        for operation in operations:
            if number > 1 and fuzzer.sent >= REQUESTS:  # everything is asked once at least
                break
            _round(fuzzer, operation, number)
    print(f"{fuzzer.sent} requests, answers {dict(sorted(fuzzer.statuses.items()))}")
    assert fuzzer.sent >= REQUESTS
    assert fuzzer.statuses[200] + fuzzer.statuses[201] >= REQUESTS // 20


def _round(fuzzer: Fuzzer, operation: Any, number: int) -> None:
    dice = random.Random(f"{operation.label} {number}")

    @seed(number)
    @settings(
        max_examples=EXAMPLES_A_ROUND, deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def send(case: Case) -> None:
        fuzzer.send(case, dice)

    send()
