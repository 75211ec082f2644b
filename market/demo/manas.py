"""The household of Manas (CCTV rural channel, 2014-12-17), played over HTTP against a running server.

10.32 mu of cotton, a right to 4 180 m3 a year, 3 179 m3 used at 0.077 yuan: 244.78 yuan due. The spare 1 001 m3 are
sold to the county's trading centre at 0.3003 yuan: 300.60 yuan received; 55.82 yuan stay with the household. Part of
the water is then resold across a lossy route to a factory, which a reviewer approves.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table

from market.core import clock
from market.demo import people
from market.demo.client import Caller, StoryFailed

PUBLISHED = {"fee_due_yuan": "244.78", "net_trade_income_yuan": "300.60", "left_after_fee_yuan": "55.82"}
LAND_MU, RIGHT_M3, USED_M3, SOLD_M3 = "10.32", "4180", "3179", "1001"
SALE_PRICE = "0.3003"
RESOLD_M3, RESALE_PRICE = "500", "0.6"
BOUGHT_M3, BUY_PRICE = "465", "0.7"  # 500 m3 that enter the route at 930 per mille arrive as 465
PLACE = {"township": "DEMO-MANAS", "canal": "DEMO-CANAL"}
SETTLE_WITHIN_S = 10.0


@dataclass
class Story:
    """Who takes part, and what came out."""

    household: Caller
    centre: Caller
    factory: Caller
    registrar: Caller
    reviewer: Caller
    product: str
    participant: str = ""
    water: str = ""
    year: int = field(default_factory=clock.this_year)


def run(url: str) -> dict[str, Any]:
    """Plays the story and returns its statement. Errors: StoryFailed, also where a figure is not the published one."""
    registrar = Caller(url, "registrar")
    login, participant = admit(url, registrar)
    story = Story(
        household=Caller(url, login),
        centre=Caller(url, "centre"),
        factory=Caller(url, "factory"),
        registrar=registrar,
        reviewer=Caller(url, "reviewer"),
        product=product(registrar),
        participant=participant,
    )
    allocate(story)
    fee = use(story)
    for each in (story.centre, story.factory):
        clear(each, story.product)
    income = _sell(story)
    resale = _resell(story)
    left = income - fee
    statement = {
        "household": story.participant,
        "right_m3": RIGHT_M3,
        "used_m3": USED_M3,
        "sold_m3": SOLD_M3,
        "fee_due_yuan": f"{fee:.2f}",
        "net_trade_income_yuan": f"{income:.2f}",
        "left_after_fee_yuan": f"{left:.2f}",
        "resale": resale,
    }
    wrong = {name: statement[name] for name, published in PUBLISHED.items() if statement[name] != published}
    if wrong:
        raise StoryFailed(f"not the published figures: {wrong}, published {PUBLISHED}")
    return statement


def admit(url: str, registrar: Caller) -> tuple[str, str]:
    """A household of its own for each run, applied for by itself and admitted by the registrar.

    Returns its login and the public id of the participant. Errors: StoryFailed.
    """
    login = f"manas-{secrets.token_hex(5)}"
    applied = Caller(url).post(
        "/v1/participants",
        {
            "kind": "household",
            "name": "玛纳斯棉农 Cotton household of Manas",
            "identifier": people.identity_number(secrets.randbelow(17_000_000)),
            "contact": "demonstration",
            "roles": ["holder"],
            "login": login,
            "password": people.password_of(login),
            "user_name": "Cotton household",
        },
    )
    registrar.post(f"/v1/participants/{applied['id']}/admit", {"reason": "identity checked"})
    return login, applied["id"]


def product(caller: Caller) -> str:
    """The public id of the product of this year's surface water. Errors: StoryFailed, also where there is none."""
    code = f"surface-{clock.this_year()}"
    for each in caller.get("/v1/products")["data"]:
        if each["code"] == code:
            found: str = each["id"]
            return found
    raise StoryFailed(f"there is no product {code}")


def allocate(story: Story) -> None:
    """The right to 4 180 m3 is applied for and confirmed; its whole volume is announced for the year.

    The story's water account is known from then on. Errors: StoryFailed.
    """
    applied = story.household.post(
        "/v1/entitlements",
        {
            "participant_id": story.participant,
            "kind": "irrigation_certificate",
            "source": "surface",
            "sector": "agriculture",
            "volume": RIGHT_M3,
            "land_mu": LAND_MU,
            "valid_from": f"{story.year}-01-01",
            "valid_to": f"{story.year + 4}-12-31",
            "basis": "agreed quota x land (Manas 2014)",
            **PLACE,
        },
    )
    story.registrar.post(f"/v1/entitlements/{applied['id']}/confirm", {"reason": "quota and land checked"})
    story.registrar.post(
        "/v1/announcements",
        {
            "water_year": story.year,
            "source": "surface",
            "sector": "agriculture",
            "kind": "irrigation_certificate",
            "zone": "DEMO-CANAL",
            "share": "1",
            "only_new": True,
            "reason": "Manas story: the whole right for this year",
        },
    )
    accounts = story.household.get("/v1/water-accounts", water_year=story.year)["data"]
    story.water = accounts[0]["id"]


def use(story: Story) -> Decimal:
    """A meter reads the season's use of 3 179 m3; returns the fee in yuan that follows from the tariff.

    Errors: StoryFailed.
    """
    meter = story.registrar.post(
        "/v1/meters",
        {"water_account_id": story.water, "serial": f"MANAS-{secrets.token_hex(6)}", "start": "0"},
    )
    now = clock.now().isoformat(timespec="seconds")
    story.registrar.post(f"/v1/meters/{meter['id']}/readings", {"read_at": now, "counter": USED_M3})
    account = story.household.get(f"/v1/water-accounts/{story.water}")
    return Decimal(account["fee_due"])


