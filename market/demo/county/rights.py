"""Second chapter: rights in every state, and what the year's announcements credit of them."""

from __future__ import annotations

from typing import Any

from market.core import clock
from market.demo.client import Caller, spread
from market.demo.county import folk
from market.demo.county.season import Household, Season

HEADER = (
    "participant_id", "kind", "source", "sector", "township", "canal", "volume_litres", "land_mu_e2", "valid_from",
    "valid_to", "basis",
)  # fmt: skip
COTTON_MU, COTTON_M3 = "10.32", "4180"
"""The household of Manas (CCTV rural channel, 2014-12-17)."""
COLLECTIVE_MU, COLLECTIVE_M3 = "2400", "960000"
"""The collective land of each association."""
WELL_EVERY = 6
"""One household in so many has a well beside its share of the canal."""
DISTRICTS = (("KUSHAN-ID", "0.8", "0.2"), ("IGIZYAR-ID", "0.75", "0.15"))
"""Of each district the first and the second announcement of the year."""


def play(season: Season) -> None:
    """Applies for every right and confirms it, announces the year. Errors: StoryFailed."""
    registrar = season.as_("registrar")
    irrigation = [_row(season, each, "surface", each.right_m3) for each in season.households]
    _confirmed(season, registrar, irrigation)
    wells = [each for each in season.households if each.canal != "IGIZYAR-C2"][::WELL_EVERY]
    _confirmed(season, registrar, [_row(season, each, "groundwater", each.right_m3 // 3) for each in wells])
    _bodies(season, registrar)
    _announce(season, registrar)
    _accounts(season, registrar)
    _unfinished(season, registrar)


def _row(season: Season, each: Household, source: str, volume_m3: int) -> tuple[str, ...]:
    return (
        each.participant, "irrigation_certificate", source, "agriculture", each.township, each.canal,
        str(volume_m3), str(each.land_mu), f"{season.year}-01-01", f"{season.year + 4}-12-31",
        "agreed quota x land (demonstration)",
    )  # fmt: skip


def _confirmed(season: Season, registrar: Caller, rows: list[tuple[str, ...]]) -> None:
    """Applied for by the list of a village, checked and confirmed one by one."""
    registrar.sheet("/v1/imports/entitlements", HEADER, rows)
    waiting = list(registrar.pages("/v1/entitlements", status="applied"))
    body = {"reason": "quota and land checked"}
    spread(registrar, waiting, lambda own, each: own.post(f"/v1/entitlements/{each['id']}/confirm", body))
    rights = {each["participant_id"]: each["id"] for each in waiting}
    for each in season.households:
        each.entitlement = each.entitlement or rights[each.participant]
    season.counts["rights_confirmed"] += len(rows)


def application(season: Season, participant: str, **other: Any) -> dict[str, Any]:
    """An application for a certificate of the park's or the town's network."""
    return {
        "participant_id": participant, "kind": "network_certificate", "source": "surface", "sector": "industry",
        "township": "653123401", "canal": "PARK", "valid_from": f"{season.year}-01-01",
        "valid_to": f"{season.year + 4}-12-31", "basis": "demonstration",
    } | other  # fmt: skip


def _bodies(season: Season, registrar: Caller) -> None:
    """Cotton on the demonstration canal; the first works and the hotel on their networks."""
    place = {"township": "DEMO-MANAS", "canal": "DEMO-CANAL", "sector": "agriculture"}
    kind = {"kind": "irrigation_certificate", "volume": COTTON_M3, "land_mu": COTTON_MU}
    wanted = [application(season, season.bodies[folk.COTTON.login], **place, **kind)]
    for login, township, canal in (
        ("wua-kushan", "653123101", "KUSHAN-C1"),
        ("wua-igizyar", "653123208", "IGIZYAR-C1"),
    ):
        place |= {"township": township, "canal": canal}
        kind |= {"volume": COLLECTIVE_M3, "land_mu": COLLECTIVE_MU}
        wanted.append(application(season, season.bodies[login], **place, **kind))
    for each in season.works[:4]:
        town = {} if each.canal == "PARK" else {"township": "653123100", "canal": each.canal}
        volume = str(each.plan_m3 // 10)
        wanted.append(application(season, each.participant, sector=each.sector, volume=volume, **town))
    for body in wanted:
        made = registrar.post("/v1/entitlements", body)
        registrar.post(f"/v1/entitlements/{made['id']}/confirm", {"reason": "papers checked"})
    season.counts["rights_confirmed"] += len(wanted)


def _announce(season: Season, registrar: Caller) -> None:
    """Spring and early summer: a first share of the new rights, then more for all; networks and wells at once."""
    farms = {"sector": "agriculture", "kind": "irrigation_certificate"}
    wanted: list[dict[str, Any]] = []
    for zone, first, _ in DISTRICTS:
        wanted.append({"source": "surface", "zone": zone, "share": first, "only_new": True, **farms})
    for zone, _, second in DISTRICTS:
        wanted.append({"source": "surface", "zone": zone, "share": second, **farms})
        wanted.append({"source": "groundwater", "zone": zone, "share": "0.9", **farms})
    wanted.append({"source": "surface", "zone": "DEMO-CANAL", "share": "1", "only_new": True, **farms})
    wanted.append({"source": "surface", "zone": "PARK-NET", "share": "1", "kind": "network_certificate"})
    for each in wanted:
        reason = f"demonstration: {each['share']} of {each['source']} water in {each['zone']}"
        registrar.post("/v1/announcements", each | {"water_year": season.year, "reason": reason})
    season.counts["announcements"] = len(wanted)


def _accounts(season: Season, registrar: Caller) -> None:
    """Accounts that the announcements opened; those who only buy get one, with a plan of use."""
    got = _surface(season, registrar)
    rows = [
        (each.participant, "653123401", each.canal, each.sector, "surface", str(season.year))
        for each in season.works
        if each.participant not in got
    ]
    header = ("participant_id", "township", "canal", "sector", "source", "water_year")
    registrar.sheet("/v1/imports/water-accounts", header, rows)
    got = _surface(season, registrar)
    for household in season.households:
        household.account = got[household.participant]
    for each in season.works:
        each.account = got[each.participant]
        plan = {"volume": str(each.plan_m3), "legal_source": "county plan part 3(1)2"}
        registrar.change(f"/v1/water-accounts/{each.account}", "use-plan", plan)
    season.accounts = {login: got[who] for login, who in season.bodies.items() if who in got}
    for login in ("centre", "factory", "farmer"):
        mine = season.as_(login).pages("/v1/water-accounts", water_year=season.year)
        season.accounts[login] = next(each["id"] for each in mine if each["source"] == "surface")
    season.counts["water_accounts"] = len(got)


def _surface(season: Season, registrar: Caller) -> dict[str, str]:
    """Participant -> account of surface water in this year."""
    rows = registrar.pages("/v1/water-accounts", water_year=season.year)
    return {each["participant_id"]: each["id"] for each in rows if each["source"] == "surface"}


def _unfinished(season: Season, registrar: Caller) -> None:
    """Permits before their decision, one refused, one withdrawn; a right suspended, one in a dispute, one split."""
    assessed = {
        "participant_id": season.bodies["textile"], "number": "DEMO-A-1", "authority": "示范审批机关 (demonstration)",
        "project": "示范纺织厂二期", "approved_on": clock.today().isoformat(), "volume": "900000",
    }  # fmt: skip
    paper = registrar.post("/v1/water-assessments", assessed)["id"]
    permit = {"kind": "abstraction_permit", "volume": "60000", "assessment_id": paper}
    steps = {
        "published": ("accept", "publish"), "objected": ("accept", "publish"), "accepted": ("accept",), "applied": (),
        "refused": ("accept", "refuse"), "withdrawn": ("withdraw",), "in_dispute": ("accept", "open-dispute"),
        "in_hearing": ("accept", "open-hearing"),
    }  # fmt: skip
    made: dict[str, str] = {}
    for name, taken in steps.items():
        body = application(season, season.bodies["textile"], **permit)
        made[name] = registrar.post("/v1/entitlements", body)["id"]
        for step in taken:
            why = {"reason": f"demonstration: {name}"}
            registrar.post(f"/v1/entitlements/{made[name]}/{step}", why)
        season.counts[f"rights_{name}"] += 1
    association = season.as_(folk.KUSHAN.login)
    grounds = {"grounds": "the branch runs dry in June already"}
    association.post(f"/v1/published-applications/{made['objected']}/object", grounds)
    season.counts["objections"] = 1
    last = season.households[-1]
    why = {"reason": "the land was built over; an inspection is under way"}
    registrar.change(f"/v1/entitlements/{last.entitlement}", "suspend", why)
    season.counts["rights_suspended"] = 1
