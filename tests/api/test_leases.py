"""Leases and sales of rights over HTTP: agreed on as deals are, decided on by the registry, then on the register."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from market import prove
from market.core import clock, db, ids
from market.jobs import named, run
from tests.api.county import YEAR, County, lender, open_county
from tests.api.offers import lease_body, leased, right_body, signed
from tests.api.smallholders import household

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The county; afterwards nothing in the market is wrong."""
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        yield found
        found.exchange.take_up()
        report = prove.run(found.settings.url())
        assert report["violations"] == 0, [each for each in report["invariants"] if each["violations"]]


@pytest.fixture
def lessor(county: County) -> dict[str, str]:
    """A household with a right to 100 m3, all of it announced, as the names of its things."""
    name = f"landlord-{next(_numbers)}"
    participant, account = household(county, name, "100")
    [right] = county.get(name, "/entitlements")["data"]
    return {"name": name, "participant": participant, "water_account": account, "entitlement": right["id"]}


def _account(county: County, who: str) -> str:
    found: str = county.get(who, "/water-accounts")["data"][0]["id"]
    return found


def _status(county: County, who: str, path: str, body: object = None) -> tuple[int, str]:
    answer = (
        county.client.get(f"/v1{path}", headers=county.headers(who))
        if body is None
        else county.client.post(f"/v1{path}", json=body, headers=county.headers(who))
    )
    return answer.status_code, (answer.json or {}).get("code", "")


def test_a_lease_is_filed_held_and_delivered(county: County, lessor: dict[str, str]) -> None:
    name = lessor["name"]
    made = leased(county, name, "centre", lessor, volume="40")
    found = county.get(name, f"/leases/{made}")
    assert (found["volume"], found["rent"], found["status"]) == ("40.000", "0.1000", "in_force")
    [held] = found["turns"]
    assert (held["status"], held["volume"], held["held"]) == ("due", "40.000", "40.000")
    account = f"/water-accounts/{lessor['water_account']}"
    assert county.get(name, account)["held"] == "40.000"
    constraints = county.get(name, f"{account}/tradable")["constraints"]
    balance = next(each for each in constraints if each["name"] == "balance")
    assert balance["volume"] == "60.000"
    assert "leased 40.000" in balance["detail_en"]
    assert run(county.settings.url(), named("leases")) >= 1
    county.exchange.take_up()
    run(county.settings.url(), named("leases"))
    [done] = county.get("centre", f"/leases/{made}")["turns"]
    assert (done["status"], done["held"]) == ("traded", "0.000")
    trade = county.get(name, f"/trades/{done['trade_id']}")
    assert (trade["source_volume"], trade["amount"]) == ("40.000", "4.00")
    assert county.get(name, account)["balance"] == "60.000"


def test_the_certificate_shows_what_is_let_to_its_holder_and_to_everybody(
    county: County, lessor: dict[str, str]
) -> None:
    leased(county, lessor["name"], "centre", lessor, volume="12.000")
    code = ids.public("ver", ids.parse("ent", lessor["entitlement"]))
    page = f"/certificates/{lessor['entitlement']}"
    shown = county.client.get(page, headers=county.headers(lessor["name"]))
    public = county.client.get(f"/verify/{code}?lang=zh")
    assert "Let" in shown.text and "12.000" in shown.text
    assert "已出租" in public.text and "12.000" in public.text


def test_a_bank_that_looks_at_a_right_sees_what_is_let(county: County, lessor: dict[str, str]) -> None:
    leased(county, lessor["name"], "centre", lessor, volume="30")
    who = f"bank-{next(_numbers)}"
    consent = {
        "entitlement_id": lessor["entitlement"],
        "bank_id": lender(county, who),
        "valid_to": f"{YEAR}-12-31",
    }
    made = county.post(lessor["name"], "/pledge-consents", consent)["id"]
    [shown] = county.get(who, f"/pledge-consents/{made}/report")["leases"]
    assert (shown["volume"], shown["ends_on"]) == ("30.000", f"{YEAR}-12-31")
    body = {
        "consent_id": made, "volume": "71", "secured": "1.00", "owed": "1.00", "valued": "1.00", "valuation": "t",
        "document": "t",
    }  # fmt: skip
    pledge = county.post(who, "/pledges", body)["id"]
    county.post(lessor["name"], f"/pledges/{pledge}/agree")
    assert _status(county, "registrar", f"/pledges/{pledge}/register", {}) == (422, "more_than_the_right")


