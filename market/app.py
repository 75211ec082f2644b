"""The composition root: settings, database, engine and every route become one WSGI application."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import msgspec
from flask_smorest import Blueprint
from werkzeug.routing import BaseConverter

from market.api import deprecation, http, limits, shortway, spec, telemetry
from market.api import errors as error_table
from market.api.document import DocumentedApi
from market.api.permissions import ROUTES
from market.api.schemas.fields import PublicId
from market.core import clock, db, ids, kept
from market.core.config import Settings
from market.core.errors import UnknownId
from market.participants import tokens
from market.trading.client import Exchange, client
from market.web import failing as web_failing
from market.web import sitting, spoken

API_MODULES = (
    "auth", "participants", "users", "keys", "county", "registry", "entitlements", "season", "water_accounts",
    "metering", "trusts", "pledges", "deliveries", "payments", "products", "orders", "trades", "reviews", "health",
    "turns", "imports", "life", "papers", "calls",
    "listings", "market_data", "board_data", "negotiations", "leases", "programmes", "sessions", "kill_switches",
    "buy_backs", "storage", "firms", "projects", "points", "saving_contracts", "reports", "nights", "appraisals",
    "forecasts",
    "trust_accounts", "statements", "households", "saving_lots", "claw_backs", "trail", "interventions", "reversals",
    "data_protection",
    "watching", "cases",
    "appeals",
    "early_warning", "supervision_reports", "departments", "national_exports",
    "desks", "desk_people", "notices", "standing",
    "gateway_payments", "gateway_payouts", "reconciliations", "test_county", "own_sign_in",
    "water_bills", "billing_runs", "events", "webhooks", "external_ids",
    "bank_accounts", "bank_files", "account_statements", "fee_invoices", "sheet_runs",
)  # fmt: skip

PAGE_MODULES = (
    "assets", "signing_in", "forgotten", "applying", "counter",
    "account.identity", "account.proofs", "account.own_data", "account.credit", "account.programs", "account.webhooks",
    "board.home", "board.market", "board.limits", "board.districts", "board.announcements", "board.objections",
    "board.verifying", "board.firms", "board.rulebook",
    "holder.my_water", "holder.selling", "holder.buying", "holder.orders",
    "holder.trades", "holder.joining", "holder.offering", "holder.deals", "holder.offers", "holder.trusts",
    "holder.pledges",
    "holder.money", "holder.statements", "holder.bills", "holder.bank", "holder.fee_invoices",
    "holder.meters", "holder.gates", "holder.turn_sheets", "holder.rights", "holder.messages",
    "bureau.desk", "bureau.matters", "bureau.rights", "bureau.warning", "bureau.watching", "bureau.interventions",
    "bureau.announcing", "bureau.auctions", "bureau.participants", "bureau.limits", "bureau.meters", "bureau.excel",
    "bureau.deliveries", "bureau.duties", "bureau.pledges", "bureau.savings",
    "bureau.money", "bureau.bills", "bureau.bank", "bureau.fee_invoices", "bureau.trail", "bureau.acting",
    "firm.projects", "firm.appraising", "firm.contracting", "firm.contracts", "firm.points", "firm.drafting",
    "firm.trust", "firm.reports", "firm.lots", "firm.pledges",
    "certificates", "contract_pages", "report_pages", "notice_pages", "bill_pages", "statement_pages",
    "fee_invoice_pages",
)  # fmt: skip
"""Pages for people, of market.web."""

ID_PREFIXES = {
    "par": "participant", "usr": "user", "key": "API key", "man": "mandate", "ent": "entitlement",
    "ann": "announcement", "wac": "water account", "mac": "money account", "cap": "limit", "prd": "product",
    "cmd": "command to the engine",
    "ord": "order", "trd": "trade", "ins": "instruction", "rev": "review", "dep": "deposit", "pay": "payout",
    "mtr": "meter", "rdg": "reading", "cur": "curtailment", "cov": "carry-over",
    "obj": "objection", "doc": "document", "asm": "water assessment",
    "tru": "trust", "tmb": "trust membership",
    "pco": "consent to a search", "plg": "pledge", "psl": "sale of pledged water", "evt": "event",
    "rpr": "reference price", "kil": "kill switch",
    "lea": "lease", "neg": "negotiation", "prg": "purchase programme", "sub": "subscription",
    "cal": "call", "fnd": "finding", "trn": "turn sheet", "dlv": "delivery",
    "bbk": "buy-back", "bbt": "take of a buy-back", "bbl": "list of a buy-back",
    "sas": "assignment of stored water", "rsr": "round of resale", "rsb": "bid in a resale",
    "frm": "service firm", "fql": "qualification", "cre": "entry of a credit record",
    "prj": "saving project", "prp": "proposal", "mrk": "mark of a project",
    "sct": "saving contract", "due": "due under a saving contract",
    "bsl": "baseline", "srp": "saving report", "adj": "adjustment of a report",
    "inv": "invoice", "hhp": "payout to households", "hhs": "household's part of a payout",
    "tbl": "bill of a supplier", "tmv": "movement of a trust account",
    "mpt": "measuring point", "mpr": "reading of a measuring point", "mpb": "bill of a measuring point",
    "mpn": "night of a measuring point",
    "lst": "listing",
    "clr": "clearance of saved water", "svl": "lot of saved water", "clb": "claw-back",
    "auh": "head of the audit trail", "aud": "entry of the audit trail", "sig": "sign-in",
    "umk": "look at personal data", "ers": "request to erase",
    "bdr": "bidder", "bid": "bid",
    "rvw": "file of a matter before a desk", "hrg": "hearing", "rob": "objection to a published matter",
    "itr": "declared interest", "dpt": "deputy", "ntc": "notice", "cpl": "complaint",
    "alr": "alert", "svr": "look of surveillance", "pmk": "mark of a participant", "pdc": "decision that moves prices",
    "cas": "case", "apl": "appeal against a credit record",
    "itv": "intervention", "hlt": "halt", "rvs": "reversal of a settlement",
    "ewn": "early warning of a day", "rdp": "reduction plan", "flg": "filing", "dpf": "figure of a department",
    "plr": "result of the plan", "isp": "inspection", "exn": "national export",
    "gpy": "payment through a provider", "grf": "refund of a payment", "gpo": "payout through a provider",
    "rcd": "difference of a reconciliation",
    "tcl": "move of the test county's clock",
    "wbr": "billing run", "wbl": "water bill", "wbp": "payment of a water bill", "rct": "receipt",
    "rmt": "remittance", "wbo": "consent to an offset",
    "evn": "event told to programs", "whe": "webhook endpoint", "whd": "delivery to a webhook endpoint",
    "xid": "external id",
    "bac": "bank account of a participant", "bpl": "payout by bank file", "bpf": "payout file for the bank",
    "fir": "run of fee invoices", "fin": "fee invoice",
    "bst": "bank statement", "bsn": "line of a bank statement", "shr": "file of a register",
}  # fmt: skip
NO_ROW = 0
COUNTY_OF_TEST = ("Karez-County", "test")
"""The header of every answer of the test county."""
BUSY = msgspec.json.encode(
    {
        "type": "/problems/test_county_busy", "title": "The test county is busy", "status": 503,
        "code": "test_county_busy", "detail": "Too many requests at once: send it again.",
    }
)  # fmt: skip


def _converter(prefix: str) -> type[BaseConverter]:
    """A path part that is shaped as a public id of one type; anything else is not a path of this service (404).

    One that this installation never gave out becomes NO_ROW, so that its route answers as for any unknown thing: an
    error here would make the router answer 405 where the same path knows another method.
    """

    def to_python(_self: BaseConverter, value: str) -> int:
        try:
            return ids.parse(prefix, value)
        except UnknownId:
            return NO_ROW

    def to_url(_self: BaseConverter, value: int) -> str:
        return ids.public(prefix, value)

    shape = PublicId(prefix).pattern.strip("^$")
    name = f"{prefix.title()}Converter"
    return type(name, (BaseConverter,), {"to_python": to_python, "to_url": to_url, "regex": shape})


def create_app(
    settings: Settings | None = None,
    *,
    exchange: Callable[[], Exchange] | None = None,
    rate_limits: bool = True,
) -> http.KarezFlask:
    """The application. `exchange` replaces the engine's socket in tests; `rate_limits` off is for load of one's own."""
    settings = settings or Settings.from_environment()
    app, _ = _assemble(settings, rate_limits=rate_limits)
    bind(app, settings, exchange or (lambda: client(str(settings.engine_socket))))
    test = settings.of_test_county()
    if test is not None:
        app.test_county = OtherCounty(test, rate_limits=rate_limits)
    return app


class OtherCounty:
    """The test county's application in the same process: made at the first request, by its own settings and clock."""

    def __init__(
        self, settings: Settings, *, exchange: Callable[[], Exchange] | None = None, rate_limits: bool = True
    ) -> None:
        """As for `create_app`."""
        assert settings.clock_file is not None
        self._make = partial(create_app, settings, exchange=exchange, rate_limits=rate_limits)
        self._url = settings.url()
        self._ahead = clock.Ahead(settings.clock_file)
        self._generation = self._ahead.generation()
        self._places = threading.BoundedSemaphore(settings.threads)
        self._making = threading.Lock()
        self._app: http.KarezFlask | None = None

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """One request, whose answer says which county it is of."""

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start_response(status, [*headers, COUNTY_OF_TEST], *more)

        if not self._places.acquire(blocking=False):
            start("503 SERVICE UNAVAILABLE", [("Content-Type", error_table.PROBLEM), ("Retry-After", "1")])
            return [BUSY]
        try:
            app = self._ready()
            with clock.ahead(self._ahead):
                return app(environ, start)
        finally:
            self._places.release()

    def _ready(self) -> http.KarezFlask:
        with self._making:
            generation = self._ahead.generation()
            if generation != self._generation:  # made anew: nothing that was kept of it is true
                kept.forget()
                db.dispose(self._url)
                self._generation = generation
            if self._app is None:
                self._app = self._make()
            return self._app


