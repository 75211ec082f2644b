"""Pledges over HTTP: consent to a search, application, agreement, registration, sale with consent, enforcement."""

from __future__ import annotations

from typing import Any

from market.api.desks import check_free
from market.api.http import actor, blueprint, etag, own_only, page, paging, session
from market.api.schemas import pledges as shapes
from market.api.schemas.registry import GroundsIn, RemarkIn
from market.api.whose import of_body
from market.core import ids
from market.core.db import raw
from market.core.errors import NotFound
from market.registry import lists, pledge_alerts, pledge_queries, pledge_sales, pledges
from market.registry.models import Entitlement
from market.registry.pledge_errors import PledgeParty
from market.registry.pledge_models import Pledge, PledgeConsent
from market.supervision.desks.models import PLEDGE

consents = blueprint("pledge_consents", "A holder's consent that a bank looks at one of its rights")
blp = blueprint("pledges", "Rights pledged to banks for loans")
sales = blueprint("pledge_sales", "Sales of pledged water and what they pay")


@consents.route("/pledge-consents", methods=["GET"])
@consents.response(200, shapes.ConsentPage)
def list_consents() -> dict[str, Any]:
    """Consents that one gave or was given, by id."""
    where = paging("pco")
    rows = pledge_queries.consents(session(), party=own_only(), after=where.after, limit=where.limit + 1)
    return page([_consent_out(each) for each in rows], where.limit)


@consents.route("/pledge-consents", methods=["POST"])
@consents.arguments(shapes.ConsentIn)
@consents.response(201, shapes.ConsentOut)
def grant(body: dict[str, Any]) -> dict[str, Any]:
    """Let a bank look at one of one's rights until a day."""
    of_body(lists.one(session(), Entitlement, body["entitlement_id"]).participant_id)
    return _consent_out(pledges.grant(session(), actor=actor().audit, **body))


@consents.route("/pledge-consents/<pco:pledge_consent_id>/revoke", methods=["POST"])
@consents.response(200, shapes.ConsentOut)
def revoke(pledge_consent_id: int) -> dict[str, Any]:
    """End a consent; a pledge that is registered stays."""
    _step_of(pledge_queries.consent(session(), consent_id=pledge_consent_id).participant_id)
    return _consent_out(pledges.revoke(session(), actor=actor().audit, consent_id=pledge_consent_id))


@consents.route("/pledge-consents/<pco:pledge_consent_id>/report", methods=["GET"])
@consents.response(200, shapes.ReportOut)
def report(pledge_consent_id: int) -> dict[str, Any]:
    """The right as the holder lets the bank see it: only while the consent is in force."""
    consent = pledge_queries.consent(session(), consent_id=pledge_consent_id)
    pledges.check_consent(consent)
    found = pledge_queries.report(session(), consent=consent)
    right = found.right
    names = ("kind", "source", "sector", "status", "valid_from", "valid_to", "certificate_number")
    return {name: getattr(right, name) for name in names} | {
        "entitlement_id": right.id,
        "volume": right.volume_litres,
        "accounts": [
            {
                "water_account_id": account.id,
                "water_year": account.water_year,
                "status": account.status,
                "allocated": now.allocated_litres,
                "used": now.used_litres,
                "balance": now.balance_litres,
                "held": now.held_litres,
                "pledged": pledged,
                "available": now.available_litres,
            }
            for account, now, pledged in found.accounts
        ],
        "pledges": [
            {
                "rank": each.rank,
                "volume": each.litres,
                "secured": each.secured_fen,
                "registered_at": each.registered_at,
            }
            for each in found.pledges
        ],
        "leases": [
            {"volume": each.litres, "starts_on": each.starts_on, "ends_on": each.ends_on}
            for each in found.leases
        ],
    }


@blp.route("/pledges", methods=["GET"])
@blp.arguments(shapes.PledgesQuery, location="query")
@blp.response(200, shapes.PledgePage)
def list_pledges(query: dict[str, Any]) -> dict[str, Any]:
    """Pledges that one is a party to (the bureau: all), by id."""
    where = paging("plg")
    rows = pledge_queries.pledges(
        session(), party=own_only(), **query, after=where.after, limit=where.limit + 1
    )
    return page([_pledge_out(*each) for each in rows], where.limit)


@blp.route("/pledges", methods=["POST"])
@blp.arguments(shapes.PledgeIn)
@blp.response(201, shapes.PledgeOut)
def apply(body: dict[str, Any]) -> dict[str, Any]:
    """A bank that has the holder's consent values a right and applies for a pledge."""
    consent = pledge_queries.consent(session(), consent_id=body["consent_id"])
    if own_only() not in (consent.bank_id, consent.participant_id):
        raise NotFound("there is no such consent", pointer="/consent_id")
    _step_of(consent.bank_id)
    made = pledges.apply(
        session(),
        actor=actor().audit,
        consent_id=consent.id,
        litres=body["volume"],
        secured_fen=body["secured"],
        owed_fen=body["owed"],
        valued_fen=body["valued"],
        valuation=body["valuation"],
        document=body["document"],
    )
    return _one(made.id)


