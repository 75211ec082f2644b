"""A sound market in which something of every kind has happened."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

from ledger.units import format_litres, parse_litres
from market import jobs
from market.core import audit, clock, db, ids
from market.jobs import named, run
from market.trading import buy_backs, deal_publications
from tests.api import lots, storing
from tests.api.county import YEAR, County, furnish, open_county, product
from tests.api.offers import lease_body, negotiation_body, programme, right_body, signed, subscribed
from tests.api.smallholders import household


def make(database_url: str, data_dir: Path) -> None:
    """Plays it on a fresh database and leaves nobody connected."""
    with open_county(database_url, data_dir) as county:
        household(county, "seller", "100")
        furnish(county)
        _file(county)
        _programme(county)
        _review(county)
        _order_and_cancel(county)
        _read(county)
        _correct(county)
        _pay_out(county)
        _cut(county)
        _pool(county)
        _let(county)
        _split(county)
        _bid(county)
        _resell(county)
        county.exchange.take_up()
        _season(county)
        _case(county)
    db.dispose(database_url)


def order(county: County, who: str, account: str, side: str, volume: str, price: str) -> dict[str, Any]:
    """An order of somebody."""
    return {
        "product_id": product(county),
        "water_account_id": account,
        "side": side,
        "volume": volume,
        "price": price,
    }


def _file(county: County) -> None:
    """A deal of neighbours in one district, signed and filed, and settled at once."""
    centre = county.get("centre", "/water-accounts")["data"][0]["id"]
    body = negotiation_body(county, county.mine["water_account"], centre, price="0.1")
    made = county.post("mine", "/negotiations", body)["id"]
    assert signed(county, "mine", "centre", made)["lane"] == "filing"
    county.exchange.take_up()
    assert county.get("mine", f"/negotiations/{made}")["deal"]["instruction_status"] == "settled"


def _programme(county: County) -> None:
    """A programme with two sellers, one of them struck off, the other dealt with; another one goes on."""
    made = programme(county)
    for name, things in (("mine", county.mine), ("theirs", county.theirs)):
        subscribed(county, name, made, things["water_account"], "3")
    with clock.moved_to(clock.now() + dt.timedelta(days=2)):
        assert run(county.settings.url(), named("programmes")) == 1
    annex = county.get("reviewer", f"/programmes/{made}/subscriptions?status=included")["data"]
    out = [{"subscription_id": annex[1]["id"], "reason": "no meter"}]
    body = {"reason": "the route is free", "exceptions": out}
    assert county.post("reviewer", f"/programmes/{made}/approve", body)["sellers"] == 1
    county.exchange.take_up()
    late = programme(county)
    subscribed(county, "theirs", late, county.theirs["water_account"], "4")
    with clock.moved_to(clock.now() + dt.timedelta(days=2)):
        assert run(county.settings.url(), named("programmes")) == 1


def _review(county: County) -> None:
    """Three trades from farm to factory: one approved, one rejected, one that waits."""
    factory = county.get("factory", "/water-accounts")["data"][0]["id"]
    for volume in ("20", "30", "40"):
        county.post(
            "mine", "/orders", order(county, "mine", county.mine["water_account"], "sell", volume, "0.6")
        )
        bought = county.post("factory", "/orders", order(county, "factory", factory, "buy", "15", "0.8"))
        assert bought["fills"] != []
    waiting = county.get("reviewer", "/reviews?status=awaiting_review")["data"]
    assert len(waiting) >= 3
    county.post("reviewer", f"/reviews/{waiting[0]['id']}/approve", {"reason": "plan and route checked"})
    county.post("reviewer", f"/reviews/{waiting[1]['id']}/reject", {"reason": "no use plan"})


def _order_and_cancel(county: County) -> None:
    """Open orders of both sides that do not cross, orders that were cancelled, and one that was refused."""
    factory = county.get("factory", "/water-accounts")["data"][0]["id"]
    mine = county.mine["water_account"]
    members: list[dict[str, Any]] = [
        {"place": order(county, "mine", mine, "sell", str(5 + number), "8")} for number in range(3)
    ]
    members.append({"place": order(county, "mine", mine, "sell", "100000", "8")})
    placed = county.post("mine", "/orders/batch", {"commands": members})["data"]
    assert placed[-1]["refusal"]["code"] == "insufficient_water"
    county.post("mine", f"/orders/{placed[0]['order']['id']}/cancel")
    county.post("factory", "/orders", order(county, "factory", factory, "buy", "7", "0.01"))
    unwanted = county.post("factory", "/orders", order(county, "factory", factory, "buy", "9", "0.01"))
    county.post("factory", f"/orders/{unwanted['id']}/cancel")


def _read(county: County) -> None:
    for counter in ("12.5", "40.125"):
        body = {"read_at": clock.now().isoformat(), "counter": counter}
        county.post("registrar", f"/meters/{county.mine['meter']}/readings", body)


def _correct(county: County) -> None:
    """Use beyond the balance, corrected to what was read; a turn sheet, signed."""
    meter = county.mine["meter"]
    body = {"read_at": clock.now().isoformat(), "counter": "5000"}
    over = county.post("registrar", f"/meters/{meter}/readings", body)
    assert over["over_use"] != "0.000"
    county.post(
        "registrar", f"/readings/{over['id']}/correct", {"counter": "41", "reason": "a digit too many"}
    )
    county.post("association", f"/turn-sheets/{county.mine['turn_sheet']}/sign")


def _pay_out(county: County) -> None:
    body = {
        "money_account_id": county.theirs["money_account"],
        "amount": "1.23",
        "bank_reference": "PAYOUT",
        "value_date": clock.today().isoformat(),
    }
    county.post("treasurer", "/payouts", body)


def _pool(county: County) -> None:
    """What was entrusted: some of it sold at once, some that waits for its review, some brought in later."""
    centre = county.get("centre", "/water-accounts")["data"][0]["id"]
    factory = county.get("factory", "/water-accounts")["data"][0]["id"]
    pool = county.get("mine", f"/trusts/{county.mine['trust']}")["water_account_id"]
    county.post("mine-trustee", "/orders", order(county, "mine", pool, "sell", "5", "0.1"))
    county.post("centre", "/orders", order(county, "centre", centre, "buy", "5", "0.1"))
    county.post("mine", f"/trust-members/{county.mine['trust_member']}/bring-in", {"volume": "10"})
    county.post("mine-trustee", "/orders", order(county, "mine", pool, "sell", "20", "0.7"))
    county.post("factory", "/orders", order(county, "factory", factory, "buy", "15", "0.7"))


def _resell(county: County) -> None:
    """Stored water assigned to the town, and some resold to the factory; another round is open."""
    with db.transaction(county.settings.url()) as session:
        for offer in buy_backs.due(session):
            buy_backs.advance(session, actor=audit.Actor(), buy_back_id=offer)
    town = storing.account(
        county, county.get("centre", "/me")["participant_id"], "DEMO-MANAS", "DEMO-CANAL", "domestic"
    )
    body = {"to_water_account_id": town, "volume": "2", "reason": "drinking water"}
    county.post("registrar", f"/storage-accounts/{county.storage}/assignments", body)
    made = county.post("registrar", "/resale-rounds", storing.round_body(county, volume="2"))
    works = county.get("factory", "/water-accounts")["data"][0]["id"]
    offer = {"water_account_id": works, "volume": "2", "price": "0.6"}
    county.post("factory", f"/resale-rounds/{made['id']}/bids", offer)
    closed = county.post("registrar", f"/resale-rounds/{made['id']}/close")
    assert closed["awarded"] == "2.000"


def _cut(county: County) -> None:
    """A limit is raised and cut again."""
    [limit] = county.get("registrar", f"/limits?kind=conversion&water_year={YEAR}")["data"]
    for version, volume in ((limit["version"], "60000001"), (limit["version"] + 1, "59999999")):
        body = {"volume": volume, "reason": "tests", "legal_source": "tests"}
        county.post("registrar", f"/limits/{limit['id']}/change", body, If_Match=f'"{version}"')


def _split(county: County) -> None:
    """A right that was announced whole is split in two."""
    [right] = county.get("farmer", "/entitlements")["data"]
    body = {"volumes": [f"{Decimal(right['volume']) - 1}", "1"], "reason": "a strip of land sold"}
    county.post("registrar", f"/entitlements/{right['id']}/split", body, If_Match=f'"{right["version"]}"')


def _bid(county: County) -> None:
    """Public biddings of mine: one sold, one whose winner forfeited and that was not sold, one with open bids."""
    url, bidder_account = county.settings.url(), county.theirs["water_account"]
    for number, ends in enumerate(("confirm", "decline", "")):
        listing = county.post("mine", "/listings", lots.listing_body(county.mine["water_account"]))["id"]
        body = {"water_account_id": bidder_account}
        bidder = county.post("theirs", f"/listings/{listing}/bidders", body)["id"]
        rival = county.post("centre", f"/listings/{listing}/bidders", {"water_account_id": _centre(county)})[
            "id"
        ]
        lots.open_now(county, listing)
        county.post("centre", f"/bidders/{rival}/bids", {"price": "0.1"})
        county.post("theirs", f"/bidders/{bidder}/bids", {"price": f"0.1{number + 1}"})
        if not ends:
            continue
        lots.close_now(county, listing)
        jobs.run(url, jobs.named("bidding"))
        county.post("theirs", f"/bidders/{bidder}/{ends}")
        if ends == "decline":
            county.post("centre", f"/bidders/{rival}/decline")
        county.exchange.take_up()
        jobs.run(url, jobs.named("bidding"))


def _let(county: County) -> None:
    """My lease and the neighbour's delivered, one that waits for its month; a part of a right sold, one published."""
    for _ in range(2):
        jobs.run(county.settings.url(), jobs.named("leases"))
        county.exchange.take_up()
    terms = {"lease": {"years": 2, "turn_month": 12}, "volume": "3"}
    centre = county.get("centre", "/water-accounts")["data"][0]["id"]
    body = lease_body(county, county.mine["water_account"], centre, county.mine["entitlement"], **terms)
    waiting = county.post("mine", "/negotiations", body)["id"]
    signed(county, "mine", "centre", waiting)
    county.post("registrar", f"/negotiations/{waiting}/approve", {"reason": "tests"})
    account = county.get("seller", "/water-accounts")["data"][0]["id"]
    [right] = county.get("seller", "/entitlements")["data"]
    made = county.post("seller", "/negotiations", right_body(county, account, centre, right["id"]))["id"]
    until = clock.today().fromisoformat(signed(county, "seller", "centre", made)["published_until"])
    with clock.moved_to(clock.end_of_legal_day(until)), db.transaction(county.settings.url()) as session:
        deal_publications.end_publication(session, actor=audit.Actor(), negotiation_id=ids.parse("neg", made))
    rest = county.post("registrar", f"/negotiations/{made}/approve", {"reason": "tests"})["sale"]
    body = right_body(county, account, centre, rest["rest_entitlement_id"])
    signed(county, "seller", "centre", county.post("seller", "/negotiations", body)["id"])


