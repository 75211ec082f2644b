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
        "announcements", "buy_back_takes", "calls_settled", "cases", "complaints", "leases", "listings_open",
        "negotiations_published", "pledges", "projects", "reports_disputed", "reports_verified", "subscriptions",
        "trust_accounts", "trust_members",
    ):  # fmt: skip
        assert counts[name] >= 1, name
    for each in report["sign_ins"]:
        assert each["password"] == people.password_of(each["login"])
    again = sites.play(season.url, "tiny")
    assert (again.returncode, "played there already" in again.stderr) == (1, True)
    assert season.violations() == []
