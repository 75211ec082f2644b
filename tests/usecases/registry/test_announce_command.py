"""`karez announce`: a preview of every account, then the announcement, as text and as JSON."""

from __future__ import annotations

import json

from click.testing import CliRunner, Result

from market import cli
from market.core import db
from tests.usecases.registry.county import Registry


def _karez(url: str, *arguments: str) -> Result:
    return CliRunner().invoke(cli.main, ["announce", *arguments], env={"DATABASE_URL": url})


def test_it_shows_every_change_before_it_is_made_and_then_makes_it(committed_county: str) -> None:
    with db.transaction(committed_county) as session:
        registry = Registry(session)
        registry.cap("CAP-C", zone="C", m3="31")
        for volume in ("10", "20"):
            registry.right(volume_m3=volume)
    chosen = ("--year", "2026", "--source", "surface", "--share", "0.5", "--reserve", "0.1")
    preview = json.loads(_karez(committed_county, *chosen, "--preview", "--json").stdout)
    assert [line["volume"] for line in preview["lines"]] == ["4.500", "9.000"]
    assert [line["reserved"] for line in preview["lines"]] == ["0.500", "1.000"]
    assert (preview["possible"], preview["caps"][0]["needed"]) == (True, "15.000")
    made = json.loads(_karez(committed_county, *chosen, "--json").stdout)
    assert (made["total"], made["reserved"], made["entitlements"]) == ("13.500", "1.500", 2)
    shown = _karez(committed_county, *chosen[:4], "--share", "0.5", "--preview")
    assert shown.exit_code == 0
    assert "0.500000 of 2 rights: 15.000 m3 would be announced" in shown.output
    refused = _karez(committed_county, *chosen[:4], "--share", "0.6", "--json")
    assert refused.exit_code == 1
    assert "more than their yearly volume" in refused.output
    wrong = _karez(committed_county, *chosen[:4], "--share", "half")
    assert wrong.exit_code == 1
