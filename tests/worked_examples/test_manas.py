"""The household of Manas (CCTV rural channel, 2014-12-17), against a running server.

10.32 mu of cotton, a right to 4 180 m3, 3 179 m3 used at 0.077 yuan: 244.78 yuan due. 1 001 m3 sold at 0.3003 yuan:
300.60 yuan earned, 55.82 left. Played by the command `karez demo manas`, and by a client that openapi-python-client
generates from openapi.yaml.
"""

from __future__ import annotations

import importlib
import inspect
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from market.core import clock
from market.demo import people
from tests.faults.server import COMMAND, ENVIRONMENT, Running, place_of_its_own, running

ROOT = Path(__file__).resolve().parents[2]
FEE, INCOME, LEFT = "244.78", "300.60", "55.82"
PLACE = {"township": "DEMO-MANAS", "canal": "DEMO-CANAL", "source": "surface", "sector": "agriculture"}
YEAR = clock.this_year()
PACKAGE = "karez_generated_client"
_keys = itertools.count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    """A running installation with the demonstration county."""
    with place_of_its_own() as place, running(place) as found:
        yield found


def test_the_command_plays_the_story_to_the_published_figures(server: Running) -> None:
    done = subprocess.run(
        [*COMMAND, "demo", "manas", "--url", server.url, "--json"], capture_output=True, text=True, check=False,
        env=ENVIRONMENT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    statement = json.loads(done.stdout)
    assert (
        statement["fee_due_yuan"], statement["net_trade_income_yuan"], statement["left_after_fee_yuan"]
    ) == (FEE, INCOME, LEFT)  # fmt: skip
    assert statement["resale"] == {
        "given_up_m3": "500.000",
        "delivered_m3": "465.000",
        "amount_yuan": "300.00",
    }
    assert server.violations() == []


class Generated:
    """Somebody who uses the generated client and nothing else; bodies are its models, answers too."""

    def __init__(self, url: str, stack: ExitStack, login: str | None = None) -> None:
        package = importlib.import_module(PACKAGE)
        self.client = stack.enter_context(package.Client(base_url=url, raise_on_unexpected_status=True))
        if login is not None:
            token = self.ask("auth.token", {"login": login, "password": people.password_of(login)})
            self.client = stack.enter_context(
                package.AuthenticatedClient(
                    base_url=url, token=token.access_token, raise_on_unexpected_status=True
                )
            )

    def ask(self, operation: str, body: dict[str, Any] | None = None, /, **arguments: Any) -> Any:
        """Calls an operation, which must succeed; answers its model."""
        group, _, _ = operation.partition(".")
        module = importlib.import_module(f"{PACKAGE}.api.{group}.{operation.replace('.', '_')}")
        wanted = inspect.signature(module.sync_detailed).parameters
        if "body" in wanted:
            arguments["body"] = wanted["body"].annotation.from_dict(body or {})
        if "idempotency_key" in wanted:
            arguments["idempotency_key"] = f"generated-{next(_keys)}"
        answer = module.sync_detailed(client=self.client, **arguments)
        assert answer.status_code < 300, answer.content
        return answer.parsed


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The client, as its generator makes it from the committed document."""
    place = tmp_path_factory.mktemp("generated")
    binaries = Path(sys.executable).parent
    sheets = place / "config.yaml"  # workbooks and CSV files are bytes to this generator
    sheets.write_text(
        "post_hooks: []\n"  # nobody reads it
        "content_type_overrides:\n"
        "  application/vnd.openxmlformats-officedocument.spreadsheetml.sheet: application/octet-stream\n"
        "  text/csv: application/octet-stream\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [binaries / "openapi-python-client", "generate", "--path", ROOT / "openapi.yaml", "--config", sheets,
         "--output-path", place / PACKAGE, "--meta", "none", "--fail-on-warning"],
        capture_output=True, text=True, check=False,
        env=os.environ | {"PATH": f"{binaries}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(place))
    try:
        yield
    finally:
        sys.path.remove(str(place))


@pytest.fixture
def sign_in(server: Running, generated: None) -> Iterator[Callable[..., Generated]]:
    """Makes users of the generated client, and lets go of their connections."""
    with ExitStack() as stack:
        yield lambda login=None: Generated(server.url, stack, login)


def test_a_generated_client_plays_the_story_to_the_published_figures(
    sign_in: Callable[..., Generated],
) -> None:
    registrar, reviewer, centre, factory = map(sign_in, ("registrar", "reviewer", "centre", "factory"))
    login = "manas-generated"
    applied = sign_in().ask("participants.apply", {
        "kind": "household", "name": "Cotton household of Manas", "identifier": people.identity_number(16_999_999),
        "login": login, "password": people.password_of(login), "user_name": "Cotton", "roles": ["holder"],
    })  # fmt: skip
    registrar.ask("participants.admit", {"reason": "identity checked"}, participant_id=applied.id)
    household = sign_in(login)
    product = next(
        each.id for each in household.ask("products.list_products").data if each.code == f"surface-{YEAR}"
    )

    right = household.ask("entitlements.apply", {
        "participant_id": applied.id, "kind": "irrigation_certificate", "volume": "4180", "land_mu": "10.32",
        "valid_from": f"{YEAR}-01-01", "valid_to": f"{YEAR + 4}-12-31", "basis": "Manas 2014", **PLACE,
    })  # fmt: skip
    registrar.ask("entitlements.confirm", {"reason": "quota and land checked"}, entitlement_id=right.id)
    registrar.ask("announcements.announce", {
        "water_year": YEAR, "source": "surface", "sector": "agriculture", "kind": "irrigation_certificate",
        "zone": "DEMO-CANAL", "share": "1", "only_new": True, "reason": "the whole right",
    })  # fmt: skip
    (account,) = household.ask("water_accounts.list_water_accounts", water_year=YEAR).data
    meter = registrar.ask(
        "meters.register_meter", {"water_account_id": account.id, "serial": "G-1", "start": "0"}
    )
    registrar.ask(
        "meters.record_reading", {"read_at": clock.now().isoformat(), "counter": "3179"}, meter_id=meter.id
    )
    fee = Decimal(household.ask("water_accounts.get_water_account", water_account_id=account.id).fee_due)

    def order(who: Generated, water: str, side: str, volume: str, price: str) -> Any:
        body = {
            "product_id": product,
            "water_account_id": water,
            "side": side,
            "volume": volume,
            "price": price,
        }
        return who.ask("orders.place", body)

    pool, plant = (
        who.ask("water_accounts.list_water_accounts", water_year=YEAR).data[0] for who in (centre, factory)
    )
    order(centre, pool.id, "buy", "1001", "0.3003")
    sold = order(household, account.id, "sell", "1001", "0.3003")
    income = sum((Decimal(fill.amount) - Decimal(fill.fee) for fill in sold.fills), Decimal(0))
    assert (f"{fee:.2f}", f"{income:.2f}", f"{income - fee:.2f}") == (FEE, INCOME, LEFT)

    order(centre, pool.id, "sell", "500", "0.6")
    bought = order(factory, plant.id, "buy", "465", "0.7")
    (fill,) = bought.fills
    trade = factory.ask("trades.get", trade_id=fill.trade_id)
    review = next(
        each.id
        for each in reviewer.ask("reviews.list_reviews", limit=200).data
        if each.instruction_id == trade.instruction_id
    )
    reviewer.ask("reviews.approve", {"reason": "use plan, caps and route checked"}, review_id=review)
    arrived = factory.ask("water_accounts.get_water_account", water_account_id=plant.id)
    assert Decimal(arrived.balance) - Decimal(plant.balance) == 465
    assert factory.ask("trades.get", trade_id=fill.trade_id).status == "settled"