def clear(caller: Caller, product: str) -> None:
    """Cancels what an earlier, broken run of the story left open of a product. Errors: StoryFailed."""
    for order in caller.get("/v1/orders", status="open", product_id=product)["data"]:
        caller.post(f"/v1/orders/{order['id']}/cancel")


def water_account(caller: Caller) -> str:
    """The public id of a holder's first water account of this year. Errors: StoryFailed."""
    found: str = caller.get("/v1/water-accounts", water_year=clock.this_year())["data"][0]["id"]
    return found


def order(caller: Caller, story: Story, side: str, account: str, volume: str, price: str) -> dict[str, Any]:
    """An order of the story's product, with what became of it. `side`: buy or sell.

    `volume`: m3 as decimal; `price`: yuan a m3 as decimal. Errors: StoryFailed.
    """
    return caller.post(
        "/v1/orders",
        {
            "product_id": story.product,
            "water_account_id": account,
            "side": side,
            "volume": volume,
            "price": price,
        },
    )


def _sell(story: Story) -> Decimal:
    """The spare water goes to the trading centre, settled at once."""
    centre = water_account(story.centre)
    order(story.centre, story, "buy", centre, SOLD_M3, SALE_PRICE)
    sold = order(story.household, story, "sell", story.water, SOLD_M3, SALE_PRICE)
    if sold["status"] != "filled" or any(fill["status"] != "settled" for fill in sold["fills"]):
        raise StoryFailed(f"the sale was not settled at once: {sold['status']}")
    return sum((Decimal(fill["amount"]) - Decimal(fill["fee"]) for fill in sold["fills"]), Decimal(0))


def _resell(story: Story) -> dict[str, Any]:
    """The centre resells part to the factory across the lossy route; the reviewer approves."""
    centre, factory = water_account(story.centre), water_account(story.factory)
    before = Decimal(story.factory.get(f"/v1/water-accounts/{factory}")["balance"])
    order(story.centre, story, "sell", centre, RESOLD_M3, RESALE_PRICE)
    bought = order(story.factory, story, "buy", factory, BOUGHT_M3, BUY_PRICE)
    if bought["status"] != "filled":
        raise StoryFailed(f"the factory's order was not filled: {bought['status']}")
    for fill in bought["fills"]:
        if fill["status"] != "awaiting_review":
            raise StoryFailed("a trade from agriculture to industry was not put under review")
        trade = story.factory.get(f"/v1/trades/{fill['trade_id']}")
        review = _review_of(story, trade["instruction_id"])
        story.reviewer.post(f"/v1/reviews/{review}/approve", {"reason": "use plan, caps and route checked"})
    _wait_settled(story, bought)
    after = Decimal(story.factory.get(f"/v1/water-accounts/{factory}")["balance"])
    if after - before != Decimal(BOUGHT_M3):
        raise StoryFailed(f"the factory received {after - before} m3, not {BOUGHT_M3}")
    fills = bought["fills"]
    return {
        "given_up_m3": str(sum((Decimal(fill["source_volume"]) for fill in fills), Decimal(0))),
        "delivered_m3": str(sum((Decimal(fill["delivered_volume"]) for fill in fills), Decimal(0))),
        "amount_yuan": str(sum((Decimal(fill["amount"]) for fill in fills), Decimal(0))),
    }


def _review_of(story: Story, instruction: str) -> str:
    for review in story.reviewer.get("/v1/reviews", status="awaiting_review", limit=200)["data"]:
        if review["instruction_id"] == instruction:
            found: str = review["id"]
            return found
    raise StoryFailed(f"no review of the instruction {instruction} is in the queue")


def _wait_settled(story: Story, bought: dict[str, Any]) -> None:
    deadline = time.monotonic() + SETTLE_WITHIN_S
    for fill in bought["fills"]:
        while story.factory.get(f"/v1/trades/{fill['trade_id']}")["status"] != "settled":
            if time.monotonic() > deadline:
                raise StoryFailed("the approved trade was not settled")
            time.sleep(0.1)


def show(statement: dict[str, Any]) -> None:
    """Prints the statement for people."""
    table = Table(title="玛纳斯农户对账单 · Statement of the Manas household (published figures in brackets)")
    table.add_column("")
    table.add_column("", justify="right")
    rows = (
        ("水权 Right, m3", statement["right_m3"]),
        ("用水 Used, m3", statement["used_m3"]),
        ("出让 Sold, m3", statement["sold_m3"]),
        ("应缴水费 Fee due, yuan", f"{statement['fee_due_yuan']}  ({PUBLISHED['fee_due_yuan']})"),
        (
            "交易收入 Income, yuan",
            f"{statement['net_trade_income_yuan']}  ({PUBLISHED['net_trade_income_yuan']})",
        ),
        ("余额 Left, yuan", f"{statement['left_after_fee_yuan']}  ({PUBLISHED['left_after_fee_yuan']})"),
        ("转售 Resold to the factory, m3 given up", statement["resale"]["given_up_m3"]),
        ("到厂 Delivered there, m3", statement["resale"]["delivered_m3"]),
        ("金额 Paid for it, yuan", statement["resale"]["amount_yuan"]),
    )
    for name, value in rows:
        table.add_row(name, value)
    Console().print(table)
