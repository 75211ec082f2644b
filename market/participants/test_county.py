"""The people of the test county, as one of whom a key of the kind test acts."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.core import db
from market.core.config import Settings
from market.participants import users
from market.participants.errors import NoTestCounty, NoTestSignIn
from market.participants.models import User

MOST_LISTED = 1_000


def url_of(settings: Settings) -> str:
    """The URL of the test county's database, asked in either county. Errors: NoTestCounty."""
    url = settings.url() if settings.keys_url is not None else settings.test_database_url
    if url is None:
        raise NoTestCounty("this installation does not have a test county")
    return url


def require(settings: Settings, login: str) -> None:
    """Refuses a login that the test county does not know. Errors: NoTestCounty, NoTestSignIn."""
    with db.transaction(url_of(settings)) as session:
        if session.scalar(select(User.id).where(User.login == login)) is None:
            raise NoTestSignIn("GET /v1/test-county lists who is there", pointer="/acts_as")


def people(session: Session) -> list[tuple[User, list[str]]]:
    """The users of the test county and their roles, by id."""
    found = list(
        session.scalars(select(User).where(User.status == "active").order_by(User.id).limit(MOST_LISTED))
    )
    roles = users.roles_of(session, [each.id for each in found])
    return [(each, roles[each.id]) for each in found]
