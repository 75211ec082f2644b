"""A county pack is installed once; a newer version changes what differs, and says so."""

from __future__ import annotations

import pytest

from market import installation
from market.core import audit, db
from market.county.current import pack_in_force
from market.county.install import PackVersionUsed, ZoneDropped
from market.county.pack import Pack
from market.county.parts import LimitSpec
from market.registry import errors, limits, lists
from tests.usecases.registry.county import BASIS, REGISTRAR, Registry, small_pack


def _cap(litres: int, code: str = "CAP-C", zone: str = "C") -> LimitSpec:
    return LimitSpec(code, "cap", 2026, litres, BASIS, zone=zone)


def _install(registry: Registry, pack: Pack) -> bool:
    return installation.install(registry.session, pack=pack, actor=REGISTRAR)


def _counts(registry: Registry) -> list[int]:
    tables = ("county_packs", "zones", "limits", "limit_changes", "audit", "transfers", "accounts", "assets")
    connection = db.raw(registry.session)
    counts = []
    for table in tables:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        assert row is not None
        counts.append(row[0])
    return counts


def test_the_same_pack_twice_changes_nothing(registry: Registry) -> None:
    pack = small_pack(version="2", limits=(_cap(5_000),))
    assert _install(registry, pack)
    before = _counts(registry)
    assert not _install(registry, pack)
    assert _counts(registry) == before


def test_a_newer_version_changes_what_differs_and_records_it(registry: Registry) -> None:
    _install(registry, small_pack(version="2", limits=(_cap(5_000), _cap(7_000, "CAP-T1", "T1"))))
    newer = small_pack(
        version="3", limits=(_cap(6_000), _cap(7_000, "CAP-T1", "T1")), certificate_prefix="YJX"
    )
    _install(registry, newer)
    connection = db.raw(registry.session)
    assert pack_in_force(connection).certificate_prefix == "YJX"
    rows = {each.code: each for each in lists.limits(registry.session)}
    assert {code: limit.limit_litres for code, limit in rows.items()} == {"CAP-C": 6_000, "CAP-T1": 7_000}
    changes = lists.limit_changes(registry.session, limit_id=rows["CAP-C"].id)
    assert [(each.old_litres, each.new_litres, each.reason) for each in changes] == [
        (0, 5_000, "county pack small 2"),
        (5_000, 6_000, "county pack small 3"),
    ]
    assert audit.verify(connection) == []


def test_a_limit_on_which_two_versions_agree_keeps_what_a_registrar_made_of_it(registry: Registry) -> None:
    _install(registry, small_pack(version="2", limits=(_cap(5_000),)))
    [limit] = lists.limits(registry.session)
    limits.change(
        registry.session,
        actor=REGISTRAR,
        limit_id=limit.id,
        limit_litres=9_000,
        reason="notice 3",
        legal_source="notice 3",
    )
    _install(registry, small_pack(version="3", limits=(_cap(5_000),), certificate_prefix="YJX"))
    assert registry.left(limit) == 9_000


def test_a_changed_pack_needs_a_version_of_its_own(registry: Registry) -> None:
    with pytest.raises(PackVersionUsed):
        _install(registry, small_pack(certificate_prefix="YJX"))


def test_a_code_stays_with_its_node(registry: Registry) -> None:
    _install(registry, small_pack(version="2", limits=(_cap(5_000),)))
    with pytest.raises(errors.LimitMoved):
        _install(registry, small_pack(version="3", limits=(_cap(5_000, zone="T1"),)))


def test_a_newer_version_keeps_every_zone(registry: Registry) -> None:
    with pytest.raises(ZoneDropped):
        _install(registry, small_pack(version="2", zones=small_pack().zones[:-1]))
