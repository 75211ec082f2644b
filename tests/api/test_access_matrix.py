"""The matrix: every route x every role, nobody and an expired token x one's own, another's and no object.

What is due is worked out here from the permission table alone; the table itself is held to the separation of powers
by the last tests of this file.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator

import pytest
from flask import request
from flask_jwt_extended import create_access_token
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from ledger.arrays import Bigints
from market.api import ownership
from market.api.ownership import OWNERS
from market.api.permissions import (
    BUREAU,
    EVERYONE,
    HOLDERS,
    OUTSIDE,
    PARTICIPANTS,
    PUBLIC,
    Rule,
    bureau_pages,
    pages,
)
from market.api.permissions import ROUTES as EVERY_ROUTE
from market.core import db, ids
from market.participants import tokens
from market.participants.access import SAFE_METHODS, AccessActor
from market.participants.models import SignIn, User
from market.web import printing
from market.webhooks.concerned import CONCERNED_SQL, NAMED
from tests.api import saved
from tests.api.bureau import bureau_ids
from tests.api.county import County, api_key, mandate
from tests.api.furnished import open_furnished
from tests.api.good_bodies import good_body

NOBODY, EXPIRED = "nobody", "expired"
PAGES = pages.ROUTES | bureau_pages.ROUTES
ROUTES = {name: rule for name, rule in EVERY_ROUTE.items() if name not in PAGES}
"""What is decided here; pages ask these routes, so that a page only decides who opens it."""
ROLES = (*sorted(EVERYONE), NOBODY, EXPIRED)
OWN, ANOTHERS, NONE = "own", "another's", "none"
NEVER_GIVEN = 10**12
# what stands in the way before the object is looked for, where the route is no participant's
NOTHING_HAPPENED = frozenset({404, 409, 412, 422, 428})
LISTS = (
    "participants", "entitlements", "water-accounts", "meters", "money-accounts", "deposits", "payouts", "orders",
    "trades", "instructions", "water-assessments", "findings", "trust-members", "pledges", "pledge-consents",
    "deliveries", "objections", "meters/overdue", "bidders", "negotiations", "subscriptions", "buy-back-takes",
    "resale-bids", "credit-entries", "measuring-points", "saving-contracts", "contract-dues", "saving-reports",
    "leases", "invoices", "household-shares", "credit-appeals", "notices", "complaints", "gateway-payments",
    "gateway-payouts", "water-bills", "offset-consents", "webhook-endpoints", "events", "external-ids",
    "bank-accounts", "bank-payouts", "fee-invoices",
)  # fmt: skip


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The county with my things, a neighbour's, things of the bureau, and an API key for each role."""
    place = tmp_path_factory.mktemp("county")
    with open_furnished(database_url, place) as found, pytest.MonkeyPatch.context() as patch:
        patch.setattr(printing, "pdf", _printed_once(printing.pdf))
        for role in sorted(BUREAU | OUTSIDE):
            found.user(role, role)
        for name in ("spare", "stranger"):
            found.user(name, "holder", ids.parse("par", found.theirs["participant"]))
        saved.furnish(found)
        _expired(found)
        yield found


def _printed_once(pdf: Callable[[str, str], bytes]) -> Callable[[str, str], bytes]:
    """One paper for all who ask for one of its kind: setting it takes a second, and the question is who may."""
    printed: dict[str | None, bytes] = {}

    def found(page: str, style: str) -> bytes:
        if request.endpoint not in printed:
            printed[request.endpoint] = pdf(page, style)
        return printed[request.endpoint]

    return found


def _expired(county: County) -> None:
    me = county.id_of("mine")
    with county.app.app_context(), db.transaction(county.settings.url()) as session:
        user = session.get_one(User, me)
        claims = {"kind": "access", "gen": user.token_generation}
        county.tokens[EXPIRED] = create_access_token(
            str(me), expires_delta=dt.timedelta(seconds=-60), additional_claims=claims
        )


def _headers(county: County, role: str) -> dict[str, str]:
    if role == NOBODY:
        return {"Idempotency-Key": "nobody"}
    if role != EXPIRED:
        return county.headers(role)
    return county.headers("auditor") | {"Authorization": f"Bearer {county.tokens[EXPIRED]}"}


