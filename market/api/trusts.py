"""Trusts over HTTP: pools, who entrusts water to them, what each member has and gets, and what the trustee does."""

from __future__ import annotations

from typing import Any

from ledger import balances
from ledger.units import format_litres
from market.api.http import actor, blueprint, etag, own_only, page, paging, require_own, session
from market.api.orders import order_view
from market.api.schemas import trading as trading_shapes
from market.api.schemas import trusts as shapes
from market.api.schemas.registry import GroundsIn, RemarkIn
from market.api.schemas.statement import line
from market.api.schemas.water_accounts import WaterStatement
from market.api.trades import trade_view
from market.api.whose import narrowed, of_body
from market.core.db import raw
from market.registry import lists, reference, trust_members, trust_queries
from market.registry import trusts as pools
from market.registry.models import WaterAccount
from market.trading import queries

blp = blueprint("trusts", "Pools of water that a trustee runs for those who entrusted it")
members = blueprint("trust_members", "Who entrusts water to a pool, and the exact part of each")


@blp.route("/trusts", methods=["GET"])
@blp.arguments(shapes.TrustsQuery, location="query")
@blp.response(200, shapes.TrustPage)
def list_trusts(query: dict[str, Any]) -> dict[str, Any]:
    """Trusts and their terms, by id: what a holder can choose from."""
    where = paging("tru")
    rows = trust_queries.trusts(session(), **query, after=where.after, limit=where.limit + 1)
    tree = reference.zones(raw(session()))
    return page([_out(tree, each) for each in rows], where.limit)


@blp.route("/trusts", methods=["POST"])
@blp.arguments(shapes.TrustIn)
@blp.response(201, shapes.TrustOut)
def open_trust(body: dict[str, Any]) -> dict[str, Any]:
    """Open a pool at one township and canal, with the terms that its members will sign."""
    require_own(body["trustee_id"], "/trustee_id")
    body["floor_price_e4"] = body.pop("floor_price")
    return _one(pools.open_trust(session(), actor=actor().audit, **body).id)


@blp.route("/trusts/<tru:trust_id>", methods=["GET"])
@blp.response(200, shapes.TrustOut)
def get(trust_id: int) -> dict[str, Any]:
    """One trust and its pool."""
    return _one(trust_id)


@blp.route("/trusts/<tru:trust_id>/statement", methods=["GET"])
@blp.response(200, WaterStatement)
def statement(trust_id: int) -> dict[str, Any]:
    """Every movement and hold of the pool, oldest first, for its members too."""
    where = paging("tfr")
    account = _pool(trust_id)
    entries = balances.statement(
        raw(session()), account.account_id, after_id=where.after or 0, limit=where.limit + 1
    )
    return page([line(each, format_litres) for each in entries], where.limit)


@blp.route("/trusts/<tru:trust_id>/orders", methods=["GET"])
@blp.response(200, trading_shapes.OrderPage)
def orders(trust_id: int) -> dict[str, Any]:
    """The orders of the pool, newest first, for its members too."""
    where = paging("ord")
    rows = queries.orders(
        raw(session()), participant=None, before=where.after or queries.NEWEST, limit=where.limit + 1,
        water_account=_pool(trust_id).id,
    )  # fmt: skip
    return page([order_view(row) for row in rows], where.limit)


@blp.route("/trusts/<tru:trust_id>/trades", methods=["GET"])
@blp.response(200, trading_shapes.TradePage)
def trades(trust_id: int) -> dict[str, Any]:
    """What the pool has sold, newest first, for its members too."""
    where = paging("trd")
    rows = queries.trades(
        raw(session()), participant=None, before=where.after or queries.NEWEST, limit=where.limit + 1,
        seller_account=_pool(trust_id).id,
    )  # fmt: skip
    return page([trade_view(row) for row in rows], where.limit)


@blp.route("/trusts/<tru:trust_id>/recall", methods=["POST"])
@blp.response(200, shapes.TrustOut)
def recall(trust_id: int) -> dict[str, Any]:
    """Have the pool's open orders cancelled, so that a share can be taken out: the trustee, or who may leave now."""
    pools.recall(session(), actor=actor().audit, trust_id=trust_id, participant_id=own_only())
    return _one(trust_id)


@blp.route("/trusts/<tru:trust_id>/collect", methods=["POST"])
@blp.response(200, shapes.MovesOut)
def collect(trust_id: int) -> dict[str, Any]:
    """Bring in all free water of the members who entrusted later announcements too."""
    _require_trustee(trust_id)
    return _moves(trust_id, trust_members.collect(session(), actor=actor().audit, trust_id=trust_id))


