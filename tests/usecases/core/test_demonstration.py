"""The demonstration county is open whenever it is started, also in a year that began since it was installed."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from market import prove
from market.core import clock, db
from market.core.config import Settings
from market.core.db import raw
from market.demo import people, seed
from market.participants.models import User
from market.registry.models import WaterAccount
from market.trading.models import Product


def _start(url: str, day: dt.datetime) -> None:
    with clock.moved_to(day):
        assert seed.ensure(url, Settings(database_url=url, secret_key="k" * 40)) == list(people.EVERYONE)


def _accounts(session: Session, login: str) -> list[int]:
    """The water years in which this sign-in's participant has an account."""
    whose = select(User.participant_id).where(User.login == login).scalar_subquery()
    return sorted(
        session.scalars(select(WaterAccount.water_year).where(WaterAccount.participant_id == whose))
    )


def test_the_first_start_of_a_year_opens_it(fresh_database_url: str) -> None:
    first = dt.datetime(clock.this_year(), 11, 25, tzinfo=dt.UTC)
    # 18:00 UTC on 31 December is the new year's first legal day.
    second = dt.datetime(first.year, 12, 31, 18, tzinfo=dt.UTC)
    _start(fresh_database_url, first)
    for _ in range(2):  # and the second start of that year changes nothing
        _start(fresh_database_url, second)
    with db.transaction(fresh_database_url) as session:
        books = select(Product.code).where(Product.source == "surface", Product.tenure == "allocation")
        codes = set(session.scalars(books))
        assert codes == {f"surface-{first.year + years}" for years in range(3)}
        for who in (people.CENTRE, people.FACTORY, people.FARMER):
            assert _accounts(session, who.login) == [first.year, first.year + 1], who.login
        versions = raw(session).execute("SELECT version FROM county_packs ORDER BY id").fetchall()
        assert [version.split(".")[0] for (version,) in versions] == [str(first.year), str(first.year + 1)]
    assert prove.run(fresh_database_url)["violations"] == 0


def test_a_demonstration_without_its_factory_starts_all_the_same(fresh_database_url: str) -> None:
    first = dt.datetime(clock.this_year(), 11, 25, tzinfo=dt.UTC)
    _start(fresh_database_url, first)
    with db.transaction(fresh_database_url) as session:
        raw(session).execute("UPDATE participants SET status = 'suspended'")
    with clock.moved_to(first + dt.timedelta(days=60)):
        seed.ensure(fresh_database_url, Settings(database_url=fresh_database_url, secret_key="k" * 40))
    with db.transaction(fresh_database_url) as session:
        assert session.scalar(select(func.max(WaterAccount.water_year))) == first.year
