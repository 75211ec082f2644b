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
    "auth.sign_out": Rule(EVERYONE, "self", None, "enroll"),
    "sign_in.ask_code": Rule(PUBLIC),
    "sign_in.ask_reset": Rule(PUBLIC),
    "sign_in.confirm_reset": Rule(PUBLIC),
    "sign_in.get_state": Rule(EVERYONE, "self", None, "enroll"),
    "sign_in.begin_totp": Rule(EVERYONE, "self", None, "enroll"),
    "sign_in.confirm_totp": Rule(EVERYONE, "self", None, "enroll"),
    "sign_in.give_up_totp": Rule(EVERYONE, "self", None, "keys"),
    "sign_in.change_password": Rule(EVERYONE, "self", None, "keys"),
    "sign_in.give_phone": Rule(PARTICIPANTS, "self", None, "keys"),
    "sign_in.confirm_phone": Rule(PARTICIPANTS, "self", None, "keys"),
    "sign_in.list_sessions": Rule(EVERYONE, "self", None, "keys"),
    "sign_in.end_session": Rule(EVERYONE, "session", None, "keys"),
    "sign_in.sign_out_everywhere": Rule(EVERYONE, "self", None, "keys"),
    "sign_in.hand_over_to_user": write("administrator"),
    "sign_in.hand_over_at_counter": write("registrar"),
    "sign_in.take_totp_away": write("administrator"),
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
    "users.set_roles": write("administrator"),
    "users.suspend": write("administrator"),
    "users.reinstate": write("administrator"),
    # API keys
    "keys.create": Rule(EVERYONE, "self", None, "keys"),
    "keys.list_keys": Rule(EVERYONE, "self", None, "keys"),
    "keys.rotate": Rule(EVERYONE, "api_key", None, "keys"),
    "keys.revoke": Rule(EVERYONE, "api_key", None, "keys"),
    # the test county
    "test_county.get": Rule(EVERYONE, "self"),
    "test_county.get_clock": Rule(EVERYONE, "self"),
    "test_county.advance": write(also=PARTICIPANTS, owns="self"),
    "test_county.list_advances": Rule(EVERYONE, "self"),
    "test_county.get_advance": Rule(EVERYONE, "self"),
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
    # water bills
    "water_bills.list_bills": read("treasurer", "supervisor", also=HOLDERS, owns="self"),
    "water_bills.get": read("treasurer", "supervisor", also=HOLDERS, owns="water_bill"),
    "water_bills.pay": write(also=HOLDERS, owns="water_bill", key="http"),
    "water_bills.take_cash": write("treasurer", key="http"),
    "water_bills.get_receipt": read("treasurer", "supervisor", also=HOLDERS, owns="water_receipt"),
    "water_bills.arrears": read("treasurer", "supervisor", "association", owns="self"),
    "offset_consents.list_consents": read("treasurer", "supervisor", also=HOLDERS, owns="self"),
    "offset_consents.give": write(also=HOLDERS, owns="self"),
    "offset_consents.withdraw": write(also=HOLDERS, owns="offset_consent"),
    "billing_runs.preview": read("treasurer", "supervisor"),
    "billing_runs.issue": write("treasurer", key="http"),
    "billing_runs.list_runs": read("treasurer", "supervisor"),
    "billing_runs.get": read("treasurer", "supervisor"),
    "billing_runs.post_village": write("treasurer"),
    "billing_runs.list_postings": Rule(PUBLIC),
    "canal_associations.record": write("treasurer"),
    "canal_associations.list_associations": read("treasurer", "supervisor", "registrar"),
    "remittances.make": write("treasurer", key="http"),
    "remittances.list_remittances": read("treasurer", "supervisor"),
    "remittances.get_remittance": read("treasurer", "supervisor"),
    "remittances.list_items": read("treasurer", "supervisor"),
    "remittances.confirm": write("treasurer", key="http"),
    "remittances.refuse": write("treasurer", key="http"),
    "bill_pages.bill": Rule(HOLDERS | {"treasurer", "supervisor", "auditor"}, "water_bill", page=True),
    "bill_pages.bill_pdf": Rule(HOLDERS | {"treasurer", "supervisor", "auditor"}, "water_bill", page=True),
    "bill_pages.receipt": Rule(HOLDERS | {"treasurer", "supervisor", "auditor"}, "water_receipt", page=True),
    "bill_pages.receipt_pdf": Rule(
        HOLDERS | {"treasurer", "supervisor", "auditor"}, "water_receipt", page=True
    ),
    "bill_pages.posted": Rule(PUBLIC, page=True),
    "bill_pages.posted_pdf": Rule(PUBLIC, page=True),
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