@blp.route("/trusts/<tru:trust_id>/end", methods=["POST"])
@blp.arguments(GroundsIn)
@blp.response(200, shapes.TrustOut)
def end(body: dict[str, Any], trust_id: int) -> dict[str, Any]:
    """End a trust: nothing more is sold and the pool's orders are cancelled."""
    _require_trustee(trust_id)
    pools.end(session(), actor=actor().audit, trust_id=trust_id, reason=body["reason"])
    return _one(trust_id)


@blp.route("/trusts/<tru:trust_id>/give-back", methods=["POST"])
@blp.response(200, shapes.MovesOut)
def give_back(trust_id: int) -> dict[str, Any]:
    """Give every member of an ended trust what is left of its share, exactly; any of them may ask for it."""
    return _moves(trust_id, pools.give_back(session(), actor=actor().audit, trust_id=trust_id))


@members.route("/trusts/<tru:trust_id>/members", methods=["GET"])
@members.response(200, shapes.MemberPage)
def list_members(trust_id: int) -> dict[str, Any]:
    """The members of a trust with the part of each, by id."""
    where = paging("tmb")
    rows = trust_queries.members(session(), trust_id=trust_id, after=where.after, limit=where.limit + 1)
    return page([_member_out(each) for each in rows], where.limit)


@members.route("/trusts/<tru:trust_id>/members", methods=["POST"])
@members.arguments(shapes.OfferIn)
@members.response(201, shapes.MemberOut)
def offer(body: dict[str, Any], trust_id: int) -> dict[str, Any]:
    """Sign the terms of a trust and entrust the water of an account to it; the trustee accepts or refuses."""
    account = lists.one(session(), WaterAccount, body["water_account_id"])
    of_body(account.participant_id)
    made = trust_members.offer(
        session(),
        actor=actor().audit,
        trust_id=trust_id,
        water_account_id=account.id,
        litres=body["volume"],
        standing=body["standing"],
    )
    return _member(made.id)


@members.route("/trust-members", methods=["GET"])
@members.response(200, shapes.MemberPage)
def list_own() -> dict[str, Any]:
    """One's own memberships (the bureau: all) with the part of each, by id."""
    where = paging("tmb")
    rows = trust_queries.members(
        session(), participant_id=narrowed(None), after=where.after, limit=where.limit + 1
    )
    return page([_member_out(each) for each in rows], where.limit)


@members.route("/trust-members/<tmb:trust_member_id>", methods=["GET"])
@members.response(200, shapes.MemberOut)
def get_member(trust_member_id: int) -> dict[str, Any]:
    """One membership and its exact part."""
    return _member(trust_member_id)


@members.route("/trust-members/<tmb:trust_member_id>/accept", methods=["POST"])
@members.arguments(RemarkIn)
@members.response(200, shapes.MemberOut)
def accept(body: dict[str, Any], trust_member_id: int) -> dict[str, Any]:
    """The trustee accepts an offer: what was offered moves into the pool."""
    _require_trustee(_found(trust_member_id).member.trust_id)
    trust_members.accept(session(), actor=actor().audit, member_id=trust_member_id, reason=body["reason"])
    return _member(trust_member_id)


@members.route("/trust-members/<tmb:trust_member_id>/refuse", methods=["POST"])
@members.arguments(GroundsIn)
@members.response(200, shapes.MemberOut)
def refuse(body: dict[str, Any], trust_member_id: int) -> dict[str, Any]:
    """The trustee refuses an offer, with the reason."""
    _require_trustee(_found(trust_member_id).member.trust_id)
    trust_members.refuse(session(), actor=actor().audit, member_id=trust_member_id, reason=body["reason"])
    return _member(trust_member_id)


@members.route("/trust-members/<tmb:trust_member_id>/withdraw", methods=["POST"])
@members.response(200, shapes.MemberOut)
def withdraw(trust_member_id: int) -> dict[str, Any]:
    """The holder takes back an offer that was not accepted."""
    _require_holder(trust_member_id)
    trust_members.withdraw(session(), actor=actor().audit, member_id=trust_member_id)
    return _member(trust_member_id)


