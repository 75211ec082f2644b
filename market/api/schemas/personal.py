"""Fields of the wire that hold personal data: what of a value is written depends on who asks and whose it is.

The table is `participants.privacy`. tests/api/test_personal_fields.py holds every shape to these fields by the names
of its fields, so that a new shape cannot forget them.
"""

from __future__ import annotations

from typing import Any

from flask import g, has_app_context
from marshmallow import fields
from marshmallow.utils import get_value

from market.participants import privacy
from market.participants.access import AccessActor
from market.participants.privacy import Grade, Kind


def viewer() -> tuple[frozenset[str], int | None]:
    """The roles under which whoever asks is shown things, and the participant that it is (None at the bureau)."""
    who: AccessActor | None = g.get("actor") if has_app_context() else None
    if who is None:
        return frozenset({privacy.PUBLIC}), None
    if who.participant_id is not None:
        return frozenset({privacy.OTHERS}), who.participant_id
    return who.roles, None


def sees_names() -> bool:
    """Whether whoever asks is shown natural persons' names in full, and so may look for one."""
    return privacy.grade(Kind.NAME, viewer()[0], own=False) is Grade.FULL


class Guarded(fields.Field[Any]):
    """Mixed into a field: the value is written in full, or as null.

    `of` names the member that holds the participant whose value it is; without it, the route lets a participant reach
    its own only. `kind_of` names the member that holds the kind of participant: a body's value is no personal data.
    """

    def __init__(
        self, kind: Kind, *, of: str | None = None, kind_of: str | None = None, **options: Any
    ) -> None:
        super().__init__(allow_none=True, **options)
        self.kind = kind
        self.of = of
        self.kind_of = kind_of

    def grade(self, obj: Any) -> Grade:
        """How much of this value whoever asks is shown."""
        if self.kind_of is not None and get_value(obj, self.kind_of) in privacy.BODIES:
            return Grade.FULL
        roles, participant = viewer()
        own = participant is not None and (self.of is None or get_value(obj, self.of) == participant)
        return privacy.grade(self.kind, roles, own=own)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        if self.grade(obj) is not Grade.FULL:
            return None
        return super()._serialize(value, attr, obj, **options)


class Personal(Guarded, fields.String):
    """A text; masked where the table says so. One that is empty stays empty."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        if value and self.grade(obj) is Grade.MASKED:
            return privacy.masked(self.kind, value)
        return super()._serialize(value, attr, obj, **options) if value else value
