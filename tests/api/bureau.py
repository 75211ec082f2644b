"""What belongs to nobody or to the bureau, for the matrix of who may call what."""

from __future__ import annotations

from market.core import clock, db, ids
from market.registry.season_models import CarryOver
from market.supervision.warning.models import ReductionPlan
from market.trading.call_models import Call
from tests.api import saved, watched
from tests.api.county import YEAR, County, product
from tests.api.saving import paper


def bureau_ids(county: County) -> dict[str, str]:
    """What belongs to nobody: the same for everyone."""
    return {
        "limit_id": county.get("auditor", "/limits")["data"][0]["id"],
        "user_id": ids.public("usr", county.id_of("spare")),
        "announcement_id": county.get("auditor", "/announcements")["data"][0]["id"],
        "product_id": product(county),
        "objection_id": county.get("registrar", "/objections")["data"][0]["id"],
        "certificate_code": ids.public("ver", ids.parse("ent", county.mine["entitlement"])),
        "curtailment_id": _curtailment(county),
        "carry_over_id": _year_end(county),
        "bank_id": county.bank,
        "call_id": _a_call(county),
        "programme_id": county.programme,
        "factory_account": county.get("factory", "/water-accounts")["data"][0]["id"],
        "kill_switch_id": _kill_switch(county),
        "halt_id": _halt(county),
        "cancellation_id": _cancellation(county),
        "buy_back_id": county.offer,
        "resale_round_id": county.round,
        "firm_qualification_id": _paper(county),
        "project_mark_id": _mark(county),
        **watched.furnish(county),
        "sign_in_id": ids.public("sig", 1),
        "advance_id": _advance(county),
        **supervised(county),
        "difference_id": _difference(county),
        **_billed(county),
        **saved.banking(county),
        "review_id": county.get("reviewer", "/reviews")["data"][0]["id"],
        "desk": "trades",
        **_desks(county),
    }


def _advance(county: County) -> str:
    """A move of the clock, as a test county has them."""
    with db.connect(county.settings.url()) as connection:
        [made] = connection.execute(
            "INSERT INTO clock_advances (from_at, to_at, reached_at, status, asked_by) SELECT now(),"
            " now() + interval '1 day', now() + interval '1 day', 'done', min(id) FROM users RETURNING id"
        ).fetchone() or (0,)
    return ids.public("tcl", made)


def _desks(county: County) -> dict[str, str]:
    """A file at a desk with a hearing and an objection, a declared interest and a deputy."""
    file = county.get("reviewer", "/desks/trades/queue")["data"][0]["id"]
    body = {"participant_id": county.bank, "relation": "kin"}
    user = {name: county.get(name, "/me")["user_id"] for name in ("reviewer", "registrar")}
    today = clock.today().isoformat()
    stands_in = {
        "desk": "trades", "member_id": user["reviewer"], "deputy_id": user["registrar"], "from_on": today,
        "to_on": today, "reason": "tests",
    }  # fmt: skip
    with db.connect(county.settings.url()) as connection:
        [objection] = connection.execute(
            "INSERT INTO review_objections (review_id, participant_id, grounds, lodged_by) SELECT %s, p.id, 't', u.id"
            " FROM participants p, users u WHERE u.participant_id = p.id LIMIT 1 RETURNING id",
            (ids.parse("rvw", file),),
        ).fetchone() or (0,)
    return {
        "desk_review_id": file,
        "hearing_id": county.post("reviewer", f"/desk-reviews/{file}/hearings", {"reason": "tests"})["id"],
        "review_objection_id": ids.public("rob", objection),
        "desk_interest_id": county.post("reviewer", "/desk-interests", body)["id"],
        "desk_deputy_id": county.post("supervisor", "/desk-deputies", stands_in)["id"],
    }


def supervised(county: County) -> dict[str, str]:
    """A report, a filing, an inspection, an export for a national system, and a reduction plan: a row alone."""
    inspection = {
        "title": "t", "subject": "t", "inspectors": "t", "legal_source": "t",
        "planned_on": clock.today().isoformat(),
    }  # fmt: skip
    asked = {"duty": "yearly-use", "year": YEAR, "report": "caps"}
    with county.app.app_context(), db.transaction(county.settings.url()) as session:
        plan = ReductionPlan(
            limit_id=ids.parse("cap", county.get("auditor", "/limits")["data"][0]["id"]), colour="orange",
            measure="use", reduce_litres=1, due_on=clock.today(), responsible="t", measures="t", document="t",
            legal_source="t",
        )  # fmt: skip
        session.add(plan)
        session.flush()
        found = {"reduction_plan_id": ids.public("rdp", plan.id), "report_name": "caps"}
    with db.connect(county.settings.url()) as connection:
        run = connection.execute(
            "INSERT INTO sheet_runs (register, filename, sha256, partial, status, asked_by, request_id, ended_at)"
            " SELECT 'meters', '', '\\x00', false, 'done', min(id), '', now() FROM users RETURNING id"
        ).fetchone()
    assert run is not None
    return found | {
        "sheet_run_id": ids.public("shr", run[0]),
        "filing_id": county.post("supervisor", "/filings", asked)["id"],
        "inspection_id": county.post("supervisor", "/inspections", inspection)["id"],
        "national_export_id": county.post(
            "supervisor", "/national-exports", {"kind": "use", "water_year": YEAR}
        )["id"],
    }