def test_a_long_lease_waits_for_the_registrar_and_nobody_else_decides(
    county: County, lessor: dict[str, str]
) -> None:
    name = lessor["name"]
    body = lease_body(
        county, lessor["water_account"], _account(county, "centre"), lessor["entitlement"],
        lease={"years": 2, "short_year": "lessee_first", "turn_month": 4, "grace_days": 10},
    )  # fmt: skip
    made = county.post(name, "/negotiations", body)
    assert made["offers"][0]["lease"] == body["lease"]
    path = f"/negotiations/{made['id']}"
    waiting = signed(county, name, "centre", made["id"])
    assert (waiting["status"], waiting["tenure"], waiting["lease_id"]) == ("under_review", "lease", None)
    for who in ("reviewer", "supervisor", name):
        assert _status(county, who, f"{path}/approve", {"reason": "t"})[0] == 403
    assert waiting["id"] in [
        each["id"]
        for each in county.get("registrar", "/negotiations?status=under_review&tenure=lease")["data"]
    ]
    done = county.post("registrar", f"{path}/approve", {"reason": "the canal leads it"})
    assert (done["status"], done["decision_reason"]) == ("registered", "the canal leads it")
    lease = county.get(name, f"/leases/{done['lease_id']}")
    assert (lease["short_year"], lease["turn_month"], lease["last_year"]) == (
        "lessee_first",
        4,
        lease["first_year"] + 1,
    )


def test_a_part_of_a_right_is_paid_for_and_registered_in_one_step(
    county: County, lessor: dict[str, str]
) -> None:
    name = lessor["name"]
    buyer = f"buyer-{next(_numbers)}"
    _, account = household(county, buyer, "1")
    money = county.get(buyer, "/money-accounts")["data"][0]
    county.post("treasurer", "/deposits", {
        "money_account_id": money["id"], "amount": "50.00", "bank_reference": f"B-{buyer}",
        "value_date": clock.today().isoformat(),
    })  # fmt: skip
    body = right_body(county, lessor["water_account"], account, lessor["entitlement"])
    made = county.post(name, "/negotiations", body)["id"]
    assert signed(county, name, buyer, made)["status"] == "published"
    assert county.get(buyer, f"/money-accounts/{money['id']}")["held"] == "5.00"
    shown = county.get("factory", "/published-negotiations?limit=200")["data"]
    (mine,) = [each for each in shown if each["id"] == made]
    assert (mine["tenure"], mine["volume"], mine["years"]) == ("entitlement", "10.000", None)
    until = clock.today().fromisoformat(mine["published_until"])
    with clock.moved_to(clock.end_of_legal_day(until)):
        assert run(county.settings.url(), named("negotiations")) >= 1
    done = county.post("registrar", f"/negotiations/{made}/approve", {"reason": "no objection"})
    sale = done["sale"]
    assert (sale["volume"], sale["amount"]) == ("10.000", "5.00")
    bought = county.get(buyer, f"/entitlements/{sale['new_entitlement_id']}")
    kept = county.get(name, f"/entitlements/{sale['rest_entitlement_id']}")
    old = county.get(name, f"/entitlements/{lessor['entitlement']}")
    assert (bought["volume"], kept["volume"], old["status"]) == ("10.000", "90.000", "replaced")
    assert len({each["certificate_number"] for each in (bought, kept, old)}) == 3
    assert county.get(buyer, f"/money-accounts/{money['id']}")["balance"] == "45.00"


def test_a_refused_sale_gives_the_price_back(county: County, lessor: dict[str, str]) -> None:
    name = lessor["name"]
    centre = county.get("centre", "/money-accounts")["data"][0]
    body = right_body(county, lessor["water_account"], _account(county, "centre"), lessor["entitlement"])
    made = county.post(name, "/negotiations", body)["id"]
    signed(county, name, "centre", made)
    with db.connect(county.settings.url()) as connection:
        connection.execute(
            "UPDATE negotiations SET status = 'under_review', review_due_on = published_until WHERE id = %s",
            (ids.parse("neg", made),),
        )
    refused = county.post("registrar", f"/negotiations/{made}/reject", {"reason": "the land stays"})
    assert (refused["status"], refused["end_reason"]) == ("refused", "the land stays")
    now = county.get("centre", f"/money-accounts/{centre['id']}")
    assert (now["held"], now["balance"]) == (centre["held"], centre["balance"])


def test_nobody_else_sees_a_lease_and_only_the_lessor_may_terminate(
    county: County, lessor: dict[str, str]
) -> None:
    made = leased(county, lessor["name"], "centre", lessor)
    assert _status(county, "factory", f"/leases/{made}") == (404, "not_found")
    assert made not in [each["id"] for each in county.get("factory", "/leases")["data"]]
    for who in (lessor["name"], "centre", "registrar"):
        assert made in [each["id"] for each in county.get(who, "/leases?limit=200")["data"]]
    assert _status(county, "centre", f"/leases/{made}/terminate", {"reason": "t"}) == (403, "not_a_party")
    assert _status(county, lessor["name"], f"/leases/{made}/terminate", {"reason": "t"}) == (
        422,
        "rent_not_overdue",
    )


def test_what_is_not_a_lease_names_no_years_and_what_is_one_does(
    county: County, lessor: dict[str, str]
) -> None:
    other = _account(county, "centre")
    body = lease_body(county, lessor["water_account"], other, lessor["entitlement"])
    for wrong in (body | {"lease": None}, body | {"entitlement_id": None}):
        assert _status(county, lessor["name"], "/negotiations", wrong) == (422, "subject_mismatch")
    long = body | {"lease": {"years": 21}}
    assert _status(county, lessor["name"], "/negotiations", long) == (422, "invalid_input")
