"""The one contract of a purchase programme, and its annex: who sells how much for what. Canonical JSON, SHA-256.

The contract names the annex by its hash, so that a seller can hold the contract and its own line without the others'.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import msgspec

from ledger.units import format_fen, format_litres, format_price_e4
from market.core import ids
from market.trading.models import Product
from market.trading.negotiation_contracts import canonical, digest, party
from market.trading.programme_models import Programme, Subscription
from market.trading.standing import Standing

FORM = "karez.programme.1"


def fix(
    programme: Programme,
    product: Product,
    lines: Sequence[Subscription],
    accounts: Mapping[int, Standing],
    term: tuple[dt.date, dt.date],
) -> None:
    """Writes annex and contract of a decided programme, whose `lines` are dealt with."""
    annex = msgspec.json.encode(
        [annex_line(line, accounts[line.water_account_id]) for line in lines], order="sorted"
    ).decode()
    programme.annex, programme.annex_sha256 = annex, digest(annex)
    litres = sum(line.allotted_litres or 0 for line in lines)
    amount = sum(line.amount_fen or 0 for line in lines)
    assert programme.decided_at is not None
    text = canonical(
        {
            "form": FORM,
            "programme": ids.public("prg", programme.id),
            "product": product.code,
            "buyer": party(accounts[programme.buyer_water_account_id]),
            "counted_at": "sell",
            "price_yuan_per_m3": format_price_e4(programme.price_e4),
            "minimum_m3": format_litres(programme.minimum_litres),
            "maximum_m3": format_litres(programme.maximum_litres),
            "deadline": programme.deadline.astimezone(dt.UTC).isoformat(),
            "sellers": len(lines),
            "volume_m3": format_litres(litres),
            "amount_yuan": format_fen(amount),
            "use_from": term[0].isoformat(),
            "use_until": term[1].isoformat(),
            "conditions": programme.conditions,
            "approved_at": programme.decided_at.astimezone(dt.UTC).isoformat(),
            "annex_sha256": programme.annex_sha256.hex(),
        }
    )
    programme.contract, programme.contract_sha256 = text, digest(text)


def annex_line(line: Subscription, seller: Standing) -> dict[str, object]:
    """One seller of the annex."""
    return {
        "subscription": ids.public("sub", line.id),
        "seller": party(seller),
        "volume_m3": format_litres(line.allotted_litres or 0),
        "amount_yuan": format_fen(line.amount_fen or 0),
        "subscribed_at": line.subscribed_at.astimezone(dt.UTC).isoformat(),
        "under_mandate": None if line.mandate_id is None else ids.public("man", line.mandate_id),
    }
