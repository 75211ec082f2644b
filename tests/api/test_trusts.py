"""A pool of five smallholders over HTTP, with the household of Manas among them: every share exact."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select

from ledger.units import parse_fen, parse_litres, split_exact
from market import prove
from market.core import audit, clock, db, ids
from market.participants import tokens
from market.participants.models import User
from market.registry import trust_members
from tests.api.county import County, open_county, trust_body
from tests.api.smallholders import buy, household, order_body, trustee_of

_numbers = itertools.count(1)
MANAS = "4180"
"""m3: the household of Manas (CCTV rural channel, 2014-12-17) keeps 3 179 m3 and has 1 001 m3 to sell."""


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    with open_county(database_url, tmp_path_factory.mktemp("county")) as found:
        yield found


@dataclass
class Pool:
    """A trust with its trustee, and the members by name: (participant, water account, membership)."""

    county: County
    trustee: str
    trust: dict[str, Any]
    members: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    def join(self, name: str, right_m3: str, volume: str, **more: Any) -> str:
        """A new household entrusts so much of its water, and the trustee accepts."""
        participant, account = household(self.county, name, right_m3)
        body = {"water_account_id": account, "volume": volume} | more
        member = self.county.post(name, f"/trusts/{self.trust['id']}/members", body)["id"]
        self.county.post(self.trustee, f"/trust-members/{member}/accept")
        self.members[name] = (participant, account, member)
        return name

    def share(self, name: str) -> dict[str, Any]:
        """The part of a member, as the member itself sees it."""
        return self.county.get(name, f"/trust-members/{self.members[name][2]}")

    def parts(self, figure: str = "volume") -> dict[str, str]:
        return {name: self.share(name)[figure] for name in self.members}

    def do(self, name: str, step: str, who: str = "", **body: Any) -> dict[str, Any]:
        return self.county.post(who or name, f"/trust-members/{self.members[name][2]}/{step}", body)

    def order(self, volume: str, price: str) -> dict[str, Any]:
        return self.county.post(
            self.trustee,
            "/orders",
            order_body(self.county, self.trust["water_account_id"], "sell", volume, price),
        )

    def refusal(self, who: str, path: str, **body: Any) -> dict[str, Any]:
        answer = self.county.client.post(f"/v1{path}", json=body, headers=self.county.headers(who))
        assert answer.status_code >= 400, answer.text
        found: dict[str, Any] = answer.json
        return found

    def money(self, name: str) -> int:
        return parse_fen(self.county.get(name, "/money-accounts")["data"][0]["balance"])


@contextmanager
def pool_of(county: County, **terms: Any) -> Iterator[Pool]:
    """A pool of a new association; afterwards nothing in the market is wrong."""
    name = f"trustee-{next(_numbers)}"
    body = trust_body(trustee_of(county, name), **terms)
    yield Pool(county, name, county.post(name, "/trusts", body))
    county.exchange.take_up()
    report = prove.run(county.settings.url())
    assert report["violations"] == 0, [each for each in report["invariants"] if each["violations"]]


@pytest.fixture
def pool(county: County) -> Iterator[Pool]:
    with pool_of(county) as found:
        yield found


@pytest.fixture
def five(pool: Pool) -> Pool:
    """The household of Manas with its 1 001 m3, and four neighbours; 2 002.003 m3 in all."""
    number = next(_numbers)
    pool.join(f"manas-{number}", MANAS, "1001")
    for name, volume in (("b", "500"), ("c", "250.5"), ("d", "250.5"), ("e", "0.003")):
        pool.join(f"{name}-{number}", "1000", volume)
    return pool


def test_the_proceeds_of_a_pool_are_shared_to_the_fen(county: County, five: Pool) -> None:
    """1 000 m3 at 0.3003 yuan are 300.30 yuan: 2 per cent, 6.00, to the trustee, and 294.30 by the litres of each."""
    before = {name: five.money(name) for name in five.members}
    five.order("1000", "0.3003")
    bought = buy(county, "1000", "0.3003")
    assert sum(parse_fen(fill["amount"]) for fill in bought["fills"]) == 30_030
    weights = [1_001_000, 500_000, 250_500, 250_500, 3]
    due = split_exact(30_030 - 600, weights)
    assert due == [14_715, 7_350, 3_683, 3_682, 0]
    assert [five.money(name) - before[name] for name in five.members] == due
    assert five.money(five.trustee) == 600
    assert [parse_fen(each) for each in five.parts("proceeds").values()] == due
    sold = split_exact(1_000_000, weights)
    assert [parse_litres(each) for each in five.parts("sold").values()] == sold
    left = [weight - given for weight, given in zip(weights, sold, strict=True)]
    assert [parse_litres(each) for each in five.parts().values()] == left


def test_who_joins_later_gets_nothing_of_earlier_sales_and_its_whole_part_of_later_ones(
    county: County, five: Pool
) -> None:
    five.order("1001", "0.3")  # leaves 1 001.003 m3, about half of each share
    buy(county, "1001", "0.3")
    shares = five.parts()
    late = five.join(f"late-{next(_numbers)}", "2000", "1001.003")
    assert five.parts() == shares | {late: "1001.003"}
    before = {name: five.money(name) for name in five.members}
    five.order("100", "0.3")
    buy(county, "100", "0.3")
    # half of the pool is the newcomer's, and so is half of the 29.40 that are left after the trustee's fee
    assert five.money(late) - before[late] == 1_470
    assert sum(five.money(name) - before[name] for name in five.members) == 2_940
    assert five.share(late)["sold"] == "50.000"


def test_what_a_review_refuses_returns_to_those_whose_it_was(county: County, pool: Pool) -> None:
    first = pool.join(f"first-{next(_numbers)}", "1000", "120")
    second = pool.join(f"second-{next(_numbers)}", "1000", "80")
    pool.order("100", "0.7")
    bought = buy(county, "93", "0.8", "factory")
    assert [fill["status"] for fill in bought["fills"]] == ["awaiting_review"]
    assert pool.parts() == {first: "60.000", second: "40.000"}
    assert parse_fen(pool.share(first)["awaited"]) > 0
    late = pool.join(f"late-{next(_numbers)}", "1000", "50")
    [review] = [
        each["id"]
        for each in county.get("reviewer", "/reviews?status=awaiting_review")["data"]
        if each["source_volume"] == "100.000" and each["seller_id"] == pool.trust["trustee_id"]
    ]
    county.post("reviewer", f"/reviews/{review}/reject", {"reason": "no use plan"})
    assert pool.parts() == {first: "120.000", second: "80.000", late: "50.000"}
    assert pool.parts("sold") == {first: "0.000", second: "0.000", late: "0.000"}
    assert pool.parts("awaited") == {first: "0.00", second: "0.00", late: "0.00"}


def test_use_and_its_fee_are_shared_by_litres(county: County, pool: Pool) -> None:
    big = pool.join(f"big-{next(_numbers)}", "1000", "75")
    small = pool.join(f"small-{next(_numbers)}", "1000", "25")
    meter = county.post(
        "registrar", "/meters",
        {"water_account_id": pool.trust["water_account_id"], "serial": f"P-{next(_numbers)}", "start": "0"},
    )  # fmt: skip
    body = {"read_at": clock.now().isoformat(), "counter": "40"}
    county.post("registrar", f"/meters/{meter['id']}/readings", body)  # 40 m3 at 0.077 yuan: 3.08 yuan
    assert pool.parts("used") == {big: "30.000", small: "10.000"}
    assert pool.parts("fee_due") == {big: "2.31", small: "0.77"}
    pool.do(small, "bring-in", volume="5")
    assert pool.parts("fee_due") == {big: "2.31", small: "0.77"}
    assert pool.parts() == {big: "45.000", small: "20.000"}


def test_a_member_leaves_under_the_terms_and_orders_do_not_keep_its_water(county: County, pool: Pool) -> None:
    stays = pool.join(f"stays-{next(_numbers)}", "1000", "30")
    leaves = pool.join(f"leaves-{next(_numbers)}", "1000", "20")
    pool.order("45", "5")
    path = f"/trust-members/{pool.members[leaves][2]}"
    assert pool.refusal(leaves, f"{path}/take-out")["code"] == "notice_not_over"
    assert pool.refusal(leaves, f"/trusts/{pool.trust['id']}/recall")["code"] == "notice_not_over"
    noticed = pool.do(leaves, "give-notice", reason="moves away")
    today = clock.today()
    assert noticed["leaves_on"] == (today + dt.timedelta(days=30)).isoformat()
    with clock.moved_to(clock.now() + dt.timedelta(days=30)):
        for name in (leaves, stays, pool.trustee):
            _sign_in_again(county, name)
        held = pool.refusal(leaves, f"{path}/take-out")
        assert (held["code"], held["available"]) == ("water_in_orders", "5.000")
        county.post(leaves, f"/trusts/{pool.trust['id']}/recall")
        county.exchange.take_up()
        left = county.post(leaves, f"{path}/take-out")
    for name in (leaves, stays, pool.trustee):
        _sign_in_again(county, name)
    assert (left["status"], left["taken_out"], left["volume"]) == ("left", "20.000", "0.000")
    assert county.get(leaves, f"/water-accounts/{pool.members[leaves][1]}")["balance"] == "1000.000"
    assert pool.share(stays)["volume"] == "30.000"


def _sign_in_again(county: County, name: str) -> None:
    with county.app.app_context(), db.transaction(county.settings.url()) as session:
        user = session.scalars(select(User).where(User.login == county.logins[name])).one()
        county.tokens[name] = tokens.sign_in(session, user).access_token


def test_an_ended_trust_sells_nothing_and_gives_everything_back(county: County, five: Pool) -> None:
    five.order("1000", "0.3")
    buy(county, "500", "0.3")
    shares = {name: parse_litres(part) for name, part in five.parts().items()}
    trust = f"/trusts/{five.trust['id']}"
    someone = next(iter(five.members))
    assert five.refusal(someone, f"{trust}/give-back")["code"] == "trust_state"
    county.post(five.trustee, f"{trust}/end", {"reason": "the season is over"})
    county.exchange.take_up()
    refused = five.refusal(
        five.trustee, "/orders", **order_body(county, five.trust["water_account_id"], "sell", "1", "1")
    )
    assert refused["rule"] == "trust_ended"
    given = county.post(someone, f"{trust}/give-back")
    assert parse_litres(given["total"]) == sum(shares.values()) == 2_002_003 - 500_000
    assert [parse_litres(each["volume"]) for each in given["members"]] == [
        each for each in shares.values() if each
    ]
    assert set(five.parts("status").values()) == {"left"}
    assert county.get(five.trustee, trust)["volume"] == "0.000"


def test_the_terms_bind_the_trustee(county: County) -> None:
    with pool_of(county, floor_price="0.4") as dear:
        dear.join(f"m-{next(_numbers)}", "1000", "10")
        order = order_body(county, dear.trust["water_account_id"], "sell", "1", "0.3999")
        refused = dear.refusal(dear.trustee, "/orders", **order)
        assert (refused["code"], refused["limit"]) == ("below_agreed_price", "0.4000")
        placed = dear.order("1", "0.4")
        lower = dear.refusal(dear.trustee, f"/orders/{placed['id']}/amend", price="0.1")
        assert lower["code"] == "below_agreed_price"
        county.post(dear.trustee, f"/orders/{placed['id']}/cancel")
    with pool_of(county, selling="nobody") as kept:
        kept.join(f"m-{next(_numbers)}", "1000", "10")
        order = order_body(county, kept.trust["water_account_id"], "sell", "1", "9")
        assert kept.refusal(kept.trustee, "/orders", **order)["rule"] == "trust_does_not_sell"
        answer = county.get(kept.trustee, f"/water-accounts/{kept.trust['water_account_id']}/tradable")
        assert (answer["binding"]["name"], answer["volume"]) == ("trust_does_not_sell", "0.000")


def test_a_member_does_not_buy_its_own_water(county: County, pool: Pool) -> None:
    member = pool.join(f"m-{next(_numbers)}", "1000", "10")
    county.post("treasurer", "/deposits", {
        "money_account_id": county.get(member, "/money-accounts")["data"][0]["id"], "amount": "100.00",
        "bank_reference": f"T-{member}", "value_date": clock.today().isoformat(),
    })  # fmt: skip
    pool.order("10", "0.06")
    own = county.post(member, "/orders", order_body(county, pool.members[member][1], "buy", "10", "0.06"))
    assert (own["status"], own["fills"]) == ("open", [])
    bought = buy(county, "10", "0.06")
    assert bought["status"] == "filled"
    county.post(member, f"/orders/{own['id']}/cancel")


def test_a_reversed_sale_brings_the_members_their_water_back_and_takes_their_money(
    county: County, pool: Pool
) -> None:
    for role in ("supervisor", "reviewer"):
        county.user(role, role)
    six, four = pool.join(f"m-{next(_numbers)}", "1000", "6"), pool.join(f"m-{next(_numbers)}", "1000", "4")

    def money() -> list[str]:
        return [county.get(who, "/money-accounts")["data"][0]["balance"] for who in (six, four, pool.trustee)]

    before = money()
    pool.order("10", "0.06")
    trade = buy(county, "10", "0.06")["fills"][0]["trade_id"]
    assert money() != before and pool.parts() == {six: "0.000", four: "0.000"}
    body = {
        "instruction_id": county.get(pool.trustee, f"/trades/{trade}")["instruction_id"], "reason": "a sham",
        "legal_source": "tests",
    }  # fmt: skip
    made = county.post("supervisor", "/interventions/reversals", body)["id"]
    county.post("reviewer", f"/interventions/reversals/{made}/approve", {"reason": "agreed"})
    assert (money(), pool.parts()) == (before, {six: "6.000", four: "4.000"})
    takings = county.get(six, f"/interventions/reversals/{made}")["takings"]
    assert [each["owed"] for each in takings] == [each["paid"] for each in takings] == ["0.35"]
    assert set(pool.parts("proceeds").values()) == {"0.00"}


def test_a_pool_whose_member_is_suspended_does_not_sell_until_that_share_is_out(
    county: County, pool: Pool
) -> None:
    good = pool.join(f"good-{next(_numbers)}", "1000", "10")
    bad = pool.join(f"bad-{next(_numbers)}", "1000", "10")
    order = pool.order("20", "9")
    right = county.get(bad, "/entitlements")["data"][0]
    county.post(
        "registrar",
        f"/entitlements/{right['id']}/suspend",
        {"reason": "dispute"},
        If_Match=f'"{right["version"]}"',
    )
    county.exchange.take_up()
    assert county.get(pool.trustee, f"/orders/{order['id']}")["status"] == "cancelled"
    body = order_body(county, pool.trust["water_account_id"], "sell", "1", "9")
    assert pool.refusal(pool.trustee, "/orders", **body)["rule"] == "entitlement_suspended"
    pool.do(bad, "take-out", who="registrar")
    assert pool.order("10", "9")["status"] == "open"
    assert pool.parts() == {good: "10.000", bad: "0.000"}


def test_a_member_sees_everything_of_its_pool_and_a_stranger_nothing(county: County, pool: Pool) -> None:
    member = pool.join(f"m-{next(_numbers)}", "1000", "10")
    household(county, stranger := f"s-{next(_numbers)}", "1")
    pool.order("4", "0.06")
    buy(county, "4", "0.06")
    trust = f"/trusts/{pool.trust['id']}"
    assert county.get(member, f"{trust}/statement")["data"][0]["code"] == "trust_move"
    assert [each["volume"] for each in county.get(member, f"{trust}/orders")["data"]] == ["4.000"]
    assert [each["source_volume"] for each in county.get(member, f"{trust}/trades")["data"]] == ["4.000"]
    assert [each["sold"] for each in county.get(member, f"{trust}/members")["data"]] == ["4.000"]
    for tail in ("", "/statement", "/orders", "/trades", "/members"):
        answer = county.client.get(f"/v1{trust}{tail}", headers=county.headers(stranger))
        assert answer.status_code == 404
    assert pool.trust["id"] in [each["id"] for each in county.get(stranger, "/trusts?limit=200")["data"]]


def test_only_water_of_the_pools_own_kind_and_place_is_taken_once(county: County, pool: Pool) -> None:
    member = pool.join(f"m-{next(_numbers)}", "1000", "10")
    path = f"/trusts/{pool.trust['id']}/members"
    again = pool.refusal(member, path, water_account_id=pool.members[member][1], volume="1")
    assert again["code"] == "account_entrusted"
    account = next(
        each["id"]
        for each in county.get("farmer", "/water-accounts")["data"]
        if each["canal"] != "DEMO-CANAL"
    )
    assert pool.refusal("farmer", path, water_account_id=account, volume="1")["code"] == "not_of_the_pool"
    more = pool.refusal(member, f"/trust-members/{pool.members[member][2]}/bring-in", volume="991")
    assert (more["code"], more["limit"], more["available"]) == ("insufficient_water", "991.000", "990.000")


def test_a_trade_is_paid_by_the_shares_that_are_in_force_when_it_happens(county: County, pool: Pool) -> None:
    """Somebody joins while an order waits for the pool's lock: the trade that follows pays the newcomer too."""
    first = pool.join(f"first-{next(_numbers)}", "1000", "20")
    late = f"late-{next(_numbers)}"
    participant, account = household(county, late, "1000")
    path = f"/trusts/{pool.trust['id']}/members"
    member = county.post(late, path, {"water_account_id": account, "volume": "20"})["id"]
    pool.members[late] = (participant, account, member)
    pool.order("20", "0.5")
    with db.transaction(county.settings.url()) as session:
        registrar = audit.Actor(user_id=county.id_of("registrar"))
        trust_members.accept(session, actor=registrar, member_id=ids.parse("tmb", member))
        waiting = threading.Thread(target=buy, args=(county, "10", "0.5"))
        waiting.start()
        waiting.join(timeout=1)
        assert waiting.is_alive()
    waiting.join(timeout=10)
    assert pool.parts("proceeds") == {first: "2.45", late: "2.45"}
    assert pool.parts() == {first: "15.000", late: "15.000"}


def test_what_is_entrusted_for_the_future_is_collected(county: County, pool: Pool) -> None:
    standing = pool.join(f"standing-{next(_numbers)}", "1000", "10", standing=True)
    once = pool.join(f"once-{next(_numbers)}", "1000", "10")
    moved = county.post(pool.trustee, f"/trusts/{pool.trust['id']}/collect")
    assert moved["total"] == "990.000"
    assert pool.parts() == {standing: "1000.000", once: "10.000"}
