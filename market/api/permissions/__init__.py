"""Who may call what: every route, its roles and whose things it touches, in one table.

A route that is not in this table keeps the application from starting. `owns` names the kind of the id in the path:
participant-side roles reach only their own (another's is 404), bureau roles named in the rule reach all. `body` and
`self` say that the handler itself compares the owner: of what the body names, or because it only ever reads or
writes the actor's own. Adding a row here is not enough: tests/api/test_access_matrix.py tries every route with every
role on own, another's and no object.
"""

from __future__ import annotations

from market.api.permissions import bureau_pages, contracts, pages, people, registry, supervision, trading
from market.api.permissions.rules import BUREAU, EVERYONE, HOLDERS, OUTSIDE, PARTICIPANTS, PUBLIC, Rule

__all__ = ["BUREAU", "EVERYONE", "HOLDERS", "OUTSIDE", "PARTICIPANTS", "PUBLIC", "ROUTES", "Rule"]

ROUTES: dict[str, Rule] = {
    **people.ROUTES, **registry.ROUTES, **trading.ROUTES, **contracts.ROUTES, **supervision.ROUTES,
    **pages.ROUTES, **bureau_pages.ROUTES,
}  # fmt: skip
