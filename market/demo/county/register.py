"""First chapter: who takes part. Users of the bureau, holders from a sheet, bodies with a sign-in, money, mandates."""

from __future__ import annotations

import itertools

from market.core import clock
from market.demo import people
from market.demo.client import Caller, StoryFailed, spread
from market.demo.county import folk
from market.demo.county.season import Household, Season, Works
from market.demo.people import SignIn

FIRST_PERSON, FIRST_BODY = 100_000, 1_000
"""From which made-up number on the identifiers of a season are; other stories keep below."""
WAITING = 4
"""Applicants on whom the registrar did not decide yet."""
MOST_ENTRUSTING = 60
HEADER = ("kind", "name", "identifier", "contact", "admitted")


def play(season: Season) -> None:
    """Enters and admits everyone but the service firms. Errors: StoryFailed, also where a season was played before."""
    registrar = season.as_("registrar")
    if any(
        each["name"] == folk.KUSHAN.name for each in registrar.pages("/v1/participants", kind="association")
    ):
        raise StoryFailed("a season was played there already: start `karez up` with another --data-dir")
    administrator = season.as_("administrator")
    for each in folk.BUREAU:
        body = {"login": each.login, "name": each.name, "password": each.password, "roles": list(each.roles)}
        administrator.post("/v1/users", body)
    season.counts["regulators"] = len(folk.BUREAU) + len(people.BUREAU)
    codes = itertools.count(FIRST_BODY)
    for who, kind in folk.SIGN_INS:
        number = next(codes)
        person = kind == "household"
        code = people.identity_number(FIRST_PERSON - 1 - number) if person else people.credit_code(number)
        season.bodies[who.login] = admitted(season, registrar, who, kind, code)
    _enter(season, registrar, codes)
    _refuse_one(season, registrar)
    _money(season)
    _mandates(season, registrar)
    season.counts["holders"] = len(season.households) + len(season.works) + len(folk.SIGN_INS) - 2


def admitted(season: Season, registrar: Caller, who: SignIn, kind: str, identifier: str) -> str:
    """Applies with a sign-in and is admitted; the participant."""
    body = {
        "kind": kind, "name": who.name, "identifier": identifier, "contact": "0998-0000000 (demonstration)",
        "roles": list(who.roles), "login": who.login, "password": who.password, "user_name": who.name,
    }  # fmt: skip
    applied: str = Caller(season.url).post("/v1/participants", body)["id"]
    registrar.post(f"/v1/participants/{applied}/admit", {"reason": "papers checked"})
    season.counts["sign_ins"] += 1
    return applied


def _enter(season: Season, registrar: Caller, codes: itertools.count[int]) -> None:
    """Households and works come from the village's and the park's lists: one sheet, without sign-ins."""
    season.households = folk.households(season.draw, season.size.households, FIRST_PERSON)
    season.works = folk.works(season.draw, season.size.works)
    listed: list[Household | Works] = [*season.households, *(each for each in season.works if not each.login)]
    rows = [
        ("household", each.name, each.identifier, each.township, "yes")
        if isinstance(each, Household)
        else ("enterprise", each.name, people.credit_code(next(codes)), "园区 Park", "yes")
        for each in listed
    ]
    last = list(registrar.pages("/v1/participants"))[-1]["id"]
    registrar.sheet("/v1/imports/participants", HEADER, rows)
    made = list(registrar.pages("/v1/participants", starting_after=last))
    for who, row in zip(listed, made, strict=True):
        who.participant = row["id"]
    for each in season.works:
        each.participant = each.participant or season.bodies[each.login]


def _refuse_one(season: Season, registrar: Caller) -> None:
    """Some applications wait at the desk, one was refused."""
    first = FIRST_PERSON + season.size.households
    rows = [
        ("household", folk.name_of_person(season.draw), people.identity_number(first + place), "", "no")
        for place in range(WAITING + 1)
    ]
    registrar.sheet("/v1/imports/participants", HEADER, rows)
    [refused, *_] = registrar.pages("/v1/participants", status="applied")
    body = {"reason": "the household moved to another county"}
    registrar.post(f"/v1/participants/{refused['id']}/refuse", body)
    season.counts["applicants_waiting"], season.counts["applicants_refused"] = WAITING, 1


def _money(season: Season) -> None:
    """Deposits of the works, of the traders, and of the bodies that will pay for savings, as the bank reported them."""
    treasurer = season.as_("treasurer")
    accounts = {each["participant_id"]: each["id"] for each in treasurer.pages("/v1/money-accounts")}
    wanted = [(each.participant, each.deposit_yuan) for each in season.works]
    wanted += [(each.participant, 3_000) for each in traders(season)]
    wanted += [(season.bodies[login], 500_000) for login in ("school", "wua-kushan", "wua-igizyar", "bank")]

    def deposit(caller: Caller, one: tuple[int, tuple[str, int]]) -> None:
        number, (participant, yuan) = one
        body = {
            "money_account_id": accounts[participant], "amount": f"{yuan}.00",
            "bank_reference": f"SEASON-{number:05d}", "value_date": clock.today().isoformat(),
        }  # fmt: skip
        caller.post("/v1/deposits", body)

    spread(treasurer, list(enumerate(wanted)), deposit)
    season.counts["deposits"] = len(wanted)


def entrusting(season: Season) -> list[Household]:
    """The households of one township's canal, which entrust their water to the association."""
    return [each for each in season.households if (each.township, each.canal) == folk.ENTRUSTED][
        :MOST_ENTRUSTING
    ]


def traders(season: Season) -> list[Household]:
    """The households that the service centre's clerk trades for."""
    others = [each for each in season.households if (each.township, each.canal) != folk.ENTRUSTED]
    return others[: season.size.traders]


def _mandates(season: Season, registrar: Caller) -> None:
    """Households and works without a sign-in let the service centre's clerk act for them, on a signed paper each."""
    valid = {"valid_from": season.ahead(minutes=-1), "valid_to": season.ahead(days=360)}
    body = {
        "clerk_login": folk.CLERK.login,
        "scope": "trade",
        "document": "signed at the service centre",
    } | valid
    principals = [each.participant for each in (*traders(season), *entrusting(season))]
    principals += [each.participant for each in season.works if not each.login]
    spread(registrar, principals, lambda own, each: own.post(f"/v1/participants/{each}/mandates", body))
    season.counts["mandates"] = len(principals)
