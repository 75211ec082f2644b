"""The one list of events: whole, in two languages, and each type that participants are told of has its audience."""

from __future__ import annotations

import re

from market.api.permissions import ROUTES
from market.app import ID_PREFIXES
from market.webhooks import topics
from market.webhooks.concerned import CONCERNED_SQL, NAMED

READ_AT = {
    "announcement": "announcements.get_announcement", "buy_back": "buy_backs.get", "call": "calls.get",
    "carry_over": "season.get_carry_over", "county_pack": "county.get", "curtailment": "season.get_curtailment",
    "limit": "limits.get_limit", "listing": "listings.get", "product": "products.get", "programme": "programmes.get",
    "project": "projects.get", "project_mark": "projects.get", "reference_price": "sessions.list_reference_prices",
    "resale_round": "resales.get_round",
}  # fmt: skip
"""Where what is told to everybody can be read by everybody."""


def test_every_type_is_named_in_two_languages() -> None:
    for each in topics.TYPES.values():
        assert re.fullmatch(r"[a-z]+\.[a-z_]+\.[a-z_]+", each.name)
        assert re.search("[一-鿿]", each.zh) and re.fullmatch(r"[A-Za-z' :-]+", each.en), each
    assert len(topics.TOLD) == len(set(topics.TOLD)) > 250


def test_every_kind_of_row_that_participants_are_told_of_is_either_public_or_somebody_s() -> None:
    told = {topics.TYPES[name] for name in topics.TOLD}
    own = {each.about for each in told if each.audience == topics.OWN} - {"trade", "order"}
    assert own == CONCERNED_SQL.keys() & (own | {"programme"})
    assert not topics.BUREAU_KINDS & CONCERNED_SQL.keys()
    assert {each.about for each in told if each.audience == topics.PUBLIC} == topics.PUBLIC_KINDS
    assert (own | topics.PUBLIC_KINDS) - NAMED.keys() == {"county_pack"}
    assert {each.prefix for each in NAMED.values()} <= ID_PREFIXES.keys()


def test_what_is_told_to_everybody_everybody_may_read() -> None:
    assert READ_AT.keys() == topics.PUBLIC_KINDS
    for kind, endpoint in READ_AT.items():
        rule = ROUTES[endpoint]
        assert rule.owns is None and (not rule.roles or {"integrator", "holder"} <= rule.roles), kind


def test_what_concerns_somebody_is_asked_for_many_rows_at_once() -> None:
    for kind, query in CONCERNED_SQL.items():
        assert query.count("%(ids)s") == len(re.findall(r"= ANY\(%\(ids\)s::bigint\[\]\)", query)) >= 1, kind
