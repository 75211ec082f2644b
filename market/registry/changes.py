"""Rights that become other rights: split, merged, transferred, inherited; and amended in place.

Volume is conserved to the litre, and so is what was announced: that water stays on its account, the successors carry
the figure and are announced the rest only. What is let goes on with one of them, whole. No step here moves water or
touches a cap: place, sector and source stay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import psycopg
from sqlalchemy.orm import Session

from ledger.arrays import Bigints
from ledger.units import format_litres
from market.core import audit, clock
from market.core.db import raw
from market.core.errors import InvalidInput
from market.registry import leases, life, places, steps
from market.registry.entitlements import next_numbers
from market.registry.life_errors import (
    AmendmentAfterAnnouncement,
    AmendmentRaises,
    MergeMismatch,
    NothingAmended,
    PartsNotWhole,
    PermitPassesWhole,
    SameHolder,
)
from market.registry.models import Entitlement
from market.registry.rights import PERMIT_27, RIGHTS, Basis
from market.registry.succession import Received, Right, Succession
from market.registry.succession import merge as merged
from market.registry.succession import split as parted

MOST_PARTS = 100
_SAME = (
    "participant_id", "kind", "source", "sector", "township_zone_id", "canal_zone_id", "priority", "valid_to",
)  # fmt: skip
"""What rights that are merged have in common."""

_RECEIVED_SQL = """
SELECT entitlement_id, water_year, litres, share_e6 FROM entitlement_received WHERE entitlement_id = ANY(%(ids)s)
"""


def received(
    connection: psycopg.Connection[Any], entitlement_ids: Sequence[int]
) -> dict[int, dict[int, Received]]:
    """What each right counts as received, by water year: its own announcements and those of its predecessors."""
    found: dict[int, dict[int, Received]] = defaultdict(dict)
    for right, year, litres, share in connection.execute(
        _RECEIVED_SQL, {"ids": Bigints(entitlement_ids)}
    ).fetchall():
        found[right][year] = Received(litres, share)
    return found


def split(
    session: Session,
    *,
    actor: audit.Actor,
    entitlement_id: int,
    volumes_litres: Sequence[int],
    reason: str,
    expected_version: int | None = None,
) -> list[Entitlement]:
    """Splits a right into parts of its holder's own; each gets its certificate.

    Errors: NotFound, StaleVersion, EntitlementState, TermOver, PartsNotWhole, RightIsLeased.
    """
    steps.lock_years(session)
    right = steps.locked(session, entitlement_id, expected_version)
    parts = [(right.participant_id, volume) for volume in volumes_litres]
    return _divide(session, actor, "split", right, parts, reason, None)


def transfer(
    session: Session,
    *,
    actor: audit.Actor,
    entitlement_id: int,
    participant_id: int,
    reason: str,
    volume_litres: int | None = None,
    legal_source: str | None = None,
    expected_version: int | None = None,
) -> list[Entitlement]:
    """Passes a right, or `volume_litres` of it, to another admitted participant; what was announced stays behind.

    Returns the new holder's right and, of a part, the right that the old holder keeps.
    Errors: NotFound, StaleVersion, EntitlementState, TermOver, SameHolder, ParticipantNotAdmitted,
    PermitPassesWhole, PartsNotWhole, RightIsLeased, LeaseTurnOpen.
    """
    steps.lock_years(session)
    right = steps.locked(session, entitlement_id, expected_version)
    volume = right.volume_litres if volume_litres is None else volume_litres
    rest = check_transfer(session, right, participant_id, volume)
    parts = [(participant_id, volume)] + ([(right.participant_id, rest)] if rest else [])
    return _divide(session, actor, "transfer", right, parts, reason, legal_source)


def check_transfer(session: Session, right: Entitlement, participant_id: int, volume: int) -> int:
    """Refuses what may not pass to this participant (`volume` litres a year); returns what its holder would keep.

    Errors: EntitlementState, TermOver, RightPledged, SameHolder, ParticipantNotAdmitted, PermitPassesWhole,
    PartsNotWhole.
    """
    steps.check(session, right, "transfer")
    if volume > right.volume_litres:
        raise _not_whole(right, volume, "/volume")
    if participant_id == right.participant_id:
        raise SameHolder("a right passes to another", pointer="/participant_id")
    rest = right.volume_litres - volume
    if rest and RIGHTS[right.kind].basis is Basis.LOTS:
        raise PermitPassesWhole(
            "part of its water is sold as verified saving",
            pointer="/volume",
            limit=format_litres(right.volume_litres),
            available=format_litres(right.volume_litres),
            legal_source=PERMIT_27,
        )
    places.check_admitted(raw(session), participant_id)
    return rest


def inherit(
    session: Session,
    *,
    actor: audit.Actor,
    entitlement_id: int,
    heirs: Sequence[tuple[int, int]],
    reason: str,
    legal_source: str | None = None,
    expected_version: int | None = None,
) -> list[Entitlement]:
    """Passes a right to heirs, each (participant, litres a year); their parts are the whole.

    Errors: NotFound, StaleVersion, EntitlementState, TermOver, SameHolder, ParticipantNotAdmitted, PartsNotWhole,
    RightIsLeased, LeaseTurnOpen.
    """
    steps.lock_years(session)
    right = steps.locked(session, entitlement_id, expected_version)
    names = [participant for participant, _ in heirs]
    if right.participant_id in names:
        raise SameHolder("an heir is another than the holder", pointer="/heirs")
    if len(set(names)) != len(names):
        raise PartsNotWhole("an heir is named once", pointer="/heirs")
    places.check_all_admitted(raw(session), names, "/heirs")
    return _divide(session, actor, "inherit", right, list(heirs), reason, legal_source)


def merge(
    session: Session, *, actor: audit.Actor, entitlement_ids: Sequence[int], reason: str
) -> list[Entitlement]:
    """Merges rights of one holder and place into one. Errors: NotFound, EntitlementState, TermOver, MergeMismatch."""
    if len(set(entitlement_ids)) != len(entitlement_ids) or len(entitlement_ids) < 2:
        raise InvalidInput("at least two different rights are merged", pointer="/entitlement_ids")
    steps.lock_years(session)
    rights = steps.locked_all(session, entitlement_ids)
    for name in _SAME:
        values = {getattr(right, name) for right in rights}
        if len(values) > 1:
            raise MergeMismatch(f"they differ in {name.removesuffix('_id')}", pointer="/entitlement_ids")
    known = received(raw(session), [right.id for right in rights])
    made = merged([_of(right, known) for right in rights])
    return _succeed(session, actor, "merge", rights, made, [rights[0].participant_id], reason, None)


def _divide(
    session: Session,
    actor: audit.Actor,
    step: str,
    right: Entitlement,
    parts: list[tuple[int, int]],
    reason: str,
    legal_source: str | None,
) -> list[Entitlement]:
    volumes = [volume for _, volume in parts]
    if sum(volumes) != right.volume_litres or min(volumes, default=0) <= 0:
        raise _not_whole(right, sum(volumes), "/parts")
    made = parted(_of(right, received(raw(session), [right.id])), volumes)
    holders = [participant for participant, _ in parts]
    return _succeed(session, actor, step, [right], made, holders, reason, legal_source)


def _not_whole(right: Entitlement, litres: int, pointer: str) -> PartsNotWhole:
    return PartsNotWhole(
        f"the parts are {format_litres(litres)} m3, the right is {format_litres(right.volume_litres)}",
        pointer=pointer,
        limit=format_litres(right.volume_litres),
        available=format_litres(right.volume_litres),
    )


def _of(right: Entitlement, known: dict[int, dict[int, Received]]) -> Right:
    return Right(right.volume_litres, right.land_mu_e2, known.get(right.id, {}))


def _succeed(
    session: Session,
    actor: audit.Actor,
    step: str,
    parents: list[Entitlement],
    made: Succession,
    holders: list[int],
    reason: str,
    legal_source: str | None,
) -> list[Entitlement]:
    """Writes the successors, what came from whom and what they carry; the parents are replaced."""
    for parent in parents:
        steps.check(session, parent, step)
    parts = [(holder, each.volume_litres) for holder, each in zip(holders, made.children, strict=True)]
    going = leases.to_pass_on(session, parents, parts)
    numbers = next_numbers(raw(session), parents[0].source, len(made.children))
    children = [
        _child(actor, parents, each, holder, number, reason)
        for each, holder, number in zip(made.children, holders, numbers, strict=True)
    ]
    session.add_all(children)
    session.flush()  # their ids are needed now
    source = legal_source or life.STEPS[step].legal_source
    to = {"children": [child.id for child in children]}
    of = {"parents": [parent.id for parent in parents], "by": step}
    for parent in parents:
        steps.take(
            session, actor=actor, entitlement=parent, step=step, reason=reason, legal_source=source, detail=to,
            tell=False, checked=True,
        )  # fmt: skip
    for child in children:
        steps.write(session, actor, child.id, "succeed", None, "confirmed", reason, source, of)
    connection = raw(session)
    _write_lineage(connection, parents, children, made)
    leases.pass_on(session, actor, going, children)
    for parent in parents:
        steps.announce(connection, actor, step, parent.id, to)
    for child in children:
        steps.announce(connection, actor, "succeed", child.id, of | {"volume_litres": child.volume_litres})
    return children


def _child(
    actor: audit.Actor, parents: list[Entitlement], right: Right, holder: int, number: str, reason: str
) -> Entitlement:
    first, now = parents[0], clock.now()
    assessments = {parent.assessment_id for parent in parents}
    return Entitlement(
        participant_id=holder,
        kind=first.kind,
        source=first.source,
        sector=first.sector,
        township_zone_id=first.township_zone_id,
        canal_zone_id=first.canal_zone_id,
        volume_litres=right.volume_litres,
        land_mu_e2=right.land_mu_e2,
        priority=first.priority,
        valid_from=max(parent.valid_from for parent in parents),
        valid_to=first.valid_to,
        status="confirmed",
        certificate_number=number,
        basis=first.basis,
        # an assessment is of its holder's project
        assessment_id=assessments.pop() if len(assessments) == 1 and holder == first.participant_id else None,
        applied_at=now,
        decided_at=now,
        decided_by=actor.user_id,
        decision_reason=reason,
    )


def _write_lineage(
    connection: psycopg.Connection[Any],
    parents: list[Entitlement],
    children: list[Entitlement],
    made: Succession,
) -> None:
    connection.execute(
        "INSERT INTO entitlement_lineage (parent_id, child_id, litres)"
        " SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[])",
        (
            Bigints(parents[link.parent].id for link in made.links),
            Bigints(children[link.child].id for link in made.links),
            Bigints(link.litres for link in made.links),
        ),
    )
    connection.execute(
        "INSERT INTO entitlement_carried (parent_id, child_id, water_year, litres, share_e6)"
        " SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])",
        (
            Bigints(parents[each.parent].id for each in made.carried),
            Bigints(children[each.child].id for each in made.carried),
            Bigints(each.water_year for each in made.carried),
            Bigints(each.litres for each in made.carried),
            Bigints(each.share_e6 for each in made.carried),
        ),
    )


def amend(
    session: Session,
    *,
    actor: audit.Actor,
    entitlement_id: int,
    changes: dict[str, Any],
    reason: str,
    legal_source: str | None = None,
    expected_version: int | None = None,
) -> Entitlement:
    """Changes items of a right in place: any of volume_litres (less), land_mu_e2, priority, basis.

    Errors: NotFound, StaleVersion, EntitlementState, TermOver, NothingAmended, AmendmentRaises,
    AmendmentAfterAnnouncement, RightIsLeased.
    """
    steps.lock_years(session)
    right = steps.locked(session, entitlement_id, expected_version)
    steps.check(session, right, "amend")
    changed = {name: value for name, value in changes.items() if getattr(right, name) != value}
    if not changed:
        raise NothingAmended
    if "volume_litres" in changed:
        _check_volume(raw(session), right, changed["volume_litres"])
        leases.check_amended(session, right, changed["volume_litres"])
    before = {name: getattr(right, name) for name in changed}
    for name, value in changed.items():
        setattr(right, name, value)
    steps.take(
        session, actor=actor, entitlement=right, step="amend", reason=reason, legal_source=legal_source,
        detail={"before": before, "after": changed}, checked=True,
    )  # fmt: skip
    return right


def _check_volume(connection: psycopg.Connection[Any], right: Entitlement, litres: int) -> None:
    if litres > right.volume_litres:
        raise AmendmentRaises(
            "apply for a right to more",
            pointer="/volume",
            limit=format_litres(right.volume_litres),
            available=format_litres(right.volume_litres),
        )
    open_years = {
        row[0]
        for row in connection.execute("SELECT year FROM water_years WHERE status <> 'closed'").fetchall()
    }
    announced = received(connection, [right.id]).get(right.id, {}).keys() & open_years
    if announced:
        year = min(announced)
        raise AmendmentAfterAnnouncement(f"a share of it is announced for {year}", pointer="/volume")