@members.route("/trust-members/<tmb:trust_member_id>/bring-in", methods=["POST"])
@members.arguments(shapes.BringIn)
@members.response(200, shapes.MemberOut)
def bring_in(body: dict[str, Any], trust_member_id: int) -> dict[str, Any]:
    """Bring more water of the member's account into the pool."""
    _require_holder(trust_member_id)
    trust_members.bring_in(session(), actor=actor().audit, member_id=trust_member_id, litres=body["volume"])
    return _member(trust_member_id)


@members.route("/trust-members/<tmb:trust_member_id>/give-notice", methods=["POST"])
@members.arguments(RemarkIn)
@members.response(200, shapes.MemberOut)
def give_notice(body: dict[str, Any], trust_member_id: int) -> dict[str, Any]:
    """Give notice; after the days that the terms give the share can be taken out."""
    _require_holder(trust_member_id)
    trust_members.give_notice(
        session(), actor=actor().audit, member_id=trust_member_id, reason=body["reason"]
    )
    return _member(trust_member_id)


@members.route("/trust-members/<tmb:trust_member_id>/take-out", methods=["POST"])
@members.arguments(shapes.TakeOutIn)
@members.response(200, shapes.MemberOut)
def take_out(body: dict[str, Any], trust_member_id: int) -> dict[str, Any]:
    """Move a share, or part of it, back where it came from: the member after its notice, the trustee any day."""
    found = _found(trust_member_id).member
    own = own_only()
    trustee = trust_queries.trust(session(), trust_id=found.trust_id).trust.trustee_id
    trust_members.take_out(
        session(),
        actor=actor().audit,
        member_id=trust_member_id,
        litres=body["volume"],
        at_once=own is None or own == trustee,
    )
    return _member(trust_member_id)


def _pool(trust_id: int) -> WaterAccount:
    found = trust_queries.trust(session(), trust_id=trust_id).trust
    return lists.one(session(), WaterAccount, found.water_account_id)


def _require_trustee(trust_id: int) -> None:
    """Refuses a step of the trustee as unknown to anyone else of the participants. Errors: NotFound."""
    of_body(trust_queries.trust(session(), trust_id=trust_id).trust.trustee_id)


def _require_holder(member_id: int) -> None:
    """Refuses a step of the holder as unknown to anyone else of the participants. Errors: NotFound."""
    of_body(_found(member_id).member.participant_id)


def _found(member_id: int) -> trust_queries.MemberView:
    return trust_queries.member(session(), member_id=member_id)


def _one(trust_id: int) -> dict[str, Any]:
    found = trust_queries.trust(session(), trust_id=trust_id)
    etag(found.trust.version)
    return _out(reference.zones(raw(session())), found)


def _member(member_id: int) -> dict[str, Any]:
    found = _found(member_id)
    etag(found.member.version)
    return _member_out(found)


def _moves(trust_id: int, moved: dict[int, int]) -> dict[str, Any]:
    lines = [{"trust_member_id": member, "volume": litres} for member, litres in sorted(moved.items())]
    return {"trust_id": trust_id, "total": sum(moved.values()), "members": lines}


def _out(tree: reference.Zones, each: trust_queries.TrustView) -> dict[str, Any]:
    trust = each.trust
    names = (
        "id", "trustee_id", "water_account_id", "fee_per_mille", "selling", "starts_on", "ends_on", "notice_days",
        "conditions", "status", "opened_at", "ended_at", "end_reason", "version",
    )  # fmt: skip
    return {name: getattr(trust, name) for name in names} | {
        "township": tree.by_id[each.township_zone_id].code,
        "canal": tree.by_id[each.canal_zone_id].code,
        "sector": each.sector,
        "source": each.source,
        "water_year": each.water_year,
        "right_kind": each.right_kind,
        "floor_price": trust.floor_price_e4,
        "members": each.members,
        "volume": each.total_litres,
        "available": each.available_litres,
        "legal_source": pools.LEGAL_SOURCE,
    }


def _member_out(each: trust_queries.MemberView) -> dict[str, Any]:
    names = (
        "id", "trust_id", "participant_id", "water_account_id", "standing", "status", "signed_at", "decided_at",
        "reason", "leaves_on", "version",
    )  # fmt: skip
    return {name: getattr(each.member, name) for name in names} | {
        "offered": each.member.offer_litres,
        "brought_in": each.brought_litres,
        "taken_out": each.taken_litres,
        "sold": each.sold_litres,
        "used": each.used_litres,
        "volume": each.litres,
        "fee_due": each.fee_due_fen,
        "proceeds": each.proceeds_fen,
        "awaited": each.awaited_fen,
    }