@blp.route("/pledges/<plg:pledge_id>", methods=["GET"])
@blp.response(200, shapes.PledgeOut)
def get(pledge_id: int) -> dict[str, Any]:
    """One pledge."""
    return _one(pledge_id)


@blp.route("/pledges/<plg:pledge_id>/steps", methods=["GET"])
@blp.response(200, shapes.StepsOut)
def steps(pledge_id: int) -> dict[str, Any]:
    """Every step of a pledge with its day and reason."""
    rows = pledge_queries.steps(session(), pledge_id=pledge_id)
    return {
        "pledge_id": pledge_id,
        "steps": [
            {
                "step": each.step, "reason": each.reason, "volume": each.litres, "amount": each.fen,
                "made_at": each.made_at,
            }
            for each in rows
        ],
        "pledge_sale_ids": pledge_queries.sale_ids(session(), pledge_id=pledge_id),
    }  # fmt: skip


@blp.route("/pledges/<plg:pledge_id>/alerts", methods=["GET"])
@blp.response(200, shapes.AlertPage)
def alerts(pledge_id: int) -> dict[str, Any]:
    """What the bank was told of the right: suspensions, announcements, sales."""
    where = paging("evt")
    rows = pledge_alerts.alerts(raw(session()), pledge_id=pledge_id, after=where.after, limit=where.limit + 1)
    return page([_alert_out(each) for each in rows], where.limit)


@blp.route("/pledge-alerts", methods=["POST"])
@blp.response(200, shapes.ToldOut)
def tell_of_trades() -> dict[str, Any]:
    """Tell the banks of the sales of pledged rights since they were told last."""
    return {"pledges": pledge_alerts.tell_of_trades(raw(session()))}


@blp.route("/pledges/<plg:pledge_id>/agree", methods=["POST"])
@blp.arguments(RemarkIn)
@blp.response(200, shapes.PledgeOut)
def agree(body: dict[str, Any], pledge_id: int) -> dict[str, Any]:
    """The holder agrees to the pledge."""
    _step_of(_found(pledge_id).participant_id)
    pledges.agree(session(), actor=actor().audit, pledge_id=pledge_id, reason=body["reason"])
    return _one(pledge_id)


@blp.route("/pledges/<plg:pledge_id>/register", methods=["POST"])
@blp.arguments(RemarkIn)
@blp.response(200, shapes.PledgeOut)
def register(body: dict[str, Any], pledge_id: int) -> dict[str, Any]:
    """Register a pledge at the next rank; from now on its litres are held."""
    check_free(PLEDGE, pledge_id)
    pledges.register(session(), actor=actor().audit, pledge_id=pledge_id, reason=body["reason"])
    return _one(pledge_id)


@blp.route("/pledges/<plg:pledge_id>/refuse", methods=["POST"])
@blp.arguments(GroundsIn)
@blp.response(200, shapes.PledgeOut)
def refuse(body: dict[str, Any], pledge_id: int) -> dict[str, Any]:
    """Refuse the registration, with the reason."""
    check_free(PLEDGE, pledge_id)
    pledges.refuse(session(), actor=actor().audit, pledge_id=pledge_id, reason=body["reason"])
    return _one(pledge_id)


@blp.route("/pledges/<plg:pledge_id>/secure", methods=["POST"])
@blp.response(200, shapes.PledgeOut)
def secure(pledge_id: int) -> dict[str, Any]:
    """Hold what is still missing of the pledged litres, as announcements have come."""
    _step_of(_found(pledge_id).bank_id)
    pledges.secure(session(), actor=actor().audit, pledge_id=pledge_id)
    return _one(pledge_id)


@blp.route("/pledges/<plg:pledge_id>/release", methods=["POST"])
@blp.arguments(GroundsIn)
@blp.response(200, shapes.PledgeOut)
def release(body: dict[str, Any], pledge_id: int) -> dict[str, Any]:
    """The bank releases the pledge: everything that it holds is free again."""
    _step_of(_found(pledge_id).bank_id)
    pledges.release(session(), actor=actor().audit, pledge_id=pledge_id, reason=body["reason"])
    return _one(pledge_id)