@pytest.fixture(scope="module")
def things(county: County) -> dict[str, dict[str, str]]:
    """The ids for the arguments of paths, by whose they are."""
    free = bureau_ids(county)
    found = {}
    for whose, own in ((OWN, county.mine), (ANOTHERS, county.theirs)):
        found[whose] = free | {OWNERS[kind][0]: own[kind] for kind in OWNERS}
    found[NONE] = {name: ids.public(each[:3], NEVER_GIVEN) for name, each in found[OWN].items()}
    return found


def _route(county: County, endpoint: str) -> tuple[str, str]:
    (rule,) = county.app.url_map.iter_rules(endpoint)
    assert rule.methods is not None
    (method,) = rule.methods - {"HEAD", "OPTIONS"}
    return method, rule.rule


def _path(rule: str, arguments: dict[str, str]) -> str:
    chosen = re.sub(r"<any\('([\w-]+)'[^)]*\):\w+>", r"\1", rule)
    return re.sub(r"<\w+:(\w+)>", lambda found: arguments.get(found[1], found[1]), chosen)


def _ask(county: County, endpoint: str, role: str, things: dict[str, str]) -> TestResponse:
    method, rule = _route(county, endpoint)
    headers, arguments = _headers(county, role), dict(things)
    if endpoint == "auth.sign_out":
        headers = _once(county, role, headers)
    body = good_body(county, endpoint, things) if method == "POST" else None
    return county.client.open(_path(rule, arguments), method=method, json=body, headers=headers)


def _once(county: County, role: str, headers: dict[str, str]) -> dict[str, str]:
    """The headers with a token of its own for somebody who signs out."""
    if role in (NOBODY, EXPIRED):
        return headers
    user_id = county.id_of(role)
    with county.app.app_context(), db.transaction(county.settings.url()) as session:
        token = tokens.sign_in(session, session.get_one(User, user_id)).access_token
    return headers | {"Authorization": f"Bearer {token}"}


def _session(county: County, role: str) -> str:
    """A session of its own for somebody who ends it."""
    user_id = county.id_of(role)
    with county.app.app_context(), db.transaction(county.settings.url()) as session:
        tokens.sign_in(session, session.get_one(User, user_id))
        made = session.scalars(select(func.max(SignIn.id)).where(SignIn.user_id == user_id)).one()
    return ids.public("sig", made)


def _due(rule: Rule, role: str, whose: str, *, by_id: bool) -> str:
    """through | 401 | 403 | 404 | nothing (some refusal, no effect)"""
    if role in (NOBODY, EXPIRED):
        return "401"
    if role not in rule.roles:
        return "403"
    compared = rule.owns in OWNERS or rule.owns == "body"
    if compared and (whose == NONE or (whose == ANOTHERS and role in PARTICIPANTS)):
        return "404"
    return "nothing" if whose == NONE and by_id else "through"


def _holds(due: str, answer: TestResponse) -> bool:
    status = answer.status_code
    if status == 200 and answer.request.path == "/v1/orders/batch" and due == "404":
        return bool(answer.json["data"][0]["refusal"]["code"] == "not_found")  # its member's answer
    if due == "through":
        return status < 500 and status not in (401, 403, 404)
    if due == "nothing":
        return status in NOTHING_HAPPENED
    return status == int(due)


@pytest.mark.parametrize("endpoint", [name for name, rule in ROUTES.items() if rule.roles is not PUBLIC])
def test_a_route_lets_through_whom_it_declares_and_nobody_else(
    county: County, things: dict[str, dict[str, str]], endpoint: str
) -> None:
    rule, path = ROUTES[endpoint], _route(county, endpoint)[1]
    by_id = "<" in path
    wrong = []
    for role in ROLES:
        for whose in (OWN, ANOTHERS, NONE) if by_id or rule.owns == "body" else (OWN,):
            arguments = dict(things[whose])
            if rule.owns == "api_key" and role in EVERYONE and whose == OWN:
                arguments["api_key_id"] = api_key(county, role)
            if rule.owns == "session" and role in EVERYONE and whose == OWN:
                arguments["session_id"] = _session(county, role)
            answer = _ask(county, endpoint, role, arguments)
            due = _due(rule, role, whose, by_id=by_id)
            if rule.owns in ("api_key", "session") and whose == ANOTHERS and role in EVERYONE:
                due = "404"  # also for the bureau: a key or a session is its user's own
            if not _holds(due, answer):
                wrong.append(f"{role} on {whose}: {answer.status_code}, not {due}: {answer.text[:200]}")
    assert wrong == []


