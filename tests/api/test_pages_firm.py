"""Saving contracts in the browser: from a call for proposals to a saving that is shared out, exactly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from market.core import clock
from market.web.firm import terms as terms_form
from tests.api.contracting import drafted, funded, main_point, seats, terms
from tests.api.county import County, open_county
from tests.api.reporting import OPERATION, base_body, billed_point, quarter, read
from tests.api.test_pages_holder import done, sent, shown, signed_in

HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def county(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    with open_county(database_url, tmp_path_factory.mktemp("firm")) as found:
        found.mine.update(seats(found))
        for name in ("valves", "school"):
            funded(found, found.mine[name], "9000000.00")
        yield found


@pytest.fixture(scope="module")
def browsers(county: County) -> dict[str, FlaskClient]:
    return {name: signed_in(county, name) for name in ("school", "valves", "lender", "judge")}


@pytest.fixture(scope="module")
def contract(county: County, browsers: dict[str, FlaskClient]) -> str:
    """A contract that its three parties signed on its page, with a baseline to which two consented there."""
    point = billed_point(county, county.mine, 77)
    for months in range(1, 4):
        read(county, point, months, str(700 * months))
    made = drafted(county, terms(county.mine, point))
    address = f"/firm/contracts/{made}"
    for name in ("school", "valves", "lender"):
        assert made in shown(browsers[name], "/firm")
        digest = county.get(name, f"/saving-contracts/{made}/text")["sha256"]
        assert f'name="sha256" value="{digest}"' in shown(browsers[name], address, "Sign this version")
        assert done(browsers[name], address, f"{address}/sign", sha256=digest) == address
    done(browsers["valves"], address, f"{address}/phase", **OPERATION)
    baseline = county.post("valves", f"/saving-contracts/{made}/baselines", base_body())["id"]
    for name in ("school", "valves"):
        done(browsers[name], address, f"{address}/consent/{baseline}", sha256=_hash_of(county, made))
    return made


def _hash_of(county: County, contract: str) -> str:
    found: str = county.get("valves", f"/saving-contracts/{contract}/baselines")["data"][-1]["sha256"]
    return found


def test_a_firm_shares_a_saving_out_to_the_fen(
    county: County, browsers: dict[str, FlaskClient], contract: str
) -> None:
    draft = county.post("valves", f"/saving-contracts/{contract}/reports", quarter())
    address = f"/firm/reports/{draft['id']}"
    for name in ("school", "valves"):
        page = shown(browsers[name], address, "How it was reckoned", "Accept the report")
        assert "data-chart=" in page
        heading = page[page.index("<h1>") : page.index("</h1>")]
        over = dt.date.fromisoformat(draft["ends_on"])  # the first day that is no more of it
        assert f'datetime="{over - dt.timedelta(days=1)}"' in heading and f'datetime="{over}"' not in heading
        done(browsers[name], address, f"{address}/accept", sha256=draft["sha256"])
    early = sent(browsers["judge"], address, f"{address}/certify", sha256="00" * 32)
    assert early.status_code in (409, 422)
    assert 'role="alert"' in early.text
    done(browsers["judge"], address, f"{address}/certify", sha256=draft["sha256"])
    soon = sent(browsers["valves"], address, f"{address}/distribute")
    assert soon.status_code in (409, 422), "somebody may still object"
    with clock.moved_to(clock.now() + dt.timedelta(days=60)):
        later = signed_in(county, "valves")
        assert done(later, address, f"{address}/distribute") == address
        shown(later, address, "Statement of the period")
        money = shown(later, "/firm/cash-flow", "data-chart=", "you receive")
        report = county.client.get(f"/v1/saving-reports/{draft['id']}", headers=_now(county)).json
    shares = report["distribution"]["shares"]
    assert sum(Decimal(each["amount"]) for each in shares) == Decimal(report["distribution"]["benefit"])
    own = next(each["amount"] for each in shares if each["participant_id"] == county.mine["valves"])
    whole, _, rest = own.partition(".")
    assert f"{int(whole):,}.{rest}" in money


def _now(county: County) -> dict[str, str]:
    """Headers of the auditor with a session of now."""
    county.user("auditor-now", "auditor")
    return county.headers("auditor-now")


def test_a_call_is_published_proposed_for_and_decided(
    county: County, browsers: dict[str, FlaskClient]
) -> None:
    until = (clock.now().astimezone(clock.LEGAL_ZONE) + dt.timedelta(days=20)).strftime("%Y-%m-%dT%H:%M")
    where = done(
        browsers["school"], "/firm/calls/new", "/firm/calls/new", kind="public_institution", title="Old pipes",
        description="Leaking since 1998", township="653123101", use="24000", longest_months="60", closes_at=until,
    )  # fmt: skip
    shown(browsers["valves"], "/firm/calls", "Old pipes")
    shown(browsers["valves"], where, "Leaking since 1998", "Hand the proposal in")
    wrong = sent(browsers["valves"], where, f"{where}/propose", mode="sharing", saving="x", term_months="36",
                 investment="1000.00", share="0.5", measures="new valves")  # fmt: skip
    assert wrong.status_code == 422
    assert 'aria-invalid="true"' in wrong.text
    done(browsers["valves"], where, f"{where}/propose", mode="sharing", saving="6000", term_months="36",
         investment="1000.00", share="0.5", measures="new valves")  # fmt: skip
    proposal = county.get("valves", "/proposals")["data"][-1]["id"]
    done(browsers["school"], where, f"{where}/choose", proposal_id=proposal, reason="most water")
    shown(browsers["valves"], where, "chosen")


def test_every_page_says_a_fact_in_both_languages(
    county: County, browsers: dict[str, FlaskClient], contract: str
) -> None:
    point = county.get("school", "/measuring-points")["data"][0]["id"]
    for name, address, english, chinese in (
        ("valves", "/firm", "What waits for you", "待办事项"),
        ("valves", "/firm/contracts", "A school&#39;s pipes", "效益分享"),
        ("school", f"/firm/contracts/{contract}", "Where it stands", "办理进度"),
        ("valves", "/firm/reports", "Adjusted baseline", "调整后基准用水"),
        ("valves", "/firm/cash-flow", "What is and was due", "应收应付"),
        ("valves", "/firm/registration", "Works in", "业务领域"),
        ("school", "/firm/points", "Accuracy class", "准确度等级"),
        ("school", f"/firm/points/{point}", "Record a reading", "登记读数"),
        ("judge", "/firm", "To verify", "待核验"),
    ):
        shown(browsers[name], address, english)
        shown(browsers[name], address, chinese, language="zh-CN")
    stranger = county.app.test_client()
    assert stranger.get(f"/firm/contracts/{contract}", headers=HTML).status_code == 303


def _typed(county: County, point: str) -> dict[str, str]:
    """The terms of `terms` as a person types them."""
    whole = terms(county.mine, point)
    return {
        name: str(whole[name])
        for name in ("kind", "mode", "title", "starts_on", "ends_on", "period_months", "duties", "equipment")
    } | {
        "user_id": county.mine["school"], "user_size": "public_body", "firm_id": county.mine["valves"],
        "firm_size": "small", "others": f"{county.mine['lender']} | financier | large", "boundary": point,
        "verifier_id": county.mine["judge"], "investment": "300000.00", "price_basis": "fixed", "price": "3.2",
        "deposit": "20000.00", "payment_days": "30", "late": "0.0005", "vat": "",
        "early_end": "1 | 50000.00\n3|10000.00",
        "rows": "1 | 0.05 0.9 0.05\n4 | 0.45 0.5 0.05", "water_shares": "0.6 0.3 0.1",
    }  # fmt: skip


def test_a_contract_is_drafted_as_a_form_and_another_version_of_it(
    county: County, browsers: dict[str, FlaskClient]
) -> None:
    point = main_point(county, county.mine["school"])
    new, typed = "/firm/contracts/new", _typed(county, point)
    assert f'href="{new}"' in shown(browsers["valves"], "/firm/contracts")
    assert f'value="{county.mine["valves"]}"' in shown(browsers["valves"], new)
    wrong = sent(browsers["valves"], new, new, **typed | {"rows": "1 | 0.5"})
    assert wrong.status_code == 422 and 'role="alert"' in wrong.text and "1 | 0.5" in wrong.text
    page = done(browsers["valves"], new, new, **typed)
    contract = page.rpartition("/")[2]
    made, asked = county.get("valves", f"/saving-contracts/{contract}")["terms"], terms(county.mine, point)
    assert made == county.get("valves", f"/saving-contracts/{drafted(county, asked)}")["terms"]
    amend = f"{page}/amend"
    shown(browsers["school"], amend, "4 | 0.4500 0.5000 0.0500", county.mine["lender"])
    same = terms_form.typed_of(made)
    done(browsers["school"], amend, amend, **same)
    again = county.get("valves", f"/saving-contracts/{contract}")
    assert again["terms"] == made, "what is not changed stays as it is"
    done(browsers["school"], amend, amend, **same | {"title": "Pipes and taps", "early_end": ""})
    now = county.get("valves", f"/saving-contracts/{contract}")
    assert now["terms"] == made | {"title": "Pipes and taps", "early_end": []}
    assert len(now["versions"]) > len(again["versions"])


def test_a_project_is_weighed_before_anybody_signs(county: County, browsers: dict[str, FlaskClient]) -> None:
    typed = {
        "base_use": "2000000", "savings": " ".join(["1000000"] * 10), "price": "3.55", "investment": "9580000.00",
        "rows": "1 | 0.1 0.9", "rate": "0.08",
    }  # fmt: skip
    page, valves = "/firm/appraise", browsers["valves"]
    assert f'href="{page}"' in shown(valves, "/firm")
    assert "Worth today" not in shown(valves, page)
    # SAVINGS section 9, 3 without recovery: the firm's nine tenths are worth 11 858 710.07
    shown(valves, f"{page}?{urlencode(typed)}", "11,858,710.07 yuan", "2,382,078.90 yuan", "year by year")
    three = typed | {"rows": "1 | 0.1 0.8 0.1"}
    shown(valves, f"{page}?{urlencode(three)}", "financier")
    wrong = valves.get(f"{page}?{urlencode(typed | {'price': 'x'})}&lang=en", headers=HTML)
    assert wrong.status_code == 422 and 'role="alert"' in wrong.text and 'value="9580000.00"' in wrong.text
