"""The gates that an association keeps: orders handed to it, and what arrived, as it says."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from flask_babel import gettext

from market.web import asking, forms
from market.web.asking import Problem
from market.web.holder.addresses import me, public
from market.web.pages import page
from market.web.places import zone_names

blp = Blueprint("my_gates", __name__, template_folder="../templates")
MOST, MOST_OVER = 2_000, 50


@blp.get("/my/gates")
def listed() -> Response:
    """Deliveries through the reader's gates: those that wait for water, and those that are over."""
    return _page(None)


def _page(problem: Problem | None) -> Response:
    return page(
        "holder/gates.html", waiting=_kept("dispatched"), zones=zone_names(), problem=problem, typed=forms.typed(),
        over=[*reversed(_kept("short")), *reversed(_kept("delivered"))][:MOST_OVER],
    )  # fmt: skip


def _kept(status: str) -> list[Any]:
    """Deliveries of one state through the reader's own gates: those that it buys or sells are left out."""
    found = asking.pages("/v1/deliveries", most=MOST, status=status)
    return [each for each in found if each["keeper_id"] == me()]


@blp.post("/my/gates/<dlv:delivery_id>/confirm")
def confirm(delivery_id: int) -> Response:
    """Says how much arrived."""
    return _said(delivery_id, "confirm", ("volume", "note"), gettext("It is recorded what arrived."))


@blp.post("/my/gates/<dlv:delivery_id>/close-short")
def close_short(delivery_id: int) -> Response:
    """Says that no more will arrive, and why."""
    return _said(delivery_id, "close-short", ("reason",), gettext("The delivery is closed short."))


def _said(delivery_id: int, act: str, names: tuple[str, ...], done: Any) -> Response:
    def do() -> str:
        asking.send(f"/v1/deliveries/{public('dlv', delivery_id)}/{act}", forms.body(names))
        return "/my/gates"

    return forms.act(do, show=_page, done=done)
