"""Purchase programmes over HTTP: publication, subscriptions, one decision with exceptions, one contract."""

from __future__ import annotations

from typing import Any

import msgspec

from market.api.desks import decided
from market.api.errors import source_spoken, spoken, wants_chinese
from market.api.http import actor, blueprint, etag, own_only, page, paging, require_own, session
from market.api.negotiations import deal_view
from market.api.schemas import programmes as shapes
from market.core.errors import NotFound, Refusal
from market.participants import mandates
from market.registry import lists
from market.registry.models import WaterAccount
from market.supervision.desks.models import PROGRAMME
from market.trading import programme_queries, programmes, subscriptions
from market.trading.negotiation_errors import NotAParty
from market.trading.programme_errors import ProgrammeState
from market.trading.programme_models import Programme

blp = blueprint("programmes", "Purchases from many small sellers under one review and one contract")
lines = blueprint("subscriptions", "What single sellers give to a purchase programme")

_PLAIN = (
    "id", "product_id", "buyer_id", "buyer_water_account_id", "deadline", "conditions", "status", "published_at",
    "closed_at", "review_due_on", "decided_at", "decision_reason", "legal_source", "version",
)  # fmt: skip


@blp.route("/programmes", methods=["GET"])
@blp.arguments(shapes.ProgrammesQuery, location="query")
@blp.response(200, shapes.ProgrammePage)
def list_programmes(query: dict[str, Any]) -> dict[str, Any]:
    """Every programme, by id; `status=open` are those that one can subscribe to."""
    where = paging("prg")
    rows = programme_queries.programmes(session(), **query, after=where.after, limit=where.limit + 1)
    return page([_out(each) for each in rows], where.limit)


@blp.route("/programmes", methods=["POST"])
@blp.arguments(shapes.ProgrammeIn)
@blp.response(201, shapes.ProgrammeOut)
def publish(body: dict[str, Any]) -> dict[str, Any]:
    """Publish what one buys, at which price, from whom and until when; the money for the maximum is held."""
    account = lists.one(session(), WaterAccount, body["water_account_id"])
    require_own(account.participant_id, "/water_account_id")
    made = programmes.publish(
        session(),
        actor=actor().audit,
        product_id=body["product_id"],
        water_account_id=account.id,
        price_e4=body["price"],
        minimum_litres=body["minimum"],
        maximum_litres=body["maximum"],
        deadline=body["deadline"],
        zones=body["zones"],
        conditions=body["conditions"],
    )
    return _one(made.id)


@blp.route("/programmes/<prg:programme_id>", methods=["GET"])
@blp.response(200, shapes.ProgrammeOut)
def get(programme_id: int) -> dict[str, Any]:
    """One programme."""
    return _one(programme_id)


@blp.route("/programmes/<prg:programme_id>/subscriptions", methods=["GET"])
@blp.arguments(shapes.SubscriptionsQuery, location="query")
@blp.response(200, shapes.SubscriptionPage)
def list_subscriptions(query: dict[str, Any], programme_id: int) -> dict[str, Any]:
    """Its subscriptions, by id: all for the buyer and the bureau, one's own for a seller."""
    where = paging("sub")
    found = programme_queries.programme(session(), programme_id=programme_id).programme
    rows = programme_queries.lines(
        session(), programme_id=programme_id, seller_id=_narrowed(found), **query, after=where.after,
        limit=where.limit + 1,
    )  # fmt: skip
    return page([_line_out(each) for each in rows], where.limit)


@blp.route("/programmes/<prg:programme_id>/subscriptions", methods=["POST"])
@blp.arguments(shapes.SubscriptionsIn)
@blp.response(200, shapes.RowsOut)
def subscribe(body: dict[str, Any], programme_id: int) -> dict[str, Any]:
    """Subscribe water of one's own, or of many whose mandates one has; each row stands or is refused by itself."""
    wishes = [subscriptions.Wish(each["water_account_id"], each["volume"]) for each in body["subscriptions"]]
    found = subscriptions.subscribe(
        session(), actor=actor().audit, programme_id=programme_id, wishes=wishes, may_act_for=_may_act_for()
    )
    return {"data": [_row_out(row, each) for row, each in enumerate(found)]}


@blp.route("/programmes/<prg:programme_id>/contract", methods=["GET"])
@blp.response(200, shapes.ProgrammeContractOut)
def contract(programme_id: int) -> dict[str, Any]:
    """The contract and its annex: whole for the buyer and the bureau, with one's own line for a seller."""
    found = programme_queries.programme(session(), programme_id=programme_id).programme
    if found.contract is None or found.contract_sha256 is None or found.annex_sha256 is None:
        raise ProgrammeState(f"the programme is {found.status}: it has no contract", available=found.status)
    own = _narrowed(found)
    rows = programme_queries.lines(
        session(), programme_id=programme_id, seller_id=own, status="struck", limit=programmes.MOST_SELLERS
    )
    if own is not None and not rows:
        raise NotFound("there is no such contract")
    return {
        "text": found.contract,
        "sha256": found.contract_sha256.hex(),
        "annex": found.annex if own is None else None,
        "annex_sha256": found.annex_sha256.hex(),
        "lines": [_line_out(each) for each in rows],
    }


