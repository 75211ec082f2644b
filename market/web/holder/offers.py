"""Standing offers to take with one button: buy-backs, purchase programmes, and rounds of resale to bid in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, request
from flask_babel import gettext

from market.web import asking, forms, sitting
from market.web.asking import Problem
from market.web.bureau.excel import EXCEL
from market.web.holder.addresses import me, public
from market.web.holder.drafts import tradeable_accounts
from market.web.pages import page
from market.web.places import zone_names

blp = Blueprint("my_offers", __name__, template_folder="../templates")


def _of(offer: Any) -> list[Any]:
    """The reader's accounts of the product of an offer."""
    product = asking.get(f"/v1/products/{offer['product_id']}")
    return [
        each for each in tradeable_accounts()
        if each["source"] == product["source"] and each["water_year"] == product["water_year"]
    ]  # fmt: skip


@blp.get("/my/join/buy-backs/<bbk:buy_back_id>")
def buy_back(buy_back_id: int) -> Response:
    """One offer of the bureau to buy water back."""
    return _buy_back(buy_back_id, None)


def _buy_back(buy_back_id: int, problem: Problem | None) -> Response:
    where = public("bbk", buy_back_id)
    found = asking.get(f"/v1/buy-backs/{where}")
    own = _of(found)
    return page(
        "holder/buy_back.html", offer=found, accounts=own, problem=problem, typed=forms.typed(), zones=zone_names(),
        takes=list(reversed(asking.pages("/v1/buy-back-takes", buy_back_id=where))),
        sellable={each["id"]: asking.get(f"/v1/water-accounts/{each['id']}/tradable")["volume"] for each in own[:6]},
        village=sells_for_others(), wrong=problem.document.get("rows", ()) if problem else (),
    )  # fmt: skip


@blp.post("/my/join/buy-backs/<bbk:buy_back_id>/take")
def take(buy_back_id: int) -> Response:
    """Sells water to the offer: a volume, or all that may be sold."""
    where = public("bbk", buy_back_id)
    body = {"water_account_id": forms.typed().get("account", ""), **forms.body(("volume",))}
    return _do(
        f"/v1/buy-backs/{where}/takes", body, f"/my/join/buy-backs/{where}",
        lambda problem: _buy_back(buy_back_id, problem), gettext("Taken. The exchange settles it within moments."),
    )  # fmt: skip


@blp.post("/my/join/buy-backs/<bbk:buy_back_id>/list")
def take_list(buy_back_id: int) -> Response:
    """Sells for a village at once, by a list as a file."""
    where = public("bbk", buy_back_id)

    def do() -> str:
        sheet = request.files.get("sheet")
        if sheet is None or not sheet.filename:
            raise Problem(422, {"code": "no_file", "title": gettext("Choose a file first.")}, {})
        kind = "text/csv" if sheet.filename.lower().endswith(".csv") else EXCEL
        made = asking.send_file(
            f"/v1/buy-backs/{where}/lists/sheet", sheet.read(), kind, basis=forms.typed().get("basis") or None,
            partial="partial" in request.form, share="share" in request.form,
        )  # fmt: skip
        flash(gettext("%(taken)s rows are taken, %(refused)s are refused.", **made))
        return f"/my/join/buy-backs/{where}"

    return forms.act(do, show=lambda problem: _buy_back(buy_back_id, problem))


def sells_for_others() -> bool:
    """Whether the reader may sell by a list: an agent or an association."""
    who = sitting.reader()
    return who is not None and bool(who.roles & {"agent", "association"})


@blp.get("/my/join/programmes/<prg:programme_id>")
def programme(programme_id: int) -> Response:
    """One purchase programme."""
    return _programme(programme_id, None)


def _programme(programme_id: int, problem: Problem | None) -> Response:
    where = public("prg", programme_id)
    found = asking.get(f"/v1/programmes/{where}")
    return page(
        "holder/programme.html", programme=found, accounts=_of(found), problem=problem, typed=forms.typed(), me=me(),
        subscriptions=asking.pages(f"/v1/programmes/{where}/subscriptions"), zones=zone_names(),
    )  # fmt: skip


@blp.post("/my/join/programmes/<prg:programme_id>/subscribe")
def subscribe(programme_id: int) -> Response:
    """Subscribes water to a programme; it is held until the programme is decided."""
    where = public("prg", programme_id)
    values = forms.typed()
    row = {"water_account_id": values.get("account", ""), "volume": values.get("volume", "")}
    here = f"/my/join/programmes/{where}"

    def do() -> str:
        done = asking.send(f"/v1/programmes/{where}/subscriptions", {"subscriptions": [row]})
        refusal = done["data"][0]["refusal"]
        if refusal is not None:
            raise Problem(422, refusal, {})
        return here

    return forms.act(
        do, show=lambda problem: _programme(programme_id, problem),
        done=gettext("Subscribed. The water is held until the programme is decided."),
    )  # fmt: skip


@blp.post("/my/join/programmes/<prg:programme_id>/withdraw/<sub:subscription_id>")
def withdraw(programme_id: int, subscription_id: int) -> Response:
    """Takes a subscription back before the deadline."""
    return _do(
        f"/v1/subscriptions/{public('sub', subscription_id)}/withdraw", {},
        f"/my/join/programmes/{public('prg', programme_id)}", lambda problem: _programme(programme_id, problem),
        gettext("The subscription is taken back; its water is free again."),
    )  # fmt: skip


@blp.get("/my/join/rounds/<rsr:resale_round_id>")
def resale(resale_round_id: int) -> Response:
    """One round of resale of stored water."""
    return _resale(resale_round_id, None)


def _resale(resale_round_id: int, problem: Problem | None) -> Response:
    where = public("rsr", resale_round_id)
    found = asking.get(f"/v1/resale-rounds/{where}")
    return page(
        "holder/round.html", round=found, accounts=_of(found), problem=problem, typed=forms.typed(), zones=zone_names(),
        bids=[each for each in asking.pages("/v1/resale-bids") if each["resale_round_id"] == where],
        money=asking.get("/v1/money-accounts")["data"],
    )  # fmt: skip


@blp.post("/my/join/rounds/<rsr:resale_round_id>/bid")
def bid(resale_round_id: int) -> Response:
    """Sends a sealed bid; its money is held until the round closes."""
    where = public("rsr", resale_round_id)
    body = {"water_account_id": forms.typed().get("account", ""), **forms.body(("volume", "price"))}
    return _do(
        f"/v1/resale-rounds/{where}/bids", body, f"/my/join/rounds/{where}",
        lambda problem: _resale(resale_round_id, problem), gettext("Your sealed bid is in. Its money is held."),
    )  # fmt: skip


@blp.post("/my/join/rounds/<rsr:resale_round_id>/withdraw/<rsb:resale_bid_id>")
def withdraw_bid(resale_round_id: int, resale_bid_id: int) -> Response:
    """Takes a sealed bid back before the round closes."""
    return _do(
        f"/v1/resale-bids/{public('rsb', resale_bid_id)}/withdraw", {},
        f"/my/join/rounds/{public('rsr', resale_round_id)}", lambda problem: _resale(resale_round_id, problem),
        gettext("The bid is taken back; its money is free again."),
    )  # fmt: skip


def _do(path: str, body: dict[str, Any], where: str, show: Any, said: str) -> Response:
    def do() -> str:
        asking.send(path, body)
        return where

    return forms.act(do, show=show, done=said)
