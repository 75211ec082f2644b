"""Who may call what: people, their sign-in and their money."""

from __future__ import annotations

from market.api.permissions.rules import BUREAU, EVERYONE, HOLDERS, PARTICIPANTS, PUBLIC, Rule, read, write

LOOKERS = BUREAU - {"administrator"}
"""To look is to read: the auditor may. The administrator looks after sign-ins and needs nobody's data."""

ROUTES: dict[str, Rule] = {
    # health
    "health.healthz": Rule(PUBLIC),
    "health.readyz": Rule(PUBLIC),
    "health.metrics": Rule(PUBLIC),
    # sign-in
    "auth.token": Rule(PUBLIC),
    "auth.session": Rule(PUBLIC),
    "auth.refresh": Rule(PUBLIC),
    "auth.sign_out": Rule(EVERYONE, "self", None, "read"),
    "auth.me": Rule(EVERYONE, "self"),
    "auth.list_principals": Rule(EVERYONE, "self"),
    # participants
    "participants.apply": Rule(PUBLIC),
    "participants.list_participants": read(also=BUREAU | PARTICIPANTS, owns="self"),
    "participants.get": read(also=BUREAU | PARTICIPANTS, owns="participant"),
    "participants.admit": write("registrar"),
    "participants.refuse": write("registrar"),
    "participants.suspend": write("registrar", "supervisor"),
    "participants.reinstate": write("registrar", "supervisor"),
    "participants.set_owner_group": write("registrar"),
    "participants.record_mandate": write("registrar"),
    "participants.list_mandates": read("registrar", "supervisor", also=PARTICIPANTS, owns="participant"),
    "participants.revoke_mandate": write("registrar", also=PARTICIPANTS, owns="mandate"),
    # personal data
    "unmaskings.unmask": Rule(LOOKERS, "participant"),
    "unmaskings.list_unmaskings": read("supervisor"),
    "my_data.list_data_access": Rule(EVERYONE, "self"),
    "my_data.download": Rule(EVERYONE, "self"),
    "erasure_requests.ask": write("registrar", also=PARTICIPANTS, owns="body"),
    "erasure_requests.list_requests": read("registrar", "supervisor", also=PARTICIPANTS, owns="self"),
    # users of the bureau
    "users.create": write("administrator"),
    "users.list_users": read("administrator"),
    "users.list_colleagues": read(also=BUREAU),
    "users.set_roles": write("administrator"),
    "users.suspend": write("administrator"),
    "users.reinstate": write("administrator"),
    # API keys
    "keys.create": Rule(EVERYONE, "self", None, "keys"),
    "keys.list_keys": Rule(EVERYONE, "self", None, "keys"),
    "keys.rotate": Rule(EVERYONE, "api_key", None, "keys"),
    "keys.revoke": Rule(EVERYONE, "api_key", None, "keys"),
    # money
    "money_accounts.list_money_accounts": read("treasurer", "supervisor", also=PARTICIPANTS, owns="self"),
    "money_accounts.get_money_account": read(
        "treasurer", "supervisor", also=PARTICIPANTS, owns="money_account"
    ),
    "money_accounts.statement": read("treasurer", "supervisor", also=PARTICIPANTS, owns="money_account"),
    "payments.list_deposits": read("treasurer", "supervisor", also=PARTICIPANTS, owns="self"),
    "payments.record_deposit": write("treasurer", key="http"),
    "payments.list_payouts": read("treasurer", "supervisor", also=PARTICIPANTS, owns="self"),
    "payments.record_payout": write("treasurer", key="http"),
    # money that a payment provider moves
    "gateway_payments.list_payments": read("treasurer", "supervisor", also=PARTICIPANTS, owns="self"),
    "gateway_payments.start": write(also=HOLDERS, owns="self", key="http"),
    "gateway_payments.get": read("treasurer", "supervisor", also=PARTICIPANTS, owns="gateway_payment"),
    "gateway_payments.capture": write("treasurer", key="http"),
    "gateway_payments.cancel": write("treasurer", also=HOLDERS, owns="gateway_payment", key="http"),
    "gateway_payments.list_refunds": read(
        "treasurer", "supervisor", also=PARTICIPANTS, owns="gateway_payment"
    ),
    "gateway_payments.refund": write("treasurer", key="http"),
    "gateway_payouts.list_payouts": read("treasurer", "supervisor", also=PARTICIPANTS, owns="self"),
    "gateway_payouts.pay_out": write("treasurer", key="http"),
    "gateway_payouts.get_payout": read("treasurer", "supervisor", also=PARTICIPANTS, owns="gateway_payout"),
    "gateway_events.receive": Rule(PUBLIC),
    "reconciliation.list_reconciliations": read("treasurer", "supervisor"),
    "reconciliation.list_differences": read("treasurer", "supervisor"),
    "reconciliation.explain": write("treasurer", key="http"),
    "reconciliation.close": write("supervisor", key="http"),
}
