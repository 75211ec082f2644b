"""`karez demo county`, with few households: every chapter is played, once, and nothing is wrong after it."""

from __future__ import annotations

from market.demo import people
from tests.browser import site as sites


def test_a_season_leaves_something_for_every_desk_and_nothing_wrong(season: sites.Site) -> None:
    report = season.report
    counts = report["counts"]
    assert report["demonstration"] is True
    assert counts["regulators"] == 12
    assert counts["rights_confirmed"] > counts["meters"] - 5 > 20
    assert counts["trades"] >= 10
    assert counts["reviews_approved"] >= 1 and counts["reviews_waiting"] >= 1
    for name in (
        "announcements", "bank_lines_in_suspense", "bills", "bills_paid", "bills_paid_in_cash", "buy_back_takes",
        "calls_settled", "cases", "complaints", "curtailments", "documents", "hearings", "leases", "listings_open",
        "negotiations_published", "orders_cancelled", "payout_files", "pledges", "projects", "reduction_plans",
        "remittances", "reports_disputed", "reports_verified", "reviews_published", "subscriptions", "trust_accounts",
        "trust_members", "turn_sheets",
    ):  # fmt: skip
        assert counts[name] >= 1, name
    for each in report["sign_ins"]:
        assert each["password"] == people.password_of(each["login"])
    again = sites.play(season.url, "tiny")
    assert (again.returncode, "played there already" in again.stderr) == (1, True)
    assert season.violations() == []
