"""Sixth chapter: what is agreed on outside the books. Negotiated deals, a lease, trusteeship, pledges."""

from __future__ import annotations

from typing import Any

from market.demo.client import Caller, spread
from market.demo.county import folk, register
from market.demo.county.auctions import sellers
from market.demo.county.season import Household, Season

SOLD_M3 = 300
PLEDGES = 3


def play(season: Season) -> None:
    """Deals in every state, a lease, a pool of smallholders that sells, pledged rights. Errors: StoryFailed."""
    _negotiated(season)
    _lease(season)
    _trust(season)
    _pledges(season)


def _body(season: Season, account: str, other: str, **terms: Any) -> dict[str, Any]:
    return {
        "product_id": season.product("surface"), "side": "sell", "water_account_id": account,
        "other_water_account_id": other, "volume": str(SOLD_M3), "price": "0.24", "expires_at": season.ahead(days=5),
        "message": "for the second cotton watering",
    } | terms  # fmt: skip


def signed(seller: Caller, buyer: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """An offer of the seller, accepted and signed by both."""
    path = f"/v1/negotiations/{seller.post('/v1/negotiations', body)['id']}"
    digest = buyer.post(f"{path}/accept", {"number": 1})["contract_sha256"]
    seller.post(f"{path}/sign", {"sha256": digest})
    return buyer.post(f"{path}/sign", {"sha256": digest})


def _negotiated(season: Season) -> None:
    """Struck in the district, offered, answered by another offer, withdrawn; published for objection with one."""
    who = sellers(season, SOLD_M3, district="KUSHAN")
    textile = season.as_(folk.TEXTILE.login)
    collective, works = season.accounts[folk.KUSHAN.login], season.accounts[folk.TEXTILE.login]
    kushan = season.as_(folk.KUSHAN.login)
    for seller in who[:3]:
        season.spare[seller.account] -= SOLD_M3
        caller = season.for_(seller.participant)
        signed(caller, kushan, _body(season, seller.account, collective))
    season.counts["negotiations_struck"] = len(who[:3])
    for price, last in (("0.26", ""), ("0.28", "offers"), ("0.31", "withdraw")):
        body = _body(season, collective, works, volume="4000", price=f"{price}")
        path = f"/v1/negotiations/{kushan.post('/v1/negotiations', body)['id']}"
        if last == "offers":
            offer = {
                "volume": "4000",
                "price": "0.25",
                "expires_at": season.ahead(days=4),
                "message": "too dear",
            }
            textile.post(f"{path}/offers", offer)
        elif last:
            kushan.post(f"{path}/withdraw", {"reason": "the members decided otherwise"})
    season.counts["negotiations_open"], season.counts["negotiations_withdrawn"] = 2, 1
    for volume in ("6000", "9000"):
        body = _body(season, collective, works, volume=volume, price="0.55", message="for the new dye house")
        done = signed(kushan, textile, body)
    grounds = {"grounds": "the tail of the branch would get its water a week later"}
    season.as_(folk.IGIZYAR.login).post(f"/v1/published-negotiations/{done['id']}/object", grounds)
    season.counts["negotiations_published"] = 2


def right_of(season: Season, login: str) -> str:
    """The confirmed right of a body."""
    rows = season.as_(login).get("/v1/entitlements", status="confirmed")["data"]
    found: str = rows[0]["id"]
    return found


def lease_of(season: Season, lessor: str, account: str, volume_m3: str, price: str) -> dict[str, Any]:
    """The offer to let a part of a body's right for a year."""
    return _body(season, season.accounts[lessor], account, volume=volume_m3, price=price) | {
        "product_id": season.product("surface-lease"), "entitlement_id": right_of(season, lessor),
        "lease": {"years": 1}, "message": "",
    }  # fmt: skip


def _lease(season: Season) -> None:
    """The association lets a part of its right to a member for a year."""
    igizyar = season.as_(folk.IGIZYAR.login)
    members = [each for each in register.traders(season) if each.canal.startswith("IGIZYAR")][:2]
    for each in members:
        body = lease_of(season, folk.IGIZYAR.login, each.account, "900", "0.16")
        signed(igizyar, season.for_(each.participant), body)
    season.counts["leases"] = len(members)


def _trust(season: Season) -> None:
    """Smallholders of one canal entrust what they do not need; the association sells it for all of them."""
    kushan, members = season.as_(folk.KUSHAN.login), register.entrusting(season)
    township, canal = folk.ENTRUSTED
    body = {
        "trustee_id": season.bodies[folk.KUSHAN.login], "township": township, "canal": canal, "sector": "agriculture",
        "source": "surface", "water_year": season.year, "right_kind": "irrigation_certificate", "fee_per_mille": 20,
        "floor_price": "0.15", "selling": "trustee", "starts_on": f"{season.year}-01-01",
        "ends_on": f"{season.year}-12-31", "notice_days": 30, "conditions": "the Shaya mode (demonstration)",
    }  # fmt: skip
    trust = kushan.post("/v1/trusts", body)

    def join(caller: Caller, each: Household) -> str:
        own = caller.again(each.participant)
        account = own.get(f"/v1/water-accounts/{each.account}")
        volume = int(account["available"].partition(".")[0]) // 2
        offer = {"water_account_id": each.account, "volume": str(max(volume, 1)), "standing": True}
        found: str = own.post(f"/v1/trusts/{trust['id']}/members", offer)["id"]
        return found

    able = [each for each in members if each.used_m3 * 10 < each.right_m3 * 9]
    joined = spread(season.as_(folk.CLERK.login), able, join)
    accepted = joined[: max(1, len(joined) - 2)]
    for each in accepted:
        kushan.post(f"/v1/trust-members/{each}/accept")
    pool = kushan.get(f"/v1/water-accounts/{trust['water_account_id']}")
    half = int(pool["available"].partition(".")[0]) // 2
    if half:
        offered = {"product_id": season.product("surface"), "water_account_id": trust["water_account_id"]}
        order = offered | {"side": "sell", "volume": str(half), "price": "0.4"}
        season.counts["orders"] += 1
        season.counts["trades"] += len(kushan.post("/v1/orders", order)["fills"])
    season.counts["trusts"], season.counts["trust_members"] = 1, len(accepted)
    season.counts["trust_members_waiting"] = len(joined) - len(accepted)


def _pledges(season: Season) -> None:
    """The bank lends on rights: one pledge registered, one paid back, one that waits for the registrar."""
    bank, registrar = season.as_(folk.BANK.login), season.as_("registrar")
    who = sellers(season, SOLD_M3)[-PLEDGES:]
    for place, each in enumerate(who):
        holder = season.for_(each.participant)
        consent = {
            "entitlement_id": each.entitlement, "bank_id": season.bodies[folk.BANK.login],
            "valid_to": f"{season.year}-12-31",
        }  # fmt: skip
        body = {
            "consent_id": holder.post("/v1/pledge-consents", consent)["id"], "volume": str(SOLD_M3 // 2),
            "secured": "900.00", "owed": "900.00", "valued": "1200.00", "valuation": "at the book's price of the month",
            "document": f"示范贷款合同{place + 1} loan {place + 1}",
        }  # fmt: skip
        path = f"/v1/pledges/{bank.post('/v1/pledges', body)['id']}"
        holder.post(f"{path}/agree")
        if place < 2:
            registrar.post(f"{path}/register")
        if place == 1:
            bank.post(f"{path}/release", {"reason": "paid back"})
        season.counts["pledges"] += 1
