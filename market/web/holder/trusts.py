"""Trusteeship: pools to choose from, one's part in them, bringing in and taking out; and the trustee's own acts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response
from flask_babel import gettext

from market.web import asking, forms, sitting
from market.web.asking import Problem
from market.web.holder.addresses import me, public
from market.web.holder.drafts import tradeable_accounts
from market.web.pages import page
from market.web.places import zone_names

blp = Blueprint("my_trusts", __name__, template_folder="../templates")

_ACTS: dict[str, tuple[str, ...]] = {
    "accept": (), "refuse": ("reason",), "withdraw": (), "bring-in": ("volume",), "give-notice": ("reason",),
    "take-out": ("volume",),
}  # fmt: skip
_OF_POOL: dict[str, tuple[str, ...]] = {"recall": (), "collect": (), "end": ("reason",), "give-back": ()}


def _any_of(acts: Iterable[str]) -> str:
    """The part of a route that is one of these acts."""
    return "any({})".format(",".join(f"'{each}'" for each in acts))


@blp.get("/my/trusts")
def overview() -> Response:
    """One's memberships, and the pools that take members."""
    trusts = asking.pages("/v1/trusts")
    return page(
        "holder/trusts.html", trusts=trusts, members=list(reversed(asking.pages("/v1/trust-members"))), me=me(),
        by_id={each["id"]: each for each in trusts}, zones=zone_names(), trustee=_may_trust(),
    )  # fmt: skip


def _may_trust() -> bool:
    who = sitting.reader()
    return who is not None and bool(who.roles & {"agent", "association"})


@blp.get("/my/trusts/<tru:trust_id>")
def one(trust_id: int) -> Response:
    """One pool: its terms, its figures, its members as far as they are one's to see."""
    return _page(trust_id, None)


def _terms(where: str, trust_id: str) -> Any:
    """A pool by its terms, which everyone may read in the list of pools before joining."""
    try:
        return asking.get(where)
    except Problem as problem:
        if problem.status == 404:
            for each in asking.pages("/v1/trusts"):
                if each["id"] == trust_id:
                    return each
        raise


def _page(trust_id: int, problem: Problem | None) -> Response:
    where = f"/v1/trusts/{public('tru', trust_id)}"
    trust = _terms(where, public("tru", trust_id))
    mine = me()
    members = [each for each in asking.pages("/v1/trust-members") if each["trust_id"] == trust["id"]]
    trustee = trust["trustee_id"] == mine and _may_trust()
    inside = trustee or any(each["status"] in ("accepted", "leaving", "left") for each in members)
    own = [
        each for each in tradeable_accounts()
        if all(each[name] == trust[name] for name in ("township", "canal", "sector", "source", "water_year"))
        and each["origin"] == "own"
    ]  # fmt: skip
    return page(
        "holder/trust.html", trust=trust, members=members, trustee=trustee, accounts=own, zones=zone_names(),
        all_members=asking.pages(f"{where}/members") if trustee else [], problem=problem, typed=forms.typed(),
        statement=asking.pages(f"{where}/statement", most=200) if inside else [],
        orders=asking.get(f"{where}/orders", limit=20)["data"] if inside else [],
        trades=asking.get(f"{where}/trades", limit=20)["data"] if inside else [],
    )  # fmt: skip


@blp.post("/my/trusts/<tru:trust_id>/join")
def join(trust_id: int) -> Response:
    """Signs the terms and entrusts water; the trustee accepts or refuses."""
    values = forms.typed()
    body: dict[str, Any] = {
        "water_account_id": values.get("account", ""), "volume": values.get("volume", ""),
        "standing": bool(values.get("standing")),
    }  # fmt: skip
    path = f"/v1/trusts/{public('tru', trust_id)}/members"
    return _do(trust_id, path, body, gettext("You have signed the terms. The trustee accepts or refuses."))


@blp.post(f"/my/trusts/<tru:trust_id>/members/<tmb:trust_member_id>/<{_any_of(_ACTS)}:act>")
def member_act(trust_id: int, trust_member_id: int, act: str) -> Response:
    """An act of a membership: the member's own, or the trustee's."""
    path = f"/v1/trust-members/{public('tmb', trust_member_id)}/{act}"
    return _do(trust_id, path, forms.body(_ACTS[act]), gettext("Done."))


@blp.post(f"/my/trusts/<tru:trust_id>/<{_any_of(_OF_POOL)}:act>")
def pool_act(trust_id: int, act: str) -> Response:
    """An act of a pool."""
    path = f"/v1/trusts/{public('tru', trust_id)}/{act}"
    return _do(trust_id, path, forms.body(_OF_POOL[act]), gettext("Done."))


def _do(trust_id: int, path: str, body: dict[str, Any], said: str) -> Response:
    def do() -> str:
        asking.send(path, body)
        return f"/my/trusts/{public('tru', trust_id)}"

    return forms.act(do, show=lambda problem: _page(trust_id, problem), done=said)
