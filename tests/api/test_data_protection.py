"""Personal data over HTTP: looks for a purpose, who looked, all of one's own, leaving, what is erased when."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from openpyxl import load_workbook

from market import jobs, prove
from market.core import clock, db, ids
from market.demo import people
from market.participants import unmasking
from market.supervision.privacy import own_data
from tests.api.county import PASSWORD, YEAR, County, mandate, open_county, product

NAME, PHONE = "艾力·买买提", "13812345678"
IDENTITY = people.identity_number(4321)
WHY = {"purpose": "an objection is looked into", "legal_basis": "行政许可法 art. 46"}
RETAINED_YEARS, DOCUMENT_YEARS = 3, 10


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        for role in ("auditor", "supervisor", "registrar", "treasurer", "administrator"):
            found.user(role, role)
        _admitted(found, "ali", NAME, IDENTITY, PHONE)
        yield found


def _admitted(county: County, name: str, called: str, identity: str, contact: str) -> str:
    """A new household, admitted, with a user who is signed in; its public id is kept among `mine`."""
    body = {
        "kind": "household", "name": called, "identifier": identity, "contact": contact, "login": f"first-{name}",
        "password": PASSWORD, "user_name": called, "roles": ["holder"],
    }  # fmt: skip
    answer = county.client.post("/v1/participants", json=body)
    assert answer.status_code == 201, answer.text
    made: str = answer.json["id"]
    county.post("registrar", f"/participants/{made}/admit")
    county.user(name, "holder", ids.parse("par", made))
    county.mine[name] = made
    return made


def _sheet(county: County, who: str) -> set[tuple[Any, Any]]:
    """Name and contact of everybody in the register as a sheet."""
    answer = county.client.get("/v1/imports/participants/export", headers=county.headers(who))
    sheet = load_workbook(io.BytesIO(answer.data), read_only=True).worksheets[0]
    return {(row[1], row[3]) for row in sheet.iter_rows(values_only=True)}


def _unmasked(county: County, who: str, fields: list[str], of: str = "ali") -> Any:
    return county.client.post(
        f"/v1/participants/{county.mine[of]}/unmask",
        json={"fields": fields, **WHY},
        headers=county.headers(who),
    )


def test_a_supervisor_sees_a_masked_name_until_it_states_a_purpose_which_the_person_can_read(
    county: County,
) -> None:
    shown = county.get("supervisor", f"/participants/{county.mine['ali']}")
    assert (shown["name"], shown["contact"]) == ("艾**", "**78")
    listed = county.client.get("/v1/participants?limit=200", headers=county.headers("auditor"))
    assert NAME not in listed.text and PHONE not in listed.text
    assert county.get("registrar", f"/participants/{county.mine['ali']}")["contact"] == PHONE
    assert ("艾**", "**78") in _sheet(county, "auditor") and (NAME, PHONE) in _sheet(county, "registrar")
    answer = _unmasked(county, "supervisor", ["name", "contact"])
    assert (answer.json["name"], answer.json["contact"], answer.json["identity"]) == (NAME, PHONE, None)
    (entry,) = county.get("auditor", f"/audit/entries?subject={answer.json['id']}")["data"]
    assert entry["detail"]["purpose"] == WHY["purpose"]
    assert entry["detail"]["kinds"] == "contact name"
    assert NAME not in str(entry) and PHONE not in str(entry)
    (seen,) = county.get("ali", "/me/data-access")["data"]
    assert (seen["roles"], seen["fields"], seen["purpose"]) == (
        ["supervisor"], ["contact", "name"], WHY["purpose"],
    )  # fmt: skip
    assert seen["user_id"] == county.get("supervisor", "/me")["user_id"]
    assert county.get("factory", "/me/data-access")["data"] == []
    assert county.get("auditor", "/me/data-access")["data"] == []


def test_a_purpose_is_needed_and_looks_are_counted(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"/v1/participants/{county.mine['ali']}/unmask"
    answer = county.client.post(path, json={"fields": ["name"]}, headers=county.headers("auditor"))
    assert answer.status_code == 422
    assert _unmasked(county, "administrator", ["name"]).status_code == 403
    assert _unmasked(county, "ali", ["name"]).status_code == 403
    monkeypatch.setattr(unmasking, "MOST_AN_HOUR", 2)
    done = [_unmasked(county, "auditor", ["contact"]) for _ in range(3)]
    assert [each.status_code for each in done] == [200, 200, 429]
    assert (done[2].json["code"], done[2].json["limit"]) == ("too_many_unmaskings", "2")
    assert _unmasked(county, "treasurer", ["contact"]).status_code == 200  # counted by user
    with clock.moved_to(clock.now() + dt.timedelta(minutes=61)):
        county.user("later", "auditor")
        assert _unmasked(county, "later", ["contact"]).status_code == 200


def test_an_order_shows_supervisors_through_which_sign_in_and_key_it_came(county: County) -> None:
    account = county.get("factory", "/water-accounts")["data"][0]["id"]
    body = {
        "product_id": product(county), "water_account_id": account, "side": "buy", "volume": "2", "price": "0.0002",
    }  # fmt: skip
    order = county.post("factory", "/orders", body)["id"]
    key = county.post("factory", "/api-keys", {"label": "t", "scopes": ["read", "trade"]})
    county.tokens["key"] = key["secret"]
    county.post("key", f"/orders/{order}/amend", {"volume": "1"})
    refused = county.client.post(
        f"/v1/orders/{order}/amend",
        json={"volume": "900000", "price": "9999"},
        headers=county.headers("factory"),
    )
    assert refused.status_code == 422
    county.post("key", f"/orders/{order}/cancel")
    found = county.get("auditor", f"/orders/{order}/commands")["data"]
    assert [(each["command"], each["outcome"]) for each in found] == [
        ("place", "accepted"), ("amend", "accepted"), ("amend", "refused"), ("cancel", "accepted"),
    ]  # fmt: skip
    assert [each["api_key_id"] for each in found] == [None, key["id"], None, key["id"]]
    assert found[0]["sign_in_id"] is not None and found[0]["sign_in_id"] == found[2]["sign_in_id"]
    assert found[2]["code"] == refused.json["code"]
    first = county.get("supervisor", f"/orders/{order}/commands?limit=1")
    assert first["has_more"] and first["data"] == found[:1]
    assert (
        county.get("factory", f"/orders/{order}/commands")["data"] == found
    )  # whose order it is sees it too
    denied = county.client.get(f"/v1/orders/{order}/commands", headers=county.headers("farmer"))
    assert denied.status_code == 404


def test_all_of_one_s_own_comes_as_one_file_and_nothing_of_others(county: County) -> None:
    answer = county.client.get("/v1/me/data", headers=county.headers("factory"))
    found = json.loads(answer.data)
    me = county.get("factory", "/me")
    (profile,) = found["profile"]
    assert profile["id"] == me["participant_id"]
    assert me["user_id"] in {each["id"] for each in found["users"]}
    listed = county.get("factory", "/orders?limit=200")["data"]
    assert {each["id"]: each["volume"] for each in found["orders"]} == {
        each["id"]: each["volume"] for each in listed
    }
    assert found["api_keys"] and found["sign_ins"] and found["money_accounts"][0]["balance"]
    ali = json.loads(county.client.get("/v1/me/data", headers=county.headers("ali")).data)
    assert ali["profile"][0]["contact"] == PHONE
    assert {each["purpose"] for each in ali["data_accesses"]} == {WHY["purpose"]}
    assert ali["orders"] == ali["api_keys"] == []
    bureau = json.loads(county.client.get("/v1/me/data", headers=county.headers("auditor")).data)
    assert [each["id"] for each in bureau["users"]] == [county.get("auditor", "/me")["user_id"]]
    assert bureau["profile"] == bureau["orders"] == []


def test_the_same_comes_as_a_zip_of_tables_block_by_block(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_data, "BLOCK_BYTES", 100)
    answer = county.client.get("/v1/me/data?format=zip", headers=county.headers("factory"))
    with db.connect(county.settings.url()) as connection:
        blocks = list(own_data.as_json(connection, **_who(county, "factory")))
    whole = json.loads(b"".join(blocks))
    assert len(blocks) > 5 and max(map(len, blocks)) < 2_000
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        assert {name.removesuffix(".csv") for name in archive.namelist()} == {
            name for name, rows in whole.items() if name != "made_at" and rows
        }
        lines = list(csv.DictReader(io.StringIO(archive.read("orders.csv").decode("utf-8-sig"))))
    assert [each["id"] for each in lines] == [each["id"] for each in whole["orders"]]


def _who(county: County, name: str) -> dict[str, int]:
    me = county.get(name, "/me")
    return {
        "user_id": ids.parse("usr", me["user_id"]),
        "participant_id": ids.parse("par", me["participant_id"]),
    }


def test_a_clerk_under_a_mandate_gets_no_file_and_asks_for_no_erasure(county: County) -> None:
    county.user("clerk", "holder", ids.parse("par", county.get("factory", "/me")["participant_id"]))
    mandate(county, {"participant": county.mine["ali"]}, "clerk")
    acting = county.headers("clerk") | {"X-Acting-For": county.mine["ali"]}
    body = {"participant_id": county.mine["ali"]}
    for answer in (
        county.client.get("/v1/me/data", headers=acting),
        county.client.get("/v1/me/data-access", headers=acting),
        county.client.post("/v1/erasure-requests", json=body, headers=acting),
    ):
        assert (answer.status_code, answer.json["code"]) == (403, "only_in_person")


def test_papers_of_an_ended_right_are_erased_after_their_years_and_never_otherwise(county: County) -> None:
    right = county.post("registrar", "/entitlements", {
        "participant_id": county.mine["ali"], "kind": "irrigation_certificate", "source": "surface",
        "sector": "agriculture", "township": "DEMO-MANAS", "canal": "DEMO-CANAL", "volume": "10", "land_mu": "1.5",
        "valid_from": f"{YEAR}-01-01", "valid_to": f"{YEAR + 1}-12-31", "basis": "tests",
    })["id"]  # fmt: skip
    content = base64.b64encode(b"%PDF-1.7 of Ali").decode()
    body = {"name": f"{NAME}.pdf", "media_type": "application/pdf", "content": content}
    paper = county.post("ali", f"/entitlements/{right}/documents", body)["id"]
    assert county.get("auditor", f"/documents/{paper}")["content"] == content
    assert county.get("ali", "/me/data-access")["data"][-1]["fields"] == ["paper"]
    assert county.get("auditor", f"/entitlements/{right}")["land_mu"] == "1.50"
    county.post("registrar", f"/entitlements/{right}/refuse", {"reason": "tests"})
    url = county.settings.url()
    with clock.moved_to(clock.now() + dt.timedelta(days=365 * DOCUMENT_YEARS)):
        jobs.run(url, jobs.named("retention"))  # leap days: not yet
    with db.connect(url) as connection:
        for change in ("SET name = ''", "SET content = NULL, erased_at = NULL", "SET sha256 = sha256"):
            with pytest.raises((psycopg.errors.RestrictViolation, psycopg.errors.CheckViolation)):
                connection.execute(f"UPDATE entitlement_documents {change}")  # type: ignore[call-overload]
            connection.rollback()
    assert county.get("ali", f"/documents/{paper}")["content"] == content
    with clock.moved_to(clock.now() + dt.timedelta(days=366 * DOCUMENT_YEARS)):
        assert jobs.run(url, jobs.named("retention")) >= 1
    gone = county.get("ali", f"/documents/{paper}")
    assert (gone["content"], gone["name"], gone["size_bytes"]) == (None, "", len(b"%PDF-1.7 of Ali"))


def test_who_still_takes_part_is_refused_and_told_in_what(county: County) -> None:
    me = county.get("factory", "/me")["participant_id"]
    made = county.post("factory", "/erasure-requests", {"participant_id": me})
    assert (made["status"], made["rule"], made["keep_until"]) == ("refused", "still_taking_part", None)
    assert "money" in made["open"]
    assert not any(each["erased"] for each in made["outcome"])
    assert county.get("factory", "/erasure-requests")["data"] == [made]
    other = county.client.post(
        "/v1/erasure-requests", json={"participant_id": county.mine["ali"]}, headers=county.headers("factory")
    )
    assert other.status_code == 404


def test_who_leaves_is_erased_but_for_what_a_law_keeps_until_its_day(county: County) -> None:
    ali, url = county.mine["ali"], county.settings.url()
    made = county.post("ali", "/erasure-requests", {"participant_id": ali})
    until = clock.today().replace(year=clock.today().year + RETAINED_YEARS)
    assert (made["status"], made["rule"], made["keep_until"]) == (
        "partly", "retention:person", until.isoformat(),
    )  # fmt: skip
    assert "art. 31" in made["legal_source"] and "art. 47" in made["legal_source"]
    by_data = {each["data"]: each["erased"] for each in made["outcome"]}
    assert by_data == {"place": True, "contact": True, "document": True, "person": False}
    left = county.get("registrar", f"/participants/{ali}")
    assert (left["status"], left["contact"], left["name"]) == ("closed", "", NAME)
    signed = county.client.post("/v1/auth/token", json={"login": "first-ali", "password": PASSWORD})
    assert signed.status_code == 401
    again = county.post("registrar", "/erasure-requests", {"participant_id": ali})
    assert (again["status"], again["keep_until"]) == ("partly", until.isoformat())
    with clock.moved_to(clock.end_of_legal_day(until - dt.timedelta(days=2))):
        jobs.run(url, jobs.named("retention"))
    assert county.get("registrar", f"/participants/{ali}")["name"] == NAME
    with clock.moved_to(clock.end_of_legal_day(until - dt.timedelta(days=1))):
        assert jobs.run(url, jobs.named("retention")) >= 1
        assert jobs.run(url, jobs.named("retention")) == 0
    gone = county.get("registrar", f"/participants/{ali}")
    assert (gone["name"], gone["identifier_masked"]) == ("已删除", "")
    answer = county.client.post(
        "/v1/erasure-requests", json={"participant_id": ali}, headers=county.headers("registrar")
    )
    assert (answer.status_code, answer.json["code"]) == (409, "already_erased")
    assert _unmasked(county, "supervisor", ["name"]).json["code"] == "already_erased"
    with db.connect(url) as connection:
        kept = connection.execute(
            "SELECT login LIKE 'erased:%%', name, password_hash FROM users WHERE participant_id = %s",
            (ids.parse("par", ali),),
        ).fetchall()
    assert kept and set(kept) == {(True, "", "")}
    assert _admitted(county, "again", NAME, IDENTITY, PHONE) != ali  # nobody knows it any more


def test_the_audit_trail_of_it_all_names_nobody_and_every_invariant_holds(county: County) -> None:
    with db.connect(county.settings.url()) as connection:
        told = "\n".join(row[0] for row in connection.execute("SELECT detail FROM audit").fetchall())
        names = connection.execute(
            "SELECT name FROM participants WHERE kind IN ('person', 'household')"
            " UNION SELECT contact FROM participants WHERE contact <> '' UNION SELECT identifier_masked"
            " FROM participants WHERE identifier_kind = 'identity_number' UNION SELECT name FROM users"
            " WHERE participant_id IS NOT NULL"
        ).fetchall()
    # The seed's people have "demonstration" as their contact.
    personal = {row[0] for row in names if len(row[0]) > 6} - {"demonstration"} | {NAME, PHONE, IDENTITY}
    assert len(personal) > 5
    assert [each for each in personal if each in told] == []
    report = prove.run(county.settings.url())
    assert report["violations"] == 0, report
