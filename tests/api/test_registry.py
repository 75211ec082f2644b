"""Limits, rights, announcements and water accounts over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.registry_desk import Desk, announcement, right_body


@pytest.fixture(scope="module")
def desk(database_url: str) -> Desk:
    """The application over the small county."""
    return Desk(database_url)


def test_the_county_s_facts_are_public_and_sourced(desk: Desk) -> None:
    zones = desk.client.get("/v1/zones?tree=river").json["data"]
    assert {"R", "D1", "K1", "D2", "K2"} <= {zone["code"] for zone in zones}
    assert desk.client.get("/v1/sources").json["data"][0] == {"code": "surface"}
    assert desk.client.get("/v1/sectors").json["data"][2]["may_sell"] is False
    assert desk.client.get("/v1/water-years").json["data"][0] == {
        "year": 2026,
        "starts_on": "2026-01-01",
        "ends_on": "2026-12-31",
        "status": "open",
    }
    county = desk.client.get("/v1/county").json
    assert county["tariffs"][0] == {
        "zone": "D1",
        "sector": "agriculture",
        "price": "0.0770",
        "legal_source": "test",
        "source_status": "derived",
        "demonstration": True,
        "from": None,
        "source_of_water": None,
        "end_canal": None,
        "tiers": [],
    }


def test_a_limit_is_set_and_changed_by_the_version_that_was_read(desk: Desk) -> None:
    body = {
        "code": "CAP-G59",
        "kind": "cap",
        "water_year": 2026,
        "zone": "G59",
        "volume": "500.5",
        "legal_source": "the plan, part 2",
    }
    limit = desk.post("/limits", body)
    assert (limit["volume"], limit["available"], limit["version"]) == ("500.500", "500.500", 1)
    path = f"/limits/{limit['id']}"
    change = {"volume": "400", "reason": "dry year", "legal_source": "notice 4"}
    assert desk.refusal("POST", f"{path}/change", change)["status"] == 428
    changed = desk.post(f"{path}/change", change, If_Match='"1"')
    assert [each["after"] for each in changed["changes"]] == ["500.500", "400.000"]
    assert desk.refusal("POST", f"{path}/change", change, If_Match='"1"')["code"] == "version_changed"
    assert desk.ask("GET", path).headers["ETag"] == '"2"'
    assert desk.refusal("POST", "/limits", body)["code"] == "limit_exists"
    assert limit["id"] in [each["id"] for each in desk.get("/limits?zone=G59")["data"]]


def test_a_right_is_applied_for_by_its_holder_and_confirmed_by_the_registrar(desk: Desk) -> None:
    holder, other = desk.holder(), desk.holder()
    applied = desk.post("/entitlements", right_body(holder, "4180"), as_=holder)
    assert (applied["status"], applied["certificate_number"], applied["land_mu"]) == (
        "applied",
        None,
        "10.32",
    )
    path = f"/entitlements/{applied['id']}"
    assert desk.refusal("POST", f"{path}/confirm", {}, as_=holder)["status"] == 403
    confirmed = desk.post(f"{path}/confirm")
    assert confirmed["certificate_number"].startswith("YJS-SW-")
    assert desk.refusal("POST", f"{path}/confirm", {})["code"] == "entitlement_state"
    assert desk.get(path, as_=holder)["volume"] == "4180.000"
    assert desk.refusal("GET", path, as_=other)["status"] == 404
    assert desk.refusal("POST", "/entitlements", right_body(holder, "1"), as_=other)["status"] == 404
    assert [each["id"] for each in desk.get("/entitlements", as_=holder)["data"]] == [applied["id"]]
    assert desk.get("/entitlements", as_=other)["data"] == []


def test_an_announcement_is_previewed_made_once_a_key_and_listed(desk: Desk) -> None:
    holder, canal = desk.holder(), desk.canal()
    right = desk.right(holder, "1000.001", canal=canal)
    body = announcement(zone=canal, share="0.5")
    plan = desk.post("/announcements/preview", {name: body[name] for name in body if name != "reason"})
    assert (plan["total"], plan["possible"]) == ("500.000", True)
    assert desk.refusal("POST", "/announcements", body, key=None)["code"] == "idempotency_key_missing"
    made = desk.post("/announcements", body, key="spring-1")
    again = desk.ask("POST", "/announcements", body, key="spring-1")
    assert again.json == made
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (made["total"], made["share"], made["entitlements"]) == ("500.000", "0.500000", 1)
    [line] = desk.get(f"/announcements/{made['id']}/lines")["data"]
    assert (line["entitlement_id"], line["volume"]) == (right["id"], "500.000")
    over = desk.refusal("POST", "/announcements", announcement(zone=canal, share="0.500001"))
    assert (over["code"], over["available"]) == ("share_over_entitlement", "0.500000")
    assert over["legal_source"]


def test_a_refusal_by_a_cap_names_it_and_replays(desk: Desk) -> None:
    canal = desk.canal()
    desk.post(
        "/limits",
        {
            "code": f"CAP-{canal}",
            "kind": "cap",
            "water_year": 2026,
            "zone": canal,
            "volume": "99.999",
            "legal_source": "the plan, part 2",
        },
    )
    desk.right(desk.holder(), "100", canal=canal)
    refused = desk.refusal("POST", "/announcements", announcement(zone=canal), key="too-much")
    assert refused["code"] == "cap_exceeded"
    assert refused["rule"] == f"cap:CAP-{canal}"
    assert (refused["limit"], refused["available"]) == ("99.999", "99.999")
    assert refused["legal_source"] == "the plan, part 2"
    assert desk.refusal("POST", "/announcements", announcement(zone=canal), key="too-much") == refused


def test_a_water_account_shows_its_figures_and_its_statement_to_its_holder_only(desk: Desk) -> None:
    holder, account = desk.watered("4180")
    assert (account["allocated"], account["available"], account["fee_due"]) == (
        "4180.000",
        "4180.000",
        "0.00",
    )
    path = f"/water-accounts/{account['id']}"
    [entry] = desk.get(f"{path}/statement", as_=holder)["data"]
    assert (entry["code"], entry["change"], entry["balance"]) == ("allocation", "4180.000", "4180.000")
    assert entry["subject_id"].startswith("ann_")
    answer = desk.get(f"{path}/tradable", as_=holder)
    assert (answer["volume"], answer["binding"]["name"]) == ("4180.000", "balance")
    assert all(each["legal_source"] for each in answer["constraints"])
    stranger = desk.holder()
    for tail in ("", "/statement", "/tradable"):
        assert desk.refusal("GET", path + tail, as_=stranger)["status"] == 404
    assert desk.get(path, as_="auditor")["id"] == account["id"]


def test_a_factory_opens_an_account_and_its_use_plan_is_recorded(desk: Desk) -> None:
    factory = desk.holder()
    body = {
        "participant_id": factory,
        "township": "T2",
        "canal": "K2",
        "sector": "industry",
        "source": "surface",
        "water_year": 2026,
    }
    account = desk.post("/water-accounts", body, as_=factory)
    assert desk.refusal("POST", "/water-accounts", body)["code"] == "water_account_exists"
    assert account["use_plan"] == account["use_plan_left"] == "9999.999"
    [answer] = desk.get(f"/participants/{factory}/purchasable", as_=factory)["accounts"]
    assert answer["binding"]["name"] == "use_plan"
    plan = {"volume": "60000", "legal_source": "plan 12 of 2026"}
    path = f"/water-accounts/{account['id']}/use-plan"
    planned = desk.post(path, plan, If_Match='"1"')
    assert (planned["use_plan"], planned["version"]) == ("60000.000", 2)
    assert desk.refusal("POST", path, plan, as_=factory)["status"] == 403
    assert desk.refusal("GET", f"/participants/{factory}/purchasable", as_=desk.holder())["status"] == 404


@pytest.mark.parametrize(
    ("change", "status", "pointer"),
    [
        ({"volume": 4180}, 422, "/volume"),
        ({"volume": "0"}, 422, "/volume"),
        ({"volume": "-1"}, 422, "/volume"),
        ({"volume": "1.0001"}, 422, "/volume"),
        ({"volume": "1e3"}, 422, "/volume"),
        ({"volume": "1000000000001"}, 422, "/volume"),
        ({"kind": "wish"}, 422, "/kind"),
        ({"canal": "T1"}, 422, "/canal"),
        ({"township": "NOWHERE"}, 422, "/township"),
        ({"valid_to": "2025-12-31"}, 422, "/valid_to"),
        ({"valid_from": "soon"}, 422, "/valid_from"),
        ({"land_mu": "1.001"}, 422, "/land_mu"),
        ({"participant_id": "par_00000000000000000000000000"}, 404, "/participant_id"),
        ({"surprise": 1}, 422, "/surprise"),
    ],
)
def test_bad_input_is_refused_with_a_pointer_and_changes_nothing(
    desk: Desk, change: dict[str, Any], status: int, pointer: str
) -> None:
    holder = desk.holder()
    problem = desk.refusal("POST", "/entitlements", right_body(holder, "1") | change)
    assert problem["status"] == status
    assert pointer in [each["pointer"] for each in problem["errors"]]
    assert desk.get(f"/entitlements?participant_id={holder}")["data"] == []


def test_lists_come_in_pages(desk: Desk) -> None:
    holder = desk.holder()
    made = [desk.post("/entitlements", right_body(holder, "1"))["id"] for _ in range(3)]
    first = desk.get(f"/entitlements?participant_id={holder}&limit=2")
    assert ([each["id"] for each in first["data"]], first["has_more"]) == (made[:2], True)
    rest = desk.get(f"/entitlements?participant_id={holder}&limit=2&starting_after={made[1]}")
    assert ([each["id"] for each in rest["data"]], rest["has_more"]) == (made[2:], False)
