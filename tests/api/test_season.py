"""The water year over HTTP with an engine: curtailment reaches open orders, years end with trades open across them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.units import parse_litres
from market import prove
from market.core import audit, clock, db, ids
from market.registry.season_models import Curtailment
from market.supervision import curtailments
from tests.api.county import YEAR, County, product
from tests.api.furnished import open_furnished

NEW_YEAR = dt.datetime(YEAR, 12, 31, 16, 0, 1, tzinfo=dt.UTC)


@pytest.fixture
def county(fresh_database_url: str, tmp_path: Path) -> Iterator[County]:
    """The county with orders, trades and reviews that are open."""
    with open_furnished(fresh_database_url, tmp_path) as found:
        found.user("registrar-2", "registrar")
        yield found


def _sell(county: County, volume: str, price: str = "9") -> dict[str, Any]:
    body = {
        "product_id": product(county), "water_account_id": county.mine["water_account"], "side": "sell",
        "volume": volume, "price": price,
    }  # fmt: skip
    return county.post("mine", "/orders", body)


def _canal_cap(county: County) -> dict[str, Any]:
    found = county.get("registrar", f"/limits?kind=cap&water_year={YEAR}&zone=DEMO-MANAS")["data"]
    return found[0]  # type: ignore[no-any-return]


def _cut(county: County, litres: int) -> dict[str, Any]:
    """A curtailment of the township's cap by so many litres more than is free."""
    cap = _canal_cap(county)
    volume = parse_litres(cap["volume"]) - parse_litres(cap["available"]) - litres
    return {
        "water_year": YEAR, "cuts": [{"limit_id": cap["id"], "volume": f"{volume // 1000}.{volume % 1000:03d}"}],
        "reason": "drought", "legal_source": "art. 41",
    }  # fmt: skip


def _use(county: County, m3: str) -> None:
    meter = county.mine["meter"]
    before = parse_litres(county.get("mine", f"/meters/{meter}/readings")["data"][-1]["counter"])
    counter = before + parse_litres(m3)
    body = {"read_at": clock.now().isoformat(), "counter": f"{counter // 1000}.{counter % 1000:03d}"}
    county.post("registrar", f"/meters/{meter}/readings", body)


def _violations(county: County) -> dict[int, list[Any]]:
    report = prove.run(county.settings.url())
    return {each["number"]: each["sample"] for each in report["invariants"] if each["violations"]}


def _advance(county: County, curtailment_id: str) -> str:
    county.exchange.take_up()
    status: str = county.post("registrar", f"/curtailments/{curtailment_id}/advance")["status"]
    return status


def test_a_curtailment_reaches_what_open_orders_hold(county: County) -> None:
    mine = county.get("mine", f"/water-accounts/{county.mine['water_account']}")
    _sell(county, mine["available"].split(".")[0])  # all that is left is on offer
    body = _cut(county, parse_litres("1500"))
    preview = county.post(
        "registrar", "/curtailments/preview", {name: body[name] for name in ("water_year", "cuts")}
    )
    assert preview["taken"] == "1500.000"
    found = county.post("registrar", "/curtailments", body)
    assert found["status"] == "halting"
    again = county.client.post("/v1/curtailments", json=body, headers=county.headers("registrar"))
    assert again.json["code"] == "curtailment_running"
    waiting = county.post("registrar", f"/curtailments/{found['id']}/advance")
    assert waiting["status"] == "halting"  # the engine has not answered yet
    states = [_advance(county, found["id"]) for _ in range(3)]
    assert states == ["cancelling", "resuming", "done"]
    done = county.get("registrar", f"/curtailments/{found['id']}")
    assert (done["taken"], done["cuts"][0]["excess"]) == ("1500.000", "0.000")
    assert _canal_cap(county)["available"] == "0.000"
    phase = county.get("mine", f"/products/{product(county)}")["phase"]
    assert phase == "open"
    sheet = county.get("auditor", f"/balance-sheet?water_year={YEAR}&zone=DEMO-MANAS")
    assert (sheet["curtailed"], sheet["balanced"]) == ("1500.000", True)
    assert _violations(county) == {}


def test_what_cannot_be_taken_back_stands_as_cap_excess_until_it_is_absorbed(county: County) -> None:
    cap = _canal_cap(county)
    _use(county, "100")  # what is used cannot be taken back
    body = _cut(county, 0)
    body["cuts"][0]["volume"] = "0.000"
    found = county.post("registrar", "/curtailments", body)
    while _advance(county, found["id"]) != "done":
        pass
    done = county.get("registrar", f"/curtailments/{found['id']}")
    excess = parse_litres(done["cuts"][0]["excess"])
    assert excess > 0
    changed = county.get("registrar", f"/limits/{cap['id']}")
    assert (changed["volume"], changed["available"]) == ("0.000", "0.000")
    raised = {"volume": "1000000", "reason": "rain", "legal_source": "notice 2"}
    county.post("registrar", f"/limits/{cap['id']}/change", raised, If_Match=f'"{changed["version"]}"')
    left = county.get("registrar", f"/limits/{cap['id']}")["available"]
    assert parse_litres(left) == 1_000_000_000 - excess
    assert _violations(county) == {}


class Killed(Exception):
    """The process dies here."""


