"""Who may call what: every route, its roles and whose things it touches, in one table.

A route that is not in this table keeps the application from starting. `owns` names the kind of the id in the path:
participant-side roles reach only their own (another's is 404), bureau roles named in the rule reach all. `body` and
`self` say that the handler itself compares the owner: of what the body names, or because it only ever reads or
writes the actor's own. Adding a row here is not enough: tests/api/test_access_matrix.py tries every route with every
role on own, another's and no object.
"""

from __future__ import annotations

from dataclasses import dataclass

HOLDERS = frozenset({"holder", "agent", "association", "firm"})
PARTICIPANTS = HOLDERS | {"verifier", "bank", "integrator"}
BUREAU = frozenset({"registrar", "reviewer", "supervisor", "auditor", "treasurer", "administrator"})
EVERYONE = PARTICIPANTS | BUREAU
PUBLIC: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Rule:
    """`roles` empty: no sign-in needed. `idempotent`: "http" keys are kept here, "engine" ones by the engine.

    `scope` is what an API key or a mandate must allow. `page`: HTML for people, which openapi.yaml does not list.
    """

    roles: frozenset[str]
    owns: str | None = None
    idempotent: str | None = None
    scope: str = "read"
    page: bool = False
    body_bytes: int | None = None  # the largest body, where it is a file; elsewhere that of JSON


def read(*roles: str, owns: str | None = None, also: frozenset[str] = frozenset()) -> Rule:
    """A route that only reads; the auditor always may."""
    return Rule(frozenset(roles) | also | {"auditor"}, owns)


def write(
    *roles: str, owns: str | None = None, key: str | None = None, also: frozenset[str] = frozenset()
) -> Rule:
    """A route that changes something."""
    return Rule(frozenset(roles) | also, owns, key, "trade")


SHEET_BYTES = 16 * 1024 * 1024