@pytest.mark.parametrize("endpoint", [name for name, rule in PAGES.items() if rule.roles is not PUBLIC])
def test_a_page_opens_for_its_roles_only(
    county: County, things: dict[str, dict[str, str]], endpoint: str
) -> None:
    others = sorted(EVERYONE - PAGES[endpoint].roles)
    for role, due in ((NOBODY, 401), (EXPIRED, 401), *((each, 403) for each in (*others[:1], *others[-1:]))):
        assert _ask(county, endpoint, role, things[OWN]).status_code == due, role


@pytest.mark.parametrize("endpoint", [name for name, rule in ROUTES.items() if rule.roles is PUBLIC])
def test_a_public_route_answers_everyone_alike(
    county: County, things: dict[str, dict[str, str]], endpoint: str
) -> None:
    answers = {
        role: _ask(county, endpoint, role, things[OWN]).status_code
        for role in (NOBODY, *sorted(EVERYONE), EXPIRED)
    }
    assert len(set(answers.values())) == 1, answers
    if "<" in _route(county, endpoint)[1]:
        assert _ask(county, endpoint, NOBODY, things[NONE]).status_code == 404


@pytest.mark.parametrize("name", LISTS)
def test_a_list_shows_a_participant_its_own_and_never_anothers(county: County, name: str) -> None:
    kind = name.removesuffix("s").replace("-", "_")
    shown = county.client.get(f"/v1/{name}?limit=200", headers=county.headers("mine"))
    assert shown.status_code == 200
    assert county.theirs["participant"] not in shown.text
    if kind in county.mine:
        assert county.mine[kind] in shown.text
        assert county.theirs[kind] not in shown.text
    asked = county.client.get(
        f"/v1/{name}?participant_id={county.theirs['participant']}", headers=county.headers("mine")
    )
    assert asked.status_code in (200, 404, 422)
    assert county.theirs.get(kind, county.theirs["money_account"]) not in asked.text


@pytest.mark.parametrize("endpoint", [name for name, rule in ROUTES.items() if rule.scope == "trade"])
def test_a_key_that_may_only_read_changes_nothing(
    county: County, things: dict[str, dict[str, str]], endpoint: str
) -> None:
    role = sorted(ROUTES[endpoint].roles)[0]
    made = county.post(role, "/api-keys", {"label": "reads", "scopes": ["read"]})
    method, rule = _route(county, endpoint)
    answer = county.client.open(
        _path(rule, things[OWN]), method=method, json=good_body(county, endpoint, things[OWN]),
        headers=county.headers(role) | {"Authorization": f"Bearer {made['secret']}"},
    )  # fmt: skip
    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")


def test_an_event_concerns_only_those_who_may_read_what_it_is_about(county: County) -> None:
    told: dict[str, int] = {}
    with db.connect(county.settings.url()) as connection, db.transaction(county.settings.url()) as session:
        rows = connection.execute(
            "SELECT subject_type, array_agg(DISTINCT subject_id) FROM outbox GROUP BY 1"
        )
        published = {kind: sorted(numbers) for kind, numbers in rows.fetchall()}
        for kind, query in CONCERNED_SQL.items():
            found = connection.execute(query, {"ids": Bigints(published.get(kind, [1]))}).fetchall()
            named = NAMED[kind].kind
            if named not in OWNERS:
                continue
            for _, participant, shown in found:
                asked = {OWNERS[named][0]: shown}
                who = AccessActor(0, participant, frozenset(), None, frozenset(), "")
                if shown is not None:
                    ownership.check(session, named, asked, who)  # raises where it is another's
                told[kind] = told.get(kind, 0) + 1
    assert len(told) >= 20 and sum(told.values()) >= 60, told


def test_a_clerk_under_a_mandate_reaches_the_principals_things_and_no_others(
    county: County,
) -> None:
    mandate(county, county.mine, "theirs")
    acting = {"X-Acting-For": county.mine["participant"]}
    account = f"/v1/water-accounts/{county.mine['water_account']}"
    assert county.client.get(account, headers=county.headers("theirs")).status_code == 404
    assert county.client.get(account, headers=county.headers("theirs") | acting).status_code == 200
    own = f"/v1/water-accounts/{county.theirs['water_account']}"
    assert county.client.get(own, headers=county.headers("theirs") | acting).status_code == 404
    refused = county.client.get(account, headers=county.headers("stranger") | acting)
    assert (refused.status_code, refused.json["code"]) == (403, "no_mandate")


