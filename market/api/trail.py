"""The audit trail over HTTP: published heads for everyone; entries, exports and addresses for who supervises."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec
from flask import Response

from market.api.http import actor, blueprint, page, paging, session, settings
from market.api.schemas import trail as shapes
from market.api.whose import through
from market.core import audit, clock, db, ids
from market.core.db import raw
from market.core.errors import InvalidInput, NotFound
from market.core.links import Entry
from market.participants import tokens, unmasking
from market.participants.privacy import Kind
from market.supervision.trail import heads, publishing

blp = blueprint("trail", "The audit trail: signed heads, entries, exports")

FILE = "application/octet-stream"
_EXPORT: dict[str, Any] = {
    "responses": {
        200: {
            "description": "Lines of JSON: a header with signed heads, then one entry a line.",
            "content": {FILE: {"schema": {"type": "string", "format": "binary"}}},
        }
    }
}
LINES_AT_ONCE = 200


@blp.route("/audit/heads", methods=["GET"])
@blp.response(200, shapes.HeadPage)
def list_heads() -> dict[str, Any]:
    """Signed heads of the audit chains, newest first: keep one, and nobody can shorten the trail before it unseen."""
    where = paging("auh")
    rows = publishing.published(raw(session()), before=where.after, limit=where.limit + 1)
    return page(
        [{"id": number, "key_fingerprint": heads.fingerprint(head.key), **head.document()} for number, head in rows],
        where.limit,
    )  # fmt: skip


@blp.route("/audit/entries", methods=["GET"])
@blp.arguments(shapes.EntryQuery, location="query")
@blp.response(200, shapes.EntryPage)
def list_entries(query: dict[str, Any]) -> dict[str, Any]:
    """Entries of one chain that fit everything asked for, newest first."""
    where = paging("aud")
    subject = query.pop("subject", None)
    if subject is not None:
        query["subject_type"], query["subject_id"] = _subject_of(subject)
    chain = query.pop("chain")
    found = publishing.search(
        raw(session()), chain=chain, before=where.after, limit=where.limit + 1, wanted=query
    )
    return page([_entry(each) for each in found], where.limit)


@blp.route("/audit/export", methods=["GET"])
@blp.doc(**_EXPORT)
@blp.arguments(shapes.ExportQuery, location="query")
def export(query: dict[str, Any]) -> Response:
    """The trail, or what came since an instant, as `karez audit verify` checks it anywhere."""
    secret, url = settings().secret(heads.PURPOSE), settings().url()
    audit.record(raw(session()), actor=actor().audit, action="audit.exported")
    name = f"karez-audit-{clock.today().isoformat()}.ndjson"
    return Response(
        _lines(url, secret, query["since"]),
        mimetype=FILE,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _lines(url: str, secret: bytes, since: dt.datetime | None) -> Iterator[bytes]:
    """The export while it is sent; one that breaks off lacks entries that its signed heads demand."""
    with db.connect(url) as connection:
        lines = publishing.export(connection, secret, since=since)
        while some := list(islice(lines, LINES_AT_ONCE)):
            yield b"\n".join(some) + b"\n"


@blp.route("/audit/sign-ins/<sig:sign_in_id>", methods=["GET"])
@blp.response(200, shapes.SignInOut)
def get_sign_in(sign_in_id: int) -> dict[str, Any]:
    """From which address and program somebody signed in; that it was looked at is itself recorded."""
    found = tokens.sign_in_of(session(), sign_in_id)
    if found is None:
        raise NotFound("there is no such sign-in")
    who = actor()
    participant = tokens.participant_of(session(), found)
    if participant is not None:  # who looked is told to the person
        unmasking.note(
            session(), actor=who.audit, roles=who.roles, participant_id=participant, kinds=[Kind.PLACE],
            purpose="a sign-in was looked up",
        )  # fmt: skip
    audit.record(raw(session()), actor=who.audit, action="sign_in.unmasked", subject=("sign_in", sign_in_id))
    return {
        "id": found.id, "user_id": found.user_id, "at": found.at, "address": found.address, "program": found.program,
    }  # fmt: skip


SUBJECTS = {
    "participant": "par", "user": "usr", "api_key": "key", "mandate": "man", "entitlement": "ent",
    "announcement": "ann", "water_account": "wac", "money_account": "mac", "limit": "cap", "product": "prd",
    "order": "ord", "trade": "trd", "instruction": "ins", "deposit": "dep", "payout": "pay", "meter": "mtr",
    "reading": "rdg", "curtailment": "cur", "carry_over": "cov", "objection": "obj", "document": "doc",
    "water_assessment": "asm", "trust": "tru", "trust_member": "tmb", "pledge_consent": "pco", "pledge": "plg",
    "pledge_sale": "psl", "reference_price": "rpr", "kill_switch": "kil", "lease": "lea", "negotiation": "neg",
    "programme": "prg", "subscription": "sub", "call": "cal", "finding": "fnd", "turn_sheet": "trn",
    "delivery": "dlv", "buy_back": "bbk", "buy_back_take": "bbt", "storage_assignment": "sas",
    "resale_round": "rsr", "resale_bid": "rsb", "firm": "frm", "firm_qualification": "fql", "credit_entry": "cre",
    "project": "prj", "proposal": "prp", "project_mark": "mrk", "saving_contract": "sct", "contract_due": "due",
    "contract_baseline": "bsl", "saving_report": "srp", "report_adjustment": "adj", "measuring_point": "mpt",
    "point_reading": "mpr", "point_bill": "mpb", "listing": "lst", "bidder": "bdr", "bid": "bid", "sign_in": "sig",
    "desk_review": "rvw", "notice": "ntc", "complaint": "cpl", "desk_interest": "itr", "desk_deputy": "dpt",
    "halt": "hlt", "order_cancellation": "itv", "settlement_reversal": "rvs",
    "unmasking": "umk", "erasure_request": "ers",
    "surveillance_alert": "alr", "surveillance_run": "svr", "party_mark": "pmk", "price_decision": "pdc",
    "supervision_case": "cas", "credit_appeal": "apl",
    "reduction_plan": "rdp", "filing": "flg", "department_figure": "dpf", "plan_result": "plr", "inspection": "isp",
    "national_export": "exn", "early_warning": "ewn", "clock_advance": "tcl",
    "billing_run": "wbr", "water_bill": "wbl", "water_bill_payment": "wbp", "water_receipt": "rct",
    "remittance": "rmt", "offset_consent": "wbo",
    "webhook_endpoint": "whe", "external_id": "xid", "fee_invoice_run": "fir", "fee_invoice": "fin",
    "bank_account": "bac", "bank_payout": "bpl", "bank_payout_file": "bpf", "bank_statement": "bst", "bank_line": "bsn",
}  # fmt: skip
"""The kind of subject in the trail: the type of its public id. What has none is named by its kind alone."""
_KINDS = {prefix: kind for kind, prefix in SUBJECTS.items()}


def _subject_of(text: str) -> tuple[str, int]:
    """Errors: NotFound (what this installation never gave out), InvalidInput (what the trail never names)."""
    prefix = text.partition("_")[0]
    if prefix not in _KINDS:
        raise InvalidInput("the trail has no subjects of this type", pointer="/subject")
    return _KINDS[prefix], ids.parse(prefix, text)


def _entry(entry: Entry) -> dict[str, Any]:
    link, who = entry.link, entry.link.actor
    prefix = SUBJECTS.get(link.subject_type or "")
    return {
        "id": entry.seq, "chain": entry.chain, "at": link.at, "action": link.action, "subject_type": link.subject_type,
        "subject_id": ids.public(prefix, link.subject_id) if prefix and link.subject_id else None,
        "user_id": who.user_id, "participant_id": who.participant_id, "mandate_id": who.mandate_id,
        **through(who.origin), "request_id": who.request_id, "detail": msgspec.json.decode(link.detail),
        "hash": entry.hash.hex(), "previous": entry.previous.hex(), "seq": entry.seq,
    }  # fmt: skip
