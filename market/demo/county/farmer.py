"""Seventh chapter: the demonstration farmer, a household with a sign-in of its own, and what it has to read."""

from __future__ import annotations

import base64
import datetime as dt

from market.core import clock
from market.demo import people
from market.demo.client import Caller
from market.demo.county import folk, water
from market.demo.county.deals import lease_of, right_of, signed
from market.demo.county.season import Season

SERIAL = "KZ-FARMER"
COUNTED_M3 = (420, 1_350, 2_610)
"""What the farmer's gate showed after each watering, of 5 000 m3."""
DEPOSIT = "3000.00"
LEASED_M3 = "600"
PLEDGED_M3 = "500"
DEED = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 120]/Contents 4 0 R"
    b"/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>endobj\n"
    b"4 0 obj<</Length 60>>stream\nBT /F 14 Tf 20 60 Td (Land contract. A demonstration.) Tj ET\nendstream endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)
"""A page of one line, so that a document can be handed in."""


def play(season: Season) -> None:
    """A meter, a mandate, a lease, a loan that was asked for, a document, a complaint. Errors: StoryFailed."""
    farmer, registrar = season.as_(people.FARMER.login), season.as_("registrar")
    own = season.body(people.FARMER.login)
    [money] = farmer.get("/v1/money-accounts")["data"]
    deposit = {
        "money_account_id": money["id"], "amount": DEPOSIT, "bank_reference": "SEASON-FARMER",
        "value_date": clock.today().isoformat(),
    }  # fmt: skip
    season.as_("treasurer").post("/v1/deposits", deposit)
    season.counts["deposits"] += 1
    _meter(season, registrar)
    mandate = {
        "clerk_login": folk.CLERK.login, "scope": "read", "document": "signed at the service centre",
        "valid_from": season.ahead(minutes=-1), "valid_to": season.ahead(days=90),
    }  # fmt: skip
    registrar.post(f"/v1/participants/{own}/mandates", mandate)
    season.counts["mandates"] += 1
    kushan = season.as_(folk.KUSHAN.login)
    lease = lease_of(season, folk.KUSHAN.login, season.accounts[people.FARMER.login], LEASED_M3, "0.15")
    signed(kushan, farmer, lease)
    season.counts["leases"] += 1
    _papers(season, farmer)


def _meter(season: Season, registrar: Caller) -> None:
    """The gate at the farmer's field, read after each watering."""
    now, began = clock.now() - dt.timedelta(minutes=5), water.began_at()
    meter = {
        "water_account_id": season.accounts[people.FARMER.login], "serial": SERIAL, "start": "0",
        "installed_at": began.isoformat(timespec="seconds"),
    }  # fmt: skip
    made = registrar.post("/v1/meters", meter)["id"]
    for number, counter in enumerate(COUNTED_M3, start=1):
        at = began + (now - began) * number / len(COUNTED_M3)
        reading = {"read_at": at.isoformat(timespec="seconds"), "counter": str(counter)}
        registrar.post(f"/v1/meters/{made}/readings", reading)
    season.counts["meters"] += 1
    season.counts["readings"] += len(COUNTED_M3)


def _papers(season: Season, farmer: Caller) -> None:
    """The land contract handed in, a pledge that the farmer has not agreed to yet, a complaint."""
    right = right_of(season, people.FARMER.login)
    document = {
        "name": "土地承包合同 land contract.pdf", "media_type": "application/pdf",
        "content": base64.b64encode(DEED).decode(),
    }  # fmt: skip
    farmer.post(f"/v1/entitlements/{right}/documents", document)
    season.counts["documents"] += 1
    consent = {
        "entitlement_id": right, "bank_id": season.bodies[folk.BANK.login], "valid_to": f"{season.year}-12-31",
    }  # fmt: skip
    pledge = {
        "consent_id": farmer.post("/v1/pledge-consents", consent)["id"], "volume": PLEDGED_M3,
        "secured": "1500.00", "owed": "1500.00", "valued": "2000.00", "valuation": "at the book's price of the month",
        "document": "示范贷款合同 loan for a pump",
    }  # fmt: skip
    season.as_(folk.BANK.login).post("/v1/pledges", pledge)
    season.counts["pledges"] += 1
    clerk = season.as_("registrar").get("/v1/me")["user_id"]
    text = "水表读数登记晚了三天 (a reading was entered three days late)"
    farmer.post("/v1/complaints", {"text": text, "clerk_id": clerk})
    season.counts["complaints"] += 1
