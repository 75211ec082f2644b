"""What a holder offers or opens itself: a lot for public bidding, a purchase programme, a pool, a water account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request
from flask_babel import lazy_gettext as _l

from market.api.schemas.trusts import SELLING
from market.core import clock
from market.registry.models import RIGHT_KINDS, SECTORS
from market.trading.bidding_rules import MODES
from market.web import asking, forms
from market.web.asking import Problem
from market.web.bureau.acts import Ask, Choices, read
from market.web.holder.addresses import me
from market.web.pages import page
from market.web.places import zone_names
from market.web.spoken import cubic, either
from market.web.words import word

blp = Blueprint("my_offering", __name__, template_folder="../templates")
Body = dict[str, Any]


@dataclass(frozen=True)
class Form:
    """A form of its own page: where it is, what it asks, what it sends where, and where it leads."""

    name: str
    address: str
    path: str
    title: object
    says: tuple[object, ...]
    asks: tuple[Ask, ...]
    done: object
    back: str
    goes: str
    body: Callable[[Body], Body]


def _accounts() -> Choices:
    """The reader's open accounts of its own water, this year's first."""
    zones = zone_names()
    found = [
        each
        for each in asking.pages("/v1/water-accounts")
        if each["status"] == "open" and each["origin"] == "own"
    ]
    found.sort(key=lambda each: -each["water_year"])
    return [
        (
            each["id"],
            f"{word(each['source'])} {each['water_year']} · {word(each['sector'])} · {zones.get(each['township'], '')}"
            f" · {cubic(each['available'])}",
        )
        for each in found
    ]


def _zones(tree: str, *levels: str) -> Choices:
    return [
        (each["code"], either(each))
        for each in asking.get("/v1/zones", tree=tree)["data"]
        if each["level"] in levels
    ]


def _townships() -> Choices:
    return _zones("admin", "township")


def _canals() -> Choices:
    return [
        (each["code"], either(each))
        for each in asking.get("/v1/zones", tree="river")["data"]
        if each["level"] not in ("river", "district")
    ]


def _sources() -> Choices:
    return [(each["code"], word(each["code"])) for each in asking.get("/v1/sources")["data"]]


def _products() -> Choices:
    """Products of a year's water."""
    found = asking.get("/v1/products")["data"]
    return [
        (each["id"], f"{word(each['source'])} {each['water_year']}")
        for each in found
        if each["tenure"] == "allocation"
    ]


def _words(prefix: str, keys: tuple[str, ...]) -> Callable[[], Choices]:
    return lambda: [(each, word(prefix + each)) for each in keys]


def _listing(body: Body) -> Body:
    """Bids that nobody sees need neither steps nor a longer end."""
    if body.get("mode") == "sealed":
        body |= {"window_minutes": 0, "extension_minutes": 0, "most_extensions": 0, "increment": "0"}
    return body


def _own(name: str) -> Callable[[Body], Body]:
    """The reader stands in the body, as what `name` says."""
    return lambda body: {name: me(), **body}


