"""Acts of the auction room: calls, reference prices, listings, programmes, buy-backs and the resale of stored water."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from market.web import asking
from market.web.bureau import frame, subjects
from market.web.bureau.acts import LEGAL_SOURCE, OTHER_SOURCE, REASON, Act, Ask, Told
from market.web.forms import Typed
from market.web.spoken import cubic, instant, price, yuan
from market.web.words import word

BACK = "/desk/auctions"
CALL = "/calls/<cal:call_id>"
CALL_PAGE = "/desk/auctions/calls/{call_id}"


def _product(numbers: Typed) -> list[tuple[object, object]]:
    found = asking.get(f"/v1/products/{numbers['product_id']}")
    return [
        (gettext("Product"), found["code"]),
        (gettext("Phase"), word(found["phase"])),
        (gettext("Reference price"), price(found["reference_price"])),
    ]


def _open(numbers: Typed, typed: Typed) -> Told:
    farm_first = typed.get("window") == "farm_first"
    return Told(
        facts=[*_product(numbers), (gettext("Window"), word(f"window_{typed['window']}"))],
        says=[
            gettext(
                "The book's orders of this product stand in the "
                "auction; new ones may come in until it closes."
            ),
            gettext("Only farmers may buy in this window.")
            if farm_first
            else gettext("All who may trade take part."),
            gettext(
                "At closing everything is cleared at once at one price a place, "
                "as the specification says; the order of arrival does not count."
            ),
        ],
    )


def of_call(*says: object) -> Callable[[Typed, Typed], Told]:
    """What a call auction is and what an act makes of it."""

    def tells(numbers: Typed, _typed: Typed) -> Told:
        found = asking.get(f"/v1/calls/{numbers['call_id']}")
        return Told(facts=subjects.call(found), says=list(says))

    return tells


def _settling(*says: object) -> Callable[[Typed, Typed], Told]:
    def tells(numbers: Typed, _typed: Typed) -> Told:
        found = asking.get(f"/v1/calls/{numbers['call_id']}")
        return Told(
            facts=subjects.call(found),
            says=list(says),
            figures=[
                (gettext("Sold"), cubic(found["sold"]), ""),
                (gettext("Bought"), cubic(found["bought"]), ""),
                (gettext("Buyers pay"), yuan(found["paid"]), ""),
                (gettext("Sellers receive"), yuan(found["received"]), ""),
                (gettext("To the public fund"), yuan(found["fund"]), ""),
            ],
        )

    return tells


def _reference(numbers: Typed, typed: Typed) -> Told:
    return Told(
        facts=[*_product(numbers), (gettext("New reference price"), price(typed["price"]))],
        says=[
            gettext("From the next session on, the price band is counted from this price."),
            gettext("It stands on the public board with its reason and legal source."),
        ],
    )


def _listing(numbers: Typed, _typed: Typed) -> Told:
    found = asking.get(f"/v1/listings/{numbers['listing_id']}")
    return Told(
        facts=[
            (gettext("Volume"), cubic(found["volume"])),
            (gettext("Start price"), price(found["start_price"])),
            (gettext("Best price"), price(found["best_price"])),
            (gettext("Closes"), instant(found["closes_at"])),
        ],
        says=[
            gettext(
                "The bidding ends without a sale; the water and "
                "every deposit are free again. Bidders are told why."
            )
        ],
    )


def _programme(*says: object) -> Callable[[Typed, Typed], Told]:
    return lambda numbers, _typed: Told(facts=subjects.facts(numbers["programme_id"]), says=list(says))


def _buy_back(numbers: Typed, _typed: Typed) -> Told:
    found = asking.get(f"/v1/buy-backs/{numbers['buy_back_id']}")
    return Told(
        facts=[
            (gettext("Document"), found["document"]),
            (gettext("Multiple of the water price"), found["multiple"]),
        ],
        figures=[
            (gettext("Budget"), yuan(found["budget"]), ""),
            (gettext("Spent"), yuan(found["spent"]), ""),
            (gettext("Under way"), yuan(found["under_way"]), ""),
            (gettext("Free again"), yuan(found["held"]), ""),
        ],
        says=[
            gettext(
                "No more water is bought back; what is not spent is free again. What is under way goes on."
            )
        ],
        sources=[found["legal_source"]],
    )


def storages() -> list[tuple[str, object]]:
    """Water accounts of public storage."""
    bodies = asking.pages("/v1/participants", kind="public_body")
    return [
        (
            account["id"],
            f"{body['name'] or ''} · {word(account['source'])} {account['water_year']} · {cubic(account['available'])}",
        )
        for body in bodies
        if body["public_storage"]
        for account in asking.pages("/v1/water-accounts", participant_id=body["id"])
        if account["status"] == "open"
    ]


def tradable() -> list[tuple[str, object]]:
    """Products of a year's water."""
    return [(each["id"], each["code"]) for each in frame.products() if each["tenure"] == "allocation"]