def _billed(county: County) -> dict[str, str]:
    """A billing run and a remittance that was refused: rows alone."""
    with db.connect(county.settings.url()) as connection:
        row = connection.execute(
            "WITH who AS (SELECT min(id) AS id, max(id) AS other FROM users), made AS ("
            " INSERT INTO remittances (side, until_on, payments, fen, cash_fen, status, made_by, decided_by,"
            " decided_at, reason) SELECT 'supplier', now(), 1, 1, 0, 'refused', id, other, now(), 't' FROM who"
            " RETURNING id)"
            " SELECT made.id, (SELECT min(id) FROM billing_runs), (SELECT min(id) FROM fee_invoice_runs) FROM made"
        ).fetchone()
    assert row is not None
    return {
        "remittance_id": ids.public("rmt", row[0]), "billing_run_id": ids.public("wbr", row[1]),
        "village": "DEMO-VILLAGE", "fee_invoice_run_id": ids.public("fir", row[2]),
    }  # fmt: skip


def _difference(county: County) -> str:
    """A case of a reconciliation that nobody looked at."""
    with db.connect(county.settings.url()) as connection:
        row = connection.execute(
            "INSERT INTO reconciliation_differences (day, kind, subject) VALUES (now(), 'not_in_books', 'line:1')"
            " RETURNING id"
        ).fetchone()
    assert row is not None
    return ids.public("rcd", row[0])


def _paper(county: County) -> str:
    """A paper of my firm that the bureau has not checked."""
    found: str = county.post(
        "mine-firm", f"/firm-registrations/{county.mine['firm']}/qualifications", paper()
    )["id"]
    return found


def _mark(county: County) -> str:
    body = {"mark": "pilot", "level": "county", "document": "tests"}
    found: str = county.post("registrar", f"/projects/{county.mine['project']}/marks", body)["id"]
    return found


def _kill_switch(county: County) -> str:
    """A switch on what nobody trades, lifted already."""
    reclaimed = next(
        p["id"] for p in county.get("auditor", "/products")["data"] if p["source"] == "reclaimed"
    )
    body = {"product_id": reclaimed, "reason": "tests", "legal_source": "tests"}
    found: str = county.post("supervisor", "/kill-switch", body)["id"]
    county.post("supervisor", f"/kill-switch/{found}/lift", {"reason": "tests"})
    return found


def _halt(county: County) -> str:
    """A halt of what nobody trades, lifted already."""
    reclaimed = next(
        p["id"] for p in county.get("auditor", "/products")["data"] if p["source"] == "reclaimed"
    )
    body = {
        "scope": "product",
        "product_id": reclaimed,
        "orders": "stay",
        "reason": "tests",
        "legal_source": "tests",
    }
    found: str = county.post("supervisor", "/interventions/halts", body)["id"]
    county.post("supervisor", f"/interventions/halts/{found}/lift", {"reason": "tests"})
    return found


_CANCELLATION_SQL = """
WITH made AS (
  INSERT INTO interventions (kind, reason, legal_source, ordered_by, ordered_at)
  SELECT 'cancellation', 'tests', 'tests', min(id), now() FROM users RETURNING id
)
INSERT INTO order_cancellations (id, filter, orders, participants, sell_litres, buy_litres, held_fen, digest, inbox_id,
                                 ordered_at)
SELECT made.id, '{}', 1, 1, 0, 0, 0, '', (SELECT min(id) FROM inbox), now() FROM made RETURNING id
"""


def _cancellation(county: County) -> str:
    """A cancellation that ended nothing: its rows alone."""
    with db.connect(county.settings.url()) as connection:
        [made] = connection.execute(_CANCELLATION_SQL).fetchone() or (0,)
    return ids.public("itv", made)


def _curtailment(county: County) -> str:
    """A cut of water that nobody trades."""
    cap = next(
        each
        for each in county.get("auditor", f"/limits?kind=cap&water_year={YEAR + 1}&limit=200")["data"]
        if each["source"] == "reclaimed"
    )
    body = {
        "water_year": YEAR + 1, "cuts": [{"limit_id": cap["id"], "volume": "1"}], "reason": "tests",
        "legal_source": "tests",
    }  # fmt: skip
    found: str = county.post("registrar", "/curtailments", body)["id"]
    return found


def _a_call(county: County) -> str:
    """A call that is over, of which nothing is left to do."""
    with county.app.app_context(), db.transaction(county.settings.url()) as session:
        made = Call(
            product_id=ids.parse("prd", product(county)), status="settled", commitment="", committed="", record="{}",
            resolved_at=clock.now(),
        )  # fmt: skip
        session.add(made)
        session.flush()
        return ids.public("cal", made.id)


def _year_end(county: County) -> str:
    """The end of a year in which nothing was left."""
    with county.app.app_context(), db.transaction(county.settings.url()) as session:
        made = CarryOver(
            water_year=YEAR + 1, remained_litres=0, repaid_litres=0, carried_litres=0, evaporated_litres=0,
            expired_litres=0, closed_by=None,
        )  # fmt: skip
        session.add(made)
        session.flush()
        return ids.public("cov", made.id)
