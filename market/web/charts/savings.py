"""Charts of saving contracts: what a meter measured, and money in and out by month. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

Spec = dict[str, Any]


class Month(NamedTuple):
    """Money of one month (YYYY-MM) in yuan: what came in, what went out, and all of it since the beginning."""

    month: str
    received: Decimal
    paid: Decimal
    sum: Decimal


def months(dues: Iterable[Mapping[str, Any]], participant: str) -> list[Month]:
    """What a party received and paid under its contracts by month of payment; what is still open counts when due."""
    received: dict[str, Decimal] = defaultdict(Decimal)
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for each in dues:
        if each["status"] == "cancelled":
            continue
        month = (each["paid_on"] or each["due_on"])[:7]
        side = received if each["payee_id"] == participant else paid
        side[month] += Decimal(each["amount"]) - Decimal(each["set_off"])
    found, whole = [], Decimal(0)
    for month in sorted(received.keys() | paid.keys()):
        whole += received[month] - paid[month]
        found.append(Month(month, received[month], paid[month], whole))
    return found


def cash_flow(rows: Iterable[Month], words: Mapping[str, str]) -> Spec:
    """Bars of what came in and went out, and the line of their sum. `words`: received, paid, sum, yuan."""
    rows = list(rows)
    at = [each.month for each in rows]
    return {
        "data": [
            {"type": "bar", "name": words["received"], "x": at, "y": [str(each.received) for each in rows],
             "marker": {"color": "--water"}},
            {"type": "bar", "name": words["paid"], "x": at, "y": [str(-each.paid) for each in rows],
             "marker": {"color": "--sand"}},
            {"type": "scatter", "mode": "lines+markers", "name": words["sum"], "x": at,
             "y": [str(each.sum) for each in rows], "line": {"color": "--ink", "width": 2}},
        ],
        "layout": {"barmode": "relative", "xaxis": {"type": "category"}, "yaxis": {"title": {"text": words["yuan"]}}},
    }  # fmt: skip


def measured(series: Mapping[str, Any], words: Mapping[str, str]) -> Spec:
    """What a point measured and what was billed for it, by interval. `words`: measured, billed, volume."""
    kinds = (("measured", "--water"), ("billed", "--sand"))
    return {
        "data": [
            {"type": "bar", "name": words[kind], "x": [each["last_day"] for each in series[kind]],
             "y": [each["volume"] for each in series[kind]], "marker": {"color": colour}}
            for kind, colour in kinds
            if series[kind]
        ],
        "layout": {"barmode": "group", "yaxis": {"title": {"text": words["volume"]}}},
    }  # fmt: skip