def _publish(_numbers: Typed, typed: Typed) -> Told:
    zones = frame.zones()
    return Told(
        facts=[
            (gettext("Zone"), zones.get(typed["zone"], typed["zone"])),
            (gettext("Document"), typed["document"]),
            (gettext("Days"), f"{typed['starts_on']} – {typed['ends_on']}"),
        ],
        figures=[
            (gettext("Budget"), yuan(typed["budget"]), gettext("held from the storage body's money")),
            (gettext("Multiple of the water price"), typed["multiple"], ""),
        ],
        says=[
            gettext(
                "Holders of the zone may sell saved water to public "
                "storage at this multiple of their water price."
            ),
            gettext("The budget is held at once, and no more than it is spent."),
        ],
    )


def _resale(_numbers: Typed, typed: Typed) -> Told:
    stock = asking.get(f"/v1/storage-accounts/{typed['water_account_id']}")
    return Told(
        facts=[
            (gettext("Volume"), cubic(typed["volume"])),
            (gettext("Lowest price"), price(typed["floor_price"])),
            (gettext("Closes"), typed["closes_at"].replace("T", " ")),
        ],
        figures=[
            (gettext("In storage, free"), cubic(stock["free"]), ""),
            (gettext("Public need"), cubic(stock["need"]), ""),
            (gettext("May be resold"), cubic(stock["resalable"]), ""),
            (gettext("Paid for it, on average"), price(stock["paid_price"]), ""),
        ],
        says=[
            gettext("Sealed bids come in until it closes; the highest are served, all at one price."),
            gettext("Public need comes first: only what is over may be resold."),
        ],
    )


def _round(numbers: Typed, _typed: Typed) -> Told:
    found = asking.get(f"/v1/resale-rounds/{numbers['resale_round_id']}")
    return Told(
        facts=[
            (gettext("Volume"), cubic(found["volume"])),
            (gettext("Lowest price"), price(found["floor_price"])),
            (gettext("Closes"), instant(found["closes_at"])),
        ],
        says=[
            gettext(
                "The sealed bids are opened; the highest are served "
                "at one price, the others get their money back."
            )
        ],
    )