_YEAR = Ask("water_year", _l("Water year"), "count", value=lambda: clock.this_year())
_PLACE = (
    Ask("township", _l("Township"), "choice", choices=_townships),
    Ask("canal", _l("Canal"), "choice", choices=_canals),
    Ask("sector", _l("Sector"), "choice", choices=_words("", SECTORS)),
    Ask("source", _l("Source of water"), "choice", choices=_sources),
    _YEAR,
)
_CUBIC, _PRICE, _YUAN = _l("m³"), _l("yuan/m³"), _l("yuan")
FORMS = (
    Form(
        "listing", "/my/join/listings/new", "/v1/listings", _l("Offer a lot for public bidding"),
        (
            _l("The water is held at once, until it is sold or the bidding ends without a sale."),
            _l("Everybody sees the lot, nobody your name. You can take it back until the first bid."),
        ),
        (
            Ask("water_account_id", _l("Which water"), "choice", choices=_accounts),
            Ask("mode", _l("How bids are made"), "choice", choices=_words("bidding_", MODES)),
            Ask("volume", _l("The lot, whole"), "number", unit=_CUBIC),
            Ask("start_price", _l("Start price"), "number", unit=_PRICE),
            Ask(
                "reserve_price", _l("Reserve price"), "number", _l("Below it nothing is sold. Empty: none."),
                unit=_PRICE, required=False,
            ),
            Ask("reserve_public", _l("Everybody may see the reserve price"), "tick"),
            Ask(
                "increment", _l("Each bid at least so much more"), "number", _l("Not for sealed bids."),
                unit=_PRICE, required=False,
            ),
            Ask("deposit", _l("Deposit of a bidder"), "number", unit=_YUAN),
            Ask("registration_closes_at", _l("Register until"), "instant"),
            Ask("opens_at", _l("Opens"), "instant"),
            Ask("closes_at", _l("Ends"), "instant"),
            Ask(
                "window_minutes", _l("A bid in the last minutes moves the end: so many minutes before it"), "count",
                value=lambda: 5, required=False,
            ),
            Ask("extension_minutes", _l("By so many minutes"), "count", value=lambda: 5, required=False),
            Ask("most_extensions", _l("So many times at most"), "count", value=lambda: 3, required=False),
            Ask("confirm_days", _l("The winner confirms within so many days"), "count", value=lambda: 2),
        ),
        _l("Your lot is published; its water is held."), "/my/join", "/my/join/listings/{id}", _listing,
    ),
    Form(
        "programme", "/my/join/programmes/new", "/v1/programmes", _l("Publish a purchase programme"),
        (
            _l("Holders subscribe water at your price until the deadline; the bureau decides on all of it at once."),
            _l("Your money for the most that you take is held at once."),
        ),
        (
            Ask("product_id", _l("Product"), "choice", choices=_products),
            Ask("water_account_id", _l("Which account receives the water"), "choice", choices=_accounts),
            Ask("price", _l("Price, at the sellers' places"), "number", unit=_PRICE),
            Ask("minimum", _l("At least in all"), "number", unit=_CUBIC),
            Ask("maximum", _l("At most in all"), "number", unit=_CUBIC),
            Ask("deadline", _l("Until"), "instant"),
            Ask("zones", _l("Only from these townships"), "many", required=False, choices=_townships),
            Ask("conditions", _l("Conditions"), "words", required=False),
        ),
        _l("Your programme is published."), "/my/join", "/my/join/programmes/{id}", lambda body: body,
    ),
    Form(
        "trust", "/my/trusts/new", "/v1/trusts", _l("Open a pool"),
        (
            _l("Members entrust water of this kind and place to you under exactly these terms, which they sign."),
            _l("What the pool sells, each gets by its share; your fee is taken from what they receive."),
        ),
        (
            *_PLACE,
            Ask("right_kind", _l("Kind of right"), "choice", choices=_words("", RIGHT_KINDS)),
            Ask("fee_per_mille", _l("Fee of the trustee"), "count", unit="‰"),
            Ask("floor_price", _l("Never sold below"), "number", unit=_PRICE),
            Ask("selling", _l("Who sells"), "choice", choices=_words("selling_", SELLING)),
            Ask("starts_on", _l("From"), "day"),
            Ask("ends_on", _l("Until"), "day"),
            Ask("notice_days", _l("Notice in days"), "count", value=lambda: 30),
            Ask("conditions", _l("Conditions"), "words", required=False),
        ),
        _l("The pool is open."), "/my/trusts", "/my/trusts/{id}", _own("trustee_id"),
    ),
    Form(
        "account", "/my/water/new", "/v1/water-accounts", _l("Open a water account"),
        (
            _l("What you buy for this place and use goes into it; a right gets its own account by its announcement."),
            _l("For a use that needs a yearly plan, the bureau records the plan before you can buy."),
        ),
        _PLACE, _l("The account is open."), "/my", "/my/water/{id}", _own("participant_id"),
    ),
)  # fmt: skip


def body_of(form: Form, typed: forms.Typed) -> Body:
    """What a form sends: each field as the API wants it, without what is empty."""
    values = {each.name: read(each, typed) for each in form.asks}
    return form.body({name: value for name, value in values.items() if value not in (None, "", [])})


def _shown(form: Form, problem: Problem | None) -> Response:
    without = any(each.choices is _accounts for each in form.asks) and not _accounts()
    return page("holder/new.html", form=form, problem=problem, typed=_typed(form), without=without)


def _typed(form: Form) -> dict[str, str]:
    """What was typed; of several that may be ticked, all in one text."""
    many = {each.name: " ".join(request.form.getlist(each.name)) for each in form.asks if each.kind == "many"}
    return forms.typed() | {name: value for name, value in many.items() if value}


def _asker(form: Form) -> Callable[[], Response]:
    return lambda: _shown(form, None)


def _maker(form: Form) -> Callable[[], Response]:
    def make() -> Response:
        def do() -> str:
            made = asking.send(form.path, body_of(form, _typed(form)))
            return form.goes.replace("{id}", made["id"])

        return forms.act(do, show=lambda problem: _shown(form, problem), done=form.done)

    return make


for _form in FORMS:
    blp.add_url_rule(_form.address, f"new_{_form.name}", _asker(_form), methods=["GET"])
    blp.add_url_rule(_form.address, f"make_{_form.name}", _maker(_form), methods=["POST"])