@blp.route("/programmes/<prg:programme_id>/approve", methods=["POST"])
@blp.arguments(shapes.ProgrammeApprovalIn)
@blp.response(200, shapes.ProgrammeOut)
def approve(body: dict[str, Any], programme_id: int) -> dict[str, Any]:
    """Approve the annex but for the exceptions: all its deals are struck in one batch."""
    exceptions = {each["subscription_id"]: each["reason"] for each in body.pop("exceptions")}
    extra = {"exceptions": exceptions} if exceptions else None  # without any, as it is proposed at the desk
    decided(PROGRAMME, programme_id, approved=True, extra=extra, **body)
    return _one(programme_id)


@blp.route("/programmes/<prg:programme_id>/reject", methods=["POST"])
@blp.arguments(shapes.ProgrammeRejectionIn)
@blp.response(200, shapes.ProgrammeOut)
def reject(body: dict[str, Any], programme_id: int) -> dict[str, Any]:
    """Refuse the whole: everything that is held is free again."""
    decided(PROGRAMME, programme_id, approved=False, **body)
    return _one(programme_id)


@lines.route("/subscriptions", methods=["GET"])
@lines.arguments(shapes.SubscriptionsQuery, location="query")
@lines.response(200, shapes.SubscriptionPage)
def list_own(query: dict[str, Any]) -> dict[str, Any]:
    """One's own subscriptions to all programmes (the bureau: all), by id."""
    where = paging("sub")
    rows = programme_queries.lines(
        session(), seller_id=own_only(), **query, after=where.after, limit=where.limit + 1
    )
    return page([_line_out(each) for each in rows], where.limit)


@lines.route("/subscriptions/<sub:subscription_id>", methods=["GET"])
@lines.response(200, shapes.SubscriptionOut)
def get_subscription(subscription_id: int) -> dict[str, Any]:
    """One subscription, for its seller and the bureau."""
    return _line(subscription_id)


@lines.route("/subscriptions/<sub:subscription_id>/withdraw", methods=["POST"])
@lines.response(200, shapes.SubscriptionOut)
def withdraw(subscription_id: int) -> dict[str, Any]:
    """Take a subscription back before the deadline; its water is free again."""
    subscriptions.withdraw(session(), actor=actor().audit, subscription_id=subscription_id)
    return _line(subscription_id)


def _may_act_for() -> dict[int, int | None]:
    """Whose water the actor may subscribe, and under which mandate. Errors: NotAParty."""
    who = actor()
    if who.participant_id is None:
        raise NotAParty
    if who.mandate_id is not None:  # a clerk that acts for one acts for that one
        return {who.participant_id: who.mandate_id}
    return {**mandates.principals(session(), user_id=who.user_id), who.participant_id: None}


def _narrowed(programme: Programme) -> int | None:
    """The seller to whose lines an answer is narrowed; None for the buyer and the bureau."""
    own = own_only()
    return None if own == programme.buyer_id else own


def _one(programme_id: int) -> dict[str, Any]:
    found = programme_queries.programme(session(), programme_id=programme_id)
    etag(found.programme.version)
    return _out(found)


def _out(view: programme_queries.View) -> dict[str, Any]:
    it = view.programme
    return {name: getattr(it, name) for name in _PLAIN} | {
        "price": it.price_e4,
        "minimum": it.minimum_litres,
        "maximum": it.maximum_litres,
        "zones": msgspec.json.decode(it.zones),
        "sellers": view.sellers,
        "volume": view.litres,
        "amount": view.fen,
        "contract_sha256": it.contract_sha256.hex() if it.contract_sha256 else None,
    }


def _line(subscription_id: int) -> dict[str, Any]:
    [found] = programme_queries.lines(session(), subscription_id=subscription_id, limit=1)
    return _line_out(found)


def _line_out(line: programme_queries.Line) -> dict[str, Any]:
    it = line.subscription
    names = (
        "id", "programme_id", "seller_id", "water_account_id", "status", "reason", "mandate_id", "subscribed_at",
    )  # fmt: skip
    return {name: getattr(it, name) for name in names} | {
        "volume": it.litres,
        "allotted": it.allotted_litres,
        "amount": it.amount_fen,
        "deal": deal_view(line.deal),
    }


def _row_out(row: int, found: Any) -> dict[str, Any]:
    if not isinstance(found, Refusal):
        return {
            "row": row,
            "subscription": _line_out(programme_queries.Line(found, None)),
            "refusal": None,
        }
    names = ("code", "rule", "limit", "available")
    title = found.title_zh if wants_chinese() else found.title_en
    return {
        "row": row,
        "subscription": None,
        "refusal": {name: getattr(found, name) for name in names}
        | {
            "title": title,
            "detail": spoken(found.detail),
            "legal_source": source_spoken(found.legal_source),
        },
    }