def upload(*roles: str, owns: str | None = None) -> Rule:
    """A route that takes a sheet."""
    return Rule(frozenset(roles), owns, "http", "trade", body_bytes=SHEET_BYTES)


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
    # the county and its limits
    "county.list_zones": Rule(PUBLIC),
    "county.list_sources": Rule(PUBLIC),
    "county.list_sectors": Rule(PUBLIC),
    "county.list_water_years": Rule(PUBLIC),
    "county.get": Rule(PUBLIC),
    "limits.list_limits": read(also=EVERYONE),
    "limits.get_limit": read(also=EVERYONE),
    "limits.create_limit": write("registrar"),
    "limits.change_limit": write("registrar"),
    # rights and announcements
    "entitlements.list_entitlements": read("registrar", "reviewer", "supervisor", also=HOLDERS, owns="self"),
    "entitlements.apply": write("registrar", also=HOLDERS, owns="body"),
    "entitlements.get_entitlement": read(
        "registrar", "reviewer", "supervisor", also=HOLDERS, owns="entitlement"
    ),
    "entitlements.confirm": write("registrar"),
    "entitlements.refuse": write("registrar"),
    "entitlements.suspend": write("registrar", "supervisor"),
    "entitlements.reinstate": write("registrar", "supervisor"),
    # the life of a right
    "life.list_steps": read("registrar", "reviewer", "supervisor", also=HOLDERS, owns="entitlement"),
    "life.lineage": read("registrar", "reviewer", "supervisor", also=HOLDERS, owns="entitlement"),
    "life.accept": write("registrar"),
    "life.publish": write("registrar"),
    "life.withdraw": write("registrar", also=HOLDERS, owns="entitlement"),
    "life.open_hearing": write("registrar"),
    "life.close_hearing": write("registrar"),
    "life.open_dispute": write("registrar"),
    "life.close_dispute": write("registrar"),
    "life.list_published": Rule(PUBLIC),
    "life.lodge_objection": write(also=HOLDERS),
    "life.list_objections": read("registrar", "supervisor", also=HOLDERS, owns="self"),
    "life.list_objections_to": read("registrar", "supervisor", also=HOLDERS, owns="entitlement"),
    "life.uphold_objection": write("registrar"),
    "life.dismiss_objection": write("registrar"),
    "life.amend": write("registrar"),
    "life.split": write("registrar", key="http"),
    "life.merge": write("registrar", key="http"),
    "life.transfer": write("registrar", key="http"),
    "life.inherit": write("registrar", key="http"),
    "life.ask_renewal": write("registrar", also=HOLDERS, owns="entitlement"),
    "life.renew": write("registrar"),
    "life.refuse_renewal": write("registrar"),
    "life.excuse": write("registrar"),
    "life.cancel": write("registrar"),
    "life.list_unused": read("registrar", "supervisor"),
    "life.expire": write("registrar"),
    "documents.list_documents": read("registrar", "reviewer", "supervisor", also=HOLDERS, owns="entitlement"),
    "documents.hand_in": write("registrar", also=HOLDERS, owns="entitlement"),
    "documents.get_document": read("registrar", "reviewer", "supervisor", also=HOLDERS, owns="document"),
    "assessments.list_assessments": read("registrar", "reviewer", "supervisor", also=HOLDERS, owns="self"),
    "assessments.record": write("registrar"),
    "assessments.get_assessment": read(
        "registrar", "reviewer", "supervisor", also=HOLDERS, owns="assessment"
    ),
    # pages
    "certificates.show": Rule(
        HOLDERS | {"registrar", "reviewer", "supervisor", "auditor"}, "entitlement", page=True
    ),
    "certificates.download": Rule(
        HOLDERS | {"registrar", "reviewer", "supervisor", "auditor"}, "entitlement", page=True
    ),
    "certificates.verify": Rule(PUBLIC, page=True),
    "certificates.stylesheet": Rule(PUBLIC, page=True),
    # announcements
    "announcements.list_announcements": read(also=EVERYONE),
    "announcements.get_announcement": read(also=EVERYONE),
    "announcements.list_lines": read("registrar", "supervisor"),
    "announcements.preview": read("registrar", "supervisor"),
    "announcements.announce": write("registrar", key="http"),
    # the water year
    "season.preview_release": read("registrar", "supervisor"),
    "season.release": write("registrar", key="http"),
    "season.preview_reversal": read("registrar", "supervisor"),
    "season.reverse": write("registrar", key="http"),
    "season.preview_curtailment": read("registrar", "supervisor"),
    "season.list_curtailments": read(also=EVERYONE),
    "season.get_curtailment": read(also=EVERYONE),
    "season.list_curtailment_lines": read("registrar", "supervisor"),
    "season.order_curtailment": write("registrar", key="http"),
    "season.advance_curtailment": write("registrar", key="http"),
    "season.preview_year_end": read("registrar", "supervisor"),
    "season.begin_year_end": write("registrar", key="http"),
    "season.carry_over": write("registrar", key="http"),
    "season.list_carry_overs": read(also=EVERYONE),
    "season.get_carry_over": read(also=EVERYONE),
    "season.release_spillable": write("registrar", key="http"),
    "season.spill": write("registrar", key="http"),
    "season.balance_sheet": read(also=EVERYONE),
    # water accounts
    "water_accounts.list_water_accounts": read(
        "registrar", "reviewer", "supervisor", also=HOLDERS, owns="self"
    ),
    "water_accounts.open_water_account": write("registrar", also=HOLDERS, owns="body"),
    "water_accounts.get_water_account": read(
        "registrar", "reviewer", "supervisor", also=HOLDERS, owns="water_account"
    ),
    "water_accounts.statement": read(
        "registrar", "reviewer", "supervisor", also=HOLDERS, owns="water_account"
    ),
    "water_accounts.tradable": read(
        "registrar", "reviewer", "supervisor", also=HOLDERS, owns="water_account"
    ),
    "water_accounts.purchasable": read(
        "registrar", "reviewer", "supervisor", also=HOLDERS, owns="participant"
    ),
    "water_accounts.set_use_plan": write("registrar"),
    "water_accounts.close": write("registrar", also=HOLDERS, owns="water_account"),
    # trusts
    "trusts.list_trusts": read(also=EVERYONE),
    "trusts.open_trust": write("agent", "association", owns="body"),
    "trusts.get": read("registrar", "supervisor", also=HOLDERS, owns="trust"),
    "trusts.statement": read("registrar", "supervisor", also=HOLDERS, owns="trust"),
    "trusts.orders": read("registrar", "supervisor", also=HOLDERS, owns="trust"),
    "trusts.trades": read("registrar", "supervisor", also=HOLDERS, owns="trust"),
    "trusts.recall": write("registrar", "supervisor", also=HOLDERS, owns="trust"),
    "trusts.collect": write("agent", "association", owns="trust", key="http"),
    "trusts.end": write("registrar", "agent", "association", owns="trust"),
    "trusts.give_back": write("registrar", also=HOLDERS, owns="trust", key="http"),
    "trust_members.list_members": read("registrar", "supervisor", also=HOLDERS, owns="trust"),
    "trust_members.offer": write(also=HOLDERS, owns="body"),
    "trust_members.list_own": read("registrar", "supervisor", also=HOLDERS, owns="self"),
    "trust_members.get_member": read("registrar", "supervisor", also=HOLDERS, owns="trust_member"),
    "trust_members.accept": write("agent", "association", owns="trust_member", key="http"),
    "trust_members.refuse": write("agent", "association", owns="trust_member"),
    "trust_members.withdraw": write(also=HOLDERS, owns="trust_member"),
    "trust_members.bring_in": write(also=HOLDERS, owns="trust_member", key="http"),
    "trust_members.give_notice": write(also=HOLDERS, owns="trust_member"),
    "trust_members.take_out": write("registrar", also=HOLDERS, owns="trust_member", key="http"),
    # pledges
    "pledge_consents.list_consents": read("registrar", "supervisor", "bank", also=HOLDERS, owns="self"),
    "pledge_consents.grant": write(also=HOLDERS, owns="body"),
    "pledge_consents.revoke": write(also=HOLDERS, owns="pledge_consent"),
    "pledge_consents.report": read("bank", also=HOLDERS, owns="pledge_consent"),
    "pledges.list_pledges": read("registrar", "supervisor", "bank", also=HOLDERS, owns="self"),
    "pledges.apply": write("bank", owns="body"),
    "pledges.get": read("registrar", "supervisor", "bank", also=HOLDERS, owns="pledge"),
    "pledges.steps": read("registrar", "supervisor", "bank", also=HOLDERS, owns="pledge"),
    "pledges.alerts": read("registrar", "supervisor", "bank", also=HOLDERS, owns="pledge"),
    "pledges.tell_of_trades": write("registrar"),
    "pledges.agree": write(also=HOLDERS, owns="pledge"),
    "pledges.register": write("registrar", key="http"),
    "pledges.refuse": write("registrar"),
    "pledges.secure": write("registrar", "bank", owns="pledge", key="http"),
    "pledges.release": write("bank", owns="pledge", key="http"),
    "pledges.consent_to_sale": write("bank", owns="pledge", key="http"),
    "pledges.enforce": write("registrar", key="http"),
    "pledge_sales.get_sale": read("registrar", "supervisor", "bank", also=HOLDERS, owns="pledge_sale"),
    "pledge_sales.pay_out": write("registrar", "bank", also=HOLDERS, owns="pledge_sale", key="http"),
    "pledge_sales.take_back": write("registrar", "bank", owns="pledge_sale", key="http"),
    # buy-back
    "buy_backs.list_buy_backs": read(also=EVERYONE),
    "buy_backs.get": read(also=EVERYONE),
    "buy_backs.publish": write("registrar", key="http"),
    "buy_backs.close": write("registrar", key="http"),
    "buy_backs.take": write(also=HOLDERS, owns="body", key="http"),
    "buy_backs.take_list": write("registrar", "agent", "association", owns="body", key="http"),
    "buy_backs.take_sheet": upload("registrar", "agent", "association", owns="self"),
    "buy_backs.template": read("registrar", "agent", "association"),
    "buy_backs.list_takes": read("registrar", "supervisor", also=HOLDERS, owns="self"),
    "buy_backs.get_take": read("registrar", "supervisor", also=HOLDERS, owns="buy_back_take"),
    "buy_backs.get_list": read("registrar", "supervisor", "agent", "association", owns="buy_back_list"),
    # public storage and its resale
    "storage.stock": read("registrar", "supervisor", also=HOLDERS, owns="water_account"),
    "storage.state_need": write("registrar", key="http"),
    "storage.list_assignments": read("registrar", "supervisor", also=HOLDERS, owns="water_account"),
    "storage.assign": write("registrar", key="http"),
    "resales.list_rounds": read(also=EVERYONE),
    "resales.get_round": read(also=EVERYONE),
    "resales.open_round": write("registrar", key="http"),
    "resales.close": write("registrar", key="http"),
    "resales.bid": write(also=HOLDERS, owns="body", key="http"),
    "resales.list_bids": read("registrar", "supervisor", also=HOLDERS, owns="self"),
    "resales.get_bid": read("registrar", "supervisor", also=HOLDERS, owns="resale_bid"),
    "resales.withdraw": write(also=HOLDERS, owns="resale_bid", key="http"),
    # deliveries
    "deliveries.list_deliveries": read("registrar", "supervisor", also=HOLDERS, owns="self"),
    "deliveries.order": write("registrar", also=HOLDERS, owns="body"),
    "deliveries.get": read("registrar", "supervisor", also=HOLDERS, owns="delivery"),
    "deliveries.dispatch": write("registrar"),
    "deliveries.confirm": write("registrar", "association", owns="delivery", key="http"),
    "deliveries.close_short": write("registrar", "association", owns="delivery"),
    "deliveries.make_good": write("registrar"),
    "deliveries.propose_refund": write("registrar"),
    "deliveries.approve_refund": write("supervisor", key="http"),
    "deliveries.decline_refund": write("supervisor"),
    # meters and readings
    "meters.list_meters": read("registrar", "supervisor", also=HOLDERS, owns="self"),
    "meters.list_overdue": read("registrar", "supervisor", also=HOLDERS, owns="self"),
    "meters.get_meter": read("registrar", "supervisor", also=HOLDERS, owns="meter"),
    "meters.list_readings": read("registrar", "supervisor", also=HOLDERS, owns="meter"),
    "meters.register_meter": write("registrar"),
    "meters.record_reading": write("registrar", "association", owns="meter", key="http"),
    "meters.replace_counter": write("registrar", key="http"),
    "meters.close_meter": write("registrar", key="http"),
    "meters.calibrate": write("registrar"),
    "meters.assign": write("registrar"),
    "meters.record_conversion": write("registrar"),
    "meters.record_readings": write("registrar", "association", owns="body", key="http"),
    "meters.get_reading": read("registrar", "supervisor", also=HOLDERS, owns="reading"),
    "meters.correct": write("registrar", key="http"),
    "meters.pay_debt": write("registrar", also=HOLDERS, owns="water_account", key="http"),
    "findings.list_findings": read("registrar", "supervisor", also=HOLDERS, owns="self"),
    "findings.get_finding": read("registrar", "supervisor", also=HOLDERS, owns="finding"),
    "findings.confirm": write("registrar", key="http"),
    "findings.dismiss": write("registrar", key="http"),
    "turn_sheets.serve": write("registrar"),
    "turn_sheets.list_turn_sheets": read("registrar", "supervisor", "association", owns="self"),
    "turn_sheets.enter": write("association", owns="body"),
    "turn_sheets.get_turn_sheet": read("registrar", "supervisor", "association", owns="turn_sheet"),
    "turn_sheets.sign": write("association", owns="turn_sheet", key="http"),
    "turn_sheets.discard": write("association", owns="turn_sheet"),
    # sheets
    "imports.meters_template": read("registrar"),
    "imports.export_meters": read("registrar"),
    "imports.import_meters": upload("registrar"),
    "imports.readings_template": read("registrar", "association"),
    "imports.export_readings": read("registrar", "association", owns="self"),
    "imports.import_readings": upload("registrar", "association", owns="self"),
    "imports.entitlements_template": read("registrar"),
    "imports.export_entitlements": read("registrar", also=HOLDERS, owns="self"),
    "imports.import_entitlements": upload("registrar"),
    "imports.participants_template": read("registrar"),
    "imports.export_participants": read("registrar"),
    "imports.import_participants": upload("registrar"),
    "imports.limits_template": read("registrar"),
    "imports.export_limits": read(also=EVERYONE),
    "imports.import_limits": upload("registrar"),
    "imports.water_accounts_template": read("registrar"),
    "imports.export_water_accounts": read("registrar", "reviewer", "supervisor", also=HOLDERS, owns="self"),
    "imports.import_water_accounts": upload("registrar"),
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
    # products
    "products.list_products": Rule(PUBLIC),
    "products.get": Rule(PUBLIC),
    "products.book": Rule(PUBLIC),
    "products.depth": Rule(PUBLIC),
    "products.tape": Rule(PUBLIC),
    "products.candles": Rule(PUBLIC),
    "products.halt": write("supervisor"),
    "products.resume": write("supervisor"),
    # call auctions
    "calls.list_calls": Rule(PUBLIC),
    "calls.get": Rule(PUBLIC),
    "calls.result": Rule(PUBLIC),
    "calls.record": read("supervisor", "reviewer"),
    "calls.fills": read("supervisor", "reviewer", also=HOLDERS, owns="self"),
    "calls.open_call": write("supervisor"),
    "calls.close": write("supervisor"),
    "calls.cancel": write("supervisor"),
    "calls.approve": write("reviewer", key="http"),
    "calls.reject": write("reviewer", key="http"),
    # market data
    "market_data.prices": Rule(PUBLIC),
    "market_data.index": Rule(PUBLIC),
    "market_data.excluded_trades": Rule(PUBLIC),
    "market_data.feed": Rule(PUBLIC),
    "sessions.timetable_of": Rule(PUBLIC),
    "sessions.list_reference_prices": Rule(PUBLIC),
    "sessions.set_reference_price": write("supervisor", key="http"),
    # the kill switch
    "kill_switches.list_kill_switches": read("supervisor"),
    "kill_switches.get": read("supervisor"),
    "kill_switches.throw": write("supervisor", key="http"),
    "kill_switches.lift": write("supervisor"),
    # orders
    "orders.place": write(also=HOLDERS, owns="body", key="engine"),
    "orders.place_batch": write(also=HOLDERS, owns="body", key="engine"),
    "orders.list_orders": read("supervisor", also=HOLDERS, owns="self"),
    "orders.get": read("supervisor", also=HOLDERS, owns="order"),
    "orders.amend": write(also=HOLDERS, owns="order", key="engine"),
    "orders.cancel": write(also=HOLDERS, owns="order", key="engine"),
    # public bidding
    "listings.list_listings": Rule(PUBLIC),
    "listings.publish": write(also=HOLDERS, owns="body", key="http"),
    "listings.get": Rule(PUBLIC),
    "listings.list_bids": Rule(PUBLIC),
    "listings.seller_view": read("registrar", "supervisor", also=HOLDERS, owns="listing"),
    "listings.cancel": write(also=HOLDERS, owns="listing", key="http"),
    "listings.stop": write("supervisor", key="http"),
    "bidders.register": write(also=HOLDERS, owns="body", key="http"),
    "bidders.list_bidders": read("registrar", "supervisor", also=HOLDERS, owns="self"),
    "bidders.get_bidder": read("registrar", "supervisor", also=HOLDERS, owns="bidder"),
    "bidders.list_own_bids": read("registrar", "supervisor", also=HOLDERS, owns="bidder"),
    "bidders.bid": write(also=HOLDERS, owns="bidder", key="http"),
    "bidders.withdraw": write(also=HOLDERS, owns="bidder", key="http"),
    "bidders.confirm": write(also=HOLDERS, owns="bidder", key="http"),
    "bidders.accept": write(also=HOLDERS, owns="bidder", key="http"),
    "bidders.decline": write(also=HOLDERS, owns="bidder", key="http"),
    # negotiated deals
    "negotiations.list_negotiations": read("registrar", "reviewer", "supervisor", also=HOLDERS, owns="self"),
    "negotiations.open_negotiation": write(also=HOLDERS, owns="body", key="http"),
    "negotiations.get": read("registrar", "reviewer", "supervisor", also=HOLDERS, owns="negotiation"),
    "negotiations.offer": write(also=HOLDERS, owns="negotiation", key="http"),
    "negotiations.accept": write(also=HOLDERS, owns="negotiation", key="http"),
    "negotiations.contract": read("registrar", "reviewer", "supervisor", also=HOLDERS, owns="negotiation"),
    "negotiations.sign": write(also=HOLDERS, owns="negotiation", key="http"),
    "negotiations.withdraw": write(also=HOLDERS, owns="negotiation"),
    "negotiations.objections": read("registrar", "reviewer", "supervisor", also=HOLDERS, owns="negotiation"),
    "published_negotiations.list_published": read(also=EVERYONE),
    "published_negotiations.object_to": write(also=HOLDERS),
    # purchase programmes
    "programmes.list_programmes": read(also=EVERYONE),
    "programmes.publish": write(also=HOLDERS, owns="body", key="http"),
    "programmes.get": read(also=EVERYONE),
    "programmes.list_subscriptions": read(also=BUREAU | HOLDERS, owns="self"),
    "programmes.subscribe": write(also=HOLDERS, owns="self", key="http"),
    "programmes.contract": read(also=BUREAU | HOLDERS, owns="self"),
    "programmes.approve": write("reviewer", key="http"),
    "programmes.reject": write("reviewer", key="http"),
    "subscriptions.list_own": read(also=BUREAU | HOLDERS, owns="self"),
    "subscriptions.get_subscription": read(also=BUREAU | HOLDERS, owns="subscription"),
    "subscriptions.withdraw": write(also=HOLDERS, owns="subscription", key="http"),
    # trades, instructions, reviews
    "trades.list_trades": read("supervisor", "reviewer", also=HOLDERS, owns="self"),
    "trades.get": read("supervisor", "reviewer", also=HOLDERS, owns="trade"),
    "trades.list_instructions": read("supervisor", "reviewer", also=HOLDERS, owns="self"),
    "trades.get_instruction": read("supervisor", "reviewer", also=HOLDERS, owns="instruction"),
    "reviews.list_reviews": read("reviewer", "supervisor"),
    "reviews.get": read("reviewer", "supervisor"),
    "reviews.approve": write("reviewer", key="http"),
    "reviews.reject": write("reviewer", key="http"),
}