def _centre(county: County) -> str:
    found: str = county.get("centre", "/water-accounts")["data"][0]["id"]
    return found


def _season(county: County) -> None:
    """An announcement with a reserve, its release; one that was taken back; a curtailment, and rain after it."""
    this = {"water_year": YEAR, "source": "surface", "zone": "DEMO-CANAL", "reason": "tests"}
    _right(county)
    county.post("registrar", "/announcements", this | {"share": "0.5", "reserve": "0.1", "only_new": True})
    county.post("registrar", "/releases", this | {"share": "0.5"})
    _right(county)
    wrong = county.post("registrar", "/announcements", this | {"share": "0.25", "only_new": True})
    why = {"reason": "tests", "legal_source": "tests"}
    county.post("registrar", f"/announcements/{wrong['id']}/reverse", why)
    [cap] = county.get("registrar", f"/limits?kind=cap&water_year={YEAR}&zone=DEMO-MANAS")["data"]
    litres = parse_litres(cap["volume"]) - parse_litres(cap["available"]) - 1_001
    cuts = [{"limit_id": cap["id"], "volume": format_litres(litres)}]
    ordered = county.post("registrar", "/curtailments", why | {"water_year": YEAR, "cuts": cuts})
    while ordered["status"] != "done":
        county.exchange.take_up()
        ordered = county.post("registrar", f"/curtailments/{ordered['id']}/advance")
    version = county.get("registrar", f"/limits/{cap['id']}")["version"]
    raised = why | {"volume": cap["volume"]}
    county.post("registrar", f"/limits/{cap['id']}/change", raised, If_Match=f'"{version}"')
    county.exchange.take_up()


def _case(county: County) -> None:
    """A case that was founded against me, and my appeal, which waits."""
    case = {"title": "tests", "reason": "tests", "participant_ids": [county.mine["participant"]]}
    made = county.post("supervisor", "/cases", case)
    end = {"outcome": "founded", "finding": "other", "reason": "tests", "legal_source": "tests"}
    (entry,) = county.post("supervisor", f"/cases/{made['id']}/close", end)["finding"]["credit_entry_ids"]
    county.post("mine", f"/credit-entries/{entry}/appeal", {"grounds": "tests"})


def _right(county: County) -> None:
    """A confirmed right of mine."""
    body = {
        "participant_id": county.mine["participant"], "kind": "irrigation_certificate", "source": "surface",
        "sector": "agriculture", "township": "DEMO-MANAS", "canal": "DEMO-CANAL", "volume": "12.345",
        "valid_from": f"{YEAR}-01-01", "valid_to": f"{YEAR + 4}-12-31",
    }  # fmt: skip
    right = county.post("registrar", "/entitlements", body)
    county.post("registrar", f"/entitlements/{right['id']}/confirm")
