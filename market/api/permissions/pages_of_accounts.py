"""Pages of sign-in and of one's own account. What may set up one-time codes only opens their page only."""

from __future__ import annotations

from market.api.permissions.rules import EVERYONE, PARTICIPANTS, PUBLIC, Rule

_ENROL = Rule(EVERYONE, scope="enroll", page=True)
_PUBLIC = {
    "signing_in": ("form", "sign_in", "code_form", "ask_code", "enter_code"),
    "forgotten": ("form", "ask", "new", "confirm"),
    "applying": ("form", "apply", "done"),
}
_OWN = {
    "account": ("overview", "end_session", "sign_out_everywhere"),
    "account_proofs": ("password", "change_password", "give_up_totp"),
    "account_data": ("overview", "download"),
    "account_keys": ("keys", "make", "rotate", "revoke"),
}
_PARTICIPANTS = {
    "account": ("revoke",),
    "account_proofs": ("phone", "give_phone", "confirm_phone"),
    "account_data": ("erase",),
    "account_credit": ("overview", "appeal"),
    "account_webhooks": (
        "listing",
        "make",
        "endpoint",
        "amend",
        "rotate",
        "disable",
        "enable",
        "test",
        "delivery",
        "resend",
    ),
}

ROUTES: dict[str, Rule] = {
    f"{group}.{name}": Rule(roles, page=True)
    for roles, groups in ((PUBLIC, _PUBLIC), (EVERYONE, _OWN), (PARTICIPANTS, _PARTICIPANTS))
    for group, names in groups.items()
    for name in names
} | {
    "signing_in.sign_out": _ENROL,
    "account_proofs.totp": _ENROL,
    "account_proofs.begin_totp": _ENROL,
    "account_proofs.confirm_totp": _ENROL,
}
