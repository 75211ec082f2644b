"""The demonstration county at the first start: the bureau's users, a trading centre, a factory, a farmer."""

from __future__ import annotations

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.units import parse_litres
from market import installation
from market.core import audit, clock, db
from market.core.config import Settings
from market.demo import people
from market.demo.people import SignIn
from market.participants import admission, users
from market.participants.models import MoneyAccount, Participant, User
from market.payments import transfers
from market.registry import accounts, allocations, entitlements
from market.registry.models import WaterAccount

log = structlog.get_logger("demo")

NOBODY = audit.Actor(request_id="demonstration")


def ensure(url: str, settings: Settings) -> list[SignIn]:
    """Fills an empty database with the demonstration county; returns its sign-ins.

    A later start changes nothing, but that the first one of a water year opens the year for the three.
    """
    installation.run(url)
    with db.transaction(url) as session:
        if session.scalar(select(func.count()).select_from(User)):
            known = _known(session)
            _open_new_year(session)
            return known
        _fill(session, settings)
    log.info("demo.filled", sign_ins=len(people.EVERYONE))
    return list(people.EVERYONE)


def _known(session: Session) -> list[SignIn]:
    logins = set(session.scalars(select(User.login)))
    return [each for each in people.EVERYONE if each.login in logins]


def _fill(session: Session, settings: Settings) -> None:
    bureau = {
        each.login: users.create(
            session, actor=NOBODY, login=each.login, name=each.name, password=each.password, roles=each.roles
        ).id
        for each in people.BUREAU
    }
    registrar = audit.Actor(user_id=bureau["registrar"], request_id="demonstration")
    treasurer = audit.Actor(user_id=bureau["treasurer"], request_id="demonstration")
    centre = _admitted(
        session, settings, registrar, people.CENTRE, "public_body", people.credit_code(1), storage=True
    )
    factory = _admitted(session, settings, registrar, people.FACTORY, "enterprise", people.credit_code(2))
    farmer = _admitted(session, settings, registrar, people.FARMER, "household", people.identity_number(1))
    _right(session, registrar, farmer)
    _open_year(session, registrar, centre=centre, factory=factory)
    for participant, amount in ((centre, 10_000_000), (factory, 100_000_000)):
        transfers.record_deposit(
            session, actor=treasurer, money_account_id=_money_account(session, participant),
            amount_fen=amount, bank_reference=f"DEMO-{participant}", value_date=clock.today(), note="demonstration",
        )  # fmt: skip


def _open_year(session: Session, registrar: audit.Actor, *, centre: int, factory: int) -> None:
    """The present water year of the three: two accounts, a use plan, and the farmers' first share."""
    year = clock.this_year()
    accounts.open_account(
        session, actor=registrar, participant_id=centre, township="DEMO-MANAS", canal="DEMO-CANAL",
        sector="agriculture", source="surface", water_year=year,
    )  # fmt: skip
    factory_water = accounts.open_account(
        session, actor=registrar, participant_id=factory, township="653123401", canal="PARK", sector="industry",
        source="surface", water_year=year,
    )  # fmt: skip
    accounts.record_use_plan(
        session, actor=registrar, water_account_id=factory_water.id, litres=parse_litres("1000000"),
        legal_source="county plan part 3(1)2",
    )  # fmt: skip
    allocations.announce(
        session, actor=registrar, water_year=year, source="surface", share_e6=800_000,
        sector="agriculture", kind="irrigation_certificate", zone="KUSHAN-ID", reason="demonstration: first share",
    )  # fmt: skip


def _open_new_year(session: Session) -> None:
    """The same in a year that began since; a demonstration in which somebody opened accounts already is left alone."""
    rows = session.execute(
        select(User.login, Participant.id).join(Participant).where(Participant.status == "admitted")
    )
    admitted = dict(rows.all())
    centre, factory = admitted.get(people.CENTRE.login), admitted.get(people.FACTORY.login)
    registrar = session.scalar(select(User.id).where(User.login == "registrar"))
    opened = select(WaterAccount.id).where(
        WaterAccount.water_year == clock.this_year(), WaterAccount.participant_id.in_([centre, factory])
    )
    if centre is None or factory is None or registrar is None or session.scalar(opened.limit(1)):
        return
    actor = audit.Actor(user_id=registrar, request_id="demonstration")
    _open_year(session, actor, centre=centre, factory=factory)


def _admitted(
    session: Session, settings: Settings, registrar: audit.Actor, who: SignIn, kind: str, identifier: str, *,
    storage: bool = False,
) -> int:  # fmt: skip
    participant = admission.apply(
        session, actor=NOBODY, secret=settings.secret("identifier"), kind=kind, name=who.name, identifier=identifier,
        contact="demonstration", login=who.login, password=who.password, user_name=who.name, roles=who.roles,
        public_storage=storage,
    )  # fmt: skip
    admission.admit(session, actor=registrar, participant_id=participant.id, reason="demonstration")
    return participant.id


def _money_account(session: Session, participant: int) -> int:
    found: int = session.scalars(
        select(MoneyAccount.id).where(MoneyAccount.participant_id == participant)
    ).one()
    return found


def _right(session: Session, registrar: audit.Actor, farmer: int) -> None:
    right = entitlements.apply(
        session, actor=registrar, participant_id=farmer, kind="irrigation_certificate", source="surface",
        sector="agriculture", township="653123101", canal="KUSHAN-C1", volume_litres=parse_litres("5000"),
        land_mu_e2=1_200, priority=1, valid_from=clock.today().replace(month=1, day=1),
        valid_to=clock.today().replace(year=clock.today().year + 9, month=12, day=31), basis="demonstration",
    )  # fmt: skip
    entitlements.confirm(session, actor=registrar, entitlement_id=right.id)
