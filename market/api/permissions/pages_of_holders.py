"""Pages of the holder's desk: every holder may open them; whose things they show is the API's to say."""

from __future__ import annotations

from market.api.permissions.rules import HOLDERS, SHEET_BYTES, Rule

_PAGES = {
    "my_water": ("overview", "account", "pay_debt", "close"),
    "selling": ("choose", "check", "place"),
    "buying": ("choose", "check", "place"),
    "my_orders": ("listed", "one", "amend", "ask_cancel", "cancel"),
    "my_trades": ("listed", "one", "order_delivery"),
    "joining": (
        "overview", "call", "listing", "register", "bid", "withdraw", "confirm", "accept", "decline", "cancel",
    ),
    "my_offering": (
        "new_listing", "make_listing", "new_programme", "make_programme", "new_account", "make_account",
    ),
    "my_deals": (
        "begin", "open_deal", "one", "offer", "accept", "sign", "withdraw", "lease", "terminate",
    ),
    "my_offers": (
        "buy_back", "take", "programme", "subscribe", "withdraw", "resale", "bid", "withdraw_bid",
    ),
    "my_trusts": ("overview", "one", "join", "member_act", "pool_act"),
    "my_pledges": ("overview", "consent", "revoke", "agree", "pay_out"),
    "my_money": ("overview", "pay_in", "payment", "cancel_payment", "pay_due"),
    "my_statements": ("overview", "table"),
    "my_bills": ("overview", "one", "pay", "consent", "withdraw"),
    "my_bank": ("overview", "name_account", "end_account", "ask_payout", "withdraw"),
    "my_fee_invoices": ("overview", "one", "table", "fees_table", "keep_profile"),
    "my_meters": ("listed", "one", "read"),
    "my_rights": ("one", "ask", "apply", "withdraw", "ask_renewal", "hand_in", "document"),
    "my_messages": ("overview", "notice", "ask", "complain", "complaint", "withdraw"),
}  # fmt: skip

_ASSOCIATION, _FOR_OTHERS = frozenset({"association"}), frozenset({"agent", "association"})
_OF_SOME = {
    "my_gates": (_ASSOCIATION, ("listed", "confirm", "close_short")),
    "my_turns": (_ASSOCIATION, ("listed", "ask", "enter", "one", "sign", "discard")),
    "my_offering": (_FOR_OTHERS, ("new_trust", "make_trust")),
}
"""What an association does beside other holders, or an agent, too."""

ROUTES: dict[str, Rule] = {
    **{f"{group}.{name}": Rule(HOLDERS, page=True) for group, names in _PAGES.items() for name in names},
    **{
        f"{group}.{name}": Rule(roles, page=True)
        for group, (roles, names) in _OF_SOME.items()
        for name in names
    },
    "my_offers.take_list": Rule(_FOR_OTHERS, page=True, body_bytes=SHEET_BYTES),
}
