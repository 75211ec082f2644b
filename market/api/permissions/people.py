"""Who may call what: people, their sign-in and their money."""

from __future__ import annotations

from market.api.permissions.rules import (
    BUREAU,
    EVERYONE,
    HOLDERS,
    PARTICIPANTS,
    PUBLIC,
    Rule,
    read,
    upload,
    write,
)

LOOKERS = BUREAU - {"administrator"}
"""To look is to read: the auditor may. The administrator looks after sign-ins and needs nobody's data."""
STATEMENT_READERS = PARTICIPANTS | {"treasurer", "supervisor", "auditor"}

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
    "account_statements.get": read("treasurer", "supervisor", also=PARTICIPANTS, owns="participant"),
    "account_statements.list_movements": read(
        "treasurer", "supervisor", also=PARTICIPANTS, owns="participant"
    ),
    "account_statements.list_trades": read("treasurer", "supervisor", also=PARTICIPANTS, owns="participant"),
    "statement_pages.of_period": Rule(STATEMENT_READERS, "participant", page=True),
    "statement_pages.of_period_pdf": Rule(STATEMENT_READERS, "participant", page=True),
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
    # money by the bank's files
    "bank_accounts.list_accounts": read("treasurer", also=PARTICIPANTS, owns="self"),
    "bank_accounts.propose": write(also=HOLDERS, owns="self", key="http"),
    "bank_accounts.confirm": write("treasurer", key="http"),
    "bank_accounts.end": write("treasurer", also=HOLDERS, owns="bank_account", key="http"),
    "bank_payouts.list_payouts": read("treasurer", "supervisor", also=PARTICIPANTS, owns="self"),
    "bank_payouts.ask": write(also=HOLDERS, owns="self", key="http"),
    "bank_payouts.withdraw": write(also=HOLDERS, owns="bank_payout", key="http"),
    "bank_payout_files.list_files": read("treasurer", "supervisor"),
    "bank_payout_files.gather": write("treasurer", key="http"),
    "bank_payout_files.get_file": read("treasurer", "supervisor"),
    "bank_payout_files.release": write("treasurer", "supervisor", key="http"),
    "bank_payout_files.cancel": write("treasurer", key="http"),
    "bank_payout_files.content": read("treasurer"),
    "bank_payout_files.answer_template": read("treasurer"),
    "bank_payout_files.take_answer": upload("treasurer"),
    "bank_statements.list_statements": read("treasurer", "supervisor"),
    "bank_statements.take_statement": upload("treasurer"),
    "bank_statements.statement_template": read("treasurer"),
    "bank_statements.list_lines": read("treasurer", "supervisor"),
    "bank_statements.assign": write("treasurer", key="http"),
    "bank_statements.send_back": write("treasurer", key="http"),
    "bank_statements.charge": write("treasurer", key="http"),
    "bank_statements.reconciliation": read("treasurer", "supervisor"),
    "reconciliation.list_reconciliations": read("treasurer", "supervisor"),
    "reconciliation.list_differences": read("treasurer", "supervisor"),
    "reconciliation.explain": write("treasurer", key="http"),
    "reconciliation.close": write("supervisor", key="http"),
}