@pytest.mark.parametrize("killed_at", range(4))
def test_a_curtailment_goes_on_from_any_point_at_which_it_was_killed(county: County, killed_at: int) -> None:
    """Each step is a transaction: one that dies before its commit leaves the step before it, to be taken again."""
    mine = county.get("mine", f"/water-accounts/{county.mine['water_account']}")
    _sell(county, mine["available"].split(".")[0])
    actor = audit.Actor(user_id=county.id_of("registrar"))
    body = _cut(county, parse_litres("700"))
    cuts = [(ids.parse("cap", body["cuts"][0]["limit_id"]), parse_litres(body["cuts"][0]["volume"]))]
    url = county.settings.url()

    def order() -> int:
        with db.transaction(url) as session:
            found = curtailments.order(
                session, actor=actor, water_year=YEAR, cuts=cuts, reason="drought", legal_source="art. 41"
            )
            if killed_at == 0 and not dead:
                dead.append(0)
                raise Killed
            return found.id

    def advance(curtailment_id: int, step: int) -> None:
        with db.transaction(url) as session:
            curtailments.advance(session, actor=actor, curtailment_id=curtailment_id)
            if step == killed_at and not dead:
                dead.append(step)
                raise Killed

    dead: list[int] = []
    try:
        number = order()
    except Killed:
        number = order()
    step = 0
    while _status(url, number) != "done":
        step += 1
        county.exchange.take_up()
        try:
            advance(number, step)
        except Killed:
            continue
    assert dead == [killed_at]
    sheet = county.get("auditor", f"/balance-sheet?water_year={YEAR}")
    assert (sheet["curtailed"], sheet["balanced"]) == ("700.000", True)
    assert _violations(county) == {}


def _status(url: str, number: int) -> str:
    with db.transaction(url) as session:
        return session.get_one(Curtailment, number).status


def test_a_year_ends_with_orders_and_reviews_open_across_it(county: County) -> None:
    """Nothing open past its expiry, nothing lost: orders expire, reviews are rejected, water is carried or expires."""
    _sell(county, "20", "0.6")
    factory = county.get("factory", "/water-accounts")["data"][0]["id"]
    body = {
        "product_id": product(county), "water_account_id": factory, "side": "buy", "volume": "15", "price": "0.8",
    }  # fmt: skip
    assert county.post("factory", "/orders", body)["fills"][0]["status"] == "awaiting_review"
    open_order = _sell(county, "30")
    year = {"water_year": YEAR}
    early = county.client.post("/v1/year-ends", json=year, headers=county.headers("registrar"))
    assert early.json["code"] == "water_year_not_over"
    with clock.moved_to(NEW_YEAR):
        _sign_in_again(county)
        county.post("registrar", "/year-ends", year)
        refused = county.client.post("/v1/carry-overs", json=year, headers=county.headers("registrar"))
        assert refused.json["code"] == "water_still_held"
        county.exchange.take_up()
        assert county.get("mine", f"/orders/{open_order['id']}")["status"] == "expired"
        preview = county.post("registrar", "/year-ends/preview", year)
        made = county.post("registrar", "/carry-overs", year)
        total = sum(parse_litres(made[name]) for name in ("repaid", "carried", "evaporated", "expired"))
        assert total == parse_litres(made["remained"])
        assert (preview["carried"], preview["possible"]) == (made["carried"], True)
        old = county.get("auditor", f"/balance-sheet?water_year={YEAR}")
        new = county.get("auditor", f"/balance-sheet?water_year={YEAR + 1}")
        assert (old["free"], old["held"], old["balanced"]) == ("0.000", "0.000", True)
        assert new["issued"] == old["carried"] == made["carried"] != "0.000"
        reviews = county.get("reviewer", "/reviews?status=awaiting_review")["data"]
        assert reviews == []
        assert county.get("auditor", f"/trusts/{county.mine['trust']}")["status"] == "ended"
        steps = county.get("auditor", f"/pledges/{county.mine['pledge']}/steps")["steps"]
        assert [each["step"] for each in steps][-1] == "lapsed"
        assert _left_with_others(county) == 0
        assert _violations(county) == {}


def _left_with_others(county: County) -> int:
    """Litres on accounts that hold water for others, in the old year."""
    with db.connect(county.settings.url()) as connection:
        row = connection.execute(
            "SELECT coalesce(sum(a.credits_posted - a.debits_posted), 0) FROM water_accounts w"
            " JOIN accounts a ON a.id = w.account_id WHERE w.water_year = %s AND w.origin IN ('trust', 'pledged')",
            (YEAR,),
        ).fetchone()
    assert row is not None
    return int(row[0])


def _sign_in_again(county: County) -> None:
    """Tokens of the old year have expired."""
    from tests.api.county import _sign_everyone_in

    _sign_everyone_in(county)
    from market.participants import tokens
    from market.participants.models import User

    with county.app.app_context(), db.transaction(county.settings.url()) as session:
        user = session.get_one(User, _mine(session))
        county.tokens["mine"] = tokens.sign_in(session, user).access_token


def _mine(session: Any) -> int:
    from sqlalchemy import select

    from market.participants.models import User

    found: int = session.scalars(select(User.id).where(User.login.like("mine-%"))).first()
    return found


def test_an_announcement_is_taken_back_over_http(county: County) -> None:
    made = county.get("auditor", "/announcements?limit=200")["data"][-1]
    preview = county.post("registrar", f"/announcements/{made['id']}/preview-reversal")
    why = {"reason": "typing mistake", "legal_source": "art. 42"}
    done = county.post("registrar", f"/announcements/{made['id']}/reverse", why)
    assert (done["taken"], done["owed"]) == (preview["taken"], preview["owed"])
    twice = county.client.post(
        f"/v1/announcements/{made['id']}/reverse", json=why, headers=county.headers("registrar")
    )
    assert (twice.status_code, twice.json["code"]) == (409, "announcement_reversed")
    county.exchange.take_up()
    assert _violations(county) == {}