def bind(app: http.KarezFlask, settings: Settings, exchange: Callable[[], Exchange]) -> None:
    """Points an assembled application at a database and an exchange; its secret stays the one it was made with."""
    db.unlock_ids(settings.url())
    app.config.update(KAREZ=settings, EXCHANGE=exchange)
    app.short_way = shortway.ShortWay(app)


def describe() -> dict[str, Any]:
    """The OpenAPI document; needs neither database nor engine."""
    _, api = _assemble(Settings(secret_key="the document needs no secret of its own"), rate_limits=False)  # noqa: S106
    return api.document()


def _assemble(settings: Settings, *, rate_limits: bool) -> tuple[http.KarezFlask, DocumentedApi]:
    app = http.KarezFlask("market")
    app.config["KAREZ"] = settings
    app.secret_key = settings.secret("pages")
    app.config.update(spec.CONFIG)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    for prefix in ID_PREFIXES:
        app.url_map.converters[prefix] = _converter(prefix)
    tokens.configure(app, settings)
    telemetry.register(app)
    http.register(app)
    spoken.register(app)
    sitting.register(app)
    limits.register(app, settings.requests_per_minute if rate_limits else 0)
    api = DocumentedApi(app, ID_PREFIXES)
    for blueprint in blueprints():
        api.register_blueprint(blueprint)
    for name in PAGE_MODULES:
        app.register_blueprint(import_module(f"market.web.{name}").blp)
    _check_declared(app)
    error_table.register(app)
    web_failing.register(app)
    return app, api


def blueprints() -> list[Blueprint]:
    """Every group of routes, in the order of API_MODULES."""
    found: list[Blueprint] = []
    for name in API_MODULES:
        module: Any = import_module(f"market.api.{name}")
        found.extend(value for value in vars(module).values() if isinstance(value, Blueprint))
    return found


def _check_declared(app: http.KarezFlask) -> None:
    """No route without a row in the permission table, and no row without a route."""
    routes = {rule.endpoint for rule in app.url_map.iter_rules()} - {"static"} - spec.ENDPOINTS
    if routes != ROUTES.keys():
        raise RuntimeError(
            f"undeclared routes: {sorted(routes - ROUTES.keys())};"
            f" rows without a route: {sorted(ROUTES.keys() - routes)}"
        )
    wrong = deprecation.problems(ROUTES.keys())
    if wrong:
        raise RuntimeError(f"deprecated routes: {'; '.join(wrong)}")