_PROGRAMME = "/programmes/<prg:programme_id>"
ACTS = (
    Act(
        "calls.open_call",
        "/products/<prd:product_id>/calls",
        _l("Open a call auction"),
        _l("The auction is open."),
        back=BACK,
        asks=(
            Ask(
                "window",
                _l("Window"),
                "choice",
                choices=lambda: [(each, word(f"window_{each}")) for each in ("general", "farm_first")],
            ),
        ),
        signs=(REASON,),
        tells=_open,
    ),
    Act(
        "calls.close",
        f"{CALL}/close",
        _l("Close the auction and clear it"),
        _l("The auction is being cleared."),
        signs=(),
        back=CALL_PAGE,
        tells=of_call(
            _l("No order comes in any more; everything is cleared at once."),
            _l("The clearing is fixed by a hash before it is done; anybody can check it later."),
        ),
    ),
    Act(
        "calls.cancel",
        f"{CALL}/cancel",
        _l("Cancel the auction"),
        _l("The auction is cancelled."),
        danger=True,
        back=CALL_PAGE,
        tells=of_call(_l("Nothing is cleared; the orders go back to the book.")),
    ),
    Act(
        "calls.approve",
        f"{CALL}/approve",
        _l("Approve the auction's result"),
        _l("It is approved, or proposed for a second person."),
        back=CALL_PAGE,
        tells=_settling(
            _l("All fills of the auction settle at once, or none."),
            _l("Where the rule asks two persons, the first only proposes."),
        ),
    ),
    Act(
        "calls.reject",
        f"{CALL}/reject",
        _l("Reject the auction's result"),
        _l("It is rejected, or proposed for a second person."),
        danger=True,
        back=CALL_PAGE,
        tells=_settling(_l("No fill settles; water and money are free again.")),
    ),
    Act(
        "sessions.set_reference_price",
        "/products/<prd:product_id>/reference-prices",
        _l("Set the reference price"),
        _l("The reference price is set."),
        asks=(Ask("price", _l("New reference price"), "number", unit=_l("yuan/m³")),),
        signs=(REASON, LEGAL_SOURCE),
        tells=_reference,
        back="/desk/auctions/products/{product_id}",
    ),
    Act(
        "listings.stop",
        "/listings/<lst:listing_id>/stop",
        _l("Stop the bidding"),
        _l("The bidding is stopped."),
        danger=True,
        tells=_listing,
        back=BACK,
    ),
    Act(
        "programmes.approve",
        f"{_PROGRAMME}/approve",
        _l("Approve the purchase programme"),
        _l("It is approved, or proposed for a second person."),
        signs=(REASON, OTHER_SOURCE),
        tells=_programme(_l("Every seller's part becomes a trade under this one review, and settles.")),
        back=BACK,
    ),
    Act(
        "programmes.reject",
        f"{_PROGRAMME}/reject",
        _l("Reject the purchase programme"),
        _l("It is rejected, or proposed for a second person."),
        signs=(REASON, OTHER_SOURCE),
        tells=_programme(_l("Nothing is bought; what was held is free again for all.")),
        danger=True,
        back=BACK,
    ),
    Act(
        "buy_backs.publish",
        "/buy-backs",
        _l("Publish a buy-back"),
        _l("The buy-back is published."),
        back=BACK,
        asks=(
            Ask("product_id", _l("Product"), "choice", choices=tradable),
            Ask("water_account_id", _l("Into which storage account"), "choice", choices=storages),
            Ask(
                "zone",
                _l("Whose holders"),
                "choice",
                choices=lambda: frame.zone_choices(("county", "township", "district", "canal")),
            ),
            Ask("multiple", _l("Multiple of the water price"), "number"),
            Ask("budget", _l("Budget"), "number", unit=_l("yuan")),
            Ask("ceiling", _l("At most"), "number", unit=_l("m³"), required=False),
            Ask("starts_on", _l("From"), "day"),
            Ask("ends_on", _l("Until, that day included"), "day"),
            Ask("document", _l("Document"), hint=_l("Its number and day.")),
        ),
        signs=(),
        tells=_publish,
    ),
    Act(
        "buy_backs.close",
        "/buy-backs/<bbk:buy_back_id>/close",
        _l("Close the buy-back"),
        _l("The buy-back is closed."),
        tells=_buy_back,
        back=BACK,
    ),
    Act(
        "resales.open_round",
        "/resale-rounds",
        _l("Open a round of resale"),
        _l("The round is open."),
        back=BACK,
        asks=(
            Ask("water_account_id", _l("From which storage account"), "choice", choices=storages),
            Ask("volume", _l("Volume"), "number", unit=_l("m³")),
            Ask("floor_price", _l("Lowest price"), "number", unit=_l("yuan/m³")),
            Ask("closes_at", _l("Closes"), "instant"),
            Ask(
                "waiver",
                _l("Why below what was paid"),
                hint=_l("Only where the lowest price is below it."),
                required=False,
            ),
        ),
        signs=(),
        tells=_resale,
    ),
    Act(
        "resales.close",
        "/resale-rounds/<rsr:resale_round_id>/close",
        _l("Close the round"),
        _l("The round is closed."),
        signs=(),
        tells=_round,
        back=BACK,
    ),
    Act(
        "storage.state_need",
        "/storage-accounts/<wac:water_account_id>/need",
        _l("State the public need"),
        _l("The need is stated."),
        signs=(Ask("volume", _l("Public need"), "number", unit=_l("m³")), REASON),
        back=BACK,
        tells=lambda n, _t: Told(
            figures=[
                (
                    gettext("In storage, free"),
                    cubic(asking.get(f"/v1/storage-accounts/{n['water_account_id']}")["free"]),
                    "",
                )
            ],
            says=[gettext("Only what is over the need may be resold.")],
        ),
    ),
)