@blp.route("/pledges/<plg:pledge_id>/consent-to-sale", methods=["POST"])
@blp.arguments(shapes.ConsentSaleIn)
@blp.response(200, shapes.SaleOut)
def consent_to_sale(body: dict[str, Any], pledge_id: int) -> dict[str, Any]:
    """The bank lets the holder sell; the proceeds go to the banks by rank, the rest to the holder."""
    _step_of(_found(pledge_id).bank_id)
    made = pledge_sales.consent_to_sale(
        session(),
        actor=actor().audit,
        pledge_id=pledge_id,
        litres=body["volume"],
        owed_fen=body["owed"],
        floor_price_e4=body["floor_price"],
        reason=body["reason"],
    )
    return _sale(made.id)


@blp.route("/pledges/<plg:pledge_id>/enforce", methods=["POST"])
@blp.arguments(shapes.EnforceIn)
@blp.response(200, shapes.SaleOut)
def enforce(body: dict[str, Any], pledge_id: int) -> dict[str, Any]:
    """Have an agent sell what the pledge holds, on a court's or notary's document; never to the bank."""
    made = pledge_sales.enforce(
        session(),
        actor=actor().audit,
        pledge_id=pledge_id,
        agent_id=body["agent_id"],
        owed_fen=body["owed"],
        floor_price_e4=body["floor_price"],
        document=body["document"],
    )
    return _sale(made.id)


@sales.route("/pledge-sales/<psl:pledge_sale_id>", methods=["GET"])
@sales.response(200, shapes.SaleOut)
def get_sale(pledge_sale_id: int) -> dict[str, Any]:
    """One sale of pledged water."""
    return _sale(pledge_sale_id)


@sales.route("/pledge-sales/<psl:pledge_sale_id>/pay-out", methods=["POST"])
@sales.response(200, shapes.PaymentsOut)
def pay_out(pledge_sale_id: int) -> dict[str, Any]:
    """Pay what the sale has earned: to the banks by rank up to what is owed, the rest to the holder."""
    paid = pledge_sales.pay_out(session(), actor=actor().audit, sale_id=pledge_sale_id)
    return {
        "pledge_sale_id": pledge_sale_id,
        "payments": [
            {"participant_id": each.participant_id, "pledge_id": each.pledge_id, "amount": each.fen} for each in paid
        ],
    }  # fmt: skip


@sales.route("/pledge-sales/<psl:pledge_sale_id>/take-back", methods=["POST"])
@sales.response(200, shapes.SaleOut)
def take_back(pledge_sale_id: int) -> dict[str, Any]:
    """Move what was not sold back to the holder, where the pledges in force hold it again."""
    pledge_sales.take_back(session(), actor=actor().audit, sale_id=pledge_sale_id)
    return _sale(pledge_sale_id)


def _step_of(participant_id: int) -> None:
    """Refuses a step of another party than the actor's; the bureau may do it for either. Errors: PledgeParty."""
    if own_only() not in (None, participant_id):
        raise PledgeParty


def _found(pledge_id: int) -> Pledge:
    return pledge_queries.pledge(session(), pledge_id=pledge_id)[0]


def _one(pledge_id: int) -> dict[str, Any]:
    pledge, held = pledge_queries.pledge(session(), pledge_id=pledge_id)
    etag(pledge.version)
    return _pledge_out(pledge, held)


def _consent_out(each: PledgeConsent) -> dict[str, Any]:
    names = ("id", "participant_id", "bank_id", "entitlement_id", "valid_to", "granted_at", "revoked_at")
    return {name: getattr(each, name) for name in names}


def _pledge_out(each: Pledge, held: int) -> dict[str, Any]:
    names = (
        "id", "consent_id", "entitlement_id", "participant_id", "bank_id", "valuation", "document", "rank", "status",
        "applied_at", "registered_at", "version",
    )  # fmt: skip
    return {name: getattr(each, name) for name in names} | {
        "volume": each.litres,
        "held": held,
        "secured": each.secured_fen,
        "owed": each.owed_fen,
        "valued": each.valued_fen,
    }


_SUBJECTS = {"announced": "ann", "sold": "trd"}


def _alert_out(each: pledge_alerts.Alert) -> dict[str, Any]:
    prefix = _SUBJECTS.get(each.kind)
    subject = ids.public(prefix, each.reference) if prefix and each.reference else None
    return {"id": each.id, "at": each.at, "kind": each.kind, "subject_id": subject}


def _sale(sale_id: int) -> dict[str, Any]:
    found = pledge_queries.sale(session(), sale_id=sale_id)
    etag(found.sale.version)
    return {
        "id": found.sale.id,
        "participant_id": found.sale.participant_id,
        "seller_id": found.seller_id,
        "water_account_id": found.sale.water_account_id,
        "floor_price": found.sale.floor_price_e4,
        "let_go": found.let_go_litres,
        "unsold": found.unsold_litres,
        "proceeds": found.proceeds_fen,
        "version": found.sale.version,
    }
