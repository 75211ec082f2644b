"""The demonstration county behind HTTP, with one thing of every kind that is mine and one that is a neighbour's."""

from __future__ import annotations

import base64
import datetime as dt
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.units import parse_litres
from market.api.http import KarezFlask
from market.api.permissions import PARTICIPANTS
from market.app import bind, create_app
from market.core import audit, clock, db, ids
from market.core.config import Settings
from market.demo import people
from market.metering import readings, turns
from market.participants import access, admission, passwords, tokens
from market.participants.models import MoneyAccount, User, UserRole
from market.registry import allocations, entitlements
from market.registry.models import WaterAccount
from tests.api import contracting, lots, reporting, saving, storing, trusteeship
from tests.api.filling import filled
from tests.api.inline import Inline
from tests.api.market import credit_code
from tests.api.offers import leased, negotiation_body, product, programme, signed, subscribed

PASSWORD = "correct horse battery"
YEAR = clock.this_year()
_numbers = itertools.count(1)
_idle: list[KarezFlask] = []
"""Applications that no county uses now: assembling one takes most of a second, and all have one secret."""


@dataclass
class County:
    """The application, who signed in (name -> access token), and the public ids of things (kind -> id)."""

    settings: Settings
    app: KarezFlask
    exchange: Inline
    client: FlaskClient
    tokens: dict[str, str] = field(default_factory=dict)
    mine: dict[str, str] = field(default_factory=dict)
    theirs: dict[str, str] = field(default_factory=dict)
    logins: dict[str, str] = field(default_factory=dict)
    products: dict[str, str] = field(default_factory=dict)
    password_hash: str = ""
    bank: str = ""
    programme: str = ""
    offer: str = ""
    storage: str = ""
    round: str = ""

    def user(self, name: str, role: str, participant_id: int | None = None) -> int:
        """A new user with one role; its access token is kept under `name`."""
        with self.app.app_context(), db.transaction(self.settings.url()) as session:
            user = User(
                login=f"{name}-{next(_numbers)}", name=name, password_hash=self.password_hash, status="active",
                participant_id=participant_id,
            )  # fmt: skip
            session.add(user)
            session.flush()
            session.add(UserRole(user_id=user.id, role=role))
            session.flush()
            self.tokens[name], self.logins[name] = tokens.sign_in(session, user).access_token, user.login
            return user.id

    def headers(self, name: str, **more: str) -> dict[str, str]:
        """Headers of a request by `name`, with an idempotency key of its own."""
        sent = {"Idempotency-Key": f"county-{next(_numbers)}", "Authorization": f"Bearer {self.tokens[name]}"}
        return sent | {key.replace("_", "-"): value for key, value in more.items()}

    def post(self, name: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
        """A change that must succeed."""
        answer = self.client.post(f"/v1{path}", json=body or {}, headers=self.headers(name, **headers))
        assert answer.status_code < 300, answer.text
        found: dict[str, Any] = answer.json
        return found

    def get(self, name: str, path: str) -> dict[str, Any]:
        """What must be there."""
        answer = self.client.get(f"/v1{path}", headers=self.headers(name))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json
        return found

    def id_of(self, name: str) -> int:
        """The number of the user behind a token."""
        return ids.parse("usr", self.get(name, "/me")["user_id"])


@contextmanager
def open_county(database_url: str, data_dir: Path) -> Iterator[County]:
    """The demonstration county on a fresh database, with an exchange in this process."""
    settings = Settings(
        data_dir=data_dir, database_url=database_url, secret_key="a secret for tests only " * 2
    )
    filled(database_url, settings)
    exchange = Inline(database_url)
    app = _idle.pop() if _idle else create_app(settings, exchange=lambda: exchange, rate_limits=False)
    bind(app, settings, lambda: exchange)
    access.forget(settings)
    county = County(settings, app, exchange, app.test_client(use_cookies=False))
    county.password_hash = passwords.hashed(PASSWORD)
    try:
        _sign_everyone_in(county)
        yield county
    finally:
        exchange.close()
        _idle.append(app)


def _sign_everyone_in(county: County) -> None:
    with county.app.app_context(), db.transaction(county.settings.url()) as session:
        for user in session.scalars(select(User)):
            county.tokens[user.login] = tokens.sign_in(session, user).access_token


def furnish(county: County) -> None:
    """Makes a thing of every kind that a participant owns, for me (a user of each role) and for a neighbour."""
    for things, name in ((county.mine, "mine"), (county.theirs, "theirs")):
        _participant(county, things, name)
        _things(county, things, name)
    _trade(county, county.mine, "mine", "centre", "5", "0.1")  # whole, so that the next is the neighbour's
    _trade(county, county.theirs, "theirs", "factory", "10", "0.7")
    county.bank = lender(county, "lender")
    county.programme = programme(county, days=20)
    for things, name in ((county.mine, "mine"), (county.theirs, "theirs")):
        _delivery(county, things, name)
        _pledge(county, things, name)
        _trust(county, things, name)
        storing.buy_back(county, things, name)
        _negotiation(county, things, name)
        things["lease"] = leased(county, name, "centre", things)
        things["subscription"] = subscribed(county, name, county.programme, things["water_account"], "1")
        things["order"] = _order(county, name, "sell", things["water_account"], "10", "9")["id"]
    for things, name in ((county.mine, "mine"), (county.theirs, "theirs")):
        body = lots.listing_body(things["water_account"])
        things["listing"] = county.post(name, "/listings", body)["id"]
    for things, name, other in ((county.mine, "mine", county.theirs), (county.theirs, "theirs", county.mine)):
        body = {"water_account_id": things["water_account"]}
        things["bidder"] = county.post(name, f"/listings/{other['listing']}/bidders", body)["id"]
    for things, name in ((county.mine, "mine"), (county.theirs, "theirs")):
        storing.bid(county, things, name)
    saving.furnish(county)
    contracting.furnish(county)
    reporting.furnish(county)
    trusteeship.furnish(county)
    county.mine["mandate"] = mandate(county, county.mine, "theirs")
    county.theirs["mandate"] = mandate(county, county.theirs, "mine")


def _participant(county: County, things: dict[str, str], name: str) -> None:
    registrar = audit.Actor(user_id=county.id_of("registrar"), request_id="tests")
    with db.transaction(county.settings.url()) as session:
        made = admission.apply(
            session, actor=registrar, secret=county.settings.secret("identifier"), kind="household", name=name,
            identifier=people.identity_number(1000 + next(_numbers)), contact="", login=f"applicant-{name}",
            password=PASSWORD, user_name=name, roles=("holder",),
        )  # fmt: skip
        admission.admit(session, actor=registrar, participant_id=made.id)
        money = session.scalars(select(MoneyAccount.id).where(MoneyAccount.participant_id == made.id)).one()
        right = entitlements.apply(
            session, actor=registrar, participant_id=made.id, kind="irrigation_certificate", source="surface",
            sector="agriculture", township="DEMO-MANAS", canal="DEMO-CANAL", volume_litres=parse_litres("1000"),
            land_mu_e2=1_000, priority=1, valid_from=dt.date(YEAR, 1, 1), valid_to=dt.date(YEAR + 4, 12, 31),
            basis="tests",
        )  # fmt: skip
        entitlements.confirm(session, actor=registrar, entitlement_id=right.id)
        allocations.announce(
            session, actor=registrar, water_year=YEAR, source="surface", share_e6=1_000_000, sector="agriculture",
            kind="irrigation_certificate", zone="DEMO-CANAL", reason="tests", only_new=True,
        )  # fmt: skip
        water = session.scalars(select(WaterAccount.id).where(WaterAccount.participant_id == made.id)).one()
        meter = readings.register_meter(
            session, actor=registrar, water_account_id=water, serial=f"T-{name}", start_litres=0
        )
        reading = readings.record(
            session, actor=registrar, meter_id=meter.id, read_at=clock.now(), counter_litres=0
        )
        finding = _held(session, registrar, water, name)
        sheet = _sheet(session, registrar, water, name)
        numbers = {
            "participant": ("par", made.id), "money_account": ("mac", money), "entitlement": ("ent", right.id),
            "water_account": ("wac", water), "meter": ("mtr", meter.id),
            "reading": ("rdg", reading.id), "finding": ("fnd", finding), "turn_sheet": ("trn", sheet),
        }  # fmt: skip
    things.update({kind: ids.public(*number) for kind, number in numbers.items()})
    county.user(name, "holder", made.id)


def _held(session: Session, registrar: audit.Actor, water: int, name: str) -> int:
    """A reading that is held, above what its meter may show in a day."""
    meter = readings.register_meter(
        session, actor=registrar, water_account_id=water, serial=f"T-{name}-jump", most_litres_a_day=1_000
    )
    held = readings.record(
        session, actor=registrar, meter_id=meter.id, read_at=clock.now(), counter_litres=5_000
    )
    return held.id


def _sheet(session: Session, registrar: audit.Actor, water: int, name: str) -> int:
    """A turn sheet, entered and not signed, of a gate that serves its own association alone."""
    gate = readings.register_meter(
        session, actor=registrar, water_account_id=water, serial=f"T-{name}-gate", apportioned=True
    )
    turns.serve(session, actor=registrar, meter_id=gate.id, water_account_ids=[water])
    return turns.enter(
        session, actor=registrar, meter_id=gate.id, until=clock.now(), counter_litres=100, loss_litres=10,
        basis="land", weights=[turns.Weight(water, 100)],
    ).id  # fmt: skip


def _things(county: County, things: dict[str, str], name: str) -> None:
    county.post(
        "treasurer",
        "/deposits",
        {
            "money_account_id": things["money_account"],
            "amount": "100.00",
            "bank_reference": f"T-{name}",
            "value_date": clock.today().isoformat(),
        },
    )
    things["api_key"] = api_key(county, name)
    _papers(county, things, name)
    if name == "mine":
        for role in sorted(PARTICIPANTS):
            county.user(role, role, ids.parse("par", things["participant"]))


def _delivery(county: County, things: dict[str, str], name: str) -> None:
    """A litre and more of mine, sold and on its way."""
    account = county.get("centre", "/water-accounts")["data"][0]["id"]
    _order(county, name, "sell", things["water_account"], "1", "0.1")
    bought = _order(county, "centre", "buy", account, "1", "0.1")
    trade = county.get("centre", f"/trades/{bought['fills'][0]['trade_id']}")
    made = county.post("registrar", "/deliveries", {"instruction_id": trade["instruction_id"]})
    things["delivery"] = county.post("registrar", f"/deliveries/{made['id']}/dispatch")["id"]


def lender(county: County, name: str) -> str:
    """A new bank; its user is called `name`."""
    registrar = audit.Actor(user_id=county.id_of("registrar"), request_id="tests")
    with db.transaction(county.settings.url()) as session:
        made = admission.apply(
            session, actor=registrar, secret=county.settings.secret("identifier"), kind="bank", name=name,
            identifier=credit_code(1000 + next(_numbers)), contact="", login=f"applicant-{name}",
            password=PASSWORD, user_name=name, roles=("bank",),
        )  # fmt: skip
        admission.admit(session, actor=registrar, participant_id=made.id)
        bank = made.id
    county.user(name, "bank", bank)
    return ids.public("par", bank)


def _pledge(county: County, things: dict[str, str], name: str) -> None:
    """A right of mine pledged to the bank, some of whose water the bank lets me sell."""
    consent = {"entitlement_id": things["entitlement"], "bank_id": county.bank, "valid_to": f"{YEAR}-12-31"}
    things["pledge_consent"] = county.post(name, "/pledge-consents", consent)["id"]
    things["pledge"] = county.post("lender", "/pledges", {
        "consent_id": things["pledge_consent"], "volume": "20", "secured": "10.00", "owed": "10.00",
        "valued": "15.00", "valuation": "market price", "document": "loan 1",
    })["id"]  # fmt: skip
    county.post(name, f"/pledges/{things['pledge']}/agree")
    county.post("registrar", f"/pledges/{things['pledge']}/register")
    sale = {"volume": "5", "owed": "1.00", "floor_price": "0.1", "reason": "tests"}
    things["pledge_sale"] = county.post("lender", f"/pledges/{things['pledge']}/consent-to-sale", sale)["id"]


def _negotiation(county: County, things: dict[str, str], name: str) -> None:
    """A deal of mine with the factory, published for objection."""
    factory = county.get("factory", "/water-accounts")["data"][0]["id"]
    body = negotiation_body(county, things["water_account"], factory)
    things["negotiation"] = county.post(name, "/negotiations", body)["id"]
    assert signed(county, name, "factory", things["negotiation"])["status"] == "published"


def trust_body(trustee: str, **other: Any) -> dict[str, Any]:
    """A pool on the demonstration canal."""
    return {
        "trustee_id": trustee, "township": "DEMO-MANAS", "canal": "DEMO-CANAL", "sector": "agriculture",
        "source": "surface", "water_year": YEAR, "right_kind": "irrigation_certificate", "fee_per_mille": 20,
        "floor_price": "0.05", "selling": "trustee", "starts_on": f"{YEAR}-01-01", "ends_on": f"{YEAR}-12-31",
        "notice_days": 30, "conditions": "tests",
    } | other  # fmt: skip


def _trust(county: County, things: dict[str, str], name: str) -> None:
    """A pool of my own, with water of mine in it."""
    trustee = f"{name}-trustee"
    county.user(trustee, "association", ids.parse("par", things["participant"]))
    things["trust"] = county.post(trustee, "/trusts", trust_body(things["participant"]))["id"]
    body = {"water_account_id": things["water_account"], "volume": "50", "standing": True}
    things["trust_member"] = county.post(name, f"/trusts/{things['trust']}/members", body)["id"]
    county.post(trustee, f"/trust-members/{things['trust_member']}/accept")


def _papers(county: County, things: dict[str, str], name: str) -> None:
    """A document of the right and an assessment; the neighbour's is named by a permit that I object to."""
    content = base64.b64encode(b"%PDF-1.7 " + name.encode()).decode()
    body = {"name": "plan.pdf", "media_type": "application/pdf", "content": content}
    path = f"/entitlements/{things['entitlement']}/documents"
    things["document"] = county.post(name, path, body)["id"]
    assessed = {
        "participant_id": things["participant"], "number": f"A-{name}", "authority": "tests", "project": name,
        "approved_on": clock.today().isoformat(), "volume": "50000",
    }  # fmt: skip
    things["assessment"] = county.post("registrar", "/water-assessments", assessed)["id"]
    if name == "theirs":
        objected(county, things, "mine")


def objected(county: County, things: dict[str, str], objector: str) -> str:
    """A published permit application of somebody, and another's objection to it, which waits for a decision."""
    applied = county.post("registrar", "/entitlements", permit(things))["id"]
    for step in ("accept", "publish"):
        county.post("registrar", f"/entitlements/{applied}/{step}")
    path = f"/published-applications/{applied}/object"
    found: str = county.post(objector, path, {"grounds": "the canal runs dry in June"})["id"]
    return found


def permit(things: dict[str, str], **other: Any) -> dict[str, Any]:
    """An application for a permit that names the assessment of its project."""
    return {
        "participant_id": things["participant"], "kind": "abstraction_permit", "source": "surface",
        "sector": "industry", "township": "653123401", "canal": "PARK", "volume": "20000",
        "valid_from": f"{YEAR}-01-01", "valid_to": f"{YEAR + 4}-12-31", "basis": "tests",
        "assessment_id": things["assessment"],
    } | other  # fmt: skip


def api_key(county: County, name: str) -> str:
    """A new API key of a user."""
    found: str = county.post(name, "/api-keys", {"label": "test", "scopes": ["read"]})["id"]
    return found


def _order(county: County, name: str, side: str, account: str, volume: str, price: str) -> dict[str, Any]:
    return county.post(
        name,
        "/orders",
        {
            "product_id": product(county),
            "water_account_id": account,
            "side": side,
            "volume": volume,
            "price": price,
        },
    )


def _trade(county: County, things: dict[str, str], seller: str, buyer: str, volume: str, price: str) -> None:
    account = county.get(buyer, "/water-accounts")["data"][0]["id"]
    _order(county, seller, "sell", things["water_account"], volume, price)
    bought = _order(county, buyer, "buy", account, "5", price if price == "0.1" else "0.9")
    trade = county.get(buyer, f"/trades/{bought['fills'][0]['trade_id']}")
    things["trade"], things["instruction"] = trade["id"], trade["instruction_id"]


def mandate(county: County, things: dict[str, str], clerk: str) -> str:
    now = clock.now()
    body = {
        "clerk_login": county.logins[clerk], "scope": "trade", "document": "tests", "valid_from": now.isoformat(),
        "valid_to": (now + dt.timedelta(days=30)).isoformat(),
    }  # fmt: skip
    found: str = county.post("registrar", f"/participants/{things['participant']}/mandates", body)["id"]
    return found
