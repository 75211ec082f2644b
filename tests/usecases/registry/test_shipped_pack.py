"""The pack that comes with the product installs, and its places can be opened."""

from __future__ import annotations

from market import installation
from market.core import audit, clock, db
from market.county import loader, shipped
from market.registry import limits, lists
from tests.usecases.registry.county import REGISTRAR, Registry, registrar


def test_the_pack_of_yengisar_is_installed_whole_and_once(fresh_database_url: str) -> None:
    assert installation.run(fresh_database_url)
    assert not installation.run(fresh_database_url)
    pack = loader.load(shipped.text_of())
    with db.transaction(fresh_database_url) as session:
        registrar(session)
        registry = Registry(session)
        found = lists.limits(session, limit=500)
        assert {(each.water_year, each.code): each.limit_litres for each in found} == {
            (each.water_year, each.code): each.litres for each in pack.limits
        }
        assert all(registry.left(each) == each.limit_litres for each in found)
        registry.right(volume_m3="4180", township="DEMO-MANAS", canal="DEMO-CANAL")
        registry.announce(share="1", zone="DEMO-MANAS", water_year=clock.this_year())
        county = next(each for each in found if (each.water_year, each.code) == (clock.this_year(), "COUNTY"))
        assert registry.left(county) == county.limit_litres - 4_180_000
        limits.change(
            session,
            actor=REGISTRAR,
            limit_id=county.id,
            limit_litres=county.limit_litres - 1,
            reason="test",
            legal_source="test",
        )
        assert audit.verify(db.raw(session)) == []