def test_an_undeclared_route_keeps_the_application_from_starting(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    from market import app

    monkeypatch.delitem(EVERY_ROUTE, "orders.place")
    with pytest.raises(RuntimeError, match=r"undeclared routes: \['orders\.place'\]"):
        app.create_app(county.settings)


# Which desk is whose, the use case checks: tests/api/test_desks.py, and the roles of desks in tests/unit/supervision.
AT_EVERY_DESK = {
    f"desk_reviews.{act}"
    for act in ("decide", "give_back", "recuse", "open_hearing", "close_hearing", "answer_objection")
} | {"desk_interests.declare", "notices.serve"}
WRITES = {name: rule for name, rule in ROUTES.items() if rule.scope == "trade"}


def test_the_auditor_reads_everything_and_writes_nothing() -> None:
    assert [name for name, rule in WRITES.items() if "auditor" in rule.roles] == []
    reads = {
        name for name, rule in ROUTES.items()
        if rule.scope == "read" and rule.roles is not PUBLIC and "auditor" not in rule.roles
    }  # fmt: skip
    assert reads <= {"reviews.list_reviews", "reviews.get"} - {
        name for name, rule in ROUTES.items() if "auditor" in rule.roles
    }


READING_BY_POST = {
    "announcements.preview", "season.preview_release", "season.preview_reversal", "season.preview_curtailment",
    "season.preview_year_end", "billing_runs.preview", "fee_invoice_runs.preview", "appraisals.appraise",
    "forecasts.look_ahead", "unmaskings.unmask",
}  # fmt: skip
"""What is asked with a body and changes nothing; that a name was looked at is recorded."""
OF_ONESELF = {"auth.sign_out", "keys.create", "keys.rotate", "keys.revoke"} | {
    f"sign_in.{act}" for act in (
        "change_password", "begin_totp", "confirm_totp", "give_up_totp", "end_session", "sign_out_everywhere",
    )
}  # fmt: skip


def test_of_all_routes_that_are_no_reading_the_auditor_has_those_of_the_own_sign_in(county: County) -> None:
    admitted = {
        rule.endpoint
        for rule in county.app.url_map.iter_rules()
        if rule.endpoint in ROUTES
        and "auditor" in ROUTES[rule.endpoint].roles
        and rule.methods - SAFE_METHODS
    }
    assert admitted == READING_BY_POST | OF_ONESELF


def test_powers_are_kept_apart() -> None:
    def writes(role: str) -> set[str]:
        return {name for name, rule in WRITES.items() if role in rule.roles}

    assert writes("administrator") == {
        "users.create", "users.set_roles", "users.suspend", "users.reinstate", "sign_in.hand_over_to_user",
        "sign_in.take_totp_away", "webhooks.disable",
    }  # fmt: skip
    assert writes("reviewer") - AT_EVERY_DESK == {
        f"{what}.{decision}"
        for what in ("reviews", "calls", "programmes", "reversals")
        for decision in ("approve", "reject")
    }
    assert writes("reader") == set()
    assert writes("department") == {"entries.enter_figure", "entries.enter_result"}
    assert writes("treasurer") == {
        "payments.record_deposit", "payments.record_payout", "gateway_payments.capture", "gateway_payments.cancel",
        "gateway_payments.refund", "gateway_payouts.pay_out", "reconciliation.explain",
        "bank_accounts.confirm", "bank_accounts.end", "bank_payout_files.gather", "bank_payout_files.release",
        "bank_payout_files.cancel", "bank_payout_files.take_answer", "bank_statements.take_statement",
        "bank_statements.assign", "bank_statements.send_back", "bank_statements.charge", "billing_runs.issue",
        "billing_runs.post_village", "canal_associations.record", "remittances.make", "remittances.confirm",
        "remittances.refuse", "water_bills.take_cash", "fee_invoice_runs.issue", "fee_invoices.record_number",
    }  # fmt: skip
    assert writes("supervisor") & writes("reviewer") == AT_EVERY_DESK
    for role in ("administrator", "auditor", "treasurer"):
        assert writes(role) & AT_EVERY_DESK == set(), role
    for role in BUREAU | OUTSIDE:
        assert not any(name.startswith("orders.") for name in writes(role)), role
    for role in PARTICIPANTS - HOLDERS:
        assert not any(name.startswith(("orders.", "entitlements.")) for name in writes(role)), role
