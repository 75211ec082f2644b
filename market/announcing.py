"""`karez announce`: an announcement from the command line, with its progress, as text or as JSON."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.table import Table

from ledger.units import format_litres
from market.core import audit, db
from market.core.ids import public
from market.registry import allocations
from market.registry.charges import CapCharge
from market.registry.shares import share_text

SHOWN = 20
"""How many lines people are shown; --json has all."""


def run(url: str, chosen: dict[str, Any], *, preview: bool, as_json: bool) -> None:
    """Previews or makes the announcement that `chosen` names, in one transaction, and prints what it does.

    Errors: as `allocations.announce`.
    """
    db.unlock_ids(url)
    console = Console(stderr=True, quiet=as_json)
    reason = chosen.pop("reason")
    with console.status("reading the class") as status, db.transaction(url) as session:
        if preview:
            plan = allocations.preview(session, **chosen, lines=None)
            found = _planned(plan)
        else:
            made = allocations.announce(
                session, actor=audit.Actor(), reason=reason, progress=status.update, **chosen
            )
            found = {
                "announcement_id": public("ann", made.id),
                "total": format_litres(made.total_litres),
                "reserved": format_litres(made.reserved_litres),
                "entitlements": made.entitlements,
            }
            status.update("committing")
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        _show(found, chosen)


def _planned(plan: allocations.Plan) -> dict[str, Any]:
    return {
        "total": format_litres(plan.total_litres),
        "reserved": format_litres(plan.reserved_litres),
        "entitlements": plan.entitlements,
        "possible": all(each.missing_litres <= 0 for each in plan.charges),
        "caps": [_cap(each) for each in plan.charges],
        "lines": [
            {
                "entitlement_id": public("ent", each.entitlement_id),
                "water_account_id": public("wac", each.water_account_id) if each.water_account_id else None,
                "volume": format_litres(each.litres),
                "reserved": format_litres(each.reserved_litres),
            }
            for each in plan.lines
        ],
    }


def _cap(each: CapCharge) -> dict[str, Any]:
    return {
        "code": each.limit.code,
        "needed": format_litres(each.needed_litres),
        "available": format_litres(each.available_litres),
        "suffices": each.missing_litres <= 0,
        "legal_source": each.limit.legal_source,
    }


def _show(found: dict[str, Any], chosen: dict[str, Any]) -> None:
    console = Console()
    done = "announced" if "announcement_id" in found else "would be announced"
    console.print(
        f"{share_text(chosen['share_e6'])} of {found['entitlements']} rights: {found['total']} m3 {done},"
        f" {found['reserved']} m3 held back"
    )
    for each in found.get("caps", []):
        verdict = "suffices" if each["suffices"] else "lacks headroom"
        console.print(f"  {each['code']}: {each['needed']} of {each['available']} m3, {verdict}")
    if found.get("lines"):
        table = Table("right", "account", "m3", "held back")
        for line in found["lines"][:SHOWN]:
            table.add_row(
                line["entitlement_id"], line["water_account_id"] or "(new)", line["volume"], line["reserved"]
            )
        console.print(table)
