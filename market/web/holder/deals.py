"""Negotiated deals, step by step: an offer, another one, accepted, signed by both, filed or decided; and leases."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Blueprint, Response, request
from flask_babel import gettext

from market.web import asking, forms
from market.web.asking import Problem
from market.web.holder.addresses import me, public
from market.web.holder.drafts import end_of, tradeable_accounts
from market.web.holder.my_water import accounts
from market.web.holder.turns import side_of, turn_of
from market.web.pages import page
from market.web.places import zone_names

blp = Blueprint("my_deals", __name__, template_folder="../templates")

TENURES = ("allocation", "lease", "entitlement")
_OFFER = ("volume", "price", "conditions", "message")
_LEASE = ("years", "turn_month", "grace_days")


@blp.get("/my/join/deals/new")
def begin() -> Response:
    """The form of a first offer."""
    return _form(None)


def _form(problem: Problem | None) -> Response:
    products = asking.get("/v1/products")["data"]
    typed = forms.typed() or dict(request.args)
    tenure = typed.get("tenure") if typed.get("tenure") in TENURES else "allocation"
    return page(
        "holder/deal_new.html", problem=problem, typed=typed, tenure=tenure, tenures=TENURES, zones=zone_names(),
        products=[each for each in products if each["tenure"] == tenure], accounts=tradeable_accounts(),
        rights=asking.pages("/v1/entitlements", status="confirmed"),
    )  # fmt: skip


def _offer(values: dict[str, str]) -> dict[str, Any]:
    body: dict[str, Any] = forms.body(_OFFER)
    body["expires_at"] = end_of(values.get("expires_on", ""))
    if values.get("at"):
        body["at"] = values["at"]
    if values.get("years"):
        body["lease"] = {name: _number(values[name]) for name in _LEASE if values.get(name)}
        if values.get("short_year"):
            body["lease"]["short_year"] = values["short_year"]
    return body


def _number(typed: str) -> int | str:
    return int(typed) if typed.isdecimal() else typed


@blp.post("/my/join/deals/new")
def open_deal() -> Response:
    """Makes somebody else's account a first offer."""
    values = forms.typed()
    made: dict[str, Any] = {}

    def do() -> str:
        body = {
            "product_id": values.get("product", ""), "side": values.get("side", ""),
            "water_account_id": values.get("account", ""), "other_water_account_id": values.get("other", ""),
            **_offer(values),
        }  # fmt: skip
        if values.get("right"):
            body["entitlement_id"] = values["right"]
        made.update(asking.send("/v1/negotiations", body))
        return f"/my/join/deals/{made['id']}"

    return forms.act(do, show=_form, done=gettext("Your offer is made. The other side answers it."))


@blp.get("/my/join/deals/<neg:negotiation_id>")
def one(negotiation_id: int) -> Response:
    """One deal with every offer and signature, and where it stands."""
    return _page(negotiation_id, None)


def _page(negotiation_id: int, problem: Problem | None) -> Response:
    where = f"/v1/negotiations/{public('neg', negotiation_id)}"
    deal = asking.get(where)
    mine = me()
    contract = asking.get(f"{where}/contract") if deal["accepted_number"] is not None else None
    own = {each["id"]: each for each in accounts()}
    return page(
        "holder/deal.html", deal=deal, side=side_of(deal, mine), turn=turn_of(deal, mine), contract=contract,
        standing=asking.get(f"{where}/standing"), zones=zone_names(), problem=problem, typed=forms.typed(),
        account=own.get(deal["seller_water_account_id"]) or own.get(deal["buyer_water_account_id"]),
        objections=asking.get(f"{where}/objections")["data"], me=mine,
        agreed=msgspec.json.decode(contract["text"]) if contract else None,
    )  # fmt: skip


@blp.post("/my/join/deals/<neg:negotiation_id>/offer")
def offer(negotiation_id: int) -> Response:
    """Another offer in the place of the last."""
    return _do(
        negotiation_id,
        "offers",
        _offer(forms.typed()),
        gettext("Your offer is made. The other side answers it."),
    )


@blp.post("/my/join/deals/<neg:negotiation_id>/accept")
def accept(negotiation_id: int) -> Response:
    """Accepts the other side's last offer."""
    body = {"number": _number(forms.typed().get("number", ""))}
    return _do(negotiation_id, "accept", body, gettext("Accepted. Both sides sign the contract now."))


@blp.post("/my/join/deals/<neg:negotiation_id>/sign")
def sign(negotiation_id: int) -> Response:
    """Signs the contract that was shown."""
    return _do(negotiation_id, "sign", forms.body(("sha256",)), gettext("You have signed."))


@blp.post("/my/join/deals/<neg:negotiation_id>/withdraw")
def withdraw(negotiation_id: int) -> Response:
    """Breaks off what not both have signed."""
    return _do(negotiation_id, "withdraw", forms.body(("reason",)), gettext("The deal is broken off."))


def _do(negotiation_id: int, act: str, body: dict[str, Any], said: str) -> Response:
    where = public("neg", negotiation_id)

    def do() -> str:
        asking.send(f"/v1/negotiations/{where}/{act}", body)
        return f"/my/join/deals/{where}"

    return forms.act(do, show=lambda problem: _page(negotiation_id, problem), done=said)


@blp.get("/my/join/leases/<lea:lease_id>")
def lease(lease_id: int) -> Response:
    """One lease, with what each of its years brought."""
    return _lease(lease_id, None)


def _lease(lease_id: int, problem: Problem | None) -> Response:
    found = asking.get(f"/v1/leases/{public('lea', lease_id)}")
    return page(
        "holder/lease.html", lease=found, me=me(), zones=zone_names(), problem=problem, typed=forms.typed()
    )


@blp.post("/my/join/leases/<lea:lease_id>/terminate")
def terminate(lease_id: int) -> Response:
    """Ends a lease of which a year lapsed since the rent was not there."""
    where = public("lea", lease_id)

    def do() -> str:
        asking.send(f"/v1/leases/{where}/terminate", forms.body(("reason",)))
        return f"/my/join/leases/{where}"

    return forms.act(do, show=lambda problem: _lease(lease_id, problem), done=gettext("The lease is ended."))
