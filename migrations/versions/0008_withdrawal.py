"""An application may be withdrawn by its applicant; objections to it that wait for a decision lapse."""

from __future__ import annotations

from alembic import op

revision = "0008_withdrawal"
down_revision = "0007_jobs"
branch_labels = None
depends_on = None

MOVES_BEFORE = (
    "apply:>applied", "accept:applied>accepted", "publish:accepted>published",
    "object:published>published", "uphold_objection:published>published",
    "dismiss_objection:published>published", "open_hearing:applied>applied",
    "open_hearing:accepted>accepted", "open_hearing:published>published",
    "close_hearing:applied>applied", "close_hearing:accepted>accepted",
    "close_hearing:published>published", "open_dispute:applied>applied",
    "open_dispute:accepted>accepted", "open_dispute:published>published",
    "close_dispute:applied>applied", "close_dispute:accepted>accepted",
    "close_dispute:published>published", "confirm:applied>confirmed", "confirm:accepted>confirmed",
    "confirm:published>confirmed", "refuse:applied>refused", "refuse:accepted>refused",
    "refuse:published>refused", "succeed:>confirmed", "suspend:confirmed>suspended",
    "reinstate:suspended>confirmed", "amend:confirmed>confirmed", "split:confirmed>replaced",
    "merge:confirmed>replaced", "transfer:confirmed>replaced", "inherit:confirmed>replaced",
    "ask_renewal:confirmed>confirmed", "renew:confirmed>confirmed",
    "refuse_renewal:confirmed>confirmed", "excuse:confirmed>confirmed", "excuse:suspended>suspended",
    "cancel:confirmed>cancelled", "cancel:suspended>cancelled", "expire:confirmed>expired",
    "expire:suspended>expired",
)  # fmt: skip
NEW_MOVES = ("withdraw:applied>withdrawn", "withdraw:accepted>withdrawn", "withdraw:published>withdrawn")
PLACE = MOVES_BEFORE.index("refuse:published>refused") + 1
MOVES = (*MOVES_BEFORE[:PLACE], *NEW_MOVES, *MOVES_BEFORE[PLACE:])
_MOVE = "(step || ':' || coalesce(from_status, '') || '>' || to_status) IN"
_CONFIRMED = ("confirmed", "suspended", "replaced", "cancelled", "expired")


def upgrade() -> None:
    _check(
        unconfirmed=("applied", "accepted", "published", "refused", "withdrawn"),
        moves=MOVES,
        objections=("lodged", "upheld", "dismissed", "lapsed"),
    )


def downgrade() -> None:
    """Refused by the database while an application is withdrawn."""
    _check(
        unconfirmed=("applied", "accepted", "published", "refused"),
        moves=MOVES_BEFORE,
        objections=("lodged", "upheld", "dismissed"),
    )


def _check(*, unconfirmed: tuple[str, ...], moves: tuple[str, ...], objections: tuple[str, ...]) -> None:
    """Puts new checks in the place of those that know the states and moves."""
    for table, name, condition in (
        ("entitlements", "status", f"status IN {(*unconfirmed, *_CONFIRMED)}"),
        ("entitlements", "certificate", f"(status IN {unconfirmed}) = (certificate_number IS NULL)"),
        ("entitlement_steps", "move", f"{_MOVE} {moves}"),
        ("objections", "status", f"status IN {objections}"),
    ):
        op.drop_constraint(f"ck_{table}_{name}", table)
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
