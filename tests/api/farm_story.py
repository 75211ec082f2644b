"""A farm whose saving may become water: a right, a contract with a firm and a bank, a verified report."""

from __future__ import annotations

import datetime as dt
from typing import Any

from ledger.units import parse_litres
from market import jobs
from market.core import clock, db, ids
from market.registry import allocations, entitlements
from tests.api.contracting import funded, seats
from tests.api.county import YEAR, County, product
from tests.api.reporting import agreed_contract, billed_point, quarter, read, verified

RIGHT, BOUGHT, PRICE = "18000000", "333333.333", "0.235"
USE, LOWER = "16038000", "1591385"
LONG = dt.timedelta(days=40)


class Story:
    """A farm with a right of 18 million m3, its contract with a firm and a bank, and a distributed report."""

    def __init__(self, county: County, **terms: Any) -> None:
        self.county, self.who = county, seats(county)
        funded(county, self.who["valves"], "5000.00")
        self.right = self._right()
        point = billed_point(county, self.who)
        self.contract = agreed_contract(county, self.who, point, deposit="5000.00", **terms)
        for months in range(1, 4):
            read(county, point, months, str(700 * months))
        report = county.post("school", f"/saving-contracts/{self.contract}/reports", quarter())
        self.report = verified(county, report)["id"]
        self.as_published()

    def _right(self) -> str:
        from market.core import audit

        farm = ids.parse("par", self.who["school"])
        registrar = audit.Actor(user_id=self.county.id_of("registrar"), request_id="tests")
        with db.transaction(self.county.settings.url()) as session:
            made = entitlements.apply(
                session, actor=registrar, participant_id=farm, kind="irrigation_certificate", source="surface",
                sector="agriculture", township="DEMO-MANAS", canal="DEMO-CANAL", volume_litres=parse_litres(RIGHT),
                land_mu_e2=4_000_000, priority=1, valid_from=dt.date(YEAR, 1, 1), valid_to=dt.date(YEAR + 4, 12, 31),
                basis="tests",
            )  # fmt: skip
            entitlements.confirm(session, actor=registrar, entitlement_id=made.id)
            self.announce(session, registrar, "0.03")
            return ids.public("ent", made.id)

    @staticmethod
    def announce(session: Any, registrar: Any, share: str) -> None:
        allocations.announce(
            session, actor=registrar, water_year=YEAR, source="surface", share_e6=int(float(share) * 1_000_000),
            sector="agriculture", kind="irrigation_certificate", zone="DEMO-CANAL", reason="tests",
        )  # fmt: skip

    def distributed(self) -> None:
        """The time to object passes, and the clock shares the report out."""
        url = self.county.settings.url()
        with clock.moved_to(clock.now() + LONG):
            assert jobs.run(url, jobs.named("savings")) == 1

    def as_published(self) -> None:
        """The figures of the example in the report: what was used, and what is credited of the saving in water."""
        with db.connect(self.county.settings.url()) as connection:
            connection.execute(
                "UPDATE saving_reports SET tier = 'A', use_litres = %(use)s, adjusted_litres = %(use)s + saving_litres,"
                " water_litres = %(lower)s WHERE id = %(id)s",
                {"use": parse_litres(USE), "lower": parse_litres(LOWER), "id": ids.parse("srp", self.report)},
            )
            # a lot of one litre, so that the litres of the example can be sold
            connection.execute("UPDATE products SET lot_litres = 1")
            connection.execute("UPDATE installation SET reference_version = reference_version + 1")

    def clear(self, **other: Any) -> None:
        body = {
            "entitlement_id": self.right, "return_flow": "0.3", "return_flow_basis": "a study of the canal",
            "consent": "letter 7 of the bureau",
        } | other  # fmt: skip
        self.county.post("registrar", f"/saving-contracts/{self.contract}/clearances", body)

    def lot(self) -> dict[str, Any]:
        return self.county.post("school", f"/saving-reports/{self.report}/lot")

    def refused(self, name: str, path: str, body: Any = None) -> tuple[int, str]:
        answer = self.county.client.post(f"/v1{path}", json=body or {}, headers=self.county.headers(name))
        assert answer.json["legal_source"], answer.text
        return answer.status_code, answer.json["code"]

    def account(self, name: str, origin: str) -> dict[str, Any]:
        rows = self.county.get(name, "/water-accounts")["data"]
        return next(each for each in rows if each["origin"] == origin)

    def sold(self, lot: dict[str, Any], volume: str = BOUGHT) -> dict[str, Any]:
        """An offer of the lot, an order that sells it and one of the centre that buys."""
        county = self.county
        county.post("school", f"/saving-lots/{lot['id']}/offer", {"volume": volume, "floor_price": "0.2"})
        place = {"product_id": product(county), "volume": volume, "price": PRICE}
        selling = {"side": "sell", "water_account_id": self.account("school", "saving_lot")["id"]}
        county.post("school", "/orders", place | selling)
        buying = {"side": "buy", "water_account_id": self.account("centre", "own")["id"]}
        return county.post("centre", "/orders", place | buying)

    def clawed(self, lot: dict[str, Any], water: str, money: str | None = None) -> dict[str, Any]:
        """Proposed and opened by two, re-verified by another, decided by two."""
        county = self.county
        other = self.who.setdefault("other", admitted_verifier(county))
        report = county.get("supervisor", f"/saving-reports/{self.report}")
        made = county.post(
            "supervisor", f"/saving-reports/{self.report}/claw-backs", {"verifier_id": other, "reason": "a bypass"}
        )  # fmt: skip
        path = f"/claw-backs/{made['id']}"
        county.post("second", f"{path}/open")
        county.exchange.take_up()
        county.post("other", f"{path}/re-verify", {
            "sha256": report["sha256"], "finding": "a pipe passes the meter",
            "money_volume": money or report["credited_money"], "water_volume": water,
        })  # fmt: skip
        county.post("supervisor", f"{path}/decide", {"decision": "claw_back"})
        return county.post("second", f"{path}/decide", {"decision": "claw_back"})


def admitted_verifier(county: County) -> str:
    from tests.api.saving import admitted

    return admitted(county, "other", kind="verifier", role="verifier")
