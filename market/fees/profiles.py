"""Tax profiles: how a body wishes to be invoiced (开票信息)."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.orm import Session

from market.core import acts, audit, clock
from market.core.errors import InvalidInput
from market.fees.errors import NoProfileNeeded, SpecialNeedsAll, WrongTaxNumber
from market.fees.models import ORDINARY, SPECIAL, TaxProfile
from market.participants import admission
from market.participants.errors import WrongIdentifier
from market.participants.models import Participant
from market.participants.privacy import BODIES

PROFILE = "tax_profile"


class Wished(NamedTuple):
    """What a profile says. `form`: ordinary, or special with all of it."""

    title: str
    tax_number: str
    address: str
    phone: str
    bank_name: str
    bank_account: str
    form: str


class ProfileView(NamedTuple):
    """How a participant is invoiced now; `kept`: by a profile of its own. `version` 0: it has none."""

    participant_id: int
    participant_kind: str
    title: str
    tax_number: str | None
    address: str
    phone: str
    bank_name: str
    bank_account: str
    form: str
    version: int


def keep(
    session: Session, *, actor: audit.Actor, secret: bytes, participant_id: int, wished: Wished
) -> ProfileView:
    """Sets a body's profile, for invoices from then on.

    Errors: InvalidInput, NotFound, NoProfileNeeded, WrongTaxNumber, SpecialNeedsAll.
    """
    wished = Wished(*(each.strip() for each in wished))
    if not wished.title:
        raise InvalidInput("must not be blank", pointer="/title")
    who = admission.find(session, participant_id, lock=True)
    if who.kind not in BODIES:
        raise NoProfileNeeded
    try:
        standard, compact = admission.check_identifier(who.kind, wished.tax_number)
    except WrongIdentifier as error:
        raise WrongTaxNumber("not a valid credit code", pointer="/tax_number") from error
    if admission.digest(secret, standard, compact) != who.identifier_hash:
        raise WrongTaxNumber(pointer="/tax_number")
    if wished.form == SPECIAL:
        missing = next((name for name in Wished._fields if not getattr(wished, name)), None)
        if missing is not None:
            raise SpecialNeedsAll(pointer=f"/{missing}")
    assert actor.user_id is not None
    found = session.get(TaxProfile, participant_id, with_for_update=True, populate_existing=True)
    said = wished._replace(tax_number=compact)._asdict()
    if found is None:
        found = TaxProfile(participant_id=participant_id, version=1, set_by=actor.user_id, **said)
        session.add(found)
    else:
        for name, value in said.items():
            setattr(found, name, value)
        found.version += 1
    found.set_by, found.set_at = actor.user_id, clock.now()
    session.flush()
    acts.done(
        session, actor=actor, source="fees", kind=PROFILE, number=participant_id, act="set",
        detail={"form": wished.form, "version": found.version},
    )  # fmt: skip
    return _view(who, found)


def profile(session: Session, *, participant_id: int) -> ProfileView:
    """How a participant is invoiced now. Errors: NotFound."""
    who = admission.find(session, participant_id)
    return _view(who, session.get(TaxProfile, participant_id))


def _view(who: Participant, found: TaxProfile | None) -> ProfileView:
    if found is None:
        return ProfileView(who.id, who.kind, who.name, None, "", "", "", "", ORDINARY, 0)
    return ProfileView(
        who.id, who.kind, found.title, found.tax_number, found.address, found.phone, found.bank_name,
        found.bank_account, found.form, found.version,
    )  # fmt: skip
