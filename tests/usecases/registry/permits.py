"""Permits in the small county with clocks, and short words for what is done with them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from market.core import clock, db
from market.county import parts
from market.registry import clocks, entitlements, procedure
from market.registry.life_models import Objection
from market.registry.models import Entitlement
from tests.usecases.registry.county import BASIS, REGISTRAR, Registry, small_pack

LAW = parts.Basis("law", "read")
RULED = small_pack(
    version="2",
    clocks=(
        parts.Clock("permit_acceptance", 5, "working_days", LAW),
        parts.Clock("permit_decision", 45, "working_days", LAW),
        parts.Clock("licence_decision", 20, "working_days", LAW),
        parts.Clock("permit_renewal_before_expiry", 45, "days", LAW),
        parts.Clock("permit_term_usual", 5, "years", LAW),
        parts.Clock("permit_term_longest", 10, "years", LAW),
        parts.Clock("permit_unused_until_cancelled", 2, "years", LAW),
        parts.Clock("publication_objection", 15, "days", BASIS),
    ),
    thresholds=(
        *small_pack().thresholds,
        parts.Threshold("water_assessment", 10_000_000, "gte", BASIS),
    ),
    kinds=(parts.KindRule("abstraction_permit", True, BASIS),),
)  # fmt: skip
MONDAY = dt.date(2026, 3, 2)


@contextmanager
def on(day: dt.date) -> Iterator[None]:
    """At noon of a legal day."""
    with clock.moved_to(dt.datetime.combine(day, dt.time(12), clock.LEGAL_ZONE)):
        yield


def permit(registry: Registry, m3: str = "9999", **other: Any) -> Entitlement:
    values: dict[str, Any] = {"valid_to": dt.date(2030, 12, 31)} | other
    return registry.right(volume_m3=m3, kind="abstraction_permit", confirmed=False, **values)


def step(registry: Registry, right: Entitlement, step: str) -> Entitlement:
    return procedure.advance(
        registry.session, actor=REGISTRAR, entitlement_id=right.id, step=step, reason="test"
    )


def confirm(registry: Registry, right: Entitlement) -> Entitlement:
    return entitlements.confirm(registry.session, actor=REGISTRAR, entitlement_id=right.id)


def lodge(registry: Registry, right: Entitlement, by: int | None = None) -> Objection:
    return procedure.lodge(
        registry.session, actor=REGISTRAR, entitlement_id=right.id,
        participant_id=by or registry.participant(), grounds="the canal runs dry",
    )  # fmt: skip


def decide(registry: Registry, objection: Objection, *, upheld: bool) -> Objection:
    return procedure.decide(
        registry.session, actor=REGISTRAR, objection_id=objection.id, upheld=upheld, reason="heard"
    )


def withdraw(registry: Registry, right: Entitlement) -> Entitlement:
    return procedure.withdraw(
        registry.session, actor=REGISTRAR, entitlement_id=right.id, reason="another site"
    )  # fmt: skip


def published(registry: Registry) -> Entitlement:
    with on(MONDAY):
        right = permit(registry)
        step(registry, right, "accept")
        return step(registry, right, "publish")


def granted(registry: Registry, **other: Any) -> Entitlement:
    with on(MONDAY):
        right = permit(registry, **other)
        step(registry, right, "accept")
        step(registry, right, "publish")
    with on(MONDAY + dt.timedelta(days=16)):
        return confirm(registry, right)


def clocks_of(registry: Registry, right: Entitlement) -> dict[str, clocks.ClockView]:
    return {each.name: each for each in clocks.of_rights(db.raw(registry.session), [right])[right.id]}
